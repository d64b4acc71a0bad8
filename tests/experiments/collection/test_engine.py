"""The engine end to end: a playing hub, real HTTP, real commits, both databases."""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from experiments.collection import intake
from experiments.collection.backfills import request_backfill
from experiments.collection.claims import StaleFence, claim_next, hold
from experiments.collection.engine import collect_due
from experiments.collection.models import (
    AttemptStatus,
    Backfill,
    CollectionAttempt,
    DataSource,
    ObservationRevision,
    from_microseconds,
)
from experiments.collection.partitions import prepare_partitions
from experiments.collection.sources import collect_now, edit_source, pause, register_source
from experiments.collection.windows import back_off
from tests.experiments.collection.build import (
    NOW,
    SETTINGS,
    START,
    collect,
    create_data_set,
    create_metric,
    create_source,
    day,
    playing,
    scripted_hub,
    source_data,
    stored,
    the_source,
)


def due_again(sessions, at=NOW):
    with sessions.begin() as session:
        collect_now(session, session.scalars(select(DataSource)).one(), at=at)


def attempts(sessions):
    with sessions() as session:
        return session.scalars(select(CollectionAttempt).order_by(CollectionAttempt.id)).all()


@pytest.fixture
def source(sessions):
    """A registered source on a hub that plays three districts for ten days."""
    with playing(create_data_set()) as hub:
        with sessions.begin() as session:
            create_source(session, hub.base_url)
        yield hub


def test_a_first_run_brings_everything_up_to_now(source, sessions):
    summaries = collect(sessions)
    assert [(s.status, s.window_start, s.inserted) for s in summaries] == [
        ("done", START, 15),
        ("done", day(5), 15),
    ]
    assert len(stored(sessions)) == 30
    assert the_source(sessions).watermark == NOW


def test_a_second_run_changes_nothing(source, sessions):
    collect(sessions)
    before = stored(sessions)
    due_again(sessions)
    summaries = collect(sessions)
    assert [(s.inserted, s.revised, s.unchanged) for s in summaries] == [(0, 0, 6)]
    assert stored(sessions) == before


def test_a_source_is_left_alone_until_its_interval_is_over(source, sessions):
    collect(sessions)
    assert collect(sessions, NOW + timedelta(minutes=59)) == []
    assert len(collect(sessions, NOW + timedelta(minutes=60))) == 1


@pytest.mark.parametrize("dialect", ["etsi", "city_data_hub"])
def test_late_readings_are_found_in_the_overlap(sessions, dialect):
    known = {1: {"intensity": [(0, 1.0), (8, 5.0, 9.5), (9, 2.0)]}}
    now = [day(9.1)]
    with playing(create_data_set(known), dialect=dialect, clock=lambda: now[0]) as hub:
        with sessions.begin() as session:
            create_source(session, hub.base_url, dialect=dialect)
        collect(sessions, now[0])
        assert len(stored(sessions)) == 2
        now[0] = NOW
        assert [s.inserted for s in collect(sessions, now[0])] == [1]


def test_an_edited_reading_becomes_a_revision_and_the_old_value_stays(sessions):
    now = [day(9)]
    edited = {1: {"intensity": [(7, 100.0), (7, 93.0, 9.5)]}}
    with playing(create_data_set(edited), clock=lambda: now[0]) as hub:
        with sessions.begin() as session:
            create_source(session, hub.base_url)
        collect(sessions, now[0])
        now[0] = NOW
        summaries = collect(sessions, now[0])
    assert [(s.inserted, s.revised, s.unchanged) for s in summaries] == [(0, 1, 0)]
    assert list(stored(sessions).values()) == [(93.0, 1)]
    with sessions() as session:
        old = session.scalars(select(ObservationRevision)).one()
        assert (old.value, old.revision) == (100.0, 0)
        assert from_microseconds(old.received_at) == day(9)
        assert from_microseconds(old.superseded_at) == NOW


def test_a_malformed_page_names_its_place_and_moves_nothing(sessions):
    page = b'[{"id":"a","type":"T","intensity":{"values":[[1.0,"2026-03-01T00:00:00Z"],["x","y"]]}}]'
    with scripted_hub(lambda target: (200, {}, page)) as url:
        with sessions.begin() as session:
            create_source(session, url, entities=[{"entity": "a", "district": "D1"}])
        (summary,) = collect(sessions)
    assert summary.status == "failed"
    assert summary.error == "page 1, at [0].intensity.values[1]: an instant was expected, not 'y'"
    assert summary.error_url.startswith(f"{url}/ngsi-ld/v1/temporal/entities?type=TrafficFlowObserved")
    assert stored(sessions) == {}
    assert the_source(sessions).watermark == START


