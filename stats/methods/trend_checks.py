"""What would have to be true of trends for a difference-in-differences to mislead, as findings beside it."""

from __future__ import annotations

from itertools import count

import numpy as np

from stats import reasons
from stats.checks.diagnostics import ENOUGH_TREATED
from stats.checks.honest import breakdown, breakdown_finding, nothing_to_break
from stats.checks.honest_restrictions import Kind, Restriction
from stats.checks.honest_sets import EventCoefficients
from stats.checks.pretrend_power import power_finding
from stats.differences.did import Clusters
from stats.differences.event_study import event_study
from stats.errors import EstimationError
from stats.findings import Finding, NotComputable
from stats.inference import Inference
from stats.missing import Sample
from stats.panel import FloatArray
from stats.results import Estimate, EventStudy

MOST_SPELLS = 12
"""Spells of the event study that is asked, where there are treated clusters enough to tell so many apart."""
CODES = ("pre_trend_power", "breakdown", "breakdown_smoothness")
KINDS: tuple[Kind, ...] = ("relative_magnitudes", "smoothness")


def trend_checks(
    cells: Sample, clusters: Clusters, inference: Inference, *, unit: str, unit_ko: str
) -> list[Finding]:
    """The power of the pre-trend test (Roth 2022) and the breakdown values (Rambachan and Roth 2023).

    Both take the coefficients of an event study as normal with a covariance that is known. Few treated
    clusters do not tell the covariance of many coefficients, so the study is cut into fewer spells than
    there are treated clusters where that leaves two before the start; with fewer than
    `diagnostics.ENOUGH_TREATED` a reason stands in place of the numbers. Where `inference`, the reported
    one, leaves zero open there is nothing that could break.
    """
    alpha = inference.alpha
    if clusters.effective < ENOUGH_TREATED * (1 - 1e-9):
        return [_silent(code, reasons.few_treated()) for code in CODES]
    study = event_study(cells, clusters, alpha=alpha, most=_spells(cells, clusters))
    matrix = study.matrix
    if matrix is None:
        reason = study.covariance if isinstance(study.covariance, NotComputable) else reasons.not_identified()
        return [_silent(code, reason) for code in CODES]
    if study.coefficients[0].first > study.reference_first:
        return [_silent(code, reasons.no_leads()) for code in CODES]
    try:
        power = _power(study, matrix, alpha)
        if not inference.excludes_zero:
            return [power, *(_silent(code, nothing_to_break()) for code in CODES[1:])]
        return [power, *_bounds(study, matrix, clusters, alpha, (unit, unit_ko))]
    except EstimationError:
        # Clusters fewer than coefficients, or gaps that leave a spell out: the matrix is singular.
        return [_silent(code, reasons.not_identified()) for code in CODES]


def _power(study: EventStudy, matrix: FloatArray, alpha: float) -> Finding:
    middles = [(each.first + each.last) / 2 for each in study.coefficients]
    reference = (study.reference_first + study.reference_last) / 2
    return power_finding(_values(study), matrix, middles, reference=reference, alpha=alpha)


def _bounds(
    study: EventStudy, matrix: FloatArray, clusters: Clusters, alpha: float, units: tuple[str, str]
) -> list[Finding]:
    before = sum(each.last < study.reference_first for each in study.coefficients)
    event = EventCoefficients(np.array(_values(study)), matrix, before)
    found = []
    for kind in KINDS:
        restriction = Restriction(kind)
        value = breakdown(
            event,
            restriction,
            weights=np.full(event.after, 1 / event.after),
            alpha=alpha,
            rng=np.random.default_rng(clusters.seed),
        )
        if isinstance(value, NotComputable) and value.reason_code == "nothing_to_break":
            # The reported test rules zero out and this coarser one does not: it breaks at once.
            value = 0.0
        found.append(breakdown_finding(value, restriction, *units))
    return found


def _values(study: EventStudy) -> list[float]:
    return [each.estimate.value for each in study.coefficients if isinstance(each.estimate, Estimate)]


def _spells(cells: Sample, clusters: Clusters) -> int:
    """Fewer than the treated clusters, but so many that two lie before the start where it has two periods."""
    leads, periods = max(cells.starts), len(cells.panel.periods)
    across = leads + periods - min(cells.starts)
    least = next(most for most in count(1) if -(-across // most) <= max(leads // 2, 1))
    return max(min(MOST_SPELLS, len(clusters.treated) - 1), least)


def _silent(code: str, reason: NotComputable) -> Finding:
    return Finding("caution", code, reason, reason.sentence_ko, reason.sentence_en)
