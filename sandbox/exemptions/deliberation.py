"""What a committee's work does to an application: experts have reported, it is tabled, it is resolved on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from experiments.lifecycle import Actor
from sandbox.clocks import running
from sandbox.exemptions.digest import digest
from sandbox.exemptions.models import Exemption, Resolution
from sandbox.exemptions.table import EXEMPTION, record


def report_experts(
    session: Session,
    exemption: Exemption,
    *,
    recommendation: Resolution,
    experts: Collection[int],
    by: Actor,
    at: datetime,
) -> None:
    """The expert sub-committee has reported; `experts` are the ids of those who did, or had a conflict."""
    exemption.deliberated_by = sorted({*exemption.deliberated_by, *experts})
    EXEMPTION.perform(session, exemption, "report_experts", by=by, at=at)
    record(session, exemption, "report_experts", by, at, recommendation=str(recommendation))


def table(session: Session, exemption: Exemption, *, meeting: str, by: Actor, at: datetime) -> None:
    """Put the case on the committee's agenda, which ends the clock of the agenda."""
    EXEMPTION.perform(session, exemption, "table", by=by, at=at)
    exemption.resolution = exemption.resolved_digest = None
    running.end(session, exemption.case, "agenda_set", subject=exemption.case.key, by=by, at=at)
    record(session, exemption, "table", by, at, meeting=meeting)


def resolve(
    session: Session,
    exemption: Exemption,
    resolution: Resolution,
    *,
    voters: Collection[int],
    arithmetic: str,
    by: Actor,
    at: datetime,
) -> None:
    """Record the resolution on the file as it stands; `voters` and recused by id, `arithmetic` in words."""
    EXEMPTION.perform(session, exemption, "resolve", by=by, at=at, reason=arithmetic)
    exemption.resolution, exemption.resolved_digest = resolution, digest(exemption)
    exemption.deliberated_by = sorted({*exemption.deliberated_by, *voters})
    record(session, exemption, "resolve", by, at, resolution=str(resolution), reason=arithmetic)
