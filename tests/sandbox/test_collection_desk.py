"""Keeping data sources: the own city's alone, every act in the ledger, nothing half done."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from experiments.collection import ingest
from experiments.collection.connectors.readings import Reading
from experiments.collection.models import DataSource, Hub, Observation, Series, Way, to_microseconds
from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from sandbox import collection_desk, collection_health
from sandbox.accounts import Role
from sandbox.collection_health import Health
from sandbox.ledger import LedgerEntry
from tests.factories import (
    BEGINNING,
    create_attempt,
    create_person,
    create_site,
    create_source,
    hub_values,
    source_values,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def site(session):
    return create_site(session)


@pytest.fixture
def officer(session, site):
    return create_person(session, Role.CITY_DATA_OFFICER, site.city).actor


@pytest.fixture
def stranger(session):
    """The data officer of another city."""
    return create_person(session, Role.CITY_DATA_OFFICER, create_site(session).city).actor


@pytest.fixture
def source(session, site):
    return create_source(session, site)


def register(session, site, by, *, new_hub=None, **changes):
    values = source_values(session, site, **changes)
    return collection_desk.register(session, values, new_hub=new_hub, by=by, at=BEGINNING)


def edit(session, source, by, **changes):
    values = source_values(session, create_site(session)) | collection_desk.facts(source)
    attribute = source.attributes[0]
    values["attributes"] = [
        {"attribute": "wait", "metric": attribute.metric.code, "unit": attribute.metric.unit}
    ]
    values["entities"] = [{"entity": e.entity, "district": e.district.code} for e in source.entities]
    seen = changes.pop("seen_version", source.version)
    collection_desk.edit(session, source, values | changes, seen_version=seen, by=by, at=BEGINNING)


def pause(session, source, by):
    collection_desk.pause(session, source, by=by, at=BEGINNING)


def resume(session, source, by):
    collection_desk.resume(session, source, by=by, at=BEGINNING)


def collect_now(session, source, by):
    collection_desk.collect_now(session, source, by=by, at=BEGINNING)


def acts(session):
    return session.scalars(select(LedgerEntry.act).order_by(LedgerEntry.number)).all()


def count(session, table):
    return session.scalar(select(func.count()).select_from(table))


# -- acts --------------------------------------------------------------------------------------


def test_every_act_stands_in_the_ledger(session, site, officer):
    source = register(session, site, officer)
    edit(session, source, officer, interval_seconds=60)
    for act in (pause, resume, collect_now):
        act(session, source, officer)
    assert acts(session) == [f"source.{v}" for v in ("register", "edit", "pause", "resume", "collect")]


def test_an_edit_says_what_it_was_before(session, source, officer):
    edit(session, source, officer, interval_seconds=60)
    details = json.loads(session.scalars(select(LedgerEntry.details)).one())
    assert (details["before"]["interval_seconds"], details["after"]["interval_seconds"]) == (3600, 60)


def test_a_changed_mapping_changes_its_digest(session, source, officer):
    before = collection_desk.facts(source)["entities"]
    edit(session, source, officer, entities=[{"entity": "urn:ngsi-ld:District:2", "district": "D01"}])
    after = collection_desk.facts(source)["entities"]
    assert (before["count"], after["count"]) == (2, 1)
    assert before["sha256"] != after["sha256"]


@pytest.mark.parametrize("act", [edit, pause, resume, collect_now])
def test_another_citys_data_officer_may_not(session, source, stranger, act):
    with pytest.raises(Refused):
        act(session, source, stranger)
    assert acts(session) == []


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CITY_DATA_OFFICER])
def test_only_data_officers_keep_sources(session, site, source, role):
    home = {"organisation": site.city} if role == Role.CITY_REVIEWER else {}
    by = create_person(session, role, **home).actor
    for act in (edit, pause, resume, collect_now):
        with pytest.raises(Refused):
            act(session, source, by)


def test_nobody_registers_for_another_city(session, site, stranger):
    with pytest.raises(Refused):
        register(session, site, stranger)


def test_an_edit_over_somebody_elses_is_refused(session, source, officer):
    seen = source.version
    edit(session, source, officer, interval_seconds=60)
    with pytest.raises(WrongMoment) as refusal:
        edit(session, source, officer, interval_seconds=90, seen_version=seen)
    assert refusal.value.needs == "source_as_it_was_read"
    assert source.interval_seconds == 60


def test_a_refused_edit_changes_nothing(session, source, officer):
    before = collection_desk.facts(source)
    with pytest.raises(Invalid):
        edit(session, source, officer, interval_seconds=-1)
    assert (collection_desk.facts(source), acts(session)) == (before, [])


def test_a_paused_source_is_not_paused_again_nor_collected(session, source, officer):
    pause(session, source, officer)
    for act in (pause, collect_now):
        with pytest.raises(WrongMoment):
            act(session, source, officer)


def test_a_source_that_is_collected_is_not_resumed(session, source, officer):
    with pytest.raises(WrongMoment):
        resume(session, source, officer)


# -- a source on a new hub ---------------------------------------------------------------------


def test_a_hub_and_its_source_are_registered_together(session, site, officer):
    source = register(session, site, officer, hub="", new_hub=hub_values(name="Gaon hub"))
    assert source.hub.name == "Gaon hub"
    assert acts(session) == ["hub.register", "source.register"]


def test_a_source_that_is_refused_leaves_no_hub(session, site, officer):
    with pytest.raises(Invalid):
        register(session, site, officer, hub="", new_hub=hub_values(), interval_seconds=-1)
    assert (count(session, Hub), count(session, DataSource), acts(session)) == (0, 0, [])


def test_faults_of_hub_and_source_are_named_at_once(session, site, officer):
    new_hub = hub_values(base_url="ftp://hub.example.org")
    with pytest.raises(Invalid) as refusal:
        register(session, site, officer, hub="", new_hub=new_hub, interval_seconds=-1)
    assert set(refusal.value.errors) == {"new_hub.base_url", "interval_seconds"}


def test_an_address_inside_needs_the_operators_permission(session, site, officer):
    values = source_values(session, site, hub="")
    new_hub = hub_values(base_url="http://127.0.0.1:9911")
    with pytest.raises(Invalid):
        collection_desk.register(session, values, new_hub=new_hub, by=officer, at=BEGINNING)
    made = collection_desk.register(
        session, values, new_hub=new_hub, private_hubs=("127.0.0.1:9911",), by=officer, at=BEGINNING
    )
    assert made.hub.base_url == "http://127.0.0.1:9911"


# -- watching ----------------------------------------------------------------------------------


@pytest.fixture
def evaluator(session):
    return create_person(session, Role.EVALUATOR).actor


@pytest.mark.parametrize(
    ("facts", "attempted", "health"),
    [
        ({}, False, Health.WAITING),
        ({"watermark": BEGINNING}, True, Health.HEALTHY),
        ({"watermark": BEGINNING - 2 * HOUR}, True, Health.HEALTHY),
        ({"watermark": BEGINNING - 3 * HOUR}, True, Health.CATCHING_UP),
        ({"watermark": BEGINNING - 3 * HOUR, "lag_seconds": 3600}, True, Health.HEALTHY),
        ({"next_due_at": BEGINNING - 10 * HOUR}, True, Health.OVERDUE),
        ({"failures": 1}, True, Health.FAILING),
        ({"failures": 1, "next_due_at": BEGINNING - 10 * HOUR}, True, Health.FAILING),
        ({"failures": 1, "paused": True}, True, Health.PAUSED),
    ],
)
def test_what_stands_out_about_a_source(session, source, evaluator, facts, attempted, health):
    if attempted:
        create_attempt(session, source)
    for name, value in facts.items():
        setattr(source, name, value)
    session.flush()
    assert collection_health.page(session, source, evaluator, BEGINNING).health == health


@pytest.mark.parametrize(
    ("facts", "health"),
    [
        ({"readings": 9, "quarantined": 9}, Health.QUARANTINED),
        ({"readings": 9, "quarantined": 8, "unchanged": 1}, Health.HEALTHY),
        ({"dropped": {"entity_absent": {"count": 2, "first": "urn:1"}}}, Health.ABSENT),
        ({"dropped": {"entity_absent": {"count": 1, "first": "urn:1"}}}, Health.HEALTHY),
    ],
)
def test_a_source_of_which_nothing_is_stored_is_not_healthy(session, source, evaluator, facts, health):
    create_attempt(session, source, **facts)
    source.watermark = BEGINNING
    session.flush()
    assert len(source.entities) == 2
    assert collection_health.page(session, source, evaluator, BEGINNING).health == health


def test_readings_that_wait_in_quarantine_are_counted(session, source, evaluator):
    readings = [Reading("urn:ngsi-ld:District:1", "wait", to_microseconds(BEGINNING), "x")]
    done = ingest.receive(session, source, readings, way=Way.PUSH, holder="a person", at=BEGINNING)
    assert done.quarantined == 1
    (line,) = collection_health.lines(session, evaluator, BEGINNING)
    assert (line.waiting, collection_health.page(session, source, evaluator, BEGINNING).waiting) == (1, 1)


def test_a_source_that_somebody_collects_right_now_is_not_overdue(session, source, evaluator):
    create_attempt(session, source)
    source.next_due_at = BEGINNING - 10 * HOUR
    source.lease_holder, source.claimed_at, source.lease_until = "w", BEGINNING, BEGINNING + HOUR
    session.flush()
    assert collection_health.page(session, source, evaluator, BEGINNING).health == Health.CATCHING_UP


def test_a_list_shows_the_latest_attempt(session, source, evaluator):
    create_attempt(session, source)
    newest = create_attempt(session, source)
    (line,) = collection_health.lines(session, evaluator, BEGINNING)
    assert (line.source, line.latest) == (source, newest)


def test_a_city_watches_its_own_sources(session, site, source, officer, stranger):
    other = create_source(session)
    assert [line.source for line in collection_health.lines(session, officer, BEGINNING)] == [source]
    assert collection_health.lines(session, stranger, BEGINNING) == []
    for hidden in (source, other):
        with pytest.raises(NotFound):
            collection_health.find(session, hidden.id, stranger)


@pytest.mark.parametrize("role", [Role.EVALUATOR, Role.AUDITOR])
def test_evaluators_and_auditors_watch_all(session, source, role):
    other = create_source(session)
    actor = create_person(session, role).actor
    lines = collection_health.lines(session, actor, BEGINNING)
    assert {line.source for line in lines} == {source, other}


def test_others_watch_nothing(session, source):
    actor = create_person(session, Role.COMPANY_AUTHOR).actor
    assert collection_health.lines(session, actor, BEGINNING) == []


def test_series_without_any_reading_are_counted(session, source, evaluator):
    heard = session.scalars(select(Series).where(Series.source_id == source.id)).first()
    attempt = create_attempt(session, source)
    session.add(
        Observation(series_id=heard.id, observed_at=0, value=1.0, received_at=0, attempt_id=attempt.id)
    )
    session.flush()
    page = collection_health.page(session, source, evaluator, BEGINNING)
    assert (page.silent_series, page.series) == (1, 2)
