"""What an approved case waits for: breaches, tasks, orders, incidents, demands, claims, unbound conditions.

Each part has its own lifecycle; here stands which of its steps somebody has to take, so that a desk names
them as the next act of whoever may take them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from experiments.lifecycle import Actor, Lifecycle
from sandbox import access
from sandbox.claims.models import Claim
from sandbox.claims.table import CLAIM
from sandbox.conditions.models import Breach, Duty, Evidence
from sandbox.conditions.table import BREACH, CONDITION, EVIDENCE, may_bind
from sandbox.conditions.unbound import unbound_conditions
from sandbox.exemptions.models import ExemptionStatus
from sandbox.incidents.models import Incident
from sandbox.incidents.table import INCIDENT
from sandbox.inspections.models import Inspection
from sandbox.inspections.table import INSPECTION
from sandbox.orders.models import Order
from sandbox.orders.table import ORDER
from sandbox.pilots.file import Move
from sandbox.pilots.models import Pilot
from sandbox.remedies.models import RemedyTask
from sandbox.remedies.table import TASK
from sandbox.reports.models import Report
from sandbox.reports.table import REPORT
from sandbox.suspensions.models import Suspension, SuspensionProposal
from sandbox.suspensions.table import PROPOSAL, SUSPENSION

BOUND = "condition_is_bound"

# What a part in this state waits for; other steps are possible and nobody waits for them.
AWAITED: dict[str, dict[str, tuple[str, ...]]] = {
    CLAIM.kind: {
        "filed": ("inform",),
        "informed": ("pay", "refuse"),
        "paid": ("report",),
        "refused": ("report",),
    },
    INCIDENT.kind: {"reported": ("follow_up", "close")},
    PROPOSAL.kind: {"open": ("act",)},
    SUSPENSION.kind: {"in_force": ("report_measures",), "reported": ("accept_measures",)},
    BREACH.kind: {"open": ("explain",), "explained": ("close",)},
    EVIDENCE.kind: {"filed": ("accept",)},
    CONDITION.kind: {"change_asked": ("agree_change",)},
    ORDER.kind: {
        "announced": ("state_position",),
        "heard": ("issue",),
        "issued": ("report",),
        "missed": ("report",),
        "reported": ("accept",),
    },
    TASK.kind: {"open": ("report",), "reported": ("accept",)},
    INSPECTION.kind: {"planned": ("record",)},
    REPORT.kind: {
        "draft": ("file",),
        "filed": ("accept",),
        "supplement_asked": ("supplement", "file_again"),
    },
}
PARTS: tuple[tuple[Lifecycle[Any], type[Any]], ...] = (
    (CLAIM, Claim),
    (INCIDENT, Incident),
    (PROPOSAL, SuspensionProposal),
    (SUSPENSION, Suspension),
    (BREACH, Breach),
    (EVIDENCE, Evidence),
    (CONDITION, Duty),
    (ORDER, Order),
    (TASK, RemedyTask),
    (INSPECTION, Inspection),
    (REPORT, Report),
)
"""In the order in which they come first: harm to people, then breaches, then what authorities asked for."""


@dataclass(frozen=True)
class OpenPart:
    """One part that waits, with the day on which it is due, where it has one."""

    lifecycle: Lifecycle[Any]
    subject: Any
    due_on: date | None


def open_parts(session: Session, pilot: Pilot) -> list[OpenPart]:
    """Every part of the case that waits for somebody: one question for each kind of part."""
    if pilot.exemption.status != ExemptionStatus.APPROVED:
        return []
    found: list[OpenPart] = []
    for lifecycle, model in PARTS:
        query = select(model).where(model.status.in_(AWAITED[lifecycle.kind]))
        if model in (Breach, Evidence):
            query = query.join(Duty, Duty.id == model.duty_id).where(Duty.pilot_id == pilot.id)
        else:
            query = query.where(model.pilot_id == pilot.id)
        subjects = session.scalars(query.order_by(model.id)).unique()
        found += [OpenPart(lifecycle, subject, _due_on(subject)) for subject in subjects]
    return found


def moves(parts: Iterable[OpenPart], pilot: Pilot, actor: Actor) -> Iterator[Move]:
    """What of these parts this person has to do, each act once, and what only a condition keeps back."""
    seen = set()
    for part in parts:
        for move in _moves_of(part, actor):
            if (key := (move.kind, move.verb)) not in seen:
                seen.add(key)
                yield move
    yield from _binding(pilot, actor)


def due_on(parts: Iterable[OpenPart], actor: Actor) -> date | None:
    """The earliest day by which this person has to do something about one of these parts."""
    days = (part.due_on for part in parts if part.due_on and any(_moves_of(part, actor)))
    return min(days, default=None)


def _moves_of(part: OpenPart, actor: Actor) -> Iterator[Move]:
    lifecycle, subject = part.lifecycle, part.subject
    awaited = AWAITED[lifecycle.kind][subject.status]
    for step in lifecycle.open_to(subject, actor):
        if step.verb in awaited and not _is_done(subject, step.verb, actor):
            yield Move(lifecycle.kind, step.verb, step.needs_reason, step.source)
    for step, needs in lifecycle.blocked_for(subject, actor):
        if step.verb in awaited:
            yield Move(lifecycle.kind, step.verb, step.needs_reason, step.source, tuple(needs))


def _is_done(subject: Any, verb: str, actor: Actor) -> bool:
    """Whether nothing is left to do, though the step stays open: answers and additions are never closed."""
    if verb == "supplement":
        return all(each.answer is not None for each in subject.demands)
    if verb == "follow_up":
        # The company says once what came of it; authorities close it and add what they like.
        told = any(each.by_role == actor.role for each in subject.follow_ups)
        return told or not access.company_author(actor)
    return False


def _binding(pilot: Pilot, actor: Actor) -> Iterator[Move]:
    session = object_session(pilot)
    if session is None:
        return
    left = unbound_conditions(session, pilot)
    if any(may_bind(actor, pilot, condition) for condition in left):
        yield Move(CONDITION.kind, "create", False, "Art. 49(8)")
    elif left and access.company_author(actor) and actor.organisation_id == pilot.company_id:
        yield Move(CONDITION.kind, "create", False, "Art. 49(8)", (BOUND,))


def _due_on(subject: Any) -> date | None:
    if isinstance(subject, Report):
        return min((each.due_on for each in subject.demands if each.answer is None), default=None)
    if isinstance(subject, Order):
        return subject.answer_by if subject.status == "announced" else subject.due_on
    if isinstance(subject, Inspection):
        return subject.planned_on
    return subject.due_on if isinstance(subject, RemedyTask) else None
