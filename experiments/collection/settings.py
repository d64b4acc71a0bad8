"""What the operator may tell the collector."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class CollectionSettings:
    """Limits of one collector; seconds and bytes as the names say.

    `private_hubs` are `host:port` pairs (`10.0.3.7:1026`, `127.0.0.1:*`) that may be called although
    they lie in a private network. Every other hub must have a public address and a usual port.
    `credential_keys` open what is sealed for hubs; the first one seals. After `failures_to_rest` failures
    in a row, whichever of its sources met them, a hub is left alone for a while. `largest_ratio` is how
    many times its compressed size a body may have. `answer_seconds` bound one question to a hub with all its
    tries, and stay below half of the lease, which is prolonged between questions. While sources are being
    read, what has fallen due meanwhile is looked for every `look_again_seconds`. `subscriptions_at_once` is
    how many sources of brokers one worker listens to, each on a thread of its own; a message waits at most
    `batch_seconds` for others.
    """

    private_hubs: tuple[str, ...] = ()
    lease_seconds: int = 300
    windows_per_run: int = 60
    backfill_windows_per_run: int = 12
    sources_at_once: int = 4
    sources_per_hub: int = 4
    subscriptions_at_once: int = 32
    batch_seconds: float = 5.0
    look_again_seconds: float = 5.0
    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    answer_seconds: float = 120.0
    largest_answer_bytes: int = 64 * 1024 * 1024
    largest_ratio: int = 200
    tries: int = 4
    longest_wait_seconds: float = 30.0
    longest_back_off_seconds: int = 3600
    failures_to_rest: int = 5
    credential_keys: tuple[str, ...] = field(default=(), repr=False)
