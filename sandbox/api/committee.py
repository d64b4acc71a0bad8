"""The committee: meetings with their agenda, declarations, votes, resolutions and minutes; experts."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select

from experiments.errors import Invalid
from experiments.fields import Line, Whole
from sandbox.accounts import Person
from sandbox.api.pages import party_pilot
from sandbox.api.room import Answer, Room
from sandbox.api.values import ReasonSchema
from sandbox.committee import experts, meetings, reading, seats, voting
from sandbox.committee.experts import AssessmentSchema, ExpertSchema, ReportSchema
from sandbox.committee.meetings import MeetingDaysSchema, MeetingSchema, MinutesSchema
from sandbox.committee.models import AgendaItem, Assessment, Meeting
from sandbox.committee.seats import SeatSchema
from sandbox.committee.voting import BallotSchema, InterestSchema
from sandbox.db import db
from sandbox.organisations import Organisation
from sandbox.pilots.models import Pilot
from sandbox.regimes import regime, regimes
from sandbox.web.rim import actor, now

resources = Room(
    "api-committee",
    __name__,
    url_prefix="/committee",
    description="Meetings of a regime's committee, for those called to them, ministries and the secretariat.",
)


class PlannedMeetingSchema(MeetingSchema):
    """A meeting and the law under which it is planned."""

    regime = Line(required=True)


class NewSeatSchema(SeatSchema):
    """A seat and the law whose committee it is on."""

    regime = Line(required=True)


class CommitteeSeatSchema(Schema):
    """A seat; both days are included."""

    id = fields.Integer()
    committee = fields.String()
    person = fields.Integer(attribute="person_id")
    affiliation = fields.Integer(attribute="affiliation_id", allow_none=True)
    is_chair = fields.Boolean()
    from_on = fields.Date()
    until_on = fields.Date(allow_none=True)


class AgendaCaseSchema(Schema):
    number = Line(required=True)


class MeetingAttendanceSchema(Schema):
    attended = fields.List(Whole(), required=True)


class CalledMemberSchema(Schema):
    """A member as called; `attended` counts in oral meetings."""

    person = fields.Integer(attribute="person_id")
    name = fields.String(attribute="person.name")
    is_chair = fields.Boolean()
    attended = fields.Boolean()


class AgendaItemSchema(Schema):
    """One case on the agenda; `tally` is the count it was resolved by, or until then how many took part."""

    id = fields.Integer()
    pilot = fields.String()
    resolution = fields.String(allow_none=True)
    recused = fields.List(fields.Integer())
    declared = fields.List(fields.Integer())
    tally = fields.Dict()


class ResolvedCaseSchema(Schema):
    """What a meeting resolved on a case, with the count; both empty until then."""

    meeting = fields.Integer(attribute="meeting_id")
    begins_on = fields.Date(attribute="meeting.begins_on")
    mode = fields.String(attribute="meeting.mode")
    resolution = fields.String(allow_none=True)
    tally = fields.Dict(attribute="arithmetic", allow_none=True)


class MeetingPageSchema(Schema):
    id = fields.Integer()
    committee = fields.String()
    number = fields.Integer()
    mode = fields.String()
    begins_on = fields.Date()
    ends_on = fields.Date()
    status = fields.String()
    called = fields.List(fields.Nested(CalledMemberSchema))
    items = fields.List(fields.Nested(AgendaItemSchema))
    minutes = fields.String(allow_none=True)
    signed_at = fields.AwareDateTime(allow_none=True)


class AssessmentPageSchema(Schema):
    """What an expert was asked, and gave."""

    expert = fields.Integer(attribute="person_id")
    has_conflict = fields.Boolean(allow_none=True)
    scores = fields.Dict(keys=fields.String(), values=fields.Integer(), allow_none=True)
    recommendation = fields.String(allow_none=True)
    text = fields.String(allow_none=True)


@resources.get("/seats", endpoint="seats")
@resources.response(200, CommitteeSeatSchema(many=True))
def read_seats() -> Answer:
    """Who has or had a seat on any committee."""
    known = {law.committee.id for law in regimes() if law.committee is not None}
    return [seat for key in sorted(known) for seat in seats.seats(db.session, key)], {}


@resources.post("/seats", endpoint="appoint")
@resources.arguments(NewSeatSchema)
@resources.response(201, CommitteeSeatSchema)
def appoint(sent: dict[str, Any]) -> Answer:
    """Give a committee member a seat."""
    law = regime(sent.pop("regime"))
    affiliation = sent.pop("affiliation")
    person = db.session.get(Person, sent.pop("person"))
    office = db.session.get(Organisation, affiliation) if affiliation is not None else None
    if person is None or (affiliation is not None and office is None):
        raise Invalid({"affiliation" if person else "person": ["There is no such record."]})
    made = seats.appoint(db.session, law, person=person, affiliation=office, **sent, by=actor(), at=now())
    return made, {}


@resources.get("/meetings", endpoint="index")
@resources.response(200, MeetingPageSchema(many=True))
def index() -> Answer:
    """Every meeting that the caller may read, newest first."""
    return [_shown(each) for each in reading.meetings(db.session, actor())], {}


@resources.post("/meetings", endpoint="plan")
@resources.arguments(PlannedMeetingSchema)
@resources.response(201, MeetingPageSchema)
def plan(sent: dict[str, Any]) -> Answer:
    """Prepare a meeting."""
    law = regime(sent.pop("regime"))
    return _shown(meetings.plan(db.session, law, **sent, by=actor(), at=now())), {}


@resources.get("/meetings/<key:key>", endpoint="read")
@resources.response(200, MeetingPageSchema)
def read(key: int) -> Answer:
    """One meeting with its agenda."""
    return _shown(_meeting(key)), {}


@resources.post("/meetings/<key:key>/items", endpoint="add_item")
@resources.arguments(AgendaCaseSchema)
@resources.response(200, MeetingPageSchema)
def add_item(sent: dict[str, Any], key: int) -> Answer:
    """Put a case on the agenda, by the pilot's number."""
    meeting = _meeting(key)
    pilot = party_pilot(sent["number"])
    meetings.add_item(db.session, meeting, pilot.exemption, by=actor(), at=now())
    return _shown(meeting), {}


