"""Desks and files agree on who reads a case; what waits for somebody stands first."""

from __future__ import annotations

from datetime import date

import pytest

from sandbox.pilots import desk, file
from tests.factories import (
    ANSWERED,
    CONSULTED,
    CONSULTING,
    DECIDED,
    DRAFTED,
    FILED,
    GRANTED,
    LOCKED,
    OPINED,
    PARTIES,
    PROPOSED,
    RETURNED,
    SENT,
    SIGNED,
    WITHDRAWN,
    create_case,
    reply_of_the_lead,
    withdraw,
)

# Roles that have another desk: data sources, accounts.
WITHOUT_CASES = {"data_officer", "administrator"}
WITH_CASES = sorted(set(PARTIES) - WITHOUT_CASES)


def pilots(case, who, **wanted):
    return [task.pilot for task in desk.tasks(case.session, case.actor(who), **wanted)]


def task(case, who):
    return next(each for each in desk.tasks(case.session, case.actor(who)) if each.pilot is case.pilot)


# -- who sees what ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "history",
    [
        DRAFTED,
        SENT,
        ANSWERED,
        FILED,
        RETURNED,
        CONSULTING,
        GRANTED,
        DECIDED,
        WITHDRAWN,
        (withdraw,),
        (*SENT, withdraw),
        (*RETURNED, withdraw),
    ],
)
def test_a_case_lies_on_the_desks_of_those_who_may_read_its_file(session, history):
    case = create_case(session, history)
    readers = {who for who in WITH_CASES if file.may_read(case.pilot, case.actor(who))}
    assert {who for who in WITH_CASES if case.pilot in pilots(case, who)} == readers


@pytest.mark.parametrize(
    ("history", "readers"),
    [
        ((withdraw,), {"author", "signatory", "auditor"}),
        ((*SENT, withdraw), {"author", "signatory", "auditor", "city_reviewer"}),
        ((*OPINED, withdraw), {"author", "signatory", "auditor", "city_reviewer"}),
    ],
)
def test_what_was_never_filed_is_not_opened_by_giving_it_up(session, history, readers):
    case = create_case(session, history)
    assert {who for who in PARTIES if file.may_read(case.pilot, case.actor(who))} == readers


def test_a_filing_that_was_withdrawn_stays_readable_to_its_parties(session):
    case = create_case(session, WITHDRAWN)
    assert file.may_read(case.pilot, case.actor("reviewer"))
    assert file.may_read(case.pilot, case.actor("evaluator"))


# -- what waits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "waiting"),
    [
        (DRAFTED, {"author"}),
        (SENT, {"city_reviewer"}),
        (OPINED, {"author"}),
        (ANSWERED, {"signatory"}),
        (FILED, {"reviewer", "evaluator"}),
        (CONSULTING, {"reviewer", "other_reviewer", "evaluator"}),
        ((*CONSULTING, reply_of_the_lead), {"other_reviewer", "evaluator"}),
        (CONSULTED, {"decider", "second_decider", "evaluator"}),
        (GRANTED, {"evaluator"}),
        (LOCKED, {"signatory"}),
        (SIGNED, {"reviewer"}),
        (PROPOSED, {"decider", "second_decider"}),
        (DECIDED, set()),
    ],
)
def test_a_case_waits_for_whoever_has_the_next_word(session, history, waiting):
    case = create_case(session, history)
    found = {
        who
        for who in WITH_CASES
        if any(each.waits_for_me for each in desk.tasks(session, case.actor(who)) if each.pilot is case.pilot)
    }
    assert found == waiting


def test_a_plan_waits_for_its_evaluator_until_it_is_locked(session):
    assert not task(create_case(session, LOCKED), "evaluator").waits_for_me


# -- due dates and order ------------------------------------------------------------------------------


def test_an_open_reply_is_due_on_its_statutory_day(session):
    case = create_case(session, CONSULTING)
    asked = case.pilot.exemption.consultations[0]
    assert isinstance(asked.due_on, date)
    assert task(case, "other_reviewer").due_on == asked.due_on


def test_who_replied_has_no_day_to_keep_and_the_lead_watches_the_others(session):
    case = create_case(session, (*CONSULTING, reply_of_the_lead))
    assert task(case, "reviewer").due_on == case.pilot.exemption.consultations[1].due_on
    assert task(case, "author").due_on is None
    assert task(case, "evaluator").due_on is None


def test_outside_a_consultation_nothing_is_due(session):
    assert task(create_case(session, FILED), "reviewer").due_on is None


def test_what_waits_stands_first_then_the_newest(session):
    quiet_old, waiting, quiet_new = (create_case(session, history) for history in (DECIDED, FILED, DECIDED))
    reviewer = waiting.actor("reviewer")
    # Every ministry sees every filed case; only the lead has to do with it.
    found = [task.pilot for task in desk.tasks(session, reviewer)]
    mine = [pilot for pilot in found if pilot in (quiet_old.pilot, waiting.pilot, quiet_new.pilot)]
    assert mine == [waiting.pilot, quiet_new.pilot, quiet_old.pilot]


# -- filters ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "is_found"),
    [
        ({}, True),
        ({"text": "CROSSINGS"}, True),
        ({"text": "횡단보도"}, True),
        ({"text": "nothing like it"}, False),
        ({"text": "%"}, False),
        ({"text": "_"}, False),
        ({"text": "\x00"}, True),
        ({"status": "in_review"}, True),
        ({"status": "draft"}, False),
        ({"status": "nonsense"}, False),
        ({"status": "\x00"}, False),
        ({"status": "in_review", "text": "shuttle"}, False),
    ],
)
def test_a_desk_is_searched_and_filtered(session, wanted, is_found):
    case = create_case(session, FILED)
    assert (case.pilot in pilots(case, "reviewer", **wanted)) is is_found


def test_a_case_is_found_by_its_number(session):
    case = create_case(session, FILED)
    assert pilots(case, "reviewer", text=case.pilot.number) == [case.pilot]
