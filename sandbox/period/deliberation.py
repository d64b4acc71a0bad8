"""What a committee resolved on something within a period, as its secretariat records it."""

from __future__ import annotations

from datetime import date, datetime

from marshmallow import Schema, fields

from experiments.errors import Invalid
from experiments.fields import Line, Prose
from sandbox.period import ends
from sandbox.period.models import Deliberated
from sandbox.pilots.models import Pilot


class CommitteeResolutionSchema(Schema):
    """A resolution: the day and number of the meeting, whether the committee agrees, and its reasons."""

    held_on = fields.Date(required=True)
    meeting = Line(required=True)
    agrees = fields.Boolean(required=True)
    text = Prose(required=True, longest=4000)


def deliberated(
    part: Deliberated,
    *,
    held_on: date,
    meeting: str,
    agrees: bool,
    text: str,
    begun_at: datetime,
    pilot: Pilot,
    at: datetime,
) -> None:
    """Put the resolution on `part`; Invalid for a meeting that lies ahead, or before what it is about."""
    if held_on > ends.today(pilot, at):
        raise Invalid({"held_on": ["The meeting has not been held yet."]})
    if held_on < ends.today(pilot, begun_at):
        raise Invalid({"held_on": ["The meeting lies before what it is about."]})
    part.committee_on, part.committee_meeting = held_on, meeting
    part.committee_agrees, part.committee_reasons = agrees, text
