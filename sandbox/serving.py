"""Serving: the web server with a scheduler inside, and the work that schedulers do."""

from __future__ import annotations

import logging
import signal
import sys
from datetime import date
from functools import partial

from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.mqtt import Listeners
from experiments.collection.settings import CollectionSettings
from experiments.evaluation import runs
from sandbox import data_health, hub_desk
from sandbox.app import Clock, create_app, utc_now
from sandbox.claims import filing, handling
from sandbox.clocks import running
from sandbox.conditions import checking
from sandbox.conditions.models import Duty
from sandbox.config import Settings
from sandbox.confirmations import replies
from sandbox.db import engine_for, sessions_for, upgrade
from sandbox.desks.keeping import RenewDesks
from sandbox.drafts.keeping import ForgetDrafts
from sandbox.executors import workers_of
from sandbox.notices import countdown, post, reminders
from sandbox.notices.outbox import ZONE
from sandbox.notices.senders import sender_of
from sandbox.orders import issuing
from sandbox.period import ends
from sandbox.scheduler import Work, new_holder, start_background
from sandbox.sealing import Seal
from sandbox.webhooks import sending

THREADS = 8


def log_to_stderr() -> None:
    """Events of this process, without a line for every beat that found nothing to do."""
    logging.basicConfig(level=logging.INFO)
    for quiet in ("apscheduler", "httpx"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


def work_of(settings: Settings, executor: runs.Workers, *, clock: Clock = utc_now) -> Work:
    """What a heartbeat does for these settings: collect what is due, listen, run what was asked for."""
    sessions = sessions_for(settings.database_url)
    holder = new_holder()
    letterhead = post.Letterhead(settings.mail_from, settings.public_url)
    evaluate = partial(runs.run_due, sessions, executor, holder=holder, clock=clock)
    collecting = collection_settings(settings)
    listeners = Listeners(sessions, collecting, clock, holder, on_rest=hub_desk.note_rest)
    return Work(
        sessions,
        collecting,
        clock=clock,
        duties=(
            listeners.look_after,
            RenewDesks(sessions, clock),
            ForgetDrafts(sessions, clock, days=settings.draft_days),
            partial(note_lapses, sessions, clock),
            partial(end_periods, sessions, clock),
            partial(judge_conditions, sessions, clock),
            evaluate,
            partial(watch_data, sessions, clock),
            Reminders(sessions, clock),
            partial(erase_claims, sessions, clock),
            partial(post.post, sessions, sender_of(settings.mail), letterhead, clock),
            partial(sending.send_due, sessions, webhook_way(settings), clock),
        ),
        endings=(listeners.stop,),
        holder=holder,
    )


def webhook_way(settings: Settings) -> sending.Way:
    """How deliveries to webhooks go out under these settings."""
    post_to = sending.https_post(settings.private_hubs)
    return sending.Way(post_to, Seal(settings.credential_keys), settings.public_url)


def collection_settings(settings: Settings) -> CollectionSettings:
    """What these settings tell the collector."""
    return CollectionSettings(
        private_hubs=settings.private_hubs,
        credential_keys=settings.credential_keys,
        sources_at_once=settings.collectors,
    )


def note_lapses(sessions: sessionmaker[Session], clock: Clock) -> None:
    """Note the statutory time limits that have run out; silence is an answer only where the law says so."""
    at = clock()
    with sessions() as session:
        if running.is_any_overdue(session, at=at):
            lapsed = running.lapse(session, at=at)
            reminders.tell_of_lapses(session, lapsed, at=at)
            replies.deem(session, lapsed, at=at)
            session.commit()
        if issuing.note_missed(session, at=at):
            session.commit()


def judge_conditions(sessions: sessionmaker[Session], clock: Clock) -> None:
    """Judge the conditions whose windows are due, each in a transaction of its own."""
    at = clock()
    with sessions() as session:
        due = checking.due_keys(session, at=at)
    for key in due:
        with sessions.begin() as session:
            checking.check(session, session.get_one(Duty, key), at=at)


def end_periods(sessions: sessionmaker[Session], clock: Clock) -> None:
    """End the periods whose last day has passed, or deem them extended where the law does."""
    at = clock()
    with sessions() as session:
        if ends.is_any_over(session, at=at):
            ends.tick(session, at=at)
            session.commit()


class Reminders:
    """Reminds people of time limits and ends of periods once a day; no other worker says it again."""

    def __init__(self, sessions: sessionmaker[Session], clock: Clock) -> None:
        self._sessions, self._clock = sessions, clock
        self._done_on: date | None = None

    def __call__(self) -> None:
        at = self._clock()
        today = at.astimezone(ZONE).date()
        if today != self._done_on:
            with self._sessions() as session:
                reminders.remind(session, today=today, at=at)
                countdown.count_down(session, today=today, at=at)
                session.commit()
            self._done_on = today


def erase_claims(sessions: sessionmaker[Session], clock: Clock) -> None:
    """Erase what identifies claimants, once the years for which it is kept are over, and old addresses."""
    at = clock()
    with sessions() as session:
        forgotten = filing.forget_addresses(session, at=at)
        if handling.erase(session, at=at) or forgotten:
            session.commit()


def watch_data(sessions: sessionmaker[Session], clock: Clock) -> None:
    """Open and close the alerts about what is collected, hour by hour."""
    with sessions() as session:
        if data_health.look_after(session, clock()):
            session.commit()


def serve_forever(settings: Settings) -> None:
    """Migrate, then serve pages, API and scheduler until stopped."""
    import waitress

    log_to_stderr()
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    upgrade(engine_for(settings.database_url))
    app = create_app(settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with workers_of(settings) as executor:
        heartbeat = start_background(work_of(settings, executor), seconds=settings.heartbeat_seconds)
        try:
            waitress.serve(app, host=settings.host, port=settings.port, threads=THREADS, ident=None)
        finally:
            heartbeat.stop()
