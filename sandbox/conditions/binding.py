"""Say how a condition is shown to be kept, and change it later: bind, ask, agree, refuse, lift."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.compliance import Gathering, Side
from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Prose, Real
from experiments.lifecycle import Actor
from experiments.metrics import Metric
from sandbox.conditions.models import Basis, ChangeRequest, Duty, DutyStatus, Frequency, Terms
from sandbox.conditions.table import CONDITION, may_bind, record
from sandbox.exemptions.models import Condition
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import is_over

OF_METRICS = ("metric", "bound", "side", "gathering")


class TermsSchema(Schema):
    """How a condition is shown to be kept: by a metric with its bound, or by evidence that is filed."""

    purpose_item = fields.String(required=True, validate=validate.Length(1, 80))
    purpose = Prose(required=True, longest=2000)
    basis = fields.String(required=True, validate=validate.OneOf([each.value for each in Basis]))
    metric = fields.String(load_default="", validate=validate.Length(max=80))
    bound = Real(load_default=None, allow_none=True)
    side = fields.String(load_default="", validate=validate.OneOf(["", *(each.value for each in Side)]))
    gathering = fields.String(
        load_default="", validate=validate.OneOf(["", *(each.value for each in Gathering)])
    )
    evidence = Prose(load_default="", blank=True, longest=2000)
    frequency = fields.String(required=True, validate=validate.OneOf([each.value for each in Frequency]))
    first_due_on = fields.Date(required=True)

    @validates_schema
    def what_shows_it_is_complete(self, data: Mapping[str, Any], **_: Any) -> None:
        shown_by_metric = data["basis"] == Basis.METRIC
        wanted = OF_METRICS if shown_by_metric else ("evidence",)
        errors = {name: ["Missing data for required field."] for name in wanted if data[name] in ("", None)}
        others = ("evidence",) if shown_by_metric else OF_METRICS
        errors |= {
            name: ["This does not belong to the basis."] for name in others if data[name] not in ("", None)
        }
        if errors:
            raise ValidationError(errors)


class ConditionChangeSchema(Schema):
    """What the company wants a condition to say, why, and what shows that nobody is less safe."""

    wanted = Prose(required=True, longest=2000)
    reason = Prose(required=True, longest=4000)
    proof = Prose(required=True, longest=4000)


class AgreedTermsSchema(TermsSchema):
    """The terms agreed on, with the condition's new text and the reason of the agreement."""

    text = Prose(required=True, longest=2000)
    reason = Prose(required=True, longest=4000)


def bind(
    session: Session,
    pilot: Pilot,
    condition: Condition,
    values: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
) -> Duty:
    """Say what shows that a condition is kept; again, as long as it is not imposed.

    values  what `TermsSchema` gives. By the ministry that asked for the condition, or the lead ministry.
    """
    duty = duty_of(session, condition)
    if duty is None:
        _check_first_binding(pilot, condition, by)
        duty = Duty(condition=condition, pilot=pilot, status=DutyStatus.STANDING)
        terms = _terms(session, duty, values, condition.text, by, at)
        CONDITION.begin(session, duty, by=by, at=at)
        act = "condition.create"
    else:
        CONDITION.check(duty, "rebind", by=by)
        terms = _terms(session, duty, values, condition.text, by, at)
        CONDITION.perform(session, duty, "rebind", by=by, at=at)
        act = "condition.rebind"
    _add(session, duty, terms)
    record(session, duty, act, by, at, terms=terms_document(terms))
    return duty


def ask_change(
    session: Session, duty: Duty, *, wanted: str, reason: str, proof: str, by: Actor, at: datetime
) -> ChangeRequest:
    """The company asks for another condition, with its reason and proof (Art. 52(1))."""
    if is_over(duty.pilot):
        raise WrongMoment("condition.ask_change", duty.pilot.status)
    CONDITION.perform(session, duty, "ask_change", by=by, at=at)
    change = ChangeRequest(wanted=wanted, reason=reason, proof=proof, asked_at=at, asked_by_name=by.name)
    duty.changes.append(change)
    session.flush()
    record(session, duty, "condition.ask_change", by, at, wanted=wanted)
    return change


