"""Twelve histories of cases, each as the people in it would tell it, end to end through the services.

Every one ends with the ledger: what happened stands there, in its order and unbroken.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from experiments.canonical import canonical
from experiments.errors import Invalid, WrongMoment
from experiments.evaluation import runs
from experiments.evaluation.rule import Finding
from experiments.fields import load
from sandbox.claims import handling
from sandbox.claims.handling import ClaimRefusalSchema
from sandbox.clocks import running
from sandbox.confirmations import replies, requests
from sandbox.documents.models import OfficialDocument
from sandbox.exemptions.files import FileStore, attach
from sandbox.ledger.chain import LedgerEntry
from sandbox.ledger.verify import verify
from sandbox.notices.models import Notice
from sandbox.notices.reminders import tell_of_lapses
from sandbox.orders import issuing
from sandbox.period import conversions
from sandbox.period.late import TooLate
from sandbox.regimes import regime
from sandbox.suspensions import proposing, suspending
from tests import factories, results
from tests.claims.filed import file_claim
from tests.committee.sittings import call_meeting, declare, resolve, seat_members, vote
from tests.factories import REGIME, create_case
from tests.measures.acts import issued
from tests.period import steps


@pytest.fixture
def case(session):
    """A case in draft; afterwards its ledger is walked."""
    case = create_case(session)
    yield case
    session.expire_all()
    assert verify(session).is_sound


def acts(case, subject=None):
    """What the ledger says was done to the case, oldest first, without its clocks."""
    subjects = [subject or case.pilot.exemption.case.key, *([] if subject else [case.pilot.key])]
    rows = select(LedgerEntry.act).where(LedgerEntry.subject.in_(subjects)).order_by(LedgerEntry.number)
    return [act for act in case.session.scalars(rows) if not act.startswith("clock.")]


def in_order(found, *wanted):
    """Whether `wanted` stand in `found` in this order, with others between them."""
    rest = iter(found)
    return all(act in rest for act in wanted)


def pass_days(case, days):
    """Days go by, and the registry looks at its clocks as its heartbeat does; what lapsed is told."""
    case.at += timedelta(days=days)
    lapsed = running.lapse(case.session, at=case.at)
    tell_of_lapses(case.session, lapsed, at=case.at)
    replies.deem(case.session, lapsed, at=case.at)
    return lapsed


def by(case, who):
    return {"by": case.actor(who), "at": case.tick()}


def documents(case):
    rows = select(OfficialDocument.kind).where(OfficialDocument.pilot_id == case.pilot.id)
    return sorted(case.session.scalars(rows))


def held(case, *choices, conflicts=0):
    """A meeting of as many members as `choices`; the last `conflicts` of them declare one instead."""
    members = seat_members(case, len(choices))
    meeting = call_meeting(case, members)
    (item,) = meeting.items
    voting = len(choices) - conflicts
    for member, choice in zip(members[:voting], choices[:voting], strict=True):
        vote(case, item, member, choice)
    for member in members[voting:]:
        declare(case, item, member, conflict="A seat on the company's board.")
    return resolve(case, item)


def harmed(case):
    """The run's result as a worker would store it: the guardrail got worse."""
    claimed = runs.claim(case.session, holder="test", now=case.tick())
    document = results.result_document(claimed, case.primary, [case.guardrail], status="harmed")
    assert runs.finish(case.session, claimed.id, claimed.fence, canonical(document), at=case.tick())
    case.session.refresh(claimed)


def test_1_a_pilot_is_approved_runs_and_is_expanded(case):
    case.walk(factories.CONSULTED)
    tally = held(case, "approve_with_conditions", "approve_with_conditions", "reject")
    assert (tally.resolution, tally.quorum, tally.majority) == ("approve_with_conditions", 2, 2)
    case.walk((factories.grant, *factories.RUNNING[len(factories.GRANTED) :]))
    assert case.pilot.status == "running"
    case.walk((factories.finish, factories.file_report, factories.request_evaluation))
    case.walk((factories.store_result(Finding.EXPAND_CONDITIONAL), factories.sign_result))
    case.walk((factories.propose("expand_conditional"), factories.decide))
    assert case.pilot.status == "concluded"
    assert documents(case) == ["approval_certificate", "approval_notice"]
    assert in_order(
        acts(case),
        *("exemption.sign", "exemption.open_consultation", "exemption.close_consultation"),
        *("exemption.table", "exemption.resolve", "exemption.grant", "pilot.start", "pilot.finish"),
        *("pilot.report", "pilot.conclude"),
    )


