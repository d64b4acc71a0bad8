"""The analysis plan: its shape, and what is wrong with a draft, by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.districts import District
from experiments.errors import Invalid
from experiments.evaluation.rule import LineSchema
from experiments.fields import Line, Prose, Real, load
from experiments.metrics import Metric
from experiments.registrations.permit import Permit
from experiments.registrations.plan_assignment import wrong_blocks, wrong_sequences
from experiments.registrations.plan_design import (
    DesignSchema,
    MetricReferenceSchema,
    may_lack_controls,
    needs_newer_version,
    wrong_covariates,
    wrong_neighbours,
    wrong_starts,
)

SCHEMA_VERSION = 2
"""Version 1 knew fewer methods; a plan that needs nothing newer is still written as version 1."""
PERIODS = ("hour", "day", "week", "month", "year")
DIRECTIONS = ("increase", "decrease")
WRONG_TOGETHER = (wrong_starts, wrong_blocks, wrong_sequences, wrong_neighbours, wrong_covariates)
"""What can be wrong between the design and the plan's other parts."""


class PrimarySchema(MetricReferenceSchema):
    """The primary metric: the good direction and the smallest effect worth having (its unit)."""

    direction = fields.String(required=True, validate=validate.OneOf(DIRECTIONS))
    minimum_effect = Real(required=True, validate=validate.Range(min=0, min_inclusive=False))


class GuardrailSchema(MetricReferenceSchema):
    """A metric that must not get worse by `margin` (its unit) in the bad direction."""

    direction = fields.String(required=True, validate=validate.OneOf(DIRECTIONS))
    margin = Real(required=True, validate=validate.Range(min=0, min_inclusive=False))


class DistrictsSchema(Schema):
    """Treated and control districts by code, and why these controls.

    starts  treated district -> its first day, where they do not all start with the intervention
    """

    treated = fields.List(
        fields.String(), required=True, validate=validate.Length(min=1, error="Name a district.")
    )
    control = fields.List(fields.String(), required=True)
    starts = fields.Dict(keys=fields.String(), values=fields.Date())
    why = Prose(required=True, longest=2000)

    @validates_schema
    def nobody_stands_on_both_sides(self, data: Mapping[str, Any], **_: Any) -> None:
        for side in ("treated", "control"):
            if len(set(data[side])) != len(data[side]):
                raise ValidationError("A district stands twice.", side)
        if both := sorted(set(data["treated"]) & set(data["control"])):
            raise ValidationError(f"Both treated and control: {', '.join(both)}.", "control")


