"""Callers of the interface: they send JSON, a token where they have one, and never a cookie."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from sandbox.accounts import Person
from sandbox.app import Service
from tests.factories import PASSWORD, Case

PREFIX = "/api/v1"
PROBLEM = "application/problem+json"


class Caller:
    """One program with at most one token."""

    def __init__(self, service: Service, token: str | None = None) -> None:
        self.service = service
        self.client = service.test_client(use_cookies=False)
        self.token = token

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        """Send `body` as JSON to `path` (under the interface's prefix unless it starts with it)."""
        headers = dict(options.pop("headers", {}))
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            options["json"] = body
        address = path if path.startswith(PREFIX) else PREFIX + path
        return self.client.open(address, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("POST", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("PUT", path, body, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.call("DELETE", path, **options)

    def read(self, path: str, **options: Any) -> Any:
        """The data at `path`, which must be there."""
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json

    def sign_in(self, person: Person, password: str = PASSWORD) -> Caller:
        """A caller with a token of this person."""
        answer = self.post("/sessions", {"email": person.email, "password": password})
        assert answer.status_code == 201, answer.text
        return Caller(self.service, answer.json["token"])


class Office:
    """A stored case, and its people at the interface an hour after its last step."""

    def __init__(self, service: Service, case: Case) -> None:
        self.service = service
        self.case = case
        self._callers: dict[str, Caller] = {}
        self.tick()

    def tick(self) -> None:
        """Move the service's clock an hour past the case's last step."""
        now = self.case.at + timedelta(hours=1)
        self.service.clock = lambda: now

    @property
    def path(self) -> str:
        return f"/pilots/{self.case.pilot.number}"

    def __getitem__(self, who: str) -> Caller:
        """The caller who is `who` to the case (`author`, `decider` ...); `public` has no token."""
        if who == "public":
            return Caller(self.service)
        if who not in self._callers:
            self._callers[who] = Caller(self.service).sign_in(self.case.people[who])
        return self._callers[who]

    def verbs(self, who: str) -> dict[str, dict[str, Any]]:
        """What the interface says that `who` may do now, by `kind.verb`."""
        links = self[who].read(self.path)["transitions"]
        return {f"{link['kind']}.{link['verb']}": link for link in links if not link["needs"]}

    def follow(self, who: str, verb: str, body: Any = None, **options: Any) -> TestResponse:
        """Do `verb` at the address that the interface names for it."""
        link = self.verbs(who)[verb]
        return self[who].call(link["method"], link["href"], body, **options)


def problem(answer: TestResponse) -> dict[str, Any]:
    """The problem document of an answer, checked for its form."""
    assert answer.mimetype == PROBLEM, (answer.status, answer.mimetype, answer.text[:200])
    body = answer.json
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == answer.status_code
    assert "<" not in body["detail"]
    return body
