"""Recording that residents were informed: the company attests it, or the city confirms it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Line, Prose
from experiments.lifecycle import Actor
from sandbox import access, ledger
from sandbox.notices.outbox import CITY, COMPANY, REVIEWERS, Office, tell
from sandbox.pilots.models import GOING_ON, Pilot
from sandbox.pilots.table import author_of_the_company
from sandbox.residents.models import ResidentNotice

OLDEST = timedelta(days=3660)
GOES_ON = GOING_ON
MOST = 50


class ResidentNoticeSchema(Schema):
    """How, when and in which words residents were informed; `link` leads to the notice where it is public."""

    informed_on = fields.Date(required=True)
    how = Line(required=True)
    text = Prose(required=True)
    link = fields.String(
        load_default="",
        validate=validate.And(
            validate.Length(max=500),
            validate.Regexp(
                r"(https?://[^\s<>\"']+)?\Z", error="An address begins with http:// or https://."
            ),
        ),
    )


def inform(
    session: Session,
    pilot: Pilot,
    *,
    informed_on: date,
    how: str,
    text: str,
    link: str,
    by: Actor,
    at: datetime,
) -> ResidentNotice:
    """Record one time that residents were informed; it may be followed by others, none is taken back."""
    by_city = access.city_staff_of(by, pilot.site.city_id)
    if not by_city and not author_of_the_company(by, pilot):
        raise Refused("residents.inform", "author_of_the_company_or_city_reviewer")
    if pilot.status not in GOES_ON:
        raise WrongMoment("residents.inform", pilot.status, needs="pilot_is_approved_and_goes_on")
    _check_day(pilot, informed_on, at)
    if len(notices_of(session, pilot)) >= MOST:
        raise Invalid({"text": [f"At most {MOST} records."]})
    made = ResidentNotice(
        pilot_id=pilot.id,
        informed_on=informed_on,
        how=how,
        text=text,
        link=link,
        by_city=by_city,
        recorded_at=at,
        recorded_by_id=by.person_id,
        recorded_by_name=by.name,
    )
    session.add(made)
    session.flush()
    details = {"informed_on": informed_on.isoformat(), "how": how, "by_city": by_city}
    ledger.append(session, act="residents.inform", subject=pilot.key, by=by, at=at, details=details)
    others = (
        Office(pilot.company_id, COMPANY),
        Office(pilot.site.city_id, CITY),
        Office(pilot.exemption.lead_id, REVIEWERS),
    )
    tell(session, "residents.inform", subject=pilot.key, to=others, by=by, at=at)
    return made


def notices_of(session: Session, pilot: Pilot) -> list[ResidentNotice]:
    """What is on record, oldest first."""
    query = select(ResidentNotice).where(ResidentNotice.pilot_id == pilot.id).order_by(ResidentNotice.id)
    return list(session.scalars(query))


def _check_day(pilot: Pilot, informed_on: date, at: datetime) -> None:
    today = at.astimezone(ZoneInfo(pilot.exemption.regime.zone)).date()
    if not today - OLDEST <= informed_on <= today:
        raise Invalid({"informed_on": ["This day is yet to come, or too long ago."]})
