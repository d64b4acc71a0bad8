"""The middle of the sandwich: small-sample factors, and scores summed within clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from stats.numerics.absorb import IntArray, compact
from stats.numerics.products import gram
from stats.panel import FloatArray

FixedEffectsCounted = Literal["nonnested", "full", "none"]
Errors = Literal["iid", "hc1", "cluster"]
RowErrors = Literal["iid", "hc1", "hc2", "hc3", "cluster"]
"""Of regressions row by row, where the leverage of each row is at hand."""
GroupsCounted = Literal["min", "conventional"]


@dataclass(frozen=True)
class SmallSample:
    """Small-sample factors of a covariance, by the conventions of the R package fixest.

    parameters      multiply by (n - 1) / (n - K), or n / (n - K) where there are no clusters and
                    errors are heteroskedastic; for independent and alike errors without it the
                    divisor is n
    fixed_effects   which effects K counts beside the regressors: those not nested in clusters
                    (nested ones together count once each as a constant), all, or none
    groups          multiply by G / (G - 1)
    several         with clusters in several dimensions, whether G is the smallest number of clusters
                    throughout or each dimension's own
    """

    parameters: bool = True
    fixed_effects: FixedEffectsCounted = "nonnested"
    groups: bool = True
    several: GroupsCounted = "min"

    def factor(self, errors: RowErrors, observations: int, parameters: int) -> float:
        """What the covariance is multiplied by for the number of parameters K; the sum of squared
        residuals of "iid" is divided by n before. Leverage stands in its place in "hc2" and "hc3"."""
        if not self.parameters or errors in ("hc2", "hc3") or observations <= parameters:
            return 1.0
        left = observations - parameters
        return (observations - 1) / left if errors == "cluster" else observations / left


def clustered_meat(
    scores: FloatArray, groups: Sequence[tuple[IntArray, int]], small: SmallSample
) -> FloatArray:
    """k x k from the `scores` (k x n), over the dimensions of clusters by inclusion and exclusion.

    groups: codes (n) and number of clusters of each dimension (Cameron, Gelbach and Miller 2011).
    """
    smallest = min(size for _, size in groups)
    meat = np.zeros((len(scores), len(scores)))
    for chosen in range(1, len(groups) + 1):
        for several in combinations(groups, chosen):
            codes, size = _crossed(several)
            sums = sums_by(scores, codes, size)
            counted = smallest if small.several == "min" else size
            factor = counted / (counted - 1) if small.groups else 1.0
            meat += (-1) ** (chosen + 1) * factor * gram(sums)
    return meat


def without_negative(covariance: FloatArray) -> FloatArray:
    """The covariance with its negative eigenvalues, which several dimensions can bring, set to zero."""
    values, vectors = np.linalg.eigh(covariance)
    if values[0] >= 0:
        return covariance
    positive: FloatArray = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return positive


def sums_by(columns: FloatArray, codes: IntArray, size: int) -> FloatArray:
    """Of `columns` (k x n) the sums over the rows of each code: k x size."""
    steps = np.diff(codes)
    if (steps >= 0).all():
        starts = np.concatenate([[0], np.flatnonzero(steps) + 1])
        return np.add.reduceat(columns, starts, axis=1)
    return np.array([np.bincount(codes, column, size) for column in columns])


def _crossed(groups: Sequence[tuple[IntArray, int]]) -> tuple[IntArray, int]:
    codes, size = groups[0]
    for others, many in groups[1:]:
        codes, size = compact("clusters", codes * many + others)
    return codes, size


def effects_counted(codes: list[tuple[IntArray, int]], groups: list[IntArray], small: SmallSample) -> int:
    """Parameters of the effects within K; levels less one for each effect after the first."""
    if small.fixed_effects == "none" or not codes:
        return 0
    counted = sum(size for _, size in codes) - len(codes) + 1
    if small.fixed_effects == "full":
        return counted
    nested = [size for each, size in codes if any(_within(each, size, group) for group in groups)]
    return counted - sum(nested) + len(nested)


def _within(codes: IntArray, size: int, group: IntArray) -> bool:
    """Whether each level lies in one cluster."""
    owner = np.zeros(size, dtype=np.intp)
    owner[codes] = group
    return bool((owner[codes] == group).all())
