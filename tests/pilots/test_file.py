"""The case file as a value: its history in order, and whose word is awaited."""

from __future__ import annotations

import pytest

from experiments.errors import NotFound
from sandbox.pilots import file
from tests.factories import (
    CONSULTED,
    CONSULTING,
    DECIDED,
    DECIDED_AGAINST,
    DRAFTED,
    EVALUATED,
    FILED,
    FINISHED,
    SIGNED,
    create_case,
    reply_of_the_lead,
    request_evaluation,
)


def read(case, who="auditor"):
    return file.case_file(case.session, case.pilot, case.actor(who))


def test_the_history_of_every_part_stands_in_one_row_newest_first(session):
    deeds = read(create_case(session, DECIDED)).deeds
    assert [deed.at for deed in deeds] == sorted((deed.at for deed in deeds), reverse=True)
    assert {deed.kind for deed in deeds} == {*("exemption", "pilot", "experiment", "report", "decision")}
    assert {deed.verb for deed in deeds if deed.kind == "decision"} == {"create", "decide"}


def test_of_two_acts_at_one_instant_the_later_one_stands_above(session):
    """Signing files the pilot in the same moment: the application's part comes first in time."""
    deeds = [(deed.kind, deed.verb) for deed in read(create_case(session, FILED)).deeds]
    assert deeds.index(("pilot", "file")) < deeds.index(("exemption", "sign"))


def test_every_decision_and_every_run_belongs_to_the_file(session):
    case = create_case(session, (*DECIDED_AGAINST,))
    found = read(case)
    assert [decision.status for decision in found.decisions] == ["decided"]
    assert [run.status for run in found.evaluations] == ["done"]


def test_reasons_stand_beside_the_acts(session):
    deeds = read(create_case(session, DECIDED_AGAINST)).deeds
    reasons = {deed.verb: deed.reason for deed in deeds if deed.kind == "decision"}
    assert reasons["confirm"] == "The finding leaves out what the city needs."


@pytest.mark.parametrize("number", ["RS-2026-9999", "", "nonsense", "\x00", "a\x00b", "x" * 5000])
def test_there_is_no_file_of_a_number_that_is_none(session, number):
    case = create_case(session, FILED)
    with pytest.raises(NotFound):
        file.find(session, number, case.actor("auditor"))


# -- signatures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "who", "may"),
    [
        (EVALUATED, "evaluator", True),
        (EVALUATED, "other_evaluator", False),
        (EVALUATED, "auditor", False),
        (SIGNED, "evaluator", False),
        ((*FINISHED, request_evaluation), "evaluator", False),
    ],
)
def test_a_run_waits_for_its_evaluators_signature(session, history, who, may):
    case = create_case(session, history)
    assert file.may_sign(case.evaluation, case.pilot, case.actor(who)) is may


# -- consultations ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "who", "is_asked", "waits"),
    [
        (FILED, "reviewer", False, False),
        (CONSULTING, "reviewer", True, True),
        (CONSULTING, "other_reviewer", True, True),
        (CONSULTING, "decider", False, False),
        (CONSULTING, "author", False, False),
        ((*CONSULTING, reply_of_the_lead), "reviewer", True, False),
        ((*CONSULTING, reply_of_the_lead), "other_reviewer", True, True),
        (CONSULTED, "other_reviewer", True, False),
    ],
)
def test_a_consultation_waits_for_its_ministry(session, history, who, is_asked, waits):
    case = create_case(session, history)
    actor = case.actor(who)
    assert (file.consultation_of(case.pilot, actor) is not None) is is_asked
    assert (file.my_consultation(case.pilot, actor) is not None) is waits


def test_acts_of_one_person_are_not_anothers(session):
    case = create_case(session, DRAFTED)
    verbs = {who: {move.verb for move in read(case, who).moves} for who in ("author", "signatory")}
    assert "edit" in verbs["author"]
    assert "edit" not in verbs["signatory"]
