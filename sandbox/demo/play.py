"""The main job, end to end: a synthetic hub city and a known history, from draft to decision.

Everything goes through the services that the pages use, and readings travel over HTTP from a
playback hub through the scheduler. The clock is the demonstration's own: the city's past is lived
through in a few steps, the last of which is the present.
"""

from __future__ import annotations

import time as stopwatch
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from experiments.collection.connectors.options import PUSHED
from experiments.collection.models import CollectionAttempt, DataSource, Hub
from experiments.collection.settings import CollectionSettings
from experiments.evaluation import runs
from experiments.evaluation.models import Evaluation, EvaluationStatus
from sandbox.demo import confirmation, own_readings, risks, stage, supervision, survey
from sandbox.demo.cast import engage
from sandbox.demo.city import City, city
from sandbox.demo.history import History, prop99
from sandbox.demo.plans import city_plan, history_plan
from sandbox.demo.playback import PlaybackHub
from sandbox.demo.walk import Story, Walk
from sandbox.scheduler import Work, start_background
from sandbox.serving import note_lapses

SEED = 20261123
SEOUL = ZoneInfo("Asia/Seoul")
OFFICE_HOURS = time(10, 0)
HEARTBEAT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 300.0

# What a company sends is waited for by nobody.
_ASKED = select(DataSource).where(DataSource.hub.has(Hub.kind != PUSHED))

# A title of what is going on; called again as it proceeds with (done, of how many).
Report = Callable[[str, int, int], None]


class DemonstrationFailed(RuntimeError):
    """A step did not end as it should; the message says which and why."""


