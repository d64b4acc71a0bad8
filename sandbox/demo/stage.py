"""What stands before the first pilot: programmes, sites, metrics, hubs and data sources."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from experiments import districts as territories
from experiments import metrics
from sandbox import collection_desk, programmes
from sandbox.demo.cast import Cast
from sandbox.demo.city import ENTITY_TYPE as CITY_ENTITY
from sandbox.demo.city import City
from sandbox.demo.dataset import MetricFacts, mapping
from sandbox.demo.history import ENTITY_TYPE as HISTORY_ENTITY
from sandbox.demo.history import History
from sandbox.programmes import Programme, Site

DAY = 86_400
CITY_HUB = "가온 데이터허브 (재생) / Gaon data hub (playback)"
HISTORY_HUB = "주민발의 99호 (재생) / Proposition 99 (playback)"
LOOPBACK = ("127.0.0.1:*",)


def open_city_programme(session: Session, at: datetime, *, cast: Cast, city: City) -> None:
    """A call, the city's bid, and the choice of the city as a site."""
    programme = Programme(
        code="hub-smart-city",
        name_ko="거점형 스마트도시 조성사업 (가상)",
        name_en="Hub smart city programme (synthetic)",
        ministry_id=cast.office(session, "ministry").id,
        is_synthetic=True,
    )
    session.add(programme)
    session.flush()
    call = programmes.open_call(
        session,
        programme,
        year=at.year,
        quota=4,
        budget_cap_won=24_000_000_000,
        state_share_pct=50,
        duration_years=3,
        opens_on=at.date() - timedelta(days=10),
        closes_on=at.date() + timedelta(days=30),
        notice_ko="데이터허브, 리빙랩, 규제샌드박스를 갖춘 거점도시를 공모합니다. (시연용 가상 공모)",
        notice_en="A call for hub cities with a data hub, a living lab and a regulatory sandbox. (Invented.)",
        by=cast.actor(session, "ministry"),
        at=at,
    )
    bid = programmes.submit_bid(
        session,
        call,
        city=cast.office(session, "gaon"),
        summary_ko="25개 동의 데이터를 하나의 허브로 모으고 세 건의 실증을 추진합니다. (가상)",
        summary_en="One hub for the data of 25 districts, and three pilots. (Invented.)",
        budget_won=23_600_000_000,
        by=cast.actor(session, "city"),
        at=at,
    )
    territory = territories.create_territory(
        session,
        code=city.territory_code,
        name_ko=city.territory_name_ko,
        name_en=city.territory_name_en,
        zone=city.zone,
        synthetic=True,
    )
    territories.add_districts(session, territory, [district.row() for district in city.districts])
    programmes.select_site(session, bid, territory=territory, by=cast.actor(session, "decider"), at=at)
    _define(session, city.metrics)


def open_history_site(session: Session, at: datetime, *, cast: Cast, history: History) -> None:
    """The states of the replay as a site of their own, outside any call."""
    territory = territories.create_territory(
        session,
        code=history.territory_code,
        name_ko=history.territory_name_ko,
        name_en=history.territory_name_en,
        zone=history.zone,
    )
    territories.add_districts(session, territory, [district.row() for district in history.districts])
    state = cast.office(session, "state")
    session.add(Site(city_id=state.id, territory_id=territory.id, selected_at=at))
    session.flush()
    _define(session, history.metrics)


def connect_city(session: Session, at: datetime, *, cast: Cast, city: City, base_url: str) -> None:
    """The city's data officer sets its hub up as a source, read daily."""
    _connect(
        session,
        at,
        cast=cast,
        officer="data",
        hub={"name": CITY_HUB, "base_url": base_url, "dialect": "city_data_hub", "zone": city.zone},
        source={
            "territory": city.territory_code,
            "name": "가온 일별 지표 / Gaon daily metrics",
            "entity_type": CITY_ENTITY,
            "interval_seconds": DAY,
            # Late readings come up to nine days late and a week was edited after three: four weeks heal both.
            "overlap_seconds": 28 * DAY,
            "window_seconds": 61 * DAY,
            "page_size": 10,
            "starts_at": datetime.combine(city.first_day, time(), ZoneInfo(city.zone)).isoformat(),
            **mapping(city.districts, city.metrics),
        },
    )


def connect_history(session: Session, at: datetime, *, cast: Cast, history: History, base_url: str) -> None:
    """The replayed state's data officer sets the playback up as a source, five years at a time."""
    _connect(
        session,
        at,
        cast=cast,
        officer="data2",
        hub={"name": HISTORY_HUB, "base_url": base_url, "dialect": "etsi", "zone": "UTC"},
        source={
            "territory": history.territory_code,
            "name": "주별 연간 지표 / yearly metrics by state",
            "entity_type": HISTORY_ENTITY,
            "interval_seconds": 30 * DAY,
            "overlap_seconds": 366 * DAY,
            "window_seconds": 5 * 366 * DAY,
            "page_size": 10,
            "starts_at": datetime.combine(history.first_day, time(), UTC).isoformat(),
            **mapping(history.districts, history.metrics),
        },
    )


def _connect(
    session: Session,
    at: datetime,
    *,
    cast: Cast,
    officer: str,
    hub: dict[str, str],
    source: dict[str, object],
) -> None:
    by = cast.actor(session, officer)
    collection_desk.register(session, source, new_hub=hub, private_hubs=LOOPBACK, by=by, at=at)


def _define(session: Session, facts: Iterable[MetricFacts]) -> None:
    for metric in facts:
        metrics.define(session, **metric.definition())
