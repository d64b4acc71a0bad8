"""Which requests a person sees: the company's own, those received, those asked about; the auditor all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, selectinload

from experiments.errors import NotFound
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.clocks.models import Clock
from sandbox.confirmations.models import Agency, Confirmation, ConfirmationHistory, ConfirmationStatus
from sandbox.confirmations.table import CARRIED_VERBS, CONFIRMATION

QUIET_VERBS = frozenset({"edit", "withdraw", "take_alone", "apply"})


@dataclass(frozen=True)
class Row:
    """One request on a list: the acts that wait for this person, and until when."""

    confirmation: Confirmation
    verbs: tuple[str, ...]
    due_on: date | None

    @property
    def waits_for_me(self) -> bool:
        return bool(set(self.verbs) - QUIET_VERBS)


def rows(session: Session, actor: Actor) -> list[Row]:
    """This person's requests: those that wait for them by due date, then the others, newest first."""
    found = session.scalars(_seen_by(actor).order_by(Confirmation.id.desc())).unique()
    listed = [Row(each, verbs(each, actor), _due_on(each, actor)) for each in found]
    return sorted(listed, key=lambda row: (not row.waits_for_me, row.due_on or date.max))


def find(session: Session, number: str, actor: Actor) -> Confirmation:
    """The request of that number; NotFound also where this person has no part in it."""
    query = _seen_by(actor).where(Confirmation.number == number)
    found = session.scalars(query).unique().one_or_none()
    if found is None:
        raise NotFound("confirmation", number)
    return found


def verbs(confirmation: Confirmation, actor: Actor) -> tuple[str, ...]:
    """What this person may do with the request now; `reply` is an agency's."""
    own = [t.verb for t in CONFIRMATION.open_to(confirmation, actor) if t.verb not in CARRIED_VERBS]
    return (*own, "reply") if asked(confirmation, actor) else tuple(own)


def asked(confirmation: Confirmation, actor: Actor) -> Agency | None:
    """The agency of this person whose reply is still waited for."""
    if confirmation.status != ConfirmationStatus.WAITING or not access.agency_reviewer(actor):
        return None
    return next(
        (a for a in confirmation.agencies if a.organisation_id == actor.organisation_id and a.reply is None),
        None,
    )


def confirmations_of(session: Session, clocks: Iterable[Clock]) -> dict[int, Confirmation]:
    """The requests that clocks belong to, by the clock's id."""
    case_of = {clock.id: clock.confirmation_id for clock in clocks if clock.confirmation_id is not None}
    wanted = select(Confirmation).where(Confirmation.id.in_(set(case_of.values())))
    found = {each.id: each for each in session.scalars(wanted)}
    return {clock_id: found[confirmation_id] for clock_id, confirmation_id in case_of.items()}


def _seen_by(actor: Actor) -> Select[Any]:
    query = select(Confirmation).options(
        selectinload(Confirmation.agencies), selectinload(Confirmation.clocks)
    )
    if access.company_people(actor):
        return query.where(Confirmation.company_id == actor.organisation_id)
    submitted = select(ConfirmationHistory.id).where(
        ConfirmationHistory.subject_id == Confirmation.id, ConfirmationHistory.verb == "submit"
    )
    query = query.where(submitted.exists())
    if access.auditor(actor):
        return query
    asked_too = Confirmation.agencies.any(Agency.organisation_id == actor.organisation_id)
    return query.where(or_(Confirmation.lead_id == actor.organisation_id, asked_too))


def _due_on(confirmation: Confirmation, actor: Actor) -> date | None:
    """The earliest date that runs against this person's office."""
    return min(
        (
            clock.due_on
            for clock in confirmation.clocks
            if clock.is_running and clock.due_on is not None and clock.owed_by_id == actor.organisation_id
        ),
        default=None,
    )
