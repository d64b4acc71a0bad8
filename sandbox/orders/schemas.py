"""What people write about an order, checked once."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from experiments.fields import Line, Prose
from sandbox.orders.models import Heard


class OrderAnnouncementSchema(Schema):
    """What is to be ordered, on which ground, and until when the operator may answer."""

    kind = fields.String(required=True)
    legal_ground = Line(required=True)
    content = Prose(required=True)
    answer_by = fields.Date(required=True)


class OrderPositionSchema(Schema):
    """What the operator says before the order."""

    text = Prose(required=True)


class OrderHearingSchema(Schema):
    """How the operator was heard, where it did not write itself."""

    heard_as = fields.String(
        required=True, validate=validate.OneOf([Heard.HEARING, Heard.WAIVER, Heard.SILENCE])
    )
    heard_on = fields.Date(required=True)
    text = Prose(required=True)


class OrderIssueSchema(Schema):
    """The order as issued; the city's opinion and the committee only where the kind needs them."""

    content = Prose(required=True)
    appeal = Prose(required=True, longest=4000)
    due_on = fields.Date(required=True)
    city_opinion = Prose(load_default="", blank=True)
    committee_reference = Line(load_default="", blank=True)


class OrderExtensionSchema(Schema):
    """The new last day, and why."""

    due_on = fields.Date(required=True)
    reason = Prose(required=True, longest=4000)


class OrderReportSchema(Schema):
    """What the company has done."""

    report = Prose(required=True)
