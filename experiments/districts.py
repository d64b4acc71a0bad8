"""Territories and their districts: the units that pilots treat and evaluations compare."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from experiments.errors import Invalid, NotFound
from experiments.fields import Line, load
from experiments.orm import Base, Identified

LARGEST_OUTLINE_BYTES = 1_000_000
CODE = validate.Regexp(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z", error="Letters, digits, dot, dash and underscore only."
)


class Territory(Identified, Base):
    """A set of districts under one local time, such as a chosen city."""

    __tablename__ = "territory"

    code: Mapped[str] = mapped_column(unique=True)
    name_ko: Mapped[str]
    name_en: Mapped[str]
    zone: Mapped[str]
    synthetic: Mapped[bool] = mapped_column(default=False)

    districts: Mapped[list[District]] = relationship(back_populates="territory", order_by="District.code")


class District(Identified, Base):
    """One unit of analysis. `outline` is GeoJSON geometry in degrees (longitude, latitude)."""

    __tablename__ = "district"
    __table_args__ = (
        UniqueConstraint("territory_id", "code"),
        CheckConstraint("population >= 0", name="population_is_not_negative"),
    )

    territory_id: Mapped[int] = mapped_column(ForeignKey(Territory.id))
    code: Mapped[str]
    name_ko: Mapped[str]
    name_en: Mapped[str]
    outline: Mapped[str | None] = mapped_column(Text)
    population: Mapped[int | None]

    territory: Mapped[Territory] = relationship(back_populates="districts")


class Zone(fields.String):
    """The name of a time zone in the IANA database."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> str:
        name = str(super()._deserialize(value, attr, data, **options))
        try:
            ZoneInfo(name)
        except (LookupError, ValueError, OSError):
            raise ValidationError(f"Unknown time zone {name!r}.") from None
        return name


class Outline(fields.Field[str]):
    """A GeoJSON Polygon or MultiPolygon, as an object or as text; kept as compact text."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> str:
        try:
            geometry = orjson.loads(value) if isinstance(value, str) else value
            compact = orjson.dumps(geometry)
        except (orjson.JSONDecodeError, TypeError) as error:
            raise ValidationError(f"Not JSON: {error}.") from None
        if len(compact) > LARGEST_OUTLINE_BYTES:
            raise ValidationError(f"Larger than {LARGEST_OUTLINE_BYTES:,} bytes.")
        for ring in _rings(geometry):
            _check_ring(ring)
        return compact.decode()


class TerritorySchema(Schema):
    code = fields.String(required=True, validate=CODE)
    name_ko = Line(required=True)
    name_en = Line(required=True)
    zone = Zone(required=True)
    synthetic = fields.Boolean(load_default=False)


class DistrictSchema(Schema):
    code = fields.String(required=True, validate=CODE)
    name_ko = Line(required=True)
    name_en = Line(required=True)
    outline = Outline(load_default=None, allow_none=True)
    population = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(min=0, max=2_000_000_000)
    )


def create_territory(session: Session, **facts: Any) -> Territory:
    """A territory from the fields of `TerritorySchema`; Invalid by field, also for a code in use."""
    loaded = load(TerritorySchema(), facts)
    if session.scalar(select(Territory.id).where(Territory.code == loaded["code"])) is not None:
        raise Invalid({"code": [f"The code {loaded['code']} is in use."]})
    territory = Territory(**loaded)
    session.add(territory)
    session.flush()
    return territory


def add_districts(
    session: Session, territory: Territory, rows: Sequence[Mapping[str, Any]]
) -> list[District]:
    """Districts of `territory` from rows of `DistrictSchema`, all or none; Invalid by row and field."""
    loaded = load(DistrictSchema(many=True), [dict(row) for row in rows])
    seen = set(session.scalars(select(District.code).where(District.territory_id == territory.id)))
    errors: dict[str, list[str]] = {}
    for position, row in enumerate(loaded):
        if row["code"] in seen:
            errors[f"{position}.code"] = [f"The code {row['code']} is in use."]
        seen.add(row["code"])
    if errors:
        raise Invalid(errors)
    districts = [District(territory=territory, **row) for row in loaded]
    session.add_all(districts)
    session.flush()
    return districts


def territory(session: Session, code: str) -> Territory:
    """The territory with this code; NotFound otherwise."""
    found = session.scalar(select(Territory).where(Territory.code == code))
    if found is None:
        raise NotFound("territory", code)
    return found


def district(session: Session, territory: Territory, code: str) -> District:
    """The district of `territory` with this code; NotFound otherwise."""
    found = session.scalar(
        select(District).where(District.territory_id == territory.id, District.code == code)
    )
    if found is None:
        raise NotFound("district", f"{territory.code}/{code}")
    return found


def districts(
    session: Session, territory: Territory, codes: Sequence[str], *, field: str = "districts"
) -> list[District]:
    """Districts of `territory` in the order of `codes`; Invalid names each unknown one (`districts.3`)."""
    rows = session.scalars(select(District).where(District.territory_id == territory.id))
    known = {row.code: row for row in rows}
    errors = {
        f"{field}.{i}": [f"unknown district {code}"] for i, code in enumerate(codes) if code not in known
    }
    if errors:
        raise Invalid(errors)
    return [known[code] for code in codes]


def _rings(geometry: Any) -> Iterator[Any]:
    """Every ring of a Polygon or MultiPolygon."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in {"Polygon", "MultiPolygon"}:
        raise ValidationError("Only a GeoJSON Polygon or MultiPolygon can be an outline.")
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons:
        raise ValidationError("The outline has no coordinates.")
    for polygon in polygons:
        if not isinstance(polygon, list) or not polygon:
            raise ValidationError("The outline has an empty polygon.")
        yield from polygon


def _check_ring(ring: Any) -> None:
    if not isinstance(ring, list) or len(ring) < 4 or ring[0] != ring[-1]:
        raise ValidationError("A ring needs four positions, the last equal to the first.")
    for position in ring:
        if not (isinstance(position, list) and len(position) in (2, 3) and all(map(_is_number, position))):
            raise ValidationError(f"Not a position: {str(position)[:80]}.")
        if not (abs(position[0]) <= 180 and abs(position[1]) <= 90):
            raise ValidationError(f"Outside longitude and latitude: {str(position)[:80]}.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
