"""Checks of single series, on readings whose faults are put in by hand."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.collection import quality

HOUR = 3_600_000_000


def readings(n=200, *, level=10.0, seed=3):
    return level + np.random.default_rng(seed).normal(0, 1, n).round(3)


def hours(n):
    return np.arange(n, dtype=np.int64) * HOUR


# -- flat lines --------------------------------------------------------------------------------


def test_a_stuck_sensor_is_a_flat_line():
    values = readings()
    values[80:95] = values[80]
    assert quality.longest_flat_line(values) == 15


def test_healthy_readings_are_no_flat_line():
    assert quality.longest_flat_line(readings()) == 0


def test_a_series_that_often_repeats_itself_may_do_so():
    counts = np.random.default_rng(5).poisson(0.2, 500).astype(float)
    assert quality.longest_flat_line(counts) == 0


def test_a_constant_series_is_one_flat_line():
    assert quality.longest_flat_line(np.full(30, 4.0)) == 30


def test_healthy_series_are_hardly_ever_called_stuck():
    # Coarse readings: about one pair in three repeats.
    rng = np.random.default_rng(8)
    stuck = [quality.longest_flat_line(rng.integers(0, 3, 300).astype(float)) > 0 for _ in range(1000)]
    assert sum(stuck) <= 5


# -- outliers ----------------------------------------------------------------------------------


def test_an_outlier_is_found_where_it_is():
    values = readings()
    values[50] += 15
    assert np.flatnonzero(quality.outliers(values)).tolist() == [50]


def test_a_step_is_no_outlier():
    values = np.concatenate([readings(100), readings(100, level=40, seed=4)])
    assert not quality.outliers(values).any()


def test_a_constant_series_has_no_outliers():
    assert not quality.outliers(np.full(40, 2.0)).any()


# -- shifts and units --------------------------------------------------------------------------


def test_a_new_device_that_reads_higher_is_a_shift():
    values = readings(400)
    values[200:] += 4
    shift = quality.shift_at(hours(400), values, 200 * HOUR)
    assert shift.after - shift.before == pytest.approx(4, abs=1)
    assert shift.p_value < 0.01


def test_a_new_device_that_reads_alike_is_none():
    shift = quality.shift_at(hours(400), readings(400), 200 * HOUR)
    assert shift.p_value > 0.05


def test_a_shift_needs_readings_on_both_sides():
    assert quality.shift_at(hours(40), readings(40), 38 * HOUR) is None


@pytest.mark.parametrize("factor", [60.0, 1 / 60, 3.6, 1000.0])
def test_minutes_that_become_seconds_are_noticed(factor):
    values = readings(120)
    values[70:] *= factor
    assert quality.unit_factor(values) == pytest.approx(factor)


@pytest.mark.parametrize("factor", [1.0, 1.2, 7.0])
def test_other_changes_are_no_change_of_unit(factor):
    values = readings(120)
    values[70:] *= factor
    assert quality.unit_factor(values) is None


def test_a_trend_with_two_levels_is_no_change_of_unit():
    """Thirty-one years over which a level grows by six tenths, faster in the middle, as sales do."""
    years = np.arange(31)
    values = 75 * 1.609344 ** (1 / (1 + np.exp(-(years - 15) / 2)))
    assert quality.unit_factor(values) is None
    values[years >= 15] = 75 * 1.609344
    values[years < 15] = 75
    assert quality.unit_factor(values) == pytest.approx(1.609344)


# -- gaps and lateness -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "longest"),
    [([1, 1, 1], 0), ([0, 1, 0, 0, 1], 2), ([0, 0, 0], 3), ([1, 0, 0, 0], 3)],
)
def test_the_longest_gap_is_counted(counts, longest):
    assert quality.longest_gap(np.array(counts)) == longest


def test_a_reading_is_late_where_its_window_had_been_read_without_it():
    ends, finished = np.array([10, 20, 30]), np.array([11, 21, 31])
    at, received = np.array([2, 5, 12, 25]), np.array([11, 21, 21, 31])
    assert quality.late(at, received, ends, finished).tolist() == [False, True, False, False]


def test_what_a_source_was_not_asked_for_is_not_late():
    # The series was mapped after the first two windows; then everything was read again.
    ends, finished = np.array([10, 20, 20]), np.array([11, 21, 31])
    assert not quality.late(np.array([2, 12]), np.array([31, 31]), ends, finished).any()
