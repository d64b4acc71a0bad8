"""Revocation: a ground, three recorded steps, and only then the decision."""

from __future__ import annotations

from datetime import timedelta

import pytest

from experiments.errors import Invalid, Refused, WrongMoment
from sandbox.documents.standing import documents_of
from sandbox.period import permits, revocations
from tests.factories import DECIDED, GRANTED, RUNNING, create_case
from tests.period.steps import (
    by,
    consult_city,
    deliberate_revocation,
    hear,
    invite,
    open_revocation,
    revoke,
)

STEPS = [consult_city, deliberate_revocation, invite, hear]
NEEDS = ["city_was_consulted", "committee_deliberated", "operator_was_heard", "operator_was_heard"]
PERMIT = {"law": "Road Traffic Act Art. 5", "office": "Seoul Police", "permit_number": "2027-1"}


@pytest.mark.parametrize(("done", "needs"), list(enumerate(NEEDS)))
def test_every_step_is_on_record_before(session, done, needs):
    case = create_case(session, RUNNING)
    proceeding = open_revocation(case)
    for step in STEPS[:done]:
        step(case, proceeding)
    with pytest.raises(WrongMoment) as refusal:
        revoke(case, proceeding)
    assert refusal.value.needs == needs


@pytest.mark.parametrize("history", [GRANTED, RUNNING])
def test_after_the_three_steps_the_operator_stops_at_once(session, history):
    case = create_case(session, history)
    proceeding = open_revocation(case)
    for step in STEPS:
        step(case, proceeding)
    revoke(case, proceeding)
    assert (case.pilot.status, proceeding.status) == ("revoked", "revoked")
    notice = documents_of(session, case.pilot)[-1]
    values = {field["id"]: field["value"]["en"] for field in notice.contents()["fields"]}
    assert (values["restoration"], values["compensation"]) == ("Remove the signals.", "Pay for the kerb.")


def test_the_invitation_leaves_time(session):
    case = create_case(session, RUNNING)
    proceeding = open_revocation(case)
    with pytest.raises(Invalid) as refusal:
        invite(case, proceeding, days=9)
    assert set(refusal.value.errors) == {"hearing_on"}


def test_a_hearing_is_recorded_once_it_was_held(session):
    case = create_case(session, RUNNING)
    proceeding = open_revocation(case)
    invite(case, proceeding)
    with pytest.raises(WrongMoment):
        revocations.hear(session, proceeding, operator_came=True, text="No.", **by(case, "reviewer"))


def test_a_year_without_start_is_a_ground_and_no_revocation(session):
    case = create_case(session, GRANTED)
    with pytest.raises(Invalid):
        open_revocation(case, "not_started")
    case.at += timedelta(days=366)
    assert [each.id for each in revocations.grounds_that_stand(session, case.pilot, at=case.at)] == [
        "not_started"
    ]
    assert case.pilot.status == "approved"
    assert open_revocation(case, "not_started").status == "open"


def test_a_running_pilot_has_started(session):
    case = create_case(session, RUNNING)
    case.at += timedelta(days=366)
    with pytest.raises(Invalid):
        open_revocation(case, "not_started")


def test_a_ground_that_does_not_hold_is_dropped(session):
    case = create_case(session, RUNNING)
    proceeding = open_revocation(case, "fraud")
    assert revocations.ground_of(proceeding).is_mandatory
    revocations.drop(session, proceeding, reason="Not proved.", **by(case, "decider"))
    assert case.pilot.status == "running"


@pytest.mark.parametrize("who", ["decider", "other_reviewer", "city_reviewer", "author"])
def test_the_lead_ministry_opens(session, who):
    case = create_case(session, RUNNING)
    with pytest.raises(Refused):
        revocations.open_proceeding(session, case.pilot, ground="fraud", facts="So.", **by(case, who))


@pytest.mark.parametrize("history", [RUNNING, DECIDED])
def test_the_ordinary_permit_regularises(session, history):
    case = create_case(session, history)
    today = case.at.date()
    dates = {"amended_on": today, "permitted_on": today}
    with pytest.raises(WrongMoment) as refusal:
        permits.confirm(session, case.pilot, **by(case, "reviewer"))
    assert refusal.value.needs == "permit_is_reported"
    permits.file_permit(session, case.pilot, **PERMIT, **dates, **by(case, "author"))
    permits.confirm(session, case.pilot, **by(case, "reviewer"))
    assert case.pilot.status == "regularised"


@pytest.mark.parametrize(("amended", "permitted"), [(0, -1), (0, 2)])
def test_a_permit_follows_the_law_and_lies_in_the_past(session, amended, permitted):
    case = create_case(session, RUNNING)
    today = case.at.date()
    with pytest.raises(Invalid):
        permits.file_permit(
            session,
            case.pilot,
            **PERMIT,
            amended_on=today + timedelta(days=amended),
            permitted_on=today + timedelta(days=permitted),
            **by(case, "author"),
        )
