"""Setting up and changing sources: every refusal names its field, nothing is dropped silently."""

import pytest
from sqlalchemy import func, select

from experiments import metrics
from experiments.collection.backfills import request_backfill
from experiments.collection.models import Backfill, Series
from experiments.collection.sources import edit_source, pause, register_source, resume
from experiments.errors import BrokenRecord, Invalid
from tests.experiments.collection.build import (
    NOW,
    START,
    create_hub,
    create_metric,
    create_source,
    create_territory,
    entity,
    source_data,
)

DISTRICTS = [{"entity": entity(n), "district": f"D{n}"} for n in (1, 2, 3)]
TRAFFIC = {"attribute": "intensity", "metric": "intensity", "unit": "vehicles"}


def refused(call, *args, **options):
    with pytest.raises(Invalid) as caught:
        call(*args, **options)
    return caught.value.errors


@pytest.fixture
def ground(session):
    """Territory, metric and hub, ready for a source."""
    create_territory(session)
    create_metric(session)
    create_hub(session)
    return session


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"interval_seconds": -60}, "interval_seconds", "greater than or equal to 1"),
        ({"interval_seconds": 1.5}, "interval_seconds", "Not a valid integer"),
        ({"overlap_seconds": -1}, "overlap_seconds", "greater than or equal to 0"),
        ({"page_size": 0}, "page_size", "greater than or equal to 1"),
        ({"starts_at": "2026-03-01T00:00:00"}, "starts_at", "Not a valid aware datetime"),
        ({"starts_at": "yesterday"}, "starts_at", "Not a valid datetime"),
        ({"hub": "nowhere"}, "hub", "unknown hub nowhere"),
        ({"territory": "atlantis"}, "territory", "unknown territory atlantis"),
        ({"name": "a\x00b"}, "name", "Control characters"),
        ({"entities": []}, "entities", "Length must be between 1"),
        (
            {"entities": [*DISTRICTS, {"entity": "urn:x", "district": "D9"}]},
            "entities.3.district",
            "unknown district D9",
        ),
        (
            {"entities": [*DISTRICTS, {"entity": "urn:x", "district": "D1"}]},
            "entities.3.district",
            "row 0 already",
        ),
        (
            {"entities": [*DISTRICTS, {"entity": entity(1), "district": "D9"}]},
            "entities.3.entity",
            "row 0 already",
        ),
        ({"entities": [{"entity": "a b", "district": "D1"}]}, "entities.0.entity", "without blanks"),
        ({"attributes": [TRAFFIC | {"metric": "noise"}]}, "attributes.0.metric", "unknown metric noise"),
        (
            {"attributes": [TRAFFIC | {"version": 2}]},
            "attributes.0.metric",
            "unknown metric intensity version 2",
        ),
        (
            {"attributes": [TRAFFIC | {"unit": "trucks"}]},
            "attributes.0.unit",
            "the metric is in vehicles, not in trucks",
        ),
        ({"attributes": [TRAFFIC, TRAFFIC]}, "attributes.1.attribute", "row 0 already"),
        ({"attributes": [TRAFFIC | {"cadence": "decade"}]}, "attributes.0.cadence", "Must be one of"),
        ({"colour": "red"}, "colour", "Unknown field"),
    ],
)
def test_what_is_wrong_with_a_source_is_named_by_its_field(ground, change, field, words):
    errors = refused(register_source, ground, source_data(**change), at=NOW)
    assert words in " ".join(errors[field])


