"""One connection to an MQTT broker: a session that outlives it, and messages that are acknowledged by hand.

MQTT 3.1.1 and 5 (OASIS standards of 2014 and 2019). With QoS 1 the broker keeps what is sent while nobody
listens, and sends again what was not acknowledged. The connection is made to an address that was checked; a
certificate is held against the broker's name.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self, TypeVar

import httpx
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from experiments.collection import addresses
from experiments.collection.credentials import CredentialsUnreadable, Kind, Vault
from experiments.collection.faults import HubFault, PassingFault, quote
from experiments.collection.settings import CollectionSettings

KEEPALIVE_SECONDS = 30
MOST_UNACKNOWLEDGED = 1_000
LARGEST_BATCH_BYTES = 8 * 1024 * 1024
_NEVER = 0xFFFFFFFF
Answered = TypeVar("Answered")
_PROTOCOLS = {"3.1.1": MQTTProtocolVersion.MQTTv311, "5": MQTTProtocolVersion.MQTTv5}
# Refusals that may pass: unavailable, busy, shutting down, over a quota or a rate.
_PASSING = {"Server unavailable", "Server busy", "Quota exceeded", "Connection rate exceeded"}


class Message(NamedTuple):
    """`is_repeated`: the broker sent it before and heard of no acknowledgement."""

    number: int
    qos: int
    topic: str
    payload: bytes
    is_repeated: bool


@dataclass(frozen=True)
class Terms:
    """Where and as whom a session is kept. `is_lasting`: the broker keeps it between connections."""

    address: str
    client_id: str
    protocol: str = "3.1.1"
    sealed: str | None = field(default=None, repr=False)
    is_lasting: bool = True


class Broker:
    """A connection; HubFault and PassingFault say why there is none, or no longer one.

    It belongs to one thread. Nothing is logged, and no secret stands in a fault.
    """

    def __init__(
        self, terms: Terms, settings: CollectionSettings, *, trust: ssl.SSLContext | None = None
    ) -> None:
        self._terms = terms
        self._settings = settings
        self._inbox: list[Message] = []
        self._answer: tuple[ReasonCode, bool] | None = None
        self._granted: list[ReasonCode] | None = None
        self._left: ReasonCode | None = None
        self._url = self._checked_url()
        self._client = self._new_client(trust)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave; the broker keeps the session, and what was not acknowledged."""
        self._client.disconnect()
        self._client.loop(0)

    def connect(self) -> bool:
        """Connect; whether the broker still had the session."""
        lasting = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        lasting.ReceiveMaximum = MOST_UNACKNOWLEDGED
        lasting.SessionExpiryInterval = _NEVER if self._terms.is_lasting else 0
        more: dict[str, Any] = {}
        if self._is_version_5:
            more = {"clean_start": not self._terms.is_lasting, "properties": lasting}
        try:
            self._client.connect(
                self._url.host, addresses.port_of(self._url), keepalive=KEEPALIVE_SECONDS, **more
            )
        except addresses.AddressRefused as refusal:
            raise self._fault(str(refusal)) from None
        except ssl.SSLCertVerificationError as error:
            raise self._fault(f"the certificate is not valid: {quote(error)}") from None
        except OSError as error:
            raise self._passing(f"{type(error).__name__}: {quote(error)}") from None
        reason, had_session = self._await(lambda: self._answer, "the broker does not answer")
        if reason.is_failure:
            self._refuse(f"the broker refuses the connection: {quote(reason)}", reason)
        return had_session

    def subscribe(self, topics: Sequence[str], *, instead_of: Collection[str] = ()) -> None:
        """Subscribe to `topics`, and no longer to others of `instead_of`. HubFault where the broker does
        not grant that every message is acknowledged."""
        if stale := [topic for topic in instead_of if topic not in topics]:
            self._client.unsubscribe(stale)
        self._granted = None
        self._client.subscribe([(topic, 1) for topic in topics])
        answers = self._await(lambda: self._granted, "the broker does not answer to a subscription")
        for topic, granted in zip(topics, answers, strict=True):
            if granted.is_failure:
                self._refuse(f"the broker refuses the subscription to {topic}: {quote(granted)}", granted)
            if granted.value == 0:
                raise self._fault(f"the broker grants no acknowledgement (QoS 0) for {topic}")

    def receive(self, *, quiet_seconds: float, longest_seconds: float) -> list[Message]:
        """What comes until it has been quiet for so long, or so much has come or so long been waited that
        it should be stored; none where it was quiet from the beginning."""
        until = time.monotonic() + longest_seconds
        before = -1
        while before < len(self._inbox) < MOST_UNACKNOWLEDGED and time.monotonic() < until:
            before = len(self._inbox)
            self._turn(quiet_seconds)
            if sum(len(message.payload) for message in self._inbox) > LARGEST_BATCH_BYTES:
                break
        messages, self._inbox = self._inbox, []
        return messages

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Tell the broker that it need not keep `messages` any longer."""
        for message in messages:
            self._client.ack(message.number, message.qos)
        while self._client.want_write():
            self._turn(self._settings.connect_seconds)

    @property
    def _is_version_5(self) -> bool:
        return self._terms.protocol == "5"

    def _checked_url(self) -> httpx.URL:
        private_hubs = self._settings.private_hubs
        try:
            return addresses.parse(self._terms.address, private_hubs, schemes=addresses.BROKER_SCHEMES)
        except addresses.AddressRefused as refusal:
            raise self._fault(str(refusal)) from None

    def _new_client(self, trust: ssl.SSLContext | None) -> Client:
        client = _PinnedClient(
            CallbackAPIVersion.VERSION2,
            self._terms.client_id,
            clean_session=None if self._is_version_5 else not self._terms.is_lasting,
            protocol=_PROTOCOLS[self._terms.protocol],
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.private_hubs = self._settings.private_hubs
        client.connect_timeout = self._settings.connect_seconds
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        if self._url.scheme == "mqtts":
            client.trust = trust or httpx.create_ssl_context(trust_env=False)
            client.tls_set_context(client.trust)
        if self._terms.sealed is not None:
            client.username_pw_set(*self._user())
        return client

    def _user(self) -> tuple[str, str]:
        try:
            opened = Vault(self._settings.credential_keys).open(self._terms.sealed or "")
        except CredentialsUnreadable as error:
            raise self._fault(str(error)) from None
        if opened.kind is not Kind.BASIC:
            raise self._fault("a broker takes a user and a password, and no other credentials")
        return opened.name, opened.secret

    def _await(self, answer: Callable[[], Answered | None], otherwise: str) -> Answered:
        """Go on until an answer has come, for as long as a hub may take to answer."""
        until = time.monotonic() + self._settings.read_seconds
        while (found := answer()) is None:
            if time.monotonic() > until:
                raise self._passing(otherwise)
            self._turn(0.1)
        return found

    def _turn(self, seconds: float) -> None:
        """Read one packet if one comes within `seconds`, and write what waits."""
        if self._client.loop(seconds) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            return
        if self._answer is not None and self._answer[0].is_failure:
            return  # the refusal itself says more than the end of the connection that follows it
        raise self._passing(f"the connection was lost: {quote(self._left or 'without a word')}")

    def _refuse(self, words: str, reason: ReasonCode) -> NoReturn:
        raise self._passing(words) if str(reason) in _PASSING else self._fault(words)

    def _fault(self, words: str) -> HubFault:
        return HubFault(words, url=self._terms.address)

    def _passing(self, words: str) -> PassingFault:
        return PassingFault(words, url=self._terms.address)

    def _on_connect(
        self, _client: Client, _data: object, flags: ConnectFlags, reason: ReasonCode, _more: object
    ) -> None:
        self._answer = reason, flags.session_present

    def _on_subscribe(
        self, _client: Client, _data: object, _number: int, granted: list[ReasonCode], _more: object
    ) -> None:
        self._granted = granted

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "a topic that is not UTF-8"
        payload = bytes(message.payload)
        self._inbox.append(Message(message.mid, message.qos, topic, payload, message.dup))

    def _on_disconnect(
        self, _client: Client, _data: object, flags: DisconnectFlags, reason: ReasonCode, _more: object
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._left = reason


class _PinnedClient(Client):
    """Connects to checked addresses only, in the resolver's order, until one answers; `trust` says whose
    certificates are believed, None where there is no TLS.

    paho has no public way to hand over a socket; tests hold these in their place.
    """

    private_hubs: tuple[str, ...] = ()
    trust: ssl.SSLContext | None = None

    def _create_socket_connection(self) -> socket.socket:
        problem = OSError("the host has no address")
        for address in addresses.checked(self.host, self.port, self.private_hubs):
            try:
                return socket.create_connection((address, self.port), timeout=self.connect_timeout)
            except OSError as error:
                problem = error
        raise problem

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        # paho's own way leaves the socket open where the handshake fails.
        assert self.trust is not None
        return self.trust.wrap_socket(tcp_sock, server_hostname=self.host)
