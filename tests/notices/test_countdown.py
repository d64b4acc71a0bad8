"""The countdown to the end of a period: each distance once, the nearest alone after a pause."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from sandbox.notices.countdown import count_down
from sandbox.notices.models import Notice
from sandbox.pilots import operation
from tests.factories import RUNNING, create_case

# The period of the granted case.
FIRST, LAST = date(2026, 7, 1), date(2027, 6, 30)


def run(session, day):
    return count_down(session, today=day, at=datetime.combine(day, time(1), tzinfo=UTC))


def left(session, case, who="author"):
    mine = (Notice.person_id == case.people[who].id, Notice.code == "pilot.period_ends_soon")
    return [facts["days"] for facts in session.scalars(select(Notice.facts).where(*mine).order_by(Notice.id))]


def test_each_distance_is_told_once_on_its_day(session):
    case = create_case(session, RUNNING)
    day = FIRST
    while day <= LAST + timedelta(days=30):
        run(session, day)
        run(session, day)
        day += timedelta(days=1)
    # 30 December, 30 March, 30 April and 16 June; twelve months before the end the period had not begun.
    assert left(session, case) == [182, 92, 61, 14]


def test_after_a_pause_only_the_nearest_is_told(session):
    case = create_case(session, RUNNING)
    run(session, date(2027, 6, 20))
    run(session, date(2027, 6, 21))
    assert left(session, case) == [10]


def test_a_period_that_is_moved_is_counted_anew(session):
    case = create_case(session, RUNNING)
    run(session, date(2027, 6, 16))
    case.pilot.exemption.granted_to = date(2027, 12, 31)
    run(session, date(2027, 12, 17))
    assert left(session, case) == [14, 14]


def test_the_parties_are_told_and_nobody_else(session):
    case = create_case(session, RUNNING)
    run(session, date(2027, 6, 16))
    told = {who for who in case.people if left(session, case, who)}
    assert told == {"author", "signatory", "reviewer", "city_reviewer", "evaluator"}


@pytest.mark.parametrize("day", [FIRST, date(2026, 12, 29), LAST + timedelta(days=1)])
def test_at_other_times_nobody_is_told(session, day):
    create_case(session, RUNNING)
    assert run(session, day) == 0


def test_a_pilot_that_has_ended_is_not_counted_down(session):
    case = create_case(session, RUNNING)
    operation.finish(session, case.pilot, by=case.actor("signatory"), at=case.tick())
    assert run(session, date(2027, 6, 16)) == 0
