"""A source that reads what the hub has put together says so in its options, in the dialects that can."""

from __future__ import annotations

import pytest

from experiments.collection.claims import query_of
from experiments.collection.connectors.ngsi_ld import read_window
from experiments.collection.hubs import edit_hub
from experiments.collection.intake import targets_of
from experiments.collection.sources import edit_source
from experiments.errors import Invalid
from tests.experiments.collection.build import NOW, START, answering, create_source, entity, source_data

BUCKETS = [[67.0, "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z"]]
AGGREGATED = {"representation": "aggregated_values", "options": {"method": "max", "period": "P1D"}}


def ask(session, source, *answers):
    """What the hub is asked, and what is read of its answer."""
    asked = []

    def get(url, params, headers):
        asked.append(dict(params))
        return pages(url, params, headers)

    pages = answering(*answers)
    query = query_of(source, targets_of(session, source.id), START, NOW)
    return asked, read_window(get, query).readings


@pytest.mark.parametrize("dialect", ["etsi", "scorpio", "stellio"])
def test_the_hub_is_asked_for_the_buckets_that_the_source_names(session, dialect):
    source = create_source(session, dialect=dialect, **AGGREGATED)
    page = [{"id": entity(1), "type": "T", "intensity": {"type": "Property", "max": BUCKETS}}]
    asked, readings = ask(session, source, (page,), ([],))
    wanted = next(params for params in asked if "aggrMethods" in params)
    assert (wanted["aggrMethods"], wanted["aggrPeriodDuration"]) == ("max", "P1D")
    assert [reading.value for reading in readings] == [67.0]


@pytest.mark.parametrize("dialect", ["city_data_hub", "orion_ld"])
def test_hubs_that_put_nothing_together_are_not_asked_to(session, dialect):
    with pytest.raises(Invalid) as refusal:
        create_source(session, dialect=dialect, **AGGREGATED)
    assert set(refusal.value.errors) == {"representation"}


def test_a_hub_whose_buckets_are_read_keeps_a_dialect_that_has_them(session):
    hub = create_source(session, **AGGREGATED).hub
    facts = {"name": hub.name, "base_url": "https://hub.example.org", "zone": hub.zone}
    edit_hub(session, hub, facts | {"dialect": "stellio"})
    with pytest.raises(Invalid) as refusal:
        edit_hub(session, hub, facts | {"dialect": "orion_ld"})
    assert set(refusal.value.errors) == {"dialect"}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"method": "middle"}, "options.method"),
        ({"period": "an hour"}, "options.period"),
        ({"period": "PT"}, "options.period"),
        ({"periods": "PT1H"}, "options.periods"),
    ],
)
def test_a_bucket_that_cannot_be_is_refused_by_field(session, options, field):
    source = create_source(session)
    with pytest.raises(Invalid) as refusal:
        edit_source(session, source, source_data(**AGGREGATED | {"options": options}), at=NOW)
    assert set(refusal.value.errors) == {field}
