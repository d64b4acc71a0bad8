"""The profile-likelihood interval of the variance between sites (Hardy and Thompson 1996)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Interval
from stats.pooling.heterogeneity import GRID, log_likelihood, scale_of
from stats.pooling.meta import MetaAnalysis, too_few_sites


@checked_arguments
def tau2_profile_interval(analysis: MetaAnalysis) -> Interval | NotComputable:
    """All tau^2 >= 0 whose (restricted) log likelihood lies within half the chi-squared quantile, with one
    degree of freedom, of the highest.

    For analyses by "ML" or "REML". The likelihood may have several peaks: the interval then reaches from
    the first such tau^2 to the last. It leans on large numbers of sites; the Q profile
    (`MetaAnalysis.tau2_interval`) does not (Viechtbauer 2007).
    """
    if analysis.method not in ("ML", "REML"):
        raise EstimationError("analysis", f"must be by ML or REML, not {analysis.method}")
    if not analysis.sites.dof:
        return too_few_sites()
    from scipy.special import chdtri

    value = log_likelihood(analysis.sites, restricted=analysis.method == "REML")
    least = value(analysis.tau2) - float(chdtri(1, analysis.alpha)) / 2

    def spare(tau2: float) -> float:
        return value(tau2) - least

    # No residual's square is larger, so that beyond it the likelihood only falls.
    high = 2 * len(analysis.labels) * scale_of(analysis.sites)
    while spare(high) > 0:
        high *= 4
    grid = np.unique([0.0, analysis.tau2, *np.geomspace(1e-12 * high, 100 * high, GRID)]).tolist()
    inside = [place for place, tau2 in enumerate(grid) if spare(tau2) >= 0]
    first, last = inside[0], inside[-1]
    low = 0.0 if first == 0 else _edge(spare, grid[first - 1], grid[first])
    return Interval(low, _edge(spare, grid[last], grid[last + 1]))


def _edge(spare: Callable[[float], float], left: float, right: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(spare, left, right, xtol=1e-14 * right, rtol=1e-13))
