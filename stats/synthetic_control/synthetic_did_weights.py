"""The two sets of weights of a synthetic difference-in-differences, for one cohort at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stats.clusters.clustered import IntArray
from stats.errors import EstimationError
from stats.numerics.frank_wolfe import Problem, frank_wolfe, frank_wolfe_joint
from stats.numerics.ridge_simplex import carries, ridge_simplex_batch
from stats.numerics.simplex import simplex_weights
from stats.panel import FloatArray

NEGLIGIBLE = 1e-6
"""zeta, beside the noise, of weights that are hardly penalised: only told apart where equally good."""
LEAST_GAIN = 1e-5
"""The package's stopping rule: a step that gains less than (this x noise)^2 is the last."""
ALTERNATIONS = 1000
"""Rounds of weights and coefficients in turn before joint adjustment counts as not settling."""
SETTLED = 1e-13
"""Relative decrease of the joint objective below which it has settled."""
COLLINEAR = 1e-9
"""Size of a covariate, beside its own spread, that is left by the effects and the others when it has none."""


@dataclass(frozen=True)
class Recipe:
    """What is estimated and how; see `stats.synthetic_control.synthetic_did.synthetic_did`."""

    estimator: str
    solver: str = "optimum"
    adjustment: str = "projected"
    zeta_omega: float | None = None
    zeta_lambda: float | None = None
    omega_intercept: bool = True
    lambda_intercept: bool = True


@dataclass(frozen=True, eq=False)
class Block:
    """One cohort and the controls: n x T outcomes, n x T x K covariates, rows of each, the start's column.

    A row may stand several times among the controls or the treated, as in a bootstrap.
    """

    outcomes: FloatArray
    covariates: FloatArray | None
    controls: IntArray
    treated: IntArray
    start: int

    @property
    def noise(self) -> float:
        """Standard deviation of the controls' first differences before the start."""
        return noise_level(self.outcomes[self.controls, : self.start])


@dataclass(frozen=True, eq=False)
class Weights:
    """omega N0, lambda_ T0, the penalties used, and the K coefficients of the covariates (or none)."""

    omega: FloatArray
    lambda_: FloatArray
    zeta_omega: float
    zeta_lambda: float
    beta: FloatArray


def noise_level(before: FloatArray) -> float:
    """Standard deviation (divisor less one) of the first differences of N0 x T0 outcomes."""
    if before.shape[1] < 2 or before.shape[0] * (before.shape[1] - 1) < 2:
        raise EstimationError(
            "first_treated", "the noise of the controls needs two periods before the start; or give both zeta"
        )
    return float(np.diff(before, axis=1).std(ddof=1))


def penalties(block: Block, recipe: Recipe) -> tuple[float, float]:
    """zeta for omega and for lambda, as given or from the noise."""
    if recipe.estimator == "did":
        return 0.0, 0.0
    given = recipe.zeta_omega, recipe.zeta_lambda
    for name, zeta in zip(("zeta_omega", "zeta_lambda"), given, strict=True):
        if zeta is not None and not (np.isfinite(zeta) and zeta >= 0):
            raise EstimationError(name, f"{zeta} is not a penalty: zero or more")
    noise = block.noise if None in given else 0.0
    cells = len(block.treated) * (block.outcomes.shape[1] - block.start)
    factor = cells**0.25 if recipe.estimator == "sdid" else NEGLIGIBLE
    return (
        factor * noise if given[0] is None else given[0],
        NEGLIGIBLE * noise if given[1] is None else given[1],
    )


def fitted(block: Block, recipe: Recipe) -> Weights:
    """The weights of `block`, and the coefficients of its covariates."""
    zeta = penalties(block, recipe)
    if block.covariates is None:
        return Weights(*_weights(block, recipe, zeta), *zeta, np.empty(0))
    if recipe.adjustment == "projected":
        beta = projection(block.outcomes[block.controls], block.covariates[block.controls])
        adjusted = replace(block, outcomes=block.outcomes - block.covariates @ beta, covariates=None)
        zeta = penalties(adjusted, recipe)
        return Weights(*_weights(adjusted, recipe, zeta), *zeta, beta)
    if recipe.adjustment != "joint":
        raise EstimationError("adjustment", f"{recipe.adjustment!r} is none of projected, joint")
    return _joint(block, recipe, zeta)


def projection(outcomes: FloatArray, covariates: FloatArray) -> FloatArray:
    """Coefficients (K) of N x T x K covariates beside unit and period effects, by least squares."""
    table = _within(covariates).reshape(-1, covariates.shape[2])
    size = np.sqrt((table**2).sum(axis=0))
    spread = np.sqrt(((covariates - covariates.mean(axis=(0, 1))) ** 2).sum(axis=(0, 1)))
    flat = np.flatnonzero(~(size > COLLINEAR * spread))
    if len(flat):
        raise EstimationError(f"covariates.{flat[0]}", "is collinear with unit and period effects")
    triangle = np.abs(np.diagonal(np.asarray(np.linalg.qr(table / size, mode="r"))))
    if len(triangle) < len(size) or (triangle < COLLINEAR).any():
        place = len(triangle) if len(triangle) < len(size) else int(np.argmax(triangle < COLLINEAR))
        raise EstimationError(f"covariates.{place}", "is collinear with those before it and the effects")
    beta, *_ = np.linalg.lstsq(table / size, _within(outcomes[:, :, None]).reshape(-1), rcond=None)
    return np.asarray(beta / size, dtype=np.float64)


