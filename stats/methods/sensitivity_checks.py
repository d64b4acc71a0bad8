"""The sensitivity checks that every comparison with controls gets, as findings beside the estimate."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from stats.checks.sensitivity import (
    Analysis,
    leave_one_control_out,
    leave_one_period_out,
    placebo_dates,
)
from stats.checks.sensitivity_findings import (
    leave_one_control_out_finding,
    leave_one_period_out_finding,
    placebo_dates_finding,
)
from stats.errors import StatisticsError
from stats.findings import Finding
from stats.inference import Inference
from stats.methods.parts import first_columns
from stats.missing import Sample

MOST_DATES = 10
"""Pretended starts, spread evenly over the second half of the time before the start."""


def checks(cells: Sample, analysis: Analysis, inference: Inference, *, periods: bool = True) -> list[Finding]:
    """Placebo dates, leaving out one control and one period; nothing where units count unequally.

    periods: whether periods are left out, too, for an analysis that is quick. A check that the panel is too
    small for is left out. Where `inference` leaves zero open there is no conclusion that could fall, so that
    changes as a share of the estimate are a caution at most.
    """
    if cells.panel.weights is not None:
        return []
    outcomes, first = cells.panel.outcomes, first_columns(cells)
    units, columns = cells.panel.units, cells.panel.periods
    found = []
    with suppress(StatisticsError):
        dates = placebo_dates(analysis, outcomes, first, shifts=_shifts(cells))
        found.append(placebo_dates_finding(dates))
    with suppress(StatisticsError):
        found.append(
            leave_one_control_out_finding(leave_one_control_out(analysis, outcomes, first, units=units))
        )
    if periods:
        with suppress(StatisticsError):
            each = leave_one_period_out(analysis, outcomes, first, periods=columns)
            found.append(leave_one_period_out_finding(each))
    if inference.excludes_zero:
        return found
    return [replace(one, level="caution") if one.level == "fail" else one for one in found]


def _shifts(cells: Sample) -> list[int]:
    most = max(min(cells.starts) // 2, 1)
    return sorted({round(shift) for shift in np.linspace(1, most, min(most, MOST_DATES))})
