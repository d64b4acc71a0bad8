"""What a city's data officer and the administrator do with hubs: a permission, one act, one ledger row.

A data officer keeps the hubs of the territories at which the officer's city is a site; the administrator
keeps all, and alone those that serve every territory. No ledger row holds anything of a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.orm import Session, joinedload

from experiments.collection import hubs, rests
from experiments.collection.connectors.options import PUSHED
from experiments.collection.credentials import Credentials, CredentialsUnreadable, Kind, Vault
from experiments.collection.models import AttemptStatus, CollectionAttempt, DataSource, Hub
from experiments.districts import Territory
from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.lifecycle import Actor
from sandbox import access, ledger
from sandbox.collection_desk import territories
from sandbox.ledger import LedgerEntry

SERVICE = Actor(None, "sandbox", "service")
OPERATOR = Actor(None, "command line", "service")
FIELDS = (
    *("name", "base_url", "kind", "dialect", "zone", "tenant", "context_url"),
    *("concurrency", "requests_per_minute"),
)
FAILURES_SHOWN = 10
ACTS_SHOWN = 30


@dataclass(frozen=True)
class HubLine:
    """One hub of a list with the number of sources that read from it."""

    hub: Hub
    sources: int


@dataclass(frozen=True)
class Holder:
    """Whom or what the sealed secret of a hub is of; `kind` is None where no key here opens it."""

    kind: Kind | None
    name: str


@dataclass(frozen=True)
class HubPage:
    """One hub: who asks it, what reads from it, what failed lately, and what was done to it, newest first."""

    hub: Hub
    holder: Holder | None
    sources: tuple[DataSource, ...]
    failures: tuple[CollectionAttempt, ...]
    acts: tuple[LedgerEntry, ...]
    may_keep: bool


def lines(session: Session, actor: Actor) -> list[HubLine]:
    """The hubs that this actor may read, by name."""
    counts = select(DataSource.hub_id, func.count().label("sources")).group_by(DataSource.hub_id).subquery()
    rows = session.execute(
        _readable(session, actor)
        .add_columns(func.coalesce(counts.c.sources, 0))
        .outerjoin(counts, counts.c.hub_id == Hub.id)
        .options(joinedload(Hub.territory))
        .order_by(Hub.name)
    )
    return [HubLine(hub, sources) for hub, sources in rows]


def usable(session: Session, territory_ids: Sequence[int]) -> list[Hub]:
    """The hubs that sources of these territories may read from, by name."""
    serves = or_(Hub.territory_id.is_(None), Hub.territory_id.in_(territory_ids))
    wanted = select(Hub).where(serves, Hub.kind != PUSHED, Hub.withdrawn_at.is_(None))
    return list(session.scalars(wanted.order_by(Hub.name)))


def find(session: Session, hub_id: int, actor: Actor) -> Hub:
    """The hub; NotFound also for whoever may not read it."""
    hub = session.scalar(_readable(session, actor).where(Hub.id == hub_id))
    if hub is None:
        raise NotFound("hub", hub_id)
    return hub


def may_keep(session: Session, hub: Hub, actor: Actor) -> bool:
    """Whether this actor may change `hub` and its credentials."""
    if access.administrator(actor):
        return True
    return hub.territory_id in {territory.id for territory in territories(session, actor)}


def places(session: Session, actor: Actor) -> list[Territory]:
    """The territories for which this actor may keep hubs, by code."""
    if access.administrator(actor):
        return list(session.scalars(select(Territory).order_by(Territory.code)))
    return territories(session, actor)


def page(session: Session, hub: Hub, actor: Actor, vault: Vault) -> HubPage:
    """All about one hub."""
    sources = hubs.sources_of(session, hub)
    failures = session.scalars(
        select(CollectionAttempt)
        .where(
            CollectionAttempt.source_id.in_([source.id for source in sources]),
            CollectionAttempt.status == AttemptStatus.FAILED,
        )
        .order_by(CollectionAttempt.id.desc())
        .limit(FAILURES_SHOWN)
    )
    acts = session.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.subject == f"hub:{hub.id}")
        .order_by(LedgerEntry.number.desc())
        .limit(ACTS_SHOWN)
    )
    return HubPage(
        hub=hub,
        holder=_holder(hub, vault),
        sources=tuple(sources),
        failures=tuple(failures),
        acts=tuple(acts),
        may_keep=may_keep(session, hub, actor),
    )


def register(
    session: Session, data: Mapping[str, Any], *, private_hubs: Sequence[str] = (), by: Actor, at: datetime
) -> Hub:
    """A hub from `HubSchema`; Invalid by field."""
    _require_place(session, data.get("territory"), by, "hub.register")
    hub = hubs.register_hub(session, data, private_hubs=private_hubs)
    _record(session, hub, "register", by, at, **facts(hub))
    return hub


def edit(
    session: Session,
    hub: Hub,
    data: Mapping[str, Any],
    *,
    seen_version: int,
    private_hubs: Sequence[str] = (),
    by: Actor,
    at: datetime,
) -> None:
    """Replace the description of `hub`, unless somebody did since `seen_version` was read."""
    _require_keeper(session, hub, by, "hub.edit")
    _require_place(session, data.get("territory"), by, "hub.edit")
    if hub.version != seen_version:
        raise WrongMoment("hub.edit", "changed_meanwhile", needs="hub_as_it_was_read")
    before = facts(hub)
    with session.begin_nested():
        hubs.edit_hub(session, hub, data, private_hubs=private_hubs)
        _record(session, hub, "edit", by, at, before=before, after=facts(hub))


def store_credentials(
    session: Session,
    hub: Hub,
    data: Mapping[str, Any],
    vault: Vault,
    *,
    private_hubs: Sequence[str] = (),
    by: Actor,
    at: datetime,
) -> None:
    """Seal credentials for `hub`, in place of what was there; Invalid by field."""
    _require_keeper(session, hub, by, "hub.store_credentials")
    replaces = hub.credentials is not None
    try:
        stated = hubs.store_credentials(session, hub, data, vault, private_hubs=private_hubs)
    except CredentialsUnreadable:
        raise Invalid({"_schema": ["The operator has named no key to seal credentials with."]}) from None
    _record(session, hub, "store_credentials", by, at, kind=stated.kind.value, replaces=replaces)


def remove_credentials(session: Session, hub: Hub, *, by: Actor, at: datetime) -> None:
    """Ask `hub` without credentials from now on."""
    _require_keeper(session, hub, by, "hub.remove_credentials")
    if hub.credentials is None:
        raise WrongMoment("hub.remove_credentials", "without_credentials", needs="hub_with_credentials")
    hubs.remove_credentials(session, hub)
    _record(session, hub, "remove_credentials", by, at)


def withdraw(session: Session, hub: Hub, *, reason: str, by: Actor, at: datetime) -> None:
    """Take back a hub that was registered by mistake; its row in the ledger stays, with the reason."""
    _require_keeper(session, hub, by, "hub.withdraw")
    if not reason.strip():
        raise Invalid({"reason": ["a reason is needed"]})
    was = facts(hub)
    hubs.withdraw_hub(session, hub, at=at)
    _record(session, hub, "withdraw", by, at, reason=reason.strip(), **was)


def seal_again(session: Session, vault: Vault, *, at: datetime) -> int:
    """Seal all credentials under the first key; of how many hubs."""
    sealed = hubs.seal_again(session, vault)
    for each in sealed:
        _record(session, each, "seal_again", OPERATOR, at)
    return len(sealed)


def wake(session: Session, hub: Hub, *, by: Actor, at: datetime) -> None:
    """End the rest of `hub`: its sources are read again as they fall due."""
    _require_keeper(session, hub, by, "hub.wake")
    if hub.resting_until is None or hub.resting_until <= at:
        raise WrongMoment("hub.wake", "awake", needs="hub_that_rests")
    rested = hub.resting_until
    rests.wake(hub)
    _record(session, hub, "wake", by, at, resting_until=rested.isoformat(), failures=hub.failures)


def note_rest(session: Session, rest: rests.Rest) -> None:
    """The collector leaves a hub alone: an act of the service, on record in the rest's own transaction."""
    details = {"resting_until": rest.until.isoformat(), "failures": rest.failures}
    subject = f"hub:{rest.hub_id}"
    ledger.append(session, act="hub.rest", subject=subject, by=SERVICE, at=rest.begins_at, details=details)


