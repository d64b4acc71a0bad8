"""The holidays as they stand, and the acts that change them."""

from __future__ import annotations

from datetime import date, datetime

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.fields import Line, Prose
from experiments.lifecycle import Actor
from sandbox import ledger
from sandbox.clocks.holidays import Holiday, WorkingDays, public_holidays
from sandbox.clocks.models import HolidayChange


class HolidaySchema(Schema):
    """A change of the holidays: a day that becomes one, or is none."""

    day = fields.Date(required=True)
    is_holiday = fields.Boolean(required=True)
    name_ko = Line(required=True, longest=80)
    name_en = Line(required=True, longest=80)
    reason = Prose(required=True, longest=1000)


def working_days(session: Session, country: str) -> WorkingDays:
    """The calendar of `country` with every change so far; the latest one of a day counts."""
    changes = session.scalars(select(HolidayChange).order_by(HolidayChange.id))
    return WorkingDays(
        country,
        {each.day: Holiday(each.name_ko, each.name_en) if each.is_holiday else None for each in changes},
    )


def holidays_of(session: Session, country: str, year: int) -> list[tuple[date, Holiday]]:
    """The public holidays of `year` as they stand, in order."""
    known = working_days(session, country)
    days = {*public_holidays(country, year), *(day for day in known.changes if day.year == year)}
    return [(day, holiday) for day in sorted(days) if (holiday := known.holiday(day)) is not None]


def changes_of(session: Session, year: int) -> list[HolidayChange]:
    """What was changed in the holidays of `year`, latest first."""
    span = HolidayChange.day.between(date(year, 1, 1), date(year, 12, 31))
    return list(session.scalars(select(HolidayChange).where(span).order_by(HolidayChange.id.desc())))


def change_holiday(
    session: Session,
    *,
    day: date,
    is_holiday: bool,
    name_ko: str,
    name_en: str,
    reason: str,
    by: Actor,
    at: datetime,
) -> HolidayChange:
    """Make `day` a public holiday, or none; the due dates of running clocks are for `running.recount`."""
    change = HolidayChange(
        day=day,
        is_holiday=is_holiday,
        name_ko=name_ko,
        name_en=name_en,
        reason=reason,
        at=at,
        actor_id=by.person_id,
        actor_name=by.name,
    )
    session.add(change)
    session.flush()
    ledger.append(
        session,
        act="holiday.change",
        subject=f"holiday:{day.isoformat()}",
        by=by,
        at=at,
        details={"is_holiday": is_holiday, "name": name_en, "reason": reason},
    )
    return change
