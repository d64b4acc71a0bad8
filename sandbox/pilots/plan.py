"""The pilot's analysis plan: what the lab may do, and the ledger's record of what was fixed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments import registrations
from experiments.districts import District
from experiments.errors import WrongMoment
from experiments.evaluation.advice import Advice, advice
from experiments.lifecycle import Actor
from experiments.registrations import Permit, PlanVersion
from experiments.registrations.models import EXPERIMENT, evaluator_of_the_experiment
from sandbox import access
from sandbox.exemptions.models import Exemption
from sandbox.pilots.models import Pilot, PilotStatus, pilot_district
from sandbox.pilots.table import PILOT, is_over, record

# A pilot that was never allowed to start has treated nobody.
NEVER_TREATED = (
    PilotStatus.DRAFT,
    PilotStatus.IN_REVIEW,
    PilotStatus.RETURNED,
    PilotStatus.REJECTED,
    PilotStatus.WITHDRAWN,
)


def permit_of(session: Session, pilot: Pilot) -> Permit:
    """What the institution allows: the granted period where there is one, else the planned one."""
    first_day = pilot.exemption.granted_from or pilot.planned_from
    last_day = pilot.exemption.granted_to or pilot.planned_to
    return Permit(
        purpose=pilot.title_en,
        treatable=frozenset(district.code for district in pilot.districts),
        first_day=first_day,
        last_day=last_day,
        districts_elsewhere_treated=frozenset(_treated_by_others(session, pilot, first_day, last_day)),
    )


def save_draft(
    session: Session,
    pilot: Pilot,
    data: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    seen_version: int | None = None,
) -> None:
    """Keep the plan as it is being written, unless somebody wrote on since `seen_version` was read."""
    _refuse_if_over(pilot, "save_draft", by)
    _refuse_if_changed(pilot, "save_draft", seen_version, by)
    registrations.save_draft(session, pilot.experiment, data, by=by, at=at)
    record(session, pilot, "save_plan_draft", by, at)


def lock(session: Session, pilot: Pilot, *, by: Actor, at: datetime) -> PlanVersion:
    """Fix the plan; its digest enters the ledger in the same transaction."""
    _refuse_if_over(pilot, "lock", by)
    version = registrations.lock(session, pilot.experiment, permit=permit_of(session, pilot), by=by, at=at)
    record(session, pilot, "lock_plan", by, at, version=version.number, sha256=version.sha256)
    return version


def amend(
    session: Session,
    pilot: Pilot,
    data: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    reason: str,
    seen_version: int | None = None,
) -> PlanVersion:
    """Supersede the locked plan, with the reason on the public page for good."""
    _refuse_if_over(pilot, "amend", by)
    _refuse_if_changed(pilot, "amend", seen_version, by)
    version = registrations.amend(
        session, pilot.experiment, data, permit=permit_of(session, pilot), by=by, at=at, reason=reason
    )
    record(session, pilot, "amend_plan", by, at, version=version.number, sha256=version.sha256, reason=reason)
    return version


def advice_on(session: Session, pilot: Pilot, *, by: Actor, at: datetime) -> Advice:
    """Which design the readings so far can carry for the plan in force, or for the draft while its writers
    write it. WrongMoment for others before the lock; Invalid where the draft says too little."""
    experiment = pilot.experiment
    if experiment.plan is None and not access.evaluators_and_auditor(by):
        raise WrongMoment("experiment.advise", experiment.status, needs="plan_is_locked")
    return advice(
        session,
        pilot.site.territory,
        experiment.plan.contents() if experiment.plan else experiment.draft,
        as_of=at,
        taken=permit_of(session, pilot).districts_elsewhere_treated,
    )


def _refuse_if_over(pilot: Pilot, verb: str, by: Actor) -> None:
    """A plan is for a pilot that can still teach something; the lab does not know the pilot."""
    if is_over(pilot) and evaluator_of_the_experiment(by, pilot.experiment):
        raise WrongMoment(f"experiment.{verb}", pilot.status, meanwhile=PILOT.last_move(pilot))


def _refuse_if_changed(pilot: Pilot, verb: str, seen_version: int | None, by: Actor) -> None:
    """Nobody overwrites in silence what a colleague wrote; None is for whoever read nothing before."""
    experiment = pilot.experiment
    is_theirs = evaluator_of_the_experiment(by, experiment)
    if is_theirs and seen_version is not None and seen_version != experiment.version:
        meanwhile = EXPERIMENT.last_move(experiment)
        raise WrongMoment(f"experiment.{verb}", "changed_meanwhile", meanwhile=meanwhile)


def _treated_by_others(session: Session, pilot: Pilot, first_day: date, last_day: date) -> list[str]:
    """Districts of the same site in which another pilot may run on any day from first to last."""
    return list(
        session.scalars(
            select(District.code)
            .join(pilot_district, pilot_district.c.district_id == District.id)
            .join(Pilot, Pilot.id == pilot_district.c.pilot_id)
            .join(Exemption, Exemption.id == Pilot.exemption_id)
            .where(
                Pilot.site_id == pilot.site_id,
                Pilot.id != pilot.id,
                Pilot.status.not_in(NEVER_TREATED),
                func.coalesce(Exemption.granted_from, Pilot.planned_from) <= last_day,
                func.coalesce(Exemption.granted_to, Pilot.planned_to) >= first_day,
            )
        )
    )
