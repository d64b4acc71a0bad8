"""The service on a database of its own, and people and programs that speak to its interface."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from sandbox.app import Service, create_app
from sandbox.config import read_settings
from tests.api.callers import Caller, Office
from tests.factories import Case, History, create_case


@pytest.fixture(scope="session")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The service without a database, for what is answered before anything is read."""
    return create_app(read_settings({"SANDBOX_VAR_DIR": str(tmp_path_factory.mktemp("doors"))}))


@pytest.fixture
def rows(served_engine: Engine) -> Iterator[Session]:
    """A session beside the service's own; what it holds stays readable after a commit."""
    with Session(served_engine, expire_on_commit=False) as session:
        yield session


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
