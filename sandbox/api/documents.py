"""Certificates and gazette notices as data: what was issued, and what it counts for today."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, fields

from sandbox.api.pages import party_pilot
from sandbox.api.room import Room
from sandbox.db import db
from sandbox.documents import OfficialDocument, find, is_as_issued, standing
from sandbox.documents.gazette import gazette as notices_of
from sandbox.documents.standing import documents_of
from sandbox.web.rim import today

resources = Room(
    "api-documents",
    __name__,
    url_prefix="",
    description="Certificates of exemptions and the gazette; anyone may verify one by its SHA-256.",
)


class WhichYearSchema(Schema):
    """The year asked for (the latest by default), and the page, from 1."""

    class Meta:
        unknown = EXCLUDE

    year = fields.Integer(load_default=None)
    page = fields.Integer(load_default=1)


class IssuedSchema(Schema):
    """A document: `contents` is the JSON that `sha256` is over; `standing` is what it counts for today.

    A document that is no longer what the ledger says was issued stands as `changed`, without contents.
    """

    number = fields.String()
    series = fields.String()
    kind = fields.String()
    pilot = fields.String(allow_none=True)
    site = fields.String(allow_none=True)
    issued_at = fields.AwareDateTime()
    valid_to = fields.Date(allow_none=True)
    sha256 = fields.String()
    standing = fields.String()
    ended_by = fields.String(allow_none=True)
    contents = fields.Dict(allow_none=True)


class GazetteSchema(Schema):
    years = fields.List(fields.Integer())
    year = fields.Integer(allow_none=True)
    page = fields.Integer()
    pages = fields.Integer()
    total = fields.Integer()
    items = fields.List(fields.Nested(IssuedSchema))


class IssuedListSchema(Schema):
    items = fields.List(fields.Nested(IssuedSchema))


@resources.get("/gazette", endpoint="gazette")
@resources.arguments(WhichYearSchema, location="query")
@resources.response(200, GazetteSchema)
def gazette(which: dict[str, Any]) -> dict[str, Any]:
    """The notices of a year, newest first."""
    listing = notices_of(db.session, **which)
    names = ("years", "year", "page", "pages", "total")
    return {name: getattr(listing, name) for name in names} | {
        "items": [_issued(each) for each in listing.notices]
    }


@resources.get("/documents/<sha256>", endpoint="read")
@resources.response(200, IssuedSchema)
def read(sha256: str) -> dict[str, Any]:
    """The document of this SHA-256."""
    return _issued(find(db.session, sha256))


@resources.get("/pilots/<number>/documents", endpoint="of_case")
@resources.response(200, IssuedListSchema)
def of_case(number: str) -> dict[str, Any]:
    """The documents of a case, in the order in which they were issued."""
    return {"items": [_issued(each) for each in documents_of(db.session, party_pilot(number))]}


def _issued(document: OfficialDocument) -> dict[str, Any]:
    found = standing(db.session, document, today=today())
    is_intact = is_as_issued(db.session, document)
    copied = ("number", "series", "kind", "issued_at", "valid_to", "sha256")
    return {name: getattr(document, name) for name in copied} | {
        "pilot": document.pilot.number if document.pilot else None,
        "site": document.site.territory.code if document.site else None,
        "standing": found.status if is_intact else "changed",
        "ended_by": found.by.sha256 if found.by else None,
        "contents": document.contents() if is_intact else None,
    }
