"""Group-sequential plans that also stop when an effect is no longer to be expected.

Beta spending (Pampallona, Tsiatis and Kim 2001; Anderson and Clark 2010): the upper boundary spends the error
`alpha` where there is no effect, the lower one spends `beta`, the probability of missing the effect that
is planned for. The drift of that effect at full information is the one for which the boundaries meet at
the last look. Binding plans spend alpha as if nobody went on after the lower boundary; non-binding ones
ignore it, so that going on never raises the error. As test types 3 and 4 of the R package gsDesign, whose
default spends beta by hwang_shih_decani with -2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.monitoring.sequential import Crossing, crossing_between, increasing
from stats.monitoring.spending import Spending, spent
from stats.monitoring.walk import Walk

MOST_DRIFT = 100.0


@dataclass(frozen=True)
class FutilityPlan:
    """The trial stops for the effect when Z_k >= upper[k], for futility when Z_k <= lower[k].

    information  K shares of the full information, the last 1, where lower and upper meet
    alpha        one-sided error; of a non-binding plan even where the lower bounds are ignored
    beta         probability of missing an effect of drift `drift` (mean of Z at full information)
    inflation    information needed over that of a single look with the same alpha and beta
    """

    information: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    alpha: float
    beta: float
    binding: bool
    drift: float

    @property
    def inflation(self) -> float:
        from scipy.special import ndtri

        return self.drift**2 / float(ndtri(self.alpha) + ndtri(self.beta)) ** 2


@checked_arguments
def futility_plan(
    information: Sequence[float],
    *,
    alpha: float = 0.025,
    beta: float = 0.1,
    binding: bool = False,
    spending: Spending = "obrien_fleming",
    parameter: float | None = None,
    futility_spending: Spending = "hwang_shih_decani",
    futility_parameter: float | None = None,
) -> FutilityPlan:
    """Boundaries for looks at these shares of the `information`, the last of which must be 1.

    spending, parameter                    of alpha, see `stats.monitoring.spending.spent`
    futility_spending, futility_parameter  of beta

    A look at which nothing may be spent has an infinite boundary. Refused: alpha + beta of 1 and more.
    """
    fractions = increasing("information", information)
    if fractions[-1] != 1:
        raise EstimationError("information", f"must end with 1, not {fractions[-1]!r}")
    if not 0 < beta < 1 - alpha:
        raise EstimationError("beta", f"must lie between 0 and 1 - alpha, not {beta!r}")
    errors = _steps([spent(share, alpha, spending, parameter) for share in fractions])
    misses = _steps([spent(share, beta, futility_spending, futility_parameter) for share in fractions])

    def missed(drift: float) -> float:
        lower, upper = _bounds(fractions, errors, misses, drift, binding)
        return 1 - sum(crossing_between(fractions, lower, upper, drift).upper) - beta

    from scipy.optimize import brentq
    from scipy.special import ndtri

    # No looks need less information than a single one.
    least = -float(ndtri(alpha) + ndtri(beta))
    most = 1.5 * least
    while missed(most) > 0:
        most *= 1.5
        if most > MOST_DRIFT:
            raise EstimationError("beta", "no drift has this power with the spending given")
    drift = float(brentq(missed, 0.9 * least, most, xtol=1e-11))
    lower, upper = _bounds(fractions, errors, misses, drift, binding)
    return FutilityPlan(fractions, (*lower[:-1], upper[-1]), upper, alpha, beta, binding, drift)


@checked_arguments
def stopping(plan: FutilityPlan, drift: float) -> Crossing:
    """Probabilities of stopping at each look, upwards and for futility, where the mean of Z at full
    information is `drift`, and both boundaries are obeyed."""
    if not math.isfinite(drift):
        raise EstimationError("drift", f"must be finite, not {drift!r}")
    return crossing_between(plan.information, plan.lower, plan.upper, drift)


def _steps(cumulative: list[float]) -> list[float]:
    return [now - before for before, now in zip([0.0, *cumulative], cumulative, strict=False)]


def _bounds(
    fractions: tuple[float, ...], errors: list[float], misses: list[float], drift: float, binding: bool
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Lower and upper bounds that spend as told, were `drift` the effect planned for; they need not meet."""
    idle, moved = Walk(fractions, drift=0.0), Walk(fractions, drift=drift)
    lower: list[float] = []
    upper: list[float] = []
    for error, miss in zip(errors, misses, strict=True):
        upper.append(idle.upper_spending(error))
        # Paths at the upper bound have stopped already: more than all others cannot be spent on futility.
        lower.append(moved.lower_spending(miss, upper[-1]))
        idle.advance(lower[-1] if binding else -math.inf, upper[-1])
        moved.advance(lower[-1], upper[-1])
    return tuple(lower), tuple(upper)
