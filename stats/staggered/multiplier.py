"""Multiplier bootstrap of group-time effects and their summaries, and bands that hold all at once.

Callaway and Sant'Anna (2021), Algorithm 1: the influence functions are multiplied by random signs,
one for each unit (or cluster), and the largest t-ratio over all effects gives the critical value of a
simultaneous band. Standard errors come from the interquartile range of the draws, as in did.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Literal, get_args

import numpy as np

from stats import reasons
from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, Interval, silent
from stats.panel import FloatArray
from stats.staggered.aggregation import Aggregation
from stats.staggered.group_time import GroupTimeEffects
from stats.staggered.group_time_influence import Influence

Multipliers = Literal["rademacher", "mammen"]

POINTWISE = "multiplier_bootstrap"
SIMULTANEOUS = "multiplier_bootstrap_simultaneous"
QUARTILE_RANGE = 1.3489795003921634
"""Distance between the quartiles of a standard normal."""
ROUNDING = 1e-7
"""Standard errors below this share of the largest are rounding."""


@dataclass(frozen=True, eq=False)
class Bands:
    """Inference for M effects at level `alpha`.

    standard_errors  M, by the bootstrap; NaN where an effect does not vary (a reference)
    critical_value   of the simultaneous band: largest absolute t-ratio exceeded with probability alpha;
                     infinite where there are too few draws for the level
    pointwise        M, each effect by itself
    simultaneous     M, which hold all together; their p-values are adjusted for that
    """

    alpha: float
    draws: int
    standard_errors: FloatArray
    critical_value: float
    pointwise: tuple[Inference, ...]
    simultaneous: tuple[Inference, ...]


@checked_arguments
def bootstrap(
    found: GroupTimeEffects | Aggregation,
    rng: np.random.Generator,
    *,
    draws: int = 1000,
    alpha: float = 0.05,
    multipliers: Multipliers = "rademacher",
) -> Bands:
    """Bands for all group-time effects, or for a summary's effects by label (`simple`: the one)."""
    if isinstance(found, Aggregation):
        simple = found.kind == "simple"
        effects = np.array([found.overall]) if simple else found.effects
        loadings: FloatArray | None = found.overall_loading[:, None] if simple else found.loadings
        treated = np.array([found.overall_treated]) if simple else found.treated
    else:
        effects = np.where(found.computable, found.effects, np.nan)
        loadings = None
        own = {int(start): found.treated_clusters(np.array([start])) for start in found.starts}
        treated = np.array([own[int(group)] for group in found.groups])
    return bands(
        np.where(treated < 2, np.nan, effects),
        found.influence,
        loadings,
        rng,
        draws=draws,
        alpha=alpha,
        multipliers=multipliers,
    )


def bands(
    effects: FloatArray,
    influence: Influence,
    loadings: FloatArray | None,
    rng: np.random.Generator,
    *,
    draws: int,
    alpha: float,
    multipliers: Multipliers = "rademacher",
) -> Bands:
    """Bands for effects (M) whose influence functions are `influence.values() @ loadings` (q x M).

    Without `loadings` they are the first M of `influence` themselves.

    Effects that are NaN, and such as do not vary, stay silent and do not widen the others' band.
    """
    if multipliers not in get_args(Multipliers):
        raise EstimationError("multipliers", f"{multipliers!r} is none of rademacher, mammen")
    if draws < 2:
        raise EstimationError("draws", "at least two are needed")
    drawn = influence.draws(rng, draws, mammen=multipliers == "mammen")
    drawn = drawn[:, : len(effects)] if loadings is None else drawn @ loadings
    errors = (_quantile(drawn, 0.75) - _quantile(drawn, 0.25)) / QUARTILE_RANGE
    errors[~(errors > ROUNDING * np.max(errors, initial=0.0)) | np.isnan(effects)] = np.nan
    known = ~np.isnan(errors)
    if not known.any():
        silence = tuple(silent(POINTWISE, alpha, reasons.no_variation()) for _ in effects)
        return Bands(alpha, draws, errors, math.inf, silence, silence)
    ratios = np.abs(drawn[:, known]) / errors[known]
    return bands_of(effects, errors, ratios, alpha=alpha, names=(POINTWISE, SIMULTANEOUS))


