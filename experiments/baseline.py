"""How much of a plan's baseline is there: cells before the intervention that hold readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from experiments.districts import District
from experiments.errors import Invalid
from experiments.metrics import Metric
from experiments.panel import panel
from experiments.periods import Calendar, calendar
from stats.errors import PanelError

EVERYTHING_STORED = datetime(9999, 1, 1, tzinfo=UTC)
"""As of this instant everything counts that is stored now."""


@dataclass(frozen=True)
class Lack:
    """A district in which `missing` of the metric's `cells` periods hold no reading."""

    district: District
    missing: int
    cells: int


@dataclass(frozen=True)
class BaselineShare:
    """What is there of one metric before the intervention.

    filled, cells  periods times districts that hold a reading, and all of them
    lacks          the districts that lack some, in the order of the plan
    is_doubled     two sources give readings for one cell, so that none counts until one is set aside
    """

    metric: Metric
    filled: int
    cells: int
    lacks: tuple[Lack, ...]
    is_doubled: bool = False

    def reaches(self, least_pct: int) -> bool:
        """Whether at least so many per cent of the cells hold readings; exact, without rounding."""
        return 100 * self.filled >= least_pct * self.cells


def baseline_shares(
    session: Session,
    plan: Mapping[str, Any],
    *,
    metrics: Sequence[Metric],
    districts: Sequence[District],
    as_of: datetime = EVERYTHING_STORED,
) -> tuple[BaselineShare, ...]:
    """For each of `metrics` the share of cells from the first day of the baseline to the last before the
    intervention, in the plan's periods, that hold a reading in `districts`.

    The period in which the intervention begins is neither before nor after it and is left out.
    """
    first = date.fromisoformat(plan["window"]["baseline_from"])
    last = date.fromisoformat(plan["window"]["intervention_from"]) - timedelta(days=1)
    return tuple(_share(session, metric, districts, plan["period"], first, last, as_of) for metric in metrics)


def _share(
    session: Session,
    metric: Metric,
    districts: Sequence[District],
    period: str,
    first: date,
    last: date,
    as_of: datetime,
) -> BaselineShare:
    periods = calendar(period, first, last, districts[0].territory.zone)
    whole = _whole(periods, last)
    is_doubled = False
    try:
        read = panel(
            session,
            metric=metric,
            districts=districts,
            period=period,
            first=first,
            last=last,
            as_of=as_of,
        )
        is_there = read.counts[:, whole] > 0
    except PanelError:
        is_there = np.zeros((len(districts), int(whole.sum())), dtype=bool)
    except Invalid:
        is_doubled = True
        is_there = np.zeros((len(districts), int(whole.sum())), dtype=bool)
    missing = (~is_there).sum(axis=1).tolist()
    periods_counted = int(is_there.shape[1])
    return BaselineShare(
        metric=metric,
        filled=int(is_there.sum()),
        cells=int(is_there.size),
        lacks=tuple(
            Lack(district, lack, periods_counted)
            for district, lack in zip(districts, missing, strict=True)
            if lack
        ),
        is_doubled=is_doubled,
    )


def _whole(periods: Calendar, last: date) -> npt.NDArray[np.bool_]:
    """The periods that end by the day `last`."""
    ends = [day - timedelta(days=1) for day in periods.first_days[1:]]
    return np.array([end <= last for end in ends], dtype=np.bool_)
