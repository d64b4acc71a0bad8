"""Charts: what is drawn where, and what screen readers and hostile labels get."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from sandbox.web import charts, coverage, maps
from sandbox.web.charts import EventStudy, GuardrailTrack, PlaceboGaps, TwoPaths
from sandbox.web.coverage import CoverageCalendar
from sandbox.web.maps import DistrictMap, MapDistrict, Role
from sandbox.web.placebo_spread import PlaceboSpread, placebo_spread

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</text><script>alert("1")</script>&'

PATHS = TwoPaths(
    periods=("2001", "2002", "2003", "2004", "2005"),
    treated=(10.0, 9.0, 8.0, 4.0, 2.0),
    counterfactual=(10.0, 9.0, 8.0, 7.0, 6.0),
    first_treated="2004",
    value_label="minutes",
    period_label="year",
    treated_label="treated",
    counterfactual_label="synthetic",
    start_label="start",
)
PLACEBOS = PlaceboGaps(
    periods=PATHS.periods,
    treated_gap=(0.0, 0.1, -0.1, -3.0, -4.0),
    placebo_gaps={"A": (0.5, -0.5, 0.5, 0.0, 1.0), "B": (0.0, 0.0, 0.0, 1.0, None)},
    first_treated="2004",
    value_label="gap",
    period_label="year",
    treated_label="treated",
    placebo_label="2 placebos",
    start_label="start",
)
EVENTS = EventStudy(
    offsets=(-3, -2, -1, 0, 1),
    estimates=(0.1, -0.1, 0.0, -1.0, None),
    lower=(-0.4, -0.6, 0.0, -1.5, None),
    upper=(0.6, 0.4, 0.0, -0.5, None),
    reference=-1,
    value_label="minutes",
    offset_label="months",
    estimate_label="estimate",
    lower_label="lower",
    upper_label="upper",
    reference_label="reference",
    before_label="before",
    after_label="after",
)
SPREAD = PlaceboSpread(
    treated=-2.0,
    placebos={"A": 1.0, "B": -0.5, "C": 0.25},
    value_label="effect",
    rank_label="rank",
    name_label="district",
    treated_label="treated",
)
GUARDRAIL = GuardrailTrack(
    periods=("2026-01", "2026-02", "2026-03", "2026-04"),
    estimates=(0.0, 0.1, 0.2, 0.3),
    lower=(-0.5, -0.3, -0.1, 0.1),
    upper=(0.5, 0.5, 0.5, 0.5),
    margin=0.4,
    harm_above=True,
    value_label="conflicts",
    period_label="month",
    estimate_label="estimate",
    lower_label="lower",
    upper_label="upper",
    margin_label="margin 0.4",
)


def square(west: float, south: float, size: float = 0.02) -> dict[str, Any]:
    ring = [[west, south], [west + size, south], [west + size, south + size], [west, south + size]]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


DISTRICTS = DistrictMap(
    districts=(
        MapDistrict("솔샘동", Role.TREATED, square(127.00, 36.50)),
        MapDistrict("여울동", Role.CONTROL, square(127.02, 36.50)),
        MapDistrict("미르동", Role.OTHER, square(127.00, 36.52)),
    ),
    role_labels={Role.TREATED: "treated", Role.CONTROL: "control", Role.OTHER: "other"},
    district_label="district",
    role_label="role",
)
COVERAGE = CoverageCalendar(
    periods=("2026-01", "2026-02", "2026-03", "2026-04"),
    shares={"솔샘동": (1.0, 0.5, 0.0, None)},
    period_label="month",
    full_label="complete",
    part_label="part",
    none_label="none",
)
EVERY_CHART = [
    pytest.param(charts.treated_and_counterfactual, PATHS, id="two paths"),
    pytest.param(charts.placebo_gaps, PLACEBOS, id="placebo gaps"),
    pytest.param(charts.event_study, EVENTS, id="event study"),
    pytest.param(charts.guardrail_track, GUARDRAIL, id="guardrail"),
    pytest.param(maps.district_map, DISTRICTS, id="map"),
    pytest.param(coverage.coverage_calendar, COVERAGE, id="coverage"),
]
every_chart = pytest.mark.parametrize(("draw", "values"), EVERY_CHART)
both_sizes = pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])


def parsed(svg: str) -> Element:
    return ElementTree.fromstring(svg)


def drawn(draw: Callable[..., str], values: object, *, narrow: bool = False) -> Element:
    return parsed(draw(values, "chart", "Title", "Description", narrow))


def of_class(root: Element, name: str) -> list[Element]:
    return [each for each in root.iter() if name in each.get("class", "").split()]


def only(root: Element, name: str) -> Element:
    (found,) = of_class(root, name)
    return found


def points(curve: Element) -> list[tuple[float, float]]:
    pairs = re.findall(r"(-?[\d.]+) (-?[\d.]+)", curve.get("d", ""))
    return [(float(x), float(y)) for x, y in pairs]


def texts(root: Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


@every_chart
@both_sizes
def test_chart_is_an_image_with_title_and_description(draw, values, narrow):
    root = drawn(draw, values, narrow=narrow)
    named = {each.get("id"): each.text for each in root.iter() if each.tag in (f"{SVG}title", f"{SVG}desc")}
    assert root.get("role") == "img"
    assert [named[part] for part in root.get("aria-labelledby", "").split()] == ["Title", "Description"]


@every_chart
@both_sizes
def test_chart_carries_no_inline_style_script_or_outside_address(draw, values, narrow):
    root = drawn(draw, values, narrow=narrow)
    attributes = {name for each in root.iter() for name in each.attrib}
    assert not {name for name in attributes if name == "style" or name.startswith("on") or "href" in name}
    assert not list(root.iter(f"{SVG}script"))


@every_chart
@both_sizes
def test_text_is_large_enough_and_inside_the_sheet(draw, values, narrow):
    root = drawn(draw, values, narrow=narrow)
    width, height = (float(part) for part in root.get("viewBox", "").split()[2:])
    assert width == (360 if narrow else 800)
    for each in root.iter(f"{SVG}text"):
        assert float(each.get("font-size", 0)) >= 12
        assert 0 <= float(each.get("x", -1)) <= width
        assert 0 <= float(each.get("y", -1)) <= height


@every_chart
def test_figure_has_two_drawings_without_a_common_id(draw, values):
    figure = charts.figure(draw, values, id="one", title="Title", description="Description")
    ids = [re.findall(r' id="([^"]+)"', drawing) for drawing in (figure.wide, figure.narrow)]
    assert len(set(ids[0] + ids[1])) == len(ids[0]) + len(ids[1])
    assert {"one-title", "one-desc"} <= set(ids[0])
    assert {"one-narrow-title", "one-narrow-desc"} <= set(ids[1])


@every_chart
def test_table_has_a_cell_for_every_header(draw, values):
    table = values.table()
    assert table.rows
    assert {len(row) for row in table.rows} == {len(table.header)}


@pytest.mark.parametrize(
    ("draw", "values"),
    [
        (charts.treated_and_counterfactual, replace(PATHS, treated_label=HOSTILE, start_label=HOSTILE)),
        (charts.placebo_gaps, replace(PLACEBOS, placebo_label=HOSTILE, value_label=HOSTILE)),
        (charts.event_study, replace(EVENTS, before_label=HOSTILE, reference_label=HOSTILE)),
        (charts.guardrail_track, replace(GUARDRAIL, margin_label=HOSTILE, estimate_label=HOSTILE)),
        (
            maps.district_map,
            replace(DISTRICTS, districts=(MapDistrict(HOSTILE, Role.OTHER, square(127, 36)),)),
        ),
        (coverage.coverage_calendar, replace(COVERAGE, shares={HOSTILE: (1.0,) * 4})),
    ],
)
@both_sizes
def test_hostile_label_stays_text(draw, values, narrow):
    root = drawn(draw, values, narrow=narrow)
    assert not [each.tag for each in root.iter() if each.tag.endswith("script")]
    assert "<script>" in " ".join(filter(None, (each.text for each in root.iter())))


def test_hostile_title_and_description_stay_text():
    root = parsed(charts.treated_and_counterfactual(PATHS, "chart", HOSTILE, HOSTILE))
    assert [root[0].text, root[1].text] == [HOSTILE, HOSTILE]


@both_sizes
def test_lines_follow_the_values(narrow):
    root = drawn(charts.treated_and_counterfactual, PATHS, narrow=narrow)
    treated, synthetic = (
        points(next(each for each in of_class(root, name) if each.tag == f"{SVG}path"))
        for name in ("c-treated", "c-counterfactual")
    )
    assert treated[:3] == synthetic[:3]
    # Lower on the sheet means a larger y: treated ends at 2, the synthetic control at 6.
    assert treated[4][1] > synthetic[4][1]
    steps = {round(b[0] - a[0], 0) for a, b in itertools.pairwise(treated)}
    assert len(steps) == 1


def test_start_is_marked_between_the_last_period_before_and_the_first_one():
    root = drawn(charts.treated_and_counterfactual, PATHS)
    (xs, start) = ([x for x, _ in points(only(root, "c-treated"))], only(root, "c-start"))
    assert float(start.get("x1", 0)) == pytest.approx((xs[2] + xs[3]) / 2, abs=0.1)


def test_time_after_the_start_is_shaded_to_the_end():
    root = drawn(charts.treated_and_counterfactual, PATHS)
    shade, start = only(root, "c-after"), only(root, "c-start")
    left, width = float(shade.get("x", 0)), float(shade.get("width", 0))
    assert left == float(start.get("x1", 0))
    assert left + width == pytest.approx(points(only(root, "c-treated"))[-1][0], abs=0.2)


def test_missing_value_breaks_the_line():
    root = drawn(charts.treated_and_counterfactual, replace(PATHS, treated=(10.0, 9.0, None, 4.0, 2.0)))
    assert only(root, "c-treated").get("d", "").count("M") == 2


def test_lines_are_named_where_they_end():
    root = drawn(charts.treated_and_counterfactual, PATHS)
    treated, synthetic = only(root, "c-treated-text"), only(root, "c-counterfactual-text")
    end = points(only(root, "c-treated"))[-1]
    assert float(treated.get("x", 0)) > end[0]
    assert float(treated.get("y", 0)) == pytest.approx(end[1], abs=10)
    assert float(synthetic.get("y", 0)) < float(treated.get("y", 0))


def test_narrow_drawing_names_its_lines_in_a_key_above():
    root = drawn(charts.treated_and_counterfactual, PATHS, narrow=True)
    top = min(y for _, y in points(of_class(root, "c-treated")[0]))
    assert float(only(root, "c-treated-text").get("y", 999)) < top
    # One swatch and one curve: the key repeats the line's own look.
    assert len(of_class(root, "c-treated")) == 2


@pytest.mark.parametrize(("count", "fine"), [(150, 0), (151, 2)])
def test_dense_series_are_drawn_fine(count, fine):
    days = tuple(f"day {n}" for n in range(count))
    dense = replace(
        PATHS, periods=days, treated=(1.0,) * count, counterfactual=(2.0,) * count, first_treated="day 9"
    )
    assert len(of_class(drawn(charts.treated_and_counterfactual, dense), "c-fine")) == fine


def test_unknown_start_is_refused():
    with pytest.raises(ValueError, match="1999"):
        charts.treated_and_counterfactual(replace(PATHS, first_treated="1999"), "chart", "t", "d")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_value_that_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match="finite"):
        charts.treated_and_counterfactual(replace(PATHS, treated=(value,) * 5), "chart", "t", "d")


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match=r"zip|shorter"):
        replace(PATHS, treated=(1.0, 2.0)).table()


def test_series_without_any_value_still_gives_a_chart():
    empty = replace(PATHS, treated=(None,) * 5, counterfactual=(None,) * 5)
    assert only(drawn(charts.treated_and_counterfactual, empty), "c-treated").get("d") == ""


def test_every_placebo_is_drawn_under_the_treated_gap():
    root = drawn(charts.placebo_gaps, PLACEBOS)
    order = [each.get("class") for each in root if each.tag == f"{SVG}path"]
    assert order == ["c-placebo", "c-placebo", "c-treated"]


def test_zero_line_lies_at_zero():
    root = drawn(charts.placebo_gaps, PLACEBOS)
    assert float(only(root, "c-zero").get("y1", 0)) == pytest.approx(points(only(root, "c-treated"))[0][1])


def test_placebo_table_has_a_column_for_every_control():
    table = PLACEBOS.table()
    assert table.header == ("year", "treated", "A", "B")
    assert table.rows[-1] == ("2005", "−4.000", "1.000", None)


def test_numbers_of_a_column_have_the_same_decimals():
    table = replace(
        PATHS, treated=(118.25, 9.0, None, 0.5, -2.0), counterfactual=(1.0, 2.0, 3.0, 4.0, 5e3)
    ).table()
    assert [row[1] for row in table.rows] == ["118.2", "9.0", None, "0.5", "−2.0"]
    assert [row[2] for row in table.rows] == ["1", "2", "3", "4", "5,000"]


def test_every_estimate_has_a_point_and_an_interval():
    root = drawn(charts.event_study, EVENTS)
    assert len(of_class(root, "c-point")) == 3
    assert len(of_class(root, "c-interval")) == 3


def test_interval_reaches_from_the_lower_to_the_upper_end():
    root = drawn(charts.event_study, EVENTS)
    point, interval = of_class(root, "c-point")[0], of_class(root, "c-interval")[0]
    heights = [y for _, y in points(interval)]
    middle = float(point.get("cy", 0))
    # 0.1 lies in the middle of [-0.4, 0.6].
    assert middle == pytest.approx((min(heights) + max(heights)) / 2, abs=0.2)


def test_reference_period_is_hollow_and_at_zero():
    root = drawn(charts.event_study, EVENTS)
    assert only(root, "c-reference").get("cy") == only(root, "c-zero").get("y1")


def test_event_study_start_lies_between_minus_one_and_zero():
    root = drawn(charts.event_study, EVENTS)
    reference = float(only(root, "c-reference").get("cx", 0))
    first_after = float(of_class(root, "c-point")[2].get("cx", 0))
    assert float(only(root, "c-start").get("x1", 0)) == pytest.approx((reference + first_after) / 2, abs=0.1)


def test_estimate_without_interval_is_a_point_alone():
    root = drawn(charts.event_study, replace(EVENTS, lower=(None,) * 5))
    assert len(of_class(root, "c-point")) == 3
    assert of_class(root, "c-interval") == []


@pytest.mark.parametrize("harm_above", [True, False])
def test_harm_is_tinted_on_its_side_of_the_margin(harm_above):
    root = drawn(charts.guardrail_track, replace(GUARDRAIL, harm_above=harm_above))
    margin = float(only(root, "c-margin").get("y1", 0))
    tint = only(root, "c-beyond")
    top, bottom = float(tint.get("y", 0)), float(tint.get("y", 0)) + float(tint.get("height", 0))
    assert margin == pytest.approx(bottom if harm_above else top, abs=0.1)


def test_margin_words_stand_on_the_side_of_harm():
    root = drawn(charts.guardrail_track, GUARDRAIL)
    words = next(each for each in root.iter(f"{SVG}text") if each.text == "margin 0.4")
    assert float(words.get("y", 0)) < float(only(root, "c-margin").get("y1", 0))


def test_margin_stays_visible_when_the_estimates_are_far_from_it():
    root = drawn(charts.guardrail_track, replace(GUARDRAIL, margin=9.0))
    height = float(root.get("viewBox", "").split()[3])
    assert 0 < float(only(root, "c-margin").get("y1", 0)) < height


def test_unbounded_interval_breaks_the_band():
    root = drawn(charts.guardrail_track, replace(GUARDRAIL, upper=(0.5, None, 0.5, 0.5)))
    assert len(of_class(root, "c-band")) == 2


def test_map_has_north_above_south_and_west_left_of_east():
    root = drawn(maps.district_map, DISTRICTS)
    middle = {
        each.find(f"{SVG}title").text: (
            sum(x for x, _ in points(each)[:4]) / 4,
            sum(y for _, y in points(each)[:4]) / 4,
        )
        for each in of_class(root, "c-district")
        if each.tag == f"{SVG}path"
    }
    assert middle["솔샘동"][0] < middle["여울동"][0]
    assert middle["미르동"][1] < middle["솔샘동"][1]


def test_roles_differ_by_pattern_and_not_by_colour_alone():
    root = drawn(maps.district_map, DISTRICTS)
    pattern = next(root.iter(f"{SVG}pattern")).get("id")
    for each in of_class(root, "c-district-control"):
        assert each.get("fill") == f"url(#{pattern})"
    assert of_class(root, "c-district-treated")[0].get("fill") is None


def test_two_maps_on_a_page_do_not_share_their_pattern():
    one, other = (maps.district_map(DISTRICTS, name, "t", "d") for name in ("one", "other"))
    assert 'id="one-hatch"' in one
    assert 'id="other-hatch"' in other


def test_districts_are_named_on_the_map_where_the_name_fits():
    long = replace(DISTRICTS, districts=(replace(DISTRICTS.districts[0], name="아주 긴 이름 " * 12),))
    assert "솔샘동" in texts(drawn(maps.district_map, DISTRICTS))
    assert len(texts(drawn(maps.district_map, long))) == 1  # the key alone


def test_map_table_lists_every_district_treated_first():
    assert DISTRICTS.table().rows == (("솔샘동", "treated"), ("여울동", "control"), ("미르동", "other"))


def test_outline_is_read_from_text_too():
    text = '{"type": "MultiPolygon", "coordinates": [[[[127, 36], [128, 36], [128, 37], [127, 36]]]]}'
    assert maps.polygons(text) == ((((127.0, 36.0), (128.0, 36.0), (128.0, 37.0), (127.0, 36.0)),),)


@pytest.mark.parametrize(
    "outline",
    [
        "",
        "[]",
        '{"type": "Point", "coordinates": [1, 2]}',
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": [[1]]},
    ],
)
def test_what_is_no_polygon_is_refused(outline):
    with pytest.raises(ValueError, match="GeoJSON"):
        maps.polygons(outline)


def test_map_without_outlines_is_refused():
    with pytest.raises(ValueError, match="outline"):
        maps.district_map(replace(DISTRICTS, districts=()), "chart", "t", "d")


def test_cells_tell_complete_part_and_none_apart():
    root = drawn(coverage.coverage_calendar, COVERAGE)
    # One swatch each in the key, and in the row: 1 complete, 1 part, 2 without readings.
    assert len(of_class(root, "c-cell-part")) == 1 + 1
    assert len(of_class(root, "c-cell-none")) == 1 + 2
    assert len(of_class(root, "c-cell-full")) == (1 + 1) + (1 + 1)


def test_part_never_looks_complete():
    root = drawn(coverage.coverage_calendar, replace(COVERAGE, shares={"솔샘동": (0.99,) * 4}))
    assert len(of_class(root, "c-cell-part")) == 1 + 4
    ground, filled = of_class(root, "c-cell-part")[-1], of_class(root, "c-cell-full")[-1]
    assert float(filled.get("height", 0)) < 0.9 * float(ground.get("height", 0))


# -- placebos in order --------------------------------------------------------------------------------


@pytest.mark.parametrize("narrow", [False, True])
def test_the_pilot_is_the_one_point_in_colour_among_the_placebos(narrow):
    drawn = ElementTree.fromstring(placebo_spread(SPREAD, "spread", "title", "description", narrow))
    points = [each.get("class") for each in drawn.iter(f"{SVG}circle")]
    assert points.count("c-point") == 1
    assert points.count("c-placebo-point") == 4
    assert "treated" in [each.text for each in drawn.iter(f"{SVG}text")]


def test_placebos_are_listed_in_the_order_in_which_they_are_drawn():
    assert [row[0] for row in SPREAD.table().rows] == ["treated", "B", "C", "A"]


def test_the_events_lie_on_a_band_that_breaks_where_an_interval_is_missing():
    drawn = ElementTree.fromstring(charts.event_study(EVENTS, "events", "title", "description"))
    assert len([each for each in drawn.iter(f"{SVG}path") if each.get("class") == "c-band"]) == 1
