"""The charts of a result: what was seen against what would have been, and how unusual that is."""

from __future__ import annotations

import math
from collections.abc import Mapping

from flask_babel import gettext

from sandbox.pilots.result import MetricRead
from sandbox.web import charts
from sandbox.web.charts import Figure
from sandbox.web.filters import pick
from sandbox.web.placebo_spread import PlaceboSpread, placebo_spread
from stats.evaluation import Evaluation
from stats.inference import PLACEBO_RATIO
from stats.results import Coefficient, Estimate, EventStudy, Inference, Interval, NotComputable


def charts_of(metric: MetricRead, names: Mapping[str, str]) -> tuple[Figure, ...]:
    """Every chart that this estimate has the numbers for; `names` are the districts' by code."""
    first = first_treated(metric.estimates)
    if first is None:
        return ()
    drawn = [paths(metric, first)]
    if metric.estimates.placebos:
        drawn += [placebos(metric, first, names), spread(metric, first, names)]
    if metric.estimates.event_study:
        drawn.append(events(metric, metric.estimates.event_study))
    return tuple(drawn)


def first_treated(estimates: Evaluation) -> str | None:
    """The first period at or after the start that the estimate rests on."""
    start = min(estimates.design.first_treated.values())
    return next((period for period in estimates.periods if period >= start), None)


def paths(metric: MetricRead, first: str) -> Figure:
    """Treated districts against their comparison."""
    synthetic = metric.estimates.design.method in ("synthetic_control", "augmented_synthetic_control")
    expected = gettext("Synthetic control") if synthetic else gettext("Expected without the pilot")
    values = charts.TwoPaths(
        periods=metric.estimates.periods,
        treated=metric.estimates.series.treated,
        counterfactual=metric.estimates.series.counterfactual,
        first_treated=first,
        value_label=_value_label(metric),
        period_label=gettext("Period"),
        treated_label=gettext("Treated districts"),
        counterfactual_label=expected,
        start_label=gettext("Pilot starts"),
    )
    return charts.figure(
        charts.treated_and_counterfactual,
        values,
        id="paths",
        title=gettext("What happened, and what would have happened without the pilot"),
        description=gettext(
            "Where the two lines lie together before the start and part after it, "
            "the gap is the estimated effect."
        ),
    )


def placebos(metric: MetricRead, first: str, names: Mapping[str, str]) -> Figure:
    """The treated gap among the gaps that the controls show."""
    each = metric.estimates.placebos
    values = charts.PlaceboGaps(
        periods=metric.estimates.periods,
        treated_gap=metric.estimates.series.gap,
        placebo_gaps={names.get(placebo.unit, placebo.unit): placebo.gaps for placebo in each},
        first_treated=first,
        value_label=gettext("Gap to the comparison (%(unit)s)", unit=pick(metric.unit, "name")),
        period_label=gettext("Period"),
        treated_label=gettext("Treated districts"),
        placebo_label=gettext("%(count)s control districts", count=len(each)),
        start_label=gettext("Pilot starts"),
    )
    return charts.figure(
        charts.placebo_gaps,
        values,
        id="placebos",
        title=gettext("Would control districts show such a gap too?"),
        description=gettext(
            "Each grey line treats one control district as if the pilot had run there. "
            "The farther the bold line leaves the grey ones, the harder it is to call the gap chance."
        ),
    )


