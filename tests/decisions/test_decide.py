"""From a proposal on a signed result to a decision that takes effect."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.evaluation.rule import Finding
from experiments.fields import load
from sandbox import decisions
from sandbox.accounts import Role
from sandbox.decisions.decide import ProposalSchema, is_decided, open_decision
from sandbox.ledger import LedgerEntry
from tests.factories import (
    DECIDED,
    DECIDED_AGAINST,
    EVALUATED,
    FIRST_DECIDED_AGAINST,
    LOCKED,
    PROPOSED,
    PROPOSED_AGAINST,
    RUNNING,
    SIGNED,
    confirm,
    create_case,
    decide,
    propose,
    request_evaluation,
    send_back,
    sign_result,
    store_result,
)


def becomes_decider(case, who):
    """`who` moves to the lead ministry as a decider."""
    mover = case.people[who]
    mover.role, mover.organisation = Role.DECIDER, case.people["decider"].organisation
    case.session.flush()
    return mover.actor


# -- proposing --------------------------------------------------------------------------------------


def test_a_proposal_waits_with_its_reasons(session):
    case = create_case(session, PROPOSED)
    assert (case.decision.status, case.decision.outcome) == ("proposed", "expand_conditional")
    assert case.decision.evaluation_id == case.evaluation.id


@pytest.mark.parametrize(
    "who", ["author", "city_reviewer", "decider", "evaluator", "auditor", "other_reviewer"]
)
def test_only_the_lead_ministrys_reviewer_proposes(session, who):
    case = create_case(session, SIGNED)
    with pytest.raises(Refused):
        decisions.propose(
            session,
            case.pilot,
            case.evaluation,
            outcome="stop",
            reasons="No.",
            by=case.actor(who),
            at=case.tick(),
        )


def test_an_unsigned_result_carries_no_proposal(session):
    case = create_case(session, EVALUATED)
    with pytest.raises(WrongMoment) as refusal:
        propose("expand_conditional")(case)
    assert refusal.value.needs == "result_is_signed"


def test_a_result_of_another_pilot_carries_no_proposal(session):
    case, other = create_case(session, SIGNED), create_case(session, SIGNED)
    with pytest.raises(Invalid) as refusal:
        decisions.propose(
            session,
            case.pilot,
            other.evaluation,
            outcome="stop",
            reasons="No.",
            by=case.actor("reviewer"),
            at=case.tick(),
        )
    assert set(refusal.value.errors) == {"evaluation_id"}


def test_one_proposal_is_open_at_a_time(session):
    case = create_case(session, PROPOSED)
    with pytest.raises(WrongMoment) as refusal:
        propose("stop")(case)
    assert refusal.value.needs == "no_open_proposal"


def test_two_proposals_at_once_are_not_both_made(session):
    case = create_case(session, SIGNED)
    session.execute(text("UPDATE pilot SET version = version + 1"))
    with pytest.raises(StaleDataError):
        propose("stop")(case)


def test_a_pilot_that_has_not_run_is_not_decided_on(session):
    history = (*LOCKED, request_evaluation, store_result(Finding.EXPAND_CONDITIONAL), sign_result)
    case = create_case(session, history)
    with pytest.raises(WrongMoment) as refusal:
        propose("expand_conditional")(case)
    assert refusal.value.status == "approved"


def test_a_pilot_that_is_over_is_not_decided_on_again(session):
    case = create_case(session, DECIDED)
    with pytest.raises(WrongMoment) as refusal:
        propose("stop")(case)
    assert refusal.value.status == "concluded"


def test_a_result_is_decided_on_once(session):
    extended = (*RUNNING, request_evaluation, store_result(Finding.EXTEND_PILOT), sign_result)
    case = create_case(session, (*extended, propose("extend_pilot"), decide))
    with pytest.raises(WrongMoment) as refusal:
        propose("extend_pilot")(case)
    assert refusal.value.needs == "result_is_undecided"
    assert is_decided(session, case.evaluation)


def test_a_later_result_is_decided_on_anew(session):
    extended = (*RUNNING, request_evaluation, store_result(Finding.EXTEND_PILOT), sign_result)
    again = (request_evaluation, store_result(Finding.STOP), sign_result, propose("stop"), decide)
    case = create_case(session, (*extended, propose("extend_pilot"), decide, *again))
    assert case.pilot.status == "stopped"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"outcome": "invalid"}, "outcome"),
        ({"reasons": ""}, "reasons"),
        ({"evaluation_id": "first"}, "evaluation_id"),
        ({"evaluation_id": 2**31}, "evaluation_id"),
    ],
)
def test_a_bad_proposal_is_named(values, field):
    with pytest.raises(Invalid) as refusal:
        load(ProposalSchema(), {"evaluation_id": 1, "outcome": "stop", "reasons": "No."} | values)
    assert set(refusal.value.errors) == {field}


# -- deciding as the rule found -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finding", "status"),
    [
        (Finding.EXPAND_NATIONWIDE, "concluded"),
        (Finding.EXPAND_CONDITIONAL, "concluded"),
        (Finding.REDESIGN_RERUN, "concluded"),
        (Finding.STOP, "stopped"),
        (Finding.SAFETY_STOP, "stopped"),
        (Finding.EXTEND_PILOT, "running"),
    ],
)
def test_a_decision_moves_the_pilot(session, finding, status):
    history = (
        *RUNNING,
        request_evaluation,
        store_result(finding),
        sign_result,
        propose(finding.value),
        decide,
    )
    case = create_case(session, history)
    assert case.pilot.status == status
    assert open_decision(session, case.pilot) is None


def test_a_decision_is_dated(session):
    case = create_case(session, PROPOSED)
    decision = case.decision
    decide(case)
    assert (decision.status, decision.decided_at) == ("decided", case.at)


def test_a_long_reason_does_not_keep_a_pilot_from_stopping(session):
    case = create_case(session, (*RUNNING, request_evaluation, store_result(Finding.STOP), sign_result))
    decisions.propose(
        session,
        case.pilot,
        case.evaluation,
        outcome="stop",
        reasons="No effect. " * 700,
        by=case.actor("reviewer"),
        at=case.tick(),
    )
    decide(case)
    assert case.pilot.status == "stopped"


def test_it_is_decided_once(session):
    case = create_case(session, PROPOSED)
    decision = case.decision
    decide(case)
    with pytest.raises(WrongMoment) as refusal:
        decisions.decide(session, decision, by=case.actor("second_decider"), at=case.tick())
    assert refusal.value.meanwhile[0] == "decide"


@pytest.mark.parametrize(
    "who", ["reviewer", "author", "signatory", "city_reviewer", "other_reviewer", "evaluator"]
)
@pytest.mark.parametrize("verb", ["decide", "send_back"])
def test_nobody_decides_on_what_they_wrote_or_reviewed(session, who, verb):
    """Also not after moving to the lead ministry as its decider."""
    case = create_case(session, PROPOSED)
    with pytest.raises(Refused) as refusal:
        getattr(decisions, verb)(
            session, case.decision, by=becomes_decider(case, who), at=case.tick(), reason="Because."
        )
    assert refusal.value.rule == "decider_who_neither_wrote_nor_reviewed"


def test_whoever_granted_the_exemption_may_decide(session):
    assert create_case(session, DECIDED).pilot.status == "concluded"


def test_the_other_ministrys_decider_has_no_say(session):
    case = create_case(session, PROPOSED)
    with pytest.raises(Refused):
        decisions.decide(session, case.decision, by=case.actor("other_decider"), at=case.tick())


# -- deciding against the finding ---------------------------------------------------------------------


def test_against_the_finding_the_first_decision_has_no_effect(session):
    case = create_case(session, FIRST_DECIDED_AGAINST)
    assert (case.decision.status, case.decision.decided_at) == ("awaiting_second", None)
    assert case.decision.against_reason == "The evidence is clear."
    assert case.pilot.status == "reported"


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_against_the_finding_a_reason_is_needed(session, reason):
    case = create_case(session, PROPOSED_AGAINST)
    with pytest.raises(Invalid) as refusal:
        decisions.decide(session, case.decision, by=case.actor("decider"), at=case.tick(), reason=reason)
    assert set(refusal.value.errors) == {"reason"}
    assert case.decision.status == "proposed"


def test_a_second_decider_makes_it_take_effect(session):
    case = create_case(session, FIRST_DECIDED_AGAINST)
    decision = case.decision
    confirm(case)
    assert (decision.status, decision.decided_at) == ("decided", case.at)
    assert case.pilot.status == "stopped"


def test_the_first_decider_is_no_second_one(session):
    case = create_case(session, FIRST_DECIDED_AGAINST)
    with pytest.raises(Refused) as refusal:
        decisions.confirm(session, case.decision, by=case.actor("decider"), at=case.tick(), reason="Again.")
    assert refusal.value.rule == "second_decider"


def test_the_proposer_is_no_second_decider(session):
    case = create_case(session, FIRST_DECIDED_AGAINST)
    with pytest.raises(Refused):
        decisions.confirm(
            session, case.decision, by=becomes_decider(case, "reviewer"), at=case.tick(), reason="Mine."
        )


def test_a_confirmation_needs_a_reason(session):
    case = create_case(session, FIRST_DECIDED_AGAINST)
    with pytest.raises(Invalid):
        decisions.confirm(session, case.decision, by=case.actor("second_decider"), at=case.tick(), reason="")


def test_nothing_is_confirmed_before_a_first_decision(session):
    case = create_case(session, PROPOSED_AGAINST)
    with pytest.raises(WrongMoment):
        confirm(case)


def test_both_deciders_stand_in_the_ledger(session):
    case = create_case(session, DECIDED_AGAINST)
    rows = session.execute(
        select(LedgerEntry.act, LedgerEntry.actor_id)
        .where(LedgerEntry.subject == case.pilot.key, LedgerEntry.act.like("decision.%"))
        .order_by(LedgerEntry.number)
    )
    assert [(act, person) for act, person in rows] == [
        ("decision.propose", case.people["reviewer"].id),
        ("decision.decide_against", case.people["decider"].id),
        ("decision.confirm", case.people["second_decider"].id),
    ]


# -- sending back -------------------------------------------------------------------------------------


@pytest.mark.parametrize("history", [PROPOSED, PROPOSED_AGAINST, FIRST_DECIDED_AGAINST])
def test_a_proposal_that_was_sent_back_makes_room_for_another(session, history):
    case = create_case(session, (*history, send_back, propose("expand_conditional")))
    assert case.decision.status == "proposed"


def test_sending_back_needs_a_reason(session):
    case = create_case(session, PROPOSED)
    with pytest.raises(Invalid):
        decisions.send_back(session, case.decision, by=case.actor("decider"), at=case.tick(), reason=" ")


def test_the_database_knows_no_decision_without_a_date(session):
    case = create_case(session, PROPOSED)
    case.decision.status = "decided"
    with pytest.raises(IntegrityError, match="decided_means_dated"):
        session.flush()
