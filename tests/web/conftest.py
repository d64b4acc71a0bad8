"""The service on a database of its own, with real commits, and a reader of its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from sandbox.accounts import Role
from sandbox.app import Service
from sandbox.programmes.models import Site
from tests.factories import History, create_case, create_person, create_site
from tests.web.office import LATER, Office
from tests.web.visitors import Clock, Visitor, remembering


@pytest.fixture
def rows(served_engine: Engine) -> Iterator[Session]:
    """A session beside the service's own: what a test commits here, the pages show."""
    with Session(served_engine) as session:
        yield session


@pytest.fixture
def client(service: Service) -> FlaskClient:
    """Somebody who reads English and is not signed in."""
    client = service.test_client()
    with client.session_transaction() as session:
        session["language"] = "en"
    return client


@pytest.fixture
def office(service: Service, rows: Session) -> Callable[..., Office]:
    """Make a case with `history` and hand out the browsers of its people, who read English."""

    def make(history: History = (), *, language: str = "en", **changes: object) -> Office:
        Clock(service).now = LATER
        case = create_case(remembering(rows), history, **changes)
        return Office(service, case, language)

    return make


@pytest.fixture
def site(rows: Session) -> Site:
    """A city's site, stored."""
    site = create_site(remembering(rows))
    assert site.city.id
    rows.commit()
    return site


@pytest.fixture
def officer(rows: Session, client: FlaskClient, service: Service, site: Site) -> Visitor:
    """The browser of the site's city data officer, signed in."""
    Clock(service)
    person = create_person(rows, Role.CITY_DATA_OFFICER, site.city)
    rows.commit()
    visitor = Visitor(client)
    visitor.sign_in(person)
    return visitor
