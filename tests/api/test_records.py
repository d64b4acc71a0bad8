"""What cases refer to, and the head of the ledger."""

from __future__ import annotations

import pytest

from sandbox import ledger
from sandbox.accounts import Role
from sandbox.ledger.chain import GENESIS
from sandbox.regimes import regimes
from tests.api.callers import problem
from tests.factories import DRAFTED, create_bid, create_person, create_site


def test_an_empty_ledger_has_a_head(caller):
    assert caller.read("/ledger/head") == {"number": 0, "hash": GENESIS, "at": None}


def test_the_head_is_the_latest_row(office, rows):
    case = office(DRAFTED)
    verdict = ledger.verify(rows)
    rows.rollback()
    head = case["public"].read("/ledger/head")
    assert (head["number"], head["hash"]) == (verdict.rows, verdict.head)


def test_programmes_come_with_calls_and_bids(caller, rows):
    bid = create_bid(rows)
    rows.commit()
    (programme,) = caller.read("/programmes")["items"]
    (call,) = programme["calls"]
    assert (programme["code"], call["year"]) == (bid.call.programme.code, 2026)
    assert [each["budget_won"] for each in call["bids"]] == [10_000_000_000]


def test_sites_come_with_their_districts(caller, rows):
    site = create_site(rows)
    rows.commit()
    (shown,) = caller.read("/sites")["items"]
    assert (shown["code"], shown["city"]["id"]) == (site.territory.code, site.city_id)
    assert [district["code"] for district in shown["districts"]] == [f"D0{i}" for i in range(1, 7)]


def test_regimes_say_what_an_application_must_contain(caller):
    shown = caller.read("/regimes")["items"]
    assert [(each["id"], each["version"]) for each in shown] == [(r.id, r.version) for r in regimes()]
    assert shown[-1]["kinds"][0]["longest_months"] == 48


def test_regimes_say_whether_cases_are_run_and_what_was_not_verified(caller):
    shown = {each["id"]: each for each in caller.read("/regimes")["items"]}
    assert {key for key, each in shown.items() if each["takes_applications"]} == {"kr-smart-city"}
    assert "grounds" in {each["about"] for each in shown["kr-ict"]["unverified"]}
    assert {each["by"] for each in shown["kr-smart-city"]["risk"]["sign_offs"]} == {"lead", "city"}


def test_organisations_are_for_people_with_a_token(caller, rows):
    person = create_person(rows, Role.AUDITOR)
    rows.commit()
    assert problem(caller.get("/organisations"))["status"] == 401
    mine = caller.sign_in(person)
    assert [each["kind"] for each in mine.read("/organisations")["items"]] == ["operator"]
    assert mine.read("/organisations?kind=city")["items"] == []


@pytest.mark.parametrize("query", ["kind=club", "name=x"])
def test_a_bad_query_is_refused(caller, rows, query):
    person = create_person(rows, Role.AUDITOR)
    rows.commit()
    assert problem(caller.sign_in(person).get(f"/organisations?{query}"))["status"] == 422
