"""What the start needs, and measures: suspensions, orders, incidents, inspections, tasks."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from sandbox.api.pages import party_pilot
from sandbox.api.room import Answer, Room
from sandbox.api.values import ReasonSchema
from sandbox.db import db
from sandbox.incidents import reporting
from sandbox.incidents.reporting import IncidentFollowUpSchema, IncidentSchema
from sandbox.inspections import inspecting
from sandbox.inspections.inspecting import InspectionPlanSchema, InspectionRecordSchema
from sandbox.orders import hearing, issuing
from sandbox.orders.schemas import (
    OrderAnnouncementSchema,
    OrderExtensionSchema,
    OrderHearingSchema,
    OrderIssueSchema,
    OrderPositionSchema,
    OrderReportSchema,
)
from sandbox.pilots import start_gate
from sandbox.pilots.models import Pilot
from sandbox.remedies import doing
from sandbox.remedies.doing import TaskReportSchema
from sandbox.residents import informing
from sandbox.residents.informing import ResidentNoticeSchema
from sandbox.suspensions import proposing, suspending
from sandbox.suspensions.suspending import PermanentStopSchema, SuspensionMeasuresSchema
from sandbox.web.rim import actor, now

resources = Room(
    "api-measures",
    __name__,
    url_prefix="/pilots/<number>/measures",
    description="What the start of a pilot needs, and measures while it goes on. For the parties alone.",
)


class LackSchema(Schema):
    """A district in which periods of the baseline hold no reading."""

    district = fields.String(attribute="district.code")
    missing = fields.Integer()


class BaselineShareSchema(Schema):
    """How many cells of a metric's baseline hold readings."""

    metric = fields.String(attribute="metric.code")
    filled = fields.Integer()
    cells = fields.Integer()
    lacks = fields.List(fields.Nested(LackSchema))


class StartStepSchema(Schema):
    """One thing that the start needs, by the name of its guard."""

    guard = fields.String()
    source = fields.String()
    is_met = fields.Boolean()


class ResidentNoticeOnFileSchema(Schema):
    informed_on = fields.Date()
    how = fields.String()
    text = fields.String()
    link = fields.String()
    by_city = fields.Boolean()
    recorded_at = fields.AwareDateTime()
    recorded_by = fields.String(attribute="recorded_by_name")


class SuspensionProposalSchema(Schema):
    id = fields.Integer()
    status = fields.String()
    cause = fields.String()
    key = fields.String()
    evidence = fields.Dict(keys=fields.String(), values=fields.Raw())
    opened_at = fields.AwareDateTime()


class SuspensionSchema(Schema):
    id = fields.Integer()
    status = fields.String()
    code = fields.String()
    reason = fields.String()
    ordered_at = fields.AwareDateTime()
    measures = fields.String(allow_none=True)
    committee_reference = fields.String(allow_none=True)


class OrderSchema(Schema):
    """An order with the hearing before it; `due_on` is the last day of its period."""

    id = fields.Integer()
    status = fields.String()
    kind = fields.String()
    legal_ground = fields.String()
    content = fields.String()
    answer_by = fields.Date()
    heard_as = fields.String(allow_none=True)
    heard_on = fields.Date(allow_none=True)
    heard_text = fields.String(allow_none=True)
    appeal = fields.String(allow_none=True)
    due_on = fields.Date(allow_none=True)
    extended_from = fields.Date(allow_none=True)
    report = fields.String(allow_none=True)


class IncidentFollowedUpSchema(Schema):
    text = fields.String()
    at = fields.AwareDateTime()
    by = fields.String(attribute="by_name")


class IncidentOnFileSchema(Schema):
    """An incident as reported; `due_at` is until when it had to be."""

    id = fields.Integer()
    status = fields.String()
    severity = fields.String()
    happened_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime()
    reported_at = fields.AwareDateTime()
    is_late = fields.Boolean()
    place = fields.String()
    what = fields.String()
    deaths = fields.Integer()
    injured = fields.Integer()
    damage_won = fields.Integer()
    done = fields.String()
    follow_ups = fields.List(fields.Nested(IncidentFollowedUpSchema))


