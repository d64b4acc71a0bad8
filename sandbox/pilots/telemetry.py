"""What a company measures in its own pilot, sent by token: metrics of its plan and conditions, nothing else.

The people of the company open the source of their pilot and keep its tokens; the city's data officer sees
it among the city's sources and may pause it. It takes readings while the pilot is approved and not over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from experiments.collection import refused, telemetry, tokens
from experiments.collection.models import CollectionAttempt, DataSource
from experiments.collection.tokens import SourceToken
from experiments.districts import District
from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import load
from experiments.lifecycle import Actor
from experiments.metrics import Metric, metric
from experiments.orm import Base, Identified
from sandbox.conditions.models import Duty, DutyStatus
from sandbox.pilots.models import GOING_ON, Pilot
from sandbox.pilots.start_gate import plan_is_locked
from sandbox.pilots.table import PILOT, people_of_the_company, record
from sandbox.source_tokens import OVERLAP, SENSIBLE_DAYS

TAKING = GOING_ON


class StartSchema(Schema):
    """The day from which on readings are taken."""

    starts_on = fields.Date(required=True)


class PilotSource(Identified, Base):
    """The one source to which the company of a pilot sends its own readings."""

    __tablename__ = "pilot_source"

    pilot_id: Mapped[int] = mapped_column(ForeignKey(Pilot.id), unique=True)
    source_id: Mapped[int] = mapped_column(ForeignKey(DataSource.id), unique=True)

    pilot: Mapped[Pilot] = relationship()
    source: Mapped[DataSource] = relationship()


@dataclass(frozen=True)
class Telemetry:
    """The source of a pilot, None until it is opened, its tokens, what it may take, and what came last."""

    source: DataSource | None
    tokens: tuple[SourceToken, ...]
    metrics: tuple[Metric, ...]
    districts: tuple[District, ...]
    takes_readings: bool
    attempts: tuple[CollectionAttempt, ...]


def page(session: Session, pilot: Pilot, *, by: Actor) -> Telemetry:
    """What stands about the telemetry of `pilot`; for the people of its company alone."""
    _require_company(pilot, by, "pilot.read_telemetry")
    source = _source(session, pilot)
    return Telemetry(
        source=source,
        tokens=tuple(tokens.tokens_of(session, source)) if source else (),
        metrics=tuple(_metrics(session, pilot)),
        districts=tuple(pilot.districts),
        takes_readings=pilot.status in TAKING and plan_is_locked(pilot),
        attempts=tuple(refused.latest(session, source.id)) if source else (),
    )


def open_telemetry(
    session: Session, pilot: Pilot, *, codes: Sequence[str], cadence: str | None, by: Actor, at: datetime
) -> DataSource:
    """Let the company send readings of the metrics with these codes, which its locked plan or one of its
    conditions must name."""
    _require_company(pilot, by, "pilot.open_telemetry")
    _require_taking(pilot, "pilot.open_telemetry")
    if _source(session, pilot) is not None:
        raise WrongMoment("pilot.open_telemetry", "open", needs="telemetry_is_not_open")
    known = {each.code: each for each in _metrics(session, pilot)}
    if strange := [code for code in codes if code not in known]:
        raise Invalid({"metrics": [f"The plan has no metric {code}." for code in strange]})
    source = telemetry.open_source(
        session,
        name=f"{pilot.number} {pilot.company.name_en}",
        territory=pilot.site.territory,
        metrics=[known[code] for code in dict.fromkeys(codes)],
        districts=pilot.districts,
        cadence=cadence,
        starts_at=_midnight(pilot, _baseline_from(pilot)),
        at=at,
    )
    session.add(PilotSource(pilot_id=pilot.id, source_id=source.id))
    session.flush()
    districts = [district.code for district in pilot.districts]
    record(
        session, pilot, "open_telemetry", by, at, source=source.id, metrics=list(codes), districts=districts
    )
    return source


def move_start(session: Session, pilot: Pilot, data: Mapping[str, Any], *, by: Actor, at: datetime) -> None:
    """Take readings from an earlier day on, in the territory's zone: back to what the plan compares with."""
    source = _opened(session, pilot, by, "pilot.move_telemetry_start")
    _require_taking(pilot, "pilot.move_telemetry_start")
    starts_on, first = load(StartSchema(), dict(data))["starts_on"], _baseline_from(pilot)
    if starts_on < first:
        raise Invalid({"starts_on": [f"The plan compares with nothing before {first}."]})
    before, starts_at = source.starts_at, _midnight(pilot, starts_on)
    telemetry.move_start(session, source, starts_at)
    details = {"source": source.id, "from": before.isoformat(), "to": starts_at.isoformat()}
    record(session, pilot, "move_telemetry_start", by, at, **details)


