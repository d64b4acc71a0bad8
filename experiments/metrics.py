"""Metrics: what is measured, in which unit, which way is good, how readings are put together."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import CheckConstraint, Text, UniqueConstraint, event, func, select
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column, object_session

from experiments.districts import CODE
from experiments.errors import BrokenRecord, Invalid, NotFound
from experiments.fields import Line, Prose, load
from experiments.orm import Base, Identified


class Direction(StrEnum):
    """Which way is good."""

    INCREASE = "increase"
    DECREASE = "decrease"


class Aggregation(StrEnum):
    """How the readings of one district within one period become one number."""

    SUM = "sum"
    MEAN = "mean"
    LAST = "last"


class Metric(Identified, Base):
    """One version of a definition. Results depend on it: never edited, only superseded.

    `unit` is how sources state it and how it reads in English, `unit_ko` how it reads in Korean.
    """

    __tablename__ = "metric"
    __table_args__ = (
        UniqueConstraint("code", "version"),
        CheckConstraint("version >= 1", name="versions_count_from_one"),
        CheckConstraint("direction IN ('increase', 'decrease')", name="direction_is_known"),
        CheckConstraint("aggregation IN ('sum', 'mean', 'last')", name="aggregation_is_known"),
    )

    code: Mapped[str]
    version: Mapped[int]
    name_ko: Mapped[str]
    name_en: Mapped[str]
    definition_ko: Mapped[str] = mapped_column(Text)
    definition_en: Mapped[str] = mapped_column(Text)
    unit: Mapped[str]
    unit_ko: Mapped[str]
    direction: Mapped[str]
    aggregation: Mapped[str]


class MetricSchema(Schema):
    code = fields.String(required=True, validate=CODE)
    name_ko = Line(required=True)
    name_en = Line(required=True)
    definition_ko = Prose(required=True)
    definition_en = Prose(required=True)
    unit = Line(required=True)
    unit_ko = Line(load_default=None, allow_none=True)
    direction = fields.String(required=True, validate=validate.OneOf([d.value for d in Direction]))
    aggregation = fields.String(required=True, validate=validate.OneOf([a.value for a in Aggregation]))


def define(session: Session, **definition: Any) -> Metric:
    """Version 1 of a metric from the fields of `MetricSchema`; Invalid by field, also for a code in use."""
    loaded = load(MetricSchema(), definition)
    if _newest_version(session, loaded["code"]):
        raise Invalid({"code": [f"The metric {loaded['code']} exists; supersede it."]})
    return _add(session, loaded, version=1)


def supersede(session: Session, metric: Metric, **changes: Any) -> Metric:
    """The next version of `metric` with `changes`; whatever rests on the old version keeps it."""
    if "code" in changes:
        raise Invalid({"code": ["The code names the metric in all versions."]})
    old = {name: getattr(metric, name) for name in MetricSchema().fields}
    return _add(
        session, load(MetricSchema(), old | changes), version=_newest_version(session, metric.code) + 1
    )


def metric(session: Session, code: str, version: int | None = None) -> Metric:
    """The metric's given version, or its newest; NotFound otherwise."""
    wanted = select(Metric).where(Metric.code == code).order_by(Metric.version.desc()).limit(1)
    found = session.scalar(wanted if version is None else wanted.where(Metric.version == version))
    if found is None:
        raise NotFound("metric", code if version is None else f"{code} version {version}")
    return found


def _newest_version(session: Session, code: str) -> int:
    return session.scalar(select(func.max(Metric.version)).where(Metric.code == code)) or 0


def _add(session: Session, loaded: dict[str, Any], *, version: int) -> Metric:
    row = Metric(version=version, **loaded | {"unit_ko": loaded["unit_ko"] or loaded["unit"]})
    session.add(row)
    session.flush()
    return row


@event.listens_for(Metric, "before_update")
def _refuse_edits(_mapper: Mapper[Metric], _connection: object, edited: Metric) -> None:
    session = object_session(edited)
    if session is not None and session.is_modified(edited):
        raise BrokenRecord(
            f"metric {edited.code} version {edited.version}", "a definition was about to be edited"
        )
