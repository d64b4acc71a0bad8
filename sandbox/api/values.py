"""Values that several rooms show or read."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields

from experiments.fields import LARGEST_WHOLE, Prose


class PageToken(fields.String):
    """Where a list goes on: a pilot's key, not meant to be read."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else base64.urlsafe_b64encode(str(value).encode()).decode()

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> Any:
        try:
            key = int(base64.urlsafe_b64decode(str(value).encode()).decode("ascii"))
        except ValueError:
            key = 0
        if not 1 <= key <= LARGEST_WHOLE:
            raise ValidationError("This is no page token of this list.")
        return key


class NameSchema(Schema):
    name_ko = fields.String()
    name_en = fields.String()


class OrganisationSchema(NameSchema):
    id = fields.Integer()
    kind = fields.String()


class ReasonSchema(Schema):
    """Why; a blank reason is refused where the act asks for one."""

    reason = Prose(load_default="", blank=True, longest=4000)
