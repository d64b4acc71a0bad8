"""What a regime says of the start of a pilot and of measures against harm: shapes of the data file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from experiments.errors import NotFound


@dataclass(frozen=True)
class StartGate:
    """What has to be there before the start, beside the cover and the locked plan.

    baseline_least_pct  of the plan's cells before the intervention so many per cent hold readings
    """

    baseline_least_pct: int
    baseline_source: str
    residents_source: str


@dataclass(frozen=True)
class Choice:
    """Something to choose by its id, with its provision."""

    id: str
    source: str
    name_ko: str
    name_en: str


@dataclass(frozen=True)
class OrderKind(Choice):
    """A kind of order; some need the city's opinion and the committee before they are issued."""

    needs_city: bool
    needs_committee: bool


@dataclass(frozen=True)
class Severity(Choice):
    """How grave an incident is: within how many hours it is reported, and whether it may end in a stop.

    most_deaths, most_injured  with more of them an incident is graver than this; None for no limit
    """

    hours: int
    proposes_suspension: bool
    most_deaths: int | None
    most_injured: int | None

    def fits(self, *, deaths: int, injured: int) -> bool:
        """Whether an incident with so many deaths and injured may be called this."""
        limits = ((deaths, self.most_deaths), (injured, self.most_injured))
        return all(most is None or number <= most for number, most in limits)


@dataclass(frozen=True)
class Measures:
    """Reasons of suspensions, kinds of orders with the appeal text, severities, the inspector's list."""

    suspension_reasons: tuple[Choice, ...]
    orders: tuple[OrderKind, ...]
    appeal_ko: str
    appeal_en: str
    severities: tuple[Severity, ...]
    inspection_items: tuple[Choice, ...]

    def suspension_reason(self, key: str) -> Choice:
        return _one(self.suspension_reasons, key, "suspension reason")

    def order(self, key: str) -> OrderKind:
        found: OrderKind = _one(self.orders, key, "kind of order")
        return found

    def severity(self, key: str) -> Severity:
        found: Severity = _one(self.severities, key, "severity")
        return found


class StartGateSchema(Schema):
    baseline_least_pct = fields.Integer(required=True, strict=True, validate=validate.Range(1, 100))
    baseline_source = fields.String(required=True)
    residents_source = fields.String(required=True)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> StartGate:
        return StartGate(**data)


class ChoiceSchema(Schema):
    id = fields.String(required=True, validate=validate.Regexp(r"[a-z_]{1,40}"))
    source = fields.String(required=True)
    name_ko = fields.String(required=True)
    name_en = fields.String(required=True)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Choice:
        return Choice(**data)


class OrderKindSchema(ChoiceSchema):
    needs_city = fields.Boolean(load_default=False)
    needs_committee = fields.Boolean(load_default=False)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Choice:
        return OrderKind(**data)


class SeveritySchema(ChoiceSchema):
    hours = fields.Integer(required=True, strict=True, validate=validate.Range(1, 24 * 365))
    proposes_suspension = fields.Boolean(load_default=False)
    most_deaths = fields.Integer(load_default=None, strict=True, validate=validate.Range(0))
    most_injured = fields.Integer(load_default=None, strict=True, validate=validate.Range(0))

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Choice:
        return Severity(**data)


class MeasuresSchema(Schema):
    """The shape of `measures` in a regime file; every list names something, and nothing twice."""

    suspension_reasons = fields.List(
        fields.Nested(ChoiceSchema), required=True, validate=validate.Length(min=1)
    )
    orders = fields.List(fields.Nested(OrderKindSchema), required=True, validate=validate.Length(min=1))
    appeal_ko = fields.String(required=True, validate=validate.Length(min=1))
    appeal_en = fields.String(required=True, validate=validate.Length(min=1))
    severities = fields.List(fields.Nested(SeveritySchema), required=True, validate=validate.Length(min=1))
    inspection_items = fields.List(
        fields.Nested(ChoiceSchema), required=True, validate=validate.Length(min=1)
    )

    @validates_schema
    def nothing_stands_twice(self, data: Mapping[str, Any], **_: Any) -> None:
        for name in ("suspension_reasons", "orders", "severities", "inspection_items"):
            ids = [item.id for item in data[name]]
            if len(ids) != len(set(ids)):
                raise ValidationError("An id stands twice.", name)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Measures:
        lists = ("suspension_reasons", "orders", "severities", "inspection_items")
        return Measures(**(dict(data) | {name: tuple(data[name]) for name in lists}))


def _one(items: tuple[Any, ...], key: str, kind: str) -> Any:
    for item in items:
        if item.id == key:
            return item
    raise NotFound(kind, key)
