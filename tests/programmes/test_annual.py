"""The annual report counts what happened to public pilots in one year of Seoul."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from experiments.errors import NotFound
from sandbox.programmes.annual import annual, years
from tests.factories import BEGINNING, DECIDED, DRAFTED, GRANTED, REFUSED, WITHDRAWN, create_case

NOW = datetime(2027, 8, 1, tzinfo=UTC)


def steps(report):
    return {verb: count for verb, count in report.steps if count}


def test_a_year_counts_every_step_and_never_a_draft(session):
    for history in (DRAFTED, GRANTED, REFUSED, WITHDRAWN):
        create_case(session, history)
    report = annual(session, 2026, now=NOW)
    assert steps(report) == {"file": 3, "approve": 1, "reject": 1, "withdraw": 1}
    assert dict(report.standing) == {"approved": 1, "rejected": 1, "withdrawn": 1}
    assert report.is_over


def test_the_year_begins_at_midnight_in_seoul(session):
    case = create_case(session, at_start(datetime(2026, 12, 31, 14, 0, tzinfo=UTC)))
    assert steps(annual(session, 2026, now=NOW)) == {"file": 1}
    assert steps(annual(session, 2027, now=NOW)) == {"withdraw": 1}
    assert case.pilot.number


def at_start(moment):
    """Filed the step before midnight, withdrawn after it: every step takes an hour."""

    def set_clock(case):
        case.at = moment.replace(hour=13)

    return (*WITHDRAWN[:-2], set_clock, *WITHDRAWN[-2:])


def test_a_result_is_due_when_the_period_is_over_and_stays_overdue(session):
    create_case(session, GRANTED)
    assert annual(session, 2026, now=NOW).results.due == 0
    (overdue,) = annual(session, 2027, now=NOW).results.overdue
    assert overdue.last_day == date(2027, 6, 30)


@pytest.mark.parametrize(("hour", "due"), [(14, 0), (15, 1)])
def test_the_last_day_belongs_to_the_period(session, hour, due):
    # The period ends on 30 June in Seoul, where the next day begins at 15:00 UTC.
    create_case(session, GRANTED)
    now = datetime(2027, 6, 30, hour, 30, tzinfo=UTC)
    assert annual(session, 2027, now=now).results.due == due


def test_a_decision_is_a_lesson_of_its_year(session):
    case = create_case(session, DECIDED)
    (lesson,) = annual(session, case.at.year, now=NOW).lessons
    assert (lesson.number, lesson.outcome) == (case.pilot.number, "expand_conditional")
    results = annual(session, 2027, now=NOW).results
    assert (results.locked, results.signed, results.due, results.reported) == (1, 1, 1, 1)


def test_there_is_no_report_of_another_year(session):
    create_case(session, GRANTED)
    assert years(session, now=BEGINNING) == (2026,)
    for year in (2025, 2027):
        with pytest.raises(NotFound):
            annual(session, year, now=BEGINNING)


def test_an_empty_register_has_a_report_of_this_year(session):
    assert annual(session, 2027, now=NOW).standing == ()
