"""Taking back what an attempt stored: known is then what everything that is left says last.

What said something of a reading is every attempt that brought its value, changed it or repeated it
(`ObservationConfirmation`). Without the attempt that is taken back the reading has the latest value of
the others; where there are none it is withdrawn. Nothing is lost: all versions stay in the history, so
that whatever was computed meanwhile can be computed again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from experiments.collection import overtaken, store
from experiments.collection.connectors.readings import Dropped
from experiments.collection.intake import Columns, series_in, targets_of
from experiments.collection.models import CollectionAttempt, to_microseconds

Key = tuple[int, int]
"""A series and an instant in microseconds, UTC."""


class _Said(NamedTuple):
    """What one attempt said of a reading, by the order in which that came; at last what was stored of it."""

    received_at: int
    attempt_id: int
    is_stored: bool
    value: float


class _Version(NamedTuple):
    """A value that is stored, and its number; the latest one stands in `observation`."""

    said: _Said
    revision: int
    is_latest: bool


_OF_DONE = (
    "SELECT series_id, observed_at FROM {} WHERE attempt_id = :done AND observed_at BETWEEN :first AND :last "
    "AND series_id IN (SELECT id FROM series WHERE source_id = :source_id)"
)
_TABLES = ("observation", "observation_revision", "observation_confirmation")
_TOUCHED = f"WITH touched AS ({' UNION '.join(map(_OF_DONE.format, _TABLES))}) "
_SAME = "JOIN touched AS k ON k.series_id = t.series_id AND k.observed_at = t.observed_at"
_COLUMNS = "t.series_id, t.observed_at, t.received_at, t.attempt_id, t.value"
_VERSIONS = text(
    f"{_TOUCHED} SELECT {_COLUMNS}, t.revision, 1 FROM observation AS t {_SAME} "  # noqa: S608
    f"UNION ALL SELECT {_COLUMNS}, t.revision, 0 FROM observation_revision AS t {_SAME}"
)
_CONFIRMATIONS = text(f"{_TOUCHED} SELECT {_COLUMNS} FROM observation_confirmation AS t {_SAME}")  # noqa: S608
_KEY = "series_id = :series_id AND observed_at = :observed_at"
_RENUMBER = text(
    f"UPDATE observation_revision SET revision = :below - revision WHERE {_KEY} AND revision >= 0"  # noqa: S608
)
_SUPERSEDE = text(
    "INSERT INTO observation_revision "  # noqa: S608
    "(series_id, observed_at, revision, value, received_at, superseded_at, attempt_id) "
    "SELECT series_id, observed_at, :number, value, received_at, :until, attempt_id FROM observation "
    f"WHERE {_KEY}"
)
_HAND_OVER = text(
    "UPDATE observation SET attempt_id = :attempt_id, received_at = :until, revision = :revision "  # noqa: S608
    f"WHERE {_KEY}"
)
_DELETE = text(f"DELETE FROM observation WHERE {_KEY}")  # noqa: S608


def take_back(
    session: Session,
    done: CollectionAttempt,
    attempt: CollectionAttempt,
    *,
    undone: AbstractSet[int],
    now: int,
) -> None:
    """Take back what `done` said, as `attempt`, whose counts are filled in.

    `undone` are the attempts that were taken back before and those that did so; `now` is in microseconds,
    UTC. The caller holds the source of both attempts, which have been flushed.
    """
    what = _Withdrawal(session, done.id, attempt.id, now)
    spoken: dict[Key, list[int]] = {}
    for key, versions, said in _touched(session, done):
        left = sorted(each for each in said if each.attempt_id not in undone | {done.id, attempt.id})
        what.settle(key, versions, left)
        spoken[key] = [each.received_at for each in left]
    what.write()
    overtaken.reopen(session, done, series_in(targets_of(session, done.source_id)), spoken)
    dropped = Dropped()
    if what.withdrawn:
        dropped.note("withdrawn", "", what.withdrawn)
    attempt.revised, attempt.dropped = len(what.restored), dropped.reasons
    attempt.readings = len(what.restored) + what.withdrawn


def _touched(
    session: Session, done: CollectionAttempt
) -> Iterator[tuple[Key, Sequence[_Version], Sequence[_Said]]]:
    """Every reading of which `done` said something: its versions, and all that was said of it."""
    which = {
        "done": done.id,
        "first": to_microseconds(done.window_start),
        "last": to_microseconds(done.window_end),
        "source_id": done.source_id,
    }
    versions: dict[Key, list[_Version]] = defaultdict(list)
    for series_id, at, received_at, attempt_id, value, revision, is_latest in session.execute(
        _VERSIONS, which
    ):
        version = _Version(_Said(received_at, attempt_id, True, value), revision, bool(is_latest))
        versions[series_id, at].append(version)
    said = {key: [version.said for version in found] for key, found in versions.items()}
    for series_id, at, received_at, attempt_id, value in session.execute(_CONFIRMATIONS, which):
        said[series_id, at].append(_Said(received_at, attempt_id, False, value))
    for key, found in versions.items():
        yield key, found, said[key]


class _Withdrawal:
    """The changes that follow, gathered by what the database has to do for them."""

    def __init__(self, session: Session, done_id: int, attempt_id: int, now: int) -> None:
        self._connection = session.connection()
        self._done_id = done_id
        self._attempt_id = attempt_id
        self._now = now
        self._superseded: list[dict[str, int]] = []
        self._handed_over: list[dict[str, int]] = []
        self._deleted: list[dict[str, int]] = []
        self.restored: list[tuple[Key, float]] = []

    @property
    def withdrawn(self) -> int:
        """How many readings nobody else has said anything of."""
        return len(self._deleted)

    def settle(self, key: Key, versions: Sequence[_Version], left: Sequence[_Said]) -> None:
        """Decide about one reading; `left` is what others said of it, in the order in which it came."""
        latest = next((version for version in versions if version.is_latest), None)
        if latest is None:
            return
        if not left:
            self._withdraw(key, versions, latest)
        elif left[-1].value != latest.said.value:
            self.restored.append((key, left[-1].value))
        elif latest.said.attempt_id == self._done_id:
            self._hand_over(key, versions, latest, left)

    def write(self) -> None:
        """Let the database do what was decided."""
        for statement, rows in (
            (_RENUMBER, self._deleted),
            (_SUPERSEDE, self._superseded),
            (_HAND_OVER, self._handed_over),
            (_DELETE, self._deleted),
        ):
            if rows:
                self._connection.execute(statement, rows)
        if self.restored:
            values = Columns(
                np.array([key[0] for key, _ in self.restored], dtype=np.int64),
                np.array([key[1] for key, _ in self.restored], dtype=np.int64),
                np.array([value for _, value in self.restored], dtype=np.float64),
            )
            store.write(self._connection, values, received_at=self._now, attempt_id=self._attempt_id)

    def _withdraw(self, key: Key, versions: Sequence[_Version], latest: _Version) -> None:
        below = _below(versions)
        self._supersede(key, below - latest.revision, self._now)
        self._deleted.append(_named(key) | {"below": below})

    def _hand_over(
        self, key: Key, versions: Sequence[_Version], latest: _Version, left: Sequence[_Said]
    ) -> None:
        """The value stays: it is of whoever repeated it first, or restored where that was said before."""
        since = latest.said.received_at
        repeated = next(
            (each for each in left if (each.received_at, each.attempt_id) > (since, self._done_id)), None
        )
        until, owner = (
            (repeated.received_at, repeated.attempt_id) if repeated else (self._now, self._attempt_id)
        )
        # What nothing went before counts as withdrawn, and what repeated it as the first to have come.
        is_first = latest.revision == 0
        self._supersede(key, _below(versions) if is_first else latest.revision, until)
        revision = 0 if is_first else latest.revision + 1
        self._handed_over.append(_named(key) | {"attempt_id": owner, "until": until, "revision": revision})

    def _supersede(self, key: Key, number: int, until: int) -> None:
        self._superseded.append(_named(key) | {"number": number, "until": until})


def _below(versions: Sequence[_Version]) -> int:
    """The next number downwards. Withdrawn versions count from -1, those that were revised from 0."""
    return min(0, *(version.revision for version in versions)) - 1


def _named(key: Key) -> dict[str, int]:
    return {"series_id": key[0], "observed_at": key[1]}
