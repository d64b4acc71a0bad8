"""Baseline facts about districts: population, area and whatever else comparisons need, with their sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Double, ForeignKey, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from experiments.districts import CODE, District
from experiments.fields import Line, Prose, Real, load
from experiments.lifecycle import Actor
from experiments.orm import Base, Identified

POPULATION = "population"
AREA = "area"


class DistrictFact(Identified, Base):
    """A baseline fact about a district: its value on a day, and where that stands.

    Never edited: a newer value is a new row, and the one of the latest day counts, then the one
    recorded last.
    """

    __tablename__ = "district_fact"
    __table_args__ = (UniqueConstraint("district_id", "name", "valid_on", "recorded_at"),)

    district_id: Mapped[int] = mapped_column(ForeignKey(District.id))
    name: Mapped[str]
    value: Mapped[float] = mapped_column(Double)
    unit: Mapped[str]
    reference: Mapped[str] = mapped_column(Text)
    valid_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by_name: Mapped[str]

    district: Mapped[District] = relationship()


class FactSchema(Schema):
    """`name` is a code, such as population or area."""

    name = fields.String(required=True, validate=CODE)
    value = Real(required=True)
    unit = Line(required=True, longest=40)
    reference = Prose(required=True, longest=1000)
    valid_on = fields.Date(required=True, validate=validate.Range(min=date(1900, 1, 1)))


def record(
    session: Session, district: District, data: Mapping[str, Any], *, by: Actor, at: datetime
) -> DistrictFact:
    """A fact from the fields of `FactSchema`; Invalid by field."""
    fact = DistrictFact(
        district=district, recorded_at=at, recorded_by_name=by.name, **load(FactSchema(), dict(data))
    )
    session.add(fact)
    session.flush()
    return fact


def facts(session: Session, district: District) -> list[DistrictFact]:
    """Every fact ever recorded about `district`, by name, the one that counts first."""
    return list(
        session.scalars(
            select(DistrictFact)
            .where(DistrictFact.district_id == district.id)
            .order_by(
                DistrictFact.name,
                DistrictFact.valid_on.desc(),
                DistrictFact.recorded_at.desc(),
                DistrictFact.id.desc(),
            )
        )
    )


def newest(found: Sequence[DistrictFact]) -> dict[str, DistrictFact]:
    """By name the fact that counts, of `facts`."""
    return {fact.name: fact for fact in reversed(found)}
