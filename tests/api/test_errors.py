"""Whatever goes wrong is a problem document, and never a page."""

from __future__ import annotations

import re

import pytest
from werkzeug.exceptions import RequestEntityTooLarge

from sandbox.access import RULES, anyone
from sandbox.app import LARGEST_REQUEST_BYTES
from tests.api.callers import PREFIX, Caller, problem
from tests.factories import CONSULTED, DRAFTED, FILED

JSON = "application/json"


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("GET", "/pilots/RS-2026-9999", {}, 404),
        ("GET", "/pilots/RS-2026-9999/evaluations/99999999999999999999", {}, 404),
        ("PATCH", "/pilots", {}, 405),
        ("POST", "/ledger/head", {}, 405),
        ("POST", "/pilots", {}, 401),
        ("GET", "/pilots?page_size=0", {}, 422),
        ("GET", "/pilots?filter=none", {}, 422),
        ("POST", "/sessions", {"data": "{", "content_type": JSON}, 400),
        ("POST", "/sessions", {"data": '{"email": NaN}', "content_type": JSON}, 400),
        ("POST", "/sessions", {"data": '{"email": "\\ud800"}', "content_type": JSON}, 400),
        ("POST", "/sessions", {"data": '{"email": "\\u0000"}', "content_type": JSON}, 400),
        ("POST", "/sessions", {"data": b"\xff", "content_type": JSON}, 400),
        ("POST", "/sessions", {"data": "[" * 40 + "]" * 40, "content_type": JSON}, 400),
        ("POST", "/sessions", {"data": "[" * 100_000, "content_type": JSON}, 400),
        ("POST", "/sessions", {"data": "email=a", "content_type": "application/x-www-form-urlencoded"}, 415),
        ("POST", "/sessions", {"data": "{}", "content_type": "text/plain"}, 415),
        ("POST", "/sessions", {"data": "[]", "content_type": JSON}, 422),
        ("POST", "/sessions", {}, 422),
    ],
)
def test_refusals_are_problems(caller, method, path, options, status):
    assert problem(caller.call(method, path, **options))["status"] == status


def test_what_is_too_large_is_not_read(caller):
    body = b'"' + b"x" * LARGEST_REQUEST_BYTES + b'"'
    answer = caller.post("/sessions", data=body, content_type=JSON)
    assert problem(answer)["status"] == RequestEntityTooLarge.code


def test_a_wrong_method_is_told_the_right_ones(caller):
    assert caller.call("PATCH", "/pilots").headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_a_broken_service_answers_without_telling_why(service, caller, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("sandbox.api.records.programmes_with_calls", broken)
    answer = caller.get("/programmes")
    assert problem(answer)["status"] == 500
    assert "secret" not in answer.text


def test_a_wrong_person_is_told_the_rule(office):
    case = office(CONSULTED)
    answer = case["other_decider"].post(f"{case.path}/refuse", {"reason": "No."})
    assert answer.status_code == 403
    assert problem(answer)["rule"] == "decider_who_neither_wrote_nor_reviewed"


def test_a_wrong_role_is_refused_at_the_door(office):
    case = office(FILED)
    answer = case["author"].post(f"{case.path}/refuse", {"reason": "No."})
    assert problem(answer)["status"] == 403


def test_a_wrong_moment_is_told_what_happened_meanwhile(office):
    case = office(FILED)
    answer = case["author"].post(f"{case.path}/send_to_city")
    body = problem(answer)
    assert (answer.status_code, body["state"]) == (409, "submitted")
    assert body["meanwhile"]["verb"] == "sign"
    assert body["meanwhile"]["by"] == case.case.people["signatory"].name


def test_a_missing_condition_is_named(office):
    case = office(FILED)
    case["reviewer"].post(f"{case.path}/consultation", {"ministries": [case.case.pilot.exemption.lead_id]})
    answer = case["reviewer"].post(f"{case.path}/close_consultation")
    assert (answer.status_code, problem(answer)["needs"]) == (409, "every_ministry_replied")


def test_a_refused_act_leaves_no_trace(office):
    case = office(DRAFTED)
    before = case["public"].read("/ledger/head")["number"]
    assert case["author"].post(f"{case.path}/withdraw", {"reason": " "}).status_code == 422
    # The author has signed in meanwhile; nothing else was written.
    assert case["public"].read("/ledger/head")["number"] == before + 1


@pytest.mark.parametrize(
    ("asked", "title"), [("ko-KR,ko;q=0.9", False), ("en", True), ("fr", True), (None, True)]
)
def test_sentences_are_in_the_language_asked_for(caller, asked, title):
    headers = {"Accept-Language": asked} if asked else {}
    detail = problem(caller.get("/pilots/RS-2026-9999", headers=headers))["detail"]
    assert (detail == "There is no such record.") is title


def test_complaints_are_in_the_language_asked_for(caller):
    answer = caller.post("/sessions", {}, headers={"Accept-Language": "ko"})
    assert problem(answer)["errors"]["email"] == ["필수 항목입니다. 값을 입력하십시오."]


def _guarded():
    return sorted(name for name, rule in RULES.items() if name.startswith("api-") and rule is not anyone)


@pytest.mark.parametrize("endpoint", _guarded())
def test_no_guarded_door_opens_without_a_token(doors, endpoint):
    (rule,) = doors.url_map.iter_rules(endpoint)
    (method,) = rule.methods - {"HEAD", "OPTIONS"}
    path = rule.rule.replace("<number>", "RS-2026-0001")
    path = re.sub(r"<int\(max=2147483647\):\w+>|<key:\w+>", "1", path)
    answer = Caller(doors).call(method, path)
    assert path.startswith(PREFIX)
    assert problem(answer)["status"] == 401
