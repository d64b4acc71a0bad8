"""Files taken back: what others said stays with its value, and nothing that was taken back returns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from experiments.collection import history, ingest, push, quarantine, tokens, upload
from experiments.collection.connectors.readings import Reading
from experiments.collection.models import ObservationConfirmation, Series, Way, to_microseconds
from experiments.collection.readout import readout
from experiments.collection.upload import Upload
from tests.factories import BEGINNING, create_metric, create_source

ENTITY = "urn:ngsi-ld:District:1"
HOUR = timedelta(hours=1)
DAYS = 3
EVER = {"first": 0, "end": 2**60}


@pytest.fixture
def source(session):
    metric = create_metric(session, lowest=0)
    attributes = [{"attribute": "wait", "metric": metric.code, "unit": metric.unit}]
    return create_source(session, attributes=attributes)


class Desk:
    """Hands readings (day -> value) to a source, an hour after whatever came before."""

    def __init__(self, session, source):
        self.session, self.source, self.at = session, source, BEGINNING

    def _readings(self, values):
        self.at += HOUR
        return [Reading(ENTITY, "wait", instant(day), float(value)) for day, value in values.items()]

    def file(self, values):
        readings = self._readings(values)
        kept = Upload(source=self.source, name="a.csv", sha256="", sent_at=self.at, body=b"")
        self.session.add(kept)
        self.session.flush()
        upload.store_upload(self.session, kept, readings, holder="a person", at=self.at)
        return kept

    def receive(self, values, way=Way.PULL):
        readings = self._readings(values)
        return ingest.receive(self.session, self.source, readings, way=way, holder="hub", at=self.at)

    def undo(self, kept):
        self.at += HOUR
        return upload.undo(self.session, kept, holder="a person", at=self.at)

    def known(self, as_of=None):
        found = self._readout(as_of or self.at)
        days = {instant(day): day for day in range(DAYS)}
        return dict(zip((days[at] for at in found.at.tolist()), found.values.tolist(), strict=True))

    def corrected(self):
        span = EVER | {"as_of": to_microseconds(self.at)}
        return sum(history.corrected(self.session, self._series(), **span).values())

    def first_received(self, as_of=None):
        span = EVER | {"as_of": to_microseconds(as_of or self.at)}
        return history.first_received(self.session, self._series(), **span).tolist()

    def _readout(self, as_of):
        return readout(self.session.connection(), self._series(), as_of=to_microseconds(as_of), **EVER)

    def _series(self):
        return self.session.scalars(select(Series.id).where(Series.source_id == self.source.id)).all()


def instant(day):
    return to_microseconds(BEGINNING - (DAYS - day) * 24 * HOUR)


@pytest.fixture
def desk(session, source):
    return Desk(session, source)


def test_a_corrected_file_outlives_the_one_that_it_corrects(desk):
    first = desk.file({0: 5, 1: 7, 2: 800})
    desk.file({0: 5, 1: 7, 2: 8})
    desk.undo(first)
    assert desk.known() == {0: 5, 1: 7, 2: 8}


@pytest.mark.parametrize("way", [Way.PUSH, Way.PULL])
def test_what_a_machine_repeated_outlives_the_file(desk, way):
    kept = desk.file({0: 5, 1: 6})
    repeated = desk.receive({0: 5}, way)
    assert repeated.unchanged == 1
    received_at = to_microseconds(desk.at)
    desk.undo(kept)
    assert desk.known() == {0: 5}
    # From now on it is the machine's, which nobody corrected.
    assert (desk.first_received(), desk.corrected()) == ([received_at], 0)


def test_a_push_that_is_sent_again_is_still_there(session, source, desk):
    kept = desk.file({0: 5})
    token, _ = tokens.make(session, source, label="gateway", days=30, at=desk.at)
    readings = [Reading(ENTITY, "wait", instant(0), 5.0)]
    sent = {"body": b"same", "key": "k", "at": desk.at + HOUR}
    assert push.push(session, token, readings, **sent).unchanged == 1
    desk.at += HOUR
    desk.undo(kept)
    assert push.push(session, token, readings, **sent).is_repeated
    assert desk.known() == {0: 5}


@pytest.mark.parametrize("repeated", [False, True])
def test_what_a_file_had_overtaken_waits_again_unless_others_overtook_it_too(session, source, desk, repeated):
    desk.receive({0: -1, 1: -1})
    kept = desk.file({0: 5})
    if repeated:
        desk.receive({0: 5})
    assert len(quarantine.waiting(session, source)) == 1
    desk.undo(kept)
    assert len(quarantine.waiting(session, source)) == (1 if repeated else 2)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_nothing_that_was_undone_returns(desk, order):
    files = [desk.file({0: 1}), desk.file({0: 2})]
    before = desk.at
    for number in order:
        desk.undo(files[number])
    assert desk.known() == {}
    assert desk.known(before) == {0: 2}
    assert desk.first_received() == []
    assert len(desk.first_received(before)) == 1


def test_a_restored_value_goes_with_the_file_that_it_was_restored_from(desk):
    first, second = desk.file({0: 1}), desk.file({0: 2})
    desk.undo(second)
    assert desk.known() == {0: 1}
    desk.undo(first)
    assert desk.known() == {}


def test_a_value_that_only_returned_by_a_file_is_restored_not_corrected(desk):
    desk.receive({0: 5})
    between, back = desk.file({0: 6}), desk.file({0: 5})
    desk.undo(between)
    desk.undo(back)
    assert (desk.known(), desk.corrected()) == ({0: 5}, 0)


def test_a_correction_that_the_hub_repeated_is_the_hubs(desk):
    desk.receive({0: 5})
    kept = desk.file({0: 6})
    desk.receive({0: 6})
    desk.undo(kept)
    assert (desk.known(), desk.corrected()) == ({0: 6}, 1)


def test_repetitions_are_written_down_once(session, desk):
    desk.file({0: 5})
    for _ in range(3):
        desk.receive({0: 5})
    assert len(session.scalars(select(ObservationConfirmation)).all()) == 1
    desk.receive({1: 5})
    desk.receive({1: 5})
    assert len(session.scalars(select(ObservationConfirmation)).all()) == 1


CONTENTS = st.dictionaries(st.integers(0, DAYS - 1), st.sampled_from([1.0, 2.0]), min_size=1)


def machine_over(session):
    class Record(RuleBasedStateMachine):
        """What is known is always the last that anybody says who was not taken back."""

        def __init__(self):
            super().__init__()
            self.savepoint = session.begin_nested()
            metric = create_metric(session, lowest=0)
            attributes = [{"attribute": "wait", "metric": metric.code, "unit": metric.unit}]
            self.desk = Desk(session, create_source(session, attributes=attributes))
            self.said = []
            self.seen = []

        @rule(values=CONTENTS)
        def file(self, values):
            self.said.append((self.desk.file(values), values))

        @rule(values=CONTENTS, way=st.sampled_from([Way.PULL, Way.PUSH]))
        def receive(self, values, way):
            self.desk.receive(values, way)
            self.said.append((None, values))

        @precondition(lambda self: any(kept for kept, _ in self.said))
        @rule(data=st.data())
        def undo(self, data):
            files = [each for each in self.said if each[0] is not None]
            chosen = data.draw(st.integers(0, len(files) - 1))
            self.desk.undo(files[chosen][0])
            self.said.remove(files[chosen])

        @invariant()
        def the_rest_is_known(self):
            expected = {}
            for _, values in self.said:
                expected |= values
            assert self.desk.known() == dict(sorted(expected.items()))
            self.seen.append((self.desk.at, expected))

        @invariant()
        def what_was_known_before_is_still_read(self):
            for at, expected in self.seen:
                assert self.desk.known(at) == dict(sorted(expected.items()))
                assert len(self.desk.first_received(at)) == len(expected)

        def teardown(self):
            self.savepoint.rollback()
            session.expunge_all()

    return Record


def test_any_order_of_files_undos_pushes_and_pulls(session):
    run_state_machine_as_test(
        machine_over(session), settings=settings(max_examples=10, stateful_step_count=10, deadline=None)
    )
