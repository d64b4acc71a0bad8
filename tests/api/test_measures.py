"""The start and the measures of a case over the interface."""

from __future__ import annotations

from sandbox.suspensions import suspending
from tests.api.callers import problem
from tests.factories import LOCKED, RUNNING, SUSPENDED
from tests.measures.acts import issued

WHY = {"code": "safety", "reason": "A signal failed."}
INCIDENT = {
    "severity": "minor",
    "happened_at": "2026-03-02T10:00:00+09:00",
    "place": "Crossing 3",
    "what": "A signal failed.",
    "deaths": 0,
    "injured": 0,
    "damage_won": 0,
    "done": "It was switched off.",
}


def test_a_suspension_is_public_at_once(office):
    case = office(RUNNING)
    assert case["decider"].post(f"{case.path}/suspend", WHY).status_code == 200
    answer = case["public"].get(case.path)
    assert answer.json["status"] == "suspended"
    assert "max-age" not in answer.headers.get("Cache-Control", "")


def test_what_is_missing_for_the_start_is_named(office):
    case = office(LOCKED)
    read = case["signatory"].read(f"{case.path}/measures")
    missing = {step["guard"] for step in read["start"] if not step["is_met"]}
    assert missing == {"cover_is_complete", "baseline_is_collected", "residents_are_informed"}
    assert {share["filled"] for share in read["baseline"]} == {0}
    answer = case["signatory"].post(f"{case.path}/start")
    assert (answer.status_code, problem(answer)["needs"]) == (409, "cover_is_complete")


def test_a_suspension_is_worked_off_and_lifted(office):
    case = office(SUSPENDED)
    address = f"{case.path}/measures/suspension"
    refused = case["decider"].post(f"{case.path}/lift", {"reason": "Repaired."})
    assert (refused.status_code, problem(refused)["needs"]) == (409, "measures_are_closed")
    assert case["author"].post(f"{address}/report", {"measures": "Repaired."}).status_code == 200
    assert case["reviewer"].post(f"{address}/accept").json["suspensions"][0]["status"] == "closed"
    assert case["decider"].post(f"{case.path}/lift", {"reason": "Repaired."}).json["status"] == "running"


def test_an_incident_is_reported(office):
    case = office(RUNNING)
    (incident,) = case["author"].post(f"{case.path}/measures/incidents", INCIDENT).json["incidents"]
    assert (incident["severity"], incident["status"]) == ("minor", "reported")


def test_an_order_of_another_pilot_is_not_there(office, rows):
    case, other = office(RUNNING), office(RUNNING)
    order = issued(other.case)
    rows.commit()
    case.tick()
    answer = case["author"].post(f"{case.path}/measures/orders/{order.id}/report", {"report": "Done."})
    assert answer.status_code == 404
    other.tick()
    answer = other["author"].post(f"{other.path}/measures/orders/{order.id}/report", {"report": "Done."})
    assert answer.json["orders"][0]["status"] == "reported"


def test_nobody_else_acts_or_reads(office, rows):
    case = office(SUSPENDED)
    made = suspending.present_suspension(rows, case.case.pilot)
    assert made.status == "in_force"
    rows.commit()
    address = f"{case.path}/measures"
    acts = [("suspension/report", {"measures": "M"}), ("suspension/accept", None), ("incidents", INCIDENT)]
    for who in ("other_author", "other_reviewer", "other_city_reviewer", "administrator", "auditor"):
        answers = [case[who].post(f"{address}/{act}", body) for act, body in acts]
        assert {answer.status_code for answer in answers} <= {403, 404}, who
    for who in ("other_author", "other_city_reviewer", "other_evaluator", "administrator"):
        assert case[who].get(address).status_code == 404, who
