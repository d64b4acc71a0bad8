"""Whether a target lies within what the source covers: in support, in part, or only by extrapolation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments, plain_array
from stats.checked import finite
from stats.errors import EstimationError
from stats.findings import Finding, NotComputable
from stats.panel import FloatArray
from stats.pooling.calibration import Calibration, entropy_balancing
from stats.words import percent

Support: TypeAlias = Literal["in_support", "partial", "extrapolation"]

OUTSIDE_PCT = 5.0
"""More of the target's units than this beyond the source's range: only part of the target is covered."""
UNITS_PER_COVARIATE = 10
"""Fewer effective units than this for each covariate: the answer rests on a few of the source's units."""
HEAVY = 0.1
"""A single unit with more than this weight likewise."""


@dataclass(frozen=True)
class Overlap:
    """How far the target's covariates are covered by the source's.

    status            "extrapolation": no weights reach the target's means; "partial": they do, but on few
                      units, or some units of the target lie outside; "in_support": neither
    effective_size    of the weighted source; None where no weights reach the target
    largest_weight    likewise
    outside_pct       share of the target's units with a covariate beyond the source's range; None where only
                      the target's means are known
    differences       for each covariate, target's mean less source's in standard deviations of the source
    """

    status: Support
    effective_size: float | None
    largest_weight: float | None
    outside_pct: float | None
    differences: tuple[float, ...]
    names: tuple[str, ...]

    def finding(self) -> Finding:
        """As a finding: its number is the effective size, or a reason."""
        if self.status == "extrapolation" or self.effective_size is None:
            ko = "대상 집단이 자료의 범위 밖에 있어, 이 결과는 모형에 의한 외삽입니다."
            en = "The target lies outside of the data: what is said about it is extrapolation by a model."
            reason = NotComputable("target_out_of_reach", ko, en)
            return Finding("fail", "overlap", reason, ko, en)
        if self.status == "partial":
            ko = f"대상 집단이 자료와 일부만 겹칩니다(유효 표본 {self.effective_size:.0f})."
            en = f"The target is covered by the data in part (effective size {self.effective_size:.0f})."
            if self.outside_pct:
                ko += f" 대상의 {percent(self.outside_pct / 100)}가 자료의 범위 밖에 있습니다."
                en += f" {percent(self.outside_pct / 100)} of the target lie beyond the range of the data."
            return Finding("caution", "overlap", self.effective_size, ko, en)
        ko = f"대상 집단이 자료의 범위 안에 있습니다(유효 표본 {self.effective_size:.0f})."
        en = f"The target lies within the data (effective size {self.effective_size:.0f})."
        return Finding("ok", "overlap", self.effective_size, ko, en)


@dataclass(frozen=True, eq=False)
class Target:
    """Means of m covariates in the target; the units' own values (n x m), where there are any.

    With units the means are theirs and count as estimated from them; without they count as known.
    """

    means: FloatArray
    units: FloatArray | None = None

    @classmethod
    def of_means(cls, means: npt.ArrayLike) -> Target:
        """A target of which only the means are known, as from a census."""
        return cls(finite("target", np.atleast_1d(means) if np.isscalar(means) else means, 1))

    @classmethod
    def of_units(cls, units: npt.ArrayLike) -> Target:
        """A target given by its units (n x m), at least two."""
        values = plain_array("target", units)
        values = finite("target", values[:, None] if values.ndim == 1 else values, 2)
        if len(values) < 2:
            raise EstimationError("target", "must be units x covariates, at least two units")
        return cls(values.mean(axis=0), values)


@checked_arguments
def overlap(
    covariates: npt.ArrayLike,
    target: Target,
    *,
    names: Sequence[str] = (),
    calibration: Calibration | NotComputable | None = None,
) -> Overlap:
    """The report for a source's `covariates` (n x m); `calibration` if it is at hand already."""
    x = np.asarray(covariates, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    found = entropy_balancing(x, target.means, names=names) if calibration is None else calibration
    spread = x.std(axis=0)
    differences = np.divide(
        target.means - x.mean(axis=0), spread, out=np.zeros_like(spread), where=spread > 0
    )
    outside = None
    if target.units is not None:
        beyond = (target.units < x.min(axis=0)) | (target.units > x.max(axis=0))
        outside = 100 * float(beyond.any(axis=1).mean())
    reached = found if isinstance(found, Calibration) else None
    return Overlap(
        status=_status(found, outside, x.shape[1]),
        effective_size=None if reached is None else reached.effective_size,
        largest_weight=None if reached is None else reached.largest_weight,
        outside_pct=outside,
        differences=tuple(float(value) for value in differences),
        names=tuple(names) or tuple(f"covariate {place}" for place in range(x.shape[1])),
    )


def _status(found: Calibration | NotComputable, outside: float | None, covariates: int) -> Support:
    if isinstance(found, NotComputable):
        return "extrapolation"
    few = found.effective_size < UNITS_PER_COVARIATE * covariates or found.largest_weight > HEAVY
    return "partial" if few or (outside is not None and outside > OUTSIDE_PCT) else "in_support"
