"""Due dates as a calendar: of one case, or of a person's office under a secret address."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from icalendar import Alarm, Calendar, Event
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from experiments.lifecycle import Actor
from experiments.orm import Base, Identified
from sandbox import ledger
from sandbox.accounts import Person
from sandbox.clocks.models import Clock
from sandbox.confirmations.models import Confirmation
from sandbox.exemptions.models import Exemption

TOKEN_BYTES = 24
MOST_CLOCKS = 100
REMINDER = timedelta(days=-3)
PRODUCT = "-//sandbox//statutory time limits//KO"


class CalendarFeed(Identified, Base):
    """A secret address under which a person's calendar reads the due dates of their office."""

    __tablename__ = "calendar_feed"

    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    opened_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


def open_feed(session: Session, *, by: Actor, at: datetime) -> str:
    """A new secret for this person; the one before stops to work. Only its hash is kept."""
    revoke_feed(session, by=by, at=at)
    assert by.person_id is not None  # only people have calendars
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(CalendarFeed(person_id=by.person_id, token_hash=_hash(token), opened_at=at))
    ledger.append(session, act="calendar.open", subject=f"person:{by.person_id}", by=by, at=at)
    return token


def revoke_feed(session: Session, *, by: Actor, at: datetime) -> None:
    """Close this person's address, if there is one."""
    feed = feed_of(session, by)
    if feed is not None:
        feed.revoked_at = at
        ledger.append(session, act="calendar.revoke", subject=f"person:{by.person_id}", by=by, at=at)


def feed_of(session: Session, actor: Actor) -> CalendarFeed | None:
    """The address that this person has open."""
    return session.scalar(
        select(CalendarFeed).where(
            CalendarFeed.person_id == actor.person_id, CalendarFeed.revoked_at.is_(None)
        )
    )


def reader(session: Session, token: str) -> Actor | None:
    """Whose calendar reads with `token`: nobody's once it was revoked or the account closed."""
    feed = session.scalar(
        select(CalendarFeed).where(CalendarFeed.token_hash == _hash(token), CalendarFeed.revoked_at.is_(None))
    )
    return feed.person.actor if feed is not None and feed.person.disabled_at is None else None


def clocks_of_office(session: Session, actor: Actor) -> list[Clock]:
    """The running clocks that this person's office has to meet, or leads the case of; soonest due first.

    At most `MOST_CLOCKS`, those that stand still last: whoever has more does what is due first, first.
    """
    office = actor.organisation_id
    led = select(Clock).join(Exemption, Exemption.id == Clock.exemption_id)
    led_confirmations = select(Clock).join(Confirmation, Confirmation.id == Clock.confirmation_id)
    # One question for each way to have to do with a clock: each can follow an index, all together cannot.
    ways = (
        select(Clock).where(Clock.owed_by_id == office),
        led.where(Exemption.lead_id == office),
        led_confirmations.where(Confirmation.lead_id == office),
    )
    found: dict[int, Clock] = {}
    for due in (Clock.due_on.is_not(None), Clock.due_on.is_(None)):
        if len(found) >= MOST_CLOCKS:
            break
        for way in ways:
            query = way.where(Clock.ended_on.is_(None), due).order_by(Clock.due_on, Clock.id)
            rows = session.scalars(query.limit(MOST_CLOCKS).options(joinedload(Clock.owed_by)))
            found |= {clock.id: clock for clock in rows}
    return sorted(found.values(), key=lambda clock: (clock.due_on or date.max, clock.id))[:MOST_CLOCKS]


def calendar_of(clocks: Iterable[Clock], *, titles: dict[int, str], name: str, at: datetime) -> bytes:
    """An iCalendar (RFC 5545) with a whole-day entry and a reminder for each due date.

    titles: what the entry of a clock is called, by the clock's id.
    """
    feed = Calendar()
    feed.add("prodid", PRODUCT)
    feed.add("version", "2.0")
    feed.add("x-wr-calname", name)
    for clock in clocks:
        if clock.due_on is not None:
            feed.add_component(_entry(clock, titles[clock.id], at))
    return bytes(feed.to_ical())


def _entry(clock: Clock, title: str, at: datetime) -> Event:
    assert clock.due_on is not None
    entry = Event()
    # The same entry at every reading, so that a date that moved moves in the calendar too.
    entry.add("uid", f"clock-{clock.id}@{clock.regime_id}")
    entry.add("dtstamp", at)
    entry.add("dtstart", clock.due_on)
    entry.add("dtend", clock.due_on + timedelta(days=1))
    entry.add("summary", title)
    entry.add("transp", "TRANSPARENT")
    reminder = Alarm()
    reminder.add("action", "DISPLAY")
    reminder.add("description", title)
    reminder.add("trigger", REMINDER)
    entry.add_component(reminder)
    return entry


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
