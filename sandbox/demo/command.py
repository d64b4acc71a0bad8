"""`sandbox demo`: play the main job on a database of its own, print what came out, then serve it."""

from __future__ import annotations

import shutil
import time as stopwatch
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from experiments.collection.models import DataSource, Hub, Observation, ObservationRevision
from sandbox import ledger
from sandbox.app import utc_now
from sandbox.audit import mismatches
from sandbox.config import Settings
from sandbox.db import engine_for, sessions_for, upgrade
from sandbox.demo import stage
from sandbox.demo.cast import PASSWORD, PEOPLE
from sandbox.demo.city import DAYS, city
from sandbox.demo.history import prop99
from sandbox.demo.play import SEED, Demonstration, DemonstrationFailed, playback_hubs
from sandbox.demo.results import outcomes, table
from sandbox.executors import workers_of
from sandbox.organisations import Organisation
from sandbox.serving import serve_forever

FOLDER = "demonstration"
COMPLETE = "complete"


def run(settings: Settings, *, once: bool, port: int | None, fresh: bool) -> int:
    """The exit status: 0 when every step worked, every result repeats and the ledger is sound."""
    console = Console(highlight=False)
    settings = _own_settings(settings, port)
    mark = settings.var_dir / COMPLETE
    try:
        if once or fresh or not mark.exists():
            _play(settings, console, embedded=settings.database_url.startswith("sqlite"))
            mark.touch()
    except DemonstrationFailed as error:
        console.print(f"[bold red]The demonstration failed.[/] {error}")
        return 1
    if not once:
        _serve(settings, console)
    return 0


def _own_settings(settings: Settings, port: int | None) -> Settings:
    """A folder and an embedded database apart from the service's; PostgreSQL as it was named."""
    folder = settings.var_dir / FOLDER
    own = f"sqlite:///{folder / 'sandbox.sqlite3'}"
    is_embedded = settings.database_url.startswith("sqlite")
    return replace(
        settings,
        var_dir=folder,
        database_url=own if is_embedded else settings.database_url,
        port=port or settings.port,
        demonstration=True,
        private_hubs=stage.LOOPBACK,
    )


def _play(settings: Settings, console: Console, *, embedded: bool) -> None:
    began = stopwatch.monotonic()
    if embedded:
        shutil.rmtree(settings.var_dir, ignore_errors=True)
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    engine = engine_for(settings.database_url)
    upgrade(engine)
    sessions = sessions_for(settings.database_url)
    with sessions() as session:
        if session.scalar(select(Organisation.id).limit(1)):
            raise DemonstrationFailed(
                "The database has records already; the demonstration needs an empty one."
            )
    # Not before: a complete demonstration in a PostgreSQL database stays one where this is refused.
    (settings.var_dir / COMPLETE).unlink(missing_ok=True)
    with workers_of(settings) as executor:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=False,
        ) as progress:
            bars = _Bars(progress)
            Demonstration(sessions, executor, now=utc_now(), report=bars.show).play()
            bars.show("repeating every evaluation", 0, 1)
            with sessions() as session:
                rows = outcomes(session, executor)
            bars.show("repeating every evaluation", 1, 1)
        console.print(table(rows))
        if any(row.repeats is False for row in rows):
            raise DemonstrationFailed("A repeated evaluation gave other bytes than the stored one.")
    with sessions() as session:
        _print_counts(session, console)
    console.print(f"Done in {stopwatch.monotonic() - began:.0f} s.")


def _print_counts(session: Session, console: Console) -> None:
    verdict = ledger.verify(session)
    if verdict.broken:
        raise DemonstrationFailed(f"Ledger row {verdict.broken.number} is broken: {verdict.broken.why}.")
    if contradictions := mismatches(session):
        raise DemonstrationFailed("\n".join(str(contradiction) for contradiction in contradictions))
    readings = session.scalar(select(func.count()).select_from(Observation))
    revisions = session.scalar(select(func.count()).select_from(ObservationRevision))
    console.print(
        f"{readings:,} readings collected over HTTP, {revisions} of them later revised. "
        f"Ledger: {verdict.rows} acts, sound, head {verdict.head[:16]}…"
    )


class _Bars:
    """One progress bar for each title, finished before the next one begins."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._title = ""
        self._bar: TaskID | None = None

    def show(self, title: str, done: int, total: int) -> None:
        if title != self._title or self._bar is None:
            self._title = title
            self._bar = self._progress.add_task(title)
        self._progress.update(self._bar, completed=done, total=total)


def _serve(settings: Settings, console: Console) -> None:
    """Serve the finished demonstration, with its hubs playing on where they played before."""
    sessions = sessions_for(settings.database_url)
    with sessions() as session:
        source = session.scalars(select(DataSource).order_by(DataSource.id)).first()
        ports = {hub.name: urlsplit(hub.base_url).port for hub in session.scalars(select(Hub))}
    assert source is not None
    anchor = source.starts_at.astimezone(ZoneInfo("Asia/Seoul")).date() + timedelta(days=DAYS)
    hubs = playback_hubs(
        city(SEED, anchor), prop99(), utc_now, (ports[stage.CITY_HUB] or 0, ports[stage.HISTORY_HUB] or 0)
    )
    with ExitStack() as stack:
        for hub in hubs:
            stack.enter_context(hub)
        _welcome(settings, console)
        serve_forever(settings)


def _welcome(settings: Settings, console: Console) -> None:
    home = f"http://{settings.host}:{settings.port}"
    console.print(f"\n[bold]The register is at {home}[/]  (English: {home}/language/en)")
    console.print("Open next: the concluded pilots, /programmes, and after signing in /company, /cases-desk,")
    console.print("/evaluator, /sources and /ledger; the interface is described at /api/v1/openapi.json.\n")
    console.print(f"Accounts, all with the password [bold]{PASSWORD}[/]:")
    for part in PEOPLE:
        console.print(f"  {part.email:<26}{part.role.value:<20}{part.name}")
    console.print("\nStop with Ctrl-C. `sandbox demo --fresh` starts over.")
