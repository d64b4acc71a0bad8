"""Who of a reviewing office takes a case: assigned by the office's own people, several cases at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused
from experiments.lifecycle import Actor
from sandbox import access, ledger
from sandbox.accounts import Person
from sandbox.desks.lists import PAGE_SIZE, on_desk
from sandbox.desks.models import Assignment
from sandbox.pilots.models import Pilot


def colleagues(session: Session, actor: Actor) -> list[Person]:
    """The people of the actor's office with the actor's role."""
    if not access.agency_reviewer(actor):
        return []
    query = select(Person).where(
        Person.organisation_id == actor.organisation_id,
        Person.role == actor.role,
        Person.disabled_at.is_(None),
    )
    return list(session.scalars(query.order_by(Person.name, Person.id)))


def assign(
    session: Session, pilot_ids: Iterable[int], person_id: int | None, *, by: Actor, at: datetime
) -> int:
    """Give these cases of the office's desk to one of its people, or to nobody; how many changed hands."""
    if not access.agency_reviewer(by):
        raise Refused("desk.assign", "agency_reviewer")
    wanted = sorted(set(pilot_ids))
    if not wanted or len(wanted) > PAGE_SIZE:
        raise Invalid({"cases": ["Choose at least one case."]})
    person = next((each for each in colleagues(session, by) if each.id == person_id), None)
    if person_id is not None and person is None:
        raise Invalid({"person": ["There is no such choice."]})
    pilots = on_desk(session, by, wanted)
    if len(pilots) != len(wanted):
        raise NotFound("pilot", "")
    return sum(_assign(session, pilot, person, by, at) for pilot in pilots)


def _assign(session: Session, pilot: Pilot, person: Person | None, by: Actor, at: datetime) -> bool:
    mine = (Assignment.pilot_id == pilot.id, Assignment.organisation_id == by.organisation_id)
    before = session.scalar(select(Assignment).where(*mine, Assignment.ended_at.is_(None)))
    if (before.person_id if before else None) == (person.id if person else None):
        return False
    if before:
        before.ended_at = at
        session.flush()
    if person:
        session.add(
            Assignment(
                pilot_id=pilot.id,
                organisation_id=by.organisation_id,
                person_id=person.id,
                assigned_at=at,
                assigned_by_id=by.person_id,
            )
        )
    ledger.append(
        session,
        act="pilot.assign",
        subject=pilot.key,
        by=by,
        at=at,
        details={"organisation": by.organisation_id, "person": person.id if person else None},
    )
    return True
