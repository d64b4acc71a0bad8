"""What a design is made of: its words, and which version of its document and which methods know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

SCHEMA_VERSION = 3

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
Tossed: TypeAlias = Literal["coins", "balanced"]
ControlGroup: TypeAlias = Literal["never", "not_yet"]
Errors: TypeAlias = dict[str, list[str]]
Missing: TypeAlias = Literal["refuse", "drop_unit", "drop_period", "available"]

REQUIRED = ("schema_version", "method", "treated", "first_treated", "controls", "alpha", "missing")
OPTIONAL = ("predictors", "cluster", "outcome_unit", "outcome_unit_ko")
COMPARISONS = ("did", "synthetic_control", "synthetic_did", "augmented_synthetic_control")
"""Methods that hold the treated against controls from one start on."""
NEWER: Mapping[str, tuple[Any, str | None]] = {
    "control_group": ("never", "staggered"),
    "anticipation": (0, "staggered"),
    "covariates": ((), "staggered"),
    "season": (None, "interrupted"),
    "assignment": (None, "randomised"),
}
"""Fields since version 2: the value that says nothing, and the method that they belong to."""
NEWEST: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "anticipation": (0, (*COMPARISONS, "staggered")),
    "neighbours": ((), (*COMPARISONS, "staggered")),
}
"""The same for version 3, with all methods that take it."""
FIRST_METHODS = ("did", "synthetic_control")
"""What version 1 could say."""
AVERAGING = ("synthetic_control", "augmented_synthetic_control", "interrupted")
"""Methods that average the treated units into one, which takes one start."""
COMPLETE = ("synthetic_control", "augmented_synthetic_control", "synthetic_did", "interrupted", "randomised")
"""Methods that need complete rows."""
UNCLUSTERED = ("synthetic_control", "augmented_synthetic_control", "synthetic_did", "interrupted")
"""Methods whose inference deals single units or shifts time, and would pass clusters over in silence."""


@dataclass(frozen=True)
class Predictor:
    """The mean of the outcome or of a covariate over named periods, for synthetic control."""

    name: str
    periods: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {"name": self.name, "periods": list(self.periods)}


@dataclass(frozen=True)
class Switchback:
    """Treatment that is switched on and off by blocks of time, as chance has it.

    first    label of the first period of the trial; None: the panel's first
    length   periods in a block, counted from there
    periods  treated unit -> its treated periods
    tossed   "coins": a fair coin for each block; "balanced": as many treated blocks as there were
    together whether all units switched at once
    washout  periods at the start of each block in which the previous one still works; they are left out
    """

    length: int
    periods: Mapping[str, tuple[str, ...]]
    first: str | None = None
    tossed: Tossed = "coins"
    together: bool = False
    washout: int = 0

    def __post_init__(self) -> None:
        each = {unit: tuple(periods) for unit, periods in self.periods.items()}
        object.__setattr__(self, "periods", each)

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields."""
        return {
            "length": self.length,
            "periods": {unit: list(periods) for unit, periods in self.periods.items()},
            "first": self.first,
            "tossed": self.tossed,
            "together": self.together,
            "washout": self.washout,
        }


@dataclass(frozen=True)
class Assignment:
    """How a randomised design was dealt; inference deals it anew in the same way.

    kind        "units": the treatment to units (or whole clusters) at once; "pairs": to one of each pair;
                "stepped_wedge": the starts to units (or clusters); "switchback": blocks of time
    blocks      unit -> the block within which it was dealt, or its pair; None: one block
    switchback  for "switchback", which needs it
    """

    kind: AssignmentKind | Literal["switchback"]
    blocks: Mapping[str, str] | None = None
    switchback: Switchback | None = field(default=None)

    def document(self) -> dict[str, Any]:
        """JSON-able, keys as the fields; `switchback` where there is one."""
        told = {"kind": self.kind, "blocks": None if self.blocks is None else dict(self.blocks)}
        return told if self.switchback is None else {**told, "switchback": self.switchback.document()}