class DemonstrationClock:
    """Stands at a moment until it is moved; never runs backwards."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def __call__(self) -> datetime:
        return self._moment

    def move(self, moment: datetime) -> None:
        if moment < self._moment:
            raise DemonstrationFailed(f"the clock would run backwards, from {self._moment} to {moment}")
        self._moment = moment


class Demonstration:
    """One run of the main job on an empty, migrated database; `numbers` are its pilots by key."""

    def __init__(
        self, sessions: sessionmaker[Session], executor: runs.Workers, *, now: datetime, report: Report
    ) -> None:
        self.sessions = sessions
        self.executor = executor
        self.now = now
        self.report = report
        self.anchor = now.astimezone(SEOUL).date()
        self.city = city(SEED, self.anchor)
        self.history = prop99()
        self.clock = DemonstrationClock(self._moment(-600))
        self.numbers: dict[str, str] = {}

    def play(self) -> None:
        """Everything, in the order of time; DemonstrationFailed where a step goes wrong."""
        self._tell("offices, companies and people")
        with self.sessions.begin() as session:
            cast = engage(session, self.clock())
        self.walk = Walk(self.sessions, cast, self.clock)
        with ExitStack() as stack:
            hubs = [stack.enter_context(hub) for hub in playback_hubs(self.city, self.history, self.clock)]
            self.city_url, self.history_url = (hub.base_url for hub in hubs)
            heartbeat = start_background(self._work(), seconds=HEARTBEAT_SECONDS)
            stack.callback(heartbeat.stop)
            self._play_city()
            self._play_history()

    # -- the synthetic city ------------------------------------------------------------------------

    def _play_city(self) -> None:
        self._tell("a call, a bid, a chosen city")
        cast = self.walk.cast
        self.walk.step(partial(stage.open_city_programme, cast=cast, city=self.city))
        self._at(-548)
        self.walk.step(partial(stage.connect_city, cast=cast, city=self.city, base_url=self.city_url))
        pilots = {pilot.key: pilot for pilot in self.city.pilots}
        stories = {key: city_story(key, pilots[key]) for key in pilots}

        self._tell("smart crossings: from the draft to the start")
        self._apply(stories["crossings"], drafted=-470, filed=-455, asked=-450, replied=-425, granted=-410)
        self._lock_and_start(
            stories["crossings"], city_plan(self.city, pilots["crossings"], SEED), -395, -365
        )
        self._tell("autonomous shuttle: from the draft to the start")
        self._apply(stories["shuttle"], drafted=-350, filed=-335, asked=-330, replied=-305, granted=-280)
        self._lock_and_start(stories["shuttle"], city_plan(self.city, pilots["shuttle"], SEED), -262, -240)
        self._measure_speed()
        self._at(-91)
        self.walk.finish(stories["crossings"], self.numbers["crossings"])
        self._collect(-80)
        self._conclude(stories["crossings"], "smart crossings")
        self._supervise()
        self._tell("drone delivery: filed and in consultation")
        self._at(-60)
        self.walk.step(partial(confirmation.ask, cast=cast))
        self._at(-50)
        self.walk.step(partial(confirmation.police_reply, cast=cast))
        self._apply(stories["drones"], drafted=-40, filed=-28, asked=-20, replied=-8, granted=None)
        self._collect(-4)
        self.walk.step(partial(own_readings.send_by_mistake, number=self.numbers["shuttle"]))
        self._collect(0)
        self._send_speed(since=-120)
        self._wait("rapid confirmation: the silence of the city", self._progress_of_silence)
        self.walk.step(partial(confirmation.answer, cast=cast))
        self._keep_city_data()
        self._evaluate_and_sign("shuttle", "autonomous shuttle, while it runs")

    def _measure_speed(self) -> None:
        """The shuttle's company shows with its own readings that a condition is kept."""
        self._tell("the company's own readings of its shuttles")
        cast, number = self.walk.cast, self.numbers["shuttle"]
        self._at(-239)
        self.walk.step(partial(own_readings.bind_condition, cast=cast, number=number))
        self.walk.step(partial(own_readings.open_telemetry, cast=cast, number=number))
        self._at(-120)
        self._send_speed(since=-239)

    def _supervise(self) -> None:
        """An incident of the shuttle, an inspection, an order, and what was put right."""
        self._tell("autonomous shuttle: incident, inspection, order")
        cast, number = self.walk.cast, self.numbers["shuttle"]
        for days, act in (
            (-78, supervision.report_incident),
            (-74, supervision.inspect),
            (-70, supervision.order),
            (-62, supervision.put_right),
        ):
            self._at(days)
            self.walk.step(partial(act, cast=cast, number=number))

    def _send_speed(self, *, since: int) -> None:
        first, number = self.anchor + timedelta(days=since), self.numbers["shuttle"]
        self.walk.step(partial(own_readings.send, number=number, since=first, seed=SEED))

    def _keep_city_data(self) -> None:
        """What the city's data officer does beside the collection."""
        self._tell("a survey of residents, and what is known of the districts")
        cast, city = self.walk.cast, self.city
        with self.sessions() as session:
            source = session.scalars(_ASKED).one().id
        self.walk.step(partial(survey.open_survey, cast=cast, city=city, hub=stage.CITY_HUB))
        self.walk.step(partial(survey.note_what_is_known, cast=cast, city=city, source_id=source))

    # -- known history -----------------------------------------------------------------------------

    def _play_history(self) -> None:
        cast, story = self.walk.cast, history_story(self.history)
        self.clock.move(self.now)
        self._tell("Proposition 99: from the draft to the start")
        self.walk.step(partial(stage.open_history_site, cast=cast, history=self.history))
        self.numbers["prop99"] = number = self.walk.register(story)
        self.walk.file(story, number)
        self.walk.consult(story, number, ministries=("health",))
        self.walk.reply(story, number, "health")
        self.walk.grant(story, number)
        self.walk.lock(number, history_plan(self.history, SEED))
        self.walk.start(story, number)
        self.walk.step(
            partial(stage.connect_history, cast=cast, history=self.history, base_url=self.history_url)
        )
        self._wait_for_collection("Proposition 99: collecting 1970 to 2000")
        self.walk.finish(story, number)
        self._conclude(story, "Proposition 99")

    # -- steps -------------------------------------------------------------------------------------

    def _apply(
        self, story: Story, *, drafted: int, filed: int, asked: int, replied: int, granted: int | None
    ) -> None:
        """From the draft to the grant, at days before the anchor; without a grant one reply stays out."""
        self._at(drafted)
        self.numbers[story.key] = number = self.walk.register(story)
        cast = self.walk.cast
        self.walk.step(partial(risks.answer, cast=cast, number=number, key=story.key, author=story.author))
        self._at(filed)
        self.walk.file(story, number)
        self._at(asked)
        others = () if granted is not None else ("health",)
        self.walk.consult(story, number, ministries=(story.consulted, *others))
        self._at(replied)
        self.walk.reply(story, number, story.consulted)
        if granted is not None:
            self.walk.step(partial(risks.sign_off, cast=cast, number=number))
            self._at(granted)
            self.walk.grant(story, number)

    def _lock_and_start(self, story: Story, plan: dict[str, Any], locked: int, started: int) -> None:
        self._at(locked)
        self.walk.lock(self.numbers[story.key], plan)
        self.walk.prepare(story, self.numbers[story.key])
        self._collect(started)
        self.walk.start(story, self.numbers[story.key])

    def _conclude(self, story: Story, title: str) -> None:
        """Evaluate, sign, report, propose what the rule found, and have another person decide it."""
        number = self.numbers[story.key]
        run = self._evaluate_and_sign(story.key, title)
        self.walk.report(story, number)
        with self.sessions() as session:
            finding = session.get_one(Evaluation, run).finding
        if finding in (None, "invalid"):
            raise DemonstrationFailed(f"{title}: the rule found {finding}, on which nothing can be decided")
        self.walk.propose(number, run, str(finding))
        self.walk.decide(number)

    def _evaluate_and_sign(self, key: str, title: str) -> int:
        run = self.walk.request_run(self.numbers[key])
        self._wait(f"{title}: evaluating", lambda: self._progress_of_run(run))
        self.walk.sign_result(self.numbers[key], run)
        return run

    def _collect(self, days: int) -> None:
        """Let the scheduler catch up with the day `days` from the anchor."""
        self._at(days) if days else self.clock.move(self.now)
        with self.sessions.begin() as session:
            for source in session.scalars(_ASKED):
                source.next_due_at = self.clock()
        self._wait_for_collection(f"collecting up to {self.clock().astimezone(SEOUL).date()}")

    def _wait_for_collection(self, title: str) -> None:
        self._wait(title, self._progress_of_collection)

    def _progress_of_collection(self) -> tuple[int, int]:
        """Days collected and to be collected, over all sources; a failed window ends the wait."""
        now, done, total = self.clock(), 0, 0
        with self.sessions() as session:
            for source in session.scalars(_ASKED.where(~DataSource.paused)):
                if source.failures:
                    raise DemonstrationFailed(f"collection of {source.name}: {_last_error(session, source)}")
                whole = max(1, (now - source.starts_at).days)
                total += whole
                is_current = source.next_due_at > now and source.lease_holder is None
                done += whole if is_current else min(whole - 1, (source.watermark - source.starts_at).days)
        return done, total

    def _progress_of_silence(self) -> tuple[int, int]:
        """The heartbeat notes that the city's time has run out, and the law replies for it."""
        with self.sessions() as session:
            return int(confirmation.is_all_in(session)), 1

    def _progress_of_run(self, run: int) -> tuple[int, int]:
        with self.sessions() as session:
            evaluation = session.get_one(Evaluation, run)
            if evaluation.status == EvaluationStatus.FAILED:
                raise DemonstrationFailed(f"evaluation {run}: {evaluation.error}")
            return (1, 1) if evaluation.status == EvaluationStatus.DONE else (0, 1)

    def _wait(self, title: str, progress: Callable[[], tuple[int, int]]) -> None:
        """Until `progress` is complete, looking on as a person would."""
        until = stopwatch.monotonic() + LONGEST_WAIT_SECONDS
        while True:
            done, total = progress()
            self.report(title, done, total)
            if done >= total:
                return
            if stopwatch.monotonic() > until:
                raise DemonstrationFailed(f"{title}: not done after {LONGEST_WAIT_SECONDS:.0f} s")
            stopwatch.sleep(0.05)

    def _work(self) -> Work:
        evaluate = partial(
            runs.run_due, self.sessions, self.executor, holder="demonstration", clock=self.clock
        )
        return Work(
            self.sessions,
            CollectionSettings(private_hubs=stage.LOOPBACK),
            clock=self.clock,
            duties=(partial(note_lapses, self.sessions, self.clock), evaluate),
        )

    def _at(self, days: int) -> None:
        self.clock.move(self._moment(days))

    def _moment(self, days: int) -> datetime:
        day = self.anchor + timedelta(days=days)
        return datetime.combine(day, OFFICE_HOURS, SEOUL).astimezone(UTC)

    def _tell(self, title: str) -> None:
        self.report(title, 1, 1)