def test_what_earlier_windows_brought_stays_when_a_later_one_fails(source, sessions):
    answer = source.api.reply

    def fail_late(target, headers):
        if "timeAt=2026-03-06" in target:
            raise ConnectionError
        return answer(target, headers)

    source.api.reply = fail_late
    assert [s.status for s in collect(sessions)] == ["done", "failed"]
    assert (len(stored(sessions)), the_source(sessions).watermark) == (15, day(5))
    source.api.reply = answer
    due_again(sessions)
    collect(sessions)
    assert (len(stored(sessions)), the_source(sessions).watermark) == (30, NOW)


def test_failures_back_off_and_a_success_forgets_them(sessions):
    state = {"fail": True}
    with scripted_hub(lambda target: (500, {}, b"no") if state["fail"] else (200, {}, b"[]")) as url:
        with sessions.begin() as session:
            create_source(session, url)
        collect(sessions)
        assert (the_source(sessions).failures, the_source(sessions).next_due_at) == (
            1,
            NOW + timedelta(seconds=30),
        )
        later = NOW + timedelta(seconds=30)
        collect(sessions, later)
        assert the_source(sessions).next_due_at == later + timedelta(seconds=60)
        state["fail"] = False
        collect(sessions, NOW + timedelta(seconds=90))
    assert the_source(sessions).failures == 0


def test_a_hub_that_asks_for_patience_gets_it(sessions):
    with scripted_hub(lambda target: (429, {"Retry-After": "500"}, b"")) as url:
        with sessions.begin() as session:
            create_source(session, url)
        collect(sessions)
    assert the_source(sessions).next_due_at == NOW + timedelta(seconds=500)


def test_back_off_doubles_up_to_its_limit():
    waits = [back_off(n, SETTINGS).total_seconds() for n in (1, 2, 3, 8, 80)]
    assert waits == [30, 60, 120, 3600, 3600]


def test_only_one_worker_gets_a_source(source, sessions):
    first = claim_next(sessions, NOW, holder="first", settings=SETTINGS)
    assert first.fence == 1
    assert claim_next(sessions, NOW, holder="second", settings=SETTINGS) is None


@pytest.mark.parametrize("others", [0, 70_000])
def test_a_source_that_was_had_is_not_taken_again_however_many_were(source, sessions, others):
    had = frozenset(range(10**6, 10**6 + others))
    at = {"holder": "first", "settings": SETTINGS}
    assert claim_next(sessions, NOW, but=had | {the_source(sessions).id}, **at) is None
    assert claim_next(sessions, NOW, but=had, **at) is not None


def test_a_lease_that_ran_out_is_taken_over(source, sessions):
    claim_next(sessions, NOW, holder="first", settings=SETTINGS)
    later = NOW + timedelta(seconds=SETTINGS.lease_seconds + 1)
    second = claim_next(sessions, later, holder="second", settings=SETTINGS)
    assert (second.holder, second.fence) == ("second", 2)


def overtaken_by(source, sessions, meanwhile):
    """Run a collection during whose second window `meanwhile` happens; its attempts."""
    answer = source.api.reply

    def slow(target, headers):
        if "timeAt=2026-03-06" in target and "offset=0" in target:
            source.api.reply = answer
            meanwhile()
        return answer(target, headers)

    source.api.reply = slow
    return collect_due(sessions, NOW, holder="slow", settings=SETTINGS)


def test_the_write_of_a_worker_whose_lease_was_taken_over_is_refused(source, sessions):
    later = NOW + timedelta(seconds=SETTINGS.lease_seconds + 1)

    def take_over():
        assert claim_next(sessions, later, holder="second", settings=SETTINGS) is not None

    summaries = overtaken_by(source, sessions, take_over)
    assert [s.status for s in summaries] == ["done", "stale"]
    assert (len(stored(sessions)), the_source(sessions).watermark) == (15, day(5))
    assert the_source(sessions).lease_holder == "second"


def test_a_worker_that_was_overtaken_counts_nothing_twice(source, sessions):
    later = NOW + timedelta(seconds=SETTINGS.lease_seconds + 1)

    def overtake():
        with sessions.begin() as session:
            session.scalars(select(DataSource)).one().lease_until = START
        collect(sessions, later, holder="fast")

    summaries = overtaken_by(source, sessions, overtake)
    assert summaries[-1].status == AttemptStatus.STALE
    assert len(stored(sessions)) == 30
    assert {revision for _, revision in stored(sessions).values()} == {0}


@pytest.mark.parametrize("change", ["edit", "pause"])
def test_an_answer_under_way_is_refused_after_a_change_of_its_source(source, sessions, change):
    def meanwhile():
        with sessions.begin() as session:
            edited = session.scalars(select(DataSource)).one()
            if change == "edit":
                edit_source(session, edited, source_data(interval_seconds=60), at=NOW)
            else:
                pause(session, edited)

    assert [s.status for s in overtaken_by(source, sessions, meanwhile)] == ["done", "stale"]
    assert the_source(sessions).lease_holder is None


