"""Running clocks in a case: started, stopped for one ministry alone, extended, lapsed without approving."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from experiments.errors import Refused, WrongMoment
from sandbox.clocks import calendar, running
from sandbox.exemptions import review
from sandbox.exemptions.models import ExemptionStatus
from sandbox.pilots import case as cases
from tests.factories import FILED, GRANTED, RUNNING, create_case

ASKED = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)


@pytest.fixture
def case(session):
    """A case in which two ministries were asked on 10 March 2026: replies are due on 9 April."""
    case = create_case(session, FILED)
    ministries = [case.people[who].organisation for who in ("reviewer", "other_reviewer")]
    review.open_consultation(
        session, case.pilot.exemption, ministries, by=case.people["reviewer"].actor, at=ASKED
    )
    return case


def consultation(case, who="other_reviewer"):
    wanted = case.people[who].organisation_id
    return next(c for c in case.pilot.exemption.consultations if c.ministry_id == wanted)


def ask(session, case, at):
    return review.ask_supplement(
        session,
        consultation(case),
        items=["Braking distance in rain"],
        reason="The safety plan gives none.",
        by=case.people["other_reviewer"].actor,
        at=at,
    )


def answer(session, case, supplement, at, **changes):
    facts = {"answer": "Twelve metres.", "declines": False} | changes
    review.answer_supplement(session, supplement, **facts, by=case.people["author"].actor, at=at)


def later(days):
    return ASKED + timedelta(days=days)


def test_each_ministry_has_a_clock_of_its_own(case):
    assert [c.due_on for c in case.pilot.exemption.consultations] == [date(2026, 4, 9)] * 2


def test_a_supplement_stops_one_ministrys_clock_alone(session, case):
    ask(session, case, later(5))
    own, other = consultation(case), consultation(case, "reviewer")
    # Standing still, only the cap of ninety days is left: Monday 8 June.
    assert (own.due_on, other.due_on) == (date(2026, 6, 8), date(2026, 4, 9))


def test_the_answer_lets_the_clock_run_on(session, case):
    supplement = ask(session, case, later(5))
    answer(session, case, supplement, later(15))
    # Ten days stood still: Sunday 19 April, hence Monday.
    assert consultation(case).due_on == date(2026, 4, 20)


def test_an_answer_long_after_leaves_no_more_than_the_cap(session, case):
    supplement = ask(session, case, later(5))
    answer(session, case, supplement, later(85))
    found = running.derivation(session, consultation(case).clock)
    assert (found.is_capped, found.due_on) == (True, date(2026, 6, 8))


def test_whoever_declines_is_judged_on_the_file(session, case):
    supplement = ask(session, case, later(5))
    answer(session, case, supplement, later(6), answer="Nothing to add.", declines=True)
    assert supplement.is_declined
    assert not running.derivation(session, consultation(case).clock).stands_still


def test_a_second_supplement_waits_for_the_first(session, case):
    ask(session, case, later(5))
    with pytest.raises(WrongMoment):
        ask(session, case, later(6))


def test_only_the_company_supplements(session, case):
    supplement = ask(session, case, later(5))
    with pytest.raises(Refused):
        review.answer_supplement(
            session, supplement, answer="x", declines=False, by=case.people["reviewer"].actor, at=later(6)
        )


def test_only_the_asked_ministry_asks(session, case):
    with pytest.raises(Refused):
        review.ask_supplement(
            session,
            consultation(case),
            items=["x"],
            reason="y",
            by=case.people["reviewer"].actor,
            at=later(1),
        )


def test_the_law_allows_one_extension(session, case):
    by = case.people["other_reviewer"].actor
    review.extend_reply(session, consultation(case), reason="A test drive is needed.", by=by, at=later(20))
    # Sixty days from 10 March end on Saturday 9 May: Monday 11 May.
    assert consultation(case).due_on == date(2026, 5, 11)
    with pytest.raises(WrongMoment):
        review.extend_reply(session, consultation(case), reason="Again.", by=by, at=later(40))


def test_a_lapse_escalates_and_approves_nothing(session, case):
    lapsed = running.lapse(session, at=later(31))
    assert [clock.lapsed_on for clock in lapsed] == [date(2026, 4, 10)] * 2
    assert case.pilot.exemption.status == ExemptionStatus.CONSULTING
    assert [c.reply for c in case.pilot.exemption.consultations] == [None, None]


def test_the_last_day_itself_is_no_lapse(session, case):
    in_seoul_still_the_ninth = datetime(2026, 4, 9, 14, 59, tzinfo=UTC)
    assert running.lapse(session, at=in_seoul_still_the_ninth) == []
    assert len(running.lapse(session, at=in_seoul_still_the_ninth + timedelta(minutes=1))) == 2


def test_a_lapse_is_noted_once(session, case):
    running.lapse(session, at=later(31))
    assert running.lapse(session, at=later(60)) == []


def test_a_late_reply_still_counts(session, case):
    running.lapse(session, at=later(31))
    review.reply(
        session,
        consultation(case),
        reply="agree",
        text="No objection.",
        conditions=[],
        by=case.people["other_reviewer"].actor,
        at=later(40),
    )
    clock = consultation(case).clock
    assert (clock.ended_on, clock.lapsed_on) == (date(2026, 4, 19), date(2026, 4, 10))


def test_withdrawal_ends_every_clock(session, case):
    cases.withdraw(session, case.pilot, by=case.people["author"].actor, at=later(3), reason="No funds.")
    assert running.running(session, case.pilot.exemption.case) == []


def test_a_proclaimed_holiday_moves_the_clocks_that_run(session, case):
    calendar.change_holiday(
        session,
        day=date(2026, 4, 9),
        is_holiday=True,
        name_ko="임시공휴일",
        name_en="Temporary holiday",
        reason="Proclaimed on 1 April.",
        by=case.people["reviewer"].actor,
        at=later(22),
    )
    assert running.recount(session) == 2
    assert consultation(case).due_on == date(2026, 4, 10)


def test_the_grant_starts_the_year_in_which_to_begin_and_the_filings_before_its_end(session):
    case = create_case(session, GRANTED)
    assert [clock.rule_id for clock in running.running(session, case.pilot.exemption.case)] == [
        *("K05", "K06", "K07")
    ]


def test_the_start_ends_the_year(session):
    case = create_case(session, RUNNING)
    assert [clock.rule_id for clock in running.running(session, case.pilot.exemption.case)] == ["K06", "K07"]
