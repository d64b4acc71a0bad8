"""Models of who is treated and of what controls do: the two halves of doubly robust adjustment.

Each fit knows its asymptotic linear representation, the contribution of every observation to the
estimation error of its coefficients, which is what an influence function needs of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from stats.errors import EstimationError
from stats.panel import BoolArray, FloatArray

MOST_STEPS = 100
COLLINEAR = 1e-9
"""Relative size of a singular value below which the columns count as linearly dependent."""
SETTLED = 1e-12
CERTAIN = 1 - 1e-6
"""No odds are taken of a probability above this."""


def orthonormal(covariates: FloatArray | None, count: int) -> FloatArray:
    """n x (1 + k): a constant and the covariates, turned into a basis whose mean square is the identity.

    Every fit below depends on the columns' span alone, and in this basis neither units of measurement
    nor near-collinearity cost digits. Linearly dependent columns are refused.
    """
    if covariates is None or covariates.shape[1] == 0:
        return np.ones((count, 1))
    centred = covariates - covariates.mean(axis=0)
    sizes = np.sqrt(np.mean(centred**2, axis=0))
    level = np.abs(covariates).max(axis=0)
    if (sizes <= COLLINEAR * np.maximum(level, np.finfo(np.float64).tiny)).any():
        column = int(np.argmax(sizes <= COLLINEAR * np.maximum(level, np.finfo(np.float64).tiny)))
        raise EstimationError("covariates", f"column {column} does not vary: it is the constant again")
    left, values, _ = np.linalg.svd(centred / sizes, full_matrices=False)
    if len(values) >= count or values[-1] <= COLLINEAR * values[0]:
        raise EstimationError("covariates", "are linearly dependent in the units compared")
    return np.column_stack([np.ones(count), left * np.sqrt(count)])


@dataclass(frozen=True, eq=False)
class Regression:
    """Weighted least squares of outcomes (n x m) on a basis (n x k) over the observations in use."""

    basis: FloatArray
    fitted: FloatArray
    scores: FloatArray
    bread: FloatArray

    @classmethod
    def fit(cls, basis: FloatArray, outcomes: FloatArray, weights: FloatArray) -> Regression:
        """`weights` (n) are zero for observations out of use; fitted values are for all of them."""
        used = np.flatnonzero(weights)
        rows, scales = basis[used], weights[used, None]
        gram = rows.T @ (rows * scales)
        if _is_singular(gram):
            raise EstimationError("covariates", "too few controls differ in them to fit a regression")
        bread = _inverse(gram)
        fitted = basis @ (bread @ (rows.T @ (scales * outcomes[used])))
        scores = np.zeros_like(outcomes)
        scores[used] = scales * (outcomes[used] - fitted[used])
        return cls(basis, fitted, scores, bread * len(basis))

    def influence(self, direction: FloatArray) -> FloatArray:
        """n x m: by how much each observation moves `direction` (k) times the coefficients."""
        return self.scores * (self.basis @ (self.bread @ direction))[:, None]


@dataclass(frozen=True, eq=False)
class Propensity:
    """The probability of being treated, p, and its odds p / (1 - p), for each observation."""

    basis: FloatArray
    probability: FloatArray
    odds: FloatArray
    scores: FloatArray
    bread: FloatArray

    def influence(self, directions: FloatArray) -> FloatArray:
        """n x m: by how much each observation moves `directions` (k x m) times the coefficients."""
        return self.scores[:, None] * (self.basis @ (self.bread @ directions))


def logit(basis: FloatArray, treated: BoolArray, weights: FloatArray) -> Propensity:
    """Maximum likelihood by Newton's method; perfect separation is refused."""
    outcome = treated.astype(np.float64)
    probability, hessian = _maximised("likelihood", basis, outcome, weights)
    odds = np.minimum(probability, CERTAIN)
    odds = odds / (1 - odds)
    scores = weights * (outcome - probability)
    return Propensity(basis, probability, odds, scores, _inverse(hessian) * len(basis))


def tilting(basis: FloatArray, treated: BoolArray, weights: FloatArray) -> Propensity:
    """Inverse probability tilting (Graham, Pinto, Egel 2012): reweighted controls match the treated exactly.

    The coefficients solve sum w (1 - D) exp(x'b) x = sum w D x. Refused where no weighting of the
    controls has the means of the treated.
    """
    outcome = treated.astype(np.float64)
    odds, hessian = _maximised("tilting", basis, outcome, weights)
    scores = weights * (outcome - (1 - outcome) * odds)
    return Propensity(basis, odds / (1 + odds), odds, scores, _inverse(hessian) * len(basis))


def _maximised(
    kind: Literal["likelihood", "tilting"], basis: FloatArray, outcome: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The fitted probabilities (or odds) and the negative Hessian at the maximum."""
    share = float(weights @ outcome / weights.sum())
    coefficients = np.zeros(basis.shape[1])
    # The first column is the constant: start at the mean.
    coefficients[0] = np.log(share / (1 - share))
    level, response, gradient, hessian = _objective(kind, basis @ coefficients, basis, outcome, weights)
    for _ in range(MOST_STEPS):
        if _is_singular(hessian):
            break
        step = np.linalg.solve(hessian, gradient)
        gain = float(gradient @ step)
        if gain <= SETTLED * weights.sum() * SETTLED:
            return response, hessian
        length = 1.0
        while True:
            candidate = coefficients + length * step
            found = _objective(kind, basis @ candidate, basis, outcome, weights)
            if found[0] >= level - SETTLED * abs(level) or length < SETTLED:
                break
            length /= 2
        coefficients = candidate
        level, response, gradient, hessian = found
    raise EstimationError(
        "covariates", "separate treated from control units: no overlap, so no propensity score can be fitted"
    )


def _objective(
    kind: Literal["likelihood", "tilting"],
    index: FloatArray,
    basis: FloatArray,
    outcome: FloatArray,
    weights: FloatArray,
) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Objective, response, gradient and negative Hessian at the linear index."""
    if kind == "likelihood":
        with np.errstate(over="ignore"):
            response = 1 / (1 + np.exp(-index))
        level = float(weights @ (outcome * index - np.logaddexp(0, index)))
        residual, curvature = weights * (outcome - response), weights * response * (1 - response)
    else:
        with np.errstate(over="ignore"):
            response = np.exp(np.minimum(index, 700.0))
        level = float(weights @ (outcome * index - (1 - outcome) * response))
        curvature = weights * (1 - outcome) * response
        residual = weights * outcome - curvature
    return level, response, basis.T @ residual, basis.T @ (basis * curvature[:, None])


def _is_singular(gram: FloatArray) -> bool:
    values = np.linalg.eigvalsh(gram)
    return not values[0] > COLLINEAR * max(values[-1], 0.0)


def _inverse(gram: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.inv(gram), dtype=np.float64)
