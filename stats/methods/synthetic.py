"""The front door's synthetic controls: classic, ridge-augmented, and synthetic difference-in-differences."""

from __future__ import annotations

import numpy as np

from stats import rounding
from stats.checks import diagnostics
from stats.checks.sensitivity import Analysis
from stats.cohorts import NEVER, IntArray
from stats.design import Design
from stats.errors import EstimationError
from stats.findings import Finding
from stats.inference import drawn, placebo_ratio
from stats.methods import sensitivity_checks
from stats.methods.parts import Parts, first_columns, observed, placebo, rms, treated_weights
from stats.missing import Sample
from stats.panel import FloatArray
from stats.results import Estimate, PredictorBalance, Weight
from stats.synthetic_control.synthetic import SyntheticControl, fit_mix, synthetic_control

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
    ]
    if not design.predictors:
        findings += sensitivity_checks.checks(cells, _mixed, result.inference)
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
    """Ridge-augmented synthetic control of the treated mean, its error ratio ranked among placebos'.

    The penalty is chosen once, for the treated, and kept for the placebos and the checks.
    With several treated units the ranks are those of single controls, which vary more than a mean does:
    the test then errs on the side of caution.
    """
    from stats.synthetic_control.augmented import augmented_synthetic_control

    outcomes, start = _averaged(cells), cells.starts[0]
    donors, holdout = outcomes[1:], -(-start // FOLDS)
    fit = augmented_synthetic_control(outcomes[0], donors, start, holdout=holdout)
    gaps = {
        unit: augmented_synthetic_control(
            donors[row], np.delete(donors, row, axis=0), start, penalty=fit.penalty
        ).gaps
        for unit, row in ((cells.controls[row], row) for row in drawn(len(donors), rng))
        if len(donors) > 2
    }
    placebos = tuple(placebo(unit, each, float(each[start:].mean()), start) for unit, each in gaps.items())
    ratios = np.array([rms(each[start:]) / max(rms(each[:start]), 1e-300) for each in gaps.values()])
    inference = placebo_ratio(fit.gaps[start:], rms(fit.gaps[:start]), ratios, alpha=design.alpha)
    return Parts(
        effect=Estimate(fit.effect, inference, design.outcome_unit),
        observed=float(fit.treated[start:].mean()),
        treated=fit.treated,
        counterfactual=fit.synthetic,
        placebos=placebos,
        weights=_weights(cells, fit.weights),
        findings=(
            diagnostics.pre_fit_share(rms(fit.gaps[:start]), outcomes[:, :start], fit.treated[:start]),
            diagnostics.placebo_count(len(placebos), design.alpha),
            *diagnostics.averaged_treated(cells),
            _extrapolation(fit.weights),
            *sensitivity_checks.checks(cells, _augmented(fit.penalty), inference, periods=False),
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
            diagnostics.placebo_count(len(errors.draws), design.alpha),
            *sensitivity_checks.checks(cells, _difference, errors.inference, periods=False),
        ),
    )


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
