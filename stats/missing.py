"""From the panel and the design to the cells that are analysed, by the policy the design chose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats.design import Design
from stats.errors import PanelError
from stats.panel import OUTCOME, BoolArray, Panel


@dataclass(frozen=True)
class Sample:
    """What is analysed: `panel` holds the treated units, then the controls, each sorted by label.

    starts: index of the first treated period of each treated unit among the periods kept; where the
    start itself was dropped, the next one kept. coverage: share of the cells of the design's units
    that hold a reading, before the policy.
    """

    panel: Panel
    treated: tuple[str, ...]
    starts: tuple[int, ...]
    controls: tuple[str, ...]
    dropped_units: tuple[str, ...]
    dropped_periods: tuple[str, ...]
    coverage: float


def sample(panel: Panel, design: Design) -> Sample:
    """Apply `design.missing` to the cells of the design's units.

    `DesignError` where the panel does not serve the design; `PanelError` names the first missing cell
    under "refuse", and what ran out (treated units, controls, periods before or after the start)
    where the policy leaves too little.
    """
    design.check(panel)
    # In one order whatever the design's, so that not even the last digit depends on it.
    chosen = panel.rows((*sorted(design.treated), *sorted(design.controls)))
    coverage = float(np.mean(~np.isnan(chosen.outcomes)))
    kept = _POLICIES[design.missing](chosen, design)
    treated = tuple(unit for unit in sorted(design.treated) if unit in kept.units)
    controls = tuple(unit for unit in sorted(design.controls) if unit in kept.units)
    if not treated or not (controls or design.may_lack_controls):
        role = "controls" if treated else "treated units"
        raise PanelError("missing", f"the policy {design.missing} leaves no {role}")
    starts = _starts(panel, kept, design, treated)
    return Sample(
        panel=kept,
        treated=treated,
        starts=starts,
        controls=controls,
        dropped_units=tuple(unit for unit in chosen.units if unit not in kept.units),
        dropped_periods=tuple(period for period in panel.periods if period not in kept.periods),
        coverage=coverage,
    )


def _refuse(panel: Panel, design: Design) -> Panel:
    for argument, missing in _needed(panel, design):
        if missing.any():
            row, column = (int(place) for place in np.argwhere(missing)[0])
            raise PanelError(
                argument,
                "the cell is missing and the policy is refuse",
                unit=panel.units[row],
                period=panel.periods[column],
            )
    return panel


def _drop_unit(panel: Panel, design: Design) -> Panel:
    needed = [missing for _, missing in _needed(panel, design)]
    whole = [
        unit for row, unit in enumerate(panel.units) if not any(missing[row].any() for missing in needed)
    ]
    if not whole:
        raise PanelError("missing", "the policy drop_unit leaves no unit: each has a gap")
    return panel.rows(whole)


def _drop_period(panel: Panel, design: Design) -> Panel:
    missing = np.isnan(panel.outcomes)
    whole = [period for column, period in enumerate(panel.periods) if not missing[:, column].any()]
    if not whole:
        raise PanelError("missing", "the policy drop_period leaves no period: each has a gap")
    for period in (period for predictor in design.predictors for period in predictor.periods):
        if period not in whole:
            raise PanelError("predictors", "needs a period that the policy drop_period drops", period=period)
    return _refuse(panel.columns(whole), design)


def _available(panel: Panel, design: Design) -> Panel:
    """Without what says nothing: treated units without a cell on each side, controls with one cell, and
    periods without any."""
    present = ~np.isnan(panel.outcomes)
    starts = design.starts(panel.periods)

    def speaks(row: int, unit: str) -> bool:
        if unit not in starts:
            return bool(present[row].sum() > 1)
        return bool(present[row, : starts[unit]].any() and present[row, starts[unit] :].any())

    units = [unit for row, unit in enumerate(panel.units) if speaks(row, unit)]
    if not units:
        raise PanelError("missing", "the policy available leaves no unit with two cells")
    rows = panel.rows(units)
    seen = ~np.isnan(rows.outcomes)
    return rows.columns([period for column, period in enumerate(rows.periods) if seen[:, column].any()])


_POLICIES = {
    "refuse": _refuse,
    "drop_unit": _drop_unit,
    "drop_period": _drop_period,
    "available": _available,
}


def _needed(panel: Panel, design: Design) -> list[tuple[str, BoolArray]]:
    """The missing cells of everything the design reads: outcomes, and covariates where predictors look."""
    needed = [("outcomes", np.isnan(panel.outcomes))]
    for predictor in design.predictors:
        if predictor.name != OUTCOME:
            looked_at = np.isin(panel.periods, predictor.periods)
            missing = np.isnan(panel.covariates[predictor.name]) & looked_at
            needed.append((f"covariates.{predictor.name}", missing))
    return needed


def _starts(panel: Panel, kept: Panel, design: Design, treated: tuple[str, ...]) -> tuple[int, ...]:
    starts = []
    for unit in treated:
        before = set(panel.periods[: panel.periods.index(design.first_treated[unit])])
        start = sum(period in before for period in kept.periods)
        if start == len(kept.periods) or (start == 0 and before):
            side = "before" if start == 0 else "after"
            raise PanelError(
                "missing", f"the policy {design.missing} leaves no period {side} the start", unit=unit
            )
        starts.append(start)
    return tuple(starts)
