"""The NGSI-LD temporal API as hubs speak it: one window in, all of its readings out.

Two pagings run independently. Entities come `limit` at a time; a short page is not the end. Inside a
page the hub may cut the window short (206 with Content-Range): then every page of this slice counts
only up to the earliest cut, and the rest of the window is asked for as a new slice. Entities without
a reading in the rest no longer match it, so their offsets cannot be carried over. A hub that hands out
the newest readings first runs its range backwards; then the rest lies before the page.

| | ETSI | City Data Hub |
|---|---|---|
| path | /ngsi-ld/v1/temporal/entities | /temporal/entities |
| count of entities | NGSILD-Results-Count | GET /temporal/entitycount |
| end of the window | exclusive | inclusive |
| instants | UTC, Z | local with offset, comma before the fraction |

Scorpio, Orion-LD and Stellio speak as ETSI wrote, with habits that need no asking: Scorpio ignores
temporalValues and may leave out the count, Orion-LD cuts long histories at the old end, and Stellio refuses
limits beyond its own (100), which is why it is never asked for more. Key performance indicators
are entities of the present, not of the temporal API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import orjson

from experiments.collection.connectors.ngsi_ld_instants import INSTANT, instant
from experiments.collection.connectors.ngsi_ld_page import Page
from experiments.collection.connectors.readings import Block, Harvest, NoValue, Reading
from experiments.collection.faults import HubFault
from experiments.collection.http import Answer
from experiments.collection.http import Get as Get
from experiments.collection.models import Dialect, Representation, from_microseconds, to_microseconds

MOST_PAGES = 10_000
_CONTENT_RANGE = re.compile(rf"date-?time\s+({INSTANT})-({INSTANT})/(\d+|\*)", re.IGNORECASE)
_NEXT = re.compile(r"""rel\s*=\s*["']?next["']?""", re.IGNORECASE)
_OPTIONS = {
    Representation.TEMPORAL_VALUES: "temporalValues",
    Representation.AGGREGATED_VALUES: "aggregatedValues",
}

_LARGEST_PAGE = {Dialect.STELLIO: 100}


@dataclass(frozen=True)
class Query:
    """What is asked of which hub. `entities` are those with a district; others are counted and dropped."""

    base_url: str
    dialect: Dialect
    zone: str
    entity_type: str
    attributes: tuple[str, ...]
    entities: frozenset[str]
    page_size: int
    start: datetime
    end: datetime
    representation: Representation = Representation.TEMPORAL_VALUES
    tenant: str | None = None
    context_url: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def read_window(get: Get, query: Query, into: Harvest | None = None) -> Harvest:
    """Every reading with `start <= observedAt < end`, verified against the hub's count where it gives one.

    Of values that the hub has put together the instant is where their bucket, or their
    calculationPeriod, begins; `options` may name the `method` (avg) and the `period` (PT1H) of buckets.
    Readings go `into` a harvest, or a new one. HubFault for anything that leaves doubt whether the
    window is complete.
    """
    walk = _Walk(get, query, into or Harvest())
    rest = [(to_microseconds(query.start), to_microseconds(query.end))]
    while rest:
        start, end = rest.pop()
        try:
            rest += walk.slice(start, end)
        except _CutWithinOneInstant as cut:
            walk.ask_for_less(cut.fault)
            rest.append((start, end))
    walk.note_absences()
    return walk.harvest


class _CutWithinOneInstant(Exception):
    """The hub cut a page off before its second instant; fewer entities per page leave room for more."""

    def __init__(self, fault: HubFault) -> None:
        self.fault = fault


@dataclass
class _Slice:
    """The part of the window that is being paged through; instants in microseconds."""

    start: int
    end: int
    complete_from: int
    complete_until: int
    expected: int | None = None
    ids: set[str] = field(default_factory=set)
    found: list[Block | tuple[Reading | NoValue, str]] = field(default_factory=list)


class _Walk:
    def __init__(self, get: Get, query: Query, harvest: Harvest) -> None:
        self._get = get
        self._query = query
        self._limit = min(query.page_size, _LARGEST_PAGE.get(query.dialect, query.page_size))
        self._begins = to_microseconds(query.start)
        self._ends = to_microseconds(query.end)
        self._datasets: set[tuple[str, str]] = set()
        self._strangers: set[str] = set()
        self._present: dict[str, set[str]] = {attribute: set() for attribute in query.attributes}
        self._met: set[str] = set()
        self.harvest = harvest

    def slice(self, start: int, end: int) -> list[tuple[int, int]]:
        """Page through [start, end); returns what the hub left out, the earliest last."""
        part = _Slice(start, end, start, end, expected=self._count(start, end))
        offset = 0
        while True:
            answer = self._page(part, offset)
            page = self._decode(answer)
            self._check_count(part, answer, page)
            known = len(part.ids)
            part.ids.update(page.ids)
            self._read(part, page, answer)
            offset += len(page.ids)
            if not _has_more(part, page, answer, self._limit):
                break
            if len(part.ids) == known:
                raise page.fault("the page repeats entities of earlier pages", "$")
        if part.expected is not None:
            if len(part.ids) != part.expected:
                raise page.fault(f"the hub counts {part.expected} entities but sent {len(part.ids)}", "$")
            self.harvest.hub_count = max(part.expected, self.harvest.hub_count or 0)
        if part.complete_from >= part.complete_until:
            raise _CutWithinOneInstant(page.fault("the pages have no instant in common", "$"))
        self._take(part)
        left = [(part.complete_until, part.end), (part.start, part.complete_from)]
        return [(first, last) for first, last in left if first < last]

    def _take(self, part: _Slice) -> None:
        """Keep what the slice is complete for; the rest comes again with another slice."""
        first, last = part.complete_from, part.complete_until
        for each in part.found:
            if isinstance(each, Block):
                self.harvest.take(each.between(first, last))
                continue
            found, case = each
            if found.at is not None and first <= found.at < last:
                if isinstance(found, Reading):
                    self.harvest.add(found)
                else:
                    self.harvest.dropped.note(found.reason, case)

    def ask_for_less(self, fault: HubFault) -> None:
        """Halve the pages for the rest of the window; raises `fault` where they cannot get smaller."""
        if self._limit == 1:
            raise fault
        self._limit //= 2

    def note_absences(self) -> None:
        """Account for what was asked for and did not come."""
        dropped, wanted = self.harvest.dropped, self._query.entities
        for entity in sorted(wanted - self._met):
            dropped.note("entity_absent", entity)
        for attribute, there in self._present.items():
            for entity in sorted((wanted & self._met) - there):
                dropped.note("attribute_missing", f"{entity} {attribute}")

    def _page(self, part: _Slice, offset: int) -> Answer:
        query = self._query
        params = self._window_params(part.start, part.end)
        params |= {"limit": str(self._limit), "offset": str(offset)}
        if not self._is_city_data_hub:
            params["count"] = "true"
        options = _OPTIONS.get(query.representation)
        if query.representation is Representation.NORMALIZED and self._is_city_data_hub:
            options = "normalizedHistory"
        if options:
            params["options"] = options
        if query.representation is Representation.AGGREGATED_VALUES:
            params |= {"aggrMethods": self._method, "aggrPeriodDuration": query.options.get("period", "PT1H")}
        return self._get(self._address("entities"), params, self._headers())

    @property
    def _is_city_data_hub(self) -> bool:
        return self._query.dialect is Dialect.CITY_DATA_HUB

    @property
    def _is_of_indicators(self) -> bool:
        return self._query.representation is Representation.KEY_PERFORMANCE_INDICATOR

    @property
    def _method(self) -> str:
        return str(self._query.options.get("method", "avg"))

    def _window_params(self, start: int, end: int) -> dict[str, str]:
        if self._is_of_indicators:
            asked = ",".join((*self._query.attributes, "calculationPeriod"))
            return {"type": self._query.entity_type, "attrs": asked}
        return {
            "type": self._query.entity_type,
            "attrs": ",".join(self._query.attributes),
            "timerel": "between",
            "timeAt": self._written(start),
            # A City Data Hub knows milliseconds: the end is rounded up, what is too much is dropped.
            "endTimeAt": self._written(end + 999 if self._is_city_data_hub else end),
        }

    def _address(self, what: str) -> str:
        prefix = "" if self._is_city_data_hub else "/ngsi-ld/v1"
        return f"{self._query.base_url}{prefix}{'' if self._is_of_indicators else '/temporal'}/{what}"

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if self._query.tenant:
            headers["NGSILD-Tenant"] = self._query.tenant
        if self._query.context_url:
            kind = 'rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
            headers["Link"] = f"<{self._query.context_url}>; {kind}"
        return headers

    def _written(self, at: int) -> str:
        moment = from_microseconds(at)
        if not self._is_city_data_hub:
            return f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"
        return moment.astimezone(ZoneInfo(self._query.zone)).isoformat(timespec="milliseconds")

    def _count(self, start: int, end: int) -> int | None:
        """The hub's count of matching entities where it has an address for that; None where it has not."""
        if not self._is_city_data_hub:
            return None
        try:
            answer = self._get(self._address("entitycount"), self._window_params(start, end), self._headers())
        except HubFault as fault:
            if fault.status == 404:
                return None
            raise
        try:
            count = orjson.loads(answer.body)["totalCount"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            count = None
        if type(count) is not int:
            raise HubFault("a totalCount was expected", url=answer.url, path="$.totalCount")
        return count

    def _decode(self, answer: Answer) -> Page:
        number = self.harvest.count_page(answer.body)
        if number > MOST_PAGES:
            raise HubFault(f"more than {MOST_PAGES:,} pages", url=answer.url, page=number)
        # The standard knows UTC only; a City Data Hub means its own zone where it names no offset.
        zone = self._query.zone if self._is_city_data_hub else None
        shape = self._query.representation
        return Page(answer.body, url=answer.url, number=number, zone=zone, shape=shape, method=self._method)

    def _check_count(self, part: _Slice, answer: Answer, page: Page) -> None:
        header = answer.headers.get("NGSILD-Results-Count")
        if header is None:
            return
        if not header.strip().isdecimal():
            raise page.fault(f"NGSILD-Results-Count is {header!r}", "$")
        count = int(header)
        if part.expected is not None and part.expected != count:
            raise page.fault(f"the count of entities changed from {part.expected} to {count}", "$")
        part.expected = count

    def _read(self, part: _Slice, page: Page, answer: Answer) -> None:
        """Take the page's readings inside the slice, and note how far the page reaches in time."""
        instances = 0
        wanted = self._query.entities
        mapped = [position for position, entity in enumerate(page.ids) if entity in wanted]
        has_strangers = len(mapped) < len(page.ids)
        for position, entity in enumerate(page.ids) if has_strangers else ():
            if entity in wanted:
                continue
            instances += _instances(page, position)
            if entity not in self._strangers:
                self._strangers.add(entity)
                self.harvest.dropped.note("entity_not_mapped", entity)
        for attribute in self._query.attributes:
            there = [n for n in mapped if page.entities[n].get(attribute) is not None]
            self._present[attribute].update([page.ids[position] for position in there])
            instances += self._read_attribute(part, page, there, attribute)
        self._met.update(page.ids)
        first, last = _covered(answer, page, part, instances)
        part.complete_from = max(part.complete_from, first)
        part.complete_until = min(part.complete_until, last)

    def _read_attribute(self, part: _Slice, page: Page, positions: list[int], attribute: str) -> int:
        """Take `attribute` of the entities at `positions`, all together where they allow it; how many
        instances that were."""
        block = page.block(positions, attribute, part.start, part.end) if positions else None
        if block is not None:
            part.found.append(block)
            return len(block)
        if len(positions) > 1:
            return sum(self._read_attribute(part, page, [each], attribute) for each in positions)
        return sum(self._read_closely(part, page, position, attribute) for position in positions)

    def _read_closely(self, part: _Slice, page: Page, position: int, attribute: str) -> int:
        instances = 0
        for found, path in page.instances(position, attribute):
            instances += 1
            case = f"{page.ids[position]} {path}"
            if found.at is None:
                self._note_dataset(page.ids[position], attribute, found, case)
            elif not self._begins <= found.at < self._ends:
                self.harvest.dropped.note("out_of_window", f"{case} {from_microseconds(found.at)}")
            elif part.start <= found.at < part.end:
                part.found.append((found, case))
        return instances

    def _note_dataset(self, entity: str, attribute: str, found: Reading | NoValue, case: str) -> None:
        """Count a data set that is not read once, however many pages tell of it."""
        if isinstance(found, NoValue) and (entity, attribute) not in self._datasets:
            self._datasets.add((entity, attribute))
            self.harvest.dropped.note(found.reason, case)


def _has_more(part: _Slice, page: Page, answer: Answer, limit: int) -> bool:
    """Whether another page of entities is due: by the count, else by the link, else by a full page."""
    if not page.ids:
        return False
    if part.expected is not None:
        return len(part.ids) < part.expected
    links = answer.headers.get("Link", "")
    return bool(_NEXT.search(links)) or ("rel" not in links and len(page.ids) >= limit)


def _covered(answer: Answer, page: Page, part: _Slice, instances: int) -> tuple[int, int]:
    """The span for which the page is complete: the whole slice where nothing was cut off."""
    whole = part.start, part.end
    header = answer.headers.get("Content-Range")
    if header is None:
        if answer.status == httpx.codes.PARTIAL_CONTENT:
            raise page.fault("206 without Content-Range", "$")
        return whole
    parsed = _CONTENT_RANGE.fullmatch(header.strip())
    if parsed is None:
        raise page.fault(f"Content-Range {header!r} cannot be read", "$")
    first, last = instant(parsed[1], "UTC"), instant(parsed[2], "UTC")
    if parsed[3] != "*" and instances >= int(parsed[3]):
        return whole
    # The instant at which the hub stopped may hold more than was sent. Backwards, it is the oldest one.
    covered = (part.start, min(last, part.end)) if first <= last else (max(last + 1, part.start), part.end)
    if covered[0] < covered[1]:
        return covered
    # Some hubs send the range with complete answers too; then the last slice holds its first instant only.
    if answer.status != httpx.codes.PARTIAL_CONTENT:
        return whole
    raise _CutWithinOneInstant(page.fault("the hub cuts off within one instant of one entity", "$"))


def _instances(page: Page, position: int) -> int:
    """Instances of an entity without a district, which still count towards the size of the page."""
    return sum(
        len(found.get("values", ())) if isinstance(found, dict) else len(found)
        for found in page.entities[position].values()
        if isinstance(found, dict | list)
    )
