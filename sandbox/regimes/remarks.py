"""What a regime's file says about itself: what was not checked, and what the service does not act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load


@dataclass(frozen=True)
class Unverified:
    """A point for which no text of the law was found.

    about  where it stands in the file: `kinds.demonstration.longest_months`, `grounds`
    """

    about: str
    text_ko: str
    text_en: str


@dataclass(frozen=True)
class Remark:
    """A rule of the law that readers should know and that the service leaves to people."""

    id: str
    source: str
    name_ko: str
    name_en: str
    text_ko: str
    text_en: str


class UnverifiedSchema(Schema):
    about = fields.String(required=True)
    text_ko = fields.String(required=True)
    text_en = fields.String(required=True)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Unverified:
        return Unverified(**data)


class RemarkSchema(Schema):
    id = fields.String(required=True)
    source = fields.String(required=True)
    name_ko = fields.String(required=True)
    name_en = fields.String(required=True)
    text_ko = fields.String(required=True)
    text_en = fields.String(required=True)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Remark:
        return Remark(**data)


def require_place(file: Mapping[str, Any], about: str) -> None:
    """ValidationError where `about` names nothing that the file can hold."""
    found: Any = file
    for part in about.split("."):
        if isinstance(found, list):
            found = next((each for each in found if isinstance(each, dict) and each.get("id") == part), None)
        else:
            found = found.get(part) if isinstance(found, dict) else None
        if found is None:
            raise ValidationError(f"{about} is nowhere in the file.", "unverified")
