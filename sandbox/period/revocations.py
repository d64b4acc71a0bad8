"""Revoking an approval: a ground, three recorded steps, and the decision (Art. 52(5)-(6), D55(7), D59)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Line, Prose
from experiments.lifecycle import Actor, touch
from sandbox import documents
from sandbox.clocks import running
from sandbox.clocks.models import Clock
from sandbox.documents.facts import Fact
from sandbox.period import ends
from sandbox.period.deliberation import deliberated
from sandbox.period.models import Revocation, RevocationStatus
from sandbox.period.tables import REVOCATION, record
from sandbox.pilots.models import GOING_ON, Pilot, PilotStatus
from sandbox.pilots.table import PILOT, reviewer_of_the_lead_ministry
from sandbox.pilots.table import record as record_pilot
from sandbox.regimes.period import PeriodRules, RevocationGround

FARTHEST = timedelta(days=366)


class RevocationOpeningSchema(Schema):
    """A ground of the law, and the facts that show it."""

    ground = fields.String(required=True)
    facts = Prose(required=True)


class RevocationOpinionSchema(Schema):
    opinion = Prose(required=True)


class HearingInvitationSchema(Schema):
    """The hearing to which the operator was invited."""

    invited_on = fields.Date(required=True)
    hearing_on = fields.Date(required=True)
    place = Line(required=True)


class RevocationHearingSchema(Schema):
    """What was said at the hearing, or how it was established that nobody came."""

    operator_came = fields.Boolean(required=True)
    text = Prose(required=True)


class RevokingSchema(Schema):
    """The reasons, and the duties to restore and to compensate that the gazette names (D59)."""

    reason = Prose(required=True, longest=4000)
    restoration = Prose(required=True, longest=4000)
    compensation = Prose(required=True, longest=4000)


def open_proceeding(
    session: Session, pilot: Pilot, *, ground: str, facts: str, by: Actor, at: datetime
) -> Revocation:
    """Open a proceeding on a ground of the law; one that rests on a time limit needs its lapse."""
    if not reviewer_of_the_lead_ministry(by, pilot):
        raise Refused("revocation.create", "reviewer_of_the_lead_ministry")
    rules = pilot.exemption.regime.period
    if rules is None or pilot.status not in GOING_ON:
        raise WrongMoment("revocation.create", pilot.status, meanwhile=PILOT.last_move(pilot))
    latest = latest_revocation(session, pilot)
    if latest is not None and latest.status == RevocationStatus.OPEN:
        raise WrongMoment("revocation.create", latest.status, meanwhile=REVOCATION.last_move(latest))
    chosen = _ground(rules, ground)
    if chosen.clock is not None and not (
        pilot.status == PilotStatus.APPROVED and lapsed(session, pilot, chosen.clock, at)
    ):
        raise Invalid({"ground": [f"The time limit of this ground has not run out ({chosen.source})."]})
    touch(pilot)
    revocation = Revocation(
        pilot_id=pilot.id, ground=ground, facts=facts, opened_at=at, status=RevocationStatus.OPEN
    )
    revocation.pilot = pilot
    REVOCATION.begin(session, revocation, by=by, at=at)
    _record(session, revocation, "create", by, at, ground=ground)
    return revocation


def consult_city(session: Session, revocation: Revocation, *, opinion: str, by: Actor, at: datetime) -> None:
    """The head of local government gives its opinion."""
    REVOCATION.check(revocation, "consult_city", by=by)
    revocation.city_opinion = opinion
    REVOCATION.perform(session, revocation, "consult_city", by=by, at=at)
    _record(session, revocation, "consult_city", by, at)


def deliberate(
    session: Session,
    revocation: Revocation,
    *,
    held_on: date,
    meeting: str,
    agrees: bool,
    text: str,
    by: Actor,
    at: datetime,
) -> None:
    """Record the committee's deliberation."""
    REVOCATION.check(revocation, "deliberate", by=by)
    deliberated(
        revocation,
        held_on=held_on,
        meeting=meeting,
        agrees=agrees,
        text=text,
        begun_at=revocation.opened_at,
        pilot=revocation.pilot,
        at=at,
    )
    REVOCATION.perform(session, revocation, "deliberate", by=by, at=at)
    _record(session, revocation, "deliberate", by, at, meeting=meeting, agrees=agrees)


