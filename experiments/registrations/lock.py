"""From draft to locked plan, and from a locked plan only to amendments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from experiments.canonical import canonical, digest
from experiments.lifecycle import Actor
from experiments.registrations.models import EXPERIMENT, Experiment, ExperimentStatus, PlanKind, PlanVersion
from experiments.registrations.permit import Permit
from experiments.registrations.plan import check_references, parse_plan
from experiments.registrations.timing import is_prospective


def draft(
    session: Session, *, territory_id: int, evaluator_organisation_id: int, by: Actor, at: datetime
) -> Experiment:
    """An empty registration, which the evaluating organisation will write."""
    experiment = Experiment(
        territory_id=territory_id,
        evaluator_organisation_id=evaluator_organisation_id,
        status=ExperimentStatus.DRAFT,
        draft={},
    )
    EXPERIMENT.begin(session, experiment, by=by, at=at)
    return experiment


def save_draft(
    session: Session, experiment: Experiment, data: Mapping[str, Any], *, by: Actor, at: datetime
) -> None:
    """Keep what was written so far, complete or not; a draft is checked when it is locked."""
    EXPERIMENT.check(experiment, "save_draft", by=by)
    experiment.draft = dict(data)
    EXPERIMENT.perform(session, experiment, "save_draft", by=by, at=at)


def lock(session: Session, experiment: Experiment, *, permit: Permit, by: Actor, at: datetime) -> PlanVersion:
    """Fix the draft as plan version 1; Invalid by field where it cannot be fixed."""
    EXPERIMENT.check(experiment, "lock", by=by)
    version = _new_version(session, experiment, experiment.draft, permit, PlanKind.ORIGINAL, by, at, None)
    EXPERIMENT.perform(session, experiment, "lock", by=by, at=at)
    return version


def amend(
    session: Session,
    experiment: Experiment,
    data: Mapping[str, Any],
    *,
    permit: Permit,
    by: Actor,
    at: datetime,
    reason: str,
) -> PlanVersion:
    """Supersede the plan in force by `data`, with the reason kept beside it for good."""
    EXPERIMENT.check(experiment, "amend", by=by, reason=reason)
    version = _new_version(session, experiment, data, permit, PlanKind.AMENDMENT, by, at, reason)
    EXPERIMENT.perform(session, experiment, "amend", by=by, at=at, reason=reason)
    return version


def withdraw(session: Session, experiment: Experiment, *, by: Actor, at: datetime, reason: str) -> None:
    """Give the registration up; its versions and its history stay."""
    EXPERIMENT.perform(session, experiment, "withdraw", by=by, at=at, reason=reason)


def _new_version(
    session: Session,
    experiment: Experiment,
    data: Mapping[str, Any],
    permit: Permit,
    kind: PlanKind,
    by: Actor,
    at: datetime,
    reason: str | None,
) -> PlanVersion:
    plan = parse_plan(data)
    check_references(session, experiment.territory_id, plan, permit)
    text = canonical(plan)
    version = PlanVersion(
        number=len(experiment.versions) + 1,
        kind=kind,
        document=text,
        sha256=digest(text),
        locked_at=at,
        locked_by_id=by.person_id,
        locked_by_name=by.name,
        reason=reason,
        is_prospective=is_prospective(session, experiment.territory, plan, at),
    )
    experiment.versions.append(version)
    session.flush()
    return version
