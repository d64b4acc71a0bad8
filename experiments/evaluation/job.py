"""The job of one evaluation: the locked plan with the panels that it reads, as plain values.

Made where the database is; carried to a worker process, which needs nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from experiments.collection.models import to_microseconds
from experiments.districts import District, districts
from experiments.errors import Invalid
from experiments.evaluation.models import Evaluation
from experiments.metrics import Aggregation, Metric, metric
from experiments.panel import PanelReading, panel
from experiments.periods import calendar, label

FloatArray = npt.NDArray[np.float64]
ONE_DAY = timedelta(days=1)


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
    readings = _Readings(
        session, plan, units, _span(plan, territory.zone, evaluation.as_of), evaluation.as_of
    )
    return Job(
        plan=plan,
        plan_version=evaluation.plan_version.number,
        plan_sha256=evaluation.plan_version.sha256,
        as_of=evaluation.as_of.isoformat(),
        seed=evaluation.seed,
        first_treated=readings.span.first_treated,
        primary=readings.of(plan["primary"], plan["design"]["predictors"]),
        guardrails=tuple(readings.of(guardrail) for guardrail in plan["guardrails"]),
    )


@dataclass(frozen=True)
class _Span:
    """The whole periods of a plan's window: days that begin the first and the last of them, the first
    treated one's label, and the label of the period in whose middle the intervention starts, if any."""

    first_day: date
    last_day: date
    first_treated: str
    torn: str | None


@dataclass(frozen=True)
class _Readings:
    """What every panel of one job shares."""

    session: Session
    plan: Mapping[str, Any]
    units: list[District]
    span: _Span
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
            first=self.span.first_day,
            last=self.span.last_day,
            as_of=self.as_of,
            covariates=others,
        )
        whole = [column for column, name in enumerate(reading.panel.periods) if name != self.span.torn]
        return MetricPanel(
            metric=_described(read),
            units=reading.panel.units,
            periods=tuple(reading.panel.periods[column] for column in whole),
            outcomes=_usable(reading, read)[:, whole],
            covariates={name: matrix[:, whole] for name, matrix in reading.panel.covariates.items()},
            coverage=float(reading.completeness[:, whole].mean()),
        )


def _span(plan: Mapping[str, Any], zone: str, as_of: datetime) -> _Span:
    """The periods that lie wholly in the plan's window and had ended by `as_of`.

    A period in whose middle the intervention starts is neither before nor after it and is left out.
    """
    first, start, last = (
        date.fromisoformat(plan["window"][name])
        for name in ("baseline_from", "intervention_from", "intervention_to")
    )
    kind, periods = plan["period"], calendar(plan["period"], first, last, zone)
    moment = to_microseconds(as_of)
    begins, ends = periods.first_days[:-1], periods.first_days[1:]
    whole = [
        (begin, end)
        for begin, end, edge in zip(begins, ends, periods.edges[1:].tolist(), strict=True)
        if first <= begin and end - ONE_DAY <= last and edge <= moment
    ]
    if not whole or whole[-1][0] < start:
        raise Invalid({"as_of": ["no whole period of the intervention had passed"]})
    torn = [label(kind, begin) for begin, end in whole if begin < start < end]
    treated = next(begin for begin, _ in whole if begin >= start)
    return _Span(whole[0][0], whole[-1][0], label(kind, treated), torn[0] if torn else None)


def _usable(reading: PanelReading, read: Metric) -> FloatArray:
    """Cells as read; a sum over a period with readings missing is no sum and counts as missing."""
    if Aggregation(read.aggregation) not in (Aggregation.SUM, Aggregation.RATE):
        return reading.panel.outcomes
    return np.where(reading.completeness < 1, np.nan, reading.panel.outcomes)


def _described(read: Metric) -> dict[str, Any]:
    names = ("code", "version", "name_ko", "name_en", "unit", "unit_ko", "direction")
    return {name: getattr(read, name) for name in names}
