"""How many readings came late or were corrected, by side, as it was known at an evaluation's moment.

Readings that come late or change later on one side only let the moment of the evaluation decide what
it finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from experiments.collection import history, quality
from experiments.collection.models import to_microseconds
from experiments.collection.readout import readout
from stats.findings import Finding

LARGE_DIFFERENCE = 0.05
SIDES = ("treated", "control")

Shares = dict[str, float | None]


@dataclass(frozen=True)
class Timeliness:
    """Shares of the readings of each side, `treated` and `control`, 0 to 1; None for one without any.

    late     came although their instant had been read before without them
    revised  had been corrected by then
    """

    late: Shares
    revised: Shares

    def findings(self) -> tuple[Finding, Finding]:
        return (_of_late(self.late), _of_revisions(self.revised))


def timeliness(
    session: Session,
    sources: Mapping[int, Mapping[int, str]],
    treated: Set[str],
    *,
    first: int,
    end: int,
    as_of: datetime,
) -> Timeliness:
    """What `sources` (source -> series -> district) gave for `first <= observed_at < end` (microseconds)."""
    total, late, revised = (dict.fromkeys(SIDES, 0) for _ in range(3))
    moment = to_microseconds(as_of)
    for source_id, districts in sources.items():
        span = {"first": first, "end": end, "as_of": moment}
        series = sorted(districts)
        rows = readout(session.connection(), series, **span)
        received = history.first_received(session, series, **span)
        corrected = history.corrected(session, series, **span)
        windows = history.finished_windows(session, source_id, as_of=moment)
        for key in series:
            side = "treated" if districts[key] in treated else "control"
            part = slice(*np.searchsorted(rows.series, [key, key + 1]).tolist())
            total[side] += part.stop - part.start
            late[side] += int(quality.late(rows.at[part], received[part], *windows).sum())
            revised[side] += corrected.get(key, 0)
    return Timeliness(_shares(late, total), _shares(revised, total))


def _shares(counts: Mapping[str, int], total: Mapping[str, int]) -> Shares:
    return {side: counts[side] / total[side] if total[side] else None for side in SIDES}


def _of_late(shares: Shares) -> Finding:
    difference, (treated, control) = _difference(shares), _told(shares)
    return Finding(
        "caution" if abs(difference) > LARGE_DIFFERENCE else "ok",
        "late_readings",
        difference,
        f"해당 시각을 이미 수집한 뒤에 들어온 관측값은 실증 구역 {treated}, 대조 구역 {control}이다.",
        f"{treated} of the readings in treated districts and {control} in control districts came after "
        "their instant had been read without them.",
    )


def _of_revisions(shares: Shares) -> Finding:
    difference, (treated, control) = _difference(shares), _told(shares)
    return Finding(
        "caution" if abs(difference) > LARGE_DIFFERENCE else "ok",
        "revised_readings",
        difference,
        f"기준 시점까지 정정된 관측값은 실증 구역 {treated}, 대조 구역 {control}이다. "
        "그 시점의 최신 정정을 사용하였다.",
        f"By the moment of reading {treated} of the readings in treated districts and {control} in control "
        "districts had been corrected; the latest correction of that moment was used.",
    )


def _difference(shares: Shares) -> float:
    return (shares["treated"] or 0.0) - (shares["control"] or 0.0)


def _told(shares: Shares) -> tuple[str, str]:
    treated, control = (f"{100 * (shares[side] or 0.0):.1f}%" for side in SIDES)
    return treated, control
