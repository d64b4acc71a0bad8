"""The front door's synthetic controls: classic, ridge-augmented, and synthetic difference-in-differences."""

from __future__ import annotations

import numpy as np

from stats import rounding
from stats.checks import diagnostics
from stats.checks.noise import noise_unlike
from stats.checks.sensitivity import Analysis, SpillOver
from stats.checks.sensitivity_findings import spill_over_finding
from stats.cohorts import NEVER, IntArray
from stats.design import Design
from stats.errors import EstimationError
from stats.findings import Finding
from stats.inference import drawn
from stats.methods import sensitivity_checks
from stats.methods.parts import Parts, first_columns, observed, placebo, rms, treated_weights
from stats.missing import Sample
from stats.panel import FloatArray
from stats.results import Estimate, PredictorBalance, Weight
from stats.synthetic_control.synthetic import SyntheticControl, fit_mix, synthetic_control
from stats.synthetic_control.synthetic_placebos import leave_one_out, leave_one_out_finding

REPLICATIONS = 199
"""Placebo assignments of several treated units: p-values in steps of 1/200."""
FOLDS = 20
"""Runs of periods that are left out in turn to choose the ridge penalty of an augmented control."""
EXTRAPOLATION_SMALL = 0.1
"""Sum of negative weights up to which an augmented control hardly leaves the range of its donors."""


def classic(cells: Sample, design: Design, rng: np.random.Generator) -> Parts:
    """Synthetic control on the design's predictors, or on all outcomes before the start."""
    result = synthetic_control(cells, design, rng)
    fit = result.fit
    findings = [
        *diagnostics.pre_fit(result, cells.panel.outcomes[:, : fit.start]),
        diagnostics.placebo_count(result.inference.placebos or len(result.placebos), design.alpha),
        *diagnostics.averaged_treated(cells),
        diagnostics.treated_clusters(len(cells.treated), result.inference),
        *noise_unlike(cells, result.inference),
        *sensitivity_checks.balanced(cells, fit.weights, worst="fail"),
    ]
    if design.predictors:
        findings += _predicted_checks(cells, design, result)
    else:
        findings += sensitivity_checks.checks(cells, design, _mixed, result.inference)
    return Parts(
        effect=Estimate(fit.effect, result.inference, design.outcome_unit),
        observed=float(fit.outcomes[fit.start :].mean()),
        treated=fit.outcomes,
        counterfactual=fit.synthetic,
        placebos=tuple(placebo(unit, one.gaps, one.effect, one.start) for unit, one in result.placebos),
        weights=_weights(cells, fit.weights),
        predictors=_balance(result, design),
        findings=tuple(findings),
    )


