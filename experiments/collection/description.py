"""What people state about hubs and sources: the shape, the references, and what is wrong, by field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from experiments.collection import units
from experiments.collection.connectors.options import OPTIONS, PUSHED, check_options
from experiments.collection.models import (
    Across,
    DataSource,
    Dialect,
    Hub,
    Representation,
    SourceAttribute,
    SourceEntity,
)
from experiments.districts import CODE, District, Territory, Zone
from experiments.errors import Invalid, NotFound
from experiments.fields import Line, load
from experiments.metrics import Metric
from experiments.metrics import metric as metric_of

DAY = 86_400
# Their temporal interfaces know no aggrMethods: what they are asked for fails at every reading.
NEVER_AGGREGATED = frozenset((Dialect.CITY_DATA_HUB, Dialect.ORION_LD))
NOT_AGGREGATED = "Hubs of this dialect put no readings together: ask for the readings themselves."
CADENCES = ("hour", "day", "week", "month", "year")

# As for readings: no earlier one is taken from anybody.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
# Identifiers of the hub are kept as they are: normalised, they would no longer match. Those of tables may
# be names with blanks between words.
_BLACK = r"[^\x00-\x20\x7f\ud800-\udfff]"
IDENTIFIER = validate.And(
    validate.Length(min=1, max=500, error="1 to 500 characters without blanks or controls."),
    validate.Regexp(rf"{_BLACK}+( {_BLACK}+)*\Z", error="1 to 500 characters without blanks or controls."),
)
# Of NGSI-LD, where names are joined by commas; columns of tables have all kinds of names.
ATTRIBUTE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_:.-]{0,199}")

Errors = dict[str, list[str]]


def _seconds(low: int, high: int, **options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(min=low, max=high), **options)


def _count(low: int, high: int) -> fields.Integer:
    return fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(min=low, max=high)
    )


class HubSchema(Schema):
    """A hub; `dialect`, `tenant` and `context_url` mean something to NGSI-LD only.

    It serves one territory, or every one. `concurrency` is how many of its sources one worker may read at a
    time, `requests_per_minute` how often it may ask; the worker's own limits hold where these are None.
    """

    name = Line(required=True)
    base_url = Line(required=True, longest=500)
    kind = fields.String(load_default="ngsi_ld", validate=validate.OneOf(list(OPTIONS)))
    dialect = fields.String(
        load_default=Dialect.ETSI.value, validate=validate.OneOf([d.value for d in Dialect])
    )
    zone = Zone(required=True)
    tenant = Line(load_default=None, allow_none=True)
    context_url = Line(load_default=None, allow_none=True, longest=500)
    territory = Line(load_default=None, allow_none=True)
    concurrency = _count(1, 64)
    requests_per_minute = _count(1, 60_000)


class AttributeSchema(Schema):
    """Attribute -> metric, in the unit that the hub sends; it is converted into the metric's.

    `across` says how several entities of one district are put together (sum, mean).
    """

    attribute = Line(required=True)
    metric = fields.String(required=True, validate=CODE)
    version = fields.Integer(load_default=None, allow_none=True, strict=True)
    unit = Line(required=True)
    cadence = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(CADENCES))
    across = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf([a.value for a in Across])
    )


class EntitySchema(Schema):
    """Entity -> district."""

    entity = fields.String(required=True, validate=IDENTIFIER)
    district = Line(required=True)


class SourceSchema(Schema):
    """A data source: where, what, how often, and how far back late readings are looked for.

    `window_seconds` is the longest window per transaction; `lag_seconds` keeps away from what the
    hub has not finished writing; the last `overlap_seconds` before the watermark are read again.
    `options` are what the hub's kind asks for beside the rest, and `entity_type` means what it means there
    (`connectors.options`).
    """

    hub = Line(required=True)
    territory = Line(required=True)
    name = Line(required=True)
    entity_type = Line(required=True)
    representation = fields.String(
        load_default=Representation.TEMPORAL_VALUES.value,
        validate=validate.OneOf([r.value for r in Representation]),
    )
    interval_seconds = _seconds(1, 366 * DAY, required=True)
    overlap_seconds = _seconds(0, 3660 * DAY, load_default=7 * DAY)
    lag_seconds = _seconds(0, 366 * DAY, load_default=0)
    window_seconds = _seconds(60, 36_600 * DAY, load_default=31 * DAY)
    page_size = _seconds(1, 10_000, load_default=100)
    options = fields.Dict(load_default=dict)
    starts_at = fields.AwareDateTime(required=True, format="iso", validate=validate.Range(min=EARLIEST))
    attributes = fields.List(
        fields.Nested(AttributeSchema), required=True, validate=validate.Length(min=1, max=100)
    )
    entities = fields.List(
        fields.Nested(EntitySchema), required=True, validate=validate.Length(min=1, max=10_000)
    )

    @validates_schema
    def nothing_stands_twice(self, data: Mapping[str, Any], **_: Any) -> None:
        """One attribute per metric, and one entity per district unless every attribute says how several
        are put together: a series has one origin."""
        errors: dict[str, dict[int, dict[str, list[str]]]] = {}
        are_put_together = all(row["across"] is not None for row in data["attributes"])
        of_entities = ("entity",) if are_put_together else ("entity", "district")
        for rows, keys in (("attributes", ("attribute", "metric")), ("entities", of_entities)):
            for key in keys:
                for position, first in _repeats([row[key] for row in data[rows]]):
                    of_row = errors.setdefault(rows, {}).setdefault(position, {})
                    of_row[key] = [f"{data[rows][position][key]} stands in row {first} already."]
        if errors:
            raise ValidationError(errors)


class Description:
    """A checked description with its references resolved; Invalid with all that is wrong, at once."""

    def __init__(
        self, session: Session, data: Mapping[str, Any], *, edited: DataSource | None = None
    ) -> None:
        loaded = load(SourceSchema(), dict(data))
        self._rows: tuple[list[dict[str, Any]], list[dict[str, Any]]] = (
            loaded.pop("attributes"),
            loaded.pop("entities"),
        )
        self.starts_at: datetime = loaded.pop("starts_at")
        errors: Errors = {}
        # Held against being withdrawn until the source is there.
        wanted = select(Hub).where(Hub.name == loaded["hub"], Hub.withdrawn_at.is_(None))
        hub = session.scalar(wanted.with_for_update(read=True))
        if hub is None:
            errors["hub"] = [f"unknown hub {loaded['hub']}"]
        territory = session.scalar(select(Territory).where(Territory.code == loaded["territory"]))
        if territory is None:
            errors["territory"] = [f"unknown territory {loaded['territory']}"]
        if hub is not None and territory is not None and hub.territory_id not in (None, territory.id):
            errors["hub"] = ["The hub serves another territory."]
        self._metrics = self._resolve_metrics(session, errors)
        self._districts = self._resolve_districts(session, territory, errors)
        if edited is not None and territory is not None and territory.id != edited.territory_id:
            errors["territory"] = ["A source stays in its territory; register another one."]
        if hub is not None:
            errors |= self._faults_of_kind(hub, loaded)
        if not errors and hub is not None:
            errors |= conflicts(session, self._metrics, self._districts, edited)
            errors |= _name_in_use(session, hub, loaded["name"], edited)
        if errors or hub is None or territory is None:
            raise Invalid(errors)
        self.plain = loaded | {"hub": hub, "territory": territory}

    @property
    def pairs(self) -> set[tuple[str, int, str, str | None]]:
        return {
            (row["attribute"], metric.id, row["unit"], row["across"])
            for row, metric in zip(self._rows[0], self._metrics, strict=True)
        }

    @property
    def places(self) -> set[tuple[str, int]]:
        return {(row["entity"], d.id) for row, d in zip(self._rows[1], self._districts, strict=True)}

    def attributes(self) -> list[SourceAttribute]:
        return [
            SourceAttribute(
                attribute=row["attribute"],
                metric=metric,
                unit=row["unit"],
                cadence=row["cadence"],
                across=row["across"],
            )
            for row, metric in zip(self._rows[0], self._metrics, strict=True)
        ]

    def entities(self) -> list[SourceEntity]:
        return [
            SourceEntity(entity=row["entity"], district=district)
            for row, district in zip(self._rows[1], self._districts, strict=True)
        ]

    def _faults_of_kind(self, hub: Hub, loaded: dict[str, Any]) -> Errors:
        """What the connector of the hub's kind cannot work with; fills in the defaults of its options."""
        errors: Errors = {}
        try:
            loaded["options"] = check_options(hub.kind, loaded["entity_type"], loaded["options"])
        except Invalid as refusal:
            errors = dict(refusal.errors)
        if hub.kind == "ngsi_ld":
            is_aggregated = loaded["representation"] == Representation.AGGREGATED_VALUES
            if is_aggregated and hub.dialect in NEVER_AGGREGATED:
                errors["representation"] = [NOT_AGGREGATED]
            for position, row in enumerate(self._rows[0]):
                if not ATTRIBUTE_NAME.fullmatch(row["attribute"]):
                    errors[f"attributes.{position}.attribute"] = ["Not an attribute name."]
            for position, row in enumerate(self._rows[1]):
                if " " in row["entity"]:
                    message = "1 to 500 characters without blanks or controls."
                    errors[f"entities.{position}.entity"] = [message]
        return errors

    def _resolve_metrics(self, session: Session, errors: Errors) -> list[Metric]:
        metrics: list[Metric] = []
        for position, row in enumerate(self._rows[0]):
            try:
                metric = metric_of(session, row["metric"], row["version"])
            except NotFound as unknown:
                errors[f"attributes.{position}.metric"] = [f"unknown metric {unknown.key}"]
                continue
            try:
                units.check(row["unit"], metric.unit)
            except (units.UnknownUnit, units.IncompatibleUnits):
                message = f"the metric is in {metric.unit}, not in {row['unit']}"
                errors[f"attributes.{position}.unit"] = [message]
            metrics.append(metric)
        return metrics

    def _resolve_districts(
        self, session: Session, territory: Territory | None, errors: Errors
    ) -> list[District]:
        if territory is None:
            return []
        rows = session.scalars(select(District).where(District.territory_id == territory.id))
        known = {district.code: district for district in rows}
        for position, row in enumerate(self._rows[1]):
            if row["district"] not in known:
                errors[f"entities.{position}.district"] = [f"unknown district {row['district']}"]
        return [known[row["district"]] for row in self._rows[1] if row["district"] in known]


