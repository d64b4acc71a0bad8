import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.monitoring.proportions import Share, difference_of_proportions, margin_test
from tests.stats.build import case

# Printed with four decimals.
PRINTED = 5e-5

METHODS = [
    "newcombe",
    "newcombe_corrected",
    "miettinen_nurminen",
    "farrington_manning",
    "wald",
    "agresti_caffo",
]
shares = st.integers(1, 60).flatmap(lambda trials: st.builds(Share, st.integers(0, trials), st.just(trials)))
methods = st.sampled_from(METHODS)


def test_non_inferiority_of_two_proportions_is_that_of_the_reference():
    reference = case("noninf_proportions")
    expected, tolerance = reference["expected"], reference["tolerance"]["abs"]
    score = margin_test(Share(83, 100), Share(86, 100), margin=0.1, better="higher")
    wald = margin_test(Share(83, 100), Share(86, 100), margin=0.1, better="higher", method="wald")
    newcombe = difference_of_proportions(Share(56, 70), Share(48, 80)).inference.interval
    found = {
        "fm_z": score.statistic,
        "fm_p": score.p_value,
        "fm_p1": score.restricted[0],
        "fm_p2": score.restricted[1],
        "wald_z": wald.statistic,
        "wald_p": wald.p_value,
        "newcombe_lb": newcombe.low,
        "newcombe_ub": newcombe.high,
    }
    assert found == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [
        ("wald", 0.0575, 0.3425),
        ("farrington_manning", 0.0533, 0.3377),
        ("miettinen_nurminen", 0.0528, 0.3382),
        ("newcombe", 0.0524, 0.3339),
        ("newcombe_corrected", 0.0428, 0.3422),
    ],
)
def test_intervals_are_those_printed_by_newcombe(method, low, high):
    """Newcombe (1998), table II, 56/70 - 48/80: methods 1, 5, 6 (Mee; Miettinen-Nurminen), 10, 11."""
    interval = difference_of_proportions(Share(56, 70), Share(48, 80), method=method).inference.interval
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=PRINTED)


def test_restricted_proportions_without_margin_are_the_pooled_one():
    found = margin_test(Share(3, 10), Share(9, 20), margin=0.0, better="higher")
    assert found.restricted == pytest.approx((0.4, 0.4))


def test_a_ratio_of_one_is_a_difference_of_zero():
    ratio = margin_test(Share(3, 10), Share(9, 20), margin=1.0, better="higher", measure="ratio")
    difference = margin_test(Share(3, 10), Share(9, 20), margin=0.0, better="higher")
    assert ratio.statistic == pytest.approx(difference.statistic)


@given(shares, shares, methods, st.sampled_from([0.01, 0.05, 0.2]))
def test_interval_and_p_value_never_contradict_each_other(treated, control, method, alpha):
    inference = difference_of_proportions(treated, control, method=method, alpha=alpha).inference
    if isinstance(inference.p_value, float):
        assert inference.interval.contains(0.0) == (inference.p_value > alpha)
        assert (
            method in ("wald", "agresti_caffo")
            or -1 <= inference.interval.low <= inference.interval.high <= 1
        )


@given(shares, shares, methods)
def test_exchanging_the_sides_turns_the_interval_round(treated, control, method):
    here = difference_of_proportions(treated, control, method=method).inference
    there = difference_of_proportions(control, treated, method=method).inference
    if isinstance(here.p_value, float):
        assert here.p_value == pytest.approx(there.p_value, abs=1e-9)
        assert here.interval.low == pytest.approx(-there.interval.high, abs=1e-9)


@given(shares, shares, st.floats(0.01, 0.4))
def test_counting_the_failures_instead_turns_the_direction_round(treated, control, margin):
    lower = margin_test(treated, control, margin=margin, better="lower")
    turned = [Share(share.trials - share.events, share.trials) for share in (treated, control)]
    assert margin_test(*turned, margin=margin, better="higher").p_value == pytest.approx(
        lower.p_value, abs=1e-9
    )


@given(shares, shares, st.sampled_from(["farrington_manning", "miettinen_nurminen"]))
def test_a_wider_margin_is_never_harder_to_meet(treated, control, method):
    found = [
        margin_test(treated, control, margin=margin, better="higher", method=method).p_value
        for margin in (0.0, 0.05, 0.2, 0.6)
    ]
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(found))


@pytest.mark.parametrize(
    "changes",
    [{"margin": 1.0}, {"margin": -0.1}, {"better": "more"}, {"measure": "odds"}, {"method": "guess"}],
)
def test_what_is_no_margin_or_method_is_refused(changes):
    (name,) = changes
    with pytest.raises(EstimationError, match=name):
        margin_test(Share(1, 2), Share(1, 2), **{"margin": 0.1, "better": "higher", **changes})


@pytest.mark.parametrize(("events", "trials"), [(3, 2), (-1, 2), (0, 0), (0.5, 2)])
def test_impossible_counts_are_refused(events, trials):
    with pytest.raises(EstimationError, match="events"):
        Share(events, trials)