def facts(hub: Hub) -> dict[str, Any]:
    """The description of `hub` as the ledger keeps it; of its credentials, whether it has any."""
    return {
        **{name: getattr(hub, name) for name in FIELDS},
        "territory": hub.territory.code if hub.territory else None,
        "has_credentials": hub.credentials is not None,
    }


def _readable(session: Session, actor: Actor) -> Select[Any]:
    """A data officer reads the own city's hubs and the common ones; whoever watches over all reads all."""
    wanted = select(Hub).where(Hub.kind != PUSHED, Hub.withdrawn_at.is_(None))
    if not access.readers_of_hubs(actor):
        return wanted.where(false())
    if not access.city_data_officer(actor):
        return wanted
    own = [territory.id for territory in territories(session, actor)]
    return wanted.where(or_(Hub.territory_id.is_(None), Hub.territory_id.in_(own)))


def _holder(hub: Hub, vault: Vault) -> Holder | None:
    if hub.credentials is None:
        return None
    try:
        opened: Credentials = vault.open(hub.credentials)
    except CredentialsUnreadable:
        return Holder(None, "")
    return Holder(opened.kind, opened.name)


def _require_keeper(session: Session, hub: Hub, by: Actor, verb: str) -> None:
    # Whoever may use the command line holds the database and the keys anyway.
    if by != OPERATOR and not may_keep(session, hub, by):
        raise Refused(verb, "keeper_of_the_hub")


def _require_place(session: Session, code: str | None, by: Actor, verb: str) -> None:
    """A data officer's hubs serve a territory of the own city; what serves all is the administrator's."""
    if access.administrator(by):
        return
    if code not in {territory.code for territory in territories(session, by)}:
        raise Refused(verb, "keeper_of_the_hub")


def _record(session: Session, hub: Hub, verb: str, by: Actor, at: datetime, **details: Any) -> None:
    ledger.append(session, act=f"hub.{verb}", subject=f"hub:{hub.id}", by=by, at=at, details=details)
