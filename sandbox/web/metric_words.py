"""Words of metric cards."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

LABELS: dict[str, Any] = {
    "code": _("Code"),
    "name_ko": _("Name in Korean"),
    "name_en": _("Name in English"),
    "definition_ko": _("Definition in Korean"),
    "definition_en": _("Definition in English"),
    "numerator_ko": _("What is counted, in Korean"),
    "numerator_en": _("What is counted, in English"),
    "denominator": _("Over which metric (for a rate)"),
    "unit": _("Unit"),
    "unit_ko": _("Unit in Korean"),
    "direction": _("Which way is good"),
    "aggregation": _("Readings of a period become"),
    "lowest": _("Lowest reading that is believed"),
    "highest": _("Highest reading that is believed"),
    "standard": _("Code in a standard (U4SSC, ISO 37120)"),
    "owner": _("Who answers for the definition"),
    "verification": _("Verification"),
    "artefacts_ko": _("Known artefacts, in Korean"),
    "artefacts_en": _("Known artefacts, in English"),
}
DIRECTIONS = {"increase": _("more is better"), "decrease": _("less is better")}
AGGREGATIONS = {
    "sum": _("their sum"),
    "mean": _("their mean"),
    "median": _("their median"),
    "last": _("the last of them"),
    "min": _("the smallest of them"),
    "max": _("the largest of them"),
    "rate": _("their sum over another metric's"),
}
VERIFICATIONS = {
    "unverified": _("not verified"),
    "checked": _("checked against its source"),
    "verified": _("verified by a third party"),
}
