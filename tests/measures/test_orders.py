"""Orders: announced, heard, issued within the law's period, extended once, missed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from experiments.errors import Invalid, Refused, WrongMoment
from sandbox.clocks.models import Clock
from sandbox.orders import hearing, issuing
from tests.factories import RUNNING, create_case
from tests.measures.acts import announce, issue_values, issued


def issue(case, order, who="decider", **changes):
    issuing.issue(case.session, order, issue_values(**changes), by=case.actor(who), at=case.tick())


def extend(case, order, due_on):
    by, at = case.actor("decider"), case.tick()
    issuing.extend(case.session, order, due_on=due_on, by=by, at=at, reason="Parts are late.")


def clock_of(session):
    return session.scalars(select(Clock).where(Clock.rule_id == "K12")).one()


def test_nothing_is_ordered_before_the_operator_was_heard(session):
    case = create_case(session, RUNNING)
    with pytest.raises(WrongMoment):
        issue(case, announce(case))


def test_the_law_gives_at_most_six_months(session):
    case = create_case(session, RUNNING)
    # Issued on 10 March 2026: six months later is Thursday, 10 September.
    with pytest.raises(Invalid) as error:
        issued(case, due_on=date(2026, 9, 11))
    assert error.value.errors == {"due_on": ["The law's period ends on 2026-09-10 (D55(4), D55(5))."]}


def test_an_order_has_its_clock(session):
    case = create_case(session, RUNNING)
    issued(case)
    assert (clock_of(session).due_on, clock_of(session).owed_by_id) == (
        date(2026, 9, 10),
        case.pilot.company_id,
    )


def test_it_is_extended_once_by_at_most_three_months(session):
    case = create_case(session, RUNNING)
    order = issued(case)
    with pytest.raises(Invalid), session.begin_nested():
        extend(case, order, date(2026, 12, 11))
    session.refresh(order)
    extend(case, order, date(2026, 12, 10))
    assert (order.extended_from, order.due_on) == (date(2026, 9, 10), date(2026, 12, 10))
    with pytest.raises(WrongMoment) as error:
        extend(case, order, date(2026, 12, 10))
    assert error.value.needs == "not_extended_yet"


def test_silence_is_recorded_only_after_the_day_to_answer(session):
    case = create_case(session, RUNNING)
    order = announce(case)
    values = {"heard_as": "silence", "text": "Nothing came.", "heard_on": date(2026, 3, 2)}
    with pytest.raises(Invalid) as error:
        hearing.record_hearing(session, order, **values, by=case.actor("reviewer"), at=case.tick())
    assert set(error.value.errors) == {"heard_as"}
    later = datetime(2026, 3, 21, 1, tzinfo=UTC)
    values["heard_on"] = date(2026, 3, 21)
    hearing.record_hearing(session, order, **values, by=case.actor("reviewer"), at=later)
    assert (order.status, order.heard_as) == ("heard", "silence")


@pytest.mark.parametrize("bases", [{}, {"city_opinion": "We agree."}, {"committee_reference": "15th"}])
def test_a_partial_revocation_needs_city_and_committee(session, bases):
    case = create_case(session, RUNNING)
    order = announce(case, kind="partial_revocation")
    hearing.state_position(session, order, text="No.", by=case.actor("author"), at=case.tick())
    with pytest.raises(Invalid) as error:
        issue(case, order, **bases)
    assert set(error.value.errors) == {"city_opinion", "committee_reference"} - set(bases)


def test_an_order_that_was_carried_out_ends_its_clock(session):
    case = create_case(session, RUNNING)
    order = issued(case)
    issuing.report(session, order, report="Repaired.", by=case.actor("author"), at=case.tick())
    issuing.accept(session, order, by=case.actor("reviewer"), at=case.tick())
    assert (order.status, clock_of(session).is_running) == ("done", False)


def test_the_last_day_itself_is_not_missed_and_the_next_one_is(session):
    case = create_case(session, RUNNING)
    order = issued(case)
    last = datetime(2026, 9, 10, 14, 59, tzinfo=UTC)
    assert issuing.note_missed(session, at=last) == []
    assert issuing.note_missed(session, at=last + timedelta(days=1)) == [order]
    assert order.status == "missed"
    assert issuing.note_missed(session, at=last + timedelta(days=2)) == []


@pytest.mark.parametrize("who", ["decider", "other_reviewer", "city_reviewer", "author", "auditor"])
def test_the_lead_ministrys_reviewer_announces(session, who):
    with pytest.raises(Refused):
        announce(create_case(session, RUNNING), who)


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(9999, 12, 31)])
def test_the_day_to_answer_lies_ahead_and_within_a_year(session, day):
    with pytest.raises(Invalid) as error:
        announce(create_case(session, RUNNING), answer_by=day)
    assert set(error.value.errors) == {"answer_by"}
