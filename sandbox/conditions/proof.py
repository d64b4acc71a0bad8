"""What the company files for a condition, and what the ministry says of it; breaches explained and closed."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Prose
from experiments.lifecycle import Actor, touch
from sandbox.conditions import checking
from sandbox.conditions.models import (
    Basis,
    Breach,
    Duty,
    DutyStatus,
    Evidence,
    EvidenceFile,
    EvidenceStatus,
)
from sandbox.conditions.schedule import operating_days, windows
from sandbox.conditions.table import (
    BREACH,
    EVIDENCE,
    author_of_the_company,
    condition_is_imposed,
    record,
)
from sandbox.exemptions.files import FileStore
from sandbox.exemptions.kept import taken_in
from sandbox.pilots.models import Pilot


class ConditionEvidenceSchema(Schema):
    """Evidence for one due day of a condition."""

    due_on = fields.Date(required=True)
    text = Prose(required=True)


class BreachExplanationSchema(Schema):
    """Why a condition was broken, and what was done about it."""

    explanation = Prose(required=True, longest=4000)


def file_evidence(
    session: Session, duty: Duty, *, due_on: date, text: str, by: Actor, at: datetime
) -> Evidence:
    """The company files what shows that the condition is kept; for a due day of the condition, once."""
    if not author_of_the_company(by, duty):
        raise Refused("condition_evidence.create", "author_of_the_company")
    if not condition_is_imposed(duty) or duty.status == DutyStatus.LIFTED:
        raise WrongMoment("condition_evidence.create", duty.status, needs="condition_is_imposed")
    if due_on not in due_days(duty):
        raise Invalid({"due_on": ["The condition has no such due day."]})
    if any(each.due_on == due_on and each.status != EvidenceStatus.RETURNED for each in duty.evidence):
        raise WrongMoment("condition_evidence.create", EvidenceStatus.FILED, needs="no_evidence_waits")
    # Of two that are filed at once the second finds another version of the duty.
    touch(duty)
    evidence = Evidence(
        duty=duty, due_on=due_on, text=text, filed_at=at, filed_by_name=by.name, status=EvidenceStatus.FILED
    )
    EVIDENCE.begin(session, evidence, by=by, at=at)
    record(session, duty, "condition_evidence.create", by, at, due_on=due_on.isoformat())
    return evidence


def attach(
    session: Session, store: FileStore, evidence: Evidence, *, name: str, body: bytes, by: Actor, at: datetime
) -> EvidenceFile:
    """The company adds a file to evidence that the ministry has not judged yet."""
    if not author_of_the_company(by, evidence.duty):
        raise Refused("condition_evidence.attach", "author_of_the_company")
    if evidence.status != EvidenceStatus.FILED:
        raise WrongMoment(
            "condition_evidence.attach", evidence.status, meanwhile=EVIDENCE.last_move(evidence)
        )
    made = EvidenceFile(**taken_in(store, evidence.files, name=name, body=body, by=by, at=at))
    touch(evidence)
    evidence.files.append(made)
    session.flush()
    facts = {"evidence": evidence.id, "sha256": made.sha256, "size": made.size}
    record(session, evidence.duty, "condition_evidence.attach", by, at, **facts)
    return made


def accept_evidence(
    session: Session, evidence: Evidence, *, by: Actor, at: datetime, reason: str | None = None
) -> None:
    """The ministry takes it, with a reason or without: the window was kept."""
    EVIDENCE.perform(session, evidence, "accept", by=by, at=at, reason=reason)
    record(session, evidence.duty, "condition_evidence.accept", by, at, due_on=evidence.due_on.isoformat())
    checking.settle(session, evidence, by=by, at=at)


def return_evidence(session: Session, evidence: Evidence, *, by: Actor, at: datetime, reason: str) -> None:
    """The ministry does not take it; after the due day the window is broken at the next beat."""
    EVIDENCE.perform(session, evidence, "return", by=by, at=at, reason=reason)
    duty = evidence.duty
    today = at.astimezone(ZoneInfo(duty.pilot.site.territory.zone)).date()
    duty.next_check_on = min(today, duty.next_check_on or today)
    record(
        session, duty, "condition_evidence.return", by, at, due_on=evidence.due_on.isoformat(), reason=reason
    )


def explain(session: Session, breach: Breach, *, explanation: str, by: Actor, at: datetime) -> None:
    """The company says why, and what it did."""
    BREACH.check(breach, "explain", by=by)
    breach.explanation = explanation
    BREACH.perform(session, breach, "explain", by=by, at=at)
    record(session, breach.duty, "condition_breach.explain", by, at, due_on=breach.due_on.isoformat())


def ask_again(session: Session, breach: Breach, *, by: Actor, at: datetime, reason: str) -> None:
    """The explanation does not do; the company is asked for another."""
    BREACH.perform(session, breach, "ask_again", by=by, at=at, reason=reason)
    record(
        session,
        breach.duty,
        "condition_breach.ask_again",
        by,
        at,
        due_on=breach.due_on.isoformat(),
        reason=reason,
    )


def close(session: Session, breach: Breach, *, by: Actor, at: datetime, reason: str) -> None:
    """The ministry says what follows; the finding itself stays."""
    BREACH.perform(session, breach, "close", by=by, at=at, reason=reason)
    record(
        session,
        breach.duty,
        "condition_breach.close",
        by,
        at,
        due_on=breach.due_on.isoformat(),
        reason=reason,
    )


def due_days(duty: Duty) -> list[date]:
    """Days on which evidence falls due, as far as the pilot operates."""
    days = operating_days(duty.pilot)
    if days is None:
        return []
    return [window.due_on for window in windows(duty, days) if window.terms.basis == Basis.EVIDENCE]


def evidence_of(session: Session, pilot: Pilot, evidence_id: int) -> Evidence:
    """The evidence in this case; NotFound for that of another."""
    found = session.get(Evidence, evidence_id)
    if found is None or found.duty.pilot_id != pilot.id:
        raise NotFound("condition_evidence", evidence_id)
    return found


def breach_of(session: Session, pilot: Pilot, breach_id: int) -> Breach:
    """The breach in this case; NotFound for that of another."""
    found = session.get(Breach, breach_id)
    if found is None or found.duty.pilot_id != pilot.id:
        raise NotFound("condition_breach", breach_id)
    return found
