"""Lengths of time as people write them: "15 min", "6 h", "7 d", in Korean too."""

from __future__ import annotations

import re

from flask_babel import gettext

_WRITTEN = re.compile(r"([+-]?\d{1,12})\s*([^\W\d_]*)\.?")
_SECONDS_OF = {
    1: ("", "s", "sec", "second", "seconds", "초"),
    60: ("min", "minute", "minutes", "분"),
    3_600: ("h", "hour", "hours", "시간"),
    86_400: ("d", "day", "days", "일"),
    604_800: ("w", "week", "weeks", "주"),
}
_UNITS = {unit: seconds for seconds, units in _SECONDS_OF.items() for unit in units}


def seconds(text: str) -> int | None:
    """The seconds that `text` says (a bare number is seconds); None where it says none."""
    written = _WRITTEN.fullmatch(text.strip().lower())
    if written is None or written[2] not in _UNITS:
        return None
    return int(written[1]) * _UNITS[written[2]]


def shown(length: int) -> str:
    """`length` seconds in the largest unit that leaves nothing over, as `seconds` reads it."""
    if length and length % 86_400 == 0:
        return gettext("%(count)s d", count=length // 86_400)
    if length and length % 3_600 == 0:
        return gettext("%(count)s h", count=length // 3_600)
    if length and length % 60 == 0:
        return gettext("%(count)s min", count=length // 60)
    return gettext("%(count)s s", count=length)
