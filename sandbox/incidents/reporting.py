"""Reporting an incident, adding to it, closing it, and counting what the public may know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Line, Prose, Whole
from experiments.lifecycle import Actor
from sandbox.incidents.models import FollowUp, Incident, IncidentStatus
from sandbox.incidents.table import INCIDENT, record, who_may_report
from sandbox.insurance.filing import MOST_WON, Won
from sandbox.pilots.models import LIVE, Pilot, PilotStatus
from sandbox.suspensions.models import Cause
from sandbox.suspensions.proposing import propose_suspension

MOST_INCIDENTS = 1000
MOST_FOLLOW_UPS = 200
MOST_PEOPLE = 1_000_000
REPORTABLE = frozenset({*LIVE, PilotStatus.SUSPENDED, PilotStatus.REPORT_DUE, PilotStatus.REPORTED})
OLDEST = timedelta(days=3660)


class IncidentSchema(Schema):
    """What happened, how grave it was and what was done; `happened_at` is an instant with its offset."""

    severity = fields.String(required=True)
    happened_at = fields.AwareDateTime(required=True)
    place = Line(required=True)
    what = Prose(required=True)
    deaths = Whole(required=True, validate=validate.Range(0, MOST_PEOPLE))
    injured = Whole(required=True, validate=validate.Range(0, MOST_PEOPLE))
    damage_won = Won(required=True, validate=validate.Range(0, MOST_WON))
    done = Prose(required=True)


class IncidentFollowUpSchema(Schema):
    """What is to be added to an incident."""

    text = Prose(required=True)


def report(session: Session, pilot: Pilot, values: Mapping[str, Any], *, by: Actor, at: datetime) -> Incident:
    """File what `IncidentSchema` gives; a severe one proposes a suspension."""
    if not who_may_report(by, pilot):
        raise Refused("incident.report", "who_may_report")
    if pilot.status not in REPORTABLE:
        raise WrongMoment("incident.report", pilot.status, needs="pilot_was_started")
    hours = _hours(session, pilot, values, at)
    incident = Incident(
        pilot=pilot,
        due_at=values["happened_at"] + timedelta(hours=hours),
        reported_at=at,
        reported_by_id=by.person_id,
        reported_by_name=by.name,
        reported_by_role=by.role,
        status=IncidentStatus.REPORTED,
        **values,
    )
    INCIDENT.begin(session, incident, by=by, at=at)
    record(session, incident, "create", by, at, is_late=incident.is_late)
    _propose(session, incident, by, at)
    return incident


def follow_up(session: Session, incident: Incident, *, text: str, by: Actor, at: datetime) -> None:
    """Add what became known later."""
    INCIDENT.check(incident, "follow_up", by=by)
    if len(incident.follow_ups) >= MOST_FOLLOW_UPS:
        raise Invalid({"text": [f"At most {MOST_FOLLOW_UPS} records."]})
    INCIDENT.perform(session, incident, "follow_up", by=by, at=at)
    added = FollowUp(text=text, at=at, by_id=by.person_id, by_name=by.name, by_role=by.role)
    incident.follow_ups.append(added)
    session.flush()
    record(session, incident, "follow_up", by, at)


def close(session: Session, incident: Incident, *, by: Actor, at: datetime, reason: str) -> None:
    """Nothing more is expected of this incident."""
    INCIDENT.perform(session, incident, "close", by=by, at=at, reason=reason)
    record(session, incident, "close", by, at, reason=reason)


def incidents_of(session: Session, pilot: Pilot) -> list[Incident]:
    """Every incident of this pilot, latest first."""
    query = select(Incident).where(Incident.pilot_id == pilot.id)
    return list(session.scalars(query.order_by(Incident.happened_at.desc(), Incident.id.desc())))


@dataclass(frozen=True)
class IncidentCount:
    """How many incidents of one severity there were, as the public reads it."""

    severity: str
    name_ko: str
    name_en: str
    count: int


def counts_of(session: Session, pilot: Pilot) -> tuple[IncidentCount, ...]:
    """One count for each severity that the regime knows, zero included."""
    measures = pilot.exemption.regime.measures
    query = select(Incident.severity, func.count()).where(Incident.pilot_id == pilot.id)
    rows = session.execute(query.group_by(Incident.severity))
    found: dict[str, int] = {row[0]: row[1] for row in rows}
    return tuple(
        IncidentCount(each.id, each.name_ko, each.name_en, found.get(each.id, 0))
        for each in (measures.severities if measures else ())
    )


def find(session: Session, pilot: Pilot, key: int) -> Incident:
    """The incident of this pilot; NotFound for one of another."""
    incident = session.get(Incident, key)
    if incident is None or incident.pilot_id != pilot.id:
        raise NotFound("incident", key)
    return incident


def _hours(session: Session, pilot: Pilot, values: Mapping[str, Any], at: datetime) -> int:
    measures = pilot.exemption.regime.measures
    known = {each.id: each for each in (measures.severities if measures else ())}
    chosen = known.get(values["severity"])
    errors = {}
    if chosen is None:
        errors["severity"] = ["The regime knows no such severity."]
    elif not chosen.fits(deaths=values["deaths"], injured=values["injured"]):
        errors["severity"] = ["With so many dead or injured the incident is graver than this."]
    if not at - OLDEST <= values["happened_at"] <= at:
        errors["happened_at"] = ["This moment is yet to come, or too long ago."]
    filed = select(func.count()).select_from(Incident).where(Incident.pilot_id == pilot.id)
    if (session.scalar(filed) or 0) >= MOST_INCIDENTS:
        errors["what"] = [f"At most {MOST_INCIDENTS} records."]
    if errors or chosen is None:
        raise Invalid(errors)
    return chosen.hours


def _zone(pilot: Pilot) -> ZoneInfo:
    return ZoneInfo(pilot.exemption.regime.zone)


def _propose(session: Session, incident: Incident, by: Actor, at: datetime) -> None:
    measures = incident.pilot.exemption.regime.measures
    assert measures is not None  # its severity comes from there
    if not measures.severity(incident.severity).proposes_suspension:
        return
    evidence = {
        "incident": incident.id,
        "happened_at": incident.happened_at.astimezone(_zone(incident.pilot)).isoformat(" ", "minutes"),
        "deaths": incident.deaths,
        "injured": incident.injured,
        "damage_won": incident.damage_won,
        "what": incident.what,
    }
    key = f"incident:{incident.id}"
    pilot = incident.pilot
    propose_suspension(session, pilot, cause=Cause.INCIDENT, key=key, evidence=evidence, by=by, at=at)
