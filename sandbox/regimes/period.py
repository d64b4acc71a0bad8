"""What a regime says of the time from the start to the end of a pilot: shapes of the data file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from sandbox.regimes.measures import Choice, ChoiceSchema


@dataclass(frozen=True)
class ReportItem(Choice):
    """One thing that the final report must contain, and of which kinds of exemption it is asked."""

    kinds: tuple[str, ...]


@dataclass(frozen=True)
class ChangeNature(Choice):
    """What a change is by its nature: the rule that makes it minor, or major.

    fields        what may be changed in this way
    most_letters  at most so many letters differ, where the rule is about small corrections
    """

    is_minor: bool
    fields: tuple[str, ...]
    most_letters: int | None


@dataclass(frozen=True)
class RevocationGround(Choice):
    """A ground of revocation: whether it leaves no discretion, and the time limit (`clock`) it rests on."""

    is_mandatory: bool
    clock: str | None


@dataclass(frozen=True)
class PeriodRules:
    """Extension, change, amendment of the law, conversion, revocation and report, as the law states them.

    most_months  the longest extension; there is one
    waived       ids of plan contents and files that a conversion takes over from the demonstration
    hearing_days between the invitation and the hearing lie at least so many days
    requesting_kinds, deemed_kinds  kinds whose operator asks for the amendment, and kinds whose period
        is deemed extended until the law is amended
    """

    most_months: int
    extension_source: str
    extension_documents: tuple[Choice, ...]
    unverified_ko: str
    unverified_en: str
    change_natures: tuple[ChangeNature, ...]
    requesting_kinds: tuple[str, ...]
    deemed_kinds: tuple[str, ...]
    criteria: tuple[Choice, ...]
    converted_to: str
    waived: tuple[str, ...]
    revocation_grounds: tuple[RevocationGround, ...]
    hearing_days: int
    hearing_source: str
    report_items: tuple[ReportItem, ...]

    def reported_of(self, kind: str) -> tuple[ReportItem, ...]:
        """What the report on an exemption of this kind must contain."""
        return tuple(item for item in self.report_items if kind in item.kinds)


class ReportItemSchema(ChoiceSchema):
    kinds = fields.List(fields.String(), required=True)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Choice:
        return ReportItem(**(dict(data) | {"kinds": tuple(data["kinds"])}))


class ChangeNatureSchema(ChoiceSchema):
    is_minor = fields.Boolean(required=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields")
    most_letters = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 1000))

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Choice:
        values = dict(data)
        return ChangeNature(fields=tuple(values.pop("fields_")), **values)


class RevocationGroundSchema(ChoiceSchema):
    is_mandatory = fields.Boolean(load_default=False)
    clock = fields.String(load_default=None, allow_none=True)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Choice:
        return RevocationGround(**data)


class PeriodSchema(Schema):
    """The shape of `period` in a regime file; no list names a thing twice."""

    most_months = fields.Integer(required=True, strict=True, validate=validate.Range(1, 120))
    extension_source = fields.String(required=True)
    extension_documents = fields.List(fields.Nested(ChoiceSchema), required=True)
    unverified_ko = fields.String(required=True)
    unverified_en = fields.String(required=True)
    change_natures = fields.List(
        fields.Nested(ChangeNatureSchema), required=True, validate=validate.Length(min=1)
    )
    requesting_kinds = fields.List(fields.String(), required=True)
    deemed_kinds = fields.List(fields.String(), required=True)
    criteria = fields.List(fields.Nested(ChoiceSchema), required=True, validate=validate.Length(min=1))
    converted_to = fields.String(required=True)
    waived = fields.List(fields.String(), required=True)
    revocation_grounds = fields.List(
        fields.Nested(RevocationGroundSchema), required=True, validate=validate.Length(min=1)
    )
    hearing_days = fields.Integer(required=True, strict=True, validate=validate.Range(0, 60))
    hearing_source = fields.String(required=True)
    report_items = fields.List(
        fields.Nested(ReportItemSchema), required=True, validate=validate.Length(min=1)
    )

    @validates_schema
    def nothing_stands_twice(self, data: Mapping[str, Any], **_: Any) -> None:
        lists = ("extension_documents", "change_natures", "criteria", "revocation_grounds", "report_items")
        for name in lists:
            ids = [item.id for item in data[name]]
            if len(ids) != len(set(ids)):
                raise ValidationError("An id stands twice.", name)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> PeriodRules:
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return PeriodRules(**values)
