"""The mechanism under every lifecycle, on a door with a key."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

import pytest
from sqlalchemy import text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session
from sqlalchemy.orm.exc import DetachedInstanceError, StaleDataError

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.lifecycle import (
    LONGEST_REASON,
    Actor,
    HistoryRow,
    Lifecycle,
    Transition,
    Versioned,
    subject_key,
)
from experiments.orm import Base, Identified

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEEPER = Actor(1, "Keeper", "keeper", 10)
GUEST = Actor(2, "Guest", "guest", 20)


class DoorBase(DeclarativeBase):
    """Tables of this test alone, away from those of the service."""

    type_annotation_map = Base.type_annotation_map


class DoorStatus(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    LOCKED = "locked"


class Door(Identified, Versioned, DoorBase):
    __tablename__ = "door"

    status: Mapped[str]
    has_key: Mapped[bool]


class DoorHistory(HistoryRow, DoorBase):
    __tablename__ = "door_history"

    subject_id: Mapped[int] = subject_key("door")


def the_keeper(actor: Actor, door: Door) -> bool:
    return actor.role == "keeper"


def anyone_here(actor: Actor, door: Door) -> bool:
    return True


def has_a_key(door: Door) -> bool:
    return door.has_key


S = DoorStatus
DOOR = Lifecycle(
    "door",
    DoorStatus,
    DoorHistory,
    [
        Transition("open", (S.CLOSED,), S.OPEN, anyone_here),
        Transition("knock", (S.CLOSED,), S.CLOSED, anyone_here),
        Transition("shut", (S.OPEN,), S.CLOSED, the_keeper),
        Transition("lock", (S.CLOSED,), S.LOCKED, the_keeper, (has_a_key,), needs_reason=True),
    ],
)


@pytest.fixture
def doors(session: Session) -> Session:
    DoorBase.metadata.create_all(session.connection())
    return session


def create_door(session: Session, *, has_key: bool = True) -> Door:
    door = Door(status=S.CLOSED, has_key=has_key)
    DOOR.begin(session, door, by=KEEPER, at=AT)
    return door


def test_a_move_changes_the_status_and_writes_its_history(doors):
    door = create_door(doors)
    row = DOOR.perform(doors, door, "lock", by=KEEPER, at=AT, reason="  Night.  ")
    assert door.status == S.LOCKED
    assert (row.verb, row.old_status, row.new_status, row.at) == ("lock", "closed", "locked", AT)
    assert (row.actor_id, row.actor_name, row.actor_role, row.reason) == (1, "Keeper", "keeper", "Night.")


def test_history_begins_with_the_creation(doors):
    (row,) = DOOR.past(create_door(doors))
    assert (row.verb, row.old_status, row.new_status) == ("create", "", "closed")


def test_history_is_told_oldest_first(doors):
    door = create_door(doors)
    DOOR.perform(doors, door, "open", by=GUEST, at=AT)
    DOOR.perform(doors, door, "shut", by=KEEPER, at=AT)
    assert [row.verb for row in DOOR.past(door)] == ["create", "open", "shut"]


def test_a_moved_subject_is_read_back_as_it_was_left(doors):
    door = create_door(doors)
    DOOR.perform(doors, door, "open", by=GUEST, at=AT)
    doors.expire_all()
    assert door.status == "open"


def test_the_wrong_person_is_told_which_rule_said_no(doors):
    door = create_door(doors)
    with pytest.raises(Refused) as refusal:
        DOOR.check(door, "lock", by=GUEST, reason="Night.")
    assert (refusal.value.verb, refusal.value.rule) == ("door.lock", "the_keeper")


def test_the_wrong_person_is_refused_before_the_moment_is_looked_at(doors):
    door = create_door(doors)
    with pytest.raises(Refused):
        DOOR.check(door, "shut", by=GUEST)


def test_the_wrong_moment_tells_what_happened_meanwhile(doors):
    door = create_door(doors)
    DOOR.perform(doors, door, "open", by=GUEST, at=AT)
    with pytest.raises(WrongMoment) as refusal:
        DOOR.check(door, "open", by=KEEPER)
    assert refusal.value.status == "open"
    assert refusal.value.meanwhile == ("open", "Guest", AT.isoformat())


def test_an_unmet_guard_is_named(doors):
    door = create_door(doors, has_key=False)
    with pytest.raises(WrongMoment) as refusal:
        DOOR.check(door, "lock", by=KEEPER, reason="Night.")
    assert refusal.value.needs == "has_a_key"


@pytest.mark.parametrize("reason", [None, "", " \n\t"])
def test_a_reason_that_is_asked_for_is_not_blank(doors, reason):
    door = create_door(doors)
    with pytest.raises(Invalid) as refusal:
        DOOR.perform(doors, door, "lock", by=KEEPER, at=AT, reason=reason)
    assert set(refusal.value.errors) == {"reason"}
    assert door.status == S.CLOSED


def test_a_reason_has_a_longest_length(doors):
    door = create_door(doors)
    DOOR.check(door, "lock", by=KEEPER, reason="x" * LONGEST_REASON)
    with pytest.raises(Invalid):
        DOOR.check(door, "lock", by=KEEPER, reason="x" * (LONGEST_REASON + 1))


def test_a_refused_move_leaves_no_trace(doors):
    door = create_door(doors)
    with pytest.raises(WrongMoment):
        DOOR.perform(doors, door, "shut", by=KEEPER, at=AT)
    assert door.status == S.CLOSED
    assert [row.verb for row in DOOR.past(door)] == ["create"]


def test_an_unknown_verb_is_a_programming_error(doors):
    with pytest.raises(KeyError):
        DOOR.check(create_door(doors), "burn", by=KEEPER)


def test_a_verb_stands_once_in_a_table():
    twice = Transition("open", (S.CLOSED,), S.OPEN, anyone_here)
    with pytest.raises(ValueError, match="door: a verb stands twice"):
        Lifecycle("door", DoorStatus, DoorHistory, [twice, twice])


@pytest.mark.parametrize(
    ("actor", "has_key", "verbs"),
    [
        (KEEPER, True, ["open", "knock", "lock"]),
        (KEEPER, False, ["open", "knock"]),
        (GUEST, True, ["open", "knock"]),
    ],
)
def test_open_moves_are_those_that_would_be_performed(doors, actor, has_key, verbs):
    door = create_door(doors, has_key=has_key)
    assert [transition.verb for transition in DOOR.open_to(door, actor)] == verbs


def test_blocked_moves_name_the_guards_that_keep_them(doors):
    door = create_door(doors, has_key=False)
    assert [(t.verb, needs) for t, needs in DOOR.blocked_for(door, KEEPER)] == [("lock", ["has_a_key"])]
    assert DOOR.blocked_for(door, GUEST) == []


def test_actors_of_a_verb_are_told_apart_by_subject(doors):
    mine, yours = create_door(doors), create_door(doors)
    DOOR.perform(doors, mine, "open", by=GUEST, at=AT)
    DOOR.perform(doors, yours, "open", by=KEEPER, at=AT)
    assert DOOR.actors_of(mine, {"open"}) == {2}
    assert DOOR.actors_of(mine, {"open", "create"}) == {1, 2}
    assert DOOR.actors_of(mine, {"shut"}) == set()


def test_the_service_itself_is_nobody_in_four_eyes_rules(doors):
    door = create_door(doors)
    DOOR.perform(doors, door, "open", by=Actor(None, "Scheduler", "service"), at=AT)
    assert DOOR.actors_of(door, {"open"}) == set()


@pytest.mark.parametrize("verb", ["open", "knock"])
def test_a_move_on_what_another_moved_meanwhile_is_refused(doors, verb):
    """Also where the move leaves the status as it was: it rests on what was read."""
    door = create_door(doors)
    doors.execute(text("UPDATE door SET version = version + 1"))
    with pytest.raises(StaleDataError):
        DOOR.perform(doors, door, verb, by=GUEST, at=AT)


@pytest.mark.parametrize("verb", ["open", "knock"])
def test_every_move_makes_a_new_version(doors, verb):
    door = create_door(doors)
    DOOR.perform(doors, door, verb, by=GUEST, at=AT)
    assert door.version == 2


def test_the_past_of_a_detached_subject_is_not_taken_for_empty(doors):
    """Four-eyes rules read the past; where it cannot be read nobody is let through."""
    door = create_door(doors)
    doors.expunge(door)
    with pytest.raises(DetachedInstanceError):
        DOOR.actors_of(door, {"create"})


def test_a_subject_that_was_never_stored_has_no_past():
    assert DOOR.past(Door(status=S.CLOSED, has_key=True)) == []
