"""Metrics: what is measured, in which unit, which way is good, how readings are put together."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import CheckConstraint, Double, ForeignKey, Text, UniqueConstraint, event, func, select
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column, object_session, relationship

from experiments.districts import CODE
from experiments.errors import BrokenRecord, Invalid, NotFound
from experiments.fields import Line, Prose, load
from experiments.orm import Base, Identified


class Direction(StrEnum):
    """Which way is good."""

    INCREASE = "increase"
    DECREASE = "decrease"


class Aggregation(StrEnum):
    """How the readings of one district within one period become one number.

    `rate`: their sum over what the denominator metric says of the same district and period.
    """

    SUM = "sum"
    MEAN = "mean"
    MEDIAN = "median"
    LAST = "last"
    MIN = "min"
    MAX = "max"
    RATE = "rate"


class Verification(StrEnum):
    """How far the numbers behind a metric were looked into: `checked` against their source, `verified` by a
    third party."""

    UNVERIFIED = "unverified"
    CHECKED = "checked"
    VERIFIED = "verified"


class Metric(Identified, Base):
    """One version of a definition. Results depend on it: never edited, only superseded.

    `unit` is how sources state it and how it reads in English, `unit_ko` how it reads in Korean.
    Readings below `lowest` or above `highest` (in `unit`, both allowed themselves) are not believed.
    For a rate `unit` is the numerator's, which is what sources send. `standard` is the code that a
    standard has for it (U4SSC, ISO 37120), `artefacts` what is known to bend its readings.
    """

    __tablename__ = "metric"
    __table_args__ = (
        UniqueConstraint("code", "version"),
        CheckConstraint("version >= 1", name="versions_count_from_one"),
        CheckConstraint("direction IN ('increase', 'decrease')", name="direction_is_known"),
        CheckConstraint(
            "aggregation IN ('sum', 'mean', 'median', 'last', 'min', 'max', 'rate')",
            name="aggregation_is_known",
        ),
        CheckConstraint("lowest <= highest", name="range_is_not_empty"),
        CheckConstraint(
            "(aggregation = 'rate') = (denominator_id IS NOT NULL)", name="rates_have_a_denominator"
        ),
        CheckConstraint(
            "verification IN ('unverified', 'checked', 'verified')", name="verification_is_known"
        ),
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
    lowest: Mapped[float | None] = mapped_column(Double)
    highest: Mapped[float | None] = mapped_column(Double)
    numerator_ko: Mapped[str | None] = mapped_column(Text)
    numerator_en: Mapped[str | None] = mapped_column(Text)
    artefacts_ko: Mapped[str | None] = mapped_column(Text)
    artefacts_en: Mapped[str | None] = mapped_column(Text)
    standard: Mapped[str | None]
    owner: Mapped[str | None]
    verification: Mapped[str] = mapped_column(default=Verification.UNVERIFIED)
    denominator_id: Mapped[int | None] = mapped_column(ForeignKey("metric.id"))

    denominator: Mapped[Metric | None] = relationship(remote_side="Metric.id")


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
    lowest = fields.Float(load_default=None, allow_none=True)
    highest = fields.Float(load_default=None, allow_none=True)
    denominator = fields.String(load_default=None, allow_none=True, validate=CODE)
    numerator_ko = Prose(load_default=None, allow_none=True, longest=500)
    numerator_en = Prose(load_default=None, allow_none=True, longest=500)
    standard = Line(load_default=None, allow_none=True, longest=100)
    owner = Line(load_default=None, allow_none=True)
    verification = fields.String(
        load_default=Verification.UNVERIFIED.value, validate=validate.OneOf([v.value for v in Verification])
    )
    artefacts_ko = Prose(load_default=None, allow_none=True, longest=2000)
    artefacts_en = Prose(load_default=None, allow_none=True, longest=2000)

    @validates_schema
    def a_rate_has_a_denominator(self, data: Mapping[str, Any], **_: Any) -> None:
        if (data["aggregation"] == Aggregation.RATE) != (data["denominator"] is not None):
            raise ValidationError("A rate, and nothing else, has a denominator.", "denominator")

    @validates_schema
    def the_range_holds_something(self, data: Mapping[str, Any], **_: Any) -> None:
        if None not in (data["lowest"], data["highest"]) and data["lowest"] > data["highest"]:
            raise ValidationError("The lowest value is above the highest.", "lowest")


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
    old = {name: getattr(metric, name) for name in MetricSchema().fields if name != "denominator"}
    old["denominator"] = metric.denominator.code if metric.denominator else None
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
    denominator = loaded.pop("denominator")
    row = Metric(version=version, **loaded | {"unit_ko": loaded["unit_ko"] or loaded["unit"]})
    if denominator is not None:
        row.denominator = _denominator(session, denominator)
    session.add(row)
    session.flush()
    return row


def _denominator(session: Session, code: str) -> Metric:
    """The newest version of the metric `code`, which stays this rate's denominator; Invalid otherwise."""
    try:
        found = metric(session, code)
    except NotFound:
        raise Invalid({"denominator": [f"There is no metric {code}."]}) from None
    if found.aggregation == Aggregation.RATE:
        raise Invalid({"denominator": ["A rate is no denominator."]})
    return found


@event.listens_for(Metric, "before_update")
def _refuse_edits(_mapper: Mapper[Metric], _connection: object, edited: Metric) -> None:
    session = object_session(edited)
    if session is not None and session.is_modified(edited):
        raise BrokenRecord(
            f"metric {edited.code} version {edited.version}", "a definition was about to be edited"
        )
