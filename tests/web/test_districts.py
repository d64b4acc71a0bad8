"""Districts on the page: outlines from a file, facts with their sources, metrics."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select

from experiments.districts import District
from experiments.facts import DistrictFact
from sandbox.accounts import Role
from sandbox.ledger import LedgerEntry
from tests.experiments.test_geometry import collection, square
from tests.web.test_sources import clock, metric, officer, site, visit  # noqa: F401 - fixtures
from tests.web.visitors import stored


def send_file(officer, site, file, **values):  # noqa: F811
    given = {"territory": site.territory.code, "reference": "Survey of 2025"} | values
    return officer.send("/districts", "/districts", outlines=(io.BytesIO(file), "d.geojson"), **given)


def outlines(rows):
    return {each.code: each.outline for each in stored(rows, select(District)) if each.outline}


def fact(officer, site, code="D01", **values):  # noqa: F811
    given = {"name": "population", "value": "41200", "unit": "people", "valid_on": "2025-12-31"}
    path = f"/districts/{site.territory.code}/{code}"
    return officer.send(path, path, **given | {"reference": "Resident register"} | values)


def test_outlines_are_stored_with_their_areas(officer, rows, site):  # noqa: F811
    file = collection(("D01", square(127, 37)), ("D02", square(127.01, 37)))
    assert send_file(officer, site, file).status_code == 303
    assert set(outlines(rows)) == {"D01", "D02"}
    assert "Survey of 2025 (computed from the outline)" in officer.read(
        f"/districts/{site.territory.code}/D01"
    )
    areas = [each.value for each in stored(rows, select(DistrictFact)) if each.name == "area"]
    assert areas == [pytest.approx(0.987, abs=0.01)] * 2
    assert "2 of 6 districts have an outline." in officer.read("/districts")
    entry = stored(rows, select(LedgerEntry).where(LedgerEntry.act == "district.outline"))[0]
    assert entry.subject == f"territory:{site.territory.code}"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (collection(("D99", square(127, 37))), "Feature 1: unknown district D99"),
        (collection(("D01", square(127, 37)), ("D02", square(127.005, 37))), "D01 and D02 overlap."),
        (b"no json", "Not JSON"),
    ],
)
def test_all_or_none_of_a_file_is_stored(officer, rows, site, file, said):  # noqa: F811
    answer = send_file(officer, site, file)
    assert answer.status_code == 422
    assert said in answer.text
    assert outlines(rows) == {}


def test_a_new_outline_must_not_overlap_an_old_one(officer, rows, site):  # noqa: F811
    assert send_file(officer, site, collection(("D01", square(127, 37)))).status_code == 303
    assert send_file(officer, site, collection(("D02", square(127.005, 37)))).status_code == 422
    assert set(outlines(rows)) == {"D01"}


def test_a_district_on_the_other_side_of_the_world_is_refused_with_its_distance(officer, rows, site):  # noqa: F811
    near = [(f"D0{each}", square(127 + each / 100, 37)) for each in (1, 2)]
    answer = send_file(officer, site, collection(*near, ("D03", square(0, 0))))
    assert answer.status_code == 422
    assert re.search(r"D03 lies 1\d,\d{3} km from the other districts", answer.text)
    assert outlines(rows) == {}


def test_an_island_is_stored_with_a_word_of_warning(officer, rows, site):  # noqa: F811
    near = [(f"D0{each}", square(127 + each / 100, 37)) for each in (1, 2)]
    send_file(officer, site, collection(*near, ("D03", square(127, 38))))
    assert "D03 lies 111 km from the other districts." in officer.read("/districts")
    assert set(outlines(rows)) == {"D01", "D02", "D03"}


def test_a_file_says_where_it_is_from(officer, site):  # noqa: F811
    answer = send_file(officer, site, collection(("D01", square(127, 37))), reference=" ")
    assert answer.status_code == 422
    assert 'href="#field-reference"' in answer.text


def test_a_fact_is_recorded_with_its_source(officer, rows, site):  # noqa: F811
    assert fact(officer, site).status_code == 303
    page = officer.read(f"/districts/{site.territory.code}/D01")
    assert "Population 41,200 people 2025-12-31 Resident register" in page
    assert {each.code: each.population for each in stored(rows, select(District))}["D01"] == 41200


def test_the_fact_of_the_latest_day_counts(officer, rows, site):  # noqa: F811
    fact(officer, site)
    fact(officer, site, value="39000", valid_on="2020-12-31")
    assert "no, a newer one does" in officer.read(f"/districts/{site.territory.code}/D01")
    assert {each.code: each.population for each in stored(rows, select(District))}["D01"] == 41200


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"value": "many"}, "value"),
        ({"value": "1.5"}, "value"),
        ({"reference": ""}, "reference"),
        ({"valid_on": "soon"}, "valid_on"),
        ({"name": "two words"}, "name"),
    ],
)
def test_a_fact_without_sense_is_refused(officer, rows, site, changed, field):  # noqa: F811
    answer = fact(officer, site, **changed)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert stored(rows, select(DistrictFact)) == []


def test_metrics_are_listed_with_their_versions(officer, metric):  # noqa: F811
    assert "bus_wait@1" in officer.read("/metrics")


def test_another_citys_districts_are_not_there(visit, site):  # noqa: F811
    stranger = visit(Role.CITY_DATA_OFFICER)
    assert "No territory is yours" in stranger.read("/districts")
    assert stranger.open(f"/districts/{site.territory.code}/D01").status_code == 404


def test_an_evaluator_reads_and_adds_nothing(visit, site):  # noqa: F811
    visitor, path = visit(Role.EVALUATOR), f"/districts/{site.territory.code}/D01"
    assert "Add a fact" not in visitor.read(path)
    assert visitor.send(path, "/password").status_code == 403
