"""Serving: the web server with a scheduler inside, and the work that schedulers do."""

from __future__ import annotations

import logging
import signal
import sys
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from experiments.collection.settings import CollectionSettings
from experiments.evaluation import runs
from sandbox.app import Clock, create_app, utc_now
from sandbox.config import Settings
from sandbox.db import engine_for, sessions_for, upgrade
from sandbox.scheduler import Work, new_holder, start_background

THREADS = 8


def worker_processes(settings: Settings) -> ProcessPoolExecutor:
    """Processes for evaluations; spawned, so that they share nothing with the threads here."""
    return ProcessPoolExecutor(settings.workers, mp_context=get_context("spawn"))


def work_of(settings: Settings, executor: Executor, *, clock: Clock = utc_now) -> Work:
    """What a heartbeat does for these settings: collect what is due, run what was asked for."""
    sessions = sessions_for(settings.database_url)
    holder = new_holder()
    evaluate = partial(runs.run_due, sessions, executor, holder=holder, clock=clock)
    return Work(
        sessions,
        CollectionSettings(private_hubs=settings.private_hubs),
        clock=clock,
        duties=(evaluate,),
        holder=holder,
    )


def serve_forever(settings: Settings) -> None:
    """Migrate, then serve pages, API and scheduler until stopped."""
    import waitress

    logging.basicConfig(level=logging.INFO)
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    upgrade(engine_for(settings.database_url))
    app = create_app(settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with worker_processes(settings) as executor:
        heartbeat = start_background(work_of(settings, executor), seconds=settings.heartbeat_seconds)
        try:
            waitress.serve(app, host=settings.host, port=settings.port, threads=THREADS, ident=None)
        finally:
            heartbeat.stop()
