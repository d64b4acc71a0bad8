"""Steps of a case over the interface: what each reads, and what a refused one says."""

from __future__ import annotations

import pytest

from tests.api.callers import problem
from tests.factories import (
    CONSULTING,
    DRAFTED,
    FILED,
    GRANTED,
    OPINED,
    REMEDIED,
    RESOLVED,
    RUNNING,
    SENT,
    condition_values,
)

TERMS = {
    "granted_from": "2026-07-01",
    "granted_to": "2027-06-30",
    "reason": "The benefit outweighs the risk.",
}


def refused(case, who, step, body):
    """The fields that are named."""
    answer = case[who].post(f"{case.path}/{step}", body)
    assert answer.status_code == 422, answer.text
    return set(problem(answer)["errors"])


@pytest.mark.parametrize(
    ("history", "who", "step", "body", "fields"),
    [
        (SENT, "city_reviewer", "opinion", {}, {"opinion"}),
        (
            SENT,
            "city_reviewer",
            "opinion",
            {"opinion": "Yes.", "required_actions": [""]},
            {"required_actions.0"},
        ),
        (OPINED, "author", "answers", {}, {"answers"}),
        (OPINED, "author", "answers", {"answers": {"first": "Done."}}, {"answers.first.key"}),
        (OPINED, "author", "answers", {"answers": {"999999": "Done."}}, {"answers.999999"}),
        (FILED, "reviewer", "return", {}, {"reason"}),
        (FILED, "reviewer", "return", {"reason": "x" * 4001}, {"reason"}),
        (FILED, "reviewer", "consultation", {"ministries": []}, {"ministries"}),
        (FILED, "reviewer", "consultation", {"ministries": [2**31 - 1]}, {"ministries.0"}),
        (FILED, "reviewer", "consultation", {"ministries": [2**40]}, {"ministries.0"}),
        (CONSULTING, "reviewer", "replies", {"reply": "perhaps", "text": "Hm."}, {"reply"}),
        (
            CONSULTING,
            "reviewer",
            "replies",
            {"reply": "agree_with_conditions", "text": "Hm."},
            {"conditions"},
        ),
        (RESOLVED, "decider", "grant", TERMS | {"reason": ""}, {"reason"}),
        (RESOLVED, "decider", "grant", TERMS | {"granted_to": "2030-07-01"}, {"granted_to"}),
        (RESOLVED, "decider", "grant", TERMS | {"granted_to": "2026-06-01"}, {"granted_to"}),
        (RESOLVED, "decider", "grant", TERMS | {"granted_from": "July"}, {"granted_from"}),
        (RESOLVED, "decider", "grant", TERMS | {"conditions": [2**31 - 1]}, {"conditions"}),
        (RESOLVED, "decider", "refuse", {}, {"reason"}),
        (DRAFTED, "author", "withdraw", {"why": "No."}, {"why"}),
        (RUNNING, "decider", "suspend", {"code": "safety", "reason": "  "}, {"reason"}),
        (RUNNING, "decider", "suspend", {"code": "mood", "reason": "Why."}, {"code"}),
        (REMEDIED, "decider", "lift", {}, {"reason"}),
    ],
)
def test_a_bad_field_is_named(office, history, who, step, body, fields):
    assert refused(office(history), who, step, body) == fields


@pytest.mark.parametrize("proof", ["necessity", "proportionality"])
def test_a_condition_without_its_proof_is_refused(office, proof):
    body = {
        "reply": "agree_with_conditions",
        "text": "With a guard.",
        "conditions": [condition_values(**{proof: ""})],
    }
    assert refused(office(CONSULTING), "other_reviewer", "replies", body) == {f"conditions.0.{proof}"}


def test_a_ministry_replies_once(office):
    case = office(CONSULTING)
    reply = {"reply": "agree", "text": "No objection."}
    assert case["other_reviewer"].post(f"{case.path}/replies", reply).status_code == 200
    answer = case["other_reviewer"].post(f"{case.path}/replies", reply)
    assert (answer.status_code, problem(answer)["state"]) == (409, "agree")


def test_a_ministry_that_was_not_asked_does_not_reply(office):
    case = office(FILED)
    lead = case.case.pilot.exemption.lead_id
    case["reviewer"].post(f"{case.path}/consultation", {"ministries": [lead]})
    answer = case["other_reviewer"].post(f"{case.path}/replies", {"reply": "agree", "text": "Yes."})
    assert (answer.status_code, problem(answer)["rule"]) == (403, "reviewer_of_the_asked_ministry")


@pytest.mark.parametrize("step", ["send_to_city", "withdraw"])
def test_of_a_strangers_draft_there_is_nothing(office, step):
    case = office(DRAFTED)
    answer = case["other_author"].post(
        f"{case.path}/{step}", {"reason": "Mine."} if step == "withdraw" else None
    )
    assert problem(answer)["status"] == 404


def test_no_pilot_starts_before_its_plan_is_locked(office):
    case = office(GRANTED)
    answer = case["signatory"].post(f"{case.path}/start")
    assert (answer.status_code, problem(answer)["needs"]) == (409, "plan_is_locked")


def test_an_answer_says_what_is_open_next(office):
    case = office(DRAFTED)
    after = case["author"].post(f"{case.path}/send_to_city").json
    assert [(link["verb"], link["needs_reason"]) for link in after["transitions"]] == [("withdraw", True)]


def test_whoever_returns_a_filing_still_gets_an_answer(office):
    case = office(FILED)
    answer = case["reviewer"].post(
        f"{case.path}/return", {"codes": ["missing_attachment"], "reason": "The insurance is missing."}
    )
    assert (answer.status_code, answer.json["status"]) == (200, "returned")
    # Whoever could read the file goes on reading it.
    pages = [case["reviewer"].get(path).status_code for path in (case.path, f"{case.path}/case")]
    assert pages == [200, 200]


def test_what_only_a_guard_holds_back_is_shown_with_what_it_needs(office):
    case = office(GRANTED)
    links = case["signatory"].read(case.path)["transitions"]
    assert [(link["verb"], link["needs"]) for link in links] == [
        (
            "start",
            ["plan_is_locked", "cover_is_complete", "baseline_is_collected", "residents_are_informed"],
        )
    ]