def playback_hubs(
    city: City, history: History, clock: Callable[[], datetime], ports: tuple[int, int] = (0, 0)
) -> tuple[PlaybackHub, PlaybackHub]:
    """The city's hub in the City Data Hub's dialect, and the history's in ETSI's."""
    return (
        PlaybackHub([city.data_set], dialect="city_data_hub", clock=clock, zone=city.zone, port=ports[0]),
        PlaybackHub([history.data_set], dialect="etsi", clock=clock, most_instances=100, port=ports[1]),
    )


def city_story(key: str, pilot: Any) -> Story:
    """The case of one of the city's pilots."""
    company = {"shuttle": "", "crossings": "2", "drones": ""}[key]
    return Story(
        key=key,
        author=f"author{company}",
        signatory=f"signatory{company}",
        city="city",
        consulted="police",
        territory="gaon",
        regime="kr-smart-city",
        kind="demonstration",
        months=24,
        title_ko=f"가온시 {pilot.name_ko} 실증",
        title_en=f"{pilot.name_en} in Gaon",
        districts=pilot.treated,
        first_day=pilot.first_day,
        last_day=pilot.last_day,
    )


def history_story(history: History) -> Story:
    """The case of the replayed policy."""
    return Story(
        key="prop99",
        author="author3",
        signatory="signatory3",
        city="city2",
        consulted="health",
        territory=history.territory_code,
        regime="known-history",
        kind="replay",
        months=144,
        title_ko="캘리포니아 주민발의 99호 (1988) 재현",
        title_en="California's Proposition 99 (1988), replayed",
        districts=history.treated,
        first_day=date(1989, 1, 1),
        last_day=history.last_day,
    )


def _last_error(session: Session, source: DataSource) -> str:
    attempt = session.scalar(
        select(CollectionAttempt)
        .where(CollectionAttempt.source_id == source.id)
        .order_by(CollectionAttempt.id.desc())
        .limit(1)
    )
    return f"{attempt.error} ({attempt.error_url})" if attempt else "no attempt was recorded"
