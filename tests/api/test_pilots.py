"""The list of pilots, one pilot, its case file; registering and editing a draft."""

from __future__ import annotations

from datetime import timedelta

import pytest

from experiments.evaluation.rule import Finding
from tests.api.callers import problem
from tests.factories import (
    DECIDED,
    DRAFTED,
    FILED,
    PARTIES,
    REGIME,
    RETURNED,
    RUNNING,
    SENT,
    WITHDRAWN,
    application_values,
    create_case,
    request_evaluation,
    sign_result,
    store_result,
    withdraw,
)


def written(**changes):
    """What the company sends of a pilot with its application."""
    application = application_values(**changes.pop("application", {}))
    return {
        "title_ko": "스마트 횡단보도",
        "title_en": "Smart crossings",
        "summary_ko": "보행 신호를 기다리는 시간을 줄인다.",
        "summary_en": "Pedestrians wait less at crossings.",
        "technology": "smart crossing",
        "contact": "pilot@example.org",
        "planned_from": "2026-07-01",
        "planned_to": "2027-06-30",
        "districts": ["D01", "D02"],
        "application": application,
    } | changes


def registration(case, **changes):
    people = case.case.people
    return written(**changes) | {
        "site": case.case.site.territory.code,
        "evaluator": people["evaluator"].organisation_id,
        "lead": people["reviewer"].organisation_id,
        "regime": REGIME,
    }


def numbers(listing):
    return [item["number"] for item in listing["items"]]


# -- the list -------------------------------------------------------------------------------------------


def test_the_list_shows_what_is_public_newest_first(caller, rows):
    filed = [create_case(rows, FILED).pilot.number for _ in range(2)]
    create_case(rows, DRAFTED)
    create_case(rows, (withdraw,))
    withdrawn = create_case(rows, WITHDRAWN).pilot.number
    rows.commit()
    assert numbers(caller.read("/pilots")) == [withdrawn, *reversed(filed)]


def test_a_list_is_read_stretch_by_stretch(caller, rows):
    filed = [create_case(rows, FILED).pilot.number for _ in range(5)]
    rows.commit()
    found, token = [], ""
    for size in (2, 2, 1):
        page = caller.read(f"/pilots?page_size=2{token}")
        assert len(page["items"]) == size
        found += numbers(page)
        token = f"&page_token={page['next_page_token']}"
    assert page["next_page_token"] is None
    assert found == filed[::-1]


def test_a_pilot_filed_meanwhile_neither_repeats_nor_hides_another(caller, rows):
    filed = [create_case(rows, FILED).pilot.number for _ in range(3)]
    rows.commit()
    first = caller.read("/pilots?page_size=2")
    create_case(rows, FILED)
    rows.commit()
    second = caller.read(f"/pilots?page_size=2&page_token={first['next_page_token']}")
    assert numbers(first) + numbers(second) == filed[::-1]


def test_a_full_last_stretch_is_the_last(caller, rows):
    for _ in range(2):
        create_case(rows, FILED)
    rows.commit()
    assert caller.read("/pilots?page_size=2")["next_page_token"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=running", True),
        ("status=in_review", False),
        ("q=CROSSINGS", True),
        ("q=횡단보도", True),
        ("q=100%25", False),
        ("technology=smart crossing", True),
        ("technology=drone", False),
        ("finding=stop", True),
        ("finding=extend_pilot", False),
    ],
)
def test_filters(office, query, found):
    case = office((*RUNNING, request_evaluation, store_result(Finding.STOP), sign_result))
    assert bool(numbers(case["public"].read(f"/pilots?{query}"))) is found


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page_size=0", "page_size"),
        ("page_size=1001", "page_size"),
        ("page_size=many", "page_size"),
        ("page_token=nonsense", "page_token"),
        ("page_token=LTE=", "page_token"),
        ("page_token=%EF%BC%91", "page_token"),
        ("status=draft", "status"),
        ("finding=perhaps", "finding"),
        ("sort=title", "sort"),
        ("colour=red", "colour"),
    ],
)
def test_a_bad_query_is_named(caller, query, field):
    assert set(problem(caller.get(f"/pilots?{query}"))["errors"]) == {field}


