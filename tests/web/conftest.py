"""The service on a database of its own, with real commits, and a reader of its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from sandbox.accounts import Role
from sandbox.app import Service, create_app
from sandbox.config import read_settings
from sandbox.db import db, engine_for
from sandbox.programmes.models import Site
from tests.factories import History, create_case, create_person, create_site
from tests.web.office import LATER, Office
from tests.web.visitors import Clock, Visitor, remembering


@pytest.fixture
def service(committed_database: str, tmp_path: Path) -> Iterator[Service]:
    settings = read_settings(
        {
            "SANDBOX_DATABASE_URL": committed_database,
            "SANDBOX_VAR_DIR": str(tmp_path),
            "SANDBOX_SECRET_KEY": "of a test",
        }
    )
    service = create_app(settings)
    yield service
    with service.app_context():
        db.engine.dispose()


@pytest.fixture
def rows(committed_database: str) -> Iterator[Session]:
    """A session beside the service's own: what a test commits here, the pages show."""
    engine = engine_for(committed_database)
    with Session(engine) as session:
        yield session
    engine.dispose()


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
