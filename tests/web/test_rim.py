"""What every answer has in common: who may write, which headers it carries, how a fault is told."""

from __future__ import annotations

import html
import re

import pytest
from flask import abort, session
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from experiments.errors import BrokenRecord, NotFound, Refused, WrongMoment
from sandbox import accounts
from sandbox.access import RULES, anyone
from sandbox.app import create_app
from sandbox.db import db
from sandbox.organisations import Organisation, OrganisationKind
from sandbox.web.navigation import navigation
from sandbox.web.rim import HEADERS, local_path
from tests.factories import FILED, create_organisation
from tests.web.visitors import Visitor, said

on_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest.fixture
def service(service):
    """One that has answered nothing yet, so that views can be added."""
    fresh = create_app(service.settings)
    yield fresh
    with fresh.app_context():
        db.engine.dispose()


@pytest.fixture
def serve(service, monkeypatch):
    """Put a view of the test behind an address, open to everybody."""
    number = iter(range(99))

    def serve(view, *methods):
        name = f"of-the-test-{next(number)}"
        monkeypatch.setitem(RULES, name, anyone)
        service.add_url_rule(f"/{name}", name, view, methods=methods or ["GET"])
        service.extensions["csrf"].exempt(view)
        return f"/{name}"

    return serve


def fails(error):
    def view():
        raise error

    return view


# -- reading never writes -----------------------------------------------------------------------------


def enter():
    create_organisation(db.session, OrganisationKind.CITY, name_en="Written")
    return "done"


def names(rows):
    found = list(rows.scalars(select(Organisation.name_en)))
    rows.commit()
    return found


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_never_writes(serve, client, rows, method):
    path = serve(enter, "GET", "HEAD", "OPTIONS")
    assert client.open(path, method=method).status_code == 500
    assert names(rows) == []


def test_writing_is_committed_once_the_view_ended_well(serve, client, rows):
    assert client.post(serve(enter, "POST")).status_code == 200
    assert names(rows) == ["Written"]


@pytest.mark.parametrize(
    "error", [WrongMoment("a.b", "draft"), Refused("a.b", "rule"), RuntimeError("no"), NotFound("pilot", 1)]
)
def test_of_a_refused_act_nothing_stays(serve, client, rows, error):
    def view():
        enter()
        raise error

    assert client.post(serve(view, "POST")).status_code >= 400
    assert names(rows) == []


def test_a_refused_form_is_not_committed_either(serve, client, rows):
    assert client.post(serve(lambda: (enter(), 422), "POST")).status_code == 422
    assert names(rows) == []


# -- forms from elsewhere -----------------------------------------------------------------------------


def doors(service, method):
    """An address of every page that takes `method`, with something in each place."""
    adapter = service.url_map.bind("localhost")
    for rule in service.url_map.iter_rules():
        if method in rule.methods and not rule.rule.startswith(("/api/", "/static")):
            filled = dict.fromkeys(rule.arguments, "1" if "key:" in rule.rule else "en")
            yield adapter.build(rule.endpoint, filled)


@on_sqlite
def test_every_form_needs_the_token_of_a_page(service, client):
    paths = list(doors(service, "POST"))
    assert len(paths) > 25
    assert {path: client.post(path).status_code for path in paths} == dict.fromkeys(paths, 400)


@on_sqlite
def test_a_token_of_another_browser_is_none(service, client, office):
    office = office(FILED)
    token = office.browser("author").open("/password").text.partition('name="csrf_token" value="')[2][:91]
    browser = office.browser("signatory").client
    answer = browser.post(f"/cases/{office.number}/moves/exemption/withdraw", data={"csrf_token": token})
    assert answer.status_code == 400


# -- headers ------------------------------------------------------------------------------------------


ANSWERS = [
    ("GET", "/", 200),
    ("HEAD", "/", 200),
    ("GET", "/programmes", 200),
    ("GET", "/company", 302),
    ("GET", "/nothing/here", 404),
    ("GET", "/pilots/RS-2026-9999", 404),
    ("POST", "/sign-in", 400),
    ("DELETE", "/", 405),
    ("GET", "/?page=x", 422),
    ("GET", "/static/css/tokens.css", 200),
    ("GET", "/static/nothing.css", 404),
    ("GET", "/api/v1/pilots", 200),
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/v1/pilots/RS-2026-9999/case", 401),
]


@on_sqlite
@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_carries_the_headers_that_protect_its_reader(client, method, path, status):
    with client.open(path, method=method) as answer:
        assert answer.status_code == status
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


@on_sqlite
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("a.b", "rule"), 403),
        (WrongMoment("a.b", "draft"), 409),
        (NotFound("pilot", 1), 404),
        (BrokenRecord("ledger row 7", "differs"), 500),
        (RuntimeError("the secret is 4711"), 500),
        (OperationalError("SELECT secret", {}, Exception("gone")), 500),
    ],
)
def test_errors_carry_them_too_and_tell_no_secret(serve, client, error, status):
    answer = client.get(serve(fails(error)))
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_the_policy_lets_nothing_in_from_elsewhere():
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


