"""Runs: who takes them, what is stored of them exactly once, and that they can be repeated."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select, update

from experiments.canonical import digest
from experiments.collection.intake import Columns
from experiments.collection.models import DataSource, Observation, Series, to_microseconds
from experiments.collection.store import write
from experiments.districts import District
from experiments.errors import BrokenRecord, WrongMoment
from experiments.evaluation import runs
from experiments.evaluation.job import job_of
from experiments.evaluation.models import Evaluation, EvaluationStatus
from experiments.evaluation.worker import carry_out
from experiments.registrations.models import PlanVersion
from sandbox.executors import WorkerProcesses
from tests.experiments.evaluation import build
from tests.experiments.evaluation.build import AFTER, REQUESTED, InThisProcess, ask, measure
from tests.factories import (
    EVALUATED,
    FINISHED,
    GRANTED,
    RUNNING,
    amend_plan,
    create_case,
    request_evaluation,
    sign_result,
)

WAITING = (*FINISHED, request_evaluation)
LATER = AFTER + timedelta(days=1)
EXPIRED = LATER + runs.LEASE + timedelta(seconds=1)


def clock():
    return LATER


@pytest.fixture
def requested(sessions):
    """Ids of two runs that wait, with the readings that they need."""
    with sessions.begin() as session:
        case = create_case(session, (*REQUESTED, ask))
        return [evaluation.id for evaluation in reversed(runs_of(case))]


def runs_of(case):
    query = select(Evaluation).where(Evaluation.experiment_id == case.pilot.experiment_id)
    return list(case.session.scalars(query.order_by(Evaluation.id.desc())))


def stored(sessions, evaluation_id):
    with sessions() as session:
        return session.get_one(Evaluation, evaluation_id)


def claimed(session, holder="first", now=LATER):
    evaluation = runs.claim(session, holder=holder, now=now)
    return evaluation and (evaluation.id, evaluation.fence)


# -- asking ------------------------------------------------------------------------------------------


def test_a_run_is_of_the_plan_in_force(session):
    case = create_case(session, (*RUNNING, amend_plan, request_evaluation))
    assert case.evaluation.plan_version.number == 2
    assert case.evaluation.seed == 7


def test_a_run_reads_as_of_now_where_nobody_collects(session):
    case = create_case(session, (*RUNNING, measure))
    assert runs.settled(session, case.pilot.experiment, LATER) == LATER


def test_a_run_reads_as_of_before_a_collection_under_way(session):
    """What a worker is writing now may get an earlier stamp than the moment at which it is seen."""
    case = create_case(session, (*RUNNING, measure))
    begun = LATER - timedelta(minutes=3)
    lease = {"lease_holder": "collector", "lease_until": LATER, "claimed_at": begun}
    of_the_site = DataSource.territory_id == case.site.territory_id
    session.execute(update(DataSource).where(of_the_site).values(**lease))
    assert runs.settled(session, case.pilot.experiment, LATER) == begun - timedelta(microseconds=1)


def test_nothing_is_settled_without_a_plan(session):
    case = create_case(session, GRANTED)
    with pytest.raises(WrongMoment) as refusal:
        runs.settled(session, case.pilot.experiment, LATER)
    assert refusal.value.needs == "plan_is_locked"


# -- taking ------------------------------------------------------------------------------------------


def test_the_oldest_waiting_run_is_taken_first(session):
    case = create_case(session, (*WAITING, request_evaluation))
    newest, oldest = runs_of(case)
    assert claimed(session) == (oldest.id, 1)
    assert claimed(session) == (newest.id, 1)
    assert claimed(session) is None


def test_a_run_is_taken_by_one_of_two_workers(sessions, requested):
    """While the first worker's claim is not committed yet, the second gets another run, or waits."""
    taken = []

    def take():
        with sessions.begin() as session:
            taken.append(claimed(session, "second"))

    second = threading.Thread(target=take)
    with sessions.begin() as session:
        taken.append(claimed(session))
        second.start()
        second.join(timeout=0.3)
    second.join()
    assert sorted(taken) == [(requested[0], 1), (requested[1], 1)]


