"""Signing in and out, as a browser sees it: cookies, tokens, throttle, and where one is led."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from sqlalchemy import select

from sandbox.accounts import HOME_OF_ROLE, Role, SignIn
from sandbox.app import create_app
from sandbox.db import db
from sandbox.web.accounts import DESK_OF_ROLE
from tests.factories import PASSWORD, create_person
from tests.web.visitors import TOKEN, Clock, Visitor, remembering, said, stored

WRONG = "The e-mail address or the password is wrong."
NEW = "an even longer password"


@pytest.fixture
def clock(service):
    return Clock(service)


@pytest.fixture
def visitor(client, clock):
    return Visitor(client)


@pytest.fixture
def add(rows):
    """Somebody with an account, of whatever role."""

    def add(role):
        person = create_person(remembering(rows), role)
        rows.commit()
        return person

    return add


@pytest.fixture
def person(add):
    return add(Role.EVALUATOR)


def another_browser(service):
    client = service.test_client()
    with client.session_transaction() as session:
        session["language"] = "en"
    return Visitor(client)


def cookie_of(answer, name="sandbox"):
    cookies = SimpleCookie()
    for header in answer.headers.getlist("Set-Cookie"):
        cookies.load(header)
    return cookies[name]


# -- signing in --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_everyone_is_led_to_their_desk(visitor, add, role):
    answer = visitor.sign_in(add(role))
    assert answer.status_code == 303
    assert visitor.open(answer.location).status_code == 200


def test_every_role_has_a_desk():
    assert set(DESK_OF_ROLE) == set(HOME_OF_ROLE) == set(Role)


def test_the_page_says_who_is_signed_in(visitor, person):
    visitor.sign_in(person)
    assert f"{person.name} Evaluator · {person.organisation.name_en}" in visitor.read("/password")


def test_an_email_may_be_typed_in_capitals(visitor, person):
    visitor.sign_in(person.email.upper())
    assert visitor.is_signed_in


@pytest.mark.parametrize("email", ["nobody@example.org", None])
def test_a_wrong_answer_does_not_say_which_part_is_wrong(visitor, person, email):
    answer = visitor.sign_in(email or person.email, "not the password")
    assert answer.status_code == 422
    assert said(answer).count(WRONG) == 1
    assert not visitor.is_signed_in


def test_what_was_typed_is_kept_but_for_the_password(visitor, person):
    answer = visitor.sign_in(person, "not the password", next="/cases")
    assert f'value="{person.email}"' in answer.text
    assert 'value="/cases"' in answer.text
    assert "not the password" not in answer.text


def test_empty_fields_are_named(visitor):
    answer = visitor.sign_in("", "")
    assert answer.status_code == 422
    assert 'href="#field-email"' in answer.text
    assert 'href="#field-password"' in answer.text
    assert "Error: Sign in" in said(answer)


def test_whoever_is_signed_in_is_led_on_from_the_form(visitor, person):
    visitor.sign_in(person)
    answer = visitor.open("/sign-in")
    assert (answer.status_code, answer.location) == (302, "/evaluator")


# -- where one is led --------------------------------------------------------------------------


def test_a_closed_page_is_reached_after_signing_in(visitor, person):
    answer = visitor.open("/password")
    form = visitor.open(answer.location)
    wanted = re.search(r'name="next" value="([^"]*)"', form.text)[1]
    assert visitor.sign_in(person, next=wanted).location == "/password"


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "\\\\elsewhere.example/",
        "/\t/elsewhere.example/",
        " //elsewhere.example/",
        "javascript:alert(1)",
        "elsewhere.example",
        "http:/elsewhere.example",
    ],
)
def test_nobody_is_led_elsewhere(visitor, person, target):
    assert visitor.sign_in(person, next=target).location == "/"


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example/", ""])
def test_the_language_switch_leads_nowhere_else(visitor, target):
    assert visitor.client.get("/language/en", query_string={"next": target}).location == "/"


# -- the cookie --------------------------------------------------------------------------------


def test_the_cookie_is_for_this_site_and_not_for_scripts(visitor, person):
    cookie = cookie_of(visitor.sign_in(person))
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")


def test_over_https_the_cookie_goes_nowhere_else(service, person):
    service = create_app(replace(service.settings, https=True))
    client = service.test_client()
    answer = client.get("/sign-in", base_url="https://localhost")
    with service.app_context():
        db.engine.dispose()
    assert cookie_of(answer)["secure"] is True
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_a_session_planted_before_is_worth_nothing_after(visitor, service, person):
    """Session fixation: what the attacker put there is gone, the token too."""
    planted = TOKEN.search(visitor.open("/sign-in").text)[1]
    with visitor.client.session_transaction() as session:
        session["planted"] = "by somebody"
    visitor.sign_in(person)
    with visitor.client.session_transaction() as session:
        assert "planted" not in session
        assert session["language"] == "en"
    assert visitor.client.post("/sign-out", data={"csrf_token": planted}).status_code == 400


def test_a_second_sign_in_ends_the_first_of_this_browser(visitor, rows, add, person):
    visitor.sign_in(person)
    visitor.send("/sign-in", "/password", email=add(Role.AUDITOR).email, password=PASSWORD)
    ended = stored(rows, select(SignIn.ended_at).order_by(SignIn.id))
    assert [instant is not None for instant in ended] == [True, False]


def test_the_same_person_may_use_two_browsers(visitor, service, person):
    second = another_browser(service)
    visitor.sign_in(person)
    second.sign_in(person)
    assert (visitor.is_signed_in, second.is_signed_in) == (True, True)


def test_pages_of_signed_in_people_are_not_cached(visitor, person):
    visitor.sign_in(person)
    assert visitor.open("/password").headers["Cache-Control"] == "no-store"


# -- forms from elsewhere ----------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/password"])
@pytest.mark.parametrize("token", [None, "", "made up"])
def test_a_form_without_the_token_of_the_page_is_refused(visitor, person, path, token):
    visitor.sign_in(person)
    data = {"email": person.email, "password": PASSWORD, "old": PASSWORD, "new": NEW, "again": NEW}
    answer = visitor.client.post(path, data=data if token is None else data | {"csrf_token": token})
    assert answer.status_code == 400
    assert visitor.is_signed_in


# -- signing out, and what ends a sign-in --------------------------------------------------------


def test_signing_out_ends_it_on_the_server(visitor, service, person):
    visitor.sign_in(person)
    stolen = visitor.client.get_cookie("sandbox").value
    answer = visitor.send("/sign-out", "/password")
    assert (answer.status_code, answer.location) == (303, "/")
    thief = another_browser(service)
    thief.client.set_cookie("sandbox", stolen)
    assert not thief.is_signed_in


def test_signing_out_keeps_the_language(visitor, person):
    visitor.sign_in(person)
    visitor.send("/sign-out", "/password")
    assert "You are signed out." in visitor.read("/sign-in")


def test_a_sign_in_ends_with_its_hours(visitor, clock, person):
    visitor.sign_in(person)
    clock.tick(timedelta(hours=9, minutes=59))
    assert visitor.is_signed_in
    clock.tick(timedelta(minutes=1))
    assert not visitor.is_signed_in


def test_a_changed_password_signs_every_browser_out(visitor, service, person):
    second = another_browser(service)
    visitor.sign_in(person)
    second.sign_in(person)
    answer = visitor.send("/password", old=PASSWORD, new=NEW, again=NEW)
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert (visitor.is_signed_in, second.is_signed_in) == (False, False)
    second.sign_in(person, NEW)
    assert second.is_signed_in


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"old": "not the password"}, "old", "this is not the present password"),
        ({"old": ""}, "old", "Enter your present password."),
        ({"new": "short", "again": "short"}, "new", "at least 12 characters"),
        ({"again": "something different"}, "again", "The two new passwords differ."),
    ],
)
def test_a_refused_password_is_explained_at_its_field(visitor, person, changes, field, message):
    visitor.sign_in(person)
    answer = visitor.send("/password", **{"old": PASSWORD, "new": NEW, "again": NEW} | changes)
    assert answer.status_code == 422
    assert f'id="field-{field}-error"' in answer.text
    assert message in said(answer)
    assert visitor.is_signed_in


# -- the throttle ------------------------------------------------------------------------------


def guess(visitor, person, times):
    return [visitor.sign_in(person, "not the password").status_code for _ in range(times)]


def test_guessing_closes_the_email_for_a_quarter_of_an_hour(visitor, clock, person):
    assert guess(visitor, person, 6) == [422] * 6
    closed = visitor.sign_in(person)
    assert closed.status_code == 429
    assert "Try again after 2026-03-02 10:15" in said(closed)
    clock.tick(timedelta(minutes=15))
    assert visitor.sign_in(person).status_code == 303


def test_guessing_at_many_emails_closes_the_address(visitor, person):
    for number in range(30):
        visitor.sign_in(f"p{number}@example.org", "not the password")
    assert visitor.sign_in(person).status_code == 429


def test_guessing_the_present_password_is_throttled_too(visitor, person):
    visitor.sign_in(person)
    tries = [visitor.send("/password", old="guess", new=NEW, again=NEW).status_code for _ in range(7)]
    assert tries == [422] * 6 + [429]


# -- the language ------------------------------------------------------------------------------


def test_the_switch_keeps_the_page(visitor):
    answer = visitor.client.get("/language/ko", query_string={"next": "/programmes?year=2026"})
    assert answer.location == "/programmes?year=2026"
    assert '<html lang="ko">' in visitor.open("/programmes").text


def test_an_unknown_language_is_not_found(visitor):
    assert visitor.open("/language/tlh").status_code == 404


def test_without_a_choice_the_pages_are_korean(service):
    assert '<html lang="ko">' in service.test_client().get("/sign-in").text
