"""What a regime says of conditions and of amending the law: shapes of the data file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from sandbox.regimes.measures import Choice


@dataclass(frozen=True)
class ConditionRules:
    """How collected readings judge a condition.

    least_completeness_pct  below this share of the expected readings a window is no data
    settle_days             days after a due day for late readings to come in
    heal_days               so long after it a window without enough readings is read again
    """

    least_completeness_pct: int
    settle_days: int
    heal_days: int
    source: str


@dataclass(frozen=True)
class AmendmentRules:
    """What is asked before the law is changed.

    needs_evidence  whether every article needs a line of evidence before an application is granted
    criteria        what the ministry judges the need to change the law by
    """

    needs_evidence: bool
    needs_evidence_source: str
    criteria: tuple[Choice, ...]


class ConditionRulesSchema(Schema):
    least_completeness_pct = fields.Integer(required=True, strict=True, validate=validate.Range(1, 100))
    settle_days = fields.Integer(required=True, strict=True, validate=validate.Range(0, 60))
    heal_days = fields.Integer(required=True, strict=True, validate=validate.Range(0, 400))
    source = fields.String(required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ConditionRules:
        return ConditionRules(**data)


class _CriterionSchema(Schema):
    id = fields.String(required=True)
    source = fields.String(required=True)
    name_ko = fields.String(required=True)
    name_en = fields.String(required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Choice:
        return Choice(**data)


class AmendmentRulesSchema(Schema):
    needs_evidence = fields.Boolean(required=True)
    needs_evidence_source = fields.String(required=True)
    criteria = fields.List(fields.Nested(_CriterionSchema), required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> AmendmentRules:
        return AmendmentRules(**(data | {"criteria": tuple(data["criteria"])}))
