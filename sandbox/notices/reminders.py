"""Reminders of time limits: so many days before the last day, as each person set it, and after a lapse."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.accounts import Person
from sandbox.clocks.models import Clock
from sandbox.clocks.rules import Bound
from sandbox.confirmations.models import Confirmation
from sandbox.exemptions.models import Exemption
from sandbox.notices.models import Notice
from sandbox.notices.outbox import (
    AGENCIES,
    COMPANY,
    REVIEWERS,
    Office,
    mail_after,
    tell,
    wishes_of,
)

ACTING = COMPANY | AGENCIES


def remind(session: Session, *, today: date, at: datetime) -> int:
    """Remind everybody whose office owes an act that is due so many days from `today` as they chose.

    Each person is reminded of each distance once, however often this runs; how many were reminded.
    """
    people = _acting_people(session)
    wishes = {person.id: wishes_of(session, person.id) for each in people.values() for person in each}
    farthest = max((days for wish in wishes.values() for days in wish.reminder_days), default=0)
    due = select(Clock).where(
        Clock.ended_on.is_(None), Clock.due_on.between(today, today + timedelta(days=farthest))
    )
    reminded = 0
    for clock in session.scalars(due.order_by(Clock.due_on, Clock.id)):
        assert clock.due_on is not None
        left = (clock.due_on - today).days
        if clock.rule.bound is Bound.EARLIEST:
            continue
        for person in people.get(clock.owed_by_id, ()):
            if left in wishes[person.id].reminder_days:
                reminded += _remind(session, person, clock, left, at)
    session.flush()
    return reminded


def tell_of_lapses(session: Session, lapsed: Iterable[Clock], *, at: datetime) -> None:
    """Tell the office that owed the act, and the ministry that leads the case, that its time has passed."""
    for clock in lapsed:
        offices = [Office(clock.owed_by_id, ACTING)]
        if (lead_id := _lead_of(session, clock)) is not None:
            offices.append(Office(lead_id, REVIEWERS))
        tell(
            session,
            "clock.lapsed",
            subject=clock.case.key,
            to=offices,
            at=at,
            facts=_facts(clock),
            once=f"clock:{clock.id}",
        )


def _remind(session: Session, person: Person, clock: Clock, left: int, at: datetime) -> int:
    key = f"clock:{clock.id}:{clock.due_on}:{left}"
    known = select(Notice.id).where(Notice.person_id == person.id, Notice.key == key)
    if session.scalar(known) is not None:
        return 0
    session.add(
        Notice(
            person_id=person.id,
            key=key,
            code="clock.due" if left else "clock.due_today",
            subject=clock.case.key,
            facts=_facts(clock) | {"days": left},
            at=at,
            mail_after=mail_after(wishes_of(session, person.id).mail, at),
        )
    )
    return 1


def _facts(clock: Clock) -> dict[str, Any]:
    return {
        "what_ko": clock.rule.name_ko,
        "what_en": clock.rule.name_en,
        "due_on": clock.due_on.isoformat() if clock.due_on else "",
    }


def _lead_of(session: Session, clock: Clock) -> int | None:
    exemption = session.get(Exemption, clock.exemption_id) if clock.exemption_id is not None else None
    if exemption is not None:
        return exemption.lead_id
    confirmation = session.get(Confirmation, clock.case.id)
    return confirmation.lead_id if confirmation is not None else None


def _acting_people(session: Session) -> dict[int, list[Person]]:
    """Open accounts whose roles act in cases, by organisation."""
    found: dict[int, list[Person]] = {}
    query = select(Person).where(Person.disabled_at.is_(None), Person.role.in_(sorted(ACTING)))
    for person in session.scalars(query.order_by(Person.id)):
        found.setdefault(person.organisation_id, []).append(person)
    return found
