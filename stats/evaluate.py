"""The front door: a panel and a design in, an evaluation out."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from stats import reasons, rounding, words
from stats.arguments import LARGEST, SMALLEST
from stats.checks import diagnostics
from stats.design import Design
from stats.design_parts import COMPARISONS
from stats.errors import EstimationError
from stats.evaluation import Evaluation
from stats.findings import NotComputable
from stats.inference import Interval
from stats.methods.parts import Parts
from stats.missing import Sample, sample
from stats.panel import Panel
from stats.results import Estimate, Placebo, Series
from stats.rounding import Rounding

__all__ = ["Evaluation", "evaluate"]


def evaluate(panel: Panel, design: Design, rng: np.random.Generator) -> Evaluation:
    """Run `design` on `panel`.

    `rng` draws placebos where there are more controls than are analysed; nothing else is random. The
    same panel, design and seed give the same document, whatever the order of units and the number of
    cores (see `stats.rounding`). `DesignError`, `PanelError` and `EstimationError` refuse what cannot
    be analysed, by field, cell or argument.
    """
    cells = sample(panel, design)
    _check(cells)
    largest = float(np.nanmax(np.abs(cells.panel.outcomes)))
    centre = _centre(cells, design)
    parts = _at_level(_method(design)(_at(cells, -centre), design, rng), centre)
    # What is known of a difference of outcomes depends on how far they lie apart, not on their level.
    rounded = Rounding(float(np.nanmax(np.abs(cells.panel.outcomes - centre))))
    effect = rounded.estimate(parts.effect)
    relative = _relative(parts.effect, parts.observed, largest)
    if isinstance(relative, Estimate):
        relative = rounding.plain_estimate(relative)
    sentence_ko, sentence_en = words.effect_sentences(
        effect, relative, design.outcome_unit_ko, parts.evidence
    )
    findings = [
        *parts.findings,
        *diagnostics.coverage(cells),
        *diagnostics.gaps_with_treatment(panel, design),
    ]
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
            rounded.series((parts.treated - centre) - (parts.counterfactual - centre)),
        ),
        event_study=None if parts.event_study is None else rounded.event_study(parts.event_study),
        placebos=tuple(_rounded_placebo(placebo, rounded) for placebo in parts.placebos),
        weights=parts.weights,
        predictors=parts.predictors,
        components=tuple(
            replace(component, estimate=rounded.estimate(component.estimate))
            for component in parts.components
        ),
        evidence=parts.evidence,
        findings=diagnostics.gravest_first([rounding.finding(finding) for finding in findings]),
        sentence_ko=sentence_ko,
        sentence_en=sentence_en,
    )


def _check(cells: Sample) -> None:
    """Refuse outcomes that tell nothing, or whose squares and products double precision cannot carry."""
    outcomes, count = cells.panel.outcomes, len(cells.treated)
    most = float(np.nanmax(np.abs(outcomes)))
    if most > LARGEST or 0 < most < SMALLEST:
        beyond = f"beyond {SMALLEST:.0e} to {LARGEST:.0e}: rescale"
        raise EstimationError("outcomes", f"has magnitudes of {most:.0e}, {beyond}")
    if not np.nanmax(outcomes) > np.nanmin(outcomes):
        raise EstimationError("outcomes", "do not vary")
    controls = outcomes[count:]
    if len(controls) and not (np.nanmax(controls, axis=1) > np.nanmin(controls, axis=1)).any():
        raise EstimationError("outcomes", "of the controls do not vary: nothing tells what chance would do")


def _centre(cells: Sample, design: Design) -> float:
    """The mean outcome before the first start, for methods to which a constant in all outcomes is nothing.

    Far from zero they would lose in rounding what the outcomes differ by. Predictors may name levels.
    """
    if design.method not in (*COMPARISONS, "staggered") or design.predictors:
        return 0.0
    return float(np.nanmean(cells.panel.outcomes[:, : min(cells.starts)]))


def _at(cells: Sample, constant: float) -> Sample:
    """The sample with `constant` added to all outcomes."""
    return replace(cells, panel=replace(cells.panel, outcomes=cells.panel.outcomes + constant))


def _at_level(parts: Parts, constant: float) -> Parts:
    """The parts with `constant` added to what has the outcomes' level."""
    return replace(
        parts,
        observed=parts.observed + constant,
        treated=parts.treated + constant,
        counterfactual=parts.counterfactual + constant,
    )


def _method(design: Design) -> Callable[[Sample, Design, np.random.Generator], Parts]:
    module, function = _METHODS[design.method]
    found: Callable[[Sample, Design, np.random.Generator], Parts] = getattr(
        importlib.import_module(f"stats.methods.{module}"), function
    )
    return found


_METHODS = {
    "did": ("did", "difference_in_differences"),
    "synthetic_control": ("synthetic", "classic"),
    "augmented_synthetic_control": ("synthetic", "augmented"),
    "synthetic_did": ("synthetic", "difference"),
    "staggered": ("staggered", "staggered"),
    "interrupted": ("interrupted", "interrupted"),
    "randomised": ("randomised", "randomised"),
}
"""Module and function of each; imported when asked for, so that no method pays for another's imports."""


def _relative(effect: Estimate, observed: float, scale: float) -> Estimate | NotComputable:
    """The effect as a share of the counterfactual mean, observed - effect.

    The mean observed is known, so "the effect is c" and "the relative effect is c / (observed - c)" are
    the same hypothesis: the p-value stays and the interval's ends are mapped. Where the counterfactual
    reaches zero within the interval the upper end is unbounded. The mapping keeps order and sign where
    the counterfactual is positive, hence it has to be so without an effect too.
    """
    if not min(observed, observed - effect.value) > 1e-9 * scale:
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
