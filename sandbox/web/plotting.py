"""What the charts have in common: the frame with its axes, curves, bands, direct labels.

Words stand beside the lines they name: right of their ends on wide sheets, in a key above on
narrow ones. The start of a pilot lies between its last period before and its first one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from sandbox.web import drawing
from sandbox.web.drawing import Plot, Sheet, element, line, path, rectangle, text

Values = Sequence[float | None]
MANY_POINTS = 150


def last_known(series: Values) -> float | None:
    return next((value for value in reversed(series) if value is not None), None)


def domain(*series: Iterable[float | None]) -> tuple[float, float]:
    """Smallest and largest value; ValueError where one is not a finite number."""
    values = [value for each in series for value in each if value is not None]
    if not all(math.isfinite(value) for value in values):
        raise ValueError("a chart was given a value that is not finite")
    return (min(values), max(values)) if values else (0.0, 1.0)


def label_room(sheet: Sheet) -> int:
    """How many period labels fit side by side."""
    return 5 if sheet.narrow else 9


class Ends:
    """Direct labels of lines: right of the line's end on wide sheets, a key above on narrow ones."""

    WIDTH = 150.0

    def __init__(self, *lines: tuple[Values, str, str]) -> None:
        self.lines = lines

    def margin(self, sheet: Sheet) -> float:
        return self.WIDTH + 14 if self.lines and not sheet.narrow else 14

    def height(self, sheet: Sheet) -> float:
        return (
            sum(len(self._key(sheet, label)) for _, label, _ in self.lines) * 1.5 * sheet.font * sheet.narrow
        )

    def _key(self, sheet: Sheet, label: str) -> tuple[str, ...]:
        return drawing.wrapped(label, sheet.width - 56, sheet.font)

    def labels(self, sheet: Sheet, plot: Plot) -> Markup:
        return self._above(sheet) if sheet.narrow else self._beside(sheet, plot)

    def _above(self, sheet: Sheet) -> Markup:
        pieces: list[Markup] = []
        baseline = 1.1 * sheet.font
        for _, label, class_ in self.lines:
            middle = baseline - 0.35 * sheet.font
            pieces.append(line((4, middle), (36, middle), class_))
            for words in self._key(sheet, label):
                pieces.append(text(words, (44, baseline), sheet.font, class_=f"{class_}-text"))
                baseline += 1.5 * sheet.font
        return Markup().join(pieces)

    def _beside(self, sheet: Sheet, plot: Plot) -> Markup:
        blocks = [drawing.wrapped(label, self.WIDTH - 10, sheet.font) for _, label, _ in self.lines]
        step = drawing.LINE_HEIGHT * sheet.font
        wanted = [plot.y(last_known(series) or 0.0) for series, _, _ in self.lines]
        heights = [len(block) * step + 4 for block in blocks]
        centres = drawing.spread(wanted, heights, plot.top - step, plot.bottom + step)
        return Markup().join(
            text(
                words,
                (plot.right + 10, centre + step * (row - (len(block) - 1) / 2) + 0.35 * sheet.font),
                sheet.font,
                class_=f"{class_}-text",
            )
            for block, centre, (_, _, class_) in zip(blocks, centres, self.lines, strict=True)
            for row, words in enumerate(block)
        )


def laid_out(
    sheet: Sheet,
    count: int,
    limits: tuple[float, float],
    value_label: str,
    ends: Ends,
    pad: float = 0.0,
) -> Plot:
    """Leaves room for the words around the data and rounds the value scale to its ticks."""
    marks = drawing.ticks(*limits, 5 if sheet.narrow else 6)
    places = drawing.decimals_of(marks)
    widest = max(drawing.text_width(drawing.number(mark, places), sheet.font) for mark in marks)
    heading = len(drawing.wrapped(value_label, sheet.width, sheet.font))
    return Plot(
        left=widest + 14,
        top=ends.height(sheet) + (1 + drawing.LINE_HEIGHT * heading) * sheet.font,
        right=sheet.width - ends.margin(sheet),
        bottom=sheet.height - (3.4 if pad else 2.2) * sheet.font,
        count=count,
        marks=marks,
        pad=pad,
    )


