"""Which regressors can be told from those before them, and the inverse of their normal matrix."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Literal

import numpy as np

from stats.errors import EstimationError
from stats.numerics.fixed_effects import IDENTIFIED
from stats.panel import BoolArray, FloatArray

Collinear = Literal["refuse", "drop"]


def independent(
    normal: FloatArray,
    before: FloatArray,
    names: Sequence[str],
    collinear: Collinear,
    *,
    nuisance: int = 0,
) -> BoolArray:
    """Which of k regressors keep a share `IDENTIFIED` of their variation beside the effects and those
    before them.

    normal    k x k, sums of products after the effects
    before    k, sums of squares before the effects
    nuisance  the first so many are left out in silence, whatever `collinear` says of the others
    """
    own = np.diag(normal)
    if (own > IDENTIFIED * before).all():
        # All at once where, as nearly always, none is collinear.
        scale = np.sqrt(own)
        with suppress(np.linalg.LinAlgError):
            pivots = np.diag(np.linalg.cholesky(normal / np.outer(scale, scale))) ** 2
            if (pivots > IDENTIFIED).all():
                return np.ones(len(normal), dtype=bool)
    kept = _one_by_one(normal, before)
    refused = np.flatnonzero(~kept & (np.arange(len(kept)) >= nuisance))
    if collinear == "refuse" and len(refused):
        raise EstimationError(
            f"regressors.{names[refused[0]]}", "cannot be told from the effects and the other regressors"
        )
    if not kept[nuisance:].any():
        raise EstimationError("regressors", "all are explained by the effects")
    return kept


def _one_by_one(normal: FloatArray, before: FloatArray) -> BoolArray:
    kept = np.zeros(len(normal), dtype=bool)
    lower = np.zeros_like(normal)
    for place in range(len(normal)):
        own = normal[place, place]
        if own > IDENTIFIED * before[place]:
            row = np.zeros(len(normal))
            for other in np.flatnonzero(kept):
                row[other] = (normal[place, other] - row @ lower[other]) / lower[other, other]
            rest = own - float((row**2).sum())
            if rest > IDENTIFIED * own:
                row[place] = np.sqrt(rest)
                lower[place], kept[place] = row, True
    return kept


def inverse(normal: FloatArray) -> FloatArray:
    """Inverse of a positive definite matrix, scaled first, so that units of measurement do not matter."""
    scale = np.sqrt(np.diag(normal))
    outer = np.outer(scale, scale)
    inverted: FloatArray = np.linalg.inv(normal / outer) / outer
    return inverted
