"""Planning an inspection, recording its checklist with photos, and the tasks that follow from findings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Line, Prose
from experiments.lifecycle import Actor
from sandbox import access
from sandbox.exemptions.files import FileStore, checked
from sandbox.inspections.models import Inspection, InspectionPhoto, InspectionStatus, ItemResult
from sandbox.inspections.table import INSPECTION, inspector, record
from sandbox.pilots.models import LIVE, Pilot, PilotStatus
from sandbox.remedies.doing import open_task

MOST_INSPECTIONS = 500
MOST_PHOTOS = 20
FARTHEST = timedelta(days=3660)
PHOTOS = frozenset({"image/png", "image/jpeg"})
INSPECTED = frozenset({*LIVE, PilotStatus.APPROVED, PilotStatus.SUSPENDED, PilotStatus.REPORT_DUE})


class InspectionPlanSchema(Schema):
    """When and why a pilot is inspected, and whether city and ministry go together."""

    planned_on = fields.Date(required=True)
    purpose = Prose(required=True, longest=4000)
    is_joint = fields.Boolean(load_default=False)


class InspectionItemSchema(Schema):
    """What was found of one item; a finding says what is to be put right, and may set the day."""

    result = fields.String(required=True, validate=validate.OneOf(list(ItemResult)))
    text = Prose(load_default="", longest=4000, blank=True)
    due_on = fields.Date(load_default=None, allow_none=True)


class InspectionRecordSchema(Schema):
    """The checklist as filled in, by id of the regime's items, and who was there."""

    inspected_on = fields.Date(required=True)
    present = Line(required=True, longest=500)
    items = fields.Dict(
        keys=fields.String(validate=validate.Length(max=40)),
        values=fields.Nested(InspectionItemSchema),
        required=True,
    )


def plan(session: Session, pilot: Pilot, values: Mapping[str, Any], *, by: Actor, at: datetime) -> Inspection:
    """Plan an inspection; where the ministry plans one that is not joint, it asks the city to go (D55(3))."""
    if not inspector(by, pilot):
        raise Refused("inspection.plan", "inspector")
    if pilot.status not in INSPECTED:
        raise WrongMoment("inspection.plan", pilot.status, needs="pilot_goes_on")
    today = _today(pilot, at)
    if not today <= values["planned_on"] <= today + FARTHEST:
        raise Invalid({"planned_on": ["The day lies before today, or too far ahead."]})
    made = select(func.count()).select_from(Inspection).where(Inspection.pilot_id == pilot.id)
    if (session.scalar(made) or 0) >= MOST_INSPECTIONS:
        raise Invalid({"purpose": [f"At most {MOST_INSPECTIONS} records."]})
    inspection = Inspection(
        pilot=pilot,
        is_requested=access.ministry_reviewer(by) and not values["is_joint"],
        items={},
        planned_at=at,
        status=InspectionStatus.PLANNED,
        **values,
    )
    INSPECTION.begin(session, inspection, by=by, at=at)
    record(session, inspection, "create", by, at, planned_on=inspection.planned_on.isoformat())
    return inspection


def write_down(
    session: Session, inspection: Inspection, values: Mapping[str, Any], *, by: Actor, at: datetime
) -> None:
    """Record the checklist; every finding with a day becomes a task of the company."""
    INSPECTION.check(inspection, "record", by=by)
    _check(inspection, values, _today(inspection.pilot, at))
    inspection.inspected_on, inspection.present = values["inspected_on"], values["present"]
    inspection.items = {
        key: {"result": str(item["result"]), "text": item["text"]} for key, item in values["items"].items()
    }
    INSPECTION.perform(session, inspection, "record", by=by, at=at)
    findings = {key: item for key, item in values["items"].items() if item["result"] == ItemResult.FINDING}
    record(session, inspection, "record", by, at, findings=sorted(findings))
    for key, item in findings.items():
        origin = f"inspection:{inspection.id}:{key}"
        open_task(
            session,
            inspection.pilot,
            origin=origin,
            text=item["text"],
            due_on=item["due_on"],
            by=by,
            at=at,
        )


def cancel(session: Session, inspection: Inspection, *, by: Actor, at: datetime, reason: str) -> None:
    """Nobody goes; the plan and the reason stay."""
    INSPECTION.perform(session, inspection, "cancel", by=by, at=at, reason=reason)
    record(session, inspection, "cancel", by, at, reason=reason)


def attach(
    session: Session,
    store: FileStore,
    inspection: Inspection,
    *,
    name: str,
    body: bytes,
    by: Actor,
    at: datetime,
) -> InspectionPhoto:
    """Add a photo before the inspection is recorded."""
    INSPECTION.check(inspection, "attach", by=by)
    if len(inspection.photos) >= MOST_PHOTOS:
        raise Invalid({"file": [f"At most {MOST_PHOTOS} files."]})
    shown, media_type = checked(name, body)
    if media_type not in PHOTOS:
        raise Invalid({"file": ["A photo is PNG or JPEG."]})
    is_scanned = store.scan(body)
    INSPECTION.perform(session, inspection, "attach", by=by, at=at)
    photo = InspectionPhoto(
        name=shown,
        media_type=media_type,
        size=len(body),
        sha256=store.keep(body),
        is_scanned=is_scanned,
        attached_at=at,
        attached_by_id=by.person_id,
        attached_by_name=by.name,
    )
    inspection.photos.append(photo)
    session.flush()
    record(session, inspection, "attach", by, at, sha256=photo.sha256, size=photo.size)
    return photo


def inspections_of(session: Session, pilot: Pilot) -> list[Inspection]:
    """Every inspection of this pilot, latest first."""
    query = select(Inspection).where(Inspection.pilot_id == pilot.id)
    return list(session.scalars(query.order_by(Inspection.planned_on.desc(), Inspection.id.desc())))


def find(session: Session, pilot: Pilot, key: int) -> Inspection:
    """The inspection of this pilot; NotFound for one of another."""
    inspection = session.get(Inspection, key)
    if inspection is None or inspection.pilot_id != pilot.id:
        raise NotFound("inspection", key)
    return inspection


def photo_of(inspection: Inspection, key: int) -> InspectionPhoto:
    """The photo of this inspection; NotFound for one of another."""
    for photo in inspection.photos:
        if photo.id == key:
            return photo
    raise NotFound("photo", key)


def _check(inspection: Inspection, values: Mapping[str, Any], today: date) -> None:
    measures = inspection.pilot.exemption.regime.measures
    asked = {item.id for item in (measures.inspection_items if measures else ())}
    errors = {
        f"items.{key}": ["The checklist does not ask for this."] for key in set(values["items"]) - asked
    }
    errors |= {
        f"items.{key}.result": ["Missing data for required field."] for key in asked - set(values["items"])
    }
    for key, item in values["items"].items():
        if item["result"] != ItemResult.FINDING:
            continue
        if not item["text"]:
            errors[f"items.{key}.text"] = ["A finding says what is to be put right."]
        if item["due_on"] is None or not today < item["due_on"] <= today + FARTHEST:
            errors[f"items.{key}.due_on"] = ["A finding sets a day after today."]
    if not today - FARTHEST <= values["inspected_on"] <= today:
        errors["inspected_on"] = ["This day is yet to come, or too long ago."]
    if errors:
        raise Invalid(errors)


def _today(pilot: Pilot, at: datetime) -> date:
    return at.astimezone(ZoneInfo(pilot.exemption.regime.zone)).date()
