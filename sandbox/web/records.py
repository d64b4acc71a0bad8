"""The whole record of a case: one page, the same on paper, and the archive with its hashes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from experiments.lifecycle import Actor
from sandbox.db import db, reading_only
from sandbox.documents.pdf import is_available
from sandbox.exemptions.files import FileStore
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.records.archive import archive as archive_of
from sandbox.records.reading import record as record_of
from sandbox.web import clock_words, ledger_words, words
from sandbox.web.clocks import stretches
from sandbox.web.documents import on_paper
from sandbox.web.filters import instant, language
from sandbox.web.rim import actor, now, today
from sandbox.web.spreadsheet import csv_lines

pages = Blueprint("records", __name__, url_prefix="/cases/<number>")


@pages.get("/record")
def record(number: str) -> ResponseReturnValue:
    """Everything that this reader may read of the case."""
    return render_template("records/record.html", can_make_pdf=is_available(), **_context(_pilot(number)))


@pages.get("/record.pdf")
def sheet(number: str) -> ResponseReturnValue:
    """The same on paper, as of now."""
    html = render_template(
        "records/sheet.html",
        language=language(),
        created=now().isoformat(),
        as_of=instant(now()),
        **_context(_pilot(number)),
    )
    return on_paper(html, f"record-{number}")


@pages.get("/record.zip")
def archive(number: str) -> ResponseReturnValue:
    """Rows, plans, results, documents and files with their hashes, sent while they are read."""
    return download(number)


def download(number: str) -> Response:
    """The archive of this reader, in pieces."""
    _pilot(number)  # asked before the first byte is sent
    pieces = _pieces(db.engine, number, file_store(), reader=actor(), at=now())
    return Response(
        pieces,
        mimetype="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="record-{number}.zip"',
            "Cache-Control": "private, no-store",
        },
    )


def file_store() -> FileStore:
    """Where the files of this installation lie."""
    settings = current_app.settings  # type: ignore[attr-defined]
    return FileStore(settings.var_dir / "files", settings.virus_scan)


def _pieces(engine: Engine, number: str, store: FileStore, *, reader: Actor, at: datetime) -> Iterator[bytes]:
    """The archive from a session of its own: the request's is over when the bytes are sent."""
    with Session(engine) as session:
        with reading_only():
            # Begun as a reader's: however slowly it is fetched, nobody waits for it to write.
            session.connection()
        pilot = file.find(session, number, reader)
        yield from archive_of(session, pilot, store, csv_lines, reader=reader, at=at)


def _pilot(number: str) -> Pilot:
    return file.find(db.session, number, actor())


def _context(pilot: Pilot) -> dict[str, Any]:
    return {
        "record": record_of(db.session, pilot, actor()),
        "pilot": pilot,
        "words": words,
        "clock_words": clock_words,
        "ledger_words": ledger_words,
        "stretches": stretches,
        "today": today(),
    }
