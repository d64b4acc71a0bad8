"""Between-site variance tau^2 of k effects with known sampling variances, and how sure it is.

The model is y_i = x_i'b + u_i + e_i with var(u_i) = tau^2 and var(e_i) = v_i known (Hedges and Olkin
1985; Raudenbush 2009). Every estimator is a function of P = W - W X (X'W X)^-1 X'W, where W holds
1 / (v_i + tau^2): P y are the weighted residuals and y'P y is the generalised Q statistic, which has
k - p degrees of freedom at the true tau^2. Viechtbauer (2005) and Veroniki et al. (2016) compare them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from stats.errors import EstimationError
from stats.inference import Interval
from stats.panel import FloatArray

TauMethod: TypeAlias = Literal["DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ"]
"""DerSimonian-Laird, Hedges, Hunter-Schmidt, Sidik-Jonkman, maximum likelihood, restricted maximum
likelihood, empirical Bayes (Morris 1983: the same root as Paule-Mandel), Paule-Mandel, the
median-unbiased Paule-Mandel, and the method of moments of a generalised Q with weights of one's own
(DerSimonian and Kacker 2007; Jackson, Turner, Rhodes and Viechtbauer 2014)."""

Solver: TypeAlias = Literal["exact", "metafor"]
"""How roots and maxima are found: to the precision of the machine, or in the steps of the R package
metafor with its default stopping rules (a change of 1e-5, a root within 1e-4), which reproduces tables
made so to the last digit and suits effects whose tau^2 is far above 1e-4."""

RANK = 1e-10
"""Directions of the scaled moderators whose singular value is below this share of the largest are none."""
EPSILON = float(np.finfo(np.float64).eps)
GRID = 240
"""Points, in even steps of the logarithm, between which the likelihood's stationary points are sought."""


@dataclass(frozen=True, eq=False)
class Sites:
    """What the estimators read: effects (k), sampling variances (k), regressors (k x p, full rank), and
    for "GENQ" the weights of its Q (k, positive)."""

    effects: FloatArray
    variances: FloatArray
    design: FloatArray
    moment_weights: FloatArray | None = None

    def __post_init__(self) -> None:
        k = len(self.effects)
        if self.effects.ndim != 1 or self.variances.shape != (k,) or self.design.shape[:1] != (k,):
            raise EstimationError("effects", "effects, variances and moderators need one row for each site")
        for name, values in (("effects", self.effects[:, None]), ("moderators", self.design)):
            for place in np.flatnonzero(~np.isfinite(values).all(axis=1)):
                raise EstimationError(name, f"site {place} is not finite")
        for place in np.flatnonzero(~(np.isfinite(self.variances) & (self.variances > 0))):
            raise EstimationError("variances", f"site {place} needs a finite sampling variance above 0")
        if k < self.design.shape[1]:
            raise EstimationError("moderators", f"{self.design.shape[1]} coefficients from {k} sites")
        scaled = self.design / np.maximum(np.sqrt((self.design**2).sum(axis=0)), math.ulp(0.0))
        singular = np.linalg.svd(scaled, compute_uv=False)
        if singular[-1] <= RANK * singular[0]:
            raise EstimationError("moderators", "are collinear with each other or with the intercept")

    @property
    def dof(self) -> int:
        """Degrees of freedom of the residuals, k - p."""
        return len(self.effects) - int(self.design.shape[1])

    def weighted_by(self, weights: FloatArray) -> Sites:
        """The same effects, were these the inverse variances."""
        return Sites(self.effects, 1 / weights, self.design)

    def fit(self, tau2: float) -> Fit:
        """Generalised least squares at this tau^2."""
        weights = 1 / (self.variances + tau2)
        scale = np.sqrt((weights[:, None] * self.design**2).sum(axis=0))
        root = np.sqrt(weights)[:, None] * self.design / scale
        orthogonal, triangle = np.linalg.qr(root)
        inverse = np.linalg.inv(triangle)
        bread = inverse @ inverse.T / np.outer(scale, scale)
        coefficients = inverse @ (orthogonal.T @ (np.sqrt(weights) * self.effects)) / scale
        residual_maker = np.sqrt(np.outer(weights, weights)) * (
            np.eye(len(weights)) - orthogonal @ orthogonal.T
        )
        logdet = float(2 * np.log(np.abs(np.diag(triangle))).sum() + 2 * np.log(scale).sum())
        return Fit(weights, coefficients, bread, residual_maker, residual_maker @ self.effects, logdet)

    def q(self, tau2: float) -> float:
        """The generalised Q statistic y'P y; falls as tau^2 grows."""
        return float(self.effects @ self.fit(tau2).weighted_residuals)


