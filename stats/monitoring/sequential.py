"""Group-sequential boundaries: how large the statistic must be at each planned look.

At look k, with the share t_k of the full information, Z_k is normal with mean drift x sqrt(t_k); the
probabilities come from `stats.monitoring.walk`. See Jennison and Turnbull (2000). Stopping for futility
is planned by `stats.monitoring.futility`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.monitoring.spending import Spending, spent
from stats.monitoring.walk import REACH, Walk

Shape: TypeAlias = Literal["obrien_fleming", "pocock", "wang_tsiatis", "haybittle_peto"]


@dataclass(frozen=True)
class Boundaries:
    """The trial stops at look k when Z_k >= upper[k], or, two-sided, when Z_k <= -upper[k].

    information  K shares of the full information, increasing, the last at most 1
    alpha        error in all; two-sided boundaries spend half of it on each side
    spent        error spent by look k, both sides together, when there is no effect
    """

    information: tuple[float, ...]
    upper: tuple[float, ...]
    spent: tuple[float, ...]
    alpha: float
    sides: Literal[1, 2]

    @property
    def nominal_p(self) -> tuple[float, ...]:
        """The p-values, one- or two-sided as the boundaries are, at or below which a look stops."""
        from scipy.special import ndtr

        return tuple(self.sides * float(ndtr(-bound)) for bound in self.upper)


@dataclass(frozen=True)
class Crossing:
    """Probabilities of stopping at each look under a drift, and the share of information used on average."""

    drift: float
    upper: tuple[float, ...]
    lower: tuple[float, ...]
    expected_information: float

    @property
    def power(self) -> float:
        """Probability of ever crossing a boundary, upper or lower."""
        return sum(self.upper) + sum(self.lower)


@checked_arguments
def spending_boundaries(
    information: Sequence[float],
    *,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    spending: Spending = "obrien_fleming",
    parameter: float | None = None,
    spending_times: Sequence[float] | None = None,
) -> Boundaries:
    """Boundaries that spend `alpha` as `spending` says, whenever the looks come (Lan and DeMets 1983).

    spending_times  shares of the calendar at which the error is spent, where they differ from those of
                    the information (Lan and DeMets 1989)

    A look at which nothing may be spent has an infinite boundary.
    """
    fractions = _checked(information, alpha, sides)
    times = fractions if spending_times is None else increasing("spending_times", spending_times)
    if len(times) != len(fractions):
        raise EstimationError("spending_times", "need one for each look")
    cumulative = [spent(time, alpha / sides, spending, parameter) for time in times]
    upper: list[float] = []
    walk = Walk(fractions, drift=0.0)
    for before, now in zip([0.0, *cumulative], cumulative, strict=False):
        upper.append(walk.upper_spending(now - before))
        walk.advance(_other(upper[-1], sides), upper[-1])
    return Boundaries(fractions, tuple(upper), tuple(sides * share for share in cumulative), alpha, sides)


@checked_arguments
def classical_boundaries(
    information: Sequence[float],
    *,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    shape: Shape = "obrien_fleming",
    parameter: float | None = None,
) -> Boundaries:
    """Boundaries of a given shape with error `alpha` in all.

    obrien_fleming  constant / sqrt(t) (1979); pocock: constant (1977)
    wang_tsiatis    constant x t^(parameter - 1/2) (1987): 0 is O'Brien-Fleming's, 0.5 Pocock's
    haybittle_peto  `parameter` (3 by default) at all looks but the last, which takes what is left
    """
    fractions = _checked(information, alpha, sides)
    powers = {"obrien_fleming": 0.0, "pocock": 0.5}
    if shape in powers:
        if parameter is not None:
            raise EstimationError("parameter", f"{shape} takes none")
        parameter = powers[shape]
    elif shape not in ("wang_tsiatis", "haybittle_peto"):
        raise EstimationError("shape", f"{shape!r} is none of the shapes")
    elif parameter is None:
        if shape == "wang_tsiatis":
            raise EstimationError("parameter", "wang_tsiatis needs one")
        parameter = 3.0

    def bounds(constant: float) -> tuple[float, ...]:
        if shape == "haybittle_peto":
            return (*[parameter] * (len(fractions) - 1), constant)
        return tuple(constant * t ** (parameter - 0.5) for t in fractions)

    def error(constant: float) -> float:
        return _crossing(fractions, bounds(constant), sides, 0.0).power - alpha

    if error(REACH) > 0:
        raise EstimationError("parameter", f"looks at {parameter!r} alone spend more than {alpha!r}")
    from scipy.optimize import brentq

    upper = bounds(float(brentq(error, 1e-6, REACH, xtol=1e-12)))
    found = _crossing(fractions, upper, sides, 0.0)
    total = np.cumsum(np.add(found.upper, found.lower))
    return Boundaries(fractions, upper, tuple(float(share) for share in total), alpha, sides)


@checked_arguments
def crossing(boundaries: Boundaries, drift: float) -> Crossing:
    """Stopping probabilities when Z has mean drift x sqrt(t): at full information, `drift` itself."""
    if not math.isfinite(drift):
        raise EstimationError("drift", f"must be finite, not {drift!r}")
    return _crossing(boundaries.information, boundaries.upper, boundaries.sides, drift)


@checked_arguments
def drift_for_power(boundaries: Boundaries, power: float) -> float:
    """The drift at which some boundary is crossed with probability `power` (above alpha, below 1).

    Its square over that of a single look is by how much looking early inflates the information needed.
    """
    if not boundaries.alpha < power < 1:
        raise EstimationError("power", f"must lie between alpha and 1, not {power!r}")
    from scipy.optimize import brentq

    high = 4.0
    while crossing(boundaries, high).power < power:
        high *= 2
        if high > 1e3:
            raise EstimationError("power", "the boundaries are infinite: no drift crosses them")
    return float(brentq(lambda drift: crossing(boundaries, drift).power - power, 0.0, high, xtol=1e-10))


def crossing_above(boundaries: Boundaries, look: int, z: float, drift: float) -> float:
    """Probability, under `drift`, of crossing upwards before `look` (from 0) or of Z >= z there."""
    walk = Walk(boundaries.information[: look + 1], drift=drift)
    total = 0.0
    for bound in boundaries.upper[:look]:
        total += walk.above(bound)
        walk.advance(_other(bound, boundaries.sides), bound)
    return total + walk.above(z)


def _other(bound: float, sides: Literal[1, 2]) -> float:
    """The lower boundary that goes with an upper one."""
    return -bound if sides == 2 else -math.inf


def _crossing(
    fractions: tuple[float, ...], upper: tuple[float, ...], sides: Literal[1, 2], drift: float
) -> Crossing:
    return crossing_between(fractions, tuple(_other(bound, sides) for bound in upper), upper, drift)


def crossing_between(
    fractions: tuple[float, ...], lower: tuple[float, ...], upper: tuple[float, ...], drift: float
) -> Crossing:
    """Stopping probabilities with these bounds of Z, which may be infinite."""
    walk = Walk(fractions, drift=drift)
    above, below = [], []
    for low, high in zip(lower, upper, strict=True):
        above.append(walk.above(high))
        below.append(walk.below(low))
        walk.advance(low, high)
    stopped = np.add(above, below)
    expected = float(stopped @ np.array(fractions)) + (1 - float(stopped.sum())) * fractions[-1]
    return Crossing(drift, tuple(above), tuple(below), expected)


def _checked(information: Sequence[float], alpha: float, sides: int) -> tuple[float, ...]:
    if not 0 < alpha < 1:
        raise EstimationError("alpha", f"must lie between 0 and 1, not {alpha!r}")
    if sides not in (1, 2):
        raise EstimationError("sides", f"must be 1 or 2, not {sides!r}")
    return increasing("information", information)


def increasing(name: str, values: Sequence[float]) -> tuple[float, ...]:
    """`values` where they are shares of the information that increase up to at most 1."""
    given = tuple(float(value) for value in values)
    steps = zip((0.0, *given), given, strict=False)
    if not given or given[-1] > 1 or not all(before < now for before, now in steps):
        raise EstimationError(
            name, "must be shares that increase from above 0 to at most 1, one for each look"
        )
    return given
