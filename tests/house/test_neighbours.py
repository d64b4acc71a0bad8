"""No route gives a neighbour another company's drafts, comments or files, or lets them act on its case.

Every route that the service has is tried, whichever part it came with, by people who have a full case of
their own, with the keys of a case that is none of theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sandbox.app import Service
from sandbox.comments import writing
from sandbox.pilots import registration
from sandbox.tables import metadata
from tests.factories import (
    CONSULTING,
    PASSWORD,
    REGIME,
    Case,
    application_values,
    create_case,
    pilot_values,
)
from tests.web.office import LATER
from tests.web.visitors import TOKEN, Clock, Visitor, remembering

MARK = "FOR-ITS-PARTIES-ALONE"
WITHIN = "WITHIN-THE-OFFICE-ALONE"
NEIGHBOURS = ("author", "signatory", "city_reviewer", "data_officer", "evaluator", None)
NAMES_SOMETHING = re.compile(r"/(RS-|\d+(/|$))")
CLOSED = {301, 302, 303, 401, 403, 404, 405, 409, 410, 415, 422, 429}
PNG = b"\x89PNG\r\n\x1a\n" + MARK.encode()

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@dataclass
class Street:
    """A full case and a draft of one company, and everybody around a case next door."""

    service: Service
    session: Session
    case: Case
    draft: Case
    next_door: Case

    def browser(self, person: Any) -> Visitor:
        browser = Visitor(self.service.test_client())
        if person is not None:
            assert browser.sign_in(person).status_code == 303
        return browser

    def bearer(self, person: Any) -> dict[str, str]:
        if person is None:
            return {}
        sent = {"email": person.email, "password": PASSWORD}
        answer = self.service.test_client().post("/api/v1/sessions", json=sent)
        return {"Authorization": f"Bearer {answer.json['token']}"}

    def key(self, argument: str) -> int:
        """The newest key of the table that an argument of an address is named after."""
        table = metadata.tables.get(argument.removesuffix("_id"))
        known = table is not None and "id" in table.columns
        return (self.session.scalar(select(func.max(table.c.id))) if known else None) or 1


@pytest.fixture
def street(service, served_engine):
    with Session(served_engine) as session:
        yield build(service, remembering(session))


def build(service: Service, session: Session) -> Street:
    """The three cases, with marks on what is not public."""
    Clock(service).now = LATER
    next_door = create_case(session, CONSULTING)
    case = create_case(session, CONSULTING)
    draft = Case(session, case.site, case.people, case.primary, case.guardrail)
    draft.pilot = registration.register(
        session,
        site=case.site,
        evaluator=case.pilot.evaluator,
        lead=case.pilot.exemption.lead,
        regime_id=REGIME,
        values=pilot_values(),
        application_values=application_values(),
        by=case.actor("author"),
        at=case.tick(),
    )
    for each in (case, draft):
        exemption = each.pilot.exemption
        exemption.contents = {name: f"{MARK} {text}" for name, text in exemption.contents.items()}
    case.pilot.exemption.local_opinion = MARK
    for action in case.pilot.exemption.required_actions:
        action.text = action.answer = MARK
    for who, audience, text in (("author", "parties", MARK), ("reviewer", "office", WITHIN)):
        act = {"by": case.actor(who), "at": case.tick()}
        writing.write(session, case.pilot, text=text, audience=audience, **act)
    session.commit()
    street = Street(service, session, case, draft, next_door)
    browser = street.browser(case.people["author"])
    token = TOKEN.search(browser.open("/password").text)[1]
    for each in (case, draft):
        sent = {"csrf_token": token, "kind": "other", "file": (BytesIO(PNG), f"{MARK}.png")}
        browser.client.post(f"/cases/{each.pilot.number}/files", data=sent)
    session.commit()
    return street


def addresses(street: Street) -> list[tuple[str, str, str]]:
    """(method, endpoint, address) of every route, with the keys of the case and of the draft."""
    found = []
    for case in (street.case, street.draft):
        with street.service.test_request_context():
            adapter = street.service.create_url_adapter(None) or street.service.url_map.bind("localhost")
            for rule in street.service.url_map.iter_rules():
                if rule.endpoint == "static":
                    continue
                arguments = {
                    name: _argument(street, case, name, rule._converters.get(name)) for name in rule.arguments
                }
                address = adapter.build(rule.endpoint, arguments, method=min(rule.methods - {"OPTIONS"}))
                methods = sorted(rule.methods - {"HEAD", "OPTIONS"})
                found += [(method, rule.endpoint, address) for method in methods]
    street.session.commit()  # on SQLite a transaction left open would keep the service waiting
    return sorted(set(found))


def _argument(street: Street, case: Case, name: str, converter: Any) -> Any:
    if type(converter).__name__ in ("KeyConverter", "IntegerConverter"):
        return street.key(name)
    if type(converter).__name__ == "AnyConverter":
        return next(iter(converter.items))
    known = {"number": str(case.pilot.number), "kind": "exemption", "verb": "withdraw", "language": "en"}
    return known.get(name, "x")


def test_the_parties_themselves_do_read_what_is_marked(street):
    """Otherwise the marks stand nowhere, and nothing below can fail."""
    author = street.browser(street.case.people["author"])
    with_marks = {
        address
        for method, _endpoint, address in addresses(street)
        if method == "GET"
        and address.startswith(("/cases", "/company/pilots"))
        and MARK.encode() in author.open(address).data
    }
    assert {
        f"/cases/{street.case.pilot.number}",
        f"/company/pilots/{street.draft.pilot.number}",
    } <= with_marks
    assert f"/cases/{street.case.pilot.number}/comments" in with_marks
    assert len(with_marks) >= 6
    reviewer = street.browser(street.case.people["reviewer"])
    assert WITHIN in reviewer.open(f"/cases/{street.case.pilot.number}/comments").text


def test_no_neighbour_reads_or_moves_anything_by_any_route(street):
    wrong = []
    for who in NEIGHBOURS:
        person = street.next_door.people[who] if who else None
        browser, bearer = street.browser(person), street.bearer(person)
        page = browser.open("/password").text if who else browser.open("/sign-in").text
        token = TOKEN.search(page)[1]
        for method, endpoint, address in addresses(street):
            # Drafts are a company's; for all others they are one more case, and one is enough.
            is_far = str(street.draft.pilot.number) in address and who != "author"
            names_nothing = method != "GET" and not NAMES_SOMETHING.search(address)
            if endpoint in OWN_SESSION or is_far or names_nothing:
                continue
            is_api = address.startswith("/api")
            sent: dict[str, Any] = {"headers": bearer} if is_api else {}
            if method != "GET":
                sent |= (
                    {"json": {"reason": "Because."}}
                    if is_api
                    else {"data": {"csrf_token": token, "reason": "Because."}}
                )
            answer = browser.client.open(address, method=method, **sent)
            leaks = MARK.encode() in answer.data or WITHIN.encode() in answer.data
            if leaks or answer.status_code >= 500 or _moved(method, address, street, answer):
                wrong.append((who, method, address, answer.status_code))
    assert wrong == []


# Their own sign-in is theirs to end and to change.
OWN_SESSION = {"accounts.sign_out", "accounts.sign_in", "accounts.password", "api-sessions.end"}


def _moved(method: str, address: str, street: Street, answer: Any) -> bool:
    """Whether a neighbour's act on one of the cases went through, or did anything but lead away."""
    named = any(f"/{case.pilot.number}" in address for case in (street.case, street.draft))
    if method == "GET" or not named:
        return False
    leads_away = answer.status_code in (302, 303) and "/sign-in" in answer.headers.get("Location", "")
    return not leads_away and answer.status_code not in CLOSED - {301, 302, 303}


def test_other_offices_that_read_the_file_read_no_office_s_own_comments_and_no_draft(street):
    number = street.case.pilot.number
    browser = street.browser(street.next_door.people["reviewer"])
    for method, _endpoint, address in addresses(street):
        if method == "GET" and address.startswith("/cases"):
            answer = browser.open(address)
            assert WITHIN.encode() not in answer.data, address
            assert MARK.encode() not in answer.data or str(number) in address, address
