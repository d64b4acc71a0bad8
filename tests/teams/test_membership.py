"""Invitations that work once and for a few days, and colleagues who are let go."""

from __future__ import annotations

import pytest

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import load
from sandbox import accounts
from sandbox.accounts import Role
from sandbox.teams import membership
from sandbox.teams.letters import letter
from sandbox.teams.membership import LASTS, InvitationSchema
from tests.factories import PASSWORD, create_case

EMAIL = "new.colleague@example.org"


def invite(case, who="signatory", email=EMAIL, role=Role.COMPANY_AUTHOR):
    return membership.invite(case.session, email=email, role=role, by=case.actor(who), at=case.tick())


def accept(case, token, **changes):
    values = {"name": "Kim Min-ji", "password": PASSWORD} | changes
    return membership.accept(case.session, token, **values, at=case.tick())


def test_whoever_accepts_is_in(session):
    case = create_case(session)
    person = accept(case, invite(case, email="New.Colleague@Example.org").token)
    company = case.people["author"].organisation
    assert (person.email, person.role, person.organisation) == (EMAIL, "company_author", company)
    assert person in membership.members(session, case.actor("signatory"))


def test_a_link_works_once(session):
    case = create_case(session)
    token = invite(case).token
    accept(case, token)
    with pytest.raises(NotFound):
        accept(case, token)


def test_a_link_expires(session):
    case = create_case(session)
    token = invite(case).token
    case.at += LASTS
    with pytest.raises(NotFound):
        accept(case, token)


def test_a_newer_invitation_ends_the_older(session):
    case = create_case(session)
    older, newer = invite(case), invite(case)
    with pytest.raises(NotFound):
        accept(case, older.token)
    accept(case, newer.token)


def test_a_withdrawn_invitation_leads_nowhere(session):
    case = create_case(session)
    invited = invite(case)
    act = {"by": case.actor("signatory"), "at": case.tick()}
    membership.withdraw(session, invited.invitation, **act)
    with pytest.raises(NotFound):
        accept(case, invited.token)
    with pytest.raises(WrongMoment):
        membership.withdraw(session, invited.invitation, **act)


def test_invitations_end_with_the_membership_of_whoever_made_them(session):
    case = create_case(session)
    token = invite(case).token
    case.people["signatory"].disabled_at = case.tick()
    with pytest.raises(NotFound):
        accept(case, token)


def test_a_short_password_leaves_the_link_open(session):
    case = create_case(session)
    token = invite(case).token
    with pytest.raises(Invalid) as error:
        accept(case, token, password="short")
    assert set(error.value.errors) == {"password"}
    accept(case, token)


@pytest.mark.parametrize("who", ["author", "reviewer", "decider", "administrator"])
def test_only_a_signatory_invites_and_lets_go(session, who):
    case = create_case(session)
    with pytest.raises(Refused):
        invite(case, who)
    with pytest.raises(Refused):
        membership.let_go(session, case.people["author"], by=case.actor(who), at=case.tick())


def test_people_who_have_an_account_are_not_invited(session):
    case = create_case(session)
    with pytest.raises(Invalid) as error:
        invite(case, email=case.people["other_author"].email)
    assert set(error.value.errors) == {"email"}


@pytest.mark.parametrize("role", ["administrator", "auditor", "decider", "nonsense", None])
def test_a_company_invites_to_its_own_roles_alone(role):
    with pytest.raises(Invalid) as error:
        load(InvitationSchema(), {"email": EMAIL, "role": role})
    assert set(error.value.errors) == {"role"}


def test_whoever_is_let_go_is_signed_out_at_once(session):
    case = create_case(session)
    author = case.people["author"]
    _, token = accounts.sign_in(
        session, email=author.email, password=PASSWORD, address="a", at=case.tick(), hours=10
    )
    membership.let_go(session, author, by=case.actor("signatory"), at=case.tick())
    assert accounts.person_of(session, token, case.at) is None
    with pytest.raises(WrongMoment):
        membership.let_go(session, author, by=case.actor("signatory"), at=case.tick())


def test_nobody_lets_themselves_or_others_people_go(session):
    case = create_case(session)
    signatory = case.people["signatory"]
    with pytest.raises(Refused):
        membership.let_go(session, signatory, by=signatory.actor, at=case.tick())
    with pytest.raises(NotFound):
        membership.let_go(session, signatory, by=case.actor("other_signatory"), at=case.tick())


@pytest.mark.parametrize(("language", "word"), [("ko", "초대"), ("en", "Invitation")])
def test_the_letter_carries_the_link(session, language, word):
    invited = invite(create_case(session))
    made = letter(invited.invitation, link="https://x/join/1", sender="a@example.org", language=language)
    assert word in made["Subject"]
    assert "https://x/join/1" in made.get_content()
    assert made["To"] == EMAIL
