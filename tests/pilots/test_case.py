"""Steps that take the pilot along, running it, and who reads the file."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from experiments.errors import NotFound, Refused, WrongMoment
from sandbox import ledger
from sandbox.pilots import file, operation
from sandbox.pilots.table import PILOT
from tests.factories import (
    ANSWERED,
    CONSULTING,
    DECIDED,
    DRAFTED,
    EVALUATED,
    FILED,
    FINISHED,
    GRANTED,
    LOCKED,
    OPINED,
    PARTIES,
    PROPOSED,
    READY,
    REFUSED,
    REMEDIED,
    RETURNED,
    RUNNING,
    SENT,
    SIGNED,
    SUSPENDED,
    WITHDRAWN,
    create_case,
    finish,
    lift,
    request_evaluation,
    send_to_city,
    sign_result,
    start,
    suspend,
    withdraw,
)

COMPANY = {"author", "signatory"}
MINISTRIES = {"reviewer", "decider", "second_decider", "other_reviewer", "other_decider"}
OF_AN_ASKED_MINISTRY = {"consultation.reply", "consultation.ask_supplement", "consultation.extend_reply"}
EVERY_PARTY = COMPANY | MINISTRIES | {"city_reviewer", "data_officer", "evaluator", "auditor", "secretary"}


# -- steps that take the pilot along ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "pilot", "exemption"),
    [
        (DRAFTED, "draft", "draft"),
        (SENT, "draft", "local_review"),
        (ANSWERED, "draft", "local_done"),
        (FILED, "in_review", "submitted"),
        (RETURNED, "returned", "returned"),
        (CONSULTING, "in_review", "consulting"),
        (GRANTED, "approved", "approved"),
        (REFUSED, "rejected", "rejected"),
        (WITHDRAWN, "withdrawn", "withdrawn"),
        ((withdraw,), "withdrawn", "withdrawn"),
    ],
)
def test_pilot_and_exemption_move_together(session, history, pilot, exemption):
    case = create_case(session, history)
    assert (case.pilot.status, case.pilot.exemption.status) == (pilot, exemption)


def test_every_step_of_the_pilot_stands_in_the_ledger(session):
    case = create_case(session, DECIDED)
    of_the_pilot = select(ledger.LedgerEntry.act).where(ledger.LedgerEntry.subject == case.pilot.key)
    assert list(session.scalars(of_the_pilot.order_by(ledger.LedgerEntry.number))) == [
        "pilot.register",
        "pilot.file",
        "pilot.approve",
        "document.issue",
        "document.issue",
        "pilot.save_plan_draft",
        "pilot.lock_plan",
        "insurance.file",
        "residents.inform",
        "pilot.start",
        "pilot.finish",
        "pilot.report",
        "report.file",
        "pilot.request_evaluation",
        "pilot.sign_result",
        "decision.propose",
        "pilot.conclude",
        "decision.decide",
    ]
    assert ledger.verify(session).is_sound


# -- running ------------------------------------------------------------------------------------------


def test_no_pilot_starts_before_its_plan_is_locked(session):
    case = create_case(session, GRANTED)
    with pytest.raises(WrongMoment) as refusal:
        start(case)
    assert refusal.value.needs == "plan_is_locked"


def test_a_suspension_is_lifted(session):
    assert create_case(session, (*REMEDIED, lift)).pilot.status == "running"


def test_a_suspension_stands_until_its_measures_are_closed(session):
    with pytest.raises(WrongMoment) as refusal:
        create_case(session, (*SUSPENDED, lift))
    assert refusal.value.needs == "measures_are_closed"


@pytest.mark.parametrize("history", [RUNNING, SUSPENDED])
def test_the_company_reports_the_end(session, history):
    case = create_case(session, history)
    operation.finish(session, case.pilot, by=case.actor("signatory"), at=case.tick())
    assert case.pilot.status == "report_due"


@pytest.mark.parametrize("act", [start, suspend, lift])
def test_a_finished_pilot_runs_no_more(session, act):
    case = create_case(session, FINISHED)
    with pytest.raises(WrongMoment):
        act(case)


def test_reasons_of_a_suspension_stay(session):
    case = create_case(session, SUSPENDED)
    assert PILOT.past(case.pilot)[-1].reason == "A signal failed."


# -- evaluations --------------------------------------------------------------------------------------


def test_a_result_is_signed_once(session):
    case = create_case(session, SIGNED)
    with pytest.raises(WrongMoment) as refusal:
        sign_result(case)
    assert refusal.value.meanwhile[0] == "sign_result"


def test_an_unfinished_run_is_not_signed(session):
    case = create_case(session, (*FINISHED, request_evaluation))
    with pytest.raises(WrongMoment) as refusal:
        sign_result(case)
    assert refusal.value.needs == "result_is_done"


@pytest.mark.parametrize("history", [EVALUATED, SIGNED])
@pytest.mark.parametrize("who", ["other_evaluator", "reviewer", "author"])
def test_the_wrong_person_is_refused_whatever_became_of_the_run(session, history, who):
    case = create_case(session, history)
    case.people["evaluator"] = case.people[who]
    with pytest.raises(Refused):
        sign_result(case)
    with pytest.raises(Refused):
        request_evaluation(case)


def test_nothing_is_evaluated_before_the_plan_is_locked(session):
    with pytest.raises(WrongMoment) as refusal:
        create_case(session, (*GRANTED, request_evaluation))
    assert refusal.value.needs == "plan_is_locked"


# -- who reads the file -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "readers"),
    [
        (DRAFTED, COMPANY | {"auditor"}),
        (SENT, COMPANY | {"auditor", "city_reviewer"}),
        (ANSWERED, COMPANY | {"auditor", "city_reviewer"}),
        (FILED, EVERY_PARTY),
        (RETURNED, EVERY_PARTY),
        ((*RETURNED, send_to_city), EVERY_PARTY),
        (DECIDED, EVERY_PARTY),
    ],
)
def test_a_file_is_read_by_its_parties(session, history, readers):
    case = create_case(session, history)
    assert {who for who in PARTIES if file.may_read(case.pilot, case.actor(who))} == readers


@pytest.mark.parametrize("who", ["other_author", "other_signatory", "other_city_reviewer", "administrator"])
def test_for_strangers_there_is_no_such_file(session, who):
    case = create_case(session, DECIDED)
    with pytest.raises(NotFound):
        file.find(session, case.pilot.number, case.actor(who))


# -- what each may do next ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "who", "moves"),
    [
        (DRAFTED, "author", {"exemption.edit", "exemption.send_to_city", "exemption.withdraw"}),
        (DRAFTED, "signatory", {"exemption.withdraw"}),
        (SENT, "city_reviewer", {"exemption.give_opinion"}),
        (OPINED, "signatory", {"exemption.sign?", "exemption.withdraw"}),
        (ANSWERED, "signatory", {"exemption.sign", "exemption.withdraw"}),
        (FILED, "reviewer", {"exemption.return_filing", "exemption.open_consultation"}),
        (CONSULTING, "reviewer", {"exemption.close_consultation?", *OF_AN_ASKED_MINISTRY}),
        (CONSULTING, "other_reviewer", OF_AN_ASKED_MINISTRY),
        (GRANTED, "signatory", {"pilot.start?"}),
        (GRANTED, "evaluator", {"experiment.save_draft", "experiment.lock"}),
        (LOCKED, "signatory", {"pilot.start?"}),
        (READY, "signatory", {"pilot.start"}),
        (LOCKED, "evaluator", {"experiment.amend"}),
        (RUNNING, "decider", {"pilot.suspend"}),
        (RUNNING, "signatory", {"pilot.finish"}),
        (EVALUATED, "evaluator", {"experiment.amend", "experiment.sign_result"}),
        (SIGNED, "reviewer", {"decision.propose"}),
        (PROPOSED, "reviewer", set()),
        (PROPOSED, "decider", {"decision.decide", "decision.send_back"}),
        (DECIDED, "evaluator", set()),
        (DECIDED, "decider", set()),
        (REFUSED, "evaluator", set()),
    ],
)
def test_open_moves(session, history, who, moves):
    """A question mark stands where only an unmet guard is in the way."""
    case = create_case(session, history)
    found = {
        f"{move.kind}.{move.verb}{'?' if move.needs else ''}"
        for move in file.moves(session, case.pilot, case.actor(who))
    }
    assert found == moves


@pytest.mark.parametrize("who", sorted(set(PARTIES) - EVERY_PARTY))
def test_strangers_may_do_nothing(session, who):
    case = create_case(session, CONSULTING)
    assert list(file.moves(session, case.pilot, case.actor(who))) == []


def test_finish_is_reported_once(session):
    case = create_case(session, FINISHED)
    with pytest.raises(WrongMoment):
        finish(case)
