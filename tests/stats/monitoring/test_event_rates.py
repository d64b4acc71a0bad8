import math

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.monitoring.event_rates import Count, rate_margin_test, rate_ratio
from tests.stats.build import case

counts = st.builds(Count, st.integers(0, 40), st.floats(0.5, 100))


def test_rates_are_those_of_the_reference():
    reference = case("noninf_rates")
    treated, control = Count(7, 5200), Count(18, 6100)
    both, one = rate_ratio(treated, control), rate_ratio(treated, control, alpha=0.1)
    found = {
        "rr": both.value,
        "p": rate_margin_test(treated, control, ratio=1.25, better="lower"),
        "ci_ub_onesided95": one.interval.high,
        "ci_lb": both.interval.low,
        "ci_ub": both.interval.high,
    }
    assert found == pytest.approx(reference["expected"], abs=reference["tolerance"]["abs"])


def test_three_against_none_by_hand():
    """Equal exposure, 3 to 0: P(3 of 3) = 1/8 on one side; the lower end solves share^3 = 0.025."""
    found = rate_ratio(Count(3, 1.0), Count(0, 1.0))
    share = 0.025 ** (1 / 3)
    assert found.log.p_value == pytest.approx(0.25)
    assert found.interval.low == pytest.approx(share / (1 - share))
    assert isinstance(found.value, NotComputable)
    assert found.interval.high == math.inf


@given(counts, counts, st.sampled_from([0.01, 0.05, 0.3]))
def test_interval_and_p_value_never_contradict_each_other(treated, control, alpha):
    log = rate_ratio(treated, control, alpha=alpha).log
    assert log.interval.contains(0.0) == (log.p_value > alpha)


@given(counts, counts)
def test_exchanging_the_sides_inverts_the_ratio(treated, control):
    here, there = rate_ratio(treated, control), rate_ratio(control, treated)
    assert here.log.p_value == pytest.approx(there.log.p_value)
    if there.interval.low > 0:
        assert here.interval.high == pytest.approx(1 / there.interval.low)


@given(counts, counts, st.floats(0.1, 10))
def test_the_unit_of_exposure_does_not_matter(treated, control, factor):
    here = rate_ratio(treated, control)
    there = rate_ratio(
        Count(treated.events, treated.exposure * factor), Count(control.events, control.exposure * factor)
    )
    assert there.interval.low == pytest.approx(here.interval.low)


@given(counts, counts, st.floats(1, 4))
def test_the_one_sided_tail_is_the_binomial_one_and_mid_p_is_smaller(treated, control, ratio):
    share = ratio * treated.exposure / (ratio * treated.exposure + control.exposure)
    tail = scipy.stats.binom.cdf(treated.events, treated.events + control.events, share)
    exact = rate_margin_test(treated, control, ratio=ratio, better="lower")
    assert exact == pytest.approx(tail, abs=1e-12)
    assert rate_margin_test(treated, control, ratio=ratio, better="lower", mid_p=True) <= exact + 1e-12


@pytest.mark.parametrize(
    ("ratio", "better"), [(0.9, "lower"), (1.1, "higher"), (math.inf, "lower"), (1, "none")]
)
def test_a_margin_on_the_wrong_side_is_refused(ratio, better):
    with pytest.raises(EstimationError, match=r"ratio|better"):
        rate_margin_test(Count(1, 1.0), Count(1, 1.0), ratio=ratio, better=better)


@pytest.mark.parametrize(("events", "exposure"), [(-1, 1.0), (1.5, 1.0), (1, 0.0), (1, math.inf)])
def test_impossible_counts_are_refused(events, exposure):
    with pytest.raises(EstimationError, match=r"events|exposure"):
        Count(events, exposure)
