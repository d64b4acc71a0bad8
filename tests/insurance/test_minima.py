"""The least sums: data of the regime, and the page that documents them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from marshmallow import ValidationError

from sandbox.regimes import regime
from sandbox.regimes.load import RegimeSchema
from tests.factories import REGIME
from tests.insurance.filed import LEAST

ROOT = Path(__file__).parents[2]
ITEM = {"id": "death", "source": "D57(1)", "name_ko": "사망", "name_en": "Death", "won": 1}


def shipped(**changes):
    law = regime(REGIME)
    path = ROOT / "sandbox" / "regimes" / f"{law.id}.{law.version}.json"
    return json.loads(path.read_text(encoding="utf-8")) | changes


def test_the_act_has_its_sums():
    assert {item.id: item.won for item in regime(REGIME).minimum_cover} == LEAST


@pytest.mark.parametrize(
    "items", [[ITEM, ITEM], [ITEM | {"won": 0}], [ITEM | {"won": "1"}], [ITEM | {"usd": 1}]]
)
def test_data_that_is_no_list_of_sums_is_refused(items):
    with pytest.raises(ValidationError) as error:
        RegimeSchema().load(shipped(minimum_cover=items))
    assert set(error.value.messages) == {"minimum_cover"}


def test_the_documentation_has_the_sums_of_the_data():
    page = (ROOT / "docs" / "insurance.md").read_text(encoding="utf-8")
    for item in regime(REGIME).minimum_cover:
        assert f"| {item.name_en[0].lower()}{item.name_en[1:]} | {item.won:,} |" in page
