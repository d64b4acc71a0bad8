"""How chance dealt the treatment, as a plan says it: at once, in pairs, step by step, or back and forth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from experiments.fields import Line, Whole
from stats.design_parts import AssignmentKind, Tossed

STEPPED_WEDGE = "stepped_wedge"
SWITCHBACK = "switchback"
ASSIGNMENTS: tuple[str, ...] = (*get_args(AssignmentKind), SWITCHBACK)
IN_ONE_BLOCK = (STEPPED_WEDGE, SWITCHBACK)
ON, OFF = "1", "0"


class SwitchbackSchema(Schema):
    """Treatment switched on and off by blocks of `length` periods, from the first one of the intervention on.

    sequences  treated district -> one character for each block, 1 for treated and 0 for not
    tossed     "coins": each block by a fair coin; "balanced": as many treated blocks as there are
    together   whether all districts switched at once
    washout    periods at the start of each block in which the one before still works; they are left out
    """

    length = Whole(required=True, strict=True, validate=validate.Range(min=1, max=1000))
    washout = Whole(load_default=0, strict=True, validate=validate.Range(min=0, max=1000))
    tossed = fields.String(required=True, validate=validate.OneOf(get_args(Tossed)))
    together = fields.Boolean(load_default=False)
    sequences = fields.Dict(
        keys=fields.String(),
        values=fields.String(
            validate=validate.Regexp("(?=.*1)[01]{2,1000}$", error="Write 1 and 0, with at least one 1.")
        ),
        required=True,
        error_messages={"invalid": "Write one district to a line, each once."},
    )

    @validates_schema
    def something_of_a_block_is_left(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["washout"] >= data["length"]:
            raise ValidationError("The washout leaves nothing of a block.", "washout")

    @validates_schema
    def sequences_fit_together(self, data: Mapping[str, Any], **_: Any) -> None:
        sequences = list(data["sequences"].values())
        if len(set(map(len, sequences))) > 1:
            raise ValidationError("All sequences are of the same length.", "sequences")
        if data["together"] and len(set(sequences)) > 1:
            raise ValidationError("Districts that switch together have the same sequence.", "sequences")


class AssignmentSchema(Schema):
    """How chance dealt the treatment; `blocks` maps a district to the block or pair it was dealt in."""

    kind = fields.String(required=True, validate=validate.OneOf(ASSIGNMENTS))
    blocks = fields.Dict(
        keys=fields.String(),
        values=Line(),
        error_messages={"invalid": "Write one block to a line, each district once."},
    )
    switchback = fields.Nested(SwitchbackSchema)

    @validates_schema
    def parts_belong_to_the_kind(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["kind"] == "pairs" and not data.get("blocks"):
            raise ValidationError("Name the two districts of every pair.", "blocks")
        if data["kind"] in IN_ONE_BLOCK and data.get("blocks"):
            raise ValidationError("This assignment is dealt in one block.", "blocks")
        if data["kind"] == SWITCHBACK and "switchback" not in data:
            raise ValidationError({"switchback": {"length": ["Say how blocks of time were switched."]}})
        if data["kind"] != SWITCHBACK and "switchback" in data:
            raise ValidationError("Only a switchback has sequences.", "switchback")


def kind_of(design: Mapping[str, Any]) -> str | None:
    """How the design was dealt; None where chance had no part in it."""
    kind: str | None = (design.get("assignment") or {}).get("kind")
    return kind


def switched_on(switchback: Mapping[str, Any], code: str, trial: Sequence[str]) -> tuple[str, ...]:
    """Of the trial's periods those in which the district was treated."""
    sequence, length = switchback["sequences"][code], switchback["length"]
    return tuple(
        period
        for place, period in enumerate(trial)
        if place // length < len(sequence) and sequence[place // length] == ON
    )


def periods_of_trial(switchback: Mapping[str, Any]) -> int:
    """Periods from the first block to the end of the last one."""
    return int(switchback["length"]) * max(map(len, switchback["sequences"].values()))


def wrong_sequences(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(field, message) where a switchback does not state exactly the treated districts."""
    if kind_of(plan["design"]) != SWITCHBACK:
        return
    field = "design.assignment.switchback.sequences"
    sequences, treated = plan["design"]["assignment"]["switchback"]["sequences"], plan["districts"]["treated"]
    if left := sorted(set(treated) - set(sequences)):
        yield field, f"no sequence for {', '.join(left)}"
    if strange := sorted(set(sequences) - set(treated)):
        yield field, f"no treated districts of the plan: {', '.join(strange)}"


def wrong_blocks(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(field, message) where the blocks of a dealt design do not hold exactly the plan's districts."""
    assignment = plan["design"].get("assignment") or {}
    blocks: Mapping[str, str] = assignment.get("blocks") or {}
    if not blocks:
        return
    field = "design.assignment.blocks"
    treated = set(plan["districts"]["treated"])
    units = treated | set(plan["districts"]["control"])
    if left := sorted(units - set(blocks)):
        yield field, f"no block holds {', '.join(left)}"
    if strange := sorted(set(blocks) - units):
        yield field, f"no districts of the plan: {', '.join(strange)}"
    members: dict[str, list[bool]] = {}
    for code, block in blocks.items():
        members.setdefault(block, []).append(code in treated)
    if assignment["kind"] == "pairs" and any(sorted(pair) != [False, True] for pair in members.values()):
        yield field, "A pair is one treated district and one control."
