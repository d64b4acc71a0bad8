"""Frank-Wolfe on the simplex, stopped as the R package synthdid stops: for figures printed from it.

The weights of a synthetic difference-in-differences are the solution of a convex programme, which
`stats.numerics.simplex` finds to the last digits. The authors' package (Arkhangelsky, Athey, Hirshberg,
Imbens, Wager 2021, its version 0.0.9) takes Frank-Wolfe steps with an exact line search, at most 100 of them,
then drops every weight below a quarter of the largest, then at most 10,000 more, each time until a step gains
less than (1e-5 x noise)^2. Where the programme is flat that is short of the optimum, and an estimate may
differ in the second or third figure (synthetic control of Proposition 99: -19.62 there, -19.51 at the
optimum). Who wants to reproduce the former finds the same steps here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stats.panel import FloatArray

BEFORE_SPARSIFYING, AFTER = 100, 10_000
"""Steps at most before small weights are dropped, and after."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Minimise |columns w - target|^2 / m + zeta^2 |w|^2; columns: m x k, target: m.

    With `intercept` both are first centred over the m rows, which is a free constant in the fit.
    """

    columns: FloatArray
    target: FloatArray
    zeta: float
    intercept: bool

    @property
    def centred(self) -> tuple[FloatArray, FloatArray]:
        """Columns and target as they enter the objective."""
        if not self.intercept:
            return self.columns, self.target
        return self.columns - self.columns.mean(axis=0), self.target - self.target.mean()


def frank_wolfe(problem: Problem, *, least_gain: float) -> FloatArray:
    """The package's weights (k): steps, small weights dropped, steps again.

    least_gain: a step that lowers the objective by at most its square is the last.
    """
    count = problem.columns.shape[1]
    rough = _steps(problem, np.full(count, 1 / count), least_gain, BEFORE_SPARSIFYING)
    return _steps(problem, sparsified(rough), least_gain, AFTER)


def sparsified(weights: FloatArray) -> FloatArray:
    """Weights above a quarter of the largest, scaled to sum to one."""
    kept: FloatArray = np.where(weights <= weights.max() / 4, 0.0, weights)
    kept /= kept.sum()
    return kept


def one_step(columns: FloatArray, target: FloatArray, weights: FloatArray, ridge: float) -> FloatArray:
    """The next weights: towards the vertex with the steepest descent, as far as it pays.

    ridge: factor of |w|^2 beside |columns w - target|^2.
    """
    fitted = columns @ weights
    slope = (fitted - target) @ columns + ridge * weights
    vertex = int(slope.argmin())
    direction = -weights
    direction[vertex] += 1
    if not direction.any():
        return weights
    change = columns[:, vertex] - fitted
    length = -(slope @ direction) / (change @ change + ridge * (direction @ direction))
    return weights + min(1.0, max(0.0, float(length))) * direction


def _steps(problem: Problem, weights: FloatArray, least_gain: float, limit: int) -> FloatArray:
    columns, target = problem.centred
    rows = len(target)
    ridge = rows * problem.zeta**2
    before = np.inf
    for step in range(limit):
        weights = one_step(columns, target, weights, ridge)
        error = columns @ weights - target
        value = float(problem.zeta**2 * (weights @ weights) + error @ error / rows)
        if step > 0 and not before - value > least_gain**2:
            break
        before = value
    return weights


@dataclass(frozen=True, eq=False)
class Joint:
    """Weights of the donors and of the periods, and coefficients of the covariates."""

    omega: FloatArray
    lambda_: FloatArray
    beta: FloatArray


def frank_wolfe_joint(
    omega: Problem,
    lambda_: Problem,
    omega_covariates: FloatArray,
    lambda_covariates: FloatArray,
    *,
    least_gain: float,
) -> Joint:
    """Both weights and the coefficients at once, by the package's alternating steps.

    The covariates enter as the outcomes do: m x (k + 1) x K each, the target's column last. Step t takes
    1 / t of the gradient in the coefficients, then one Frank-Wolfe step for each set of weights.
    """
    values = [np.column_stack([each.columns, each.target]) for each in (omega, lambda_)]
    weights = [np.full(each.columns.shape[1], 1 / each.columns.shape[1]) for each in (omega, lambda_)]
    beta = np.zeros(omega_covariates.shape[2])

    def update() -> tuple[float, FloatArray]:
        total, gradient = 0.0, np.zeros(len(beta))
        for place, (problem, table) in enumerate(((omega, omega_covariates), (lambda_, lambda_covariates))):
            left = values[place] - table @ beta
            if problem.intercept:
                left = left - left.mean(axis=0)
            rows = len(left)
            step = one_step(left[:, :-1], left[:, -1], weights[place], rows * problem.zeta**2)
            contrast = np.append(step, -1.0)
            error = left @ contrast
            weights[place] = step
            total += float(problem.zeta**2 * (step @ step) + error @ error / rows)
            gradient += np.einsum("r,rck,c->k", error, table, contrast) / rows
        return total, gradient

    _, gradient = update()
    before = np.inf
    for step in range(1, AFTER + 1):
        beta = beta + gradient / step
        value, gradient = update()
        if step > 1 and not before - value > least_gain**2:
            break
        before = value
    return Joint(weights[0], weights[1], beta)
