"""What is wrong with a hub's answer, in the reader's language: the place, and the reason.

The collector writes its reasons in English (`experiments.collection.faults`); the ones that a city meets are
listed here. What is not listed stays as it is, and so does what was quoted from the hub.
"""

from __future__ import annotations

import re

from flask_babel import gettext, lazy_gettext

from sandbox.web import complaints, words

_ = lazy_gettext

_PLACE = re.compile(r"(?:page (?P<page>\d+)(?:, at (?P<at>[^:]+))?|at (?P<path>[^:]+)): (?P<reason>.*)", re.S)

REASONS = (
    (r"HTTP 401: (?P<words>.*)", _("HTTP 401, the hub does not know who asks: %(words)s")),
    (r"HTTP 403: (?P<words>.*)", _("HTTP 403, the hub does not allow this: %(words)s")),
    (r"HTTP 404: (?P<words>.*)", _("HTTP 404, there is nothing at this address: %(words)s")),
    (r"HTTP 429: (?P<words>.*)", _("HTTP 429, the hub was asked too often: %(words)s")),
    (r"HTTP (?P<status>5\d\d): (?P<words>.*)", _("HTTP %(status)s, the hub failed: %(words)s")),
    (
        r"HTTP (?P<status>3\d\d): a redirect to (?P<target>.*) is not followed",
        _("HTTP %(status)s: a redirect to %(target)s is not followed"),
    ),
    (r"HTTP (?P<status>\d+): (?P<words>.*)", _("HTTP %(status)s: %(words)s")),
    (r"ConnectError: (?P<words>.*)", _("The hub cannot be reached: %(words)s")),
    (r"ConnectTimeout: (?P<words>.*)", _("The hub took too long to connect: %(words)s")),
    (r"ReadTimeout: (?P<words>.*)", _("The hub took too long to answer: %(words)s")),
    (r"ReadError: (?P<words>.*)", _("The connection broke off: %(words)s")),
    (r"RemoteProtocolError: (?P<words>.*)", _("The hub broke off or broke the protocol: %(words)s")),
    (r"the certificate is not valid: (?P<words>.*)", _("The hub's certificate is not valid: %(words)s")),
    (r"no complete answer in (?P<seconds>\S+) s", _("No complete answer came in %(seconds)s seconds.")),
    (r"the body exceeds (?P<size>\S+) bytes", _("The answer is larger than %(size)s bytes.")),
    (
        r"the body unpacks to more than (?P<ratio>\d+) times its size",
        _("The answer unpacks to more than %(ratio)s times its size."),
    ),
    (r"the body does not decode: (?P<words>.*)", _("The answer cannot be unpacked: %(words)s")),
    (r"the body ends within its compression", _("The answer ends before it is unpacked.")),
    (r"the address is not the hub's own", _("The address is not the hub's own.")),
    (r"more than (?P<most>\S+) pages", _("The hub sends more than %(most)s pages.")),
    (r"a totalCount was expected", _("The hub should say a totalCount and does not.")),
    (
        r"the page repeats the rows of an earlier page",
        _("The page repeats the rows of an earlier page."),
    ),
    (r"not valid JSON: (?P<words>.*)", _("The answer is not valid JSON: %(words)s")),
    (r"the rows are not even an empty list", _("The place of the rows is missing from the answer.")),
    (r"the hub reports: (?P<words>.*)", _("The hub reports: %(words)s")),
    (r"an access_token was expected", _("The address for tokens gave no access_token.")),
    (
        r"the credentials do not open with any of the keys",
        _("The credentials were sealed under a key that this service no longer has."),
    ),
    (r"more than one request may hold", _("More than one request may hold.")),
    (r"unknown media type (?P<name>.*)", _("The media type %(name)s is not read here.")),
    (r"and (?P<count>\d+) more", _("and %(count)s more")),
    (r"the collector broke off: (?P<words>.*)", _("The collector broke off: %(words)s")),
    (
        r"another worker or an edit had taken the source over; nothing was written",
        _("Another worker or an edit had taken the source over; nothing was written."),
    ),
)


_NOT_TAKEN = re.compile(r"not taken: (?P<why>\w+)")


def refusal(lines: str) -> list[str]:
    """Why a request with readings was refused: one line for each complaint, after the field it is about."""
    return [_refused(line) for line in lines.splitlines()]


def _refused(line: str) -> str:
    moment = _NOT_TAKEN.fullmatch(line)
    if moment:
        why = moment["why"]
        return words.need(why) if why in words.NEEDS else words.status("pilot", why)[0]
    field, mark, message = line.partition(": ")
    return f"{field}: {_reason(message)}" if mark else _reason(line)


def fault(sentence: str | None) -> str:
    """A stored or fresh fault for people, with its place in the answer where it names one."""
    said = sentence or ""
    placed = _PLACE.fullmatch(said)
    if placed is None:
        return _reason(said)
    reason, path = _reason(placed["reason"]), placed["at"] or placed["path"]
    if placed["page"] and path:
        return gettext(
            "Page %(page)s, at %(path)s: %(reason)s", page=placed["page"], path=path, reason=reason
        )
    if placed["page"]:
        return gettext("Page %(page)s: %(reason)s", page=placed["page"], reason=reason)
    return gettext("At %(path)s: %(reason)s", path=path, reason=reason)


def _reason(text: str) -> str:
    for pattern, said in REASONS:
        match = re.fullmatch(pattern, text, re.S)
        if match:
            return str(said) % match.groupdict()
    return complaints.sentence(text)
