"""The record of a case as its manifest and as its archive, and the annual report."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from sandbox.api.pages import party_pilot
from sandbox.api.room import Room
from sandbox.db import db
from sandbox.programmes import annual as reports
from sandbox.programmes.annual import Annual
from sandbox.records import archive as archives
from sandbox.records import sending
from sandbox.web.rim import actor, file_store, now

resources = Room(
    "api-case-records",
    __name__,
    url_prefix="",
    description="The record of a case, for its parties; the annual report, for everybody.",
)


class RecordedFileSchema(Schema):
    """A file of the archive; `recorded` is the SHA-256 that the register has of it, where it has one."""

    path = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    recorded = fields.String()


class LedgerHeadSchema(Schema):
    number = fields.Integer()
    hash = fields.String()


class ManifestSchema(Schema):
    """`is_whole`: with every table of the case and its acts in the ledger, as the auditor gets it."""

    schema = fields.String()
    pilot = fields.String()
    exported_at = fields.String(metadata={"format": "date-time"})
    reader = fields.String()
    is_whole = fields.Boolean()
    ledger_head = fields.Nested(LedgerHeadSchema, allow_none=True)
    files = fields.List(fields.Nested(RecordedFileSchema))


class OverdueSchema(Schema):
    number = fields.String()
    title_ko = fields.String()
    title_en = fields.String()
    last_day = fields.Date()


class ResultsSchema(Schema):
    """`due`: approved pilots whose period was over; `reported` of them with a signed result."""

    locked = fields.Integer()
    signed = fields.Integer()
    due = fields.Integer()
    reported = fields.Integer()
    overdue = fields.List(fields.Nested(OverdueSchema))


class IncidentsSchema(Schema):
    reported = fields.Integer()
    late = fields.Integer()
    deaths = fields.Integer()
    injured = fields.Integer()


class LessonSchema(Schema):
    """A decision of the year: on which finding, and why."""

    number = fields.String()
    title_ko = fields.String()
    title_en = fields.String()
    finding = fields.String()
    outcome = fields.String()
    reasons = fields.String()
    decided_at = fields.AwareDateTime()


class AnnualSchema(Schema):
    """A year up to `as_of`: `steps` counts acts by verb, `standing` public pilots by status at its end."""

    year = fields.Integer()
    as_of = fields.AwareDateTime()
    is_over = fields.Boolean()
    steps = fields.Dict(keys=fields.String(), values=fields.Integer())
    standing = fields.Dict(keys=fields.String(), values=fields.Integer())
    results = fields.Nested(ResultsSchema)
    incidents = fields.Nested(IncidentsSchema)
    lessons = fields.List(fields.Nested(LessonSchema))


class AnnualYearsSchema(Schema):
    years = fields.List(fields.Integer())


@resources.get("/pilots/<number>/record", endpoint="manifest")
@resources.response(200, ManifestSchema)
def manifest(number: str) -> dict[str, Any]:
    """What an archive made now would hold for the caller: every file with its size and SHA-256."""
    pilot = party_pilot(number)
    return archives.manifest(db.session, pilot, file_store(), reader=actor(), at=now())


@resources.get("/pilots/<number>/record.zip", endpoint="archive")
@resources.response(200, content_type="application/zip")
def archive(number: str) -> Response:
    """The archive itself, sent while it is read; `manifest.json` is its last file."""
    party_pilot(number)  # asked before the first byte is sent
    pieces = sending.pieces(db.engine, number, file_store(), reader=actor(), at=now())
    return Response(pieces, mimetype=sending.MEDIA_TYPE, headers=sending.headers(number))


@resources.get("/annual-reports", endpoint="annual_years")
@resources.response(200, AnnualYearsSchema)
def annual_years() -> dict[str, Any]:
    """The years that have a report, the latest first."""
    return {"years": reports.years(db.session, now=now())}


@resources.get("/annual-reports/<key:year>", endpoint="annual")
@resources.response(200, AnnualSchema)
def annual(year: int) -> dict[str, Any]:
    """The report of one year, of public pilots alone."""
    found: Annual = reports.annual(db.session, year, now=now())
    return vars(found) | {"steps": dict(found.steps), "standing": dict(found.standing)}
