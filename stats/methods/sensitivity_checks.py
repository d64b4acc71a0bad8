"""The sensitivity checks that every comparison with controls gets, as findings beside the estimate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from stats import reasons
from stats.checks.balance import balance, balance_finding
from stats.checks.sensitivity import (
    Analysis,
    leave_one_control_out,
    leave_one_period_out,
    placebo_dates,
    spill_over,
    without_anticipation,
)
from stats.checks.sensitivity_findings import (
    anticipation_finding,
    leave_one_control_out_finding,
    leave_one_period_out_finding,
    placebo_dates_finding,
    spill_over_finding,
)
from stats.design import Design
from stats.errors import StatisticsError
from stats.findings import Finding, Level
from stats.inference import Inference
from stats.methods.parts import before_the_start, first_columns
from stats.missing import Sample
from stats.panel import FloatArray

MOST_DATES = 10
"""Pretended starts, spread evenly over the second half of the time before the start."""


def checks(
    cells: Sample, design: Design, analysis: Analysis, inference: Inference, *, periods: bool = True
) -> list[Finding]:
    """Placebo dates, leaving out one control and one period, and what the design asks besides.

    That is: neighbours, and periods that may have reacted early ("staggered" leaves them out of its
    reference). Where units count unequally a caution stands in place of each.

    periods: whether periods are left out, too, for an analysis that is quick. A check that the panel is too
    small for is left out. Where `inference` leaves zero open there is no conclusion that could fall, so that
    changes as a share of the estimate are a caution at most.
    """
    if cells.panel.weights is not None:
        return _unweighted(design, periods=periods)
    found = [*_changed(cells, analysis, periods=periods), *_asked(cells, design, analysis)]
    return at_most_caution(found, inference)


def _unweighted(design: Design, *, periods: bool) -> list[Finding]:
    """The checks that are left out where units have weights, each with that reason."""
    reason = reasons.not_with_weights()
    codes = ["placebo_dates", "leave_one_control_out"]
    codes += ["leave_one_period_out"] if periods else []
    codes += ["spill_over"] if design.neighbours else []
    codes += ["anticipation"] if design.anticipation and design.method != "staggered" else []
    return [Finding("caution", code, reason, reason.sentence_ko, reason.sentence_en) for code in codes]


def at_most_caution(found: list[Finding], inference: Inference) -> list[Finding]:
    """The findings as they are where `inference` leaves zero out, else none graver than a caution."""
    if inference.excludes_zero:
        return found
    return [replace(one, level="caution") if one.level == "fail" else one for one in found]


def balanced(cells: Sample, weights: FloatArray | None = None, *, worst: Level = "caution") -> list[Finding]:
    """How alike outcomes and covariates were before the start, the controls weighted by `weights` (J).

    worst: "caution" where a difference in level that stays the same does no harm. Left out with one control.
    """
    count, own = len(cells.treated), cells.panel.weights
    shares = np.ones(len(cells.panel.units)) if own is None else own.copy()
    if weights is not None:
        shares[count:] = weights
    treated = np.arange(len(shares)) < count
    with suppress(StatisticsError):
        return [balance_finding(balance(before_the_start(cells), treated, shares), worst=worst)]
    return []


def _changed(cells: Sample, analysis: Analysis, *, periods: bool) -> Iterator[Finding]:
    outcomes, first = cells.panel.outcomes, first_columns(cells)
    units, columns = cells.panel.units, cells.panel.periods
    with suppress(StatisticsError):
        yield placebo_dates_finding(placebo_dates(analysis, outcomes, first, shifts=_shifts(cells)))
    with suppress(StatisticsError):
        each = leave_one_control_out(analysis, outcomes, first, units=units)
        yield leave_one_control_out_finding(each)
    if periods:
        with suppress(StatisticsError):
            each = leave_one_period_out(analysis, outcomes, first, periods=columns)
            yield leave_one_period_out_finding(each)


def _asked(cells: Sample, design: Design, analysis: Analysis) -> Iterator[Finding]:
    outcomes, first = cells.panel.outcomes, first_columns(cells)
    ring = np.isin(cells.panel.units, design.neighbours)
    if ring.any():
        with suppress(StatisticsError):
            yield spill_over_finding(spill_over(analysis, outcomes, first, ring))
    if design.anticipation and design.method != "staggered":
        with suppress(StatisticsError):
            early = without_anticipation(analysis, outcomes, first, periods=design.anticipation)
            yield anticipation_finding(early)


def _shifts(cells: Sample) -> list[int]:
    most = max(min(cells.starts) // 2, 1)
    return sorted({round(shift) for shift in np.linspace(1, most, min(most, MOST_DATES))})
