"""Readings that machines hand over with the token of one source: pushed, or notified by a hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import abort, request
from flask_babel import gettext
from marshmallow import Schema, fields
from werkzeug.exceptions import RequestEntityTooLarge

from experiments.collection import notifications, push, refused, tokens
from experiments.collection.push import Receipt
from experiments.collection.tokens import SourceToken
from experiments.errors import DomainError, Invalid
from sandbox.api.room import Answer, Room
from sandbox.db import db
from sandbox.pilots import telemetry
from sandbox.web.rim import now

resources = Room(
    "api-observations",
    __name__,
    # The token is a source's and no person's: it opens nothing else, and nobody is signed in by it.
    heeds_tokens=False,
    url_prefix="/observations",
    description="Readings that machines hand over with the token of one source.",
)

_TEXT = {"schema": {"type": "string"}}


class ReadingSchema(Schema):
    """One reading; `observed_at` has its offset from UTC, `unit` may stay away where it is the agreed one."""

    entity = fields.String(required=True)
    attribute = fields.String(required=True)
    observed_at = fields.AwareDateTime(required=True)
    value = fields.Float(required=True)
    unit = fields.String(allow_none=True)


class ReadingsSchema(Schema):
    readings = fields.List(fields.Nested(ReadingSchema), required=True)


class ReceiptSchema(Schema):
    """How many readings were new, changed an earlier value, were known already, wait in quarantine, say
    again what stands in the same request, or lie before the start of the source; together `readings`."""

    attempt_id = fields.Integer()
    readings = fields.Integer()
    inserted = fields.Integer()
    revised = fields.Integer()
    unchanged = fields.Integer()
    quarantined = fields.Integer()
    repeated = fields.Integer(metadata={"description": "said again within this request"})
    left_out = fields.Integer(metadata={"description": "from before the start of the source"})
    is_repeated = fields.Boolean(metadata={"description": "this very request had been taken before"})


_HEADERS = [
    {"in": "header", "name": name, "required": is_required, "schema": {"type": "string"}, "description": text}
    for name, is_required, text in (
        ("Authorization", True, "Bearer, and the token of the source"),
        ("Idempotency-Key", False, "a request sent again under its key counts once"),
        ("Content-Encoding", False, "gzip"),
    )
]


@resources.post("", endpoint="push")
@resources.doc(
    parameters=_HEADERS,
    requestBody={
        "required": True,
        "content": {
            "application/json": {"schema": ReadingsSchema},
            "application/x-ndjson": _TEXT,
            "text/csv": _TEXT,
        },
    },
)
@resources.response(201, ReceiptSchema)
def take() -> Answer:
    """Take all readings of a request or none; what is wrong is named by row, counted from 0."""
    with _refusals_kept(_token()) as token:
        if request.mimetype not in push.FORMATS:
            raise UnknownMedia(f"unknown media type {request.mimetype}")
        body = push.unpacked(request.get_data(), request.headers.get("Content-Encoding", ""))
        readings = push.read(body, request.mimetype)
        _for_pilot(token)
        return _answer(push.push(db.session, token, readings, body=body, key=_key(), at=now()))


@resources.post("/notifications", endpoint="notify")
@resources.doc(parameters=_HEADERS[:1])
@resources.response(201, ReceiptSchema)
def notify() -> Answer:
    """Take what an NGSI-LD subscription notifies of; entities and attributes not mapped are passed over."""
    with _refusals_kept(_token()) as token:
        _for_pilot(token)
        body = request.get_data()
        readings, dropped = notifications.read(body, push.mapped(token.source), zone=token.source.hub.zone)
        receipt = push.push(db.session, token, readings, body=body, key=None, at=now(), dropped=dropped)
        return _answer(receipt)


class UnknownMedia(DomainError):
    """Readings in a format that nobody here reads."""


@contextmanager
def _refusals_kept(token: SourceToken) -> Iterator[SourceToken]:
    """Whatever is refused inside becomes an attempt that failed; nothing else of the request stays."""
    try:
        yield token
    except (DomainError, RequestEntityTooLarge) as refusal:
        db.session.rollback()
        error = refusal if isinstance(refusal, DomainError) else push.TooLarge(str(refusal))
        refused.note(db.session, token, refused.reason(error), at=now())
        # A refusal is not committed; that there was one has to be seen all the same.
        db.session.commit()
        if isinstance(error, UnknownMedia):
            abort(415, gettext("Send application/json, application/x-ndjson or text/csv."))
        if isinstance(error, push.TooLarge):
            abort(413, gettext("This is more than one request may hold; send it in parts."))
        raise


def _token() -> SourceToken:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = tokens.holder(db.session, secret.strip(), now()) if scheme.lower() == "bearer" else None
    if token is None:
        abort(401, gettext("This needs the token of a source: it is unknown, has ended or was revoked."))
    return token


def _for_pilot(token: SourceToken) -> None:
    """Refuse the token of a pilot's source while the pilot is not measured, and beside another's address."""
    pilot = telemetry.pilot_of(db.session, token.source)
    named = request.args.get("pilot")
    if named is not None and (pilot is None or pilot.number != named):
        raise Invalid({"pilot": [f"This token does not open the pilot {named[:40]}."]})
    if pilot is not None:
        telemetry.require_taking(pilot)


def _key() -> str | None:
    return push.checked_key(request.headers.get("Idempotency-Key"))


def _answer(receipt: Receipt) -> Answer:
    return receipt, {"Cache-Control": "no-store"}
