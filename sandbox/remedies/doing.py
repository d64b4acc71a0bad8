"""Opening a task for the company, reporting it done, accepting it or sending it back."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from marshmallow import Schema
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import NotFound
from experiments.fields import Prose
from experiments.lifecycle import Actor
from sandbox.pilots.models import Pilot
from sandbox.remedies.models import RemedyTask, TaskStatus
from sandbox.remedies.table import TASK, record


class TaskReportSchema(Schema):
    """What the company has done."""

    report = Prose(required=True)


def open_task(
    session: Session, pilot: Pilot, *, origin: str, text: str, due_on: date, by: Actor, at: datetime
) -> RemedyTask | None:
    """A task for the pilot's company; None where one was opened for the same origin before."""
    same = select(RemedyTask.id).where(RemedyTask.pilot_id == pilot.id, RemedyTask.origin == origin)
    if session.scalar(same) is not None:
        return None
    task = RemedyTask(
        pilot=pilot, origin=origin, text=text, due_on=due_on, opened_at=at, status=TaskStatus.OPEN
    )
    TASK.begin(session, task, by=by, at=at)
    record(session, task, "create", by, at, due_on=due_on.isoformat())
    return task


def report(session: Session, task: RemedyTask, *, report: str, by: Actor, at: datetime) -> None:
    """The company says that it is done."""
    TASK.perform(session, task, "report", by=by, at=at)
    task.report = report
    task.reported_on = at.astimezone(ZoneInfo(task.pilot.exemption.regime.zone)).date()
    record(session, task, "report", by, at)


def accept(session: Session, task: RemedyTask, *, by: Actor, at: datetime) -> None:
    """City or ministry finds it done."""
    TASK.perform(session, task, "accept", by=by, at=at)
    record(session, task, "accept", by, at)


def send_back(session: Session, task: RemedyTask, *, by: Actor, at: datetime, reason: str) -> None:
    """It is not done yet; the due date stays."""
    TASK.perform(session, task, "send_back", by=by, at=at, reason=reason)
    record(session, task, "send_back", by, at, reason=reason)


def tasks_of(session: Session, pilot: Pilot) -> list[RemedyTask]:
    """Every task of this pilot, by due date."""
    query = select(RemedyTask).where(RemedyTask.pilot_id == pilot.id)
    return list(session.scalars(query.order_by(RemedyTask.due_on, RemedyTask.id)))


def find(session: Session, pilot: Pilot, key: int) -> RemedyTask:
    """The task of this pilot; NotFound for one of another."""
    task = session.get(RemedyTask, key)
    if task is None or task.pilot_id != pilot.id:
        raise NotFound("task", key)
    return task
