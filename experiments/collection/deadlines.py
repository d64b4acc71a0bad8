"""How long whatever is being asked may still take, all its tries together.

Time-outs of sockets begin anew with every byte, so that a hub which drips would never run into one. The
end lies in the context of the thread that asks, where the connection looks it up at every read.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends_at: ContextVar[float] = ContextVar("ends_at", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is done inside, in this thread, has so many seconds."""
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def left() -> float:
    """The seconds that are left, not above zero where the time is over; infinite where none was set."""
    return _ends_at.get() - time.monotonic()


def extend(seconds: float) -> None:
    """Time that we make the other side wait is not its own."""
    _ends_at.set(_ends_at.get() + seconds)
