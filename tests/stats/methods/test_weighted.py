"""Weights that are populations, not precisions, in the front door's comparisons."""

import numpy as np
import pytest

from stats import reasons
from stats.design import Design
from stats.evaluate import evaluate
from stats.panel import Panel

PERIODS = 12


def evaluated(method, values, weights, *, treated, seed=0, start=8, starts=None):
    names = [f"u{row:02d}" for row in range(len(values))]
    own = names[:treated]
    given = [start] * treated if starts is None else starts
    design = Design.from_document(
        {
            "schema_version": 1 if method == "did" else 2,
            "method": method,
            "treated": own,
            "first_treated": {name: f"{first:02d}" for name, first in zip(own, given, strict=True)},
            "controls": names[treated:],
            "alpha": 0.05,
            "missing": "available" if np.isnan(values).any() else "refuse",
        }
    )
    panel = Panel(values, tuple(names), tuple(f"{t:02d}" for t in range(PERIODS)), weights=weights)
    return evaluate(panel, design, np.random.default_rng(seed))


def drawn(rng, units=20):
    return rng.normal(size=(units, PERIODS)) + rng.normal(size=(units, 1))


def heavy(units, weight=50.0):
    weights = np.ones(units)
    weights[0] = weight
    return weights


def finding(result, code):
    return next(one for one in result.findings if one.code == code)


def test_one_heavy_district_does_not_make_an_effect():
    rng, rejected = np.random.default_rng(5), 0
    for seed in range(40):
        result = evaluated("did", drawn(rng), heavy(20), treated=3, seed=seed)
        rejected += result.effect.inference.p_value <= 0.05
    # Of 40 draws at 5 % more than seven come once in two thousand; inverse variances rejected twenty.
    assert rejected <= 7


@pytest.mark.parametrize("method", ["did", "staggered"])
def test_the_finding_tells_the_effective_number(method):
    result = evaluated(method, drawn(np.random.default_rng(6)), heavy(20), treated=5)
    assert finding(result, "treated_clusters").number == pytest.approx(54**2 / 2504)
    assert finding(result, "treated_clusters").level == "caution"
    assert "weights" in finding(result, "treated_clusters").sentence_en
    assert result.effect.inference.method in ("reassignment", "reassigned_starts")


def test_equal_weights_are_no_weights():
    values = drawn(np.random.default_rng(7))
    weighted, plain = (evaluated("did", values, weights, treated=6) for weights in (np.full(20, 3.0), None))
    assert weighted.effect.value == pytest.approx(plain.effect.value)
    assert finding(weighted, "treated_clusters") == finding(plain, "treated_clusters")
    assert weighted.effect.inference.p_value == pytest.approx(plain.effect.inference.p_value)


def test_gaps_and_few_effective_districts_leave_no_error():
    values = drawn(np.random.default_rng(8))
    values[15, 2] = np.nan
    inference = evaluated("did", values, heavy(20), treated=5).effect.inference
    assert inference.p_value == reasons.few_treated()


def test_several_starts_are_dealt_with_their_weights():
    values = drawn(np.random.default_rng(9))
    result = evaluated("did", values, heavy(20), treated=4, starts=[6, 6, 9, 9])
    assert result.effect.inference.method == "reassignment"


def test_checks_that_know_no_weights_say_so():
    result = evaluated("did", drawn(np.random.default_rng(10)), heavy(20), treated=6)
    for code in ("placebo_dates", "leave_one_control_out", "leave_one_period_out"):
        assert finding(result, code).level == "caution"
        assert finding(result, code).number == reasons.not_with_weights()
