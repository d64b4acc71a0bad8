"""Instants as tables and devices write them.

ISO 8601 in its long and short forms, a blank for the T, a comma before the fraction, days alone, and
24:00 for the midnight that ends a day, as Korean hourly tables have it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from experiments.collection.connectors.ngsi_ld_instants import EARLIEST, LATEST, bounded
from experiments.collection.models import EPOCH, to_microseconds

_WRITTEN = re.compile(
    r"(\d{4})([-./]?)(\d\d)\2(\d\d)(?:[T ]?(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?)?"
    r"\s?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000}


@lru_cache(maxsize=65_536)
def instant_of(text: str, zone: str, written: str | None = None) -> int:
    """Microseconds since the epoch, `bounded`; without an offset the local time of `zone` is meant.

    `written` is `epoch_s`, `epoch_ms`, a format of strptime, or None for the forms above. ValueError
    for what is no instant. Rows share their instants, so that most calls are answered from the cache.
    """
    text = text.strip()
    if written in _EPOCHS:
        return bounded(int(text) * _EPOCHS[written])
    # A format may name an offset; without one the zone is put in below.
    moment, days = (datetime.strptime(text, written), 0) if written else _iso(text)  # noqa: DTZ007
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    # Days are added to the local time: the midnight after a day of 23 hours is a midnight.
    try:
        return bounded(to_microseconds((moment + timedelta(days=days)).astimezone(UTC)))
    except OverflowError:
        return bounded(EARLIEST - 1 if moment.year < 1900 else LATEST)


def local(microseconds: int, zone: str) -> datetime:
    """The instant in the local time of `zone`."""
    return (EPOCH + timedelta(microseconds=microseconds)).astimezone(ZoneInfo(zone))


def _iso(text: str) -> tuple[datetime, int]:
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is no instant")
    year, _, month, day, hour, minute, second, fraction, offset = found.groups()
    hours, minutes, seconds = (int(part or 0) for part in (hour, minute, second))
    ends_the_day = (hours, minutes, seconds) == (24, 0, 0)
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    hours = 0 if ends_the_day else hours
    # The zone is put in by the caller where no offset is written.
    moment = datetime(int(year), int(month), int(day), hours, minutes, seconds, micros)  # noqa: DTZ001
    if offset:
        zone = datetime.strptime("+0000" if offset == "Z" else offset.replace(":", ""), "%z").tzinfo
        moment = moment.replace(tzinfo=zone)
    return moment, int(ends_the_day)
