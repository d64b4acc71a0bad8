"""Frozen results: numbers with their uncertainty, in units that are named.

Each has `document()`, a JSON-able dict with the fields as keys, and `from_document()`, its inverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from stats.errors import DocumentError
from stats.findings import Finding, Level, NotComputable, number_document, number_from, optional_float
from stats.inference import Inference, Interval
from stats.panel import FloatArray

__all__ = [
    "Coefficient",
    "Component",
    "Covariance",
    "Estimate",
    "EventStudy",
    "Evidence",
    "Finding",
    "Inference",
    "Interval",
    "JointTest",
    "Level",
    "NotComputable",
    "Placebo",
    "PredictorBalance",
    "Series",
    "Weight",
]


Evidence: TypeAlias = Literal["randomised", "comparison", "controlled_before_after", "before_after"]
"""On what a causal reading rests, the strongest first: chance dealt the treatment; untreated units stand
for what would have been; a control series does; the treated units' own past does."""


@dataclass(frozen=True)
class Estimate:
    """A number in `unit` (words, may be empty) with what is known of its uncertainty."""

    value: float
    inference: Inference
    unit: str = ""

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {"value": self.value, "unit": self.unit, "inference": self.inference.document()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Estimate:
        """The value of which `document()` was made."""
        inference = Inference.from_document(document["inference"])
        return cls(float(document["value"]), inference, document["unit"])


@dataclass(frozen=True)
class Series:
    """Means over the treated units, one value for each period, None where no treated cell is.

    counterfactual: what the comparison predicts without treatment; gap: treated - counterfactual.
    """

    treated: tuple[float | None, ...]
    counterfactual: tuple[float | None, ...]
    gap: tuple[float | None, ...]

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {name: list(getattr(self, name)) for name in ("treated", "counterfactual", "gap")}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Series:
        """The value of which `document()` was made."""
        return cls(*(_numbers(document[name]) for name in ("treated", "counterfactual", "gap")))


@dataclass(frozen=True)
class Coefficient:
    """Treated against controls at the periods `first` to `last` relative to the start (0 is the first
    treated period), measured from the reference period."""

    first: int
    last: int
    estimate: Estimate | NotComputable

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {"first": self.first, "last": self.last, "estimate": self.estimate.document()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Coefficient:
        """The value of which `document()` was made."""
        return cls(document["first"], document["last"], _estimate_from(document["estimate"]))


@dataclass(frozen=True)
class JointTest:
    """All leads are zero: the statistic and its p-value.

    method: "htz", an F with its degrees of freedom, or "placebo_rank", the root mean square of the
    leads ranked among those of `placebos` controls or deals of the starts to them, which has none.
    leads: number of leads estimated; blocks: number of means of neighbouring leads that were tested,
    smaller than `leads` where the clusters do not carry a test of each.
    """

    method: str
    statistic: float
    dof_numerator: float | None
    dof_denominator: float | None
    p_value: float
    leads: int
    blocks: int
    placebos: int | None = None

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {
            "method": self.method,
            "statistic": self.statistic,
            "dof_numerator": self.dof_numerator,
            "dof_denominator": self.dof_denominator,
            "p_value": self.p_value,
            "leads": self.leads,
            "blocks": self.blocks,
            "placebos": self.placebos,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> JointTest:
        """The value of which `document()` was made."""
        return cls(
            method=document["method"],
            statistic=float(document["statistic"]),
            dof_numerator=optional_float(document["dof_numerator"]),
            dof_denominator=optional_float(document["dof_denominator"]),
            p_value=float(document["p_value"]),
            leads=document["leads"],
            blocks=document["blocks"],
            placebos=document.get("placebos"),
        )


Covariance: TypeAlias = tuple[tuple[float, ...], ...] | NotComputable
"""A symmetric matrix by its rows, each as far as the diagonal; or why there is none."""


@dataclass(frozen=True)
class EventStudy:
    """Effects by time relative to the start; the reference periods have effect zero by construction.

    covariance: of the coefficients, in their order and squared units, as robust bounds need it; None in
    documents that did not keep it (before version 3).
    """

    reference_first: int
    reference_last: int
    coefficients: tuple[Coefficient, ...]
    pre_trend: JointTest | NotComputable
    covariance: Covariance | None = None

    @property
    def matrix(self) -> FloatArray | None:
        """`covariance` as a square array, where there is one."""
        if self.covariance is None or isinstance(self.covariance, NotComputable):
            return None
        lower = np.zeros((len(self.covariance), len(self.covariance)))
        for place, row in enumerate(self.covariance):
            lower[place, : place + 1] = row
        square: FloatArray = lower + np.tril(lower, -1).T
        return square

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {
            "reference_first": self.reference_first,
            "reference_last": self.reference_last,
            "coefficients": [coefficient.document() for coefficient in self.coefficients],
            "pre_trend": self.pre_trend.document(),
            "covariance": self._covariance_document(),
        }

    def _covariance_document(self) -> Any:
        if self.covariance is None or isinstance(self.covariance, NotComputable):
            return None if self.covariance is None else self.covariance.document()
        return [list(row) for row in self.covariance]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> EventStudy:
        """The value of which `document()` was made."""
        test = document["pre_trend"]
        return cls(
            document["reference_first"],
            document["reference_last"],
            tuple(Coefficient.from_document(item) for item in document["coefficients"]),
            NotComputable.from_document(test) if "not_computable" in test else JointTest.from_document(test),
            _covariance_from(document.get("covariance")),
        )


@dataclass(frozen=True)
class Placebo:
    """A control analysed as if it had been treated: gaps by period, their mean after the start, and
    the root mean square before and after with its ratio."""

    unit: str
    gaps: tuple[float | None, ...]
    effect: float
    pre_rmspe: float
    post_rmspe: float
    ratio: float | NotComputable

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {
            "unit": self.unit,
            "gaps": list(self.gaps),
            "effect": self.effect,
            "pre_rmspe": self.pre_rmspe,
            "post_rmspe": self.post_rmspe,
            "ratio": number_document(self.ratio),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Placebo:
        """The value of which `document()` was made."""
        return cls(
            unit=document["unit"],
            gaps=_numbers(document["gaps"]),
            effect=float(document["effect"]),
            pre_rmspe=float(document["pre_rmspe"]),
            post_rmspe=float(document["post_rmspe"]),
            ratio=number_from(document["ratio"]),
        )


@dataclass(frozen=True)
class Weight:
    """The share of a control in the synthetic control, above zero; all shares sum to one."""

    unit: str
    weight: float

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {"unit": self.unit, "weight": self.weight}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Weight:
        """The value of which `document()` was made."""
        return cls(document["unit"], float(document["weight"]))


@dataclass(frozen=True)
class Component:
    """A part of the effect: `kind` "cohort" (label: its first treated period), "level" or "slope"."""

    kind: str
    label: str
    estimate: Estimate

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {"kind": self.kind, "label": self.label, "estimate": self.estimate.document()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Component:
        """The value of which `document()` was made."""
        return cls(document["kind"], document["label"], Estimate.from_document(document["estimate"]))


@dataclass(frozen=True)
class PredictorBalance:
    """A predictor's value for the treated, the synthetic control and the mean of all controls.

    importance: its weight in the matching (the diagonal of V; all importances sum to one).
    """

    name: str
    periods: tuple[str, ...]
    importance: float
    treated: float
    synthetic: float
    controls: float

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {
            "name": self.name,
            "periods": list(self.periods),
            "importance": self.importance,
            "treated": self.treated,
            "synthetic": self.synthetic,
            "controls": self.controls,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> PredictorBalance:
        """The value of which `document()` was made."""
        return cls(
            document["name"],
            tuple(document["periods"]),
            *(float(document[name]) for name in ("importance", "treated", "synthetic", "controls")),
        )


def _numbers(values: list[float | None]) -> tuple[float | None, ...]:
    return tuple(optional_float(value) for value in values)


def _covariance_from(document: Any) -> Covariance | None:
    if document is None:
        return None
    if isinstance(document, Mapping):
        return NotComputable.from_document(document)
    rows = tuple(tuple(float(value) for value in row) for row in document)
    if [len(row) for row in rows] != list(range(1, len(rows) + 1)):
        raise DocumentError("covariance", "must be rows of 1, 2, ... numbers")
    return rows


def _estimate_from(document: Mapping[str, Any]) -> Estimate | NotComputable:
    if "not_computable" in document:
        return NotComputable.from_document(document)
    return Estimate.from_document(document)
