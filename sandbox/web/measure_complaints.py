"""What is wrong with what was written about measures, in the reader's language; see `complaints`."""

from __future__ import annotations

from flask_babel import lazy_gettext

_ = lazy_gettext

FIXED = (
    _("The regime does not know this reason."),
    _("The regime knows no such order."),
    _("The regime knows no such severity."),
    _("With so many dead or injured the incident is graver than this."),
    _("This day is yet to come, or too long ago."),
    _("This moment is yet to come, or too long ago."),
    _("The day to answer lies after today, and within a year."),
    _("The hearing lies between the announcement and today."),
    _("This order needs the city's opinion."),
    _("This order needs the committee's deliberation."),
    _("The day lies before today, or too far ahead."),
    _("A photo is PNG or JPEG."),
    _("The checklist does not ask for this."),
    _("A finding says what is to be put right."),
    _("A finding sets a day after today."),
    _("An address begins with http:// or https://."),
)
PATTERNS = (
    (r"The operator may answer until (?P<day>\S+)\.", _("The operator may answer until %(day)s.")),
    (r"The period ends after (?P<day>\S+)\.", _("The period ends after %(day)s.")),
    (
        r"The law's period ends on (?P<day>\S+) \((?P<source>.+)\)\.",
        _("The law's period ends on %(day)s (%(source)s)."),
    ),
    (r"At most (?P<count>\d+) records\.", _("At most %(count)s records.")),
)
