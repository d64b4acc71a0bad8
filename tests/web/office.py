"""A case and the browsers of the people around it, and what a refused form has to show."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser

from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from sandbox.app import Service
from sandbox.exemptions.models import Exemption
from sandbox.pilots.evaluations import evaluations_of
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
    run_id: int | None = None
    _browsers: dict[str, Visitor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if runs := evaluations_of(self.case.session, self.case.pilot):
            self.run_id = runs[0].id
        self.case.session.commit()

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


class _Form(HTMLParser):
    """Ids of a page, and what a browser would send of its form as it is shown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.values: MultiDict[str, str] = MultiDict()
        self._select = self._textarea = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if found.get("id"):
            self.ids.append(found["id"])
        if tag == "select":
            self._select = found["name"]
        elif tag == "option" and "selected" in found:
            self.values.setlist(self._select, [found["value"]])
        elif tag == "option" and self._select not in self.values:
            self.values.add(self._select, found["value"])
        elif tag == "textarea":
            self._textarea = found["name"]
            self.values.add(self._textarea, "")
        elif tag == "input" and (found.get("type") not in {"radio", "checkbox"} or "checked" in found):
            self.values.add(found["name"], found.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # A browser leaves out the line break after the opening tag.
            self.values[self._textarea] = self.values[self._textarea].removeprefix("\n")
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.values[self._textarea] += data


def ids(page: str) -> list[str]:
    """Every id on the page, in order."""
    return _Form(page).ids


def controls(page: str) -> MultiDict[str, str]:
    """What a browser sends of the one form in the main part of the page, unchanged."""
    main = page[page.index("<main") :]
    forms = [form for form in re.findall(r"<form.*?</form>", main, re.DOTALL) if 'class="form"' in form]
    assert len(forms) == 1
    return _Form(forms[0]).values


def wrong_fields(answer: TestResponse) -> set[str]:
    """The fields that the error summary links to; each link must lead somewhere on the page."""
    summary = re.search(
        r'<section class="notice notice-danger error-summary".*?</section>', answer.text, re.S
    )
    assert summary is not None, "the page has no error summary"
    links = re.findall(r'href="#([^"]+)"', summary[0])
    missing = set(links) - set(ids(answer.text))
    assert not missing, f"links into nothing: {sorted(missing)}"
    return {link.removeprefix("field-") for link in links}