def test_a_stale_claim_cannot_hold_its_source(source, sessions):
    claim = claim_next(sessions, NOW, holder="first", settings=SETTINGS)
    with sessions.begin() as session:
        pause(session, session.scalars(select(DataSource)).one())
    with pytest.raises(StaleFence), sessions.begin() as session:
        hold(session, claim, failures=7)
    assert the_source(sessions).failures == 0


def test_workers_at_the_same_time_share_the_sources_and_lose_nothing(sessions):
    with playing(create_data_set(entities=3)) as hub:
        with sessions.begin() as session:
            create_source(session, hub.base_url)
            for number in (2, 3):
                mapping = [{"attribute": "intensity", "metric": f"m{number}", "unit": "vehicles"}]
                create_metric(session, code=f"m{number}")
                register_source(session, source_data(name=f"traffic {number}", attributes=mapping), at=START)
        results = {}

        def work(holder):
            results[holder] = collect_due(sessions, NOW, holder=holder, settings=SETTINGS)

        workers = [threading.Thread(target=work, args=(name,)) for name in ("a", "b", "c")]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    summaries = [summary for result in results.values() for summary in result]
    assert sorted(s.source_id for s in summaries) == [1, 1, 2, 2, 3, 3]
    assert {s.status for s in summaries} == {"done"}
    assert len(stored(sessions)) == 90


def test_a_run_can_be_stopped_between_windows_and_goes_on_later(source, sessions):
    stopping = iter([False, True, True])
    alone = replace(SETTINGS, sources_at_once=1)
    first = collect_due(sessions, NOW, holder="first", settings=alone, is_stopping=lambda: next(stopping))
    assert len(first) == 1
    assert the_source(sessions).lease_holder is None
    collect(sessions)
    assert len(stored(sessions)) == 30


def test_a_paused_source_is_not_collected(source, sessions):
    with sessions.begin() as session:
        pause(session, session.scalars(select(DataSource)).one())
    assert collect(sessions) == []


def test_a_source_of_the_future_waits(sessions):
    with sessions.begin() as session:
        create_source(session, "http://127.0.0.1:9", starts_at="2027-01-01T00:00:00Z")
    assert collect(sessions) == []
    assert the_source(sessions).next_due_at == NOW + timedelta(hours=1)


def test_stamps_never_run_backwards_when_the_clock_does(sessions):
    now = [NOW]
    edited = {1: {"intensity": [(9, 100.0), (9, 93.0, 9.5)]}}
    playhead = [day(9.2)]
    with playing(create_data_set(edited), clock=lambda: playhead[0]) as hub:
        with sessions.begin() as session:
            create_source(session, hub.base_url)
        collect(sessions, now[0])
        playhead[0] = NOW
        due_again(sessions, START)
        collect(sessions, NOW - timedelta(hours=1))
    with sessions() as session:
        old = session.scalars(select(ObservationRevision)).one()
    assert old.superseded_at == old.received_at