def test_2_a_filing_is_returned_mended_and_filed_again(case):
    case.walk(factories.RETURNED)
    exemption = case.pilot.exemption
    assert (exemption.status, exemption.returned_for) == ("returned", ["missing_attachment"])
    with pytest.raises(WrongMoment):
        factories.sign_application(case)
    case.walk((factories.send_to_city, factories.give_opinion, factories.answer_actions))
    case.walk((factories.sign_application, factories.open_consultation))
    assert (exemption.status, case.pilot.status) == ("consulting", "in_review")
    assert in_order(acts(case), "exemption.sign", "exemption.return_filing", "exemption.sign")


def test_3_the_committee_rejects_and_the_minister_refuses(case):
    case.walk(factories.CONSULTED)
    assert held(case, "reject", "reject", "approve").resolution == "reject"
    case.walk((factories.refuse,))
    assert (case.pilot.exemption.status, case.pilot.status) == ("rejected", "rejected")
    assert documents(case) == []
    with pytest.raises(WrongMoment):
        factories.grant(case)


def test_4_an_agency_stays_silent_and_the_law_answers_for_it(case):
    asked = requests.draft(
        case.session,
        regime=regime(REGIME),
        lead=case.people["reviewer"].organisation,
        values={"title": "Robot", "technology": "robot", "description": "It delivers.", "articles": ["A 2"]},
        **by(case, "author"),
    )
    requests.submit(case.session, asked, **by(case, "signatory"))
    offices = [case.people[who].organisation for who in ("other_reviewer", "city_reviewer")]
    replies.route(case.session, asked, offices, **by(case, "reviewer"))
    said = {"reply": "no_permit", "text": "Not our law.", "requirements": "", "procedure": ""}
    replies.reply(case.session, asked.agencies[1], **said, **by(case, "city_reviewer"))
    pass_days(case, 31)
    silent, spoken = asked.agencies
    assert (silent.reply, spoken.reply, asked.status) == ("deemed_not_required", "no_permit", "all_in")
    replies.answer(case.session, asked, **said, **by(case, "reviewer"))
    assert (asked.status, asked.outcome) == ("notified", "free_to_operate")
    assert in_order(
        acts(case, asked.case.key), "confirmation.route", "confirmation.reply", "confirmation.answer"
    )


def test_5_a_ministry_lets_its_time_lapse_and_nothing_is_approved_by_it(case):
    case.walk(factories.CONSULTING)
    factories.reply(case, "reviewer")
    lapsed = pass_days(case, 40)
    assert [clock.rule_id for clock in lapsed] == ["K03"]
    assert case.pilot.exemption.status == "consulting"
    with pytest.raises(WrongMoment):
        factories.close_consultation(case)
    escalated = select(Notice.person_id).where(Notice.code == "clock.lapsed")
    assert case.people["reviewer"].id in set(case.session.scalars(escalated))
    assert pass_days(case, 200)[0].rule_id == "K04"
    assert (case.pilot.exemption.status, case.pilot.status) == ("consulting", "in_review")
    case.walk((factories.reply_with_condition, factories.close_consultation))
    assert case.pilot.exemption.status == "consulted"


def test_6_a_recusal_breaks_the_quorum_and_a_second_meeting_decides(case):
    case.walk(factories.CONSULTED)
    members = seat_members(case, 5)
    (item,) = call_meeting(case, members[:3]).items
    for member in members[:2]:
        vote(case, item, member)
    declare(case, item, members[2], conflict="A brother works there.")
    tally = resolve(case, item)
    assert (tally.members, tally.quorum, tally.took_part, tally.resolution) == (4, 3, 2, "defer")
    assert case.pilot.exemption.status == "resolved"
    with pytest.raises(WrongMoment):
        factories.grant(case)
    case.at += timedelta(days=7)
    (item,) = call_meeting(case, members).items
    for member in (*members[:2], *members[3:]):
        vote(case, item, member, "approve_with_conditions")
    assert resolve(case, item).resolution == "approve_with_conditions"
    case.walk((factories.grant,))
    assert case.pilot.exemption.status == "approved"


def test_7_a_guardrail_suspends_a_pilot_until_its_measures_are_closed(case):
    case.walk((*factories.RUNNING, factories.request_evaluation, harmed, factories.sign_result))
    (proposal,) = proposing.proposals_of(case.session, case.pilot)
    assert proposal.evidence["guardrails"] == [case.guardrail.code]
    suspending.suspend(
        *(case.session, case.pilot),
        code="guardrail",
        reason="The guardrail got worse.",
        proposal=proposal,
        **by(case, "decider"),
    )
    assert (case.pilot.status, proposal.status) == ("suspended", "acted")
    with pytest.raises(WrongMoment):
        factories.lift(case)
    case.walk((factories.close_measures, factories.lift))
    assert case.pilot.status == "running"
    assert in_order(acts(case), "pilot.start", "pilot.suspend", "pilot.lift")


