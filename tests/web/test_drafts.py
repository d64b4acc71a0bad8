"""Drafts of forms: given back to whoever typed them, and to nobody else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from sandbox.drafts.keeping import LARGEST_BYTES, ForgetDrafts
from sandbox.drafts.models import FormDraft
from sandbox.roles import Role
from sandbox.web.drafts import DOORS
from tests import factories
from tests.factories import CONSULTING, DRAFTED, SENT

TYPED = {"fields": {"opinion": ["It is narrow\nhere."], "required_actions.0": ["Paint a line."]}}


def put(office, who, body, form="opinion", subject=None):
    """Save as the script of the page does, with the page's own token."""
    browser = office.browser(who)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.open("/password").text)[1]
    path = f"/drafts/{form}/{subject or office.number}"
    return browser.client.put(path, json=body, headers={"X-CSRFToken": token})


def draft(office, who, form="opinion"):
    return office.browser(who).open(f"/drafts/{form}/{office.number}")


def test_what_was_typed_comes_back_until_the_form_is_sent(office):
    opened = office(SENT)
    assert (
        f'data-address="/drafts/opinion/{opened.number}"'
        in opened.open("city_reviewer", "cases/{}/opinion").text
    )
    assert put(opened, "city_reviewer", {"fields": {"opinion": ["It"]}}).status_code == 200
    assert put(opened, "city_reviewer", TYPED).json["said"].startswith("Saved on ")
    assert draft(opened, "city_reviewer").json["fields"] == TYPED["fields"]
    assert opened.send("city_reviewer", "cases/{}/opinion", opinion=" ").status_code == 422
    assert draft(opened, "city_reviewer").json["fields"] == TYPED["fields"]
    assert opened.send("city_reviewer", "cases/{}/opinion", opinion="It is narrow.").status_code == 303
    assert draft(opened, "city_reviewer").json["fields"] is None


def test_a_draft_is_thrown_away_by_its_owner(office):
    opened = office(SENT)
    put(opened, "city_reviewer", TYPED)
    browser = opened.browser("city_reviewer")
    path = f"/drafts/opinion/{opened.number}"
    assert browser.client.delete(path).status_code == 400
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.open("/password").text)[1]
    assert browser.client.delete(path, headers={"X-CSRFToken": token}).status_code == 204
    assert opened.stored(select(FormDraft)) == []


def test_a_save_needs_the_token_of_the_page(office):
    opened = office(SENT)
    path = f"/drafts/opinion/{opened.number}"
    assert opened.browser("city_reviewer").client.put(path, json=TYPED).status_code == 400


def test_a_colleague_is_told_who_and_when_and_nothing_else(office):
    opened = office(DRAFTED)
    case = opened.case
    case.people["colleague"] = factories.create_person(
        case.session, Role.COMPANY_AUTHOR, case.pilot.company, name="Second Author"
    )
    secret = {"fields": {"title_en": ["Nobody may read this"]}}
    assert put(opened, "author", secret, "application").status_code == 200
    told = draft(opened, "colleague", "application")
    assert told.json["fields"] is None
    assert "Nobody may" not in told.text
    assert case.people["author"].name in told.json["others"][0]


@pytest.mark.parametrize(
    ("who", "form", "status"),
    [
        ("reviewer", "opinion", 403),
        ("auditor", "opinion", 403),
        ("author", "opinion", 403),
        ("other_city_reviewer", "opinion", 404),
        ("other_author", "application", 404),
        ("city_reviewer", "nothing", 404),
    ],
)
def test_nobody_keeps_a_draft_of_a_form_that_they_may_not_open(office, who, form, status):
    opened = office(SENT)
    assert put(opened, who, TYPED, form).status_code == status
    assert draft(opened, who, form).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        {"fields": {"opinion": ["가" * (LARGEST_BYTES // 3 + 1)]}},
        {"fields": {"opinion": "no list"}},
        {"fields": {str(n): [] for n in range(601)}},
        {},
        [],
    ],
)
def test_what_is_too_large_or_no_draft_is_refused(office, body):
    opened = office(SENT)
    assert put(opened, "city_reviewer", body).status_code == 422
    assert opened.stored(select(FormDraft)) == []


def test_a_new_application_is_kept_by_regime(office):
    opened = office(DRAFTED)
    assert put(opened, "author", TYPED, "new", "kr-smart-city").status_code == 200
    assert put(opened, "author", TYPED, "new", "no-such-law").status_code == 404


def test_each_form_that_saves_itself_says_so(office):
    opened = office(CONSULTING)
    assert 'data-address="/drafts/reply/' in opened.open("reviewer", "cases/{}/reply").text
    assert 'data-address="/drafts/plan/' in opened.open("evaluator", "evaluator/{}/plan").text
    assert (
        'data-address="/drafts/new/kr-smart-city'
        in opened.open("author", "company/pilots/new?regime=kr-smart-city").text
    )
    assert set(DOORS) == {"new", "application", "opinion", "reply", "supplement", "report", "plan"}


def test_old_drafts_are_forgotten(office, rows):
    opened = office(SENT)
    put(opened, "city_reviewer", TYPED)
    (kept,) = opened.stored(select(FormDraft))
    sessions = sessionmaker(rows.get_bind())
    ForgetDrafts(sessions, lambda: kept.saved_at + timedelta(days=90), days=90)()
    assert len(opened.stored(select(FormDraft))) == 1
    ForgetDrafts(sessions, lambda: kept.saved_at + timedelta(days=91), days=90)()
    assert opened.stored(select(FormDraft)) == []
