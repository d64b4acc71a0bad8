"""Files of readings: sent, mapped, looked at before they count, and undone."""

from __future__ import annotations

import re
from dataclasses import asdict

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.http import dump_options_header

from experiments.collection.models import DataSource, from_microseconds
from experiments.collection.spreadsheets import Sheet, read_sheet
from experiments.collection.upload import Checked, Layout, Upload, uploads_of
from experiments.errors import Invalid
from sandbox import collection_health, source_uploads
from sandbox.collection_desk import may_keep
from sandbox.db import db
from sandbox.web import complaints
from sandbox.web.forms import Sent
from sandbox.web.rim import actor, now

pages = Blueprint("uploads", __name__, url_prefix="/sources/<key:source_id>/uploads")

ROWS_SHOWN = 10
READINGS_SHOWN = 20
_CELL = re.compile(r"[A-Z]+\d+")


@pages.route("", methods=["GET", "POST"])
def index(source_id: int) -> ResponseReturnValue:
    """The files of a source, and the form that sends one more."""
    source = _source(source_id)
    errors = {}
    if request.method == "POST":
        sent = request.files.get("file")
        try:
            if sent is None or not sent.filename:
                raise Invalid({"file": ["Choose a file."]})
            body = sent.stream.read()
            kept = source_uploads.keep(
                db.session, source, name=sent.filename, body=body, by=actor(), at=now()
            )
            return redirect(url_for("uploads.file", source_id=source_id, upload_id=kept.id), 303)
        except Invalid as refusal:
            errors = _explained(refusal)
    page = render_template(
        "sources/uploads.html",
        source=source,
        uploads=uploads_of(db.session, source),
        may_keep=may_keep(db.session, source.territory_id, actor()),
        errors=errors,
        labels={"file": gettext("File")},
    )
    return page, 422 if errors else 200


@pages.route("/<key:upload_id>", methods=["GET", "POST"])
def file(source_id: int, upload_id: int) -> ResponseReturnValue:
    """Which column says what, and what would be stored under that."""
    kept = _upload(source_id, upload_id)
    if request.method == "GET":
        return _page(kept, Sent(request.form, asdict(source_uploads.guessed(kept.source, _sheet(kept)))))
    sent = Sent(request.form)
    try:
        return _page(kept, sent, source_uploads.check(db.session, kept, _layout(sent), at=now()))
    except Invalid as refusal:
        sent.errors = _explained(refusal)
    return _page(kept, sent), 422


@pages.post("/<key:upload_id>/store")
def store(source_id: int, upload_id: int) -> ResponseReturnValue:
    kept = _upload(source_id, upload_id)
    sent = Sent(request.form)
    try:
        source_uploads.store(db.session, kept, _layout(sent), by=actor(), at=now())
    except Invalid as refusal:
        sent.errors = _explained(refusal)
        return _page(kept, sent), 422
    flash(gettext("The file is stored."), "success")
    return redirect(url_for("uploads.index", source_id=source_id), 303)


@pages.post("/<key:upload_id>/undo")
def undo(source_id: int, upload_id: int) -> ResponseReturnValue:
    source_uploads.undo(db.session, _upload(source_id, upload_id), by=actor(), at=now())
    flash(gettext("The file is undone; what it said stays in the history."), "success")
    return redirect(url_for("uploads.index", source_id=source_id), 303)


@pages.post("/<key:upload_id>/discard")
def discard(source_id: int, upload_id: int) -> ResponseReturnValue:
    source_uploads.discard(db.session, _upload(source_id, upload_id), by=actor(), at=now())
    flash(gettext("The file is discarded."), "success")
    return redirect(url_for("uploads.index", source_id=source_id), 303)


@pages.get("/<key:upload_id>/content")
def content(source_id: int, upload_id: int) -> ResponseReturnValue:
    """The file as it came, as a download; no browser is to open or guess what somebody sent."""
    kept = _upload(source_id, upload_id)
    answer = Response(kept.body, mimetype=source_uploads.media_type(kept))
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": kept.name})
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _page(kept: Upload, sent: Sent, checked: Checked | None = None) -> str:
    source, sheet = kept.source, _sheet(kept)
    metrics = {each.attribute: each.metric for each in source.attributes}
    districts = {each.entity: each.district for each in source.entities}
    assumed = {each.attribute: each.unit for each in source.attributes}
    return render_template(
        "sources/upload.html",
        source=source,
        kept=kept,
        header=sheet.header,
        rows=sheet.rows[:ROWS_SHOWN],
        sent=sent,
        errors=sent.errors,
        labels={
            "observed_at": gettext("Column with the day or instant"),
            "entity": gettext("Column with the entity or district"),
            "attribute": gettext("Column with the attribute"),
            "value": gettext("Column with the value"),
            "only_attribute": gettext("Attribute of all values"),
            "unit": gettext("Column with the unit"),
        },
        assumed=assumed,
        ignored=_layout(sent).ignored(sheet.header),
        columns=[(name, name) for name in sheet.header],
        attributes=[(each, each) for each in metrics],
        count=len(checked.readings) if checked else None,
        early_rows=checked.early_rows if checked else (),
        readings=[
            (
                from_microseconds(each.at),
                districts[each.entity],
                metrics[each.attribute],
                each.value,
                each.unit or assumed[each.attribute],
            )
            for each in (checked.readings if checked else [])[:READINGS_SHOWN]
        ],
    )


def _explained(refusal: Invalid) -> dict[str, list[str]]:
    """Messages in the reader's language, those of cells with the cell in front."""
    found: dict[str, list[str]] = {}
    for field, messages in complaints.translated(refusal.errors).items():
        is_cell = _CELL.fullmatch(field) is not None
        said = [f"{field}: {message}" if is_cell else message for message in messages]
        found.setdefault("_schema" if is_cell else field, []).extend(said)
    return found


def _layout(sent: Sent) -> Layout:
    names = ("observed_at", "entity", "attribute", "value", "only_attribute", "unit")
    return Layout(**{name: sent.one(name) for name in names})


def _sheet(kept: Upload) -> Sheet:
    return read_sheet(kept.body)


def _upload(source_id: int, upload_id: int) -> Upload:
    return source_uploads.find(db.session, _source(source_id), upload_id)


def _source(source_id: int) -> DataSource:
    return collection_health.find(db.session, source_id, actor())
