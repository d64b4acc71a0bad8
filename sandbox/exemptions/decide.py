"""The decider's act on an application: grant with conditions and a period, or refuse."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from experiments.errors import Invalid
from experiments.fields import Prose, Whole
from experiments.lifecycle import Actor
from sandbox.clocks import running
from sandbox.exemptions.models import Exemption, Resolution, condition_document
from sandbox.exemptions.table import EXEMPTION, record


class GrantSchema(Schema):
    """A grant: both days belong to the period; conditions by id out of those asked for."""

    granted_from = fields.Date(required=True)
    granted_to = fields.Date(required=True)
    conditions = fields.List(Whole(), load_default=list)
    reason = Prose(required=True, longest=4000)
    against = Prose(load_default="", blank=True, longest=4000)


class RefusalSchema(Schema):
    """A refusal, or that no exemption is needed; `against`: why the resolution is not followed."""

    reason = Prose(required=True, longest=4000)
    against = Prose(load_default="", blank=True, longest=4000)


FOLLOWS: dict[str, frozenset[str]] = {
    "grant": frozenset({Resolution.APPROVE, Resolution.APPROVE_WITH_CONDITIONS}),
    "refuse": frozenset({Resolution.REJECT}),
    "find_not_required": frozenset({Resolution.NOT_REQUIRED}),
}
"""The resolutions that each way of deciding follows; anything else is a decision against the committee."""


def grant(
    session: Session,
    exemption: Exemption,
    *,
    conditions: Collection[int],
    granted_from: date,
    granted_to: date,
    by: Actor,
    at: datetime,
    reason: str,
    against: str = "",
) -> None:
    """Approve for a period, imposing the conditions named by id out of those asked for."""
    EXEMPTION.check(exemption, "grant", by=by, reason=reason)
    _check_period(exemption, granted_from, granted_to, at)
    unknown = set(conditions) - {condition.id for condition in exemption.conditions}
    if unknown:
        raise Invalid({"conditions": [f"no condition {key} in this file" for key in sorted(unknown)]})
    _note_difference(exemption, "grant", against, differs=_has_other_conditions(exemption, conditions))
    for condition in exemption.conditions:
        condition.is_imposed = condition.id in conditions
    exemption.granted_from = granted_from
    exemption.granted_to = granted_to
    exemption.decision_reasons = reason
    EXEMPTION.perform(session, exemption, "grant", by=by, at=at, reason=reason)
    running.start(
        session,
        exemption.regime,
        "approved",
        case=exemption.case,
        subject=exemption.case.key,
        owed_by_id=exemption.company_id,
        by=by,
        at=at,
    )
    _end(session, exemption, by=by, at=at)
    record(
        session,
        exemption,
        "grant",
        by,
        at,
        reason=reason,
        against=exemption.against_resolution,
        granted_from=granted_from.isoformat(),
        granted_to=granted_to.isoformat(),
        conditions=[condition_document(c) for c in exemption.conditions if c.is_imposed],
    )


def refuse(
    session: Session, exemption: Exemption, *, by: Actor, at: datetime, reason: str, against: str = ""
) -> None:
    """Reject with the reasons."""
    _decide(session, exemption, "refuse", by=by, at=at, reason=reason, against=against)


def find_not_required(
    session: Session, exemption: Exemption, *, by: Actor, at: datetime, reason: str, against: str = ""
) -> None:
    """No rule stands against the project: it needs no exemption."""
    _decide(session, exemption, "find_not_required", by=by, at=at, reason=reason, against=against)


def follows(exemption: Exemption, verb: str) -> bool:
    """Whether deciding by `verb` is what the committee resolved; a regime without one binds nobody."""
    return exemption.resolution is None or exemption.resolution in FOLLOWS[verb]


def _decide(
    session: Session, exemption: Exemption, verb: str, *, by: Actor, at: datetime, reason: str, against: str
) -> None:
    EXEMPTION.check(exemption, verb, by=by, reason=reason)
    _note_difference(exemption, verb, against)
    exemption.decision_reasons = reason
    EXEMPTION.perform(session, exemption, verb, by=by, at=at, reason=reason)
    _end(session, exemption, by=by, at=at)
    record(session, exemption, verb, by, at, reason=reason, against=exemption.against_resolution)


def _has_other_conditions(exemption: Exemption, conditions: Collection[int]) -> bool:
    """Whether the committee approved with other conditions: with all that were asked for, or with none."""
    if exemption.resolution == Resolution.APPROVE_WITH_CONDITIONS:
        # Even where nobody asked for a condition, an approval without any is not what was resolved.
        return not conditions or set(conditions) != {each.id for each in exemption.conditions}
    return exemption.resolution == Resolution.APPROVE and bool(conditions)


def _note_difference(exemption: Exemption, verb: str, against: str, *, differs: bool = False) -> None:
    """Keep why the committee is not followed; Invalid where that is not said, or said without need."""
    if differs or not follows(exemption, verb):
        if not against.strip():
            raise Invalid({"against": ["The committee resolved otherwise. Say why it is not followed."]})
        exemption.against_resolution = against.strip()
    elif against.strip():
        raise Invalid({"against": ["This decision follows the committee; leave this empty."]})


def _end(session: Session, exemption: Exemption, *, by: Actor, at: datetime) -> None:
    running.end(session, exemption.case, "decided", subject=exemption.case.key, by=by, at=at)


def _check_period(exemption: Exemption, granted_from: date, granted_to: date, at: datetime) -> None:
    if granted_to <= granted_from:
        raise Invalid({"granted_to": ["the period ends before it begins"]})
    kind = exemption.regime.kind(exemption.kind)
    if kind.longest_months and _exceeds(granted_from, granted_to, kind.longest_months):
        raise Invalid(
            {"granted_to": [f"longer than {kind.longest_months} months ({kind.longest_months_source})"]}
        )
    if kind.begins_within is None:
        return
    today = at.astimezone(ZoneInfo(exemption.regime.zone)).date()
    if granted_from < today:
        raise Invalid({"granted_from": ["The period begins before the day of the decision."]})
    if _months(today, granted_from) > (kind.begins_within, today.day):
        most, source = kind.begins_within, kind.begins_within_source
        raise Invalid(
            {"granted_from": [f"The period begins more than {most} months after the decision ({source})."]}
        )
    if _exceeds(granted_from, granted_to, exemption.requested_months):
        raise Invalid(
            {"granted_to": [f"longer than the {exemption.requested_months} months that were applied for"]}
        )


def _months(since: date, until: date) -> tuple[int, int]:
    """Calendar months between two days, and the day of the last month."""
    return (until.year - since.year) * 12 + until.month - since.month, until.day


def _exceeds(first: date, last: date, months: int) -> bool:
    """Both days belong to the period: one that begins on a 1st is full on the eve of another 1st."""
    return _months(first, last) >= (months, first.day)
