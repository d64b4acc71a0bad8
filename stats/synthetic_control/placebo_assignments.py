"""Any estimator of an effect, ranked among what it finds where nothing was done.

The treated units are left out and their starts given to controls; the estimator is run again on each such
assignment, and the effect ranked among the placebo effects. With one treated unit every control has its
turn, else assignments are drawn. Valid where the treated are exchangeable with the controls, whatever the
dependence in time (Abadie, Diamond and Hainmueller 2010; Conley and Taber 2011).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from stats.clusters.clustered import IntArray
from stats.cohorts import NEVER, Cohorts
from stats.errors import EstimationError
from stats.inference import Inference, drawn, placebo_difference, silent
from stats.panel import FloatArray
from stats.synthetic_control.synthetic_did_inference import controls_not_more_than_treated

PLACEBO_ASSIGNMENTS = "placebo_assignments"


def placebo_assignments(
    effect: float,
    panel: Cohorts,
    estimate: Callable[[FloatArray, IntArray], float],
    *,
    replications: int = 99,
    alpha: float = 0.05,
    rng: np.random.Generator,
) -> Inference:
    """The inference on `effect`, with `estimate(outcomes, first_treated)` run on the controls of `panel`."""
    if replications < 1:
        raise EstimationError("replications", "at least one is needed")
    controls = np.flatnonzero(panel.never)
    starts = panel.first_treated[~panel.never]
    if len(controls) <= len(starts) + 1:
        return silent(PLACEBO_ASSIGNMENTS, alpha, controls_not_more_than_treated())
    if len(starts) == 1:
        assigned = [np.array([place]) for place in drawn(len(controls), rng)]
    else:
        assigned = [rng.permutation(len(controls))[: len(starts)] for _ in range(replications)]
    outcomes = panel.outcomes[controls]
    effects = np.empty(len(assigned))
    for number, places in enumerate(assigned):
        first = np.full(len(controls), NEVER)
        first[places] = starts
        effects[number] = estimate(outcomes, first)
    return replace(placebo_difference(effect, effects, alpha=alpha), method=PLACEBO_ASSIGNMENTS)
