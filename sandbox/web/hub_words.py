"""What hubs are called: fields of their forms, and how each wants to be told who asks."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext, lazy_gettext

from experiments.collection.credentials import Kind
from experiments.collection.models import Hub
from sandbox.hub_desk import Holder

_ = lazy_gettext

LABELS = {
    "territory": _("Territory"),
    "name": _("Name"),
    "base_url": _("Address"),
    "kind": _("Kind"),
    "dialect": _("Dialect"),
    "zone": _("Time zone"),
    "tenant": _("Tenant"),
    "context_url": _("Address of the JSON-LD context"),
    "concurrency": _("Sources read at a time"),
    "requests_per_minute": _("Requests a minute"),
}

CREDENTIAL_LABELS = {
    "kind": _("How the hub is told who asks"),
    "name": _("Header, parameter, user or client"),
    "secret": _("Secret"),
    "token_url": _("Address that gives tokens"),
    "scope": _("Scope"),
}

CREDENTIAL_KINDS = {
    Kind.KEY_IN_HEADER.value: _("Key in a header"),
    Kind.KEY_IN_QUERY.value: _("Key in the address"),
    Kind.BASIC.value: _("User and password"),
    Kind.CLIENT_CREDENTIALS.value: _("OAuth2 client credentials"),
}


def state(hub: Hub, at: datetime) -> tuple[str, str]:
    """(label, tone) of what the collector makes of a hub."""
    if hub.resting_until is not None and hub.resting_until > at:
        return gettext("Left alone"), "danger"
    if hub.failures:
        return gettext("Failing"), "warning"
    return gettext("In use"), "success"


def holder(held: Holder | None) -> str:
    """What proves to the hub who asks, without anything of the secret."""
    if held is None:
        return gettext("None")
    if held.kind is None:
        return gettext("Sealed under a key that this service no longer has; set them again")
    return gettext("%(kind)s: %(name)s", kind=CREDENTIAL_KINDS[held.kind.value], name=held.name)
