"""The chart of placebos in order: where the pilot stands among controls that were treated in pretence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from sandbox.web import drawing, plotting
from sandbox.web.charts import DataTable, columns_table
from sandbox.web.drawing import NARROW, WIDE, Plot, element, text
from sandbox.web.plotting import Ends


@dataclass(frozen=True)
class PlaceboSpread:
    """One number for the treated districts and one for each placebo, by name."""

    treated: float
    placebos: Mapping[str, float]
    value_label: str
    rank_label: str
    name_label: str
    treated_label: str

    @property
    def ranked(self) -> tuple[tuple[str, float], ...]:
        """Names with their numbers, the smallest first; of equals the pilot stands first."""
        every = ((self.treated_label, self.treated), *self.placebos.items())
        return tuple(sorted(every, key=lambda each: each[1]))

    def table(self) -> DataTable:
        names, values = zip(*self.ranked, strict=True)
        return columns_table((self.name_label, self.value_label), names, values)


def placebo_spread(
    values: PlaceboSpread, id: str, title: str, description: str, narrow: bool = False
) -> Markup:
    """A grey point for every placebo in order of size, the treated districts' in colour and named."""
    sheet = NARROW if narrow else WIDE
    ranked = values.ranked
    limits = plotting.domain((value for _, value in ranked), (0.0,))
    plot = plotting.laid_out(sheet, len(ranked), limits, values.value_label, Ends(), pad=0.7)
    ours = ranked.index((values.treated_label, values.treated))
    marks = [(place, str(place + 1)) for place in sorted({0, ours, len(ranked) - 1})]
    return drawing.svg(
        id,
        title,
        description,
        sheet,
        plotting.frame(sheet, plot, values.value_label, marks),
        plotting.axis_label(sheet, plot, values.rank_label),
        plotting.level(plot, 0.0, "c-zero"),
        *(_point(plot, place, value, "c-placebo-point") for place, (_, value) in enumerate(ranked)),
        _point(plot, ours, values.treated, "c-point"),
        _label(plot, sheet.font, ours, values),
    )


def _point(plot: Plot, place: int, value: float, class_: str) -> Markup:
    return element(
        "circle", cx=plot.x(place), cy=plot.y(value), r=5 if class_ == "c-point" else 4, class_=class_
    )


def _label(plot: Plot, font: float, place: int, values: PlaceboSpread) -> Markup:
    """Beside the point, on the side that has room."""
    is_left = plot.x(place) < (plot.left + plot.right) / 2
    across = plot.x(place) + (10 if is_left else -10)
    down = plot.y(values.treated) + 0.35 * font
    return text(
        values.treated_label,
        (across, down),
        font,
        anchor="start" if is_left else "end",
        class_="c-treated-text",
        halo=True,
    )
