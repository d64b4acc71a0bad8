"""Conditions are judged by readings as they fall due, and a breach opens a task without a human."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from sandbox.conditions import checking
from sandbox.conditions.models import Breach
from sandbox.ledger import LedgerEntry
from sandbox.notices.models import Notice
from sandbox.pilots import operation
from tests.conditions.bound import by_evidence, check, create_running, read_month

RIPE = date(2026, 8, 4)


def verdicts(duty):
    return [(each.due_on, each.verdict) for each in duty.checks]


def test_nothing_is_judged_before_late_readings_had_their_days(session):
    case, duty = create_running(session)
    assert check(case, date(2026, 8, 3)) == 0
    assert check(case, RIPE) == 1
    assert duty.next_check_on == date(2026, 8, 5)


def test_readings_within_the_bound_keep_it(session):
    case, duty = create_running(session)
    read_month(case, 10.0)
    check(case, RIPE)
    (found,) = duty.checks
    assert (found.verdict, found.value, found.bound, found.completeness) == ("kept", 10.0, 10.0, 1.0)
    assert (found.first_day, found.due_on) == (date(2026, 7, 1), date(2026, 7, 31))
    assert duty.breaches == []
    assert duty.next_check_on == date(2026, 9, 4)


def test_a_breach_opens_a_task_for_company_and_authority(session):
    case, duty = create_running(session)
    read_month(case, 10.5)
    check(case, RIPE)
    assert [breach.status for breach in duty.breaches] == ["open"]
    told = session.scalars(select(Notice.person_id).where(Notice.code == "condition_breach.create")).all()
    known = (
        "author",
        "signatory",
        "reviewer",
        "decider",
        "second_decider",
        "other_reviewer",
        "city_reviewer",
    )
    assert set(told) == {case.people[who].id for who in known}
    acts = session.scalars(select(LedgerEntry.act).order_by(LedgerEntry.number)).all()
    assert acts[-2:] == ["condition.check", "condition_breach.create"]


def test_the_task_waits_for_both_offices_and_nobody_else(session):
    case, _ = create_running(session)
    read_month(case, 11.0)
    check(case, RIPE)

    def waiting(who):
        home = case.people[who].organisation_id
        return len(checking.open_breaches(session, organisation_id=home))

    parties = ("author", "reviewer", "other_reviewer", "city_reviewer")
    assert [waiting(who) for who in parties] == [1, 1, 1, 1]
    assert [waiting(who) for who in ("other_author", "other_city_reviewer")] == [0, 0]


def test_no_readings_are_no_data_and_open_no_task(session):
    case, duty = create_running(session)
    check(case, RIPE)
    assert verdicts(duty) == [(date(2026, 7, 31), "no_data")]
    assert duty.breaches == []


def test_late_readings_are_judged_once_they_came(session):
    case, duty = create_running(session)
    check(case, RIPE)
    read_month(case, 11.0)
    assert check(case, date(2026, 8, 20)) == 1
    assert [verdict for _, verdict in verdicts(duty)] == ["no_data", "breached"]


def test_after_the_days_for_it_no_data_stays_no_data(session):
    case, duty = create_running(session)
    check(case, RIPE)
    read_month(case, 11.0)
    check(case, date(2026, 9, 1))
    assert verdicts(duty)[0] == (date(2026, 7, 31), "no_data")
    assert all(due_on != date(2026, 7, 31) for due_on, _ in verdicts(duty)[1:])


def test_judging_again_changes_nothing(session):
    case, duty = create_running(session)
    read_month(case, 11.0)
    check(case, RIPE)
    assert check(case, RIPE) == 0
    assert session.query(Breach).count() == 1
    assert len(duty.checks) == 1


def test_half_a_month_of_readings_keeps_nothing(session):
    case, duty = create_running(session)
    read_month(case, 1.0, days=15)
    check(case, RIPE)
    assert [(found.verdict, round(found.completeness, 2)) for found in duty.checks] == [("no_data", 0.48)]


def test_nothing_falls_due_after_the_end(session):
    case, duty = create_running(session)
    operation.finish(session, case.pilot, by=case.actor("signatory"), at=case.tick())
    assert check(case, RIPE) == 0
    assert duty.next_check_on is None


def test_evidence_that_nobody_filed_is_a_breach_on_the_day_after(session):
    case, duty = create_running(session, by_evidence)
    assert check(case, date(2026, 7, 31)) == 0
    assert check(case, date(2026, 8, 1)) == 1
    assert verdicts(duty) == [(date(2026, 7, 31), "breached")]
    assert [breach.status for breach in duty.breaches] == ["open"]
