"""Scales, words and elements that every chart is drawn with."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from sandbox.web import drawing

FINITE = st.floats(-1e9, 1e9, allow_nan=False)


def test_text_is_escaped_and_markup_is_kept():
    inner = drawing.element("b", "<i>")
    assert drawing.element("a", inner, "&") == Markup("<a><b>&lt;i&gt;</b>&amp;</a>")


def test_attributes_are_escaped():
    assert drawing.element("a", class_='"><script>') == '<a class="&#34;&gt;&lt;script&gt;"></a>'


def test_underscores_in_attribute_names_become_hyphens():
    assert drawing.element("text", font_size=14.0) == '<text font-size="14"></text>'


@pytest.mark.parametrize(
    ("value", "said"), [(1.0, "1"), (1.25, "1.2"), (-0.04, "0"), (-0.5, "-0.5"), (100.0, "100")]
)
def test_coordinates_are_short(value, said):
    assert drawing.short(value) == said


@pytest.mark.parametrize("unusable", ["", "1st", "a b", 'x"y', "한글", "a#b"])
def test_unusable_id_is_refused(unusable):
    with pytest.raises(ValueError, match="id"):
        drawing.svg(unusable, "t", "d", drawing.WIDE)


def test_drawing_is_one_image_with_name_and_description():
    image = drawing.svg("gap", "A & B", "how <to> read", drawing.WIDE)
    root = ElementTree.fromstring(image)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "gap-title gap-desc"
    assert [(part.get("id"), part.text) for part in root] == [
        ("gap-title", "A & B"),
        ("gap-desc", "how <to> read"),
    ]


@given(FINITE, FINITE)
def test_ticks_cover_the_values_evenly(one, other):
    low, high = sorted((one, other))
    marks = drawing.ticks(low, high, 6)
    slack = 1e-6 * max(abs(low), abs(high), 1)
    assert marks[0] <= low + slack
    assert marks[-1] >= high - slack
    assert 2 <= len(marks) <= 9
    steps = [b - a for a, b in itertools.pairwise(marks)]
    assert max(steps) - min(steps) <= 1e-6 * max(steps) + slack


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (0, 10, (0, 2, 4, 6, 8, 10)),
        (65, 119, (60, 80, 100, 120)),
        (-1.6, 0.42, (-2, -1.5, -1, -0.5, 0, 0.5)),
    ],
)
def test_ticks_are_round(low, high, marks):
    assert drawing.ticks(low, high, 6) == pytest.approx(marks)


def test_single_value_gets_room_on_both_sides():
    marks = drawing.ticks(5, 5, 6)
    assert marks[0] < 5 < marks[-1]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1234567.0, "1,234,567"),
        (-19.5136, "−19.51"),
        (0.012345, "0.01235"),
        (2.50, "2.5"),
    ],
)
def test_numbers_are_written_for_readers(value, said):
    assert drawing.number(value) == said


def test_number_that_rounds_to_zero_has_no_sign():
    assert drawing.number(-0.001, 1) == "0.0"


def test_path_lifts_the_pen_at_missing_points():
    assert drawing.path([(0, 0), (1, 1), None, (3, 3), (4, 4)]) == "M0 0L1 1M3 3L4 4"


def test_lonely_point_stays_visible():
    assert drawing.path([None, (1, 2), None, (3, 4)]) == "M1 2h.1M3 4h.1"


def test_years_are_marked_at_round_years():
    years = tuple(str(year) for year in range(1970, 2001))
    assert [words for _, words in drawing.period_ticks(years, 5)] == ["1970", "1980", "1990", "2000"]


def test_days_are_marked_at_the_first_of_round_months():
    days = [f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    marks = drawing.period_ticks(days, 5)
    assert [words for _, words in marks] == ["2025-01", "2025-04", "2025-07", "2025-10"]
    assert all(days[position].endswith("-01") for position, _ in marks)


def test_month_that_was_cut_at_the_start_is_not_marked():
    days = ["2025-01-30", "2025-01-31", "2025-02-01", "2025-03-01", "2025-04-01"]
    assert drawing.period_ticks(days, 9)[0] == (2, "2025-02")


def test_few_days_are_marked_in_full():
    days = [f"2025-03-{day:02}" for day in range(3, 9)]
    assert drawing.period_ticks(days, 3) == ((0, "2025-03-03"), (2, "2025-03-05"), (4, "2025-03-07"))


@given(st.integers(1, 800), st.integers(1, 12))
def test_marks_never_outnumber_the_room(count, room):
    labels = [f"week {n}" for n in range(count)]
    assert 1 <= len(drawing.period_ticks(labels, room)) <= room


@given(st.lists(st.floats(0, 300), min_size=2, max_size=4))
def test_spread_labels_do_not_overlap(wanted):
    placed = sorted(drawing.spread(wanted, [20.0] * len(wanted), 0, 300))
    assert all(b - a >= 20 - 1e-6 for a, b in itertools.pairwise(placed))
    assert placed[0] >= 10 - 1e-6
    assert placed[-1] <= 290 + 1e-6


def test_labels_with_room_stay_where_they_are():
    assert drawing.spread([250, 40], [20, 20], 0, 300) == (250, 40)


def test_long_labels_are_wrapped_between_words():
    assert drawing.wrapped("대조 구역 24곳 위약 검정", 80, 14) == ("대조 구역", "24곳 위약", "검정")


def test_plot_puts_higher_values_higher_and_later_periods_further_right():
    plot = drawing.Plot(left=50, top=20, right=450, bottom=220, count=5, marks=(0.0, 50.0, 100.0))
    assert (plot.x(0), plot.x(2), plot.x(4)) == (50, 250, 450)
    assert (plot.y(0), plot.y(50), plot.y(100)) == (220, 120, 20)


def test_padded_plot_keeps_its_points_off_the_edges():
    plot = drawing.Plot(left=0, top=0, right=400, bottom=100, count=3, marks=(0.0, 1.0), pad=0.5)
    assert plot.x(0) == pytest.approx(400 / 6)
    assert plot.x(2) == pytest.approx(400 * 5 / 6)
