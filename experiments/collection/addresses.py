"""Which addresses the collector may call: usual ports on public addresses, and what the operator allows.

A name is checked by what it resolves to, because 2130706433, 127.1 and 0x7f000001 are loopback too.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import httpx

SCHEMES = ("http", "https")
BROKER_SCHEMES = ("mqtt", "mqtts")
# The web's ports and those at which the known context brokers listen.
PORTS = frozenset({80, 443, 1026, 8080, 8443, 9090})
BROKER_PORTS = frozenset({1883, 8883})
_USUAL_PORT = {"http": 80, "https": 443, "mqtt": 1883, "mqtts": 8883}
_EMBEDDING = ("64:ff9b::/96", "::/96")
_OLD_NUMBERS = re.compile(r"(0x[0-9a-f]+|[0-9]+)(\.(0x[0-9a-f]+|[0-9]+)){0,3}", re.IGNORECASE)
_NEVER_PUBLIC = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48")))

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Iterable[str]]


class AddressRefused(ValueError):
    """The address may not be called; the message says why in one sentence."""


def parse(text: str, private_hubs: Sequence[str] = (), *, schemes: tuple[str, str] = SCHEMES) -> httpx.URL:
    """The address in `text`, of one of `schemes` (those of the web, or of MQTT brokers); AddressRefused
    for what no resolution can make right, such as a literal address in a private network."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise AddressRefused(f"Not an address: {error}.") from None
    if url.scheme not in schemes:
        plain, secure = schemes
        raise AddressRefused(f"The scheme must be {plain} or {secure}, not {url.scheme or 'missing'}.")
    if not url.host:
        raise AddressRefused("The address names no host.")
    if url.userinfo:
        raise AddressRefused("Credentials do not belong in an address.")
    ports = PORTS if schemes == SCHEMES else BROKER_PORTS
    if port_of(url) not in ports and not _is_allowed(url.host, port_of(url), private_hubs):
        raise AddressRefused(f"Port {port_of(url)} is not allowed; SANDBOX_PRIVATE_HUBS can allow it.")
    literal = _literal(url.host)
    if (
        literal is not None
        and not is_public(literal)
        and not _is_allowed(url.host, port_of(url), private_hubs)
    ):
        raise _private(url.host, str(literal))
    return url


def checked(
    host: str, port: int, private_hubs: Sequence[str] = (), *, resolve: Resolve | None = None
) -> list[str]:
    """The addresses of `host`, in the resolver's order: those to connect to, without asking again.

    AddressRefused where any of them is not public, unless the host is allowed; OSError where it has none.
    """
    found = list(dict.fromkeys((resolve or _resolve)(host, port)))
    if not _is_allowed(host, port, private_hubs):
        for address in found:
            if not is_public(ipaddress.ip_address(address.partition("%")[0])):
                raise _private(host, address)
    return found


def is_public(address: IpAddress) -> bool:
    """Whether `address` is a host on the public internet, looking inside mapped and tunnelled forms."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _embedded(address)
        if inner is not None:
            return is_public(inner)
    if any(address in network for network in _NEVER_PUBLIC if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _private(host: str, address: str) -> AddressRefused:
    return AddressRefused(
        f"The host {host} is in a private network ({address}); SANDBOX_PRIVATE_HUBS can allow it."
    )


def _literal(host: str) -> IpAddress | None:
    """The address that `host` is, also in the shorter and older ways of writing one (127.1, 0x7f000001)."""
    with suppress(ValueError):
        return ipaddress.ip_address(host.partition("%")[0])
    if _OLD_NUMBERS.fullmatch(host):
        with suppress(OSError):
            return ipaddress.IPv4Address(socket.inet_aton(host))
    return None


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if any(address in ipaddress.ip_network(network) for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def port_of(url: httpx.URL) -> int:
    """The port of `url`, its scheme's own where it names none."""
    return url.port or _USUAL_PORT.get(url.scheme, 80)


def _is_allowed(host: str, port: int, private_hubs: Sequence[str]) -> bool:
    for allowed in private_hubs:
        allowed_host, _, allowed_port = allowed.rpartition(":")
        if allowed_host.strip("[]") == host and allowed_port in ("*", str(port)):
            return True
    return False


def _resolve(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
