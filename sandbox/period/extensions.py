"""The one extension of a period: filed in time with its documents, as long as the committee says."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Prose, Whole
from experiments.lifecycle import Actor, touch
from sandbox import documents
from sandbox.clocks import running
from sandbox.insurance.cover import latest_plan, policies_of
from sandbox.insurance.models import CompensationStatus
from sandbox.period import ends
from sandbox.period.deliberation import CommitteeResolutionSchema, deliberated
from sandbox.period.late import must_be_in_time
from sandbox.period.models import Extension, ExtensionStatus
from sandbox.period.tables import EXTENSION, record
from sandbox.pilots.models import Pilot, PilotStatus
from sandbox.pilots.table import PILOT, signatory_of_the_company
from sandbox.pilots.table import record as record_pilot
from sandbox.regimes.measures import Choice
from sandbox.regimes.period import PeriodRules

MAY_EXTEND = frozenset({PilotStatus.RUNNING, PilotStatus.DEEMED_EXTENDED})
OPEN = (ExtensionStatus.FILED, ExtensionStatus.DELIBERATED)
A_DAY = timedelta(days=1)


class PeriodExtensionSchema(Schema):
    """An extension as the operator files it: months wanted, and the documents by the regime's ids."""

    months = Whole(required=True, validate=validate.Range(min=1, max=1200))
    documents = fields.Dict(
        keys=fields.String(validate=validate.Length(max=40)), values=Prose(), required=True
    )


class ExtensionLengthSchema(CommitteeResolutionSchema):
    """The committee's resolution, with the months that it fixes; none where it does not agree."""

    months = Whole(load_default=None, allow_none=True, validate=validate.Range(min=1, max=1200))


def file_extension(
    session: Session, pilot: Pilot, *, months: int, documents: Mapping[str, str], by: Actor, at: datetime
) -> Extension:
    """File for the extension (D54(3)); TooLate after the last day, with its arithmetic."""
    if not signatory_of_the_company(by, pilot):
        raise Refused("extension.create", "signatory_of_the_company")
    rules, last = pilot.exemption.regime.period, pilot.exemption.granted_to
    if rules is None or last is None or pilot.status not in MAY_EXTEND:
        raise WrongMoment("extension.create", pilot.status, needs="pilot_runs")
    if ends.granted_extension(session, pilot) is not None:
        raise WrongMoment("extension.create", pilot.status, needs="no_extension_yet")
    latest = latest_extension(session, pilot)
    if latest is not None and latest.status in OPEN:
        raise WrongMoment("extension.create", latest.status, meanwhile=EXTENSION.last_move(latest))
    ends.expect_if_missing(session, pilot, by=by, at=at)
    must_be_in_time(session, pilot, "extension_filed", subject=ends.PERIOD, verb="extension.create", at=at)
    if ends.today(pilot, at) > last:
        raise WrongMoment("extension.create", pilot.status, needs="period_goes_on")
    _check(rules, months, documents)
    touch(pilot)
    extension = Extension(
        pilot_id=pilot.id,
        months_asked=months,
        documents=dict(documents),
        ends_before=last,
        filed_at=at,
        status=ExtensionStatus.FILED,
    )
    extension.pilot = pilot
    EXTENSION.begin(session, extension, by=by, at=at)
    case = pilot.exemption.case
    running.end(session, case, "extension_filed", subject=ends.PERIOD, by=by, at=at)
    _record(session, extension, "create", by, at, months=months)
    return extension


def deliberate(
    session: Session,
    extension: Extension,
    *,
    held_on: date,
    meeting: str,
    agrees: bool,
    text: str,
    months: int | None,
    by: Actor,
    at: datetime,
) -> None:
    """Record the committee's resolution: it alone fixes the length (Art. 53-3(1), D54(2))."""
    EXTENSION.check(extension, "deliberate", by=by)
    rules = _rules(extension)
    if agrees and months is None:
        raise Invalid({"months": ["The committee fixes the length of the extension."]})
    if not agrees and months is not None:
        raise Invalid({"months": ["Without agreement there is no length."]})
    if months is not None and months > rules.most_months:
        raise Invalid({"months": [f"At most {rules.most_months} months ({rules.extension_source})."]})
    deliberated(
        extension,
        held_on=held_on,
        meeting=meeting,
        agrees=agrees,
        text=text,
        begun_at=extension.filed_at,
        pilot=extension.pilot,
        at=at,
    )
    extension.months = months
    extension.ends_after = extended_to(extension.ends_before, months) if months else None
    EXTENSION.perform(session, extension, "deliberate", by=by, at=at)
    _record(session, extension, "deliberate", by, at, meeting=meeting, agrees=agrees, months=months)