# -- one pilot ------------------------------------------------------------------------------------------


def test_the_public_reads_a_decided_pilot(office):
    case = office(DECIDED)
    page = case["public"].read(case.path)
    published = page["published"]
    assert (page["status"], published["stage"]) == ("concluded", "decided")
    assert published["result"]["finding"] == "expand_conditional"
    assert published["exemption"]["conditions"][0]["legal_basis"] == "Art. 49(6)"
    assert [ruling["outcome"] for ruling in published["decisions"]] == ["expand_conditional"]
    assert {place["part"] for place in published["districts"]} == {"treated", "control"}


def test_links_of_the_public_page_lead_to_the_documents(office):
    case = office(DECIDED)
    published = case["public"].read(case.path)["published"]
    plan, result = published["plan_versions"][-1], published["result"]
    assert case["public"].get(plan["href"]).headers["ETag"] == f'"{plan["sha256"]}"'
    assert case["public"].get(result["href"]).headers["ETag"] == f'"{result["document_sha256"]}"'


def test_the_public_may_do_nothing(office):
    case = office(FILED)
    assert case["public"].read(case.path)["transitions"] == []


def test_people_of_the_company_stay_without_a_name(office):
    case = office(DECIDED)
    text = case["public"].get(case.path).text
    assert case.case.people["author"].name not in text
    assert case.case.people["signatory"].name not in text


def test_of_a_withdrawn_pilot_a_stub_stays(office):
    case = office(WITHDRAWN)
    published = case["public"].read(case.path)["published"]
    assert set(published) == {"stage", "history"}
    assert published["history"][-1]["reason"] == "The funding fell through."


@pytest.mark.parametrize("history", [DRAFTED, SENT])
def test_a_draft_is_its_parties_own(office, history):
    case = office(history)
    sees = {"author", "signatory", "auditor"} | ({"city_reviewer"} if history == SENT else set())
    statuses = {who: case[who].get(case.path).status_code for who in [*PARTIES, "public"]}
    assert {who for who, status in statuses.items() if status == 200} == sees
    assert set(statuses.values()) == {200, 404}


def test_a_returned_filing_stays_published_and_its_file_open_to_whoever_read_it(office):
    case = office(RETURNED)
    page = case["public"].read(case.path)
    assert (page["status"], page["published"] is None) == ("returned", False)
    assert case["reviewer"].get(f"{case.path}/case").status_code == 200
    assert case["other_author"].get(f"{case.path}/case").status_code == 404


def test_a_draft_has_nothing_published(office):
    case = office(DRAFTED)
    page = case["author"].read(case.path)
    assert (page["status"], page["published"]) == ("draft", None)


@pytest.mark.parametrize("who", ["other_author", "other_city_reviewer", "other_evaluator", "administrator"])
def test_strangers_read_the_page_and_not_the_file(office, who):
    case = office(FILED)
    assert case[who].get(case.path).status_code == 200
    assert problem(case[who].get(f"{case.path}/case"))["status"] == 404


def test_parties_read_the_whole_file(office):
    case = office(DECIDED)
    file = case["other_reviewer"].read(f"{case.path}/case")
    assert file["application"]["contents"]["safety"] == "Safety, in detail."
    assert [action["answer"] for action in file["application"]["required_actions"]] == [
        "Done before the start."
    ]
    assert [condition["is_imposed"] for condition in file["application"]["conditions"]] == [True]
    assert file["history"][0]["verb"] == "conclude"


# -- registering ----------------------------------------------------------------------------------------


