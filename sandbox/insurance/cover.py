"""What a pilot's cover lacks before it may start, by name and provision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.insurance.models import CompensationPlan, CompensationStatus, Policy
from sandbox.pilots.models import Pilot

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Gap:
    """Something missing, and since or until which day it is.

    code    no_cover, plan_not_decided, plan_refused, begins_late, interrupted or ends_early
    day     begins_late: first day of cover; interrupted, ends_early: last day before the gap
    source  the provision
    """

    code: str
    source: str
    day: date | None = None


def first_day(pilot: Pilot) -> date:
    """The first day on which the pilot may run: as granted, before that as planned."""
    return pilot.exemption.granted_from or pilot.planned_from


def last_day(pilot: Pilot) -> date:
    """The last day on which the pilot may run: as granted, before that as planned."""
    return pilot.exemption.granted_to or pilot.planned_to


def cover_gaps(pilot: Pilot, policies: Sequence[Policy], plan: CompensationPlan | None) -> tuple[Gap, ...]:
    """What is missing for the start; empty where nothing is, or where the regime asks for no cover.

    policies  the pilot's, each after the one that it renews
    plan      the compensation plan filed last
    """
    if not pilot.exemption.regime.minimum_cover or _is_approved(plan):
        return ()
    if policies:
        return tuple(_gaps_between(pilot, policies))
    if plan is None:
        return (Gap("no_cover", "Art. 53(6), D57(3)"),)
    waits = plan.status == CompensationStatus.FILED
    return (Gap("plan_not_decided" if waits else "plan_refused", "D57-2"),)


def policies_of(session: Session, pilot: Pilot) -> list[Policy]:
    """The pilot's policies, each after the one that it renews."""
    return list(session.scalars(select(Policy).where(Policy.pilot_id == pilot.id).order_by(Policy.id)))


def latest_plan(session: Session, pilot: Pilot) -> CompensationPlan | None:
    """The compensation plan filed last, in whatever state."""
    plans = select(CompensationPlan).where(CompensationPlan.pilot_id == pilot.id)
    return session.scalar(plans.order_by(CompensationPlan.id.desc()).limit(1))


def gaps_of(session: Session, pilot: Pilot) -> tuple[Gap, ...]:
    """What the cover of this pilot lacks, as far as it is filed."""
    return cover_gaps(pilot, policies_of(session, pilot), latest_plan(session, pilot))


def _is_approved(plan: CompensationPlan | None) -> bool:
    return plan is not None and plan.status == CompensationStatus.APPROVED


def _gaps_between(pilot: Pilot, policies: Sequence[Policy]) -> list[Gap]:
    gaps = []
    if policies[0].covers_from > first_day(pilot):
        gaps.append(Gap("begins_late", "Art. 53(6), D57(3)", policies[0].covers_from))
    for before, after in pairwise(policies):
        if after.covers_from > before.covers_to + ONE_DAY:
            gaps.append(Gap("interrupted", "D57(4)", before.covers_to))
    if policies[-1].covers_to < last_day(pilot):
        gaps.append(Gap("ends_early", "D57(4)", policies[-1].covers_to))
    return gaps
