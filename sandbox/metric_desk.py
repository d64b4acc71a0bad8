"""Metric cards: who may write them, and one ledger row for every version.

A card that changes becomes a new version. The old one stays, with the plans and the results that rest on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments import metrics
from experiments.collection import units
from experiments.errors import Invalid, Refused, WrongMoment
from experiments.evaluation.models import Evaluation
from experiments.lifecycle import Actor
from experiments.metrics import Metric
from experiments.registrations.models import PlanVersion
from sandbox import access, ledger
from sandbox.pilots.models import Pilot

FIELDS = tuple(metrics.MetricSchema().fields)


@dataclass(frozen=True)
class Use:
    """A signed result that rests on one version of a metric."""

    pilot: Pilot
    evaluation: Evaluation


@dataclass(frozen=True)
class Card:
    """One version with all versions of its metric, newest first, and the results that rest on it."""

    metric: Metric
    versions: tuple[Metric, ...]
    uses: tuple[Use, ...]
    is_newest: bool
    is_convertible: bool


def card(session: Session, code: str, version: int | None = None) -> Card:
    """The card of a version, of the newest where none is named; NotFound otherwise."""
    shown = metrics.metric(session, code, version)
    versions = session.scalars(
        select(Metric).where(Metric.code == code).order_by(Metric.version.desc())
    ).all()
    return Card(
        metric=shown,
        versions=tuple(versions),
        uses=tuple(_uses(session, shown)),
        is_newest=shown.version == versions[0].version,
        is_convertible=units.is_known(shown.unit),
    )


def cards(session: Session) -> Sequence[Metric]:
    """Every version of every metric, by code, newest first."""
    return session.scalars(select(Metric).order_by(Metric.code, Metric.version.desc())).all()


def written(metric: Metric) -> dict[str, Any]:
    """The fields of a card as its form and its successor start from them."""
    facts = {name: getattr(metric, name) for name in FIELDS if name != "denominator"}
    return facts | {"denominator": metric.denominator.code if metric.denominator else None}


def define(session: Session, data: Mapping[str, Any], *, by: Actor, at: datetime) -> Metric:
    """Version 1 of a metric; Invalid by field."""
    _require_keeper(by, "metric.define")
    made = metrics.define(session, **_stated(data))
    _record(session, made, "define", by, at)
    return made


def supersede(
    session: Session, code: str, data: Mapping[str, Any], *, seen_version: int, by: Actor, at: datetime
) -> Metric:
    """The next version of a metric, unless somebody wrote one since `seen_version` was read.

    Invalid by field, and where nothing differs.
    """
    _require_keeper(by, "metric.supersede")
    newest = metrics.metric(session, code)
    if newest.version != seen_version:
        raise WrongMoment("metric.supersede", "changed_meanwhile", needs="metric_as_it_was_read")
    changes = {name: value for name, value in _stated(data).items() if name != "code"}
    with session.begin_nested():
        made = metrics.supersede(session, newest, **changes)
        if _content(made) == _content(newest):
            raise Invalid({"definition_ko": ["Nothing differs from the version before."]})
        _record(session, made, "supersede", by, at)
    return made


def _content(metric: Metric) -> dict[str, Any]:
    return {**written(metric), "denominator_id": metric.denominator_id}


def _stated(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a form says; a blank is nothing."""
    return {name: None if value == "" else value for name, value in data.items()}


def _uses(session: Session, shown: Metric) -> list[Use]:
    rows = session.execute(
        select(Pilot, Evaluation, PlanVersion)
        .join(Evaluation, Evaluation.experiment_id == Pilot.experiment_id)
        .join(PlanVersion, PlanVersion.id == Evaluation.plan_version_id)
        .where(Evaluation.signed_at.is_not(None))
        .order_by(Evaluation.id.desc())
    )
    wanted = (shown.code, shown.version)
    return [Use(pilot, run) for pilot, run, plan in rows if wanted in _named(plan.contents())]


def _named(plan: Mapping[str, Any]) -> set[tuple[str, int]]:
    return {(each["code"], each["version"]) for each in (plan["primary"], *plan["guardrails"])}


def _require_keeper(by: Actor, verb: str) -> None:
    if not access.keepers_of_metrics(by):
        raise Refused(verb, "keepers_of_metrics")


def _record(session: Session, made: Metric, verb: str, by: Actor, at: datetime) -> None:
    subject = f"metric:{made.code}@{made.version}"
    ledger.append(session, act=f"metric.{verb}", subject=subject, by=by, at=at, details=written(made))
