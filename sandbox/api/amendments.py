"""The law-amendment board, and the evidence that a case is to supply for each of its articles."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from experiments.errors import NotFound
from experiments.fields import Whole
from sandbox.amendments import board, evidence
from sandbox.amendments.board import AmendmentDraftSchema, AmendmentInForceSchema, AmendmentReportSchema
from sandbox.amendments.evidence import EvidenceLineSchema
from sandbox.amendments.models import Amendment
from sandbox.amendments.table import AMENDMENT
from sandbox.api.pages import party_pilot
from sandbox.api.room import Answer, Room
from sandbox.api.values import NameSchema, ReasonSchema
from sandbox.db import db
from sandbox.pilots.models import Pilot
from sandbox.web.rim import actor, now

resources = Room(
    "api-amendments",
    __name__,
    description="Articles from which pilots are exempted, and how far changing them is.",
)


class EvidenceOfArticleSchema(Schema):
    """What a pilot is to show for changing an article."""

    id = fields.Integer()
    article = fields.String()
    criterion = fields.String()
    shown_by = fields.String()
    metric = fields.String(attribute="metric_code", allow_none=True)
    document = fields.String(allow_none=True)
    would_show = fields.String()


class SuppliedEvidenceSchema(Schema):
    pilot = fields.String(attribute="pilot.number")
    line = fields.Nested(EvidenceOfArticleSchema)


class LawAmendmentStepSchema(Schema):
    id = fields.Integer()
    verb = fields.String()
    new_status = fields.String()
    at = fields.AwareDateTime()
    reason = fields.String(allow_none=True)
    reported_on = fields.Date(allow_none=True)
    meeting = fields.String(allow_none=True)


class OperatorsRequestSchema(Schema):
    """An operator's request to amend the law, and how far the lead ministry is with it."""

    pilot = fields.String(attribute="pilot.number")
    filed_at = fields.AwareDateTime()
    status = fields.String()


class LawAmendmentSchema(Schema):
    """One article with the pilots that point to it."""

    id = fields.Integer(attribute="amendment.id")
    article = fields.String(attribute="amendment.article")
    ministry = fields.Nested(NameSchema, attribute="amendment.ministry")
    status = fields.String(attribute="amendment.status")
    draft = fields.String(attribute="amendment.draft", allow_none=True)
    assessment = fields.String(attribute="amendment.assessment", allow_none=True)
    in_force_on = fields.Date(attribute="amendment.in_force_on", allow_none=True)
    pilots = fields.List(fields.Pluck("PilotNumberSchema", "number"))
    evidence = fields.List(fields.Nested(SuppliedEvidenceSchema))
    requests = fields.List(fields.Nested(OperatorsRequestSchema))
    steps = fields.List(fields.Nested(LawAmendmentStepSchema), attribute="past")


class PilotNumberSchema(Schema):
    number = fields.String()


class LawAmendmentsSchema(Schema):
    amendments = fields.List(fields.Nested(LawAmendmentSchema))


class LawChangeSchema(Schema):
    """The evidence lines of a case; `missing` names the articles that have none."""

    lines = fields.List(fields.Nested(EvidenceOfArticleSchema))
    missing = fields.List(fields.String())


class CompetentMinistrySchema(Schema):
    ministry = Whole(required=True)


@resources.get("/law-changes", endpoint="index")
@resources.response(200, LawAmendmentsSchema)
def index() -> Answer:
    """The whole board."""
    return {"amendments": board.items(db.session)}, {}


@resources.get("/law-changes/<key:amendment_id>", endpoint="read")
@resources.response(200, LawAmendmentSchema)
def read(amendment_id: int) -> Answer:
    """One article."""
    return board.item(db.session, board.find(db.session, amendment_id)), {}


