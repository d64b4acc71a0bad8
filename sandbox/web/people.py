"""The administrator's room: people, their roles and passwords, and the organisations they act for."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from experiments.errors import Invalid, NotFound
from experiments.fields import load
from sandbox import accounts, directory, passwords
from sandbox.accounts import HOME_OF_ROLE, Person, PersonSchema, PositionSchema
from sandbox.db import db
from sandbox.organisations import (
    AddressSchema,
    Organisation,
    OrganisationSchema,
    change_address,
    create_organisation,
)
from sandbox.web import complaints, forms, options, words
from sandbox.web.filters import pick
from sandbox.web.rim import actor, now

pages = Blueprint("people", __name__, url_prefix="/people")

PERSON_FIELDS = ("email", "name", "role", "organisation", "password")
ORGANISATION_FIELDS = ("kind", "name_ko", "name_en")


@pages.get("")
def index() -> ResponseReturnValue:
    query = request.args.to_dict()
    people = directory.people(
        db.session,
        text=query.get("q", ""),
        role=query.get("role", ""),
        page=request.args.get("page", 1, type=int),
    )
    offices = directory.offices(db.session)
    return render_template(
        "people/index.html", people=people, offices=offices, query=query, roles=_roles(), me=actor()
    )


@pages.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Open an account with the password that the person begins with."""
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            values = load(PersonSchema(), {name: sent.one(name) for name in PERSON_FIELDS})
            organisation = _organisation(values.pop("organisation"))
            person = accounts.create_person(
                db.session, **values, organisation=organisation, by=actor(), at=now()
            )
            flash(gettext("%(name)s may sign in now.", name=person.name), "success")
            return redirect(url_for("people.index"), 303)
        except Invalid as error:
            sent.refuse(error)
    return _form("people/new.html", sent, shortest=passwords.SHORTEST, **_choices())


@pages.route("/<key:person_id>/role", methods=["GET", "POST"])
def role(person_id: int) -> ResponseReturnValue:
    """One account: its role and organisation, and the doors to a new password and to closing it."""
    person = _person(person_id)
    sent = forms.Sent(request.form, {"role": person.role, "organisation": person.organisation_id})
    if request.method == "POST":
        try:
            values = load(PositionSchema(), {name: sent.one(name) for name in ("role", "organisation")})
            accounts.change_role(
                db.session,
                person,
                role=values["role"],
                organisation=_organisation(values["organisation"]),
                by=actor(),
                at=now(),
            )
            flash(gettext("The role of %(name)s is changed.", name=person.name), "success")
            return redirect(url_for("people.role", person_id=person.id), 303)
        except Invalid as error:
            sent.refuse(error)
    return _account(person, sent)


@pages.post("/<key:person_id>/password")
def password(person_id: int) -> ResponseReturnValue:
    """A new password for whoever forgot the old one."""
    person = _person(person_id)
    try:
        accounts.give_password(
            db.session, person, password=request.form.get("password", ""), by=actor(), at=now()
        )
    except Invalid as error:
        sent = forms.Sent(request.form, {"role": person.role, "organisation": person.organisation_id})
        sent.refuse(error)
        return _account(person, sent)
    flash(gettext("%(name)s has a new password.", name=person.name), "success")
    return redirect(url_for("people.role", person_id=person.id), 303)


@pages.post("/<key:person_id>/disable")
def disable(person_id: int) -> ResponseReturnValue:
    """Close an account for good."""
    person = _person(person_id)
    accounts.disable(db.session, person, by=actor(), at=now())
    flash(gettext("The account of %(name)s is closed.", name=person.name), "success")
    return redirect(url_for("people.index"), 303)


@pages.route("/organisations/new", methods=["GET", "POST"])
def new_organisation() -> ResponseReturnValue:
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            typed = {name: sent.one(name) for name in ORGANISATION_FIELDS}
            number = sent.one("registration_number").strip() or None
            where = sent.one("address").strip() or None
            values = load(OrganisationSchema(), typed | {"registration_number": number, "address": where})
            organisation = create_organisation(db.session, **values, by=actor(), at=now())
            flash(gettext("%(name)s is entered.", name=pick(organisation, "name")), "success")
            return redirect(url_for("people.index"), 303)
        except Invalid as error:
            sent.refuse(error)
    return _form("people/new_organisation.html", sent, kinds=options.pairs(words.ORGANISATION_KINDS))


@pages.route("/organisations/<key:organisation_id>/address", methods=["GET", "POST"])
def address(organisation_id: int) -> ResponseReturnValue:
    """Where an organisation sits: certificates and the gazette name it."""
    organisation = db.session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound("organisation", organisation_id)
    sent = forms.Sent(request.form, {"address": organisation.address or ""})
    if request.method == "POST":
        try:
            values = load(AddressSchema(), {"address": sent.one("address")})
            change_address(db.session, organisation, **values, by=actor(), at=now())
            flash(gettext("The address of %(name)s is entered.", name=pick(organisation, "name")), "success")
            return redirect(url_for("people.index"), 303)
        except Invalid as error:
            sent.refuse(error)
    return _form("people/address.html", sent, subject=organisation)


def _person(person_id: int) -> Person:
    person = db.session.get(Person, person_id)
    if person is None:
        raise NotFound("person", person_id)
    return person


def _organisation(organisation_id: int) -> Organisation:
    organisation = db.session.get(Organisation, organisation_id)
    if organisation is None:
        raise Invalid({"organisation": ["unknown organisation"]})
    return organisation


def _account(person: Person, sent: forms.Sent) -> ResponseReturnValue:
    is_own = person.id == actor().person_id
    return _form(
        "people/role.html", sent, subject=person, is_own=is_own, shortest=passwords.SHORTEST, **_choices()
    )


def _roles() -> list[tuple[str, str]]:
    """Every role as a filter offers it."""
    return [(role.value, words.role(role)) for role in HOME_OF_ROLE]


def _choices() -> dict[str, list[tuple[Any, str]]]:
    """Roles with the kind of organisation they belong to, and organisations with theirs."""
    kinds = words.ORGANISATION_KINDS
    rows = db.session.scalars(select(Organisation).order_by(Organisation.kind, Organisation.name_ko))
    return {
        "roles": [(role.value, f"{words.role(role)} ({kinds[kind]})") for role, kind in HOME_OF_ROLE.items()],
        "organisations": [(each.id, f"{pick(each, 'name')} ({kinds[each.kind]})") for each in rows],
    }


def _form(template: str, sent: forms.Sent, **context: Any) -> ResponseReturnValue:
    page = render_template(template, sent=sent, errors=complaints.translated(sent.errors), **context)
    return page, 422 if sent.errors else 200
