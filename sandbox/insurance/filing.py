"""What is filed and decided about a pilot's insurance: policies, their renewals, compensation plans."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Line, Prose
from experiments.lifecycle import Actor, touch
from sandbox.clocks import running
from sandbox.insurance.cover import last_day, latest_plan, policies_of
from sandbox.insurance.models import CompensationPlan, CompensationStatus, Policy
from sandbox.insurance.table import COMPENSATION, record
from sandbox.pilots.models import GOING_ON, Pilot
from sandbox.pilots.table import author_of_the_company, is_over
from sandbox.regimes import Regime

INSURED = GOING_ON
MOST_WON = 10**15
LONGEST_WON = 20


class Won(fields.Integer):
    """A sum in whole won, as a number or as its digits, with or without commas between thousands."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, str):
            value = value.strip().replace(",", "")
            if not (value.isascii() and value.isdecimal() and len(value) <= LONGEST_WON):
                raise self.make_error("invalid")
        elif isinstance(value, (bool, float)):
            raise self.make_error("invalid")
        return int(super()._validated(value))


class _CoversSchema(Schema):
    """Sums in won by kind of damage; the regime says which kinds there are and how much is the least."""

    covers = fields.Dict(
        keys=fields.String(validate=validate.Length(max=40)),
        values=Won(validate=validate.Range(min=0, max=MOST_WON)),
        required=True,
    )


class PolicySchema(_CoversSchema):
    """An insurance policy; `covers_from` and `covers_to` are the first and the last day of the cover."""

    insurer = Line(required=True)
    number = Line(required=True, longest=80)
    covers_from = fields.Date(required=True)
    covers_to = fields.Date(required=True)

    @validates_schema
    def ends_after_it_begins(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["covers_to"] < data["covers_from"]:
            raise ValidationError("the period ends before it begins", "covers_to")


class CompensationSchema(_CoversSchema):
    """A plan in place of insurance, with the reason why no insurer covers the pilot (D57-2)."""

    text = Prose(required=True)
    why_uninsurable = Prose(required=True, longest=4000)


def file_policy(
    session: Session,
    pilot: Pilot,
    *,
    insurer: str,
    number: str,
    covers: Mapping[str, int],
    covers_from: date,
    covers_to: date,
    by: Actor,
    at: datetime,
) -> Policy:
    """File a policy; it renews the one before, whose clock for the copy ends (D57(4)).

    Invalid where a sum is below the law's minimum, or where a renewal ends no later than what it renews.
    """
    _check_may_file(pilot, "insurance.file", by)
    if pilot.status not in INSURED:
        raise WrongMoment("insurance.file", pilot.status, needs="pilot_is_approved_and_goes_on")
    _check_covers(pilot.exemption.regime, covers)
    before = policies_of(session, pilot)[-1:]
    if before and covers_to <= before[0].covers_to:
        raise Invalid({"covers_to": [f"The policy before runs until {before[0].covers_to}."]})
    # Two that are filed at once must not both renew the same policy.
    touch(pilot.exemption)
    policy = Policy(
        pilot_id=pilot.id,
        renews_id=before[0].id if before else None,
        insurer=insurer,
        number=number,
        covers=dict(covers),
        covers_from=covers_from,
        covers_to=covers_to,
        filed_at=at,
        filed_by_id=by.person_id,
        filed_by_name=by.name,
    )
    session.add(policy)
    session.flush()
    if before:
        running.end(session, pilot.exemption.case, "renewal_filed", subject=_subject(before[0]), by=by, at=at)
    _expect_renewal(session, pilot, policy, by, at)
    record(
        session,
        pilot,
        "insurance.file",
        by,
        at,
        policy=policy.id,
        covers=policy.covers,
        covers_from=covers_from.isoformat(),
        covers_to=covers_to.isoformat(),
        renews=policy.renews_id,
    )
    return policy


def file_plan(
    session: Session,
    pilot: Pilot,
    *,
    text: str,
    why_uninsurable: str,
    covers: Mapping[str, int],
    by: Actor,
    at: datetime,
) -> CompensationPlan:
    """File a compensation plan at the law's sums; the lead ministry's decider approves it or not."""
    _check_may_file(pilot, "compensation.create", by)
    _check_covers(pilot.exemption.regime, covers)
    latest = latest_plan(session, pilot)
    if latest is not None and latest.status != CompensationStatus.REFUSED:
        raise WrongMoment("compensation.create", latest.status, meanwhile=COMPENSATION.last_move(latest))
    touch(pilot.exemption)
    plan = CompensationPlan(
        pilot=pilot,
        text=text,
        why_uninsurable=why_uninsurable,
        covers=dict(covers),
        filed_at=at,
        status=CompensationStatus.FILED,
    )
    COMPENSATION.begin(session, plan, by=by, at=at)
    record(session, pilot, "compensation.create", by, at, plan=plan.id, covers=plan.covers)
    return plan


def approve_plan(session: Session, plan: CompensationPlan, *, by: Actor, at: datetime) -> None:
    """The lead ministry takes the plan in place of insurance."""
    COMPENSATION.perform(session, plan, "approve", by=by, at=at)
    record(session, plan.pilot, "compensation.approve", by, at, plan=plan.id)


def refuse_plan(session: Session, plan: CompensationPlan, *, by: Actor, at: datetime, reason: str) -> None:
    """The lead ministry does not take the plan; the company files another, or insures the pilot."""
    COMPENSATION.perform(session, plan, "refuse", by=by, at=at, reason=reason)
    record(session, plan.pilot, "compensation.refuse", by, at, plan=plan.id, reason=reason)


def open_plan(session: Session, pilot: Pilot) -> CompensationPlan:
    """The plan that acts of the ministry are about; NotFound where none was filed."""
    plan = latest_plan(session, pilot)
    if plan is None:
        raise NotFound("compensation", str(pilot.number))
    return plan


def _check_may_file(pilot: Pilot, act: str, by: Actor) -> None:
    if not author_of_the_company(by, pilot):
        raise Refused(act, "author_of_the_company")
    if is_over(pilot):
        raise WrongMoment(act, pilot.status)


def _check_covers(regime: Regime, covers: Mapping[str, int]) -> None:
    """Every kind of damage that the regime names, none else, and none below its minimum."""
    known = {item.id for item in regime.minimum_cover}
    errors = {f"covers.{key}": ["The regime does not ask for this."] for key in covers if key not in known}
    for item in regime.minimum_cover:
        if item.id not in covers:
            errors[f"covers.{item.id}"] = ["Missing data for required field."]
        elif covers[item.id] < item.won:
            errors[f"covers.{item.id}"] = [f"At least {item.won:,} won ({item.source})."]
    if errors:
        raise Invalid(errors)


def _expect_renewal(session: Session, pilot: Pilot, policy: Policy, by: Actor, at: datetime) -> None:
    """Where cover ends before the pilot does, the time for the copy runs from its last day (D57(4))."""
    if policy.covers_to < last_day(pilot):
        running.start(
            session,
            pilot.exemption.regime,
            "insurance_renewed",
            case=pilot.exemption.case,
            subject=_subject(policy),
            owed_by_id=pilot.company_id,
            by=by,
            at=at,
            on=policy.covers_to,
        )


def _subject(policy: Policy) -> str:
    """What the clock of this policy's renewal is about."""
    return f"policy:{policy.id}"
