"""Which readings have arrived: one row per district, one cell per period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from markupsafe import Markup

from sandbox.web import drawing, plotting
from sandbox.web.charts import DataTable, Series, columns_table
from sandbox.web.drawing import NARROW, WIDE, Plot, Sheet, rectangle, text


@dataclass(frozen=True)
class CoverageCalendar:
    """Share of expected readings that arrived, per row (district or series) and period.

    Shares lie in [0, 1]; None and 0 both read as no readings, 0.995 and more as complete.
    """

    periods: tuple[str, ...]
    shares: Mapping[str, Series]
    period_label: str
    full_label: str
    part_label: str
    none_label: str

    def table(self) -> DataTable:
        return columns_table((self.period_label, *self.shares), self.periods, *self.shares.values())


def coverage_calendar(
    values: CoverageCalendar, id: str, title: str, description: str, narrow: bool = False
) -> Markup:
    """A row of cells per district: filled, part filled from below, or empty with a red frame."""
    base = NARROW if narrow else WIDE
    tall, top = 1.9 * base.font, 2.2 * base.font
    sheet = replace(base, height=top + tall * len(values.shares) + 2.2 * base.font)
    widest = max((drawing.text_width(name, base.font) for name in values.shares), default=0.0)
    bottom = top + tall * len(values.shares)
    plot = Plot(widest + 12, top, sheet.width - 4, bottom, len(values.periods), (0.0, 1.0), pad=0.5)
    rows = enumerate(values.shares.items())
    return drawing.svg(
        id,
        title,
        description,
        sheet,
        *_key(sheet, values),
        *(_row(sheet, plot, top + tall * row, name, shares) for row, (name, shares) in rows),
        plotting.period_axis(sheet, plot, values.periods),
    )


def _cell(corner: tuple[float, float], size: tuple[float, float], share: float | None) -> Markup:
    (x, y), (width, height) = corner, size
    if not share:
        return rectangle((x + 0.5, y + 0.5), (x + width - 0.5, y + height - 0.5), "c-cell-none")
    if share >= 0.995:
        return rectangle((x, y), (x + width, y + height), "c-cell-full")
    # At least a sliver stays empty, so that a part never looks complete.
    filled = min(share, 0.85) * height
    ground = rectangle((x, y), (x + width, y + height), "c-cell-part")
    return ground + rectangle((x, y + height - filled), (x + width, y + height), "c-cell-full")


def _row(sheet: Sheet, plot: Plot, top: float, name: str, shares: Series) -> Markup:
    tall, gap = 1.9 * sheet.font - 5, 1.0
    step = plot.x(1) - plot.x(0) if plot.count > 1 else plot.right - plot.left
    label_at = (plot.left - 8, top + tall / 2 + 0.35 * sheet.font)
    cells = (
        _cell((plot.x(i) - step / 2 + gap / 2, top), (step - gap, tall), share)
        for i, share in enumerate(shares)
    )
    return text(name, label_at, sheet.font, anchor="end") + Markup().join(cells)


def _key(sheet: Sheet, values: CoverageCalendar) -> list[Markup]:
    pieces, across = [], 4.0
    for share, words in ((1.0, values.full_label), (0.5, values.part_label), (None, values.none_label)):
        swatch = _cell((across, 3.0), (14.0, sheet.font + 2), share)
        pieces.append(swatch + text(words, (across + 21, 2 + sheet.font), sheet.font))
        across += 21 + drawing.text_width(words, sheet.font) + 18
    return pieces
