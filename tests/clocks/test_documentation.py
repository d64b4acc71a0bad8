"""The table in the documentation is the one that the service runs by."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.regimes import regime

TEXT = (Path(__file__).parents[2] / "docs" / "clocks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("clock", regime("kr-smart-city", "2026-09").clocks, ids=lambda clock: clock.id)
def test_each_clock_is_documented_as_it_is(clock):
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| {clock.id} |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    plural = "s" if clock.length.value > 1 else ""
    assert cells[1:3] == [clock.name_en, clock.source]
    assert cells[3].startswith(f"{clock.length.value} {clock.length.unit}{plural} ")
    assert cells[5:] == [clock.owed_by, clock.on_lapse.replace("_", " ")]
    assert (clock.gross_cap is not None) == ("in all" in cells[4])
    assert clock.stops == ("stand still" in cells[4])
