"""Lifecycles: one table of transitions feeds the check, the buttons, the links and the tests.

A transition says which verb moves a subject from which states to which, who may do it, which
guards must hold and whether a reason is asked for. `Lifecycle.perform` is the only place where a
status changes; it writes the history row in the same breath.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ForeignKey, inspect, select
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column, object_session
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import DetachedInstanceError

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.orm import Identified

LONGEST_REASON = 4000


@dataclass(frozen=True)
class Actor:
    """Who acts: a person as known to the institution at this request, or the service itself."""

    person_id: int | None
    name: str
    role: str
    organisation_id: int | None = None

    @property
    def is_service(self) -> bool:
        return self.person_id is None


Who = Callable[[Actor, Any], bool]
Guard = Callable[[Any], bool]
State = TypeVar("State", bound=StrEnum)


@dataclass(frozen=True)
class Transition(Generic[State]):
    """One row of a lifecycle table.

    `who` and `guards` are named functions; their names are what people and tests read. `source`
    is the provision or rule that the transition rests on. `public` says whether the public
    timeline shows it.
    """

    verb: str
    sources: tuple[State, ...]
    target: State
    who: Who
    guards: tuple[Guard, ...] = ()
    needs_reason: bool = False
    source: str = ""
    public: bool = True


class HistoryRow(Identified):
    """Columns of an append-only history table; a subject adds its own foreign key."""

    verb: Mapped[str]
    old_status: Mapped[str]
    new_status: Mapped[str]
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str]
    actor_role: Mapped[str]
    reason: Mapped[str | None]


class Lifecycle(Generic[State]):
    """A named table of transitions over the states of one kind of subject."""

    def __init__(
        self,
        kind: str,
        states: type[State],
        history: type[Any],
        transitions: Sequence[Transition[State]],
    ) -> None:
        self.kind = kind
        self.states = states
        self.history = history
        self.transitions = tuple(transitions)
        verbs = [t.verb for t in self.transitions]
        if len(verbs) != len(set(verbs)):
            raise ValueError(f"{kind}: a verb stands twice")

    def transition(self, verb: str) -> Transition[State]:
        """The row of `verb`; a KeyError is a programming error, verbs are never user input."""
        for transition in self.transitions:
            if transition.verb == verb:
                return transition
        raise KeyError(f"{self.kind} has no verb {verb}")

    def check(self, subject: Any, verb: str, *, by: Actor, reason: str | None = None) -> Transition[State]:
        """The transition, or the error that says who, when, what or which reason is missing."""
        transition = self.transition(verb)
        if not transition.who(by, subject):
            raise Refused(f"{self.kind}.{verb}", transition.who.__name__)
        if subject.status not in transition.sources:
            raise WrongMoment(f"{self.kind}.{verb}", subject.status, meanwhile=self.last_move(subject))
        for guard in transition.guards:
            if not guard(subject):
                raise WrongMoment(f"{self.kind}.{verb}", subject.status, needs=guard.__name__)
        if transition.needs_reason and not (reason or "").strip():
            raise Invalid({"reason": ["a reason is needed"]})
        if reason and len(reason) > LONGEST_REASON:
            raise Invalid({"reason": [f"at most {LONGEST_REASON} characters"]})
        return transition

    def open_to(self, subject: Any, actor: Actor) -> list[Transition[State]]:
        """Transitions this actor could perform now, guards included; feeds buttons and links."""
        return [
            t
            for t in self.transitions
            if subject.status in t.sources and t.who(actor, subject) and all(g(subject) for g in t.guards)
        ]

    def blocked_for(self, subject: Any, actor: Actor) -> list[tuple[Transition[State], list[str]]]:
        """Transitions that only guards keep this actor from, with the names of those guards."""
        return [
            (t, unmet)
            for t in self.transitions
            if subject.status in t.sources
            and t.who(actor, subject)
            and (unmet := [g.__name__ for g in t.guards if not g(subject)])
        ]

    def perform(
        self, session: Session, subject: Any, verb: str, *, by: Actor, at: datetime, reason: str | None = None
    ) -> Any:
        """Move `subject` by `verb` and return its new history row (not committed)."""
        with session.no_autoflush:
            transition = self.check(subject, verb, by=by, reason=reason)
        row = self._history_row(subject, verb, transition.target, by=by, at=at, reason=reason)
        subject.status = transition.target
        touch(subject)
        session.add(row)
        session.flush()
        return row

    def begin(self, session: Session, subject: Any, *, by: Actor, at: datetime) -> Any:
        """Write the first history row of a new subject, whose status is already set."""
        session.add(subject)
        session.flush()
        row = self._history_row(subject, "create", subject.status, by=by, at=at, reason=None, old="")
        session.add(row)
        session.flush()
        return row

    def past(self, subject: Any) -> list[Any]:
        """History rows of `subject`, oldest first."""
        session = object_session(subject)
        if session is None:
            # A subject that was never stored has no past; of a detached one nobody knows it, and
            # four-eyes rules must not take that for an empty one.
            if inspect(subject).has_identity:
                raise DetachedInstanceError(f"{subject!r} has left its session, and its past with it")
            return []
        rows = select(self.history).where(self.history.subject_id == subject.id).order_by(self.history.id)
        # Rules read the past in the middle of an act; a half-made act must not reach the database.
        with session.no_autoflush:
            return list(session.scalars(rows))

    def last_move(self, subject: Any) -> tuple[str, str, str] | None:
        """Verb, actor and instant of the latest history row, for telling people what happened."""
        past = self.past(subject)
        return (past[-1].verb, past[-1].actor_name, past[-1].at.isoformat()) if past else None

    def actors_of(self, subject: Any, verbs: Iterable[str]) -> set[int]:
        """Person ids that performed any of `verbs` on `subject`: the basis of four-eyes rules."""
        wanted = set(verbs)
        return {row.actor_id for row in self.past(subject) if row.verb in wanted and row.actor_id is not None}

    def _history_row(
        self,
        subject: Any,
        verb: str,
        new: State,
        *,
        by: Actor,
        at: datetime,
        reason: str | None,
        old: str | None = None,
    ) -> Any:
        return self.history(
            subject_id=subject.id,
            verb=verb,
            old_status=subject.status if old is None else old,
            new_status=new,
            at=at,
            actor_id=by.person_id,
            actor_name=by.name,
            actor_role=by.role,
            reason=(reason or "").strip() or None,
        )


class Versioned:
    """Optimistic concurrency: an update that raced another is refused, never lost."""

    @declared_attr
    def version(cls) -> Mapped[int]:
        return mapped_column(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


def touch(subject: Any) -> None:
    """Make the next flush a new version of `subject`, so that an act is refused if it raced another.

    Needed where an act rests on the subject and leaves its columns as they were.
    """
    flag_modified(subject, "status")


def subject_key(table: str) -> Any:
    """Foreign key column of a history table to its subject."""
    return mapped_column(ForeignKey(f"{table}.id"), index=True)
