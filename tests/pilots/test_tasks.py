"""The task list names every statutory item with its provision, and what of it is there."""

from __future__ import annotations

from sandbox.pilots.tasks import Stage, task_list
from tests.factories import DRAFTED, GRANTED, OPINED, answer_actions, create_case


def missing(case, stage):
    return [task.name_en for task in task_list(case.pilot) if task.stage == stage and not task.is_there]


def test_an_empty_item_of_the_plan_is_missing_by_its_name(session):
    case = create_case(session, DRAFTED)
    first = case.pilot.exemption.regime.plan_contents[0]
    case.pilot.exemption.contents = case.pilot.exemption.contents | {first.id: " "}
    assert missing(case, Stage.SENDING) == [first.name_en]
    assert all(task.source for task in task_list(case.pilot))


def test_required_actions_are_missing_until_they_are_answered(session):
    case = create_case(session, OPINED)
    assert missing(case, Stage.SIGNING) == ["Put up signs."]
    answer_actions(case)
    assert missing(case, Stage.SIGNING) == []


def test_an_innovation_needs_the_proof_of_safety_and_a_demonstration_does_not(session):
    case = create_case(session, DRAFTED)
    assert missing(case, Stage.SIGNING) == []
    case.pilot.exemption.kind = "innovation"
    assert missing(case, Stage.SIGNING) == ["Proof of safety"]


def test_what_the_start_needs_is_listed_once_the_exemption_is_granted(session):
    assert not any(task.stage == Stage.START for task in task_list(create_case(session, DRAFTED).pilot))
    steps = [task for task in task_list(create_case(session, GRANTED).pilot) if task.stage == Stage.START]
    assert {task.guard for task in steps if not task.is_there} >= {"plan_is_locked", "cover_is_complete"}
