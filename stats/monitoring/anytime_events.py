"""Rare events, read as they come: an exact e-value for the ratio of two event rates.

While the ratio of rates is r and the exposures keep their ratio, each event falls on the treated side with
probability r e1 / (r e1 + e0), independently of the others, whatever common season or trend drives the
rates. Mixing the likelihood ratio over a Beta(1/2, 1/2) restricted to the side of interest gives an
e-value for "the ratio is at most (at least) the limit" that is exact at every event (Robbins 1970; Lindon
and Malek 2022 for counts): no first look, no estimated variance. Events that come in clusters, as several
injuries of one accident do, must be counted once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.panel import FloatArray

PRIOR = 0.5


@dataclass(frozen=True, eq=False)
class EventWatch:
    """At each of n readings: e-values, and the first reading at which they reach 1 / alpha.

    harm  against "the ratio of rates is at most the limit"; safe: against "it is at least the limit"
    """

    alpha: float
    limit: float
    harm: FloatArray
    safe: FloatArray
    alarm: int | None
    cleared: int | None


@checked_arguments
def watch_events(
    treated: npt.ArrayLike,
    control: npt.ArrayLike,
    *,
    limit: float,
    exposure_ratio: float = 1.0,
    alpha: float = 0.05,
) -> EventWatch:
    """Events of the two sides in each of n readings, against a `limit` (above 0) of the ratio of their rates.

    exposure_ratio  treated exposure over control exposure, constant over the readings
    Refused: counts that are negative or not whole, limits and exposures that are not above 0.
    """
    if not 0 < alpha < 1:
        raise EstimationError("alpha", f"must lie between 0 and 1, not {alpha!r}")
    for name, value in (("limit", limit), ("exposure_ratio", exposure_ratio)):
        if not 0 < value < math.inf:
            raise EstimationError(name, f"must be above 0 and finite, not {value!r}")
    ours, theirs = (_cumulated(name, counts) for name, counts in (("treated", treated), ("control", control)))
    if len(ours) != len(theirs):
        raise EstimationError("control", f"needs {len(ours)} readings, as many as treated")
    share = limit * exposure_ratio / (limit * exposure_ratio + 1)
    harm = np.exp(_log_e_value(ours, theirs, share))
    safe = np.exp(_log_e_value(theirs, ours, 1 - share))
    return EventWatch(alpha, limit, harm, safe, _first(harm, alpha), _first(safe, alpha))


def _log_e_value(ours: FloatArray, theirs: FloatArray, share: float) -> FloatArray:
    """Against "our share is at most `share`": Beta mixture over larger shares, over the likelihood at it."""
    from scipy.special import betaincc, betaln

    with np.errstate(divide="ignore"):
        # Where the data leave larger shares no weight at all, the e-value is 0.
        weight = np.log(betaincc(PRIOR + ours, PRIOR + theirs, share))
    mixture = betaln(PRIOR + ours, PRIOR + theirs) - betaln(PRIOR, PRIOR) + weight
    mixture = mixture - math.log(float(betaincc(PRIOR, PRIOR, share)))
    found: FloatArray = mixture - ours * math.log(share) - theirs * math.log1p(-share)
    return np.minimum(found, 700.0)


def _cumulated(name: str, counts: npt.ArrayLike) -> FloatArray:
    given = np.asarray(counts, dtype=np.float64)
    if given.ndim != 1 or not len(given):
        raise EstimationError(name, "must be one series in time order")
    for place in np.flatnonzero(~((given >= 0) & np.isfinite(given) & (given == np.floor(given)))):
        raise EstimationError(name, f"reading {place} must be a whole number, 0 or more")
    total: FloatArray = np.cumsum(given)
    return total


def _first(e_values: FloatArray, alpha: float) -> int | None:
    reached = np.flatnonzero(e_values >= 1 / alpha)
    return int(reached[0]) if len(reached) else None