def test_a_fault_of_our_own_is_recorded_and_does_not_stop_the_others(source, sessions, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("disk")

    monkeypatch.setattr("experiments.collection.store.write", broken)
    (summary,) = collect(sessions)
    assert (summary.status, summary.error) == ("failed", "the collector broke off: RuntimeError")
    assert attempts(sessions)[0].error_url is None


def test_an_attempt_tells_what_it_did(source, sessions):
    collect(sessions)
    attempt = attempts(sessions)[0]
    assert (attempt.holder, attempt.fence, attempt.status) == ("first", 1, "done")
    assert (attempt.pages, attempt.hub_count, attempt.readings, attempt.inserted) == (2, 3, 15, 15)
    assert len(attempt.response_digest) == 64


def test_the_past_is_read_beside_the_present(source, sessions):
    with sessions.begin() as session:
        edited = session.scalars(select(DataSource)).one()
        edit_source(session, edited, source_data(starts_at=day(6).isoformat()), at=NOW)
    collect(sessions)
    assert len(stored(sessions)) == 12
    with sessions.begin() as session:
        edit_source(session, session.scalars(select(DataSource)).one(), source_data(), at=NOW)
    due_again(sessions)
    summaries = collect(sessions)
    assert [(s.backfill_id, s.window_start, s.window_end) for s in summaries] == [
        (None, day(8), NOW),
        (1, START, day(5)),
        (1, day(5), day(6)),
    ]
    assert len(stored(sessions)) == 30
    with sessions() as session:
        backfill = session.scalars(select(Backfill)).one()
    assert (backfill.watermark, backfill.finished_at) == (day(6), NOW)
    assert the_source(sessions).lease_holder is None


def test_a_backfill_that_fails_leaves_the_present_alone_and_goes_on_later(source, sessions):
    collect(sessions)
    with sessions.begin() as session:
        request_backfill(
            session, session.scalars(select(DataSource)).one(), starts_at=START, ends_at=NOW, at=NOW
        )
    answer = source.api.reply

    def fail(target, headers):
        raise ConnectionError

    source.api.reply = fail
    assert [s.status for s in collect(sessions)] == ["failed"]
    assert (the_source(sessions).failures, the_source(sessions).lease_holder) == (0, None)
    source.api.reply = answer
    assert collect(sessions) == []
    assert [s.status for s in collect(sessions, NOW + timedelta(seconds=30))] == ["done", "done"]


def test_a_backfill_gives_way_after_some_windows(source, sessions):
    collect(sessions)
    with sessions.begin() as session:
        request_backfill(
            session, session.scalars(select(DataSource)).one(), starts_at=START, ends_at=NOW, at=NOW
        )
    one = replace(SETTINGS, backfill_windows_per_run=1)
    runs = [collect_due(sessions, NOW, holder="first", settings=one) for _ in range(3)]
    assert [len(run) for run in runs] == [1, 1, 0]


@pytest.mark.parametrize(("per_hub", "own", "most"), [(3, None, 3), (1, None, 1), (4, 2, 2)])
def test_sources_are_read_side_by_side_as_far_as_their_hub_allows(sessions, per_hub, own, most):
    busy, peak, lock = [0], [0], threading.Lock()
    together = threading.Barrier(most)

    def answer(target):
        with lock:
            busy[0] += 1
            peak[0] = max(peak[0], busy[0])
        with suppress(threading.BrokenBarrierError):
            together.wait(0.5)
        with lock:
            busy[0] -= 1
        return 200, {}, b"[]"

    with scripted_hub(answer) as url:
        with sessions.begin() as session:
            create_source(session, url, starts_at=day(9).isoformat()).hub.concurrency = own
            for number in (2, 3):
                mapping = [{"attribute": "intensity", "metric": f"m{number}", "unit": "vehicles"}]
                create_metric(session, code=f"m{number}")
                data = source_data(name=f"t{number}", attributes=mapping, starts_at=day(9).isoformat())
                register_source(session, data, at=START)
        together.reset()
        settings = replace(SETTINGS, sources_at_once=4, sources_per_hub=per_hub)
        summaries = collect_due(sessions, NOW, holder="first", settings=settings)
    assert [s.status for s in summaries] == ["done"] * 3
    assert peak[0] == most


def test_a_long_window_keeps_its_lease(source, sessions):
    """Every question to the hub takes longer than half of the lease."""
    now = [NOW]

    def clock():
        now[0] += timedelta(seconds=SETTINGS.lease_seconds * 0.6)
        return now[0]

    answer = source.api.reply
    overtaken = []

    def greedy(target, headers):
        overtaken.append(claim_next(sessions, NOW, holder="second", settings=SETTINGS, at=now[0]))
        return answer(target, headers)

    source.api.reply = greedy
    summaries = collect_due(sessions, NOW, holder="first", settings=SETTINGS, clock=clock)
    assert [s.status for s in summaries] == ["done", "done"]
    assert len(overtaken) > 2
    assert set(overtaken) == {None}


def test_a_source_that_sends_what_cannot_be_stored_fails_visibly(sessions, monkeypatch):
    monkeypatch.setattr(intake, "MOST_SUSPECTS", 5)
    rows = {1: {"intensity": [(d, "broken") for d in range(10)]}}
    with playing(create_data_set(rows)) as hub:
        with sessions.begin() as session:
            create_source(session, hub.base_url, window_seconds=10 * 86_400)
        (summary,) = collect(sessions)
    assert summary.status == "failed"
    assert summary.error == 'more than 5 readings cannot be stored, the first for wrong_type: "broken"'


def test_what_cannot_be_stored_does_not_hold_up_the_rest(sessions):
    rows = {1: {"intensity": [(d, "broken" if d == 3 else float(d)) for d in range(10)]}}
    with playing(create_data_set(rows)) as hub:
        with sessions.begin() as session:
            create_source(session, hub.base_url)
        summaries = collect(sessions)
    assert [(s.inserted, s.quarantined) for s in summaries] == [(4, 1), (5, 0)]


def test_quarters_are_made_ahead_and_once(sessions):
    with sessions.begin() as session:
        create_source(session, starts_at="2019-11-01T00:00:00Z")
    made = prepare_partitions(sessions, NOW)
    expected = {f"observation_{year}_{quarter}" for year in range(2020, 2024) for quarter in (1, 2, 3, 4)}
    with sessions() as session:
        on_postgresql = session.connection().dialect.name == "postgresql"
    assert set(made) == (expected | {"observation_2019_4"} if on_postgresql else set())
    assert prepare_partitions(sessions, NOW) == []
