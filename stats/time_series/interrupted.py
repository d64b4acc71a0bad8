"""Interrupted time series: a series against its own course before the start, perhaps beside a control.

Segmented regression (Wagner et al. 2002, Journal of Clinical Pharmacy and Therapeutics 27; Lopez Bernal,
Cummins, Gasparrini 2017, International Journal of Epidemiology 46): level and trend before the start,
their changes from the start on, season, covariates; least squares, or counts with a log link and an
exposure. Errors are autoregressive and fitted by REML unless others are asked for: in a few dozen periods
the common Newey-West errors reject true nulls several times too often (`python -m tests.bench.size_of_its`).
With a control series the changes are the differences from the control's (controlled interrupted time
series, Lopez Bernal et al. 2018), and what hits both series at once drops out: with Newey-West errors
because scores are summed over both within a period (Driscoll and Kraay 1998).

Without controls whatever else happened at the start is part of the "effect". Results say so: their level
of evidence is below that of a comparison with control districts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from stats import reasons
from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.findings import Finding, Level
from stats.inference import Interval, silent, student_t
from stats.panel import FloatArray
from stats.results import Estimate
from stats.time_series.interrupted_design import Season, Segments, segments
from stats.time_series.interrupted_fit import Fit, Independent, correlated, independent
from stats.time_series.newey_west import automatic_lag, newey_west, rule_of_thumb
from stats.words import figure

Family = Literal["gaussian", "poisson", "quasipoisson"]
Errors = Literal["ar1", "newey_west", "model"]
Lag = Literal["automatic", "sandwich"]
Evidence = Literal["before_after", "controlled_before_after"]

AR1: Literal["ar1"] = "ar1"
NEWEY_WEST: Literal["newey_west"] = "newey_west"
MODEL: Literal["model"] = "model"
ENOUGH_BEFORE = 12
"""Periods before the start below which trend and season are hardly told apart."""
OVERDISPERSED = 1.5
"""Pearson dispersion above which a Poisson model's own errors are too small."""

__all__ = ["InterruptedTimeSeries", "RateRatio", "Season", "interrupted_time_series"]


