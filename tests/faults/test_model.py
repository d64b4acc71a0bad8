"""The collector against a model of a hub: whatever happens in whatever order, the invariants hold."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update
from sqlalchemy.orm import sessionmaker

from experiments.collection.claims import claim_next
from experiments.collection.connectors.readings import Reading
from experiments.collection.engine import collect_due
from experiments.collection.ingest import receive
from experiments.collection.models import DataSource, Way, to_microseconds
from experiments.collection.sources import edit_source, pause, resume
from sandbox import db
from tests.experiments.collection.build import SETTINGS, START, create_source, day, entity, source_data
from tests.faults.hub import Asked, FaultHub, Reply, as_entity
from tests.faults.invariants import check

ONE_DAY = timedelta(days=1)
VALUES = st.integers(1, 9).map(float)
NUMBERS = st.integers(1, 3)
AGES = st.sampled_from([1, 1, 2, 6, 12, 24, 48, 96])
OVERLAP = {"overlap_seconds": 30 * 86_400}


def refuse(asked: Asked) -> Reply:
    return Reply(b"{}", status=500)


def truncate(asked: Asked) -> Reply:
    return Reply(asked.truth.body[:-2], headers=asked.truth.headers)


def leave_out(asked: Asked) -> Reply:
    return asked.page(asked.entities[1:])


class Collection(RuleBasedStateMachine):
    """One hub, one source; `databases` is set by the test."""

    databases = None

    @initialize()
    def begin(self):
        self.url = self.databases.create()
        self.sessions = sessionmaker(db.engine_for(self.url))
        self.hub = FaultHub().__enter__()
        self.now = day(1)
        self.owed = {}
        with self.sessions.begin() as session:
            create_source(session, self.hub.base_url, starts_at=day(0.5).isoformat(), **OVERLAP)

    def teardown(self):
        self.hub.play(None)
        self.collect_truthfully()
        self.hub.__exit__(None, None, None)
        self.sessions.kw["bind"].dispose()
        self.databases.drop(self.url)

    def source(self, session):
        return session.scalars(select(DataSource)).one()

    @rule(number=NUMBERS, hours_ago=AGES, value=VALUES)
    def the_hub_learns_a_value(self, number, hours_ago, value):
        """A new one, a late one, or another one for an instant that has one."""
        at = self.instant(hours_ago)
        self.hub.add(entity(number), (at - START) / ONE_DAY, value)

    def instant(self, hours_ago):
        """So long ago, within what the source reads, on a quarter of a day: instants meet again."""
        at = max(self.now - timedelta(hours=hours_ago), day(0.5))
        return at.replace(hour=at.hour // 6 * 6)

    @rule(days=st.integers(0, 5))
    def the_hub_forgets(self, days):
        self.hub.forget(before=days)
        self.owed = {key: value for key, value in self.owed.items() if key in self.hub.readings}

    @rule(hours=st.integers(1, 30), value=VALUES)
    def time_passes(self, hours, value):
        """And the hub goes on measuring."""
        self.now += timedelta(hours=hours)
        self.hub.add(entity(1), (self.now - START) / ONE_DAY - 0.01, value)

    @rule(number=NUMBERS, hours_ago=AGES, value=VALUES)
    def the_hub_pushes_a_reading(self, number, hours_ago, value):
        at = self.instant(hours_ago)
        self.hub.add(entity(number), (at - START) / ONE_DAY, value)
        stamp = to_microseconds(at)
        self.hub.remember([as_entity(entity(number), [[value, f"{at:%Y-%m-%dT%H:%M:%SZ}"]])])
        with self.sessions.begin() as session:
            readings = [Reading(entity(number), "intensity", stamp, value)]
            receive(session, self.source(session), readings, way=Way.PUSH, holder="hub", at=self.now)

    @rule()
    def a_worker_dies_with_its_claim(self):
        claim_next(self.sessions, self.now, holder="dead", settings=SETTINGS)

    @rule(first=st.sampled_from([0.0, 0.5]))
    def the_officer_moves_the_start(self, first):
        with self.sessions.begin() as session:
            data = source_data(starts_at=day(first).isoformat(), **OVERLAP)
            edit_source(session, self.source(session), data, at=self.now)

    @rule()
    def the_officer_pauses_and_resumes(self):
        with self.sessions.begin() as session:
            pause(session, self.source(session))
            resume(session, self.source(session), at=self.now)

    @rule(fault=st.sampled_from([refuse, truncate, leave_out]), after=st.integers(0, 4))
    def a_collection_meets_a_fault(self, fault, after):
        with self.sessions.begin() as session:
            session.execute(update(DataSource).values(next_due_at=self.now))
            reached = to_microseconds(self.source(session).watermark)
        # What lies before the watermark may have come late; what lies behind it must not be passed over.
        owed = {*self.owed, *(key for key in self.hub.readings if key[1] >= reached)}
        self.hub.play(lambda asked: fault(asked) if asked.number >= after and asked.entities else None)
        collect_due(self.sessions, self.now, holder="one", settings=SETTINGS)
        self.hub.play(None)
        check(self.sessions, self.hub, owed=owed)

    @rule()
    @precondition(lambda self: hasattr(self, "hub"))
    def collect_truthfully(self):
        """After whatever lease, back-off or interval there was."""
        self.now += timedelta(hours=2)
        with self.sessions.begin() as session:
            session.execute(update(DataSource).values(next_due_at=self.now))
        for summary in collect_due(self.sessions, self.now, holder="two", settings=SETTINGS):
            assert summary.status == "done"
        with self.sessions() as session:
            starts = to_microseconds(self.source(session).starts_at)
        self.owed = {key: value for key, value in self.hub.readings.items() if key[1] >= starts}
        check(self.sessions, self.hub, owed=self.owed, is_over=True)


def test_the_collector_keeps_its_promises_whatever_happens(databases):
    bounds = settings(
        max_examples=10,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    machine = type("CollectionHere", (Collection,), {"databases": databases})
    run_state_machine_as_test(machine, settings=bounds)
