"""Asking a hub one question, to see whether it answers and how its answer begins. Nothing is stored.

The question takes the collector's own way out (`HubClient`), with all its protections; what comes back is
read no further than is shown, and shown without the hub's secrets.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import httpx

from experiments.collection.addresses import BROKER_SCHEMES
from experiments.collection.credentials import HIDDEN, CredentialsUnreadable, Vault, hide
from experiments.collection.faults import HubFault, discreet, quote
from experiments.collection.http import Access, HubClient
from experiments.collection.models import Dialect, Hub
from experiments.collection.mqtt_preview import greet
from experiments.collection.pinned import PinnedTransport
from experiments.collection.settings import CollectionSettings

SHOWN_BYTES = 1_024
# What is read at most: enough to unpack the bytes shown.
READ_BYTES = 16 * 1_024
MOST_HEADERS = 40
# What may be asked below a hub's address: nothing, or a path with its query.
PATH = r"(/[\x21-\x7e]{0,500})?\Z"
BROKERS = tuple(f"{scheme}://" for scheme in BROKER_SCHEMES)
_NEVER_SHOWN = frozenset({"set-cookie", "set-cookie2", "authorization", "www-authenticate"})
_FIRST_PATHS = {
    "ngsi_ld": "/ngsi-ld/v1/types",
    "sensorthings": "/Datastreams?$top=1",
    "ckan": "/api/3/action/status_show",
}


@dataclass(frozen=True)
class Question:
    """What is asked of a hub, read from the database beforehand: no transaction waits for a hub."""

    path: str
    headers: Mapping[str, str]
    access: Access


@dataclass(frozen=True)
class Sample:
    """What came back. `status` is None where nothing did; `fault` says why the answer is none that a
    collector can read, None where it is one. `begins` are the first SHOWN_BYTES of the body as text."""

    address: str
    sent: tuple[tuple[str, str], ...]
    status: int | None
    headers: tuple[tuple[str, str], ...]
    begins: str
    is_whole: bool
    seconds: float
    fault: str | None
    verb: str = "GET"


def first_path(hub: Hub) -> str:
    """A path below the hub's address that every hub of its kind answers; "" where there is none."""
    if hub.kind == "ngsi_ld" and hub.dialect == Dialect.CITY_DATA_HUB:
        return "/entities?limit=1"
    return _FIRST_PATHS.get(hub.kind, "")


def question_of(hub: Hub, path: str) -> Question:
    """The question for `path` (with its query), which begins with a slash or is empty."""
    headers = {"Accept": "*/*" if hub.kind in ("csv", "korean_api") else "application/json"}
    if hub.tenant:
        headers["NGSILD-Tenant"] = hub.tenant
    access = Access(hub.id, hub.base_url, hub.credentials, hub.requests_per_minute)
    return Question(path, headers, access)


def ask(question: Question, settings: CollectionSettings) -> Sample:
    """One GET, never repeated, of at most some seconds; of a broker the connection alone."""
    if question.access.base_url.startswith(BROKERS):
        return _greeted(question.access, settings)
    hasty = replace(settings, tries=1, read_seconds=min(settings.read_seconds, 10.0), answer_seconds=15.0)
    witness = _Witness(PinnedTransport(settings.private_hubs))
    # A packed beginning could not be told from a packed answer that was cut off.
    headers = {**question.headers, "Accept-Encoding": "identity"}
    address = question.access.base_url + question.path
    fault: str | None = None
    begun = time.monotonic()
    with HubClient(hasty, transport=witness) as client:
        try:
            client.get(address, {}, headers, access=question.access)
        except HubFault as found:
            fault = found.sentence()
    seconds = time.monotonic() - begun
    secrets = (*_secrets(question.access, settings), *witness.secrets)
    is_readable = witness.status is not None and 200 <= witness.status < 300
    return Sample(
        address=hide(address, secrets),
        sent=tuple(question.headers.items()),
        status=witness.status,
        headers=tuple(_shown(witness.headers, secrets)),
        begins=_text(witness.begins(), secrets),
        is_whole=not witness.is_cut,
        seconds=seconds,
        fault=None if is_readable and witness.is_cut else fault,
    )


def _greeted(access: Access, settings: CollectionSettings) -> Sample:
    fault: str | None = None
    begun = time.monotonic()
    try:
        greet(access, settings)
    except HubFault as found:
        fault = found.sentence()
    seconds = time.monotonic() - begun
    return Sample(access.base_url, (), None, (), "", True, seconds, fault, verb="CONNECT")


class _Witness(httpx.BaseTransport):
    """Hands requests on and keeps how the answer to the last GET began; the rest of it is not read."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self._beginning = bytearray()
        self.status: int | None = None
        self.headers = httpx.Headers()
        self.secrets: tuple[str, ...] = ()
        self.is_cut = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        # A client's token is asked for by POST, and is nobody's business.
        if request.method == "GET":
            token = request.headers.get("Authorization", "").partition(" ")[2]
            self.secrets = (token,) if token else ()
            self.status, self.headers = response.status_code, response.headers
            response.stream = _Beginning(response.stream, self)
        return response

    def close(self) -> None:
        self._inner.close()

    def keep(self, chunk: bytes) -> bool:
        """Whether to read on."""
        self._beginning += chunk
        self.is_cut = len(self._beginning) > READ_BYTES
        return not self.is_cut

    def begins(self) -> bytes:
        """The first bytes shown, unpacked where the hub packed them all the same."""
        taken = bytes(self._beginning[:READ_BYTES])
        if self.headers.get("Content-Encoding", "identity").strip().lower() not in ("identity", ""):
            with suppress(zlib.error):
                taken = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(taken, SHOWN_BYTES + 1)
        self.is_cut = self.is_cut or len(taken) > SHOWN_BYTES
        return taken


class _Beginning(httpx.SyncByteStream):
    """A body that ends when enough of it was seen."""

    def __init__(self, inner: httpx.SyncByteStream | httpx.AsyncByteStream, witness: _Witness) -> None:
        assert isinstance(inner, httpx.SyncByteStream)
        self._inner = inner
        self._witness = witness

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._inner:
            goes_on = self._witness.keep(chunk)
            yield chunk
            if not goes_on:
                return

    def close(self) -> None:
        self._inner.close()


def _secrets(access: Access, settings: CollectionSettings) -> tuple[str, ...]:
    if access.sealed is None:
        return ()
    try:
        return Vault(settings.credential_keys).open(access.sealed).secrets()
    except CredentialsUnreadable:
        return ()


def _shown(headers: httpx.Headers, secrets: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name, value in list(headers.multi_items())[:MOST_HEADERS]:
        yield quote(name), HIDDEN if name.lower() in _NEVER_SHOWN else quote(hide(value, secrets))


def _text(body: bytes, secrets: Sequence[str]) -> str:
    """The beginning as text. Secrets go before the cut, or half of one could stay at its edge."""
    text = discreet(hide(body.decode("utf-8", "replace"), secrets))[:SHOWN_BYTES]
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)
