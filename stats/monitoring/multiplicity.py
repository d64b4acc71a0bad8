"""Many p-values: adjusted for having looked at all of them, or combined into one.

Adjusted p-values (Wright 1992): a hypothesis is rejected at family level alpha exactly where its adjusted
p-value is at most alpha. Family-wise error: Bonferroni, Holm (1979), Hochberg (1988; positively dependent
p-values), Hommel (1988; likewise) and Romano and Wolf's step-down, which learns the dependence from
resampled statistics. False discovery rate: Benjamini and Hochberg (1995; positively dependent), Benjamini
and Yekutieli (2001; any dependence).
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.inference import TIE
from stats.panel import FloatArray

Adjustment: TypeAlias = Literal["bonferroni", "sidak", "holm", "hochberg", "hommel", "bh", "by"]
Combination: TypeAlias = Literal[
    "fisher", "stouffer", "simes", "cauchy", "harmonic_mean", "tippett", "bonferroni"
]

TINY = 1e-15
"""Below this the tangent of Cauchy's combination is 1 / (pi p) to all digits, and cannot be computed."""


@checked_arguments
def adjusted(p_values: npt.ArrayLike, method: Adjustment = "holm") -> FloatArray:
    """The m adjusted p-values, in the order given. Refused: none, or values outside 0 to 1."""
    p = _checked(p_values)
    if method not in get_args(Adjustment):
        raise EstimationError("method", f"must be one of {', '.join(get_args(Adjustment))}, not {method!r}")
    m = len(p)
    if method == "bonferroni":
        return np.minimum(1.0, m * p)
    if method == "sidak":
        together: FloatArray = -np.expm1(m * np.log1p(-np.minimum(p, 1 - TINY)))
        return together
    order = np.argsort(p, kind="stable")
    ordered = p[order]
    ranks = np.arange(1, m + 1)
    found = np.empty(m)
    match method:
        case "holm":
            found[order] = np.maximum.accumulate((m - ranks + 1) * ordered)
        case "hochberg":
            found[order] = _falling((m - ranks + 1) * ordered)
        case "hommel":
            found[order] = _hommel(ordered)
        case "bh" | "by":
            factor = float(np.sum(1 / ranks)) if method == "by" else 1.0
            found[order] = _falling(factor * m / ranks * ordered)
    return np.minimum(1.0, found)


@checked_arguments
def romano_wolf(statistics: npt.ArrayLike, resampled: npt.ArrayLike, *, two_sided: bool = True) -> FloatArray:
    """Step-down adjusted p-values (Romano and Wolf 2005, 2016).

    statistics  m studentised statistics; large (in size, if `two_sided`) speaks against the hypothesis
    resampled   B x m, the same statistics as they fall when every hypothesis is true: re-assignments, or
                bootstrap draws centred on the estimates. The same draw fills a row

    Hypotheses are taken from the largest statistic on; each is compared with the maximum, over those not
    yet passed, of each draw, p = (1 + #{maximum >= statistic}) / (B + 1), and never falls below the last.
    """
    observed, draws = np.asarray(statistics, dtype=np.float64), np.asarray(resampled, dtype=np.float64)
    if observed.ndim != 1 or not len(observed) or not np.isfinite(observed).all():
        raise EstimationError("statistics", "must be a list of finite numbers")
    if draws.ndim != 2 or draws.shape[1] != len(observed) or not len(draws):
        raise EstimationError("resampled", f"must have {len(observed)} columns and a row for each draw")
    if not np.isfinite(draws).all():
        raise EstimationError("resampled", "must be finite")
    if two_sided:
        observed, draws = np.abs(observed), np.abs(draws)
    order = np.argsort(-observed, kind="stable")
    # Running maxima from the smallest statistic up: column j holds the maximum over ranks j and later.
    maxima = np.maximum.accumulate(draws[:, order[::-1]], axis=1)[:, ::-1]
    ordered = observed[order]
    exceeding = np.sum(maxima >= ordered - TIE * np.abs(ordered), axis=0)
    found = np.empty(len(observed))
    found[order] = np.maximum.accumulate((1 + exceeding) / (len(draws) + 1))
    return found


