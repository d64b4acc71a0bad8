"""Watch over what is collected: alerts that open and close by themselves, changes of devices on record.

Whoever keeps or watches a source sees its alerts; a city's data officer says "seen" and registers
changes of devices. Opening and closing stand in the ledger, as acts of the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from marshmallow import Schema, fields
from sqlalchemy import Select, false, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from experiments.collection.models import CollectionAttempt, DataSource
from experiments.collection.quality_asymmetry import asymmetry
from experiments.collection.quality_models import DeviceChange, HealthAlert, HealthCheck
from experiments.collection.quality_readout import SourceHealth, source_health
from experiments.districts import District, district, districts
from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Prose, load
from experiments.lifecycle import Actor
from experiments.metrics import metric
from experiments.panel import panel
from experiments.periods import label
from experiments.registrations.models import Experiment, ExperimentStatus
from sandbox import access, ledger
from sandbox.collection_desk import may_keep
from sandbox.collection_health import Health, health
from sandbox.programmes.models import Site
from stats.errors import PanelError

DAYS_SHOWN = 35
BETWEEN_CHECKS = timedelta(hours=1)
MOST_NAMED = 20
ASYMMETRY = "asymmetry"
SERVICE = Actor(person_id=None, name="sandbox", role="service")


class ChangeSchema(Schema):
    """A change of a device; `district` is a code, or None for all districts of the source."""

    district = fields.String(load_default=None, allow_none=True)
    changed_at = fields.AwareDateTime(required=True)
    description = Prose(required=True, longest=1000)


def page(session: Session, source: DataSource, now: datetime) -> SourceHealth:
    """The health of every series of `source` over the last five weeks."""
    return source_health(session, source, now=now, days=DAYS_SHOWN)


def changes(session: Session, source: DataSource) -> list[DeviceChange]:
    """What is on record about the devices of `source`, newest first."""
    query = select(DeviceChange).where(DeviceChange.source_id == source.id)
    return list(session.scalars(query.order_by(DeviceChange.changed_at.desc(), DeviceChange.id.desc())))


def record_change(
    session: Session, source: DataSource, data: Mapping[str, Any], *, by: Actor, at: datetime
) -> DeviceChange:
    """Register a change of a device; Invalid by field."""
    if not may_keep(session, source.territory_id, by):
        raise Refused("source.device_change", "data_officer_of_the_city")
    loaded = load(ChangeSchema(), dict(data))
    code = loaded.pop("district")
    if loaded["changed_at"] > at:
        raise Invalid({"changed_at": ["This lies in the future."]})
    place = _place(session, source, code)
    change = DeviceChange(
        source=source,
        district=place,
        recorded_at=at,
        recorded_by_id=by.person_id,
        recorded_by_name=by.name,
        **loaded,
    )
    session.add(change)
    session.flush()
    details = {
        "district": code,
        "changed_at": change.changed_at.isoformat(),
        "description": change.description,
    }
    ledger.append(
        session, act="source.device_change", subject=f"source:{source.id}", by=by, at=at, details=details
    )
    return change


def _place(session: Session, source: DataSource, code: str | None) -> District | None:
    if not code:
        return None
    try:
        return district(session, source.territory, code)
    except NotFound:
        raise Invalid({"district": [f"unknown district {code}"]}) from None


def alerts(session: Session, actor: Actor, *, with_closed: bool = False) -> list[HealthAlert]:
    """The alerts that concern this actor, open ones first, newest first."""
    wanted = _readable(actor).options(
        joinedload(HealthAlert.source), joinedload(HealthAlert.experiment), joinedload(HealthAlert.territory)
    )
    if not with_closed:
        wanted = wanted.where(HealthAlert.closed_at.is_(None))
    order = (HealthAlert.closed_at.is_not(None), HealthAlert.opened_at.desc(), HealthAlert.id.desc())
    return list(session.scalars(wanted.order_by(*order).limit(200)))


def alert(session: Session, alert_id: int, actor: Actor) -> HealthAlert:
    """The alert; NotFound also for whoever it does not concern."""
    found = session.scalar(_readable(actor).where(HealthAlert.id == alert_id))
    if found is None:
        raise NotFound("alert", alert_id)
    return found


def see(session: Session, seen: HealthAlert, *, by: Actor, at: datetime) -> None:
    """Say that somebody knows of the alert."""
    if not may_keep(session, seen.territory_id, by):
        raise Refused("alert.see", "data_officer_of_the_city")
    if seen.seen_at is not None:
        raise WrongMoment("alert.see", "seen", needs="alert_is_new")
    seen.seen_at, seen.seen_by_name = at, by.name
    ledger.append(
        session, act="alert.see", subject=_subject(seen), by=by, at=at, details={"trouble": seen.trouble}
    )


def look_after(session: Session, now: datetime) -> int:
    """Look at every source and experiment that nobody looked at within the hour; how many there were.

    Any number of workers may do so at once: each subject is taken by one of them.
    """
    looked = 0
    for source in session.scalars(select(DataSource).where(~DataSource.paused).order_by(DataSource.id)):
        if _is_settled(session, source, now) and _take(session, f"source:{source.id}", now):
            looked += 1
            _compare(session, now, _troubles_of(page(session, source, now)), source=source)
    watched = (ExperimentStatus.LOCKED, ExperimentStatus.EVALUATED)
    running = select(Experiment).where(Experiment.status.in_(watched))
    for experiment in session.scalars(running.order_by(Experiment.id)):
        if _take(session, f"experiment:{experiment.id}", now):
            looked += 1
            _compare(session, now, _unevenness(session, experiment, now), experiment=experiment)
    return looked


def _is_settled(session: Session, source: DataSource, now: datetime) -> bool:
    """Whether the source's past has been read; before, what is missing has only not come yet."""
    newest = select(CollectionAttempt).where(CollectionAttempt.source_id == source.id)
    latest = session.scalar(newest.order_by(CollectionAttempt.id.desc()).limit(1))
    return health(source, latest, now) not in {
        Health.PAUSED,
        Health.REFUSED,
        Health.WAITING,
        Health.CATCHING_UP,
    }


