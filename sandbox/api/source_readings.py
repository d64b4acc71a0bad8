"""How readings come in otherwise: tokens for senders, files, and what waits in quarantine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, abort, request
from flask_babel import gettext
from marshmallow import Schema, fields, validate
from werkzeug.http import dump_options_header

from experiments.collection import tokens
from experiments.collection.models import CollectionAttempt, Verdict, from_microseconds
from experiments.collection.tokens import SourceToken, TokenSchema
from experiments.collection.upload import Layout, Upload, uploads_of
from experiments.fields import Line, Whole
from sandbox import quarantine_desk, source_tokens, source_uploads
from sandbox.api.room import Answer, Room
from sandbox.api.sources import AttemptSchema, source_of
from sandbox.api.values import ReasonSchema
from sandbox.db import db
from sandbox.web.rim import actor, now

resources = Room(
    "api-source-readings",
    __name__,
    url_prefix="/sources/<key:source_id>",
    description="Tokens, files and quarantine of a source.",
)
TABLES = ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


class ShownTokenSchema(Schema):
    """A token without its secret, which nobody keeps."""

    id = fields.Integer()
    label = fields.String()
    made_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()
    revoked_at = fields.AwareDateTime(allow_none=True)
    last_used_at = fields.AwareDateTime(allow_none=True)


class TokensSchema(Schema):
    items = fields.List(fields.Nested(ShownTokenSchema))


class SecretSchema(Schema):
    """The secret of a new token: told this once."""

    secret = fields.String()


class FileSchema(Schema):
    """A file of readings as it came, and whether it was stored, undone or discarded."""

    id = fields.Integer()
    name = fields.String()
    sha256 = fields.String()
    sent_at = fields.AwareDateTime()
    is_stored = fields.Function(lambda kept: kept.attempt_id is not None, metadata={"type": "boolean"})
    is_undone = fields.Function(lambda kept: kept.undo_id is not None, metadata={"type": "boolean"})
    discarded_at = fields.AwareDateTime(allow_none=True)


class FilesSchema(Schema):
    items = fields.List(fields.Nested(FileSchema))


class KeptFileSchema(FileSchema):
    """A file that was just sent, with the layout that its columns suggest."""

    layout = fields.Function(
        lambda kept: asdict(source_uploads.guessed(kept.source, source_uploads.sheet(kept))),
        metadata={"type": "object"},
    )


class LayoutSchema(Schema):
    """Which columns say what, by name; blank where none does."""

    observed_at = fields.String(required=True)
    entity = fields.String(load_default="")
    attribute = fields.String(load_default="")
    value = fields.String(load_default="")
    only_attribute = fields.String(load_default="")
    unit = fields.String(load_default="")


class CheckedFileSchema(Schema):
    """How many readings a file holds, and which of its rows lie before the start of the source, and
    which columns say nothing under the layout."""

    readings = fields.Integer()
    early_rows = fields.List(fields.Integer())
    ignored_columns = fields.List(fields.String())


class QuarantinedSchema(Schema):
    """A reading that came and could not be stored, as it came, with the reason."""

    id = fields.Integer()
    entity = fields.String()
    attribute = fields.String()
    observed_at = fields.Function(lambda row: from_microseconds(row.observed_at).isoformat())
    raw = fields.String()
    unit = fields.String(allow_none=True)
    reason = fields.String()
    verdict = fields.String()
    decided_at = fields.AwareDateTime(allow_none=True)
    note = fields.String(allow_none=True)


class ShelfSchema(Schema):
    """One page of readings in quarantine; `waiting` counts the undecided by reason."""

    items = fields.List(fields.Nested(QuarantinedSchema), attribute="rows")
    total = fields.Integer()
    pages = fields.Integer()
    waiting = fields.Function(lambda shelf: dict(shelf.waiting), metadata={"type": "object"})


class ShelfQuerySchema(Schema):
    verdict = fields.String(
        load_default=Verdict.OPEN.value, validate=validate.OneOf([each.value for each in Verdict])
    )
    reason = Line(load_default=None)
    page = Whole(load_default=1, validate=validate.Range(1, 100_000))


class ChosenReadingsSchema(Schema):
    readings = fields.List(Whole(), required=True, validate=validate.Length(max=10_000))


class GivenUpReadingsSchema(ChosenReadingsSchema, ReasonSchema):
    """Readings that are given up, and why."""


@resources.get("/tokens", endpoint="tokens")
@resources.response(200, TokensSchema)
def token_list(source_id: int) -> dict[str, Any]:
    """The tokens of a source, newest first, without their secrets."""
    return {"items": tokens.tokens_of(db.session, source_of(source_id))}


@resources.post("/tokens", endpoint="make_token")
@resources.arguments(TokenSchema)
@resources.response(201, SecretSchema)
def make_token(sent: dict[str, Any], source_id: int) -> Answer:
    """A new token for one sender."""
    secret = source_tokens.make(db.session, source_of(source_id), **sent, by=actor(), at=now())
    return _secret(secret)


@resources.post("/tokens/<key:token_id>/rotate", endpoint="rotate_token")
@resources.response(201, SecretSchema)
def rotate_token(source_id: int, token_id: int) -> Answer:
    """The successor of a token, which itself works for a week more."""
    return _secret(source_tokens.rotate(db.session, source_of(source_id), token_id, by=actor(), at=now()))


@resources.delete("/tokens/<key:token_id>", endpoint="revoke_token")
@resources.response(200, ShownTokenSchema)
def revoke_token(source_id: int, token_id: int) -> SourceToken:
    """End a token at once."""
    found = source_of(source_id)
    source_tokens.revoke(db.session, found, token_id, by=actor(), at=now())
    return tokens.token_of(db.session, found, token_id)


@resources.get("/uploads", endpoint="files")
@resources.response(200, FilesSchema)
def files(source_id: int) -> dict[str, Any]:
    """The files of a source, newest first."""
    return {"items": uploads_of(db.session, source_of(source_id))}


@resources.post("/uploads", endpoint="keep_file")
@resources.doc(
    parameters=[{"in": "query", "name": "name", "required": True, "schema": {"type": "string"}}],
    requestBody={
        "required": True,
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in TABLES},
    },
)
@resources.response(201, KeptFileSchema)
def keep_file(source_id: int) -> Upload:
    """Keep a CSV or XLSX file, of which nothing is stored yet."""
    if request.mimetype not in TABLES:
        abort(415, gettext("Send text/csv or an XLSX workbook."))
    name = request.args.get("name", "").strip() or "file"
    return source_uploads.keep(
        db.session, source_of(source_id), name=name, body=request.get_data(), by=actor(), at=now()
    )


@resources.get("/uploads/<key:upload_id>/content", endpoint="file_content")
@resources.response(200, content_type="application/octet-stream")
def file_content(source_id: int, upload_id: int) -> Response:
    """The file as it came."""
    kept = _file(source_id, upload_id)
    answer = Response(kept.body, mimetype=source_uploads.media_type(kept))
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": kept.name})
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@resources.post("/uploads/<key:upload_id>/check", endpoint="check_file")
@resources.arguments(LayoutSchema)
@resources.response(200, CheckedFileSchema)
def check_file(sent: dict[str, Any], source_id: int, upload_id: int) -> dict[str, Any]:
    """What would be stored under a layout; errors come by cell."""
    kept = _file(source_id, upload_id)
    layout = Layout(**sent)
    found = source_uploads.check(db.session, kept, layout, at=now())
    return {
        "readings": len(found.readings),
        "early_rows": found.early_rows,
        "ignored_columns": layout.ignored(source_uploads.sheet(kept).header),
    }


@resources.post("/uploads/<key:upload_id>/store", endpoint="store_file")
@resources.arguments(LayoutSchema)
@resources.response(200, FileSchema)
def store_file(sent: dict[str, Any], source_id: int, upload_id: int) -> Upload:
    """Store the whole file, or nothing of it."""
    kept = _file(source_id, upload_id)
    source_uploads.store(db.session, kept, Layout(**sent), by=actor(), at=now())
    return kept


@resources.post("/uploads/<key:upload_id>/undo", endpoint="undo_file")
@resources.response(200, FileSchema)
def undo_file(source_id: int, upload_id: int) -> Upload:
    """Take back what the file said; it stays in the history."""
    kept = _file(source_id, upload_id)
    source_uploads.undo(db.session, kept, by=actor(), at=now())
    return kept


@resources.post("/uploads/<key:upload_id>/discard", endpoint="discard_file")
@resources.response(200, FileSchema)
def discard_file(source_id: int, upload_id: int) -> Upload:
    """Give up a file that was never stored."""
    kept = _file(source_id, upload_id)
    source_uploads.discard(db.session, kept, by=actor(), at=now())
    return kept


@resources.get("/quarantine", endpoint="quarantine")
@resources.arguments(ShelfQuerySchema, location="query")
@resources.response(200, ShelfSchema)
def quarantine(wanted: dict[str, Any], source_id: int) -> quarantine_desk.Shelf:
    """Readings that could not be stored, a hundred to a page, oldest first."""
    return quarantine_desk.shelf(db.session, source_of(source_id), **wanted)


@resources.post("/quarantine/reprocess", endpoint="reprocess")
@resources.arguments(ChosenReadingsSchema)
@resources.response(200, AttemptSchema)
def reprocess(sent: dict[str, Any], source_id: int) -> CollectionAttempt:
    """Try readings again under today's mapping and metrics, as an attempt of its own."""
    return quarantine_desk.reprocess(db.session, source_of(source_id), sent["readings"], by=actor(), at=now())


@resources.post("/quarantine/discard", endpoint="discard")
@resources.arguments(GivenUpReadingsSchema)
@resources.response(204)
def discard(sent: dict[str, Any], source_id: int) -> None:
    """Give readings up, with a reason."""
    quarantine_desk.discard(
        db.session,
        source_of(source_id),
        sent["readings"],
        reason=sent["reason"],
        by=actor(),
        at=now(),
    )


def _file(source_id: int, upload_id: int) -> Upload:
    return source_uploads.find(db.session, source_of(source_id), upload_id)


def _secret(secret: str) -> Answer:
    return {"secret": secret}, {"Cache-Control": "no-store"}
