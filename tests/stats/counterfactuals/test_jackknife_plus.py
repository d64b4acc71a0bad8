import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.counterfactuals.counterfactual import mixes, parallel
from stats.counterfactuals.jackknife_plus import jackknife_plus
from stats.counterfactuals.nested_intervals import nested
from stats.errors import EstimationError
from stats.inference import Interval
from tests.stats.build import noise


def created(periods=26, start=20, seed=0, effect=0.0):
    outcomes = noise(7, periods, seed=seed)
    outcomes[0, start:] += effect
    return outcomes[0], outcomes[1:], start


def test_a_toy_case_is_left_out_by_hand():
    # One flat donor: each prediction is the mean of the other two periods.
    treated, donors = np.array([6.0, 3.0, 0.0, 10.0]), np.zeros((1, 4))
    found = jackknife_plus(treated, donors, 3, counterfactual=parallel, alpha=0.5)
    assert found.held_out == pytest.approx([6 - 1.5, 3 - 3, 0 - 4.5])
    predictions, errors = np.array([1.5, 3.0, 4.5]), np.array([4.5, 0.0, 4.5])
    low, high = np.quantile(predictions - errors, 0.25), np.quantile(predictions + errors, 0.75)
    assert found.by_period[0].interval == Interval(10 - high, 10 - low)
    wide = jackknife_plus(treated, donors, 3, counterfactual=parallel, alpha=0.5, conservative=True)
    reach = np.quantile(errors, 0.5)
    assert wide.by_period[0].interval == Interval(10 - 4.5 - reach, 10 - 1.5 + reach)
    assert found.gaps == pytest.approx([7.0])


@pytest.mark.parametrize("conservative", [False, True])
def test_a_large_effect_is_seen_and_none_is_not(conservative):
    none = jackknife_plus(*created(), conservative=conservative)
    large = jackknife_plus(*created(effect=8.0), conservative=conservative)
    assert none.average.p_value > 0.05
    assert large.average.p_value <= 0.05
    assert large.average.interval.low == pytest.approx(none.average.interval.low + 8.0)


def test_the_average_lies_round_the_mean_gap():
    found = jackknife_plus(*created(effect=1.0), counterfactual=mixes)
    assert found.average.interval.contains(found.gaps.mean())


def test_the_p_value_of_nested_intervals_is_the_least_level_without_zero():
    inference = nested(lambda level: Interval(0.3 - (1 - level), 0.3 + (1 - level)), 0.05, "made")
    assert inference.p_value == pytest.approx(0.7, abs=1e-5)
    assert nested(lambda level: Interval(-1.0, 1.0), 0.05, "made").p_value == 1.0


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"start": 2}, "start"),
        ({"start": 26}, "start"),
        ({"alpha": 1.5}, "alpha"),
        ({"donors": np.empty((0, 26))}, "donors"),
        ({"treated": np.full(26, np.nan)}, "treated"),
    ],
)
def test_what_cannot_be_left_out_is_refused_by_name(changes, argument):
    treated, donors, start = created()
    given = {"treated": treated, "donors": donors, "start": start} | changes
    with pytest.raises(EstimationError) as refused:
        jackknife_plus(given.pop("treated"), given.pop("donors"), given.pop("start"), **given)
    assert refused.value.argument == argument


@given(st.integers(0, 300), st.sampled_from([0.05, 0.2]), st.booleans(), st.sampled_from([-1.0, 1e4]))
@settings(max_examples=15, deadline=None)
def test_p_value_and_interval_agree_and_a_scale_scales(seed, alpha, conservative, scale):
    treated, donors, start = created(seed=seed, effect=seed % 4)
    plain = jackknife_plus(treated, donors, start, alpha=alpha, conservative=conservative)
    moved = jackknife_plus(scale * treated, scale * donors, start, alpha=alpha, conservative=conservative)
    for one, other in zip((*plain.by_period, plain.average), (*moved.by_period, moved.average), strict=True):
        assert one.interval.contains(0.0) == (one.p_value > alpha)
        assert other.p_value == pytest.approx(one.p_value, abs=1e-4)
