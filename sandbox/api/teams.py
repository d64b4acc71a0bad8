"""A company's own people: members, invitations, joining."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from flask_babel import get_locale
from marshmallow import Schema, fields

from sandbox.api.room import Answer, Room
from sandbox.db import db
from sandbox.teams import letters, membership
from sandbox.teams.membership import InvitationSchema, JoiningSchema
from sandbox.web.rim import actor, now

resources = Room("api-teams", __name__, description="The people of the caller's company, and invitations.")


class MemberSchema(Schema):
    id = fields.Integer()
    name = fields.String()
    email = fields.String()
    role = fields.String()
    disabled_at = fields.AwareDateTime(allow_none=True)


class OpenInvitationSchema(Schema):
    id = fields.Integer()
    email = fields.String()
    role = fields.String()
    made_by = fields.String(attribute="made_by_name")
    expires_at = fields.AwareDateTime()


class InvitedSchema(OpenInvitationSchema):
    """A new invitation. `href` is the address where it is accepted; it is told this once."""

    href = fields.String()
    is_mailed = fields.Boolean()


class TeamSchema(Schema):
    members = fields.List(fields.Nested(MemberSchema))
    invitations = fields.List(fields.Nested(OpenInvitationSchema))


@resources.get("/team", endpoint="read")
@resources.response(200, TeamSchema)
def read() -> Answer:
    """Members of the caller's company, and invitations that can still be accepted."""
    return _team(), {}


@resources.post("/team/invitations", endpoint="invite")
@resources.arguments(InvitationSchema)
@resources.response(201, InvitedSchema)
def invite(sent: dict[str, Any]) -> Answer:
    """Invite a colleague by e-mail, for a role of a company."""
    invited = membership.invite(db.session, **sent, by=actor(), at=now())
    shown = {name: getattr(invited.invitation, name) for name in ("id", "email", "role", "expires_at")}
    shown["made_by_name"] = invited.invitation.made_by_name
    link = url_for("teams.join", token=invited.token, _external=True)
    # A link that leads nowhere must not be mailed: first the invitation stands, then it is told.
    db.session.commit()
    settings = current_app.settings  # type: ignore[attr-defined]
    is_mailed = letters.post(
        invited.invitation,
        link=link,
        way=settings.mail,
        sender=settings.mail_from,
        language=str(get_locale() or "ko")[:2],
    )
    return shown | {"href": url_for("api-teams.join", token=invited.token), "is_mailed": is_mailed}, {}


@resources.post("/team/invitations/<key:invitation_id>/withdraw", endpoint="withdraw")
@resources.response(200, TeamSchema)
def withdraw(invitation_id: int) -> Answer:
    """Let an invitation lead nowhere from here on."""
    invitation = membership.find_invitation(db.session, invitation_id, actor())
    membership.withdraw(db.session, invitation, by=actor(), at=now())
    return _team(), {}


@resources.post("/team/members/<key:person_id>/disable", endpoint="let_go")
@resources.response(200, TeamSchema)
def let_go(person_id: int) -> Answer:
    """Close a colleague's account for good; its sign-ins end at once."""
    person = membership.find_member(db.session, person_id, actor())
    membership.let_go(db.session, person, by=actor(), at=now())
    return _team(), {}


@resources.post("/join/<token>", endpoint="join")
@resources.arguments(JoiningSchema)
@resources.response(201, MemberSchema)
def join(sent: dict[str, Any], token: str) -> Answer:
    """Accept an invitation, once."""
    return membership.accept(db.session, token, **sent, at=now()), {}


def _team() -> dict[str, Any]:
    return {
        "members": membership.members(db.session, actor()),
        "invitations": membership.open_invitations(db.session, actor(), now()),
    }
