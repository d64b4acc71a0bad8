"""The company's desk: its pilots, and the form that registers or edits one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from marshmallow import Schema
from sqlalchemy import select

from experiments.errors import Invalid, WrongMoment
from experiments.fields import Whole, load
from sandbox import access
from sandbox.confirmations import desk as confirmations
from sandbox.confirmations.models import Confirmation
from sandbox.db import db
from sandbox.exemptions.application import ApplicationSchema
from sandbox.organisations import Organisation, OrganisationKind
from sandbox.pilots import file, registration
from sandbox.pilots.models import Pilot
from sandbox.pilots.registration import PilotSchema
from sandbox.programmes.models import Site
from sandbox.regimes import Regime, open_regimes
from sandbox.web import desks, drafts, forms, labels, regime_choice, words
from sandbox.web.rim import actor, now

pages = Blueprint("company", __name__, url_prefix="/company")

CHANGED_MEANWHILE = "changed_meanwhile"
PILOT_FIELDS = (
    "title_ko",
    "title_en",
    "summary_ko",
    "summary_en",
    "technology",
    "contact",
    "planned_from",
    "planned_to",
)


def _chosen(error: str) -> Whole:
    return Whole(required=True, error_messages={"invalid": error, "too_large": error})


class PartiesSchema(Schema):
    """Where the pilot runs, who evaluates it and which ministry leads."""

    site = _chosen("Choose a site.")
    evaluator = _chosen("Choose an evaluating institute.")
    lead = _chosen("Choose a ministry.")


@pages.get("")
def desk() -> ResponseReturnValue:
    return desks.page("company/desk.html", drafts=True, may_register=access.company_author(actor()))


@pages.route("/pilots/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Register a pilot: where, who, what, and the application under the regime."""
    asked = request.args.get("confirmation", "")
    confirmation = confirmations.find(db.session, asked, actor()) if asked else None
    sent = forms.Sent(request.form, _as_asked(confirmation) if confirmation else None)
    law = confirmation.regime if confirmation else regime_choice.chosen(open_regimes())
    if law is None:
        return regime_choice.page(open_regimes(), "company.new")
    if request.method == "POST":
        try:
            pilot = _register(sent, law, confirmation)
            drafts.sent(drafts.NEW, asked or law.id)
            flash(gettext("The draft is registered as %(number)s.", number=pilot.number), "success")
            return redirect(url_for("cases.file", number=pilot.number), 303)
        except Invalid as error:
            sent.refuse(error)
    return _form(sent, law, pilot=None, draft=drafts.address(drafts.NEW, asked or law.id))


@pages.route("/pilots/<number>", methods=["GET", "POST"])
def edit(number: str) -> ResponseReturnValue:
    """Edit a draft; a draft that somebody else saved meanwhile is not overwritten."""
    pilot = file.find(db.session, number, actor())
    sent = forms.Sent(request.form, _as_typed(pilot))
    law = pilot.exemption.regime
    seen = _seen_version(pilot)
    draft = drafts.address("application", number)
    if request.method == "POST":
        try:
            values, application_values = _values(sent, law)
            registration.edit(
                db.session,
                pilot,
                values=values,
                application_values=application_values,
                seen_version=seen,
                by=actor(),
                at=now(),
            )
            drafts.sent("application", number)
            flash(gettext("The draft is saved."), "success")
            return redirect(url_for("cases.file", number=number), 303)
        except Invalid as error:
            sent.refuse(error)
        except WrongMoment as error:
            if error.status != CHANGED_MEANWHILE:
                raise
            db.session.rollback()
            said = words.error_sentence(error)
            return _form(sent, law, pilot=pilot, draft=draft, seen=seen, meanwhile=said)
    return _form(sent, law, pilot=pilot, draft=draft, seen=seen)


def _seen_version(pilot: Pilot) -> int:
    """The version of the draft that this person has read, by the form or by their own word."""
    if request.method != "POST":
        return pilot.version
    return request.form.get("read_version", request.form.get("version", 0, type=int), type=int)


