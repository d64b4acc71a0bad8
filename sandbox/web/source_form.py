"""The form of a data source: from what people type to `SourceSchema`, and errors back to their lines.

Attributes and entities are typed or pasted one a line, since a city has many:

    averageWait = bus_wait, minutes, day        attribute = metric, unit, cadence
    urn:ngsi-ld:District:07 = D07               entity = district
    parameters.searchDate = {start:%Y%m%d}      option of the hub's kind = value
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext

from experiments.collection.description import CADENCES, SourceSchema
from experiments.collection.models import DataSource
from experiments.districts import Territory
from experiments.errors import Invalid
from experiments.fields import load
from sandbox.web import complaints, durations
from sandbox.web.forms import Sent

DURATIONS = ("interval_seconds", "overlap_seconds", "lag_seconds", "window_seconds")
NEW_HUB = ""
_HUB_FIELDS = ("name", "base_url", "kind", "dialect", "zone", "tenant", "context_url")
# Numbers among the options; the rest are texts.
_WHOLE_OPTIONS = {"longest_interval_seconds", "first_page", "entity_level"}
_MAY_BE_BLANK = {"tenant", "context_url"}
_METRIC = re.compile(r"(?P<code>[^@]*)(?:@(?P<version>\d{1,9}))?")
_REPEATED = re.compile(r"(?P<value>.*) stands in row (?P<row>\d+) already\.")
_LIMITS = re.compile(
    r"Must be greater than or equal to (?P<low>\d+) and less than or equal to (?P<high>\d+)\."
)
_ROW = re.compile(r"(attributes|entities)\.(\d+)(\..+)?")


class Described:
    """What a form says of a source: `data` for the use case, and the line of every row in it."""

    def __init__(self, sent: Sent, territory: Territory | None, *, may_add_hub: bool) -> None:
        self._errors: dict[str, list[str]] = {}
        self._lines: dict[str, list[int]] = {"attributes": [], "entities": [], "options": []}
        self._option_lines: dict[str, int] = {}
        self.new_hub = self._new_hub(sent) if may_add_hub and sent.one("hub") == NEW_HUB else None
        self.data: dict[str, Any] = {
            "territory": territory.code if territory else sent.one("territory"),
            "starts_at": self._start(sent.one("starts_at"), ZoneInfo(territory.zone) if territory else UTC),
            "page_size": self._whole("page_size", sent.one("page_size")),
            "attributes": list(self._rows(sent, "attributes", _attribute)),
            "entities": list(self._rows(sent, "entities", _entity)),
            "options": self._options(sent),
            **{name: sent.one(name) for name in ("hub", "name", "entity_type", "representation")},
            **{name: self._seconds(name, sent.one(name)) for name in DURATIONS},
        }

    def check(self, of_hub: Mapping[str, list[str]] | None = None) -> None:
        """Invalid where something could not be read at all, with whatever else the shape lacks and what is
        wrong `of_hub`, the new one."""
        if not self._errors:
            return
        self._errors |= of_hub or {}
        hub_to_come = {"hub": "new"} if self.new_hub is not None else {}
        try:
            load(SourceSchema(), self.data | hub_to_come)
        except Invalid as refusal:
            raise Invalid(refusal.errors | self._errors) from refusal
        raise Invalid(self._errors)

    def explained(self, refusal: Invalid) -> dict[str, list[str]]:
        """The messages in the reader's language, those of rows under their text with their line."""
        found: dict[str, list[str]] = {}
        for field, messages in refusal.errors.items():
            row = _ROW.fullmatch(field)
            name = row[1] if row else field
            if field.startswith("options."):
                name, option = "options", field.removeprefix("options.")
                sentences = [self._of_option(option, complaints.sentence(message)) for message in messages]
            elif row:
                line = self._lines[name][int(row[2])]
                sentences = [_at_line(line, self._sentence(name, message)) for message in messages]
            elif name in DURATIONS:
                sentences = [_about_length(message) for message in messages]
            else:
                sentences = [complaints.sentence(message) for message in messages]
            found.setdefault(name, []).extend(sentences)
        return found

    def _of_option(self, option: str, sentence: str) -> str:
        """A message about an option, at its line, or by its name where it was not typed."""
        path = option.removesuffix(".value").removesuffix(".key")
        if line := self._option_lines.get(path):
            return _at_line(line, sentence)
        return f"{path}: {sentence}"

    def _options(self, sent: Sent) -> dict[str, Any]:
        """`name = value` lines as options; `group.name = value` makes a member of a group."""
        options: dict[str, Any] = {}
        rows = list(self._rows(sent, "options", _option))
        for line, (name, value) in zip(self._lines["options"], rows, strict=True):
            self._option_lines[name] = line
            group, dot, member = name.partition(".")
            if dot and isinstance(options.setdefault(group, {}), dict):
                options[group][member] = value
            else:
                options[name] = int(value) if name in _WHOLE_OPTIONS and value.isdecimal() else value
        return options

    def _sentence(self, name: str, message: str) -> str:
        """A message about a row; where it points at another row, at that row's line."""
        repeated = _REPEATED.fullmatch(message)
        if repeated is None:
            return complaints.sentence(message)
        line = self._lines[name][int(repeated["row"])]
        return gettext("%(value)s stands in line %(line)s already.", value=repeated["value"], line=line)

    def _new_hub(self, sent: Sent) -> dict[str, Any]:
        typed = {name: sent.one(f"new_hub.{name}").strip() for name in _HUB_FIELDS}
        typed["kind"] = typed["kind"] or "ngsi_ld"
        return {name: value or None if name in _MAY_BE_BLANK else value for name, value in typed.items()}

    def _rows(self, sent: Sent, name: str, parse: Any) -> Iterator[Any]:
        for number, line in enumerate(sent.one(name).splitlines(), start=1):
            if not line.strip():
                continue
            row = parse(line)
            if row is None:
                message = gettext("write one equals sign between the two names")
                self._errors.setdefault(name, []).append(_at_line(number, message))
                continue
            self._lines[name].append(number)
            yield row

    def _seconds(self, name: str, text: str) -> int | None:
        length = durations.seconds(text)
        if length is None:
            self._errors[name] = [gettext("Write a number and a unit, such as 15 min, 6 h or 7 d.")]
        return length

    def _whole(self, name: str, text: str) -> int | None:
        if not re.fullmatch(r"\s*[+-]?\d{1,12}\s*", text):
            self._errors[name] = ["Not a valid integer."]
            return None
        return int(text)

    def _start(self, text: str, zone: ZoneInfo | Any) -> str | None:
        try:
            start = datetime.fromisoformat(text.strip())
            start = start if start.tzinfo else start.replace(tzinfo=zone)
            return start.astimezone(UTC).isoformat()
        except (ValueError, OverflowError):
            self._errors["starts_at"] = [gettext("Write a day and a time, such as 2024-01-01T00:00.")]
            return None


