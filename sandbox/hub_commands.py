"""Commands about data hubs: what proves who asks, and how a hub keeps to its standard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import click
from sqlalchemy import select

from experiments.collection.credentials import Kind, Vault
from experiments.collection.models import DataSource, Hub
from experiments.errors import Invalid
from sandbox.config import read_settings


@click.group()
def hub() -> None:
    """Data hubs."""


@hub.command("credentials")
@click.argument("name")
@click.option("--kind", type=click.Choice([each.value for each in Kind]), prompt=True)
@click.option(
    "--as", "who", prompt="Header, parameter, user or client", help="Whom or what the secret is of."
)
@click.option("--secret", prompt=True, hide_input=True)
@click.option("--token-url", help="Where an OAuth2 client gets its token.")
@click.option("--scope", help="What an OAuth2 client asks for.")
def store_credentials(
    name: str, kind: str, who: str, secret: str, token_url: str | None, scope: str | None
) -> None:
    """Seal what proves to the hub NAME who asks; replaces what was there."""
    from sandbox import hub_desk, tables  # noqa: F401 - relationships need every table
    from sandbox.db import sessions_for

    settings = read_settings()
    stated = {"kind": kind, "name": who, "secret": secret, "token_url": token_url, "scope": scope}
    vault = Vault(settings.credential_keys)
    with sessions_for(settings.database_url).begin() as session:
        found = session.scalar(select(Hub).where(Hub.name == name))
        if found is None:
            raise click.ClickException(f"there is no hub {name}")
        try:
            hub_desk.store_credentials(
                session,
                found,
                stated,
                vault,
                private_hubs=settings.private_hubs,
                by=hub_desk.OPERATOR,
                at=datetime.now(UTC),
            )
        except Invalid as refusal:
            raise click.ClickException(str(refusal)) from None
    click.echo(f"The credentials for {name} are sealed.")


@hub.command("seal-again")
def seal_again() -> None:
    """Seal credentials, claims and secrets of webhooks under the first of SANDBOX_CREDENTIAL_KEYS."""
    from sandbox import hub_desk, sealed, tables  # noqa: F401 - relationships need every table
    from sandbox.db import sessions_for
    from sandbox.sealing import Seal

    settings = read_settings()
    vault = Vault(settings.credential_keys)
    with sessions_for(settings.database_url).begin() as session:
        count = hub_desk.seal_again(session, vault, at=datetime.now(UTC))
        count += sealed.seal_again(session, Seal(settings.credential_keys))
    click.echo(f"Sealed again: {count}.")


@hub.command("check")
@click.argument("source_id", type=int)
@click.option(
    "--days", type=click.IntRange(1, 366), default=7, show_default=True, help="How far back to ask."
)
def check(source_id: int, days: int) -> None:
    """Show where the hub of an NGSI-LD source departs from the standard, with the questions that show it."""
    from experiments.collection.claims import query_of
    from experiments.collection.conformance import examine
    from experiments.collection.http import HubClient
    from experiments.collection.intake import targets_of
    from experiments.collection.windows import access_to
    from sandbox import tables  # noqa: F401 - relationships need every table
    from sandbox.db import sessions_for
    from sandbox.serving import collection_settings

    settings = read_settings()
    with sessions_for(settings.database_url)() as session:
        source = session.get(DataSource, source_id)
        if source is None or source.hub.kind != "ngsi_ld":
            raise click.ClickException(f"there is no NGSI-LD source {source_id}")
        end = datetime.now(UTC)
        query = query_of(source, targets_of(session, source.id), end - timedelta(days=days), end)
        access = access_to(source.hub)
    with HubClient(collection_settings(settings)) as client:
        for finding in examine(partial(client.get, access=access), query):
            click.echo(f"{finding.point}: {finding.verdict}. {finding.says}")
            for each in finding.evidence:
                headers = "".join(f"\n      {name}: {value}" for name, value in each.headers.items())
                click.echo(f"    asked {each.asked}\n    got {each.status}{headers}\n      {each.begins}")
