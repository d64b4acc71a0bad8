"""Windows of a condition: from one due day to the next, cut by version and by the pilot's own days."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.conditions.models import Duty, Frequency, Terms
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import PILOT

WEEK = timedelta(days=7)
ONE_DAY = timedelta(days=1)
MONTHS = {Frequency.MONTHLY: 1, Frequency.QUARTERLY: 3}
ENDS = frozenset({"finish", "stop", "revoke", "conclude"})


@dataclass(frozen=True)
class Window:
    """One window of one version, both days included; it is due on its last day."""

    terms: Terms
    first_day: date
    due_on: date


def operating_days(pilot: Pilot) -> tuple[date, date] | None:
    """First and last day of operation, by the pilot's zone; None before the start.

    The last day is the granted one, or the day on which the pilot ended before.
    """
    zone = ZoneInfo(pilot.site.territory.zone)
    past = PILOT.past(pilot)
    started = next((row.at for row in past if row.verb == "start"), None)
    granted_from, granted_to = pilot.exemption.granted_from, pilot.exemption.granted_to
    if started is None or granted_from is None or granted_to is None:
        return None
    ended = [_day(row.at, zone) for row in past if row.verb in ENDS]
    return max(_day(started, zone), granted_from), min([granted_to, *ended])


def windows(duty: Duty, days: tuple[date, date]) -> Iterator[Window]:
    """Every window that falls due within the operating `days`, oldest first."""
    begin, end = days
    for terms, until in zip(duty.versions, [v.valid_from for v in duty.versions[1:]] + [None], strict=True):
        last = end if until is None else min(end, until - ONE_DAY)
        before = begin - ONE_DAY
        for due_on in _due_days(terms, last):
            if due_on < max(begin, terms.valid_from):
                continue
            first = max(begin, before + ONE_DAY, _previous(terms, due_on) + ONE_DAY)
            yield Window(terms, first, due_on)
            before = due_on


def _due_days(terms: Terms, last: date) -> Iterator[date]:
    """The due days up to `last`; those of months keep the day of the first one as far as they can."""
    position, due_on = 0, terms.first_due_on
    while due_on <= last:
        yield due_on
        if terms.frequency == Frequency.ONCE:
            return
        position += 1
        due_on = _moved(terms, terms.first_due_on, position)


def _previous(terms: Terms, due_on: date) -> date:
    """The due day before; what falls due once looks back to the start."""
    if terms.frequency == Frequency.ONCE:
        return date.min
    if terms.frequency == Frequency.WEEKLY:
        return due_on - WEEK
    return _shifted(due_on, -MONTHS[Frequency(terms.frequency)], terms.first_due_on.day)


def _moved(terms: Terms, first: date, position: int) -> date:
    if terms.frequency == Frequency.WEEKLY:
        return first + position * WEEK
    return _shifted(first, position * MONTHS[Frequency(terms.frequency)], first.day)


def _shifted(day: date, months: int, wanted: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(wanted, monthrange(year, month + 1)[1]))


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()
