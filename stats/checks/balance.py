"""Covariate balance: how alike treated and controls were.

Where nobody dealt the treatment, differences are told in standard deviations (Austin 2009, Statistics in
Medicine 28; Imbens and Rubin, "Causal Inference", 2015, chapter 14). Where chance did, some difference is to
be expected, the larger the fewer units there are, and is held against those of all assignments that might
have come out (Hansen and Bowers 2008, Statistical Science 23).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats import reasons
from stats.arguments import checked_arguments
from stats.checked import indicator
from stats.errors import EstimationError
from stats.findings import Finding, Level, NotComputable
from stats.inference import TIE
from stats.panel import OUTCOME, FloatArray
from stats.particles import with_particle
from stats.trials.assignment import LabelArray, Mechanism, assignments
from stats.words import figure, probability

BALANCED, UNBALANCED = 0.10, 0.25
"""Standardised mean differences up to which sides are alike, and beyond which not."""

CHANCE_FAILS, CHANCE_DOUBTFUL = 0.01, 0.05
"""Shares of the assignments with an imbalance as large, below which a deal is doubted: a fair one fails in at
most one of a hundred trials."""


@dataclass(frozen=True)
class Balance:
    """Means of a covariate, and their difference in standard deviations."""

    name: str
    treated: float
    controls: float
    difference: float | NotComputable


@checked_arguments
def balance(
    covariates: Mapping[str, FloatArray], treated: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> tuple[Balance, ...]:
    """Each covariate (n values) of the treated (n, bool) beside the controls, weighted as the estimate is.

    The standard deviation is the root mean square of both sides' unweighted ones, with fewer than two treated
    units the controls' alone: weighting must not shrink the yardstick.
    """
    side = indicator("treated", treated, np.shape(treated)[:1])
    share = np.ones(len(side)) if weights is None else np.array(weights, dtype=np.float64)
    if side.sum() > len(side) - 2:
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


def balance_finding(balances: Sequence[Balance], *, worst: Level = "fail") -> Finding:
    """The covariate that is furthest apart, in standard deviations.

    worst: the gravest level, "caution" where the method takes out differences that stay the same.
    """
    known = [(abs(one.difference), one.name) for one in balances if isinstance(one.difference, float)]
    if not known:
        reason = reasons.no_variation()
        return Finding("caution", "balance", reason, reason.sentence_ko, reason.sentence_en)
    largest, name = max(known)
    if name == OUTCOME:
        told_ko, told_en = "차이가 가장 큰 것은 시행 전 성과 지표로", "the outcome before the start"
    else:
        told_ko, told_en = f"차이가 가장 큰 공변량은 {with_particle(name, '으로/로')}", name
    return Finding(
        "ok" if largest <= BALANCED else "caution" if largest <= UNBALANCED else worst,
        "balance",
        largest,
        f"실증·대조 구역의 {told_ko}, 표준편차의 {figure(largest)}배입니다.",
        f"Treated and controls differ most in {told_en}, by {figure(largest)} standard deviations.",
    )


def dealt_balance_finding(
    covariates: Mapping[str, FloatArray],
    mechanism: Mechanism,
    rng: np.random.Generator,
    blocks: LabelArray | None = None,
) -> Finding:
    """Whether chance, dealing as `mechanism` does, leaves the covariates (n values each) so far apart.

    blocks: n, within which was dealt. The statistic is the largest correlation, in absolute value, of the
    labels dealt (treated or not, or the start) with a covariate; the number is the share of the assignments
    with one at least as large, the actual one among them. `EstimationError` for values that are not finite.
    """
    block = np.zeros(len(mechanism.place), dtype=np.int64) if blocks is None else blocks
    columns = {}
    for name, values in covariates.items():
        if values.shape != block.shape or not np.isfinite(values).all():
            raise EstimationError(f"covariates.{name}", f"must be {len(block)} finite numbers")
        within = values - (np.bincount(block, values) / np.maximum(np.bincount(block), 1))[block]
        spread = float(np.sqrt(np.mean(within**2)))
        if spread > 1e-12 * float(np.abs(values).max()):
            columns[name] = within / spread
    if not columns:
        reason = reasons.no_variation()
        return Finding("caution", "dealt_balance", reason, reason.sentence_ko, reason.sentence_en)
    correlations = _correlations(np.column_stack(list(columns.values())), mechanism, rng)
    largest = correlations.max(axis=1)
    share = float(np.mean(largest >= largest[0] * (1 - TIE)))
    level: Level = "fail" if share < CHANCE_FAILS else "caution" if share < CHANCE_DOUBTFUL else "ok"
    name, told = list(columns)[int(correlations[0].argmax())], probability(share)
    if level == "ok":
        so_ko, so_en = f"추첨으로 이만큼 어긋날 수 있습니다({told})", f"chance leaves as much ({told})."
    else:
        so_ko = f"추첨으로는 드문 차이이므로({told}) 배정이 계획대로였는지 확인해야 합니다"
        so_en = f"chance rarely leaves as much ({told}): was it dealt as told?"
    return Finding(
        level,
        "dealt_balance",
        share,
        f"시행 전 가장 크게 어긋난 것은 {name}입니다. {so_ko}.",
        f"Before the start {name} differed most; {so_en}",
    )


def _correlations(columns: FloatArray, mechanism: Mechanism, rng: np.random.Generator) -> FloatArray:
    """Of each assignment's labels with each of `columns` (n x k, standardised), B x k, the actual first."""
    labels = assignments(mechanism, rng).astype(np.float64)
    sums = np.zeros((labels.shape[1], columns.shape[1] + 1))
    np.add.at(sums, mechanism.place, np.column_stack([columns, np.ones(len(columns))]))
    products = np.einsum("bg,gk->bk", labels, sums)
    spread = np.einsum("bg,g->b", labels**2, sums[:, -1]) - products[:, -1] ** 2 / len(columns)
    scale = np.sqrt(np.maximum(spread, 0.0) * len(columns))[:, None]
    found: FloatArray = np.abs(products[:, :-1]) / np.where(scale > 0, scale, np.inf)
    return found
