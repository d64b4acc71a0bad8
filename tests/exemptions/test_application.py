"""What the company does with its application."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import load
from sandbox import ledger
from sandbox.exemptions import application
from sandbox.exemptions.application import ApplicationSchema
from sandbox.exemptions.table import EXEMPTION, missing_contents
from sandbox.regimes import regime
from tests.factories import (
    ANSWERED,
    DRAFTED,
    FILED,
    OPINED,
    REGIME,
    RETURNED,
    SENT,
    answer_actions,
    application_values,
    create_case,
    give_opinion,
    send_to_city,
    sign_application,
)


def acts(session, subject):
    found = select(ledger.LedgerEntry.act).where(ledger.LedgerEntry.subject == subject)
    return list(session.scalars(found.order_by(ledger.LedgerEntry.number)))


def test_an_application_keeps_the_regime_version_it_was_filed_under(session):
    exemption = create_case(session).pilot.exemption
    assert (exemption.regime_id, exemption.regime_version) == (REGIME, "2026-09")
    assert exemption.regime == regime(REGIME, "2026-09")


def test_an_edit_replaces_what_the_draft_says(session):
    case = create_case(session)
    application.edit(
        session,
        case.pilot.exemption,
        application_values(requested_months=12),
        by=case.actor("author"),
        at=case.tick(),
    )
    assert case.pilot.exemption.requested_months == 12


@pytest.mark.parametrize("history", [SENT, ANSWERED, FILED])
def test_what_was_sent_cannot_be_edited(session, history):
    case = create_case(session, history)
    with pytest.raises(WrongMoment):
        application.edit(
            session,
            case.pilot.exemption,
            application_values(requested_months=12),
            by=case.actor("author"),
            at=case.tick(),
        )
    assert case.pilot.exemption.requested_months == 24


def test_an_incomplete_draft_is_not_sent(session):
    case = create_case(session)
    contents = application_values()["contents"] | {"safety": "  "}
    case.pilot.exemption.contents = contents
    with pytest.raises(WrongMoment) as refusal:
        send_to_city(case)
    assert refusal.value.needs == "contents_complete"
    assert missing_contents(case.pilot.exemption) == ["safety"]


def test_an_unanswered_action_keeps_the_signature_back(session):
    case = create_case(session, (*SENT, give_opinion))
    with pytest.raises(WrongMoment) as refusal:
        sign_application(case)
    assert refusal.value.needs == "every_required_action_is_answered"


def test_an_opinion_that_asks_for_nothing_leaves_nothing_to_answer(session):
    case = create_case(session, SENT)
    give_opinion(case, required_actions=())
    sign_application(case)
    assert case.pilot.exemption.status == "submitted"


def test_an_answer_to_no_question_is_refused_by_its_number(session):
    case = create_case(session, OPINED)
    with pytest.raises(Invalid) as refusal:
        application.answer_actions(
            session, case.pilot.exemption, {999999: "Done."}, by=case.actor("author"), at=case.tick()
        )
    assert set(refusal.value.errors) == {"answers.999999"}


def test_answers_may_be_improved_until_the_signature(session):
    case = create_case(session, ANSWERED)
    answer_actions(case)
    assert [row.verb for row in EXEMPTION.past(case.pilot.exemption)].count("answer_actions") == 2


@pytest.mark.parametrize("verb", ["create", "edit", "send_to_city", "answer_actions"])
def test_whoever_wrote_any_of_it_cannot_sign_after_a_change_of_role(session, verb):
    case = create_case(session, ANSWERED)
    writer = case.people["signatory"]
    EXEMPTION.past(case.pilot.exemption)[-1].verb = verb
    EXEMPTION.past(case.pilot.exemption)[-1].actor_id = writer.id
    with pytest.raises(Refused) as refusal:
        sign_application(case)
    assert refusal.value.rule == "signatory_who_did_not_write_it"


def test_a_returned_application_goes_the_whole_way_again(session):
    case = create_case(session, (*RETURNED, send_to_city, give_opinion, answer_actions, sign_application))
    assert case.pilot.exemption.status == "submitted"


@pytest.mark.parametrize("history", [DRAFTED, SENT, OPINED, ANSWERED, FILED])
def test_an_application_can_be_taken_back_until_it_is_decided(session, history):
    case = create_case(session, history)
    application.withdraw(
        session, case.pilot.exemption, by=case.actor("signatory"), at=case.tick(), reason="No funds."
    )
    assert case.pilot.exemption.status == "withdrawn"


def test_every_step_of_the_company_stands_in_the_ledger(session):
    case = create_case(session, FILED)
    assert acts(session, f"exemption:{case.pilot.exemption_id}") == [
        "exemption.send_to_city",
        "exemption.give_opinion",
        "exemption.answer_actions",
        "amendment_evidence.enter",
        "exemption.sign",
    ]
    assert ledger.verify(session).is_sound


# -- the form ---------------------------------------------------------------------------------


def refused(**changes) -> set[str]:
    with pytest.raises(Invalid) as refusal:
        load(ApplicationSchema(regime(REGIME)), application_values(**changes))
    return set(refusal.value.errors)


def test_a_complete_application_is_accepted():
    """Where nothing is said of the city, it does not apply together with the company."""
    loaded = load(ApplicationSchema(regime(REGIME)), application_values())
    assert loaded == application_values() | {"city_is_applicant": False}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "nonsense"}, "kind"),
        ({"ground": "nonsense"}, "ground"),
        ({"kind": "innovation", "ground": "impossible"}, "ground"),
        ({"articles": []}, "articles"),
        ({"articles": ["Art. 4\x00"]}, "articles.0"),
        ({"contents": {"nonsense": "Text."}}, "contents.nonsense"),
        ({"requested_months": 0}, "requested_months"),
        ({"requested_months": 49}, "requested_months"),
        ({"requested_months": 7.9}, "requested_months"),
        ({"requested_months": "1_2"}, "requested_months"),
        ({"requested_months": True}, "requested_months"),
        ({"requested_months": 10**30}, "requested_months"),
    ],
)
def test_a_bad_field_is_named(changes, field):
    assert refused(**changes) == {field}


def test_months_may_arrive_as_typed():
    values = application_values(requested_months="24")
    assert load(ApplicationSchema(regime(REGIME)), values)["requested_months"] == 24


def test_every_missing_field_is_named():
    with pytest.raises(Invalid) as refusal:
        load(ApplicationSchema(regime(REGIME)), {})
    assert set(refusal.value.errors) == {"kind", "ground", "articles", "contents", "requested_months"}
