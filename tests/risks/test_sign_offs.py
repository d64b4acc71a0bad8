"""Answers about risk call for sign-offs, and nothing is granted while one of them is missing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from sandbox.ledger import LedgerEntry
from sandbox.risks import answers, sign_offs
from sandbox.risks.answers import required
from tests.factories import CONSULTING, DRAFTED, FILED, GRANTED, RESOLVED, create_case, grant

YES, NO = {"is_yes": True, "explanation": "Cameras see faces."}, {"is_yes": False, "explanation": ""}


def say(case, who="author", **given):
    answers.answer(case.session, case.pilot.exemption, given, by=case.actor(who), at=case.tick())


def give(case, kind, who="reviewer"):
    exemption, by = case.pilot.exemption, case.actor(who)
    sign_offs.give(case.session, exemption, kind, statement="Looked at.", by=by, at=case.tick())


def take_back(case, kind, who="reviewer", reason="The camera changed."):
    exemption, by = case.pilot.exemption, case.actor(who)
    sign_offs.take_back(case.session, exemption, kind, reason=reason, by=by, at=case.tick())


def called_for(case):
    """(kind, whether it is given) of what the answers call for."""
    return [(each.kind.id, each.given is not None) for each in required(case.session, case.pilot.exemption)]


def test_a_yes_calls_for_its_sign_offs_and_a_no_for_none(session):
    case = create_case(session)
    say(case, personal_data=YES, bodily_harm=NO)
    assert called_for(case) == [("privacy", False)]
    say(case, personal_data=NO, public_space=YES)
    assert called_for(case) == [("privacy", False), ("safety", False)]


def test_nothing_is_granted_before_every_sign_off_is_given(session):
    case = create_case(session, RESOLVED)
    say(case, "reviewer", personal_data=YES, bodily_harm=YES)
    for kind, who in (("privacy", "reviewer"), ("safety", "city_reviewer")):
        with pytest.raises(WrongMoment) as refusal:
            grant(case)
        assert refusal.value.needs == "every_sign_off_is_given"
        give(case, kind, who)
    grant(case)
    assert case.pilot.exemption.status == "approved"


def test_a_sign_off_that_was_taken_back_is_missing_again_and_stays_on_record(session):
    case = create_case(session, CONSULTING)
    say(case, "reviewer", personal_data=YES)
    give(case, "privacy")
    with pytest.raises(Invalid):
        take_back(case, "privacy", reason=" ")
    take_back(case, "privacy")
    assert called_for(case) == [("privacy", False)]
    give(case, "privacy")
    kept = sign_offs.past(session, case.pilot.exemption)
    assert [each.taken_back_reason for each in kept] == [None, "The camera changed."]


def test_every_act_stands_in_the_ledger(session):
    case = create_case(session, CONSULTING)
    say(case, "reviewer", personal_data=YES)
    give(case, "privacy")
    take_back(case, "privacy")
    acts = session.scalars(select(LedgerEntry.act).order_by(LedgerEntry.number.desc()).limit(3)).all()
    assert acts == ["sign_off.take_back", "sign_off.give", "risk.answer"]


@pytest.mark.parametrize(
    ("history", "who", "error"),
    [
        (DRAFTED, "other_author", Refused),
        (DRAFTED, "signatory", Refused),
        (DRAFTED, "reviewer", WrongMoment),
        (FILED, "author", WrongMoment),
        (FILED, "other_reviewer", Refused),
        (FILED, "city_reviewer", Refused),
        (GRANTED, "reviewer", WrongMoment),
    ],
)
def test_others_and_other_moments_answer_nothing(session, history, who, error):
    case = create_case(session, history)
    with pytest.raises(error):
        say(case, who, personal_data=NO)


@pytest.mark.parametrize(
    ("kind", "who", "error"),
    [
        ("privacy", "city_reviewer", Refused),
        ("privacy", "other_reviewer", Refused),
        ("privacy", "author", Refused),
        ("safety", "reviewer", Refused),
        ("safety", "other_city_reviewer", Refused),
        ("legal", "reviewer", WrongMoment),
        ("colour", "reviewer", NotFound),
    ],
)
def test_only_the_office_that_is_named_signs_what_is_called_for(session, kind, who, error):
    case = create_case(session, FILED)
    say(case, "reviewer", public_space=YES)
    with pytest.raises(error):
        give(case, kind, who)


def test_a_sign_off_is_given_once_and_between_filing_and_decision(session):
    case = create_case(session)
    say(case, personal_data=YES)
    with pytest.raises(WrongMoment):
        give(case, "privacy")
    case = create_case(session, CONSULTING)
    say(case, "reviewer", personal_data=YES)
    give(case, "privacy")
    with pytest.raises(WrongMoment):
        give(case, "privacy")


def test_an_answer_fits_the_regime_and_a_yes_says_why(session):
    case = create_case(session)
    with pytest.raises(Invalid) as refusal:
        say(case, colour=NO, personal_data={"is_yes": True, "explanation": ""})
    assert set(refusal.value.errors) == {"answers.colour", "answers.personal_data.explanation"}
