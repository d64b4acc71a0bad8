"""Whether readings keep a bound: districts apart, and no data never taken for kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from experiments.compliance import Gathering, Side, Verdict, compliance

NAN = float("nan")


def judged(values, completeness=None, **changes):
    cells = np.array(values, dtype=float)
    came = np.where(np.isnan(cells), 0.0, 1.0) if completeness is None else np.array(completeness, float)
    rule = {"gathering": Gathering.MEAN, "side": Side.AT_MOST, "bound": 5.0, "least_completeness": 0.8}
    return compliance(cells, came, **(rule | changes))


@pytest.mark.parametrize(("value", "verdict"), [(5.0, "kept"), (5.01, "breached"), (-1.0, "kept")])
def test_the_bound_itself_is_kept(value, verdict):
    assert judged([[value, value]]).verdict == verdict


@pytest.mark.parametrize(("value", "verdict"), [(5.0, "kept"), (4.99, "breached")])
def test_at_least_is_the_other_side(value, verdict):
    assert judged([[value]], side=Side.AT_LEAST).verdict == verdict


def test_one_district_that_breaks_it_is_enough_and_is_named():
    found = judged([[1, 1], [6, 8], [2, 2]])
    assert (found.verdict, found.value, found.unit) == ("breached", 7.0, 1)


@pytest.mark.parametrize(
    ("gathering", "value"), [("mean", 2.0), ("sum", 6.0), ("highest", 3.0), ("lowest", 1.0)]
)
def test_the_periods_of_a_window_become_one_number(gathering, value):
    assert judged([[1, 2, 3]], gathering=Gathering(gathering)).value == value


def test_what_was_not_measured_is_not_kept():
    found = judged([[NAN, NAN]])
    assert (found.verdict, found.value, found.completeness) == ("no_data", None, 0.0)


def test_a_district_without_readings_keeps_nothing():
    assert judged([[1, 1], [NAN, NAN]]).verdict == Verdict.NO_DATA


def test_too_few_readings_are_no_data_on_either_side():
    few = [[1, 1, 1, 1, 0], [0.5] * 5]
    assert judged([[1] * 5, [1] * 5], few).verdict == Verdict.NO_DATA
    assert judged([[1] * 5, [9] * 5], few).verdict == Verdict.NO_DATA
    assert judged([[9] * 5, [1] * 5], few).verdict == Verdict.BREACHED


def test_a_peak_above_the_bound_stands_however_little_came():
    found = judged([[NAN, NAN, NAN, 9]], gathering=Gathering.HIGHEST)
    assert (found.verdict, found.completeness) == ("breached", 0.25)


def test_nothing_to_judge_is_refused():
    with pytest.raises(ValueError, match="units x periods"):
        judged(np.empty((0, 3)))


@given(
    arrays(float, (3, 4), elements=st.one_of(st.just(NAN), st.floats(0, 10))),
    st.sampled_from(list(Gathering)),
    st.sampled_from(list(Side)),
)
def test_losing_readings_never_makes_anything_kept(values, gathering, side):
    rule = {"gathering": gathering, "side": side}
    fewer = values.copy()
    fewer[0] = NAN
    assert judged(fewer, **rule).verdict != Verdict.KEPT
