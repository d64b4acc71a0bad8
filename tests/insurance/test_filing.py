"""Policies, renewals and compensation plans: what is taken, what is told, which clocks run."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import load
from sandbox.clocks.models import Clock
from sandbox.insurance import cover, filing
from sandbox.insurance.filing import PolicySchema
from sandbox.ledger import LedgerEntry
from sandbox.notices.models import Notice
from sandbox.pilots import operation
from tests.factories import (
    DRAFTED,
    GRANTED,
    LOCKED,
    collect_baseline,
    create_case,
    inform_residents,
    start,
)
from tests.insurance.filed import LEAST, file_plan, file_policy, policy_values


def gaps(case):
    return [gap.code for gap in cover.gaps_of(case.session, case.pilot)]


def renewals(case):
    query = select(Clock).where(Clock.rule_id == "K09").order_by(Clock.id)
    return case.session.scalars(query).all()


def test_without_insurance_the_gap_is_named(session):
    (gap,) = cover.gaps_of(session, create_case(session, GRANTED).pilot)
    assert (gap.code, gap.source) == ("no_cover", "Art. 53(6), D57(3)")


def test_a_policy_for_the_whole_period_leaves_no_gap(session):
    case = create_case(session, GRANTED)
    file_policy(case)
    assert gaps(case) == []
    assert renewals(case) == []


@pytest.mark.parametrize("kind", sorted(LEAST))
def test_a_sum_below_the_minimum_is_told_at_its_field(session, kind):
    case = create_case(session, GRANTED)
    with pytest.raises(Invalid) as error:
        file_policy(case, covers=LEAST | {kind: LEAST[kind] - 1})
    assert error.value.errors == {f"covers.{kind}": [f"At least {LEAST[kind]:,} won (D57(1))."]}


def test_every_kind_of_damage_is_covered_and_no_other(session):
    case = create_case(session, GRANTED)
    others = {key: won for key, won in LEAST.items() if key != "injury"} | {"glory": 1}
    with pytest.raises(Invalid) as error:
        file_policy(case, covers=others)
    assert set(error.value.errors) == {"covers.injury", "covers.glory"}


@pytest.mark.parametrize("typed", ["1억", "150000000.0", 1.5e8, True, "-1", "１５", "9" * 30])
def test_what_is_no_sum_in_won_is_refused(typed):
    with pytest.raises(Invalid) as error:
        load(PolicySchema(), policy_values(covers=LEAST | {"death": typed}, as_text=True))
    assert set(error.value.errors) == {"covers.death.value"}


def test_commas_between_thousands_are_read():
    values = load(PolicySchema(), policy_values(covers=LEAST | {"death": "150,000,000"}, as_text=True))
    assert values["covers"]["death"] == 150_000_000


def test_cover_that_begins_late_and_ends_early_is_named_by_day(session):
    case = create_case(session, GRANTED)
    file_policy(case, covers_from=date(2026, 7, 2), covers_to=date(2026, 12, 31))
    found = cover.gaps_of(session, case.pilot)
    assert [(gap.code, gap.day) for gap in found] == [
        ("begins_late", date(2026, 7, 2)),
        ("ends_early", date(2026, 12, 31)),
    ]


@pytest.mark.parametrize(("days", "expected"), [(0, []), (1, []), (2, ["interrupted"])])
def test_cover_goes_on_only_from_one_day_to_the_next(session, days, expected):
    case = create_case(session, GRANTED)
    end = date(2026, 12, 31)
    file_policy(case, covers_to=end)
    file_policy(case, covers_from=end + timedelta(days=days))
    assert gaps(case) == expected


def test_the_copy_of_a_renewal_is_owed_from_the_last_day_of_cover(session):
    case = create_case(session, GRANTED)
    file_policy(case, covers_to=date(2026, 12, 31))
    (clock,) = renewals(case)
    # 30 days end on Saturday, 30 January 2027; the next working day counts (Civil Act Art. 161).
    assert (clock.started_on, clock.due_on) == (date(2026, 12, 31), date(2027, 2, 1))
    assert clock.owed_by_id == case.pilot.company_id


def test_a_renewal_names_what_it_renews_and_ends_its_clock(session):
    case = create_case(session, GRANTED)
    first = file_policy(case, covers_to=date(2026, 12, 31))
    second = file_policy(case, covers_from=date(2027, 1, 1))
    assert second.renews_id == first.id
    assert [clock.is_running for clock in renewals(case)] == [False]


def test_a_renewal_runs_longer_than_what_it_renews(session):
    case = create_case(session, GRANTED)
    file_policy(case)
    with pytest.raises(Invalid) as error:
        file_policy(case)
    assert error.value.errors == {"covers_to": ["The policy before runs until 2027-06-30."]}


def test_no_renewal_is_owed_for_a_pilot_that_has_ended(session):
    """It started under a compensation plan; a policy for a part of its time was found later."""
    case = create_case(session, (*LOCKED, inform_residents, collect_baseline))
    filing.approve_plan(session, file_plan(case), by=case.actor("decider"), at=case.tick())
    start(case)
    file_policy(case, covers_to=date(2026, 12, 31))
    operation.finish(session, case.pilot, by=case.actor("signatory"), at=case.tick())
    (clock,) = renewals(case)
    assert not clock.is_running
    assert clock.events[-1].kind == "voided"


@pytest.mark.parametrize("who", ["signatory", "other_author", "city_reviewer", "decider", "auditor"])
def test_the_author_of_the_company_files(session, who):
    case = create_case(session, GRANTED)
    for act in (file_policy, file_plan):
        with pytest.raises(Refused):
            act(case, who)


def test_a_policy_waits_for_the_grant(session):
    with pytest.raises(WrongMoment):
        file_policy(create_case(session, DRAFTED))


def test_an_approved_plan_takes_the_place_of_insurance(session):
    case = create_case(session, GRANTED)
    plan = file_plan(case)
    assert gaps(case) == ["plan_not_decided"]
    filing.approve_plan(session, plan, by=case.actor("decider"), at=case.tick())
    assert gaps(case) == []


def test_a_refused_plan_may_be_followed_by_another(session):
    case = create_case(session, GRANTED)
    plan = file_plan(case)
    with pytest.raises(WrongMoment):
        file_plan(case)
    filing.refuse_plan(session, plan, by=case.actor("decider"), at=case.tick(), reason="No reserve is named.")
    assert gaps(case) == ["plan_refused"]
    assert file_plan(case).id != plan.id
    assert gaps(case) == ["plan_not_decided"]


def test_a_plan_has_the_same_minima(session):
    case = create_case(session, GRANTED)
    with pytest.raises(Invalid) as error:
        file_plan(case, covers=LEAST | {"property": 1})
    assert set(error.value.errors) == {"covers.property"}


def test_a_filed_policy_stands_in_the_ledger_and_is_told(session):
    case = create_case(session, GRANTED)
    file_policy(case)
    last = session.scalars(select(LedgerEntry).order_by(LedgerEntry.number)).all()[-1]
    assert (last.act, last.subject) == ("insurance.file", case.pilot.key)
    told = session.scalars(select(Notice.person_id).where(Notice.code == "insurance.file")).all()
    known = ("reviewer", "decider", "second_decider", "city_reviewer")
    assert set(told) == {case.people[who].id for who in known}
