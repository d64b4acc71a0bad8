"""One metric in many districts: a row for each, all on one scale, so that a wrong mapping catches the eye."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from markupsafe import Markup

from sandbox.web import drawing, plotting
from sandbox.web.charts import DataTable, Series, columns_table
from sandbox.web.drawing import NARROW, WIDE, Plot, Sheet, element, line, text


@dataclass(frozen=True)
class DistrictRows:
    """A series for every district, aligned with `periods`; `value_label` names metric and unit."""

    periods: tuple[str, ...]
    rows: Mapping[str, Series]
    period_label: str
    value_label: str
    none_label: str

    def table(self) -> DataTable:
        return columns_table((self.period_label, *self.rows), self.periods, *self.rows.values())


def district_rows(
    values: DistrictRows, id: str, title: str, description: str, narrow: bool = False
) -> Markup:
    """A line per district over its own baseline; the latest value stands at the end of the row."""
    base = NARROW if narrow else WIDE
    tall, top = 2.0 * base.font, 1.9 * base.font
    bottom = top + tall * len(values.rows)
    sheet = replace(base, height=bottom + 2.2 * base.font)
    widest = max((drawing.text_width(name, base.font) for name in values.rows), default=0.0)
    marks = drawing.ticks(*plotting.domain(*values.rows.values()), 4)
    ends = [drawing.number(plotting.last_known(series) or 0.0, 2) for series in values.rows.values()]
    room = max((drawing.text_width(each, base.font) for each in ends), default=0.0)
    none = drawing.text_width(values.none_label, base.font)
    frame = Plot(widest + 12, top, sheet.width - max(room, none) - 12, bottom, len(values.periods), marks)
    return drawing.svg(
        id,
        title,
        description,
        sheet,
        text(values.value_label, (0, base.font), base.font),
        *(
            _row(
                sheet,
                replace(frame, top=top + tall * at, bottom=top + tall * (at + 1) - 6),
                name,
                series,
                values,
            )
            for at, (name, series) in enumerate(values.rows.items())
        ),
        plotting.period_axis(sheet, frame, values.periods),
    )


def _row(sheet: Sheet, plot: Plot, name: str, series: Series, values: DistrictRows) -> Markup:
    middle = (plot.top + plot.bottom) / 2 + 0.35 * sheet.font
    label = text(name, (plot.left - 8, middle), sheet.font, anchor="end")
    ground = line((plot.left, plot.bottom), (plot.right, plot.bottom), "c-grid")
    latest = plotting.last_known(series)
    if latest is None:
        return label + ground + text(values.none_label, (plot.right + 8, middle), sheet.font)
    drawn = plotting.curve(plot, series, "c-treated c-fine")
    # A point without neighbours is no line.
    known = [None, *series, None]
    alone = (
        element("circle", cx=plot.x(i), cy=plot.y(value), r=3, class_="c-point")
        for i, value in enumerate(series)
        if value is not None and known[i] is None and known[i + 2] is None
    )
    end = text(drawing.number(latest, 2), (plot.right + 8, middle), sheet.font, class_="c-strong")
    return label + ground + drawn + Markup().join(alone) + end