def grant(session: Session, extension: Extension, *, by: Actor, at: datetime, reason: str) -> None:
    """Extend the period as the committee fixed it; insurance must reach to the new end (D57(4))."""
    EXTENSION.check(extension, "grant", by=by, reason=reason)
    pilot, new_end = extension.pilot, extension.ends_after
    assert new_end is not None  # the committee agreed, so it fixed the length
    if pilot.status not in MAY_EXTEND:
        raise WrongMoment("extension.grant", pilot.status, needs="pilot_runs")
    if not covers_until(session, pilot, new_end):
        raise WrongMoment("extension.grant", pilot.status, needs="cover_reaches_the_new_end")
    EXTENSION.perform(session, extension, "grant", by=by, at=at, reason=reason)
    pilot.exemption.granted_to = new_end
    touch(pilot.exemption)
    if pilot.status == PilotStatus.RUNNING:
        PILOT.perform(session, pilot, "extend", by=by, at=at)
    days = {"from": extension.ends_before.isoformat(), "to": new_end.isoformat()}
    record_pilot(session, pilot, "extend", by, at, **days)
    _record(session, extension, "grant", by, at, reason=reason, months=extension.months, **days)
    ends.expect_anew(session, pilot, by=by, at=at)
    documents.issue(session, pilot, "extend", by=by, at=at)


def refuse(session: Session, extension: Extension, *, by: Actor, at: datetime, reason: str) -> None:
    """Refuse the extension; the period ends as it would have."""
    EXTENSION.perform(session, extension, "refuse", by=by, at=at, reason=reason)
    _record(session, extension, "refuse", by, at, reason=reason)


def withdraw(session: Session, extension: Extension, *, by: Actor, at: datetime, reason: str) -> None:
    """Take the extension back before it is decided."""
    EXTENSION.perform(session, extension, "withdraw", by=by, at=at, reason=reason)
    _record(session, extension, "withdraw", by, at, reason=reason)


def latest_extension(session: Session, pilot: Pilot) -> Extension | None:
    """The extension filed last, in whatever state."""
    query = select(Extension).where(Extension.pilot_id == pilot.id)
    return session.scalar(query.order_by(Extension.id.desc()).limit(1))


def covers_until(session: Session, pilot: Pilot, day: date) -> bool:
    """Whether policies or an approved compensation plan reach to `day`, where the regime asks for cover."""
    if not pilot.exemption.regime.minimum_cover:
        return True
    plan = latest_plan(session, pilot)
    if plan is not None and plan.status == CompensationStatus.APPROVED:
        return True
    policies = policies_of(session, pilot)
    return bool(policies) and policies[-1].covers_to >= day


@dataclass(frozen=True)
class ExtensionNeeds:
    """What an extension asks of the company before it is filed.

    longest_end  the last day of the longest extension that the regime knows
    covered_to   the last day of the insurance so far; None where there is none
    is_covered   whether the cover reaches that day, or an approved plan takes its place
    documents    what is filed with it, by the regime
    """

    longest_end: date
    covered_to: date | None
    is_covered: bool
    documents: tuple[Choice, ...]


def needs_of_an_extension(session: Session, pilot: Pilot) -> ExtensionNeeds | None:
    """What is to be had for an extension; None where none can be filed any more or one was filed already."""
    rules, last = pilot.exemption.regime.period, pilot.exemption.granted_to
    if rules is None or last is None or pilot.status not in MAY_EXTEND:
        return None
    latest = latest_extension(session, pilot)
    if ends.granted_extension(session, pilot) is not None or (latest is not None and latest.status in OPEN):
        return None
    longest_end = extended_to(last, rules.most_months)
    policies = policies_of(session, pilot)
    return ExtensionNeeds(
        longest_end=longest_end,
        covered_to=policies[-1].covers_to if policies else None,
        is_covered=covers_until(session, pilot, longest_end),
        documents=rules.extension_documents,
    )


def extended_to(last: date, months: int) -> date:
    """The last day of a period that goes on for so many months after `last`.

    The period begins on the day after and ends on the eve of the day that corresponds to it (Civil Act
    Art. 160); where that month has no such day, on its last.
    """
    first = last + A_DAY
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    days = monthrange(year, month + 1)[1]
    return date(year, month + 1, days) if first.day > days else date(year, month + 1, first.day) - A_DAY


def _check(rules: PeriodRules, months: int, documents: Mapping[str, str]) -> None:
    known = {item.id for item in rules.extension_documents}
    errors = {
        f"documents.{key}": ["The regime does not ask for this."] for key in documents if key not in known
    }
    for item in rules.extension_documents:
        if not documents.get(item.id, "").strip():
            errors[f"documents.{item.id}"] = ["Missing data for required field."]
    if months > rules.most_months:
        errors["months"] = [f"At most {rules.most_months} months ({rules.extension_source})."]
    if errors:
        raise Invalid(errors)


def _rules(extension: Extension) -> PeriodRules:
    rules = extension.pilot.exemption.regime.period
    assert rules is not None  # nothing is filed under a regime without them
    return rules


def _record(
    session: Session, extension: Extension, verb: str, by: Actor, at: datetime, **details: Any
) -> None:
    record(session, extension.pilot, f"extension.{verb}", by, at, extension=extension.id, **details)