def _take(session: Session, subject: str, now: datetime) -> bool:
    """Whether it is this worker that looks at `subject` now."""
    taken = session.execute(
        update(HealthCheck)
        .where(HealthCheck.subject == subject, HealthCheck.checked_at <= now - BETWEEN_CHECKS)
        .values(checked_at=now)
        .returning(HealthCheck.subject)
    )
    if taken.scalar() is not None:
        return True
    if session.get(HealthCheck, subject) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(HealthCheck(subject=subject, checked_at=now))
    except IntegrityError:
        return False
    return True


def _troubles_of(found: SourceHealth) -> dict[str, dict[str, Any]]:
    """By trouble: how many series have it, and in which districts."""
    troubles: dict[str, list[str]] = {}
    for each in found.series:
        for trouble in each.troubles:
            troubles.setdefault(trouble, []).append(f"{each.series.district.code} {each.series.metric.code}")
    return {
        trouble: {"count": len(names), "of": len(found.series), "series": names[:MOST_NAMED]}
        for trouble, names in troubles.items()
    }


def _unevenness(session: Session, experiment: Experiment, now: datetime) -> dict[str, dict[str, Any]]:
    """The alarm that treated and control districts are not collected alike, if it is to be raised."""
    plan = experiment.plan
    if plan is None:
        return {}
    contents = plan.contents()
    sides, window = contents["districts"], contents["window"]
    units = districts(session, experiment.territory, [*sides["treated"], *sides["control"]])
    first, start, last = (
        datetime.fromisoformat(window[name]).date()
        for name in ("baseline_from", "intervention_from", "intervention_to")
    )
    yesterday = (now - timedelta(days=1)).date()
    if last < yesterday:
        # What is over can no longer be mended; the evaluation says how it was.
        return {}
    primary = metric(session, contents["primary"]["code"], contents["primary"]["version"])
    try:
        read = panel(
            session,
            metric=primary,
            districts=units,
            period=contents["period"],
            first=first,
            last=max(first, yesterday),
            as_of=now,
        )
    except (PanelError, Invalid):
        return {}
    # The last period may not have ended: what is still to come is missing on both sides.
    complete, periods = read.completeness[:, :-1], read.panel.periods[:-1]
    is_treated = np.array([unit.code in sides["treated"] for unit in units])
    # Labels of one kind of period sort as the periods do.
    is_after = np.array([name >= label(contents["period"], start) for name in periods], dtype=np.bool_)
    found = asymmetry(complete, is_treated, is_after, contents["seed"])
    if not found.is_alarming:
        return {}
    return {ASYMMETRY: {"difference": found.difference, "p_value": found.p_value, "metric": primary.code}}


def _compare(
    session: Session,
    now: datetime,
    troubles: Mapping[str, Mapping[str, Any]],
    *,
    source: DataSource | None = None,
    experiment: Experiment | None = None,
) -> None:
    """Open what is new, close what has passed, and keep the details of the rest up to date."""
    subject = source or experiment
    assert subject is not None
    column = HealthAlert.source_id if source is not None else HealthAlert.experiment_id
    known = session.scalars(select(HealthAlert).where(column == subject.id, HealthAlert.closed_at.is_(None)))
    open_alerts = {each.trouble: each for each in known}
    for trouble, detail in troubles.items():
        if trouble in open_alerts:
            open_alerts[trouble].detail = dict(detail)
            continue
        raised = HealthAlert(
            territory_id=subject.territory_id,
            source=source,
            experiment=experiment,
            trouble=trouble,
            detail=dict(detail),
            opened_at=now,
        )
        session.add(raised)
        _note(session, raised, "open", now)
    _close(session, (each for name, each in open_alerts.items() if name not in troubles), now)


def _close(session: Session, passed: Iterable[HealthAlert], now: datetime) -> None:
    for each in passed:
        each.closed_at = now
        _note(session, each, "close", now)


def _note(session: Session, noted: HealthAlert, verb: str, now: datetime) -> None:
    session.flush()
    details = {"trouble": noted.trouble, "detail": dict(noted.detail)}
    ledger.append(session, act=f"alert.{verb}", subject=_subject(noted), by=SERVICE, at=now, details=details)


def _subject(noted: HealthAlert) -> str:
    return f"source:{noted.source_id}" if noted.source_id else f"experiment:{noted.experiment_id}"


def _readable(actor: Actor) -> Select[HealthAlert]:
    """A data officer reads the own city's alerts, evaluators and auditors read all."""
    wanted = select(HealthAlert)
    if not access.watchers_of_collection(actor):
        return wanted.where(false())
    if not access.city_data_officer(actor):
        return wanted
    own = select(Site.territory_id).where(Site.city_id == actor.organisation_id)
    return wanted.where(HealthAlert.territory_id.in_(own))
