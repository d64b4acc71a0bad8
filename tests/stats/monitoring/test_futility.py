import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from stats.errors import EstimationError
from stats.monitoring.futility import futility_plan, stopping
from stats.monitoring.sequential import spending_boundaries
from stats.monitoring.spending import spent

# gsDesign prints four digits; scipy integrates the trivariate normal to about 1e-6.
PRINTED, INTEGRATED = 6e-5, 5e-6
SPENT = 1e-9
THIRDS = (1 / 3, 2 / 3, 1.0)
PUBLISHED = {"spending": "hwang_shih_decani", "parameter": -4.0, "futility_parameter": -2.0}


def test_the_default_plan_of_gsdesign():
    plan = futility_plan(THIRDS, **PUBLISHED)
    assert plan.upper == pytest.approx((3.0107, 2.5465, 1.9992), abs=PRINTED)
    assert plan.lower == pytest.approx((-0.2387, 0.9411, 1.9992), abs=PRINTED)
    assert plan.inflation == pytest.approx(1.0699, abs=PRINTED)


def between(information, lows, highs, drift):
    """Probability of Z between the bounds at each of the looks."""
    times = np.array(information)
    mean = drift * np.sqrt(times)
    covariance = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
    return multivariate_normal(mean, covariance).cdf(highs, lower_limit=lows)


@pytest.mark.parametrize("binding", [True, False])
@pytest.mark.parametrize("drift", [0.0, 2.5])
def test_stopping_by_the_trivariate_normal(binding, drift):
    plan = futility_plan((0.3, 0.7, 1.0), binding=binding, **PUBLISHED)
    found = stopping(plan, drift)
    for look in range(3):
        within = plan.lower[:look], plan.upper[:look]
        part = plan.information[: look + 1]
        above = between(part, (*within[0], plan.upper[look]), (*within[1], math.inf), drift)
        below = between(part, (*within[0], -math.inf), (*within[1], plan.lower[look]), drift)
        assert found.upper[look] == pytest.approx(above, abs=INTEGRATED)
        assert found.lower[look] == pytest.approx(below, abs=INTEGRATED)


looks = st.lists(st.integers(1, 39), max_size=4, unique=True).map(
    lambda days: (*(day / 40 for day in sorted(days)), 1.0)
)


@given(looks, st.sampled_from([0.025, 0.1]), st.sampled_from([0.1, 0.3]), st.booleans())
@settings(max_examples=30)
def test_both_errors_are_spent_as_told(information, alpha, beta, binding):
    plan = futility_plan(information, alpha=alpha, beta=beta, binding=binding)
    idle, moved = stopping(plan, 0.0), stopping(plan, plan.drift)
    misses = [spent(share, beta, "hwang_shih_decani") for share in information]
    assert list(itertools.accumulate(moved.lower)) == pytest.approx(misses, abs=SPENT)
    if binding:
        errors = [spent(share, alpha) for share in information]
        assert list(itertools.accumulate(idle.upper)) == pytest.approx(errors, abs=SPENT)
    else:
        plain = spending_boundaries(information, alpha=alpha, sides=1)
        assert plan.upper == pytest.approx(plain.upper, abs=SPENT)
        assert sum(idle.upper) <= alpha + SPENT
    assert plan.lower[-1] == plan.upper[-1]
    assert plan.inflation >= 1 - SPENT


def test_a_single_look_is_the_fixed_test():
    plan = futility_plan([1.0])
    assert plan.upper[0] == pytest.approx(1.959964, abs=1e-6)
    assert plan.inflation == pytest.approx(1.0)


def test_binding_plans_need_less_information():
    bound, free = (futility_plan(THIRDS, binding=binding, **PUBLISHED) for binding in (True, False))
    assert bound.upper[-1] < free.upper[-1]
    assert 1 < bound.inflation < free.inflation


@pytest.mark.parametrize(
    ("changed", "argument"),
    [
        ({"information": (0.5, 0.9)}, "information"),
        ({"beta": 0.99}, "beta"),
        ({"beta": 0.0}, "beta"),
        ({"futility_spending": "pocock", "futility_parameter": 1.0}, "parameter"),
    ],
)
def test_what_is_no_plan_is_refused(changed, argument):
    with pytest.raises(EstimationError) as refused:
        futility_plan(**{"information": THIRDS, **changed})
    assert refused.value.argument == argument


def test_a_drift_without_end_is_refused():
    with pytest.raises(EstimationError, match="finite"):
        stopping(futility_plan(THIRDS), math.inf)
