"""Sensitivity: the same analysis with something changed that should not matter, or should.

Any estimator serves: an `Analysis` takes outcomes and first treated periods and returns the effect. Each
check analyses again (other dates, without a control, without a period, without the neighbours) and
returns the effects as a `Variation`, which `stats.checks.sensitivity_findings` judges beside the reported
effect.

Placebo dates and leave-one-out: Abadie, Diamond, Hainmueller (2015, American Journal of Political Science
59).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.checked import indicator
from stats.cohorts import NEVER, IntArray
from stats.errors import EstimationError, StatisticsError
from stats.panel import FloatArray

Analysis = Callable[[FloatArray, IntArray], float]
"""Outcomes (n x T, NaN where missing) and first treated columns (n, `NEVER`) -> the effect."""


@dataclass(frozen=True)
class Variation:
    """Effects of repeated analyses beside the one that is reported.

    effect    the reported one
    labels    what was changed, one for each of `effects`
    refused   labels of the analyses that could not be made
    """

    effect: float
    labels: tuple[str, ...]
    effects: tuple[float, ...]
    refused: tuple[str, ...] = ()

    @property
    def farthest(self) -> tuple[str, float] | None:
        """The label and effect farthest from the reported one; None where nothing could be analysed."""
        return max(
            zip(self.labels, self.effects, strict=True),
            key=lambda one: abs(one[1] - self.effect),
            default=None,
        )


@checked_arguments
def placebo_dates(
    analysis: Analysis,
    outcomes: FloatArray,
    first_treated: npt.ArrayLike,
    *,
    shifts: Iterable[int] | None = None,
) -> Variation:
    """The effect of pretended starts, `shifts` periods before the first real one, on earlier data alone.

    Default: every start that leaves at least half of the earlier periods before it. Labels: "-3" for
    three periods earlier. `EstimationError` where a shift leaves no period before its start.
    """
    matrix, starts = _checked(outcomes, first_treated)
    first = int(starts.min())
    chosen = tuple(range(1, first // 2 + 1) if shifts is None else shifts)
    if not chosen or min(chosen) < 1 or max(chosen) >= first:
        raise EstimationError("shifts", f"must leave a period before: from 1 to {first - 1}")
    cut = matrix[:, :first]

    def shifted(shift: int) -> float:
        return analysis(cut, np.where(starts < NEVER, first - shift, NEVER))

    return _varied(analysis(matrix, starts), {f"-{shift}": shift for shift in chosen}, shifted)


@checked_arguments
def leave_one_control_out(
    analysis: Analysis,
    outcomes: FloatArray,
    first_treated: npt.ArrayLike,
    *,
    units: Sequence[str] | None = None,
) -> Variation:
    """The effect without each never-treated unit in turn; labels are `units` (n) or row numbers."""
    matrix, starts = _checked(outcomes, first_treated)
    names = _names(units, len(matrix))
    controls = np.flatnonzero(starts == NEVER)
    if len(controls) < 2:
        raise EstimationError("first_treated", "leaving one control out needs two of them")

    def without(row: int) -> float:
        kept = np.arange(len(matrix)) != row
        return analysis(matrix[kept], starts[kept])

    return _varied(analysis(matrix, starts), {names[row]: int(row) for row in controls}, without)


@checked_arguments
def leave_one_period_out(
    analysis: Analysis,
    outcomes: FloatArray,
    first_treated: npt.ArrayLike,
    *,
    periods: Sequence[str] | None = None,
) -> Variation:
    """The effect without each period in turn; labels are `periods` (T) or column numbers.

    Periods without which a unit would have none before its start, or none at all after it, are left in.
    """
    matrix, starts = _checked(outcomes, first_treated)
    width = matrix.shape[1]
    names = _names(periods, width)
    treated = starts[starts < NEVER]

    def may_go(column: int) -> bool:
        moved = treated - (treated > column)
        return bool((moved >= 1).all() and (moved < width - 1).all())

    def without(column: int) -> float:
        kept = np.arange(width) != column
        moved = np.where((starts < NEVER) & (starts > column), starts - 1, starts)
        return analysis(matrix[:, kept], moved)

    columns = {names[column]: column for column in range(width) if may_go(column)}
    return _varied(analysis(matrix, starts), columns, without)


@checked_arguments
def without_anticipation(
    analysis: Analysis, outcomes: FloatArray, first_treated: npt.ArrayLike, *, periods: int
) -> Variation:
    """The effect without the 1, 2, ... `periods` periods before each start, in which word may be out.

    With one start the periods are taken out of the panel; with several the treated units' cells go
    missing, which the analysis must be able to take.
    """
    matrix, starts = _checked(outcomes, first_treated)
    first = int(starts.min())
    if not 1 <= periods < first:
        raise EstimationError("periods", f"must leave a period before the start: from 1 to {first - 1}")
    common = len(np.unique(starts[starts < NEVER])) == 1
    columns = np.arange(matrix.shape[1])

    def without(count: int) -> float:
        if common:
            kept = (columns < first - count) | (columns >= first)
            return analysis(matrix[:, kept], np.where(starts < NEVER, first - count, NEVER))
        gone = (starts < NEVER)[:, None] & (columns >= starts[:, None] - count) & (columns < starts[:, None])
        return analysis(np.where(gone, np.nan, matrix), starts)

    return _varied(analysis(matrix, starts), {f"-{count}": count for count in range(1, periods + 1)}, without)


@dataclass(frozen=True)
class SpillOver:
    """The effect with all controls, without those in the ring, and on the ring itself."""

    effect: float
    without_ring: float
    on_ring: float


@checked_arguments
def spill_over(
    analysis: Analysis, outcomes: FloatArray, first_treated: npt.ArrayLike, ring: npt.ArrayLike
) -> SpillOver:
    """Whether the neighbours changed too: ring (n, bool) marks the controls next to treated units.

    On the ring: its units as if treated from the first real start on, against the other controls.
    `EstimationError` where the ring is empty, holds a treated unit or every control.
    """
    matrix, starts = _checked(outcomes, first_treated)
    marked = indicator("ring", ring, starts.shape)
    control = starts == NEVER
    if (marked & ~control).any():
        raise EstimationError("ring", "must mark some of the controls, and no treated unit")
    far = control & ~marked
    if not far.any():
        raise EstimationError("ring", "holds every control: none is left to compare with")
    neighbours = np.where(marked, starts.min(), NEVER)
    return SpillOver(
        effect=analysis(matrix, starts),
        without_ring=analysis(matrix[~marked], starts[~marked]),
        on_ring=analysis(matrix[control], neighbours[control]),
    )


def _varied(effect: float, places: Mapping[str, int], analysed: Callable[[int], float]) -> Variation:
    effects: dict[str, float] = {}
    refused = []
    for label, place in places.items():
        try:
            effects[label] = analysed(place)
        except StatisticsError:
            refused.append(label)
    return Variation(effect, tuple(effects), tuple(effects.values()), tuple(refused))


def _checked(outcomes: FloatArray, first_treated: npt.ArrayLike) -> tuple[FloatArray, IntArray]:
    matrix = np.array(outcomes, dtype=np.float64)
    starts = np.asarray(first_treated)
    if matrix.ndim != 2 or starts.shape != (len(matrix),) or starts.dtype.kind not in "iu":
        raise EstimationError("first_treated", "needs one column number for each row of the outcomes")
    if np.isinf(matrix).any():
        raise EstimationError("outcomes", "hold an infinity")
    if np.nanmax(matrix, initial=-np.inf) <= np.nanmin(matrix, initial=np.inf):
        raise EstimationError("outcomes", "do not vary")
    starts = np.where(starts >= matrix.shape[1], NEVER, starts)
    if not (starts < NEVER).any() or (starts < NEVER).all() or (starts < 1).any():
        raise EstimationError(
            "first_treated", "needs a treated unit, a control, and a period before each start"
        )
    return matrix, starts


def _names(labels: Sequence[str] | None, count: int) -> tuple[str, ...]:
    if labels is None:
        return tuple(str(place) for place in range(count))
    if len(labels) != count:
        raise EstimationError("labels", f"{len(labels)} of them for {count}")
    return tuple(labels)
