"""Sources to which a city's own systems send readings by token: nobody is asked, no hub is needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.collection import telemetry
from experiments.collection.models import DataSource, Hub
from experiments.districts import Territory, districts
from experiments.errors import Invalid, NotFound, Refused
from experiments.fields import Line, load
from experiments.lifecycle import Actor
from experiments.metrics import Metric, metric
from sandbox import ledger
from sandbox.collection_desk import may_keep

FIRST_DAY = date(2000, 1, 1)


class PushedSourceSchema(Schema):
    """Which metrics are sent of which districts, by their codes, how often, and from which day on."""

    name = Line(required=True)
    territory = Line(required=True)
    metrics = fields.List(Line(), required=True, validate=validate.Length(max=100))
    districts = fields.List(Line(), required=True, validate=validate.Length(max=10_000))
    cadence = Line(load_default=None, allow_none=True)
    starts_on = fields.Date(required=True, validate=validate.Range(min=FIRST_DAY))


def open_pushed(session: Session, data: Mapping[str, Any], *, by: Actor, at: datetime) -> DataSource:
    """A source that takes what is sent with its tokens; for the data officer of the territory's city.

    Its entities are the codes of the districts and its attributes the codes of the metrics. Invalid by
    field, also where another source gives one of the metrics for one of the districts.
    """
    loaded = load(PushedSourceSchema(), dict(data))
    territory = session.scalar(select(Territory).where(Territory.code == loaded["territory"]))
    if territory is None:
        raise Invalid({"territory": [f"unknown territory {loaded['territory']}"]})
    if not may_keep(session, territory.id, by):
        raise Refused("source.open_pushed", "data_officer_of_the_city")
    errors: dict[str, list[str]] = {}
    if session.scalar(select(Hub.id).where(Hub.name == loaded["name"])) is not None:
        errors["name"] = [f"The hub {loaded['name']} exists."]
    if not loaded["districts"]:
        errors["districts"] = ["Choose at least one district."]
    measured: dict[str, Metric] = {}
    for code in loaded["metrics"]:
        try:
            measured[code] = metric(session, code)
        except NotFound:
            errors.setdefault("metrics", []).append(f"There is no metric {code}.")
    if errors:
        raise Invalid(errors)
    first = datetime.combine(loaded["starts_on"], time(), ZoneInfo(territory.zone))
    source = telemetry.open_source(
        session,
        name=loaded["name"],
        territory=territory,
        metrics=list(measured.values()),
        districts=districts(session, territory, list(dict.fromkeys(loaded["districts"]))),
        cadence=loaded["cadence"],
        starts_at=first,
        at=at,
    )
    facts = {"name": source.name, "metrics": list(measured), "districts": loaded["districts"]}
    ledger.append(
        session, act="source.open_pushed", subject=f"source:{source.id}", by=by, at=at, details=facts
    )
    return source
