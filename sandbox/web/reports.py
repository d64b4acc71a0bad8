"""The final report: its room in the case, and its public page once company and authority have agreed."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from experiments.errors import NotFound
from sandbox.db import db
from sandbox.period import ends
from sandbox.pilots import file, register
from sandbox.reports import filing
from sandbox.web.period import item_rows, offered
from sandbox.web.rim import actor, today

pages = Blueprint("reports", __name__)


@pages.get("/cases/<number>/report")
def room(number: str) -> ResponseReturnValue:
    """The final report, its supplements and the keys to its publication."""
    pilot = file.find(db.session, number, actor())
    rules = pilot.exemption.regime.period
    report = filing.report_of(db.session, pilot)
    return render_template(
        "period/report.html",
        pilot=pilot,
        items=rules.reported_of(pilot.exemption.kind) if rules else (),
        report=report if report and filing.may_read(report, actor()) else None,
        clock=ends.clock_of_report(db.session, pilot),
        is_overdue=filing.is_overdue(db.session, pilot, today=today()),
        today=today(),
        acts=offered(pilot, is_report=True),
        item_rows=item_rows,
    )


@pages.get("/pilots/<number>/report")
def public(number: str) -> ResponseReturnValue:
    """The report with the authority's written proof; NotFound until both have agreed."""
    pilot = register.find(db.session, number)
    report = filing.report_of(db.session, pilot)
    if report is None or not report.is_public:
        raise NotFound("report", number)
    rules = pilot.exemption.regime.period
    items = rules.reported_of(pilot.exemption.kind) if rules else ()
    return render_template(
        "period/exit_report.html", pilot=pilot, report=report, rows=item_rows(items, report.contents)
    )
