"""Many least-squares problems over the simplex at once, from Gram matrices.

Each problem is: minimise w'Gw / 2 - c'w + ridge |w|^2 / 2 over the shares w of the allowed donors. The
primal active-set method keeps shares that are feasible, takes the donors that promise most into the mix,
solves the equations of the donors in use, and leaves out those that would turn negative; every step lowers
the objective, so it ends after finitely many (Lawson and Hanson 1974, here with the sum as an equation and
several donors entering at once). All problems step together, so that the work is a few products and
batched solves of small matrices. In-space placebos share one Gram matrix: a unit left out of the pool is
a donor not allowed.

`nearest_mixes` starts from the numbers themselves: it polishes the shares on them, for a Gram matrix has
half the digits, checks the conditions of an optimum there, and hands what fails or is not unique to
`stats.numerics.simplex.simplex_weights`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats.clusters.clustered import IntArray
from stats.errors import EstimationError
from stats.numerics.simplex import SLACK, simplex_weights
from stats.panel import BoolArray, FloatArray

CHUNK_CELLS = 500_000
"""Numbers of one working array; fixed, so that no result depends on the machine."""
GAIN = 1e-13
"""Slope, beside the Gram matrix's diagonal, from which a donor is worth taking in."""
JITTER = 1e-13
"""Ridge, beside the diagonal, that tells donors apart while the method runs."""
ENTERING = 0.5
"""Donors whose promise is at least this share of the best one's enter together."""
MOST_ENTERING = 4
DEPENDENT = 1e10
"""Size of the inverse from which donors in use are too alike to be told apart by their products."""


def simplex_weights_batch(
    grams: FloatArray,
    linear: FloatArray,
    *,
    ridge: float | FloatArray = 0.0,
    allowed: BoolArray | None = None,
    start: FloatArray | None = None,
) -> FloatArray:
    """Shares (B x J) that minimise w'Gw / 2 - c'w + ridge |w|^2 / 2, each row on the simplex.

    grams    J x J, one for all problems, or B x J x J: positive semi-definite
    linear   B x J: c, the products of donors and target
    ridge    one for all or B: non-negative
    allowed  B x J: the donors of each problem; None: all.  start  B x J: shares to begin with

    For least squares G = YY' and c = Yt, with rows of Y (donors) and t (target) centred over time for an
    intercept. The digits are those of a Gram matrix: about half of a float's where the fit is close to
    perfect. Where several shares are equally good, one of them. `EstimationError` names the problem
    without donors.
    """
    count, donors = linear.shape
    pools = np.ones(linear.shape, dtype=bool) if allowed is None else allowed
    for problem in np.flatnonzero(~pools.any(axis=1)):
        raise EstimationError("allowed", f"problem {problem} has no donor")
    ridges = np.broadcast_to(np.asarray(ridge, dtype=np.float64), (count,))
    if not (np.isfinite(ridges).all() and (ridges >= 0).all()):
        raise EstimationError("ridge", "must be finite and not negative")
    weights = np.empty(linear.shape)
    shared = grams.ndim == 2
    for rows in _chunks(count, donors if shared else donors**2):
        begin = None if start is None else start[rows]
        gram = grams if shared else grams[rows]
        batch = _Batch(gram, linear[rows], ridges[rows], pools[rows], begin)
        batch.solve()
        weights[rows] = batch.weights
    return weights


@dataclass(frozen=True, eq=False)
class Mixes:
    """weights: B x J, shares on the simplex; unique: B, whether no other shares are as near."""

    weights: FloatArray
    unique: BoolArray


