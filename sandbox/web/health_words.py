"""What troubles of data are called, how they are told, and what may be done about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from experiments.collection.quality import Trouble
from sandbox.data_health import ASYMMETRY

_ = lazy_gettext

TROUBLES = {
    Trouble.SILENT: (_("No reading ever"), "danger"),
    Trouble.STALE: (_("Readings stopped"), "danger"),
    Trouble.UNIT_CHANGE: (_("Unit seems changed"), "danger"),
    Trouble.LEVEL_SHIFT: (_("Level shifted with the device"), "warning"),
    Trouble.GAPS: (_("Gaps"), "warning"),
    Trouble.FLAT_LINE: (_("Stuck at one value"), "warning"),
    Trouble.OUTLIERS: (_("Outliers"), "warning"),
    Trouble.LATE: (_("Often late"), "neutral"),
    Trouble.REVISED: (_("Often corrected"), "neutral"),
    ASYMMETRY: (_("Treated and control differ"), "danger"),
}

LABELS = {
    "district": _("District"),
    "changed_at": _("When it was changed"),
    "description": _("What was changed"),
}


# By the length of the periods: what a calendar of readings is called, and its periods.
CALENDARS = {
    "hour": (_("Readings by hour: %(metric)s"), _("Hour")),
    "day": (_("Readings by day: %(metric)s"), _("Day")),
    "week": (_("Readings by week: %(metric)s"), _("Week")),
    "month": (_("Readings by month: %(metric)s"), _("Month")),
    "year": (_("Readings by year: %(metric)s"), _("Year")),
}


def calendar_title(period: str, metric: str) -> str:
    return str(CALENDARS[period][0]) % {"metric": metric}


def period(code: str) -> str:
    return str(CALENDARS[code][1])


def trouble(code: str) -> tuple[str, str]:
    """(label, tone) of a trouble."""
    label, tone = TROUBLES[code]
    return str(label), tone


def told(code: str, detail: Mapping[str, Any]) -> str:
    """The details of an alert in a sentence."""
    if code == ASYMMETRY:
        chance = "" if detail["p_value"] is None else f" (p = {detail['p_value']:.3f})"
        return gettext(
            "%(metric)s: the shares of readings in treated and control districts differ by "
            "%(size)s percentage points%(chance)s. An estimate would be flagged.",
            metric=detail["metric"],
            size=f"{100 * abs(detail['difference']):.1f}",
            chance=chance,
        )
    named = ", ".join(detail["series"][:8])
    more = detail["count"] - min(8, len(detail["series"]))
    return gettext(
        "%(count)s of %(of)s series: %(named)s", count=detail["count"], of=detail["of"], named=named
    ) + (f" (+{more})" if more > 0 else "")
