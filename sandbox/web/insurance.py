"""A pilot's insurance on pages: what is filed, what is missing, and the forms of company and ministry."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from experiments.errors import Invalid
from experiments.fields import load
from sandbox.db import db
from sandbox.insurance import cover, filing
from sandbox.insurance.filing import INSURED, CompensationSchema, PolicySchema
from sandbox.insurance.models import CompensationPlan, CompensationStatus
from sandbox.insurance.table import COMPENSATION
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import author_of_the_company, is_over
from sandbox.web import complaints, forms, insurance_words, words
from sandbox.web.filters import pick
from sandbox.web.rim import actor, now

pages = Blueprint("insurance", __name__, url_prefix="/cases/<number>/insurance")

_ = lazy_gettext

LABELS = {
    "insurer": _("Insurer"),
    "number": _("Number of the policy"),
    "covers_from": _("First day of the cover"),
    "covers_to": _("Last day of the cover"),
    "text": _("How damage is paid for"),
    "why_uninsurable": _("Why insurance is impossible"),
}
POLICY = ("insurer", "number", "covers_from", "covers_to")
PLAN = ("text", "why_uninsurable")


@pages.get("")
def index(number: str) -> ResponseReturnValue:
    return _index(_pilot(number))


@pages.route("/policy", methods=["GET", "POST"])
def policy(number: str) -> ResponseReturnValue:
    """A policy, or the renewal of the one before."""
    pilot = _pilot(number)
    sent = forms.Sent(request.form, _least(pilot))
    if request.method == "POST":
        try:
            values = load(PolicySchema(), _typed(sent, pilot, POLICY))
            filing.file_policy(db.session, pilot, **values, by=actor(), at=now())
            flash(gettext("The policy is filed."), "success")
            return _back(number)
        except Invalid as error:
            sent.refuse(error)
    return _form("cases/policy.html", pilot, sent)


@pages.route("/plan", methods=["GET", "POST"])
def plan(number: str) -> ResponseReturnValue:
    """A compensation plan where no insurer covers the pilot."""
    pilot = _pilot(number)
    sent = forms.Sent(request.form, _least(pilot))
    if request.method == "POST":
        try:
            values = load(CompensationSchema(), _typed(sent, pilot, PLAN))
            filing.file_plan(db.session, pilot, **values, by=actor(), at=now())
            flash(words.deed("compensation", "create"), "success")
            return _back(number)
        except Invalid as error:
            sent.refuse(error)
    return _form("cases/compensation.html", pilot, sent)


@pages.post("/plan/<verb>")
def move(number: str, verb: str) -> ResponseReturnValue:
    """The ministry approves the plan, or refuses it with a reason."""
    pilot = _pilot(number)
    if verb not in ("approve", "refuse"):
        abort(404)
    filed = filing.open_plan(db.session, pilot)
    try:
        if verb == "approve":
            filing.approve_plan(db.session, filed, by=actor(), at=now())
        else:
            why = forms.reason(request.form)
            filing.refuse_plan(db.session, filed, by=actor(), at=now(), reason=why)
    except Invalid as error:
        db.session.rollback()
        return _index(_pilot(number), error)
    flash(words.deed("compensation", verb), "success")
    return _back(number)


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def _least(pilot: Pilot) -> dict[str, int]:
    """The law's sums, to begin with."""
    return {f"covers.{item.id}": item.won for item in pilot.exemption.regime.minimum_cover}


def _typed(sent: forms.Sent, pilot: Pilot, names: tuple[str, ...]) -> dict[str, Any]:
    items = pilot.exemption.regime.minimum_cover
    covers = {item.id: sent.one(f"covers.{item.id}") for item in items}
    return {name: sent.one(name) for name in names} | {"covers": covers}


def _index(pilot: Pilot, refused: Invalid | None = None) -> ResponseReturnValue:
    policies, filed = cover.policies_of(db.session, pilot), cover.latest_plan(db.session, pilot)
    is_author = author_of_the_company(actor(), pilot)
    needs_plan = filed is None or filed.status == CompensationStatus.REFUSED
    messages = complaints.translated(refused.errors).get("reason", []) if refused else []
    errors = {"reason.refuse": messages} if messages else {}
    page = render_template(
        "cases/insurance.html",
        pilot=pilot,
        items=pilot.exemption.regime.minimum_cover,
        policies=policies,
        plan=filed,
        past=COMPENSATION.past(filed) if filed else [],
        gaps=[insurance_words.gap(each) for each in cover.gaps_of(db.session, pilot)],
        may_file_policy=is_author and pilot.status in INSURED,
        may_file_plan=is_author and not is_over(pilot) and needs_plan,
        moves=_moves(filed, number=str(pilot.number), errors=messages),
        errors=errors,
        labels={"reason.refuse": gettext("Reason")},
    )
    return page, 422 if refused else 200


def _moves(filed: CompensationPlan | None, *, number: str, errors: list[str]) -> list[dict[str, Any]]:
    """What this person may decide about the plan, as the buttons take it."""
    return [
        {
            "verb": each.verb,
            "label": words.verb("compensation", each.verb),
            "url": url_for("insurance.move", number=number, verb=each.verb),
            "tone": "danger" if each.needs_reason else "primary",
            "reason": "required" if each.needs_reason else "none",
            "hint": None,
            "typed": request.form.get("reason", ""),
            "errors": errors if each.needs_reason else None,
        }
        for each in (COMPENSATION.open_to(filed, actor()) if filed else [])
    ]


def _form(template: str, pilot: Pilot, sent: forms.Sent) -> ResponseReturnValue:
    items = pilot.exemption.regime.minimum_cover
    page = render_template(
        template,
        pilot=pilot,
        items=items,
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels={name: str(label) for name, label in LABELS.items()}
        | {f"covers.{item.id}": pick(item, "name") for item in items},
    )
    return page, 422 if sent.errors else 200


def _back(number: str) -> ResponseReturnValue:
    return redirect(url_for("insurance.index", number=number), 303)
