"""Rights that are lost with a day: the error that carries the arithmetic."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from experiments.errors import WrongMoment
from sandbox.clocks import running
from sandbox.clocks.models import Clock
from sandbox.period import ends
from sandbox.pilots.models import Pilot


class TooLate(WrongMoment):
    """The last day for `verb` has passed; `event_on` is the day that it is counted from."""

    def __init__(self, verb: str, status: str, clock: Clock, today: date) -> None:
        super().__init__(verb, status, needs="filed_in_time")
        self.rule = clock.rule
        self.event_on = clock.started_on
        self.due_on = clock.due_on
        self.today = today


def must_be_in_time(
    session: Session, pilot: Pilot, event: str, *, subject: str, verb: str, at: datetime
) -> None:
    """TooLate where a running clock of `subject` that waits for `event` is over at `at`."""
    today = ends.today(pilot, at)
    for clock in running.running(session, pilot.exemption.case, subject=subject):
        if event in clock.rule.ends_on and clock.due_on is not None and today > clock.due_on:
            raise TooLate(verb, pilot.status, clock, today)
