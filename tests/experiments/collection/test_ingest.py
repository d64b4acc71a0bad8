"""The one way in: what is stored, what is kept aside and why, and what can be done about it."""

import math
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from experiments import metrics
from experiments.collection import intake, quarantine
from experiments.collection.connectors.readings import Reading
from experiments.collection.ingest import receive
from experiments.collection.models import (
    DataSource,
    Observation,
    ObservationRevision,
    QuarantinedReading,
    Series,
    Way,
    from_microseconds,
    to_microseconds,
)
from experiments.collection.settled import settled_as_of
from experiments.collection.sources import edit_source, register_source
from experiments.errors import Invalid, WrongMoment
from tests.experiments.collection.build import (
    NOW,
    START,
    create_hub,
    create_metric,
    create_source,
    create_territory,
    day,
    entity,
    source_data,
)


def reading(number=1, at=0.0, value=1.0, *, attribute="intensity", unit=None):
    return Reading(entity(number), attribute, to_microseconds(day(at)), value, unit)


def push(session, source, *readings, at=NOW):
    return receive(session, source, readings, way=Way.PUSH, holder="hub", at=at)


def values(session):
    session.expire_all()
    rows = session.scalars(select(Observation).order_by(Observation.series_id, Observation.observed_at))
    return [(from_microseconds(row.observed_at), row.value) for row in rows]


def warmth(session, *, unit="degC", lowest=-40.0, highest=60.0):
    """A source of temperatures whose mapping says `unit`, into a metric of degrees Celsius."""
    create_territory(session)
    create_metric(session, code="warmth", unit="degC", aggregation="mean", lowest=lowest, highest=highest)
    create_hub(session)
    return register_source(session, mapped(unit), at=START)


def mapped(unit, **more):
    return source_data(attributes=[{"attribute": "t", "metric": "warmth", "unit": unit} | more])


def test_what_was_pushed_is_stored_as_one_attempt(session):
    source = create_source(session)
    attempt = push(session, source, reading(1), reading(2, at=1, value=7))
    assert (attempt.way, attempt.readings, attempt.inserted, attempt.holder) == ("push", 2, 2, "hub")
    assert (attempt.window_start, attempt.window_end) == (START, day(1) + timedelta(microseconds=1))
    assert values(session) == [(START, 1.0), (day(1), 7.0)]
    assert source.watermark == START


def test_what_is_pushed_again_changes_nothing_and_what_differs_is_a_revision(session):
    source = create_source(session)
    push(session, source, reading(1), reading(2))
    attempt = push(session, source, reading(1), reading(2, value=2.0), at=NOW + timedelta(hours=1))
    assert (attempt.inserted, attempt.revised, attempt.unchanged) == (0, 1, 1)
    old = session.scalars(select(ObservationRevision)).one()
    assert (old.value, from_microseconds(old.superseded_at)) == (1.0, NOW + timedelta(hours=1))


def test_the_last_of_several_values_for_one_instant_counts_and_that_is_told(session):
    source = create_source(session)
    attempt = push(session, source, reading(value=1), reading(value=2), reading(value=3))
    assert values(session) == [(START, 3.0)]
    assert attempt.dropped["repeated_instant"]["count"] == 2


def test_values_of_one_attempt_replace_each_other_also_where_they_come_in_pieces(session, monkeypatch):
    monkeypatch.setattr(intake, "MOST_IN_MEMORY", 2)
    numbers = [(1, 1), (2, 1), (3, 1), (1, 9), (2, 9)]
    attempt = push(session, create_source(session), *(reading(number, value=v) for number, v in numbers))
    assert values(session) == [(START, 9.0), (START, 9.0), (START, 1.0)]
    assert (attempt.inserted, attempt.revised, attempt.dropped["repeated_instant"]["count"]) == (3, 0, 2)
    assert session.scalars(select(ObservationRevision)).all() == []


def test_what_is_mapped_nowhere_is_counted_and_named(session):
    attempt = push(session, create_source(session), reading(9), reading(1, attribute="noise"))
    assert attempt.dropped["not_mapped"]["count"] == 2
    assert attempt.dropped["not_mapped"]["first"] == f"{entity(9)} intensity"


