"""From a rule and what happened to a due date, day by day, so that anyone can follow it.

A day counts when the clock runs at its end: the day of a stop does not, the day of the resumption
does. So a clock always gives as many days as its rule says, however often it was stopped.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sandbox.clocks.holidays import SATURDAY, SUNDAY, Holiday, WorkingDays
from sandbox.clocks.rules import Bound, ClockRule, Count, Direction, Unit

DAY = timedelta(days=1)
MOST_DAYS = 20_000
"""Days looked at before a calendar without working days is called broken."""


class Why(StrEnum):
    """What a day is to the clock."""

    START = "start"
    COUNTED = "counted"
    STANDING_STILL = "standing_still"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    HOLIDAY = "holiday"
    MOVED_ON = "moved_on"


@dataclass(frozen=True)
class Standstill:
    """The clock stands still from the day of the stop until the day before it resumes; None: still does."""

    stopped_on: date
    resumed_on: date | None

    def covers(self, day: date) -> bool:
        """Whether the clock stands still at the end of `day`."""
        return self.stopped_on <= day and (self.resumed_on is None or day < self.resumed_on)


@dataclass(frozen=True)
class Day:
    """One day of the count: its number if it counts, and the holiday that it is."""

    on: date
    why: Why
    number: int | None = None
    holiday: Holiday | None = None


@dataclass(frozen=True)
class Derivation:
    """How a due date came about.

    days        every day looked at, for a clock in days; else empty. They end where the clock stands still
    net_due_on  by the rule's length, standstills left out; None while the clock stands still
    cap_due_on  by the gross cap; None where the rule has none
    due_on      the earlier of the two; for a rule that says "not before", the last day that must have passed
    nominal_on  the last day before Saturdays and holidays moved it
    """

    rule: ClockRule
    started_on: date
    extensions: int
    standstills: tuple[Standstill, ...]
    days: tuple[Day, ...]
    nominal_on: date | None
    net_due_on: date | None
    cap_due_on: date | None

    @property
    def due_on(self) -> date | None:
        known = [day for day in (self.net_due_on, self.cap_due_on) if day is not None]
        return min(known, default=None)

    @property
    def is_capped(self) -> bool:
        """Whether the cap, not the net length, sets the due date."""
        return self.cap_due_on is not None and self.due_on == self.cap_due_on != self.net_due_on

    @property
    def stands_still(self) -> bool:
        return any(each.resumed_on is None for each in self.standstills)


def derive(
    rule: ClockRule,
    started_on: date,
    working_days: WorkingDays,
    *,
    standstills: Sequence[Standstill] = (),
    extensions: int = 0,
) -> Derivation:
    """The due date of `rule` from `started_on` (for a backward rule: from the day it precedes).

    Standstills may overlap or touch; they are taken as the union of their days. ValueError: a
    standstill or an extension that the rule does not know.
    """
    if standstills and not rule.stops:
        raise ValueError(f"{rule.id} cannot be stopped")
    if extensions and (rule.extension is None or extensions > rule.extension.times):
        raise ValueError(f"{rule.id} cannot be extended {extensions} times")
    more = 0 if rule.extension is None else extensions * rule.extension.length.value
    days: tuple[Day, ...] = ()
    nominal: date | None
    net: date | None
    cap = None
    if rule.direction is Direction.BEFORE:
        nominal = net = _before(rule, started_on)
    elif rule.length.unit is not Unit.DAY:
        nominal = _months_after(started_on, rule.length.months + _in_months(rule, extensions))
        net = _moved_on(nominal, rule, working_days)
    else:
        days = tuple(_count(rule, started_on, rule.length.value + more, working_days, standstills))
        counted = [day for day in days if day.number is not None]
        whole = bool(counted) and counted[-1].number == rule.length.value + more
        nominal = counted[-1].on if whole else None
        net = days[-1].on if whole else None
        if rule.gross_cap is not None:
            cap = _last(rule, started_on, rule.gross_cap.value + more, working_days)
            days = tuple(day for day in days if day.on <= cap)
    return Derivation(rule, started_on, extensions, tuple(standstills), days, nominal, net, cap)


def _count(
    rule: ClockRule,
    started_on: date,
    length: int,
    working_days: WorkingDays,
    standstills: Sequence[Standstill],
) -> Iterator[Day]:
    """Day after day until `length` of them counted, and on to a working day; or until it stands still."""
    number, day = 0, started_on
    if rule.count is Count.CIVIL:
        yield Day(day, Why.START, holiday=working_days.holiday(day))
        day += DAY
    for _ in range(MOST_DAYS):
        holiday = working_days.holiday(day)
        still = [each for each in standstills if each.covers(day)]
        if still:
            yield Day(day, Why.STANDING_STILL, holiday=holiday)
            if any(each.resumed_on is None for each in still):
                return
        elif rule.count is Count.PETITION and (off := _off(day, holiday)):
            yield Day(day, off, holiday=holiday)
        else:
            number += 1
            yield Day(day, Why.COUNTED, number, holiday)
            if number == length:
                break
        day += DAY
    else:
        raise ValueError("no working day in sight")
    if rule.count is Count.CIVIL and rule.bound is Bound.LATEST:
        yield from _on_to_a_working_day(day, working_days)


def _off(day: date, holiday: Holiday | None) -> Why | None:
    if holiday is not None:
        return Why.HOLIDAY
    return {SATURDAY: Why.SATURDAY, SUNDAY: Why.SUNDAY}.get(day.weekday())


def _on_to_a_working_day(day: date, working_days: WorkingDays) -> Iterator[Day]:
    """The days by which a last day on a Saturday or holiday moves on (Civil Act Art. 161)."""
    for _ in range(MOST_DAYS):
        if working_days.works(day):
            return
        day += DAY
        yield Day(day, Why.MOVED_ON, holiday=working_days.holiday(day))
    raise ValueError("no working day in sight")


def _last(rule: ClockRule, started_on: date, length: int, working_days: WorkingDays) -> date:
    return list(_count(rule, started_on, length, working_days, ()))[-1].on


def _in_months(rule: ClockRule, extensions: int) -> int:
    return 0 if rule.extension is None else extensions * rule.extension.length.months


def _months_after(started_on: date, months: int) -> date:
    """The last day of a period in months that leaves its first day out (Civil Act Art. 157, 160).

    It ends on the day before the one that corresponds to its first day; where the month has no such
    day, on the month's last.
    """
    first = started_on + DAY
    corresponding = shifted(first, months)
    return corresponding - DAY if corresponding.day == first.day else corresponding


def _before(rule: ClockRule, event_on: date) -> date:
    """The last day that lies the whole period ahead of `event_on`, which itself does not count.

    Counting back, the day before the event is the first; the act must be done before the period
    begins. A holiday does not move the day: forward would shorten the period, and the law does not
    ask for more than it.
    """
    if rule.length.unit is Unit.DAY:
        return event_on - DAY * (rule.length.value + 1)
    return shifted(event_on, -rule.length.months) - DAY


def _moved_on(day: date, rule: ClockRule, working_days: WorkingDays) -> date:
    if rule.bound is Bound.EARLIEST:
        return day
    return [day, *(each.on for each in _on_to_a_working_day(day, working_days))][-1]


def shifted(day: date, months: int) -> date:
    """The same day of the month so many months on or back, or the month's last day where it has none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
