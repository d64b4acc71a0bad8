"""Values that several rooms show: organisations, districts, the plain reason of an act."""

from __future__ import annotations

from marshmallow import Schema, fields

from experiments.fields import Prose


class OrganisationSchema(Schema):
    id = fields.Integer()
    kind = fields.String()
    name_ko = fields.String()
    name_en = fields.String()


class DistrictSchema(Schema):
    code = fields.String()
    name_ko = fields.String()
    name_en = fields.String()


class ReasonSchema(Schema):
    """Why; an empty one is refused where the act asks for a reason."""

    reason = Prose(load_default="", blank=True, longest=4000)
