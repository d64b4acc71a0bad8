"""Regimes as data: read once, checked, and true to the text of the law."""

from __future__ import annotations

import json

import pytest

from experiments.errors import NotFound
from sandbox.regimes import load, regime
from sandbox.regimes.load import regimes

SMART_CITY = "kr-smart-city"


def written(tmp_path, **changes):
    """A copy of the Smart City regime with `changes`, as a file."""
    source = next(path for path in load._FOLDER.glob("kr-smart-city*.json"))
    path = tmp_path / "regime.json"
    path.write_text(json.dumps(json.loads(source.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    return path


def test_every_shipped_regime_is_read():
    assert {each.id for each in regimes()} >= {SMART_CITY}
    assert [(each.id, each.version) for each in regimes()] == sorted(
        (each.id, each.version) for each in regimes()
    )


def test_the_smart_city_act():
    law = regime(SMART_CITY, "2026-09")
    assert (law.clock("K03").length.value, law.clock("K03").source) == (30, "Art. 49(4), 49(5)")
    assert [clock.id for clock in law.clocks] == [f"K{number:02}" for number in range(1, 20)]
    assert {kind.id: kind.longest_months for kind in law.kinds} == {"demonstration": 48, "innovation": 48}
    assert law.ground("impossible").kinds == ("demonstration",)
    assert law.ground("no_standard").kinds == ("demonstration", "innovation")
    assert [item.source for item in law.plan_contents[:4]] == [f"Art. 49(3){i}" for i in (1, 2, 3, 4)]


def test_the_newest_version_is_meant_where_none_is_named():
    assert regime(SMART_CITY) == [each for each in regimes() if each.id == SMART_CITY][-1]


@pytest.mark.parametrize(("key", "version"), [("nowhere", None), (SMART_CITY, "1999-01")])
def test_an_unknown_regime_is_not_found(key, version):
    with pytest.raises(NotFound):
        regime(key, version)


@pytest.mark.parametrize("part", ["kind", "ground", "clock"])
def test_an_unknown_part_is_not_found(part):
    with pytest.raises(NotFound):
        getattr(regime(SMART_CITY), part)("nonsense")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"zome": "Asia/Seoul"}, "zome"),
        ({"kinds": [{"id": "x"}]}, "longest_months"),
        ({"clocks": [{"id": "K01", "length": {"value": 0, "unit": "day"}}]}, "Must be greater"),
        ({"holidays": "Nowhere"}, "holidays"),
        ({"grounds": None}, "grounds"),
        ({"zone": "Asia/Nowhere"}, "zone"),
        ({"grounds": [{"id": "a", "source": "", "name_ko": "", "name_en": "", "kinds": ["x"]}]}, "kinds"),
    ],
)
def test_a_bad_file_is_named_with_its_fault(tmp_path, changes, named):
    with pytest.raises(ValueError, match=f"regime.json: .*{named}"):
        load._read(written(tmp_path, **changes))