def test_many_workers_take_each_run_once(sessions, requested):
    taken, start = [], threading.Barrier(4)

    def take():
        start.wait()
        with sessions.begin() as session:
            taken.append(claimed(session))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(filter(None, taken)) == [(requested[0], 1), (requested[1], 1)]


def test_a_run_under_a_lease_is_left_alone(session):
    create_case(session, WAITING)
    claimed(session)
    assert claimed(session, now=LATER + runs.LEASE) is None


def test_a_run_whose_worker_died_is_taken_over_with_a_higher_fence(session):
    create_case(session, WAITING)
    number, fence = claimed(session)
    assert claimed(session, "second", EXPIRED) == (number, fence + 1)


def test_whoever_lost_the_run_stores_nothing(session):
    case = create_case(session, WAITING)
    number, fence = claimed(session)
    claimed(session, "second", EXPIRED)
    text = build.some_document(case.evaluation)
    assert not runs.finish(session, number, fence, text, at=EXPIRED)
    assert not runs.fail(session, number, fence, "late", at=EXPIRED)
    session.refresh(case.evaluation)
    assert (case.evaluation.status, case.evaluation.lease_holder) == ("running", "second")


def test_a_result_is_stored_once(session):
    case = create_case(session, WAITING)
    number, fence = claimed(session)
    text = build.some_document(case.evaluation)
    assert runs.finish(session, number, fence, text, at=LATER)
    assert not runs.finish(session, number, fence, text, at=LATER)
    assert not runs.fail(session, number, fence, "too late", at=LATER)


def test_a_finished_run_is_not_taken_again(session):
    create_case(session, EVALUATED)
    assert claimed(session, now=EXPIRED) is None


# -- carrying out ------------------------------------------------------------------------------------


def test_due_runs_are_carried_out_one_after_another(sessions, requested):
    executor = InThisProcess()
    assert runs.run_due(sessions, executor, holder="test", clock=clock) == requested
    done = stored(sessions, requested[0])
    assert (done.status, done.finding) == ("done", "expand_conditional")
    assert done.finished_at == LATER
    assert (done.lease_holder, done.lease_until) == (None, None)


def test_what_is_copied_beside_the_result_agrees_with_it(sessions, requested):
    runs.run_due(sessions, InThisProcess(), holder="test", clock=clock)
    done = stored(sessions, requested[0])
    document = json.loads(done.document)
    assert done.document_sha256 == digest(done.document)
    assert done.panel_digest == document["primary"]["panel_digest"]
    assert done.packages == document["packages"]
    assert done.seed == document["seed"]
    assert done.as_of.isoformat() == document["as_of"]


def test_a_run_that_fails_keeps_its_reason_and_the_next_one_runs(sessions, requested):
    is_first = iter([True, False])

    def fail_once(job):
        if next(is_first):
            raise ValueError("the panel is empty")
        return build.some_document(job)

    executor = InThisProcess(fail_once)
    assert runs.run_due(sessions, executor, holder="test", clock=clock) == requested[1:]
    failed = stored(sessions, requested[0])
    assert (failed.status, failed.error) == ("failed", "ValueError: the panel is empty")
    assert failed.document is None


def test_a_job_that_cannot_be_read_is_a_failed_run(sessions):
    with sessions.begin() as session:
        case = create_case(session, WAITING)
        number = case.evaluation.id
    assert runs.run_due(sessions, InThisProcess(), holder="test", clock=clock) == []
    assert stored(sessions, number).status == EvaluationStatus.FAILED
    assert stored(sessions, number).error == "Invalid: as_of: no whole period of the intervention had passed"


def test_no_transaction_is_open_while_a_worker_computes(sessions, requested):
    """Others write meanwhile; on SQLite an open writing transaction would keep everybody waiting."""

    def carry_out(job):
        with sessions.begin() as session:
            session.execute(update(Evaluation).where(Evaluation.id == requested[1]).values(error=None))
        return build.some_document(job)

    assert runs.run_due(sessions, InThisProcess(carry_out), holder="test", clock=clock) == requested


