import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from experiments.districts import add_districts, create_territory
from experiments.metrics import define
from sandbox.demo.city import DAYS, city

ANCHOR = date(2026, 11, 1)


@pytest.fixture(scope="module")
def gaon():
    return city(7, ANCHOR)


def series(gaon, district, metric):
    attribute = next(m.attribute for m in gaon.metrics if m.code == metric)
    entity = next(d.entity for d in gaon.districts if d.code == district)
    return gaon.data_set.entities[entity][attribute]


def test_the_same_seed_and_anchor_give_the_same_city(gaon):
    assert city(7, ANCHOR) == gaon


def test_another_seed_gives_another_city(gaon):
    assert city(8, ANCHOR).data_set != gaon.data_set


def test_it_is_accepted_by_the_lab_and_marked_as_invented(gaon, session):
    assert "가상" in gaon.territory_name_ko
    assert "synthetic" in gaon.territory_name_en
    territory = create_territory(
        session, code="gaon", name_ko=gaon.territory_name_ko, name_en=gaon.territory_name_en, zone=gaon.zone
    )
    assert len(add_districts(session, territory, [district.row() for district in gaon.districts])) == 25
    assert [define(session, **metric.definition()).version for metric in gaon.metrics] == [1, 1, 1, 1]


def area(ring):
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(ring)) / 2


def test_outlines_tile_the_town_without_overlap(gaon):
    rings = [json.loads(district.outline)["coordinates"][0] for district in gaon.districts]
    edges = Counter(frozenset(map(tuple, edge)) for ring in rings for edge in pairwise(ring))
    assert set(edges.values()) <= {1, 2}
    assert all(area(ring) > 0 for ring in rings)
    # The edges that only one district has are the boundary of the town: they enclose all areas.
    outer = [edge for ring in rings for edge in pairwise(ring) if edges[frozenset(map(tuple, edge))] == 1]
    enclosed = sum(ax * by - bx * ay for (ax, ay), (bx, by) in outer) / 2
    assert enclosed == pytest.approx(sum(map(area, rings)), rel=1e-9)


def test_treated_districts_belong_to_one_pilot_and_controls_to_none(gaon):
    treated = [code for pilot in gaon.pilots for code in pilot.treated]
    assert [len(pilot.treated) for pilot in gaon.pilots] == [3, 4, 2]
    assert len(treated) == len(set(treated)) == 9
    assert set(treated) & set(gaon.controls) == set()
    assert len(gaon.controls) == 16


def test_pilots_are_running_finished_and_in_review(gaon):
    running, finished, in_review = gaon.pilots
    assert running.first_day < ANCHOR < running.last_day
    assert finished.last_day < ANCHOR
    assert in_review.first_day > ANCHOR
    assert gaon.truth["drones"] == {}


def test_about_two_per_cent_of_the_readings_are_missing(gaon):
    played = sum(1 for _ in gaon.data_set.readings()) - 7
    assert 1 - played / (25 * 4 * DAYS) == pytest.approx(0.02, abs=0.003)


def test_late_readings_are_two_to_nine_days_late(gaon):
    waits = Counter((p.known_from - p.at) // timedelta(days=1) - 1 for p in gaon.data_set.readings())
    late = sum(count for days, count in waits.items() if 2 <= days <= 9)
    assert late / sum(waits.values()) == pytest.approx(0.04, abs=0.004)


def test_one_week_of_one_series_is_edited_later(gaon):
    edits = {
        (entity, attribute): count
        for entity, attributes in gaon.data_set.entities.items()
        for attribute, played in attributes.items()
        if (count := len(played) - len({p.at for p in played}))
    }
    assert list(edits) == [("urn:ngsi-ld:District:gaon:18", "busWaitMinutes")]
    assert 5 <= next(iter(edits.values())) <= 7
    edited = gaon.edited
    assert edited.known_from == datetime(2026, 10, 28, 15, tzinfo=UTC)
    begin = datetime(edited.first_day.year, edited.first_day.month, edited.first_day.day, tzinfo=UTC)
    assert edited.known_from < begin + timedelta(days=21)


def mean_of(gaon, codes, metric, first, last):
    values = [
        p.value
        for code in codes
        for p in series(gaon, code, metric)
        if first <= (p.at + timedelta(hours=9)).date() <= last
    ]
    return float(np.mean(values))


@pytest.mark.parametrize(
    ("key", "metric"), [("shuttle", "bus_wait_minutes"), ("crossings", "pedestrian_conflicts")]
)
def test_the_effect_stands_in_the_readings(gaon, key, metric):
    pilot = next(pilot for pilot in gaon.pilots if pilot.key == key)
    last = min(pilot.last_day, ANCHOR)
    spans = [(gaon.first_day, pilot.first_day - timedelta(days=1)), (pilot.first_day, last)]
    before, after = (
        mean_of(gaon, pilot.treated, metric, *span) - mean_of(gaon, gaon.controls, metric, *span)
        for span in spans
    )
    assert after - before == pytest.approx(gaon.truth[key][metric], rel=0.25)


def test_the_guardrail_of_the_shuttle_gets_worse_only_after_months(gaon):
    shuttle = gaon.pilots[0]
    months = [shuttle.first_day + timedelta(days=days) for days in (0, 100, 140, 239)]
    early, late = (
        mean_of(gaon, shuttle.treated, shuttle.guardrail, *span)
        - mean_of(gaon, gaon.controls, shuttle.guardrail, *span)
        for span in (months[:2], months[2:])
    )
    assert late - early > 3
