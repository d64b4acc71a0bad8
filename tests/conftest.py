"""What every test can ask for: databases of both kinds, and a browser that stays at home.

`session`             in a transaction that is rolled back; commits inside become savepoints
`engine`              the engine under it, for SQL that needs no session
`committed_database`  the address of a database of its own, for threads, processes and real commits
`service`             the pages and the interface on a database without rows, where commits are real

Each of them runs its test on SQLite and on PostgreSQL. SANDBOX_TEST_DATABASE_URL points at a
PostgreSQL server other than the one that comes with the test environment; its user must be allowed
to create databases.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from sandbox import db
from sandbox.app import Service, create_app, utc_now
from sandbox.config import Settings, read_settings
from tests import postgresql
from tests.databases import Databases, PostgresqlDatabases, SqliteDatabases

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_databases(run_folder: Path) -> Iterator[Databases]:
    given = os.environ.get("SANDBOX_TEST_DATABASE_URL")
    url = given or postgresql.server(run_folder)
    # Read as the service reads it, so that the two know the same addresses.
    settings = read_settings({"SANDBOX_DATABASE_URL": url, "SANDBOX_SECRET_KEY": "unused"})
    databases = PostgresqlDatabases(settings.database_url)
    yield databases
    databases.close()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    return request.getfixturevalue(f"{request.param}_databases")


@pytest.fixture(scope="session")
def database_url(databases: Databases) -> Iterator[str]:
    """The address of the database under `engine`; nothing is ever committed there."""
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    engine = db.engine_for(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()


@pytest.fixture
def committed_database(databases: Databases) -> Iterator[str]:
    """Whoever opens an engine on it may leave it open: all that connect during the test are closed."""
    url = databases.create()
    used: set[Engine] = set()

    def note(connection: Connection) -> None:
        used.add(connection.engine)

    event.listen(Engine, "engine_connect", note)
    yield url
    event.remove(Engine, "engine_connect", note)
    for engine in used:
        engine.dispose()
    databases.drop(url)


@pytest.fixture(scope="session")
def standing(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, made once: that and its templates take longer than most tests of its pages."""
    url = databases.create()
    service = create_app(_settings_of_a_test(url, tmp_path_factory.mktemp("standing")))
    yield service
    with service.app_context():
        db.db.engine.dispose()
    databases.drop(url)


@pytest.fixture
def service(databases: Databases, standing: Service, tmp_path: Path) -> Service:
    """The service on a database without rows, where commits are real, with a folder of its own."""
    url = standing.settings.database_url
    with standing.app_context():
        db.db.engine.dispose()
    databases.renew(url)
    standing.settings = _settings_of_a_test(url, tmp_path)
    standing.clock = utc_now
    return standing


@pytest.fixture
def served_engine(service: Service) -> Engine:
    """The engine of `service`, for what a test reads and writes beside it."""
    with service.app_context():
        return db.db.engine


def _settings_of_a_test(url: str, folder: Path) -> Settings:
    return read_settings(
        {
            "SANDBOX_DATABASE_URL": url,
            "SANDBOX_VAR_DIR": str(folder),
            "SANDBOX_SECRET_KEY": "of a test",
        }
    )


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's browser; without it a test is skipped, and under CI it fails."""
    for name in CHROMIUM_NAMES:
        if path := shutil.which(name):
            return path
    reason = "no Chromium on this machine (Debian: apt-get install chromium)"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium: str) -> dict[str, Any]:
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    # Chromium's own sandbox refuses to run as root, which containers usually are.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": [*browser_type_launch_args.get("args", []), *quiet, *as_root, "--disable-gpu"],
    }


@pytest.fixture
def context(context: Any) -> Iterator[Any]:
    """A browser context in which a request to anywhere but this machine fails the test."""
    strangers: list[str] = []

    def watch(request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.hostname != "127.0.0.1":
            strangers.append(request.url)

    context.on("request", watch)
    yield context
    assert strangers == []