def test_a_run_that_was_taken_over_meanwhile_is_not_counted_as_done_here(sessions, requested):
    is_slow = iter([True, False])

    def carry_out(job):
        if next(is_slow):
            with sessions.begin() as session:
                assert claimed(session, "second", EXPIRED)[0] == requested[0]
        return build.some_document(job)

    assert runs.run_due(sessions, InThisProcess(carry_out), holder="test", clock=clock) == requested[1:]
    assert stored(sessions, requested[0]).lease_holder == "second"


def test_processes_carry_out_what_is_due(sessions, requested):
    """The estimator refuses the first run; its reason comes back, and the worker lives on."""
    with sessions.begin() as session:
        receive_one_reading_between(session, requested)
    with WorkerProcesses(1) as executor:
        assert runs.run_due(sessions, executor, holder="test", clock=clock) == requested[1:]
        with sessions() as session:
            done = session.get_one(Evaluation, requested[1])
            assert runs.repeat(session, done, executor) == done.document
    failed = stored(sessions, requested[0])
    assert failed.error.startswith("PanelError: outcomes at unit 'D01'")


def receive_one_reading_between(session, requested):
    """One reading of D01 came after the first run's moment and before the second's."""
    first, second = (session.get_one(Evaluation, number).as_of for number in requested)
    late = session.scalars(
        select(Observation)
        .join(Series, Series.id == Observation.series_id)
        .join(District, District.id == Series.district_id)
        .where(District.code == "D01")
        .limit(1)
    ).one()
    late.received_at = to_microseconds(first + (second - first) / 2)


# -- repeating ---------------------------------------------------------------------------------------


def test_a_repetition_gives_the_same_bytes(session):
    case = create_case(session, REQUESTED)
    executor = InThisProcess()
    number, fence = claimed(session)
    text = executor.submit(carry_out, job_of(session, case.evaluation)).result()
    runs.finish(session, number, fence, text, at=LATER)
    assert runs.repeat(session, case.evaluation, executor) == text


def test_a_reading_that_is_edited_later_changes_no_repetition(session):
    case = create_case(session, REQUESTED)
    before = runs.repeat(session, case.evaluation, InThisProcess())
    row = session.scalars(select(Observation).limit(1)).one()
    edit(session, row, value=row.value + 100, at=LATER)
    assert runs.repeat(session, case.evaluation, InThisProcess()) == before
    case.evaluation.as_of = LATER
    assert runs.repeat(session, case.evaluation, InThisProcess()) != before


def edit(session, row, *, value, at):
    """An edit upstream, as the collector stores it."""
    made = write(
        session.connection(),
        Columns(np.array([row.series_id]), np.array([row.observed_at]), np.array([value])),
        received_at=to_microseconds(at),
        attempt_id=row.attempt_id,
    )
    assert made.revised == 1
    session.expire_all()


# -- records that were tampered with -----------------------------------------------------------------


def test_a_result_whose_text_was_changed_is_named(session):
    case = create_case(session, EVALUATED)
    case.evaluation.document = case.evaluation.document.replace("expand", "expend")
    with pytest.raises(BrokenRecord, match=f"evaluation {case.evaluation.id}: digest of the result differs"):
        case.evaluation.result()


def test_a_result_whose_text_was_changed_is_not_signed(session):
    case = create_case(session, EVALUATED)
    case.evaluation.document = case.evaluation.document.replace("expand", "expend")
    with pytest.raises(BrokenRecord):
        sign_result(case)
    assert case.evaluation.signed_at is None


def test_a_run_without_a_result_has_none_to_read(session):
    with pytest.raises(BrokenRecord, match="it has no result"):
        create_case(session, WAITING).evaluation.result()


def test_a_plan_whose_text_was_changed_is_named_and_not_carried_out(session):
    case = create_case(session, REQUESTED)
    plan = case.pilot.experiment.plan
    changed = plan.document.replace('"alpha":0.05', '"alpha":0.15')
    session.execute(update(PlanVersion).where(PlanVersion.id == plan.id).values(document=changed))
    session.expire_all()
    where = f"plan version 1 of experiment {case.pilot.experiment_id}"
    with pytest.raises(BrokenRecord, match=where):
        job_of(session, case.evaluation)
    with pytest.raises(BrokenRecord, match=where):
        request_evaluation(case)