@dataclass(frozen=True)
class RateRatio:
    """exp of a change on the log scale, with its interval where there is one."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, eq=False)
class InterruptedTimeSeries:
    """What changed at the start.

    level, slope    changes of level and of trend per period (None where not in the model); for counts
                    on the log scale, see `rate_ratio`
    average         mean change over the periods from the start on, level and slope together
    names, coefficients, covariance   of the whole regression: k, k, k x k
    fitted, counterfactual   T, NaN where nothing was observed; the latter without the changes
    lag             of Newey-West errors; rho: autocorrelation of autoregressive ones; None with others
    dispersion      Pearson statistic (counts) or residual variance (least squares) by n - k
    durbin_watson   of the residuals (Pearson's for counts) of the series itself
    evidence        "before_after", or "controlled_before_after" with a control series
    """

    level: Estimate
    slope: Estimate | None
    average: Estimate
    names: tuple[str, ...]
    coefficients: FloatArray
    covariance: FloatArray
    fitted: FloatArray
    counterfactual: FloatArray
    lag: int | None
    rho: float | None
    dispersion: float
    durbin_watson: float
    evidence: Evidence
    findings: tuple[Finding, ...]

    def rate_ratio(self, estimate: Estimate) -> RateRatio:
        """A change on the log scale (`level`, `slope` or `average` of a model of counts) as a ratio."""
        interval = estimate.inference.interval
        if not isinstance(interval, Interval):
            return RateRatio(math.exp(estimate.value), None, None)
        return RateRatio(math.exp(estimate.value), math.exp(interval.low), math.exp(interval.high))


@checked_arguments
def interrupted_time_series(
    outcomes: npt.ArrayLike,
    start: int,
    *,
    family: Family = "gaussian",
    exposure: npt.ArrayLike | None = None,
    season: Season | None = None,
    covariates: Mapping[str, npt.ArrayLike] | None = None,
    trend: bool = True,
    slope_change: bool = True,
    slope_begins: float = 0,
    control: npt.ArrayLike | None = None,
    control_exposure: npt.ArrayLike | None = None,
    gaps: Literal["refuse", "keep"] = "refuse",
    errors: Errors = "ar1",
    lag: int | Lag = "automatic",
    prewhite: bool = False,
    adjust: bool = True,
    alpha: float = 0.05,
    unit: str = "",
) -> InterruptedTimeSeries:
    """Segmented regression of `outcomes` (T) with changes from column `start` on.

    exposure      T, positive: person-time of counts, enters as its log with coefficient one
    season        dummies or harmonics of a period; covariates: name -> T values
    slope_begins  value of the change-of-slope term in the first period from the start on: with 0 the
                  level is that of the first period, with 1 (common in the literature) of the one before, with
                  start + 1 (change times running period) of a period before the first
    control       T, of a series that was not treated (with `control_exposure`)
    gaps          "keep": NaN outcomes are left out, and lags count calendar periods all the same
    errors        "ar1": autoregressive by REML (counts: of the working response; with a control: of the
                  comparison within periods); "newey_west" with `lag`, `prewhite` and `adjust`
                  (n / (n - k)); or "model": the family's own, quasi-Poisson scaled by its dispersion
    lag           a number; "automatic", 4 (T / 100)^(2/9) rounded down; or "sandwich", the data-driven one
                  of R's bwNeweyWest, which depends on the regressors' units and can be very long
    unit          of the outcome; changes of counts are logs and have none

    Inference is by the t distribution, with Satterthwaite's degrees of freedom for "ar1" and n - k, n the
    number of periods, else; by the normal for the Poisson model's own errors. Refused with the argument
    named: too few periods on either side, more parameters than periods, regressors that cannot be told
    apart, NaN not covered by `gaps`, negative counts, counts of zero throughout one side, exposure that is
    not positive.
    """
    if season is not None and not isinstance(season, Season):
        raise EstimationError("season", f"must be a Season, as Season({season!r}), not the bare {season!r}")
    if family not in ("gaussian", "poisson", "quasipoisson"):
        raise EstimationError("family", f"{family!r} is unknown")
    if errors not in (AR1, NEWEY_WEST, MODEL):
        raise EstimationError("errors", f"{errors!r} is unknown")
    if not 0 < alpha < 1:
        raise EstimationError("alpha", f"{alpha} is not between 0 and 1")
    design = segments(
        outcomes,
        start,
        counts=family != "gaussian",
        exposure=exposure,
        season=season,
        covariates=covariates or {},
        trend=trend,
        slope_change=slope_change,
        slope_begins=slope_begins,
        control=control,
        control_exposure=control_exposure,
        gaps=gaps,
    )
    counts = family != "gaussian"
    uncertain: _Uncertain
    if errors == AR1:
        fit: Fit = (smooth := correlated(design, counts=counts))
        uncertain = _Uncertain(smooth.errors.covariance, smooth.errors.dof, smooth.errors.rho, None)
    else:
        fit = (plain := independent(design, counts=counts))
        uncertain = (
            _own_errors(plain, design, family)
            if errors == MODEL
            else _robust_errors(plain, design, lag, prewhite=prewhite, adjust=adjust)
        )
    told = _Told(fit, uncertain, alpha, errors, "" if counts else unit)
    average = fit.contrast(level=1.0, slope=design.mean_slope_term)
    return InterruptedTimeSeries(
        level=told.estimate(fit.contrast(level=1.0, slope=0.0)),
        slope=told.estimate(fit.contrast(level=0.0, slope=1.0)) if slope_change else None,
        average=told.estimate(average),
        names=fit.names,
        coefficients=fit.coefficients,
        covariance=uncertain.covariance,
        fitted=fit.fitted,
        counterfactual=_without_change(fit, design, log_scale=counts),
        lag=uncertain.lag,
        rho=uncertain.rho,
        dispersion=fit.dispersion,
        durbin_watson=_durbin_watson(fit.residuals),
        evidence="before_after" if control is None else "controlled_before_after",
        findings=_findings(design, fit, family, errors, start),
    )


@dataclass(frozen=True, eq=False)
class _Uncertain:
    """Covariance of the coefficients, degrees of freedom by contrast (None: normal), and how they came."""

    covariance: FloatArray
    dof: Callable[[FloatArray], float | None]
    rho: float | None
    lag: int | None


def _own_errors(fit: Independent, design: Segments, family: Family) -> _Uncertain:
    if family == "poisson":
        return _Uncertain(fit.bread, lambda _: None, None, None)
    return _Uncertain(fit.dispersion * fit.bread, lambda _: float(design.spare), None, None)


def _robust_errors(
    fit: Independent, design: Segments, lag: int | Lag, *, prewhite: bool, adjust: bool
) -> _Uncertain:
    scores = design.by_period(fit.scores)
    used = lag if isinstance(lag, int) else _lag(scores, design, lag, prewhite)
    parameters = len(fit.names) // design.series
    covariance = newey_west(
        scores, fit.bread, lag=used, prewhite=prewhite, adjust=adjust, parameters=parameters
    )
    return _Uncertain(covariance, lambda _: float(design.spare), None, used)


def _without_change(fit: Fit, design: Segments, *, log_scale: bool) -> FloatArray:
    """Fitted values had nothing changed at the start beyond what changed in the control."""
    shift = design.changes @ fit.coefficients[fit.places]
    without: FloatArray = fit.fitted * np.exp(-shift) if log_scale else fit.fitted - shift
    return without


@dataclass(frozen=True, eq=False)
class _Told:
    """Contrasts of the coefficients as estimates."""

    fit: Fit
    uncertain: _Uncertain
    alpha: float
    method: str
    unit: str

    def estimate(self, contrast: FloatArray) -> Estimate:
        value = float(contrast @ self.fit.coefficients)
        if self.fit.exact:
            return Estimate(value, silent(self.method, self.alpha, reasons.no_variation()), self.unit)
        error = math.sqrt(max(float(contrast @ self.uncertain.covariance @ contrast), 0.0))
        dof = self.uncertain.dof(contrast)
        # The normal is the t distribution with more degrees of freedom than anyone can tell.
        found = student_t(value, error, 1e12 if dof is None else dof, alpha=self.alpha, method=self.method)
        return Estimate(value, found if dof is not None else replace(found, dof=None), self.unit)


def _lag(scores: FloatArray, design: Segments, rule: Lag, prewhite: bool) -> int:
    if rule == "automatic":
        return rule_of_thumb(len(scores))
    if rule != "sandwich":
        raise EstimationError("lag", f"{rule!r} is unknown")
    return automatic_lag(scores, design.bandwidth_weights, prewhite=prewhite)


def _durbin_watson(residuals: FloatArray) -> float:
    total = float(residuals @ residuals)
    return float(np.sum(np.diff(residuals) ** 2)) / total if total > 0 else math.nan


def _findings(design: Segments, fit: Fit, family: Family, errors: Errors, start: int) -> tuple[Finding, ...]:
    found = []
    if design.series == 1:
        found.append(
            Finding(
                "caution",
                "no_controls",
                0.0,
                "대조 구역이 없는 시계열 비교로, 같은 시기의 다른 변화와 실증의 효과를 구별하지 못합니다. "
                "근거 수준이 대조 구역 비교보다 낮습니다.",
                "A series is compared with its own past, without controls: other changes at the same time "
                "cannot be told from the effect. The level of evidence is below a comparison with controls.",
            )
        )
    if start < ENOUGH_BEFORE:
        found.append(
            Finding(
                "caution",
                "short_before",
                float(start),
                f"시행 전 기간이 {start}개뿐이라 추세를 정확히 알 수 없습니다.",
                f"There are only {start} periods before the start, too few to know the trend well.",
            )
        )
    if not fit.exact:
        found.append(_autocorrelation(fit.residuals, errors))
    if family == "poisson" and errors == MODEL and fit.dispersion > OVERDISPERSED:
        found.append(
            Finding(
                "fail",
                "overdispersion",
                fit.dispersion,
                f"건수가 포아송 모형의 {figure(fit.dispersion)}배로 흩어져 있어 모형의 오차가 너무 작습니다.",
                f"Counts scatter {figure(fit.dispersion)} times as much as the Poisson model says: its own "
                f"errors are too small.",
            )
        )
    return tuple(found)


def _autocorrelation(residuals: FloatArray, errors: Errors) -> Finding:
    """The residuals' first autocorrelation; beyond its margin of error only errors that allow for it will do.

    Newey-West errors allow for it in long series; in some dozens of periods they remain too small.
    """
    first = float(residuals[1:] @ residuals[:-1] / (residuals @ residuals))
    beyond = abs(first) > 1.96 / math.sqrt(len(residuals))
    level: Level = "ok"
    told_ko = told_en = ""
    if beyond:
        level = "ok" if errors == AR1 else "caution" if errors == NEWEY_WEST else "fail"
        told_ko = " 오차가 이를 감안하지 않았습니다." if errors == MODEL else " 오차는 이를 감안했습니다."
        told_en = " Errors do not allow for it." if errors == MODEL else " Errors allow for it."
    return Finding(
        level,
        "autocorrelation",
        first,
        f"잔차의 1차 자기상관은 {figure(first)}입니다.{told_ko}",
        f"The residuals' first autocorrelation is {figure(first)}.{told_en}",
    )
