"""A pilot's insurance over the interface."""

from __future__ import annotations

from tests.api.callers import problem
from tests.factories import GRANTED
from tests.insurance.filed import LEAST, plan_values, policy_values

POLICY = policy_values(as_text=True)
ACTS = [
    ("policies", POLICY),
    ("plans", plan_values()),
    ("plans/approve", {}),
    ("plans/refuse", {"reason": "No."}),
]


def test_a_policy_and_its_renewal(office):
    case = office(GRANTED)
    address = f"{case.path}/insurance"
    first = case["author"].post(f"{address}/policies", POLICY | {"covers_to": "2026-12-31"}).json
    assert [gap["code"] for gap in first["gaps"]] == ["ends_early"]
    second = case["author"].post(f"{address}/policies", POLICY | {"covers_from": "2027-01-01"}).json
    assert second["gaps"] == []
    assert [each["renews"] for each in second["policies"]] == [None, first["policies"][0]["id"]]
    assert {each["id"]: each["won"] for each in second["minimum"]} == LEAST


def test_a_sum_below_the_minimum_is_named(office):
    case = office(GRANTED)
    answer = case["author"].post(f"{case.path}/insurance/policies", POLICY | {"covers": LEAST | {"death": 1}})
    assert answer.status_code == 422
    assert set(problem(answer)["errors"]) == {"covers.death"}


def test_a_plan_is_filed_and_decided(office):
    case = office(GRANTED)
    address = f"{case.path}/insurance"
    assert case["author"].post(f"{address}/plans", plan_values()).json["plan"]["status"] == "filed"
    assert (
        case["decider"].post(f"{address}/plans/refuse", {"reason": "No."}).json["plan"]["status"] == "refused"
    )
    case["author"].post(f"{address}/plans", plan_values())
    assert case["decider"].post(f"{address}/plans/approve").json["gaps"] == []


def test_nobody_else_acts(office):
    case = office(GRANTED)
    case["author"].post(f"{case.path}/insurance/plans", plan_values())
    for who in ("other_author", "other_decider", "administrator", "reviewer", "auditor"):
        answers = [case[who].post(f"{case.path}/insurance/{act}", body) for act, body in ACTS]
        assert {answer.status_code for answer in answers} <= {403, 404}, who


def test_strangers_do_not_read(office):
    case = office(GRANTED)
    for who in ("other_author", "other_city_reviewer", "other_evaluator", "administrator"):
        assert case[who].get(f"{case.path}/insurance").status_code == 404, who
    assert case["public"].get(f"{case.path}/insurance").status_code == 401
