"""The annual report: a public page, the same on paper, and as files."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from sandbox.db import db
from sandbox.documents.pdf import is_available
from sandbox.programmes.annual import Annual, annual, years
from sandbox.spreadsheet import csv_bytes
from sandbox.web import words
from sandbox.web.documents import on_paper
from sandbox.web.filters import language
from sandbox.web.rim import now

pages = Blueprint("annual", __name__, url_prefix="/annual-report")


@pages.get("")
def latest() -> ResponseReturnValue:
    """The report of this year, as far as it has come."""
    return redirect(url_for("annual.report", year=years(db.session, now=now())[0]))


@pages.get("/<key:year>")
def report(year: int) -> ResponseReturnValue:
    """One year of the programme."""
    return render_template(
        "annual/report.html",
        can_make_pdf=is_available(),
        years=years(db.session, now=now()),
        **_context(year),
    )


@pages.get("/<key:year>.pdf")
def sheet(year: int) -> ResponseReturnValue:
    """The report on paper."""
    context = _context(year)
    created = context["report"].as_of.replace(microsecond=0).isoformat()
    html = render_template("annual/sheet.html", language=language(), created=created, **context)
    return on_paper(html, f"annual-report-{year}")


@pages.get("/<key:year>.json")
def as_json(year: int) -> ResponseReturnValue:
    """Every number of the report."""
    body = json.dumps(asdict(_report(year)), ensure_ascii=False, indent=1, default=_said)
    return Response(body, mimetype="application/json")


@pages.get("/<key:year>.csv")
def as_csv(year: int) -> ResponseReturnValue:
    """The counts of the report, a line each."""
    found = _report(year)
    results, incidents = found.results, found.incidents
    rows: list[tuple[str, str, int]] = [("steps", verb, count) for verb, count in found.steps]
    rows += [("standing", status, count) for status, count in found.standing]
    names = ("locked", "signed", "due", "reported")
    rows += [("results", name, getattr(results, name)) for name in names]
    rows.append(("results", "overdue", len(results.overdue)))
    rows += [("incidents", name, count) for name, count in asdict(incidents).items()]
    return Response(
        csv_bytes(("part", "name", "count"), rows),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="annual-report-{year}.csv"'},
    )


def _report(year: int) -> Annual:
    return annual(db.session, year, now=now())


def _context(year: int) -> dict[str, Any]:
    return {"report": _report(year), "words": words}


def _said(value: Any) -> str:
    assert isinstance(value, date | datetime)
    return value.isoformat()
