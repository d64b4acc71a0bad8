"""Suspending a pilot, closing the measures, lifting the suspension, or stopping for good."""

from __future__ import annotations

from datetime import datetime

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, WrongMoment
from experiments.fields import Line, Prose, Whole
from experiments.lifecycle import Actor
from sandbox import ledger
from sandbox.clocks import running
from sandbox.pilots import operation
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PILOT
from sandbox.pilots.table import record as record_pilot
from sandbox.suspensions.measures import suspension_in_force
from sandbox.suspensions.models import Suspension, SuspensionProposal, SuspensionStatus
from sandbox.suspensions.table import PROPOSAL, SUSPENSION, record


class SuspendSchema(Schema):
    """Why a pilot is suspended: the regime's reason and a text, and the proposal where there was one."""

    code = fields.String(required=True)
    reason = Prose(required=True, longest=4000)
    proposal = Whole(load_default=None, allow_none=True)


class SuspensionMeasuresSchema(Schema):
    """What the company has done against what led to the suspension."""

    measures = Prose(required=True)


class PermanentStopSchema(Schema):
    """A permanent stop: where the committee's deliberation is recorded, and why."""

    committee_reference = Line(required=True)
    reason = Prose(required=True, longest=4000)


def suspend(
    session: Session,
    pilot: Pilot,
    *,
    code: str,
    reason: str,
    by: Actor,
    at: datetime,
    proposal: SuspensionProposal | None = None,
) -> Suspension:
    """The Minister alone suspends, at once or on a proposal (Art. 52(4)1); collection goes on."""
    PILOT.check(pilot, "suspend", by=by, reason=reason)
    _check_code(pilot, code)
    if proposal is not None:
        PROPOSAL.perform(session, proposal, "act", by=by, at=at)
        record(session, pilot, "suspension_proposal.act", by, at, proposal=proposal.id)
    operation.suspend(session, pilot, by=by, at=at, reason=reason)
    suspension = Suspension(
        pilot=pilot,
        proposal_id=proposal.id if proposal else None,
        code=code,
        reason=reason,
        ordered_at=at,
        status=SuspensionStatus.IN_FORCE,
    )
    SUSPENSION.begin(session, suspension, by=by, at=at)
    record(session, pilot, "suspension.create", by, at, suspension=suspension.id, code=code)
    return suspension


def report_measures(
    session: Session, suspension: Suspension, *, measures: str, by: Actor, at: datetime
) -> None:
    """The company says what it has done."""
    SUSPENSION.perform(session, suspension, "report_measures", by=by, at=at)
    suspension.measures = measures
    _record(session, suspension, "report_measures", by, at)


def accept_measures(session: Session, suspension: Suspension, *, by: Actor, at: datetime) -> None:
    """The ministry finds the measures sufficient; the Minister may lift the suspension."""
    SUSPENSION.perform(session, suspension, "accept_measures", by=by, at=at)
    _record(session, suspension, "accept_measures", by, at)


def send_back(session: Session, suspension: Suspension, *, by: Actor, at: datetime, reason: str) -> None:
    """The measures are not enough; the company reports again."""
    SUSPENSION.perform(session, suspension, "send_back", by=by, at=at, reason=reason)
    _record(session, suspension, "send_back", by, at, reason=reason)


def close_without_measures(
    session: Session, suspension: Suspension, *, by: Actor, at: datetime, reason: str
) -> None:
    """Nothing was to be done, as after a false alarm; the reason stays."""
    SUSPENSION.perform(session, suspension, "close_without_measures", by=by, at=at, reason=reason)
    _record(session, suspension, "close_without_measures", by, at, reason=reason)


def lift(session: Session, pilot: Pilot, *, by: Actor, at: datetime, reason: str) -> None:
    """End the suspension once its measures are closed (Art. 52(4))."""
    suspension = suspension_in_force(session, pilot)
    operation.lift(session, pilot, by=by, at=at, reason=reason)
    if suspension is not None:
        SUSPENSION.perform(session, suspension, "lift", by=by, at=at, reason=reason)
        # Who has to know was told by the pilot's own act.
        details = {"suspension": suspension.id, "reason": reason}
        ledger.append(session, act="suspension.lift", subject=pilot.key, by=by, at=at, details=details)


def stop_for_good(
    session: Session, pilot: Pilot, *, committee_reference: str, reason: str, by: Actor, at: datetime
) -> None:
    """The suspended pilot ends, on the committee's deliberation (Art. 52(4))."""
    PILOT.check(pilot, "stop", by=by, reason=reason)
    suspension = suspension_in_force(session, pilot)
    if suspension is None:
        raise WrongMoment("pilot.stop", pilot.status, needs="pilot_is_suspended")
    suspension.committee_reference = committee_reference
    SUSPENSION.perform(session, suspension, "stop_for_good", by=by, at=at, reason=reason)
    PILOT.perform(session, pilot, "stop", by=by, at=at, reason=reason)
    running.void(session, pilot.exemption.case, by=by, at=at, reason="The pilot has been stopped.")
    record_pilot(session, pilot, "stop", by, at, reason=reason, committee_reference=committee_reference)


def suspensions_of(session: Session, pilot: Pilot) -> list[Suspension]:
    """Every suspension of this pilot, latest first."""
    query = select(Suspension).where(Suspension.pilot_id == pilot.id).order_by(Suspension.id.desc())
    return list(session.scalars(query))


def find(session: Session, pilot: Pilot, key: int) -> Suspension:
    """The suspension of this pilot; NotFound for one of another."""
    suspension = session.get(Suspension, key)
    if suspension is None or suspension.pilot_id != pilot.id:
        raise NotFound("suspension", key)
    return suspension


def present_suspension(session: Session, pilot: Pilot) -> Suspension:
    """The suspension that acts are about; NotFound where the pilot is not suspended."""
    suspension = suspension_in_force(session, pilot)
    if suspension is None:
        raise NotFound("suspension", str(pilot.number))
    return suspension


def _check_code(pilot: Pilot, code: str) -> None:
    measures = pilot.exemption.regime.measures
    if code not in {item.id for item in (measures.suspension_reasons if measures else ())}:
        raise Invalid({"code": ["The regime does not know this reason."]})


def _record(
    session: Session, suspension: Suspension, verb: str, by: Actor, at: datetime, **details: str
) -> None:
    record(session, suspension.pilot, f"suspension.{verb}", by, at, suspension=suspension.id, **details)