def conflicts(
    session: Session,
    metrics: Sequence[Metric],
    districts: Sequence[District],
    edited: DataSource | None,
    *,
    with_paused_hubs: bool = False,
) -> Errors:
    """Districts that get one of the metrics from another live source: it would count twice.

    `with_paused_hubs`: also those that got it from a hub that is not asked at present.
    """
    is_live = ~DataSource.paused
    if with_paused_hubs:
        is_live = or_(is_live, DataSource.hub.has(Hub.kind != PUSHED))
    position_of = {district.id: position for position, district in enumerate(districts)}
    taken = (
        select(SourceEntity.district_id, DataSource.name)
        .join(SourceAttribute, SourceAttribute.source_id == SourceEntity.source_id)
        .join(DataSource, DataSource.id == SourceEntity.source_id)
        .where(
            SourceEntity.district_id.in_(position_of),
            SourceAttribute.metric_id.in_({metric.id for metric in metrics}),
            is_live,
            *([DataSource.id != edited.id] if edited else []),
        )
        .order_by(DataSource.id)
    )
    return {
        f"entities.{position_of[district_id]}.district": [
            f"the source {name} gives the same metric for this district"
        ]
        for district_id, name in session.execute(taken)
    }


def _name_in_use(session: Session, hub: Hub, name: str, edited: DataSource | None) -> Errors:
    same = _others(edited).where(DataSource.hub_id == hub.id, DataSource.name == name)
    return {"name": [f"The hub has a source named {name}."]} if session.scalar(same) is not None else {}


def _others(edited: DataSource | None) -> Select[DataSource]:
    sources = select(DataSource)
    return sources.where(DataSource.id != edited.id) if edited else sources


def _repeats(values: Sequence[str]) -> list[tuple[int, int]]:
    """(position, position of the first) of every value that stood before."""
    first: dict[str, int] = {}
    return [(i, first[value]) for i, value in enumerate(values) if first.setdefault(value, i) != i]
