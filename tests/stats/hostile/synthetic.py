"""Synthetic controls, counterfactuals and series: a valid input for each."""

import numpy as np

from stats.counterfactuals import (
    conformal,
    constrained,
    interactive,
    jackknife_plus,
    matrix_completion,
    prediction_intervals,
)
from stats.synthetic_control import (
    augmented,
    penalised,
    predictor_weights,
    staggered_synthetic,
    synthetic,
    synthetic_did,
    synthetic_did_inference,
    synthetic_placebos,
)
from stats.time_series import interrupted
from tests.stats.hostile.specimen import (
    BY_CELL,
    DRAWN,
    GRID,
    LONG_SERIES,
    ONE,
    ONE_START,
    PANEL,
    SERIES,
    SERIES_OF,
    START,
    UNITS,
    Specimen,
)


def _errors_of_sdid(outcomes, first_treated, rng):
    return synthetic_did_inference.synthetic_did_errors(
        synthetic_did.synthetic_did(outcomes, first_treated), replications=20, rng=rng
    )


def _effect(found):
    return found.effect


def _last_gap(found):
    return float(found.gaps[-1])


SYNTHETIC = (
    Specimen(synthetic.fit_mix, {**ONE}, ("outcomes",), _last_gap),
    Specimen(
        synthetic.fit_mixes,
        {**ONE, "rows": np.array([0]), "pools": np.arange(UNITS - 3)[None] > 0},
        ("outcomes",),
        lambda found: found[0].gaps[-1],
    ),
    Specimen(synthetic_placebos.in_space, ONE, ("outcomes",), lambda found: found.fit.gaps[-1]),
    Specimen(synthetic_placebos.in_time, {**ONE, "pretended": 4}, ("outcomes",), _last_gap),
    Specimen(synthetic_placebos.leave_one_out, ONE, ("outcomes",), lambda found: found.fit.gaps[-1]),
    Specimen(
        predictor_weights.predictor_weights,
        {
            "treated": GRID[0, :2],
            "donors": GRID[4:8, :2],
            "treated_outcomes": GRID[0, :START],
            "donor_outcomes": GRID[4:8, :START],
        },
        ("treated", "donors", "treated_outcomes", "donor_outcomes"),
    ),
    Specimen(
        augmented.augmented_synthetic_control,
        SERIES_OF,
        ("treated", "donors"),
        lambda found: found.treated[-1] - found.synthetic[-1],
    ),
    Specimen(
        penalised.penalised_synthetic_control,
        SERIES_OF,
        ("treated", "donors"),
        lambda found: found.gaps.flat[-1],
    ),
    Specimen(
        penalised.penalised_mixes,
        {"targets": GRID[:2], "donors": GRID[4:], "penalty": 0.1},
        ("targets", "donors"),
    ),
    Specimen(
        staggered_synthetic.staggered_synthetic_control,
        {**PANEL, "draws": 19, "rng": DRAWN},
        ("outcomes",),
        lambda found: found.gaps[0, -1],
    ),
    Specimen(
        synthetic_did.synthetic_did,
        {"outcomes": GRID, "first_treated": ONE_START, "covariates": BY_CELL[:, :, None]},
        ("outcomes",),
        _effect,
    ),
    Specimen(
        synthetic_did_inference.synthetic_did_errors,
        {"outcomes": GRID, "first_treated": ONE_START, "rng": DRAWN},
        ("outcomes",),
        lambda found: found.draws[0],
        call=_errors_of_sdid,
    ),
    Specimen(interactive.interactive_effects, {**PANEL, "rank": 1}, ("outcomes",), _effect),
    Specimen(
        matrix_completion.matrix_completion, {**PANEL, "folds": 2, "rng": DRAWN}, ("outcomes",), _effect
    ),
    Specimen(conformal.conformal, SERIES_OF, ("treated", "donors"), _last_gap),
    Specimen(conformal.conformal_p_values, SERIES_OF, ("treated", "donors")),
    Specimen(
        conformal.cross_fitted_t, {**SERIES_OF, "folds": 2}, ("treated", "donors"), lambda found: found[0]
    ),
    Specimen(
        constrained.constrained_control,
        {**LONG_SERIES, "constraint": "l1_l2"},
        ("treated", "donors"),
        lambda found: found.effect,
        shifts=False,
    ),
    Specimen(jackknife_plus.jackknife_plus, SERIES_OF, ("treated", "donors"), _last_gap),
    Specimen(
        prediction_intervals.prediction_intervals,
        {
            "treated": LONG_SERIES["treated"][:16],
            "donors": LONG_SERIES["donors"][:5, :16],
            "start": 14,
            "simulations": 20,
            "rng": DRAWN,
        },
        ("treated", "donors"),
        _last_gap,
    ),
    Specimen(
        interrupted.interrupted_time_series,
        {"outcomes": SERIES, "start": 25, "control": SERIES[::-1].copy()},
        ("outcomes", "control"),
        lambda found: found.level.value,
    ),
)