@resources.delete("/meetings/<key:key>/items/<key:item>", endpoint="remove_item")
@resources.response(200, MeetingPageSchema)
def remove_item(key: int, item: int) -> Answer:
    """Take a case off an agenda in preparation."""
    meeting = _meeting(key)
    meetings.remove_item(db.session, meeting, reading.item_of(meeting, item), by=actor(), at=now())
    return _shown(meeting), {}


@resources.put("/meetings/<key:key>/days", endpoint="redate")
@resources.arguments(MeetingDaysSchema)
@resources.response(200, MeetingPageSchema)
def redate(sent: dict[str, Any], key: int) -> Answer:
    """Move a meeting in preparation to other days."""
    meeting = _meeting(key)
    meetings.redate(db.session, meeting, **sent, by=actor(), at=now())
    return _shown(meeting), {}


@resources.post("/meetings/<key:key>/cancel", endpoint="cancel")
@resources.arguments(ReasonSchema)
@resources.response(200, MeetingPageSchema)
def cancel(sent: dict[str, Any], key: int) -> Answer:
    """Give up a meeting in preparation, with a reason."""
    meeting = _meeting(key)
    meetings.cancel(db.session, meeting, **sent, by=actor(), at=now())
    return _shown(meeting), {}


@resources.post("/meetings/<key:key>/call", endpoint="call")
@resources.response(200, MeetingPageSchema)
def call(key: int) -> Answer:
    """Call the members; the cases are tabled."""
    meeting = _meeting(key)
    meetings.call(db.session, meeting, by=actor(), at=now())
    return _shown(meeting), {}


@resources.post("/meetings/<key:key>/attendance", endpoint="note_attendance")
@resources.arguments(MeetingAttendanceSchema)
@resources.response(200, MeetingPageSchema)
def note_attendance(sent: dict[str, Any], key: int) -> Answer:
    """Who of the called is present, by person id."""
    meeting = _meeting(key)
    meetings.note_attendance(db.session, meeting, sent["attended"], by=actor(), at=now())
    return _shown(meeting), {}


@resources.put("/meetings/<key:key>/items/<key:item>/interest", endpoint="declare")
@resources.arguments(InterestSchema)
@resources.response(200, MeetingPageSchema)
def declare(sent: dict[str, Any], key: int, item: int) -> Answer:
    """The caller's interest in one case."""
    found = _item(key, item)
    voting.declare(db.session, found, **sent, by=actor(), at=now())
    return _shown(found.meeting), {}


@resources.put("/meetings/<key:key>/items/<key:item>/ballot", endpoint="vote")
@resources.arguments(BallotSchema)
@resources.response(200, MeetingPageSchema)
def vote(sent: dict[str, Any], key: int, item: int) -> Answer:
    """The caller's vote on one case."""
    found = _item(key, item)
    voting.vote(db.session, found, sent["choice"], by=actor(), at=now())
    return _shown(found.meeting), {}


@resources.post("/meetings/<key:key>/items/<key:item>/resolve", endpoint="resolve")
@resources.response(200, MeetingPageSchema)
def resolve(key: int, item: int) -> Answer:
    """Count the votes and record the resolution (Art. 49(7))."""
    found = _item(key, item)
    voting.resolve(db.session, found, by=actor(), at=now())
    return _shown(found.meeting), {}


