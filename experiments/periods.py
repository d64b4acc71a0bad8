"""Periods of the calendar, cut in the local time of a territory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from experiments.collection.models import from_microseconds, to_microseconds

HOUR_IN_MICROSECONDS = 3_600_000_000


class PeriodKind(StrEnum):
    """Length of a period. Weeks are ISO weeks and begin on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True)
class Calendar:
    """Consecutive periods: `labels` (n), their first days (n + 1) and instants (n + 1, microseconds UTC).

    Period i covers `edges[i] <= instant < edges[i + 1]`; days of 23 and 25 hours are whole days, and
    hours are those of the clock on the wall: the one that comes twice is two periods, told apart by
    their offset. The day of an hour is the local one.
    """

    labels: tuple[str, ...]
    first_days: tuple[date, ...]
    edges: npt.NDArray[np.int64]

    def expected(self, cadence: str | None) -> npt.NDArray[np.int64]:
        """Readings expected in each period at `cadence` (hour, day, week, month, year), at least one."""
        if cadence is None:
            return np.ones(len(self.labels), dtype=np.int64)
        if cadence == PeriodKind.HOUR:
            begun = self.edges // HOUR_IN_MICROSECONDS
        else:
            numbers = [_number(PeriodKind(cadence), day) for day in self.first_days]
            begun = np.array(numbers, dtype=np.int64)
        return np.maximum(np.diff(begun), np.int64(1))


def calendar(kind: str, first: date, last: date, zone: str) -> Calendar:
    """The periods from the one that holds `first` to the one that holds `last`, inclusive."""
    if last < first:
        raise ValueError(f"the last day {last} is before the first day {first}")
    step = PeriodKind(kind)
    if step is PeriodKind.HOUR:
        return _hours(first, last, ZoneInfo(zone))
    days = [_begin(step, first)]
    while days[-1] <= last:
        days.append(_next(step, days[-1]))
    local = ZoneInfo(zone)
    edges = [to_microseconds(datetime(day.year, day.month, day.day, tzinfo=local)) for day in days]
    return Calendar(
        tuple(label(step, day) for day in days[:-1]), tuple(days), np.array(edges, dtype=np.int64)
    )


def _hours(first: date, last: date, zone: ZoneInfo) -> Calendar:
    """Every hour from the beginning of `first` to the end of `last`."""
    begin, end = (
        to_microseconds(datetime(day.year, day.month, day.day, tzinfo=zone))
        for day in (first, last + timedelta(days=1))
    )
    # Where a zone shifts by half an hour the day's last period is a short one.
    edges = np.append(np.arange(begin, end, HOUR_IN_MICROSECONDS, dtype=np.int64), np.int64(end))
    begins = [from_microseconds(edge).astimezone(zone) for edge in edges.tolist()]
    labels = tuple(begin.isoformat(timespec="minutes") for begin in begins[:-1])
    return Calendar(labels, tuple(begin.date() for begin in begins), edges)


def label(kind: str, day: date) -> str:
    """The label of the period that holds `day`: 2026-03-01, 2026-W09, 2026-03 or 2026.

    Of hours, of which a day holds many: the day, which sorts before their labels.
    """
    match PeriodKind(kind):
        case PeriodKind.HOUR | PeriodKind.DAY:
            return day.isoformat()
        case PeriodKind.WEEK:
            year, week, _ = day.isocalendar()
            return f"{year:04d}-W{week:02d}"
        case PeriodKind.MONTH:
            return f"{day.year:04d}-{day.month:02d}"
        case PeriodKind.YEAR:
            return f"{day.year:04d}"


def _begin(kind: PeriodKind, day: date) -> date:
    match kind:
        case PeriodKind.HOUR | PeriodKind.DAY:
            return day
        case PeriodKind.WEEK:
            return day - timedelta(days=day.weekday())
        case PeriodKind.MONTH:
            return day.replace(day=1)
        case PeriodKind.YEAR:
            return day.replace(month=1, day=1)


def _next(kind: PeriodKind, begin: date) -> date:
    match kind:
        case PeriodKind.HOUR | PeriodKind.DAY:
            return begin + timedelta(days=1)
        case PeriodKind.WEEK:
            return begin + timedelta(days=7)
        case PeriodKind.MONTH:
            return _begin(kind, begin + timedelta(days=31))
        case PeriodKind.YEAR:
            return begin.replace(year=begin.year + 1)


def _number(kind: PeriodKind, day: date) -> int:
    """How many periods of `kind` have begun before `day`, counted from year 1."""
    match kind:
        case PeriodKind.HOUR | PeriodKind.DAY:
            return day.toordinal()
        case PeriodKind.WEEK:
            # Day 1 of year 1 was a Monday.
            return -(-(day.toordinal() - 1) // 7)
        case PeriodKind.MONTH:
            return 12 * day.year + day.month - (day.day == 1)
        case PeriodKind.YEAR:
            return day.year - (day.month == 1 and day.day == 1)
