"""Designs in which every unit is seen both ways: switchback and stepped wedge.

A switchback turns treatment on and off by blocks of time, at random (Bojinov, Simchi-Levi, Zhao 2023); a
stepped wedge lets clusters cross over to treatment at random times and never back (Hussey and Hughes
2007). Both are analysed by regression with unit (and period) effects, and judged by dealing the
assignment anew as it was dealt: that needs no model of the dependence over time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.checked import finite, indicator, varying
from stats.clusters.clustered import IntArray
from stats.clusters.clustered_regression import codes
from stats.clusters.reassignment import can_be_dealt, reassigned
from stats.errors import EstimationError
from stats.inference import Inference
from stats.numerics.fixed_effects import TwoWay, regress
from stats.panel import FloatArray
from stats.trials.assignment import Coins, Mechanism, Permuted, switchback_blocks
from stats.trials.randomisation import randomisation_test

Tossed = Literal["coins", "balanced"]


@dataclass(frozen=True)
class Crossover:
    """The effect while treated, per cell, and its inference by re-assignment; `cells` were used."""

    estimate: float
    inference: Inference
    cells: int


@checked_arguments
def switchback(
    outcomes: FloatArray,
    treated: npt.ArrayLike,
    *,
    length: int,
    rng: np.random.Generator,
    alpha: float = 0.05,
    together: bool = False,
    tossed: Tossed = "coins",
    washout: int = 0,
) -> Crossover:
    """Treatment switched by blocks of `length` periods.

    outcomes  n x T;  treated  n x T, constant within blocks
    together  all units switch at once: only time tells treated from not, so periods have no effects
    tossed    "coins": a fair coin for each block; "balanced": as many treated blocks per unit as there were
    washout   periods at the start of each block that are left out, long enough for the previous block's
              effect to fade; the estimate is then free of carry-over

    The effect is the coefficient with unit effects and, unless `together`, period effects. `EstimationError`
    refuses treatment that changes within a block, and a washout that leaves nothing of a block.
    """
    y = varying("outcomes", outcomes, 2)
    n, periods = y.shape
    chosen = indicator("treated", treated, y.shape)
    if tossed not in get_args(Tossed):
        raise EstimationError("tossed", f"must be one of {', '.join(get_args(Tossed))}, not {tossed!r}")
    if not 0 <= washout < length:
        raise EstimationError("washout", f"must leave something of a block of {length}, not {washout}")
    blocks = switchback_blocks(n, periods, length, together=together)
    kept = np.flatnonzero(np.arange(periods) % length >= washout)
    if chosen.astype(np.int64).ravel()[np.unique(blocks, return_index=True)[1]][blocks].tolist() != (
        chosen.astype(np.int64).tolist()
    ):
        raise EstimationError("treated", f"changes within a block of {length} periods")
    y, chosen, blocks = y[:, kept], chosen[:, kept], blocks[:, kept]
    labels = chosen.astype(np.int64).ravel()
    units = np.repeat(np.arange(n), len(kept))
    mechanism: Mechanism
    if tossed == "coins":
        mechanism = Coins(labels, clusters=blocks.ravel())
    else:
        mechanism = Permuted(
            labels, clusters=blocks.ravel(), blocks=None if together else units.astype(np.int64)
        )
    effects = _dummies(units, n)
    if not together:
        effects = np.hstack([effects, _dummies(np.tile(np.arange(len(kept)), n), len(kept))])
    inference = randomisation_test(y.ravel(), mechanism, rng=rng, alpha=alpha, controls=effects)
    columns = np.column_stack([labels, np.ones(len(labels)), effects])
    found = np.linalg.lstsq(columns, y.ravel(), rcond=None)[0]
    return Crossover(float(found[0]), inference, y.size)


@checked_arguments
def stepped_wedge(
    outcomes: FloatArray,
    first_treated: npt.ArrayLike,
    *,
    rng: np.random.Generator,
    alpha: float = 0.05,
    clusters: npt.ArrayLike | None = None,
) -> Crossover:
    """Clusters cross over to treatment at random times.

    outcomes       n x T, NaN where there is no reading
    first_treated  n, column of the first treated period; T or more for units that never cross over
    clusters       n labels of what crossed over together, or None: each unit for itself

    The effect is the two-way coefficient (constant effects; with effects that grow, use the group-time
    estimators), the crossover times are dealt anew to all clusters.
    """
    y = np.asarray(outcomes, dtype=np.float64)
    starts = np.asarray(first_treated)
    if y.ndim != 2 or starts.shape != (len(y),) or starts.dtype.kind not in "iu":
        raise EstimationError("first_treated", "must be whole numbers, one per unit of an n x T panel")
    if (starts < 1).any():
        row = int(np.argmax(starts < 1))
        raise EstimationError("first_treated", f"unit {row} has no period before its start")
    present = ~np.isnan(y)
    finite("outcomes", np.where(present, y, 0.0), 2)
    if present.any():
        varying("outcomes", y[present], 1)
    if not present.any(axis=1).all():
        raise EstimationError("outcomes", f"unit {int(np.argmin(present.any(axis=1)))} has no reading")
    treated = np.arange(y.shape[1]) >= starts[:, None]
    cluster: IntArray = np.arange(len(y)) if clusters is None else codes("clusters", clusters, len(y))
    if not can_be_dealt(treated, cluster):
        raise EstimationError("clusters", "the units of a cluster must cross over together")
    effects = TwoWay.of(present)
    regression = regress(effects, y, treated.astype(np.float64)[None])
    pool = tuple(sorted({*range(int(cluster.max()) + 1)} - {*cluster[treated.any(axis=1)].tolist()}))
    inference = reassigned(effects, y, treated, cluster, pool, alpha=alpha, rng=rng)
    return Crossover(float(regression.coefficients[0]), inference, int(present.sum()))


def _dummies(codes: npt.NDArray[np.intp], levels: int) -> FloatArray:
    """Of every level but the first."""
    columns: FloatArray = (codes[:, None] == np.arange(1, levels)).astype(np.float64)
    return columns
