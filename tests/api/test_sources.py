"""Sources, their files, quarantine and alerts through the interface: the same rules as on the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from experiments.collection.models import CollectionAttempt, DataSource, Observation, QuarantinedReading
from experiments.collection.quality_models import HealthAlert
from sandbox.accounts import Role
from sandbox.api import source_readings, sources
from sandbox.ledger import LedgerEntry
from tests.api.callers import Caller, problem
from tests.experiments.collection.build import scripted_hub
from tests.factories import BEGINNING, create_metric, create_person, create_site, create_source, source_values

ONE = "urn:ngsi-ld:District:1"
CSV = {"content_type": "text/csv"}


@pytest.fixture
def site(rows, service):
    service.clock = lambda: BEGINNING
    site = create_site(rows)
    assert site.city.id
    assert site.territory.code
    rows.commit()
    return site


@pytest.fixture
def sign_in(rows, service):
    def sign_in(role, organisation=None):
        person = create_person(rows, role, organisation)
        rows.commit()
        return Caller(service).sign_in(person)

    return sign_in


@pytest.fixture
def officer(sign_in, site):
    return sign_in(Role.CITY_DATA_OFFICER, site.city)


@pytest.fixture
def source(rows, site):
    metric = create_metric(rows, lowest=0)
    attributes = [{"attribute": "wait", "metric": metric.code, "unit": metric.unit}]
    source = create_source(rows, site, attributes=attributes)
    rows.commit()
    return source


@pytest.fixture
def path(source):
    return f"/sources/{source.id}"


def test_a_source_is_registered_read_and_changed(officer, rows, site):
    values = source_values(rows, site)
    rows.commit()
    made = officer.post("/sources", values)
    assert made.status_code == 201, made.text
    address = f"/sources/{made.json['id']}"
    assert made.json["entities"] == values["entities"]
    changed = officer.put(address, values | {"interval_seconds": 60, "version": made.json["version"]})
    assert (changed.status_code, changed.json["interval_seconds"]) == (200, 60)
    stale = officer.put(address, values | {"version": made.json["version"]})
    assert problem(stale)["needs"] == "source_as_it_was_read"
    (line,) = officer.read("/sources")["items"]
    assert (line["health"], line["latest"]) == ("waiting", None)


def test_what_is_wrong_with_a_source_is_named_by_row(officer, rows, site):
    wrong = source_values(rows, site, entities=[{"entity": ONE, "district": "D99"}])
    rows.commit()
    assert set(problem(officer.post("/sources", wrong))["errors"]) == {"entities.0.district"}


def test_every_act_on_a_source_has_its_moment_and_its_row(officer, rows, path):
    assert officer.post(f"{path}/pause").json["paused"] is True
    assert problem(officer.post(f"{path}/pause"))["needs"] == "source_is_collected"
    assert officer.post(f"{path}/resume").json["paused"] is False
    assert officer.post(f"{path}/collect").status_code == 200
    assert problem(officer.post(f"{path}/set-aside", {"reason": " "}))["errors"].keys() == {"reason"}
    assert officer.post(f"{path}/set-aside", {"reason": "twice"}).json["set_aside"]["reason"] == "twice"
    assert officer.post(f"{path}/count-again").json["set_aside"] is None
    acts = rows.scalars(select(LedgerEntry.act).where(LedgerEntry.subject.like("source:%"))).all()
    assert acts == [f"source.{verb}" for verb in ("pause", "resume", "collect", "set_aside", "count_again")]


def test_days_are_read_again(officer, rows, source, path):
    rows.get(DataSource, source.id).watermark = BEGINNING
    rows.commit()
    day = (BEGINNING - timedelta(days=3)).date().isoformat()
    assert officer.post(f"{path}/backfills", {"first": day, "last": day}).status_code == 201
    assert len(officer.read(f"{path}/backfills")["items"]) == 1
    assert problem(officer.post(f"{path}/backfills", {"first": day, "last": "2020-01-01"}))["status"] == 422


def test_a_trial_stores_nothing_and_says_what_is_wrong(officer, rows, source, path):
    with scripted_hub(lambda target: (200, {}, b"[]")) as base_url:
        rows.get(DataSource, source.id).hub.base_url = base_url
        rows.commit()
        told = officer.post(f"{path}/try").json
    assert "SANDBOX_PRIVATE_HUBS" in told["fault"]
    assert (told["requests"], told["count"]) == ([], 0)
    assert rows.scalars(select(CollectionAttempt)).all() == []


def test_a_token_is_made_renewed_and_revoked(officer, path, service):
    assert set(problem(officer.post(f"{path}/tokens", {"label": "", "days": 0}))["errors"]) == {
        "label",
        "days",
    }
    secret = officer.post(f"{path}/tokens", {"label": "buses", "days": 30}).json["secret"]
    body = {"readings": [{"entity": ONE, "attribute": "wait", "observed_at": "2026-02-28T01:00:00Z"}]}
    body["readings"][0]["value"] = -5
    assert Caller(service, secret).post("/observations", body).json["quarantined"] == 1
    assert officer.post(f"{path}/tokens/1/rotate").status_code == 201
    assert officer.delete(f"{path}/tokens/1").json["revoked_at"] is not None
    assert [each["id"] for each in officer.read(f"{path}/tokens")["items"]] == [2, 1]
    assert secret not in officer.get(f"{path}/tokens").text


def test_a_file_is_checked_stored_and_undone(officer, rows, path):
    table = f"when,who,much\n2026-02-27,{ONE},5\n2026-01-01,{ONE},6\n"
    kept = officer.call("POST", f"{path}/uploads?name=a.csv", data=table, **CSV)
    assert (kept.status_code, kept.json["layout"]["observed_at"]) == (201, "when")
    layout = {"observed_at": "when", "entity": "who", "value": "much", "only_attribute": "wait"}
    assert officer.post(f"{path}/uploads/1/check", layout).json == {
        "readings": 2,
        "early_rows": [3],
        "ignored_columns": [],
    }
    wrong = officer.post(f"{path}/uploads/1/check", layout | {"value": "none"})
    assert set(problem(wrong)["errors"]) == {"value"}
    assert officer.post(f"{path}/uploads/1/store", layout).json["is_stored"] is True
    assert officer.get(f"{path}/uploads/1/content").text == table
    assert officer.post(f"{path}/uploads/1/undo").json["is_undone"] is True
    assert problem(officer.post(f"{path}/uploads/1/discard"))["status"] == 409
    assert rows.scalars(select(Observation)).all() == []


def test_quarantine_is_read_and_decided(officer, rows, source, path):
    kept = [
        QuarantinedReading(
            source_id=source.id,
            attempt_id=1,
            entity=ONE,
            attribute="wait",
            observed_at=number,
            raw='"x"',
            reason="wrong_type",
            received_at=number,
        )
        for number in (1, 2)
    ]
    rows.add(CollectionAttempt(**attempt(source)))
    rows.flush()
    rows.add_all(kept)
    rows.commit()
    shelf = officer.read(f"{path}/quarantine")
    assert (shelf["total"], shelf["waiting"]) == (2, {"wrong_type": 2})
    first, second = (each["id"] for each in shelf["items"])
    assert officer.post(f"{path}/quarantine/reprocess", {"readings": [first]}).json["inserted"] == 0
    blank = officer.post(f"{path}/quarantine/discard", {"readings": [first], "reason": ""})
    assert problem(blank)["status"] == 422
    given_up = {"readings": [first], "reason": "broken device"}
    strange = officer.post(f"{path}/quarantine/discard", given_up | {"readings": [first, second + 1]})
    assert problem(strange)["status"] == 422
    assert officer.post(f"{path}/quarantine/discard", given_up).status_code == 204
    assert problem(officer.post(f"{path}/quarantine/discard", given_up))["status"] == 409
    (left,) = officer.read(f"{path}/quarantine?reason=wrong_type")["items"]
    assert left["id"] == second


def attempt(source):
    instants = ("started_at", "finished_at", "window_start", "window_end")
    return {"source_id": source.id, "holder": "w", "fence": 0, "status": "done"} | dict.fromkeys(
        instants, BEGINNING
    )


def test_an_alert_is_seen_once_and_a_change_of_a_device_recorded(officer, rows, site, source, path):
    facts = {"territory_id": site.territory_id, "source_id": source.id, "opened_at": BEGINNING}
    rows.add(HealthAlert(trouble="gaps", detail={"count": 1, "of": 2, "series": ["D01"]}, **facts))
    rows.commit()
    (alert,) = officer.read("/alerts")["items"]
    assert officer.post(f"/alerts/{alert['id']}/seen").json["seen_by"]
    assert problem(officer.post(f"/alerts/{alert['id']}/seen"))["needs"] == "alert_is_new"
    change = {"district": "D01", "changed_at": "2026-02-01T00:00:00+09:00", "description": "New camera"}
    assert officer.post(f"{path}/device-changes", change).status_code == 201
    assert [each["district"] for each in officer.read(f"{path}/device-changes")["items"]] == ["D01"]


DOORS = sorted(
    (f"/sources/{{0}}{rule}", method)
    for rule, method in (
        *(("", "GET"), ("", "PUT"), ("/pause", "POST"), ("/resume", "POST"), ("/collect", "POST")),
        *(("/set-aside", "POST"), ("/count-again", "POST"), ("/try", "POST"), ("/backfills", "GET")),
        *(("/backfills", "POST"), ("/tokens", "GET"), ("/tokens", "POST"), ("/tokens/1/rotate", "POST")),
        *(("/tokens/1", "DELETE"), ("/uploads", "GET"), ("/uploads", "POST"), ("/quarantine", "GET")),
        *((f"/uploads/1/{act}", "POST") for act in ("check", "store", "undo", "discard")),
        *(("/uploads/1/content", "GET"), ("/quarantine/reprocess", "POST"), ("/quarantine/discard", "POST")),
        *(("/device-changes", "GET"), ("/device-changes", "POST")),
    )
)


def test_every_door_of_a_source_is_closed_to_strangers(rows, sign_in, service, source, path):
    stranger = sign_in(Role.CITY_DATA_OFFICER, create_site(rows).city)
    company, auditor = sign_in(Role.COMPANY_AUTHOR), sign_in(Role.AUDITOR)
    bodies = {
        "/backfills": {"first": "2026-02-01", "last": "2026-02-01"},
        "/tokens": {"label": "x", "days": 1},
        **{f"/uploads/1/{act}": {"observed_at": "x"} for act in ("check", "store")},
        **{f"/quarantine/{act}": {"readings": [1], "reason": "x"} for act in ("discard",)},
        "/quarantine/reprocess": {"readings": [1]},
        "/device-changes": {"changed_at": "2026-02-01T00:00:00Z", "description": "x"},
        "/set-aside": {"reason": "x"},
        "": source_values(rows, create_site(rows)) | {"version": 1},
    }
    rows.commit()
    assert stranger.read("/sources") == stranger.read("/alerts") == {"items": []}
    for door, method in DOORS:
        address, body = door.format(source.id), None if method in ("GET", "DELETE") else bodies.get(door[12:])
        options = CSV | {"data": "a"} if door.endswith("/uploads") and method == "POST" else {}
        asked = (method, address, None if options else body)
        assert stranger.call(*asked, **options).status_code == 404, asked
        assert company.call(*asked, **options).status_code == 403, asked
        assert Caller(service).call(*asked, **options).status_code == 401, asked
        if method != "GET":
            assert auditor.call(*asked, **options).status_code == 403, asked
    assert auditor.read(path)["id"] == source.id


def test_the_list_of_doors_is_complete(service):
    rooms = (sources.resources.name, source_readings.resources.name)
    known = {
        (rule.rule.removeprefix("/api/v1/sources/<key:source_id>"), method)
        for rule in service.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint.split(".")[0] in (*rooms, "api-alerts") and "<key:source_id>" in rule.rule
    }
    tried = {
        (door[12:].replace("/1", "/<key:upload_id>" if "uploads" in door else "/<key:token_id>"), method)
        for door, method in DOORS
    }
    assert known == tried


def test_a_source_that_is_sent_to_is_opened_without_a_hub(officer, rows, site):
    metric = create_metric(rows)
    described = {
        "name": "Bus stops",
        "territory": site.territory.code,
        "metrics": [metric.code],
        "districts": [site.territory.districts[0].code],
        "starts_on": "2026-01-01",
    }
    rows.commit()
    made = officer.post("/sources/pushed", described)
    assert (made.status_code, made.json["next_due_at"], made.json["health"]) == (201, None, "waiting")
    assert problem(officer.post("/sources/pushed", described))["status"] == 422
