"""What collection is called: states of a source, reasons for what has no place, choices of a form."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext

from experiments.collection.conformance import Verdict
from sandbox.collection_health import Health

_ = lazy_gettext

HEALTH = {
    Health.PAUSED: (_("Paused"), "neutral"),
    Health.REFUSED: (_("Last readings refused"), "danger"),
    Health.FAILING: (_("Failing"), "danger"),
    Health.OVERDUE: (_("Overdue"), "warning"),
    Health.WAITING: (_("Not read yet"), "neutral"),
    Health.CATCHING_UP: (_("Catching up"), "progress"),
    Health.QUARANTINED: (_("All in quarantine"), "danger"),
    Health.ABSENT: (_("No mapped entity comes"), "danger"),
    Health.HEALTHY: (_("Healthy"), "success"),
}

ADVICE = {
    Health.PAUSED: _("Nothing is collected until somebody resumes it."),
    Health.REFUSED: _("The readings that were sent last were refused; the reason stands below."),
    Health.FAILING: _("The last attempt failed. It is tried again by itself; the reason stands below."),
    Health.OVERDUE: _("A run is due and nobody has taken it. Is the scheduler running?"),
    Health.WAITING: _("The first run has not been yet."),
    Health.CATCHING_UP: _("Older readings are still being read."),
    Health.QUARANTINED: _("Nothing of what came last could be stored: all of it went into quarantine."),
    Health.ABSENT: _(
        "What is due was asked for, and none of the mapped entities came. Is the mapping right?"
    ),
    Health.HEALTHY: _("Everything that is due has been read."),
}

DROPPED = {
    "entity_not_mapped": _("Entity without a district"),
    "entity_absent": _("Mapped entity did not come"),
    "attribute_missing": _("Mapped attribute did not come"),
    "out_of_window": _("Outside what was asked for"),
    "null_value": _("Without a value"),
    "other_dataset": _("Of another data set"),
    "repeated_instant": _("Two values for one instant"),
    "not_mapped": _("Mapped to no district and metric"),
    "no_instant": _("Without an instant"),
    "withdrawn": _("Withdrawn with their file"),
    "empty_message": _("Empty messages"),
    "unreadable_message": _("Messages that cannot be read"),
}

CADENCES = {
    "hour": _("every hour"),
    "day": _("every day"),
    "week": _("every week"),
    "month": _("every month"),
    "year": _("every year"),
}

KINDS = {
    "ngsi_ld": _("NGSI-LD"),
    "sensorthings": _("OGC SensorThings"),
    "onem2m": _("oneM2M"),
    "ckan": _("CKAN datastore"),
    "korean_api": _("Korean public-data API"),
    "json": _("Plain JSON"),
    "csv": _("CSV by HTTP"),
    "mqtt": _("MQTT broker"),
}

# What "entity type" means to each kind, and the options that it knows; (must, may).
WHAT_KINDS_ASK = {
    "ngsi_ld": (_("Entity type"), (), ("method", "period")),
    "sensorthings": (
        _("Datastream, whose attribute is result; or Thing, whose attributes are observed properties"),
        (),
        ("result_format", "longest_interval_seconds", "unit_from"),
    ),
    "onem2m": (_("Path that the containers lie below"), ("origin",), ()),
    "ckan": (
        _("Id of the resource"),
        ("entity_field", "time_field"),
        ("time_format", "filters.*"),
    ),
    "korean_api": (
        _("Path of the operation"),
        ("time_field",),
        ("entity_field", "time_format", "parameters.*"),
    ),
    "json": (
        _("Path of the document"),
        ("time_field",),
        (
            "entity_field",
            "rows",
            "values.*",
            "time_format",
            "next",
            "total",
            "page_parameter",
            "size_parameter",
            "first_page",
            "parameters.*",
        ),
    ),
    "csv": (
        _("Path of the file"),
        ("time_field",),
        ("entity_field", "time_format", "delimiter", "parameters.*"),
    ),
    "mqtt": (
        _("Filters of topics, with blanks between them"),
        (),
        (
            "payload",
            "entity_level",
            "entity_field",
            "time_field",
            "rows",
            "values.*",
            "time_format",
            "protocol",
        ),
    ),
}

DIALECTS = {
    "etsi": _("NGSI-LD as ETSI wrote it"),
    "city_data_hub": _("Korean City Data Hub"),
    "scorpio": _("Scorpio"),
    "orion_ld": _("Orion-LD"),
    "stellio": _("Stellio"),
}

REPRESENTATIONS = {
    "temporal_values": _("temporalValues (short)"),
    "normalized": _("normalized (long)"),
    "aggregated_values": _("Aggregated by the hub"),
    "key_performance_indicator": _("Key performance indicators"),
}

# What a conformance report looks at, and what it finds: (label, tone).
POINTS = {
    "reading": _("Readings of the window"),
    "count": _("Count of entities"),
    "representation": _("Shape of the answer"),
    "end_of_window": _("End of the window"),
}
VERDICTS = {
    Verdict.AS_WRITTEN: (_("As written"), "success"),
    Verdict.DEPARTS: (_("Departs"), "warning"),
    Verdict.FAILS: (_("Fails"), "danger"),
    Verdict.UNTOLD: (_("Cannot be told"), "neutral"),
}

LABELS = {
    "hub": _("Hub"),
    "new_hub.name": _("Name of the hub"),
    "new_hub.base_url": _("Address"),
    "new_hub.kind": _("Kind"),
    "new_hub.dialect": _("Dialect"),
    "new_hub.zone": _("Time zone"),
    "new_hub.tenant": _("Tenant"),
    "new_hub.context_url": _("Address of the JSON-LD context"),
    "name": _("Name"),
    "territory": _("Territory"),
    "entity_type": _("Entity type"),
    "representation": _("Representation"),
    "interval_seconds": _("Interval between runs"),
    "overlap_seconds": _("Overlap"),
    "lag_seconds": _("Lag"),
    "window_seconds": _("Longest window"),
    "page_size": _("Page size"),
    "starts_at": _("First reading"),
    "attributes": _("Attributes"),
    "entities": _("Entities"),
    "options": _("Options of the kind of hub"),
}


def health(code: Health) -> tuple[str, str]:
    """(label, tone) of a source's state."""
    label, tone = HEALTH[code]
    return str(label), tone


def advice(code: Health) -> str:
    return str(ADVICE[code])


def verdict(code: Verdict) -> tuple[str, str]:
    """(label, tone) of what a conformance report found at one point."""
    label, tone = VERDICTS[code]
    return str(label), tone


WAYS = {
    "pull": _("Pulled"),
    "push": _("Pushed"),
    "upload": _("File"),
    "reprocess": _("From quarantine"),
}


def way(code: str) -> str:
    """How the readings of an attempt came in."""
    return str(WAYS[code])


def dropped(reason: str) -> str:
    return str(DROPPED.get(reason, reason))


def cadence(code: str | None) -> str:
    return str(CADENCES[code]) if code else gettext("irregular")
