"""Panels from stored observations: periods in local time, as of a moment, the same on both databases."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import insert, select

from experiments.collection.models import (
    CollectionAttempt,
    DataSource,
    Observation,
    ObservationRevision,
    Series,
    to_microseconds,
)
from experiments.collection.set_aside import set_aside
from experiments.collection.settled import settled_as_of
from experiments.collection.sources import pause, register_source
from experiments.errors import Invalid
from experiments.panel import panel
from stats.errors import PanelError
from tests.experiments.collection.build import (
    NOW,
    START,
    create_hub,
    create_metric,
    create_territory,
    day,
    source_data,
)

KNOWN = NOW - timedelta(days=1)
DIGEST = "b2c1d425a52b24645758e43647fee1c5294a20d3225c0a80e67eb0f6e93ea49a"


@pytest.fixture
def place(session):
    """A territory with three districts under a source; returns a writer of readings."""
    return Place(session, "Asia/Seoul", "sum")


class Place:
    def __init__(self, session, zone, aggregation, **definition):
        definition["aggregation"] = aggregation
        self.session = session
        self.territory = create_territory(session, zone=zone)
        self.metric = create_metric(session, **definition)
        create_hub(session)
        self.source = register_source(session, source_data(), at=KNOWN)
        self.attempt = self.add_attempt()

    def add_attempt(self):
        times = dict.fromkeys(("started_at", "finished_at", "window_start", "window_end"), NOW)
        attempt = CollectionAttempt(source_id=self.source.id, holder="h", fence=1, status="done", **times)
        self.session.add(attempt)
        self.session.flush()
        return attempt

    def series(self, code, source=None):
        source = source or self.source
        rows = self.session.scalars(select(Series).where(Series.source_id == source.id))
        return next(row.id for row in rows if row.district.code == code)

    def write(self, *readings, received=KNOWN, source=None, table=Observation, **more):
        """Readings are (district code, instant, value)."""
        for code, at, value in readings:
            row = {"series_id": self.series(code, source), "observed_at": to_microseconds(at), "value": value}
            row |= {"received_at": to_microseconds(received), "attempt_id": self.attempt.id, "revision": 0}
            self.session.connection().execute(insert(table), row | more)

    def read(self, period="day", first=date(2026, 3, 1), last=date(2026, 3, 3), as_of=NOW, **more):
        given = {"metric": self.metric, "districts": self.territory.districts}
        return panel(self.session, **given | more, period=period, first=first, last=last, as_of=as_of)


def test_units_are_districts_and_periods_are_local(place):
    place.write(
        ("D1", datetime(2026, 3, 1, 14, 59, tzinfo=UTC), 1.0),
        ("D1", datetime(2026, 3, 1, 15, tzinfo=UTC), 2.0),
    )
    read = place.read().panel
    assert (read.units, read.periods) == (("D1", "D2", "D3"), ("2026-03-01", "2026-03-02", "2026-03-03"))
    assert read.outcomes[0].tolist()[:2] == [1.0, 2.0]


def test_edges_belong_to_the_later_period(place):
    first, after = datetime(2026, 2, 28, 15, tzinfo=UTC), datetime(2026, 3, 3, 15, tzinfo=UTC)
    place.write(("D1", first, 1.0), ("D1", first - timedelta(microseconds=1), 50.0), ("D1", after, 70.0))
    assert place.read().counts.sum() == 1


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("sum", 60.0),
        ("mean", 20.0),
        ("median", 20.0),
        ("last", 10.0),
        ("min", 10.0),
        ("max", 30.0),
    ],
)
def test_readings_are_put_together_by_the_metric_s_rule(session, rule, expected):
    place = Place(session, "Asia/Seoul", rule)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    place.write(
        ("D2", at + timedelta(hours=3), 10.0), ("D2", at, 20.0), ("D2", at + timedelta(hours=1), 30.0)
    )
    assert place.read().panel.outcomes[1, 0] == expected


@pytest.mark.parametrize("rule", ["sum", "mean", "median", "last", "min", "max"])
def test_a_cell_without_readings_is_missing_not_zero(session, rule):
    place = Place(session, "Asia/Seoul", rule)
    place.write(("D1", START, 0.0))
    outcomes = place.read().panel.outcomes
    assert outcomes[0, 0] == 0
    assert np.isnan(outcomes).sum() == 8


def test_a_day_of_25_hours_holds_25_readings(session):
    place = Place(session, "Europe/Tallinn", "sum")
    begin = datetime(2026, 10, 24, 21, tzinfo=UTC)
    place.write(*(("D1", begin + timedelta(hours=hour), 1.0) for hour in range(26)))
    read = place.read(
        first=date(2026, 10, 25), last=date(2026, 10, 26), as_of=datetime(2027, 1, 1, tzinfo=UTC)
    )
    assert read.panel.outcomes[0].tolist() == [25.0, 1.0]


def test_a_day_of_23_hours_is_whole_with_23_readings(session):
    place = Place(session, "Europe/Tallinn", "sum")
    begin = datetime(2026, 3, 28, 22, tzinfo=UTC)
    place.write(*(("D1", begin + timedelta(hours=hour), 1.0) for hour in range(24)))
    read = place.read(first=date(2026, 3, 29), last=date(2026, 3, 30), as_of=datetime(2027, 1, 1, tzinfo=UTC))
    assert read.panel.outcomes[0].tolist() == [23.0, 1.0]


@pytest.mark.parametrize(
    ("zone", "begin", "count"),
    [
        ("Asia/Seoul", datetime(2026, 10, 24, 15, tzinfo=UTC), 24),
        ("Europe/Tallinn", datetime(2026, 10, 24, 21, tzinfo=UTC), 25),
    ],
)
def test_hours_are_those_of_the_place_also_where_one_comes_twice(session, zone, begin, count):
    place = Place(session, zone, "sum")
    place.write(*(("D1", begin + timedelta(hours=hour), float(hour)) for hour in range(count)))
    at = date(2026, 10, 25)
    read = place.read("hour", first=at, last=at, as_of=datetime(2027, 1, 1, tzinfo=UTC))
    assert read.panel.outcomes[0].tolist() == [float(hour) for hour in range(count)]
    assert len(set(read.panel.periods)) == count
    assert (read.completeness[0] == 1).all()


@pytest.mark.parametrize("zone", ["Asia/Seoul", "Europe/Tallinn"])
@pytest.mark.parametrize("period", ["hour", "day", "week", "month"])
def test_every_reading_of_a_year_lands_in_exactly_one_period(session, zone, period):
    place = Place(session, zone, "sum")
    local = ZoneInfo(zone)
    first, end = (datetime(2026, month, 1, tzinfo=local).astimezone(UTC) for month in (3, 12))
    steps = int((end - first).total_seconds() // 3600 // 7)
    place.write(*(("D1", first + timedelta(hours=7 * step), 1.0) for step in range(steps)))
    read = place.read(
        period, first=date(2026, 3, 1), last=date(2026, 11, 30), as_of=datetime(2027, 1, 1, tzinfo=UTC)
    )
    assert np.nansum(read.panel.outcomes) == steps == read.counts.sum()


def test_a_rate_is_over_what_its_denominator_says(session):
    create_metric(session, code="trips", aggregation="sum")
    place = Place(session, "Asia/Seoul", "rate", denominator="trips")
    place.write(("D1", day(0), 3.0), ("D1", day(0.1), 3.0), ("D2", day(0), 5.0), ("D3", day(0), 5.0))
    mapping = [{"attribute": "trips", "metric": "trips", "unit": "vehicles"}]
    trips = register_source(place.session, source_data(name="trips", attributes=mapping), at=NOW)
    place.write(("D1", day(0), 12.0), ("D2", day(0), 0.0), source=trips)
    outcomes = place.read().panel.outcomes[:, 0]
    assert outcomes[0] == 0.5
    assert np.isnan(outcomes[1:]).all()


@pytest.mark.parametrize(("across", "expected"), [("sum", 30.0), ("mean", 15.0)])
def test_several_entities_of_a_district_are_put_together_as_their_mapping_says(session, across, expected):
    place = Place(session, "Asia/Seoul", "sum")
    pause(session, place.source)
    entities = [{"entity": name, "district": "D1"} for name in ("a", "b")]
    mapping = [
        {"attribute": "x", "metric": "intensity", "unit": "vehicles", "cadence": "day", "across": across}
    ]
    both = register_source(session, source_data(name="both", attributes=mapping, entities=entities), at=NOW)
    ids = {row.entity: row.id for row in session.scalars(select(Series).where(Series.source_id == both.id))}
    stamp = {"received_at": to_microseconds(KNOWN), "attempt_id": place.attempt.id, "revision": 0}
    for name, at, value in (("a", day(0), 10.0), ("b", day(0), 20.0), ("a", day(1), 7.0)):
        row = {"series_id": ids[name], "observed_at": to_microseconds(at), "value": value} | stamp
        session.connection().execute(insert(Observation), row)
    read = place.read()
    assert read.panel.outcomes[0].tolist()[:2] == [expected, 7.0]
    assert read.completeness[0].tolist() == [1.0, 0.5, 0.0]


def test_what_was_received_later_is_not_in_an_earlier_panel(place):
    place.write(("D1", START, 1.0))
    place.write(("D2", START, 2.0), received=NOW)
    assert place.read(as_of=NOW - timedelta(microseconds=1)).counts.sum() == 1
    assert place.read(as_of=NOW).counts.sum() == 2


def test_a_revised_reading_has_the_value_of_its_time(place):
    edit = NOW - timedelta(hours=1)
    place.write(("D1", START, 93.0), received=edit, revision=1)
    old = {"superseded_at": to_microseconds(edit)}
    place.write(("D1", START, 100.0), table=ObservationRevision, **old)
    values = [
        place.read(as_of=moment).panel.outcomes[0, 0] for moment in (KNOWN, edit - timedelta(seconds=1), edit)
    ]
    assert values == [100.0, 100.0, 93.0]


def test_the_digest_does_not_depend_on_the_order_of_rows(session):
    """The number is the same on every database; it was computed once and written down."""
    place = Place(session, "Asia/Seoul", "sum")
    rng = np.random.default_rng(20260301)
    readings = [
        (code, day(number + hour / 24), float(value))
        for code in ("D1", "D2", "D3")
        for number in range(3)
        for hour, value in enumerate(np.ldexp(rng.integers(1, 999, 24) / 7, rng.integers(-30, 30, 24)))
    ]
    place.write(*[readings[i] for i in rng.permutation(len(readings))])
    districts = list(reversed(place.territory.districts))
    digests = {place.read().panel.digest(), place.read(districts=districts).panel.digest()}
    assert digests == {DIGEST}


def test_completeness_is_readings_over_expected_readings(place):
    place.write(*(("D1", day(number), 1.0) for number in range(7)), ("D2", day(1), 1.0))
    read = place.read("week", date(2026, 3, 2), date(2026, 3, 8))
    assert read.completeness[:, 0].tolist() == pytest.approx([6 / 7, 1 / 7, 0.0])


def test_covariates_are_read_from_other_metrics_of_the_districts(place):
    pause(place.session, place.source)
    other = create_metric(place.session, code="beer", aggregation="mean")
    mapping = [
        {"attribute": "intensity", "metric": "intensity", "unit": "vehicles"},
        {"attribute": "beer", "metric": "beer", "unit": "vehicles"},
    ]
    source = register_source(place.session, source_data(name="both", attributes=mapping), at=NOW)
    place.write(("D1", START, 1.0), source=source)
    beer = place.session.scalar(
        select(Series.id).where(Series.metric_id == other.id).order_by(Series.district_id).limit(1)
    )
    place.session.connection().execute(
        insert(Observation),
        {
            "series_id": beer,
            "observed_at": to_microseconds(START),
            "value": 24.0,
            "received_at": to_microseconds(KNOWN),
            "attempt_id": place.attempt.id,
            "revision": 0,
        },
    )
    read = place.read(covariates={"beer": other}).panel
    assert (read.outcomes[0, 0], read.covariates["beer"][0, 0]) == (1.0, 24.0)


def test_a_source_that_took_over_continues_the_panel(place):
    pause(place.session, place.source)
    successor = register_source(place.session, source_data(name="successor"), at=NOW)
    place.write(("D1", day(0), 1.0))
    place.write(("D1", day(1), 2.0), source=successor)
    assert place.read().panel.outcomes[0].tolist()[:2] == [1.0, 2.0]


def test_a_cell_fed_by_two_sources_is_refused(place):
    pause(place.session, place.source)
    second = register_source(place.session, source_data(name="second"), at=NOW)
    place.write(("D2", day(0), 1.0))
    place.write(("D2", day(0.1), 2.0), source=second)
    with pytest.raises(Invalid) as caught:
        place.read()
    (message,) = caught.value.errors["districts.1"]
    both = f"{place.source.name!r} and 'second'"
    assert message == f"two sources give readings for D2 in 2026-03-01: {both}"


def test_a_source_that_is_set_aside_does_not_count_from_that_moment_on(place):
    pause(place.session, place.source)
    second = register_source(place.session, source_data(name="second"), at=NOW)
    place.write(("D2", day(0), 1.0))
    place.write(("D2", day(0.1), 2.0), source=second)
    since, until = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    row = set_aside(place.session, second, reason="It repeats the hub.", by_name="An officer", at=since)
    row.until = until
    assert place.read(as_of=since).panel.outcomes[1, 0] == 1.0
    for other in (NOW, until):
        with pytest.raises(Invalid):
            place.read(as_of=other)


def test_readings_of_other_metrics_districts_and_territories_stay_out(place):
    place.write(("D1", START, 1.0), ("D3", START, 3.0))
    read = place.read(districts=place.territory.districts[:2])
    assert read.counts.sum() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"districts": []}, "districts"),
        ({"as_of": START.replace(tzinfo=None)}, "as_of"),
        ({"last": date(2026, 2, 1)}, "last"),
    ],
)
def test_what_cannot_be_a_panel_is_refused_by_field(place, change, field):
    with pytest.raises(Invalid) as caught:
        place.read(**change)
    assert list(caught.value.errors) == [field]


def test_districts_of_two_territories_are_refused(place):
    elsewhere = create_territory(place.session, code="busan")
    with pytest.raises(Invalid, match="one territory"):
        place.read(districts=[*place.territory.districts, *elsewhere.districts])


def test_a_panel_without_any_reading_is_refused(place):
    with pytest.raises(PanelError, match="no reading"):
        place.read()


def test_as_of_is_settled_only_before_a_collection_under_way(place):
    asked = {"metrics": [place.metric], "districts": place.territory.districts, "at": NOW}
    assert settled_as_of(place.session, **asked) == NOW
    source = place.session.get(DataSource, place.source.id)
    source.lease_holder, source.lease_until, source.claimed_at = "h", NOW, KNOWN
    place.session.flush()
    assert settled_as_of(place.session, **asked) == KNOWN - timedelta(microseconds=1)
