"""What webhooks are called: events, states of deliveries, why an address was closed."""

from __future__ import annotations

import re
from itertools import groupby

from flask_babel import lazy_gettext

from sandbox.notices.texts import TEXTS
from sandbox.web.filters import language
from sandbox.webhooks.desk import EVENTS

_ = lazy_gettext

STATUSES = {
    "queued": (_("Waiting"), "information"),
    "sending": (_("Being sent"), "progress"),
    "taken": (_("Taken"), "success"),
    "given_up": (_("Given up"), "danger"),
}
ENDS = {
    "removed": _("Closed by its office"),
    "failing": _("Closed after days of failure"),
}
ACTS = {
    "webhook.open": _("Webhook opened"),
    "webhook.remove": _("Webhook closed"),
    "webhook.give_up": _("Webhook closed after days of failure"),
}
NEEDS = {
    "webhook_is_open": _("This webhook is closed."),
    "fewer_webhooks": _("Your office has as many webhooks as it may have. Close one first."),
    "delivery_is_over": _("This delivery is still waiting to be sent."),
}


def event(code: str) -> str:
    """What an event says, in the reader's language, without the case and its figures."""
    korean, english = TEXTS[code]
    said = (korean if language() == "ko" else english).removeprefix("{case}: ")
    return re.sub(r"\{\w+\}", "…", said)


def events() -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Every event by the kind that its code begins with: (code, code, what it says), for check boxes."""
    kinds = groupby(EVENTS, key=lambda code: code.partition(".")[0])
    return [(kind, [(code, code, event(code)) for code in codes]) for kind, codes in kinds]
