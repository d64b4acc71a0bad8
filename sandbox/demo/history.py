"""California's Proposition 99 as a data set for the playback hub (source: data/SOURCE.md)."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sandbox.demo.dataset import DataSet, DistrictFacts, MetricFacts

FILE = Path(__file__).parent / "data" / "prop99.csv.gz"
ENTITY_TYPE = "StateTobaccoObserved"

STATES = {
    "Alabama": ("AL", "앨라배마"),
    "Arkansas": ("AR", "아칸소"),
    "California": ("CA", "캘리포니아"),
    "Colorado": ("CO", "콜로라도"),
    "Connecticut": ("CT", "코네티컷"),
    "Delaware": ("DE", "델라웨어"),
    "Georgia": ("GA", "조지아"),
    "Idaho": ("ID", "아이다호"),
    "Illinois": ("IL", "일리노이"),
    "Indiana": ("IN", "인디애나"),
    "Iowa": ("IA", "아이오와"),
    "Kansas": ("KS", "캔자스"),
    "Kentucky": ("KY", "켄터키"),
    "Louisiana": ("LA", "루이지애나"),
    "Maine": ("ME", "메인"),
    "Minnesota": ("MN", "미네소타"),
    "Mississippi": ("MS", "미시시피"),
    "Missouri": ("MO", "미주리"),
    "Montana": ("MT", "몬태나"),
    "Nebraska": ("NE", "네브래스카"),
    "Nevada": ("NV", "네바다"),
    "New Hampshire": ("NH", "뉴햄프셔"),
    "New Mexico": ("NM", "뉴멕시코"),
    "North Carolina": ("NC", "노스캐롤라이나"),
    "North Dakota": ("ND", "노스다코타"),
    "Ohio": ("OH", "오하이오"),
    "Oklahoma": ("OK", "오클라호마"),
    "Pennsylvania": ("PA", "펜실베이니아"),
    "Rhode Island": ("RI", "로드아일랜드"),
    "South Carolina": ("SC", "사우스캐롤라이나"),
    "South Dakota": ("SD", "사우스다코타"),
    "Tennessee": ("TN", "테네시"),
    "Texas": ("TX", "텍사스"),
    "Utah": ("UT", "유타"),
    "Vermont": ("VT", "버몬트"),
    "Virginia": ("VA", "버지니아"),
    "West Virginia": ("WV", "웨스트버지니아"),
    "Wisconsin": ("WI", "위스콘신"),
    "Wyoming": ("WY", "와이오밍"),
}

METRICS = (
    MetricFacts(
        code="cigsale",
        attribute="cigaretteSales",
        cadence="year",
        name_ko="1인당 담배 판매량",
        name_en="Cigarette packs per person and year",
        definition_ko="한 해 동안 주에서 과세 판매된 담배 갑 수를 주민 수로 나눈 값.",
        definition_en="Packs of cigarettes sold with tax in the state in a year, over its residents.",
        unit="packs per person and year",
        unit_ko="갑(1인당 연간)",
        direction="decrease",
        aggregation="mean",
    ),
    MetricFacts(
        code="lnincome",
        attribute="logIncome",
        cadence="year",
        name_ko="1인당 소득(로그)",
        name_en="Income per person (log)",
        definition_ko="1997년 미국 달러로 환산한 1인당 개인소득의 자연로그.",
        definition_en="Natural logarithm of personal income per person in US dollars of 1997.",
        unit="log of 1997 US dollars",
        unit_ko="로그(1997년 미국 달러)",
        direction="increase",
        aggregation="mean",
    ),
    MetricFacts(
        code="beer",
        attribute="beerConsumption",
        cadence="year",
        name_ko="1인당 맥주 소비량",
        name_en="Beer per person and year",
        definition_ko="한 해 동안 주민 1인당 소비한 맥주의 양.",
        definition_en="Beer consumed per resident in a year.",
        unit="gallons per person and year",
        unit_ko="갤런(1인당 연간)",
        direction="decrease",
        aggregation="mean",
    ),
    MetricFacts(
        code="age15to24",
        attribute="shareAged15To24",
        cadence="year",
        name_ko="15~24세 인구 비율",
        name_en="Share of people aged 15 to 24",
        definition_ko="주민 가운데 15세부터 24세까지의 비율.",
        definition_en="Residents aged 15 to 24 over all residents.",
        unit="fraction",
        unit_ko="비율",
        direction="decrease",
        aggregation="mean",
    ),
    MetricFacts(
        code="retprice",
        attribute="retailPrice",
        cadence="year",
        name_ko="담배 소매가격",
        name_en="Retail price of cigarettes",
        definition_ko="담배 한 갑의 평균 소매가격.",
        definition_en="Average retail price of a pack of cigarettes.",
        unit="US cents per pack",
        unit_ko="미국 센트/갑",
        direction="increase",
        aggregation="mean",
    ),
)


@dataclass(frozen=True)
class History:
    """A pilot whose outcome is known: districts, metrics, who was treated since when, and the readings."""

    territory_code: str
    territory_name_ko: str
    territory_name_en: str
    zone: str
    districts: tuple[DistrictFacts, ...]
    metrics: tuple[MetricFacts, ...]
    treated: tuple[str, ...]
    controls: tuple[str, ...]
    first_day: date
    intervention_from: date
    last_day: date
    data_set: DataSet


def prop99() -> History:
    """Proposition 99: 39 states, 1970 to 2000, yearly figures stamped at mid-year.

    A year's figures are known from the first day of the next year. The tax was raised in January 1989.
    """
    codes = sorted(code for code, _ in STATES.values())
    return History(
        territory_code="us-states",
        territory_name_ko="미국 39개 주",
        territory_name_en="39 states of the United States",
        zone="America/Los_Angeles",
        districts=tuple(
            DistrictFacts(code, name_ko, name_en, _entity(code))
            for name_en, (code, name_ko) in STATES.items()
        ),
        metrics=METRICS,
        treated=("CA",),
        controls=tuple(code for code in codes if code != "CA"),
        first_day=date(1970, 1, 1),
        intervention_from=date(1989, 1, 1),
        last_day=date(2000, 12, 31),
        data_set=DataSet.of(ENTITY_TYPE, _entities()),
    )


def rows() -> Iterator[dict[str, str]]:
    """Rows of the file as they stand."""
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _entities() -> dict[str, dict[str, list[tuple[datetime, float, datetime]]]]:
    entities: dict[str, dict[str, list[tuple[datetime, float, datetime]]]] = {}
    for row in rows():
        year = int(row["year"])
        at, known_from = datetime(year, 7, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        attributes = entities.setdefault(_entity(STATES[row["state"]][0]), {m.attribute: [] for m in METRICS})
        for metric in METRICS:
            if row[metric.code]:
                attributes[metric.attribute].append((at, float(row[metric.code]), known_from))
    return entities


def _entity(code: str) -> str:
    return f"urn:ngsi-ld:State:{code}"
