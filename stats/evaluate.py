"""The front door: a panel and a design in, an evaluation out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stats import diagnostics, reasons, rounding, words
from stats.design import Design
from stats.did import Clusters, treatment, two_way
from stats.evaluation import Evaluation
from stats.event_study import event_study
from stats.findings import Finding, NotComputable
from stats.inference import Interval
from stats.missing import Sample, sample
from stats.panel import FloatArray, Panel
from stats.results import Estimate, EventStudy, Placebo, PredictorBalance, Series, Weight
from stats.rounding import Rounding
from stats.synthetic import SyntheticControl, synthetic_control

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True, eq=False)
class _Parts:
    """What the methods have in common, before rounding."""

    effect: Estimate
    observed: float
    treated: FloatArray
    counterfactual: FloatArray
    event_study: EventStudy | None
    placebos: tuple[Placebo, ...]
    weights: tuple[Weight, ...]
    predictors: tuple[PredictorBalance, ...]
    findings: list[Finding]


def evaluate(panel: Panel, design: Design, rng: np.random.Generator) -> Evaluation:
    """Run `design` on `panel`.

    `rng` draws placebos where there are more controls than are analysed; nothing else is random. The
    same panel, design and seed give the same document, whatever the order of units and the number of
    cores (see `stats.rounding`). `DesignError`, `PanelError` and `EstimationError` refuse what cannot
    be analysed, by field, cell or argument.
    """
    cells = sample(panel, design)
    parts = _METHODS[design.method](cells, design, rng)
    rounded = Rounding(float(np.nanmax(np.abs(cells.panel.outcomes))))
    effect = rounded.estimate(parts.effect)
    relative = _relative(parts.effect, parts.observed, rounded.scale)
    if isinstance(relative, Estimate):
        relative = rounding.plain_estimate(relative)
    sentence_ko, sentence_en = words.effect_sentences(effect, relative, design.outcome_unit_ko)
    findings = [*parts.findings, *diagnostics.coverage(cells)]
    return Evaluation(
        design=design,
        panel_digest=panel.digest(),
        treated=cells.treated,
        controls=cells.controls,
        periods=cells.panel.periods,
        dropped_units=cells.dropped_units,
        dropped_periods=cells.dropped_periods,
        effect=effect,
        relative_effect=relative,
        series=Series(
            rounded.series(parts.treated),
            rounded.series(parts.counterfactual),
            rounded.series(parts.treated - parts.counterfactual),
        ),
        event_study=None if parts.event_study is None else rounded.event_study(parts.event_study),
        placebos=tuple(_rounded_placebo(placebo, rounded) for placebo in parts.placebos),
        weights=parts.weights,
        predictors=parts.predictors,
        findings=diagnostics.gravest_first([rounding.finding(finding) for finding in findings]),
        sentence_ko=sentence_ko,
        sentence_en=sentence_en,
    )


def _did(cells: Sample, design: Design, rng: np.random.Generator) -> _Parts:
    clusters, start = Clusters.of(cells, design, rng), min(cells.starts)
    result = two_way(cells, clusters, alpha=design.alpha)
    study = event_study(cells, clusters, alpha=design.alpha, unit=design.outcome_unit)
    findings = [
        *diagnostics.pre_trend(study),
        diagnostics.treated_clusters(len(clusters.treated), result.inference.method),
        *diagnostics.staggered(cells),
    ]
    if result.placebos:
        findings.append(diagnostics.placebo_count(len(result.placebos), design.alpha))
    return _Parts(
        effect=Estimate(result.effect, result.inference, design.outcome_unit),
        observed=_observed(cells),
        treated=result.treated,
        counterfactual=result.counterfactual,
        event_study=study,
        placebos=tuple(
            _placebo(
                placebo.unit,
                placebo.gaps,
                placebo.effect,
                _rms(placebo.gaps[:start]),
                _rms(placebo.gaps[start:]),
            )
            for placebo in result.placebos
        ),
        weights=(),
        predictors=(),
        findings=findings,
    )


def _synthetic(cells: Sample, design: Design, rng: np.random.Generator) -> _Parts:
    result = synthetic_control(cells, design, rng)
    fit = result.fit
    findings = [
        *diagnostics.pre_fit(result, cells.panel.outcomes[:, : fit.start]),
        diagnostics.placebo_count(result.inference.placebos or len(result.placebos), design.alpha),
        *diagnostics.averaged_treated(cells),
    ]
    weights = ((unit, float(share)) for unit, share in zip(cells.controls, fit.weights, strict=True))
    return _Parts(
        effect=Estimate(fit.effect, result.inference, design.outcome_unit),
        observed=float(fit.outcomes[fit.start :].mean()),
        treated=fit.outcomes,
        counterfactual=fit.synthetic,
        event_study=None,
        placebos=tuple(
            _placebo(unit, placebo.gaps, placebo.effect, placebo.pre_rmspe, placebo.post_rmspe)
            for unit, placebo in result.placebos
        ),
        weights=tuple(
            Weight(unit, round(share, rounding.DIGITS))
            for unit, share in weights
            if round(share, rounding.DIGITS) > 0
        ),
        predictors=_balance(result, design),
        findings=findings,
    )


_METHODS: dict[str, Callable[[Sample, Design, np.random.Generator], _Parts]] = {
    "did": _did,
    "synthetic_control": _synthetic,
}


def _observed(cells: Sample) -> float:
    """Mean outcome of the treated cells, weighted as the estimate is."""
    present = treatment(cells) & ~np.isnan(cells.panel.outcomes)
    unit_weights = np.ones(len(present)) if cells.panel.weights is None else cells.panel.weights
    weights = np.where(present, unit_weights[:, None], 0.0)
    return float((weights * np.where(present, cells.panel.outcomes, 0.0)).sum() / weights.sum())


def _relative(effect: Estimate, observed: float, scale: float) -> Estimate | NotComputable:
    """The effect as a share of the counterfactual mean, observed - effect.

    The mean observed is known, so "the effect is c" and "the relative effect is c / (observed - c)" are
    the same hypothesis: the p-value stays and the interval's ends are mapped. Where the counterfactual
    reaches zero within the interval the upper end is unbounded.
    """
    if not observed - effect.value > 1e-9 * scale:
        return reasons.counterfactual_not_positive()

    def share(constant: float) -> float:
        return constant / (observed - constant) if constant < observed else math.inf

    inference = replace(effect.inference, standard_error=None, dof=None)
    interval = inference.interval
    if isinstance(interval, Interval):
        if math.isinf(interval.high):
            mapped = interval
        else:
            high = share(interval.high)
            reason = reasons.counterfactual_not_positive() if math.isinf(high) else None
            mapped = Interval(share(interval.low), high, reason)
        inference = replace(inference, interval=mapped)
    return Estimate(share(effect.value), inference, "")


def _placebo(unit: str, gaps: FloatArray, effect: float, before: float, after: float) -> Placebo:
    return Placebo(
        unit=unit,
        gaps=tuple(None if np.isnan(gap) else float(gap) for gap in gaps),
        effect=effect,
        pre_rmspe=before,
        post_rmspe=after,
        ratio=after / before if before > 0 else reasons.perfect_pre_fit(),
    )


def _rms(gaps: FloatArray) -> float:
    return float(np.sqrt(np.nanmean(gaps**2)))


def _rounded_placebo(placebo: Placebo, rounded: Rounding) -> Placebo:
    ratio = placebo.ratio
    return replace(
        placebo,
        gaps=tuple(None if gap is None else rounded.natural(gap) for gap in placebo.gaps),
        effect=rounded.natural(placebo.effect),
        pre_rmspe=rounded.natural(placebo.pre_rmspe),
        post_rmspe=rounded.natural(placebo.post_rmspe),
        ratio=ratio if isinstance(ratio, NotComputable) else rounding.plain(ratio),
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