def test_8_a_corrective_order_is_extended_once_and_carried_out(case):
    case.walk(factories.RUNNING)
    order = issued(case)
    (clock,) = [each for each in case.pilot.exemption.clocks if each.rule_id == "K12"]
    assert (order.status, clock.due_on) == ("issued", order.due_on)
    case.at += timedelta(days=150)
    extension = {"due_on": date(2026, 12, 10), "reason": "Parts are late."}
    issuing.extend(case.session, order, **extension, **by(case, "decider"))
    with pytest.raises(WrongMoment):
        issuing.extend(case.session, order, **extension, **by(case, "decider"))
    issuing.report(case.session, order, report="Both signals were replaced.", **by(case, "author"))
    issuing.accept(case.session, order, **by(case, "reviewer"))
    case.session.refresh(clock)
    assert (order.status, case.pilot.status, clock.is_running) == ("done", "running", False)


def test_9_no_revocation_without_a_hearing(case):
    case.walk(factories.RUNNING)
    revocation = steps.open_revocation(case)
    steps.consult_city(case, revocation)
    steps.deliberate_revocation(case, revocation)
    steps.invite(case, revocation)
    with pytest.raises(WrongMoment) as refused:
        steps.revoke(case, revocation)
    assert refused.value.needs == "operator_was_heard"
    assert case.pilot.status == "running"
    steps.hear(case, revocation)
    steps.revoke(case, revocation)
    assert (case.pilot.status, revocation.status) == ("revoked", "revoked")
    assert documents(case) == ["approval_certificate", "approval_notice", "revocation_notice"]


def test_10_an_extension_filed_one_day_late_is_refused_with_its_arithmetic(case):
    case.walk(factories.RUNNING)
    (clock,) = [each for each in case.pilot.exemption.clocks if each.rule_id == "K06"]
    steps.on(case, clock.due_on + timedelta(days=1))
    with pytest.raises(TooLate) as refused:
        steps.file_extension(case)
    assert (refused.value.due_on, refused.value.event_on) == (clock.due_on, case.pilot.exemption.granted_to)
    steps.on(case, clock.due_on)
    extension = steps.file_extension(case)
    assert (extension.status, case.pilot.status) == ("filed", "running")


def test_11_a_deemed_extension_leads_to_an_innovation_project(case, tmp_path):
    case.walk(factories.RUNNING)
    last = case.pilot.exemption.granted_to
    steps.find_needed(case)
    demonstration = case.pilot
    assert demonstration.status == "deemed_extended"
    conversion = {"ground": "inappropriate", "months": 24}
    made = conversions.begin(case.session, demonstration, **conversion, **by(case, "author"))
    case.pilot = made.successor
    case.walk((factories.send_to_city, factories.give_opinion, factories.answer_actions))
    store = FileStore(tmp_path)
    proof = {"kind": "safety_proof", "name": "proof.pdf", "body": b"%PDF-1.7\nA proof."}
    attach(case.session, store, case.pilot.exemption, **proof, **by(case, "author"))
    case.walk((factories.name_evidence, factories.sign_application))
    case.walk(factories.RESOLVED[len(factories.FILED) :])
    case.at = datetime.combine(last, time(), tzinfo=UTC)
    factories.grant(case, granted_from=last + timedelta(days=1), granted_to=last + timedelta(days=700))
    assert (demonstration.status, case.pilot.status) == ("converted", "approved")
    assert case.pilot.exemption.kind == "innovation"


def test_12_a_claim_is_refused_with_proof_and_never_without(case):
    case.walk(factories.RUNNING)
    claim = file_claim(case).claim
    handling.inform(case.session, claim, information="Call Hangang Insurance.", **by(case, "author"))
    with pytest.raises(Invalid) as wrong:
        load(ClaimRefusalSchema(), {"refusal": "It was a storm.", "proof": " "})
    assert list(wrong.value.errors) == ["proof"]
    said = load(
        ClaimRefusalSchema(), {"refusal": "It was a storm.", "proof": "The weather service's record."}
    )
    case.at += timedelta(days=20)
    handling.refuse(case.session, claim, **said, **by(case, "signatory"))
    assert claim.status == "refused"
    handling.report(case.session, claim, report="Refused; the proof is enclosed.", **by(case, "author"))
    clocks = {each.rule_id: each for each in running.running(case.session, case.pilot.exemption.case)}
    assert not {"K10", "K11"} & set(clocks)
    assert in_order(acts(case), "claim.file", "claim.inform", "claim.refuse", "claim.report")
