"""What a company measures itself: the speed of its shuttles on school streets, which a condition bounds.

The hub has no such readings, so the company sends them with a token of its own pilot. One request is
refused, as it happens, and stands among the others with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments import metrics
from experiments.collection import push, refused, tokens
from experiments.collection.models import DataSource
from experiments.collection.tokens import SourceToken
from experiments.errors import Invalid
from experiments.fields import load
from sandbox.conditions import binding
from sandbox.conditions.binding import TermsSchema
from sandbox.demo.cast import Cast
from sandbox.pilots import telemetry
from sandbox.pilots.models import Pilot

METRIC = {
    "code": "school_street_speed",
    "name_ko": "통학로 구간 최고속도",
    "name_en": "Highest speed on school streets",
    "definition_ko": "하루 동안 통학로를 지난 셔틀의 최고속도, 차량 관제장치로 잰 값. (시연용 가상 지표)",
    "definition_en": "Highest speed of a day on school streets, by the shuttles' recorders. (Invented.)",
    "unit": "km/h",
    "unit_ko": "km/h",
    "direction": "decrease",
    "aggregation": "max",
    "lowest": 0.0,
    "highest": 120.0,
}
BOUND_KM_H = 20.0
TOKEN_DAYS = 400


def bind_condition(session: Session, at: datetime, *, cast: Cast, number: str) -> None:
    """The ministry says that the condition on speed is shown to be kept by the company's readings."""
    metrics.define(session, **METRIC)
    pilot = _pilot(session, number)
    values = {
        "purpose_item": "safety",
        "purpose": "통학로를 걷는 어린이가 다치지 않게 합니다.",
        "basis": "metric",
        "metric": METRIC["code"],
        "bound": BOUND_KM_H,
        "side": "at_most",
        "gathering": "highest",
        "frequency": "monthly",
        "first_due_on": (_first_day(pilot) + timedelta(days=31)).isoformat(),
    }
    (condition,) = pilot.exemption.conditions
    by = cast.actor(session, "ministry")
    binding.bind(session, pilot, condition, load(TermsSchema(), values), by=by, at=at)


def open_telemetry(session: Session, at: datetime, *, cast: Cast, number: str) -> None:
    """The company opens the source of its pilot and makes a token for the server that watches its fleet."""
    pilot, author = _pilot(session, number), cast.actor(session, "author")
    telemetry.open_telemetry(session, pilot, codes=[str(METRIC["code"])], cadence="day", by=author, at=at)
    telemetry.make_token(
        session, pilot, label="셔틀 관제 서버 / fleet server", days=TOKEN_DAYS, by=author, at=at
    )


def send(session: Session, at: datetime, *, number: str, since: date, seed: int) -> None:
    """One request with a reading of every day from `since` to the day before `at`, in each district."""
    pilot = _pilot(session, number)
    token = _token(session, pilot)
    token.last_used_at = at
    chance = np.random.default_rng([seed, since.toordinal()])
    days = [since + timedelta(days=each) for each in range((at.date() - since).days)]
    readings = [
        _reading(district.code, day, speed)
        for district in pilot.districts
        for day, speed in zip(days, _speeds(chance, len(days)), strict=True)
    ]
    body = json.dumps({"readings": readings}).encode()
    taken = push.read(body, "application/json")
    push.push(session, token, taken, body=body, key=f"since-{since}", at=at)


def send_by_mistake(session: Session, at: datetime, *, number: str) -> None:
    """A request about a district that is not the pilot's: refused, and kept with the reason."""
    pilot = _pilot(session, number)
    token = _token(session, pilot)
    body = json.dumps({"readings": [_reading("GA01", at.date(), BOUND_KM_H)]}).encode()
    try:
        push.push(session, token, push.read(body, "application/json"), body=body, key=None, at=at)
    except Invalid as refusal:
        refused.note(session, token, refused.reason(refusal), at=at)


def _speeds(chance: np.random.Generator, days: int) -> Sequence[float]:
    """Highest speeds of as many days: a governor holds the shuttles a little below the bound."""
    return [float(speed) for speed in np.round(BOUND_KM_H - 0.5 - chance.gamma(2.0, 0.9, days), 1)]


def _reading(district: str, day: date, speed: float) -> dict[str, object]:
    return {
        "entity": district,
        "attribute": METRIC["code"],
        "observed_at": f"{day}T23:00:00+09:00",
        "value": speed,
    }


def _pilot(session: Session, number: str) -> Pilot:
    return session.scalars(select(Pilot).where(Pilot.number == number)).one()


def _first_day(pilot: Pilot) -> date:
    day = pilot.exemption.granted_from
    assert day is not None  # only granted pilots come here
    return day


def _token(session: Session, pilot: Pilot) -> SourceToken:
    source = session.scalars(
        select(telemetry.PilotSource).where(telemetry.PilotSource.pilot_id == pilot.id)
    ).one()
    return tokens.tokens_of(session, session.get_one(DataSource, source.source_id))[0]
