import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.inference import Inference, Interval, student_t
from stats.reasons import placebos_too_few_for_level
from stats.results import Estimate
from stats.rounding import Rounding, plain


@pytest.mark.parametrize(
    ("scale", "value", "rounded"),
    [(100.0, 19.51362972136321, 19.5136297), (1.0, 1 / 3, 0.333333333), (1e6, 0.123456789, 0.123)],
)
def test_outcomes_keep_the_tenth_digit_of_the_largest(scale, value, rounded):
    assert Rounding(scale).natural(value) == rounded


@given(st.floats(-1e300, 1e300))
def test_other_numbers_keep_ten_digits(value):
    assert plain(value) == pytest.approx(value, rel=1e-9, abs=1e-320)
    assert plain(plain(value)) == plain(value)


def test_there_is_one_zero():
    assert math.copysign(1.0, Rounding(1.0).natural(-1e-12)) == 1.0


def test_gaps_in_a_series_are_none():
    assert Rounding(1.0).series(np.array([1.0, np.nan])) == (1.0, None)


@given(st.floats(-1e-8, 1e-8), st.floats(0.5, 2), st.sampled_from([1.0, 1e3]))
def test_rounding_never_moves_an_interval_or_a_p_value_across_the_line(nudge, error, scale):
    edge = 2.2281388519649385  # t quantile at 0.975 with ten degrees of freedom
    exact = student_t(error * (edge + nudge), error, 10.0, alpha=0.05, method="cr1")
    rounded = Rounding(scale).estimate(Estimate(error * edge, exact)).inference
    assert rounded.excludes_zero == exact.excludes_zero
    assert rounded.interval.contains(0.0) == exact.interval.contains(0.0)


def test_an_end_that_would_round_to_the_other_side_of_zero_stays():
    barely = Inference("cr1", 0.05, 0.04, Interval(1e-14, 1.0))
    assert Rounding(1.0).estimate(Estimate(0.5, barely)).inference.interval.low == 1e-14


def test_an_endless_interval_stays_endless():
    endless = Interval(-math.inf, math.inf, placebos_too_few_for_level(3, 0.05))
    before = Estimate(0.5, Inference("placebo_difference", 0.05, 0.5, endless))
    assert Rounding(1.0).estimate(before) == before
