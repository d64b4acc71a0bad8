"""What city and ministries do with an application."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm.exc import StaleDataError

from experiments.errors import Invalid, Refused, WrongMoment
from experiments.fields import load
from sandbox.exemptions import review
from sandbox.exemptions.review import ConditionSchema, OpinionSchema, ReplySchema
from tests.factories import (
    CONSULTED,
    CONSULTING,
    FILED,
    OPINED,
    REPLIED,
    close_consultation,
    condition_values,
    create_case,
    create_organisation,
    open_consultation,
    reply,
    reply_of_the_lead,
    reply_with_condition,
    withdraw,
)


def ask(case, *ministries, at=None):
    review.open_consultation(
        case.session, case.pilot.exemption, ministries, by=case.actor("reviewer"), at=at or case.tick()
    )


def test_an_opinion_stays_with_what_it_requires(session):
    exemption = create_case(session, OPINED).pilot.exemption
    assert exemption.local_opinion == "The city supports the pilot."
    assert [(a.text, a.answer) for a in exemption.required_actions] == [("Put up signs.", None)]


def test_an_opinion_needs_words():
    with pytest.raises(Invalid) as refusal:
        load(OpinionSchema(), {"opinion": " ", "required_actions": ["Put up signs.", ""]})
    assert set(refusal.value.errors) == {"opinion", "required_actions.1"}


# -- the consultation -------------------------------------------------------------------------


def test_a_consultation_asks_someone(session):
    case = create_case(session, FILED)
    with pytest.raises(Invalid) as refusal:
        ask(case)
    assert set(refusal.value.errors) == {"ministries"}


def test_a_ministry_is_asked_once(session):
    case = create_case(session, FILED)
    ministry = case.people["reviewer"].organisation
    with pytest.raises(Invalid) as refusal:
        ask(case, ministry, ministry)
    assert set(refusal.value.errors) == {"ministries.1"}


def test_only_ministries_are_asked(session):
    case = create_case(session, FILED)
    with pytest.raises(Invalid) as refusal:
        ask(case, case.people["reviewer"].organisation, case.people["author"].organisation)
    assert set(refusal.value.errors) == {"ministries.1"}


@pytest.mark.parametrize(
    ("asked_at", "due_on"),
    [
        # The thirtieth day is Thursday, 30 April; a minute later it would be Labour Day, then a weekend.
        (datetime(2026, 3, 31, 14, 59, tzinfo=UTC), date(2026, 4, 30)),
        (datetime(2026, 3, 31, 15, 0, tzinfo=UTC), date(2026, 5, 4)),
    ],
)
def test_thirty_days_run_by_the_regimes_own_calendar(session, asked_at, due_on):
    case = create_case(session, FILED)
    ask(case, case.people["reviewer"].organisation, at=asked_at)
    assert [c.due_on for c in case.pilot.exemption.consultations] == [due_on]


def test_a_reply_is_kept_with_its_conditions(session):
    case = create_case(session, (*CONSULTING, reply_with_condition))
    given = [c for c in case.pilot.exemption.consultations if c.reply]
    assert [(c.reply, c.replied_at, c.replied_by_id) for c in given] == [
        ("agree_with_conditions", case.at, case.people["other_reviewer"].id)
    ]
    (condition,) = case.pilot.exemption.conditions
    assert condition.requested_by_id == case.people["other_reviewer"].organisation_id
    assert not condition.is_imposed


def test_a_ministry_replies_once(session):
    case = create_case(session, (*CONSULTING, reply_of_the_lead))
    with pytest.raises(WrongMoment) as refusal:
        reply_of_the_lead(case)
    assert refusal.value.status == "agree"


@pytest.mark.parametrize("who", ["other_decider", "reviewer", "author", "city_reviewer", "auditor"])
def test_nobody_replies_for_another_ministry(session, who):
    case = create_case(session, CONSULTING)
    theirs = case.people["other_reviewer"].organisation_id
    asked = next(c for c in case.pilot.exemption.consultations if c.ministry_id == theirs)
    with pytest.raises(Refused) as refusal:
        review.reply(
            session, asked, reply="agree", text="Fine.", conditions=[], by=case.actor(who), at=case.tick()
        )
    assert refusal.value.rule == "reviewer_of_the_asked_ministry"
    assert asked.reply is None


def test_nobody_replies_once_the_consultation_is_over(session):
    case = create_case(session, (*CONSULTING, withdraw))
    with pytest.raises(WrongMoment) as refusal:
        reply_of_the_lead(case)
    assert refusal.value.meanwhile[0] == "withdraw"


def test_two_replies_at_once_do_not_overwrite_each_other(session):
    case = create_case(session, CONSULTING)
    session.execute(text("UPDATE exemption SET version = version + 1"))
    with pytest.raises(StaleDataError):
        reply_of_the_lead(case)


def test_silence_is_not_consent(session):
    case = create_case(session, (*CONSULTING, reply_of_the_lead))
    with pytest.raises(WrongMoment) as refusal:
        close_consultation(case)
    assert refusal.value.needs == "every_ministry_replied"


@pytest.mark.parametrize("answer", ["agree", "disagree", "not_ours"])
def test_any_written_reply_counts_as_one(session, answer):
    case = create_case(session, (*CONSULTING, reply_of_the_lead))
    reply(case, "other_reviewer", reply=answer)
    close_consultation(case)
    assert case.pilot.exemption.status == "consulted"


def test_the_consultation_is_opened_once(session):
    case = create_case(session, CONSULTED)
    with pytest.raises(WrongMoment):
        open_consultation(case)


def test_a_ministry_that_was_not_asked_has_nothing_to_reply_to(session):
    case = create_case(session, FILED)
    ask(case, create_organisation(session, case.people["reviewer"].organisation.kind))
    assert len(case.pilot.exemption.consultations) == 1
    with pytest.raises(StopIteration):
        reply_of_the_lead(case)


def test_every_reply_is_in_the_file(session):
    case = create_case(session, REPLIED)
    assert {c.reply for c in case.pilot.exemption.consultations} == {"agree", "agree_with_conditions"}


# -- the forms --------------------------------------------------------------------------------


@pytest.mark.parametrize("proof", ["text", "legal_basis", "necessity", "proportionality"])
@pytest.mark.parametrize("given", [None, "", "   "])
def test_a_condition_without_its_proof_is_refused(proof, given):
    values = condition_values()
    if given is None:
        del values[proof]
    else:
        values[proof] = given
    with pytest.raises(Invalid) as refusal:
        load(ConditionSchema(), values)
    assert set(refusal.value.errors) == {proof}


def test_a_condition_of_a_reply_is_named_by_its_place():
    values = {
        "reply": "agree_with_conditions",
        "text": "Yes.",
        "conditions": [condition_values(necessity="")],
    }
    with pytest.raises(Invalid) as refusal:
        load(ReplySchema(), values)
    assert set(refusal.value.errors) == {"conditions.0.necessity"}


@pytest.mark.parametrize("answer", ["agree", "disagree", "not_ours"])
def test_conditions_stand_only_beside_agreement_with_conditions(answer):
    with pytest.raises(Invalid) as refusal:
        load(ReplySchema(), {"reply": answer, "text": "Yes.", "conditions": [condition_values()]})
    assert set(refusal.value.errors) == {"conditions"}


def test_agreement_with_conditions_names_one():
    with pytest.raises(Invalid) as refusal:
        load(ReplySchema(), {"reply": "agree_with_conditions", "text": "Yes."})
    assert set(refusal.value.errors) == {"conditions"}


@pytest.mark.parametrize(
    ("values", "field"), [({"reply": "perhaps", "text": "Hm."}, "reply"), ({"reply": "agree"}, "text")]
)
def test_a_bad_reply_is_named(values, field):
    with pytest.raises(Invalid) as refusal:
        load(ReplySchema(), values)
    assert set(refusal.value.errors) == {field}
