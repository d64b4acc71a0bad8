"""A company's own people: members, invitations, and the door through which invited people come in."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from experiments.errors import Invalid
from experiments.fields import load
from sandbox import passwords
from sandbox.access import company_signatory
from sandbox.db import db
from sandbox.teams import letters, membership
from sandbox.teams.membership import INVITABLE, InvitationSchema, JoiningSchema
from sandbox.web import complaints, forms, words
from sandbox.web.filters import language
from sandbox.web.rim import actor, now

pages = Blueprint("teams", __name__)


@pages.get("/team")
def index() -> ResponseReturnValue:
    return _index(forms.Sent(request.form))


@pages.post("/team")
def invite() -> ResponseReturnValue:
    """Invite a colleague: the link goes out by e-mail, and is shown this once."""
    sent = forms.Sent(request.form)
    try:
        values = load(InvitationSchema(), {"email": sent.one("email"), "role": sent.one("role")})
        invited = membership.invite(db.session, **values, by=actor(), at=now())
    except Invalid as error:
        sent.refuse(error)
        return _index(sent)
    link = url_for("teams.join", token=invited.token, _external=True)
    # A link that leads nowhere must not be mailed: first the invitation stands, then it is told.
    db.session.commit()
    settings = current_app.settings  # type: ignore[attr-defined]
    is_mailed = letters.post(
        invited.invitation, link=link, way=settings.mail, sender=settings.mail_from, language=language()
    )
    response = make_response(
        render_template("teams/invited.html", invitation=invited.invitation, link=link, is_mailed=is_mailed)
    )
    response.status_code = 201
    return response


@pages.post("/team/invitations/<key:invitation_id>/withdraw")
def withdraw(invitation_id: int) -> ResponseReturnValue:
    invitation = membership.find_invitation(db.session, invitation_id, actor())
    membership.withdraw(db.session, invitation, by=actor(), at=now())
    flash(gettext("The invitation is withdrawn."), "success")
    return redirect(url_for("teams.index"), 303)


@pages.post("/team/members/<key:person_id>/disable")
def let_go(person_id: int) -> ResponseReturnValue:
    """Close a colleague's account for good."""
    person = membership.find_member(db.session, person_id, actor())
    membership.let_go(db.session, person, by=actor(), at=now())
    flash(gettext("The account of %(name)s is closed.", name=person.name), "success")
    return redirect(url_for("teams.index"), 303)


@pages.route("/join/<token>", methods=["GET", "POST"])
def join(token: str) -> ResponseReturnValue:
    """Accept an invitation: a name, and a password that nobody else has seen."""
    invitation = membership.invitation_of(db.session, token, now())
    sent = forms.Sent(request.form)
    if request.method == "POST":
        try:
            if sent.one("password") != sent.one("again"):
                raise Invalid({"again": ["The two new passwords differ."]})
            values = load(JoiningSchema(), {name: sent.one(name) for name in ("name", "password")})
            membership.accept(db.session, token, **values, at=now())
            flash(gettext("Your account is open. Sign in with it."), "success")
            return redirect(url_for("accounts.sign_in"), 303)
        except Invalid as error:
            db.session.rollback()
            invitation = membership.invitation_of(db.session, token, now())
            sent.refuse(error)
    page = render_template(
        "teams/join.html",
        invitation=invitation,
        sent=sent,
        errors=complaints.translated(sent.errors),
        shortest=passwords.SHORTEST,
    )
    response = make_response(page, 422 if sent.errors else 200)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _index(sent: forms.Sent) -> ResponseReturnValue:
    page = render_template(
        "teams/index.html",
        members=membership.members(db.session, actor()),
        invitations=membership.open_invitations(db.session, actor(), now()),
        keeps=company_signatory(actor()),
        me=actor(),
        roles=[(role.value, words.role(role)) for role in INVITABLE],
        days=membership.LASTS.days,
        sent=sent,
        errors=complaints.translated(sent.errors),
        labels={"email": gettext("E-mail"), "role": gettext("Role")},
    )
    return page, 422 if sent.errors else 200
