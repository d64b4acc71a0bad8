"""The experts' part of a case."""

from __future__ import annotations

import pytest

from experiments.errors import Invalid, Refused, WrongMoment
from sandbox.committee import experts
from sandbox.exemptions.models import Resolution
from sandbox.roles import Role
from tests.committee.sittings import LAW
from tests.factories import CONSULTED, CONSULTING, create_case, create_person, grant, resolve, table

SCORES = {each.id: 4 for each in LAW.approval_criteria}


def ask(case, who="expert", affiliation=None, by="secretary"):
    return experts.ask(
        case.session,
        case.pilot.exemption,
        expert=case.people[who],
        affiliation=affiliation,
        by=case.actor(by),
        at=case.tick(),
    )


def assess(case, row, scores=SCORES, who="expert"):
    experts.assess(
        case.session,
        row,
        scores=scores,
        text="Sound.",
        recommendation="approve",
        by=case.actor(who),
        at=case.tick(),
    )


def declare(case, row, conflict="", who="expert"):
    experts.declare(
        case.session, row, has_conflict=bool(conflict), reason=conflict, by=case.actor(who), at=case.tick()
    )


def report(case, by="secretary"):
    experts.report(
        case.session, case.pilot.exemption, recommendation="approve", by=case.actor(by), at=case.tick()
    )


def test_experts_declare_score_and_report(session):
    case = create_case(session, CONSULTED)
    row = ask(case)
    with pytest.raises(WrongMoment) as refusal:
        assess(case, row)
    assert refusal.value.needs == "interest_is_declared"
    with pytest.raises(WrongMoment) as refusal:
        report(case)
    assert refusal.value.needs == "experts_have_assessed"
    declare(case, row)
    assess(case, row)
    exemption = case.pilot.exemption
    assert experts.means(exemption, [row])["necessity"] == 4
    report(case)
    assert (exemption.status, exemption.deliberated_by) == ("expert_done", [case.people["expert"].id])
    with pytest.raises(WrongMoment):
        assess(case, row)


def test_an_expert_never_decides(session):
    case = create_case(session, CONSULTED)
    row = ask(case)
    declare(case, row)
    assess(case, row)
    report(case)
    table(case)
    resolve(Resolution.APPROVE_WITH_CONDITIONS)(case)
    expert = case.people["expert"]
    expert.role, expert.organisation = Role.DECIDER, case.people["decider"].organisation
    case.people["decider"] = expert
    with pytest.raises(Refused):
        grant(case)


def test_an_expert_with_a_conflict_scores_nothing(session):
    case = create_case(session, CONSULTED)
    row = ask(case)
    declare(case, row, "I advised the company.")
    with pytest.raises(Refused) as refusal:
        assess(case, row)
    assert refusal.value.rule == "member_who_is_not_recused"


@pytest.mark.parametrize("score", [0, 6])
def test_scores_keep_to_the_range_and_to_the_criteria(session, score):
    case = create_case(session, CONSULTED)
    row = ask(case)
    declare(case, row)
    with pytest.raises(Invalid) as refusal:
        assess(case, row, scores=SCORES | {"necessity": score, "beauty": 3})
    assert set(refusal.value.errors) == {"scores.necessity", "scores.beauty"}


@pytest.mark.parametrize("who", ["author", "city_reviewer", "other_reviewer"])
def test_nobody_from_a_party_is_asked(session, who):
    case = create_case(session, CONSULTED)
    with pytest.raises(Invalid) as refusal:
        ask(case, affiliation=case.people[who].organisation)
    assert set(refusal.value.errors) == {"affiliation"}


def test_an_expert_is_asked_once_and_is_one(session):
    case = create_case(session, CONSULTED)
    ask(case)
    for who in ("expert", "decider"):
        with pytest.raises(Invalid) as refusal:
            ask(case, who)
        assert set(refusal.value.errors) == {"person"}


@pytest.mark.parametrize("by", ["reviewer", "decider", "member", "author", "expert"])
def test_only_the_secretariat_asks(session, by):
    with pytest.raises(Refused):
        ask(create_case(session, CONSULTED), by=by)


def test_another_expert_does_not_answer(session):
    case = create_case(session, CONSULTED)
    row = ask(case)
    case.people["second"] = create_person(session, Role.EXPERT)
    with pytest.raises(Refused):
        declare(case, row, who="second")


def test_experts_are_asked_once_the_consultation_is_closed(session):
    with pytest.raises(WrongMoment):
        ask(create_case(session, CONSULTING))
