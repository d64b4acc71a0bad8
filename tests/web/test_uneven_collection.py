"""From a gap in the controls to the page that says so: policy, diagnostics and rule of a whole run."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from experiments.evaluation import runs
from sandbox.pilots import evaluations
from tests.experiments.evaluation.build import AFTER, MONTHS, InThisProcess, values
from tests.experiments.evaluation.test_job import asked
from tests.web.office import Office
from tests.web.visitors import Clock, remembering

CONTROLS = ("D03", "D04", "D05", "D06")


def with_gap():
    """Two months of the controls never came, in the middle of the intervention."""
    gone = {(unit, day) for unit in CONTROLS for day in MONTHS[15:17]}
    return {cell: value for cell, value in values().items() if cell not in gone}


@pytest.fixture
def session(rows):
    return remembering(rows)


def run(session, missing, measured):
    design = {"method": "did", "alpha": 0.05, "missing": missing, "predictors": []}
    case = asked(session, measured=measured, design=design)
    evaluation = runs.claim(session, holder="test", now=AFTER)
    text = runs.repeat(session, evaluation, InThisProcess())
    assert runs.finish(session, evaluation.id, evaluation.fence, text, at=AFTER)
    session.refresh(evaluation)
    return case, json.loads(text)


def opened(service, case):
    Clock(service).now = AFTER + timedelta(days=1)
    return Office(service, case)


def test_a_gap_in_the_controls_makes_the_evidence_invalid_and_says_why(service, session):
    case, result = run(session, "available", with_gap)
    assert result["finding"] == "invalid"
    line = next(t for t in result["trace"][0]["tests"] if t["input"] == "coverage_difference")
    assert (line["holds"], line["threshold"]) == (True, 0.05)
    assert line["value"] == pytest.approx(2 / 12)
    office = opened(service, case)
    page = office.read("evaluator", f"evaluator/evaluations/{office.run_id}")
    assert "Difference in readings present, treated and control" in page
    assert "Readings are missing more often in the control districts, by 16.7 percentage points" in page


def test_even_collection_decides_nothing(session):
    _, result = run(session, "available", values)
    assert result["inputs"]["coverage_difference"] == 0.0
    assert not any(t["holds"] for t in result["trace"][0]["tests"])


def test_the_policy_chosen_for_missing_readings_stands_in_plan_and_result(service, session):
    case, result = run(session, "available", with_gap)
    assert case.pilot.experiment.plan.contents()["design"]["missing"] == "available"
    assert result["primary"]["evaluation"]["design"]["missing"] == "available"
    evaluations.sign(
        session,
        case.pilot,
        evaluations.evaluations_of(session, case.pilot)[0],
        by=case.actor("evaluator"),
        at=AFTER,
    )
    assert "Use the readings that there are" in opened(service, case).read(None, "pilots/{}")