class InspectionPhotoSchema(Schema):
    name = fields.String()
    size = fields.Integer()
    sha256 = fields.String()


class InspectionOnFileSchema(Schema):
    id = fields.Integer()
    status = fields.String()
    planned_on = fields.Date()
    purpose = fields.String()
    is_joint = fields.Boolean()
    is_requested = fields.Boolean()
    inspected_on = fields.Date(allow_none=True)
    present = fields.String(allow_none=True)
    items = fields.Dict(
        keys=fields.String(), values=fields.Dict(keys=fields.String(), values=fields.String())
    )
    photos = fields.List(fields.Nested(InspectionPhotoSchema))


class RemedyTaskSchema(Schema):
    id = fields.Integer()
    status = fields.String()
    origin = fields.String()
    text = fields.String()
    due_on = fields.Date()
    report = fields.String(allow_none=True)


class MeasuresOnFileSchema(Schema):
    """Everything that was ordered, reported and inspected, and what the start needs."""

    start = fields.List(fields.Nested(StartStepSchema))
    baseline = fields.List(fields.Nested(BaselineShareSchema))
    residents = fields.List(fields.Nested(ResidentNoticeOnFileSchema))
    proposals = fields.List(fields.Nested(SuspensionProposalSchema))
    suspensions = fields.List(fields.Nested(SuspensionSchema))
    orders = fields.List(fields.Nested(OrderSchema))
    incidents = fields.List(fields.Nested(IncidentOnFileSchema))
    inspections = fields.List(fields.Nested(InspectionOnFileSchema))
    tasks = fields.List(fields.Nested(RemedyTaskSchema))


@resources.get("", endpoint="read")
@resources.response(200, MeasuresOnFileSchema)
def read(number: str) -> Answer:
    """What the start needs, and every measure on this pilot."""
    return _shown(party_pilot(number))


