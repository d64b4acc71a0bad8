"""Pretended pilots in real data from before the pilot: which districts, which periods, which start.

Nothing is drawn but indices, so that levels, seasons, jumps and the dependence between districts and in
time are those of the data. "placebo" takes a stretch of the data as it is and gives the treatment to
districts drawn at random (or to the planned ones); "resampled" strings whole periods together in blocks
(the circular block bootstrap of Politis and Romano 1992, all districts at once), which makes more
stretches, and longer ones than there are, at the price of a seam between blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stats.arguments import plain_array
from stats.clusters.clustered import IntArray
from stats.errors import EstimationError
from stats.panel import FloatArray

Scheme = Literal["placebo", "resampled"]


@dataclass(frozen=True, eq=False)
class Pretence:
    """A pretended pilot: rows of the data (the first `treated` of them treated), columns, and the start
    among those columns."""

    rows: IntArray
    columns: IntArray
    treated: int
    start: int

    def of(self, outcomes: FloatArray) -> FloatArray:
        """Its outcomes, treated first."""
        chosen: FloatArray = outcomes[np.ix_(self.rows, self.columns)]
        return chosen


def pretences(
    shape: tuple[int, int],
    *,
    treated: int | Sequence[int],
    weeks: int,
    before: int | None = None,
    controls: Sequence[int] | None = None,
    scheme: Scheme = "placebo",
    block: int | None = None,
    simulations: int,
    rng: np.random.Generator,
) -> tuple[Pretence, ...]:
    """`simulations` pretended pilots in data of `shape` (units, periods), nobody treated in them.

    treated   how many units, drawn anew each time, or the rows of the planned ones
    weeks     periods after the start;  before: those before it, None: all there are ("placebo") or as many
              as the data have ("resampled")
    controls  rows of the pool; None: all others. With a number of treated they are drawn from it too
    block     length of the blocks; None: the cube root of twice the periods, rounded up, or 4

    Planned units and a fixed stretch leave nothing to draw; then each stretch is taken once and fewer
    pilots come back than asked for. `EstimationError` where there are too few units or periods.
    """
    units, periods = shape
    if weeks < 1 or simulations < 1:
        raise EstimationError("weeks" if weeks < 1 else "simulations", "at least one is needed")
    length = _before(periods, weeks, before, scheme)
    pool = np.arange(units) if controls is None else _rows("controls", controls, units)
    planned = None if isinstance(treated, int) else _rows("treated", treated, units)
    if planned is not None:
        pool = np.setdiff1d(pool, planned)
    count = treated if isinstance(treated, int) else 0
    if count < 0 or len(pool) - count < 2 or (planned is None and count == 0):
        raise EstimationError("treated", f"{treated} of a pool of {len(pool)} leave too few controls")
    if scheme == "resampled":
        stretches = _strung(periods, length + weeks, block, simulations, rng)
    else:
        stretches = _stretches(periods, length + weeks, simulations, rng, again=planned is None)
    made = []
    for stretch in stretches:
        if planned is None:
            order = rng.permutation(pool)
            rows = np.concatenate([np.sort(order[:count]), np.sort(order[count:])])
        else:
            rows = np.concatenate([planned, pool])
        made.append(Pretence(rows, stretch, count or len(rows) - len(pool), length))
    return tuple(made)


def _before(periods: int, weeks: int, before: int | None, scheme: Scheme) -> int:
    if scheme not in ("placebo", "resampled"):
        raise EstimationError("scheme", f"{scheme!r} is none of placebo, resampled")
    longest = periods - weeks if scheme == "placebo" else periods
    length = longest if before is None else before
    if length < 2 or (scheme == "placebo" and length > longest):
        raise EstimationError(
            "weeks", f"{periods} periods do not hold {weeks} after a start and {max(length, 2)} before it"
        )
    return length


def _rows(argument: str, rows: Sequence[int], units: int) -> IntArray:
    given = plain_array(argument, rows)
    if given.dtype.kind not in "iu" or given.ndim != 1:
        raise EstimationError(argument, "must be row numbers")
    chosen: IntArray = given.astype(np.intp)
    if not len(chosen) or len(np.unique(chosen)) < len(chosen) or chosen.min() < 0 or chosen.max() >= units:
        raise EstimationError(argument, f"must be different rows among 0 to {units - 1}, at least one")
    return chosen


def _stretches(
    periods: int, span: int, simulations: int, rng: np.random.Generator, *, again: bool
) -> IntArray:
    """Runs of `span` columns drawn at random; all of them once where none may be taken again."""
    firsts = np.arange(periods - span + 1)
    if again:
        firsts = rng.choice(firsts, simulations)
    elif len(firsts) > simulations:
        firsts = np.sort(rng.choice(firsts, simulations, replace=False))
    runs: IntArray = firsts[:, None] + np.arange(span)
    return runs


def _strung(
    periods: int, span: int, block: int | None, simulations: int, rng: np.random.Generator
) -> IntArray:
    """`span` columns each, in circular blocks."""
    size = max(4, int(np.ceil((2 * periods) ** (1 / 3)))) if block is None else block
    if not 1 <= size <= periods:
        raise EstimationError("block", f"blocks of {size} do not fit into {periods} periods")
    firsts = rng.integers(periods, size=(simulations, -(-span // size), 1))
    strung: IntArray = ((firsts + np.arange(size)) % periods).reshape(simulations, -1)[:, :span]
    return strung
