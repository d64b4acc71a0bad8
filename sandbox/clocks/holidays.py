"""Which days are no working days in Korea: weekends, public holidays and their substitutes.

The days come from the `holidays` library; an administrator can add one that was proclaimed since
(a temporary holiday, an election) or take one out, each with a reason. They are kept in Korean and English.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import holidays

SATURDAY, SUNDAY = 5, 6
FIRST_YEAR, LAST_YEAR = 2000, 2100
LANGUAGES = ("ko", "en_US")


@dataclass(frozen=True)
class Holiday:
    """A public holiday by its names."""

    name_ko: str
    name_en: str


@dataclass(frozen=True)
class WorkingDays:
    """The calendar of one country with `changes`: a day -> a holiday, or None where it is none."""

    country: str = "KR"
    changes: Mapping[date, Holiday | None] = field(default_factory=dict)

    def holiday(self, day: date) -> Holiday | None:
        """The public holiday that `day` is; weekends are none by themselves."""
        if day in self.changes:
            return self.changes[day]
        return public_holidays(self.country, day.year).get(day)

    def works(self, day: date) -> bool:
        """Whether offices are open: neither weekend nor public holiday."""
        return day.weekday() < SATURDAY and self.holiday(day) is None


@lru_cache(maxsize=256)
def public_holidays(country: str, year: int) -> Mapping[date, Holiday]:
    """The public holidays of a year, substitutes among them; none outside the years that are known."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return {}
    korean, english = (
        holidays.country_holidays(country, years=year, language=language) for language in LANGUAGES
    )
    return {day: Holiday(korean[day], english[day]) for day in korean}
