"""What documents say about a case, field by field, in both languages; None where it is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sandbox.names import Named
from sandbox.pilots.models import Pilot
from sandbox.provisions import in_korean

NONE_KO, NONE_EN = "없음", "None"


@dataclass(frozen=True)
class Fact:
    """One thing that can stand on a document: a text, or several, in Korean and in English."""

    ko: str | tuple[str, ...] | None
    en: str | tuple[str, ...] | None

    @property
    def is_missing(self) -> bool:
        """Whether nothing is known. That there is none of something is known, and said."""
        return any(value is None or value == "" for value in (self.ko, self.en))


Facts = Mapping[str, Fact]


def same(text: str | None) -> Fact:
    """What reads alike in both languages."""
    return Fact(text, text)


def facts_of(pilot: Pilot, *, at: datetime) -> dict[str, Fact]:
    """The facts of this case that any document may ask for."""
    exemption = pilot.exemption
    regime = exemption.regime
    return {
        "pilot": same(pilot.number),
        "title": Fact(pilot.title_ko, pilot.title_en),
        "content": Fact(pilot.summary_ko, pilot.summary_en),
        "kind": _name(regime.kind(exemption.kind)),
        "ground": _name(regime.ground(exemption.ground)),
        "articles": Fact(tuple(exemption.articles) or None, tuple(exemption.articles) or None),
        "operator_name": _name(pilot.company),
        "operator_number": same(pilot.company.registration_number),
        "operator_address": same(pilot.company.address),
        "area": _area(pilot),
        "period": _period(exemption.granted_from, exemption.granted_to),
        "conditions": _conditions(pilot),
        "minister": _name(exemption.lead),
        "issued_on": same(at.astimezone(ZoneInfo(regime.zone)).date().isoformat()),
    }


def _name(named: Named) -> Fact:
    return Fact(named.name_ko, named.name_en)


def _area(pilot: Pilot) -> Fact:
    districts, territory = pilot.districts, pilot.site.territory
    return Fact(
        f"{territory.name_ko} {', '.join(each.name_ko for each in districts)}" if districts else None,
        f"{', '.join(each.name_en for each in districts)} ({territory.name_en})" if districts else None,
    )


def _period(first: date | None, last: date | None) -> Fact:
    if first is None or last is None:
        return Fact(None, None)
    return Fact(
        f"{first.isoformat()}부터 {last.isoformat()}까지", f"{first.isoformat()} to {last.isoformat()}"
    )


def _conditions(pilot: Pilot) -> Fact:
    imposed = [each for each in pilot.exemption.conditions if each.is_imposed]
    return Fact(
        tuple(f"{each.text} ({in_korean(each.legal_basis)})" for each in imposed) or (NONE_KO,),
        tuple(f"{each.text} ({each.legal_basis})" for each in imposed) or (NONE_EN,),
    )