def test_an_author_registers_a_pilot(office):
    case = office()
    answer = case["author"].post("/pilots", registration(case))
    assert answer.status_code == 201
    pilot = answer.json["pilot"]
    assert pilot["status"] == "draft"
    assert answer.headers["Location"] == f"/api/v1/pilots/{pilot['number']}"
    assert answer.headers["ETag"] == f'"{pilot["version"]}"'
    assert case["author"].read(answer.headers["Location"])["number"] == pilot["number"]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"title_ko": ""}, {"title_ko"}),
        ({"districts": ["D01", "D99"]}, {"districts.1"}),
        ({"planned_to": "2026-06-30"}, {"planned_to"}),
        ({"application": {"requested_months": 7.9}}, {"application.requested_months"}),
        ({"application": {"kind": "nonsense"}}, {"application.kind"}),
        ({"application": {"contents": {"luck": "Much."}}}, {"application.contents.luck"}),
        ({"title_en": "Smart\u202ecrossings"}, {"title_en"}),
    ],
)
def test_a_bad_field_is_named(office, changes, fields):
    case = office()
    answer = case["author"].post("/pilots", registration(case, **changes))
    assert (answer.status_code, set(problem(answer)["errors"])) == (422, fields)


@pytest.mark.parametrize(
    ("party", "value"),
    [("site", "nowhere"), ("evaluator", 2**31 - 1), ("lead", 2**31 - 1), ("regime", "nowhere")],
)
def test_an_unknown_part_is_named(office, party, value):
    case = office()
    answer = case["author"].post("/pilots", registration(case) | {party: value})
    assert set(problem(answer)["errors"]) == {party}


@pytest.mark.parametrize("number", [2**31, 10**30, -(10**30), "1_0", True])
def test_a_number_that_no_column_holds_is_named(office, number):
    case = office()
    answer = case["author"].post("/pilots", registration(case) | {"lead": number})
    assert set(problem(answer)["errors"]) == {"lead"}


# -- editing --------------------------------------------------------------------------------------------


def version(case):
    return case["author"].get(case.path).headers["ETag"]


def test_an_author_edits_the_version_that_was_read(office):
    case = office()
    before = version(case)
    answer = case["author"].put(
        case.path, written(title_en="Smarter crossings"), headers={"If-Match": before}
    )
    assert answer.status_code == 200
    assert answer.json["pilot"]["title_en"] == "Smarter crossings"
    assert answer.headers["ETag"] == version(case) != before


def test_an_edit_on_an_old_version_is_refused_with_what_happened_meanwhile(office):
    case = office()
    read = {"If-Match": version(case)}
    case["author"].put(case.path, written(title_en="Smarter crossings"), headers=read)
    answer = case["author"].put(case.path, written(title_en="Cleverer crossings"), headers=read)
    assert (answer.status_code, problem(answer)["meanwhile"]["verb"]) == (409, "edit")
    assert case["author"].read(case.path)["title_en"] == "Smarter crossings"


@pytest.mark.parametrize("headers", [{}, {"If-Match": "*"}, {"If-Match": '"one"'}, {"If-Match": '"1", "2"'}])
def test_an_edit_says_which_version_it_read(office, headers):
    case = office()
    assert problem(case["author"].put(case.path, written(), headers=headers))["status"] == 428


def test_a_number_of_thousands_of_digits_is_no_version(office):
    case = office()
    answer = case["author"].put(case.path, written(), headers={"If-Match": f'"{"9" * 5000}"'})
    assert problem(answer)["status"] == 428


def test_what_was_filed_is_not_edited(office):
    case = office(FILED)
    answer = case["author"].put(case.path, written(), headers={"If-Match": version(case)})
    assert problem(answer)["status"] == 409


def test_nobody_edits_a_strangers_draft(office):
    case = office()
    answer = case["other_author"].put(case.path, written(), headers={"If-Match": '"1"'})
    assert problem(answer)["status"] == 404


def test_registered_in_the_sites_own_year(office):
    case = office()
    case.service.clock = lambda: case.case.at.replace(month=12, day=31, hour=15) + timedelta(hours=1)
    author = case["public"].sign_in(case.case.people["author"])
    assert author.post("/pilots", registration(case)).json["pilot"]["number"].startswith("RS-2027-")
