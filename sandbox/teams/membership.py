"""A company's own people: who is in, who was invited, who joins, who is let go."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.errors import Invalid, NotFound, Refused, WrongMoment
from experiments.fields import Line
from experiments.lifecycle import Actor
from sandbox import access, accounts, ledger
from sandbox.accounts import Person, Role
from sandbox.clocks.running import SERVICE
from sandbox.teams.models import Invitation

INVITABLE = (Role.COMPANY_AUTHOR, Role.COMPANY_SIGNATORY)
LASTS = timedelta(days=7)
MOST_OPEN = 50
TOKEN_BYTES = 32


class InvitationSchema(Schema):
    """Whom to invite, and as what."""

    email = fields.Email(required=True, validate=validate.Length(max=254))
    role = fields.Enum(Role, by_value=True, required=True, error_messages={"unknown": "Choose a role."})

    @validates_schema
    def the_role_is_of_a_company(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["role"] not in INVITABLE:
            raise ValidationError("Choose a role.", "role")


class JoiningSchema(Schema):
    """What whoever accepts says of themselves."""

    name = Line(required=True, longest=100)
    password = fields.String(required=True)


@dataclass(frozen=True)
class Invited:
    """A new invitation with the secret of its link, which is told once."""

    invitation: Invitation
    token: str


def members(session: Session, actor: Actor) -> list[Person]:
    """Everybody of the actor's organisation, open accounts first."""
    mine = select(Person).where(Person.organisation_id == actor.organisation_id)
    return list(session.scalars(mine.order_by(Person.disabled_at.is_not(None), Person.name, Person.id)))


def open_invitations(session: Session, actor: Actor, at: datetime) -> list[Invitation]:
    """Invitations of the actor's organisation that can still be accepted."""
    mine = Invitation.organisation_id == actor.organisation_id
    query = select(Invitation).where(mine, *_open(at)).order_by(Invitation.id)
    return list(session.scalars(query))


def invite(session: Session, *, email: str, role: Role, by: Actor, at: datetime) -> Invited:
    """Invite somebody into the signatory's company; an older invitation of the same address ends."""
    _check_keeps_the_team(by, "team.invite")
    assert by.organisation_id is not None
    assert by.person_id is not None
    email = accounts.normal_email(email)
    if session.scalar(select(Person.id).where(Person.email == email)) is not None:
        raise Invalid({"email": ["this e-mail has an account"]})
    ledger.hold(session)
    waiting = open_invitations(session, by, at)
    for older in waiting:
        if older.email == email:
            older.withdrawn_at = at
    if len(waiting) >= MOST_OPEN:
        raise WrongMoment("team.invite", "open", needs="fewer_invitations")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation(
        organisation_id=by.organisation_id,
        email=email,
        role=role,
        token_hash=_hash(token),
        made_at=at,
        made_by_id=by.person_id,
        made_by_name=by.name,
        expires_at=at + LASTS,
    )
    session.add(invitation)
    session.flush()
    _record(session, invitation, "invite", by, at, role=role.value)
    return Invited(invitation, token)


def withdraw(session: Session, invitation: Invitation, *, by: Actor, at: datetime) -> None:
    """Let an invitation lead nowhere from here on."""
    _check_keeps_the_team(by, "team.withdraw")
    if invitation.organisation_id != by.organisation_id:
        raise NotFound("invitation", invitation.id)
    if invitation.accepted_at or invitation.withdrawn_at:
        raise WrongMoment("team.withdraw", "ended", needs="invitation_is_open")
    invitation.withdrawn_at = at
    _record(session, invitation, "withdraw_invitation", by, at)


def invitation_of(session: Session, token: str, at: datetime) -> Invitation:
    """The invitation behind a link; NotFound once it was used or withdrawn, has expired, or whoever
    made it may invite nobody any more."""
    query = select(Invitation).where(Invitation.token_hash == _hash(token), *_open(at))
    invitation = session.scalar(query)
    inviter = session.get(Person, invitation.made_by_id) if invitation else None
    if invitation is None or inviter is None or not _may_still_invite(inviter, invitation):
        raise NotFound("invitation", "link")
    return invitation


def accept(session: Session, token: str, *, name: str, password: str, at: datetime) -> Person:
    """Open the account that the invitation is for; the link works no more."""
    invitation = invitation_of(session, token, at)
    ledger.hold(session)
    session.refresh(invitation)
    if invitation.accepted_at is not None:
        raise NotFound("invitation", "link")
    person = accounts.create_person(
        session,
        email=invitation.email,
        name=name,
        role=Role(invitation.role),
        organisation=invitation.organisation,
        password=password,
        by=SERVICE,
        at=at,
    )
    invitation.accepted_at, invitation.person_id = at, person.id
    session.flush()
    _record(session, invitation, "join", person.actor, at, invited_by=invitation.made_by_id)
    return person


def find_member(session: Session, person_id: int, actor: Actor) -> Person:
    """A colleague; NotFound for people of other organisations."""
    person = session.get(Person, person_id)
    if person is None or person.organisation_id != actor.organisation_id:
        raise NotFound("person", person_id)
    return person


def find_invitation(session: Session, invitation_id: int, actor: Actor) -> Invitation:
    invitation = session.get(Invitation, invitation_id)
    if invitation is None or invitation.organisation_id != actor.organisation_id:
        raise NotFound("invitation", invitation_id)
    return invitation


def let_go(session: Session, person: Person, *, by: Actor, at: datetime) -> None:
    """Close a colleague's account for good; every sign-in ends at once, and so do invitations of theirs."""
    _check_keeps_the_team(by, "team.let_go")
    if person.organisation_id != by.organisation_id:
        raise NotFound("person", person.id)
    if person.id == by.person_id:
        raise Refused("team.let_go", "not_ones_own_account")
    if person.disabled_at is not None:
        raise WrongMoment("team.let_go", "closed", needs="account_is_open")
    person.disabled_at = at
    accounts.end_sign_ins(session, person, at)
    ledger.append(session, act="person.disable", subject=f"person:{person.id}", by=by, at=at)


def _open(at: datetime) -> tuple[Any, ...]:
    return (Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.expires_at > at)


def _may_still_invite(inviter: Person, invitation: Invitation) -> bool:
    is_there = inviter.disabled_at is None and inviter.organisation_id == invitation.organisation_id
    return is_there and access.company_signatory(inviter.actor)


def _check_keeps_the_team(by: Actor, act: str) -> None:
    if not access.company_signatory(by):
        raise Refused(act, "company_signatory")


def _record(
    session: Session, invitation: Invitation, verb: str, by: Actor, at: datetime, **details: Any
) -> None:
    subject = f"organisation:{invitation.organisation_id}"
    facts = {"invitation": invitation.id} | details
    ledger.append(session, act=f"team.{verb}", subject=subject, by=by, at=at, details=facts)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