@checked_arguments
def combined(
    p_values: npt.ArrayLike, method: Combination = "cauchy", *, weights: npt.ArrayLike | None = None
) -> float:
    """One p-value of "every hypothesis is true".

    fisher, stouffer   independent p-values (Fisher 1932; Stouffer 1949, `weights` above 0 allowed)
    tippett            the smallest of independent ones; bonferroni: of any
    simes              positively dependent (Simes 1986)
    cauchy             any dependence, for small p (Liu and Xie 2020, `weights` allowed)
    harmonic_mean      any dependence, for small p (Wilson 2019), through the Landau limit of 1 / mean

    Refused: none, or values outside 0 to 1, and weights where the method has none.
    """
    if method not in get_args(Combination):
        raise EstimationError("method", f"must be one of {', '.join(get_args(Combination))}, not {method!r}")
    p = _checked(p_values)
    m = len(p)
    shares = _weights(weights, m, method)
    from scipy.special import chdtrc, ndtr, ndtri

    match method:
        case "fisher":
            if (p == 0).any():
                return 0.0
            return float(chdtrc(2 * m, -2 * float(np.sum(np.log(p)))))
        case "stouffer":
            return float(ndtr(np.sum(shares * ndtri(p)) / math.sqrt(float(np.sum(shares**2)))))
        case "simes":
            return float(np.min(adjusted(p, "bh")))
        case "tippett":
            return float(np.min(adjusted(p, "sidak")))
        case "bonferroni":
            return min(1.0, m * float(np.min(p)))
        case "cauchy":
            return _cauchy(p, shares / shares.sum())
        case "harmonic_mean":
            return _harmonic_mean(p)


def _checked(p_values: npt.ArrayLike) -> FloatArray:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not len(p):
        raise EstimationError("p_values", "must be a list of at least one")
    for place in np.flatnonzero(~((p >= 0) & (p <= 1))):
        raise EstimationError("p_values", f"number {place} is not between 0 and 1: {p[place]!r}")
    return p


def _weights(weights: npt.ArrayLike | None, m: int, method: str) -> FloatArray:
    if weights is None:
        return np.ones(m)
    if method not in ("stouffer", "cauchy"):
        raise EstimationError("weights", f"{method} takes none")
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (m,) or not (np.isfinite(given) & (given > 0)).all():
        raise EstimationError("weights", "must be finite and above 0, one for each p-value")
    return given


def _falling(values: FloatArray) -> FloatArray:
    """Running minima from the largest p-value down."""
    minima: FloatArray = np.minimum.accumulate(values[::-1])[::-1]
    return minima


def _hommel(ordered: FloatArray) -> FloatArray:
    """Hommel's (1988) adjusted p-values of ordered p: the closure of Simes's test, by Wright's steps."""
    m = len(ordered)
    ranks = np.arange(1, m + 1)
    found = np.full(m, float(np.min(m * ordered / ranks)))
    least = found.copy()
    for size in range(m - 1, 1, -1):
        lower, upper = ordered[: m - size + 1], ordered[m - size + 1 :]
        smallest = float(np.min(size * upper / np.arange(2, size + 1)))
        least[: m - size + 1] = np.minimum(size * lower, smallest)
        least[m - size + 1 :] = least[m - size]
        found = np.maximum(found, least)
    closed: FloatArray = np.maximum(found, ordered)
    return closed


def _cauchy(p: FloatArray, shares: FloatArray) -> float:
    if (p == 0).any():
        return 0.0
    small = p < TINY
    tangents = np.where(small, 1 / (math.pi * np.maximum(p, math.ulp(0.0))), np.tan((0.5 - p) * math.pi))
    total = float(np.sum(shares * tangents))
    # atan2 keeps the digits of a tiny p, which 1/2 - atan/pi would lose.
    return math.atan2(1.0, total) / math.pi


def _harmonic_mean(p: FloatArray) -> float:
    if (p == 0).any():
        return 0.0
    from scipy.stats import landau

    m = len(p)
    # 1 / p has the tail 1 / x of a stable law: its mean follows Landau's, at log m + 0.874 (Wilson's eq. 4).
    place = math.log(m) + 1 - float(np.euler_gamma) + math.log(math.pi / 2)
    return min(1.0, float(landau.sf(float(np.mean(1 / p)), loc=place, scale=math.pi / 2)))
