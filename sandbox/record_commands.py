"""`sandbox record ...`: exported case records."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sandbox.config import read_settings


@click.group()
def record() -> None:
    """Exported case records."""


@record.command("verify")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--here", is_flag=True, help="Also hold its acts against the ledger of this installation.")
def verify(file: Path, here: bool) -> None:
    """Recompute every hash of an exported record; exit status 1 and the names of what differs."""
    from sandbox import tables  # noqa: F401 - relationships need every table
    from sandbox.db import reading_only, sessions_for
    from sandbox.records.check import faults

    if here:
        with reading_only(), sessions_for(read_settings().database_url)() as session:
            found = faults(file, session)
    else:
        found = faults(file)
    for fault in found:
        click.echo(fault)
    if not found:
        click.echo("The record is as it was exported.")
    sys.exit(1 if found else 0)
