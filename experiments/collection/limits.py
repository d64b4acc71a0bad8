"""What a worker remembers about hubs between its runs: when each may be called next, the tokens that it
gave, and its last answers, so that a hub which offers validators need not send the same bytes again.

All of it may be lost at any moment without losing a reading.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

# A token is renewed before it runs out, so that it does not do so under way.
TOKEN_MARGIN_SECONDS = 30.0
_MOST_GIVEN = 16


@dataclass(frozen=True)
class Kept:
    """An answer with its validators (RFC 9110, section 8.8)."""

    status: int
    headers: httpx.Headers
    body: bytes

    def questions(self) -> dict[str, str]:
        """The headers that ask whether the answer is still the same."""
        asked = {"If-None-Match": self.headers.get("ETag")}
        asked["If-Modified-Since"] = None if asked["If-None-Match"] else self.headers.get("Last-Modified")
        return {name: value for name, value in asked.items() if value}


@dataclass
class HubMemory:
    """Shared by the threads of one worker. `most_bytes` bounds the bodies that are kept."""

    most_bytes: int = 32 * 1024 * 1024
    clock: Callable[[], float] = time.monotonic
    _next_call: dict[int, float] = field(default_factory=dict)
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    _given: dict[str, deque[str]] = field(default_factory=dict)
    _answers: OrderedDict[tuple[str, ...], Kept] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def turn(self, hub_id: int, requests_per_minute: int) -> float:
        """Take the next turn at a hub; the seconds until it comes."""
        with self._lock:
            now = self.clock()
            at = max(now, self._next_call.get(hub_id, now))
            self._next_call[hub_id] = at + 60.0 / requests_per_minute
            return at - now

    def token(self, sealed: str) -> str | None:
        """The bearer token got for these sealed credentials, None where there is none that still holds."""
        with self._lock:
            token, until = self._tokens.get(sealed, ("", 0.0))
            return token if self.clock() < until else None

    def keep_token(self, sealed: str, token: str, lasts_seconds: float) -> None:
        """Remember a token for as long as it lasts."""
        with self._lock:
            self._given.setdefault(sealed, deque(maxlen=_MOST_GIVEN)).append(token)
            self._tokens[sealed] = token, self.clock() + max(0.0, lasts_seconds - TOKEN_MARGIN_SECONDS)

    def given(self, sealed: str | None) -> tuple[str, ...]:
        """The latest tokens got for these credentials, also those that no longer hold: to be hidden."""
        with self._lock:
            return tuple(self._given.get(sealed or "", ()))

    def forget_token(self, sealed: str) -> None:
        """The hub no longer takes it."""
        with self._lock:
            self._tokens.pop(sealed, None)

    def answer(self, key: tuple[str, ...]) -> Kept | None:
        """The last answer to this question, if it was kept."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def keep_answer(self, key: tuple[str, ...], kept: Kept) -> None:
        """Keep an answer that has validators; the ones longest unused make room."""
        with self._lock:
            if old := self._answers.pop(key, None):
                self._bytes -= len(old.body)
            if not kept.questions() or len(kept.body) > self.most_bytes // 4:
                return
            self._answers[key] = kept
            self._bytes += len(kept.body)
            while self._bytes > self.most_bytes:
                self._bytes -= len(self._answers.popitem(last=False)[1].body)