@resources.post("/residents", endpoint="inform")
@resources.arguments(ResidentNoticeSchema)
@resources.response(200, MeasuresOnFileSchema)
def inform(sent: dict[str, Any], number: str) -> Answer:
    """Record that residents were informed: the company attests it, the city confirms it (our rule)."""
    pilot = party_pilot(number)
    informing.inform(db.session, pilot, **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/proposals/<key:key>/dismiss", endpoint="dismiss")
@resources.arguments(ReasonSchema)
@resources.response(200, MeasuresOnFileSchema)
def dismiss(sent: dict[str, Any], number: str, key: int) -> Answer:
    """The Minister does not suspend (Art. 52(4))."""
    pilot = party_pilot(number)
    proposal = proposing.find_proposal(db.session, pilot, key)
    proposing.dismiss(db.session, proposal, **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/suspension/report", endpoint="report_measures")
@resources.arguments(SuspensionMeasuresSchema)
@resources.response(200, MeasuresOnFileSchema)
def report_measures(sent: dict[str, Any], number: str) -> Answer:
    """The company says what it has done against what led to the suspension."""
    return _on_suspension(number, "report_measures", sent)


@resources.post("/suspension/accept", endpoint="accept_measures")
@resources.response(200, MeasuresOnFileSchema)
def accept_measures(number: str) -> Answer:
    """The ministry finds the measures sufficient."""
    return _on_suspension(number, "accept_measures", {})


@resources.post("/suspension/send_back", endpoint="send_back_measures")
@resources.arguments(ReasonSchema)
@resources.response(200, MeasuresOnFileSchema)
def send_back_measures(sent: dict[str, Any], number: str) -> Answer:
    """The measures are not enough."""
    return _on_suspension(number, "send_back", sent)


@resources.post("/suspension/close", endpoint="close_without_measures")
@resources.arguments(ReasonSchema)
@resources.response(200, MeasuresOnFileSchema)
def close_without_measures(sent: dict[str, Any], number: str) -> Answer:
    """Nothing was to be done, as after a false alarm."""
    return _on_suspension(number, "close_without_measures", sent)


@resources.post("/suspension/stop", endpoint="stop_for_good")
@resources.arguments(PermanentStopSchema)
@resources.response(200, MeasuresOnFileSchema)
def stop_for_good(sent: dict[str, Any], number: str) -> Answer:
    """The suspended pilot ends, on the committee's deliberation (Art. 52(4))."""
    pilot = party_pilot(number)
    suspending.stop_for_good(db.session, pilot, **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/orders", endpoint="announce")
@resources.arguments(OrderAnnouncementSchema)
@resources.response(200, MeasuresOnFileSchema)
def announce(sent: dict[str, Any], number: str) -> Answer:
    """Tell the operator what is to be ordered (D55(6))."""
    pilot = party_pilot(number)
    hearing.announce(db.session, pilot, sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/orders/<key:key>/position", endpoint="state_position")
@resources.arguments(OrderPositionSchema)
@resources.response(200, MeasuresOnFileSchema)
def state_position(sent: dict[str, Any], number: str, key: int) -> Answer:
    """The operator's own statement (D55(6))."""
    pilot = party_pilot(number)
    order = hearing.find(db.session, pilot, key)
    hearing.state_position(db.session, order, **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/orders/<key:key>/hearing", endpoint="record_hearing")
@resources.arguments(OrderHearingSchema)
@resources.response(200, MeasuresOnFileSchema)
def record_hearing(sent: dict[str, Any], number: str, key: int) -> Answer:
    """How the operator was heard, where it did not write itself (D55(6))."""
    pilot = party_pilot(number)
    order = hearing.find(db.session, pilot, key)
    hearing.record_hearing(db.session, order, **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/orders/<key:key>/issue", endpoint="issue")
@resources.arguments(OrderIssueSchema)
@resources.response(200, MeasuresOnFileSchema)
def issue(sent: dict[str, Any], number: str, key: int) -> Answer:
    """The Minister orders, with the appeal text and the last day (D55(4))."""
    pilot = party_pilot(number)
    issuing.issue(db.session, hearing.find(db.session, pilot, key), sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/orders/<key:key>/extend", endpoint="extend")
@resources.arguments(OrderExtensionSchema)
@resources.response(200, MeasuresOnFileSchema)
def extend(sent: dict[str, Any], number: str, key: int) -> Answer:
    """Lengthen the period once (D55(5))."""
    pilot = party_pilot(number)
    issuing.extend(db.session, hearing.find(db.session, pilot, key), **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/orders/<key:key>/report", endpoint="report_order")
@resources.arguments(OrderReportSchema)
@resources.response(200, MeasuresOnFileSchema)
def report_order(sent: dict[str, Any], number: str, key: int) -> Answer:
    """The company reports the order carried out."""
    pilot = party_pilot(number)
    issuing.report(db.session, hearing.find(db.session, pilot, key), **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/orders/<key:key>/accept", endpoint="accept_order")
@resources.response(200, MeasuresOnFileSchema)
def accept_order(number: str, key: int) -> Answer:
    """The ministry finds the order carried out."""
    pilot = party_pilot(number)
    issuing.accept(db.session, hearing.find(db.session, pilot, key), by=actor(), at=now())
    return _shown(pilot)


@resources.post("/orders/<key:key>/send_back", endpoint="send_back_order")
@resources.arguments(ReasonSchema)
@resources.response(200, MeasuresOnFileSchema)
def send_back_order(sent: dict[str, Any], number: str, key: int) -> Answer:
    """What was done is not what was ordered."""
    pilot = party_pilot(number)
    issuing.send_back(db.session, hearing.find(db.session, pilot, key), **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/orders/<key:key>/withdraw", endpoint="withdraw_order")
@resources.arguments(ReasonSchema)
@resources.response(200, MeasuresOnFileSchema)
def withdraw_order(sent: dict[str, Any], number: str, key: int) -> Answer:
    """Give up an order that was only announced."""
    pilot = party_pilot(number)
    hearing.withdraw(db.session, hearing.find(db.session, pilot, key), **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/incidents", endpoint="report_incident")
@resources.arguments(IncidentSchema)
@resources.response(200, MeasuresOnFileSchema)
def report_incident(sent: dict[str, Any], number: str) -> Answer:
    """Report an incident; a severe one proposes a suspension."""
    pilot = party_pilot(number)
    reporting.report(db.session, pilot, sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/incidents/<key:key>/follow_up", endpoint="follow_up")
@resources.arguments(IncidentFollowUpSchema)
@resources.response(200, MeasuresOnFileSchema)
def follow_up(sent: dict[str, Any], number: str, key: int) -> Answer:
    """Add what became known later."""
    pilot = party_pilot(number)
    reporting.follow_up(db.session, reporting.find(db.session, pilot, key), **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/incidents/<key:key>/close", endpoint="close_incident")
@resources.arguments(ReasonSchema)
@resources.response(200, MeasuresOnFileSchema)
def close_incident(sent: dict[str, Any], number: str, key: int) -> Answer:
    """Nothing more is expected of this incident."""
    pilot = party_pilot(number)
    reporting.close(db.session, reporting.find(db.session, pilot, key), **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/inspections", endpoint="plan_inspection")
@resources.arguments(InspectionPlanSchema)
@resources.response(200, MeasuresOnFileSchema)
def plan_inspection(sent: dict[str, Any], number: str) -> Answer:
    """Plan an inspection (Art. 53(1), D56(1))."""
    pilot = party_pilot(number)
    inspecting.plan(db.session, pilot, sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/inspections/<key:key>/record", endpoint="record_inspection")
@resources.arguments(InspectionRecordSchema)
@resources.response(200, MeasuresOnFileSchema)
def record_inspection(sent: dict[str, Any], number: str, key: int) -> Answer:
    """The checklist as filled in; findings become tasks of the company."""
    pilot = party_pilot(number)
    inspecting.write_down(db.session, inspecting.find(db.session, pilot, key), sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/inspections/<key:key>/cancel", endpoint="cancel_inspection")
@resources.arguments(ReasonSchema)
@resources.response(200, MeasuresOnFileSchema)
def cancel_inspection(sent: dict[str, Any], number: str, key: int) -> Answer:
    """Nobody goes."""
    pilot = party_pilot(number)
    inspecting.cancel(db.session, inspecting.find(db.session, pilot, key), **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/tasks/<key:key>/report", endpoint="report_task")
@resources.arguments(TaskReportSchema)
@resources.response(200, MeasuresOnFileSchema)
def report_task(sent: dict[str, Any], number: str, key: int) -> Answer:
    """The company reports a task done."""
    pilot = party_pilot(number)
    doing.report(db.session, doing.find(db.session, pilot, key), **sent, by=actor(), at=now())
    return _shown(pilot)


@resources.post("/tasks/<key:key>/accept", endpoint="accept_task")
@resources.response(200, MeasuresOnFileSchema)
def accept_task(number: str, key: int) -> Answer:
    """City or ministry finds a task done."""
    pilot = party_pilot(number)
    doing.accept(db.session, doing.find(db.session, pilot, key), by=actor(), at=now())
    return _shown(pilot)


@resources.post("/tasks/<key:key>/send_back", endpoint="send_back_task")
@resources.arguments(ReasonSchema)
@resources.response(200, MeasuresOnFileSchema)
def send_back_task(sent: dict[str, Any], number: str, key: int) -> Answer:
    """A task is not done yet."""
    pilot = party_pilot(number)
    doing.send_back(db.session, doing.find(db.session, pilot, key), **sent, by=actor(), at=now())
    return _shown(pilot)


def _on_suspension(number: str, verb: str, sent: dict[str, Any]) -> Answer:
    pilot = party_pilot(number)
    suspension = suspending.present_suspension(db.session, pilot)
    getattr(suspending, verb)(db.session, suspension, **sent, by=actor(), at=now())
    return _shown(pilot)


def _shown(pilot: Pilot) -> Answer:
    shown = {
        "start": start_gate.steps(pilot),
        "baseline": start_gate.baseline_of(pilot),
        "residents": informing.notices_of(db.session, pilot),
        "proposals": proposing.proposals_of(db.session, pilot),
        "suspensions": suspending.suspensions_of(db.session, pilot),
        "orders": hearing.orders_of(db.session, pilot),
        "incidents": reporting.incidents_of(db.session, pilot),
        "inspections": inspecting.inspections_of(db.session, pilot),
        "tasks": doing.tasks_of(db.session, pilot),
    }
    return shown, {}