def agree_change(session: Session, duty: Duty, values: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """The lead ministry agrees; the next version of the terms is in force from the day after.

    values  what `AgreedTermsSchema` gives
    """
    reason = values["reason"]
    CONDITION.check(duty, "agree_change", by=by, reason=reason)
    terms = _terms(session, duty, values, values["text"], by, at)
    _answer(duty, is_agreed=True, answer=reason, at=at)
    CONDITION.perform(session, duty, "agree_change", by=by, at=at, reason=reason)
    _add(session, duty, terms)
    record(session, duty, "condition.agree_change", by, at, terms=terms_document(terms), reason=reason)


def refuse_change(session: Session, duty: Duty, *, by: Actor, at: datetime, reason: str) -> None:
    """The lead ministry leaves the condition as it is, and says why."""
    CONDITION.check(duty, "refuse_change", by=by, reason=reason)
    _answer(duty, is_agreed=False, answer=reason, at=at)
    CONDITION.perform(session, duty, "refuse_change", by=by, at=at, reason=reason)
    record(session, duty, "condition.refuse_change", by, at, reason=reason)


def lift(session: Session, duty: Duty, *, by: Actor, at: datetime, reason: str) -> None:
    """The condition binds no longer; what was found about it stays."""
    CONDITION.check(duty, "lift", by=by, reason=reason)
    if duty.status == DutyStatus.CHANGE_ASKED:
        _answer(duty, is_agreed=True, answer=reason, at=at)
    duty.next_check_on = None
    CONDITION.perform(session, duty, "lift", by=by, at=at, reason=reason)
    record(session, duty, "condition.lift", by, at, reason=reason)


def duty_of(session: Session, condition: Condition) -> Duty | None:
    return session.scalar(select(Duty).where(Duty.condition_id == condition.id))


def condition_of(pilot: Pilot, condition_id: int) -> Condition:
    """The condition of this case; NotFound for one of another."""
    for condition in pilot.exemption.conditions:
        if condition.id == condition_id:
            return condition
    raise NotFound("condition", condition_id)


def bound_condition(session: Session, pilot: Pilot, condition_id: int) -> Duty:
    """What shows that this condition is kept; NotFound where nobody has said it."""
    duty = duty_of(session, condition_of(pilot, condition_id))
    if duty is None:
        raise NotFound("condition", condition_id)
    return duty


def terms_document(terms: Terms) -> dict[str, Any]:
    """Terms as the ledger records them."""
    shown: dict[str, Any] = {"version": terms.number, "text": terms.text, "basis": terms.basis}
    if terms.metric is not None:
        shown |= {"metric": terms.metric.code, "metric_version": terms.metric.version}
        shown |= {name: getattr(terms, name) for name in ("bound", "side", "gathering")}
    else:
        shown["evidence"] = terms.evidence
    return shown | {"frequency": terms.frequency, "first_due_on": terms.first_due_on.isoformat()}


def _check_first_binding(pilot: Pilot, condition: Condition, by: Actor) -> None:
    """Also after the grant: a condition that nobody bound in time can still be made checkable, once."""
    if not may_bind(by, pilot, condition):
        raise Refused("condition.create", "reviewer_who_asked_or_leads")
    if is_over(pilot):
        raise WrongMoment("condition.create", pilot.status)
    if pilot.exemption.regime.conditions is None:
        raise WrongMoment("condition.create", pilot.status, needs="regime_judges_conditions")


def _terms(
    session: Session, duty: Duty, values: Mapping[str, Any], text: str, by: Actor, at: datetime
) -> Terms:
    """The next version, checked against the plan, the metrics and the period."""
    assert by.person_id is not None  # a reviewer or decider is a person
    pilot = duty.pilot
    errors: dict[str, list[str]] = {}
    if values["purpose_item"] not in {item.id for item in pilot.exemption.regime.plan_contents}:
        errors["purpose_item"] = ["The regime has no such item of the plan."]
    metric = _metric(session, values["metric"]) if values["basis"] == Basis.METRIC else None
    if values["basis"] == Basis.METRIC and metric is None:
        errors["metric"] = ["There is no such metric."]
    first, last = _period(pilot)
    if not first <= values["first_due_on"] <= last:
        errors["first_due_on"] = [f"Between {first} and {last}."]
    if errors:
        raise Invalid(errors)
    today = at.astimezone(ZoneInfo(pilot.site.territory.zone)).date()
    # Today still belongs to the version that stood when it began.
    valid_from = today + timedelta(days=1) if duty.versions else today
    return Terms(
        number=len(duty.versions) + 1,
        text=text,
        **{name: values[name] for name in ("purpose_item", "purpose", "basis", "frequency", "first_due_on")},
        metric=metric,
        bound=values["bound"],
        side=values["side"] or None,
        gathering=values["gathering"] or None,
        evidence=values["evidence"] or None,
        valid_from=valid_from,
        set_at=at,
        set_by_id=by.person_id,
        set_by_name=by.name,
    )


def _period(pilot: Pilot) -> tuple[date, date]:
    """The days on which a condition can fall due: as granted, before that as planned."""
    exemption = pilot.exemption
    return exemption.granted_from or pilot.planned_from, exemption.granted_to or pilot.planned_to


def _metric(session: Session, code: str) -> Metric | None:
    """The newest version of the metric with this code."""
    newest = select(Metric).where(Metric.code == code).order_by(Metric.version.desc()).limit(1)
    return session.scalar(newest)


def _add(session: Session, duty: Duty, terms: Terms) -> None:
    duty.versions.append(terms)
    duty.next_check_on = min(terms.first_due_on, duty.next_check_on or terms.first_due_on)
    session.flush()


def _answer(duty: Duty, *, is_agreed: bool, answer: str, at: datetime) -> None:
    change = duty.changes[-1]
    change.is_agreed, change.answer, change.answered_at = is_agreed, answer, at
