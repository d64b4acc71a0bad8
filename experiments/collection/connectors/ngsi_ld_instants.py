"""Instants as the NGSI-LD temporal API writes them (ETSI GS CIM 009, clause 4.6.3), one or very many."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from experiments.collection.models import to_microseconds

INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_INSTANT = re.compile(INSTANT, re.ASCII)
_PARTS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,](\d{1,9}))?(?:Z|[+-]\d\d:?\d\d)", re.ASCII)
_DIGITS = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18)
# Century, year, month, day, hour, minute, second; what lies outside is left to the parser of one text.
_LOWEST = np.array([[1], [0], [1], [1], [0], [0], [0]], dtype=np.uint8)
_REACH = np.array([[99], [99], [12], [31], [23], [59], [59]], dtype=np.uint8) - _LOWEST
# Microseconds of the digits of a fraction; as in `datetime.fromisoformat` those beyond count for nothing.
_FRACTION = (100_000, 10_000, 1_000, 100, 10, 1)
_MOST_KNOWN = 65_536
_EPOCH_MONTH = 1970 * 12 + 1
# From so many on reading them as columns of digits is faster than asking for what is known, one by one.
_MANY = 200
# From so many on that is faster for instants never seen, with remembering them.
_SOME = 40

# What lies outside is a slip of a clock or of a program, in microseconds since the epoch.
EARLIEST = to_microseconds(datetime(1900, 1, 1, tzinfo=UTC))
LATEST = to_microseconds(datetime(2200, 1, 1, tzinfo=UTC))

IntArray = npt.NDArray[np.int64]


def instant(text: str, zone: str | None) -> int:
    """Microseconds since the epoch, `bounded`. Without an offset `zone` is meant; ValueError where there is
    none, and for what is no instant; TypeError for what is no text."""
    return _known_instants(zone)[text]


def is_sensible(at: int) -> bool:
    """Whether an instant (microseconds since the epoch) lies in the years from 1900 to 2199."""
    return EARLIEST <= at < LATEST


def bounded(at: int) -> int:
    """`at`, or the nearest instant outside the years from 1900 to 2199 where it lies outside them.

    Every window lies inside those years, so that a page with such an instant is read like any other, and
    what came with it is left out as not asked for.
    """
    return min(max(at, EARLIEST - 1), LATEST)


def instants(texts: Sequence[str], zone: str | None) -> IntArray:
    """`instant` of every one of n texts: (n,). The same errors."""
    known = _known_instants(zone)
    is_new = len(texts) >= _SOME and texts[0] not in known
    found = _columns(texts) if is_new or len(texts) >= _MANY else None
    if found is None:
        return np.array(list(map(known.__getitem__, texts)), dtype=np.int64)
    if len(texts) < _MANY:
        known.learn(texts, found)
    return found


class _Instants(dict[str, int]):
    """Written instant -> microseconds in one zone. Districts share their instants, so that most are known."""

    def __init__(self, zone: str | None) -> None:
        super().__init__()
        self._zone = zone

    def learn(self, texts: Sequence[str], found: IntArray) -> None:
        """Keep what was read all at once."""
        if len(self) + len(texts) > _MOST_KNOWN:
            self.clear()
        self.update(zip(texts, found.tolist(), strict=True))

    def __missing__(self, text: str) -> int:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        at = self[text] = _parsed(text, self._zone)
        return at


@cache
def _known_instants(zone: str | None) -> _Instants:
    return _Instants(zone)


def _parsed(text: str, zone: str | None) -> int:
    if not _INSTANT.fullmatch(text):
        raise ValueError(text)
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        if zone is None:
            raise ValueError(f"{text} has no offset")
        parsed = parsed.replace(tzinfo=ZoneInfo(zone))
    return bounded(to_microseconds(parsed))


def _columns(texts: Sequence[str]) -> IntArray | None:
    """The instants where all are written like the first, with the same offset; None where they are not, or
    one of them is no instant."""
    like = _PARTS.fullmatch(texts[0])
    joined = "\n".join(texts) + "\n"
    size = len(texts[0]) + 1
    if like is None or len(joined) != size * len(texts) or not joined.isascii():
        return None
    # One row per place in the text, the last for the ends of lines: numpy runs along rows.
    places = np.frombuffer(joined.encode(), dtype=np.uint8).reshape(len(texts), size).T.copy()
    digits, others = _layout(size, like.span(1))
    numbers = places[digits] - np.uint8(ord("0"))
    if numbers.max() > 9 or (places[others] != places[others, :1]).any():
        return None
    pairs = numbers[0:14:2] * np.uint8(10) + numbers[1:14:2]
    # Below the lowest the difference is that of an unsigned byte, which is large.
    if (pairs - _LOWEST > _REACH).any():
        return None
    century, year, month, day, hour, minute, second = pairs.astype(np.int64)
    months = century * 1200 + year * 12 + month
    earliest = int(months.min())
    first_days = _first_days(earliest, int(months.max()) + 2)
    months -= earliest
    days = first_days[months] + day - 1
    if (days >= first_days[months + 1]).any():
        return None
    at: IntArray = ((days * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000
    for worth, figures in zip(_FRACTION, numbers[14:], strict=False):
        at += figures.astype(np.int64) * worth
    return np.clip(at - _offset(texts[0]), EARLIEST - 1, LATEST)


@cache
def _layout(size: int, fraction: tuple[int, int]) -> tuple[list[int], list[int]]:
    """At which places digits stand, those of the fraction last, and at which everything else does."""
    digits = [*_DIGITS, *range(*fraction)]
    return digits, [place for place in range(size) if place not in digits]


def _first_days(earliest: int, end: int) -> IntArray:
    """Days from the epoch to the first of every month from `earliest` to before `end`; December of the
    year before 1 is month 0."""
    months = np.arange(earliest - _EPOCH_MONTH, end - _EPOCH_MONTH).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)


def _offset(text: str) -> int:
    offset = datetime.fromisoformat(text).utcoffset() or timedelta()
    return offset // timedelta(microseconds=1)