def spread(metric: MetricRead, first: str, names: Mapping[str, str]) -> Figure:
    """The statistic that the p-value ranks, of the pilot and of every placebo, in order of size."""
    estimates = metric.estimates
    by_ratio = estimates.effect.inference.method == PLACEBO_RATIO
    found = {
        names.get(each.unit, each.unit): each.ratio if by_ratio else each.effect
        for each in estimates.placebos
    }
    if by_ratio:
        label = gettext("Error after the start, relative to the error before it")
    else:
        label = gettext("Effect (%(unit)s)", unit=pick(metric.unit, "name"))
    values = PlaceboSpread(
        treated=_ratio(estimates, first) if by_ratio else estimates.effect.value,
        placebos={name: value for name, value in found.items() if not isinstance(value, NotComputable)},
        value_label=label,
        rank_label=gettext("Rank, the smallest first"),
        name_label=gettext("District"),
        treated_label=gettext("Treated districts"),
    )
    return charts.figure(
        placebo_spread,
        values,
        id="spread",
        title=gettext("Where does the pilot stand among the placebos?"),
        description=_spread_description(estimates),
    )


def _spread_description(estimates: Evaluation) -> str:
    said = gettext(
        "Each grey point is a control district treated in pretence. The nearer the pilot stands to one "
        "end of the row, the harder it is to call its number chance."
    )
    if estimates.effect.inference.placebos == len(estimates.placebos):
        return said
    # Several treated districts are ranked among sets of as many, which the document does not keep.
    sets = gettext("The p-value itself ranks the pilot among sets of as many districts as it has.")
    return f"{said} {sets}"


def _ratio(estimates: Evaluation, first: str) -> float:
    """Root mean square of the treated gap after the start over that before it; zero where it never errs."""
    start = estimates.periods.index(first)
    before, after = (
        math.sqrt(sum(gap * gap for gap in part) / len(part)) if part else 0.0
        for part in (
            [gap for gap in estimates.series.gap[:start] if gap is not None],
            [gap for gap in estimates.series.gap[start:] if gap is not None],
        )
    )
    return after / before if before else 0.0


def events(metric: MetricRead, study: EventStudy) -> Figure:
    """Effects by time since the start, with their intervals."""
    points = {coefficient.first: coefficient for coefficient in study.coefficients}
    offsets = tuple(sorted({*points, study.reference_first}))
    bounds = {offset: _bounds(point) for offset, point in points.items()}
    zero = (0.0, None, None)
    estimates, lower, upper = zip(*(bounds.get(offset, zero) for offset in offsets), strict=True)
    values = charts.EventStudy(
        offsets=offsets,
        estimates=estimates,
        lower=lower,
        upper=upper,
        reference=study.reference_first,
        value_label=gettext("Difference to the controls (%(unit)s)", unit=pick(metric.unit, "name")),
        offset_label=gettext("Periods since the start"),
        estimate_label=gettext("Estimate"),
        lower_label=gettext("Lower end"),
        upper_label=gettext("Upper end"),
        reference_label=gettext("Reference"),
        before_label=gettext("Before"),
        after_label=gettext("After"),
    )
    return charts.figure(
        charts.event_study,
        values,
        id="events",
        title=gettext("Effect by time since the start"),
        description=_event_description(study),
    )


def _value_label(metric: MetricRead) -> str:
    return f"{pick(metric.name, 'name')} ({pick(metric.unit, 'name')})"


def _event_description(study: EventStudy) -> str:
    said = gettext(
        "Before the start the estimates should lie near zero: then treated and control districts moved "
        "alike. Each interval is for its own period alone."
    )
    pooled = any(coefficient.last > coefficient.first for coefficient in study.coefficients)
    if not pooled:
        return said
    pooling = gettext("Where periods are taken together, the point stands at the first of them.")
    return f"{said} {pooling}"


def _bounds(coefficient: Coefficient) -> tuple[float | None, float | None, float | None]:
    """Estimate and ends of its interval; None where there is none."""
    estimate = coefficient.estimate
    if not isinstance(estimate, Estimate):
        return None, None, None
    low, high = _interval(estimate.inference)
    return estimate.value, low, high


def _interval(inference: Inference) -> tuple[float | None, float | None]:
    if not isinstance(inference.interval, Interval):
        return None, None
    ends = (inference.interval.low, inference.interval.high)
    low, high = (None if math.isinf(end) else end for end in ends)
    return low, high
