"""The design: who was treated from when, who stands for comparison, and how that is estimated.

The locked analysis plan carries it as a plain JSON object, so reading is strict: every field that
is missing, unknown or wrong is refused by its name, all at once. The shape:

    {
      "schema_version": 1,
      "method": "did" | "synthetic_control",
      "treated": ["unit", ...],
      "first_treated": "period" | {"unit": "period", ...},      one start, or one for each treated unit
      "controls": ["unit", ...],
      "alpha": 0.05,                                            intervals are (1 - alpha) intervals
      "missing": "refuse" | "drop_unit" | "drop_period" | "available",
      "predictors": [{"name": "outcome" | covariate, "periods": ["period", ...]}, ...],   optional
      "cluster": null | {"unit": "cluster", ...},               optional; null: each unit for itself
      "outcome_unit": "packs per person and year",              optional; words for the unit of the effect
      "outcome_unit_ko": "..."                                  optional; the same in Korean sentences
    }
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from stats.errors import DesignError
from stats.panel import OUTCOME, Panel

SCHEMA_VERSION = 1

Method: TypeAlias = Literal["did", "synthetic_control"]
Errors: TypeAlias = dict[str, list[str]]
Missing: TypeAlias = Literal["refuse", "drop_unit", "drop_period", "available"]

REQUIRED = ("schema_version", "method", "treated", "first_treated", "controls", "alpha", "missing")
OPTIONAL = ("predictors", "cluster", "outcome_unit", "outcome_unit_ko")


@dataclass(frozen=True)
class Predictor:
    """The mean of the outcome or of a covariate over named periods, for synthetic control."""

    name: str
    periods: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {"name": self.name, "periods": list(self.periods)}


@dataclass(frozen=True)
class Design:
    """What is estimated, on whom, and by which method.

    treated, controls  unit labels, disjoint, at least one of each
    first_treated      treated unit -> label of its first treated period
    missing            what is done where cells are missing: "refuse" the panel, "drop_unit" (every unit
                       with a gap), "drop_period" (every period with a gap), "available" (use the cells
                       there are; not for synthetic control, which needs complete rows)
    predictors         for synthetic control: none means the outcomes of all pre-periods
    cluster            unit -> cluster for inference; None: each unit for itself

    `DesignError` gathers every refused field. That units and periods exist is checked by `check(panel)`.
    """

    method: Method
    treated: tuple[str, ...]
    first_treated: Mapping[str, str]
    controls: tuple[str, ...]
    alpha: float
    missing: Missing
    predictors: tuple[Predictor, ...] = ()
    cluster: Mapping[str, str] | None = field(default=None)
    outcome_unit: str = ""
    outcome_unit_ko: str = ""

    def __post_init__(self) -> None:
        errors: Errors = defaultdict(list)
        self._check_choices(errors)
        self._check_units(errors)
        self._check_starts(errors)
        self._check_predictors(errors)
        if errors:
            raise DesignError(errors)
        object.__setattr__(self, "first_treated", dict(self.first_treated))
        if self.cluster is not None:
            object.__setattr__(self, "cluster", dict(self.cluster))

    @property
    def units(self) -> tuple[str, ...]:
        """The treated units, then the controls."""
        return (*self.treated, *self.controls)

    def cluster_of(self, unit: str) -> str:
        """The cluster that `unit` belongs to: itself unless the design says otherwise."""
        return unit if self.cluster is None else self.cluster[unit]

    def starts(self, periods: Sequence[str]) -> dict[str, int]:
        """Treated unit -> index of its first treated period among `periods`."""
        return {unit: periods.index(self.first_treated[unit]) for unit in self.treated}

    def pre_periods(self, periods: Sequence[str]) -> tuple[str, ...]:
        """Those of `periods` that lie before any treated unit's start."""
        starts = [periods.index(first) for first in self.first_treated.values() if first in periods]
        return tuple(periods[: min(starts, default=0)])

    def check(self, panel: Panel) -> None:
        """Refuse, by field, what `panel` cannot serve: unknown labels, no pre-period, unknown covariates."""
        errors: Errors = defaultdict(list)
        for role, units in (("treated", self.treated), ("controls", self.controls)):
            errors[role] += [f"{unit!r} is not in the panel" for unit in units if unit not in panel.units]
        for unit, period in self.first_treated.items():
            if period not in panel.periods:
                errors["first_treated"].append(f"{period!r} of {unit!r} is not in the panel")
            elif period == panel.periods[0]:
                errors["first_treated"].append(f"{unit!r} has no period before {period!r}")
        pre = self.pre_periods(panel.periods)
        for index, predictor in enumerate(self.predictors):
            if predictor.name != OUTCOME and predictor.name not in panel.covariates:
                errors[f"predictors.{index}.name"].append(f"{predictor.name!r} is no covariate of the panel")
            errors[f"predictors.{index}.periods"] += [
                f"{period!r} is not a period of the panel before the treatment"
                for period in predictor.periods
                if period not in pre
            ]
        wrong = {name: texts for name, texts in errors.items() if texts}
        if wrong:
            raise DesignError(wrong)

    def document(self) -> dict[str, Any]:
        """The JSON object that `from_document` reads, with every field written out."""
        starts = set(self.first_treated.values())
        return {
            "schema_version": SCHEMA_VERSION,
            "method": self.method,
            "treated": list(self.treated),
            "first_treated": starts.pop() if len(starts) == 1 else dict(self.first_treated),
            "controls": list(self.controls),
            "alpha": self.alpha,
            "missing": self.missing,
            "predictors": [predictor.document() for predictor in self.predictors],
            "cluster": None if self.cluster is None else dict(self.cluster),
            "outcome_unit": self.outcome_unit,
            "outcome_unit_ko": self.outcome_unit_ko,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Design:
        """The design that `document` states; `DesignError` names every field that is wrong."""
        if not isinstance(document, Mapping):
            raise DesignError({"design": ["must be an object"]})
        errors = _wrong_fields(document)
        treated = _texts(errors, "treated", document.get("treated", []))
        first = document.get("first_treated", {})
        if isinstance(first, str):
            first = dict.fromkeys(treated, first)
        cluster = document.get("cluster")
        fields: dict[str, Any] = {
            "treated": treated,
            "first_treated": _text_map(errors, "first_treated", first),
            "controls": _texts(errors, "controls", document.get("controls", [])),
            "predictors": _predictors(errors, document.get("predictors", [])),
            "cluster": None if cluster is None else _text_map(errors, "cluster", cluster),
        }
        if errors:
            raise DesignError(errors)
        return cls(
            method=document["method"],
            missing=document["missing"],
            alpha=float(document["alpha"]),
            outcome_unit=document.get("outcome_unit", ""),
            outcome_unit_ko=document.get("outcome_unit_ko", ""),
            **fields,
        )

    def _check_choices(self, errors: Errors) -> None:
        if self.method not in get_args(Method):
            errors["method"].append(f"must be one of {', '.join(get_args(Method))}, not {self.method!r}")
        if self.missing not in get_args(Missing):
            errors["missing"].append(f"must be one of {', '.join(get_args(Missing))}, not {self.missing!r}")
        if self.method == "synthetic_control" and self.missing == "available":
            errors["missing"].append("synthetic_control needs complete rows: choose another policy")
        if not 0 < self.alpha <= 0.5:
            errors["alpha"].append(f"must lie above 0 and at most at 0.5, not {self.alpha!r}")

    def _check_units(self, errors: Errors) -> None:
        for role, units in (("treated", self.treated), ("controls", self.controls)):
            if not units:
                errors[role].append("at least one unit is needed")
            for unit in sorted({unit for unit in units if units.count(unit) > 1}):
                errors[role].append(f"{unit!r} stands twice")
        for unit in self.treated:
            if unit in self.controls:
                errors["controls"].append(f"{unit!r} is treated")
        for unit in self.units:
            if self.cluster is not None and unit not in self.cluster:
                errors["cluster"].append(f"{unit!r} has no cluster")

    def _check_starts(self, errors: Errors) -> None:
        for unit in self.treated:
            if unit not in self.first_treated:
                errors["first_treated"].append(f"{unit!r} has no first treated period")
        for unit in self.first_treated:
            if unit not in self.treated:
                errors["first_treated"].append(f"{unit!r} is not treated")
        if self.method == "synthetic_control" and len(set(self.first_treated.values())) > 1:
            errors["first_treated"].append("synthetic_control averages the treated units and needs one start")

    def _check_predictors(self, errors: Errors) -> None:
        if self.predictors and self.method == "did":
            errors["predictors"].append("belong to synthetic_control")
        for index, predictor in enumerate(self.predictors):
            if not predictor.periods:
                errors[f"predictors.{index}.periods"].append("at least one period is needed")
            if len(set(predictor.periods)) < len(predictor.periods):
                errors[f"predictors.{index}.periods"].append("a period stands twice")
        if len(set(self.predictors)) < len(self.predictors):
            errors["predictors"].append("a predictor stands twice")


def _wrong_fields(document: Mapping[str, Any]) -> Errors:
    errors: Errors = defaultdict(list)
    for name in document:
        if name not in (*REQUIRED, *OPTIONAL):
            errors[str(name)].append("is not a field of a design")
    for name in REQUIRED:
        if name not in document:
            errors[name].append("is required")
    version = document.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        errors["schema_version"].append(f"must be {SCHEMA_VERSION}, not {version!r}")
    alpha = document.get("alpha", 0.05)
    if isinstance(alpha, bool) or not isinstance(alpha, int | float):
        errors["alpha"].append(f"must be a number, not {alpha!r}")
    for name in ("method", "missing", "outcome_unit", "outcome_unit_ko"):
        if not isinstance(document.get(name, ""), str):
            errors[name].append("must be a text")
    return errors


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _texts(errors: Errors, field_name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(_is_text(item) for item in value):
        errors[field_name].append("must be a list of non-blank texts")
        return ()
    return tuple(value)


def _text_map(errors: Errors, field_name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(_is_text(item) for pair in value.items() for item in pair):
        errors[field_name].append("must map units to non-blank texts")
        return {}
    return dict(value)


def _predictors(errors: Errors, value: Any) -> tuple[Predictor, ...]:
    if not isinstance(value, list | tuple):
        errors["predictors"].append("must be a list")
        return ()
    read = []
    for index, item in enumerate(value):
        if not isinstance(item, Mapping) or set(item) != {"name", "periods"}:
            errors[f"predictors.{index}"].append("must be an object with name and periods")
            continue
        if not _is_text(item["name"]):
            errors[f"predictors.{index}.name"].append("must be a non-blank text")
        read.append(Predictor(item["name"], _texts(errors, f"predictors.{index}.periods", item["periods"])))
    return tuple(read)
