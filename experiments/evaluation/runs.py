"""Request, claim, finish and sign evaluations; the database decides who runs what.

A run may die at any moment: its lease ends and another worker takes it, with a higher fence, so
that a result is stored exactly once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from experiments.canonical import digest
from experiments.collection.settled import settled_as_of
from experiments.districts import districts
from experiments.errors import WrongMoment
from experiments.evaluation.job import Job, job_of
from experiments.evaluation.models import Evaluation, EvaluationStatus
from experiments.evaluation.worker import carry_out
from experiments.lifecycle import Actor
from experiments.metrics import metric
from experiments.registrations.models import EXPERIMENT, Experiment

# Long against any evaluation so far; a run whose worker died waits no longer than this.
LEASE = timedelta(minutes=5)

Clock = Callable[[], datetime]

log = structlog.get_logger()


def request(
    session: Session, experiment: Experiment, *, as_of: datetime, by: Actor, at: datetime
) -> Evaluation:
    """Ask for a run of the plan in force on what was known at `as_of`."""
    plan = experiment.plan
    if plan is None:
        raise WrongMoment("evaluation.request", experiment.status, needs="plan_is_locked")
    evaluation = Evaluation(
        experiment_id=experiment.id,
        plan_version_id=plan.id,
        status=EvaluationStatus.REQUESTED,
        requested_at=at,
        requested_by_id=by.person_id,
        requested_by_name=by.name,
        as_of=as_of,
        seed=plan.contents()["seed"],
    )
    session.add(evaluation)
    session.flush()
    return evaluation


def settled(session: Session, experiment: Experiment, at: datetime) -> datetime:
    """The latest moment up to `at` of which a run, and its repetition, read the same."""
    plan = experiment.plan
    if plan is None:
        raise WrongMoment("evaluation.request", experiment.status, needs="plan_is_locked")
    contents = plan.contents()
    codes = [*contents["districts"]["treated"], *contents["districts"]["control"]]
    references = [contents["primary"], *contents["guardrails"]]
    return settled_as_of(
        session,
        metrics=[metric(session, each["code"], each["version"]) for each in references],
        districts=districts(session, experiment.territory, codes),
        at=at,
    )


def claim(session: Session, *, holder: str, now: datetime) -> Evaluation | None:
    """The oldest run that nobody works on, taken by `holder` until its lease ends."""
    free = or_(
        Evaluation.status == EvaluationStatus.REQUESTED,
        (Evaluation.status == EvaluationStatus.RUNNING) & (Evaluation.lease_until < now),
    )
    oldest = select(Evaluation.id).where(free).order_by(Evaluation.id).limit(1)
    candidate = session.scalar(oldest.with_for_update(skip_locked=True))
    if candidate is None:
        return None
    taken = session.execute(
        update(Evaluation)
        .where(Evaluation.id == candidate, free)
        .values(
            status=EvaluationStatus.RUNNING,
            lease_holder=holder,
            lease_until=now + LEASE,
            fence=Evaluation.fence + 1,
        )
        .returning(Evaluation.id)
    ).scalar()
    return session.get_one(Evaluation, taken, populate_existing=True) if taken else None


def finish(session: Session, evaluation_id: int, fence: int, text: str, *, at: datetime) -> bool:
    """Store the result document; False where another worker has taken the run over meanwhile."""
    document = json.loads(text)
    return _close(
        session,
        evaluation_id,
        fence,
        status=EvaluationStatus.DONE,
        finished_at=at,
        document=text,
        document_sha256=digest(text),
        panel_digest=document["primary"]["panel_digest"],
        packages=document["packages"],
        finding=document["finding"],
    )


def fail(session: Session, evaluation_id: int, fence: int, error: str, *, at: datetime) -> bool:
    """Store why the run gave no result."""
    return _close(session, evaluation_id, fence, status=EvaluationStatus.FAILED, finished_at=at, error=error)


class Workers(Protocol):
    """An executor that says how many calls it wants at a time; more would only wait."""

    @property
    def at_once(self) -> int: ...

    def submit(self, fn: Callable[[Job], str], job: Job, /) -> Future[str]: ...


def run_due(sessions: sessionmaker[Session], workers: Workers, *, holder: str, clock: Clock) -> list[int]:
    """Run every waiting evaluation, as many at a time as `workers` want; the ids of those finished here.

    A rim of its own: each claim and each result is one committed transaction.
    """
    finished: list[int] = []
    flights: dict[Future[str], Flight] = {}
    while True:
        at_once = workers.at_once
        while len(flights) < at_once and (flight := _take(sessions, holder=holder, now=clock())):
            flights[_carried_out(sessions, workers, flight)] = flight
        if not flights:
            return finished
        for landed in wait(flights, return_when=FIRST_COMPLETED).done:
            flight = flights.pop(landed)
            if _land(sessions, flight, landed, at=clock()):
                finished.append(flight.evaluation_id)


@dataclass(frozen=True)
class Flight:
    """A run that is being carried out, under the fence with which it was taken."""

    evaluation_id: int
    fence: int


def _take(sessions: sessionmaker[Session], *, holder: str, now: datetime) -> Flight | None:
    with sessions.begin() as session:
        evaluation = claim(session, holder=holder, now=now)
        return Flight(evaluation.id, evaluation.fence) if evaluation else None


def _carried_out(sessions: sessionmaker[Session], workers: Workers, flight: Flight) -> Future[str]:
    """The document to come; what cannot even be asked for is a failure of this run alone."""
    try:
        with sessions() as session:
            job = job_of(session, session.get_one(Evaluation, flight.evaluation_id))
        return workers.submit(carry_out, job)
    except Exception as error:  # noqa: BLE001 - told where results are taken in
        failed: Future[str] = Future()
        failed.set_exception(error)
        return failed


def _land(sessions: sessionmaker[Session], flight: Flight, landed: Future[str], *, at: datetime) -> bool:
    """Store what came of the run; False for a failure, and where another worker has taken it over."""
    try:
        text = landed.result()
    except Exception as error:  # noqa: BLE001 - one run's failure is stored; the next goes on
        log.warning("evaluation_failed", evaluation=flight.evaluation_id, error=str(error))
        with sessions.begin() as session:
            fail(session, flight.evaluation_id, flight.fence, f"{type(error).__name__}: {error}", at=at)
        return False
    with sessions.begin() as session:
        return finish(session, flight.evaluation_id, flight.fence, text, at=at)


def sign(session: Session, evaluation: Evaluation, *, by: Actor, at: datetime) -> None:
    """The evaluator's signature under a finished result; from here on it is public."""
    EXPERIMENT.check(evaluation.experiment, "sign_result", by=by)
    if evaluation.status != EvaluationStatus.DONE:
        raise WrongMoment("evaluation.sign", evaluation.status, needs="result_is_done")
    if evaluation.signed_at is not None:
        raise WrongMoment(
            "evaluation.sign",
            "signed",
            meanwhile=("sign_result", evaluation.signed_by_name or "", evaluation.signed_at.isoformat()),
        )
    evaluation.result()
    EXPERIMENT.perform(session, evaluation.experiment, "sign_result", by=by, at=at)
    evaluation.signed_at = at
    evaluation.signed_by_id = by.person_id
    evaluation.signed_by_name = by.name
    session.flush()


def repeat(session: Session, evaluation: Evaluation, workers: Workers) -> str:
    """The document that the same run gives now; equal to the stored text, byte for byte, if all is well."""
    return workers.submit(carry_out, job_of(session, evaluation)).result()


def _close(session: Session, evaluation_id: int, fence: int, **values: Any) -> bool:
    closed = session.execute(
        update(Evaluation)
        .where(
            Evaluation.id == evaluation_id,
            Evaluation.fence == fence,
            Evaluation.status == EvaluationStatus.RUNNING,
        )
        .values(lease_holder=None, lease_until=None, **values)
        .returning(Evaluation.id)
    )
    return closed.scalar() is not None