@dataclass(frozen=True, eq=False)
class Fit:
    """weights (k), coefficients (p), bread (X'WX)^-1, P (k x k), P y (k) and log det X'WX."""

    weights: FloatArray
    coefficients: FloatArray
    bread: FloatArray
    residual_maker: FloatArray
    weighted_residuals: FloatArray
    logdet: float


def between_variance(sites: Sites, method: TauMethod, *, solver: Solver = "exact") -> float:
    """tau^2 by `method`, 0 where the estimate is negative. Needs more sites than coefficients."""
    if sites.dof < 1:
        raise EstimationError("effects", "the variance between sites needs more sites than coefficients")
    match method:
        case "ML" | "REML" | "EB" if solver == "metafor":
            return _scoring(sites, method)
        case "ML" | "REML":
            return _likelihood_maximum(sites, restricted=method == "REML")
        case "PM" | "EB":
            return _root_of_q(sites, sites.dof, solver=solver)
        case "PMM":
            from scipy.special import chdtri

            return _root_of_q(sites, float(chdtri(sites.dof, 0.5)), solver=solver)
        case "SJ":
            return _sidik_jonkman(sites)
        case "DL" | "HE" | "GENQ":
            return _moments(sites, _moment_weights(sites, method))
        case "HS":
            fit = sites.fit(0.0)
            q = float(sites.effects @ fit.weighted_residuals)
            return max(0.0, (q - len(sites.effects)) / float(fit.weights.sum()))
        case _:
            raise EstimationError("method", f"{method!r} is no estimator of the variance between sites")


def typical_variance(sites: Sites) -> float:
    """The sampling variance that I^2 and H^2 compare tau^2 with (Higgins and Thompson 2002)."""
    return sites.dof / float(np.trace(sites.fit(0.0).residual_maker))


def q_profile(sites: Sites, *, alpha: float, solver: Solver = "exact", around: float = 0.0) -> Interval:
    """All tau^2 that the generalised Q statistic does not reject at `alpha` (Viechtbauer 2007).

    The ends are roots of Q(tau^2) at the chi-squared quantiles, 0 where there is none; both are 0 where
    the effects differ less than even tau^2 = 0 makes likely. `around`, the estimate of tau^2, sets where
    metafor looks; the exact ends do not depend on it.
    """
    from scipy.special import chdtri

    low, high = (
        _root_of_q(sites, float(chdtri(sites.dof, tail)), solver=solver, reach=10 * around)
        for tail in (alpha / 2, 1 - alpha / 2)
    )
    return Interval(low, high)


def tau_standard_error(sites: Sites, tau2: float, method: TauMethod) -> float | None:
    """Of tau^2, from the expected information (ML, REML) or the moments (DL, HE, GENQ); else None."""
    fit = sites.fit(tau2)
    if method == "ML":
        return math.sqrt(2 / float((fit.weights**2).sum()))
    if method == "REML":
        return math.sqrt(2 / float((fit.residual_maker**2).sum()))
    if method in ("DL", "HE", "GENQ"):
        maker = sites.weighted_by(_moment_weights(sites, method)).fit(0.0).residual_maker
        # Twice the trace of (P (V + tau^2))^2, the variance of a quadratic form of normal effects.
        spread = maker * (sites.variances + tau2)
        return math.sqrt(2 * float((spread * spread.T).sum())) / float(np.trace(maker))
    return None


def _moment_weights(sites: Sites, method: TauMethod) -> FloatArray:
    """Those of the Q that `method` holds against its expectation."""
    if method == "DL":
        return 1 / sites.variances
    if method == "HE":
        return np.ones_like(sites.effects)
    if sites.moment_weights is None:
        raise EstimationError("moment_weights", f"{method} needs one for each site")
    return sites.moment_weights


