"""Evaluations of a pilot as acts of people: ask for a run, sign its result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, defer, joinedload

from experiments.errors import Refused
from experiments.evaluation import runs
from experiments.evaluation.models import Evaluation
from experiments.lifecycle import Actor
from experiments.registrations.models import PlanVersion, evaluator_of_the_experiment
from sandbox.pilots.models import Pilot
from sandbox.pilots.table import record
from sandbox.suspensions.proposing import propose_for_guardrails


def request_run(session: Session, pilot: Pilot, *, by: Actor, at: datetime) -> Evaluation:
    """Ask for a run of the locked plan on everything that is known now."""
    if not evaluator_of_the_experiment(by, pilot.experiment):
        raise Refused("evaluation.request", "evaluator_of_the_experiment")
    as_of = runs.settled(session, pilot.experiment, at)
    evaluation = runs.request(session, pilot.experiment, as_of=as_of, by=by, at=at)
    record(session, pilot, "request_evaluation", by, at, evaluation=evaluation.id)
    return evaluation


def sign(session: Session, pilot: Pilot, evaluation: Evaluation, *, by: Actor, at: datetime) -> None:
    """Sign a finished result; its digest enters the ledger and the page becomes public.

    Where a guardrail got worse, a proposal to suspend goes to the Minister.
    """
    runs.sign(session, evaluation, by=by, at=at)
    record(
        session,
        pilot,
        "sign_result",
        by,
        at,
        evaluation=evaluation.id,
        finding=evaluation.finding,
        document_sha256=evaluation.document_sha256,
    )
    propose_for_guardrails(session, pilot, evaluation, by=by, at=at)


def evaluations_of(session: Session, pilot: Pilot) -> list[Evaluation]:
    """Every run of the pilot's plan, newest first, whatever became of it."""
    return list(
        session.scalars(
            select(Evaluation)
            .where(Evaluation.experiment_id == pilot.experiment_id)
            .order_by(Evaluation.id.desc())
        )
    )


def runs_of_locked(session: Session, pilot_ids: Sequence[int]) -> dict[int, list[Evaluation]]:
    """The runs, newest first, of those of these pilots whose plan is locked, by the pilot's key."""
    locked = select(Pilot.id).where(
        Pilot.id.in_(pilot_ids), Pilot.experiment_id.in_(select(PlanVersion.experiment_id))
    )
    found: dict[int, list[Evaluation]] = {pilot_id: [] for pilot_id in session.scalars(locked)}
    rows = session.execute(
        select(Pilot.id, Evaluation)
        .join(Evaluation, Evaluation.experiment_id == Pilot.experiment_id)
        .where(Pilot.id.in_(found))
        .order_by(Evaluation.id.desc())
        .options(joinedload(Evaluation.plan_version), defer(Evaluation.document))
    )
    for pilot_id, evaluation in rows:
        found[pilot_id].append(evaluation)
    return found


def signed_result(session: Session, pilot: Pilot) -> Evaluation | None:
    """The latest signed evaluation, the one that the public page shows."""
    return session.scalar(
        select(Evaluation)
        .where(Evaluation.experiment_id == pilot.experiment_id, Evaluation.signed_at.is_not(None))
        .order_by(Evaluation.signed_at.desc(), Evaluation.id.desc())
        .limit(1)
    )


def pilot_of(session: Session, evaluation: Evaluation) -> Pilot:
    """The pilot whose plan this run carried out."""
    return session.scalars(select(Pilot).where(Pilot.experiment_id == evaluation.experiment_id)).one()
