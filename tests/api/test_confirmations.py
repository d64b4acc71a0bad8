"""Rapid confirmation over the interface, by its parties, with what each may do next."""

from __future__ import annotations

from tests.api.callers import problem
from tests.factories import REGIME


def test_a_request_from_draft_to_answer(office):
    case = office()
    people = case.case.people
    sent = {
        "title": "Delivery robot",
        "technology": "robot",
        "description": "It delivers parcels.",
        "articles": ["Road Traffic Act Art. 2"],
        "lead": people["reviewer"].organisation_id,
        "regime": REGIME,
    }
    made = case["author"].post("/confirmations", sent)
    assert made.status_code == 201
    path = f"/confirmations/{made.json['number']}"
    assert made.json["verbs"] == ["edit", "withdraw"]
    assert case["signatory"].post(f"{path}/submit").json["status"] == "received"
    agencies = {"agencies": [people["other_reviewer"].organisation_id]}
    assert case["reviewer"].post(f"{path}/route", agencies).json["status"] == "waiting"
    assert case["other_reviewer"].read(path)["verbs"] == ["reply"]
    free = {"reply": "no_permit", "text": "Ours does not reach it."}
    assert case["other_reviewer"].post(f"{path}/replies", free).json["status"] == "all_in"
    answered = case["reviewer"].post(f"{path}/answer", free).json
    assert (answered["status"], answered["outcome"]) == ("notified", "free_to_operate")
    assert [each["number"] for each in case["author"].read("/confirmations")["items"]] == [
        made.json["number"]
    ]


def test_unknown_ministries_and_strangers(office):
    case = office()
    sent = {"title": "R", "technology": "r", "description": "It.", "lead": 2**31 - 1, "regime": REGIME}
    assert set(problem(case["author"].post("/confirmations", sent))["errors"]) == {"lead"}
    assert case["other_author"].get("/confirmations/RC-2026-0001").status_code == 404