def _within(values: FloatArray) -> FloatArray:
    """N x T x K less unit and period means."""
    inner: FloatArray = (
        values
        - values.mean(axis=0, keepdims=True)
        - values.mean(axis=1, keepdims=True)
        + values.mean(axis=(0, 1), keepdims=True)
    )
    return inner


def _problems(block: Block, recipe: Recipe, zeta: tuple[float, float]) -> tuple[Problem, Problem]:
    """Omega's (periods x controls) and lambda's (controls x periods)."""
    donors, before = block.outcomes[block.controls], slice(0, block.start)
    return (
        Problem(
            donors[:, before].T,
            block.outcomes[block.treated][:, before].mean(axis=0),
            zeta[0],
            recipe.omega_intercept,
        ),
        Problem(donors[:, before], donors[:, block.start :].mean(axis=1), zeta[1], recipe.lambda_intercept),
    )


def _weights(block: Block, recipe: Recipe, zeta: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    controls, before = len(block.controls), block.start
    if recipe.estimator == "did":
        return np.full(controls, 1 / controls), np.full(before, 1 / before)
    omega, lambda_ = _problems(block, recipe, zeta)
    if recipe.solver == "frank_wolfe":
        least = LEAST_GAIN * block.noise
        weigh = frank_wolfe(omega, least_gain=least)
        if recipe.estimator == "sc":
            return weigh, np.zeros(before)
        return weigh, frank_wolfe(lambda_, least_gain=least)
    if recipe.solver != "optimum":
        raise EstimationError("solver", f"{recipe.solver!r} is none of optimum, frank_wolfe")
    return optimum(omega), np.zeros(before) if recipe.estimator == "sc" else optimum(lambda_)


def optimum(problem: Problem) -> FloatArray:
    """The weights of `problem` to the last digits; of least norm where several are equally good."""
    columns, target = problem.centred
    ridge = len(target) * problem.zeta**2
    count = columns.shape[1]
    # Weights sum to one, so what all columns have in common cancels; without it fewer digits are lost.
    common = columns.mean(axis=1)
    columns, target = columns - common[:, None], target - common
    if carries(columns.T, ridge):
        found = ridge_simplex_batch(columns.T, (target @ columns)[None], np.full((1, count), ridge))
        return np.ravel(found)
    away = columns - target[:, None]
    weights, _ = simplex_weights(np.vstack([away, np.sqrt(ridge) * np.eye(count)]) if ridge else away)
    return weights


def _joint(block: Block, recipe: Recipe, zeta: tuple[float, float]) -> Weights:
    """Weights and coefficients that lower the sum of both objectives, in turn, until it settles.

    The objective is convex in each but not in both, so that this is a stationary point, the one reached
    from coefficients of zero.
    """
    table = block.covariates
    if table is None or recipe.estimator != "sdid":
        raise EstimationError("adjustment", "joint adjustment is for the estimator sdid")
    projection(block.outcomes[block.controls], table[block.controls])
    donors, treated, before = table[block.controls], table[block.treated].mean(axis=0), block.start
    stacked = np.moveaxis(np.concatenate([donors[:, :before], treated[None, :before]]), 0, 1)
    across = np.concatenate([donors[:, :before], donors[:, before:].mean(axis=1)[:, None]], axis=1)
    if recipe.solver == "frank_wolfe":
        found = frank_wolfe_joint(
            *_problems(block, recipe, zeta), stacked, across, least_gain=LEAST_GAIN * block.noise
        )
        return Weights(found.omega, found.lambda_, *zeta, found.beta)
    beta, value = np.zeros(table.shape[2]), np.inf
    for _ in range(ALTERNATIONS):
        moved = replace(block, outcomes=block.outcomes - table @ beta)
        problems = _problems(moved, recipe, zeta)
        weights = optimum(problems[0]), optimum(problems[1])
        now = sum(_value(problem, weigh) for problem, weigh in zip(problems, weights, strict=True))
        if not value - now > SETTLED * abs(now):
            return Weights(*weights, *zeta, beta)
        value = now
        beta = _coefficients(_problems(block, recipe, zeta), (stacked, across), weights)
    raise EstimationError("covariates", "joint adjustment does not settle; use the projected one")


def _value(problem: Problem, weights: FloatArray) -> float:
    columns, target = problem.centred
    error = columns @ weights - target
    return float(problem.zeta**2 * (weights @ weights) + error @ error / len(target))


def _coefficients(
    problems: tuple[Problem, Problem],
    tables: tuple[FloatArray, FloatArray],
    weights: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """The coefficients that fit best with the weights held."""
    sides, rows = [], []
    for problem, table, weigh in zip(problems, tables, weights, strict=True):
        columns, target = problem.centred
        contrast = np.einsum("rck,c->rk", table, np.append(weigh, -1.0))
        if problem.intercept:
            contrast = contrast - contrast.mean(axis=0)
        scale = np.sqrt(len(target))
        rows.append(contrast / scale)
        sides.append((columns @ weigh - target) / scale)
    matrix = np.concatenate(rows)
    size = np.sqrt((matrix**2).sum(axis=0))
    size[size == 0] = 1.0
    beta, *_ = np.linalg.lstsq(matrix / size, np.concatenate(sides), rcond=None)
    return np.asarray(beta / size, dtype=np.float64)
