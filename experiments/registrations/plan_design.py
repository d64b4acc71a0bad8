"""The plan's design: the estimator, and what each estimator must or may be told besides.

A field that a method does not take is refused, so that a locked plan says nothing that is not carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, get_args

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from experiments.fields import Real, Whole
from experiments.registrations.plan_assignment import (
    IN_ONE_BLOCK,
    STEPPED_WEDGE,
    SWITCHBACK,
    AssignmentSchema,
    kind_of,
)
from stats.design_parts import COMPLETE, NEWEST, ControlGroup, Method, Missing
from stats.results import Evidence

METHODS: tuple[str, ...] = get_args(Method)
MISSING_POLICIES: tuple[str, ...] = get_args(Missing)
CONTROL_GROUPS: tuple[str, ...] = get_args(ControlGroup)

FIELDS_OF_METHODS: Mapping[str, tuple[str, ...]] = {
    "predictors": ("synthetic_control",),
    "control_group": ("staggered",),
    "anticipation": NEWEST["anticipation"][1],
    "covariates": ("staggered",),
    "season": ("interrupted",),
    "assignment": ("randomised",),
    "neighbours": NEWEST["neighbours"][1],
}
"""Fields of the design that only some methods take."""
NEWER_FIELDS = frozenset(FIELDS_OF_METHODS) - {"predictors"}
NEWER_METHODS = ("staggered", "interrupted", "randomised")
METHODS_WITH_STARTS = ("did", "synthetic_did", "staggered")
"""Methods that can take a start of its own for each treated district, beside a stepped wedge."""


class MetricReferenceSchema(Schema):
    """A metric by code and version: definitions are never edited, only superseded."""

    code = fields.String(required=True)
    version = fields.Integer(required=True, strict=True)


class PredictorSchema(Schema):
    """A synthetic-control predictor: the mean of a metric over the named periods."""

    metric = fields.String(required=True)
    version = fields.Integer(load_default=1, strict=True)
    first = fields.String(required=True)
    last = fields.String(required=True)


class DesignSchema(Schema):
    """The estimator and everything that it may be told."""

    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    alpha = Real(required=True, validate=validate.Range(min=0.001, max=0.2))
    missing = fields.String(required=True, validate=validate.OneOf(MISSING_POLICIES))
    predictors = fields.List(
        fields.Nested(PredictorSchema), load_default=list, validate=validate.Length(max=30)
    )
    control_group = fields.String(validate=validate.OneOf(CONTROL_GROUPS))
    anticipation = Whole(strict=True, validate=validate.Range(min=0, max=100))
    covariates = fields.List(fields.Nested(MetricReferenceSchema), validate=validate.Length(max=10))
    season = Whole(strict=True, validate=validate.Range(min=2, max=1000))
    assignment = fields.Nested(AssignmentSchema)
    neighbours = fields.List(fields.String(), validate=validate.Length(max=500))

    @validates_schema
    def fields_belong_to_the_method(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["predictors"] and data["method"] != "synthetic_control":
            raise ValidationError("Only a synthetic control has predictors.", "predictors")
        for name in sorted(NEWER_FIELDS & set(data)):
            if data["method"] not in FIELDS_OF_METHODS[name]:
                raise ValidationError("This does not belong to the method.", name)

    @validates_schema
    def chance_is_described(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["method"] == "randomised" and "assignment" not in data:
            raise ValidationError("Say how chance dealt the treatment.", "assignment")

    @validates_schema
    def some_methods_need_complete_rows(self, data: Mapping[str, Any], **_: Any) -> None:
        kind = kind_of(data)
        if kind == SWITCHBACK and data["missing"] == "drop_period":
            raise ValidationError("A switchback needs unbroken blocks of time.", "missing")
        if data["missing"] != "available" or data["method"] not in COMPLETE or kind == STEPPED_WEDGE:
            return
        told = (
            "Synthetic controls need complete readings."
            if data["method"].startswith(("synthetic", "augmented"))
            else "This method needs complete readings."
        )
        raise ValidationError(told, "missing")


def may_lack_controls(design: Mapping[str, Any]) -> bool:
    """Whether the treated districts alone can be compared, with their own past."""
    return design["method"] == "interrupted" or kind_of(design) in IN_ONE_BLOCK


def planned_evidence(plan: Mapping[str, Any]) -> Evidence:
    """The level of evidence that a result of `plan` will have."""
    method = plan["design"]["method"]
    if method == "randomised":
        return "randomised"
    if method != "interrupted":
        return "comparison"
    return "controlled_before_after" if plan["districts"]["control"] else "before_after"


def needs_newer_version(plan: Mapping[str, Any]) -> bool:
    """Whether the first version of the plan's shape could not say this."""
    design = plan["design"]
    return (
        design["method"] in NEWER_METHODS
        or bool(NEWER_FIELDS & set(design))
        or bool(plan["districts"].get("starts"))
    )


def wrong_starts(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(field, message) for whatever is wrong with the districts' own starts in a well-formed plan."""
    design, treated, window = plan["design"], plan["districts"]["treated"], plan["window"]
    starts: Mapping[str, date] = plan["districts"].get("starts") or {}
    takes = design["method"] in METHODS_WITH_STARTS or kind_of(design) == STEPPED_WEDGE
    needs = design["method"] == "staggered" or kind_of(design) == STEPPED_WEDGE
    if starts and not takes:
        yield "districts.starts", "This method needs one start for all districts."
    if not starts and not needs:
        return
    for code in treated:
        if code not in starts:
            yield f"districts.starts.{code}", "Say when this district starts."
    for code, day in starts.items():
        if code not in treated:
            yield f"districts.starts.{code}", "This district is not treated."
        elif not window["intervention_from"] <= day <= window["intervention_to"]:
            yield f"districts.starts.{code}", "This district starts outside the intervention."
    if starts and set(starts) == set(treated) and min(starts.values()) > window["intervention_from"]:
        yield "window.intervention_from", "The intervention starts when its first district does."


def wrong_neighbours(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(field, message) for neighbours that are no controls, or leave none to compare with."""
    neighbours, control = plan["design"].get("neighbours", []), plan["districts"]["control"]
    if strange := sorted(set(neighbours) - set(control)):
        yield "design.neighbours", f"no control districts of the plan: {', '.join(strange)}"
    elif neighbours and set(neighbours) == set(control):
        yield "design.neighbours", "Some control has to be left that is no neighbour."
    if len(set(neighbours)) < len(neighbours):
        yield "design.neighbours", "A district stands twice."


def wrong_covariates(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(field, message) for covariates that say nothing beside the primary metric."""
    codes = [covariate["code"] for covariate in plan["design"].get("covariates", [])]
    for row, code in enumerate(codes):
        if code == plan["primary"]["code"]:
            yield f"design.covariates.{row}", "The primary metric is no covariate of itself."
        if code in codes[:row]:
            yield f"design.covariates.{row}", "This covariate stands twice."
