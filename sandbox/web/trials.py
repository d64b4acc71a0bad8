"""What a trial of a source brought, ready to be shown: requests, readings with their places, charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import current_app
from flask_babel import gettext
from sqlalchemy import select

from experiments.collection import preview
from experiments.collection.connectors.readings import Reading
from experiments.collection.intake import Suspect
from experiments.collection.models import from_microseconds
from experiments.collection.preview import Line, Preview, Trial
from experiments.districts import District
from experiments.metrics import Metric
from sandbox.db import db
from sandbox.serving import collection_settings
from sandbox.web import charts, options
from sandbox.web.district_rows import DistrictRows, district_rows
from sandbox.web.filters import instant, pick
from sandbox.web.rim import now

READINGS_SHOWN = 20
DISTRICTS_DRAWN = 40

Kept = TypeVar("Kept", District, Metric)


@dataclass(frozen=True)
class Shown:
    """A trial as the page shows it; `readings` are (instant, reading, district, metric, unit)."""

    found: Preview
    readings: Sequence[tuple[datetime, Reading, District, Metric, str]]
    suspects: Sequence[tuple[datetime, Suspect]]
    figures: Sequence[charts.Figure]
    has_credentials: bool


def tried(trial: Trial) -> Shown:
    """Ask the hub now. No transaction may be open: none waits for a hub."""
    db.session.rollback()
    found = preview.run(trial, collection_settings(current_app.settings), at=now())  # type: ignore[attr-defined]
    metrics = _by_id(Metric, [each.metric_id for each in trial.measures.values()])
    districts = _by_id(District, list(trial.districts.values()))
    readings = []
    for each in found.readings[:READINGS_SHOWN]:
        measure = trial.measures[each.attribute]
        place, metric = districts[trial.districts[each.entity]], metrics[measure.metric_id]
        readings.append((from_microseconds(each.at), each, place, metric, each.unit or measure.unit))
    return Shown(
        found=found,
        readings=readings,
        suspects=[(from_microseconds(each.reading.at), each) for each in found.suspects[:READINGS_SHOWN]],
        figures=[_figure(metric, found.lines, districts) for metric in metrics.values()]
        if found.readings
        else [],
        has_credentials=trial.access.sealed is not None,
    )


def _by_id(kind: type[Kept], keys: Sequence[int]) -> dict[int, Kept]:
    """The rows in the order of `keys`."""
    found = {row.id: row for row in db.session.scalars(select(kind).where(kind.id.in_(keys)))}
    return {key: found[key] for key in keys}


def _figure(metric: Metric, lines: Sequence[Line], districts: Mapping[int, District]) -> charts.Figure:
    """The metric in every mapped district, in its own unit, those without a reading too."""
    own = [each for each in lines if each.metric_id == metric.id][:DISTRICTS_DRAWN]
    instants = sorted({at for each in own for at, _value in each.points})
    rows = {}
    for each in own:
        known = dict(each.points)
        rows[pick(districts[each.district_id], "name")] = tuple(known.get(at) for at in instants)
    values = DistrictRows(
        periods=tuple(instant(at) for at in instants),
        rows=rows,
        period_label=gettext("Observed"),
        value_label=gettext("%(metric)s (%(unit)s)", metric=pick(metric, "name"), unit=options.unit(metric)),
        none_label=gettext("none"),
    )
    silent = sum(not each.points for each in own)
    said = gettext(
        "As it would be stored, converted into the unit of the metric; all districts on one scale."
    )
    if silent:
        said += " " + gettext(
            "Without a reading: %(silent)s of %(count)s districts.", silent=silent, count=len(own)
        )
    return charts.figure(
        district_rows, values, id=f"metric-{metric.id}", title=pick(metric, "name"), description=said
    )
