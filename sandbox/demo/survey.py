"""A survey of residents beside the hub: a file, a sender with a token, and answers that cannot be stored.

Shows what a city's data officer does where no hub has the readings. Nothing here enters an evaluation.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from experiments import metrics
from experiments.collection import push, tokens
from experiments.collection.models import DataSource
from experiments.collection.upload import Layout
from sandbox import collection_desk, data_health, district_desk, source_tokens, source_uploads
from sandbox.demo.cast import Cast
from sandbox.demo.city import City

SOURCE = "주민 만족도 조사 / residents' survey"
METRIC = {
    "code": "resident_satisfaction",
    "name_ko": "주민 만족도",
    "name_en": "Satisfaction of residents",
    "definition_ko": "구역 주민 표본이 매긴 보행환경 만족도(1~5점)의 평균. (시연용 가상 지표)",
    "definition_en": "Mean satisfaction with walking in the district, 1 to 5, over a sample. (Invented.)",
    "unit": "points",
    "unit_ko": "점",
    "direction": "increase",
    "aggregation": "mean",
    "lowest": 1.0,
    "highest": 5.0,
}
ROUNDS = 3
DAYS_BETWEEN = 30


def open_survey(session: Session, at: datetime, *, cast: Cast, city: City, hub: str) -> None:
    """The source, one round by file and the latest by a sender, then a pause until the next round."""
    officer = cast.actor(session, "data")
    metrics.define(session, **METRIC)
    districts = [district.code for district in city.districts]
    source = collection_desk.register(
        session,
        {
            "hub": hub,
            "territory": city.territory_code,
            "name": SOURCE,
            "entity_type": "ResidentSurvey",
            "interval_seconds": DAYS_BETWEEN * 86_400,
            "starts_at": (at - timedelta(days=ROUNDS * DAYS_BETWEEN)).isoformat(),
            "attributes": [
                {"attribute": "satisfaction", "metric": METRIC["code"], "unit": "points", "cadence": "month"}
            ],
            "entities": [{"entity": f"survey:{code}", "district": code} for code in districts],
        },
        by=officer,
        at=at,
    )
    days = [(at - timedelta(days=DAYS_BETWEEN * back)).date() for back in range(ROUNDS, 0, -1)]
    _by_file(session, source, districts, days[:-1], cast=cast, at=at)
    _by_sender(session, source, districts, days[-1], cast=cast, at=at)
    collection_desk.pause(session, source, by=officer, at=at)


def note_what_is_known(session: Session, at: datetime, *, cast: Cast, city: City, source_id: int) -> None:
    """The population of every district with its source, and a device that was replaced."""
    officer = cast.actor(session, "data")
    counted = date(at.year - 1, 12, 31).isoformat()
    for facts in city.districts:
        district = district_desk.find(session, city.territory_code, facts.code, officer)
        told = {
            "name": "population",
            "value": str(facts.population),
            "unit": "people",
            "valid_on": counted,
            "reference": "가온시 주민등록 인구통계 (가상)",
        }
        district_desk.record_fact(session, district, told, by=officer, at=at)
    change = {
        "district": city.districts[0].code,
        "changed_at": (at - timedelta(days=12)).isoformat(),
        "description": "버스정류장 검지기 교체 (시연용 가상 기록)",
    }
    source = session.get_one(DataSource, source_id)
    data_health.record_change(session, source, change, by=officer, at=at)


def _by_file(
    session: Session, source: DataSource, districts: list[str], days: list[date], *, cast: Cast, at: datetime
) -> None:
    rows = [f"{day},{code},{_answer(n, m)}" for m, day in enumerate(days) for n, code in enumerate(districts)]
    body = "\n".join(["일자,구역,satisfaction", *rows]).encode()
    officer = cast.actor(session, "data")
    kept = source_uploads.keep(session, source, name="주민만족도.csv", body=body, by=officer, at=at)
    layout = Layout(observed_at="일자", entity="구역", value="satisfaction", only_attribute="satisfaction")
    source_uploads.store(session, kept, layout, by=officer, at=at)


def _by_sender(
    session: Session, source: DataSource, districts: list[str], day: date, *, cast: Cast, at: datetime
) -> None:
    """The latest round; two answers lie outside the scale and go into quarantine."""
    officer = cast.actor(session, "data")
    secret = source_tokens.make(session, source, label="조사 단말 / tablet", days=90, by=officer, at=at)
    token = tokens.holder(session, secret, at)
    if token is None:
        raise RuntimeError("a token that was just made does not work")
    answers = [_answer(number, ROUNDS) for number in range(len(districts))]
    answers[3], answers[11] = 41.0, 0.0
    readings = [
        {
            "entity": f"survey:{code}",
            "attribute": "satisfaction",
            "observed_at": f"{day}T18:00:00+09:00",
            "value": value,
        }
        for code, value in zip(districts, answers, strict=True)
    ]
    body = json.dumps({"readings": readings}).encode()
    push.push(session, token, push.read(body, "application/json"), body=body, key="round-3", at=at)


def _answer(district: int, survey: int) -> float:
    """An invented answer between 3 and 4 points."""
    return round(3.0 + (district * 7 + survey * 3) % 10 / 10, 1)
