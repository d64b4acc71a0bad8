"""What the acts on a company's own people are called."""

from __future__ import annotations

from flask_babel import lazy_gettext

_ = lazy_gettext

ACTS = {
    "team.invite": _("Colleague invited"),
    "team.withdraw_invitation": _("Invitation withdrawn"),
    "team.join": _("Invitation accepted"),
}
NEEDS = {
    "invitation_is_open": _("This invitation was accepted or withdrawn already."),
    "fewer_invitations": _("Too many invitations are open. Withdraw one first."),
}
MISSING = {
    "invitation": _("This invitation was used, was withdrawn or has expired. Ask for a new one."),
}
