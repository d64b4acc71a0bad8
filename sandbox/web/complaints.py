"""Messages about input, in the reader's language.

The lab knows no languages: it complains in English, in fixed sentences or in sentences with one
changing part. Both are listed here, so that they stand in the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flask_babel import gettext, lazy_gettext

from sandbox.web.filters import provision

_ = lazy_gettext

Errors = Mapping[str, Sequence[str]]

FIXED = (
    _("Missing data for required field."),
    _("Field may not be null."),
    _("Unknown field."),
    _("Not a valid string."),
    _("Not a valid number."),
    _("Not a valid integer."),
    _("Not a valid date."),
    _("Not a valid datetime."),
    _("Not a valid list."),
    _("Not a valid mapping type."),
    _("Invalid input type."),
    _("Invalid value."),
    _("Special numeric values (nan or infinity) are not permitted."),
    _("Control characters are not allowed."),
    _("Invisible or direction-changing characters are not allowed."),
    _("Too many combining marks in a row."),
    _("Name a district."),
    _("A plan needs control districts."),
    _("A plan needs at least one guardrail metric."),
    _("A district stands twice."),
    _("Only a synthetic control has predictors."),
    _("Synthetic controls need complete readings."),
    _("The intervention must start after the baseline."),
    _("The intervention ends before it starts."),
    _("The pilot ends before it starts."),
    _("The last line must hold without tests, so that there is always a finding."),
    _("Name at least one condition."),
    _("Conditions need the reply 'agree with conditions'."),
    _("This regime has no such kind."),
    _("This regime has no such ground."),
    _("This ground is not open to this kind."),
    _("The regime does not ask for this."),
    _("This regime takes no applications."),
    _("This threshold lies between 0 and 1."),
    _("This threshold cannot be negative."),
    _("Use the form 123-45-67890."),
    _("a reason is needed"),
    _("name at least one competent ministry"),
    _("the period ends before it begins"),
    _("this e-mail has an account"),
    _("this is not the present password"),
    _("an evaluating institute is needed"),
    _("a ministry is needed"),
    _("Number too large."),
    _("There is no row under the header."),
    _("Every column needs a name of its own in the first row."),
    _("The file has too many columns."),
    _("The file has too many rows."),
    _("The workbook is too large."),
    _("This is neither CSV nor XLSX."),
    _("There is a cell beyond the last column."),
    _("This is no number."),
    _("This lies outside the metric's range."),
    _("This unit is not known."),
    _("This unit does not fit the metric."),
    _("There is no such column."),
    _("Choose a column."),
    _("Choose an attribute."),
    _("Choose a file."),
    _("This is no day and no instant."),
    _("The formula has no stored value; save the file in its program first."),
    _("This lies in the future."),
    _("Choose at least one reading."),
    _("Say why these readings are given up."),
    _("A GeoJSON FeatureCollection with features is needed."),
    _("A feature needs a property 'code'."),
    _("A feature needs a geometry."),
    _("An instant with its offset from UTC is needed."),
    _("The source does not map this attribute of this entity."),
    _("Too many of these readings cannot be stored."),
    _("There is no reading here."),
    _("This key came with another body before."),
    _("Only gzip is known."),
    _("This is not gzip."),
    _("This is not one whole gzip member."),
    _("The body is not JSON."),
    _("The body is not UTF-8."),
    _("A column stands twice in the header."),
    _("This is no NGSI-LD notification."),
    _("This is no page token of this list."),
    _("this role belongs to another kind of organisation"),
    _("another organisation has this"),
    _("unknown organisation"),
    _("Choose a role."),
    _("Choose a site."),
    _("Choose an evaluating institute."),
    _("Choose a ministry."),
    _("There is no such choice."),
    _("There is no such record."),
    _("no such required action"),
    _("this evaluation belongs to another pilot"),
    _("Choose an organisation."),
    _("Choose a kind."),
    _("Choose a ground."),
    _("A company has a registration number."),
    _("Not a valid email address."),
    _("Enter your e-mail address."),
    _("Enter your password."),
    _("Enter your present password."),
    _("The two new passwords differ."),
    _("The e-mail address or the password is wrong."),
    _("Not an attribute name."),
    _("1 to 500 characters without blanks or controls."),
    _("Letters, digits, dot, dash and underscore only."),
    _("The address must end with its path."),
    _("The address names no host."),
    _("Credentials do not belong in an address."),
    _("A source stays in its territory; register another one."),
    _("The end must be after the start."),
    _("The live schedule has not come so far."),
    _("The source starts later."),
    _("A user's name has no colon."),
    _("Client credentials, and only they, have a token address."),
    _("Not a format of instants."),
    _("Only {entity}, {start}, {end} and {last} may stand in braces."),
    _("Not a JSONPath."),
    _("Not an originator."),
    _("Pages are linked or counted, not both."),
    _("Keys and passwords belong to the credentials of the hub."),
    _("Write Datastream or Thing."),
    _("Name what holds the entity, or write {entity} in the address."),
    _("Write the path below the hub's address, beginning with a slash."),
)

# Sentences with changing parts: pattern in English, and the sentence with %(name)s in their place.
PATTERNS = (
    (r"Larger than (?P<size>.+) bytes\.", _("Larger than %(size)s bytes.")),
    (r"Not JSON: (?P<why>.+)\.", _("Not JSON: %(why)s.")),
    (r"reading (?P<number>\d+) is of another source", _("reading %(number)s is of another source")),
    (r"(?P<code>.+) is no valid outline: (?P<why>.+)\.", _("%(code)s is no valid outline: %(why)s.")),
    (r"(?P<first>.+) and (?P<second>.+) overlap\.", _("%(first)s and %(second)s overlap.")),
    (r"Line (?P<line>\d+) is not (?P<format>JSON|CSV)\.", _("Line %(line)s is not %(format)s.")),
    (r"1 to (?P<most>\d+) printable characters\.", _("1 to %(most)s printable characters.")),
    (r"(?P<name>.+) is no ministry", _("%(name)s is no ministry")),
    (r"(?P<name>.+) stands twice", _("%(name)s stands twice")),
    (r"unknown regime (?P<key>.+)", _("unknown regime %(key)s")),
    (r"unknown district (?P<code>.+)", _("unknown district %(code)s")),
    (
        r"unknown metric (?P<code>\S+) version (?P<version>\d+)",
        _("unknown metric %(code)s version %(version)s"),
    ),
    (r"unknown metric (?P<code>\S+)", _("unknown metric %(code)s")),
    (
        r"the plan names (?P<code>\S+) in another version too",
        _("the plan names %(code)s in another version too"),
    ),
    (r"unknown entity (?P<name>.*)", _("unknown entity %(name)s")),
    (r"unknown attribute (?P<name>.*)", _("unknown attribute %(name)s")),
    (r"unknown hub (?P<name>.+)", _("unknown hub %(name)s")),
    (r"unknown territory (?P<code>.+)", _("unknown territory %(code)s")),
    (r"Unknown time zone '(?P<name>.*)'\.", _("Unknown time zone %(name)s.")),
    (r"The hub (?P<name>.+) exists\.", _("The hub %(name)s exists.")),
    (r"The hub has a source named (?P<name>.+)\.", _("The hub has a source named %(name)s.")),
    (
        r"the metric is in (?P<right>.+), not in (?P<wrong>.+)",
        _("the metric is in %(right)s, not in %(wrong)s"),
    ),
    (
        r"the source (?P<name>.+) gives the same metric for this district",
        _("the source %(name)s gives the same metric for this district"),
    ),
    (
        r"The scheme must be http or https, not (?P<scheme>.+)\.",
        _("The scheme must be http or https, not %(scheme)s."),
    ),
    (
        r"Port (?P<port>\d+) is not allowed; SANDBOX_PRIVATE_HUBS can allow it\.",
        _("Port %(port)s is not allowed; SANDBOX_PRIVATE_HUBS can allow it."),
    ),
    (r"Not an address: (?P<why>.+)\.", _("Not an address: %(why)s.")),
    (r"The host (?P<host>.+) has no address: (?P<why>.+)\.", _("The host %(host)s has no address: %(why)s.")),
    (
        r"The host (?P<host>.+) is in a private network \((?P<address>.+)\); SANDBOX_PRIVATE_HUBS can .+\.",
        _("The host %(host)s is in a private network (%(address)s); SANDBOX_PRIVATE_HUBS can allow it."),
    ),
    (r"Both treated and control: (?P<codes>.+)\.", _("Both treated and control: %(codes)s.")),
    (r"the exemption does not cover (?P<codes>.+)", _("the exemption does not cover %(codes)s")),
    (r"another pilot runs in (?P<codes>.+)", _("another pilot runs in %(codes)s")),
    (
        r"before the permitted period begins on (?P<day>\S+)",
        _("before the permitted period begins on %(day)s"),
    ),
    (r"after the permitted period ends on (?P<day>\S+)", _("after the permitted period ends on %(day)s")),
    (r"Must be one of: (?P<choices>.+)\.", _("Choose one of: %(choices)s.")),
    (
        r"Length must be between (?P<low>\d+) and (?P<high>\d+)\.",
        _("Between %(low)s and %(high)s entries or characters."),
    ),
    (r"Shorter than minimum length (?P<low>\d+)\.", _("At least %(low)s.")),
    (r"Longer than maximum length (?P<high>\d+)\.", _("At most %(high)s.")),
    (r"Must be equal to (?P<value>\S+)\.", _("Must be %(value)s.")),
    (r"Must be greater than or equal to (?P<low>\S+)\.", _("Must be %(low)s or more.")),
    (
        r"Must be greater than or equal to (?P<low>\S+) and less than or equal to (?P<high>\S+)\.",
        _("Must lie between %(low)s and %(high)s."),
    ),
    (r"Must be greater than (?P<low>\S+)\.", _("Must be more than %(low)s.")),
    (r"At most (?P<months>\d+) months \((?P<source>.+)\)\.", _("At most %(months)s months (%(source)s).")),
    (
        r"longer than (?P<months>\d+) months \((?P<source>.+)\)",
        _("longer than %(months)s months (%(source)s)"),
    ),
    (r"at least (?P<low>\d+) characters", _("at least %(low)s characters")),
    (r"at most (?P<high>\d+) characters", _("at most %(high)s characters")),
)


def translated(errors: Errors | None) -> dict[str, list[str]]:
    """The same fields with their messages in the reader's language."""
    return {field: [sentence(message) for message in messages] for field, messages in (errors or {}).items()}


def sentence(message: str) -> str:
    """One message; what is not listed stays as it is, which is better than silence."""
    for pattern, words in PATTERNS:
        match = re.fullmatch(pattern, message)
        if match:
            facts = match.groupdict()
            if "source" in facts:
                facts["source"] = provision(facts["source"])
            return str(words) % facts
    # The catalogue keeps its own header under the empty text.
    return gettext(message) if message else ""
