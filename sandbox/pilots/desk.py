"""Work lists: the cases that a person's office has to do with, what waits for them first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from experiments.lifecycle import Actor
from sandbox import access
from sandbox.accounts import Role
from sandbox.clocks.models import Clock
from sandbox.exemptions.models import Exemption, ExemptionHistory, ExemptionStatus
from sandbox.exemptions.table import every_required_action_is_answered
from sandbox.pilots.file import Move, moves
from sandbox.pilots.models import Pilot, PilotStatus
from sandbox.programmes.models import Site


@dataclass(frozen=True)
class Task:
    """One case on a desk: whether it waits for this person, until when, and the acts they may do."""

    pilot: Pilot
    acts: tuple[Move, ...]
    due_on: date | None

    @property
    def waits_for_me(self) -> bool:
        verbs = {move.verb for move in self.acts}
        return bool(verbs - QUIET_VERBS) or ("answer_actions" in verbs and self._lacks_answers)

    @property
    def _lacks_answers(self) -> bool:
        return not every_required_action_is_answered(self.pilot.exemption)


# Possible at any time; a case does not wait for these.
QUIET_VERBS = frozenset(
    {
        "withdraw",
        "edit",
        "finish",
        "suspend",
        "amend",
        "answer_actions",
        "refuse",
        "send_back",
        "return_filing",
        "save_draft",
    }
)


def tasks(
    session: Session, actor: Actor, *, status: str | None = None, text: str | None = None
) -> list[Task]:
    """The actor's desk: cases that wait for them by due date, then the others, newest first."""
    query = _cases_of(actor)
    if status:
        query = query.where(Pilot.status.in_([known for known in PilotStatus if known == status]))
    # PostgreSQL refuses NUL bytes in a text; what nobody sees is not looked for on either database.
    if text := "".join(character for character in text or "" if character.isprintable()).strip():
        query = query.where(
            or_(
                *(
                    column.icontains(text, autoescape=True)
                    for column in (Pilot.title_ko, Pilot.title_en, Pilot.number)
                )
            )
        )
    rows = [_task(session, pilot, actor) for pilot in session.scalars(query).unique()]
    return sorted(rows, key=lambda task: (not task.waits_for_me, task.due_on or date.max, -task.pilot.id))


def pilots_of(session: Session, clocks: Iterable[Clock]) -> dict[int, Pilot]:
    """The pilots of the applications that clocks belong to, by the clock's id."""
    case_of = {clock.id: clock.exemption_id for clock in clocks if clock.exemption_id is not None}
    pilots = session.scalars(select(Pilot).where(Pilot.exemption_id.in_(set(case_of.values()))))
    found = {pilot.exemption_id: pilot for pilot in pilots}
    return {clock_id: found[exemption_id] for clock_id, exemption_id in case_of.items()}


def _task(session: Session, pilot: Pilot, actor: Actor) -> Task:
    open_moves = tuple(move for move in moves(session, pilot, actor) if not move.needs)
    return Task(pilot, open_moves, _due_on(pilot, actor))


def _due_on(pilot: Pilot, actor: Actor) -> date | None:
    """The earliest statutory date that runs against this person's office in this case."""
    exemption = pilot.exemption
    dates = [
        clock.due_on
        for clock in exemption.clocks
        if clock.is_running and actor.organisation_id in (clock.owed_by_id, exemption.lead_id)
    ]
    return min((day for day in dates if day is not None), default=None)


def _cases_of(actor: Actor) -> Select[Any]:
    query = (
        select(Pilot)
        .join(Exemption, Exemption.id == Pilot.exemption_id)
        .join(Site, Site.id == Pilot.site_id)
        .options(
            joinedload(Pilot.exemption).selectinload(Exemption.clocks),
            joinedload(Pilot.exemption).selectinload(Exemption.consultations),
            joinedload(Pilot.exemption).selectinload(Exemption.required_actions),
            joinedload(Pilot.experiment),
            selectinload(Pilot.districts),
        )
    )
    if access.company_people(actor):
        return query.where(Pilot.company_id == actor.organisation_id)
    if access.auditor(actor):
        return query
    if actor.role == Role.CITY_REVIEWER:
        sent = (Exemption.status != ExemptionStatus.DRAFT) & _given_up_only_after("send_to_city", "sign")
        return query.where(Site.city_id == actor.organisation_id, sent)
    not_filed = (ExemptionStatus.DRAFT, ExemptionStatus.LOCAL_REVIEW, ExemptionStatus.LOCAL_DONE)
    query = query.where(Exemption.status.not_in(not_filed), _given_up_only_after("sign"))
    return query.where(Pilot.evaluator_id == actor.organisation_id) if access.evaluator(actor) else query


def _given_up_only_after(*verbs: str) -> ColumnElement[bool]:
    """Not withdrawn, or withdrawn after one of `verbs`: what nobody else had read stays the company's own."""
    done = select(ExemptionHistory.id).where(
        ExemptionHistory.subject_id == Exemption.id, ExemptionHistory.verb.in_(verbs)
    )
    return or_(Exemption.status != ExemptionStatus.WITHDRAWN, done.exists())
