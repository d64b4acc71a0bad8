"""The service on a database of its own, and people and programs that speak to its interface."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from sandbox.app import Service, create_app
from sandbox.config import read_settings
from sandbox.db import db, engine_for
from tests.api.callers import Caller, Office
from tests.factories import Case, History, create_case


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


@pytest.fixture(scope="session")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The service without a database, for what is answered before anything is read."""
    return create_app(read_settings({"SANDBOX_VAR_DIR": str(tmp_path_factory.mktemp("doors"))}))


@pytest.fixture
def rows(committed_database: str) -> Iterator[Session]:
    """A session beside the service's own; what it holds stays readable after a commit."""
    engine = engine_for(committed_database)
    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()


@pytest.fixture
def caller(service: Service) -> Caller:
    """Somebody without a token."""
    return Caller(service)


@pytest.fixture
def office(service: Service, rows: Session) -> Callable[..., Office]:
    """Make a case with `history` and hand out its people as callers."""

    def make(history: History = (), **changes: object) -> Office:
        case: Case = create_case(rows, history, **changes)
        rows.commit()
        return Office(service, case)

    return make
