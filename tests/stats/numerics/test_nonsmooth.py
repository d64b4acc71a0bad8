import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.numerics.nonsmooth import descended, spread_evenly

# Descents end where three steps in a row gain less than a millionth.
CLOSE = 1e-3


def bowl(place):
    scale = np.array([1.0, 30.0])
    return float((place - 1) ** 2 @ scale) + 1, 2 * scale * (place - 1)


def ravine(place):
    """Lewis and Overton's example: a kink along a parabola, least (0) at (1, 1)."""
    off = place[1] - place[0] ** 2
    side = np.sign(off)
    slope = np.array([2 * (place[0] - 1) - 16 * side * place[0], 8 * side])
    return float(8 * abs(off) + (1 - place[0]) ** 2) + 1, slope


def test_a_bowl_is_descended_to_its_bottom():
    assert descended(bowl, np.array([-5.0, 8.0]), 100).place == pytest.approx([1, 1], abs=CLOSE)


@given(st.floats(-2, 2), st.floats(-2, 2))
@settings(max_examples=25)
def test_nothing_is_ever_climbed(x, y):
    start = np.array([x, y])
    assert descended(ravine, start, 300).value <= ravine(start)[0]


@pytest.mark.parametrize("start", [(-1.2, 1.5), (0.3, -1.0), (1.7, 0.2), (-0.5, -1.5)])
def test_a_kink_is_followed_to_its_lowest_place(start):
    assert descended(ravine, np.array(start), 300).value == pytest.approx(1.0, abs=0.01)


def test_a_flat_place_is_left_alone():
    point = descended(lambda _: (3.0, np.zeros(2)), np.ones(2), 10)
    assert point.value == 3.0
    np.testing.assert_array_equal(point.place, [1, 1])


@pytest.mark.parametrize("dimensions", [1, 3, 8])
def test_points_fill_the_cube_evenly(dimensions):
    points = spread_evenly(400, dimensions)
    assert points.shape == (400, dimensions)
    for column in points.T:
        counts, _ = np.histogram(column, bins=10, range=(0, 1))
        assert counts.min() > 30
        assert counts.max() < 50
