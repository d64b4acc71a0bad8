"""The analyses that power is asked about: outcomes in, an inference out, by the code that analyses pilots."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from stats.cohorts import NEVER
from stats.design import Design
from stats.differences.did import Clusters, two_way
from stats.inference import Inference
from stats.missing import Sample, sample
from stats.panel import FloatArray, Panel
from stats.synthetic_control.synthetic import synthetic_control
from stats.synthetic_control.synthetic_did import synthetic_did
from stats.synthetic_control.synthetic_did_inference import synthetic_did_errors

Analysis = Callable[[FloatArray, int, int, float, np.random.Generator], Inference]
"""Outcomes (n x T, treated first), number of treated, start, alpha, randomness: to the inference. Its
interval must be the set of constant effects that the test does not reject."""

REPLICATIONS = 199
"""Placebo assignments of a synthetic difference-in-differences with several treated units."""


def difference_in_differences(
    outcomes: FloatArray, treated: int, start: int, alpha: float, rng: np.random.Generator
) -> Inference:
    """`stats.differences.did.two_way`."""
    design, kept = _sample("did", outcomes, treated, start, alpha)
    return two_way(kept, Clusters.of(kept, design, rng), alpha=alpha).inference


def synthetic(
    outcomes: FloatArray, treated: int, start: int, alpha: float, rng: np.random.Generator
) -> Inference:
    """`stats.synthetic_control.synthetic.synthetic_control`, on outcomes alone."""
    design, kept = _sample("synthetic_control", outcomes, treated, start, alpha)
    return synthetic_control(kept, design, rng).inference


def synthetic_difference(
    outcomes: FloatArray, treated: int, start: int, alpha: float, rng: np.random.Generator
) -> Inference:
    """`stats.synthetic_control.synthetic_did`, its effect ranked among placebo effects."""
    first = np.where(np.arange(len(outcomes)) < treated, start, NEVER)
    fit = synthetic_did(outcomes, first)
    errors = synthetic_did_errors(fit, method="placebo_rank", replications=REPLICATIONS, rng=rng, alpha=alpha)
    return errors.inference


ANALYSES: Mapping[str, Analysis] = {
    "did": difference_in_differences,
    "synthetic_control": synthetic,
    "synthetic_did": synthetic_difference,
}


def _sample(
    method: str, outcomes: FloatArray, treated: int, start: int, alpha: float
) -> tuple[Design, Sample]:
    units, periods = (tuple(f"{place:06d}" for place in range(size)) for size in outcomes.shape)
    design = Design.from_document(
        {
            "schema_version": 1,
            "method": method,
            "treated": list(units[:treated]),
            "first_treated": periods[start],
            "controls": list(units[treated:]),
            "alpha": alpha,
            "missing": "refuse",
        }
    )
    return design, sample(Panel(outcomes, units, periods), design)