def _register(sent: forms.Sent, law: Regime, confirmation: Confirmation | None) -> Pilot:
    errors: dict[str, list[str]] = {}
    try:
        site, evaluator, lead = _parties(sent)
    except Invalid as error:
        errors |= error.errors
    try:
        values, application_values = _values(sent, law)
    except Invalid as error:
        errors |= error.errors
    if errors:
        raise Invalid(errors)
    return registration.register(
        db.session,
        site=site,
        evaluator=evaluator,
        lead=lead,
        regime_id=law.id,
        values=values,
        application_values=application_values,
        confirmation=confirmation,
        by=actor(),
        at=now(),
    )


def _as_asked(confirmation: Confirmation) -> dict[str, Any]:
    """What a request for rapid confirmation says already, as the form shows it."""
    return {
        "title_ko": confirmation.title,
        "summary_ko": confirmation.description,
        "technology": confirmation.technology,
        "articles": "\n".join(confirmation.articles),
        "lead": str(confirmation.lead_id),
    }


def _parties(sent: forms.Sent) -> tuple[Site, Organisation, Organisation]:
    """Site, evaluator and lead as chosen; Invalid where one of them was never offered."""
    chosen = load(PartiesSchema(), {name: sent.one(name) for name in ("site", "evaluator", "lead")})
    site = db.session.get(Site, chosen["site"])
    evaluator = db.session.get(Organisation, chosen["evaluator"])
    lead = db.session.get(Organisation, chosen["lead"])
    if site is None or evaluator is None or lead is None:
        found = {"site": site, "evaluator": evaluator, "lead": lead}
        raise Invalid({name: ["There is no such choice."] for name, row in found.items() if row is None})
    return site, evaluator, lead


def _values(sent: forms.Sent, law: Regime) -> tuple[dict[str, Any], dict[str, Any]]:
    """Validated values of pilot and application; Invalid with the errors of both."""
    errors: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    application_values: dict[str, Any] = {}
    try:
        typed = {name: sent.one(name) for name in PILOT_FIELDS}
        values = load(PilotSchema(), typed | {"districts": sent.many("districts")})
    except Invalid as error:
        errors |= error.errors
    try:
        application_values = load(
            ApplicationSchema(law),
            {
                "kind": sent.one("kind"),
                "ground": sent.one("ground"),
                "articles": sent.each_line("articles"),
                "contents": {item.id: sent.one(f"contents.{item.id}") for item in law.plan_contents},
                "requested_months": sent.one("requested_months"),
                "city_is_applicant": sent.one("city_is_applicant") == "on",
            },
        )
    except Invalid as error:
        errors |= error.errors
    if errors:
        raise Invalid(errors)
    return values, application_values


def _as_typed(pilot: Pilot) -> dict[str, Any]:
    """A stored draft as the form shows it."""
    exemption = pilot.exemption
    shown: dict[str, Any] = {name: getattr(pilot, name) for name in PILOT_FIELDS}
    shown |= {
        "kind": exemption.kind,
        "ground": exemption.ground,
        "requested_months": exemption.requested_months,
        "city_is_applicant": "on" if exemption.city_is_applicant else "",
    }
    shown |= {"articles": "\n".join(exemption.articles), "districts": [d.code for d in pilot.districts]}
    return shown | {f"contents.{key}": text for key, text in exemption.contents.items()}


def _form(
    sent: forms.Sent,
    law: Regime,
    *,
    pilot: Pilot | None,
    draft: str,
    seen: int = 0,
    meanwhile: str | None = None,
) -> ResponseReturnValue:
    """The form as sent; `meanwhile` tells that the draft is no longer the version `seen`."""
    sites = [pilot.site] if pilot else db.session.scalars(select(Site).order_by(Site.id)).unique().all()
    page = render_template(
        "company/pilot.html",
        sent=sent,
        errors=sent.errors,
        regime=law,
        labels=labels.of_application(sent.errors, law),
        pilot=pilot,
        draft_address=draft,
        seen=seen,
        meanwhile=meanwhile,
        sites=sites,
        institutes=_organisations(OrganisationKind.INSTITUTE),
        ministries=_organisations(OrganisationKind.MINISTRY),
    )
    return page, 409 if meanwhile else 422 if sent.errors else 200


def _organisations(kind: OrganisationKind) -> list[Organisation]:
    return list(
        db.session.scalars(select(Organisation).where(Organisation.kind == kind).order_by(Organisation.id))
    )
