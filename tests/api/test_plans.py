"""Plans over the interface: drafted, locked, amended, and handed out byte for byte."""

from __future__ import annotations

import hashlib
import json

import pytest
import rfc8785

from tests.api.callers import problem
from tests.factories import AMENDED, DECIDED, GRANTED, LOCKED, plan_document


def saved(case, **changes):
    """The answer to a draft with `changes`."""
    document = plan_document(case.case, **changes)
    case.case.session.rollback()
    return case["evaluator"].put(f"{case.path}/plan", document)


def test_a_locked_plan_is_handed_out_as_its_digest_covers_it(office):
    case = office(LOCKED)
    answer = case["public"].get(f"{case.path}/plan")
    digest = hashlib.sha256(answer.data).hexdigest()
    assert answer.headers["ETag"] == f'"{digest}"'
    assert answer.data == rfc8785.dumps(json.loads(answer.data))


def test_a_plan_that_was_read_is_not_sent_again(office):
    case = office(LOCKED)
    tag = case["public"].get(f"{case.path}/plan").headers["ETag"]
    answer = case["public"].get(f"{case.path}/plan", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data) == (304, b"")


def test_every_version_stays_readable(office):
    case = office(AMENDED)
    seeds = [case["public"].read(f"{case.path}/plan?version={n}")["seed"] for n in (1, 2)]
    assert seeds == [20260302, 7]
    assert case["public"].read(f"{case.path}/plan")["seed"] == 7


@pytest.mark.parametrize(("query", "status"), [("?version=3", 404), ("?version=0", 422), ("?version=x", 422)])
def test_there_is_no_other_version(office, query, status):
    case = office(AMENDED)
    assert problem(case["public"].get(f"{case.path}/plan{query}"))["status"] == status


def test_before_the_lock_there_is_no_plan_to_read(office):
    case = office(GRANTED)
    assert problem(case["public"].get(f"{case.path}/plan"))["status"] == 404


def test_a_draft_says_what_keeps_it_from_being_locked(office):
    case = office(GRANTED)
    document = plan_document(case.case)["districts"] | {"control": ["D99"]}
    answer = saved(case, districts=document)
    assert answer.json["problems"] == {"districts.control.0": ["unknown district D99"]}
    assert case["evaluator"].read(f"{case.path}/plan/draft")["draft"]["districts"]["control"] == ["D99"]


def test_a_draft_may_be_incomplete(office):
    case = office(GRANTED)
    answer = case["evaluator"].put(f"{case.path}/plan", {"title_ko": "반쯤"})
    assert answer.json["draft"] == {"title_ko": "반쯤"}
    assert "guardrails" in answer.json["problems"]


@pytest.mark.parametrize("body", [[], "plan", 7])
def test_a_draft_is_an_object(office, body):
    case = office(GRANTED)
    assert problem(case["evaluator"].put(f"{case.path}/plan", body))["status"] == 422


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"guardrails": []}, "guardrails"),
        ({"districts": {"treated": ["D01"], "control": [], "why": "None."}}, "districts.control"),
        ({"districts": {"treated": ["D01"], "control": ["D01"], "why": "Same."}}, "districts.control"),
        ({"districts": {"treated": ["D03"], "control": ["D04"], "why": "Outside."}}, "districts.treated"),
    ],
)
def test_a_plan_that_cannot_be_locked_is_refused_by_field(office, changes, field):
    case = office(GRANTED)
    saved(case, **changes)
    answer = case["evaluator"].post(f"{case.path}/plan/lock")
    assert (answer.status_code, set(problem(answer)["errors"])) == (422, {field})


def test_a_locked_plan_is_not_edited(office):
    case = office(LOCKED)
    answer = saved(case, seed=1)
    assert (answer.status_code, problem(answer)["meanwhile"]["verb"]) == (409, "lock")


def test_an_amendment_keeps_the_old_version(office):
    case = office(LOCKED)
    amendment = {"plan": plan_document(case.case, seed=7), "reason": "The seed had been drawn twice."}
    case.case.session.rollback()
    answer = case["evaluator"].post(f"{case.path}/plan/amendments", amendment)
    assert (answer.status_code, answer.json["number"], answer.json["kind"]) == (201, 2, "amendment")
    assert len(case["public"].read(case.path)["published"]["plan_versions"]) == 2


def test_an_amendment_needs_a_reason(office):
    case = office(LOCKED)
    amendment = {"plan": plan_document(case.case, seed=7)}
    case.case.session.rollback()
    answer = case["evaluator"].post(f"{case.path}/plan/amendments", amendment)
    assert set(problem(answer)["errors"]) == {"reason"}


def test_a_decided_pilot_is_not_planned_anew(office):
    case = office(DECIDED)
    amendment = {"plan": plan_document(case.case, seed=7), "reason": "Late."}
    case.case.session.rollback()
    answer = case["evaluator"].post(f"{case.path}/plan/amendments", amendment)
    assert problem(answer)["state"] == "concluded"


def test_another_institutes_plan_is_not_ones_own(office):
    case = office(GRANTED)
    assert problem(case["other_evaluator"].get(f"{case.path}/plan/draft"))["status"] == 404


def test_a_draft_is_not_for_the_public(office):
    case = office(GRANTED)
    assert problem(case["public"].get(f"{case.path}/plan/draft"))["status"] == 401
    assert problem(case["author"].get(f"{case.path}/plan/draft"))["status"] == 403
