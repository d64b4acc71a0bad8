"""Committees with members, and meetings taken as far as a test needs."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sandbox.accounts import Person, Role
from sandbox.committee import meetings, seats, voting
from sandbox.committee.models import AgendaItem, Meeting
from sandbox.organisations import Organisation
from sandbox.regimes import regime
from tests.factories import REGIME, Case, create_person

LAW = regime(REGIME)
SEOUL = ZoneInfo("Asia/Seoul")


def today(case: Case) -> date:
    return case.at.astimezone(SEOUL).date()


def seat_members(case: Case, number: int, *, affiliation: Organisation | None = None) -> list[Person]:
    """So many members with a seat since yesterday's year, the first of them a chair."""
    home = case.people["member"].organisation
    people = [create_person(case.session, Role.COMMITTEE_MEMBER, home) for _ in range(number)]
    for position, person in enumerate(people):
        seats.appoint(
            case.session,
            LAW,
            person=person,
            affiliation=affiliation,
            is_chair=position == 0,
            from_on=date(2025, 1, 1),
            until_on=None,
            by=case.actor("secretary"),
            at=case.tick(),
        )
    return people


def plan_meeting(case: Case, *, mode: str = "oral", until: date | None = None) -> Meeting:
    """A meeting from the next morning on, so that a day of hourly ticks lies before it."""
    case.at = case.at.replace(hour=0) + timedelta(days=1)
    return meetings.plan(
        case.session,
        LAW,
        mode=mode,
        begins_on=today(case),
        ends_on=until,
        by=case.actor("secretary"),
        at=case.tick(),
    )


def call_meeting(
    case: Case, attended: list[Person], *, mode: str = "oral", until: date | None = None
) -> Meeting:
    """A meeting on the case, called, with `attended` noted as present where it is oral."""
    meeting = plan_meeting(case, mode=mode, until=until)
    by = case.actor("secretary")
    meetings.add_item(case.session, meeting, case.pilot.exemption, by=by, at=case.tick())
    meetings.call(case.session, meeting, by=by, at=case.tick())
    if mode == "oral":
        ids = [person.id for person in attended]
        meetings.note_attendance(case.session, meeting, ids, by=by, at=case.tick())
    return meeting


def declare(case: Case, item: AgendaItem, person: Person, conflict: str = "") -> None:
    voting.declare(
        case.session, item, has_conflict=bool(conflict), reason=conflict, by=person.actor, at=case.tick()
    )


def vote(case: Case, item: AgendaItem, person: Person, choice: str = "approve") -> None:
    """Declare no conflict, and vote."""
    declare(case, item, person)
    voting.vote(case.session, item, choice, by=person.actor, at=case.tick())


def resolve(case: Case, item: AgendaItem) -> voting.Tally:
    return voting.resolve(case.session, item, by=case.actor("secretary"), at=case.tick())
