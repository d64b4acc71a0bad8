"""How much the slope of the differential trend must change, by the leads alone.

A lower confidence bound for M of the smoothness restriction (Rambachan and Roth 2023, section 6 and
appendix): every change of slope before the start lies within +-M, so that M is tested by whether the
largest estimated one exceeds it by more than chance, given which one is largest (the conditional test of
Andrews, Roth and Pakes 2023, without nuisance parameters). Results for an M below the bound rest on a
restriction that the leads reject; the bound says nothing on how large M may be after the start.
"""

from __future__ import annotations

import numpy as np

from stats.arguments import checked_arguments
from stats.checks.honest_restrictions import differences
from stats.checks.honest_sets import EventCoefficients
from stats.panel import FloatArray

GRID = 1000
"""Values of M between 0 and the largest change of slope seen, before the edge is halved."""


@checked_arguments
def smoothness_lower_bound(event: EventCoefficients, *, alpha: float = 0.05) -> float:
    """The least M >= 0 that the leads do not reject at `alpha`; 0 with one lead, which shows none."""
    leads = slice(0, event.before)
    steps = differences(event.before, 0, 2)
    if not len(steps):
        return 0.0
    both = np.vstack([steps, -steps])
    changes = both @ event.estimates[leads]
    covariance = both @ event.covariance[leads, leads] @ both.T
    deviations = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(deviations, deviations)

    def rejected(bound: float) -> bool:
        return _exceeds((changes - bound) / deviations, correlation, alpha)

    # At the largest change itself the statistic is 0, which is never rejected.
    low, high = 0.0, float(changes.max())
    for bound in np.linspace(0.0, high, GRID):
        if not rejected(float(bound)):
            high = float(bound)
            break
        low = float(bound)
    while high - low > 1e-10 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if rejected(middle) else (low, middle)
    return high


def _exceeds(standardised: FloatArray, correlation: FloatArray, alpha: float) -> bool:
    """Whether the largest of jointly normal moments, none of mean above 0, is too large given that it is.

    With z_j the largest, z_k - rho_kj z_j is independent of it, so that "j is the largest" says only that
    z_j is at least v = max_k (z_k - rho_kj z_j) / (1 - rho_kj): a truncated normal.
    """
    from scipy.special import ndtr

    place = int(np.argmax(standardised))
    largest, shared = float(standardised[place]), correlation[place]
    if largest <= 0:
        return False
    other = shared < 1 - 1e-9
    least = float(((standardised - shared * largest)[other] / (1 - shared[other])).max(initial=-np.inf))
    return bool(ndtr(-largest) <= alpha * ndtr(-least))
