"""Facts of the invented city: names, metrics, and the pilots with their true effects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.demo.dataset import MetricFacts

NAMES = (
    ("누리새동", "Nurisae-dong"),
    ("한빛마루동", "Hanbinmaru-dong"),
    ("솔바람골동", "Solbaramgol-dong"),
    ("물빛나루동", "Mulbinnaru-dong"),
    ("윤슬마루동", "Yunseulmaru-dong"),
    ("달무리동", "Dalmuri-dong"),
    ("해오름골동", "Haeoreumgol-dong"),
    ("별하동", "Byeolha-dong"),
    ("가온들동", "Gaondeul-dong"),
    ("라온들동", "Raondeul-dong"),
    ("미르내동", "Mireunae-dong"),
    ("바른골동", "Bareungol-dong"),
    ("새벽들동", "Saebyeokdeul-dong"),
    ("시나브로동", "Sinabro-dong"),
    ("아란솔동", "Aransol-dong"),
    ("온새미동", "Onsaemi-dong"),
    ("이든누리동", "Ideunnuri-dong"),
    ("초록들동", "Chorokdeul-dong"),
    ("큰나래동", "Keunnarae-dong"),
    ("푸른재동", "Pureunjae-dong"),
    ("하늘재동", "Haneuljae-dong"),
    ("너른벌동", "Neoreunbeol-dong"),
    ("은가람동", "Eungaram-dong"),
    ("단미골동", "Danmigol-dong"),
    ("꽃내음동", "Kkonnaeeum-dong"),
)

METRICS = (
    MetricFacts(
        code="bus_wait_minutes",
        attribute="busWaitMinutes",
        cadence="day",
        name_ko="버스 평균 대기시간",
        name_en="Average wait for a bus",
        definition_ko="하루 동안 정류장에 도착해 버스를 타기까지 걸린 시간의 평균.",
        definition_en="Mean time of a day between arriving at a stop and boarding.",
        unit="minutes",
        unit_ko="분",
        direction="decrease",
        aggregation="mean",
    ),
    MetricFacts(
        code="pedestrian_conflicts",
        attribute="pedestrianConflicts",
        cadence="day",
        name_ko="보행자 상충 건수",
        name_en="Conflicts with pedestrians",
        definition_ko="하루 동안 교차로 영상에서 검출된 사건 가운데 차량과 보행자가 "
        "2초 이내의 간격으로 같은 지점을 지난 것의 수.",
        definition_en="Events of a day, seen by cameras at crossings, in which a vehicle and a pedestrian "
        "passed the same point within two seconds.",
        unit="events per day",
        unit_ko="건/일",
        direction="decrease",
        aggregation="mean",
    ),
    MetricFacts(
        code="vehicle_delay_seconds",
        attribute="vehicleDelaySeconds",
        cadence="day",
        name_ko="교차로 차량 지체",
        name_en="Delay of vehicles at crossings",
        definition_ko="하루 동안 신호교차로를 지난 차량의 평균 지체시간.",
        definition_en="Mean delay of a day of vehicles passing a signalled crossing.",
        unit="seconds",
        unit_ko="초",
        direction="decrease",
        aggregation="mean",
    ),
    MetricFacts(
        code="delivery_trips",
        attribute="deliveryTrips",
        cadence="day",
        name_ko="배달차량 통행 수",
        name_en="Trips of delivery vehicles",
        definition_ko="하루 동안 구역에 들어온 배달차량의 통행 수.",
        definition_en="Trips of delivery vehicles into the district.",
        unit="trips",
        unit_ko="통행",
        direction="decrease",
        aggregation="sum",
    ),
)


@dataclass(frozen=True)
class Effect:
    """A true effect: a share of the level, reached evenly over `ramp_days`, `delay_days` after the start."""

    metric: str
    share: float
    delay_days: int = 0
    ramp_days: int = 21


@dataclass(frozen=True)
class PilotFacts:
    """A pilot of the city: where, when, how it is judged, and what it truly does.

    `stage` is running, finished or in_review; a pilot in review has done nothing yet.
    """

    key: str
    stage: str
    name_ko: str
    name_en: str
    treated: tuple[str, ...]
    first_day: date
    last_day: date
    primary: str
    minimum_effect: float
    guardrail: str
    margin: float
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class EditedWeek:
    """Seven days of one series whose values the hub replaces at `known_from`."""

    district: str
    metric: str
    first_day: date
    known_from: datetime


def pilots(anchor: date) -> tuple[PilotFacts, ...]:
    """One running, one finished, one in review, as of `anchor`."""

    def before(days: int) -> date:
        return anchor - timedelta(days=days)

    return (
        PilotFacts(
            key="shuttle",
            stage="running",
            name_ko="자율주행 셔틀",
            name_en="Autonomous shuttle",
            treated=("GA07", "GA12", "GA18"),
            first_day=before(240),
            last_day=before(-125),
            primary="bus_wait_minutes",
            minimum_effect=0.5,
            guardrail="pedestrian_conflicts",
            margin=3.0,
            effects=(
                Effect("bus_wait_minutes", -0.17),
                Effect("pedestrian_conflicts", 0.30, delay_days=110, ramp_days=60),
            ),
        ),
        PilotFacts(
            key="crossings",
            stage="finished",
            name_ko="스마트 횡단보도",
            name_en="Smart crossings",
            treated=("GA03", "GA09", "GA15", "GA21"),
            first_day=before(365),
            last_day=before(92),
            primary="pedestrian_conflicts",
            minimum_effect=2.0,
            guardrail="vehicle_delay_seconds",
            margin=3.0,
            effects=(
                Effect("pedestrian_conflicts", -0.24),
                Effect("vehicle_delay_seconds", 0.01),
            ),
        ),
        PilotFacts(
            key="drones",
            stage="in_review",
            name_ko="드론 배송",
            name_en="Drone delivery",
            treated=("GA05", "GA24"),
            first_day=before(-60),
            last_day=before(-425),
            primary="delivery_trips",
            minimum_effect=20.0,
            guardrail="pedestrian_conflicts",
            margin=3.0,
            effects=(),
        ),
    )
