"""Claims for damage as a regime has them: what a claim must say, and how long it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema


@dataclass(frozen=True)
class ClaimItem:
    """One thing that a claim says; `kind` is line, prose or won."""

    id: str
    source: str
    name_ko: str
    name_en: str
    kind: str


@dataclass(frozen=True)
class ClaimRules:
    """The contents of a claim, and for how many years after its report its personal data are kept."""

    source: str
    items: tuple[ClaimItem, ...]
    retention_years: int
    retention_source: str


class _ItemSchema(Schema):
    id = fields.String(required=True, validate=validate.Regexp("[a-z_]+"))
    source = fields.String(required=True)
    name_ko = fields.String(required=True)
    name_en = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["line", "prose", "won"]))


class _YearsSchema(Schema):
    value = fields.Integer(required=True, strict=True, validate=validate.Range(1, 30))
    source = fields.String(required=True)


class ClaimRulesSchema(Schema):
    """The shape of claims in a regime file; exactly one item is a sum, called `amount`."""

    source = fields.String(required=True)
    items = fields.List(fields.Nested(_ItemSchema), required=True)
    retention_years = fields.Nested(_YearsSchema, required=True)

    @validates_schema
    def one_item_is_the_sum(self, data: Mapping[str, Any], **_: Any) -> None:
        named = [item["id"] for item in data["items"]]
        if len(named) != len(set(named)):
            raise ValidationError("An item stands twice.", "items")
        if [item["id"] for item in data["items"] if item["kind"] == "won"] != ["amount"]:
            raise ValidationError("Exactly one item is in won, and it is called amount.", "items")

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> ClaimRules:
        return ClaimRules(
            data["source"],
            tuple(ClaimItem(**item) for item in data["items"]),
            data["retention_years"]["value"],
            data["retention_years"]["source"],
        )
