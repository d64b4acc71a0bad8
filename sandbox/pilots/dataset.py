"""The data behind a signed result: every cell that the evaluation read, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from experiments.errors import BrokenRecord
from experiments.evaluation.job import Job, MetricPanel, job_of
from experiments.evaluation.models import Evaluation
from sandbox.names import Name, district_names
from stats.panel import Panel


@dataclass(frozen=True)
class Cell:
    """One metric in one district in one period; `value` is None where there was no usable reading.

    `is_treated`: the district is treated by the pilot; `is_after`: the period lies after the start, a
    treated district's own or, for the others, the first one.
    """

    metric: str
    district: str
    name: Name
    period: str
    value: float | None
    is_treated: bool
    is_after: bool


def cells(session: Session, evaluation: Evaluation) -> tuple[Cell, ...]:
    """Primary metric, its predictors and the guardrails, as the run read them.

    BrokenRecord where the primary panel no longer has the digest that the result states.
    """
    job = job_of(session, evaluation)
    panel = Panel(
        outcomes=job.primary.outcomes,
        units=job.primary.units,
        periods=job.primary.periods,
        covariates=job.primary.covariates,
    )
    if panel.digest() != evaluation.panel_digest:
        raise BrokenRecord(f"evaluation {evaluation.id}", "digest of the panel differs")
    treated = frozenset(job.plan["districts"]["treated"])
    names = district_names(session, evaluation.experiment.territory_id)
    values = _values(job)
    return tuple(
        Cell(metric, unit, names[unit], period, value, unit in treated, is_after)
        for metric, unit, period, value, is_after in values
    )


def _values(job: Job) -> Iterator[tuple[str, str, str, float | None, bool]]:
    written: set[str] = set()
    for panel in (job.primary, *job.guardrails):
        starts = [_start(job, panel, unit) for unit in panel.units]
        matrices = {str(panel.metric["code"]): panel.outcomes, **panel.covariates}
        for metric, matrix in matrices.items():
            if metric in written:
                continue
            written.add(metric)
            for row, unit in enumerate(panel.units):
                for column, period in enumerate(panel.periods):
                    yield metric, unit, period, _known(matrix, row, column), column >= starts[row]


def _start(job: Job, panel: MetricPanel, unit: str) -> int:
    """The column from which on `is_after` holds for `unit`; beyond the panel where its turn had not come."""
    columns = {code: panel.periods.index(first) for code, first in job.first_treated.items()}
    if unit in job.plan["districts"]["treated"]:
        return columns.get(unit, len(panel.periods))
    return min(columns.values())


def _known(matrix: npt.NDArray[np.float64], row: int, column: int) -> float | None:
    value = float(matrix[row, column])
    return None if np.isnan(value) else value