def invite(
    session: Session,
    revocation: Revocation,
    *,
    invited_on: date,
    hearing_on: date,
    place: str,
    by: Actor,
    at: datetime,
) -> None:
    """Record the invitation to the hearing; it reaches the operator early enough."""
    REVOCATION.check(revocation, "invite", by=by)
    rules, today = revocation.pilot.exemption.regime.period, ends.today(revocation.pilot, at)
    assert rules is not None  # nothing is opened under a regime without them
    if not revocation.opened_at.date() - timedelta(days=1) <= invited_on <= today:
        raise Invalid({"invited_on": ["The invitation goes out in the course of this proceeding."]})
    if hearing_on < invited_on + timedelta(days=rules.hearing_days):
        days, source = rules.hearing_days, rules.hearing_source
        raise Invalid(
            {"hearing_on": [f"Between invitation and hearing lie at least {days} days ({source})."]}
        )
    if hearing_on > today + FARTHEST:
        raise Invalid({"hearing_on": ["The hearing lies too far ahead."]})
    revocation.hearing_invited_on, revocation.hearing_on = invited_on, hearing_on
    revocation.hearing_place, revocation.operator_came, revocation.hearing_record = place, None, None
    REVOCATION.perform(session, revocation, "invite", by=by, at=at)
    _record(session, revocation, "invite", by, at, hearing_on=hearing_on.isoformat(), place=place)


def hear(
    session: Session, revocation: Revocation, *, operator_came: bool, text: str, by: Actor, at: datetime
) -> None:
    """Record what was said at the hearing, or that the operator did not come to it."""
    REVOCATION.check(revocation, "hear", by=by)
    hearing_on = revocation.hearing_on
    if hearing_on is not None and ends.today(revocation.pilot, at) < hearing_on:
        raise WrongMoment("revocation.hear", revocation.status, needs="hearing_was_held")
    revocation.operator_came, revocation.hearing_record = operator_came, text
    REVOCATION.perform(session, revocation, "hear", by=by, at=at)
    _record(session, revocation, "hear", by, at, operator_came=operator_came)


def revoke(
    session: Session,
    revocation: Revocation,
    *,
    reason: str,
    restoration: str,
    compensation: str,
    by: Actor,
    at: datetime,
) -> None:
    """Revoke the approval: the operator stops at once, and the gazette says so (Art. 52(6), D59)."""
    REVOCATION.check(revocation, "revoke", by=by, reason=reason)
    pilot = revocation.pilot
    revocation.restoration, revocation.compensation = restoration, compensation
    REVOCATION.perform(session, revocation, "revoke", by=by, at=at, reason=reason)
    PILOT.perform(session, pilot, "revoke", by=by, at=at, reason=reason)
    record_pilot(session, pilot, "revoke", by, at, ground=revocation.ground, reason=reason)
    _record(session, revocation, "revoke", by, at, restoration=restoration, compensation=compensation)
    running.void(session, pilot.exemption.case, by=by, at=at, reason="The exemption has been revoked.")
    ground = ground_of(revocation)
    documents.issue(
        session,
        pilot,
        "revoke",
        by=by,
        at=at,
        facts={
            "reason": Fact(f"{ground.name_ko} – {reason}", f"{ground.name_en} – {reason}"),
            "restoration": restoration,
            "compensation": compensation,
        },
    )


def drop(session: Session, revocation: Revocation, *, by: Actor, at: datetime, reason: str) -> None:
    """The ground did not hold, or a milder measure is enough: the proceeding ends."""
    REVOCATION.perform(session, revocation, "drop", by=by, at=at, reason=reason)
    _record(session, revocation, "drop", by, at, reason=reason)


def latest_revocation(session: Session, pilot: Pilot) -> Revocation | None:
    """The proceeding opened last."""
    query = select(Revocation).where(Revocation.pilot_id == pilot.id)
    return session.scalar(query.order_by(Revocation.id.desc()).limit(1))


def ground_of(revocation: Revocation) -> RevocationGround:
    """The ground as the regime words it."""
    rules = revocation.pilot.exemption.regime.period
    assert rules is not None  # nothing is opened under a regime without them
    return _ground(rules, revocation.ground)


def grounds_that_stand(session: Session, pilot: Pilot, *, at: datetime) -> tuple[RevocationGround, ...]:
    """Grounds whose time limit has run out: a flag, never a revocation by itself (Art. 52(5)4)."""
    rules = pilot.exemption.regime.period
    if rules is None or pilot.status != PilotStatus.APPROVED:
        return ()
    return tuple(
        each for each in rules.revocation_grounds if each.clock and lapsed(session, pilot, each.clock, at)
    )


def lapsed(session: Session, pilot: Pilot, rule_id: str, at: datetime) -> bool:
    """Whether a running clock of this rule is over."""
    today = ends.today(pilot, at)
    query = select(Clock).where(
        Clock.exemption_id == pilot.exemption_id,
        Clock.rule_id == rule_id,
        Clock.ended_on.is_(None),
        Clock.due_on < today,
    )
    return session.scalar(query.limit(1)) is not None


def _ground(rules: PeriodRules, key: str) -> RevocationGround:
    for each in rules.revocation_grounds:
        if each.id == key:
            return each
    raise Invalid({"ground": ["This regime has no such ground."]})


def _record(
    session: Session, revocation: Revocation, verb: str, by: Actor, at: datetime, **details: Any
) -> None:
    record(session, revocation.pilot, f"revocation.{verb}", by, at, revocation=revocation.id, **details)
