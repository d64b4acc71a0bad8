"""SVG elements, scales and text: what the charts are drawn with. Knows no chart and no page.

Every piece is `Markup`, so whatever enters as plain text leaves escaped. Looks come from classes
in `static/css/charts.css`; no element carries a `style` attribute, which the pages' policy forbids.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from unicodedata import east_asian_width

from markupsafe import Markup

Point = tuple[float, float]
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
LINE_HEIGHT = 1.3


@dataclass(frozen=True)
class Sheet:
    """The whole drawing: user units equal CSS pixels at its natural size."""

    width: float
    height: float
    font: float
    narrow: bool


WIDE = Sheet(width=800, height=380, font=14, narrow=False)
NARROW = Sheet(width=360, height=320, font=13.5, narrow=True)


@dataclass(frozen=True)
class Plot:
    """The rectangle that data are drawn in, and its two scales.

    `count` positions stand side by side, `pad` steps of air at both ends; values run from the first
    of the evenly spaced `marks` (bottom) to the last (top).
    """

    left: float
    top: float
    right: float
    bottom: float
    count: int
    marks: tuple[float, ...]
    pad: float = 0.0

    def x(self, position: float) -> float:
        """Horizontal place of a position; fractions lie between two of them."""
        span = self.count - 1 + 2 * self.pad
        share = (position + self.pad) / span if span else 0.5
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Vertical place of a value."""
        low, high = self.marks[0], self.marks[-1]
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)


def element(name: str, *children: str, **attributes: str | float) -> Markup:
    """One element; `class_` gives the class, other underscores become hyphens."""
    pairs = Markup().join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), short(value))
        for key, value in attributes.items()
    )
    # join and format escape whatever is not Markup yet.
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), pairs, Markup().join(children))


def short(value: str | float) -> str:
    """A coordinate with one decimal, as short as it can be said."""
    if isinstance(value, str):
        return value
    coordinate = f"{value:.1f}".removesuffix(".0")
    return "0" if coordinate == "-0" else coordinate


def svg(id: str, title: str, description: str, sheet: Sheet, *children: Markup) -> Markup:
    """The drawing as one image with a name and a description; ValueError for an unusable `id`."""
    if not _ID.fullmatch(id):
        raise ValueError(f"not usable as an id: {id!r}")
    return element(
        "svg",
        element("title", title, id=f"{id}-title"),
        element("desc", description, id=f"{id}-desc"),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {short(sheet.width)} {short(sheet.height)}",
        role="img",
        aria_labelledby=f"{id}-title {id}-desc",
    )


def line(start: Point, end: Point, class_: str) -> Markup:
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_)


def rectangle(corner: Point, opposite: Point, class_: str) -> Markup:
    (x1, y1), (x2, y2) = corner, opposite
    return element(
        "rect", x=min(x1, x2), y=min(y1, y2), width=abs(x2 - x1), height=abs(y2 - y1), class_=class_
    )


def text(
    content: str, at: Point, font: float, *, anchor: str = "start", class_: str = "", halo: bool = False
) -> Markup:
    """One line of text; `halo` keeps it legible on top of lines."""
    names = " ".join(name for name in ("c-text", class_, "c-halo" if halo else "") if name)
    return element("text", content, x=at[0], y=at[1], font_size=font, text_anchor=anchor, class_=names)


def path(points: Iterable[Point | None]) -> str:
    """Path data through the points; None lifts the pen, a point alone becomes a dot-long line."""
    pieces: list[str] = []
    pen_down = False
    for point in points:
        if point is not None:
            pieces.append(f"{'L' if pen_down else 'M'}{short(point[0])} {short(point[1])}")
        pen_down = point is not None
    lonely = re.compile(r"(M[\d.-]+ [\d.-]+)(?=M|$)")
    return lonely.sub(r"\1h.1", "".join(pieces))


def text_width(content: str, font: float) -> float:
    """Width of a line in Pretendard GOV, within a few per cent: no measuring on the server."""
    ems = sum(
        0.87 if east_asian_width(c) in "WF" else 0.28 if c in " .,:;|'il!()·" else 0.57 for c in content
    )
    return ems * font


def wrapped(content: str, width: float, font: float) -> tuple[str, ...]:
    """Lines no wider than `width` where the words allow it."""
    lines = [""]
    for word in content.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, font) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return tuple(lines)


def number(value: float, decimals: int | None = None) -> str:
    """A number for readers: thousands separated, a true minus; four digits unless told otherwise."""
    if decimals is None:
        magnitude = math.floor(math.log10(abs(value))) if value else 0
        decimals = min(max(3 - magnitude, 0), 6)
        plain = f"{value:,.{decimals}f}"
        plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    else:
        plain = f"{value:,.{decimals}f}"
    return plain.replace("-", "−") if float(plain.replace(",", "")) else plain.removeprefix("-")


def ticks(low: float, high: float, count: int) -> tuple[float, ...]:
    """About `count` round values that cover [low, high]; the first and last lie outside or on it."""
    if high <= low:
        room = abs(low) * 0.1 or 1.0
        low, high = low - room, high + room
    raw = (high - low) / max(count - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(step * position for position in range(first, last + 1))


def decimals_of(values: Sequence[float]) -> int:
    """Decimals that tell evenly spaced values apart."""
    step = min((abs(b - a) for a, b in pairwise(values)), default=1.0)
    return next(
        (places for places in range(7) if abs(step * 10**places - round(step * 10**places)) < 1e-6), 6
    )


def period_ticks(labels: Sequence[str], room: int) -> tuple[tuple[int, str], ...]:
    """Positions and words of at most about `room` period labels worth showing.

    Years fall on round years, dates and months ("2025-03-17", "2025-03") on the first period of a
    round month and show the month, anything else falls on every n-th period.
    """
    marks = list(enumerate(range(len(labels))))
    steps = tuple(factor * 10**power for power in range(5) for factor in (1, 2, 5))
    words = list(labels)
    if all(re.fullmatch(r"\d{4}", label) for label in labels):
        marks = [(position, int(label)) for position, label in enumerate(labels)]
    elif all(re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", label) for label in labels):
        starts = _month_starts(labels)
        if len(starts) > 2:
            marks, steps = starts, (1, 2, 3, 6, 12, 24, 60, 120)
            words = [label[:7] for label in labels]
    for step in steps:
        chosen = tuple((position, words[position]) for position, value in marks if value % step == 0)
        if 0 < len(chosen) <= room:
            return chosen
    return ((0, labels[0]),)


def _month_starts(labels: Sequence[str]) -> list[tuple[int, int]]:
    """(position, months since year 0) of every period that opens a month.

    The first period counts only where it begins its month: a stub would crowd the next label.
    """
    months = [int(label[:4]) * 12 + int(label[5:7]) - 1 for label in labels]
    opens = [labels[0][8:] in ("", "01"), *(b != a for a, b in pairwise(months))]
    return [(position, months[position]) for position, does in enumerate(opens) if does]


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> tuple[float, ...]:
    """Centres near the wanted ones: blocks of these heights do not overlap, within [low, high]."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    placed = [0.0] * len(wanted)
    floor = low
    for index in order:
        placed[index] = max(wanted[index], floor + heights[index] / 2)
        floor = placed[index] + heights[index] / 2
    ceiling = high
    for index in reversed(order):
        placed[index] = min(placed[index], ceiling - heights[index] / 2)
        ceiling = placed[index] - heights[index] / 2
    return tuple(placed)