class WindowSchema(Schema):
    """Days of the baseline and of the intervention, as ISO dates, inclusive."""

    baseline_from = fields.Date(required=True)
    intervention_from = fields.Date(required=True)
    intervention_to = fields.Date(required=True)

    @validates_schema
    def days_are_in_order(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["intervention_from"] <= data["baseline_from"]:
            raise ValidationError("The intervention must start after the baseline.", "intervention_from")
        if data["intervention_to"] < data["intervention_from"]:
            raise ValidationError("The intervention ends before it starts.", "intervention_to")


class PlanSchema(Schema):
    """The whole plan. Dumped values are plain JSON, ready to be made canonical."""

    schema_version = fields.Integer(
        load_default=SCHEMA_VERSION, validate=validate.Range(min=1, max=SCHEMA_VERSION)
    )
    title_ko = Line(required=True)
    title_en = Line(required=True)
    hypothesis_ko = Prose(required=True, longest=2000)
    hypothesis_en = Prose(required=True, longest=2000)
    period = fields.String(required=True, validate=validate.OneOf(PERIODS))
    window = fields.Nested(WindowSchema, required=True)
    districts = fields.Nested(DistrictsSchema, required=True)
    primary = fields.Nested(PrimarySchema, required=True)
    guardrails = fields.List(
        fields.Nested(GuardrailSchema),
        required=True,
        validate=validate.Length(min=1, max=10, error="A plan needs at least one guardrail metric."),
    )
    design = fields.Nested(DesignSchema, required=True)
    rule = fields.List(fields.Nested(LineSchema), required=True, validate=validate.Length(min=1, max=20))
    seed = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=2**31 - 1))

    @validates_schema(skip_on_field_errors=False)
    def most_methods_need_controls(self, data: Mapping[str, Any], **_: Any) -> None:
        districts, design = data.get("districts"), data.get("design")
        if districts and not districts["control"] and not (design and may_lack_controls(design)):
            raise ValidationError({"districts": {"control": ["A plan needs control districts."]}})

    @validates_schema
    def design_fits_the_rest(self, data: Mapping[str, Any], **_: Any) -> None:
        errors: dict[str, list[str]] = {}
        for field, message in (each for wrong in WRONG_TOGETHER for each in wrong(data)):
            errors.setdefault(field, []).append(message)
        if errors:
            raise ValidationError(errors)

    @validates_schema
    def rule_always_ends(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["rule"][-1]["tests"]:
            raise ValidationError(
                "The last line must hold without tests, so that there is always a finding.", "rule"
            )


def parse_plan(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` as plain JSON values of a well-formed plan; Invalid by field path otherwise."""
    schema = PlanSchema()
    plain: dict[str, Any] = schema.dump(load(schema, dict(data)))
    return plain | {"schema_version": version_of(plain)}


def version_of(plan: Mapping[str, Any]) -> int:
    """The first version of the plan's shape that can say this."""
    return SCHEMA_VERSION if needs_newer_version(plan) else 1


def check_references(session: Session, territory_id: int, plan: Mapping[str, Any], permit: Permit) -> None:
    """Districts and metrics exist and the permit covers the plan; Invalid by field otherwise."""
    errors = _district_errors(session, territory_id, plan, permit) | _metric_errors(session, plan)
    window = plan["window"]
    if window["intervention_from"] < permit.first_day.isoformat():
        errors["window.intervention_from"] = [f"before the permitted period begins on {permit.first_day}"]
    if window["intervention_to"] > permit.last_day.isoformat():
        errors["window.intervention_to"] = [f"after the permitted period ends on {permit.last_day}"]
    if errors:
        raise Invalid(errors)


def plan_problems(
    session: Session, territory_id: int, data: Mapping[str, Any], permit: Permit
) -> dict[str, list[str]]:
    """Everything that keeps this draft from being locked, by field; empty when it may be."""
    try:
        check_references(session, territory_id, parse_plan(data), permit)
    except Invalid as error:
        return error.errors
    return {}


def _district_errors(
    session: Session, territory_id: int, plan: Mapping[str, Any], permit: Permit
) -> dict[str, list[str]]:
    known = set(session.scalars(select(District.code).where(District.territory_id == territory_id)))
    errors: dict[str, list[str]] = {}
    for side in ("treated", "control"):
        for position, code in enumerate(plan["districts"][side]):
            if code not in known:
                errors[f"districts.{side}.{position}"] = [f"unknown district {code}"]
    if outside := sorted(set(plan["districts"]["treated"]) - permit.treatable):
        errors["districts.treated"] = [f"the exemption does not cover {', '.join(outside)}"]
    if busy := sorted(set(plan["districts"]["control"]) & permit.districts_elsewhere_treated):
        errors["districts.control"] = [f"another pilot runs in {', '.join(busy)}"]
    return errors


def _metric_errors(session: Session, plan: Mapping[str, Any]) -> dict[str, list[str]]:
    wanted = {"primary": (plan["primary"]["code"], plan["primary"]["version"])}
    wanted |= {f"guardrails.{i}": (g["code"], g["version"]) for i, g in enumerate(plan["guardrails"])}
    wanted |= {
        f"design.predictors.{i}": (p["metric"], p["version"])
        for i, p in enumerate(plan["design"]["predictors"])
    }
    wanted |= {
        f"design.covariates.{i}": (c["code"], c["version"])
        for i, c in enumerate(plan["design"].get("covariates", []))
    }
    known = {(code, version) for code, version in session.execute(select(Metric.code, Metric.version))}
    errors = {
        field: [f"unknown metric {code} version {version}"]
        for field, (code, version) in wanted.items()
        if (code, version) not in known
    }
    # Readings go by the metric's code from here on: in panels, in results and in the published data.
    versions: dict[str, int] = {}
    for field, (code, version) in wanted.items():
        if versions.setdefault(code, version) != version:
            errors.setdefault(field, []).append(f"the plan names {code} in another version too")
    return errors