def frame(sheet: Sheet, plot: Plot, value_label: str, marks: Sequence[tuple[int, str]]) -> Markup:
    """What is measured in words above, grid lines with their values, the axis with its periods."""
    heading = drawing.wrapped(value_label, sheet.width, sheet.font)
    step = drawing.LINE_HEIGHT * sheet.font
    lowest = plot.top - 0.9 * sheet.font
    pieces = [
        text(words, (0, lowest - step * row), sheet.font) for row, words in enumerate(reversed(heading))
    ]
    places = drawing.decimals_of(plot.marks)
    for value in plot.marks:
        height = plot.y(value)
        words = drawing.number(value, places)
        pieces.append(line((plot.left, height), (plot.right, height), "c-grid"))
        pieces.append(text(words, (plot.left - 8, height + 0.35 * sheet.font), sheet.font, anchor="end"))
    return Markup().join(pieces) + _axis(sheet, plot, marks)


def _axis(sheet: Sheet, plot: Plot, marks: Sequence[tuple[int, str]]) -> Markup:
    base = line((plot.left, plot.bottom), (plot.right, plot.bottom), "c-axis")
    return base + Markup().join(_period(sheet, plot, position, words) for position, words in marks)


def period_axis(sheet: Sheet, plot: Plot, periods: Sequence[str]) -> Markup:
    """The axis alone, for drawings without a value scale."""
    return _axis(sheet, plot, drawing.period_ticks(periods, label_room(sheet)))


def period_frame(sheet: Sheet, plot: Plot, value_label: str, periods: Sequence[str]) -> Markup:
    return frame(sheet, plot, value_label, drawing.period_ticks(periods, label_room(sheet)))


def _period(sheet: Sheet, plot: Plot, position: int, words: str) -> Markup:
    across = plot.x(position)
    half = drawing.text_width(words, sheet.font) / 2
    centre = min(max(across, half), sheet.width - half)
    tick = line((across, plot.bottom), (across, plot.bottom + 5), "c-axis")
    return tick + text(words, (centre, plot.bottom + 1.5 * sheet.font), sheet.font, anchor="middle")


def level(plot: Plot, value: float, class_: str) -> Markup:
    """A horizontal line across the plot."""
    return line((plot.left, plot.y(value)), (plot.right, plot.y(value)), class_)


def axis_label(sheet: Sheet, plot: Plot, words: str) -> Markup:
    """What the positions mean, under the axis; needs a plot with `pad`, which leaves the room."""
    middle = (plot.left + plot.right) / 2
    return text(words, (middle, sheet.height - 0.4 * sheet.font), sheet.font, anchor="middle")


def curve(plot: Plot, series: Values, class_: str) -> Markup:
    """The line through a series; a dense one is drawn fine, or it would run into a blot."""
    points = (None if v is None else (plot.x(i), plot.y(v)) for i, v in enumerate(series))
    dense = len(series) > MANY_POINTS
    return element("path", d=path(points), class_=f"{class_} c-fine" if dense else class_)


def start_place(plot: Plot, periods: Sequence[str], first_treated: str) -> float:
    """Between the last period before the pilot and its first one; ValueError where it is no period."""
    if first_treated not in periods:
        raise ValueError(f"{first_treated} is not one of the periods")
    return plot.x(periods.index(first_treated) - 0.5)


def start_shade(plot: Plot, periods: Sequence[str], first_treated: str) -> Markup:
    start = start_place(plot, periods, first_treated)
    return rectangle((start, plot.top), (plot.right, plot.bottom), "c-after")


def start_line(sheet: Sheet, plot: Plot, periods: Sequence[str], first_treated: str, label: str) -> Markup:
    start = start_place(plot, periods, first_treated)
    fits = start + 8 + drawing.text_width(label, sheet.font) < plot.right
    words = text(
        label,
        (start + 8 if fits else start - 8, plot.bottom - 8),
        sheet.font,
        anchor="start" if fits else "end",
        halo=True,
    )
    return line((start, plot.top), (start, plot.bottom), "c-start") + words


def bands(plot: Plot, lower: Values, upper: Values) -> list[Markup]:
    """One closed shape for every stretch in which both ends of the interval are known."""
    stretches: list[list[int]] = [[]]
    for position, ends in enumerate(zip(lower, upper, strict=True)):
        if None in ends:
            stretches.append([])
        else:
            stretches[-1].append(position)
    shapes = []
    for stretch in filter(None, stretches):
        above = [(plot.x(i), plot.y(upper[i] or 0.0)) for i in stretch]
        below = [(plot.x(i), plot.y(lower[i] or 0.0)) for i in reversed(stretch)]
        shapes.append(element("path", d=f"{path([*above, *below])}Z", class_="c-band"))
        shapes.extend(element("path", d=path(edge), class_="c-band-edge") for edge in (above, below))
    return shapes
