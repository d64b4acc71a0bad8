"""A running service with a scheduler and a playback hub, on a database of its own."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.hubs import register_hub
from experiments.collection.sources import register_source
from experiments.lifecycle import Actor
from sandbox.accounts import Person, Role
from sandbox.app import utc_now
from sandbox.committee import seats
from sandbox.config import Settings
from sandbox.db import sessions_for
from sandbox.demo.dataset import DataSet
from sandbox.demo.playback import PlaybackHub
from sandbox.executors import WorkerProcesses
from sandbox.organisations import OrganisationKind
from sandbox.regimes import regime
from sandbox.scheduler import start_background
from sandbox.serving import work_of
from tests import factories
from tests.live import serving

DISTRICTS = 12
DAYS = 150
STARTED_DAYS_AGO = 60
WAIT_MINUTES, TRUE_EFFECT = 10.0, -2.0


class RunningClock:
    """A clock that runs as the wall's does, so long behind it."""

    def __init__(self, behind: timedelta) -> None:
        self.behind = behind

    def __call__(self) -> datetime:
        return utc_now() - self.behind

    def catch_up(self) -> None:
        self.behind = timedelta(0)


@dataclass(frozen=True)
class Live:
    """The service's address, its database, the hub's address, the first day of the intervention, and the
    clock of them all."""

    url: str
    hub_url: str
    sessions: sessionmaker[Session]
    first_day: date
    clock: RunningClock


@pytest.fixture
def live(committed_database: str, tmp_path: Path) -> Iterator[Live]:
    """With a source that reads the hub, on the eve of the intervention."""
    clock = RunningClock(timedelta(days=STARTED_DAYS_AGO + 1))
    with running(committed_database, tmp_path, connect, clock) as service:
        yield service


@pytest.fixture
def unconnected(committed_database: str, tmp_path: Path) -> Iterator[Live]:
    """With a hub that nobody has registered."""
    with running(committed_database, tmp_path, lambda *_: None, RunningClock(timedelta(0))) as service:
        yield service


@contextmanager
def running(
    database: str,
    tmp_path: Path,
    connected: Callable[[Session, str, date, datetime], None],
    clock: RunningClock,
) -> Iterator[Live]:
    settings = Settings(
        database,
        "a secret for tests",
        tmp_path,
        private_hubs=("127.0.0.1:*",),
        credential_keys=(base64.urlsafe_b64encode(bytes(32)).decode(),),
        demonstration=True,
    )
    sessions = sessions_for(database)
    first_day = utc_now().date() - timedelta(days=STARTED_DAYS_AGO)
    with PlaybackHub([readings(first_day)], dialect="city_data_hub", clock=clock) as hub:
        with sessions.begin() as session:
            furnish(session)
            connected(session, hub.base_url, first_day, clock())
        with WorkerProcesses(1) as executor, serving(settings, clock=clock) as url:
            work = work_of(settings, executor, clock=clock)
            heartbeat = start_background(work, seconds=0.3)
            yield Live(url, hub.base_url, sessions, first_day, clock)
            heartbeat.stop()
    for each in (sessions, work.session_factory):
        each.kw["bind"].dispose()


def readings(first_day: date) -> DataSet:
    """Daily waits and conflicts in twelve districts; the first two wait less from `first_day` on."""
    rng = np.random.default_rng(7)
    begin = first_day - timedelta(days=DAYS - STARTED_DAYS_AGO)
    entities = {}
    for number in range(1, DISTRICTS + 1):
        level = WAIT_MINUTES + rng.normal(0, 1)
        series = []
        conflicts = []
        for day in range(DAYS):
            today = begin + timedelta(days=day)
            at = datetime.combine(today, time(), UTC) + timedelta(hours=3)
            treated = number <= 2 and today >= first_day
            series.append((at, round(level + rng.normal(0, 0.5) + treated * TRUE_EFFECT, 2), at))
            conflicts.append((at, float(rng.poisson(20)), at))
        entities[f"urn:ngsi-ld:District:{number:02d}"] = {"wait": series, "conflicts": conflicts}
    return DataSet.of("DistrictObserved", entities)


PEOPLE: dict[str, tuple[Role, OrganisationKind, str]] = {
    "author": (Role.COMPANY_AUTHOR, OrganisationKind.COMPANY, "company"),
    "signatory": (Role.COMPANY_SIGNATORY, OrganisationKind.COMPANY, "company"),
    "city": (Role.CITY_REVIEWER, OrganisationKind.CITY, "city"),
    "data": (Role.CITY_DATA_OFFICER, OrganisationKind.CITY, "city"),
    "ministry": (Role.MINISTRY_REVIEWER, OrganisationKind.MINISTRY, "ministry"),
    "police": (Role.MINISTRY_REVIEWER, OrganisationKind.MINISTRY, "police"),
    "decider": (Role.DECIDER, OrganisationKind.MINISTRY, "ministry"),
    "second": (Role.DECIDER, OrganisationKind.MINISTRY, "ministry"),
    "secretary": (Role.SECRETARIAT, OrganisationKind.AGENCY, "agency"),
    "member": (Role.COMMITTEE_MEMBER, OrganisationKind.COMMITTEE, "committee"),
    "evaluator": (Role.EVALUATOR, OrganisationKind.INSTITUTE, "institute"),
}


def furnish(session: Session) -> None:
    """Offices, people, one site and two metrics; no case."""
    offices: dict[str, object] = {}
    for key, (role, kind, office) in PEOPLE.items():
        if office not in offices:
            offices[office] = factories.create_organisation(
                session, kind, name_ko=f"{office} 기관", name_en=f"The {office}"
            )
        person = factories.create_person(
            session, role, offices[office], email=f"{key}@example.org", name=key.title()
        )
        if role == Role.COMMITTEE_MEMBER:
            sit(session, person)
    territory = factories.create_territory(session, size=DISTRICTS, code="testville", name_en="Testville")
    factories.create_site(session, city=offices["city"], territory=territory)
    for code, name in (("wait", "Wait for a bus"), ("conflicts", "Conflicts with pedestrians")):
        factories.create_metric(session, code=code, name_en=name, name_ko=name)


def sit(session: Session, person: Person) -> None:
    """Give the committee its one member."""
    seats.appoint(
        session,
        regime(factories.REGIME),
        person=person,
        affiliation=None,
        is_chair=True,
        from_on=date(2025, 1, 1),
        until_on=None,
        by=Actor(None, "The service", "service"),
        at=utc_now(),
    )


def connect(session: Session, base_url: str, first_day: date, at: datetime) -> None:
    """A hub, and a source that reads all of it."""
    hub = register_hub(
        session,
        {"name": "hub", "base_url": base_url, "dialect": "city_data_hub", "zone": "Asia/Seoul"},
        private_hubs=("127.0.0.1:*",),
    )
    begin = datetime.combine(first_day, time(), UTC) - timedelta(days=DAYS - STARTED_DAYS_AGO)
    register_source(
        session,
        {
            "hub": hub.name,
            "territory": "testville",
            "name": "daily",
            "entity_type": "DistrictObserved",
            "interval_seconds": 3600,
            "starts_at": begin.isoformat(),
            "attributes": [
                {"attribute": code, "metric": code, "unit": "minutes"} for code in ("wait", "conflicts")
            ],
            "entities": [
                {"entity": f"urn:ngsi-ld:District:{number:02d}", "district": f"D{number:02d}"}
                for number in range(1, DISTRICTS + 1)
            ],
        },
        at=at,
    )
