"""What the operator may tell the collector."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CollectionSettings:
    """Limits of one collector; seconds and bytes as the names say.

    `private_hubs` are `host:port` pairs (`10.0.3.7:1026`, `127.0.0.1:*`) that may be called although
    they lie in a private network. Every other hub must have a public address and a usual port.
    """

    private_hubs: tuple[str, ...] = ()
    lease_seconds: int = 300
    windows_per_run: int = 60
    backfill_windows_per_run: int = 12
    sources_at_once: int = 4
    sources_per_hub: int = 4
    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    answer_seconds: float = 120.0
    largest_answer_bytes: int = 64 * 1024 * 1024
    tries: int = 4
    longest_wait_seconds: float = 30.0
    longest_back_off_seconds: int = 3600
