"""Charts: frozen values in, SVG out. No page, no request, no translation: words come with the values.

Every chart has a wide drawing and a narrow one for phones, a title and a description that screen
readers get, direct labels, series that differ by dash and weight as well as by colour, and a table
of the same numbers. `figure(draw, data, ...)` makes all of it for the chart macro.

Series are tuples aligned with `periods`; None is a missing value and breaks the line. NaN and
infinities are refused with ValueError, an unbounded interval end is None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from markupsafe import Markup

from sandbox.web import drawing, plotting
from sandbox.web.drawing import NARROW, WIDE, Plot, Sheet, element, line, path, rectangle, text
from sandbox.web.plotting import Ends

Series = tuple[float | None, ...]


@dataclass(frozen=True)
class DataTable:
    """The numbers of a chart: `header` of n texts, rows of n texts each (None: no value)."""

    header: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True)
class Figure:
    """What the chart macro shows."""

    id: str
    title: str
    description: str
    wide: Markup
    narrow: Markup
    data: DataTable


@dataclass(frozen=True)
class TwoPaths:
    """Treated districts and what would have been, around the start of the pilot.

    `first_treated` is one of `periods`; `value_label` names metric and unit.
    """

    periods: tuple[str, ...]
    treated: Series
    counterfactual: Series
    first_treated: str
    value_label: str
    period_label: str
    treated_label: str
    counterfactual_label: str
    start_label: str

    def table(self) -> DataTable:
        header = (self.period_label, self.treated_label, self.counterfactual_label)
        return columns_table(header, self.periods, self.treated, self.counterfactual)


@dataclass(frozen=True)
class PlaceboGaps:
    """Gap between treated and synthetic, against the gaps that every control gives as a placebo."""

    periods: tuple[str, ...]
    treated_gap: Series
    placebo_gaps: Mapping[str, Series]
    first_treated: str
    value_label: str
    period_label: str
    treated_label: str
    placebo_label: str
    start_label: str

    def table(self) -> DataTable:
        header = (self.period_label, self.treated_label, *self.placebo_gaps)
        return columns_table(header, self.periods, self.treated_gap, *self.placebo_gaps.values())


@dataclass(frozen=True)
class EventStudy:
    """Effect by periods since the start, with intervals; `reference` is the offset set to zero."""

    offsets: tuple[int, ...]
    estimates: Series
    lower: Series
    upper: Series
    reference: int
    value_label: str
    offset_label: str
    estimate_label: str
    lower_label: str
    upper_label: str
    reference_label: str
    before_label: str
    after_label: str

    def table(self) -> DataTable:
        header = (self.offset_label, self.estimate_label, self.lower_label, self.upper_label)
        labels = tuple(drawing.number(offset, 0) for offset in self.offsets)
        return columns_table(header, labels, self.estimates, self.lower, self.upper)


@dataclass(frozen=True)
class GuardrailTrack:
    """Cumulative estimate of a guardrail with its interval, and the margin it must not cross.

    `harm_above`: true where values above the margin mean harm, false where values below do.
    """

    periods: tuple[str, ...]
    estimates: Series
    lower: Series
    upper: Series
    margin: float
    harm_above: bool
    value_label: str
    period_label: str
    estimate_label: str
    lower_label: str
    upper_label: str
    margin_label: str

    def table(self) -> DataTable:
        header = (self.period_label, self.estimate_label, self.lower_label, self.upper_label)
        return columns_table(header, self.periods, self.estimates, self.lower, self.upper)


class Tabled(Protocol):
    """Values that can be drawn can also be listed."""

    def table(self) -> DataTable: ...


Values = TypeVar("Values", bound=Tabled)
# draw(values, id, title, description, narrow) -> the drawing
Draw = Callable[[Values, str, str, str, bool], Markup]


def figure(draw: Draw[Values], values: Values, *, id: str, title: str, description: str) -> Figure:
    """Both drawings and the table of one chart; `id` is unique on the page."""
    wide = draw(values, id, title, description, False)
    narrow = draw(values, f"{id}-narrow", title, description, True)
    return Figure(id, title, description, wide, narrow, values.table())


def treated_and_counterfactual(
    values: TwoPaths, id: str, title: str, description: str, narrow: bool = False
) -> Markup:
    """Two lines, the start marked, the time after it shaded."""
    sheet = NARROW if narrow else WIDE
    ends = Ends(
        (values.treated, values.treated_label, "c-treated"),
        (values.counterfactual, values.counterfactual_label, "c-counterfactual"),
    )
    limits = plotting.domain(values.treated, values.counterfactual)
    plot = plotting.laid_out(sheet, len(values.periods), limits, values.value_label, ends)
    return drawing.svg(
        id,
        title,
        description,
        sheet,
        plotting.start_shade(plot, values.periods, values.first_treated),
        plotting.period_frame(sheet, plot, values.value_label, values.periods),
        plotting.start_line(sheet, plot, values.periods, values.first_treated, values.start_label),
        plotting.curve(plot, values.counterfactual, "c-counterfactual"),
        plotting.curve(plot, values.treated, "c-treated"),
        ends.labels(sheet, plot),
    )


def placebo_gaps(values: PlaceboGaps, id: str, title: str, description: str, narrow: bool = False) -> Markup:
    """The treated gap in bold over the placebo gaps in grey."""
    sheet = NARROW if narrow else WIDE
    placebos = tuple(values.placebo_gaps.values())
    ends = Ends(
        (values.treated_gap, values.treated_label, "c-treated"),
        (_outermost(placebos, values.treated_gap), values.placebo_label, "c-placebo"),
    )
    limits = plotting.domain(values.treated_gap, *placebos, (0.0,))
    plot = plotting.laid_out(sheet, len(values.periods), limits, values.value_label, ends)
    return drawing.svg(
        id,
        title,
        description,
        sheet,
        plotting.start_shade(plot, values.periods, values.first_treated),
        plotting.period_frame(sheet, plot, values.value_label, values.periods),
        *(plotting.curve(plot, gap, "c-placebo") for gap in placebos),
        plotting.level(plot, 0.0, "c-zero"),
        plotting.start_line(sheet, plot, values.periods, values.first_treated, values.start_label),
        plotting.curve(plot, values.treated_gap, "c-treated"),
        ends.labels(sheet, plot),
    )


def event_study(values: EventStudy, id: str, title: str, description: str, narrow: bool = False) -> Markup:
    """A point and its interval for every offset over a band, the zero line, the reference period hollow."""
    sheet = NARROW if narrow else WIDE
    limits = plotting.domain(values.estimates, values.lower, values.upper, (0.0,))
    plot = plotting.laid_out(sheet, len(values.offsets), limits, values.value_label, Ends(), pad=0.7)
    # The pilot starts between the last offset before 0 and offset 0.
    first_after = sum(offset < 0 for offset in values.offsets)
    start = plot.x(first_after - 0.5)
    step = math.ceil(len(values.offsets) / (2 * plotting.label_room(sheet)))
    marks = [(i, drawing.number(k, 0)) for i, k in enumerate(values.offsets) if (i - first_after) % step == 0]
    head = plot.top + sheet.font
    return drawing.svg(
        id,
        title,
        description,
        sheet,
        rectangle((start, plot.top), (plot.right, plot.bottom), "c-after"),
        *plotting.bands(plot, values.lower, values.upper),
        plotting.frame(sheet, plot, values.value_label, marks),
        plotting.axis_label(sheet, plot, values.offset_label),
        plotting.level(plot, 0.0, "c-zero"),
        line((start, plot.top), (start, plot.bottom), "c-start"),
        text(values.before_label, (start - 8, head), sheet.font, anchor="end", halo=True),
        text(values.after_label, (start + 8, head), sheet.font, halo=True),
        *(_estimate(plot, values, position) for position in range(len(values.offsets))),
        _reference_label(sheet, plot, values),
    )


def guardrail_track(
    values: GuardrailTrack, id: str, title: str, description: str, narrow: bool = False
) -> Markup:
    """The estimate and its interval over time; the side of harm is tinted beyond the margin."""
    sheet = NARROW if narrow else WIDE
    ends = Ends((values.estimates, values.estimate_label, "c-treated"))
    low, high = plotting.domain(values.estimates, values.lower, values.upper, (0.0, values.margin))
    # Room for the margin's words on the side of harm.
    room = 0.16 * (high - low or 1.0) * (1 if values.harm_above else -1)
    limits = (min(low, values.margin + room), max(high, values.margin + room))
    plot = plotting.laid_out(sheet, len(values.periods), limits, values.value_label, ends)
    edge = plot.y(values.margin)
    far = plot.top if values.harm_above else plot.bottom
    words_at = (plot.left + 8, edge + (-8.0 if values.harm_above else sheet.font + 4))
    return drawing.svg(
        id,
        title,
        description,
        sheet,
        rectangle((plot.left, edge), (plot.right, far), "c-beyond"),
        plotting.period_frame(sheet, plot, values.value_label, values.periods),
        *plotting.bands(plot, values.lower, values.upper),
        plotting.level(plot, 0.0, "c-zero"),
        plotting.level(plot, values.margin, "c-margin"),
        plotting.curve(plot, values.estimates, "c-treated"),
        text(values.margin_label, words_at, sheet.font, class_="c-counterfactual-text", halo=True),
        ends.labels(sheet, plot),
    )


def columns_table(
    header: tuple[str, ...], labels: Sequence[str], *columns: Sequence[float | None]
) -> DataTable:
    """One row per label; ValueError where a column's length differs."""
    return DataTable(header, tuple(zip(labels, *map(_cells, columns), strict=True)))


