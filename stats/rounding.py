"""Rounding for documents: the same bytes whatever the number of cores.

Sums in another order (other threads, other processors) differ in the last of some 16 digits. A document
keeps 10: numbers in the unit of the outcome are rounded to the tenth digit of the largest outcome's
distance from the panel's mean before the start (of the largest outcome, where a method takes levels as they
are), all others to ten significant digits. Rounding
alone would still leave a number on the edge now and then, so the estimators also sum long sums by
numpy's own loops rather than by threaded BLAS; both together make documents equal in practice, and a
test compares them between one and two threads.

A rounded p-value never changes sides with alpha, nor a rounded end of an interval with zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stats.findings import Finding, NotComputable
from stats.inference import Inference, Interval
from stats.panel import FloatArray
from stats.results import Coefficient, Covariance, Estimate, EventStudy, JointTest

DIGITS = 10


@dataclass(frozen=True)
class Rounding:
    """Rounds for outcomes whose largest absolute value is `scale`."""

    scale: float

    def natural(self, value: float) -> float:
        """A number in the unit of the outcome."""
        if not math.isfinite(value) or self.scale == 0:
            return value
        return round(value, DIGITS - 1 - math.floor(math.log10(self.scale))) + 0.0

    def series(self, values: FloatArray) -> tuple[float | None, ...]:
        """Numbers in the unit of the outcome; NaN becomes None."""
        return tuple(None if np.isnan(value) else self.natural(float(value)) for value in values)

    def estimate(self, estimate: Estimate) -> Estimate:
        """In the unit of the outcome, with its uncertainty."""
        return replace(
            estimate,
            value=self.natural(estimate.value),
            inference=_inference(estimate.inference, self.natural),
        )

    def event_study(self, study: EventStudy) -> EventStudy:
        """All coefficients and the test."""
        coefficients = tuple(
            item if isinstance(item.estimate, NotComputable) else self._coefficient(item, item.estimate)
            for item in study.coefficients
        )
        test = study.pre_trend
        if isinstance(test, JointTest):
            test = replace(
                test,
                statistic=plain(test.statistic),
                dof_denominator=None if test.dof_denominator is None else plain(test.dof_denominator),
                p_value=plain(test.p_value),
            )
        return replace(
            study, coefficients=coefficients, pre_trend=test, covariance=_covariance(study.covariance)
        )

    def _coefficient(self, coefficient: Coefficient, estimate: Estimate) -> Coefficient:
        return replace(coefficient, estimate=self.estimate(estimate))


def _covariance(covariance: Covariance | None) -> Covariance | None:
    """To the tenth digit of the largest entry: of squares of outcomes little would be left."""
    if covariance is None or isinstance(covariance, NotComputable):
        return covariance
    squared = Rounding(max((abs(value) for row in covariance for value in row), default=0.0))
    return tuple(tuple(squared.natural(value) for value in row) for row in covariance)


def plain(value: float) -> float:
    """A number without unit, to ten significant digits."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, DIGITS - 1 - math.floor(math.log10(abs(value)))) + 0.0


def plain_estimate(estimate: Estimate) -> Estimate:
    """An estimate without unit, with its uncertainty."""
    return replace(estimate, value=plain(estimate.value), inference=_inference(estimate.inference, plain))


def finding(found: Finding) -> Finding:
    """A finding with its number rounded."""
    return found if isinstance(found.number, NotComputable) else replace(found, number=plain(found.number))


def _inference(inference: Inference, rounded: Callable[[float], float]) -> Inference:
    p_value, interval = inference.p_value, inference.interval
    if not isinstance(p_value, NotComputable):
        near = plain(p_value)
        p_value = near if (near <= inference.alpha) == (p_value <= inference.alpha) else p_value
    if isinstance(interval, Interval):
        low, high = rounded(interval.low), rounded(interval.high)
        interval = Interval(
            low if (low <= 0) == (interval.low <= 0) else interval.low,
            high if (high >= 0) == (interval.high >= 0) else interval.high,
            interval.unbounded,
        )
    error, dof = inference.standard_error, inference.dof
    return replace(
        inference,
        p_value=p_value,
        interval=interval,
        standard_error=None if error is None else rounded(error),
        dof=None if dof is None else plain(dof),
    )
