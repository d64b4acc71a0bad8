"""The analysis plan as a form: fields in, the plan's data out, and what may be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from experiments.districts import District
from experiments.evaluation.rule import default_rule
from experiments.metrics import Metric
from experiments.registrations.plan import SCHEMA_VERSION
from sandbox.pilots.models import Pilot

ROWS_OF_GUARDRAILS = 2
ROWS_OF_PREDICTORS = 8
# What canonical JSON holds exactly; NaN is not smaller than it either.
LARGEST_NUMBER = 2**53
DEFAULT_ALPHA = 0.05
DEFAULT_SEED = 20260101


@dataclass(frozen=True)
class Choices:
    """What the form offers: metrics as (code@version, label), districts as (code, label)."""

    metrics: tuple[Metric, ...]
    districts: tuple[District, ...]
    treated: frozenset[str]


def choices(session: Session, pilot: Pilot) -> Choices:
    """Metrics of the library and districts of the pilot's site."""
    return Choices(
        metrics=tuple(session.scalars(select(Metric).order_by(Metric.code, Metric.version))),
        districts=tuple(pilot.site.territory.districts),
        treated=frozenset(district.code for district in pilot.districts),
    )


def blank(pilot: Pilot) -> dict[str, Any]:
    """What a new draft starts from."""
    return {
        "title_ko": pilot.title_ko,
        "title_en": pilot.title_en,
        "period": "week",
        "window": {
            "intervention_from": pilot.planned_from.isoformat(),
            "intervention_to": pilot.planned_to.isoformat(),
        },
        "districts": {"treated": [district.code for district in pilot.districts], "control": []},
        "design": {"method": "did", "alpha": DEFAULT_ALPHA, "missing": "available"},
        "seed": DEFAULT_SEED,
    }


def read(form: MultiDict[str, str]) -> dict[str, Any]:
    """The plan's data as typed; what is wrong with it is found when it is locked.

    The decision rule is the ordered default rule at the typed thresholds, written out in full, so
    that the locked plan says by itself what will follow from which numbers.
    """
    design = {
        "method": form.get("design.method", ""),
        "alpha": _number(form.get("design.alpha")),
        "missing": form.get("design.missing", ""),
        "predictors": [
            {**_metric(row["metric"], "metric"), "first": row["first"], "last": row["last"]}
            for row in _rows(form, "design.predictors", ("metric", "first", "last"), ROWS_OF_PREDICTORS)
        ],
    }
    minimum = _number(form.get("primary.minimum_effect"))
    return {
        "schema_version": SCHEMA_VERSION,
        **{
            name: form.get(name, "")
            for name in ("title_ko", "title_en", "hypothesis_ko", "hypothesis_en", "period")
        },
        "window": {
            name: form.get(f"window.{name}", "")
            for name in ("baseline_from", "intervention_from", "intervention_to")
        },
        "districts": {
            "treated": form.getlist("districts.treated"),
            "control": form.getlist("districts.control"),
            "why": form.get("districts.why", ""),
        },
        "primary": _metric(form.get("primary.metric", "")) | _promise(form, "primary", "minimum_effect"),
        "guardrails": [
            _metric(row["metric"]) | {"direction": row["direction"], "margin": _number(row["margin"])}
            for row in _rows(form, "guardrails", ("metric", "direction", "margin"), ROWS_OF_GUARDRAILS)
        ],
        "design": design,
        "rule": _rule(minimum, design["alpha"], form),
        "seed": _number(form.get("seed")),
    }


def _rule(minimum: Any, alpha: Any, form: Mapping[str, str]) -> list[dict[str, Any]]:
    """The written-out rule; empty while the thresholds that it needs are not numbers."""
    pre_fit, coverage = _number(form.get("rule.worst_pre_fit")), _number(form.get("rule.least_coverage"))
    if not all(isinstance(each, int | float) for each in (minimum, alpha, pre_fit, coverage)):
        return []
    return default_rule(minimum_effect=minimum, alpha=alpha, worst_pre_fit=pre_fit, least_coverage=coverage)


def _promise(form: Mapping[str, str], prefix: str, threshold: str) -> dict[str, Any]:
    return {
        "direction": form.get(f"{prefix}.direction", ""),
        threshold: _number(form.get(f"{prefix}.{threshold}")),
    }


def _metric(typed: str, name: str = "code") -> dict[str, Any]:
    """`code@version` as a reference."""
    code, _, version = typed.partition("@")
    return {name: code, "version": int(version) if version.isdecimal() else 0}


def _number(typed: str | None) -> Any:
    """A number where one was typed; otherwise the text itself, for the schema to refuse by name."""
    text = (typed or "").strip()
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if abs(value) <= LARGEST_NUMBER:
            return value
    return text


def _rows(form: Mapping[str, str], name: str, columns: tuple[str, ...], most: int) -> list[dict[str, str]]:
    rows = [{column: form.get(f"{name}.{i}.{column}", "").strip() for column in columns} for i in range(most)]
    return [row for row in rows if row["metric"]]
