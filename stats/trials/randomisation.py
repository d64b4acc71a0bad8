"""Randomisation inference: the estimate among those of the assignments that might have come out.

Under the sharp hypothesis "the effect is c on everyone" the outcomes without treatment are y - c z for
the actual assignment z, whatever the assignment would have been, so the statistic of every assignment
can be computed (Fisher 1935). With r the regressor of an assignment less what the other regressors
explain, the statistic of assignment b is

    | r_b'(y - c z) | / |r_b|  =  | scores_b - c slopes_b |,

the regression coefficient in units in which its variance is the same for every assignment; where |r_b|
is the same for all (complete designs on complete panels) it ranks as the coefficient itself. By
Cauchy-Schwarz |slopes_b| is largest for the actual assignment. Hence assignment b is at least as extreme
as the actual one exactly for c in an interval round the estimate, with the ends
(s_0 - s_b) / (m_0 - m_b) and (s_0 + s_b) / (m_0 + m_b), s scores and m slopes: the p-value falls on
either side of the estimate, and the confidence interval is found by sorting these ends, without search.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from stats import reasons
from stats.arguments import checked_arguments
from stats.checked import finite, positive
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import TIE, Inference, Interval, silent
from stats.panel import FloatArray
from stats.trials.assignment import Mechanism, assignments

RANDOMISATION = "randomisation"

NO_REGRESSOR = 1e-9
"""An assignment whose regressor keeps less than this share of its length cannot be estimated."""
ROUNDING = 1e-13
"""Outcomes of which the controls leave less than this share are reproduced by them."""


@checked_arguments
def randomisation_test(
    outcomes: FloatArray,
    mechanism: Mechanism,
    *,
    rng: np.random.Generator,
    alpha: float = 0.05,
    controls: FloatArray | None = None,
    weights: FloatArray | None = None,
) -> Inference:
    """The coefficient of the treatment indicator (label 1), among `mechanism`'s assignments.

    outcomes  n;  controls  n x k regressors beside the constant, fixed before the assignment (blocks,
    covariates);  weights  n, positive. Covers complete, blocked, paired and clustered designs on units,
    and switchbacks on the cells of a panel (n = units x periods, flattened by rows).

    `EstimationError` refuses values that are not finite and assignments that the controls explain.
    """
    outcomes = finite("outcomes", outcomes, 1)
    root = np.sqrt(np.ones(len(outcomes)) if weights is None else positive("weights", weights, len(outcomes)))
    beside = np.ones((len(outcomes), 1))
    if controls is not None:
        given = np.asarray(controls, dtype=np.float64).reshape(len(outcomes), -1)
        beside = np.column_stack([beside, finite("controls", given, 2)])
    basis = _basis(beside * root[:, None])
    if len(mechanism.place) != len(outcomes):
        raise EstimationError("mechanism", f"assigns {len(mechanism.place)} units, not {len(outcomes)}")
    indicators = (assignments(mechanism, rng) == 1).astype(np.float64)
    left = outcomes * root
    actual = indicators[0][mechanism.place] * root
    left, actual = (values - basis @ (basis.T @ values) for values in (left, actual))
    if np.linalg.norm(left) <= ROUNDING * np.linalg.norm(outcomes * root):
        # What the controls reproduce leaves rounding alone, and rounding has a rank too.
        left = np.zeros_like(left)
    # Labels are alike within clusters: sums by cluster serve every assignment, in one product.
    rows = np.column_stack([left, actual, root, basis]) * root[:, None]
    sums = np.zeros((indicators.shape[1], rows.shape[1]))
    np.add.at(sums, mechanism.place, rows)
    products = indicators @ sums
    lengths = products[:, 2]
    kept = lengths - (products[:, 3:] ** 2).sum(axis=1)
    return ranked(products[:, 0], products[:, 1], kept, lengths, alpha=alpha, method=RANDOMISATION)


def ranked(
    scores: FloatArray,
    slopes: FloatArray,
    kept: FloatArray,
    lengths: FloatArray,
    *,
    alpha: float,
    method: str,
) -> Inference:
    """Inference from r_b'y (`scores`), r_b'z (`slopes`), r_b'r_b (`kept`), the actual assignment first.

    `lengths` are the squared lengths of the indicators before other regressors are taken out: an
    assignment that keeps next to nothing of its own cannot be estimated and is not compared with.
    """
    known = kept > NO_REGRESSOR * lengths
    if not known[0]:
        raise EstimationError("assignment", "the actual one cannot be told from the other regressors")
    norms = np.sqrt(kept[known])
    return inverted(scores[known] / norms, slopes[known] / norms, alpha=alpha, method=method)


def inverted(scores: FloatArray, slopes: FloatArray, *, alpha: float, method: str) -> Inference:
    """p-value and interval from standardised `scores` and `slopes`, B each, the actual one first.

    p(c) is the share of assignments with |score - c slope| at least as large as the actual one's; its
    inversion is exact (see the module). With fewer than 1 / alpha assignments no value can be ruled out.
    """
    own, slope = float(scores[0]), float(slopes[0])
    size = float(np.abs(scores).max())
    if len(scores) < 2 or not size > 0:
        return silent(method, alpha, reasons.no_variation())
    low, high = _compatible(scores, slopes)
    count = len(scores)
    p_value = int(np.sum((low <= 0) & (high >= 0))) / count
    # Exact arithmetic: 0.29 * 100 is 28.999999999999996 in floats and would lose a rank.
    rank = math.floor(Fraction(str(alpha)) * count)
    ends = float(np.sort(low)[rank]), float(np.sort(high)[count - 1 - rank])
    reason: NotComputable | None = None
    if math.isinf(ends[0]) or math.isinf(ends[1]):
        reason = reasons.assignments_too_few_for_level(count, alpha)
    return Inference(
        method=method,
        alpha=alpha,
        p_value=p_value,
        interval=Interval(min(ends[0], own / slope), max(ends[1], own / slope), reason),
        placebos=count - 1,
    )


def _compatible(scores: FloatArray, slopes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """For each assignment the closed interval of c for which it is at least as extreme as the actual one."""
    own, slope = scores[0], slopes[0]
    centre = own / slope
    slack = TIE * (np.abs(scores) + abs(own))
    ends = []
    for above, below in ((own - scores, slope - slopes), (own + scores, slope + slopes)):
        # Equal slopes mean the same regressor, up to sign: as extreme as the actual one everywhere.
        same = below <= 1e-9 * slope
        rest = np.where(same, 1.0, below)
        middle, fuzz = above / rest, slack / rest
        ends.append((np.where(same, -np.inf, middle - fuzz), np.where(same, np.inf, middle + fuzz)))
    low = np.minimum(np.minimum(ends[0][0], ends[1][0]), centre)
    high = np.maximum(np.maximum(ends[0][1], ends[1][1]), centre)
    # An assignment that is the actual one's double is so on both sides.
    endless = np.isinf(low) | np.isinf(high)
    return np.where(endless, -np.inf, low), np.where(endless, np.inf, high)


def _basis(columns: FloatArray) -> FloatArray:
    """Orthonormal columns that span `columns`, each scaled first; collinear ones add nothing."""
    scale = np.sqrt((columns**2).sum(axis=0))
    vectors, values, _ = np.linalg.svd(columns / np.where(scale > 0, scale, 1.0), full_matrices=False)
    return vectors[:, values > 1e-10 * values[0]]
