"""Shares on the simplex that the data before the start cannot tell from the estimate, and what they predict.

The in-sample part of the prediction intervals of Cattaneo, Feng and Titiunik (2021). The extremes of a
linear prediction over the part of the simplex inside an ellipsoid lie where it touches: for a multiplier s
the prediction is traded against the ellipsoid's form, a programme on the simplex, and s is raised until
the form is zero. All draws, periods and sides step together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from stats.clusters.clustered import IntArray
from stats.errors import EstimationError
from stats.numerics.simplex_batch import simplex_weights_batch
from stats.panel import BoolArray, FloatArray

NotApart = Literal["type-1", "type-2"]

IN_USE = 1e-6
"""A share from which a donor counts as used."""
TOO_LITTLE, DOUBTFUL = 0.001, 0.05
"""scpi's rule: a rho below the first gives way to the larger of both types, below the second to the most."""
TENFOLDS, STEPS = 18, 40
"""How far the multiplier is raised, in powers of ten, and how often it is then narrowed."""
NEAR = 1e-7
"""Form, beside its own size, that counts as zero."""


@dataclass(frozen=True, eq=False)
class ShareBounds:
    """rho; apart: J, whether a share is above it; floor: J, below which no share may fall."""

    rho: float
    apart: BoolArray
    floor: FloatArray


def share_bounds(
    weights: FloatArray,
    residuals: FloatArray,
    donors: FloatArray,
    rule: NotApart | float,
    largest: float,
) -> ShareBounds:
    """Which shares (J) count as zero, from T0 residuals and T0 x J donors."""
    if isinstance(rule, str):
        rho = min(_rho(weights, residuals, donors, rule), largest)
        if rho < TOO_LITTLE:
            both = [min(_rho(weights, residuals, donors, kind), 0.2) for kind in ("type-1", "type-2")]
            rho = max(both) if max(both) >= DOUBTFUL else largest
    else:
        rho = float(rule)
    apart: BoolArray = weights > rho
    if not apart.any():
        apart = weights == weights.max()
    return ShareBounds(rho, apart, np.where(weights < rho, weights, 0.0))


def _rho(weights: FloatArray, residuals: FloatArray, donors: FloatArray, kind: str) -> float:
    periods, count = donors.shape
    spread = donors.std(axis=0, ddof=1)
    if not spread.min() > 0:
        raise EstimationError("donors", f"number {int(spread.argmin())} never varies before the start")
    if kind == "type-1":
        factor = residuals.std() / spread.min()
    elif kind == "type-2":
        factor = residuals.std() * spread.max() / spread.min() ** 2
    else:
        raise EstimationError("not_apart", f"{kind!r} is none of type-1, type-2")
    used = float((weights >= IN_USE).sum())
    return float(factor * np.sqrt(np.log(count) * used * np.log(periods) / periods))


def extremes(
    form: FloatArray,
    spread: FloatArray,
    weights: FloatArray,
    floor: FloatArray,
    ahead: FloatArray,
    *,
    simulations: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """The least and the most (simulations x n each) of p'(w - x) over the shares x not told from w.

    form J x J, Q;  spread J x J, variance of G;  ahead n x J, the p
    """
    values, vectors = np.linalg.eigh(spread)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    pulls = rng.normal(size=(simulations, len(weights))) @ root
    shape = simulations, len(ahead), len(weights)
    pull = np.broadcast_to(pulls[:, None], shape).reshape(-1, len(weights))
    sides = []
    for sign in (1.0, -1.0):
        goals = sign * np.broadcast_to(ahead[None], shape).reshape(-1, len(weights))
        shares = _farthest(form, pull, weights, floor, goals)
        sides.append(np.einsum("bj,bj->b", sign * goals, weights - shares).reshape(shape[:2]))
    return sides[0], sides[1]


def _farthest(
    form: FloatArray, pulls: FloatArray, weights: FloatArray, floor: FloatArray, goals: FloatArray
) -> FloatArray:
    """For each row the shares x above the floor, with (x - w)'Q(x - w) <= 2 G'(x - w), that have most of
    the goal: B x J."""
    room = 1.0 - float(floor.sum())
    if not room > IN_USE:
        return np.repeat(weights[None], len(goals), axis=0)
    base = room * (pulls + form @ (weights - floor))
    gram = room**2 * form

    def shares(rows: IntArray, multiplier: FloatArray) -> FloatArray:
        inner = simplex_weights_batch(gram, base[rows] + room * multiplier[:, None] * goals[rows])
        found: FloatArray = floor + room * inner
        return found

    def outside(rows: IntArray, found: FloatArray) -> FloatArray:
        away = found - weights
        value: FloatArray = np.einsum("bj,bj->b", away @ form, away) - 2 * np.einsum(
            "bj,bj->b", away, pulls[rows]
        )
        return value

    every = np.arange(len(goals))
    size = float(np.abs(form).max()) / np.maximum(np.abs(goals).max(axis=1), np.finfo(float).tiny)
    inner, outer = np.zeros(len(goals)), np.full(len(goals), np.inf)
    best = shares(every, inner)
    inside_value = outside(every, best)
    outside_value = np.full(len(goals), np.inf)
    raising = every
    for power in range(TENFOLDS):
        tried = size[raising] * 10.0 ** (power - TENFOLDS // 2 - 3)
        found = shares(raising, tried)
        value = outside(raising, found)
        over = value > 0
        within = raising[~over]
        inner[within], inside_value[within], best[within] = tried[~over], value[~over], found[~over]
        outer[raising[over]], outside_value[raising[over]] = tried[over], value[over]
        raising = within
        if not len(raising):
            break
    scale = NEAR * np.abs(pulls * weights).sum(axis=1).clip(min=float(np.abs(form).max()) * 1e-9)
    open_ = np.flatnonzero(np.isfinite(outer))
    for step in range(STEPS):
        if not len(open_):
            break
        low, high = inner[open_], outer[open_]
        # False position, every third time the middle, lest one end stand still.
        apart = outside_value[open_] - inside_value[open_]
        share = np.divide(-inside_value[open_], apart, out=np.full(len(open_), 0.5), where=apart > 0)
        middle = 0.5 if step % 3 == 2 else np.clip(share, 0.02, 0.98)
        tried = low + (high - low) * middle
        found = shares(open_, tried)
        value = outside(open_, found)
        over = value > 0
        within = open_[~over]
        inner[within], inside_value[within], best[within] = tried[~over], value[~over], found[~over]
        outer[open_[over]], outside_value[open_[over]] = tried[over], value[over]
        settled = (np.abs(value) <= scale[open_]) | (outer[open_] - inner[open_] <= NEAR * outer[open_])
        best[open_[settled]] = found[settled]
        open_ = open_[~settled]
    return best
