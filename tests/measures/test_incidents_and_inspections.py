"""Incidents with their hours, inspections with their findings, and the tasks that follow."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from sandbox.exemptions.files import FileStore
from sandbox.incidents import reporting
from sandbox.inspections import inspecting
from sandbox.remedies import doing
from tests.factories import DRAFTED, LOCKED, RUNNING, create_case
from tests.measures.acts import checklist, plan_inspection, report_incident

FINDING = {"result": "finding", "text": "Put the signs back.", "due_on": date(2026, 3, 31)}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def write_down(case, inspection, who="city_reviewer", **findings):
    values = checklist(**findings)
    inspecting.write_down(case.session, inspection, values, by=case.actor(who), at=case.tick())


@pytest.mark.parametrize(("hours", "is_late"), [(23, False), (24, True)])
def test_a_severe_incident_is_reported_within_its_hours(session, hours, is_late):
    case = create_case(session, RUNNING)
    # The report itself is filed an hour after the case's last moment.
    incident = report_incident(case, severity="severe", happened_at=case.at - timedelta(hours=hours))
    assert incident.is_late is is_late


def test_the_public_count_has_every_severity(session):
    case = create_case(session, RUNNING)
    report_incident(case)
    report_incident(case, "city_reviewer", severity="serious")
    counts = {each.severity: each.count for each in reporting.counts_of(session, case.pilot)}
    assert counts == {"minor": 1, "serious": 1, "severe": 0}


@pytest.mark.parametrize("who", ["signatory", "other_author", "other_city_reviewer", "decider", "auditor"])
def test_company_city_and_ministry_report(session, who):
    with pytest.raises(Refused):
        report_incident(create_case(session, RUNNING), who)


@pytest.mark.parametrize(
    ("severity", "harm"), [("minor", {"injured": 1}), ("minor", {"deaths": 1}), ("serious", {"deaths": 1})]
)
def test_whom_it_harmed_says_how_grave_an_incident_is_at_least(session, severity, harm):
    case = create_case(session, RUNNING)
    with pytest.raises(Invalid) as wrong:
        report_incident(case, severity=severity, **harm)
    assert list(wrong.value.errors) == ["severity"]
    assert report_incident(case, severity="severe", **harm).severity == "severe"


def test_what_has_not_happened_yet_is_refused(session):
    case = create_case(session, RUNNING)
    with pytest.raises(Invalid) as error:
        report_incident(case, happened_at=case.at + timedelta(days=1), severity="grave")
    assert set(error.value.errors) == {"happened_at", "severity"}


def test_no_incident_before_the_start(session):
    with pytest.raises(WrongMoment):
        report_incident(create_case(session, LOCKED))


def test_a_closed_incident_takes_no_follow_up(session):
    case = create_case(session, RUNNING)
    incident = report_incident(case)
    reporting.follow_up(session, incident, text="Repaired.", by=case.actor("author"), at=case.tick())
    reporting.close(session, incident, by=case.actor("reviewer"), at=case.tick(), reason="Repaired.")
    with pytest.raises(WrongMoment):
        reporting.follow_up(session, incident, text="More.", by=case.actor("author"), at=case.tick())
    assert [each.text for each in incident.follow_ups] == ["Repaired."]


def test_another_pilots_incident_is_not_found(session):
    incident = report_incident(create_case(session, RUNNING))
    with pytest.raises(NotFound):
        reporting.find(session, create_case(session, RUNNING).pilot, incident.id)


def test_a_finding_becomes_a_task_of_the_company(session):
    case = create_case(session, RUNNING)
    write_down(case, plan_inspection(case), conditions=FINDING)
    (task,) = doing.tasks_of(session, case.pilot)
    assert (task.text, task.due_on, task.status) == ("Put the signs back.", date(2026, 3, 31), "open")
    doing.report(session, task, report="They are back.", by=case.actor("author"), at=case.tick())
    doing.accept(session, task, by=case.actor("reviewer"), at=case.tick())
    assert task.status == "done"


def test_one_origin_opens_one_task(session):
    case = create_case(session, RUNNING)
    facts = {"origin": "condition:1:2026-03", "text": "Speed", "due_on": date(2026, 4, 1)}
    by = case.actor("reviewer")
    assert doing.open_task(session, case.pilot, **facts, by=by, at=case.tick()) is not None
    assert doing.open_task(session, case.pilot, **facts, by=by, at=case.tick()) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"text": ""}, "text"), ({"due_on": None}, "due_on"), ({"due_on": date.max}, "due_on")],
)
def test_a_finding_says_what_and_by_when(session, changes, field):
    case = create_case(session, RUNNING)
    with pytest.raises(Invalid) as error:
        write_down(case, plan_inspection(case), damage=FINDING | changes)
    assert set(error.value.errors) == {f"items.damage.{field}"}


def test_the_whole_checklist_is_filled_in(session):
    case = create_case(session, RUNNING)
    inspection = plan_inspection(case)
    values = checklist()
    del values["items"]["damage"]
    values["items"]["mood"] = values["items"]["progress"]
    with pytest.raises(Invalid) as error:
        inspecting.write_down(session, inspection, values, by=case.actor("reviewer"), at=case.tick())
    assert set(error.value.errors) == {"items.damage.result", "items.mood"}


def test_the_ministry_asks_the_city_to_go(session):
    case = create_case(session, RUNNING)
    assert plan_inspection(case, "reviewer", is_joint=False).is_requested
    assert not plan_inspection(case, "city_reviewer", is_joint=False).is_requested


@pytest.mark.parametrize("who", ["author", "other_city_reviewer", "other_reviewer", "decider", "auditor"])
def test_city_and_lead_ministry_inspect(session, who):
    with pytest.raises(Refused):
        plan_inspection(create_case(session, RUNNING), who)


def test_a_draft_is_not_inspected(session):
    with pytest.raises(WrongMoment):
        plan_inspection(create_case(session, DRAFTED))


def test_photos_are_kept_by_hash_until_the_inspection_is_recorded(session, tmp_path):
    case = create_case(session, RUNNING)
    inspection, store = plan_inspection(case), FileStore(tmp_path)
    acting = {"name": "site.png", "body": PNG, "by": case.actor("city_reviewer")}
    photo = inspecting.attach(session, store, inspection, **acting, at=case.tick())
    assert store.read(photo.sha256) == PNG
    with pytest.raises(Invalid):
        inspecting.attach(session, store, inspection, **acting | {"body": b"%PDF-"}, at=case.tick())
    write_down(case, inspection)
    with pytest.raises(WrongMoment):
        inspecting.attach(session, store, inspection, **acting, at=case.tick())
