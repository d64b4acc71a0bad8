"""What a regime makes of cases like one approved before: shapes of the data file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema


class Fact(StrEnum):
    """What two cases can share: every article of the later one, the technology, the kind of exemption."""

    ARTICLES = "articles"
    TECHNOLOGY = "technology"
    KIND = "kind"


@dataclass(frozen=True)
class Shared:
    """A fact that the later case must share with the approved one to count as the same."""

    id: Fact
    source: str
    name_ko: str
    name_en: str


@dataclass(frozen=True)
class FastTrackRules:
    """The fast track: its provision, what makes a case the same, and what no text was found for.

    Its period is the clock that starts on `similar_case_notified`.
    """

    source: str
    same: tuple[Shared, ...]
    unverified_ko: str
    unverified_en: str


class SharedSchema(Schema):
    id = fields.Enum(Fact, by_value=True, required=True)
    source = fields.String(required=True)
    name_ko = fields.String(required=True)
    name_en = fields.String(required=True)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Shared:
        return Shared(**data)


class FastTrackSchema(Schema):
    source = fields.String(required=True)
    same = fields.List(fields.Nested(SharedSchema), required=True, validate=validate.Length(min=1))
    unverified_ko = fields.String(load_default="")
    unverified_en = fields.String(load_default="")

    @validates_schema
    def is_said_in_both_languages(self, data: Mapping[str, Any], **_: Any) -> None:
        if bool(data["unverified_ko"]) != bool(data["unverified_en"]):
            raise ValidationError("Say it in both languages.", "unverified_en")

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> FastTrackRules:
        return FastTrackRules(**(dict(data) | {"same": tuple(data["same"])}))
