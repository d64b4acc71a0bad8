"""Covariate balance: how alike treated and controls were, in standard deviations.

P. Austin (2009, Statistics in Medicine 28); G. Imbens and D. Rubin, "Causal Inference" (2015), chapter 14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats import reasons
from stats.errors import EstimationError
from stats.findings import Finding, NotComputable
from stats.panel import FloatArray
from stats.particles import with_particle
from stats.words import figure

BALANCED, UNBALANCED = 0.10, 0.25
"""Standardised mean differences up to which sides are alike, and beyond which not."""


@dataclass(frozen=True)
class Balance:
    """Means of a covariate, and their difference in standard deviations."""

    name: str
    treated: float
    controls: float
    difference: float | NotComputable


def balance(
    covariates: Mapping[str, FloatArray], treated: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> tuple[Balance, ...]:
    """Each covariate (n values) of the treated (n, bool) beside the controls, weighted as the estimate is.

    The standard deviation is the root mean square of both sides' unweighted ones, with fewer than two treated
    units the controls' alone: weighting must not shrink the yardstick.
    """
    side = np.array(treated, dtype=bool)
    share = np.ones(len(side)) if weights is None else np.array(weights, dtype=np.float64)
    if not side.any() or side.sum() > len(side) - 2:
        raise EstimationError("treated", "needs a treated unit and two controls")
    if share.shape != side.shape or not (np.isfinite(share) & (share >= 0)).all():
        raise EstimationError("weights", f"must be {len(side)} finite numbers from 0 on")
    if not (share[side].sum() > 0 and share[~side].sum() > 0):
        raise EstimationError("weights", "are zero throughout one side")
    found = []
    for name, values in covariates.items():
        if values.shape != side.shape or not np.isfinite(values).all():
            raise EstimationError(f"covariates.{name}", f"must be {len(side)} finite numbers")
        means = [float(np.average(values[part], weights=share[part])) for part in (side, ~side)]
        spreads = [float(values[part].var(ddof=1)) for part in (side, ~side) if part.sum() > 1]
        deviation = float(np.sqrt(np.mean(spreads)))
        scale = float(np.abs(values).max())
        difference: float | NotComputable = (
            (means[0] - means[1]) / deviation if deviation > 1e-12 * scale else reasons.no_variation()
        )
        found.append(Balance(name, means[0], means[1], difference))
    return tuple(found)


def balance_finding(balances: Sequence[Balance]) -> Finding:
    """The covariate that is furthest apart, in standard deviations."""
    known = [(abs(one.difference), one.name) for one in balances if isinstance(one.difference, float)]
    if not known:
        reason = reasons.no_variation()
        return Finding("caution", "balance", reason, reason.sentence_ko, reason.sentence_en)
    largest, name = max(known)
    return Finding(
        "ok" if largest <= BALANCED else "caution" if largest <= UNBALANCED else "fail",
        "balance",
        largest,
        f"실증·대조 구역의 차이가 가장 큰 공변량은 {with_particle(name, '으로/로')}, "
        f"표준편차의 {figure(largest)}배입니다.",
        f"Treated and controls differ most in {name}, by {figure(largest)} standard deviations.",
    )
