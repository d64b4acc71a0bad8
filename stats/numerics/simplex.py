"""Least squares over the simplex: shares that are non-negative and sum to one.

Minimising |target - donors w| over the simplex is finding the point of a convex hull nearest to the
origin, with columns z_j = donor_j - target. As that problem is homogeneous, non-negative least squares
on the columns (z_j, 1) against (0, 1) has the same answer up to its sum: for u = s w the objective
s^2 d(w)^2 + (s - 1)^2 is least, over s, at d^2 / (1 + d^2), which rises with d. Lawson and Hanson's
active-set method (1974) then gives it exactly.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stats.panel import BoolArray, FloatArray

SLACK = 1e-12
"""Relative slack in the optimality conditions within which two shares are equally good."""
INDEPENDENT = 1e-8
"""Least singular value, beside columns of size one, at which donors are told apart."""
RIDGE = 1e-4
"""Weight on the size of the shares while the least-norm one is sought among equally good ones."""


def nearest(columns: FloatArray) -> FloatArray:
    """Some shares w (J) for which |columns w| is least; columns: m x J, donors less the target."""
    from scipy.optimize import nnls

    # The last row must weigh about as much as the distance sought, or digits are lost.
    scale = float(np.sqrt((columns**2).sum(axis=0).min())) or 1.0
    rows = np.empty((len(columns) + 1, columns.shape[1]))
    rows[:-1] = columns
    rows[-1] = scale
    goal = np.zeros(len(rows))
    goal[-1] = scale
    shares, _ = nnls(rows, goal)
    weights: FloatArray = shares / shares.sum()
    return weights


def simplex_weights(columns: FloatArray) -> tuple[FloatArray, bool]:
    """Shares w (J) for which |columns w| is least, and whether they are the only ones.

    columns: m x J, donors less the target. Where several are equally near (a perfect fit with more donors
    than numbers, or duplicate donors) the shares of least norm are returned, so that equal donors share
    equally and order never matters.
    """
    count = columns.shape[1]
    size = np.sqrt((columns**2).sum(axis=0).max())
    if size == 0:
        return np.full(count, 1 / count), count == 1
    columns = columns / size
    weights = _polished(columns, nearest(columns))
    residual = columns @ weights
    # At the optimum every donor in use has the same slope z_j'r, and no donor a smaller one.
    candidates = np.flatnonzero(columns.T @ residual - residual @ residual <= SLACK)
    face = np.vstack([columns[:, candidates], np.ones(len(candidates))])
    if np.linalg.matrix_rank(face, tol=INDEPENDENT) == len(candidates):
        return weights, True
    away = columns[:, candidates] - residual[:, None]
    small = nearest(np.vstack([away, RIDGE * np.eye(len(candidates))]))
    weights = np.zeros(count)
    weights[candidates] = _least_norm(away, small)
    return weights, False


def _polished(columns: FloatArray, weights: FloatArray) -> FloatArray:
    """The same optimum to the last digits: least squares among the donors in use."""
    used = np.flatnonzero(weights)
    base, others = columns[:, used[0]], columns[:, used[1:]]
    shares, *_ = np.linalg.lstsq(others - base[:, None], -base, rcond=None)
    return _accepted(weights, used, np.concatenate([[1 - shares.sum()], shares]))


def _least_norm(away: FloatArray, weights: FloatArray) -> FloatArray:
    """The least-norm shares among the donors in use with away @ shares = 0 and sum one."""
    used = np.flatnonzero(weights > 1e-7)
    rows = np.vstack([away[:, used], np.ones(len(used))])
    goal = np.zeros(len(rows))
    goal[-1] = 1.0
    shares, *_ = np.linalg.lstsq(rows, goal, rcond=1e-9)
    return _accepted(weights, used, np.asarray(shares, dtype=np.float64))


def _accepted(weights: FloatArray, used: npt.NDArray[np.intp], shares: FloatArray) -> FloatArray:
    """`shares` in the places `used` where they are shares and near `weights`, else `weights` as they are."""
    near: BoolArray = np.abs(shares - weights[used]) < 1e-4
    if not (near.all() and (shares >= 0).all()):
        return weights
    exact = np.zeros(len(weights))
    exact[used] = shares / shares.sum()
    return exact