def test_all_that_is_wrong_is_told_at_once(ground):
    bad = source_data(
        hub="nowhere",
        attributes=[TRAFFIC | {"unit": "trucks"}],
        entities=[{"entity": "a", "district": "X"}, {"entity": "b", "district": "Y"}],
    )
    errors = refused(register_source, ground, bad, at=NOW)
    assert set(errors) == {"hub", "attributes.0.unit", "entities.0.district", "entities.1.district"}


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"base_url": "ftp://hub.example"}, "base_url", "The scheme must be http or https, not ftp."),
        ({"base_url": "https://user:secret@hub.example"}, "base_url", "Credentials do not belong"),
        ({"base_url": "https://hub.example:22"}, "base_url", "Port 22 is not allowed"),
        ({"base_url": "https://hub.example/?a=1"}, "base_url", "must end with its path"),
        ({"base_url": "hub"}, "base_url", "scheme"),
        ({"dialect": "klingon"}, "dialect", "Must be one of"),
        ({"zone": "Asia/Atlantis"}, "zone", "Unknown time zone 'Asia/Atlantis'."),
        ({"zone": "../../etc/passwd"}, "zone", "Unknown time zone"),
    ],
)
def test_what_is_wrong_with_a_hub_is_named_by_its_field(session, change, field, words):
    given = {"base_url": "http://hub.example"} | change
    assert words in " ".join(refused(create_hub, session, **given)[field])


def test_a_second_hub_of_the_same_name_is_refused(session):
    create_hub(session)
    assert refused(create_hub, session) == {"name": ["The hub hub exists."]}


def test_one_metric_of_one_district_has_one_live_source(session):
    create_source(session)
    errors = refused(register_source, session, source_data(name="again"), at=NOW)
    assert errors["entities.0.district"] == ["the source traffic gives the same metric for this district"]


def test_a_paused_source_makes_room_and_cannot_come_back_into_it(session):
    source = create_source(session)
    pause(session, source)
    register_source(session, source_data(name="successor"), at=NOW)
    assert set(refused(resume, session, source, at=NOW)) == {f"entities.{n}.district" for n in range(3)}


def test_every_mapped_metric_and_district_has_a_series_from_the_start(session):
    create_source(session)
    assert session.scalar(select(func.count(Series.id))) == 3


def test_an_edit_is_checked_like_a_registration(session):
    source = create_source(session)
    errors = refused(edit_source, session, source, source_data(interval_seconds=-1), at=NOW)
    assert set(errors) == {"interval_seconds"}
    assert source.interval_seconds == 3600


@pytest.mark.parametrize(
    ("change", "spans"),
    [
        ({"interval_seconds": 60}, []),
        ({"entities": DISTRICTS[:2]}, []),
        ({"starts_at": "2026-02-01T00:00:00Z"}, [(START.replace(month=2), START)]),
        ({"entities": [*DISTRICTS[:2], {"entity": "urn:new", "district": "D3"}]}, [(START, NOW)]),
    ],
)
def test_an_edit_reads_what_it_newly_covers_beside_the_present(session, change, spans):
    source = create_source(session)
    source.watermark = NOW
    edit_source(session, source, source_data(**change), at=NOW)
    session.expire_all()
    rows = session.scalars(select(Backfill))
    assert (source.watermark, [(row.starts_at, row.ends_at) for row in rows]) == (NOW, spans)


def test_units_that_can_be_converted_are_accepted(session):
    create_source(session)
    create_metric(session, code="warmth", unit="degC", aggregation="mean")
    mapping = [{"attribute": "temperature", "metric": "warmth", "unit": "FAH"}]
    source = register_source(session, source_data(name="warmth", attributes=mapping), at=NOW)
    assert source.attributes[0].unit == "FAH"


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "field"),
    [
        (START.replace(year=2025), NOW, "starts_at"),
        (START, NOW.replace(year=2027), "ends_at"),
        (NOW, START, "ends_at"),
    ],
)
def test_a_backfill_stays_within_what_was_read(session, starts_at, ends_at, field):
    source = create_source(session)
    source.watermark = NOW
    errors = refused(request_backfill, session, source, starts_at=starts_at, ends_at=ends_at, at=NOW)
    assert field in errors


def test_series_of_a_mapping_that_was_taken_out_stay(session):
    source = create_source(session)
    edit_source(session, source, source_data(entities=DISTRICTS[:1]), at=NOW)
    assert session.scalar(select(func.count(Series.id))) == 3


def test_a_definition_is_superseded_never_edited(session):
    metric = create_metric(session)
    second = metrics.supersede(session, metric, definition_en="Counted at both ends")
    assert (second.version, metrics.metric(session, "intensity").id) == (2, second.id)
    metric.unit = "trucks"
    with pytest.raises(BrokenRecord):
        session.flush()
