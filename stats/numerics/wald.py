"""Estimate over standard error, against the normal or the t distribution: the large-sample inference."""

from __future__ import annotations

import math
from dataclasses import replace

from stats.inference import Inference, student_t


def wald(
    estimate: float, standard_error: float, *, alpha: float, method: str, dof: float | None = None
) -> Inference:
    """estimate +- quantile x standard error: of the t distribution with `dof`, without it of the normal.

    A standard error of 0 gives an inference that is silent, with its reason.
    """
    if dof is not None:
        return student_t(estimate, standard_error, dof, alpha=alpha, method=method)
    return replace(student_t(estimate, standard_error, math.inf, alpha=alpha, method=method), dof=None)


def quantile(alpha: float, dof: float | None) -> float:
    """The value that a standard normal (or t with `dof`) exceeds in size with probability `alpha`."""
    from scipy.special import ndtri, stdtrit

    return float(-ndtri(alpha / 2) if dof is None else stdtrit(dof, 1 - alpha / 2))
