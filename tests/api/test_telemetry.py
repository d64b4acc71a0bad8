"""A company sends its own readings: one pilot, its metrics, its districts, by tokens that it keeps."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import sessionmaker

from experiments.collection.engine import collect_due
from experiments.collection.models import CollectionAttempt, DataSource, Observation, Series
from experiments.collection.settings import CollectionSettings
from experiments.errors import Invalid, Refused, WrongMoment
from sandbox import collection_desk, collection_health, hub_desk
from sandbox.collection_health import Health
from sandbox.ledger import LedgerEntry
from sandbox.pilots import telemetry
from tests.api.callers import Caller
from tests.conditions.bound import create_running
from tests.factories import GRANTED, RUNNING, create_case, create_source, finish


@pytest.fixture
def case(rows, service):
    case = create_case(rows, RUNNING)
    service.clock = lambda: case.at
    rows.commit()
    return case


def opened(case, **changes):
    codes = changes.pop("codes", [case.primary.code])
    source = telemetry.open_telemetry(
        case.session,
        case.pilot,
        codes=codes,
        cadence="day",
        by=changes.pop("by", case.actor("author")),
        at=case.tick(),
    )
    case.session.commit()
    return source


def ours(case):
    """Series of the company's own source, apart from those of the city's baseline."""
    mine = select(telemetry.PilotSource.source_id).where(telemetry.PilotSource.pilot_id == case.pilot.id)
    return Series.source_id.in_(mine)


def secret_of(case):
    made = telemetry.make_token(
        case.session, case.pilot, label="Depot", days=30, by=case.actor("author"), at=case.tick()
    )
    case.session.commit()
    return made


@pytest.fixture
def sender(case, service):
    opened(case)
    return Caller(service, secret_of(case))


def reading(case, **changes):
    return {
        "entity": "D01",
        "attribute": case.primary.code,
        "observed_at": "2026-03-01T10:00:00+09:00",
        "value": 5.0,
    } | changes


def send(sender, *readings, path="/observations"):
    return sender.post(path, {"readings": list(readings)})


def test_a_reading_reaches_the_district_without_any_hub(sender, case):
    answer = send(sender, reading(case))
    assert (answer.status_code, answer.json["inserted"]) == (201, 1)
    (series,) = case.session.scalars(
        select(Series).join(Observation, Observation.series_id == Series.id).where(ours(case))
    )
    assert (series.district.code, series.metric.code) == ("D01", case.primary.code)


def test_a_strange_metric_and_a_strange_district_are_named_by_row(sender, case):
    answer = send(
        sender, reading(case), reading(case, entity="D05"), reading(case, attribute=case.guardrail.code)
    )
    assert answer.status_code == 422
    assert answer.json["errors"] == {
        "readings.1.entity": ["unknown entity D05"],
        "readings.2.attribute": [f"unknown attribute {case.guardrail.code}"],
    }
    found = select(Observation).join(Series, Series.id == Observation.series_id).where(ours(case))
    assert case.session.scalars(found).all() == []


def test_another_pilot_is_refused_by_name(sender, case):
    answer = send(sender, reading(case), path="/observations?pilot=RS-2020-0001")
    assert answer.status_code == 422
    assert answer.json["errors"] == {"pilot": ["This token does not open the pilot RS-2020-0001."]}
    assert send(sender, reading(case), path=f"/observations?pilot={case.pilot.number}").status_code == 201


def test_a_renewed_token_works_beside_its_successor_for_a_week(sender, case, service):
    author = case.actor("author")
    new = telemetry.rotate_token(case.session, case.pilot, 1, by=author, at=case.tick())
    case.session.commit()
    successor = Caller(service, new)
    assert send(sender, reading(case)).status_code == send(successor, reading(case)).status_code == 201
    case.at += timedelta(days=8)
    assert (send(sender, reading(case)).status_code, send(successor, reading(case)).status_code) == (401, 201)


def test_a_revoked_token_opens_nothing_and_its_last_use_stays_visible(sender, case):
    send(sender, reading(case))
    telemetry.revoke_token(case.session, case.pilot, 1, by=case.actor("signatory"), at=case.tick())
    case.session.commit()
    assert send(sender, reading(case)).status_code == 401
    (token,) = telemetry.page(case.session, case.pilot, by=case.actor("author")).tokens
    assert token.last_used_at is not None
    assert token.revoked_at is not None


def test_nothing_is_taken_once_the_pilot_is_over(sender, case):
    case.walk((finish,))
    case.session.commit()
    assert send(sender, reading(case)).status_code == 409
    (attempt,) = telemetry.page(case.session, case.pilot, by=case.actor("author")).attempts
    assert (attempt.status, attempt.error) == ("failed", f"not taken: {case.pilot.status}")


def test_only_the_people_of_the_company_keep_it(session):
    case = create_case(session, RUNNING)
    for who in ("other_author", "data_officer", "evaluator"):
        with pytest.raises(Refused):
            opened(case, by=case.actor(who))


def test_it_is_opened_once_for_metrics_of_the_locked_plan(session):
    with pytest.raises(WrongMoment):
        opened(create_case(session, GRANTED))
    case = create_case(session, RUNNING)
    for codes in ([], ["of-nobody"]):
        with pytest.raises(Invalid) as refusal:
            opened(case, codes=codes)
        assert set(refusal.value.errors) == {"metrics"}
    opened(case)
    with pytest.raises(WrongMoment):
        opened(case)


def test_what_shows_that_a_condition_is_kept_is_sent_by_the_company(session):
    case, duty = create_running(session)
    source = opened(case, codes=[duty.terms.metric.code])
    assert [each.metric.code for each in source.attributes] == [duty.terms.metric.code]


def test_what_a_hub_gives_cannot_be_sent_as_well(session):
    case = create_case(session, RUNNING)
    attributes = [{"attribute": "wait", "metric": case.primary.code, "unit": case.primary.unit}]
    create_source(session, case.site, attributes=attributes)
    with pytest.raises(Invalid) as refusal:
        opened(case)
    assert "gives the same metric" in refusal.value.errors["metrics"][0]


def test_what_a_hub_gave_cannot_be_sent_while_it_is_paused(session):
    case = create_case(session, RUNNING)
    attributes = [{"attribute": "wait", "metric": case.primary.code, "unit": case.primary.unit}]
    source = create_source(session, case.site, attributes=attributes)
    collection_desk.pause(session, source, by=case.actor("data_officer"), at=case.tick())
    with pytest.raises(Invalid) as refusal:
        opened(case)
    assert "gives the same metric" in refusal.value.errors["metrics"][0]


def test_it_takes_what_the_plan_compares_with_and_nothing_earlier(sender, case):
    first = date.fromisoformat(case.pilot.experiment.plan.contents()["window"]["baseline_from"])
    before = first - timedelta(days=1)
    told = send(
        sender,
        reading(case, observed_at=f"{first}T00:00:00+09:00"),
        reading(case, observed_at=f"{before}T23:59:59+09:00"),
    ).json
    assert (told["inserted"], told["left_out"]) == (1, 1)


def line_of_ours(case, officer, at):
    (source,) = case.session.scalars(
        select(telemetry.PilotSource.source_id).where(telemetry.PilotSource.pilot_id == case.pilot.id)
    )
    (line,) = [
        each for each in collection_health.lines(case.session, officer, at) if each.source.id == source
    ]
    return line


def test_the_city_sees_and_pauses_it_and_nobody_is_asked(sender, case):
    officer, at = case.actor("data_officer"), case.tick()
    line = line_of_ours(case, officer, at)
    assert line.health == Health.WAITING
    assert line.source.hub_id not in {each.hub.id for each in hub_desk.lines(case.session, officer)}
    with pytest.raises(WrongMoment):
        collection_desk.collect_now(case.session, line.source, by=officer, at=at)
    collection_desk.pause(case.session, line.source, by=officer, at=at)
    case.session.commit()
    assert send(sender, reading(case)).status_code == 409
    collection_desk.resume(case.session, line.source, by=officer, at=case.tick())
    case.session.commit()
    case.session.execute(update(DataSource).where(DataSource.id != line.source.id).values(paused=True))
    case.session.commit()
    sessions = sessionmaker(case.session.get_bind())
    assert collect_due(sessions, case.at, holder="test", settings=CollectionSettings()) == []
    attempts = select(CollectionAttempt.way).where(CollectionAttempt.source_id == line.source.id)
    assert case.session.scalars(attempts).all() == ["push"]
    assert line_of_ours(case, officer, case.at).health == Health.REFUSED


def test_every_act_stands_in_the_ledger_without_the_secret(session):
    case = create_case(session, RUNNING)
    opened(case)
    secret = secret_of(case)
    rows = session.scalars(select(LedgerEntry).where(LedgerEntry.act.like("pilot.%token%"))).all()
    acts = session.scalars(select(LedgerEntry.act).where(LedgerEntry.act == "pilot.open_telemetry")).all()
    assert ([row.act for row in rows], acts) == (["pilot.make_token"], ["pilot.open_telemetry"])
    assert secret not in str([row.details for row in rows])