def nearest_mixes(
    targets: FloatArray,
    donors: FloatArray,
    *,
    allowed: BoolArray | None = None,
    ridge: float | FloatArray = 0.0,
    costs: FloatArray | None = None,
    intercept: bool = False,
    start: FloatArray | None = None,
) -> Mixes:
    """For each target the shares of the donors that minimise |target - w donors|^2 + ridge |w|^2 + costs w.

    targets  B x m;  donors: J x m;  the rest as for `simplex_weights_batch`
    costs      B x J, the price of a share of each donor; None: none
    intercept  whether the mix may be shifted, so that only movements about the mean over m count

    Exact to rounding, whatever the scale; where several mixes are equally near, the one of least norm (with
    costs: one of them, in which equal donors share equally).
    """
    if intercept:
        donors = donors - donors.mean(axis=1, keepdims=True)
        targets = targets - targets.mean(axis=1, keepdims=True)
    # Shares sum to one, so what all have in common cancels; without it fewer digits are lost.
    common = donors.mean(axis=0)
    donors, targets = donors - common, targets - common
    pools = np.ones((len(targets), len(donors)), dtype=bool) if allowed is None else allowed
    ridges = np.broadcast_to(np.asarray(ridge, dtype=np.float64), (len(targets),))
    prices = np.zeros(pools.shape) if costs is None else costs / 2
    gram = donors @ donors.T
    weights, unique = np.empty(pools.shape), np.empty(len(targets), dtype=bool)
    wide = max(len(donors), min(donors.shape) * donors.shape[1] // 8)
    for rows in _chunks(len(targets), wide):
        begin = None if start is None else start[rows]
        batch = _Batch(gram, targets[rows] @ donors.T - prices[rows], ridges[rows], pools[rows], begin)
        batch.solve()
        weights[rows], unique[rows] = batch.polished(donors, targets[rows], prices[rows])
    for problem in np.flatnonzero(~unique & ~prices.any(axis=1)):
        pool = np.flatnonzero(pools[problem])
        columns = (donors[pool] - targets[problem]).T
        if ridges[problem] > 0:
            columns = np.vstack([columns, np.sqrt(ridges[problem]) * np.eye(len(pool))])
        weights[problem] = 0.0
        weights[problem, pool], unique[problem] = simplex_weights(columns)
    return Mixes(weights, unique)


def mixed(weights: FloatArray, rows: FloatArray) -> FloatArray:
    """The mixes of `rows` (J x T) by sparse `weights` (B x J), B x T, in one order of summation."""
    mixes = np.empty((len(weights), rows.shape[1]))
    for part in _chunks(len(weights), rows.size // 8 + 1):
        used, present = _padded(weights[part] != 0)
        shares = np.where(present, np.take_along_axis(weights[part], used, axis=1), 0.0)
        mixes[part] = np.einsum("bk,bkt->bt", shares, rows[used])
    return mixes


def _scale(diagonals: FloatArray) -> FloatArray:
    scale: FloatArray = np.maximum(diagonals.max(axis=1), np.finfo(np.float64).tiny)
    return scale


def _padded(chosen: BoolArray) -> tuple[IntArray, BoolArray]:
    """Indices of the donors chosen, padded to one length, and which of them are meant."""
    columns = np.nonzero(chosen)[1]
    counts = chosen.sum(axis=1)
    present = np.arange(counts.max()) < counts[:, None]
    used: IntArray = np.zeros(present.shape, dtype=np.int64)
    used[present] = columns
    return used, present


def _applied(inverse: FloatArray, head: FloatArray, last: float) -> FloatArray:
    """The shares that the bordered systems give for `head` (B x k) and a sum of `last`."""
    shares: FloatArray = np.einsum("bij,bj->bi", inverse[:, :-1, :-1], head) + last * inverse[:, :-1, -1]
    return shares


def _chunks(count: int, cells: int) -> list[slice]:
    size = max(1, CHUNK_CELLS // cells)
    return [slice(first, first + size) for first in range(0, count, size)]


class _Batch:
    """Problems that step together; `passive` marks the donors in use."""

    def __init__(
        self,
        grams: FloatArray,
        linear: FloatArray,
        ridges: FloatArray,
        allowed: BoolArray,
        start: FloatArray | None,
    ) -> None:
        self.grams, self.linear, self.ridges, self.allowed = grams, linear, ridges, allowed
        self.shared = grams.ndim == 2
        diagonal = np.diagonal(grams, axis1=-2, axis2=-1) + ridges[:, None]
        self.scale = _scale(np.where(allowed, np.abs(diagonal), 0.0))
        if start is None:
            lone = np.where(allowed, diagonal / 2 - linear, np.inf).argmin(axis=1)
            self.weights = np.zeros(linear.shape)
            self.weights[np.arange(len(linear)), lone] = 1.0
        else:
            self.weights = np.where(allowed, start, 0.0)
            self.weights /= self.weights.sum(axis=1, keepdims=True)
        self.passive = self.weights > 0
        self.value = np.full(len(linear), np.inf)

    def solve(self) -> None:
        """Step all to their optimum; a problem that rounding keeps from it stops where it is."""
        stepping = np.arange(len(self.linear))
        for _ in range(20 * self.linear.shape[1] + 100):
            settled = self._step(stepping)
            stepping = np.sort(np.concatenate([stepping[~settled], self._admit(stepping[settled])]))
            if not len(stepping):
                return

    def _admit(self, problems: IntArray) -> IntArray:
        """Take in the donors that promise most; the problems in which any did."""
        if not len(problems):
            return problems
        weights, linear = self.weights[problems], self.linear[problems]
        if self.shared:
            slopes = weights @ self.grams
        else:
            slopes = np.matmul(weights[:, None, :], self.grams[problems])[:, 0]
        slopes += self.ridges[problems, None] * weights
        slopes -= linear
        common = np.einsum("bj,bj->b", weights, slopes)
        value = (common - np.einsum("bj,bj->b", weights, linear)) / 2
        gains = common[:, None] - slopes
        gains[~self.allowed[problems] | self.passive[problems]] = -np.inf
        best = gains.max(axis=1)
        least = np.maximum(ENTERING * best, GAIN * self.scale[problems])
        kth = min(MOST_ENTERING, gains.shape[1])
        least = np.maximum(least, np.partition(gains, -kth, axis=1)[:, -kth])
        # Rounding may promise what no step brings: then the value stands still, and so does the problem.
        going = (best >= least) & (value < self.value[problems])
        self.value[problems] = value
        admitted: IntArray = problems[going]
        self.passive[admitted] |= gains[going] >= least[going, None]
        return admitted

    def _step(self, problems: IntArray) -> BoolArray:
        """Move towards the optimum among the donors in use; whether it was reached."""
        used, present = self._used(problems)
        goal = self._optimum(problems, used, present)
        rows = problems[:, None]
        now = np.where(present, self.weights[rows, used], 0.0)
        falling = present & (goal <= 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(falling, now / (now - goal), np.inf)
        reach[falling & (now <= 0)] = 0.0
        length = np.minimum(reach.min(axis=1), 1.0)[:, None]
        moved = now + length * (goal - now)
        left = falling & (reach <= length)
        moved[left] = 0.0
        at, slot = np.nonzero(present)
        self.weights[problems[at], used[at, slot]] = moved[at, slot]
        at, slot = np.nonzero(left)
        self.passive[problems[at], used[at, slot]] = False
        settled: BoolArray = ~left.any(axis=1)
        return settled

    def _used(self, problems: IntArray) -> tuple[IntArray, BoolArray]:
        return _padded(self.passive[problems])

    def _optimum(self, problems: IntArray, used: IntArray, present: BoolArray) -> FloatArray:
        """The shares, of either sign, that sum to one and are best among the donors in use."""
        system = self._system(problems, used, present)
        goal = np.ones((*system.shape[:2], 1))
        towards = self.linear[problems[:, None], used] / self.scale[problems, None]
        goal[:, :-1, 0] = np.where(present, towards, 0.0)
        optimum: FloatArray = np.asarray(np.linalg.solve(system, goal)[:, :-1, 0], dtype=np.float64)
        return optimum

    def _system(self, problems: IntArray, used: IntArray, present: BoolArray) -> FloatArray:
        """The equations of the donors in use, the sum last; ones on the diagonal where none is meant."""
        if self.shared:
            inner = self.grams[used[:, :, None], used[:, None, :]]
        else:
            inner = self.grams[problems[:, None, None], used[:, :, None], used[:, None, :]]
        return self._bordered(inner, problems, present)

    def _bordered(self, inner: FloatArray, problems: IntArray, present: BoolArray) -> FloatArray:
        size = present.shape[1]
        system = np.zeros((len(problems), size + 1, size + 1))
        scale = self.scale[problems]
        inner = inner * ((present[:, :, None] & present[:, None, :]) / scale[:, None, None])
        own = np.where(present, (self.ridges[problems] / scale)[:, None] + JITTER, 1.0)
        inner[:, np.arange(size), np.arange(size)] += own
        system[:, :size, :size] = inner
        system[:, :size, size] = system[:, size, :size] = present
        return system

    def polished(
        self, donors: FloatArray, targets: FloatArray, prices: FloatArray
    ) -> tuple[FloatArray, BoolArray]:
        """The shares with the digits of the numbers themselves, and whether they are the one optimum.

        Anew from the donors in use, with one correction from slopes taken on the residuals; the shares stay
        as they were where that does not lead to the one optimum.
        """
        everyone = np.arange(len(targets))
        used, present = self._used(everyone)
        rows = donors[used] * present[:, :, None]
        # Products in one order of summation: these digits may not depend on the number of threads.
        sizes = np.einsum("jm,jm->j", donors, donors)
        self.scale = _scale(np.where(self.allowed, sizes, 0.0) + self.ridges[:, None])
        inner = np.einsum("bkm,blm->bkl", rows, rows)
        dear = prices[everyone[:, None], used] * present
        goal: FloatArray = np.einsum("bkm,bm->bk", rows, targets) - dear
        inverse: FloatArray = np.asarray(
            np.linalg.inv(self._bordered(inner, everyone, present)), dtype=np.float64
        )
        scale = self.scale[:, None]
        shares = _applied(inverse, goal / scale, 1.0)
        gaps = targets - np.einsum("bk,bkm->bm", shares, rows)
        rise: FloatArray = np.einsum("bkm,bm->bk", rows, gaps) - self.ridges[:, None] * shares - dear
        shares += _applied(inverse, rise / scale, 0.0)
        before = self.weights.copy()
        at, slot = np.nonzero(present)
        self.weights[at, used[at, slot]] = shares[at, slot]
        slopes = self._slopes(donors, targets) + prices
        common = np.einsum("bj,bj->b", self.weights, slopes)
        above = (slopes - common[:, None]) / self.scale[:, None]
        level = np.where(self.passive, np.abs(above) <= SLACK, ~self.allowed | (above > SLACK))
        # Nearly dependent donors, or one outside the mix that is as good, leave the shares open.
        told_apart = np.abs(inverse).sum(axis=2).max(axis=1) < DEPENDENT
        sure: BoolArray = level.all(axis=1) & (self.weights >= 0).all(axis=1) & told_apart
        return np.where(sure[:, None], self.weights, before), sure

    def _slopes(self, donors: FloatArray, targets: FloatArray) -> FloatArray:
        slopes: FloatArray = (self.weights @ donors - targets) @ donors.T + self.ridges[
            :, None
        ] * self.weights
        return slopes
