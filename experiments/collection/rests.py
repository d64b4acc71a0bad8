"""Hubs that fail are left alone for a while, all of their sources together (a circuit breaker).

The state lies in the hub's row, where every worker and every page sees it. After its rest a hub is tried
with one source at a time by each worker until a window succeeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.models import Hub
from experiments.collection.settings import CollectionSettings

FIRST_REST_SECONDS = 60


@dataclass(frozen=True)
class Rest:
    """A rest that begins: of which hub, from when until when, after how many failures in a row."""

    hub_id: int
    begins_at: datetime
    until: datetime
    failures: int


# Told of every rest in the transaction in which it begins.
OnRest = Callable[[Session, Rest], object]


def tell_nobody(_session: Session, _rest: Rest) -> None:
    """Where nobody keeps a record of rests."""


def doubtful(session_factory: sessionmaker[Session], settings: CollectionSettings) -> set[int]:
    """Hubs that had their rest and have not answered since."""
    with session_factory() as session:
        return set(session.scalars(select(Hub.id).where(Hub.failures >= settings.failures_to_rest)))


def note_failure(
    session: Session,
    hub_id: int,
    *,
    at: datetime,
    settings: CollectionSettings,
    on_rest: OnRest = tell_nobody,
) -> None:
    """One more window failed by the hub's fault; the rest doubles with every one beyond the limit."""
    failures = session.execute(
        update(Hub)
        .where(Hub.id == hub_id)
        .values(failures=Hub.failures + 1)
        .execution_options(synchronize_session=False)
        .returning(Hub.failures)
    ).scalar_one()
    beyond = failures - settings.failures_to_rest
    if beyond < 0:
        return
    seconds = min(FIRST_REST_SECONDS * 2 ** min(beyond, 20), settings.longest_back_off_seconds)
    rest = Rest(hub_id, at, at + timedelta(seconds=seconds), failures)
    session.execute(
        update(Hub)
        .where(Hub.id == hub_id)
        .values(resting_until=rest.until)
        .execution_options(synchronize_session=False)
    )
    on_rest(session, rest)


def note_success(session: Session, hub_id: int) -> None:
    """The hub answered: its failures are over. Touches no row of a hub that had none."""
    session.execute(
        update(Hub)
        .where(Hub.id == hub_id, Hub.failures > 0)
        .values(failures=0, resting_until=None)
        .execution_options(synchronize_session=False)
    )


def wake(hub: Hub) -> None:
    """End the rest: a person wants to know at once."""
    hub.resting_until = None
