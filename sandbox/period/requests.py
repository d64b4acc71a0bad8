"""The operator's request to amend the law, with its deemed extension, its review and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Prose
from experiments.lifecycle import Actor, touch
from sandbox.amendments import following
from sandbox.clocks import running
from sandbox.period import ends
from sandbox.period.late import must_be_in_time
from sandbox.period.models import LawRequest, RequestStatus
from sandbox.period.tables import REQUEST, record
from sandbox.pilots.models import Pilot, PilotStatus
from sandbox.pilots.table import PILOT, decider_of_the_lead_ministry, signatory_of_the_company
from sandbox.pilots.table import record as record_pilot

MAY_ASK = frozenset({PilotStatus.RUNNING, PilotStatus.EXTENDED})


class LawRequestSchema(Schema):
    """A request: the results that show the need, and what of the law should change."""

    results = Prose(required=True)
    wanted = Prose(required=True)


class LawRequestAssessmentSchema(Schema):
    """What the lead ministry found, by the regime's criteria."""

    assessment = fields.Dict(
        keys=fields.String(validate=validate.Length(max=40)), values=Prose(longest=4000), required=True
    )


def file_request(
    session: Session, pilot: Pilot, *, results: str, wanted: str, by: Actor, at: datetime
) -> LawRequest:
    """Request the amendment in time: the period is deemed extended and certified (Art. 53-3(3))."""
    if not signatory_of_the_company(by, pilot):
        raise Refused("law_request.create", "signatory_of_the_company")
    rules = pilot.exemption.regime.period
    if rules is None or pilot.exemption.kind not in rules.requesting_kinds:
        raise WrongMoment("law_request.create", pilot.status, needs="kind_requests_amendments")
    if pilot.status not in MAY_ASK:
        raise WrongMoment("law_request.create", pilot.status, meanwhile=PILOT.last_move(pilot))
    ends.expect_if_missing(session, pilot, by=by, at=at)
    must_be_in_time(
        session, pilot, "amendment_requested", subject=ends.PERIOD, verb="law_request.create", at=at
    )
    touch(pilot)
    request = LawRequest(
        pilot_id=pilot.id,
        results=results,
        wanted=wanted,
        assessment={},
        filed_at=at,
        status=RequestStatus.FILED,
    )
    request.pilot = pilot
    REQUEST.begin(session, request, by=by, at=at)
    running.end(session, pilot.exemption.case, "amendment_requested", subject=ends.PERIOD, by=by, at=at)
    PILOT.perform(session, pilot, "deem_extended", by=by, at=at)
    record_pilot(session, pilot, "deem_extended", by, at)
    _record(session, request, "create", by, at)
    following.requested(session, pilot.exemption, request=request.id, at=at)
    ends.certify(session, pilot, requested_on=ends.today(pilot, at), by=by, at=at)
    return request


def assess(
    session: Session, request: LawRequest, *, assessment: Mapping[str, str], by: Actor, at: datetime
) -> None:
    """The lead ministry reviews the request by the criteria of D58-3(5), all of them."""
    REQUEST.check(request, "assess", by=by)
    rules = request.pilot.exemption.regime.period
    known = {item.id for item in rules.criteria} if rules else set()
    errors = {
        f"assessment.{key}": ["The regime does not ask for this."] for key in assessment if key not in known
    }
    errors |= {f"assessment.{key}": ["Missing data for required field."] for key in known - set(assessment)}
    if errors:
        raise Invalid(errors)
    request.assessment = dict(assessment)
    REQUEST.perform(session, request, "assess", by=by, at=at)
    _record(session, request, "assess", by, at)
    _move_items(session, request, "review", by, at)


def escalate(session: Session, request: LawRequest, *, by: Actor, at: datetime, reason: str) -> None:
    """Ministries disagree: the Minister takes it to the committee for regulatory rationalisation."""
    REQUEST.perform(session, request, "escalate", by=by, at=at, reason=reason)
    _record(session, request, "escalate", by, at, reason=reason)
    _move_items(session, request, "escalate", by, at, reason=reason)


def find_needed(session: Session, request: LawRequest, *, by: Actor, at: datetime, reason: str) -> None:
    """Notify that the law is to be amended: the operator may convert within the time of K13 (D58-3(8))."""
    REQUEST.perform(session, request, "find_needed", by=by, at=at, reason=reason)
    pilot = request.pilot
    running.start(
        session,
        pilot.exemption.regime,
        "amendment_needed",
        case=pilot.exemption.case,
        subject=subject_of(request),
        owed_by_id=pilot.company_id,
        by=by,
        at=at,
    )
    _record(session, request, "find_needed", by, at, reason=reason)
    _move_items(session, request, "find_needed", by, at, reason=reason)


def find_not_needed(session: Session, request: LawRequest, *, by: Actor, at: datetime, reason: str) -> None:
    """Notify that the law stays: with the notice the deemed extension ends (D58-3(9))."""
    REQUEST.perform(session, request, "find_not_needed", by=by, at=at, reason=reason)
    _record(session, request, "find_not_needed", by, at, reason=reason)
    _move_items(session, request, "find_not_needed", by, at, reason=reason)
    if request.pilot.status == PilotStatus.DEEMED_EXTENDED:
        ends.end_deemed(session, request.pilot, by=by, at=at)


def withdraw(session: Session, request: LawRequest, *, by: Actor, at: datetime, reason: str) -> None:
    """Take the request back; what was deemed extended by it is not any more."""
    REQUEST.perform(session, request, "withdraw", by=by, at=at, reason=reason)
    _record(session, request, "withdraw", by, at, reason=reason)
    if request.pilot.status == PilotStatus.DEEMED_EXTENDED:
        ends.end_deemed(session, request.pilot, by=running.SERVICE, at=at)


def complete_amendment(session: Session, pilot: Pilot, *, by: Actor, at: datetime, reason: str) -> None:
    """The amendment is complete: an innovation project is deemed extended no longer (Art. 51(2), 53(2))."""
    if not decider_of_the_lead_ministry(by, pilot):
        raise Refused("pilot.end_deemed", "decider_of_the_lead_ministry")
    if ends.latest_request(session, pilot) is not None or pilot.status != PilotStatus.DEEMED_EXTENDED:
        raise WrongMoment("pilot.end_deemed", pilot.status, needs="deemed_until_the_amendment")
    if not reason.strip():
        raise Invalid({"reason": ["a reason is needed"]})
    record(session, pilot, "law_request.complete", by, at, reason=reason)
    ends.end_deemed(session, pilot, by=by, at=at)


def subject_of(request: LawRequest) -> str:
    """What the clock of a conversion that follows from this request is about."""
    return f"law_request:{request.id}"


def _move_items(
    session: Session, request: LawRequest, verb: str, by: Actor, at: datetime, *, reason: str | None = None
) -> None:
    exemption = request.pilot.exemption
    following.found(session, exemption, verb, request=request.id, by=by, at=at, reason=reason)


def _record(
    session: Session, request: LawRequest, verb: str, by: Actor, at: datetime, **details: Any
) -> None:
    record(session, request.pilot, f"law_request.{verb}", by, at, request=request.id, **details)
