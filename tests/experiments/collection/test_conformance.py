"""What a hub is told about itself."""

from __future__ import annotations

import pytest

from experiments.collection.conformance import Verdict, examine
from experiments.collection.faults import HubFault
from experiments.collection.models import Dialect
from tests.experiments.collection.build import NOW, asking, create_data_set, create_query, day, playing


def verdicts(get, **changes):
    return {finding.point: finding.verdict for finding in examine(get, create_query(**changes))}


def test_a_hub_that_keeps_to_the_standard_is_told_so():
    found = verdicts(asking(playing(create_data_set())))
    assert set(found.values()) == {Verdict.AS_WRITTEN}


def test_an_inclusive_end_is_found_with_question_and_answer():
    hub = playing(create_data_set(), dialect="city_data_hub")
    findings = examine(asking(hub), create_query(dialect=Dialect.CITY_DATA_HUB))
    finding = next(each for each in findings if each.point == "end_of_window")
    assert finding.verdict is Verdict.DEPARTS
    assert "endTimeAt=2026-03-10T09" in finding.evidence[-1].asked
    assert finding.evidence[-1].begins.startswith('[{"id"')


def test_too_few_readings_leave_the_question_open():
    found = verdicts(asking(playing(create_data_set())), start=day(20), end=day(21))
    assert found["end_of_window"] is Verdict.UNTOLD


@pytest.mark.parametrize("status", [404, 500])
def test_a_hub_that_answers_with_an_error_is_told_what_it_said(status):
    def get(url, params, headers):
        raise HubFault(f"HTTP {status}: no", url=url, status=status)

    findings = examine(get, create_query(end=NOW))
    assert {finding.verdict for finding in findings} == {Verdict.FAILS}
    assert findings[0].evidence[0].status == status
