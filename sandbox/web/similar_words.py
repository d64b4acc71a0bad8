"""What similar cases and the fast track are called."""

from __future__ import annotations

from flask_babel import lazy_gettext

_ = lazy_gettext

STATUSES = {
    "asked": (_("Fast track asked for"), "information"),
    "accepted": (_("Fast track"), "success"),
    "refused": (_("Fast track refused"), "neutral"),
    "withdrawn": (_("Fast track no longer asked for"), "neutral"),
}
VERBS = {
    "ask_again": _("Ask for the fast track again"),
    "accept": _("Accept for the fast track"),
    "refuse": _("Refuse the fast track"),
    "withdraw": _("Ask for the fast track no longer"),
}
DEEDS = {
    "create": _("Fast track asked for"),
    "ask_again": _("Fast track asked for again"),
    "accept": _("Accepted for the fast track"),
    "refuse": _("Fast track refused"),
    "withdraw": _("Fast track no longer asked for"),
}
ACTS = {
    "fast_track.ask": _("Fast track asked for"),
    "fast_track.accept": _("Accepted for the fast track"),
    "fast_track.refuse": _("Fast track refused"),
    "fast_track.withdraw": _("Fast track no longer asked for"),
    "exemption.copy": _("Texts of an earlier case copied"),
}
NEEDS = {
    "regime_has_a_fast_track": _("This regime has no fast track."),
    "ministries_are_not_notified_yet": _("The ministries are notified already."),
    "application_is_filed": _("The application is not filed, or the ministries are notified already."),
    "fast_track_request_is_answered": _("The request for the fast track is not answered."),
}
LABELS = {
    "earlier": _("Number of the approved case"),
    "statement": _("In what this case is the same"),
    "items": _("Texts of the plan"),
    "conditions": _("Texts of conditions"),
    "into": _("Add conditions to"),
    "reason": _("Reason"),
    "articles": _("Rules to be lifted"),
    "technology": _("Technology"),
    "q": _("Words"),
}
