"""Notifications of an NGSI-LD subscription: entities as they are now, as readings.

ETSI GS CIM 009, clause 5.3.1: `{"type": "Notification", "data": [entities]}`, normalized. An attribute
without `observedAt` is no reading: when it was observed is not known.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson

from experiments.collection import decoding
from experiments.collection.connectors.ngsi_ld_instants import is_sensible
from experiments.collection.connectors.ngsi_ld_page import Page
from experiments.collection.connectors.readings import Dropped, NoValue, Reading
from experiments.collection.faults import HubFault
from experiments.errors import Invalid

# Where a notification has no address of its own, its faults name this.
PLACE = "notification"


def read(body: bytes, wanted: Collection[tuple[str, str]], *, zone: str) -> tuple[list[Reading], Dropped]:
    """The readings of the (entity, attribute) pairs that are wanted, and what was left out and why.

    `zone` is meant where an instant has no offset. Invalid where this is no notification.
    """
    try:
        document = decoding.loads(body)
    except orjson.JSONDecodeError:
        raise Invalid({"body": ["The body is not JSON."]}) from None
    return of_document(document, wanted, zone=zone)


def of_document(
    document: Any, wanted: Collection[tuple[str, str]], *, zone: str
) -> tuple[list[Reading], Dropped]:
    """The same of a notification that was decoded already."""
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, list) or document.get("type") != "Notification":
        raise Invalid({"body": ["This is no NGSI-LD notification."]})
    try:
        return _readings(Page(data, url=PLACE, number=1, zone=zone), wanted)
    except HubFault as fault:
        raise Invalid({"data": [fault.sentence()]}) from None


def _readings(page: Page, wanted: Collection[tuple[str, str]]) -> tuple[list[Reading], Dropped]:
    readings: list[Reading] = []
    dropped = Dropped()
    for position, entity in enumerate(page.entities):
        for attribute, found in entity.items():
            if (page.ids[position], attribute) not in wanted:
                continue
            if not _is_observed(found):
                dropped.note("no_instant", f"{page.ids[position]} {attribute}")
                continue
            for instance, path in page.instances(position, attribute):
                if isinstance(instance, NoValue):
                    dropped.note(instance.reason, path)
                elif not is_sensible(instance.at):
                    dropped.note("no_instant", path)
                else:
                    readings.append(instance)
    return readings, dropped


def _is_observed(found: Any) -> bool:
    instances = found if isinstance(found, list) else [found]
    return all(not isinstance(each, dict) or "observedAt" in each or "values" in each for each in instances)
