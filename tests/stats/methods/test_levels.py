"""Outcomes far from zero, without variation or beyond what numbers carry."""

import numpy as np
import pytest

from stats.design import Design
from stats.errors import EstimationError
from stats.evaluate import evaluate
from stats.panel import Panel
from tests.stats.build import noise

METHODS = ("did", "synthetic_control", "synthetic_did", "augmented_synthetic_control", "staggered")


def evaluated(method, values, treated=2):
    names = [f"u{row:02d}" for row in range(len(values))]
    periods = tuple(f"{t:02d}" for t in range(values.shape[1]))
    design = Design.from_document(
        {
            "schema_version": 1 if method in ("did", "synthetic_control") else 2,
            "method": method,
            "treated": names[:treated],
            "first_treated": "08",
            "controls": names[treated:],
            "alpha": 0.05,
            "missing": "refuse",
        }
    )
    return evaluate(Panel(values, tuple(names), periods), design, np.random.default_rng(0))


@pytest.mark.parametrize("method", METHODS)
def test_a_level_of_a_billion_changes_nothing(method):
    # Steps of 2^-20 are exact at that level.
    values = np.round(noise(12, 12) * 2**20) / 2**20
    plain, high = evaluated(method, values).effect, evaluated(method, values + 2.0**30).effect
    assert high.value == pytest.approx(plain.value, rel=1e-6)
    assert high.inference.p_value == pytest.approx(plain.inference.p_value, rel=1e-6)


def test_the_effect_is_seen_far_from_zero():
    values = np.round(noise(12, 12) * 64) / 64
    values[:2, 8:] += 3
    plain, high = (evaluated("did", each).effect.value for each in (values, values + 2.0**40))
    assert plain > 1
    assert high == pytest.approx(plain, rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [0.0, 1e200, 1e306, 1e-200])
def test_what_cannot_be_analysed_is_refused_by_argument(method, scale):
    with pytest.raises(EstimationError, match="outcomes"):
        evaluated(method, scale * noise(12, 12))


@pytest.mark.parametrize("method", METHODS)
def test_controls_that_stand_still_are_refused(method):
    values = noise(12, 12)
    values[2:] = np.arange(10.0)[:, None]
    with pytest.raises(EstimationError, match="controls do not vary"):
        evaluated(method, values)
