"""How the readings behind an evaluation were collected, frozen into it as diagnostics.

Everything but the mappings follows from what was stored at the evaluation's moment. Mappings have no
history: they are read when the run is asked for, and taken from the result when it is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.collection import quality
from experiments.collection.models import (
    DataSource,
    Hub,
    Observation,
    ObservationRevision,
    Series,
    SourceAttribute,
    from_microseconds,
    to_microseconds,
)
from experiments.collection.quality_asymmetry import asymmetry, document
from experiments.collection.quality_models import DeviceChange
from experiments.districts import District
from experiments.metrics import Metric
from stats.findings import Finding

FloatArray = npt.NDArray[np.float64]
MOST_NAMED = 5
LARGE_DIFFERENCE_OF_REVISIONS = 0.05


@dataclass(frozen=True, eq=False)
class Collected:
    """What a panel of one metric was read from.

    `outcomes` and `completeness` are units x periods, in the order of `districts`; `is_after` (periods)
    says which periods are treated; readings lie in `first <= observed_at < end` (microseconds).
    """

    metric: Metric
    districts: Sequence[District]
    treated: frozenset[str]
    outcomes: FloatArray
    completeness: FloatArray
    is_after: npt.NDArray[np.bool_]
    first: int
    end: int
    as_of: datetime
    seed: int


def diagnosed(session: Session, read: Collected, mappings: Sequence[str] | None = None) -> dict[str, Any]:
    """The health of the readings as plain JSON; `mappings` are those frozen in an earlier result."""
    is_treated = np.array([district.code in read.treated for district in read.districts])
    sides = asymmetry(read.completeness, is_treated, read.is_after, read.seed)
    made = document(sides, mappings_of(session, read) if mappings is None else mappings)
    revised = _revised(session, read)
    more = [_of_revisions(revised), _of_values(read), *_of_devices(session, read)]
    made["revised"] = revised
    made["findings"] += [finding.document() for finding in more]
    return made


def mappings_of(session: Session, read: Collected) -> list[str]:
    """The ways in which districts are read today, one text for each that is in use."""
    rows = session.execute(
        select(
            Series.district_id,
            Hub.name,
            DataSource.entity_type,
            SourceAttribute.attribute,
            SourceAttribute.unit,
            SourceAttribute.cadence,
            SourceAttribute.across,
        )
        .join(DataSource, DataSource.id == Series.source_id)
        .join(Hub, Hub.id == DataSource.hub_id)
        .join(
            SourceAttribute,
            (SourceAttribute.source_id == DataSource.id) & (SourceAttribute.metric_id == Series.metric_id),
        )
        .where(
            Series.metric_id == read.metric.id,
            Series.district_id.in_([district.id for district in read.districts]),
        )
    )
    ways: dict[int, set[str]] = {}
    for row in rows:
        told = ", ".join(part for part in (row.unit, row.cadence, row.across) if part)
        ways.setdefault(row.district_id, set()).add(f"{row.name} {row.entity_type}.{row.attribute} ({told})")
    return sorted({" + ".join(sorted(way)) for way in ways.values()})


def _revised(session: Session, read: Collected) -> dict[str, float | None]:
    """Share of readings that had been corrected by then, in treated and in control districts."""
    came = _by_district(session, read, Observation, Observation.received_at <= to_microseconds(read.as_of))
    # A reading known then may have been corrected since: its earlier value stands among the revisions.
    moment = to_microseconds(read.as_of)
    changed = _by_district(session, read, ObservationRevision, ObservationRevision.superseded_at <= moment)
    later = _by_district(
        session,
        read,
        ObservationRevision,
        (ObservationRevision.received_at <= moment) & (ObservationRevision.superseded_at > moment),
    )
    shares: dict[str, float | None] = {}
    for side, wanted in (("treated", True), ("control", False)):
        ids = [district.id for district in read.districts if (district.code in read.treated) == wanted]
        total = sum(came.get(key, 0) + later.get(key, 0) for key in ids)
        shares[side] = sum(changed.get(key, 0) for key in ids) / total if total else None
    return shares


def _by_district(
    session: Session, read: Collected, table: type[Observation | ObservationRevision], known: Any
) -> Mapping[int, int]:
    """How many instants of each district `table` holds of the metric."""
    # Instants of one series differ, so that counting them apart counts no reading twice.
    per_series = (
        select(table.series_id, func.count(table.observed_at.distinct()).label("readings"))
        .join(Series, Series.id == table.series_id)
        .where(
            Series.metric_id == read.metric.id,
            Series.district_id.in_([district.id for district in read.districts]),
            table.observed_at >= read.first,
            table.observed_at < read.end,
            known,
        )
        .group_by(table.series_id)
        .subquery()
    )
    rows = session.execute(
        select(Series.district_id, func.sum(per_series.c.readings))
        .join(per_series, per_series.c.series_id == Series.id)
        .group_by(Series.district_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def _of_revisions(shares: Mapping[str, float | None]) -> Finding:
    treated, control = (shares[side] or 0.0 for side in ("treated", "control"))
    differ = abs(treated - control) > LARGE_DIFFERENCE_OF_REVISIONS
    told = f"{100 * treated:.1f}%", f"{100 * control:.1f}%"
    return Finding(
        "caution" if differ else "ok",
        "revised_readings",
        treated - control,
        f"기준 시점까지 정정된 관측값은 실증 구역 {told[0]}, 대조 구역 {told[1]}이다. "
        "그 시점의 최신 정정을 사용하였다.",
        f"By the moment of reading {told[0]} of the readings in treated districts and {told[1]} in control "
        "districts had been corrected; the latest correction of that moment was used.",
    )


def _of_values(read: Collected) -> Finding:
    """Stuck instruments and jumps as of another unit, in the panel's own cells."""
    odd = []
    for district, row in zip(read.districts, read.outcomes, strict=True):
        values = row[~np.isnan(row)]
        if quality.longest_flat_line(values) or quality.unit_factor(values) is not None:
            odd.append(district.code)
    if not odd:
        return Finding(
            "ok",
            "series_values",
            0.0,
            "값이 고정되거나 단위가 바뀐 것으로 보이는 계열이 없다.",
            "No series looks stuck, or as if its unit had changed.",
        )
    named = _named(odd)
    return Finding(
        "caution",
        "series_values",
        float(len(odd)),
        f"값이 고정되었거나 단위가 바뀐 것으로 보이는 구역: {named}.",
        f"Values look stuck, or as if their unit had changed, in {named}.",
    )