def augmented(cells: Sample, design: Design, rng: np.random.Generator) -> Parts:
    """Ridge-augmented synthetic control of the treated mean, ranked among sets of as many units.

    The penalty is chosen once, for the treated, and kept for the placebos and the checks. The single controls
    that are shown beside it are no part of the test.
    """
    from stats.synthetic_control.augmented import augmented_synthetic_control
    from stats.synthetic_control.augmented_placebos import set_inference, single_placebos

    outcomes, start = _averaged(cells), cells.starts[0]
    donors, holdout = outcomes[1:], -(-start // FOLDS)
    fit = augmented_synthetic_control(outcomes[0], donors, start, holdout=holdout)
    assert fit.penalty is not None  # a ridge step has one
    shown = drawn(len(donors), rng) if len(donors) > 2 else ()
    gaps = single_placebos(outcomes, start, fit.penalty, np.array(shown, dtype=np.int64) + 1)
    placebos = tuple(
        placebo(cells.controls[row], each, float(each[start:].mean()), start)
        for row, each in zip(shown, gaps, strict=True)
    )
    own = treated_weights(cells)
    inference = set_inference(cells.panel.outcomes, own, start, fit.penalty, rng, alpha=design.alpha)
    return Parts(
        effect=Estimate(fit.effect, inference, design.outcome_unit),
        observed=float(fit.treated[start:].mean()),
        treated=fit.treated,
        counterfactual=fit.synthetic,
        placebos=placebos,
        weights=_weights(cells, fit.weights),
        findings=(
            diagnostics.pre_fit_share(rms(fit.gaps[:start]), outcomes[:, :start], fit.treated[:start]),
            diagnostics.treated_clusters(len(cells.treated), inference),
            *noise_unlike(cells, inference),
            diagnostics.placebo_count(inference.placebos or len(placebos), design.alpha),
            *diagnostics.averaged_treated(cells),
            _extrapolation(fit.weights),
            *sensitivity_checks.checks(cells, design, _augmented(fit.penalty), inference),
        ),
    )


def difference(cells: Sample, design: Design, rng: np.random.Generator) -> Parts:
    """Synthetic difference-in-differences, its effect ranked among placebo assignments'."""
    from stats.synthetic_control.synthetic_did import synthetic_did
    from stats.synthetic_control.synthetic_did_inference import synthetic_did_errors

    if cells.panel.weights is not None:
        raise EstimationError("weights", "synthetic_did lets all units count alike")
    outcomes, first = cells.panel.outcomes, first_columns(cells)
    fit = synthetic_did(outcomes, first)
    errors = synthetic_did_errors(
        fit, method="placebo_rank", replications=REPLICATIONS, rng=rng, alpha=design.alpha
    )
    sizes = np.array([len(cohort.treated) for cohort in fit.cohorts], dtype=np.float64)
    shares = sizes / sizes.sum()
    gap = np.einsum("g,gt->t", shares, np.array([cohort.path for cohort in fit.cohorts]))
    omega = np.einsum("g,gj->j", shares, np.array([cohort.omega for cohort in fit.cohorts]))
    treated, start = outcomes[: len(cells.treated)].mean(axis=0), min(cells.starts)
    return Parts(
        effect=Estimate(fit.effect, errors.inference, design.outcome_unit),
        observed=observed(cells),
        treated=treated,
        counterfactual=treated - gap,
        weights=_weights(cells, omega),
        findings=(
            diagnostics.pre_fit_share(
                float(np.std(gap[:start])), outcomes[:, :start], treated[:start], parallel=True
            ),
            diagnostics.treated_clusters(len(cells.treated), errors.inference),
            *noise_unlike(cells, errors.inference),
            diagnostics.placebo_count(len(errors.draws), design.alpha),
            *sensitivity_checks.balanced(cells, omega),
            *sensitivity_checks.checks(cells, design, _difference, errors.inference),
        ),
    )


def _predicted_checks(cells: Sample, design: Design, result: SyntheticControl) -> list[Finding]:
    """One donor less, and the neighbours, with the predictors weighted as in the reported fit."""
    outcomes, start = _averaged(cells), cells.starts[0]
    importance, predictors = result.fit.importance, result.predictors
    found = [
        leave_one_out_finding(leave_one_out(outcomes, start, predictors=predictors, importance=importance))
    ]
    ring = np.flatnonzero(np.isin(cells.controls, design.neighbours)) + 1
    if len(ring):
        far = np.setdiff1d(np.arange(1, len(outcomes)), ring)
        units, traits = (np.vstack([each, each[ring].mean(axis=0)]) for each in (outcomes, predictors))
        without, on_ring = (
            fit_mix(units, start, row=row, donors=far, predictors=traits, importance=importance).effect
            for row in (0, len(outcomes))
        )
        found.append(spill_over_finding(SpillOver(result.fit.effect, without, on_ring)))
    return sensitivity_checks.at_most_caution(found, result.inference)


def _mixed(outcomes: FloatArray, first_treated: IntArray) -> float:
    treated = first_treated < NEVER
    averaged = np.vstack([outcomes[treated].mean(axis=0), outcomes[~treated]])
    return fit_mix(averaged, int(first_treated.min())).effect


def _augmented(penalty: float | None) -> Analysis:
    """With the penalty that the reported fit chose: the checks change the data, not the method."""
    from stats.synthetic_control.augmented import augmented_synthetic_control

    def effect(outcomes: FloatArray, first_treated: IntArray) -> float:
        treated = first_treated < NEVER
        own, start = outcomes[treated].mean(axis=0), int(first_treated.min())
        return augmented_synthetic_control(own, outcomes[~treated], start, penalty=penalty).effect

    return effect


def _difference(outcomes: FloatArray, first_treated: IntArray) -> float:
    from stats.synthetic_control.synthetic_did import synthetic_did

    return synthetic_did(outcomes, first_treated).effect


def _averaged(cells: Sample) -> FloatArray:
    """The treated mean, then the controls."""
    count = len(cells.treated)
    own = np.einsum("j,jt->t", treated_weights(cells), cells.panel.outcomes[:count])
    return np.vstack([own, cells.panel.outcomes[count:]])


def _weights(cells: Sample, shares: FloatArray) -> tuple[Weight, ...]:
    """The controls with a share; those of an augmented control may be negative."""
    each = zip(cells.controls, shares, strict=True)
    return tuple(
        Weight(unit, rounded)
        for unit, share in each
        if (rounded := round(float(share), rounding.DIGITS) + 0.0) != 0
    )


def _extrapolation(weights: FloatArray) -> Finding:
    """How far the correction leaves the range of the controls: the sum of negative weights."""
    negative = float(-weights[weights < 0].sum())
    return Finding(
        "ok" if negative < EXTRAPOLATION_SMALL else "caution",
        "extrapolation",
        negative,
        f"음수 가중치의 합은 {negative:.2f}입니다. 클수록 대조 구역의 범위 밖으로 외삽한 것입니다.",
        f"Negative weights sum to {negative:.2f}: the more, the further beyond the controls it extrapolates.",
    )


def _balance(result: SyntheticControl, design: Design) -> tuple[PredictorBalance, ...]:
    treated, donors = result.predictors[0], result.predictors[1:]
    return tuple(
        PredictorBalance(
            name=predictor.name,
            periods=predictor.periods,
            importance=rounding.plain(float(result.fit.importance[index])),
            treated=rounding.plain(float(treated[index])),
            synthetic=rounding.plain(float(result.fit.weights @ donors[:, index])),
            controls=rounding.plain(float(donors[:, index].mean())),
        )
        for index, predictor in enumerate(design.predictors)
    )
