"""Values that several rooms show or read."""

from __future__ import annotations

from marshmallow import Schema, fields

from experiments.fields import Prose


class NameSchema(Schema):
    name_ko = fields.String()
    name_en = fields.String()


class OrganisationSchema(NameSchema):
    id = fields.Integer()
    kind = fields.String()


class ReasonSchema(Schema):
    """Why; a blank reason is refused where the act asks for one."""

    reason = Prose(load_default="", blank=True, longest=4000)
