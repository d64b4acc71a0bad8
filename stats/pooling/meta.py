"""Pooling the effects of several sites: fixed and random effects, meta-regression, prediction.

Each site i brings an effect y_i and its sampling variance v_i. "FE" weighs by 1 / v_i and speaks about
these sites alone; the other methods add a variance tau^2 between sites (`stats.pooling.heterogeneity`) and
speak about sites like these. Conventions are metafor's (Viechtbauer 2010): normal quantiles by default; with
few sites use test="hartung_knapp" (Hartung and Knapp 2001; Knapp and Hartung 2003), which replaces them by t
with k - p degrees of freedom and rescales the standard error by the weighted residuals' variance;
"modified_hartung_knapp" never rescales it downwards (Knapp and Hartung 2003; Jackson et al. 2017).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.checked import finite, positive
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Interval
from stats.numerics.wald import quantile, wald
from stats.panel import FloatArray
from stats.pooling.heterogeneity import (
    Fit,
    Sites,
    Solver,
    TauMethod,
    between_variance,
    q_profile,
    tau_standard_error,
    typical_variance,
)
from stats.results import Estimate

Test: TypeAlias = Literal["z", "t", "hartung_knapp", "modified_hartung_knapp"]
Prediction: TypeAlias = Literal["as_test", "riley"]


@dataclass(frozen=True)
class WaldTest:
    """A joint test: chi-squared with `dof` where `dof_denominator` is None, else F."""

    statistic: float
    dof: int
    dof_denominator: int | None
    p_value: float


@dataclass(frozen=True)
class Predicted:
    """At given moderators: the mean effect of such sites, and where a new such site's effect will lie.

    interval  the prediction interval (Higgins, Thompson and Spiegelhalter 2009); for "FE" that of the mean
    """

    mean: Estimate
    interval: Interval | NotComputable


@dataclass(frozen=True, eq=False)
class MetaAnalysis:
    """A pooled analysis of k sites with p coefficients.

    coefficients   p estimates: the intercept first where there is one, then the moderators
    names          of the coefficients
    tau2           variance between sites, in squared units of the effect; 0 for "FE"
    tau2_error     its standard error; None where the method has none
    tau2_interval  by the Q profile, whatever the method; a reason with a single degree of freedom too few
    q              Cochran's Q: heterogeneity left by the moderators, chi-squared with k - p
    moderators     joint test of all coefficients but the intercept; None without moderators
    i2_pct, h2     share of the variation that lies between sites, in per cent; total over sampling variance
    r2_pct         share of tau^2 that the moderators account for; None without moderators
    weights        of the sites in the pooled effect, sum 1; None where moderators take part
    """

    method: Literal["FE"] | TauMethod
    test: Test
    solver: Solver
    alpha: float
    sites: Sites
    labels: tuple[str, ...]
    names: tuple[str, ...]
    coefficients: tuple[Estimate, ...]
    covariance: FloatArray
    dof: int | None
    tau2: float
    tau2_error: float | None
    tau2_interval: Interval | NotComputable
    q: WaldTest
    moderators: WaldTest | None
    i2_pct: float | NotComputable
    h2: float | NotComputable
    r2_pct: float | None
    weights: FloatArray | None
    fit: Fit = field(repr=False)

    @property
    def pooled(self) -> Estimate:
        """The first coefficient: without moderators, the pooled effect."""
        return self.coefficients[0]

    @property
    def i2_interval(self) -> Interval | NotComputable:
        """I^2 in per cent at the ends of the interval of tau^2."""
        if isinstance(self.tau2_interval, NotComputable):
            return self.tau2_interval
        typical = typical_variance(self.sites)
        low, high = self.tau2_interval.low, self.tau2_interval.high
        return Interval(100 * low / (low + typical), 100 * high / (high + typical))

    def predict(
        self, moderators: npt.ArrayLike | None = None, *, prediction: Prediction = "as_test"
    ) -> Predicted:
        """For a site with these moderators (as many as were given to `meta_analysis`, in its order).

        prediction  quantiles of the prediction interval: those of the test, or with "riley" of t with
                    one degree of freedom fewer than the residuals (k - 2 without moderators; Higgins,
                    Thompson and Spiegelhalter 2009, Riley, Higgins and Deeks 2011)
        """
        given = np.zeros(0) if moderators is None else finite("moderators", np.atleast_1d(moderators), 1)
        has_intercept = self.names[:1] == ("intercept",)
        row = np.concatenate(([1.0], given)) if has_intercept else given
        if row.shape != (len(self.names),) or not np.isfinite(row).all():
            wanted = len(self.names) - has_intercept
            raise EstimationError("moderators", f"needs {wanted} finite values, one for each moderator")
        value, error = float(row @ self.fit.coefficients), math.sqrt(float(row @ self.covariance @ row))
        name = self.pooled.inference.method
        mean = Estimate(value, wald(value, error, alpha=self.alpha, method=name, dof=self.dof))
        dof: float | None = self.dof
        if prediction == "riley":
            dof = self.sites.dof - 1
            if dof < 1:
                return Predicted(mean, too_few_sites())
        half = quantile(self.alpha, dof) * math.sqrt(error**2 + self.tau2)
        return Predicted(mean, Interval(value - half, value + half))


@checked_arguments
def meta_analysis(
    effects: npt.ArrayLike,
    variances: npt.ArrayLike,
    *,
    moderators: npt.ArrayLike | None = None,
    names: Sequence[str] = (),
    labels: Sequence[str] = (),
    intercept: bool = True,
    method: Literal["FE"] | TauMethod = "REML",
    test: Test = "hartung_knapp",
    solver: Solver = "exact",
    moment_weights: npt.ArrayLike | None = None,
    alpha: float = 0.05,
) -> MetaAnalysis:
    """Pool `effects` (k) with sampling `variances` (k, above 0), on `moderators` (k x m) if given.

    names   of the moderators, for the report; labels: of the sites
    method  "FE" or an estimator of tau^2
    test    quantiles and standard errors, see the module; "t" changes the quantiles only
    solver  "exact" or "metafor", see `stats.pooling.heterogeneity.Solver`
    moment_weights  k above 0, for method "GENQ" alone: of the sites in its Q. The pooled effect is weighted
            by 1 / (v + tau^2) as ever, where metafor takes its `weights` for both

    Refused: values that are not finite, collinear moderators, no more sites than coefficients unless
    the method is "FE" with test "z", `alpha` outside 0 to 1.
    """
    sites, coefficient_names = _sites(effects, variances, moderators, names, intercept)
    sites = replace(sites, moment_weights=_own_weights(moment_weights, method, len(sites.effects)))
    site_labels = tuple(labels) or tuple(str(number) for number in range(len(sites.effects)))
    _check(sites, site_labels, method, test, alpha)
    tau2 = 0.0 if method == "FE" else between_variance(sites, method, solver=solver)
    fit = sites.fit(tau2)
    covariance = fit.bread * _rescaling(sites, fit, test)
    dof = None if test == "z" else sites.dof
    errors = np.sqrt(np.diag(covariance))
    name = f"meta_{method}_{test}".lower()
    coefficients = tuple(
        Estimate(float(value), wald(float(value), float(error), alpha=alpha, method=name, dof=dof))
        for value, error in zip(fit.coefficients, errors, strict=True)
    )
    alone = coefficient_names == ("intercept",)
    i2_pct, h2 = _shares(sites, tau2, method)
    return MetaAnalysis(
        method=method,
        test=test,
        solver=solver,
        alpha=alpha,
        sites=sites,
        labels=site_labels,
        names=coefficient_names,
        coefficients=coefficients,
        covariance=covariance,
        dof=dof,
        tau2=tau2,
        tau2_error=None if method == "FE" else tau_standard_error(sites, tau2, method),
        tau2_interval=q_profile(sites, alpha=alpha, solver=solver, around=tau2)
        if sites.dof
        else too_few_sites(),
        q=_heterogeneity_test(sites),
        moderators=None if alone else _joint(fit.coefficients, covariance, int(intercept), dof),
        i2_pct=i2_pct,
        h2=h2,
        r2_pct=None if alone or method == "FE" or not intercept else _explained(sites, tau2, method, solver),
        weights=fit.weights / fit.weights.sum() if alone else None,
        fit=fit,
    )


def too_few_sites() -> NotComputable:
    """One site says nothing about how sites differ."""
    return NotComputable(
        "too_few_sites",
        "사업지 수가 너무 적어 사업지 사이의 차이를 추정할 수 없습니다.",
        "There are too few sites to say how much sites differ.",
    )


def _sites(
    effects: npt.ArrayLike,
    variances: npt.ArrayLike,
    moderators: npt.ArrayLike | None,
    names: Sequence[str],
    intercept: bool,
) -> tuple[Sites, tuple[str, ...]]:
    y, v = np.asarray(effects, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if y.ndim != 1 or not len(y):
        raise EstimationError("effects", "must be a list of numbers, one for each site")
    columns = np.zeros((len(y), 0)) if moderators is None else np.asarray(moderators, dtype=np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    if columns.ndim != 2 or len(columns) != len(y):
        raise EstimationError("moderators", "need one row for each site")
    given = tuple(names) or tuple(f"moderator_{number}" for number in range(columns.shape[1]))
    if len(given) != columns.shape[1]:
        raise EstimationError("names", f"{len(given)} names for {columns.shape[1]} moderators")
    if not intercept and not given:
        raise EstimationError("intercept", "is needed where there are no moderators")
    if intercept:
        columns, given = np.column_stack((np.ones(len(y)), columns)), ("intercept", *given)
    return Sites(y, v, columns), given


def _check(sites: Sites, labels: tuple[str, ...], method: str, test: str, alpha: float) -> None:
    if not 0 < alpha < 1:
        raise EstimationError("alpha", f"must lie between 0 and 1, not {alpha!r}")
    if test not in get_args(Test):
        raise EstimationError("test", f"must be one of {', '.join(get_args(Test))}, not {test!r}")
    if method != "FE" and method not in get_args(TauMethod):
        raise EstimationError(
            "method", f"must be FE or one of {', '.join(get_args(TauMethod))}, not {method!r}"
        )
    if len(labels) != len(sites.effects) or len(set(labels)) != len(labels):
        raise EstimationError("labels", "need one different name for each site")
    if sites.dof < 1 and not (method == "FE" and test == "z"):
        raise EstimationError("effects", "needs more sites than coefficients (only FE with test z does not)")


def _own_weights(weights: npt.ArrayLike | None, method: str, count: int) -> FloatArray | None:
    if (weights is None) == (method == "GENQ"):
        raise EstimationError("moment_weights", "belong to the method GENQ, and it needs them")
    return None if weights is None else positive("moment_weights", weights, count)


def _rescaling(sites: Sites, fit: Fit, test: Test) -> float:
    """The variance of the weighted residuals, 1 in expectation, by which Hartung and Knapp rescale."""
    if test not in ("hartung_knapp", "modified_hartung_knapp"):
        return 1.0
    scale = max(0.0, float(sites.effects @ fit.weighted_residuals)) / sites.dof
    return max(1.0, scale) if test == "modified_hartung_knapp" else scale


def _heterogeneity_test(sites: Sites) -> WaldTest:
    from scipy.special import chdtrc

    statistic = max(0.0, sites.q(0.0))
    return WaldTest(statistic, sites.dof, None, float(chdtrc(sites.dof, statistic)) if sites.dof else 1.0)


def _joint(coefficients: FloatArray, covariance: FloatArray, skip: int, dof: int | None) -> WaldTest:
    from scipy.special import chdtrc, fdtrc

    tested = coefficients[skip:]
    scale = np.sqrt(np.diag(covariance)[skip:])
    if not (scale > 0).all():
        return WaldTest(math.inf, len(tested), dof, 0.0)
    correlation = covariance[skip:, skip:] / np.outer(scale, scale)
    statistic = float((tested / scale) @ np.linalg.solve(correlation, tested / scale))
    if dof is None:
        return WaldTest(statistic, len(tested), None, float(chdtrc(len(tested), statistic)))
    statistic /= len(tested)
    return WaldTest(statistic, len(tested), dof, float(fdtrc(len(tested), dof, statistic)))


def _shares(sites: Sites, tau2: float, method: str) -> tuple[float | NotComputable, float | NotComputable]:
    """I^2 and H^2; "FE" has no tau^2 and takes that of Q (Higgins and Thompson 2002)."""
    if not sites.dof:
        return too_few_sites(), too_few_sites()
    if method == "FE":
        tau2 = between_variance(sites, "DL")
    typical = typical_variance(sites)
    return 100 * tau2 / (tau2 + typical), tau2 / typical + 1


def _explained(sites: Sites, tau2: float, method: TauMethod, solver: Solver) -> float:
    """How much smaller tau^2 is than without moderators, in per cent of the latter."""
    intercept = np.ones((len(sites.effects), 1))
    without = between_variance(replace(sites, design=intercept), method, solver=solver)
    return 100 * max(0.0, (without - tau2) / without) if without > 0 else 0.0
