"""What the connectors share in reading answers: bytes to documents, with the place of every fault."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
import orjson

from experiments.collection import decoding
from experiments.collection.connectors.readings import Harvest
from experiments.collection.faults import HubFault, quote
from experiments.collection.http import Answer

MOST_PAGES = 10_000
_REPORTS = frozenset({"error", "errors", "fault", "exception"})


@dataclass(frozen=True)
class Page:
    """One answer of a window; `number` is counted from 1."""

    url: str
    number: int
    body: bytes

    def fault(self, reason: str, path: str = "$") -> HubFault:
        return HubFault(reason, url=self.url, page=self.number, path=path)

    def json(self) -> Any:
        """The decoded body. A truncated one is a fault whatever the status said, never an empty page."""
        if self.body.lstrip()[:1] == b"<":
            begins = quote(self.body[:120].decode("utf-8", "replace"))
            raise self.fault(f"XML where JSON was expected: {begins}")
        try:
            return decoding.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise self.fault(f"not valid JSON: {quote(error)}") from None

    def object(self) -> dict[str, Any]:
        """The decoded body, an object."""
        found = self.json()
        if not isinstance(found, dict):
            raise self.fault(f"an object was expected, not {kind_of(found)}")
        return found

    def refuse_report(self, document: Any) -> None:
        """A fault where a document without rows names an error: platforms say so with status 200."""
        if isinstance(document, dict):
            for name in _REPORTS & document.keys():
                if found := document[name]:
                    raise self.fault(f"the hub reports: {quote(found)}", f"$.{name}")


@dataclass
class Trail:
    """The pages of one window so far. A hub that leads in circles, or on for ever, is a fault."""

    harvest: Harvest
    _links: set[str] = field(default_factory=set)
    _contents: set[bytes] = field(default_factory=set)

    def page(self, answer: Answer) -> Page:
        """The next page, counted."""
        number = self.harvest.count_page(answer.body)
        page = Page(answer.url, number, answer.body)
        if number > MOST_PAGES:
            raise page.fault(f"more than {MOST_PAGES:,} pages")
        return page

    def note_rows(self, page: Page, rows: object) -> None:
        """Refuse rows, as they were decoded, that came before: no two pages hold the same readings."""
        if not rows:
            return
        content = hashlib.sha256(orjson.dumps(rows, option=orjson.OPT_SORT_KEYS)).digest()
        if content in self._contents:
            raise page.fault("the page repeats the rows of an earlier page")
        self._contents.add(content)

    def note_link(self, page: Page, link: str) -> None:
        """Refuse a link that was followed before."""
        if link in self._links:
            raise page.fault("the link to the next page was followed before")
        self._links.add(link)


def for_each_entity(entities: Iterable[str], read: Callable[[str], None], harvest: Harvest) -> None:
    """Read entity after entity; one that the hub does not know is noted, any other fault ends it."""
    for entity in sorted(entities):
        try:
            read(entity)
        except HubFault as fault:
            if fault.status != httpx.codes.NOT_FOUND:
                raise
            harvest.dropped.note("entity_absent", entity)


def next_address(page: Page, link: object, base_url: str, path: str) -> tuple[str, dict[str, str]]:
    """Where `link`, absolute or relative to what was asked, leads: address and parameters.

    A hub is called where it was registered: a link to another origin is a fault. A relative link that
    does not begin as what was asked ends is one below `base_url`.
    """
    if not isinstance(link, str) or not link:
        raise page.fault(f"a link was expected, not {kind_of(link)}", path)
    asked = page.url.partition("?")[0]
    is_bare = not link.startswith(("/", "?")) and "://" not in link
    if is_bare and link.partition("?")[0] != asked.rpartition("/")[2]:
        asked = f"{base_url}/"
    try:
        target, home = urlsplit(urljoin(asked, link)), urlsplit(base_url)
        same = (target.scheme, target.hostname, target.port) == (home.scheme, home.hostname, home.port)
    except ValueError:
        raise page.fault(f"the link {quote(link)} cannot be read", path) from None
    if not same:
        raise page.fault(f"the link {quote(link)} leads away from the hub", path)
    parameters = dict(parse_qsl(target.query, keep_blank_values=True))
    return f"{target.scheme}://{target.netloc}{target.path}", parameters


def kind_of(value: object) -> str:
    """A decoded value in words, shortened."""
    names = {dict: "an object", list: "a list", type(None): "null", bool: "a truth value"}
    return names.get(type(value)) or repr(quote(value))
