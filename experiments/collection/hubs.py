"""Setting up and changing hubs and their credentials: everything refused is named by its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments.collection import addresses
from experiments.collection.connectors.options import SUBSCRIBED
from experiments.collection.credentials import Credentials, CredentialsSchema, Vault
from experiments.collection.description import NEVER_AGGREGATED, Errors, HubSchema
from experiments.collection.models import DataSource, Hub, Representation
from experiments.collection.rests import wake
from experiments.collection.sources import take_away
from experiments.districts import Territory
from experiments.errors import Invalid, WrongMoment
from experiments.fields import load


def faults_of_hub(session: Session, data: Mapping[str, Any], *, private_hubs: Sequence[str] = ()) -> Errors:
    """What is wrong with a description of a hub that is to be registered, by field."""
    try:
        return _checked(session, data, private_hubs)[1]
    except Invalid as refusal:
        return refusal.errors


def register_hub(session: Session, data: Mapping[str, Any], *, private_hubs: Sequence[str] = ()) -> Hub:
    """A hub from `HubSchema`; Invalid by field, also for addresses that may never be called."""
    facts, errors = _checked(session, data, private_hubs)
    if errors:
        raise Invalid(errors)
    hub = Hub(**facts)
    session.add(hub)
    session.flush()
    return hub


def edit_hub(
    session: Session, hub: Hub, data: Mapping[str, Any], *, private_hubs: Sequence[str] = ()
) -> None:
    """Replace the description of `hub`, checked as at registration; answers under way are refused.

    The credentials are for the scheme, host and port that they were stated for: a hub that moves loses
    them, or whoever may change the address could have the secret sent to himself.
    """
    facts, errors = _checked(session, data, private_hubs, edited=hub)
    sources = sources_of(session, hub)
    if sources and facts["kind"] != hub.kind:
        errors["kind"] = ["A hub with sources keeps its kind; register another one."]
    if facts["territory"] is not None and any(s.territory_id != facts["territory"].id for s in sources):
        errors["territory"] = ["Sources of another territory read from this hub."]
    if facts["dialect"] in NEVER_AGGREGATED and any(
        source.representation == Representation.AGGREGATED_VALUES for source in sources
    ):
        errors["dialect"] = ["Sources of this hub read what it puts together; hubs of this dialect do not."]
    if errors:
        raise Invalid(errors)
    if _origin(facts["base_url"]) != _origin(hub.base_url):
        hub.credentials = None
    for name, value in facts.items():
        setattr(hub, name, value)
    wake(hub)
    for source in sources:
        take_away(source)
    session.flush()


def withdraw_hub(session: Session, hub: Hub, *, at: datetime) -> None:
    """Take `hub`, which was registered by mistake, out of use for ever; its secret goes, its name is free.

    WrongMoment where a source reads from it, or ever did.
    """
    # Whoever registers a source of this hub now waits here, and finds it gone.
    session.refresh(hub, with_for_update=True)
    if hub.withdrawn_at is not None:
        raise WrongMoment("hub.withdraw", "withdrawn", needs="hub_in_use")
    if sources_of(session, hub):
        raise WrongMoment("hub.withdraw", "used", needs="hub_without_sources")
    hub.withdrawn_at, hub.credentials = at, None
    # Names are unique among all that ever were; this one is told by its number from now on.
    hub.name = f"{hub.name} #{hub.id}"
    session.flush()


def seal_again(session: Session, vault: Vault) -> list[Hub]:
    """Seal every hub's credentials under the vault's first key; the hubs that have any."""
    sealed = list(session.scalars(select(Hub).where(Hub.credentials.is_not(None)).order_by(Hub.id)))
    for each in sealed:
        each.credentials = vault.seal_again(each.credentials or "")
    session.flush()
    return sealed


def store_credentials(
    session: Session,
    hub: Hub,
    data: Mapping[str, Any],
    vault: Vault,
    *,
    private_hubs: Sequence[str] = (),
) -> Credentials:
    """Seal what `CredentialsSchema` states, in place of what was there.

    Invalid by field, also for a token's address that may never be called; CredentialsUnreadable where the
    operator has named no key.
    """
    stated = Credentials(**load(CredentialsSchema(), dict(data)))
    if stated.token_url is not None:
        try:
            addresses.parse(stated.token_url, private_hubs)
        except addresses.AddressRefused as refusal:
            raise Invalid({"token_url": [str(refusal)]}) from None
    hub.credentials = vault.seal(stated)
    wake(hub)
    session.flush()
    return stated


def remove_credentials(session: Session, hub: Hub) -> None:
    """Ask `hub` without credentials from now on."""
    hub.credentials = None
    session.flush()


def sources_of(session: Session, hub: Hub) -> Sequence[DataSource]:
    """The sources that read from `hub`, by name."""
    return session.scalars(
        select(DataSource).where(DataSource.hub_id == hub.id).order_by(DataSource.name, DataSource.id)
    ).all()


def _checked(
    session: Session, data: Mapping[str, Any], private_hubs: Sequence[str], edited: Hub | None = None
) -> tuple[dict[str, Any], Errors]:
    """Columns of the hub, and what is wrong with them beyond their shape."""
    try:
        facts = load(HubSchema(), dict(data))
    except Invalid as refusal:
        # Of an address of the right shape all is said at once with the rest.
        address = {} if "base_url" in refusal.errors else _address_faults(data, private_hubs)
        raise Invalid(refusal.errors | address) from refusal
    errors: Errors = _address_faults(facts, private_hubs)
    same = select(Hub.id).where(Hub.name == facts["name"])
    if session.scalar(same.where(Hub.id != edited.id) if edited else same) is not None:
        errors["name"] = [f"The hub {facts['name']} exists."]
    code = facts["territory"]
    facts["territory"] = session.scalar(select(Territory).where(Territory.code == code)) if code else None
    if code and facts["territory"] is None:
        errors["territory"] = [f"unknown territory {code}"]
    return facts | {"base_url": facts["base_url"].rstrip("/")}, errors


def _address_faults(facts: Mapping[str, Any], private_hubs: Sequence[str]) -> Errors:
    is_broker = facts.get("kind") in SUBSCRIBED
    schemes = addresses.BROKER_SCHEMES if is_broker else addresses.SCHEMES
    try:
        url = addresses.parse(facts["base_url"], private_hubs, schemes=schemes)
    except addresses.AddressRefused as refusal:
        return {"base_url": [str(refusal)]}
    if url.query or url.fragment:
        return {"base_url": ["The address must end with its path."]}
    if is_broker and url.path not in ("", "/"):
        return {"base_url": ["The address of a broker has no path."]}
    return {}


def _origin(address: str) -> tuple[str, str, int]:
    url = httpx.URL(address)
    return url.scheme, url.host, addresses.port_of(url)
