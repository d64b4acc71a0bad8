"""The design: who was treated from when, who stands for comparison, and how that is estimated.

The locked analysis plan carries it as a plain JSON object, so reading is strict: every field that
is missing, unknown or wrong is refused by its name, all at once. The shape:

    {
      "schema_version": 1 | 2,                                  2 where a field or method below needs it
      "method": "did" | "synthetic_control" | version 2: "synthetic_did" | "augmented_synthetic_control"
                | "staggered" | "interrupted" | "randomised",
      "treated": ["unit", ...],
      "first_treated": "period" | {"unit": "period", ...},      one start, or one for each treated unit
      "controls": ["unit", ...],
      "alpha": 0.05,                                            intervals are (1 - alpha) intervals
      "missing": "refuse" | "drop_unit" | "drop_period" | "available",
      "predictors": [{"name": "outcome" | covariate, "periods": ["period", ...]}, ...],   optional
      "cluster": null | {"unit": "cluster", ...},               optional; null: each unit for itself
      "outcome_unit": "packs per person and year",              optional; words for the unit of the effect
      "outcome_unit_ko": "...",                                 optional; the same in Korean sentences
      version 2, all optional:
      "control_group": "never" | "not_yet",                     staggered: whom a cohort is compared with
      "anticipation": 0,                                        staggered: periods that may react before
      "covariates": ["covariate", ...],                         staggered: doubly robust adjustment for these
      "season": null | 12,                                      interrupted: periods in a cycle
      "assignment": null | {"kind": "units" | "pairs" | "stepped_wedge",     randomised: how it was dealt
                            "blocks": null | {"unit": "block or pair", ...}}
    }

Documents of version 1 are read as they always were, and a design that needs nothing newer is written as
version 1, so that its digest stays what it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from stats.errors import DesignError
from stats.panel import OUTCOME, Panel

SCHEMA_VERSION = 2

Method: TypeAlias = Literal[
    "did",
    "synthetic_control",
    "synthetic_did",
    "augmented_synthetic_control",
    "staggered",
    "interrupted",
    "randomised",
]
AssignmentKind: TypeAlias = Literal["units", "pairs", "stepped_wedge"]
ControlGroup: TypeAlias = Literal["never", "not_yet"]
Errors: TypeAlias = dict[str, list[str]]
Missing: TypeAlias = Literal["refuse", "drop_unit", "drop_period", "available"]

REQUIRED = ("schema_version", "method", "treated", "first_treated", "controls", "alpha", "missing")
OPTIONAL = ("predictors", "cluster", "outcome_unit", "outcome_unit_ko")
NEWER: Mapping[str, tuple[Any, str | None]] = {
    "control_group": ("never", "staggered"),
    "anticipation": (0, "staggered"),
    "covariates": ((), "staggered"),
    "season": (None, "interrupted"),
    "assignment": (None, "randomised"),
}
"""Fields since version 2: the value that says nothing, and the method that they belong to."""
FIRST_METHODS = ("did", "synthetic_control")
"""What version 1 could say."""
AVERAGING = ("synthetic_control", "augmented_synthetic_control", "interrupted")
"""Methods that average the treated units into one, which takes one start."""
COMPLETE = ("synthetic_control", "augmented_synthetic_control", "synthetic_did", "interrupted", "randomised")
"""Methods that need complete rows."""


@dataclass(frozen=True)
class Predictor:
    """The mean of the outcome or of a covariate over named periods, for synthetic control."""

    name: str
    periods: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {"name": self.name, "periods": list(self.periods)}


@dataclass(frozen=True)
class Assignment:
    """How a randomised design was dealt; inference deals it anew in the same way.

    kind    "units": the treatment to units (or whole clusters) at once; "pairs": to one of each pair;
            "stepped_wedge": the starts to units (or clusters)
    blocks  unit -> the block within which it was dealt, or its pair; None: one block
    """

    kind: AssignmentKind
    blocks: Mapping[str, str] | None = None

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {"kind": self.kind, "blocks": None if self.blocks is None else dict(self.blocks)}


@dataclass(frozen=True)
class Design:
    """What is estimated, on whom, and by which method.

    treated, controls  unit labels, disjoint, at least one of each (a method without controls: "interrupted",
                       and a stepped wedge that all units join)
    first_treated      treated unit -> label of its first treated period
    missing            what is done where cells are missing: "refuse" the panel, "drop_unit" (every unit
                       with a gap), "drop_period" (every period with a gap), "available" (use the cells
                       there are; not for synthetic control, which needs complete rows)
    predictors         for synthetic control: none means the outcomes of all pre-periods
    cluster            unit -> cluster for inference; None: each unit for itself
    control_group, anticipation, covariates   for "staggered", see `stats.staggered.group_time`
    season             for "interrupted": periods in a cycle; None: no season
    assignment         for "randomised", which needs it

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
    control_group: ControlGroup = "never"
    anticipation: int = 0
    covariates: tuple[str, ...] = ()
    season: int | None = None
    assignment: Assignment | None = None

    def __post_init__(self) -> None:
        errors: Errors = defaultdict(list)
        self._check_choices(errors)
        self._check_units(errors)
        self._check_starts(errors)
        self._check_predictors(errors)
        self._check_newer(errors)
        if errors:
            raise DesignError(errors)
        object.__setattr__(self, "first_treated", dict(self.first_treated))
        if self.cluster is not None:
            object.__setattr__(self, "cluster", dict(self.cluster))

    @property
    def version(self) -> int:
        """The first version of the document that can say this."""
        newer = any(getattr(self, name) != empty for name, (empty, _) in NEWER.items())
        return 2 if newer or self.method not in FIRST_METHODS else 1

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
        errors["covariates"] += [
            f"{name!r} is no covariate of the panel"
            for name in self.covariates
            if name not in panel.covariates
        ]
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
        newer = {
            "control_group": self.control_group,
            "anticipation": self.anticipation,
            "covariates": list(self.covariates),
            "season": self.season,
            "assignment": None if self.assignment is None else self.assignment.document(),
        }
        return {
            "schema_version": self.version,
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
            **(newer if self.version > 1 else {}),
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
            "covariates": _texts(errors, "covariates", document.get("covariates", [])),
            "assignment": _assignment(errors, document.get("assignment")),
        }
        if errors:
            raise DesignError(errors)
        return cls(
            method=document["method"],
            missing=document["missing"],
            alpha=float(document["alpha"]),
            outcome_unit=document.get("outcome_unit", ""),
            outcome_unit_ko=document.get("outcome_unit_ko", ""),
            control_group=document.get("control_group", "never"),
            anticipation=document.get("anticipation") or 0,
            season=document.get("season"),
            **fields,
        )

    @property
    def may_lack_controls(self) -> bool:
        """Whether the method compares units with themselves."""
        return self.method == "interrupted" or self._is_wedge

    @property
    def _is_wedge(self) -> bool:
        return self.assignment is not None and self.assignment.kind == "stepped_wedge"

    @property
    def _needs_one_start(self) -> bool:
        return self.method in AVERAGING or (self.method == "randomised" and not self._is_wedge)

    def _check_newer(self, errors: Errors) -> None:
        for name, (empty, method) in NEWER.items():
            if getattr(self, name) != empty and self.method != method:
                errors[name].append(f"belongs to {method}")
        if self.anticipation < 0:
            errors["anticipation"].append("must not be negative")
        if self.season is not None and self.season < 2:
            errors["season"].append("a cycle has at least two periods")
        if len(set(self.covariates)) < len(self.covariates):
            errors["covariates"].append("a covariate stands twice")
        if self.method == "randomised":
            self._check_assignment(errors)

    def _check_assignment(self, errors: Errors) -> None:
        if self.assignment is None:
            errors["assignment"].append("must say how the treatment was dealt")
            return
        kind, blocks = self.assignment.kind, self.assignment.blocks
        if kind not in get_args(AssignmentKind):
            errors["assignment.kind"].append(f"must be one of {', '.join(get_args(AssignmentKind))}")
        if blocks is None and kind == "pairs":
            errors["assignment.blocks"].append("must name the pair of each unit")
        if blocks is not None and kind == "stepped_wedge":
            errors["assignment.blocks"].append("a stepped wedge is dealt in one block")
        if self.cluster is not None and kind == "pairs":
            errors["cluster"].append("pairs are of units, not clusters")
        for unit in sorted(set(() if blocks is None else self.units) - set(blocks or ())):
            errors["assignment.blocks"].append(f"{unit!r} has no block")

    def _check_choices(self, errors: Errors) -> None:
        if self.method not in get_args(Method):
            errors["method"].append(f"must be one of {', '.join(get_args(Method))}, not {self.method!r}")
        if self.missing not in get_args(Missing):
            errors["missing"].append(f"must be one of {', '.join(get_args(Missing))}, not {self.missing!r}")
        if self.method in COMPLETE and self.missing == "available" and not self._is_wedge:
            errors["missing"].append(f"{self.method} needs complete rows: choose another policy")
        if self.control_group not in get_args(ControlGroup):
            errors["control_group"].append(f"must be one of {', '.join(get_args(ControlGroup))}")
        if not 0 < self.alpha <= 0.5:
            errors["alpha"].append(f"must lie above 0 and at most at 0.5, not {self.alpha!r}")

    def _check_units(self, errors: Errors) -> None:
        for role, units in (("treated", self.treated), ("controls", self.controls)):
            if not units and (role == "treated" or not self.may_lack_controls):
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
        if self._needs_one_start and len(set(self.first_treated.values())) > 1:
            errors["first_treated"].append(f"{self.method} averages the treated units and needs one start")

    def _check_predictors(self, errors: Errors) -> None:
        if self.predictors and self.method in set(get_args(Method)) - {"synthetic_control"}:
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
    version = document.get("schema_version", SCHEMA_VERSION)
    _check_version(errors, version, document.get("method"))
    known = (*REQUIRED, *OPTIONAL, *(NEWER if version != 1 else ()))
    for name in document:
        if name not in known:
            errors[str(name)].append("is not a field of a design")
    for name in REQUIRED:
        if name not in document:
            errors[name].append("is required")
    alpha = document.get("alpha", 0.05)
    if isinstance(alpha, bool) or not isinstance(alpha, int | float):
        errors["alpha"].append(f"must be a number, not {alpha!r}")
    for name in ("method", "missing", "outcome_unit", "outcome_unit_ko", "control_group"):
        if not isinstance(document.get(name, ""), str):
            errors[name].append("must be a text")
    for name in ("anticipation", "season"):
        if not _is_count(document.get(name)):
            errors[name].append("must be a whole number")
    return errors


def _check_version(errors: Errors, version: Any, method: Any) -> None:
    if isinstance(version, bool) or version not in range(1, SCHEMA_VERSION + 1):
        errors["schema_version"].append(f"must be 1 or {SCHEMA_VERSION}, not {version!r}")
    if version == 1 and method in get_args(Method)[len(FIRST_METHODS) :]:
        errors["method"].append(f"{method} needs schema_version 2")


def _is_count(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


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


def _assignment(errors: Errors, value: Any) -> Assignment | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or not {"kind"} <= set(value) <= {"kind", "blocks"}:
        errors["assignment"].append("must be an object with kind and blocks")
        return None
    if not isinstance(value["kind"], str):
        errors["assignment.kind"].append("must be a text")
    blocks = value.get("blocks")
    return Assignment(
        value["kind"], None if blocks is None else _text_map(errors, "assignment.blocks", blocks)
    )


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
