"""Data health: a calendar of what came, every series with what stands out, alerts, changes of devices."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.collection.models import DataSource, from_microseconds
from experiments.collection.quality_readout import SeriesHealth, SourceHealth
from experiments.errors import Invalid
from sandbox import collection_health, data_health
from sandbox.collection_desk import may_keep
from sandbox.db import db
from sandbox.web import charts, complaints, health_words, options
from sandbox.web.coverage import CoverageCalendar, coverage_calendar
from sandbox.web.filters import pick
from sandbox.web.forms import Sent
from sandbox.web.rim import actor, now

pages = Blueprint("health", __name__)

MOST_ROWS = 12


@pages.get("/sources/<key:source_id>/health")
def source(source_id: int) -> ResponseReturnValue:
    return _page(_source(source_id), Sent(request.form))


@pages.post("/sources/<key:source_id>/device-changes")
def record_change(source_id: int) -> ResponseReturnValue:
    """Register that a device was replaced, moved or calibrated."""
    changed, sent = _source(source_id), Sent(request.form)
    try:
        data_health.record_change(db.session, changed, _described(sent, changed), by=actor(), at=now())
    except Invalid as refusal:
        sent.errors = complaints.translated(refusal.errors)
        return _page(changed, sent), 422
    flash(gettext("The change of the device is on record."), "success")
    return redirect(url_for("health.source", source_id=source_id), 303)


@pages.get("/alerts")
def alerts() -> ResponseReturnValue:
    with_closed = request.args.get("closed") == "1"
    return render_template(
        "health/alerts.html",
        alerts=data_health.alerts(db.session, actor(), with_closed=with_closed),
        with_closed=with_closed,
        may_see=lambda alert: may_keep(db.session, alert.territory_id, actor()),
        health_words=health_words,
    )


@pages.post("/alerts/<key:alert_id>/seen")
def see(alert_id: int) -> ResponseReturnValue:
    data_health.see(db.session, data_health.alert(db.session, alert_id, actor()), by=actor(), at=now())
    return redirect(url_for("health.alerts"), 303)


def _source(source_id: int) -> DataSource:
    return collection_health.find(db.session, source_id, actor())


def _described(sent: Sent, changed: DataSource) -> dict[str, str | None]:
    """What the form says; the instant is the territory's own time."""
    try:
        typed = datetime.fromisoformat(sent.one("changed_at").strip())
        moment = typed if typed.tzinfo else typed.replace(tzinfo=ZoneInfo(changed.territory.zone))
    except (ValueError, OverflowError):
        message = gettext("Write a day and a time, such as 2024-01-01T00:00.")
        raise Invalid({"changed_at": [message]}) from None
    return {
        "district": sent.one("district") or None,
        "changed_at": moment.isoformat(),
        "description": sent.one("description"),
    }


def _page(shown: DataSource, sent: Sent) -> str:
    found = data_health.page(db.session, shown, now())
    return render_template(
        "health/source.html",
        source=shown,
        health=found,
        calendars=_calendars(found),
        troubled=[each for each in found.series if each.troubles or each.shifts],
        quiet=[each for each in found.series if not (each.troubles or each.shifts)],
        newest={each.series.id: from_microseconds(each.newest_at) for each in found.series if each.newest_at},
        changes=data_health.changes(db.session, shown),
        may_keep=may_keep(db.session, shown.territory_id, actor()),
        districts=options.districts(shown.territory.districts),
        sent=sent,
        errors=sent.errors,
        labels=health_words.LABELS,
        health_words=health_words,
    )


def _calendars(found: SourceHealth) -> list[charts.Figure]:
    """One calendar for each metric."""
    by_metric: dict[int, list[SeriesHealth]] = {}
    for each in found.series:
        if each.coverage is not None and found.periods:
            by_metric.setdefault(each.series.metric_id, []).append(each)
    return [_calendar(found, rows) for rows in by_metric.values()]


def _calendar(found: SourceHealth, rows: list[SeriesHealth]) -> charts.Figure:
    """A row per district, or those with the most missing where there are too many for one drawing."""
    worst = sorted(rows, key=lambda each: each.coverage or 0.0)[:MOST_ROWS]
    drawn = [each for each in rows if each in worst]
    values = CoverageCalendar(
        periods=found.periods,
        shares={_name(each): each.shares for each in drawn},
        period_label=health_words.period(found.period),
        full_label=gettext("Complete"),
        part_label=gettext("Partly missing"),
        none_label=gettext("No readings"),
    )
    description = gettext("One cell is one period of one series: how many of the expected readings came.")
    if len(drawn) < len(rows):
        description += " " + gettext(
            "Shown are the %(shown)s least complete of %(count)s series.", shown=len(drawn), count=len(rows)
        )
    metric = rows[0].series.metric
    return charts.figure(
        coverage_calendar,
        values,
        id=f"coverage-{metric.id}",
        title=health_words.calendar_title(found.period, pick(metric, "name")),
        description=description,
    )


def _name(each: SeriesHealth) -> str:
    parts = [pick(each.series.district, "name"), each.series.entity]
    return " · ".join(filter(None, parts))
