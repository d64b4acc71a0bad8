"""What a result carries beside its main figures: parts of the effect, checks, predictors, how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext, lazy_gettext

from sandbox.pilots.result import MetricRead, Result
from sandbox.web import drawing, words
from sandbox.web.filters import pick
from stats.evaluation import Evaluation
from stats.results import Component, Estimate, Finding, Inference, Interval, NotComputable

_ = lazy_gettext

DECIMALS_OF_SHARES = 1
SMALLEST_P_VALUE = 0.001

SENSITIVITY = frozenset(
    {
        "anticipation",
        "breakdown",
        "breakdown_smoothness",
        "extrapolation",
        "imputation",
        "leave_one_control_out",
        "leave_one_period_out",
        "placebo_dates",
        "placebo_outcomes",
        "spill_over",
    }
)
"""Checks that say how far the estimate would move; the others say whether it may be believed at all."""

INFERENCES = {
    "cr1": _("Clustered standard errors"),
    "cr2_satterthwaite": _("Clustered standard errors for few clusters (CR2, Satterthwaite)"),
    "placebo_difference": _("Rank among controls treated in pretence"),
    "placebo_rmspe_ratio": _("Rank of the error ratio among controls treated in pretence"),
    "placebo_assignments": _("Rank among controls treated in pretence, as many at a time as the pilot has"),
    "placebo_sets": _("Rank among sets of as many districts as the pilot has, dealt from all"),
    "randomisation": _("The treatment dealt anew as it was dealt (randomisation inference)"),
    "synthetic_did_placebo_rank": _(
        "Rank among controls treated in pretence, as many at a time as the pilot has"
    ),
    "reassigned_starts": _("The starts given to other districts in pretence"),
    "ar1": _("Regression with autoregressive errors"),
    "newey_west": _("Autocorrelation-robust standard errors (Newey-West)"),
    "reassignment": _("The starts dealt anew as they were dealt (randomisation inference)"),
    "influence_function_normal": _("Standard errors from influence functions"),
    "group_time_satterthwaite": _("Standard errors corrected for few districts (Satterthwaite)"),
    "group_time_influence_normal": _("Standard errors from influence functions"),
}
COMPONENTS = {
    "cohort": _("Districts that started in %(label)s"),
    "level": _("Change of level at the start"),
    "slope": _("Change of slope, per period"),
    "site": _("Site %(label)s"),
}


@dataclass(frozen=True)
class Diagnostic:
    """A check on the assumptions; `level` is a tag."""

    level: tuple[str, str]
    sentence: str
    in_order: bool


@dataclass(frozen=True)
class Checks:
    """Checks that say whether the comparison may be believed, gravest first, and how far it would move."""

    of_trust: tuple[Diagnostic, ...]
    of_sensitivity: tuple[Diagnostic, ...]


Row = tuple[str, ...]


def checks(result: Result) -> Checks:
    """Checks of the comparison and of how its readings came; of the guardrails' what stands out."""
    found = result.primary.estimates.findings
    trust = (each for each in found if each.code not in SENSITIVITY)
    theirs = (
        _named(read.metric, each)
        for read in result.guardrails
        for each in read.metric.collection
        if each.level != "ok"
    )
    return Checks(
        (*map(diagnostic, trust), *map(diagnostic, result.primary.collection), *theirs),
        tuple(diagnostic(each) for each in found if each.code in SENSITIVITY),
    )


def diagnostic(finding: Finding) -> Diagnostic:
    return Diagnostic(
        words.status("diagnostic", finding.level), pick(finding, "sentence"), finding.level == "ok"
    )


def components(estimates: Evaluation) -> tuple[Row, ...]:
    """Parts of the effect as rows: what, estimate, interval or why there is none."""
    places = max((decimals(each.estimate) for each in estimates.components), default=0)
    return tuple(
        (
            _part(each),
            drawing.number(each.estimate.value, places),
            interval(each.estimate.inference, places),
        )
        for each in estimates.components
    )


def predictors(estimates: Evaluation, names: Mapping[str, str]) -> tuple[Row, ...]:
    """Predictors as rows: which, over which periods, treated, synthetic, all controls, importance."""
    return tuple(
        (
            names.get(each.name, each.name),
            each.periods[0] if len(each.periods) == 1 else f"{each.periods[0]} – {each.periods[-1]}",
            *(drawing.number(number) for number in (each.treated, each.synthetic, each.controls)),
            percent(each.importance),
        )
        for each in estimates.predictors
    )


def uncertainty(inference: Inference) -> str:
    """How interval and p-value came about."""
    told = [str(INFERENCES.get(inference.method, inference.method))]
    if inference.standard_error is not None:
        told.append(gettext("standard error %(error)s", error=drawing.number(inference.standard_error)))
    if inference.dof is not None:
        told.append(gettext("%(dof)s degrees of freedom", dof=drawing.number(inference.dof, 1)))
    return ", ".join(told)


def left_out(estimates: Evaluation, names: Mapping[str, str]) -> tuple[str, ...]:
    """What the plan's policy on missing readings took out, in words."""
    units = ", ".join(names.get(unit, unit) for unit in estimates.dropped_units)
    periods = ", ".join(estimates.dropped_periods)
    told = (
        (units, gettext("Districts left out for missing readings: %(names)s", names=units)),
        (periods, gettext("Periods left out for missing readings: %(names)s", names=periods)),
    )
    return tuple(said for named, said in told if named)


def decimals(estimate: Estimate) -> int:
    """Decimals that give estimate and interval alike, three digits to the largest of them."""
    found = estimate.inference.interval
    ends = (found.low, found.high) if isinstance(found, Interval) else ()
    largest = max(abs(value) for value in (estimate.value, *ends) if not math.isinf(value))
    magnitude = math.floor(math.log10(largest)) if largest else 0
    return min(max(2 - magnitude, 0), 6)


def interval(inference: Inference, places: int | None) -> str:
    """From one end to the other, a share in per cent where no decimals are given; or why there is none."""
    found = inference.interval
    if isinstance(found, NotComputable):
        return pick(found, "sentence")
    if math.isinf(found.low) and math.isinf(found.high):
        return gettext("without limits")
    low, high = (_end(end, places) for end in (found.low, found.high))
    return gettext("%(low)s to %(high)s", low=low, high=high)


def percent(share: float) -> str:
    return f"{drawing.number(100 * share, DECIMALS_OF_SHARES)}%"


def _part(component: Component) -> str:
    name = COMPONENTS.get(component.kind)
    return str(name) % {"label": component.label} if name else f"{component.kind} {component.label}".strip()


def _end(value: float, places: int | None) -> str:
    if math.isinf(value):
        return gettext("no limit")
    return percent(value) if places is None else drawing.number(value, places)


def _named(read: MetricRead, finding: Finding) -> Diagnostic:
    said = diagnostic(finding)
    return Diagnostic(said.level, f"{pick(read.name, 'name')}: {said.sentence}", said.in_order)