@resources.post("/law-changes/<key:amendment_id>/moves/<verb>", endpoint="move")
@resources.arguments(ReasonSchema)
@resources.response(200, LawAmendmentSchema)
def move(sent: dict[str, Any], amendment_id: int, verb: str) -> Answer:
    """A step of the item, by its verb; the entry into force has its own address."""
    amendment = board.find(db.session, amendment_id)
    if verb not in {each.verb for each in AMENDMENT.transitions} - {"enter_into_force"}:
        raise NotFound("amendment verb", verb)
    board.move(db.session, amendment, verb, **sent, by=actor(), at=now())
    return _item(amendment), {}


@resources.post("/law-changes/<key:amendment_id>/in-force", endpoint="enter_into_force")
@resources.arguments(AmendmentInForceSchema)
@resources.response(200, LawAmendmentSchema)
def enter_into_force(sent: dict[str, Any], amendment_id: int) -> Answer:
    """The changed law is in force."""
    amendment = board.find(db.session, amendment_id)
    board.enter_into_force(db.session, amendment, **sent, by=actor(), at=now())
    return _item(amendment), {}


@resources.put("/law-changes/<key:amendment_id>/draft", endpoint="write")
@resources.arguments(AmendmentDraftSchema)
@resources.response(200, LawAmendmentSchema)
def write(sent: dict[str, Any], amendment_id: int) -> Answer:
    """The proposed wording."""
    amendment = board.find(db.session, amendment_id)
    board.write(db.session, amendment, **sent, by=actor(), at=now())
    return _item(amendment), {}


@resources.put("/law-changes/<key:amendment_id>/ministry", endpoint="hand_over")
@resources.arguments(CompetentMinistrySchema)
@resources.response(200, LawAmendmentSchema)
def hand_over(sent: dict[str, Any], amendment_id: int) -> Answer:
    """Hand the item to the ministry whose law it is, by id."""
    amendment = board.find(db.session, amendment_id)
    board.hand_over(db.session, amendment, sent["ministry"], by=actor(), at=now())
    return _item(amendment), {}


@resources.post("/law-changes/<key:amendment_id>/steps/<key:step_id>/report", endpoint="report")
@resources.arguments(AmendmentReportSchema)
@resources.response(200, LawAmendmentSchema)
def report(sent: dict[str, Any], amendment_id: int, step_id: int) -> Answer:
    """When and where the committee was told of a step."""
    amendment = board.find(db.session, amendment_id)
    step = board.step_of(db.session, amendment, step_id)
    board.report_step(db.session, step, amendment, values=sent, by=actor(), at=now())
    return _item(amendment), {}


@resources.get("/pilots/<number>/law-change", endpoint="of_case")
@resources.response(200, LawChangeSchema)
def of_case(number: str) -> Answer:
    """What a case is to show for each of its articles, for its parties."""
    return _lines(party_pilot(number)), {}


@resources.post("/pilots/<number>/law-change", endpoint="enter")
@resources.arguments(EvidenceLineSchema)
@resources.response(200, LawChangeSchema)
def enter(sent: dict[str, Any], number: str) -> Answer:
    """Name evidence: the company, or once filed the lead ministry."""
    pilot = party_pilot(number)
    evidence.enter_line(db.session, pilot.exemption, sent, by=actor(), at=now())
    return _lines(pilot), {}


@resources.post("/pilots/<number>/law-change/<key:line_id>/remove", endpoint="remove")
@resources.arguments(ReasonSchema)
@resources.response(200, LawChangeSchema)
def remove(sent: dict[str, Any], number: str, line_id: int) -> Answer:
    """Take evidence back before the decision."""
    pilot = party_pilot(number)
    line = evidence.line_of(db.session, pilot.exemption, line_id)
    evidence.remove_line(db.session, pilot.exemption, line, **sent, by=actor(), at=now())
    return _lines(pilot), {}


def _item(amendment: Amendment) -> Any:
    return board.item(db.session, amendment)


def _lines(pilot: Pilot) -> dict[str, Any]:
    exemption = pilot.exemption
    return {
        "lines": evidence.lines_of(db.session, exemption),
        "missing": evidence.articles_without_evidence(exemption),
    }
