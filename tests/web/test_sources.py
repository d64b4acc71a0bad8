"""Data sources on the page: their health, and a form that names the line of what it refuses."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from experiments.collection.description import CADENCES
from experiments.collection.models import DataSource, Dialect, Hub, Representation
from sandbox.accounts import Role
from sandbox.app import create_app
from sandbox.collection_health import Health
from sandbox.config import read_settings
from sandbox.web import durations, source_words
from tests.factories import (
    create_attempt,
    create_hub,
    create_metric,
    create_person,
    create_site,
    create_source,
)
from tests.web.visitors import Clock, Visitor, remembering, said, stored


@pytest.fixture
def clock(service):
    return Clock(service)


def site_of(rows):
    """A site whose city and territory are loaded, so that nothing has to be read after the commit."""
    site = create_site(remembering(rows))
    assert site.city.id
    assert site.territory.id
    rows.commit()
    return site


@pytest.fixture
def site(rows):
    return site_of(rows)


@pytest.fixture
def metric(rows):
    metric = create_metric(remembering(rows), code="bus_wait", unit="minutes")
    rows.commit()
    return metric


@pytest.fixture
def visit(rows, client, clock):
    """A browser in which somebody of this role is signed in."""

    def visit(role, organisation=None):
        person = create_person(remembering(rows), role, organisation)
        rows.commit()
        visitor = Visitor(client)
        visitor.sign_in(person)
        return visitor

    return visit


@pytest.fixture
def officer(visit, site):
    return visit(Role.CITY_DATA_OFFICER, site.city)


@pytest.fixture
def source(rows, site, metric):
    attributes = [{"attribute": "wait", "metric": metric.code, "unit": metric.unit, "cadence": "day"}]
    source = create_source(remembering(rows), site, name="Bus stops", attributes=attributes)
    rows.commit()
    return source


def typed(site, **changes):
    """What the form posts: a source of one metric on a new hub."""
    return {
        "hub": "",
        "new_hub.name": "Gaon hub",
        "new_hub.base_url": "https://hub.example.org",
        "new_hub.dialect": "etsi",
        "new_hub.zone": "Asia/Seoul",
        "territory": site.territory.code,
        "name": "Bus stops",
        "entity_type": "DistrictObserved",
        "representation": "temporal_values",
        "attributes": "wait = bus_wait, minutes, day",
        "entities": "urn:ngsi-ld:District:1 = D01\r\nurn:ngsi-ld:District:2 = D02\r\n",
        "starts_at": "2026-01-01T00:00",
        "interval_seconds": "15 min",
        "overlap_seconds": "7 d",
        "lag_seconds": "0",
        "window_seconds": "31 d",
        "page_size": "100",
    } | changes


def register(officer, site, **changes):
    return officer.send("/sources/new", **typed(site, **changes))


# -- registering -------------------------------------------------------------------------------


def test_a_registered_source_is_as_it_was_typed(officer, rows, site, metric):
    answer = register(officer, site)
    (source,) = stored(rows, select(DataSource))
    assert (answer.status_code, answer.location) == (303, f"/sources/{source.id}")
    lengths = (source.interval_seconds, source.overlap_seconds, source.window_seconds)
    assert lengths == (900, 7 * 86_400, 31 * 86_400)
    assert source.starts_at.isoformat() == "2025-12-31T15:00:00+00:00"
    page = officer.read(answer.location)
    assert "Bus stops Not read yet" in page
    assert "urn:ngsi-ld:District:2 District 2 D02" in page
    assert "minutes every day" in page


def test_a_hub_that_is_there_is_chosen(officer, rows, site, metric):
    create_hub(rows, name="Known hub")
    rows.commit()
    assert register(officer, site, hub="Known hub").status_code == 303
    assert stored(rows, select(Hub.name)) == ["Known hub"]


def test_blank_lines_of_a_pasted_list_do_not_count(officer, site, metric):
    entities = "\n\n urn:ngsi-ld:District:1 = D01 \n\nurn:x=y = D02\n"
    assert register(officer, site, entities=entities).status_code == 303


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Name: Missing data for required field."),
        ("territory", "", "Territory: Missing data for required field."),
        ("interval_seconds", "-5 min", "Interval between runs: Must lie between 1 s and 366 d."),
        (
            "interval_seconds",
            "often",
            "Interval between runs: Write a number and a unit, such as 15 min, 6 h or 7 d.",
        ),
        ("overlap_seconds", "-1 d", "Overlap: Must lie between 0 s and 3660 d."),
        ("window_seconds", "5 s", "Longest window: Must lie between 1 min and 36600 d."),
        ("page_size", "0", "Page size: Must lie between 1 and 10000."),
        ("page_size", "many", "Page size: Not a valid integer."),
        ("starts_at", "yesterday", "First reading: Write a day and a time, such as 2024-01-01T00:00."),
        ("starts_at", "1700-01-01T00:00", "First reading: Must be"),
        ("representation", "xml", "Representation: Choose one of"),
        ("new_hub.base_url", "ftp://hub.example.org", "Address: The scheme must be http or https, not ftp."),
        ("new_hub.base_url", "http://127.0.0.1:22", "Address: Port 22 is not allowed"),
        ("new_hub.zone", "Mars/Olympus", "Time zone: Unknown time zone Mars/Olympus."),
        ("new_hub.name", "", "Name of the hub: Missing data for required field."),
        ("hub", "no such hub", "Hub: unknown hub no such hub"),
        ("attributes", "", "Attributes: "),
        ("attributes", "wait", "Attributes: Line 1: write one equals sign between the two names"),
        ("attributes", "wait = none, minutes", "Attributes: Line 1: unknown metric none"),
        ("attributes", "wait = bus_wait@9, minutes", "Attributes: Line 1: unknown metric bus_wait version 9"),
        ("attributes", "wait = bus_wait, metres", "Line 1: the metric is in minutes, not in metres"),
        ("attributes", "wait = bus_wait", "Attributes: Line 1: Missing data for required field."),
        ("attributes", "3 = bus_wait, minutes", "Attributes: Line 1: Not an attribute name."),
        ("entities", "", "Entities: "),
        ("entities", "\nurn:1 = D01\n\nurn:2 = D99", "Entities: Line 4: unknown district D99"),
        ("entities", "urn:1 = D01\nurn:2", "Entities: Line 2: write one equals sign between the two names"),
        ("entities", "urn:1 = D01\n\nurn:1 = D02", "Entities: Line 3: urn:1 stands in line 1 already."),
        ("entities", "\n\nurn:1 = D01\nurn:2 = D01", "Entities: Line 4: D01 stands in line 3 already."),
        ("entities", "urn 1 = D01", "Line 1: 1 to 500 characters without blanks or controls."),
    ],
)
def test_what_is_refused_is_named_by_field_and_line(officer, rows, site, metric, field, value, message):
    answer = register(officer, site, **{field: value})
    assert answer.status_code == 422
    assert f'href="#field-{field.replace(".", "-")}"' in answer.text
    assert f"{message}" in said(answer)
    assert stored(rows, select(func.count()).select_from(Hub)) == [0]


def test_everything_that_is_wrong_is_said_at_once(officer, site, metric):
    wrong = {"interval_seconds": "often", "name": "", "entities": "urn:1"}
    answer = register(officer, site, **wrong)
    assert set(re.findall(r'href="#(field-[^"]+)"', answer.text)) == {
        "field-interval_seconds",
        "field-name",
        "field-entities",
    }


def test_what_is_wrong_with_a_new_hub_is_said_with_the_rest(officer, site, metric):
    hub = {"new_hub.base_url": "ftp://hub.example.org", "new_hub.zone": "Mars"}
    for wrong in ({"entities": "urn:1 = D99"}, {"interval_seconds": "often"}):
        answer = register(officer, site, **hub | wrong)
        found = set(re.findall(r'href="#(field-[^"]+)"', answer.text))
        assert found == {"field-new_hub-base_url", "field-new_hub-zone", f"field-{next(iter(wrong))}"}


def test_a_refused_form_keeps_what_was_typed(officer, site, metric):
    lines = "urn:1 = D01\nurn:2 = D99"
    page = register(officer, site, entities=lines, interval_seconds="6 h").text
    assert lines in page
    assert 'value="6 h"' in page
    assert 'value="https://hub.example.org"' in page


def test_nobody_registers_for_another_city(officer, rows, site, metric):
    assert register(officer, site_of(rows)).status_code == 403


def test_what_another_source_gives_is_refused_at_its_line(officer, site, source):
    answer = register(officer, site, name="Again")
    assert answer.status_code == 422
    assert "Line 2: the source Bus stops gives the same metric for this district" in said(answer)


# -- changing ----------------------------------------------------------------------------------


def form_of(source, **changes):
    return {
        "hub": source.hub.name,
        "territory": source.territory.code,
        "version": source.version,
        "name": source.name,
        "entity_type": source.entity_type,
        "representation": "temporal_values",
        "attributes": "wait = bus_wait@1, minutes, day",
        "entities": "urn:ngsi-ld:District:1 = D01",
        "starts_at": "2026-02-20T10:00",
        "interval_seconds": "1 h",
        "overlap_seconds": "7 d",
        "lag_seconds": "0 s",
        "window_seconds": "31 d",
        "page_size": "100",
    } | changes


def test_the_form_shows_what_is_there(officer, source):
    page = officer.open(f"/sources/{source.id}/edit").text
    assert "wait = bus_wait@1, minutes, day" in page
    assert "urn:ngsi-ld:District:1 = D01\nurn:ngsi-ld:District:2 = D02" in page
    assert 'value="7 d"' in page
    assert 'value="2026-02-20T10:00:00"' in page


def test_a_form_sent_back_as_it_came_changes_nothing(officer, rows, source):
    before = {name: getattr(source, name) for name in ("starts_at", "interval_seconds", "overlap_seconds")}
    entities = "urn:ngsi-ld:District:1 = D01\nurn:ngsi-ld:District:2 = D02"
    answer = officer.send(f"/sources/{source.id}/edit", **form_of(source, entities=entities))
    assert answer.status_code == 303
    (after,) = stored(rows, select(DataSource))
    assert {name: getattr(after, name) for name in before} == before


def test_a_source_is_changed(officer, source):
    answer = officer.send(
        f"/sources/{source.id}/edit", **form_of(source, name="Stops", interval_seconds="2 h")
    )
    assert answer.status_code == 303
    page = officer.read(f"/sources/{source.id}")
    assert "Stops" in page
    assert "every 2 h" in page
    assert "urn:ngsi-ld:District:2" not in page


def test_a_form_that_was_overtaken_is_not_saved(officer, source):
    form = form_of(source)
    officer.send(f"/sources/{source.id}/edit", **form)
    late = officer.send(f"/sources/{source.id}/edit", **form | {"name": "Late"})
    assert late.status_code == 409
    assert "Somebody changed this source since you opened the form." in said(late)


def test_a_refused_change_names_the_line(officer, source):
    answer = officer.send(f"/sources/{source.id}/edit", **form_of(source, entities="urn:1 = D99"))
    assert (answer.status_code, "Line 1: unknown district D99" in said(answer)) == (422, True)


def test_a_source_is_paused_and_resumed(officer, source):
    here = f"/sources/{source.id}"
    officer.send(f"{here}/pause", here)
    assert "Bus stops Paused" in officer.read(here)
    officer.send(f"{here}/resume", here)
    assert "Bus stops Not read yet" in officer.read(here)


def test_what_blocks_a_paused_source_is_said_once(officer, rows, site, source):
    here = f"/sources/{source.id}"
    officer.send(f"{here}/pause", here)
    assert register(officer, site, name="Again").status_code == 303
    answer = officer.send(f"{here}/resume", here)
    assert answer.status_code == 422
    assert said(answer).count("the source Again gives the same metric for this district") == 1
    assert stored(rows, select(DataSource.paused).where(DataSource.id == source.id)) == [True]


def test_a_run_is_asked_for(officer, rows, clock, source):
    clock.tick(timedelta(hours=5))
    officer.send(f"/sources/{source.id}/collect", f"/sources/{source.id}")
    assert stored(rows, select(DataSource.next_due_at)) == [clock.now]


def test_pausing_twice_says_why_not(officer, source):
    here = f"/sources/{source.id}"
    officer.send(f"{here}/pause", here)
    again = officer.send(f"{here}/pause", here)
    assert (again.status_code, "The source is paused." in said(again)) == (409, True)


# -- watching ----------------------------------------------------------------------------------


def test_the_list_shows_how_collection_is_doing(officer, source):
    what = f"Bus stops {source.hub.name} {source.territory.name_en} Not read yet"
    assert f"{what} – 2026-02-20 10:00 2026-03-02 10:00 0" in officer.read("/sources")


def test_a_failed_attempt_shows_its_reason_and_address(officer, rows, source):
    create_attempt(
        rows,
        source,
        status="failed",
        error="page 2, at $[3].wait: not a number: <b>",
        error_url="https://hub.example.org/ngsi-ld/v1/temporal/entities?offset=100",
    )
    rows.commit()
    answer = officer.open(f"/sources/{source.id}")
    assert "Failed" in said(answer)
    assert "Why: Page 2, at $[3].wait: not a number: <b> https://hub.example.org/ngsi-ld" in said(answer)
    assert "number: <b>" not in answer.text


def test_an_attempt_shows_its_window_its_counts_and_what_was_left_out(officer, rows, source):
    dropped = {"entity_not_mapped": {"count": 3, "first": "urn:ngsi-ld:District:9"}}
    counts = {"pages": 2, "hub_count": 25, "readings": 40, "inserted": 30, "revised": 4, "unchanged": 6}
    create_attempt(rows, source, dropped=dropped, **counts)
    rows.commit()
    page = officer.read(f"/sources/{source.id}")
    assert "Collected 2026-03-01 10:00 – 2026-03-02 10:00 2 25 40 30 4 6" in page
    assert "Left out: Entity without a district 3 (first: urn:ngsi-ld:District:9)" in page


@pytest.mark.parametrize("role", [Role.EVALUATOR, Role.AUDITOR])
def test_watchers_read_and_are_offered_nothing(visit, source, role):
    visitor = visit(role)
    assert "Bus stops" in visitor.read("/sources")
    page = visitor.open(f"/sources/{source.id}").text
    assert f'action="/sources/{source.id}' not in page
    assert "/edit" not in page


@pytest.mark.parametrize(("role", "is_led"), [(Role.EVALUATOR, False), (Role.AUDITOR, True)])
def test_only_the_auditor_among_watchers_is_led_to_files(visit, source, role, is_led):
    assert (f"/sources/{source.id}/uploads" in visit(role).open(f"/sources/{source.id}").text) == is_led


@pytest.mark.parametrize("role", [Role.EVALUATOR, Role.AUDITOR])
@pytest.mark.parametrize("act", ["edit", "pause", "resume", "collect"])
def test_watchers_change_nothing(visit, source, role, act):
    assert visit(role).send(f"/sources/{source.id}/{act}", "/password").status_code == 403


def test_another_citys_source_is_not_there(visit, rows, source):
    stranger = visit(Role.CITY_DATA_OFFICER, site_of(rows).city)
    assert "No source is registered" in stranger.read("/sources")
    assert stranger.open(f"/sources/{source.id}").status_code == 404
    assert stranger.open(f"/sources/{source.id}/edit").status_code == 404
    assert stranger.send(f"/sources/{source.id}/pause", "/password").status_code == 404


@pytest.mark.parametrize("role", [Role.COMPANY_AUTHOR, Role.CITY_REVIEWER, Role.ADMINISTRATOR])
def test_the_room_is_for_those_who_watch(visit, role):
    assert visit(role).open("/sources").status_code == 403


# -- words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (source_words.HEALTH, Health),
        (source_words.ADVICE, Health),
        (source_words.DIALECTS, Dialect),
        (source_words.REPRESENTATIONS, Representation),
        (source_words.CADENCES, CADENCES),
    ],
)
def test_every_code_has_words(words, codes):
    assert set(words) == set(codes)


# -- lengths of time ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90", 90),
        ("15 min", 900),
        ("15min", 900),
        ("6 H", 21_600),
        ("7 days", 604_800),
        ("2 w", 1_209_600),
        ("-5 min", -300),
        ("15 분", 900),
        ("7일", 604_800),
        ("3시간", 10_800),
        ("", None),
        ("min", None),
        ("1.5 h", None),
        ("5 fortnights", None),
        ("9" * 20, None),
    ],
)
def test_a_length_is_read(text, length):
    assert durations.seconds(text) == length


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("length", [0, 1, 59, 60, 90, 900, 3600, 5400, 86_400, 604_800, 31_622_400])
def test_a_length_that_is_shown_is_read_again(tmp_path, language, length):
    service = create_app(read_settings({"SANDBOX_VAR_DIR": str(tmp_path)}))
    with service.test_request_context("/"):
        from flask import session

        session["language"] = language
        assert durations.seconds(durations.shown(length)) == length


def test_a_source_is_set_aside_with_a_reason_and_counts_again(officer, source):
    here = f"/sources/{source.id}"
    refused = officer.send(f"{here}/set-aside", here, reason=" ")
    assert refused.status_code == 422
    assert "a reason is needed" in refused.text
    assert officer.send(f"{here}/set-aside", here, reason="It repeats the hub.").status_code == 303
    assert "It repeats the hub." in officer.read(here)
    assert officer.send(f"{here}/set-aside", here, reason="Again.").status_code == 409
    assert officer.send(f"{here}/count-again", here).status_code == 303
    assert "This source is set aside" not in officer.read(here)
    assert officer.send(f"{here}/count-again", here).status_code == 409


def test_a_source_that_is_sent_to_is_opened_on_its_page(officer, rows, site, metric):
    page = "/sources/pushed/new"
    described = {"name": "Stops", "territory": site.territory.code, "metrics": metric.code}
    district = site.territory.districts[0].code
    rows.commit()
    assert officer.send(page, page, **described).status_code == 422
    opened = officer.send(page, page, **described, districts=district, starts_on="2026-01-01")
    assert (opened.status_code, opened.location) == (303, "/sources/1/tokens")
    assert "Next run" not in officer.read("/sources/1")
