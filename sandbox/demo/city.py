"""Gaon, a city that does not exist: districts, pilots and their true effects, and daily readings.

Everything is drawn from a seed and an anchor date and is the same on every run. The truth is kept
beside the readings, so that what an evaluation finds can be held against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from sandbox.demo.city_facts import METRICS, NAMES, EditedWeek, Effect, PilotFacts, pilots
from sandbox.demo.dataset import DataSet, DistrictFacts, MetricFacts
from sandbox.demo.outlines import tessellation

FloatArray = npt.NDArray[np.float64]

ZONE = "Asia/Seoul"
ENTITY_TYPE = "DistrictObserved"
DAYS = 548
MISSING_SHARE = 0.02
LATE_SHARE = 0.04
SECONDS_TO_PUBLISH = 3 * 3600


@dataclass(frozen=True)
class Habit:
    """How a metric moves from day to day; shares are relative to the district's level."""

    level: float
    spread: float
    weekend: float
    season: float
    noise: float
    persistence: float
    decimals: int


HABITS = {
    "bus_wait_minutes": Habit(9.0, 0.22, 0.18, 0.05, 0.06, 0.45, 2),
    "pedestrian_conflicts": Habit(34.0, 0.30, -0.25, 0.10, 0.13, 0.25, 0),
    "vehicle_delay_seconds": Habit(38.0, 0.15, -0.15, 0.04, 0.05, 0.40, 1),
    "delivery_trips": Habit(420.0, 0.35, -0.35, 0.08, 0.07, 0.35, 0),
}


@dataclass(frozen=True)
class City:
    """The synthetic city with everything that the demonstration registers and collects.

    `controls` are the districts that no pilot touches. `truth` is, per pilot and metric, the mean
    effect in the metric's unit over the days of the pilot up to the anchor.
    """

    seed: int
    anchor: date
    first_day: date
    territory_code: str
    territory_name_ko: str
    territory_name_en: str
    zone: str
    districts: tuple[DistrictFacts, ...]
    metrics: tuple[MetricFacts, ...]
    pilots: tuple[PilotFacts, ...]
    controls: tuple[str, ...]
    edited: EditedWeek
    truth: dict[str, dict[str, float]]
    data_set: DataSet


def city(seed: int, anchor: date) -> City:
    """Gaon with 18 months of readings up to the day before `anchor`."""
    rng = np.random.default_rng([seed, anchor.toordinal()])
    districts = _districts(rng)
    first_day = anchor - timedelta(days=DAYS)
    planned = pilots(anchor)
    touched = {code for pilot in planned for code in pilot.treated}
    edited = EditedWeek(
        district=districts[17].code,
        metric="bus_wait_minutes",
        first_day=anchor - timedelta(days=20),
        known_from=_midnight(anchor - timedelta(days=3)),
    )
    values, truth = _values(districts, planned, first_day, rng)
    return City(
        seed=seed,
        anchor=anchor,
        first_day=first_day,
        territory_code="gaon",
        territory_name_ko="가온시 (가상)",
        territory_name_en="Gaon (synthetic)",
        zone=ZONE,
        districts=districts,
        metrics=METRICS,
        pilots=planned,
        controls=tuple(d.code for d in districts if d.code not in touched),
        edited=edited,
        truth=truth,
        data_set=DataSet.of(ENTITY_TYPE, _played(districts, values, first_day, edited, rng)),
    )


def _districts(rng: np.random.Generator) -> tuple[DistrictFacts, ...]:
    outlines = tessellation(len(NAMES), rng)
    populations = rng.integers(60, 340, len(NAMES)) * 100
    return tuple(
        DistrictFacts(
            code=f"GA{number:02d}",
            name_ko=name_ko,
            name_en=name_en,
            entity=f"urn:ngsi-ld:District:gaon:{number:02d}",
            population=int(population),
            outline=outline,
        )
        for number, ((name_ko, name_en), population, outline) in enumerate(
            zip(NAMES, populations, outlines, strict=True), start=1
        )
    )