@pytest.mark.parametrize(
    ("value", "reason", "raw"),
    [
        ("12", "wrong_type", '"12"'),
        (True, "wrong_type", "true"),
        ({"a": 1}, "wrong_type", '{"a": 1}'),
        ("대\x00", "wrong_type", '"\\ub300\\u0000"'),
        (math.nan, "not_finite", "NaN"),
        (-math.inf, "not_finite", "-Infinity"),
        (10**400, "not_finite", str(10**400)),
        (60.5, "out_of_range", "60.5"),
        (-41, "out_of_range", "-41"),
    ],
)
def test_what_cannot_be_stored_is_kept_aside_with_its_reason(session, value, reason, raw):
    source = warmth(session)
    attempt = push(session, source, reading(attribute="t", value=value), reading(2, attribute="t", value=60))
    kept = session.scalars(select(QuarantinedReading)).one()
    assert (kept.reason, kept.raw, kept.verdict, kept.attempt_id) == (reason, raw, "open", attempt.id)
    assert (attempt.readings, attempt.inserted, attempt.quarantined) == (2, 1, 1)


def test_readings_of_the_future_are_kept_aside(session):
    push(session, create_source(session), reading(at=11.5), reading(2, at=10.5))
    assert session.scalars(select(QuarantinedReading)).one().reason == "in_the_future"
    assert values(session) == [(day(10.5), 1.0)]


@pytest.mark.parametrize(
    ("mapping", "of_reading", "given", "expected"),
    [("degF", None, 50.0, 10.0), ("degC", "FAH", 50.0, 10.0), ("K", "degC", 12.0, 12.0)],
)
def test_units_are_converted_into_the_metric_s(session, mapping, of_reading, given, expected):
    source = warmth(session, unit=mapping)
    push(session, source, reading(attribute="t", value=given, unit=of_reading))
    assert values(session) == [(START, pytest.approx(expected))]


@pytest.mark.parametrize(
    ("unit", "reason"), [("KMH", "incompatible_unit"), ("degrees of fun", "unknown_unit")]
)
def test_a_unit_that_cannot_be_converted_is_kept_aside(session, unit, reason):
    push(session, warmth(session), reading(attribute="t", unit=unit))
    kept = session.scalars(select(QuarantinedReading)).one()
    assert (kept.reason, kept.unit) == (reason, unit)


def test_a_reading_is_kept_aside_once_however_often_it_comes(session):
    source = create_source(session)
    for _ in range(3):
        push(session, source, reading(value="x"))
    assert len(quarantine.waiting(session, source)) == 1


def test_a_flood_of_what_cannot_be_stored_is_refused(session, monkeypatch):
    monkeypatch.setattr(intake, "MOST_SUSPECTS", 3)
    source = create_source(session)
    with pytest.raises(OverflowError, match="more than 3 readings"):
        push(session, source, *(reading(at=number, value="x") for number in range(4)))


def test_what_waits_is_stored_once_the_mapping_was_put_right(session):
    source = warmth(session)
    push(session, source, reading(attribute="t", value=122.0), reading(2, attribute="t", value="x"))
    edit_source(session, source, mapped("degF"), at=NOW)
    later = NOW + timedelta(hours=1)
    attempt = quarantine.reprocess(
        session, source, quarantine.waiting(session, source), holder="kim", at=later
    )
    assert values(session) == [(START, pytest.approx(50.0))]
    assert (attempt.way, attempt.inserted, attempt.holder) == ("reprocess", 1, "kim")
    assert [row.raw for row in quarantine.waiting(session, source)] == ['"x"']


def test_what_lies_before_the_start_is_not_called_stored(session):
    source = warmth(session)
    push(session, source, reading(attribute="t", value=122.0), reading(at=2.0, attribute="t", value=122.0))
    edit_source(session, source, mapped("degF"), at=NOW)
    source.starts_at = source.watermark = day(1)
    later = NOW + timedelta(hours=1)
    rows = quarantine.waiting(session, source)
    attempt = quarantine.reprocess(session, source, rows, holder="kim", at=later)
    assert [row.verdict for row in rows] == ["open", "stored"]
    assert (attempt.inserted, attempt.dropped["out_of_window"]["count"]) == (1, 1)


def test_what_was_overtaken_by_a_later_reading_does_not_come_back(session):
    source = create_source(session)
    push(session, source, reading(value="x"), reading(2, value="y"))
    push(session, source, reading(value=5.0), at=NOW + timedelta(hours=1))
    session.expire_all()
    one, two = session.scalars(select(QuarantinedReading).order_by(QuarantinedReading.id))
    assert (one.verdict, one.decided_at) == ("superseded", NOW + timedelta(hours=1))
    assert quarantine.waiting(session, source) == [two]
    with pytest.raises(WrongMoment):
        quarantine.reprocess(session, source, [one], holder="kim", at=NOW + timedelta(hours=2))


