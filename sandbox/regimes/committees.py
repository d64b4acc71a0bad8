"""What a regime says of its committee: who manages it, how many it takes, what it judges by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema


class Share(StrEnum):
    """How many of a number are enough; nothing but whole people counts."""

    MAJORITY = "majority"
    HALF = "half"
    TWO_THIRDS = "two_thirds"

    def least_of(self, members: int) -> int:
        """The smallest number that is enough out of `members`."""
        if self is Share.MAJORITY:
            return members // 2 + 1
        return -(-members // 2) if self is Share.HALF else -(-2 * members // 3)


class Mode(StrEnum):
    ORAL = "oral"
    WRITTEN = "written"


@dataclass(frozen=True)
class ReturnReason:
    """A reason for which the law sends a filing back."""

    id: str
    source: str
    name_ko: str
    name_en: str


@dataclass(frozen=True)
class Criterion:
    """One thing by which an application is judged."""

    id: str
    source: str
    name_ko: str
    name_en: str


@dataclass(frozen=True)
class CommitteeRules:
    """A committee: who it is, what makes a quorum and a decision, and how it deliberates.

    quorum            share of the members who have to take part
    decision          share of those taking part who have to agree
    highest_score     experts score each criterion from 1 up to this
    call_days         between the call and the meeting lie at least so many days; 0: the same day will do
    delegated_source  the provision by which a delegate keeps its agenda; None: the ministry does
    """

    id: str
    source: str
    name_ko: str
    name_en: str
    quorum: Share
    quorum_source: str
    decision: Share
    decision_source: str
    modes: tuple[Mode, ...]
    experts_ko: str
    experts_en: str
    experts_source: str
    highest_score: int
    call_days: int
    call_source: str
    delegated_source: str | None


class NamedSchema(Schema):
    id = fields.String(required=True, validate=validate.Regexp("[a-z_]+"))
    source = fields.String(required=True)
    name_ko = fields.String(required=True)
    name_en = fields.String(required=True)


class ReturnReasonSchema(NamedSchema):
    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> ReturnReason:
        return ReturnReason(**data)


class CriterionSchema(NamedSchema):
    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Criterion:
        return Criterion(**data)


class CommitteeRulesSchema(NamedSchema):
    quorum = fields.Enum(Share, by_value=True, required=True)
    quorum_source = fields.String(required=True)
    decision = fields.Enum(Share, by_value=True, required=True)
    decision_source = fields.String(required=True)
    modes = fields.List(fields.Enum(Mode, by_value=True), required=True, validate=validate.Length(min=1))
    experts_ko = fields.String(required=True)
    experts_en = fields.String(required=True)
    experts_source = fields.String(required=True)
    highest_score = fields.Integer(required=True, strict=True, validate=validate.Range(2, 100))
    call_days = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 60))
    call_source = fields.String(load_default="등록부 규칙 (our rule)")
    delegated_source = fields.String(load_default=None)

    @validates_schema
    def modes_stand_once(self, data: Mapping[str, Any], **_: Any) -> None:
        if len(set(data["modes"])) != len(data["modes"]):
            raise ValidationError("A mode stands twice.", "modes")

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> CommitteeRules:
        return CommitteeRules(**{**data, "modes": tuple(data["modes"])})
