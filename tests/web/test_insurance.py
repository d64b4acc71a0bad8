"""A pilot's insurance on pages: filed by the company, decided by the ministry, read by the parties alone."""

from __future__ import annotations

from tests.factories import GRANTED
from tests.insurance.filed import LEAST, plan_values, policy_values
from tests.web.office import wrong_fields

PAGE = "cases/{}/insurance"


def posted(values, **changes):
    """Values as the form posts them."""
    covers = {f"covers.{kind}": str(won) for kind, won in values.pop("covers").items()}
    return values | covers | changes


def file_policy(office, who="author", **changes):
    return office.send(who, PAGE + "/policy", **posted(policy_values(as_text=True), **changes))


def file_plan(office, who="author"):
    return office.send(who, PAGE + "/plan", **posted(plan_values()))


def test_the_case_file_names_what_the_cover_lacks(office):
    office = office(GRANTED)
    sentence = "No insurance and no compensation plan is filed (Art. 53(6), D57(3))."
    assert sentence in office.read("reviewer", "cases/{}")
    assert file_policy(office).status_code == 303
    assert sentence not in office.read("reviewer", "cases/{}")
    assert "Nothing is missing in the cover" in office.read("reviewer", PAGE)


def test_the_form_begins_with_the_sums_of_the_law(office):
    page = office(GRANTED).open("author", PAGE + "/policy").text
    assert all(f'value="{won}"' in page for won in LEAST.values())


def test_a_sum_below_the_minimum_is_told_with_its_article(office):
    answer = file_policy(office(GRANTED), **{"covers.injury": "29,999,999"})
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"covers-injury"}
    assert "At least 30,000,000 won (D57(1))." in answer.text


def test_it_is_told_in_korean_too(office):
    answer = file_policy(office(GRANTED, language="ko"), **{"covers.injury": "1"})
    assert "영 제57조제1항" in answer.text


def test_what_is_no_sum_is_told_at_its_field(office):
    answer = file_policy(office(GRANTED), **{"covers.death": "much"})
    assert wrong_fields(answer) == {"covers-death"}


def test_the_ministry_decides_on_a_plan(office):
    office = office(GRANTED)
    assert file_plan(office).status_code == 303
    assert "Approve the compensation plan" in office.read("decider", PAGE)
    assert "Approve the compensation plan" not in office.read("author", PAGE)
    refused = office.send("decider", PAGE + "/plan/refuse", reason=" ")
    assert refused.status_code == 422
    assert wrong_fields(refused) == {"reason-refuse"}
    assert office.send("decider", PAGE + "/plan/approve").status_code == 303
    assert "Approved in place of insurance" in office.read("city_reviewer", PAGE)


def test_a_plan_that_nobody_filed_is_not_decided(office):
    office = office(GRANTED)
    assert office.send("decider", PAGE + "/plan/approve").status_code == 404
    assert office.send("decider", PAGE + "/plan/burn").status_code == 404


def test_parties_read(office):
    office = office(GRANTED)
    for who in ("author", "signatory", "city_reviewer", "reviewer", "decider", "auditor"):
        assert office.open(who, PAGE).status_code == 200, who


def test_strangers_reach_no_page_and_do_nothing(office):
    office = office(GRANTED)
    file_plan(office)
    for who in ("other_author", "other_signatory", "other_city_reviewer", "other_evaluator", "administrator"):
        answers = [office.open(who, page) for page in (PAGE, PAGE + "/policy", PAGE + "/plan")]
        answers += [file_policy(office, who), file_plan(office, who)]
        answers.append(office.send(who, PAGE + "/plan/approve"))
        assert {answer.status_code for answer in answers} <= {403, 404}, who


def test_parties_do_only_what_is_theirs(office):
    office = office(GRANTED)
    file_plan(office)
    for who in ("signatory", "city_reviewer", "reviewer", "auditor", "other_decider"):
        answers = (file_policy(office, who), file_plan(office, who), office.send(who, PAGE + "/plan/approve"))
        assert {answer.status_code for answer in answers} == {403}, who


def test_nobody_else_reads(office):
    answer = office(GRANTED).open(None, PAGE)
    assert answer.status_code == 302
    assert "/sign-in" in answer.headers["Location"]
