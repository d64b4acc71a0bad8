"""What a regime asks about risk, and whose word a yes calls for: shapes of the data file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from experiments.errors import NotFound


class Signer(StrEnum):
    """Whose reviewer signs: the lead ministry's, or the city's."""

    LEAD = "lead"
    CITY = "city"


@dataclass(frozen=True)
class RiskQuestion:
    """A question that the company answers with yes or no; a yes calls for `sign_offs`."""

    id: str
    source: str
    name_ko: str
    name_en: str
    sign_offs: tuple[str, ...]


@dataclass(frozen=True)
class SignOffKind:
    """A word that somebody has to give before the decision: that a kind of risk was looked at."""

    id: str
    source: str
    name_ko: str
    name_en: str
    by: Signer


@dataclass(frozen=True)
class RiskRules:
    """Questions and sign-offs; `answers_needed`: nothing is filed before every question is answered."""

    answers_needed: bool
    questions: tuple[RiskQuestion, ...]
    sign_offs: tuple[SignOffKind, ...]

    def question(self, key: str) -> RiskQuestion:
        found = next((each for each in self.questions if each.id == key), None)
        if found is None:
            raise NotFound("risk question", key)
        return found

    def sign_off(self, key: str) -> SignOffKind:
        found = next((each for each in self.sign_offs if each.id == key), None)
        if found is None:
            raise NotFound("sign-off", key)
        return found


class _NamedSchema(Schema):
    id = fields.String(required=True, validate=validate.Regexp("[a-z_]+"))
    source = fields.String(required=True)
    name_ko = fields.String(required=True)
    name_en = fields.String(required=True)


class RiskQuestionSchema(_NamedSchema):
    sign_offs = fields.List(fields.String(), required=True, validate=validate.Length(min=1))

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> RiskQuestion:
        return RiskQuestion(**{**data, "sign_offs": tuple(data["sign_offs"])})


class SignOffKindSchema(_NamedSchema):
    by = fields.Enum(Signer, by_value=True, required=True)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> SignOffKind:
        return SignOffKind(**data)


class RiskRulesSchema(Schema):
    answers_needed = fields.Boolean(required=True)
    questions = fields.List(fields.Nested(RiskQuestionSchema), required=True, validate=validate.Length(min=1))
    sign_offs = fields.List(fields.Nested(SignOffKindSchema), required=True, validate=validate.Length(min=1))

    @validates_schema
    def questions_call_for_known_sign_offs(self, data: Mapping[str, Any], **_: Any) -> None:
        for name in ("questions", "sign_offs"):
            if len({each.id for each in data[name]}) < len(data[name]):
                raise ValidationError("An id stands twice.", name)
        known = {each.id for each in data["sign_offs"]}
        for question in data["questions"]:
            if unknown := set(question.sign_offs) - known:
                raise ValidationError(f"Unknown sign-offs {sorted(unknown)} of {question.id}.", "questions")

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> RiskRules:
        return RiskRules(data["answers_needed"], tuple(data["questions"]), tuple(data["sign_offs"]))
