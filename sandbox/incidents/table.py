"""The lifecycle of an incident, and how acts on it are recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor, Lifecycle, Transition
from sandbox import access, ledger
from sandbox.incidents.models import Incident, IncidentHistory, IncidentStatus
from sandbox.notices.outbox import CITY, COMPANY, DECIDERS, REVIEWERS, Office, tell
from sandbox.pilots.models import Pilot

S = IncidentStatus


def who_may_report(actor: Actor, pilot: Pilot) -> bool:
    """The company's author, and the authorities where they hear of it first."""
    if access.company_author(actor):
        return actor.organisation_id == pilot.company_id
    lead = access.ministry_reviewer(actor) and actor.organisation_id == pilot.exemption.lead_id
    return lead or access.city_staff_of(actor, pilot.exemption.city_id)


def reporter_of_the_pilot(actor: Actor, incident: Incident) -> bool:
    return who_may_report(actor, incident.pilot)


def reviewer_of_the_lead_ministry(actor: Actor, incident: Incident) -> bool:
    return access.ministry_reviewer(actor) and actor.organisation_id == incident.pilot.exemption.lead_id


INCIDENT: Lifecycle[IncidentStatus] = Lifecycle(
    "incident",
    IncidentStatus,
    IncidentHistory,
    [
        Transition(
            "follow_up", (S.REPORTED,), S.REPORTED, reporter_of_the_pilot, source="Art. 53(1), D56(1)"
        ),
        Transition(
            "close",
            (S.REPORTED,),
            S.CLOSED,
            reviewer_of_the_lead_ministry,
            needs_reason=True,
            source="Art. 53(1), D56(1)",
        ),
    ],
)


def record(session: Session, incident: Incident, verb: str, by: Actor, at: datetime, **details: Any) -> None:
    """Put one act on `incident` into the ledger, and tell the parties that watch the pilot."""
    pilot = incident.pilot
    facts = {"incident": incident.id, "severity": incident.severity} | details
    ledger.append(session, act=f"incident.{verb}", subject=pilot.key, by=by, at=at, details=facts)
    exemption = pilot.exemption
    offices = (
        Office(pilot.company_id, COMPANY),
        Office(exemption.city_id, CITY),
        Office(exemption.lead_id, REVIEWERS | DECIDERS),
    )
    tell(session, f"incident.{verb}", subject=pilot.key, to=offices, by=by, at=at)
