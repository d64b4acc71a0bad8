"""The steps of a case, each at its own address; every answer is the pilot as it stands after the step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from marshmallow import Schema, fields

from experiments.errors import Invalid, Refused
from experiments.fields import Prose, Whole, load
from sandbox.api.pages import party_pilot, pilot_page
from sandbox.api.room import Answer, Room
from sandbox.api.shapes import PilotPageSchema
from sandbox.api.values import ReasonSchema
from sandbox.db import db
from sandbox.exemptions import application, review
from sandbox.exemptions.application import ModificationSchema
from sandbox.exemptions.decide import GrantSchema, RefusalSchema
from sandbox.exemptions.models import Consultation, Supplement
from sandbox.exemptions.review import (
    ConsultationSchema,
    OpinionSchema,
    ReplySchema,
    ReturnSchema,
    SupplementAnswerSchema,
    SupplementSchema,
)
from sandbox.organisations import Organisation
from sandbox.pilots import case, operation
from sandbox.pilots.models import Pilot
from sandbox.suspensions import proposing, suspending
from sandbox.suspensions.suspending import SuspendSchema
from sandbox.web.rim import actor, now

resources = Room(
    "api-moves",
    __name__,
    url_prefix="/pilots/<number>",
    description="Steps of a case. A wrong person gets 403, a wrong moment 409 with what happened meanwhile.",
)


class AnswersSchema(Schema):
    """The company's answers, by id of the required action."""

    answers = fields.Dict(keys=Whole(), values=Prose(longest=4000), required=True)


class ContentsSchema(Schema):
    """Plan contents by the regime's id; what is left out stays as it is."""

    contents = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class AnsweredSupplementSchema(SupplementAnswerSchema):
    """An answer to one request for a supplement, by its id in the case file."""

    supplement = Whole(required=True)


@resources.post("/send_to_city")
@resources.response(200, PilotPageSchema)
def send_to_city(number: str) -> Answer:
    """Ask the city for its opinion (Art. 49(2))."""
    pilot = party_pilot(number)
    application.send_to_city(db.session, pilot.exemption, by=actor(), at=now())
    return pilot_page(pilot)


@resources.post("/opinion")
@resources.arguments(OpinionSchema)
@resources.response(200, PilotPageSchema)
def opinion(sent: dict[str, Any], number: str) -> Answer:
    """The city's opinion, with what it requires of the company (Art. 49(2))."""
    pilot = party_pilot(number)
    review.give_opinion(db.session, pilot.exemption, **sent, by=actor(), at=now())
    return pilot_page(pilot)


@resources.post("/answers")
@resources.arguments(AnswersSchema)
@resources.response(200, PilotPageSchema)
def answers(sent: dict[str, Any], number: str) -> Answer:
    """The company's answers to what the city requires (Art. 49(2))."""
    pilot = party_pilot(number)
    application.answer_actions(db.session, pilot.exemption, sent["answers"], by=actor(), at=now())
    return pilot_page(pilot)


@resources.post("/sign")
@resources.response(200, PilotPageSchema)
def sign(number: str) -> Answer:
    """A second person of the company signs and files; from here on the pilot is public."""
    return _move(number, case.sign)


@resources.post("/return", endpoint="return_filing")
@resources.arguments(ReturnSchema)
@resources.response(200, PilotPageSchema)
def return_filing(sent: dict[str, Any], number: str) -> Answer:
    """Send the filing back to the company (D52(3))."""
    return _move(number, case.return_filing, **sent)


@resources.post("/consultation")
@resources.arguments(ConsultationSchema)
@resources.response(200, PilotPageSchema)
def consultation(sent: dict[str, Any], number: str) -> Answer:
    """Ask the competent ministries (Art. 49(4))."""
    pilot = party_pilot(number)
    asked = _organisations(sent["ministries"])
    review.open_consultation(db.session, pilot.exemption, asked, by=actor(), at=now())
    return pilot_page(pilot)


@resources.post("/replies", endpoint="reply")
@resources.arguments(ReplySchema)
@resources.response(200, PilotPageSchema)
def reply(sent: dict[str, Any], number: str) -> Answer:
    """The reply of the caller's ministry, once (Art. 49(4))."""
    pilot = party_pilot(number)
    review.reply(db.session, _own_consultation(pilot), **sent, by=actor(), at=now())
    return pilot_page(pilot)


@resources.post("/ask_supplement")
@resources.arguments(SupplementSchema)
@resources.response(200, PilotPageSchema)
def ask_supplement(sent: dict[str, Any], number: str) -> Answer:
    """The caller's ministry asks for a supplement; its clock stands still (Art. 49(5))."""
    pilot = party_pilot(number)
    review.ask_supplement(db.session, _own_consultation(pilot), **sent, by=actor(), at=now())
    return pilot_page(pilot)


@resources.post("/extend_reply")
@resources.arguments(ReasonSchema)
@resources.response(200, PilotPageSchema)
def extend_reply(sent: dict[str, Any], number: str) -> Answer:
    """The caller's ministry takes the one extension of its reply (Art. 49(5))."""
    pilot = party_pilot(number)
    review.extend_reply(db.session, _own_consultation(pilot), **sent, by=actor(), at=now())
    return pilot_page(pilot)