def _of_devices(session: Session, read: Collected) -> list[Finding]:
    """Known changes of devices inside the panel's span."""
    ids = {district.id: district.code for district in read.districts}
    fed_by = select(Series.source_id).where(
        Series.metric_id == read.metric.id, Series.district_id.in_(list(ids))
    )
    changes = session.scalars(
        select(DeviceChange)
        .where(
            DeviceChange.source_id.in_(fed_by),
            DeviceChange.recorded_at <= read.as_of,
            DeviceChange.changed_at >= from_microseconds(read.first),
            DeviceChange.changed_at < from_microseconds(read.end),
        )
        .order_by(DeviceChange.changed_at, DeviceChange.id)
    )
    told = [
        f"{change.changed_at:%Y-%m-%d} {'*' if change.district_id is None else ids[change.district_id]}"
        for change in changes
        if change.district_id is None or change.district_id in ids
    ]
    if not told:
        return []
    named = _named(told)
    return [
        Finding(
            "caution",
            "device_change",
            float(len(told)),
            f"분석 기간 중 측정 장치가 바뀌었다 (*: 모든 구역): {named}.",
            f"Devices were changed while the panel was measured (*: everywhere): {named}.",
        )
    ]


def _named(items: Sequence[str]) -> str:
    more = f" (+{len(items) - MOST_NAMED})" if len(items) > MOST_NAMED else ""
    return ", ".join(items[:MOST_NAMED]) + more
