"""Signing in and out, the language of the pages, one's own password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_user
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from experiments.errors import Invalid
from experiments.fields import load
from sandbox import accounts, passwords
from sandbox.accounts import Person, Role
from sandbox.db import db
from sandbox.web import complaints, forms
from sandbox.web.rim import LANGUAGES, SignedIn, local_path, now, signed_in_person

pages = Blueprint("accounts", __name__)

# Where each role's work lies.
DESK_OF_ROLE = {
    Role.COMPANY_AUTHOR: "company.desk",
    Role.COMPANY_SIGNATORY: "company.desk",
    Role.CITY_REVIEWER: "regulator.desk",
    Role.MINISTRY_REVIEWER: "regulator.desk",
    Role.DECIDER: "regulator.desk",
    Role.EVALUATOR: "evaluator.desk",
    Role.CITY_DATA_OFFICER: "sources.index",
    Role.AUDITOR: "audit.ledger",
    Role.SECRETARIAT: "committee.index",
    Role.COMMITTEE_MEMBER: "committee.index",
    Role.EXPERT: "committee.index",
    Role.ADMINISTRATOR: "people.index",
}


def _filled(error: str) -> validate.Length:
    return validate.Length(min=1, max=1000, error=error)


class SignInSchema(Schema):
    email = fields.String(required=True, validate=_filled("Enter your e-mail address."))
    password = fields.String(required=True, validate=_filled("Enter your password."))


class PasswordSchema(Schema):
    old = fields.String(required=True, validate=_filled("Enter your present password."))
    new = fields.String(required=True)
    again = fields.String(required=True)

    @validates_schema
    def both_are_the_same(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["new"] != data["again"]:
            raise ValidationError("The two new passwords differ.", "again")


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """A right answer leads to `next`, where it is a path of this service, or to the role's desk."""
    sent = forms.Sent(request.form, {"next": request.args.get("next", "")})
    if request.method == "POST":
        try:
            values = load(SignInSchema(), {name: sent.one(name) for name in ("email", "password")})
            signed = accounts.sign_in(
                db.session,
                **values,
                address=_address(),
                at=now(),
                hours=current_app.settings.session_hours,  # type: ignore[attr-defined]
            )
            if signed:
                return _enter(*signed, target=sent.one("next"))
            _keep_the_try()
            sent.refuse(Invalid({"_schema": ["The e-mail address or the password is wrong."]}))
        except Invalid as error:
            sent.refuse(error)
    person = signed_in_person()
    if person and request.method == "GET":
        return redirect(_desk(person))
    return _form("accounts/sign_in.html", sent)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this browser's sign-in on the server."""
    accounts.sign_out(db.session, current_user.token, now())
    _forget()
    flash(gettext("You are signed out."), "success")
    return redirect(url_for("register.index"), 303)


@pages.get("/language/<language>")
def choose_language(language: str) -> ResponseReturnValue:
    """The same page in another language."""
    if language not in LANGUAGES:
        abort(404)
    session["language"] = language
    return redirect(local_path(request.args.get("next")))


@pages.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Change one's own password; every browser has to sign in again."""
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            values = load(PasswordSchema(), {name: sent.one(name) for name in ("old", "new", "again")})
            if accounts.change_password(
                db.session,
                current_user.person,
                old=values["old"],
                new=values["new"],
                address=_address(),
                at=now(),
            ):
                _forget()
                flash(gettext("The password is changed. Sign in with the new one."), "success")
                return redirect(url_for("accounts.sign_in"), 303)
            _keep_the_try()
            sent.refuse(Invalid({"old": ["this is not the present password"]}))
        except Invalid as error:
            sent.refuse(error)
    return _form("accounts/password.html", sent, shortest=passwords.SHORTEST)


def _enter(person: Person, token: str, *, target: str) -> ResponseReturnValue:
    # Nothing that was in this browser's session before may be known to whoever put it there.
    if current_user.is_authenticated:
        accounts.sign_out(db.session, current_user.token, now())
    _forget()
    login_user(SignedIn(token, person))
    return redirect(local_path(target) if target else _desk(person), 303)


def _forget() -> None:
    """Empty this browser's session, but for its language."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language


def _keep_the_try() -> None:
    # A refused page is not committed; a failed guess has to count all the same.
    db.session.commit()


def _desk(person: Person) -> str:
    return url_for(DESK_OF_ROLE[Role(person.role)])


def _address() -> str:
    return request.remote_addr or "unknown"


def _form(template: str, sent: forms.Sent, **context: Any) -> ResponseReturnValue:
    page = render_template(template, sent=sent, errors=complaints.translated(sent.errors), **context)
    return page, 422 if sent.errors else 200
