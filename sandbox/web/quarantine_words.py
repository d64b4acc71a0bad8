"""Why a reading could not be stored, and what became of it."""

from __future__ import annotations

from flask_babel import lazy_gettext

from experiments.collection.intake import Doubt
from experiments.collection.models import Verdict

_ = lazy_gettext

DOUBTS = {
    Doubt.WRONG_TYPE: _("Not a number"),
    Doubt.NOT_FINITE: _("Not finite"),
    Doubt.OUT_OF_RANGE: _("Outside the metric's range"),
    Doubt.UNKNOWN_UNIT: _("Unknown unit"),
    Doubt.INCOMPATIBLE_UNIT: _("Unit of another kind"),
    Doubt.IN_THE_FUTURE: _("In the future"),
    Doubt.NOT_JSON: _("Message is not JSON"),
    Doubt.WRONG_SHAPE: _("Message of another shape"),
    Doubt.NO_INSTANT: _("Message without an instant"),
    Doubt.TOO_LARGE: _("Message too large"),
}

VERDICTS = {
    Verdict.OPEN: (_("Waits"), "warning"),
    Verdict.STORED: (_("Stored"), "success"),
    Verdict.DISCARDED: (_("Given up"), "neutral"),
    Verdict.SUPERSEDED: (_("Overtaken by a later reading"), "neutral"),
}

LABELS = {"readings": _("Readings in quarantine"), "reason": _("Why they are given up")}


def doubt(code: str) -> str:
    return str(DOUBTS[Doubt(code)])


def verdict(code: str) -> tuple[str, str]:
    """(label, tone) of what became of a reading."""
    label, tone = VERDICTS[Verdict(code)]
    return str(label), tone
