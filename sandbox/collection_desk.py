"""What a city's data officer does with data sources: a permission, one act of the lab, one ledger row.

The lab (`experiments.collection`) knows neither cities nor the ledger; this module adds both. A
data officer keeps the sources of the territories at which the officer's city is a site.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.canonical import canonical, digest
from experiments.collection import backfills, hubs, preview, set_aside, sources
from experiments.collection.connectors.options import PUSHED
from experiments.collection.description import Description
from experiments.collection.models import Backfill, DataSource, Hub
from experiments.collection.preview import Trial
from experiments.districts import Territory
from experiments.errors import Invalid, Refused, WrongMoment
from experiments.lifecycle import Actor
from sandbox import access, ledger
from sandbox.programmes.models import Site

FIELDS = (
    "name",
    "entity_type",
    "representation",
    "interval_seconds",
    "overlap_seconds",
    "lag_seconds",
    "window_seconds",
    "page_size",
    "options",
)


def territories(session: Session, actor: Actor) -> list[Territory]:
    """Where this actor may keep sources, by code."""
    if not access.city_data_officer(actor):
        return []
    own = select(Site.territory_id).where(Site.city_id == actor.organisation_id)
    return list(session.scalars(select(Territory).where(Territory.id.in_(own)).order_by(Territory.code)))


def may_keep(session: Session, territory_id: int, actor: Actor) -> bool:
    """Whether this actor is the data officer of the territory's city."""
    return territory_id in {territory.id for territory in territories(session, actor)}


def register(
    session: Session,
    data: Mapping[str, Any],
    *,
    new_hub: Mapping[str, Any] | None = None,
    private_hubs: Sequence[str] = (),
    by: Actor,
    at: datetime,
) -> DataSource:
    """A source from `SourceSchema`, with a hub from `HubSchema` where `new_hub` describes one.

    Invalid by field; what is wrong with the hub stands under `new_hub.`.
    """
    territory = session.scalar(select(Territory).where(Territory.code == data.get("territory")))
    if territory is not None:
        _require_keeper(session, territory.id, by, "source.register")
    # A hub without its source is of no use: both are made, or neither.
    with session.begin_nested():
        if new_hub is not None:
            data = {**data, "hub": _register_hub(session, new_hub, data, private_hubs, by, at).name}
        source = sources.register_source(session, data, at=at)
        _record(session, source, "register", by, at, **facts(source))
    return source


def edit(
    session: Session,
    source: DataSource,
    data: Mapping[str, Any],
    *,
    seen_version: int,
    by: Actor,
    at: datetime,
) -> None:
    """Replace the description of `source`, unless somebody did since `seen_version` was read."""
    _require_keeper(session, source.territory_id, by, "source.edit")
    _require_hub(source, "source.edit")
    if source.version != seen_version:
        raise WrongMoment("source.edit", "changed_meanwhile", needs="source_as_it_was_read")
    before = facts(source)
    with session.begin_nested():
        sources.edit_source(session, source, data, at=at)
        _record(session, source, "edit", by, at, before=before, after=facts(source))


def rehearsal(
    session: Session,
    data: Mapping[str, Any],
    *,
    edited: DataSource | None = None,
    new_hub: Mapping[str, Any] | None = None,
    private_hubs: Sequence[str] = (),
    by: Actor,
    at: datetime,
) -> Trial:
    """What a source so described would ask, and where its readings would go; nothing of it stays.

    Checked as `register` and `edit` check it; Invalid by field.
    """
    # Described and taken back in one breath: what is tried is exactly what would be saved.
    attempt = session.begin_nested()
    try:
        if edited is None:
            source = register(session, data, new_hub=new_hub, private_hubs=private_hubs, by=by, at=at)
        else:
            source = edited
            edit(session, source, data, seen_version=source.version, by=by, at=at)
        return preview.trial_of(session, source, at=at)
    finally:
        attempt.rollback()


def pause(session: Session, source: DataSource, *, by: Actor, at: datetime) -> None:
    """Collect no more from `source` until it is resumed."""
    _require_keeper(session, source.territory_id, by, "source.pause")
    if source.paused:
        raise WrongMoment("source.pause", "paused", needs="source_is_collected")
    sources.pause(session, source)
    _record(session, source, "pause", by, at)


def resume(session: Session, source: DataSource, *, by: Actor, at: datetime) -> None:
    """Collect from `source` again, from where it stood; Invalid where another one does so by now."""
    _require_keeper(session, source.territory_id, by, "source.resume")
    if not source.paused:
        raise WrongMoment("source.resume", "collected", needs="source_is_paused")
    sources.resume(session, source, at=at)
    _record(session, source, "resume", by, at)


def collect_now(session: Session, source: DataSource, *, by: Actor, at: datetime) -> None:
    """Ask for the next run of `source` at once, whatever its interval or back-off says."""
    _require_keeper(session, source.territory_id, by, "source.collect")
    _require_hub(source, "source.collect")
    if source.paused:
        raise WrongMoment("source.collect", "paused", needs="source_is_collected")
    sources.collect_now(session, source, at=at)
    _record(session, source, "collect", by, at)


