"""Which districts to treat and which to compare with: every candidate's power on the data from before.

Candidates are planned sets of treated units and pools of controls. Each pair is put through pretended
pilots in time with exactly those units (`stats.planning.power`), and they are ordered by the least effect
that would be found; size, fit and the number of pilots stand beside it. The best of many noisy figures looks
better than it is, the more so the fewer pilots there are: choose among the first few on other grounds, and
take the power that is promised from a fresh run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from stats.arguments import checked_arguments
from stats.checked import varying
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.panel import FloatArray
from stats.planning.power import Power, power
from stats.planning.power_methods import Analysis
from stats.planning.simulate import Scheme


@dataclass(frozen=True, eq=False)
class Candidate:
    """One design: rows of the treated, name and rows of the pool, and what it can find.

    detectable  least effect found with the asked probability, in the outcome's units or as a share
    distance    root mean squared difference, over all periods, of the treated mean from the pool's mean,
                both less their own level: how far they move alike without any weights
    """

    treated: tuple[int, ...]
    pool: str
    controls: tuple[int, ...]
    detectable: float | NotComputable
    distance: float
    power: Power


@checked_arguments
def search_designs(
    outcomes: FloatArray,
    *,
    treated: Sequence[Sequence[int]],
    pools: Mapping[str, Sequence[int]],
    weeks: int,
    before: int | None = None,
    method: str | Analysis = "synthetic_control",
    scheme: Scheme = "resampled",
    target: float = 0.8,
    relative: bool = False,
    alpha: float = 0.05,
    simulations: int = 200,
    seed: int,
    executor: Executor | None = None,
) -> tuple[Candidate, ...]:
    """Every treated set with every pool, the one that finds the smallest effect first.

    Units of a treated set are left out of the pool. Designs that never find anything come last. All
    candidates see the same draws of periods (`seed`), so that they differ by their units alone.
    """
    if not treated or not pools:
        raise EstimationError("pools" if treated else "treated", "there is no candidate")
    values = varying("outcomes", outcomes, 2)
    found = []
    for units in treated:
        for name, pool in pools.items():
            result = power(
                values,
                treated=units,
                weeks=weeks,
                method=method,
                before=before,
                controls=pool,
                scheme=scheme,
                alpha=alpha,
                simulations=simulations,
                rng=np.random.default_rng(seed),
                executor=executor,
            )
            controls = tuple(int(row) for row in np.setdiff1d(np.asarray(pool), np.asarray(units)))
            found.append(
                Candidate(
                    treated=tuple(units),
                    pool=name,
                    controls=controls,
                    detectable=result.minimum_detectable(target, relative=relative),
                    distance=_distance(values, units, controls),
                    power=result,
                )
            )
    return tuple(sorted(found, key=lambda candidate: (_finite(candidate.detectable), candidate.distance)))


@checked_arguments
def nearest_pools(
    outcomes: FloatArray, treated: Sequence[int], sizes: Sequence[int]
) -> dict[str, tuple[int, ...]]:
    """Pools of the units whose movements are most correlated with the treated mean's, by size.

    Units that never move are in no pool. `EstimationError` for a size that there are not units for.
    """
    values = varying("outcomes", outcomes, 2)
    if not all(0 <= row < len(values) for row in treated) or not treated:
        raise EstimationError("treated", f"must be rows, 0 to {len(values) - 1}")
    moves = values - values.mean(axis=1, keepdims=True)
    mean = moves[list(treated)].mean(axis=0)
    length = np.sqrt((moves**2).sum(axis=1) * (mean @ mean))
    others = np.setdiff1d(np.flatnonzero(length > 0), np.asarray(treated))
    correlation = moves[others] @ mean / length[others]
    order = others[np.argsort(-correlation, kind="stable")]
    for size in sizes:
        if not 2 <= size <= len(order):
            raise EstimationError("sizes", f"{size} of {len(order)} units make no pool")
    return {f"nearest {size}": tuple(int(row) for row in np.sort(order[:size])) for size in sizes}


def _distance(values: FloatArray, treated: Sequence[int], controls: Sequence[int]) -> float:
    gap = values[list(treated)].mean(axis=0) - values[list(controls)].mean(axis=0)
    return float(gap.std())


def _finite(detectable: float | NotComputable) -> float:
    return math.inf if isinstance(detectable, NotComputable) else detectable
