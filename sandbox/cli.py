"""The command line: serve, scheduler, demo, database, ledger and evaluations."""

from __future__ import annotations

import sys
from typing import Any

import click
from sqlalchemy.exc import DatabaseError

from experiments.errors import DomainError, WrongMoment
from sandbox.config import SettingError, read_settings
from sandbox.hub_commands import hub
from sandbox.record_commands import record


class _Commands(click.Group):
    """Commands whose foreseeable errors are one sentence and exit status 1, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (SettingError, DomainError) as error:
            raise click.ClickException(str(error)) from error
        except DatabaseError as error:
            reason = str(error.orig).strip().partition("\n")[0]
            raise click.ClickException(
                f"the database says: {reason}. `sandbox db upgrade` creates or migrates it."
            ) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Registry of regulatory-sandbox pilots. Settings come from SANDBOX_* variables."""


@main.command()
def serve() -> None:
    """Serve pages and API, with a scheduler inside."""
    from sandbox.serving import serve_forever

    serve_forever(read_settings())


@main.command()
def scheduler() -> None:
    """Collect and evaluate what is due, until stopped; any number may run."""
    from sandbox.executors import workers_of
    from sandbox.scheduler import run_forever
    from sandbox.serving import log_to_stderr, work_of

    settings = read_settings()
    log_to_stderr()
    with workers_of(settings) as executor:
        run_forever(work_of(settings, executor), seconds=settings.heartbeat_seconds)


@main.command()
@click.option("--once", is_flag=True, help="Run the main job, print the result table and end.")
@click.option("--port", type=click.IntRange(1, 65535), help="Where to serve (default: 8000).")
@click.option("--fresh", is_flag=True, help="Start over although a demonstration is there.")
def demo(once: bool, port: int | None, fresh: bool) -> None:
    """Watch pilots go from registration to decision, then serve them."""
    from sandbox.demo.command import run

    sys.exit(run(read_settings(), once=once, port=port, fresh=fresh))


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@click.option("--revision", default="head", show_default=True)
def upgrade(revision: str) -> None:
    """Bring the database to the latest migration."""
    from sandbox.db import engine_for
    from sandbox.db import upgrade as run_migrations

    settings = read_settings()
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    run_migrations(engine_for(settings.database_url), revision)
    click.echo("The database is up to date.")


@main.command()
def lifecycles() -> None:
    """Print who may move what, from which state to which (docs/lifecycles.md)."""
    from sandbox.lifecycles import document

    click.echo(document(), nl=False)


@main.group()
def ledger() -> None:
    """The ledger of acts."""


@ledger.command("verify")
def verify_ledger() -> None:
    """Walk the ledger and hold what acts stored against it; exit status 1 for any fault."""
    from sandbox import tables  # noqa: F401 - relationships need every table
    from sandbox.audit import findings
    from sandbox.db import reading_only, sessions_for
    from sandbox.ledger import verify

    with reading_only(), sessions_for(read_settings().database_url)() as session:
        verdict = verify(session)
        found = findings(session)
    if verdict.broken:
        click.echo(f"Row {verdict.broken.number} is broken: {verdict.broken.why}. Rows before it are sound.")
    else:
        click.echo(f"{verdict.rows} rows are sound. Head: {verdict.head}")
    for contradiction in found.mismatches:
        click.echo(str(contradiction))
    click.echo(
        f"{found.witnessed} stored facts were held against their acts"
        f"; {found.unwitnessed} older ones are not witnessed."
    )
    sys.exit(1 if verdict.broken or found.mismatches else 0)


@main.group()
def evaluation() -> None:
    """Evaluations."""


@evaluation.command("verify")
@click.argument("run_id", type=int)
def verify_evaluation(run_id: int) -> None:
    """Repeat a run and compare it with its stored result, byte for byte."""
    from experiments.evaluation import runs
    from experiments.evaluation.models import Evaluation
    from sandbox import tables  # noqa: F401 - relationships need every table
    from sandbox.db import sessions_for
    from sandbox.executors import workers_of

    settings = read_settings()
    with workers_of(settings) as executor, sessions_for(settings.database_url)() as session:
        stored = session.get(Evaluation, run_id)
        if stored is None or stored.document is None:
            raise click.ClickException(f"there is no finished evaluation {run_id}")
        stored.result()  # a text that lost its digest is named before anything is repeated
        same = runs.repeat(session, stored, executor) == stored.document
    click.echo(f"Evaluation {run_id}: {'the same bytes again' if same else 'the repetition DIFFERS'}.")
    sys.exit(0 if same else 1)


main.add_command(hub)
main.add_command(record)


@main.group()
def person() -> None:
    """Accounts."""


@person.command("create-administrator")
@click.argument("email")
@click.option("--name", prompt=True)
@click.option("--organisation", prompt="Operator of the register", help="Name of the operating organisation.")
@click.password_option()
def create_administrator(email: str, name: str, organisation: str, password: str) -> None:
    """The first account of a new installation; it creates all others in the browser."""
    from sandbox.db import sessions_for
    from sandbox.first_account import create_first_administrator

    with sessions_for(read_settings().database_url).begin() as session:
        try:
            create_first_administrator(
                session, email=email, name=name, organisation=organisation, password=password
            )
        except WrongMoment as error:
            raise click.ClickException(
                "there are accounts already; an administrator creates others in the browser"
            ) from error
    click.echo(f"{email} may sign in.")
