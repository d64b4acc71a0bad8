"""A city's data officer in a browser: a hub, its test, a source tried before it is saved, and readings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from experiments.collection.models import Observation
from tests.journeys.conftest import DISTRICTS, STARTED_DAYS_AGO, Live
from tests.journeys.person import PATIENCE_MS, Person

pytestmark = pytest.mark.browser

SECRET = "correct horse battery"
DAYS_READ = 10 + STARTED_DAYS_AGO


def test_a_hub_is_set_up_tried_and_collected(page: Page, unconnected: Live) -> None:
    page.set_default_timeout(PATIENCE_MS)
    person = Person(page, unconnected)
    person.sign_in("data")

    person.go("/hubs")
    person.follow("Register a hub")
    person.fill(name="Testville hub", base_url="ftp://hub.example")
    person.press("Register the hub")
    person.sees("The scheme must be http or https, not ftp.")
    person.fill(base_url=unconnected.hub_url)
    person.choose("dialect", "city_data_hub")
    person.press("Register the hub")

    person.fill(path="/temporal/no-such-thing")
    person.press("Ask the hub")
    person.sees("The answer cannot be used")
    person.fill(
        path=f"/temporal/entities?type=DistrictObserved&limit=1&timerel=after&timeAt={day(unconnected)}"
    )
    person.press("Ask the hub")
    person.sees("The hub answers")
    person.sees("urn:ngsi-ld:District:01")
    person.is_not_hindered()

    person.page.get_by_role("link", name="Testville hub").click()
    person.follow("Set credentials")
    person.fill(name="X-Api-Key", secret=SECRET)
    person.press("Seal the credentials")
    person.sees("Key in a header: X-Api-Key")
    assert SECRET not in page.content()
    person.is_not_hindered()

    person.go("/sources/new")
    person.choose("hub", "Testville hub")
    describe(person, unconnected)
    person.press("Try it first")
    person.sees("Wait for a bus")
    person.sees("Without a reading: 1 of 12 districts.")
    person.is_not_hindered()
    person.fill(entities=entities(misspelt=False))
    person.press("Try it first")
    expect(page.locator("main")).not_to_contain_text("Without a reading")
    person.press("Register the source")

    wait_for_readings(person)
    expect(page.locator("main")).not_to_contain_text("Nothing was fetched yet")
    person.is_not_hindered()


def wait_for_readings(person: Person) -> None:
    """Every reading of every district, and nothing twice; then the page as it stands by now."""
    wanted = DISTRICTS * DAYS_READ
    for _ in range(PATIENCE_MS // 500):
        with person.live.sessions() as session:
            count = session.scalar(select(func.count()).select_from(Observation))
        if count == wanted:
            break
        person.page.wait_for_timeout(500)
    assert count == wanted
    person.page.reload()


def day(live: Live) -> str:
    return f"{live.first_day - timedelta(days=5)}T00:00:00Z"


def describe(person: Person, live: Live) -> None:
    """Daily waits in every district, in seconds, with one entity misspelt."""
    person.fill(
        name="waits",
        entity_type="DistrictObserved",
        attributes="wait = wait, minutes, day",
        entities=entities(misspelt=True),
        starts_at=f"{live.first_day - timedelta(days=10)}T00:00",
    )


def entities(*, misspelt: bool) -> str:
    names = [f"urn:ngsi-ld:District:{number:02d}" for number in range(1, DISTRICTS + 1)]
    if misspelt:
        names[4] = "urn:ngsi-ld:Distrct:05"
    return "\n".join(f"{name} = D{number:02d}" for number, name in enumerate(names, start=1))