def _cells(column: Sequence[float | None]) -> tuple[str | None, ...]:
    """Numbers with the same decimals, as many as give the largest one four digits."""
    known = [value for value in column if value is not None]
    largest = max(map(abs, known), default=0.0)
    whole = all(float(value).is_integer() for value in known)
    places = 0 if whole else min(max(3 - math.floor(math.log10(largest)), 0), 6)
    return tuple(None if value is None else drawing.number(value, places) for value in column)


def _outermost(placebos: Sequence[Series], treated: Series) -> Series:
    """The placebo that ends farthest from the treated gap: there its label has room."""
    end = plotting.last_known(treated) or 0.0
    return max(placebos, key=lambda gap: abs((plotting.last_known(gap) or 0.0) - end), default=())


def _estimate(plot: Plot, values: EventStudy, position: int) -> Markup:
    across = plot.x(position)
    if values.offsets[position] == values.reference:
        return element("circle", cx=across, cy=plot.y(0), r=5, class_="c-reference")
    estimate, low, high = values.estimates[position], values.lower[position], values.upper[position]
    if estimate is None:
        return Markup()
    point = element("circle", cx=across, cy=plot.y(estimate), r=4.5, class_="c-point")
    if low is None or high is None:
        return point
    bottom, top = plot.y(low), plot.y(high)
    caps = [(across - 4, top), (across + 4, top), None, (across - 4, bottom), (across + 4, bottom)]
    stem = path([*caps, None, (across, top), (across, bottom)])
    return element("path", d=stem, class_="c-interval") + point


def _reference_label(sheet: Sheet, plot: Plot, values: EventStudy) -> Markup:
    if values.reference not in values.offsets:
        return Markup()
    across = plot.x(values.offsets.index(values.reference))
    foot = plot.bottom - 8
    leader = line((across, plot.y(0) + 6), (across, foot - sheet.font), "c-leader")
    return leader + text(values.reference_label, (across + 4, foot), sheet.font, anchor="end", halo=True)
