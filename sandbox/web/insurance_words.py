"""What is missing in a pilot's cover, in the reader's language."""

from __future__ import annotations

from flask_babel import lazy_gettext

from sandbox.insurance.cover import Gap
from sandbox.web.filters import day, provision

_ = lazy_gettext

GAPS = {
    "no_cover": _("No insurance and no compensation plan is filed (%(source)s)."),
    "plan_not_decided": _("The ministry has not decided on the compensation plan (%(source)s)."),
    "plan_refused": _("The compensation plan was not approved (%(source)s)."),
    "begins_late": _("The cover begins on %(day)s, after the permitted period does (%(source)s)."),
    "interrupted": _("The cover is interrupted after %(day)s (%(source)s)."),
    "ends_early": _("The cover ends on %(day)s, before the pilot does (%(source)s)."),
}


def gap(missing: Gap) -> str:
    """One sentence with the day and the provision."""
    return str(GAPS[missing.code]) % {"day": day(missing.day), "source": provision(missing.source)}
