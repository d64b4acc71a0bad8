"""The whole record of a case: one page, the same on paper, and the archive with its hashes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from sandbox.db import db
from sandbox.documents.pdf import is_available
from sandbox.pilots import file
from sandbox.pilots.models import Pilot
from sandbox.records import sending
from sandbox.records.reading import record as record_of
from sandbox.web import clock_words, ledger_words, words
from sandbox.web.clocks import stretches
from sandbox.web.documents import on_paper
from sandbox.web.filters import instant, language
from sandbox.web.rim import actor, file_store, now, today

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
    _pilot(number)  # asked before the first byte is sent
    pieces = sending.pieces(db.engine, number, file_store(), reader=actor(), at=now())
    return Response(pieces, mimetype=sending.MEDIA_TYPE, headers=sending.headers(number))


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
