"""The shortest interval of fixed length under a bound on changes of slope.

For |second differences of delta| <= M an affine estimator f'b with f = (f_before, weights) has the
worst bias M x bias(f) and the deviation sqrt(f'Vf); the interval f'b +- c is valid where c is the 1 - alpha
quantile of |N(bias, variance)| (Donoho 1994; Armstrong and Kolesar 2018; Rambachan and Roth 2023,
section 4). In y, the running sums of the running sums of f_before, bias is a constant plus sum |y| and the
variance is quadratic: the frontier between the two is the path of a lasso, found exactly by homotopy
(Osborne, Presnell, Turlach 2000), and the shortest interval is the best point of the path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stats.panel import FloatArray


@dataclass(frozen=True, eq=False)
class FixedLength:
    """The estimator slope'b (slope: p) with its worst bias, deviation and the half length of its interval."""

    slope: FloatArray
    bias: float
    deviation: float
    half: float


def shortest(covariance: FloatArray, weights: FloatArray, bound: float, *, alpha: float) -> FixedLength:
    """The shortest fixed-length interval for weights'tau.

    covariance: p x p of the coefficients, positive definite; weights: for the last of them, from the
    start on; bound: M.
    """
    before = len(covariance) - len(weights)
    fixed, free = _second_sums(before)
    reach = float(np.arange(1, len(weights) + 1) @ weights)
    start = np.concatenate([fixed * reach, weights])
    basis = np.vstack([free, np.zeros((len(weights), before - 1))])
    after = later_bias(weights)

    def interval(sums: FloatArray) -> FixedLength:
        slope = start + basis @ sums
        deviation = float(np.sqrt(slope @ covariance @ slope))
        bias = bound * (after + float(np.abs(sums).sum()))
        return FixedLength(slope, bias, deviation, folded_quantile(bias / deviation, alpha) * deviation)

    knots = lasso_path(basis.T @ covariance @ basis, basis.T @ covariance @ start)
    best = min(range(len(knots)), key=lambda place: interval(knots[place]).half)
    found = interval(knots[best])
    for neighbour in (best - 1, best + 1):
        if 0 <= neighbour < len(knots):
            found = min(found, _between(interval, knots[best], knots[neighbour]), key=lambda one: one.half)
    return found


def folded_quantile(shift: float, alpha: float) -> float:
    """The 1 - alpha quantile of |N(shift, 1)|, shift >= 0."""
    from scipy.optimize import brentq
    from scipy.special import ndtri

    low, high = shift + float(ndtri(1 - alpha)), shift + float(ndtri(1 - alpha / 2))
    if folded_tail(low, shift) <= alpha:  # far from zero one tail is all there is
        return low
    return float(brentq(lambda point: folded_tail(point, shift) - alpha, low, high, xtol=1e-13))


def folded_tail(point: float, shift: float) -> float:
    """P(|N(shift, 1)| > point)."""
    from scipy.special import ndtr

    return float(ndtr(shift - point) + ndtr(-shift - point))


def lasso_path(quadratic: FloatArray, linear: FloatArray) -> list[FloatArray]:
    """The knots of argmin y'Qy / 2 + q'y + penalty x sum |y|, from y = 0 to the unpenalised minimum."""
    sums = np.zeros(len(linear))
    knots = [sums]
    if not np.abs(linear).max(initial=0.0) > 0:
        return knots
    gradient = linear.copy()
    newest = int(np.argmax(np.abs(gradient)))
    penalty = float(abs(gradient[newest]))
    active = [newest]
    # Each knot moves one coordinate in or out; far more of them would be a cycle of rounding.
    for _ in range(20 * len(linear)):
        signs = -np.sign(gradient[active])
        move = np.linalg.solve(quadratic[np.ix_(active, active)], signs).astype(np.float64)
        slopes = (quadratic[:, active] @ move).astype(np.float64)
        step, changing = _next_event(sums, gradient, penalty, active, newest, move, slopes)
        sums = sums.copy()
        sums[active] += step * move
        gradient = linear + quadratic @ sums
        penalty -= step
        knots.append(sums)
        if changing is None:
            break
        newest = changing
        if changing in active:
            sums[changing] = 0.0
            active.remove(changing)
        else:
            active.append(changing)
        if not active:
            break
    return knots


def _next_event(
    sums: FloatArray,
    gradient: FloatArray,
    penalty: float,
    active: list[int],
    newest: int,
    move: FloatArray,
    slopes: FloatArray,
) -> tuple[float, int | None]:
    """How far the penalty falls until a coordinate reaches zero or joins, and which one; None at the end."""
    step, changing = penalty, None
    for place, index in enumerate(active):
        if index != newest and move[place] * sums[index] < 0 and -sums[index] / move[place] < step:
            step, changing = -sums[index] / move[place], index
    for index in range(len(sums)):
        if index in active:
            continue
        for sign in (1.0, -1.0):
            if index == newest and sign * gradient[index] > 0:
                continue
            closing = 1 + sign * slopes[index]
            reached = (penalty - sign * gradient[index]) / closing if closing > 0 else np.inf
            if 0 <= reached < step:
                step, changing = float(reached), index
    return step, changing


def _between(
    interval: Callable[[FloatArray], FixedLength], one: FloatArray, other: FloatArray
) -> FixedLength:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda share: interval(one + share * (other - one)).half,
        bounds=(0.0, 1.0),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return interval(one + found.x * (other - one))


def _second_sums(before: int) -> tuple[FloatArray, FloatArray]:
    """f_before = free y + fixed x (sum of j x weight of the j-th period): second differences of the sums."""
    operator = np.eye(before) - 2 * np.eye(before, k=-1) + np.eye(before, k=-2)
    return operator[:, -1], operator[:, :-1]


def later_bias(weights: FloatArray) -> float:
    """Worst bias of weights'effects for M = 1 from the changes of slope at the reference and later."""
    count = len(weights)
    return float(
        sum(abs(np.arange(1, number + 1) @ weights[count - number :]) for number in range(1, count + 1))
    )
