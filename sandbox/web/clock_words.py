"""Statutory time limits in the reader's words: what happened to a clock, and how it stands."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext, lazy_gettext, ngettext

from sandbox.clocks.arithmetic import Day, Derivation, Why
from sandbox.clocks.holidays import SATURDAY, SUNDAY
from sandbox.clocks.models import Clock, EventKind
from sandbox.clocks.rules import ClockRule, Count, Direction, Lapse, Length, Unit
from sandbox.web.filters import day as shown
from sandbox.web.filters import pick

_ = lazy_gettext

EVENTS = {
    "started": _("Started"),
    "stopped": _("Stopped"),
    "resumed": _("Resumed"),
    "extended": _("Extended"),
    "lapsed": _("Lapsed"),
    "ended": _("Ended"),
    "voided": _("Ended with the case"),
}
LAPSES = {
    "deemed_not_required": _("By law, silence means that no permit is needed."),
    "escalate": _("The case is brought before the lead ministry. Silence is not consent."),
    "overdue": _("The act is overdue and shown as such."),
    "revocation_ground": _(
        "It becomes a ground on which the exemption may be revoked; nothing is revoked by itself."
    ),
    "right_lost": _("The right to file is lost."),
    "fine_risk": _("A fine may be imposed."),
    "measure": _("Further measures may follow."),
    "not_before": _("The next step may not be taken before this day has passed."),
}
# Why the service itself stops or ends clocks; reasons that people give stay as they wrote them.
REASONS = {
    "The period ends on another day.": _("The period ends on another day."),
    "The pilot has ended.": _("The pilot has ended."),
    "The exemption has been revoked.": _("The exemption has been revoked."),
    "The pilot has been converted.": _("The pilot has been converted."),
    "The agencies asked have their own time.": _("The agencies asked have their own time."),
    "The pilot has been stopped.": _("The pilot has been stopped."),
}
COUNTS = {
    Count.CIVIL: _(
        "The first day is left out; a last day on a Saturday or public holiday moves to the next working day "
        "(Civil Act Art. 157, 161)."
    ),
    Count.PETITION: _(
        "The first day counts; Saturdays and public holidays do not (Civil Petitions Treatment Act Art. 19)."
    ),
}
WEEKDAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
DUE_SOON_DAYS = 7


def event(kind: str) -> str:
    return str(EVENTS[kind])


def reason(text: str | None) -> str:
    """Why something happened to a clock; empty where nothing was said."""
    return str(REASONS.get(text or "", text or ""))


def on_lapse(rule: ClockRule) -> str:
    return str(LAPSES[rule.on_lapse])


def counting(rule: ClockRule) -> str:
    """How days are counted, in a sentence; of a clock that precedes an event, that neither day counts."""
    if rule.direction is Direction.BEFORE:
        return gettext("The whole period lies between the act and the event; neither day counts.")
    return str(COUNTS[rule.count])


def length(value: Length) -> str:
    if value.unit is Unit.DAY:
        return ngettext("%(num)s day", "%(num)s days", value.value)
    if value.unit is Unit.MONTH:
        return ngettext("%(num)s month", "%(num)s months", value.value)
    return ngettext("%(num)s year", "%(num)s years", value.value)


def weekday(day: date) -> str:
    return str(WEEKDAYS[day.weekday()])


def dated(day: date) -> str:
    """A day with its weekday."""
    return f"{shown(day)} ({weekday(day)})"


def stretch(days: list[Day]) -> str:
    """A run of days of one kind, as a line of the derivation."""
    first, last = days[0], days[-1]
    if first.why is Why.COUNTED:
        return gettext("Days %(first)s to %(last)s count", first=first.number, last=last.number)
    if first.why is Why.STANDING_STILL:
        count = len(days)
        return ngettext(
            "%(num)s day on which the clock stands still",
            "%(num)s days on which the clock stands still",
            count,
        )
    if first.why is Why.START:
        return gettext("First day, left out")
    reason = off(first)
    if first.why is not Why.MOVED_ON:
        return gettext("Does not count: %(reason)s", reason=reason)
    if reason:
        return gettext("Moved on to this day: %(reason)s", reason=reason)
    return gettext("Moved on to this day")


def off(day: Day) -> str:
    """Why offices are closed on `day`; empty where they are open."""
    if day.holiday is not None:
        return pick(day.holiday, "name")
    return str({SATURDAY: gettext("Saturday"), SUNDAY: gettext("Sunday")}.get(day.on.weekday(), ""))


def standing(clock: Clock, today: date) -> tuple[str, str]:
    """(label, tone) of how a clock stands today."""
    if clock.events and clock.events[-1].kind == EventKind.VOIDED:
        never_filed = clock.rule.on_lapse is Lapse.RIGHT_LOST
        return (gettext("Passed without an application") if never_filed else event("voided")), "neutral"
    if clock.ended_on is not None and clock.lapsed_on is not None:
        return gettext("Ended late"), "warning"
    if clock.ended_on is not None:
        return gettext("Ended in time"), "success"
    if clock.due_on is None:
        return gettext("Stands still"), "information"
    left = (clock.due_on - today).days
    if left < 0:
        return ngettext("%(num)s day overdue", "%(num)s days overdue", -left), "danger"
    if left == 0:
        return gettext("Due today"), "warning"
    tone = "warning" if left <= DUE_SOON_DAYS else "neutral"
    return ngettext("%(num)s day left", "%(num)s days left", left), tone


def conclusion(derivation: Derivation) -> str:
    """Which of the limits sets the due date."""
    due = derivation.due_on
    if due is None:
        return gettext("The clock stands still: there is no due date until it runs on.")
    if derivation.is_capped and derivation.stands_still:
        return gettext("The clock stands still; the longest period allowed ends on %(day)s.", day=dated(due))
    if derivation.is_capped:
        return gettext("The longest period allowed ends first: %(day)s.", day=dated(due))
    if derivation.nominal_on is not None and derivation.nominal_on != due:
        return gettext(
            "The last day would be %(nominal)s; offices are closed, so it is %(day)s.",
            nominal=dated(derivation.nominal_on),
            day=dated(due),
        )
    return gettext("The last day is %(day)s.", day=dated(due))
