"""Messages of an MQTT broker to readings: JSON by the paths of the source, or NGSI-LD entities.

A message is read whole or not at all. One that cannot be read is kept with its reason, and can be read again
once the source has been put right.
"""

from __future__ import annotations

from typing import NamedTuple

import orjson

from experiments.collection import decoding, notifications
from experiments.collection.connectors.documents import Page
from experiments.collection.connectors.json_path import Layout
from experiments.collection.connectors.ngsi_ld import Query
from experiments.collection.connectors.ngsi_ld_instants import is_sensible
from experiments.collection.connectors.readings import Dropped, Harvest, Reading
from experiments.collection.connectors.tables import Table
from experiments.collection.faults import HubFault
from experiments.collection.intake import Doubt
from experiments.collection.models import from_microseconds, to_microseconds
from experiments.errors import Invalid

LARGEST_BYTES = 1024 * 1024
MOST_READINGS = 5_000


class Unreadable(Exception):
    """Why a message is none, and where in it."""

    def __init__(self, reason: Doubt, path: str) -> None:
        self.reason = reason
        self.path = path
        super().__init__(f"{reason.value} at {path}")


class Read(NamedTuple):
    """The readings of one message, and what it held that has no place."""

    readings: list[Reading]
    dropped: Dropped


class Payloads:
    """Reads the messages of one source as its `query` says, those from before its start left out."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._starts_at = to_microseconds(query.start)
        self._is_json = query.options.get("payload", "json") == "json"
        self._layout = Layout(query) if self._is_json else None
        self._wanted = {(entity, name) for entity in query.entities for name in query.attributes}

    def read(self, topic: str, payload: bytes) -> Read:
        """The readings of a message; Unreadable where it is none. An empty one, which takes back what a
        broker had retained, holds nothing."""
        if not payload:
            return Read([], Dropped({"empty_message": {"count": 1, "first": topic}}))
        if len(payload) > LARGEST_BYTES:
            raise Unreadable(Doubt.TOO_LARGE, "$")
        found = self._by_paths(topic, payload) if self._layout else self._entities(payload)
        if len(found.readings) > MOST_READINGS:
            raise Unreadable(Doubt.TOO_LARGE, "$")
        if not all(is_sensible(reading.at) for reading in found.readings):
            raise Unreadable(Doubt.NO_INSTANT, "$")
        kept = [reading for reading in found.readings if reading.at >= self._starts_at]
        if early := [reading for reading in found.readings if reading.at < self._starts_at]:
            first = f"{topic} {from_microseconds(early[0].at)}"
            found.dropped.note("out_of_window", first, len(early))
        return Read(kept, found.dropped)

    def _by_paths(self, topic: str, payload: bytes) -> Read:
        page = Page(topic, 1, payload)
        try:
            document = page.json()
        except HubFault:
            raise Unreadable(Doubt.NOT_JSON, "$") from None
        if not isinstance(document, dict | list):
            raise Unreadable(Doubt.WRONG_SHAPE, "$")
        assert self._layout is not None
        rows = self._layout.rows(document)
        if not rows:
            raise Unreadable(Doubt.WRONG_SHAPE, str(self._query.options.get("rows")))
        harvest = Harvest()
        table = Table(self._query, harvest, is_bounded=False)
        try:
            entity = self._entity(topic)
            for position, row in enumerate(rows):
                path = f"row {position}"
                if table.take(page, self._layout.flat(page, row, path), path, entity) is None:
                    raise Unreadable(Doubt.NO_INSTANT, f"{path}.{self._query.options['time_field']}")
        except HubFault as fault:
            raise Unreadable(Doubt.WRONG_SHAPE, fault.path or "$") from None
        return Read(harvest.readings, harvest.dropped)

    def _entity(self, topic: str) -> str | None:
        """The level of the topic that names the entity, where the source says which one does."""
        level: int | None = self._query.options.get("entity_level")
        if level is None:
            return None
        levels = topic.split("/")
        if level > len(levels) or not levels[level - 1]:
            raise Unreadable(Doubt.WRONG_SHAPE, f"topic level {level}")
        return levels[level - 1]

    def _entities(self, payload: bytes) -> Read:
        """A notification, a list of entities, or one entity."""
        try:
            document = decoding.loads(payload)
        except orjson.JSONDecodeError:
            raise Unreadable(Doubt.NOT_JSON, "$") from None
        if not (isinstance(document, dict) and document.get("type") == "Notification"):
            entities = document if isinstance(document, list) else [document]
            document = {"type": "Notification", "data": entities}
        try:
            return Read(*notifications.of_document(document, self._wanted, zone=self._query.zone))
        except Invalid:
            raise Unreadable(Doubt.WRONG_SHAPE, "$") from None
