"""People at a browser: they open pages, fill in forms with the page's own token, and sign in."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import Select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from sandbox.accounts import Person
from sandbox.app import Service
from tests.factories import BEGINNING, PASSWORD

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Clock:
    """The service's clock, which stands still until a test moves it."""

    def __init__(self, service: Service) -> None:
        self.now: datetime = BEGINNING
        service.clock = lambda: self.now

    def tick(self, step: timedelta) -> None:
        self.now += step


class Visitor:
    """One browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def open(self, path: str) -> TestResponse:
        return self.client.get(path)

    def read(self, path: str) -> str:
        """The text of a page that opens, as a reader sees it."""
        answer = self.open(path)
        assert answer.status_code == 200, answer.status
        return said(answer)

    def send(self, path: str, form: str | None = None, /, **values: object) -> TestResponse:
        """Post `values` to `path`, with the token of the page `form` that the form stands on."""
        token = TOKEN.search(self.open(form or path).text)
        assert token is not None, "the page has no form"
        return self.client.post(path, data=values | {"csrf_token": token[1]})

    def sign_in(self, person: Person | str, password: str = PASSWORD, **values: str) -> TestResponse:
        email = person if isinstance(person, str) else person.email
        return self.send("/sign-in", email=email, password=password, **values)

    @property
    def is_signed_in(self) -> bool:
        """Whether the service knows this browser at its next request."""
        return self.open("/password").status_code == 200


def remembering(rows: Session) -> Session:
    """`rows` with subjects that stay readable after a commit.

    Reading them anew would begin a transaction beside the service, which on SQLite keeps it waiting.
    """
    rows.expire_on_commit = False
    return rows


def stored(rows: Session, query: Select) -> list:
    """What stands in the database now; no transaction stays open."""
    found = list(rows.scalars(query.execution_options(populate_existing=True)))
    rows.commit()
    return found


def said(answer: TestResponse) -> str:
    """The words of a page: its text without tags, blanks run together."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())