def bands_of(
    effects: FloatArray, errors: FloatArray, ratios: FloatArray, *, alpha: float, names: tuple[str, str]
) -> Bands:
    """Bands from drawn absolute t-ratios (B x as many as `errors`, M, are not NaN); names of the methods."""
    known, pointwise, simultaneous = ~np.isnan(errors), *names
    largest = np.sort(ratios.max(axis=1))
    # By rows, so that each sort runs through neighbouring memory.
    ordered = np.sort(ratios.T, axis=1)
    own = dict(zip(np.flatnonzero(known).tolist(), ordered, strict=True))
    return Bands(
        alpha=alpha,
        draws=len(ratios),
        standard_errors=errors,
        critical_value=_critical(largest, alpha),
        pointwise=tuple(
            _inference(pointwise, float(effect), float(error), own.get(place), alpha)
            for place, (effect, error) in enumerate(zip(effects, errors, strict=True))
        ),
        simultaneous=tuple(
            _inference(simultaneous, float(effect), float(error), largest, alpha)
            for effect, error in zip(effects, errors, strict=True)
        ),
    )


def _inference(
    method: str, effect: float, error: float, sorted_ratios: FloatArray | None, alpha: float
) -> Inference:
    """p(c) = (1 + #{draw >= |effect - c| / error}) / (B + 1); the interval is all c with p(c) > alpha."""
    if math.isnan(error) or sorted_ratios is None:
        return silent(method, alpha, reasons.no_variation())
    count = len(sorted_ratios)
    critical = _critical(sorted_ratios, alpha)
    ratio = abs(effect) / error
    p_value = (1 + count - int(np.searchsorted(sorted_ratios, ratio, side="left"))) / (count + 1)
    if math.isinf(critical):
        interval: Interval | NotComputable = Interval(-math.inf, math.inf, too_few_draws(count, alpha))
    else:
        # Rounding must not let the interval touch zero where the ratio exceeds the critical value.
        half = critical * error
        if ratio > critical and half >= abs(effect):
            half = math.nextafter(abs(effect), 0.0)
        if ratio <= critical and half < abs(effect):
            half = abs(effect)
        interval = Interval(effect - half, effect + half)
    return Inference(method, alpha, p_value, interval, standard_error=error)


def _critical(sorted_ratios: FloatArray, alpha: float) -> float:
    """The m-th largest, m = floor(alpha (B + 1)): larger ratios have p <= alpha."""
    rank = _rank(alpha, len(sorted_ratios))
    return math.inf if rank == 0 else float(sorted_ratios[len(sorted_ratios) - rank])


@cache
def _rank(alpha: float, draws: int) -> int:
    # Exact arithmetic: 0.29 * 100 is 28.999999999999996 in floats and would lose a rank.
    return math.floor(Fraction(str(alpha)) * (draws + 1))


def _quantile(drawn: FloatArray, share: float) -> FloatArray:
    """By columns, the smallest draw that at least `share` of the draws do not exceed (type 1)."""
    place = math.ceil(share * len(drawn)) - 1
    ordered: FloatArray = np.partition(drawn, place, axis=0)[place]
    return ordered


def too_few_draws(draws: int, alpha: float) -> NotComputable:
    """With B draws no p-value falls below 1 / (B + 1)."""
    return NotComputable(
        "too_few_draws",
        f"재표집 {draws}회로는 유의수준 {alpha:g}에서 어떤 값도 배제할 수 없어 구간에 끝이 없습니다.",
        f"With {draws} bootstrap draws no value can be ruled out at level {alpha:g}: no interval has ends.",
    )
