"""How much of the error rate may be spent by which share of the information (Lan and DeMets 1983)."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias, get_args

from stats.arguments import checked_arguments
from stats.errors import EstimationError

Spending: TypeAlias = Literal["obrien_fleming", "pocock", "power", "hwang_shih_decani"]

_DEFAULT = {"power": 1.0, "hwang_shih_decani": -4.0}


@checked_arguments
def spent(
    fraction: float, alpha: float, spending: Spending = "obrien_fleming", parameter: float | None = None
) -> float:
    """Error of one side spent at information `fraction` (0 to 1), of `alpha` for that side in all.

    obrien_fleming     2 (1 - Phi(z_{1 - alpha/2} / sqrt t)); parameter: none
    pocock             alpha log(1 + (e - 1) t); none
    power              alpha t^rho, rho above 0 (Kim and DeMets 1987), 1 by default
    hwang_shih_decani  alpha (1 - e^{-gamma t}) / (1 - e^{-gamma}) (1990), any gamma, -4 by default
    """
    shape = _shape(spending, parameter)
    if not 0 <= fraction <= 1:
        raise EstimationError("fraction", f"must lie between 0 and 1, not {fraction!r}")
    if fraction in (0, 1):
        return alpha * fraction
    from scipy.special import ndtr, ndtri

    match spending:
        case "obrien_fleming":
            return float(2 * ndtr(ndtri(alpha / 2) / math.sqrt(fraction)))
        case "pocock":
            return alpha * math.log1p((math.e - 1) * fraction)
        case "power":
            return alpha * math.pow(fraction, shape)
        case "hwang_shih_decani":
            if abs(shape) < 1e-8:
                return alpha * fraction
            return alpha * math.expm1(-shape * fraction) / math.expm1(-shape)


def _shape(spending: Spending, parameter: float | None) -> float:
    if spending not in get_args(Spending):
        raise EstimationError("spending", f"must be one of {', '.join(get_args(Spending))}, not {spending!r}")
    if parameter is not None and spending not in _DEFAULT:
        raise EstimationError("parameter", f"{spending} takes none")
    shape = _DEFAULT.get(spending, 0.0) if parameter is None else parameter
    if not math.isfinite(shape) or (spending == "power" and shape <= 0):
        raise EstimationError("parameter", f"{shape!r} is none for {spending}")
    return shape
