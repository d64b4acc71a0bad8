"""Data health on the page, alerts, and readings in quarantine before the data officer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import insert, select

from experiments.collection.intake import Doubt
from experiments.collection.models import Observation, QuarantinedReading, Series, Verdict, to_microseconds
from experiments.collection.quality import Trouble
from experiments.collection.quality_models import HealthAlert
from experiments.periods import PeriodKind
from sandbox import data_health
from sandbox.accounts import Role
from sandbox.ledger import LedgerEntry
from sandbox.web import health_words, quarantine_words
from tests.factories import BEGINNING, create_attempt, create_source
from tests.web.test_sources import clock, metric, site, visit  # noqa: F401 - fixtures
from tests.web.visitors import remembering, stored

NOW = BEGINNING + timedelta(days=40)


@pytest.fixture
def source(rows, site, metric, clock):  # noqa: F811
    """Forty days of readings in two districts; the second lost a week and ends in a stuck sensor."""
    attributes = [{"attribute": "wait", "metric": metric.code, "unit": metric.unit, "cadence": "day"}]
    source = create_source(remembering(rows), site, name="Bus stops", attributes=attributes)
    attempt = create_attempt(rows, source, window_end=NOW, finished_at=NOW)
    series = rows.scalars(select(Series).where(Series.source_id == source.id).order_by(Series.id)).all()
    for place, each in enumerate(series):
        days = [day for day in range(40) if not (place and 10 <= day < 17)]
        rows.execute(
            insert(Observation),
            [
                {
                    "series_id": each.id,
                    "observed_at": to_microseconds(datetime(2026, 3, 2, 3, tzinfo=UTC) + timedelta(days=day)),
                    "value": 5.0 if place and day >= 25 else 5 + (day * 7 % 11) / 10,
                    "received_at": to_microseconds(NOW),
                    "revision": 0,
                    "attempt_id": attempt.id,
                }
                for day in days
            ],
        )
    source.watermark, source.next_due_at = NOW, NOW + timedelta(hours=1)
    rows.commit()
    clock.now = NOW
    return source


@pytest.fixture
def officer(visit, site, source):  # noqa: F811
    """Signed in when the forty days have passed."""
    return visit(Role.CITY_DATA_OFFICER, site.city)


def test_a_calendar_is_called_by_its_periods(service):
    with service.test_request_context(), force_locale("en"):
        titles = [health_words.calendar_title(each, "Wait") for each in PeriodKind]
        assert titles == [f"Readings by {each}: Wait" for each in PeriodKind]


def look(rows, now=NOW):
    looked = data_health.look_after(rows, now)
    rows.commit()
    return looked


def open_alerts(rows):
    return {each.trouble: each for each in stored(rows, select(HealthAlert)) if each.closed_at is None}


# -- the page ----------------------------------------------------------------------------------


def test_the_page_shows_what_stands_out_in_each_series(officer, source):
    page = officer.read(f"/sources/{source.id}/health")
    assert "Gaps" in page
    assert "Stuck at one value" in page
    assert "Healthy" in page


def test_the_page_is_read_in_korean_too(officer, source):
    officer.open("/language/ko")
    assert "수집률(%)" in officer.read(f"/sources/{source.id}/health")


def test_series_in_which_nothing_stands_out_are_folded_away(officer, source):
    page = officer.open(f"/sources/{source.id}/health").text
    table, folded = page.split("<details>\n<summary>Series in which nothing stands out: 1")
    assert "Series in which something stands out" in table
    assert folded.count('<th scope="row">') >= 1


def test_the_calendar_has_a_table_under_it(officer, source):
    page = officer.open(f"/sources/{source.id}/health").text
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in page
    assert "Numbers of this chart" in page


def test_a_change_of_a_device_is_recorded_and_shown(officer, rows, source):
    page = f"/sources/{source.id}/health"
    values = {"changed_at": "2026-03-20T09:00", "district": "D02", "description": "New counter."}
    assert officer.send(f"/sources/{source.id}/device-changes", page, **values).status_code == 303
    assert "2026-03-20 09:00 District 2 New counter." in officer.read(page)
    entry = stored(rows, select(LedgerEntry).where(LedgerEntry.act == "source.device_change"))
    assert entry[0].subject == f"source:{source.id}"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"changed_at": "yesterday"}, "changed_at"),
        ({"changed_at": "2027-01-01T00:00"}, "changed_at"),
        ({"description": " "}, "description"),
        ({"district": "D99"}, "district"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(officer, source, changed, field):
    values = {"changed_at": "2026-03-20T09:00", "district": "D02", "description": "New."} | changed
    page = f"/sources/{source.id}/health"
    answer = officer.send(f"/sources/{source.id}/device-changes", page, **values)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text


# -- alerts ------------------------------------------------------------------------------------


def test_troubles_open_alerts_once(rows, source):
    assert (look(rows), look(rows)) == (1, 0)
    alerts = open_alerts(rows)
    assert {Trouble.GAPS, Trouble.FLAT_LINE} <= set(alerts)
    assert alerts[Trouble.GAPS].detail["count"] == 1


def test_an_alert_closes_when_its_trouble_has_passed(rows, source):
    look(rows)
    look(rows, NOW + timedelta(days=3))
    assert Trouble.STALE in open_alerts(rows)
    series = rows.scalars(select(Series.id).where(Series.source_id == source.id)).all()
    late = to_microseconds(NOW + timedelta(days=3))
    fresh = {"value": 6.0, "received_at": late, "revision": 0, "attempt_id": 1, "observed_at": late}
    rows.execute(insert(Observation), [fresh | {"series_id": key} for key in series])
    rows.commit()
    look(rows, NOW + timedelta(days=3, hours=2))
    assert Trouble.STALE not in open_alerts(rows)
    acts = [entry.act for entry in stored(rows, select(LedgerEntry).where(LedgerEntry.act.like("alert.%")))]
    assert "alert.close" in acts


def test_the_officer_reads_alerts_and_says_seen(officer, rows, source):
    look(rows)
    assert "1 of 2 series: D02 bus_wait" in officer.read("/alerts")
    key = open_alerts(rows)[Trouble.GAPS].id
    assert officer.send(f"/alerts/{key}/seen", "/alerts").status_code == 303
    assert open_alerts(rows)[Trouble.GAPS].seen_by_name is not None
    assert officer.send(f"/alerts/{key}/seen", "/password").status_code == 409


def test_another_citys_alerts_are_not_there(visit, rows, source):  # noqa: F811
    look(rows)
    key = open_alerts(rows)[Trouble.GAPS].id
    stranger = visit(Role.CITY_DATA_OFFICER)
    assert "No alert is open" in stranger.read("/alerts")
    assert stranger.send(f"/alerts/{key}/seen", "/password").status_code == 404


# -- quarantine --------------------------------------------------------------------------------


@pytest.fixture
def kept(rows, source):
    """Three readings that could not be stored; the first would be fit today."""
    attempt = create_attempt(rows, source)
    shelf = []
    for place, (raw, unit, reason) in enumerate(
        [
            ("7.5", None, Doubt.OUT_OF_RANGE),
            ('"n/a"', None, Doubt.WRONG_TYPE),
            ("3.0", "kg", Doubt.INCOMPATIBLE_UNIT),
        ]
    ):
        row = QuarantinedReading(
            source_id=source.id,
            attempt_id=attempt.id,
            entity="urn:ngsi-ld:District:1",
            attribute="wait",
            observed_at=to_microseconds(BEGINNING - timedelta(hours=place)),
            received_at=to_microseconds(BEGINNING),
            raw=raw,
            unit=unit,
            reason=reason,
        )
        rows.add(row)
        shelf.append(row)
    rows.commit()
    return [row.id for row in shelf]


def test_quarantine_is_listed_with_reasons_and_filtered(officer, source, kept):
    path = f"/sources/{source.id}/quarantine"
    page = officer.read(path)
    assert "Unit of another kind: 1" in page
    assert '"n/a"' in page
    filtered = officer.read(f"{path}?reason=wrong_type")
    assert "urn:ngsi-ld:District:1 wait 7.5" not in filtered


def test_what_is_fit_by_now_is_stored(officer, rows, source, kept):
    path = f"/sources/{source.id}/quarantine"
    answer = officer.send(path, path, verb="reprocess", readings=kept)
    assert answer.status_code == 303
    verdicts = {row.id: row.verdict for row in stored(rows, select(QuarantinedReading))}
    assert [verdicts[key] for key in kept] == [Verdict.STORED, Verdict.OPEN, Verdict.OPEN]
    assert "1 reading was stored." in officer.read(path)


def test_giving_up_needs_a_reason(officer, rows, source, kept):
    path = f"/sources/{source.id}/quarantine"
    assert officer.send(path, path, verb="discard", readings=kept[1:2]).status_code == 422
    answer = officer.send(path, path, verb="discard", readings=kept[1:2], reason="The hub wrote a word.")
    assert answer.status_code == 303
    assert "The hub wrote a word." in officer.read(f"{path}?verdict=discarded")


def test_somebody_has_to_be_chosen(officer, source, kept):
    path = f"/sources/{source.id}/quarantine"
    assert officer.send(path, path, verb="reprocess").status_code == 422


def test_an_evaluator_reads_quarantine_and_decides_nothing(visit, source, kept):  # noqa: F811
    visitor, path = visit(Role.EVALUATOR), f"/sources/{source.id}/quarantine"
    assert "Choose" not in visitor.read(path)
    assert visitor.send(path, "/password", verb="reprocess", readings=kept).status_code == 403


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (health_words.TROUBLES, {*Trouble, data_health.ASYMMETRY}),
        (quarantine_words.DOUBTS, Doubt),
        (quarantine_words.VERDICTS, Verdict),
    ],
)
def test_every_code_has_words(words, codes):
    assert set(words) == set(codes)