def hot(session):
    """A source of degrees Celsius that gave 34, and then 900, which waits."""
    source = warmth(session)
    for hour, value in enumerate((34.0, 900.0)):
        push(session, source, reading(attribute="t", value=value), at=NOW + timedelta(hours=hour))
    return source


def test_a_value_that_is_said_again_overtakes_what_waits_until_that_comes_again(session):
    source = hot(session)
    push(session, source, reading(attribute="t", value=34.0), at=NOW + timedelta(hours=2))
    assert quarantine.waiting(session, source) == []
    assert session.scalars(select(QuarantinedReading.verdict)).one() == "superseded"
    again = NOW + timedelta(hours=3)
    push(session, source, reading(attribute="t", value=900.0), at=again)
    (row,) = quarantine.waiting(session, source)
    assert (row.received_at, row.decided_at) == (to_microseconds(again), None)


@pytest.mark.parametrize("tried", [["both"], ["1"], ["0", "1"]])
def test_of_several_values_that_wait_the_one_that_came_last_is_stored(session, tried):
    source = warmth(session)
    for hour, value in enumerate((122.0, 104.0, 122.0)):
        push(session, source, reading(attribute="t", value=value), at=NOW + timedelta(hours=hour))
    edit_source(session, source, mapped("degF"), at=NOW)
    rows = sorted(quarantine.waiting(session, source), key=lambda row: row.received_at)
    assert [row.raw for row in rows] == ["104.0", "122.0"]
    for which in tried:
        chosen = rows if which == "both" else [rows[int(which)]]
        quarantine.reprocess(session, source, chosen, holder="kim", at=NOW + timedelta(hours=4))
    assert [value for _, value in values(session)] == [pytest.approx(50.0)]
    assert quarantine.waiting(session, source) == []


def test_what_is_given_up_needs_a_reason_and_is_decided_once(session):
    source = create_source(session)
    push(session, source, reading(value="x"))
    rows = quarantine.waiting(session, source)
    with pytest.raises(Invalid, match="reason"):
        quarantine.discard(session, source, rows, reason=" ", at=NOW)
    quarantine.discard(session, source, rows, reason="broken device", at=NOW)
    assert (rows[0].verdict, rows[0].note) == ("discarded", "broken device")
    with pytest.raises(WrongMoment):
        quarantine.reprocess(session, source, rows, holder="kim", at=NOW)
    push(session, source, reading(value="x"))
    assert quarantine.waiting(session, source) == []


def test_readings_of_another_source_are_not_decided_here(session):
    source = create_source(session)
    push(session, source, reading(value="x"))
    create_metric(session, code="other")
    mapping = [{"attribute": "o", "metric": "other", "unit": "vehicles"}]
    other = register_source(session, source_data(name="other", attributes=mapping), at=NOW)
    with pytest.raises(Invalid, match="another source"):
        quarantine.discard(session, other, quarantine.waiting(session, source), reason="no", at=NOW)


def test_stamps_of_what_is_pushed_never_run_backwards(session):
    source = create_source(session)
    push(session, source, reading(value=1.0))
    attempt = push(session, source, reading(value=2.0), at=NOW - timedelta(hours=1))
    assert attempt.finished_at == NOW
    found = {"metrics": [metrics.metric(session, "intensity")], "districts": source.territory.districts}
    assert settled_as_of(session, at=NOW, **found) == NOW


def test_each_entity_of_a_district_has_its_own_series_where_they_are_put_together(session):
    create_territory(session)
    create_metric(session)
    create_hub(session)
    entities = [{"entity": entity(n), "district": "D1"} for n in (1, 2)]
    mapping = [{"attribute": "intensity", "metric": "intensity", "unit": "vehicles", "across": "sum"}]
    source = register_source(session, source_data(entities=entities, attributes=mapping), at=NOW)
    push(session, source, reading(1), reading(2))
    assert {row.entity for row in session.scalars(select(Series))} == {entity(1), entity(2)}
    assert len(values(session)) == 2


def test_what_is_being_handed_over_is_waited_for_before_an_instant_counts_as_settled(sessions):
    with sessions.begin() as session:
        create_source(session)
    settled = []

    def evaluate():
        with sessions.begin() as session:
            source = session.scalars(select(DataSource)).one()
            found = {"metrics": [source.attributes[0].metric], "districts": source.territory.districts}
            settled_as_of(session, at=NOW, **found)
            settled.append(len(values(session)))

    evaluation = threading.Thread(target=evaluate)
    with sessions.begin() as session:
        push(session, session.scalars(select(DataSource)).one(), reading())
        evaluation.start()
        evaluation.join(0.3)
        assert settled == []
    evaluation.join(20)
    assert settled == [1]
