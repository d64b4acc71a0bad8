"""A case and the browsers of the people around it, and what a refused form has to show."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser

from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.test import TestResponse

from sandbox.app import Service
from sandbox.exemptions.models import Exemption
from sandbox.pilots.models import Pilot
from tests.factories import BEGINNING, Case
from tests.web.visitors import Visitor, stored

# After every act of a walked history, before any intervention begins.
LATER = BEGINNING + timedelta(days=60)


@dataclass
class Office:
    """`case` with a browser for each of its people, signed in when first asked for."""

    service: Service
    case: Case
    language: str = "en"
    _browsers: dict[str, Visitor] = field(default_factory=dict)

    @property
    def number(self) -> str:
        return str(self.case.pilot.number)

    def browser(self, who: str | None = None) -> Visitor:
        """The browser of `who` in the case; None is somebody who is not signed in."""
        # Whatever the test looked up must not keep a transaction open: on SQLite the service would wait.
        self.case.session.commit()
        if who not in self._browsers:
            client = self.service.test_client()
            with client.session_transaction() as session:
                session["language"] = self.language
            self._browsers[who] = Visitor(client)
            if who is not None:
                assert self._browsers[who].sign_in(self.case.people[who]).status_code == 303
        return self._browsers[who]

    def path(self, page: str) -> str:
        """`cases/{}/opinion` with the number of the case."""
        return "/" + page.format(self.number)

    def open(self, who: str | None, page: str) -> TestResponse:
        return self.browser(who).open(self.path(page))

    def read(self, who: str | None, page: str) -> str:
        return self.browser(who).read(self.path(page))

    def send(self, who: str, page: str, /, **values: object) -> TestResponse:
        """Post to `page`, with the token of a page that everybody has who is signed in."""
        return self.browser(who).send(self.path(page), "/password", **values)

    def move(self, who: str, kind: str, verb: str, **values: object) -> TestResponse:
        return self.send(who, f"cases/{{}}/moves/{kind}/{verb}", **values)

    def stored(self, query) -> list:
        return stored(self.case.session, query)

    @property
    def pilot(self) -> Pilot:
        """The pilot as it stands in the database now."""
        whole = joinedload(Pilot.exemption)
        query = select(Pilot).where(Pilot.id == self.case.pilot.id)
        parts = (Exemption.required_actions, Exemption.conditions)
        return self.stored(query.options(*(whole.selectinload(part) for part in parts)))[0]


class _Ids(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.add(str(found["id"]))


def wrong_fields(answer: TestResponse) -> set[str]:
    """The fields that the error summary links to; each link must lead somewhere on the page."""
    summary = re.search(
        r'<section class="notice notice-danger error-summary".*?</section>', answer.text, re.S
    )
    assert summary is not None, "the page has no error summary"
    links = re.findall(r'href="#([^"]+)"', summary[0])
    page = _Ids()
    page.feed(answer.text)
    assert set(links) <= page.ids, f"links into nothing: {sorted(set(links) - page.ids)}"
    return {link.removeprefix("field-") for link in links}
