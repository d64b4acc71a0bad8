"""What a demonstration is made of: readings for a hub, and the facts about where they are from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Played(NamedTuple):
    """A value at an instant, which the hub knows from a later instant on."""

    at: datetime
    value: float
    known_from: datetime


@dataclass(frozen=True)
class DataSet:
    """One entity type: entity id -> attribute -> what is played.

    One instant may be played twice; from the later `known_from` on the hub tells the later value.
    """

    entity_type: str
    entities: Mapping[str, Mapping[str, tuple[Played, ...]]]

    @classmethod
    def of(
        cls,
        entity_type: str,
        entities: Mapping[str, Mapping[str, Iterable[tuple[datetime, float, datetime]]]],
    ) -> DataSet:
        """A data set from plain (instant, value, known from) triples in any order."""
        return cls(
            entity_type,
            {
                entity: {
                    name: tuple(sorted((Played(*played) for played in series), key=_in_order))
                    for name, series in attributes.items()
                }
                for entity, attributes in entities.items()
            },
        )

    def known(
        self, entity: str, attribute: str, now: datetime, start: datetime, end: datetime
    ) -> list[Played]:
        """What the hub tells at `now` of `start <= at <= end`, one value per instant, in order of time."""
        series = self.entities[entity].get(attribute, ())
        latest: dict[datetime, Played] = {}
        for position in range(bisect_left(series, start, key=_at), len(series)):
            played = series[position]
            if played.at > end:
                break
            if played.known_from <= now:
                latest[played.at] = played
        return list(latest.values())

    def readings(self) -> Iterator[Played]:
        """Everything that is ever played."""
        for attributes in self.entities.values():
            for series in attributes.values():
                yield from series


@dataclass(frozen=True)
class DistrictFacts:
    """A district, as `experiments.districts.add_districts` takes it, and its entity at the hub."""

    code: str
    name_ko: str
    name_en: str
    entity: str
    population: int | None = None
    outline: str | None = None

    def row(self) -> dict[str, object]:
        """The fields of `DistrictSchema`."""
        return {
            "code": self.code,
            "name_ko": self.name_ko,
            "name_en": self.name_en,
            "population": self.population,
            "outline": self.outline,
        }


@dataclass(frozen=True)
class MetricFacts:
    """A metric, as `experiments.metrics.define` takes it, and its attribute and cadence at the hub."""

    code: str
    attribute: str
    cadence: str
    name_ko: str
    name_en: str
    definition_ko: str
    definition_en: str
    unit: str
    unit_ko: str
    direction: str
    aggregation: str

    def definition(self) -> dict[str, str]:
        """The fields of `MetricSchema`."""
        return {
            "code": self.code,
            "name_ko": self.name_ko,
            "name_en": self.name_en,
            "definition_ko": self.definition_ko,
            "definition_en": self.definition_en,
            "unit": self.unit,
            "unit_ko": self.unit_ko,
            "direction": self.direction,
            "aggregation": self.aggregation,
        }


def mapping(
    districts: Iterable[DistrictFacts], metrics: Iterable[MetricFacts]
) -> dict[str, list[dict[str, str]]]:
    """The `attributes` and `entities` of a `SourceSchema` that reads all of it."""
    return {
        "attributes": [
            {"attribute": m.attribute, "metric": m.code, "unit": m.unit, "cadence": m.cadence}
            for m in metrics
        ],
        "entities": [{"entity": d.entity, "district": d.code} for d in districts],
    }


def _in_order(played: Played) -> tuple[datetime, datetime]:
    return played.at, played.known_from


def _at(played: Played) -> datetime:
    return played.at
