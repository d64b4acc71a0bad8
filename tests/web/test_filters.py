"""Whatever instant is stored can be shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.web.filters import day, instant


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (datetime(2026, 3, 1, 20, tzinfo=UTC), "2026-03-02 05:00"),
        (datetime.max.replace(tzinfo=UTC), "9999-12-31 23:59"),
    ],
)
def test_an_instant_is_shown_in_seoul_or_as_it_stands_at_the_end_of_the_calendar(at, shown):
    assert (instant(at), day(at)) == (shown, shown[:10])
