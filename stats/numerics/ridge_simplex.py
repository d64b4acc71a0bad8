"""Ridge least squares over the simplex, many problems at once, where nearly every share is in use.

Minimise |F'w|^2 / 2 - c'w + sum_j d_j w_j^2 / 2 over shares w: with every d_j well above zero the
solution is spread over many donors, and adding them one by one, as an active-set method does, is the
slow way to it. Here all donors that would turn negative leave and all that would help enter together
(the primal-dual active set of Hintermueller, Ito and Kunisch 2002, a Newton method on the conditions of
an optimum), which settles in some five to ten steps whatever the number of donors. A step costs one
system of the rank of F, by Woodbury's identity. It ends at the exact optimum or not at all: problems
that do not settle go to the finite method of `stats.numerics.simplex_batch`.
"""

from __future__ import annotations

import numpy as np

from stats.errors import EstimationError
from stats.numerics.simplex_batch import simplex_weights_batch
from stats.panel import BoolArray, FloatArray

CHUNK_CELLS = 2_000_000
"""Numbers of one working array; fixed, so that no result depends on the machine."""
STEPS = 40
"""Newton steps before a problem counts as not settling; five to ten are usual."""
SLACK = 1e-11
"""Share (or slope, beside the largest) below zero that is rounding."""
LEAST_RIDGE = 1e-7
"""Smallest ridge, beside the mean square of a donor, for which Woodbury's identity keeps enough digits."""


def ridge_simplex_batch(
    factors: FloatArray, linear: FloatArray, ridge: FloatArray, *, allowed: BoolArray | None = None
) -> FloatArray:
    """Shares (B x J), each row on the simplex, of the B problems with c = a row of `linear`.

    factors  J x r: row j is donor j (its outcomes, centred for an intercept, or any square root of the
             donors' Gram matrix);  linear  B x J;  ridge  B x J, d above: positive where allowed
    allowed  B x J: the donors of each problem; None: all

    `EstimationError` for a ridge that is not positive and finite.
    """
    pools = np.ones(linear.shape, dtype=bool) if allowed is None else allowed
    if not (np.isfinite(ridge[pools]).all() and (ridge[pools] > 0).all()):
        raise EstimationError("ridge", "must be positive and finite")
    factors = _narrow(factors)
    weights = np.empty(linear.shape)
    chunk = max(1, CHUNK_CELLS // factors.size)
    for first in range(0, len(linear), chunk):
        rows = slice(first, first + chunk)
        weights[rows] = _solved(factors, linear[rows], ridge[rows], pools[rows])
    return weights


def carries(factors: FloatArray, ridge: float) -> bool:
    """Whether `ridge` is large enough, beside the donors, for this method."""
    return bool(ridge > LEAST_RIDGE * float(np.mean(factors**2)) * factors.shape[1])


def _narrow(factors: FloatArray) -> FloatArray:
    """The same Gram matrix from no more columns than rows."""
    if factors.shape[1] <= factors.shape[0]:
        return factors
    upper: FloatArray = np.asarray(np.linalg.qr(factors.T, mode="r"))
    return upper.T


def _solved(factors: FloatArray, linear: FloatArray, ridge: FloatArray, pools: BoolArray) -> FloatArray:
    inverse = np.where(pools, 1.0, 0.0) / np.where(pools, ridge, 1.0)
    used = pools.copy()
    weights = np.zeros(linear.shape)
    open_ = np.arange(len(linear))
    for _ in range(STEPS):
        shares, slopes = _newton(factors, linear[open_], ridge[open_], inverse[open_] * used[open_])
        leave = used[open_] & (shares < -SLACK)
        limit = -SLACK * np.abs(linear[open_]).max(axis=1, keepdims=True)
        enter = pools[open_] & ~used[open_] & (slopes < limit)
        done = ~(leave.any(axis=1) | enter.any(axis=1))
        settled = np.maximum(shares[done], 0.0)
        weights[open_[done]] = settled / settled.sum(axis=1, keepdims=True)
        used[open_] = (used[open_] & ~leave) | enter
        open_ = open_[~done]
        if not len(open_):
            return weights
    for problem in open_:
        pool = np.flatnonzero(pools[problem])
        gram = factors[pool] @ factors[pool].T + np.diag(ridge[problem, pool])
        weights[problem, pool] = simplex_weights_batch(gram, linear[problem, pool][None])[0]
    return weights


def _newton(
    factors: FloatArray, linear: FloatArray, ridge: FloatArray, inverse: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The best shares (of either sign, summing to one) of the donors in use, and every donor's slope.

    inverse: B x J, 1 / ridge of the donors in use and 0 of the others.
    """
    count, donors = linear.shape
    rank = factors.shape[1]
    spread = (factors.T[None] * inverse[:, None, :]).reshape(count * rank, donors) @ factors
    systems = spread.reshape(count, rank, rank)
    systems[:, np.arange(rank), np.arange(rank)] += 1.0
    # Two right-hand sides: c, and the ones that belong to the sum.
    sides = np.stack([linear * inverse, inverse])
    small = np.moveaxis(sides @ factors, 0, 2)
    back = np.moveaxis(np.linalg.solve(systems, small), 2, 0) @ factors.T
    free, ones = sides - inverse * back
    common = (1.0 - free.sum(axis=1)) / ones.sum(axis=1)
    shares: FloatArray = free + common[:, None] * ones
    slopes: FloatArray = (shares @ factors) @ factors.T + ridge * shares - linear - common[:, None]
    return shares, slopes