def as_typed(source: DataSource) -> dict[str, Any]:
    """What the form shows of a source that is there."""
    zone = ZoneInfo(source.territory.zone)
    return {
        "hub": source.hub.name,
        "name": source.name,
        "territory": source.territory.code,
        "entity_type": source.entity_type,
        "representation": source.representation,
        "page_size": source.page_size,
        "options": "\n".join(option_lines(source)),
        "starts_at": source.starts_at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S"),
        "version": source.version,
        "attributes": "\n".join(_attribute_line(each) for each in source.attributes),
        "entities": "\n".join(f"{each.entity} = {each.district.code}" for each in source.entities),
        **{name: durations.shown(getattr(source, name)) for name in DURATIONS},
    }


def option_lines(source: DataSource) -> Iterator[str]:
    """The options of a source as they are typed."""
    for name, value in source.options.items():
        if isinstance(value, dict):
            yield from (f"{name}.{member} = {each}" for member, each in value.items())
        elif value is not None:
            yield f"{name} = {value}"


def _option(line: str) -> tuple[str, str] | None:
    name, equals, value = line.partition("=")
    return (name.strip(), value.strip()) if equals else None


def _attribute(line: str) -> dict[str, Any] | None:
    attribute, equals, rest = line.partition("=")
    if not equals:
        return None
    metric, *others = (part.strip() for part in rest.split(","))
    cadence = others.pop() if others and others[-1] in CADENCES else None
    written = _METRIC.fullmatch(metric)
    return {
        "attribute": attribute.strip(),
        "metric": written["code"] if written else metric,
        "version": int(written["version"]) if written and written["version"] else None,
        "unit": ", ".join(others),
        "cadence": cadence,
    }


def _entity(line: str) -> dict[str, Any] | None:
    # Identifiers may hold an equals sign, codes of districts may not.
    entity, equals, district = line.rpartition("=")
    return {"entity": entity.strip(), "district": district.strip()} if equals else None


def _attribute_line(mapped: Any) -> str:
    metric = f"{mapped.metric.code}@{mapped.metric.version}"
    return f"{mapped.attribute} = " + ", ".join(filter(None, (metric, mapped.unit, mapped.cadence)))


def _about_length(message: str) -> str:
    """Limits that stand in seconds, said as the form says lengths."""
    limits = _LIMITS.fullmatch(message)
    if limits is None:
        return complaints.sentence(message)
    low, high = durations.shown(int(limits["low"])), durations.shown(int(limits["high"]))
    return gettext("Must lie between %(low)s and %(high)s.", low=low, high=high)


def _at_line(line: int, sentence: str) -> str:
    return gettext("Line %(line)s: %(sentence)s", line=line, sentence=sentence)
