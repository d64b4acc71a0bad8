"""The job of one evaluation: the locked plan with the panels that it reads, as plain values.

Made where the database is; carried to a worker process, which needs nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from experiments.districts import District, districts
from experiments.errors import Invalid
from experiments.evaluation.models import Evaluation
from experiments.metrics import Aggregation, Metric, metric
from experiments.panel import PanelReading, panel
from experiments.periods import calendar, label

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MetricPanel:
    """One metric as the plan reads it.

    outcomes    float64, units x periods, NaN where there is no usable reading
    covariates  name -> float64, units x periods
    coverage    share of the expected readings that were there, 0 to 1
    """

    metric: Mapping[str, Any]
    units: tuple[str, ...]
    periods: tuple[str, ...]
    outcomes: FloatArray
    covariates: Mapping[str, FloatArray]
    coverage: float


@dataclass(frozen=True, eq=False)
class Job:
    """Everything that a result document follows from."""

    plan: Mapping[str, Any]
    plan_version: int
    plan_sha256: str
    as_of: str
    seed: int
    first_treated: str
    primary: MetricPanel
    guardrails: tuple[MetricPanel, ...]


def job_of(session: Session, evaluation: Evaluation) -> Job:
    """The job of `evaluation`, read as of its moment; the same whenever it is read."""
    plan = evaluation.plan_version.contents()
    territory = evaluation.experiment.territory
    units = districts(session, territory, [*plan["districts"]["treated"], *plan["districts"]["control"]])
    first_day, last_day = _span(plan, territory.zone, evaluation.as_of)
    readings = _Readings(session, plan, units, first_day, last_day, evaluation.as_of)
    return Job(
        plan=plan,
        plan_version=evaluation.plan_version.number,
        plan_sha256=evaluation.plan_version.sha256,
        as_of=evaluation.as_of.isoformat(),
        seed=evaluation.seed,
        first_treated=label(plan["period"], date.fromisoformat(plan["window"]["intervention_from"])),
        primary=readings.of(plan["primary"], plan["design"]["predictors"]),
        guardrails=tuple(readings.of(guardrail) for guardrail in plan["guardrails"]),
    )


@dataclass(frozen=True)
class _Readings:
    """What every panel of one job shares."""

    session: Session
    plan: Mapping[str, Any]
    units: list[District]
    first_day: date
    last_day: date
    as_of: datetime

    def of(
        self, reference: Mapping[str, Any], predictors: list[Mapping[str, Any]] | None = None
    ) -> MetricPanel:
        read = metric(self.session, reference["code"], reference["version"])
        others = {
            predictor["metric"]: metric(self.session, predictor["metric"], predictor["version"])
            for predictor in predictors or []
            if predictor["metric"] != read.code
        }
        reading = panel(
            self.session,
            metric=read,
            districts=self.units,
            period=self.plan["period"],
            first=self.first_day,
            last=self.last_day,
            as_of=self.as_of,
            covariates=others,
        )
        return MetricPanel(
            metric=_described(read),
            units=reading.panel.units,
            periods=reading.panel.periods,
            outcomes=_usable(reading, read),
            covariates=dict(reading.panel.covariates),
            coverage=float(reading.completeness.mean()),
        )


def _span(plan: Mapping[str, Any], zone: str, as_of: datetime) -> tuple[date, date]:
    """First and last day of the panel: only periods that had ended by `as_of` are read."""
    window = plan["window"]
    first = date.fromisoformat(window["baseline_from"])
    planned = date.fromisoformat(window["intervention_to"])
    last = min(planned, as_of.astimezone(ZoneInfo(zone)).date())
    if last <= first:
        raise Invalid({"as_of": ["nothing of the plan's window had passed"]})
    periods = calendar(plan["period"], first, last, zone)
    moment = int(as_of.timestamp() * 1_000_000)
    ended = [
        day for day, edge in zip(periods.first_days[:-1], periods.edges[1:], strict=True) if edge <= moment
    ]
    if not ended:
        raise Invalid({"as_of": ["no period of the plan had ended"]})
    return first, ended[-1]


def _usable(reading: PanelReading, read: Metric) -> FloatArray:
    """Cells as read; a sum over a period with readings missing is no sum and counts as missing."""
    if Aggregation(read.aggregation) is not Aggregation.SUM:
        return reading.panel.outcomes
    return np.where(reading.completeness < 1, np.nan, reading.panel.outcomes)


def _described(read: Metric) -> dict[str, Any]:
    names = ("code", "version", "name_ko", "name_en", "unit", "unit_ko", "direction")
    return {name: getattr(read, name) for name in names}
