"""The job of one evaluation: the locked plan with the panels that it reads, as plain values.

Made where the database is; carried to a worker process, which needs nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from experiments.collection.models import to_microseconds
from experiments.districts import District, districts
from experiments.errors import Invalid
from experiments.evaluation.health import Collected, diagnosed
from experiments.evaluation.models import Evaluation
from experiments.metrics import Aggregation, Metric, metric
from experiments.panel import PanelReading, panel
from experiments.periods import calendar
from experiments.registrations.plan_assignment import periods_of_trial, switched_on

FloatArray = npt.NDArray[np.float64]
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, eq=False)
class MetricPanel:
    """One metric as the plan reads it.

    outcomes    float64, units x periods, NaN where there is no usable reading
    covariates  name -> float64, units x periods
    coverage    share of the expected readings that were there, 0 to 1
    health      how the readings were collected, as `experiments.evaluation.health` says it
    """

    metric: Mapping[str, Any]
    units: tuple[str, ...]
    periods: tuple[str, ...]
    outcomes: FloatArray
    covariates: Mapping[str, FloatArray]
    coverage: float
    health: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Job:
    """Everything that a result document follows from.

    begins         the first whole period of the intervention
    first_treated  treated district -> its first treated period; without those that had not begun by then
    """

    plan: Mapping[str, Any]
    plan_version: int
    plan_sha256: str
    as_of: str
    seed: int
    begins: str
    first_treated: Mapping[str, str]
    primary: MetricPanel
    guardrails: tuple[MetricPanel, ...]


def job_of(session: Session, evaluation: Evaluation) -> Job:
    """The job of `evaluation`, read as of its moment; the same whenever it is read."""
    plan = evaluation.plan_version.contents()
    territory = evaluation.experiment.territory
    units = districts(session, territory, [*plan["districts"]["treated"], *plan["districts"]["control"]])
    readings = _Readings(
        session, plan, units, _span(plan, territory.zone, evaluation.as_of), evaluation.as_of, evaluation.seed
    )
    covariates: list[Mapping[str, Any]] = [
        {"metric": each["code"], "version": each["version"]} for each in plan["design"].get("covariates", [])
    ]
    return Job(
        plan=plan,
        plan_version=evaluation.plan_version.number,
        plan_sha256=evaluation.plan_version.sha256,
        as_of=evaluation.as_of.isoformat(),
        seed=evaluation.seed,
        begins=readings.span.begins,
        first_treated=readings.span.first_treated,
        primary=readings.of(plan["primary"], [*plan["design"]["predictors"], *covariates]),
        guardrails=tuple(readings.of(guardrail, covariates) for guardrail in plan["guardrails"]),
    )


@dataclass(frozen=True)
class _Span:
    """The whole periods of a plan's window: days that begin the first and the last of them, the labels of
    the intervention's first one and of each district's first treated one, and those of all but the ones in
    whose middle a district starts."""

    first_day: date
    last_day: date
    begins: str
    first_treated: Mapping[str, str]
    labels: frozenset[str]


@dataclass(frozen=True)
class _Readings:
    """What every panel of one job shares."""

    session: Session
    plan: Mapping[str, Any]
    units: list[District]
    span: _Span
    as_of: datetime
    seed: int

    def of(
        self,
        reference: Mapping[str, Any],
        predictors: list[Mapping[str, Any]] | None = None,
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
        whole = [column for column, name in enumerate(reading.panel.periods) if name in self.span.labels]
        periods = tuple(reading.panel.periods[column] for column in whole)
        outcomes, completeness = usable(reading, read)[:, whole], reading.completeness[:, whole]
        return MetricPanel(
            metric=_described(read),
            units=reading.panel.units,
            periods=periods,
            outcomes=outcomes,
            covariates={name: matrix[:, whole] for name, matrix in reading.panel.covariates.items()},
            coverage=float(completeness.mean()),
            health=diagnosed(self.session, self._collected(read, outcomes, completeness, periods)),
        )

    def _collected(
        self, read: Metric, outcomes: FloatArray, completeness: FloatArray, periods: tuple[str, ...]
    ) -> Collected:
        edges = calendar(
            self.plan["period"], self.span.first_day, self.span.last_day, self.units[0].territory.zone
        ).edges
        return Collected(
            metric=read,
            districts=self.units,
            treated=frozenset(self.plan["districts"]["treated"]),
            outcomes=outcomes,
            completeness=completeness,
            is_after=np.arange(len(periods)) >= min(map(periods.index, self.span.first_treated.values())),
            first=int(edges[0]),
            end=int(edges[-1]),
            as_of=self.as_of,
            seed=self.seed,
            starts={code: periods.index(name) for code, name in self.span.first_treated.items()},
        )


def _span(plan: Mapping[str, Any], zone: str, as_of: datetime) -> _Span:
    """The periods that lie wholly in the plan's window and had ended by `as_of`.

    A period in whose middle a district starts is neither before nor after it and is left out.
    """
    first, last = (date.fromisoformat(plan["window"][name]) for name in ("baseline_from", "intervention_to"))
    starts = starts_of(plan)
    periods = calendar(plan["period"], first, last, zone)
    moment = to_microseconds(as_of)
    begins, ends = periods.first_days[:-1], periods.first_days[1:]
    whole = [
        (name, begin, end)
        for name, begin, end, edge in zip(
            periods.labels, begins, ends, periods.edges[1:].tolist(), strict=True
        )
        if first <= begin and end - ONE_DAY <= last and edge <= moment
    ]
    kept = [
        (name, begin)
        for name, begin, end in whole
        if not any(begin < start < end for start in starts.values())
    ]
    names, trial = [name for name, _ in kept], [name for name, begin in kept if begin >= min(starts.values())]
    switchback = (plan["design"].get("assignment") or {}).get("switchback")
    if switchback:
        names = names[: len(names) - len(trial)] + trial[: periods_of_trial(switchback)]
    treated = {
        code: switched_on(switchback, code, trial)
        if switchback
        else [name for name, begin in kept if begin >= start]
        for code, start in starts.items()
    }
    first_treated = {code: on[0] for code, on in treated.items() if on}
    if not first_treated:
        raise Invalid({"as_of": ["no whole period of the intervention had passed"]})
    return _Span(whole[0][1], whole[-1][1], trial[0], first_treated, frozenset(names))


def starts_of(plan: Mapping[str, Any]) -> dict[str, date]:
    """The first day of each treated district."""
    own = plan["districts"].get("starts") or {}
    together = plan["window"]["intervention_from"]
    return {code: date.fromisoformat(own.get(code, together)) for code in plan["districts"]["treated"]}


def usable(reading: PanelReading, read: Metric) -> FloatArray:
    """Cells as read; a sum over a period with readings missing is no sum and counts as missing."""
    if Aggregation(read.aggregation) not in (Aggregation.SUM, Aggregation.RATE):
        return reading.panel.outcomes
    return np.where(reading.completeness < 1, np.nan, reading.panel.outcomes)


def _described(read: Metric) -> dict[str, Any]:
    names = ("code", "version", "name_ko", "name_en", "unit", "unit_ko", "direction")
    return {name: getattr(read, name) for name in names}
