"""Districts before people: their outlines and baseline facts, kept by the city's data officer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from experiments import facts, geometry
from experiments.canonical import canonical, digest
from experiments.districts import District, Territory, district, districts, territory
from experiments.errors import Invalid, NotFound, Refused
from experiments.facts import DistrictFact
from experiments.lifecycle import Actor
from sandbox import access, ledger
from sandbox.collection_desk import may_keep, territories

OUTLINE_SOURCE = "computed from the outline"
# No territory is that wide; a shorter way off is told, and may be an island.
FURTHEST_KM = 300.0


@dataclass(frozen=True)
class DistrictPage:
    """A district, the facts that count by name, every fact ever recorded, and whether one may add some."""

    district: District
    newest: Mapping[str, DistrictFact]
    facts: tuple[DistrictFact, ...]
    may_keep: bool


@dataclass(frozen=True)
class Drawn:
    """The districts that got outlines, and how many kilometres some of them lie from the others."""

    districts: tuple[District, ...]
    remote: Mapping[str, float]


def readable(session: Session, actor: Actor) -> list[Territory]:
    """The territories whose districts this actor reads: a data officer's own, for others all."""
    if access.city_data_officer(actor):
        return territories(session, actor)
    return list(session.scalars(select(Territory).order_by(Territory.code)))


def find(session: Session, territory_code: str, code: str, actor: Actor) -> District:
    """The district; NotFound also for whoever does not read its territory."""
    place = territory(session, territory_code)
    if place not in readable(session, actor):
        raise NotFound("territory", territory_code)
    return district(session, place, code)


def page(session: Session, shown: District, actor: Actor) -> DistrictPage:
    """All about one district."""
    found = facts.facts(session, shown)
    return DistrictPage(
        shown, facts.newest(found), tuple(found), may_keep(session, shown.territory_id, actor)
    )


def set_outlines(
    session: Session, place: Territory, file: bytes, *, reference: str, by: Actor, at: datetime
) -> Drawn:
    """Give districts of `place` the outlines of a GeoJSON file, all or none, with their areas as facts.

    Invalid by feature; for districts that do not exist, that overlap, or that lie more than 300 km from
    all others; without a reference.
    """
    if not may_keep(session, place.id, by):
        raise Refused("district.outline", "data_officer_of_the_city")
    if not reference.strip():
        raise Invalid({"reference": ["Missing data for required field."]})
    given = geometry.outlines_by_code(file)
    drawn = districts(session, place, list(given), field="outlines")
    known = {each.code: each.outline for each in place.districts if each.outline}
    shared = [pair for pair in geometry.overlaps(known | given) if pair[0] in given or pair[1] in given]
    if shared:
        raise Invalid({"outlines": [f"{first} and {second} overlap." for first, second, _ in shared]})
    away = {code: km for code, km in geometry.remote(known | given, known).items() if code in given}
    if lost := {code: km for code, km in away.items() if km > FURTHEST_KM}:
        raise Invalid(
            {"outlines": [f"{code} lies {km:,.0f} km from the other districts." for code, km in lost.items()]}
        )
    for each in drawn:
        each.outline = given[each.code]
        facts.record(session, each, _area_fact(given[each.code], reference, at), by=by, at=at)
    details = {"districts": sorted(given), "sha256": digest(canonical(given)), "reference": reference.strip()}
    ledger.append(
        session, act="district.outline", subject=f"territory:{place.code}", by=by, at=at, details=details
    )
    return Drawn(tuple(drawn), away)


def record_fact(
    session: Session, about: District, data: Mapping[str, Any], *, by: Actor, at: datetime
) -> DistrictFact:
    """Put a fact about a district on record; Invalid by field. A population is shown with the district."""
    if not may_keep(session, about.territory_id, by):
        raise Refused("district.fact", "data_officer_of_the_city")
    made = facts.record(session, about, data, by=by, at=at)
    counts = facts.newest(facts.facts(session, about)).get(facts.POPULATION)
    if counts is not None:
        if counts.value < 0 or counts.value > 2_000_000_000 or counts.value != int(counts.value):
            raise Invalid({"value": ["Not a valid integer."]})
        about.population = int(counts.value)
    details = {
        "district": about.code,
        "name": made.name,
        "value": made.value,
        "unit": made.unit,
        "valid_on": made.valid_on.isoformat(),
        "reference": made.reference,
    }
    subject = f"territory:{about.territory.code}"
    ledger.append(session, act="district.fact", subject=subject, by=by, at=at, details=details)
    return made


def _area_fact(outline: str, reference: str, at: datetime) -> dict[str, Any]:
    return {
        "name": facts.AREA,
        "value": round(geometry.area_km2(outline), 4),
        "unit": "km2",
        "reference": f"{reference.strip()} ({OUTLINE_SOURCE})",
        "valid_on": at.date().isoformat(),
    }