@resources.put("/meetings/<key:key>/minutes", endpoint="write_minutes")
@resources.arguments(MinutesSchema)
@resources.response(200, MeetingPageSchema)
def write_minutes(sent: dict[str, Any], key: int) -> Answer:
    """What was said."""
    meeting = _meeting(key)
    meetings.write_minutes(db.session, meeting, sent["minutes"], by=actor(), at=now())
    return _shown(meeting), {}


@resources.post("/meetings/<key:key>/close", endpoint="close")
@resources.response(200, MeetingPageSchema)
def close(key: int) -> Answer:
    """End the meeting once every case has its resolution."""
    meeting = _meeting(key)
    meetings.close(db.session, meeting, by=actor(), at=now())
    return _shown(meeting), {}


@resources.post("/meetings/<key:key>/sign", endpoint="sign")
@resources.response(200, MeetingPageSchema)
def sign(key: int) -> Answer:
    """A co-chair signs the minutes."""
    meeting = _meeting(key)
    meetings.sign(db.session, meeting, by=actor(), at=now())
    return _shown(meeting), {}


@resources.get("/cases/<number>", endpoint="of_case")
@resources.response(200, ResolvedCaseSchema(many=True))
def of_case(number: str) -> Answer:
    """Every time the case was on an agenda, oldest first, for its parties."""
    return reading.items_of(db.session, party_pilot(number).exemption), {}


@resources.get("/cases/<number>/experts", endpoint="experts")
@resources.response(200, AssessmentPageSchema(many=True))
def read_experts(number: str) -> Answer:
    """Experts asked about a case, with what they gave."""
    return experts.assessments_of(db.session, party_pilot(number).exemption), {}


@resources.post("/cases/<number>/experts", endpoint="ask_expert")
@resources.arguments(ExpertSchema)
@resources.response(200, AssessmentPageSchema(many=True))
def ask_expert(sent: dict[str, Any], number: str) -> Answer:
    """Ask an expert about a case."""
    exemption = party_pilot(number).exemption
    expert = db.session.get(Person, sent["person"])
    office = db.session.get(Organisation, sent["affiliation"]) if sent["affiliation"] else None
    if expert is None or (sent["affiliation"] and office is None):
        raise Invalid({"affiliation" if expert else "person": ["There is no such record."]})
    experts.ask(db.session, exemption, expert=expert, affiliation=office, by=actor(), at=now())
    return experts.assessments_of(db.session, exemption), {}


@resources.put("/cases/<number>/experts/interest", endpoint="declare_as_expert")
@resources.arguments(InterestSchema)
@resources.response(200, AssessmentPageSchema)
def declare_as_expert(sent: dict[str, Any], number: str) -> Answer:
    """The expert's interest in the case, once."""
    mine = _mine(number)
    experts.declare(db.session, mine, **sent, by=actor(), at=now())
    return mine, {}


@resources.put("/cases/<number>/experts/assessment", endpoint="assess")
@resources.arguments(AssessmentSchema)
@resources.response(200, AssessmentPageSchema)
def assess(sent: dict[str, Any], number: str) -> Answer:
    """The expert's scores by criterion (Art. 51(1), D54(1))."""
    mine = _mine(number)
    experts.assess(db.session, mine, **sent, by=actor(), at=now())
    return mine, {}


@resources.post("/cases/<number>/experts/report", endpoint="report_experts")
@resources.arguments(ReportSchema)
@resources.response(200, AssessmentPageSchema(many=True))
def report_experts(sent: dict[str, Any], number: str) -> Answer:
    """Put the experts' report into the file."""
    exemption = party_pilot(number).exemption
    experts.report(db.session, exemption, **sent, by=actor(), at=now())
    return experts.assessments_of(db.session, exemption), {}


def _mine(number: str) -> Assessment:
    return reading.assessment_of(db.session, party_pilot(number).exemption, actor())


def _meeting(key: int) -> Meeting:
    return reading.find(db.session, key, actor())


def _item(key: int, item: int) -> AgendaItem:
    return reading.item_of(_meeting(key), item)


def _shown(meeting: Meeting) -> dict[str, Any]:
    cases = [item.exemption_id for item in meeting.items]
    numbers = {
        pilot.exemption_id: pilot.number
        for pilot in db.session.scalars(select(Pilot).where(Pilot.exemption_id.in_(cases)))
    }
    return {
        **{name: getattr(meeting, name) for name in ("id", "committee", "number", "mode", "status")},
        **{name: getattr(meeting, name) for name in ("begins_on", "ends_on", "minutes", "signed_at")},
        "called": meeting.called,
        "items": [
            {
                "id": item.id,
                "pilot": numbers[item.exemption_id],
                "resolution": item.resolution,
                "recused": sorted(voting.recused(item)),
                "declared": [each.person_id for each in item.interests],
                "tally": item.arithmetic or voting.secret(voting.tally(item)),
            }
            for item in meeting.items
        ],
    }