@resources.post("/answer_supplement")
@resources.arguments(AnsweredSupplementSchema)
@resources.response(200, PilotPageSchema)
def answer_supplement(sent: dict[str, Any], number: str) -> Answer:
    """The applicant supplements, or declines to (Art. 49(5), D52(4))."""
    pilot = party_pilot(number)
    asked = _supplement(pilot, sent.pop("supplement"))
    review.answer_supplement(db.session, asked, **sent, by=actor(), at=now())
    return pilot_page(pilot)


@resources.post("/close_consultation")
@resources.response(200, PilotPageSchema)
def close_consultation(number: str) -> Answer:
    """Every ministry has replied: the file goes to the decider."""
    pilot = party_pilot(number)
    review.close_consultation(db.session, pilot.exemption, by=actor(), at=now())
    return pilot_page(pilot)


@resources.post("/grant")
@resources.arguments(GrantSchema)
@resources.response(200, PilotPageSchema)
def grant(sent: dict[str, Any], number: str) -> Answer:
    """Approve for a period, under conditions (Art. 49(7), 51(1))."""
    return _move(number, case.grant, **sent)


@resources.post("/refuse")
@resources.arguments(RefusalSchema)
@resources.response(200, PilotPageSchema)
def refuse(sent: dict[str, Any], number: str) -> Answer:
    """Reject the application (Art. 49(7))."""
    return _move(number, case.refuse, **sent)


@resources.post("/find_not_required")
@resources.arguments(RefusalSchema)
@resources.response(200, PilotPageSchema)
def find_not_required(sent: dict[str, Any], number: str) -> Answer:
    """No exemption is needed: no rule stands against the project (Art. 49(7))."""
    return _move(number, case.find_not_required, **sent)


@resources.post("/modify")
@resources.arguments(ContentsSchema)
@resources.response(200, PilotPageSchema)
def modify(sent: dict[str, Any], number: str) -> Answer:
    """Change the plan after the committee's resolution, which holds no longer (Art. 49(8))."""
    pilot = party_pilot(number)
    values = load(ModificationSchema(pilot.exemption.regime), sent)
    contents = pilot.exemption.contents | values["contents"]
    application.modify(db.session, pilot.exemption, {"contents": contents}, by=actor(), at=now())
    return pilot_page(pilot)


@resources.post("/refile")
@resources.response(200, PilotPageSchema)
def refile(number: str) -> Answer:
    """A second person of the company files the modified plan (Art. 49(8))."""
    pilot = party_pilot(number)
    application.refile(db.session, pilot.exemption, by=actor(), at=now())
    return pilot_page(pilot)


@resources.post("/withdraw")
@resources.arguments(ReasonSchema)
@resources.response(200, PilotPageSchema)
def withdraw(sent: dict[str, Any], number: str) -> Answer:
    """Take the application back before it is decided."""
    return _move(number, case.withdraw, **sent)


@resources.post("/start")
@resources.response(200, PilotPageSchema)
def start(number: str) -> Answer:
    """Begin, once cover, plan, baseline and residents' notice are there (Art. 53(6))."""
    return _move(number, operation.start)


@resources.post("/suspend")
@resources.arguments(SuspendSchema)
@resources.response(200, PilotPageSchema)
def suspend(sent: dict[str, Any], number: str) -> Answer:
    """Stop for the time being, at once or on a proposal (Art. 52(4)1)."""
    pilot, key = party_pilot(number), sent.pop("proposal")
    proposal = proposing.find_proposal(db.session, pilot, key) if key else None
    suspending.suspend(db.session, pilot, **sent, proposal=proposal, by=actor(), at=now())
    return pilot_page(pilot)


@resources.post("/lift")
@resources.arguments(ReasonSchema)
@resources.response(200, PilotPageSchema)
def lift(sent: dict[str, Any], number: str) -> Answer:
    """End a suspension once its measures are closed (Art. 52(4))."""
    return _move(number, suspending.lift, **sent)


@resources.post("/finish")
@resources.response(200, PilotPageSchema)
def finish(number: str) -> Answer:
    """Report that the intervention has ended."""
    return _move(number, operation.finish)


def _move(number: str, use_case: Callable[..., None], **sent: Any) -> Answer:
    pilot = party_pilot(number)
    use_case(db.session, pilot, **sent, by=actor(), at=now())
    return pilot_page(pilot)


def _organisations(ids: Sequence[int]) -> list[Organisation]:
    found = {key: db.session.get(Organisation, key) for key in ids}
    errors = {f"ministries.{i}": ["There is no such record."] for i, key in enumerate(ids) if not found[key]}
    if errors:
        raise Invalid(errors)
    return [organisation for key in ids if (organisation := found[key])]


def _supplement(pilot: Pilot, key: int) -> Supplement:
    for asked in pilot.exemption.consultations:
        for supplement in asked.supplements:
            if supplement.id == key:
                return supplement
    raise Invalid({"supplement": ["There is no such record."]})


def _own_consultation(pilot: Pilot) -> Consultation:
    for asked in pilot.exemption.consultations:
        if asked.ministry_id == actor().organisation_id:
            return asked
    raise Refused("consultation.reply", "reviewer_of_the_asked_ministry")
