"""The design: who was treated from when, who stands for comparison, and how that is estimated.

The locked analysis plan carries it as a plain JSON object, so reading is strict: every field that
is missing, unknown or wrong is refused by its name, all at once. The shape:

    {
      "schema_version": 1 | 2 | 3,                              the first that knows all of what follows
      "method": "did" | "synthetic_control" | version 2: "synthetic_did" | "augmented_synthetic_control"
                | "staggered" | "interrupted" | "randomised",
      "treated": ["unit", ...],
      "first_treated": "period" | {"unit": "period", ...},      one start, or one for each treated unit
      "controls": ["unit", ...],
      "alpha": 0.05,                                            intervals are (1 - alpha) intervals
      "missing": "refuse" | "drop_unit" | "drop_period" | "available",
      "predictors": [{"name": "outcome" | covariate, "periods": ["period", ...]}, ...],   optional
      "cluster": null | {"unit": "cluster", ...},               optional; null: each unit for itself;
                                                                did, staggered, randomised alone
      "outcome_unit": "packs per person and year",              optional; words for the unit of the effect
      "outcome_unit_ko": "...",                                 optional; the same in Korean sentences
      version 2, all optional:
      "control_group": "never" | "not_yet",                     staggered: whom a cohort is compared with
      "anticipation": 0,                                        staggered: periods that may react before;
                                                                version 3: all comparisons with controls
      "covariates": ["covariate", ...],                         staggered: doubly robust adjustment for these
      "season": null | 12,                                      interrupted: periods in a cycle
      "assignment": null | {"kind": "units" | "pairs" | "stepped_wedge",     randomised: how it was dealt
                            "blocks": null | {"unit": "block or pair", ...}},
      version 3, optional:
      "neighbours": ["unit", ...],                              controls that the pilot may have reached
      "assignment": {"kind": "switchback", "blocks": null,      treatment on and off by blocks of time
                     "switchback": {"length": 2, "periods": {"unit": ["period", ...]},
                                    "first": null | "period", "tossed": "coins" | "balanced",
                                    "together": false, "washout": 0}}
    }

Documents of earlier versions are read as they always were, and a design is written in the first version that
can say it, so that its digest stays what it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from stats import design_reading
from stats.design_parts import (
    AVERAGING,
    COMPLETE,
    FIRST_METHODS,
    NEWER,
    NEWEST,
    OPTIONAL,
    REQUIRED,
    SCHEMA_VERSION,
    UNCLUSTERED,
    Assignment,
    AssignmentKind,
    ControlGroup,
    Errors,
    Method,
    Missing,
    Predictor,
    Switchback,
    Tossed,
)
from stats.errors import DesignError
from stats.panel import OUTCOME, Panel

__all__ = [
    "AVERAGING",
    "COMPLETE",
    "FIRST_METHODS",
    "NEWER",
    "NEWEST",
    "OPTIONAL",
    "REQUIRED",
    "SCHEMA_VERSION",
    "Assignment",
    "AssignmentKind",
    "ControlGroup",
    "Design",
    "Method",
    "Missing",
    "Predictor",
    "Switchback",
]


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
    control_group, covariates   for "staggered", see `stats.staggered.group_time`
    anticipation       periods before a start that may react already: "staggered" leaves them out of its
                       reference, other comparisons tell what the effect is without them
    neighbours         controls next to treated units, which the pilot may have reached: comparisons tell
                       what changed there, and the effect without them
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
    neighbours: tuple[str, ...] = ()

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
        if self.neighbours or (self.anticipation and self.method != "staggered") or self._is_switchback:
            return 3
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
            elif period == panel.periods[0] and not self._is_switchback:
                errors["first_treated"].append(f"{unit!r} has no period before {period!r}")
        errors["covariates"] += [
            f"{name!r} is no covariate of the panel"
            for name in self.covariates
            if name not in panel.covariates
        ]
        self._check_switchback_periods(errors, panel.periods)
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
            **({"neighbours": list(self.neighbours)} if self.version > 2 else {}),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Design:
        """The design that `document` states; `DesignError` names every field that is wrong."""
        if not isinstance(document, Mapping):
            raise DesignError({"design": ["must be an object"]})
        errors = design_reading.wrong_fields(document)
        treated = design_reading.texts(errors, "treated", document.get("treated", []))
        first = document.get("first_treated", {})
        if isinstance(first, str):
            first = dict.fromkeys(treated, first)
        cluster = document.get("cluster")
        fields: dict[str, Any] = {
            "treated": treated,
            "first_treated": design_reading.text_map(errors, "first_treated", first),
            "controls": design_reading.texts(errors, "controls", document.get("controls", [])),
            "predictors": design_reading.predictors(errors, document.get("predictors", [])),
            "cluster": None if cluster is None else design_reading.text_map(errors, "cluster", cluster),
            "covariates": design_reading.texts(errors, "covariates", document.get("covariates", [])),
            "neighbours": design_reading.texts(errors, "neighbours", document.get("neighbours", [])),
            "assignment": design_reading.assignment(errors, document.get("assignment")),
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
        return self.method == "interrupted" or self._is_wedge or self._is_switchback

    @property
    def _is_wedge(self) -> bool:
        return self.assignment is not None and self.assignment.kind == "stepped_wedge"

    @property
    def _is_switchback(self) -> bool:
        return self.assignment is not None and self.assignment.kind == "switchback"

    @property
    def _needs_one_start(self) -> bool:
        crosses_over = self._is_wedge or self._is_switchback
        return self.method in AVERAGING or (self.method == "randomised" and not crosses_over)

    def _check_newer(self, errors: Errors) -> None:
        owners = {name: (empty, (method,)) for name, (empty, method) in NEWER.items()}
        for name, (empty, methods) in {**owners, **NEWEST}.items():
            if getattr(self, name) != empty and self.method not in methods:
                errors[name].append(f"belongs to {', '.join(map(str, methods))}")
        self._check_neighbours(errors)
        if self.anticipation < 0:
            errors["anticipation"].append("must not be negative")
        if self.season is not None and self.season < 2:
            errors["season"].append("a cycle has at least two periods")
        if len(set(self.covariates)) < len(self.covariates):
            errors["covariates"].append("a covariate stands twice")
        if self.anticipation and self.predictors:
            errors["anticipation"].append("with predictors, name periods that end earlier instead")
        if self.method == "randomised":
            self._check_assignment(errors)

    def _check_neighbours(self, errors: Errors) -> None:
        for unit in sorted(set(self.neighbours) - set(self.controls)):
            errors["neighbours"].append(f"{unit!r} is not among the controls")
        if self.neighbours and set(self.neighbours) == set(self.controls):
            errors["neighbours"].append("are all controls: none is left to compare with")
        if len(set(self.neighbours)) < len(self.neighbours):
            errors["neighbours"].append("a unit stands twice")

    def _check_assignment(self, errors: Errors) -> None:
        if self.assignment is None:
            errors["assignment"].append("must say how the treatment was dealt")
            return
        kind, blocks = self.assignment.kind, self.assignment.blocks
        kinds = (*get_args(AssignmentKind), "switchback")
        if kind not in kinds:
            errors["assignment.kind"].append(f"must be one of {', '.join(kinds)}")
        if blocks is None and kind == "pairs":
            errors["assignment.blocks"].append("must name the pair of each unit")
        if blocks is not None and kind in ("stepped_wedge", "switchback"):
            errors["assignment.blocks"].append(f"a {kind} is dealt in one block")
        if (kind == "switchback") != (self.assignment.switchback is not None):
            errors["assignment.switchback"].append("belongs to switchback, which needs it")
        elif self.assignment.switchback is not None:
            self._check_switchback(errors, self.assignment.switchback)
        if self.cluster is not None and kind == "pairs":
            errors["cluster"].append("pairs are of units, not clusters")
        for unit in sorted(set(() if blocks is None else self.units) - set(blocks or ())):
            errors["assignment.blocks"].append(f"{unit!r} has no block")

    def _check_switchback(self, errors: Errors, told: Switchback) -> None:
        path = "assignment.switchback"
        if told.length < 1 or not 0 <= told.washout < max(told.length, 1):
            errors[f"{path}.length"].append("must leave something of a block after the washout")
        if told.tossed not in get_args(Tossed):
            errors[f"{path}.tossed"].append(f"must be one of {', '.join(get_args(Tossed))}")
        if set(told.periods) != set(self.treated) or not all(told.periods.values()):
            errors[f"{path}.periods"].append("must name the treated periods of each treated unit")
        if self.cluster is not None:
            errors["cluster"].append("a switchback deals blocks of time: see together")
        if self.missing in ("drop_period", "available"):
            errors["missing"].append("a switchback needs complete rows of unbroken blocks")

    def _check_switchback_periods(self, errors: Errors, periods: Sequence[str]) -> None:
        told = None if self.assignment is None else self.assignment.switchback
        if told is None:
            return
        path = "assignment.switchback"
        if told.first is not None and told.first not in periods:
            errors[f"{path}.first"].append(f"{told.first!r} is not in the panel")
            return
        trial = periods[0 if told.first is None else periods.index(told.first) :]
        for unit, treated in told.periods.items():
            errors[f"{path}.periods"] += [
                f"{period!r} of {unit!r} is not a period of the trial"
                for period in treated
                if period not in trial
            ]
            first = min((periods.index(period) for period in treated if period in trial), default=None)
            if first is not None and self.first_treated.get(unit) != periods[first]:
                errors["first_treated"].append(f"{unit!r} is treated from {periods[first]!r} on")

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
        if self.cluster is not None and self.method in UNCLUSTERED:
            errors["cluster"].append(
                f"{self.method} compares single units: leave clusters out or take another"
            )

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
