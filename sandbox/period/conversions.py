"""From a demonstration to an innovation project, once the law is to be amended (Art. 53-3(7), D58-3(8))."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import Whole, load
from experiments.lifecycle import Actor, touch
from sandbox.clocks import running
from sandbox.exemptions.application import ApplicationSchema
from sandbox.period import ends
from sandbox.period.extensions import extended_to
from sandbox.period.late import must_be_in_time
from sandbox.period.models import Conversion, LawRequest, RequestStatus
from sandbox.period.requests import subject_of
from sandbox.period.tables import record
from sandbox.pilots import registration
from sandbox.pilots.models import Pilot, PilotStatus
from sandbox.pilots.table import PILOT, author_of_the_company
from sandbox.pilots.table import record as record_pilot
from sandbox.regimes import regime


class ConversionFilingSchema(Schema):
    """What the application for the innovation project says anew; the rest is taken over."""

    ground = fields.String(required=True, validate=validate.Length(min=1, max=40, error="Choose a ground."))
    months = Whole(required=True, validate=validate.Range(min=1, max=1200))


def begin(session: Session, pilot: Pilot, *, ground: str, months: int, by: Actor, at: datetime) -> Conversion:
    """A linked application in draft, with what the demonstration said and the documents that are waived."""
    if not author_of_the_company(by, pilot):
        raise Refused("conversion.create", "author_of_the_company")
    request = ends.latest_request(session, pilot)
    rules = pilot.exemption.regime.period
    is_open = request is not None and request.status == RequestStatus.NEEDED
    if rules is None or request is None or not is_open or pilot.status != PilotStatus.DEEMED_EXTENDED:
        raise WrongMoment("conversion.create", pilot.status, needs="amendment_is_needed")
    if ends.conversion_of(session, pilot) is not None:
        raise WrongMoment("conversion.create", pilot.status, needs="no_conversion_yet")
    _in_time(session, pilot, request, at)
    touch(pilot)
    values = _application(pilot, rules.converted_to, ground, months)
    today = ends.today(pilot, at)
    successor = registration.register(
        session,
        site=pilot.site,
        evaluator=pilot.evaluator,
        lead=pilot.exemption.lead,
        regime_id=pilot.exemption.regime_id,
        values={
            **{name: getattr(pilot, name) for name in COPIED},
            "districts": [district.code for district in pilot.districts],
            "planned_from": today,
            "planned_to": extended_to(today, months),
        },
        application_values=values,
        by=by,
        at=at,
    )
    conversion = Conversion(
        pilot_id=pilot.id,
        successor_id=successor.id,
        waived=[key for key in rules.waived if values["contents"].get(key)],
        begun_at=at,
        begun_by_id=by.person_id,
    )
    session.add(conversion)
    session.flush()
    record(session, pilot, "conversion.create", by, at, successor=successor.number, waived=conversion.waived)
    return conversion


COPIED = ("title_ko", "title_en", "summary_ko", "summary_en", "technology", "contact")


def filed(session: Session, successor: Pilot, *, by: Actor, at: datetime) -> None:
    """The application is signed: the time for it ends (K13); TooLate after its last day."""
    conversion = into(session, successor)
    if conversion is None:
        return
    pilot = conversion.pilot
    request = ends.latest_request(session, pilot)
    if request is None or pilot.status != PilotStatus.DEEMED_EXTENDED:
        raise WrongMoment("conversion.file", pilot.status, needs="amendment_is_needed")
    _in_time(session, pilot, request, at)
    case = pilot.exemption.case
    running.end(session, case, "conversion_filed", subject=subject_of(request), by=by, at=at)
    record(session, pilot, "conversion.file", by, at, successor=successor.number)


def granted(session: Session, successor: Pilot, *, by: Actor, at: datetime) -> None:
    """The innovation project is approved: the demonstration has been converted to it."""
    conversion = into(session, successor)
    if conversion is None:
        return
    pilot = conversion.pilot
    PILOT.perform(session, pilot, "convert", by=by, at=at)
    record_pilot(session, pilot, "convert", by, at, successor=successor.number)
    running.void(session, pilot.exemption.case, by=by, at=at, reason="The pilot has been converted.")


def into(session: Session, successor: Pilot) -> Conversion | None:
    """The conversion that led to this application, where one did."""
    return session.scalar(select(Conversion).where(Conversion.successor_id == successor.id))


def _in_time(session: Session, pilot: Pilot, request: LawRequest, at: datetime) -> None:
    subject = subject_of(request)
    must_be_in_time(session, pilot, "conversion_filed", subject=subject, verb="conversion.file", at=at)


def _application(pilot: Pilot, kind: str, ground: str, months: int) -> dict[str, Any]:
    """The application as taken over; Invalid where it does not fit the regime as it stands today."""
    exemption = pilot.exemption
    known = regime(exemption.regime_id)
    contents = {item.id: exemption.contents.get(item.id, "") for item in known.plan_contents}
    try:
        values: dict[str, Any] = load(
            ApplicationSchema(known),
            {
                "kind": kind,
                "ground": ground,
                "articles": list(exemption.articles),
                "contents": contents,
                "requested_months": months,
            },
        )
    except Invalid as error:
        wrong = {name.replace("requested_months", "months"): texts for name, texts in error.errors.items()}
        raise Invalid(wrong) from error
    return values
