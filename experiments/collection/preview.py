"""Trying a source out: what its hub is asked, and where the first readings would go. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import fsum
from statistics import fmean
from typing import Any

import httpx
from sqlalchemy.orm import Session

from experiments.collection.addresses import AddressRefused
from experiments.collection.claims import query_of
from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.options import SUBSCRIBED
from experiments.collection.connectors.readings import Harvest, Reading
from experiments.collection.connectors.registry import CONNECTORS
from experiments.collection.faults import HubFault
from experiments.collection.http import Access, Answer, HubClient
from experiments.collection.intake import Arrivals, Columns, Suspect, Targets, targets_of
from experiments.collection.models import Across, DataSource, from_microseconds, to_microseconds
from experiments.collection.mqtt_preview import overhear
from experiments.collection.pinned import PinnedTransport
from experiments.collection.settings import CollectionSettings

MOST_REQUESTS = 6
# A page of NGSI-LD is of entities, and none counts before all have come: fewer requests show more.
LARGEST_PAGE = 1_000
MOST_READINGS = 5_000
LONGEST = timedelta(days=7)


@dataclass(frozen=True)
class Request:
    """One question as it was sent, without what the credentials of the hub add to it."""

    address: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Measure:
    """The metric (its id) that an attribute is, the unit agreed with the hub, and how several entities of
    one district are put together (None where each district has one)."""

    metric_id: int
    unit: str
    across: str | None


@dataclass(frozen=True)
class Trial:
    """What to ask, read from the database beforehand: no transaction waits for a hub.

    `districts` are the ids of the districts by entity, `measures` what attributes are by attribute.
    """

    kind: str
    query: Query
    targets: Targets
    access: Access
    districts: Mapping[str, int]
    measures: Mapping[str, Measure]


@dataclass(frozen=True)
class Line:
    """The series that one metric would get in one district: instants and values (in the metric's unit)."""

    metric_id: int
    district_id: int
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True)
class Preview:
    """What one trial brought for [start, end).

    `readings` are those that would be stored and `suspects` those that would go into quarantine; `dropped`
    maps a reason to its count and first case. `lines` are the readings as series by district, in the
    metrics' units. `fault` says why the hub's answer cannot be used, None where it can; beside it nothing
    is shown that came, since nothing of a window with a fault is stored. `requests` are those that were
    sent. `is_whole` is False where more would have been asked or read.
    """

    start: datetime
    end: datetime
    requests: tuple[Request, ...]
    readings: tuple[Reading, ...]
    suspects: tuple[Suspect, ...]
    lines: tuple[Line, ...]
    dropped: Mapping[str, Mapping[str, Any]]
    fault: str | None
    is_whole: bool


class _Enough(Exception):
    """More is not needed to see whether a source is set up well."""


class _Sender(httpx.BaseTransport):
    """Hands requests on and counts the GETs whose address was not refused at the last moment."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.sent = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        is_question = request.method == "GET"
        self.sent += is_question
        try:
            return self._inner.handle_request(request)
        except AddressRefused:
            self.sent -= is_question
            raise

    def close(self) -> None:
        self._inner.close()


def trial_of(session: Session, source: DataSource, *, at: datetime) -> Trial:
    """A trial of the latest days that `source` would be asked for, at most a week."""
    end = max(at - timedelta(seconds=source.lag_seconds), source.starts_at + timedelta(seconds=1))
    length = min(timedelta(seconds=source.window_seconds), LONGEST)
    targets = targets_of(session, source.id)
    hub = source.hub
    query = query_of(source, targets, max(end - length, source.starts_at), end)
    whole_page = min(len(source.entities), LARGEST_PAGE) if hub.kind == "ngsi_ld" else 0
    return Trial(
        kind=hub.kind,
        query=replace(query, page_size=max(query.page_size, whole_page)),
        targets=targets,
        access=Access(hub.id, hub.base_url, hub.credentials, hub.requests_per_minute),
        districts={each.entity: each.district_id for each in source.entities},
        measures={
            each.attribute: Measure(each.metric_id, each.unit, each.across) for each in source.attributes
        },
    )


def run(trial: Trial, settings: CollectionSettings, *, at: datetime) -> Preview:
    """Ask the hub at most six times, without repeating, or overhear a broker for some seconds, and sort
    what comes."""
    harvest = Harvest()
    requests: list[Request] = []
    fault: str | None = None
    is_whole = True
    hasty = replace(settings, tries=1, read_seconds=min(settings.read_seconds, 10.0), answer_seconds=20.0)
    sender = _Sender(PinnedTransport(hasty.private_hubs))
    with HubClient(hasty, transport=sender) as client:

        def get(url: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
            if len(requests) >= MOST_REQUESTS or len(harvest.readings) >= MOST_READINGS:
                raise _Enough
            sent = sender.sent
            try:
                return client.get(url, params, headers, access=trial.access)
            finally:
                if sender.sent > sent:
                    requests.append(_request(url, params, headers))

        try:
            if trial.kind in SUBSCRIBED:
                requests.append(Request(trial.query.base_url, (("SUBSCRIBE", trial.query.entity_type),)))
                is_whole = overhear(trial.query, trial.access, settings, harvest)
            else:
                CONNECTORS[trial.kind](get, trial.query, harvest)
        except HubFault as found:
            fault = found.sentence()
        except _Enough:
            is_whole = False
    if fault is not None:
        harvest = Harvest()
    taken = harvest.readings[:MOST_READINGS]
    with Arrivals(trial.targets, until=to_microseconds(at)) as arrivals:
        arrivals.add(taken)
        lines = tuple(_lines(trial, arrivals.chunks()))
        doubtful = {id(suspect.reading) for suspect in arrivals.suspects}
        dropped = harvest.dropped.reasons | arrivals.unmapped.reasons
    return Preview(
        start=trial.query.start,
        end=trial.query.end,
        requests=tuple(requests),
        readings=tuple(
            each
            for each in taken
            if id(each) not in doubtful and (each.entity, each.attribute) in trial.targets
        ),
        suspects=tuple(arrivals.suspects),
        lines=lines,
        dropped=dropped,
        fault=fault,
        is_whole=is_whole and len(taken) == len(harvest.readings),
    )


def _lines(trial: Trial, chunks: Iterable[Columns]) -> Iterator[Line]:
    """What would be stored, by metric and district; entities of one district are put together by instant."""
    places = {
        target.series_id: (trial.measures[attribute].metric_id, trial.districts[entity])
        for (entity, attribute), target in trial.targets.items()
    }
    means = {each.metric_id for each in trial.measures.values() if each.across == Across.MEAN}
    found: dict[tuple[int, int], dict[int, dict[int, float]]] = {place: {} for place in places.values()}
    for rows in chunks:
        for series, at, value in zip(
            rows.series.tolist(), rows.at.tolist(), rows.values.tolist(), strict=True
        ):
            found[places[series]].setdefault(at, {})[series] = value
    for (metric_id, district_id), values in found.items():
        together = fmean if metric_id in means else fsum
        points = tuple((from_microseconds(at), together(values[at].values())) for at in sorted(values))
        yield Line(metric_id, district_id, points)


def _request(url: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Request:
    address = httpx.URL(url)
    address = address.copy_merge_params(dict(params)) if params else address
    return Request(str(address), tuple(headers.items()))