def backfill(
    session: Session, source: DataSource, *, first: date, last: date, by: Actor, at: datetime
) -> Backfill:
    """Have the days `first` to `last`, in the territory's zone, read again beside the live schedule.

    Invalid by field where the span is empty, begins before the source or has not been read yet.
    """
    _require_keeper(session, source.territory_id, by, "source.backfill")
    _require_hub(source, "source.backfill")
    zone = ZoneInfo(source.territory.zone)
    starts_at = max(datetime.combine(first, time.min, zone).astimezone(UTC), source.starts_at)
    ends_at = datetime.combine(last + timedelta(days=1), time.min, zone).astimezone(UTC)
    asked = backfills.request_backfill(
        session, source, starts_at=starts_at, ends_at=min(ends_at, source.watermark), at=at
    )
    _record(session, source, "backfill", by, at, first=first.isoformat(), last=last.isoformat())
    return asked


def set_source_aside(session: Session, source: DataSource, *, reason: str, by: Actor, at: datetime) -> None:
    """Let the readings of `source` count for nothing from now on; they are kept."""
    _require_keeper(session, source.territory_id, by, "source.set_aside")
    if set_aside.current(session, source) is not None:
        raise WrongMoment("source.set_aside", "set_aside", needs="source_counts")
    if not reason.strip():
        raise Invalid({"reason": ["a reason is needed"]})
    set_aside.set_aside(session, source, reason=reason.strip(), by_name=by.name, at=at)
    _record(session, source, "set_aside", by, at, reason=reason.strip())


def let_source_count(session: Session, source: DataSource, *, by: Actor, at: datetime) -> None:
    """Let the readings of a source that was set aside count again from now on."""
    _require_keeper(session, source.territory_id, by, "source.count_again")
    row = set_aside.current(session, source)
    if row is None:
        raise WrongMoment("source.count_again", "counting", needs="source_is_set_aside")
    row.until = at
    _record(session, source, "count_again", by, at)


def facts(source: DataSource) -> dict[str, Any]:
    """The description of `source` as the ledger keeps it; the mappings of districts by their digest."""
    entities = [[each.entity, each.district.code] for each in source.entities]
    return {
        **{name: getattr(source, name) for name in FIELDS},
        "hub": source.hub.name,
        "territory": source.territory.code,
        "starts_at": source.starts_at.isoformat(),
        "attributes": {
            each.attribute: f"{each.metric.code}@{each.metric.version}" for each in source.attributes
        },
        "entities": {"count": len(entities), "sha256": digest(canonical(sorted(entities)))},
    }


def _register_hub(
    session: Session,
    described: Mapping[str, Any],
    data: Mapping[str, Any],
    private_hubs: Sequence[str],
    by: Actor,
    at: datetime,
) -> Hub:
    try:
        owned = {**described, "territory": data.get("territory")}
        hub = hubs.register_hub(session, owned, private_hubs=private_hubs)
    except Invalid as refusal:
        errors = {f"new_hub.{field}": messages for field, messages in refusal.errors.items()}
        raise Invalid(errors | _faults_of_source(session, data)) from refusal
    subject = f"hub:{hub.id}"
    details = {"name": hub.name, "base_url": hub.base_url, "kind": hub.kind, "dialect": hub.dialect}
    ledger.append(session, act="hub.register", subject=subject, by=by, at=at, details=details)
    return hub


def faults_of_hub(
    session: Session, described: Mapping[str, Any], data: Mapping[str, Any], private_hubs: Sequence[str]
) -> dict[str, list[str]]:
    """What is wrong with the hub that is described along with a source, under `new_hub.`."""
    owned = {**described, "territory": data.get("territory")}
    found = hubs.faults_of_hub(session, owned, private_hubs=private_hubs)
    return {f"new_hub.{field}": messages for field, messages in found.items() if field != "territory"}


def _faults_of_source(session: Session, data: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with the source whatever its hub, so that one answer names all that is wrong."""
    try:
        Description(session, {**data, "hub": "not made yet"})
    except Invalid as refusal:
        return {field: messages for field, messages in refusal.errors.items() if field != "hub"}
    return {}


def _require_keeper(session: Session, territory_id: int, by: Actor, verb: str) -> None:
    if not may_keep(session, territory_id, by):
        raise Refused(verb, "data_officer_of_the_city")


def _require_hub(source: DataSource, verb: str) -> None:
    """What is sent by token is asked of nobody."""
    if source.hub.kind == PUSHED:
        raise WrongMoment(verb, "pushed", needs="source_has_a_hub")


def _record(session: Session, source: DataSource, verb: str, by: Actor, at: datetime, **details: Any) -> None:
    ledger.append(session, act=f"source.{verb}", subject=f"source:{source.id}", by=by, at=at, details=details)
