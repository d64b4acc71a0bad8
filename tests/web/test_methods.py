"""Every method of the front door, from the plan to its page: locked, collected, computed, shown, verified."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from experiments.evaluation import runs
from sandbox.pilots import plan as plans
from tests import published, readings
from tests.experiments.evaluation.build import InThisProcess
from tests.factories import (
    GRANTED,
    inform_residents,
    insure,
    lock_plan,
    plan_document,
    sign_result,
    start,
)
from tests.web.visitors import said

STARTS = {"D01": "2026-07-01", "D02": "2026-10-01"}
SEQUENCES = {"D01": "011010011001", "D02": "100101100110"}
LEVELS = {"D01": 12.0, "D02": 13.0, "D03": 10.0, "D04": 11.0, "D05": 14.0, "D06": 15.0}
PLANS = {
    "did": ({}, {}),
    "synthetic_control": ({}, {}),
    "augmented_synthetic_control": ({}, {}),
    "synthetic_did": ({"neighbours": ["D03"]}, {}),
    "staggered": ({"control_group": "not_yet"}, {"starts": STARTS}),
    "interrupted": ({}, {"control": []}),
    "interrupted with a control series": ({"method": "interrupted"}, {}),
    "randomised": ({"assignment": {"kind": "units"}}, {}),
    "matched pairs": (
        {
            "method": "randomised",
            "assignment": {"kind": "pairs", "blocks": {"D01": "a", "D03": "a", "D02": "b", "D04": "b"}},
        },
        {"control": ["D03", "D04"]},
    ),
    "stepped wedge": (
        {"method": "randomised", "assignment": {"kind": "stepped_wedge"}},
        {"starts": STARTS},
    ),
    "switchback": (
        {
            "method": "randomised",
            "assignment": {
                "kind": "switchback",
                "switchback": {"length": 1, "tossed": "coins", "together": False, "sequences": SEQUENCES},
            },
        },
        {},
    ),
}
PARTS = {
    "staggered": ("Districts that started in 2026-07", "Districts that started in 2026-10"),
    "interrupted": ("Change of level at the start", "Lower evidence: own past only"),
    "interrupted with a control series": ("Lower evidence: own past and a control series",),
    "synthetic_control": ("Where does the pilot stand among the placebos?",),
    "did": ("Effect by time since the start",),
    "switchback": ("Evidence: randomised",),
}
"""What the page of a method shows that others do not."""


def plan_by(name):
    """A step that writes the plan of `PLANS[name]`."""

    def step(case):
        design, districts = PLANS[name]
        document = plan_document(case)
        document["design"] |= {"method": name} | design
        document["districts"] |= districts
        document["guardrails"][0]["margin"] = 5.0
        plans.save_draft(case.session, case.pilot, document, by=case.actor("evaluator"), at=case.tick())

    return step


def measure(name):
    """A step that stores readings: noise, a common wave, and two less where and when the pilot runs."""

    def step(case):
        _, districts = PLANS[name]
        starts = dict.fromkeys(("D01", "D02"), "2026-07-01") | districts.get("starts", {})
        rng = np.random.default_rng(5)
        wave = dict(zip(published.MONTHS, rng.normal(size=len(published.MONTHS)), strict=True))
        for metric, effect in ((case.primary, -2.0), (case.guardrail, 0.0)):
            values = {
                (code, day): round(level + wave[day] + 0.2 * float(rng.normal()), 4)
                + effect * is_treated(name, code, day, starts)
                for code, level in LEVELS.items()
                for day in published.MONTHS
            }
            readings.create_readings(
                case.session, case.site.territory, metric, values, received_at=published.LATE
            )

    return step


def is_treated(name, code, day, starts):
    if name == "switchback":
        block = published.MONTHS.index(day) - published.MONTHS.index(date(2026, 7, 15))
        return code in SEQUENCES and block >= 0 and SEQUENCES[code][block] == "1"
    return code in starts and day >= date.fromisoformat(starts[code])


def history(name):
    ready = (plan_by(name), lock_plan, insure, inform_residents, measure(name), start)
    return (*GRANTED, *ready, published.run_later, published.compute_result, sign_result)


@pytest.mark.parametrize("name", PLANS)
def test_a_method_goes_from_plan_to_page_and_gives_the_same_bytes_again(office, name):
    office = office(history(name))
    page = said(office.open("evaluator", f"evaluator/evaluations/{office.run_id}"))
    for part in ("Can the comparison be trusted?", "The estimate", "Uncertainty:", *PARTS.get(name, ())):
        assert part in page
    assert 1.0 < -office.case.evaluation.result()["primary"]["evaluation"]["effect"]["value"] < 3.0
    assert office.open(None, "pilots/{}").status_code == 200
    evaluation = office.case.evaluation
    assert runs.repeat(office.case.session, evaluation, InThisProcess()) == evaluation.document


@pytest.mark.parametrize("name", ["interrupted", "staggered"])
def test_a_result_is_read_in_korean(office, name):
    page = said(office(history(name), language="ko").open(None, "pilots/{}"))
    assert ("낮은 근거 수준: 자기 과거와만 비교" in page) == (name == "interrupted")
    assert "추정 결과" in page


def test_lower_evidence_is_told_wherever_the_finding_is(office):
    office = office(history("interrupted"))
    pages = (("evaluator", "evaluator"), ("evaluator", "cases/{}"), (None, "pilots/{}"), (None, ""))
    for who, page in pages:
        assert "Lower evidence: own past only" in said(office.open(who, page))
