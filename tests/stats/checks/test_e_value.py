import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.checks.e_value import e_value, e_value_of_difference
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, Interval, student_t
from stats.results import Estimate


def test_the_example_of_the_paper():
    """A risk ratio of 3.9 (1.8 to 8.7): E-values 7.26 and 3.0."""
    found = e_value(3.9, 1.8, 8.7)
    assert (round(found.estimate, 2), round(found.limit, 2)) == (7.26, 3.0)
    assert found.finding().level == "ok"


@given(st.floats(0.01, 50))
def test_a_confounder_of_that_strength_explains_just_the_ratio(ratio):
    strength = e_value(ratio, ratio, ratio).estimate
    assert strength**2 / (2 * strength - 1) == pytest.approx(max(ratio, 1 / ratio))


def test_an_interval_that_holds_no_effect_needs_no_confounder():
    found = e_value(1.4, 0.9, 2.0)
    assert found.limit == 1
    assert found.finding().level == "caution"


def test_the_sides_are_alike():
    up, down = e_value(1.2, 1.1, 1.5), e_value(1 / 1.2, 1 / 1.5, 1 / 1.1)
    assert (up.estimate, up.limit) == pytest.approx((down.estimate, down.limit))
    assert up.finding().number == pytest.approx(1.1 + math.sqrt(0.11))
    assert up.finding().level == "caution"


def test_a_difference_counts_in_standard_deviations():
    effect = Estimate(-4.0, student_t(-4.0, 1.0, 30, alpha=0.05, method="t"))
    found = e_value_of_difference(effect, 2.0)
    ends = [math.exp(0.91 * end / 2) for end in (-4.0, *interval_of(effect))]
    assert found == e_value(*ends)


def interval_of(effect):
    return effect.inference.interval.low, effect.inference.interval.high


@pytest.mark.parametrize("ratios", [(0.0, 0.0, 1.0), (2.0, 2.1, 3.0), (1.0, 0.5, math.inf)])
def test_what_is_no_ratio_with_its_interval_is_refused(ratios):
    with pytest.raises(EstimationError):
        e_value(*ratios)


def test_a_difference_without_ends_or_scale_is_refused():
    reason = NotComputable("endless", "끝이 없습니다.", "No end.")
    endless = Estimate(1.0, Inference("rank", 0.05, 0.5, Interval(-math.inf, math.inf, reason)))
    with pytest.raises(EstimationError, match="two ends"):
        e_value_of_difference(endless, 1.0)
    effect = Estimate(4.0, student_t(4.0, 1.0, 30, alpha=0.05, method="t"))
    for deviation in (0.0, 1e-9):
        with pytest.raises(EstimationError, match="standard_deviation"):
            e_value_of_difference(effect, deviation)
