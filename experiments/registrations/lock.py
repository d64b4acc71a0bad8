"""From draft to locked plan, and from a locked plan only to amendments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rfc8785 import CanonicalizationError
from sqlalchemy.orm import Session

from experiments.canonical import canonical, digest
from experiments.errors import Invalid
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
    _refuse_unwritable(data)
    experiment.draft = dict(data)
    EXPERIMENT.perform(session, experiment, "save_draft", by=by, at=at)


def lock(session: Session, experiment: Experiment, *, permit: Permit, by: Actor, at: datetime) -> PlanVersion:
    """Fix the draft as plan version 1; Invalid by field where it cannot be fixed."""
    EXPERIMENT.check(experiment, "lock", by=by)
    plan = _checked(session, experiment, experiment.draft, permit)
    EXPERIMENT.perform(session, experiment, "lock", by=by, at=at)
    return _new_version(session, experiment, plan, PlanKind.ORIGINAL, by, at, None)


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
    plan = _checked(session, experiment, data, permit)
    EXPERIMENT.perform(session, experiment, "amend", by=by, at=at, reason=reason)
    return _new_version(session, experiment, plan, PlanKind.AMENDMENT, by, at, reason)


def withdraw(session: Session, experiment: Experiment, *, by: Actor, at: datetime, reason: str) -> None:
    """Give the registration up; its versions and its history stay."""
    EXPERIMENT.perform(session, experiment, "withdraw", by=by, at=at, reason=reason)


def _refuse_unwritable(data: Mapping[str, Any]) -> None:
    """Numbers that canonical JSON has no text for, such as NaN, are no part of a draft either."""
    try:
        canonical(dict(data))
    except CanonicalizationError as error:
        raise Invalid({"_schema": [str(error)]}) from error


def _checked(
    session: Session, experiment: Experiment, data: Mapping[str, Any], permit: Permit
) -> dict[str, Any]:
    plan = parse_plan(data)
    check_references(session, experiment.territory_id, plan, permit)
    return plan


def _new_version(
    session: Session,
    experiment: Experiment,
    plan: Mapping[str, Any],
    kind: PlanKind,
    by: Actor,
    at: datetime,
    reason: str | None,
) -> PlanVersion:
    """The next version. The status has moved before, so that of two at once the second is refused."""
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
