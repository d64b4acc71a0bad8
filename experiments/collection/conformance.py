"""How a hub departs from the NGSI-LD temporal API, with the questions and answers that show it.

Made for the city whose hub it is: a few questions are asked about one source's last readings, and each
finding quotes what was asked and what came back (ETSI GS CIM 009, clauses 5.7.4 and 6.3.10).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from experiments.collection import decoding
from experiments.collection.connectors.ngsi_ld import Query, read_window
from experiments.collection.connectors.readings import Harvest
from experiments.collection.faults import HubFault, quote
from experiments.collection.http import Answer, Get
from experiments.collection.models import Representation, from_microseconds

_TOLD_HEADERS = ("Content-Type", "Content-Range", "Link", "NGSILD-Results-Count")


class Verdict(StrEnum):
    """`untold`: the hub has too little in the span to tell."""

    AS_WRITTEN = "as_written"
    DEPARTS = "departs"
    FAILS = "fails"
    UNTOLD = "untold"


@dataclass(frozen=True)
class Evidence:
    """One question and what came back: status and headers, and how the body begins."""

    asked: str
    status: int | None
    headers: Mapping[str, str]
    begins: str


@dataclass(frozen=True)
class Finding:
    """`point` is what was looked at; `says` what the hub did, in one sentence."""

    point: str
    verdict: Verdict
    says: str
    evidence: tuple[Evidence, ...]


def examine(get: Get, query: Query) -> list[Finding]:
    """What the hub of `query` shows in its span, point by point. Writes nothing."""
    witness = _Witness(get)
    findings: list[Finding] = []
    for point, look in (
        ("reading", _reading),
        ("count", _count),
        ("representation", _representation),
        ("end_of_window", _end_of_window),
    ):
        witness.evidence.clear()
        try:
            verdict, says = look(witness.get, query)
        except HubFault as fault:
            verdict, says = Verdict.FAILS, fault.sentence()
        findings.append(Finding(point, verdict, says, tuple(witness.evidence)))
    return findings


class _Witness:
    """Asks, and keeps what was asked and answered."""

    def __init__(self, get: Get) -> None:
        self._get = get
        self.evidence: list[Evidence] = []

    def get(self, url: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        try:
            answer = self._get(url, params, headers)
        except HubFault as fault:
            self.evidence.append(Evidence(fault.url, fault.status, {}, quote(fault.reason)))
            raise
        told = {name: answer.headers[name] for name in _TOLD_HEADERS if name in answer.headers}
        begins = quote(answer.body[:200].decode("utf-8", "replace"))
        self.evidence.append(Evidence(answer.url, answer.status, told, begins))
        return answer


def _reading(get: Get, query: Query) -> tuple[Verdict, str]:
    harvest = read_window(get, query)
    if not harvest.readings:
        return Verdict.UNTOLD, "There are no readings of the mapped entities in the span."
    if "out_of_window" in harvest.dropped.reasons:
        count = harvest.dropped.reasons["out_of_window"]["count"]
        return Verdict.DEPARTS, f"{count} readings came that lie outside the window asked for."
    return Verdict.AS_WRITTEN, f"{len(harvest.readings)} readings came on {harvest.pages} pages."


def _count(get: Get, query: Query) -> tuple[Verdict, str]:
    harvest = read_window(get, query)
    if harvest.hub_count is None:
        return Verdict.DEPARTS, "The hub gives no count, so that a page left out cannot be noticed."
    return Verdict.AS_WRITTEN, f"The hub counts {harvest.hub_count} entities and sends as many."


def _representation(get: Get, query: Query) -> tuple[Verdict, str]:
    """Whether temporalValues, when asked for, is what comes."""
    bodies: list[bytes] = []

    def keeping(url: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        answer = get(url, params, headers)
        bodies.append(answer.body)
        return answer

    read_window(keeping, replace(query, representation=Representation.TEMPORAL_VALUES))
    shapes = {shape for body in bodies for shape in _shapes(body, query)}
    if not shapes:
        return Verdict.UNTOLD, "There are no readings of the mapped attributes in the span."
    if "normalized" in shapes:
        return Verdict.DEPARTS, "temporalValues were asked for, and normalized instances came."
    return Verdict.AS_WRITTEN, "temporalValues come when they are asked for."


def _shapes(body: bytes, query: Query) -> Iterator[str]:
    decoded = decoding.loads(body)
    for entity in decoded if isinstance(decoded, list) else ():
        for name in query.attributes:
            found = entity.get(name)
            rows = found if isinstance(found, list) else [found]
            for row in rows:
                if isinstance(row, dict):
                    yield "temporal_values" if "values" in row else "normalized"


def _end_of_window(get: Get, query: Query) -> tuple[Verdict, str]:
    """Whether a window that ends at a reading leaves that reading out."""
    harvest = read_window(get, query)
    instants = sorted({reading.at for reading in harvest.readings})
    if len(instants) < 2:
        return Verdict.UNTOLD, "The span has fewer than two instants with readings."
    cut = replace(query, end=from_microseconds(instants[-1]))
    again = read_window(get, cut, Harvest())
    if "out_of_window" in again.dropped.reasons:
        return Verdict.DEPARTS, "A window that ends at a reading includes it; ETSI leaves it out."
    return Verdict.AS_WRITTEN, "A window that ends at a reading leaves it out."
