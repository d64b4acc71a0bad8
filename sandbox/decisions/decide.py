"""Propose, decide, confirm against the finding, or send back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.evaluation.models import Evaluation
from experiments.fields import Prose, Whole
from experiments.lifecycle import Actor, touch
from sandbox import access, ledger
from sandbox.decisions.models import Decision, DecisionStatus, Outcome
from sandbox.decisions.table import DECISION
from sandbox.notices.outbox import DECIDERS, REVIEWERS, Office, tell
from sandbox.period import ends
from sandbox.pilots.models import LIVE, Pilot, PilotStatus
from sandbox.pilots.table import PILOT, parties
from sandbox.pilots.table import record as record_pilot

# A pilot that has run and is not over yet.
DECIDABLE = frozenset({*LIVE, PilotStatus.SUSPENDED, PilotStatus.REPORT_DUE, PilotStatus.REPORTED})


class ProposalSchema(Schema):
    """A proposal: the evaluation that it rests on, the outcome and its reasons."""

    evaluation_id = Whole(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf([outcome.value for outcome in Outcome]))
    reasons = Prose(required=True)


def propose(
    session: Session,
    pilot: Pilot,
    evaluation: Evaluation,
    *,
    outcome: str,
    reasons: str,
    by: Actor,
    at: datetime,
) -> Decision:
    """A proposal by the lead ministry's reviewer, on a result that an evaluator signed."""
    if not (access.ministry_reviewer(by) and by.organisation_id == pilot.exemption.lead_id):
        raise Refused("decision.propose", "reviewer_of_the_lead_ministry")
    if evaluation.experiment_id != pilot.experiment_id:
        raise Invalid({"evaluation_id": ["this evaluation belongs to another pilot"]})
    if pilot.status not in DECIDABLE:
        raise WrongMoment("decision.propose", pilot.status, meanwhile=PILOT.last_move(pilot))
    if evaluation.signed_at is None:
        raise WrongMoment("decision.propose", evaluation.status, needs="result_is_signed")
    if is_decided(session, evaluation):
        raise WrongMoment("decision.propose", DecisionStatus.DECIDED, needs="result_is_undecided")
    if open_decision(session, pilot):
        raise WrongMoment("decision.propose", DecisionStatus.PROPOSED, needs="no_open_proposal")
    # Of two proposals at once the second finds another version of the pilot and is refused.
    touch(pilot)
    decision = Decision(pilot_id=pilot.id, evaluation_id=evaluation.id, outcome=outcome, reasons=reasons)
    decision.status = DecisionStatus.PROPOSED
    DECISION.begin(session, decision, by=by, at=at)
    _record(session, decision, "propose", by, at, outcome=outcome, evaluation=evaluation.document_sha256)
    return decision


def decide(
    session: Session, decision: Decision, *, by: Actor, at: datetime, reason: str | None = None
) -> None:
    """Decide as proposed; against the finding this only opens the way for a second decider."""
    if decision.is_against_the_finding:
        DECISION.perform(session, decision, "decide_against", by=by, at=at, reason=reason)
        decision.against_reason = reason
        _record(session, decision, "decide_against", by, at, outcome=decision.outcome, reason=reason)
        return
    DECISION.check(decision, "decide", by=by)
    decision.decided_at = at
    DECISION.perform(session, decision, "decide", by=by, at=at, reason=reason)
    _take_effect(session, decision, by, at)
    _record(session, decision, "decide", by, at, outcome=decision.outcome)


def confirm(session: Session, decision: Decision, *, by: Actor, at: datetime, reason: str) -> None:
    """The second decider's word on a decision against the finding."""
    DECISION.check(decision, "confirm", by=by, reason=reason)
    decision.decided_at = at
    DECISION.perform(session, decision, "confirm", by=by, at=at, reason=reason)
    _take_effect(session, decision, by, at)
    _record(session, decision, "confirm", by, at, outcome=decision.outcome, reason=reason)


def send_back(session: Session, decision: Decision, *, by: Actor, at: datetime, reason: str) -> None:
    """Refuse the proposal; another may follow."""
    DECISION.perform(session, decision, "send_back", by=by, at=at, reason=reason)
    _record(session, decision, "send_back", by, at, reason=reason)


def open_decision(session: Session, pilot: Pilot) -> Decision | None:
    """The proposal on `pilot` that still waits for someone, if any."""
    waiting = (DecisionStatus.PROPOSED, DecisionStatus.AWAITING_SECOND)
    return session.scalar(select(Decision).where(Decision.pilot_id == pilot.id, Decision.status.in_(waiting)))


def latest_decision(session: Session, pilot: Pilot) -> Decision | None:
    """The newest proposal on `pilot`, whatever became of it."""
    newest = select(Decision).where(Decision.pilot_id == pilot.id).order_by(Decision.id.desc()).limit(1)
    return session.scalar(newest)


def is_decided(session: Session, evaluation: Evaluation) -> bool:
    """Whether a decision that rests on `evaluation` took effect."""
    taken = select(Decision.id).where(
        Decision.evaluation_id == evaluation.id, Decision.status == DecisionStatus.DECIDED
    )
    return session.scalar(taken.limit(1)) is not None


def _take_effect(session: Session, decision: Decision, by: Actor, at: datetime) -> None:
    """Move the pilot: stopped, concluded, or left running where it is extended."""
    pilot = decision.pilot
    if decision.outcome == Outcome.EXTEND_PILOT:
        return
    verb = "stop" if decision.outcome in {Outcome.STOP, Outcome.SAFETY_STOP} else "conclude"
    PILOT.perform(session, pilot, verb, by=by, at=at, reason=decision.reasons[:4000])
    record_pilot(session, pilot, verb, by, at)
    ends.over(session, pilot, on=ends.today(pilot, at), by=by, at=at)


def _record(session: Session, decision: Decision, verb: str, by: Actor, at: datetime, **details: Any) -> None:
    act, pilot = f"decision.{verb}", decision.pilot
    facts = {"decision": decision.id, **details}
    ledger.append(session, act=act, subject=pilot.key, by=by, at=at, details=facts)
    to = parties(pilot) if verb in ("decide", "confirm") else (_ministry(pilot),)
    tell(session, act, subject=pilot.key, to=to, by=by, at=at)


def _ministry(pilot: Pilot) -> Office:
    """Before a decision its proposal is the lead ministry's own."""
    return Office(pilot.exemption.lead_id, REVIEWERS | DECIDERS)