def _moments(sites: Sites, weights: FloatArray) -> float:
    """y'P y with these weights, less what sampling makes of it, over what a unit of tau^2 adds."""
    fit = sites.weighted_by(weights).fit(0.0)
    q = float(sites.effects @ fit.weighted_residuals)
    sampling = float(np.diag(fit.residual_maker) @ sites.variances)
    return max(0.0, (q - sampling) / float(np.trace(fit.residual_maker)))


def _sidik_jonkman(sites: Sites) -> float:
    """From the crude variance of the effects, one step of weighting; never negative (2005)."""
    crude = float(np.var(sites.effects))
    if crude == 0:
        return 0.0
    return crude * sites.q(crude) / sites.dof


def _root_of_q(sites: Sites, target: float, *, solver: Solver = "exact", reach: float | None = None) -> float:
    """tau^2 at which Q equals `target`; 0 where it is below even at 0."""
    from scipy.optimize import brentq

    if sites.q(0.0) <= target:
        return 0.0
    spread = 1.4826 * float(np.median(np.abs(sites.effects - np.median(sites.effects))))
    high = max(100.0, 10 * spread**2 if reach is None else reach) if solver == "metafor" else scale_of(sites)
    while sites.q(high) > target:
        high *= 4
    precision = EPSILON**0.25 if solver == "metafor" else 1e-14 * high
    return float(brentq(lambda tau2: sites.q(tau2) - target, 0.0, high, xtol=precision, rtol=4 * EPSILON))


def _scoring(sites: Sites, method: Literal["ML", "REML", "EB"]) -> float:
    """Fisher scoring from Hedges's estimate until tau^2 moves by less than 1e-5, halving steps below 0."""
    tau2, step, inflation = between_variance(sites, "HE"), math.inf, len(sites.effects) / sites.dof
    while abs(step) > 1e-5:
        fit = sites.fit(tau2)
        squares = float(fit.weighted_residuals @ fit.weighted_residuals)
        weight = float(fit.weights.sum())
        if method == "REML":
            slope, information = (
                squares - float(np.trace(fit.residual_maker)),
                float((fit.residual_maker**2).sum()),
            )
        elif method == "ML":
            slope, information = squares - weight, float((fit.weights**2).sum())
        else:
            q = float(sites.effects @ fit.weighted_residuals)
            slope, information = inflation * q - len(sites.effects), weight
        step = slope / information
        while tau2 + step < 0:
            step /= 2
        tau2 += step
    return tau2


def _likelihood_maximum(sites: Sites, *, restricted: bool) -> float:
    """The global maximum over tau^2 >= 0: the best of all stationary points on a grid, and of 0."""
    from scipy.optimize import brentq

    def slope(tau2: float) -> float:
        fit = sites.fit(tau2)
        pull = float(np.trace(fit.residual_maker) if restricted else fit.weights.sum())
        return float(fit.weighted_residuals @ fit.weighted_residuals) - pull

    high = 100 * scale_of(sites)
    grid = [0.0, *np.geomspace(1e-12 * high, high, GRID)]
    slopes = [slope(tau2) for tau2 in grid]
    candidates = [0.0]
    for left, right, before, after in zip(grid, grid[1:], slopes, slopes[1:], strict=False):
        if before > 0 >= after:
            candidates.append(float(brentq(slope, left, right, xtol=1e-15 * high, rtol=1e-13)))
    return max(candidates, key=log_likelihood(sites, restricted=restricted))


def log_likelihood(sites: Sites, *, restricted: bool) -> Callable[[float], float]:
    """Of tau^2, the coefficients at their best; up to a constant."""

    def value(tau2: float) -> float:
        fit = sites.fit(tau2)
        misfit = float(sites.effects @ fit.weighted_residuals)
        log_volume = -float(np.log(fit.weights).sum()) + (fit.logdet if restricted else 0.0)
        return -(misfit + log_volume) / 2

    return value


def scale_of(sites: Sites) -> float:
    """A size that tau^2 hardly exceeds."""
    return float(np.var(sites.effects) + np.max(sites.variances))
