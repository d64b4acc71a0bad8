"""The one extension: in time, with its documents, as long as the committee says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from experiments.errors import Invalid, Refused, WrongMoment
from sandbox.documents.standing import documents_of
from sandbox.period import extensions
from sandbox.period.late import TooLate
from tests.factories import RUNNING, create_case
from tests.insurance.filed import file_policy
from tests.period.steps import (
    by,
    deliberate_extension,
    documents,
    end_of,
    file_extension,
    on,
)

LAST_DAY_TO_FILE = date(2027, 4, 29)
"""The granted period ends on 2027-06-30; two whole months lie between."""


def clocks(case, rule):
    case.session.expire(case.pilot.exemption, ["clocks"])
    return [clock for clock in case.pilot.exemption.clocks if clock.rule_id == rule]


def test_the_clocks_of_the_end_run_from_the_grant(session):
    case = create_case(session, RUNNING)
    assert end_of(case) == date(2027, 6, 30)
    assert {rule: [c.due_on for c in clocks(case, rule)] for rule in ("K06", "K07")} == {
        "K06": [LAST_DAY_TO_FILE],
        "K07": [LAST_DAY_TO_FILE],
    }


def test_on_the_last_day_it_is_taken(session):
    case = create_case(session, RUNNING)
    on(case, LAST_DAY_TO_FILE)
    assert file_extension(case).status == "filed"
    assert not clocks(case, "K06")[0].is_running


def test_one_day_late_it_is_refused_with_the_arithmetic(session):
    case = create_case(session, RUNNING)
    on(case, LAST_DAY_TO_FILE + timedelta(days=1))
    with pytest.raises(TooLate) as refusal:
        file_extension(case)
    assert (refusal.value.due_on, refusal.value.event_on) == (LAST_DAY_TO_FILE, end_of(case))


@pytest.mark.parametrize("who", ["author", "other_signatory", "decider"])
def test_only_the_signatory_files(session, who):
    with pytest.raises(Refused):
        file_extension(create_case(session, RUNNING), who)


def test_every_document_is_asked_for(session):
    case = create_case(session, RUNNING)
    with pytest.raises(Invalid) as refusal:
        file_extension(case, documents=documents(case) | {"results": " "}, months=25)
    assert set(refusal.value.errors) == {"documents.results", "months"}


def test_the_committee_fixes_the_length_within_the_law(session):
    case = create_case(session, RUNNING)
    filed = file_extension(case)
    for facts in ({"months": None}, {"months": 25}, {"agrees": False, "months": 6}):
        with pytest.raises(Invalid):
            deliberate_extension(case, filed, **facts)
    with pytest.raises(Invalid):
        deliberate_extension(case, filed, held_on=date(9999, 12, 31))
    deliberate_extension(case, filed)
    assert filed.ends_after == date(2027, 12, 31)


def test_the_committee_meets_after_the_filing(session):
    case = create_case(session, RUNNING)
    filed = file_extension(case)
    with pytest.raises(Invalid) as wrong:
        deliberate_extension(case, filed, held_on=case.at.date() - timedelta(days=1))
    assert list(wrong.value.errors) == ["held_on"]


def test_insurance_must_reach_the_new_end(session):
    case = create_case(session, RUNNING)
    filed = file_extension(case)
    deliberate_extension(case, filed)
    with pytest.raises(WrongMoment) as refusal:
        extensions.grant(session, filed, reason="Good.", **by(case, "decider"))
    assert refusal.value.needs == "cover_reaches_the_new_end"


def granted(session):
    case = create_case(session, RUNNING)
    filed = file_extension(case)
    deliberate_extension(case, filed)
    file_policy(case, covers_from=date(2027, 7, 1), covers_to=date(2027, 12, 31))
    extensions.grant(session, filed, reason="Good.", **by(case, "decider"))
    return case


def test_the_period_moves_and_its_clocks_with_it(session):
    case = granted(session)
    assert (case.pilot.status, end_of(case)) == ("extended", date(2027, 12, 31))
    assert [c.due_on for c in clocks(case, "K07") if c.is_running] == [date(2027, 10, 30)]
    assert not any(clock.is_running for clock in clocks(case, "K06"))
    assert [each.kind for each in documents_of(session, case.pilot)][-2:] == [
        "extension_certificate",
        "period_notice",
    ]


def test_there_is_one_extension(session):
    case = granted(session)
    with pytest.raises(WrongMoment):
        file_extension(case)


def test_a_committee_that_disagrees_leaves_nothing_to_grant(session):
    case = create_case(session, RUNNING)
    filed = file_extension(case)
    deliberate_extension(case, filed, agrees=False, months=None)
    with pytest.raises(WrongMoment) as refusal:
        extensions.grant(session, filed, reason="Still.", **by(case, "decider"))
    assert refusal.value.needs == "committee_agrees"
    extensions.refuse(session, filed, reason="No.", **by(case, "decider"))
    assert case.pilot.status == "running"


@pytest.mark.parametrize(
    ("last", "months", "end"),
    [
        ("2026-12-31", 2, "2027-02-28"),
        ("2027-08-30", 6, "2028-02-29"),
        ("2026-06-29", 8, "2027-02-28"),
        ("2026-06-15", 24, "2028-06-15"),
    ],
)
def test_months_after_a_period(last, months, end):
    assert extensions.extended_to(date.fromisoformat(last), months) == date.fromisoformat(end)


def test_a_case_from_before_the_clocks_has_the_same_last_day(session):
    case = create_case(session, RUNNING)
    for clock in [*clocks(case, "K06"), *clocks(case, "K07")]:
        session.delete(clock)
    session.flush()
    on(case, LAST_DAY_TO_FILE + timedelta(days=1))
    with pytest.raises(TooLate):
        file_extension(case)


def test_what_an_extension_needs_is_said_before_it_is_filed(session):
    case = create_case(session, RUNNING)
    needs = extensions.needs_of_an_extension(session, case.pilot)
    assert needs.longest_end > end_of(case)
    assert (needs.is_covered, needs.covered_to >= end_of(case)) == (False, True)
    assert [each.id for each in needs.documents] == list(documents(case))
    file_extension(case)
    assert extensions.needs_of_an_extension(session, case.pilot) is None
