"""Claims for damage over the interface."""

from __future__ import annotations

import hashlib

from tests.api.callers import problem
from tests.claims.filed import claim_values
from tests.factories import GRANTED, RUNNING

ACTS = {
    "inform": {"information": "Call the insurer."},
    "pay": {"paid_won": 1, "paid_on": "2026-03-03"},
    "refuse": {"refusal": "No.", "proof": "A photo."},
    "report": {"report": "Settled."},
}


def test_a_claim_from_receipt_to_report(office):
    case = office(RUNNING)
    filed = case["public"].post(f"{case.path}/claims", claim_values())
    assert filed.status_code == 201, filed.text
    receipt = filed.json
    assert hashlib.sha256(receipt["document"].encode()).hexdigest() == receipt["receipt"]
    assert case["public"].read(f"/receipts/{receipt['receipt']}")["is_sound"]
    address = f"{case.path}/claims/{receipt['number']}"
    case["author"].post(f"{address}/inform", ACTS["inform"])
    assert case["signatory"].post(f"{address}/refuse", ACTS["refuse"]).status_code == 200
    assert case["author"].post(f"{address}/report", ACTS["report"]).status_code == 200
    state = case["public"].read(receipt["href"])
    assert (state["status"], state["proof"]) == ("reported", "A photo.")
    assert [limit["rule"] for limit in state["time_limits"]] == ["K10", "K11"]


def test_a_wrong_moment_and_a_blank_proof_are_named(office):
    case = office(RUNNING)
    number = case["public"].post(f"{case.path}/claims", claim_values()).json["number"]
    address = f"{case.path}/claims/{number}"
    assert case["signatory"].post(f"{address}/pay", ACTS["pay"]).status_code == 409
    case["author"].post(f"{address}/inform", ACTS["inform"])
    answer = case["signatory"].post(f"{address}/refuse", ACTS["refuse"] | {"proof": " "})
    assert set(problem(answer)["errors"]) == {"proof"}


def test_strangers_and_wrong_roles_meet_closed_doors(office):
    case = office(RUNNING)
    number = case["public"].post(f"{case.path}/claims", claim_values()).json["number"]
    address = f"{case.path}/claims/{number}"
    for who in ("other_author", "other_signatory", "other_city_reviewer", "other_reviewer"):
        assert case[who].get(address).status_code == 404, who
    for who in ("other_author", "other_signatory", "reviewer", "city_reviewer", "auditor", "evaluator"):
        answers = [case[who].post(f"{address}/{verb}", body) for verb, body in ACTS.items()]
        assert {answer.status_code for answer in answers} <= {403, 404}, who
    assert case["public"].get(address).status_code == 401
    assert case["other_reviewer"].read(f"{case.path}/claims")["claims"] == []


def test_no_claim_before_the_start(office):
    case = office(GRANTED)
    assert case["public"].post(f"{case.path}/claims", claim_values()).status_code == 409
