"""Tokens: given for a password, ended at once, and never a cookie."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox import accounts
from sandbox.accounts import MOST_FAILURES_PER_EMAIL, Role
from tests.api.callers import Caller, problem
from tests.factories import BEGINNING, PASSWORD, create_organisation, create_person


@pytest.fixture
def person(service, rows):
    service.clock = lambda: BEGINNING
    person = create_person(rows, Role.AUDITOR)
    rows.commit()
    return person


def test_a_password_gives_a_token_and_says_until_when(caller, person):
    answer = caller.post("/sessions", {"email": person.email.upper(), "password": PASSWORD})
    assert answer.status_code == 201
    assert answer.json["expires_at"] == (BEGINNING + timedelta(hours=10)).isoformat()
    assert answer.json["person"]["role"] == "auditor"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_token_says_whose_it_is(caller, person):
    me = caller.sign_in(person).read("/sessions/current")
    assert (me["name"], me["email"]) == (person.name, person.email)
    assert "password" not in str(me)


def test_a_deleted_token_answers_nobody(caller, person):
    mine = caller.sign_in(person)
    answer = mine.delete("/sessions/current")
    assert (answer.status_code, answer.data) == (204, b"")
    assert problem(mine.get("/sessions/current"))["status"] == 401


def test_a_token_ends_on_its_hour(caller, person, service):
    mine = caller.sign_in(person)
    service.clock = lambda: BEGINNING + timedelta(hours=10)
    assert mine.get("/sessions/current").status_code == 401


def test_a_change_of_role_ends_every_token(caller, person, rows):
    mine = caller.sign_in(person)
    company = create_organisation(rows)
    keeper = create_person(rows, Role.ADMINISTRATOR)
    accounts.change_role(
        rows, person, role=Role.COMPANY_AUTHOR, organisation=company, by=keeper.actor, at=BEGINNING
    )
    rows.commit()
    assert mine.get("/sessions/current").status_code == 401


@pytest.mark.parametrize("token", ["nonsense", "", "\u0000", "x" * 5000])
def test_an_unknown_token_is_refused_where_anyone_may_read(service, token):
    answer = Caller(service, token or " ").get("/pilots")
    assert problem(answer)["status"] == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_another_scheme_is_no_token(service, person, caller):
    token = caller.sign_in(person).token
    answer = caller.get("/sessions/current", headers={"Authorization": f"Basic {token}"})
    assert answer.status_code == 401


def test_an_ended_token_does_not_keep_one_from_signing_in_again(service, person):
    answer = Caller(service, "ended").post("/sessions", {"email": person.email, "password": PASSWORD})
    assert answer.status_code == 201


@pytest.mark.parametrize("email", ["nobody@example.org", None])
def test_wrong_password_and_unknown_person_are_told_alike(caller, person, email):
    answer = caller.post("/sessions", {"email": email or person.email, "password": "wrong, wrong, wrong"})
    assert problem(answer)["detail"] == "The e-mail address or the password is wrong."
    assert answer.status_code == 401


def test_guessing_is_throttled_and_told_until_when(caller, person):
    wrong = {"email": person.email, "password": "wrong, wrong, wrong"}
    for _ in range(MOST_FAILURES_PER_EMAIL):
        assert caller.post("/sessions", wrong).status_code == 401
    answer = caller.post("/sessions", wrong | {"password": PASSWORD})
    assert problem(answer)["status"] == 429
    assert answer.headers["Retry-After"] == str(15 * 60)


def test_pages_and_interface_share_the_throttle(caller, person, rows):
    for _ in range(MOST_FAILURES_PER_EMAIL):
        assert not accounts.sign_in(
            rows, email=person.email, password="wrong", address="10.0.0.1", at=BEGINNING, hours=1
        )
    rows.commit()
    assert caller.post("/sessions", {"email": person.email, "password": PASSWORD}).status_code == 429


def test_the_interface_knows_no_cookie(service, person, rows):
    browser = service.test_client()
    _, token = accounts.sign_in(
        rows, email=person.email, password=PASSWORD, address="10.0.0.1", at=BEGINNING, hours=1
    )
    rows.commit()
    with browser.session_transaction() as session:
        session["_user_id"] = token
        session["_fresh"] = True
    assert browser.get("/ledger").status_code == 200
    assert browser.get("/api/v1/sessions/current").status_code == 401


def test_pages_know_no_token(service, person, caller):
    token = caller.sign_in(person).token
    answer = service.test_client().get("/ledger", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email", "password"}),
        ({"email": "", "password": ""}, {"email", "password"}),
        ({"email": 7, "password": PASSWORD}, {"email"}),
        ({"email": "a", "password": PASSWORD, "role": "decider"}, {"role"}),
    ],
)
def test_what_is_missing_is_named(caller, body, fields):
    assert set(problem(caller.post("/sessions", body))["errors"]) == fields
