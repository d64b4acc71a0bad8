"""How the readings behind an evaluation were collected, frozen into it as diagnostics.

Everything follows from what was stored at the evaluation's moment, so that a repetition of later gives
the same bytes whatever was mended or agreed anew meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.collection import quality
from experiments.collection.models import Series, from_microseconds
from experiments.collection.quality_asymmetry import asymmetry, document
from experiments.collection.quality_models import DeviceChange
from experiments.collection.set_aside import sources_aside
from experiments.collection.terms import terms_of
from experiments.districts import District
from experiments.evaluation.timeliness import timeliness
from experiments.metrics import Metric
from stats.findings import Finding

FloatArray = npt.NDArray[np.float64]
MOST_NAMED = 5
# From here on a change of devices on one side is a rival to the treatment as an explanation.
LARGE_DIFFERENCE_OF_DEVICES = 0.5


@dataclass(frozen=True, eq=False)
class Collected:
    """What a panel of one metric was read from.

    `outcomes` and `completeness` are units x periods, in the order of `districts`; `is_after` (periods)
    says which periods are treated, `starts` names the first one (its column) of each treated district;
    readings lie in `first <= observed_at < end` (microseconds).
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
    starts: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_treated(self) -> npt.NDArray[np.bool_]:
        return np.array([district.code in self.treated for district in self.districts], dtype=np.bool_)


def diagnosed(session: Session, read: Collected) -> dict[str, Any]:
    """The health of the readings as plain JSON."""
    series = _series(session, read)
    sides = asymmetry(read.completeness, read.is_treated, read.is_after, read.seed)
    made = document(sides, mappings_of(session, read, series))
    timely = timeliness(
        session, _by_source(series), read.treated, first=read.first, end=read.end, as_of=read.as_of
    )
    changes = _device_changes(session, read, series)
    devices = _shares_with_changes(read, changes)
    jumps = unit_changes(read)
    more = [*timely.findings(), _of_values(read), *_of_jumps(jumps), *_of_devices(changes, devices)]
    made["late"], made["revised"] = timely.late, timely.revised
    made["devices_changed"], made["unit_changes"] = devices, list(jumps)
    made["findings"] += [finding.document() for finding in more]
    return made


@dataclass(frozen=True)
class _Fed:
    """One series behind the panel."""

    id: int
    district: str
    source_id: int


def _series(session: Session, read: Collected) -> list[_Fed]:
    code_of = {district.id: district.code for district in read.districts}
    rows = session.execute(
        select(Series.id, Series.district_id, Series.source_id)
        .where(
            Series.metric_id == read.metric.id,
            Series.district_id.in_(list(code_of)),
            Series.known_from <= read.as_of,
        )
        .order_by(Series.id)
    )
    aside = sources_aside(session, as_of=read.as_of)
    return [
        _Fed(row.id, code_of[row.district_id], row.source_id) for row in rows if row.source_id not in aside
    ]


def _by_source(series: Sequence[_Fed]) -> dict[int, dict[int, str]]:
    """Source -> series -> district."""
    sources: dict[int, dict[int, str]] = {}
    for each in series:
        sources.setdefault(each.source_id, {})[each.id] = each.district
    return sources


def mappings_of(session: Session, read: Collected, series: Sequence[_Fed]) -> list[str]:
    """The ways in which districts were read at that moment, one text for each that was in use."""
    terms = terms_of(session, read.metric, as_of=read.as_of)
    ways: dict[str, set[str]] = {}
    for each in series:
        if each.source_id in terms:
            ways.setdefault(each.district, set()).add(terms[each.source_id].said)
    return sorted({" + ".join(sorted(way)) for way in ways.values()})


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


def unit_changes(read: Collected) -> tuple[str, ...]:
    """Districts whose level jumps once as by another unit, other than where their treatment starts.

    An effect may be large and sudden too: a jump of a treated district within a period of its own
    start is told among the values, and not counted here.
    """
    return tuple(
        district.code
        for district, row in zip(read.districts, read.outcomes, strict=True)
        if (jump := quality.unit_jump(row)) is not None
        and not (district.code in read.starts and abs(jump.place - read.starts[district.code]) <= 1)
    )


def _of_jumps(codes: Sequence[str]) -> list[Finding]:
    if not codes:
        return []
    named = _named(codes)
    return [
        Finding(
            "fail",
            "unit_change",
            float(len(codes)),
            f"처치 시작과 무관하게 단위가 바뀐 것처럼 수준이 달라진 구역: {named}.",
            f"The level jumps as if the unit had changed, and not at the start of treatment, in {named}.",
        )
    ]


def _device_changes(
    session: Session, read: Collected, series: Sequence[_Fed]
) -> list[tuple[str, frozenset[str]]]:
    """Known changes of devices inside the panel's span: how each is told, and the districts concerned."""
    fed: dict[int, set[str]] = {}
    for each in series:
        fed.setdefault(each.source_id, set()).add(each.district)
    code_of = {district.id: district.code for district in read.districts}
    changes = session.scalars(
        select(DeviceChange)
        .where(
            DeviceChange.source_id.in_(list(fed)),
            DeviceChange.recorded_at <= read.as_of,
            DeviceChange.changed_at >= from_microseconds(read.first),
            DeviceChange.changed_at < from_microseconds(read.end),
        )
        .order_by(DeviceChange.changed_at, DeviceChange.id)
    )
    told = []
    for change in changes:
        if change.district_id is None:
            told.append((f"{change.changed_at:%Y-%m-%d} *", frozenset(fed[change.source_id])))
        elif change.district_id in code_of:
            code = code_of[change.district_id]
            told.append((f"{change.changed_at:%Y-%m-%d} {code}", frozenset([code])))
    return told


def _shares_with_changes(
    read: Collected, changes: Sequence[tuple[str, frozenset[str]]]
) -> dict[str, float | None]:
    """The share of districts of each side in which a device was changed; None for a side without any."""
    changed = frozenset().union(*(codes for _, codes in changes))
    has = np.array([district.code in changed for district in read.districts], dtype=np.float64)
    sides = {"treated": read.is_treated, "control": ~read.is_treated}
    return {side: float(has[chosen].mean()) if chosen.any() else None for side, chosen in sides.items()}


def _of_devices(
    changes: Sequence[tuple[str, frozenset[str]]], shares: Mapping[str, float | None]
) -> list[Finding]:
    if not changes:
        return []
    named = _named([told for told, _ in changes])
    treated, control = shares["treated"], shares["control"]
    is_one_sided = (
        treated is not None and control is not None and abs(treated - control) >= LARGE_DIFFERENCE_OF_DEVICES
    )
    side_ko, side_en = (
        (
            " 한쪽에 치우쳐 있어 효과와 구별하기 어렵다.",
            " It befell one side, and cannot be told from an effect.",
        )
        if is_one_sided
        else ("", "")
    )
    return [
        Finding(
            "fail" if is_one_sided else "caution",
            "device_change",
            float(len(changes)),
            f"분석 기간 중 측정 장치가 바뀌었다 (*: 데이터원의 모든 구역): {named}.{side_ko}",
            "Devices were changed while the panel was measured (*: in all districts of a source): "
            f"{named}.{side_en}",
        )
    ]


def _named(items: Sequence[str]) -> str:
    more = f" (+{len(items) - MOST_NAMED})" if len(items) > MOST_NAMED else ""
    return ", ".join(items[:MOST_NAMED]) + more
