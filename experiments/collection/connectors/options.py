"""What a source must say for the connector of its hub's kind, beside what every source says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import jsonpath
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from experiments.collection.connectors.ngsi_ld_values import METHODS
from experiments.errors import Invalid
from experiments.fields import Line, load

EPOCHS = ("epoch_s", "epoch_ms")
PLACEHOLDER = re.compile(r"\{(?:(entity)|(start|end|last)(?::([^{}]+))?)\}")
_PATH = re.compile(r"(?:/[^/?#\s]+)+/?")
# Levels with a wildcard alone or without one, # at the end only; what begins with $ is the broker's own.
_TOPIC = re.compile(r"(?!\$)(?:(?:\+|[^+#/]*)/)*(?:\+|#|[^+#/]*)")
_LONGEST_TOPIC_BYTES = 1_000
_DURATION = re.compile(r"P(?=[1-9]|T)(?:[1-9]\d{0,2}[DWM])?(?:T[1-9]\d{0,3}[HMS])?(?<!T)")
_DAY = 86_400

Errors = dict[str, list[str]]


def _is_time_format(text: str) -> None:
    now = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    try:
        if text not in EPOCHS:
            datetime.strptime(now.strftime(text), text)  # noqa: DTZ007 - only whether it can be read
    except (ValueError, re.error):
        raise ValidationError("Not a format of instants.") from None


def _is_template(text: str) -> None:
    if any(brace in PLACEHOLDER.sub("", text) for brace in "{}"):
        raise ValidationError("Only {entity}, {start}, {end} and {last} may stand in braces.")


def _is_json_path(text: str) -> None:
    try:
        jsonpath.compile(text)
    except jsonpath.JSONPathError:
        raise ValidationError("Not a JSONPath.") from None


class Checked(Line):
    """A line that `check` accepts; it raises ValidationError."""

    def __init__(self, check: Callable[[str], None], **options: Any) -> None:
        self._check = check
        super().__init__(**options)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **options)
        self._check(text)
        return text


def _is_originator(text: str) -> None:
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValidationError("Not an originator.")


def _is_no_secret(name: str) -> None:
    if re.search(r"key|secret|token|passw", name, re.IGNORECASE):
        raise ValidationError("Keys and passwords belong to the credentials of the hub.")


def _parameters() -> fields.Dict:
    return fields.Dict(
        keys=Checked(_is_no_secret, longest=100),
        values=Checked(_is_template, blank=True, longest=500),
        load_default=dict,
        validate=validate.Length(max=50),
    )


def _is_duration(text: str) -> None:
    if not _DURATION.fullmatch(text):
        raise ValidationError("Write a duration such as PT1H or P1D.")


class NgsiLdOptions(Schema):
    """What a hub is told that puts readings together itself: aggregatedValues of its temporal API.

    `method` goes out as aggrMethods (avg where none is named), `period`, the length of a bucket as an
    ISO 8601 duration, as aggrPeriodDuration (PT1H). They mean nothing to raw readings.
    """

    method = fields.String(validate=validate.OneOf(METHODS))
    period = Checked(_is_duration, longest=20)


class SensorThingsOptions(Schema):
    """`longest_interval_seconds`: observations over longer intervals are refused. `unit_from`: whether
    the unit of the datastream is heard, or only the one of the mapping."""

    result_format = fields.String(load_default="plain", validate=validate.OneOf(["plain", "dataArray"]))
    longest_interval_seconds = fields.Integer(
        strict=True, load_default=0, validate=validate.Range(min=0, max=366 * _DAY)
    )
    unit_from = fields.String(load_default="hub", validate=validate.OneOf(["hub", "mapping"]))


class TableOptions(Schema):
    """Rows of named columns: which one names the entity, which one the instant, and how it is written.

    `parameters` go with every request; {start}, {end} and {last} (the last instant before the end) stand for
    the window in the hub's local time, with a format of strftime after a colon, {entity} for one entity.
    """

    entity_field = Line(load_default=None, allow_none=True)
    time_field = Line(required=True)
    time_format = Checked(_is_time_format, load_default=None, allow_none=True, longest=60)
    parameters = _parameters()


class CkanOptions(TableOptions):
    """A resource of a CKAN datastore; `filters` are columns and the value that they must have."""

    class Meta:
        exclude = ("parameters",)

    filters = _parameters()


class KoreanApiOptions(TableOptions):
    """An operation in the manner of the Korean public data portal."""


class CsvOptions(TableOptions):
    """A file of separated values."""

    delimiter = fields.String(load_default=",", validate=validate.OneOf([",", ";", "|", "tab"]))


class JsonOptions(TableOptions):
    """Plain JSON: `rows` leads to the rows, `entity_field` and `time_field` lead on inside a row, as do the
    attributes, by name or by the path in `values`. `next` leads to the address of the next page;
    else `page_parameter` counts pages from `first_page` and `size_parameter` says how many rows; `total`
    leads to the number of rows."""

    rows = Checked(_is_json_path, load_default="$[*]")
    entity_field = Checked(_is_json_path, load_default=None, allow_none=True)
    time_field = Checked(_is_json_path, required=True)
    values = fields.Dict(keys=Line(), values=Checked(_is_json_path), load_default=dict)
    next = Checked(_is_json_path, load_default=None, allow_none=True)
    total = Checked(_is_json_path, load_default=None, allow_none=True)
    page_parameter = Line(load_default=None, allow_none=True)
    size_parameter = Line(load_default=None, allow_none=True)
    first_page = fields.Integer(strict=True, load_default=1, validate=validate.Range(min=0, max=1))

    @validates_schema
    def one_way_of_paging(self, data: Mapping[str, Any], **_: Any) -> None:
        """Links, or numbers."""
        if data.get("next") and data.get("page_parameter"):
            raise ValidationError("Pages are linked or counted, not both.", "page_parameter")


class MqttOptions(Schema):
    """What the messages of a broker hold: NGSI-LD entities, or JSON whose paths are those of `JsonOptions`.

    The entity stands in a row (`entity_field`) or in the topic (`entity_level`, counted from 1). `protocol`
    is the version of MQTT.
    """

    payload = fields.String(load_default="json", validate=validate.OneOf(["json", "ngsi_ld"]))
    protocol = fields.String(load_default="3.1.1", validate=validate.OneOf(["3.1.1", "5"]))
    rows = Checked(_is_json_path, load_default="$")
    entity_field = Checked(_is_json_path, load_default=None, allow_none=True)
    entity_level = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1, max=100)
    )
    time_field = Checked(_is_json_path, load_default=None, allow_none=True)
    time_format = Checked(_is_time_format, load_default=None, allow_none=True, longest=60)
    values = fields.Dict(keys=Line(), values=Checked(_is_json_path), load_default=dict)

    @validates_schema
    def json_is_mapped(self, data: Mapping[str, Any], **_: Any) -> None:
        """A row of JSON has an instant, and one place that names its entity."""
        if data["payload"] != "json":
            return
        if not data["time_field"]:
            raise ValidationError("Missing data for required field.", "time_field")
        if bool(data["entity_field"]) == bool(data["entity_level"]):
            raise ValidationError("Name the entity by entity_field or by entity_level.", "entity_field")


class OneM2mOptions(Schema):
    """`origin` is who asks (X-M2M-Origin), as the platform knows it."""

    origin = Checked(_is_originator, required=True)


OPTIONS: Mapping[str, type[Schema]] = {
    "ngsi_ld": NgsiLdOptions,
    "sensorthings": SensorThingsOptions,
    "ckan": CkanOptions,
    "korean_api": KoreanApiOptions,
    "csv": CsvOptions,
    "json": JsonOptions,
    "onem2m": OneM2mOptions,
    "mqtt": MqttOptions,
}
# Kinds that nobody asks: they are listened to.
SUBSCRIBED = frozenset({"mqtt"})
# In the place of a kind where there is no hub: readings are sent by token alone.
PUSHED = "push"
ENTITY_TYPES = ("Datastream", "Thing")


def check_options(kind: str, entity_type: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a source at a hub of `kind`, with their defaults; Invalid by field.

    What `entity_type` means depends on the kind: `Datastream` or `Thing` for SensorThings, the id of the
    resource for CKAN, the path below the hub's address for plain JSON, CSV, Korean APIs and oneM2M, and
    filters of topics with blanks between them for MQTT.
    """
    errors: Errors = {}
    options: dict[str, Any] = {}
    try:
        options = load(OPTIONS[kind](), dict(given))
    except Invalid as refusal:
        errors = {f"options.{field}": messages for field, messages in refusal.errors.items()}
    if kind == "sensorthings" and entity_type not in ENTITY_TYPES:
        errors["entity_type"] = ["Write Datastream or Thing."]
    if kind in ("csv", "json", "korean_api", "onem2m"):
        errors |= _faults_of_path(entity_type)
    if kind in SUBSCRIBED:
        errors |= _faults_of_topics(entity_type)
    elif "time_field" in options and not options["entity_field"]:
        texts = [entity_type, *options.get("parameters", {}).values()]
        if not any("{entity}" in text for text in texts):
            errors["options.entity_field"] = ["Name what holds the entity, or write {entity} in the address."]
    if errors:
        raise Invalid(errors)
    return options


def topics_of(entity_type: str) -> list[str]:
    """The filters of topics that an entity type of MQTT names."""
    return list(dict.fromkeys(entity_type.split()))


def _faults_of_topics(text: str) -> Errors:
    for topic in topics_of(text):
        if len(topic.encode()) > _LONGEST_TOPIC_BYTES or not _TOPIC.fullmatch(topic):
            return {"entity_type": [f"Not a filter of topics: {topic}"]}
    return {}


def _faults_of_path(path: str) -> Errors:
    try:
        _is_template(path)
    except ValidationError as error:
        return {"entity_type": [str(message) for message in error.messages]}
    if not _PATH.fullmatch(PLACEHOLDER.sub("x", path)) or {"..", "."} & set(path.split("/")):
        return {"entity_type": ["Write the path below the hub's address, beginning with a slash."]}
    return {}