def make_token(session: Session, pilot: Pilot, *, label: str, days: int, by: Actor, at: datetime) -> str:
    """The secret of a new token, which is shown this once."""
    source = _opened(session, pilot, by, "pilot.make_token")
    _require_taking(pilot, "pilot.make_token")
    token, secret = tokens.make(session, source, label=label, days=days, at=at)
    _record(session, pilot, "make_token", token, by, at)
    return secret


def rotate_token(session: Session, pilot: Pilot, token_id: int, *, by: Actor, at: datetime) -> str:
    """The secret of the successor of a token, which itself works for a week more."""
    source = _opened(session, pilot, by, "pilot.rotate_token")
    _require_taking(pilot, "pilot.rotate_token")
    old = tokens.token_of(session, source, token_id)
    token, secret = tokens.rotate(session, old, days=SENSIBLE_DAYS, overlap=OVERLAP, at=at)
    _record(session, pilot, "rotate_token", token, by, at)
    return secret


def revoke_token(session: Session, pilot: Pilot, token_id: int, *, by: Actor, at: datetime) -> None:
    """End a token at once."""
    source = _opened(session, pilot, by, "pilot.revoke_token")
    token = tokens.token_of(session, source, token_id)
    tokens.revoke(session, token, at=at)
    _record(session, pilot, "revoke_token", token, by, at)


def pilot_of(session: Session, source: DataSource) -> Pilot | None:
    """The pilot whose company sends to `source`; None for a source of the city."""
    found = session.scalar(select(PilotSource).where(PilotSource.source_id == source.id))
    return None if found is None else found.pilot


def require_taking(pilot: Pilot) -> None:
    """WrongMoment where the pilot has not begun to be measured, or is over."""
    _require_taking(pilot, "source.push")


def _require_company(pilot: Pilot, by: Actor, verb: str) -> None:
    if not people_of_the_company(by, pilot):
        raise Refused(verb, "people_of_the_company")


def _require_taking(pilot: Pilot, verb: str) -> None:
    if pilot.status not in TAKING:
        raise WrongMoment(verb, pilot.status, meanwhile=PILOT.last_move(pilot))
    if not plan_is_locked(pilot):
        raise WrongMoment(verb, pilot.status, needs="plan_is_locked")


def _source(session: Session, pilot: Pilot) -> DataSource | None:
    found = session.scalar(select(PilotSource).where(PilotSource.pilot_id == pilot.id))
    return None if found is None else found.source


def _opened(session: Session, pilot: Pilot, by: Actor, verb: str) -> DataSource:
    _require_company(pilot, by, verb)
    source = _source(session, pilot)
    if source is None:
        raise NotFound("telemetry", pilot.number or "")
    return source


def _metrics(session: Session, pilot: Pilot) -> list[Metric]:
    """The metrics of the plan in force, the primary one first, and those that bound a condition."""
    plan = pilot.experiment.plan
    if plan is None:
        return []
    contents = plan.contents()
    named = [
        metric(session, each["code"], each["version"])
        for each in (contents["primary"], *contents["guardrails"])
    ]
    duties = session.scalars(select(Duty).where(Duty.pilot_id == pilot.id).order_by(Duty.id))
    shown = [duty.terms.metric for duty in duties if duty.status != DutyStatus.LIFTED]
    return list({each.id: each for each in (*named, *shown) if each is not None}.values())


def _baseline_from(pilot: Pilot) -> date:
    """The first day that the plan in force compares with."""
    plan = pilot.experiment.plan
    if plan is None:
        raise WrongMoment("pilot.open_telemetry", pilot.status, needs="plan_is_locked")
    return date.fromisoformat(plan.contents()["window"]["baseline_from"])


def _midnight(pilot: Pilot, day: date) -> datetime:
    """When `day` begins in the pilot's territory."""
    return datetime.combine(day, time(), ZoneInfo(pilot.site.territory.zone)).astimezone(UTC)


def _record(session: Session, pilot: Pilot, verb: str, token: SourceToken, by: Actor, at: datetime) -> None:
    record(session, pilot, verb, by, at, token=token.id, expires_at=token.expires_at.isoformat())
