"""Proposals to suspend, suspensions, and what ends them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from experiments.canonical import canonical
from experiments.errors import Invalid, Refused, WrongMoment
from experiments.evaluation import runs
from experiments.evaluation.rule import Finding
from sandbox.ledger import LedgerEntry
from sandbox.notices.models import Notice
from sandbox.pilots import evaluations
from sandbox.suspensions import proposing, suspending
from tests import results
from tests.factories import (
    FINISHED,
    LOCKED,
    REMEDIED,
    RUNNING,
    SUSPENDED,
    create_case,
    lift,
    request_evaluation,
    sign_result,
    store_result,
)
from tests.measures.acts import report_incident


def suspend(case, who="decider", **changes):
    values = {"code": "safety", "reason": "A signal failed."} | changes
    return suspending.suspend(case.session, case.pilot, **values, by=case.actor(who), at=case.tick())


def proposals(case):
    return proposing.proposals_of(case.session, case.pilot)


def test_a_suspension_keeps_its_reason_by_code_and_text(session):
    case = create_case(session, RUNNING)
    made = suspend(case)
    assert (made.code, made.reason, case.pilot.status) == ("safety", "A signal failed.", "suspended")


def test_a_reason_that_the_regime_does_not_know_is_refused(session):
    with pytest.raises(Invalid) as error:
        suspend(create_case(session, RUNNING), code="mood")
    assert set(error.value.errors) == {"code"}


@pytest.mark.parametrize("who", ["reviewer", "other_decider", "city_reviewer", "signatory", "auditor"])
def test_the_minister_alone_suspends(session, who):
    with pytest.raises(Refused):
        suspend(create_case(session, RUNNING), who)


def test_a_suspension_is_not_lifted_before_its_measures_are_closed(session):
    case = create_case(session, SUSPENDED)
    with pytest.raises(WrongMoment) as error:
        lift(case)
    assert error.value.needs == "measures_are_closed"


def test_it_is_lifted_once_they_are(session):
    case = create_case(session, (*REMEDIED, lift))
    (made,) = suspending.suspensions_of(session, case.pilot)
    assert (made.status, case.pilot.status) == ("lifted", "running")


def test_a_false_alarm_is_closed_with_a_reason(session):
    case = create_case(session, SUSPENDED)
    made = suspending.present_suspension(session, case.pilot)
    by, at = case.actor("reviewer"), case.tick()
    suspending.close_without_measures(session, made, by=by, at=at, reason="The sensor was wrong.")
    lift(case)
    assert case.pilot.status == "running"


def test_a_permanent_stop_names_the_deliberation(session):
    case = create_case(session, SUSPENDED)
    suspending.stop_for_good(
        session,
        case.pilot,
        committee_reference="15th meeting, item 2",
        reason="The risk stays.",
        by=case.actor("decider"),
        at=case.tick(),
    )
    (made,) = suspending.suspensions_of(session, case.pilot)
    assert (case.pilot.status, made.committee_reference) == ("stopped", "15th meeting, item 2")
    last = session.scalars(select(LedgerEntry).where(LedgerEntry.act == "pilot.stop")).one()
    assert "15th meeting, item 2" in last.details


def test_what_is_not_suspended_is_not_stopped_for_good(session):
    case = create_case(session, RUNNING)
    with pytest.raises(WrongMoment) as error:
        suspending.stop_for_good(
            session,
            case.pilot,
            committee_reference="15th meeting",
            reason="No.",
            by=case.actor("decider"),
            at=case.tick(),
        )
    assert error.value.needs == "pilot_is_suspended"


def test_a_severe_incident_proposes_a_suspension_to_the_minister(session):
    case = create_case(session, RUNNING)
    report_incident(case, severity="severe", injured=1)
    (proposal,) = proposals(case)
    assert (proposal.cause, proposal.evidence["injured"]) == ("incident", 1)
    told = session.scalars(select(Notice.person_id).where(Notice.code == "suspension_proposal.create"))
    assert case.people["decider"].id in set(told)


@pytest.mark.parametrize("severity", ["minor", "serious"])
def test_a_lighter_one_does_not(session, severity):
    case = create_case(session, RUNNING)
    report_incident(case, severity=severity)
    assert proposals(case) == []


def test_a_proposal_is_acted_on_once(session):
    case = create_case(session, RUNNING)
    report_incident(case, severity="severe")
    (proposal,) = proposals(case)
    made = suspend(case, proposal=proposal)
    assert (made.proposal_id, proposal.status) == (proposal.id, "acted")
    with pytest.raises(WrongMoment):
        proposing.dismiss(session, proposal, by=case.actor("decider"), at=case.tick(), reason="No.")


def test_a_dismissal_needs_a_reason(session):
    case = create_case(session, RUNNING)
    report_incident(case, severity="severe")
    with pytest.raises(Invalid):
        proposing.dismiss(session, proposals(case)[0], by=case.actor("decider"), at=case.tick(), reason=" ")


def harmed(case, status="harmed"):
    """A result of the run whose guardrail has this status, as a worker would store it."""
    claimed = runs.claim(case.session, holder="test", now=case.tick())
    document = results.result_document(claimed, case.primary, [case.guardrail], status=status)
    runs.finish(case.session, claimed.id, claimed.fence, canonical(document), at=case.tick())
    case.session.refresh(claimed)


def test_a_signed_guardrail_that_got_worse_proposes_a_suspension(session):
    case = create_case(session, (*RUNNING, request_evaluation, harmed, sign_result))
    (proposal,) = proposals(case)
    assert proposal.cause == "guardrail"
    assert proposal.evidence["guardrails"] == [case.guardrail.code]
    run = evaluations.evaluations_of(session, case.pilot)[0]
    assert proposal.evidence["document_sha256"] == run.document_sha256


def test_a_safe_result_proposes_nothing(session):
    stored = store_result(Finding.EXPAND_CONDITIONAL)
    case = create_case(session, (*RUNNING, request_evaluation, stored, sign_result))
    assert proposals(case) == []


def test_nothing_is_proposed_for_a_pilot_that_has_ended(session):
    case = create_case(session, (*FINISHED, request_evaluation, harmed, sign_result))
    assert proposals(case) == []


def test_a_pilot_that_has_not_started_is_not_suspended(session):
    with pytest.raises(WrongMoment):
        suspend(create_case(session, LOCKED))