@on_sqlite
def test_what_is_cached_is_public(office):
    office = office(FILED)
    assert office.open("author", "company").headers["Cache-Control"] == "no-store"
    assert office.open("author", "cases/RS-2026-9999").headers["Cache-Control"] == "no-store"
    assert "no-store" not in office.open(None, "programmes").headers.get("Cache-Control", "")


# -- faults -------------------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 413, 422, 429, 500, 503])
def test_every_fault_is_told_in_the_readers_language(serve, service, status, language):
    client = service.test_client()
    with client.session_transaction() as chosen:
        chosen["language"] = language
    answer = client.get(serve(lambda: abort(status)))
    assert answer.status_code == status
    assert f'<html lang="{language}">' in answer.text
    assert "<h1" in answer.text


@on_sqlite
def test_a_fault_is_told_also_where_nobody_can_be_known(office, monkeypatch):
    """The database is gone: even asking who is signed in fails, and so must not be asked again."""
    office = office(FILED)
    browser = office.browser("author")
    gone = OperationalError("SELECT 1", {}, Exception("the server closed the connection"))
    monkeypatch.setattr(accounts, "person_of", lambda *_: (_ for _ in ()).throw(gone))
    answer = browser.open("/company")
    assert answer.status_code == 500
    assert "The fault is ours." in said(answer)
    assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


@on_sqlite
def test_a_wrong_method_is_told_the_right_ones(client):
    assert set(client.delete("/sign-in").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


@on_sqlite
def test_a_form_that_is_too_large_is_not_read(client):
    answer = client.post("/sign-in", data={"email": "x" * (8 * 1024 * 1024 + 1)})
    assert (answer.status_code, "This could not be accepted" in said(answer)) == (413, True)


@on_sqlite
@pytest.mark.parametrize("path", ["/%00", "/pilots/%ff%fe", "/cases/..%2f..%2fetc%2fpasswd", "/company/%0d"])
def test_a_strange_address_is_not_found(client, path):
    assert client.get(path).status_code in {302, 404}


@on_sqlite
@pytest.mark.parametrize("cookie", ["nonsense", "eyJfdXNlcl9pZCI6IjEifQ.x.y", "\u00e9"])
def test_a_forged_cookie_is_nobody(service, cookie):
    client = service.test_client()
    client.set_cookie("sandbox", cookie)
    assert client.get("/company").status_code == 302


# -- navigation and language --------------------------------------------------------------------------


OPEN = ("Pilots", "Programmes", "Regimes", "Law changes", "Gazette", "Annual report")
CASES = ("Cases", "How conditions are kept", "Rapid confirmation", "Committee")
DATA = ("Data sources", "Data hubs", "Alerts about data", "Districts")


@on_sqlite
@pytest.mark.parametrize(
    ("who", "rooms"),
    [
        (None, []),
        ("author", ["My pilots", "Rapid confirmation", "Due dates", "Inbox", "Our people"]),
        ("decider", [*CASES, "Due dates", "Inbox"]),
        ("evaluator", ["Evaluations", "Inbox", *DATA]),
        ("auditor", [*CASES, "Evaluations", "Due dates", "Inbox", *DATA, "Ledger"]),
        ("administrator", ["Committee", "Inbox", "Data hubs", "People", "Holidays", "E-mails"]),
    ],
)
def test_everyone_sees_the_rooms_that_they_may_enter(office, who, rooms):
    office = office()
    actor = office.case.actor(who) if who else None
    with office.service.test_request_context("/programmes"):
        session["language"] = "en"
        found = navigation(actor)
    assert [label for _, label, _ in found] == [*OPEN, *rooms]
    assert [label for _, label, is_here in found if is_here] == ["Programmes"]


@on_sqlite
@pytest.mark.parametrize("path", ["/", "/programmes", "/?q=shuttle&page=1"])
def test_the_switch_on_every_page_leads_back_to_it(client, path):
    page = Visitor(client).open(path).text
    switch = html.unescape(re.search(r'href="(/language/ko[^"]*)"', page)[1])
    assert client.get(switch).location == path


@on_sqlite
def test_after_a_refused_form_the_switch_leads_to_a_page_that_can_be_read(office):
    office = office(FILED)
    answer = office.send("author", "company/pilots/new")
    assert 'href="/language/ko?next=/"' in answer.text


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/cases/RS-2026-0001?x=1", "/cases/RS-2026-0001?x=1"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("/\t/elsewhere.example", "/"),
        ("/\t\\elsewhere.example", "/"),
        ("/\n\\elsewhere.example", "/"),
        ("\x00//elsewhere.example", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
@on_sqlite
def test_nobody_is_led_elsewhere(service, target, path):
    with service.test_request_context():
        assert local_path(target) == path
