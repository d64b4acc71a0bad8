"""Connections to addresses that were checked, by a transport that asks the resolver once.

Checking a name and then connecting to the name leaves a gap in which it may come to mean another host.
Here the addresses that were checked are those that are connected to; the name still goes into the TLS
handshake, where it is held against the certificate, and into the Host header.
"""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore
import httpx

from experiments.collection import addresses, deadlines


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only, in the resolver's order, until one answers."""

    def __init__(self, private_hubs: Sequence[str], *, resolve: addresses.Resolve | None = None) -> None:
        self._private_hubs = private_hubs
        self._resolve = resolve
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """AddressRefused where the name resolves to anything that may not be called."""
        try:
            found = addresses.checked(host, port, self._private_hubs, resolve=self._resolve)
        except OSError as error:
            raise httpcore.ConnectError(f"the host has no address: {error}") from error
        deadline = time.monotonic() + timeout if timeout is not None else None
        problem: Exception = httpcore.ConnectError("the host has no address")
        for address in found:
            left = None if deadline is None else max(0.1, deadline - time.monotonic())
            try:
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
                return _TimedStream(stream)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class _TimedStream(httpcore.NetworkStream):
    """A connection on which nobody waits longer than `deadlines` leave, however its bytes drip."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _bounded(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _bounded(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, _bounded(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _bounded(timeout: float | None) -> float | None:
    left = deadlines.left()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for the answer is over")
    if math.isinf(left):
        return timeout
    return left if timeout is None else min(left, timeout)


class PinnedTransport(httpx.HTTPTransport):
    """httpx's own transport over `CheckedBackend`. It knows no proxies, cookies or redirects, and logs
    nothing."""

    def __init__(
        self,
        private_hubs: Sequence[str],
        *,
        resolve: addresses.Resolve | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        trust = trust or httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=trust, trust_env=False)
        # httpx has no public way to hand over a network backend; a test holds this one in its place.
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=CheckedBackend(private_hubs, resolve=resolve),
        )
