"""The lifecycle of a company's task, and how acts on it are recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.notices.outbox import CITY, COMPANY, REVIEWERS, Office, tell
from sandbox.remedies.models import RemedyTask, RemedyTaskHistory, TaskStatus

S = TaskStatus


def author_of_the_company(actor: Actor, task: RemedyTask) -> bool:
    return access.company_author(actor) and actor.organisation_id == task.pilot.company_id


def supervisor_of_the_pilot(actor: Actor, task: RemedyTask) -> bool:
    """Reviewers of the lead ministry and of the city, who supervise jointly (Art. 53(1))."""
    exemption = task.pilot.exemption
    lead = access.ministry_reviewer(actor) and actor.organisation_id == exemption.lead_id
    return lead or access.city_staff_of(actor, exemption.city_id)


TASK: Lifecycle[TaskStatus] = Lifecycle(
    "remedy_task",
    TaskStatus,
    RemedyTaskHistory,
    [
        Transition("report", (S.OPEN,), S.REPORTED, author_of_the_company, source="Art. 53(1), D56(1)"),
        Transition("accept", (S.REPORTED,), S.DONE, supervisor_of_the_pilot, source="Art. 53(1), D56(1)"),
        Transition(
            "send_back",
            (S.REPORTED,),
            S.OPEN,
            supervisor_of_the_pilot,
            needs_reason=True,
            source="Art. 53(1), D56(1)",
        ),
    ],
)


def record(session: Session, task: RemedyTask, verb: str, by: Actor, at: datetime, **details: Any) -> None:
    """Put one act on `task` into the ledger, and tell company, city and ministry."""
    pilot = task.pilot
    facts = {"task": task.id, "origin": task.origin} | details
    ledger.append(session, act=f"remedy_task.{verb}", subject=pilot.key, by=by, at=at, details=facts)
    offices = (
        Office(pilot.company_id, COMPANY),
        Office(pilot.exemption.city_id, CITY),
        Office(pilot.exemption.lead_id, REVIEWERS),
    )
    tell(session, f"remedy_task.{verb}", subject=pilot.key, to=offices, by=by, at=at)
