from datetime import date, timedelta

import numpy as np
import pytest

from experiments import districts, metrics
from experiments.collection.hubs import register_hub
from experiments.collection.sources import register_source
from experiments.panel import panel
from sandbox.demo.dataset import mapping
from sandbox.demo.history import prop99, rows
from sandbox.demo.playback import PlaybackHub
from tests.experiments.collection.build import NOW, SETTINGS, collect

YEARS = 31


def test_the_file_holds_every_state_and_year_once():
    pairs = {(row["state"], row["year"]) for row in rows()}
    assert len(pairs) == 39 * YEARS == sum(1 for _ in rows())


def test_california_is_treated_and_38_states_are_controls():
    history = prop99()
    assert history.treated == ("CA",)
    assert len(history.controls) == 38
    assert {district.code for district in history.districts} == {"CA", *history.controls}


def test_a_figure_is_known_when_its_year_is_over():
    assert all(
        played.known_from - played.at == timedelta(days=184) for played in prop99().data_set.readings()
    )


@pytest.mark.parametrize("dialect", ["etsi", "city_data_hub"])
def test_it_arrives_whole_through_http_and_the_database(sessions, dialect):
    history = prop99()
    with PlaybackHub([history.data_set], dialect=dialect, clock=lambda: NOW) as hub:
        with sessions.begin() as session:
            register(session, history, hub.base_url, dialect)
        summaries = collect(sessions)
    assert {summary.status for summary in summaries} == {"done"}
    with sessions() as session:
        made = panel(
            session,
            metric=metrics.metric(session, "cigsale"),
            districts=districts.territory(session, history.territory_code).districts,
            period="year",
            first=history.first_day,
            last=history.last_day,
            as_of=NOW,
            covariates={code: metrics.metric(session, code) for code in ("lnincome", "beer")},
        ).panel
    expected = {(row["state"], row["year"]): float(row["cigsale"]) for row in rows()}
    california = made.units.index("CA")
    assert made.outcomes[california].tolist() == [
        expected["California", str(year)] for year in range(1970, 2001)
    ]
    assert not np.isnan(made.outcomes).any()
    assert [int((~np.isnan(made.covariates[code])).sum()) for code in ("lnincome", "beer")] == [1014, 546]


def register(session, history, base_url, dialect):
    territory = districts.create_territory(
        session,
        code=history.territory_code,
        name_ko=history.territory_name_ko,
        name_en=history.territory_name_en,
        zone=history.zone,
    )
    districts.add_districts(session, territory, [district.row() for district in history.districts])
    for metric in history.metrics:
        metrics.define(session, **metric.definition())
    given = {"name": "states", "base_url": base_url, "dialect": dialect, "zone": "Asia/Seoul"}
    register_hub(session, given, private_hubs=SETTINGS.private_hubs)
    description = {
        "hub": "states",
        "territory": history.territory_code,
        "name": "tobacco",
        "entity_type": history.data_set.entity_type,
        "interval_seconds": 3600,
        "overlap_seconds": 0,
        "window_seconds": 12 * 366 * 86_400,
        "page_size": 25,
        "starts_at": f"{date(1970, 1, 1)}T00:00:00Z",
    }
    register_source(session, description | mapping(history.districts, history.metrics), at=NOW)
