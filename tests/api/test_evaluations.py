"""Evaluations and decisions over the interface."""

from __future__ import annotations

import hashlib

import pytest

from tests.api.callers import problem
from tests.factories import (
    DECIDED,
    EVALUATED,
    FINISHED,
    FIRST_DECIDED_AGAINST,
    GRANTED,
    PROPOSED,
    PROPOSED_AGAINST,
    SIGNED,
)

PARTIES = ["author", "city_reviewer", "reviewer", "decider"]


def run_path(case):
    (run,) = case["evaluator"].read(f"{case.path}/evaluations")["items"]
    return f"{case.path}/evaluations/{run['id']}"


def decision_path(case):
    return f"{case.path}/decisions/{case['auditor'].read(f'{case.path}/case')['decisions'][-1]['id']}"


# -- runs -----------------------------------------------------------------------------------------------


def test_a_run_is_asked_for_and_followed(office):
    case = office(FINISHED)
    answer = case["evaluator"].post(f"{case.path}/evaluations")
    assert (answer.status_code, answer.json["status"]) == (202, "requested")
    assert case["evaluator"].read(answer.headers["Location"])["id"] == answer.json["id"]


def test_without_a_locked_plan_there_is_nothing_to_run(office):
    case = office(GRANTED)
    answer = case["evaluator"].post(f"{case.path}/evaluations")
    assert (answer.status_code, problem(answer)["needs"]) == (409, "plan_is_locked")


def test_a_signed_result_is_handed_out_as_its_digest_covers_it(office):
    case = office(SIGNED)
    run = run_path(case)
    answer = case["public"].get(f"{run}/document")
    digest = hashlib.sha256(answer.data).hexdigest()
    assert digest == case["public"].read(run)["document_sha256"]
    assert answer.headers["ETag"] == f'"{digest}"'


def test_before_the_signature_a_result_is_the_evaluators_and_the_auditors(office):
    case = office(EVALUATED)
    run = run_path(case)
    for who in ("evaluator", "auditor"):
        assert case[who].get(f"{run}/document").status_code == 200
        assert case[who].read(run)["finding"] == "expand_conditional"


@pytest.mark.parametrize("who", PARTIES)
def test_before_the_signature_others_see_that_there_is_a_run_and_no_more(office, who):
    case = office(EVALUATED)
    run = run_path(case)
    assert "finding" not in case[who].read(run)
    assert "finding" not in case[who].read(f"{case.path}/evaluations")["items"][0]
    assert "finding" not in case[who].read(f"{case.path}/case")["evaluations"][0]
    assert problem(case[who].get(f"{run}/document"))["status"] == 404


@pytest.mark.parametrize("who", ["public", "other_author", "other_evaluator"])
def test_before_the_signature_strangers_see_no_run(office, who):
    case = office(EVALUATED)
    run = run_path(case)
    assert case[who].read(f"{case.path}/evaluations")["items"] == []
    assert problem(case[who].get(run))["status"] == 404
    assert problem(case[who].get(f"{run}/document"))["status"] == 404


def test_a_run_of_another_pilot_is_not_found_here(office):
    case, other = office(SIGNED), office(SIGNED)
    there = run_path(other).rsplit("/", 1)[-1]
    for rest in ("", "/document"):
        assert problem(case["public"].get(f"{case.path}/evaluations/{there}{rest}"))["status"] == 404
    answer = case["evaluator"].post(f"{case.path}/evaluations/{there}/sign")
    assert problem(answer)["status"] == 404


def test_a_result_is_signed_once(office):
    case = office(EVALUATED)
    sign = f"{run_path(case)}/sign"
    assert case["evaluator"].post(sign).json["signed_by"] == case.case.people["evaluator"].name
    assert problem(case["evaluator"].post(sign))["meanwhile"]["verb"] == "sign_result"


# -- decisions ------------------------------------------------------------------------------------------


def test_a_proposal_rests_on_a_signed_result(office):
    case = office(EVALUATED)
    key = int(run_path(case).rsplit("/", 1)[-1])
    body = {"evaluation_id": key, "outcome": "stop", "reasons": "No."}
    answer = case["reviewer"].post(f"{case.path}/decisions", body)
    assert (answer.status_code, problem(answer)["needs"]) == (409, "result_is_signed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"outcome": "perhaps"}, "outcome"),
        ({"reasons": ""}, "reasons"),
        ({"evaluation_id": 2**40}, "evaluation_id"),
    ],
)
def test_a_bad_proposal_is_named(office, body, field):
    case = office(SIGNED)
    whole = {"evaluation_id": 1, "outcome": "stop", "reasons": "No."} | body
    assert set(problem(case["reviewer"].post(f"{case.path}/decisions", whole))["errors"]) == {field}


def test_a_proposal_on_no_result_is_not_found(office):
    case = office(SIGNED)
    body = {"evaluation_id": 2**31 - 1, "outcome": "stop", "reasons": "No."}
    assert problem(case["reviewer"].post(f"{case.path}/decisions", body))["status"] == 404


def test_a_decision_in_line_needs_no_reason(office):
    case = office(PROPOSED)
    answer = case["decider"].post(f"{decision_path(case)}/decide")
    assert (answer.status_code, answer.json["status"]) == (200, "decided")


def test_against_the_finding_a_reason_and_a_second_decider_are_needed(office):
    case = office(PROPOSED_AGAINST)
    decide = f"{decision_path(case)}/decide"
    assert set(problem(case["decider"].post(decide))["errors"]) == {"reason"}
    answer = case["decider"].post(decide, {"reason": "The harm is certain."})
    assert (answer.json["status"], answer.json["is_against_the_finding"]) == ("awaiting_second", True)
    confirm = f"{decision_path(case)}/confirm"
    again = case["decider"].post(confirm, {"reason": "Still certain."})
    assert (again.status_code, problem(again)["rule"]) == (403, "second_decider")
    second = case["second_decider"].post(confirm, {"reason": "I agree."})
    assert second.json["status"] == "decided"
    assert case["public"].read(case.path)["status"] == "stopped"


def test_a_proposal_is_sent_back(office):
    case = office(FIRST_DECIDED_AGAINST)
    answer = case["second_decider"].post(f"{decision_path(case)}/send_back", {"reason": "Too thin."})
    assert answer.json["status"] == "sent_back"


def test_what_is_decided_stays_decided(office):
    case = office(DECIDED)
    answer = case["second_decider"].post(f"{decision_path(case)}/send_back", {"reason": "Too late."})
    assert (answer.status_code, problem(answer)["meanwhile"]["verb"]) == (409, "decide")


def test_a_decision_of_another_pilot_is_not_found_here(office):
    case, other = office(PROPOSED), office(PROPOSED)
    there = decision_path(other).rsplit("/", 1)[-1]
    answer = case["decider"].post(f"{case.path}/decisions/{there}/decide")
    assert problem(answer)["status"] == 404
