"""Changes: minor by a rule of the law or major, recorded or decided."""

from __future__ import annotations

import pytest

from experiments.errors import Invalid, Refused, WrongMoment
from sandbox.period import changes
from tests.factories import DECIDED, EVALUATED, GRANTED, RUNNING, create_case
from tests.period.steps import by, file_change, meeting


def decided(case, verb):
    change = file_change(case)
    changes.consult(case.session, change, **by(case, "reviewer"))
    for who in ("reviewer", "other_reviewer"):
        changes.reply(case.session, change, agrees=True, text="Fine.", **by(case, who))
    changes.deliberate(case.session, change, **meeting(case), **by(case, "reviewer"))
    getattr(changes, verb)(case.session, change, reason="Safer.", **by(case, "decider"))
    return change


def test_a_minor_change_is_recorded_and_stands_at_once(session):
    case = create_case(session, RUNNING)
    change = file_change(case, field="contact", nature="name_address", after="02-987-6543")
    assert (change.status, change.is_minor, case.pilot.contact) == ("recorded", True, "02-987-6543")


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        ({"nature": "detail"}, "nature"),
        ({"nature": "typo"}, "after"),
        ({"nature": "whim"}, "nature"),
        ({"field": "status", "nature": "substance"}, "field"),
        ({"field": "contact", "after": "two\nlines"}, "after"),
        ({"field": "districts", "after": "D99"}, "after"),
        ({"field": "title_en", "after": "x" * 201}, "after"),
    ],
)
def test_what_the_rule_is_not_open_to_is_refused(session, facts, wrong):
    with pytest.raises(Invalid) as refusal:
        file_change(create_case(session, RUNNING), **facts)
    assert set(refusal.value.errors) == {wrong}


def test_a_typing_error_is_a_few_letters():
    assert changes.letters_apart("the signl waits", "the signal waits") == 1


def test_a_major_change_is_consulted_deliberated_and_decided(session):
    case = create_case(session, RUNNING)
    change = decided(case, "approve")
    assert (change.status, change.number) == ("approved", 1)
    assert case.pilot.exemption.contents["safety"] == change.after


def test_a_refused_change_leaves_the_pilot_as_it_was(session):
    case = create_case(session, RUNNING)
    change = decided(case, "refuse")
    assert case.pilot.exemption.contents["safety"] == change.before


def test_the_committee_waits_for_every_ministry(session):
    case = create_case(session, RUNNING)
    change = file_change(case)
    changes.consult(session, change, **by(case, "reviewer"))
    changes.reply(session, change, agrees=True, text="Fine.", **by(case, "reviewer"))
    with pytest.raises(WrongMoment):
        changes.reply(session, change, agrees=False, text="Again.", **by(case, "reviewer"))
    with pytest.raises(Refused):
        changes.reply(session, change, agrees=True, text="Me too.", **by(case, "city_reviewer"))
    with pytest.raises(WrongMoment) as refusal:
        changes.deliberate(session, change, **meeting(case), **by(case, "reviewer"))
    assert refusal.value.needs == "every_ministry_replied_again"


def test_the_ministry_takes_a_recorded_change_back(session):
    case = create_case(session, RUNNING)
    change = file_change(case, field="contents.method", nature="detail", after="By night, with drones.")
    changes.contest(session, change, reason="This is another project.", **by(case, "reviewer"))
    assert (change.status, change.is_minor) == ("filed", False)
    assert case.pilot.exemption.contents["method"] == change.before


@pytest.mark.parametrize(
    ("history", "phase"),
    [(GRANTED, "before_the_plan"), (RUNNING, "before_results")],
)
def test_the_phase_of_the_plan_is_on_record(session, history, phase):
    assert file_change(create_case(session, history)).plan_phase == phase


@pytest.mark.parametrize("history", [EVALUATED, DECIDED])
def test_a_pilot_that_has_ended_changes_no_more(session, history):
    with pytest.raises(WrongMoment):
        file_change(create_case(session, history))


def test_one_change_at_a_time(session):
    case = create_case(session, RUNNING)
    change = file_change(case)
    with pytest.raises(WrongMoment):
        file_change(case)
    changes.withdraw(session, change, reason="Better idea.", **by(case, "author"))
    assert file_change(case).number == 2
