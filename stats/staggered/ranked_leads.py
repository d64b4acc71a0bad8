"""The leads of few staggered units, ranked among those of never-treated units that are dealt their starts.

A Wald test of the leads needs a covariance that a handful of treated units does not tell. As for one
treated cluster of `stats.differences.event_study`, the root mean square of the leads is held against
placebos instead (Abadie, Diamond and Hainmueller 2010; MacKinnon and Webb 2020): the treated are left out,
their starts are dealt to units (or clusters) that never started, and the same leads are estimated anew.
Leads of the treated themselves in other deals would hold effects of the treatment, so the treated take no
part. A placebo then has fewer controls than the treated, and sets of several overlap, so that the test is
not exact: with autocorrelated errors (0.5) and 2 of 20 treated it rejected 6.9 % of 1,000 true nulls
(`tests.bench.size_of_leads`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stats import reasons
from stats.cohorts import NEVER, IntArray
from stats.differences.event_study import PLACEBO_RANK
from stats.errors import EstimationError, StatisticsError
from stats.findings import NotComputable
from stats.inference import TIE
from stats.panel import BoolArray, FloatArray
from stats.results import JointTest
from stats.staggered.aggregation import Aggregation, aggregate
from stats.staggered.group_time import GroupTimeEffects
from stats.staggered.reassigned_starts import MOST_REPEATS
from stats.trials.assignment import MOST_ASSIGNMENTS, Permuted, assignments


def ranked_leads(
    found: GroupTimeEffects,
    outcomes: FloatArray,
    first_treated: IntArray,
    again: Callable[[IntArray], GroupTimeEffects],
    *,
    reference: int,
    window: int,
    alike: bool,
    rng: np.random.Generator,
    clusters: IntArray | None = None,
) -> JointTest | NotComputable:
    """The rank of the leads of `found`, from a universal base, among those of placebo deals.

    outcomes   J x T, of the never-treated alone
    first_treated  n, of all units; those of the treated are dealt
    again      the estimate of the J never-treated from the J starts that one deal gives them
    reference  of the base; leads lie before it, `window` periods before the start at most
    alike      no covariates, weights, gaps, clusters: one product then serves all deals, else
               `MOST_REPEATS` are drawn. A deal that cannot be estimated counts against the trend
    clusters   n: starts are dealt to clusters. Not computable where one has several, or a control
    """
    own = _leads(found, reference, window)
    if own is None:
        return reasons.no_leads()
    try:
        deals = _deals(first_treated, clusters, rng, most=MOST_ASSIGNMENTS if alike else MOST_REPEATS)
    except EstimationError:
        return reasons.few_treated()
    if deals is None:
        return reasons.too_few_control_clusters()
    if alike:
        placebos = _by_product(again(deals[0]), outcomes, deals, reference, window)
    else:
        placebos = np.array([_repeated(again, deal, reference, window) for deal in deals])
    p_value = (1 + int(np.sum(placebos >= own[1] * (1 - TIE)))) / (len(placebos) + 1)
    return JointTest(
        method=PLACEBO_RANK,
        statistic=own[1],
        dof_numerator=None,
        dof_denominator=None,
        p_value=p_value,
        leads=own[0],
        blocks=own[0],
        placebos=len(placebos),
    )


def _dynamic(found: GroupTimeEffects, reference: int, window: int) -> tuple[Aggregation, BoolArray]:
    summary = aggregate(found, "dynamic", first=-window, last=0, skip_missing=True)
    return summary, summary.labels < reference


def _leads(found: GroupTimeEffects, reference: int, window: int) -> tuple[int, float] | None:
    """How many leads there are, and their root mean square."""
    summary, before = _dynamic(found, reference, window)
    if not before.any():
        return None
    return int(before.sum()), float(np.sqrt(np.mean(summary.effects[before] ** 2)))


def _repeated(
    again: Callable[[IntArray], GroupTimeEffects], deal: IntArray, reference: int, window: int
) -> float:
    try:
        found = _leads(again(deal), reference, window)
    except StatisticsError:
        return np.inf
    return np.inf if found is None else found[1]


def _by_product(
    pattern: GroupTimeEffects, outcomes: FloatArray, deals: IntArray, reference: int, window: int
) -> FloatArray:
    """B root mean squares: what a unit adds to the leads depends on the start that it is dealt alone.

    pattern: the estimate of the first deal, whose influence functions tell that dependence
    """
    summary, before = _dynamic(pattern, reference, window)
    values = outcomes[:, : pattern.width] - outcomes[:, : pattern.width].mean(axis=0)
    leads = np.zeros((len(deals), int(before.sum())))
    for start, block in zip(np.unique(deals[0]), pattern.influence.blocks, strict=True):
        adds = block.loading[: pattern.width] @ summary.loadings[:, before] / len(outcomes)
        leads += (deals == start).astype(np.float64) @ (values @ adds)
    sizes: FloatArray = np.sqrt(np.mean(leads**2, axis=1))
    return sizes


def _deals(
    first_treated: IntArray, clusters: IntArray | None, rng: np.random.Generator, *, most: int
) -> IntArray | None:
    """B x J starts of the never-treated; None where these are no more than the treated."""
    never = first_treated == NEVER
    codes = np.arange(len(first_treated)) if clusters is None else clusters
    treated = np.unique(codes[~never])
    starts = [np.unique(first_treated[codes == code]) for code in treated]
    if any(len(each) > 1 for each in starts):
        raise EstimationError("clusters", "one holds several starts, or a control")
    free, place = np.unique(codes[never], return_inverse=True)
    if len(free) <= len(treated):
        return None
    dealt = np.concatenate([*starts, np.full(len(free) - len(treated), NEVER)])
    each, labels = np.unique(dealt, return_inverse=True)
    mechanism = Permuted(labels.astype(np.int64))
    found: IntArray = each[assignments(mechanism, rng, most=most)][:, place]
    return found