def _values(
    districts: tuple[DistrictFacts, ...],
    planned: tuple[PilotFacts, ...],
    first_day: date,
    rng: np.random.Generator,
) -> tuple[dict[str, FloatArray], dict[str, dict[str, float]]]:
    """Metric -> districts x days as they truly were, and the truth about the pilots."""
    row_of = {district.code: row for row, district in enumerate(districts)}
    truth: dict[str, dict[str, float]] = {pilot.key: {} for pilot in planned}
    values: dict[str, FloatArray] = {}
    for metric in METRICS:
        habit = HABITS[metric.code]
        levels = habit.level * np.exp(rng.normal(0, habit.spread, len(districts)))
        wanted = levels[:, None] * (1 + _pattern(habit, first_day) + _noise(habit, len(districts), rng))
        for pilot in planned:
            rows = [row_of[code] for code in pilot.treated]
            added = np.zeros(DAYS)
            for effect in pilot.effects:
                if effect.metric == metric.code:
                    added += _course(effect, pilot, first_day)
            if added.any():
                wanted[rows] += levels[rows, None] * added
                begun = np.arange(DAYS) >= (pilot.first_day - first_day).days
                days = begun & (np.arange(DAYS) <= (pilot.last_day - first_day).days)
                truth[pilot.key][metric.code] = float(levels[rows].mean() * added[days].mean())
        values[metric.code] = np.round(np.maximum(wanted, 0), habit.decimals).astype(np.float64)
    return values, truth


def _pattern(habit: Habit, first_day: date) -> FloatArray:
    """Weekends and seasons, days; shares of the level, alike in all districts."""
    days = [first_day + timedelta(days=day) for day in range(DAYS)]
    weekend = np.array([habit.weekend if day.weekday() >= 5 else 0.0 for day in days])
    angle = 2 * np.pi * np.array([day.timetuple().tm_yday for day in days]) / 365.25
    return weekend + habit.season * np.cos(angle)


def _noise(habit: Habit, count: int, rng: np.random.Generator) -> FloatArray:
    """AR(1) with standard deviation `noise`, districts x days, with a share common to the whole city."""
    own = _autoregressive(rng.normal(0, 1, (count, DAYS)), habit.persistence)
    common = _autoregressive(rng.normal(0, 1, (1, DAYS)), habit.persistence)
    return habit.noise * (0.9 * own + np.sqrt(1 - 0.9**2) * common)


def _autoregressive(shocks: FloatArray, persistence: float) -> FloatArray:
    course = np.empty_like(shocks)
    course[:, 0] = shocks[:, 0]
    for day in range(1, shocks.shape[1]):
        course[:, day] = persistence * course[:, day - 1] + np.sqrt(1 - persistence**2) * shocks[:, day]
    return course


def _course(effect: Effect, pilot: PilotFacts, first_day: date) -> FloatArray:
    """The effect on each day: nothing before the pilot, a ramp, and nothing after it."""
    days = np.arange(DAYS)
    begin = (pilot.first_day - first_day).days
    ramp = np.clip((days - begin - effect.delay_days + 1) / effect.ramp_days, 0, 1)
    return effect.share * ramp * (days >= begin) * (days <= (pilot.last_day - first_day).days)


def _played(
    districts: tuple[DistrictFacts, ...],
    values: dict[str, FloatArray],
    first_day: date,
    edited: EditedWeek,
    rng: np.random.Generator,
) -> dict[str, dict[str, list[tuple[datetime, float, datetime]]]]:
    """What the hub tells: with gaps, late arrivals and the week that is edited afterwards.

    A day's figure is stamped with the local midnight at which the day begins, and published early
    on the next day.
    """
    days = [_midnight(first_day + timedelta(days=day)) for day in range(DAYS + 1)]
    played: dict[str, dict[str, list[tuple[datetime, float, datetime]]]] = {d.entity: {} for d in districts}
    for metric in METRICS:
        missing = rng.random((len(districts), DAYS)) < MISSING_SHARE
        late = rng.random((len(districts), DAYS)) < LATE_SHARE
        days_late = rng.integers(2, 10, (len(districts), DAYS))
        for row, district in enumerate(districts):
            series = played[district.entity].setdefault(metric.attribute, [])
            for day in np.flatnonzero(~missing[row]).tolist():
                known_from = days[day + 1] + timedelta(seconds=SECONDS_TO_PUBLISH)
                if late[row, day]:
                    known_from += timedelta(days=int(days_late[row, day]))
                series.append((days[day], float(values[metric.code][row, day]), known_from))
    week = [_midnight(edited.first_day + timedelta(days=day)) for day in range(7)]
    attribute = next(metric.attribute for metric in METRICS if metric.code == edited.metric)
    entity = next(district.entity for district in districts if district.code == edited.district)
    series = played[entity][attribute]
    series += [(at, round(value * 0.93, 2), edited.known_from) for at, value, _ in series if at in week]
    return played


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(ZONE)).astimezone(UTC)
