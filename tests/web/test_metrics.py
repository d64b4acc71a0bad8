"""Metric cards: defined, followed by a next version, never edited; the old version keeps its results."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from experiments.metrics import Metric
from sandbox.ledger import LedgerEntry
from tests.factories import LOCKED, SIGNED
from tests.web.office import wrong_fields

CARD = {
    "code": "wait",
    "name_ko": "대기 시간",
    "name_en": "Waiting time",
    "definition_ko": "정류장 평균 대기 시간",
    "definition_en": "Mean wait at a stop",
    "numerator_ko": "승객이 기다린 시간",
    "numerator_en": "Minutes that passengers waited",
    "unit": "min",
    "unit_ko": "분",
    "direction": "decrease",
    "aggregation": "mean",
    "denominator": "",
    "lowest": "0",
    "highest": "240",
    "standard": "U4SSC T:1",
    "owner": "Transport office",
    "verification": "checked",
    "artefacts_ko": "",
    "artefacts_en": "",
}


def define(office, who="data_officer", **changes):
    return office.send(who, "metrics/new", **CARD | changes)


def follow(office, who="data_officer", seen=1, **changes):
    card = {name: value for name, value in CARD.items() if name != "code"}
    return office.send(who, "metrics/wait/next", seen_version=seen, **card | changes)


def test_a_card_says_all_that_was_stated(office):
    opened = office()
    assert define(opened).status_code == 303
    page = opened.read("auditor", "metrics/wait/1")
    for said in ("Mean wait at a stop", "U4SSC T:1", "Transport office", "checked against its source"):
        assert said in page
    assert "other units are converted" in page


def test_a_change_is_a_new_version_and_the_old_one_stays(office):
    opened = office()
    define(opened)
    assert follow(opened, artefacts_en="Detours in July.", artefacts_ko="7월 우회 운행").status_code == 303
    assert "superseded" in opened.read("data_officer", "metrics/wait/1")
    assert "Detours in July." in opened.read("data_officer", "metrics/wait/2")
    assert "Detours in July." not in opened.read("data_officer", "metrics/wait/1")
    acts = opened.stored(select(LedgerEntry.act).where(LedgerEntry.act.like("metric.%")))
    assert acts == ["metric.define", "metric.supersede"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "a code"}, "code"),
        ({"name_ko": ""}, "name_ko"),
        ({"aggregation": "rate"}, "denominator"),
        ({"denominator": "of-nobody", "aggregation": "rate"}, "denominator"),
        ({"lowest": "9", "highest": "1"}, "lowest"),
        ({"lowest": "many"}, "lowest"),
        ({"verification": "surely"}, "verification"),
    ],
)
def test_what_is_wrong_is_named(office, changes, field):
    answer = define(office(), **changes)
    assert (answer.status_code, wrong_fields(answer)) == (422, {field})


def test_a_version_that_changes_nothing_is_refused(office):
    opened = office()
    define(opened)
    assert wrong_fields(follow(opened)) == {"definition_ko"}
    assert len(opened.stored(select(Metric.id).where(Metric.code == "wait"))) == 1


def test_nobody_writes_over_a_version_that_they_have_not_read(office):
    opened = office()
    define(opened)
    follow(opened, owner="Another office")
    assert follow(opened, owner="A third office").status_code == 409


def test_a_company_defines_nothing_and_an_evaluator_may(office):
    opened = office()
    assert define(opened, "author").status_code == 403
    assert define(opened, "evaluator").status_code == 303


def test_the_old_version_names_the_results_that_rest_on_it(office):
    opened = office(SIGNED)
    metric = opened.case.primary
    assert opened.number in opened.read("evaluator", f"metrics/{metric.code}/1")
    locked = office(LOCKED)
    assert "No result yet" in locked.read("evaluator", f"metrics/{locked.case.primary.code}/1")


def test_the_interface_reads_every_version(office, service):
    opened = office()
    define(opened)
    follow(opened, owner="Another office")
    client = service.test_client()
    found = client.get("/api/v1/metrics").json["items"]
    assert [each["version"] for each in found if each["code"] == "wait"] == [2, 1]
    old = client.get("/api/v1/metrics/wait/1").json
    assert (old["owner"], old["standard"], old["denominator"]) == ("Transport office", "U4SSC T:1", None)
