import csv
import gzip
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.counterfactuals.conformal import conformal, conformal_p_values, cross_fitted_t
from stats.counterfactuals.counterfactual import augmented, mixes, parallel, shifted_mixes
from stats.errors import EstimationError
from stats.synthetic_control.augmented import augmented_synthetic_control
from tests.stats.build import REFERENCE, noise


def kansas():
    with gzip.open(REFERENCE / "kansas.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    states = sorted({row["state"] for row in rows})
    quarters = sorted({float(row["year_qtr"]) for row in rows})
    outcomes = np.empty((len(states), len(quarters)))
    for row in rows:
        place = states.index(row["state"]), quarters.index(float(row["year_qtr"]))
        outcomes[place] = float(row["lngdpcapita"])
    treated = states.index("Kansas")
    return outcomes[treated], np.delete(outcomes, treated, axis=0), quarters.index(2012.25)


@pytest.fixture(scope="module")
def case():
    return json.loads((REFERENCE / "cases_conformal.json").read_text())[0]


def created(periods=30, donors=6, *, start=24, seed=0, effect=0.0, persistence=0.0):
    outcomes = noise(donors + 1, periods, seed=seed, persistence=persistence)
    treated = outcomes[1:3].mean(axis=0) + 0.3 * (outcomes[0] - outcomes[0].mean())
    treated[start:] += effect
    return treated, outcomes[1:], start


def test_synthetic_control_of_kansas_is_as_augsynth_has_it(case):
    found = conformal_p_values(*kansas())
    expected = case["expected"]
    assert found.joint == pytest.approx(expected["scm_joint_p"], abs=1e-12)
    assert found.by_period == pytest.approx(list(expected["scm_pointwise_p"].values()), abs=1e-12)


def test_ridge_augmented_control_of_kansas_is_as_augsynth_has_it(case):
    treated, donors, start = kansas()
    # The penalty stays the one that was chosen before the start.
    penalty = augmented_synthetic_control(treated, donors, start).penalty
    found = conformal_p_values(treated, donors, start, counterfactual=augmented(penalty=penalty))
    expected = case["expected"]
    assert found.joint == pytest.approx(expected["ridge_joint_p"], abs=1e-12)
    assert found.by_period == pytest.approx(list(expected["ridge_pointwise_p"].values()), abs=1e-12)


def test_the_published_random_orders_of_kansas_are_near():
    # The augsynth vignette, with random orders: joint p 0.34, that of 2012.50 0.026.
    found = conformal_p_values(*kansas(), permutations="iid", draws=2000, rng=np.random.default_rng(0))
    assert found.joint == pytest.approx(0.34, abs=0.05)
    assert found.by_period[1] == pytest.approx(0.026, abs=0.005)


def test_a_toy_case_is_ranked_by_hand():
    # Even shares and a level: residuals -1, 1, 1, -1 before and 0 after, then an outcome of 8 more.
    donors = np.zeros((1, 5))
    treated = np.array([-1.0, 1.0, 1.0, -1.0, 8.0])
    found = conformal_p_values(treated, donors, 4, counterfactual=parallel)
    assert found.by_period[0] == 1 / 5
    # Under "the effect is 7.5" the last residual, 0.4, is the smallest of all.
    assert conformal_p_values(treated, donors, 4, null=7.5, counterfactual=parallel).by_period[0] == 1.0


# The largest residual of six periods is the largest of six windows out of thirty.
@pytest.mark.parametrize(("norm", "least"), [(1.0, 1 / 30), (2.0, 1 / 30), (np.inf, 6 / 30)])
def test_every_norm_finds_a_large_effect_and_leaves_none(norm, least):
    treated, donors, start = created(effect=5.0)
    assert conformal_p_values(treated, donors, start, norm=norm).joint == least
    removed = conformal_p_values(treated, donors, start, null=5.0, norm=norm).joint
    assert removed > 0.1


def test_one_period_after_the_start_makes_all_tests_one():
    treated, donors, _ = created()
    found = conformal(treated, donors, 29)
    for other in (found.constant, found.average):
        assert other.interval.low == pytest.approx(found.by_period[0].interval.low)
        assert other.interval.high == pytest.approx(found.by_period[0].interval.high)
    assert found.constant.p_value == found.by_period[0].p_value


@pytest.mark.parametrize("counterfactual", [mixes, shifted_mixes, parallel])
def test_an_interval_holds_what_is_not_rejected(counterfactual):
    treated, donors, start = created(effect=2.0)
    found = conformal(treated, donors, start, counterfactual=counterfactual, alpha=0.1)
    interval = found.by_period[2].interval

    def p_value(null):
        return conformal_p_values(treated, donors, start, null=null, counterfactual=counterfactual).by_period[
            2
        ]

    width = interval.high - interval.low
    for inside in np.linspace(interval.low, interval.high, 15):
        assert p_value(inside) > 0.1
    for outside in (interval.low - 1e-4 * width, interval.high + 1e-4 * width):
        assert p_value(outside) <= 0.1
    assert interval.contains(found.gaps[2])


def test_too_few_periods_leave_the_interval_without_ends():
    treated, donors, _ = created(periods=12)
    found = conformal(treated, donors, 9)
    assert found.by_period[0].interval.unbounded.reason_code == "permutations_too_few"
    assert found.by_period[0].p_value >= 1 / 10
    # Eight periods after four: no block of eight before the start.
    assert conformal(treated, donors, 4).average.p_value.reason_code == "blocks_too_few"


def test_a_fit_that_follows_any_effect_never_rejects_one():
    treated, donors, _ = created(periods=44)
    found = conformal(treated, donors, 20, counterfactual=parallel).constant
    assert found.interval.unbounded.reason_code == "never_rejected"


def test_an_effect_that_grows_leaves_no_constant_one():
    treated, donors, start = created(periods=60, start=50)
    treated[start:] += 30.0 * np.arange(10)
    found = conformal(treated, donors, start).constant
    assert found.interval.reason_code == "constant_effect_rejected"


def test_the_cross_fitted_t_takes_out_the_bias_of_the_fit():
    rng = np.random.default_rng(0)
    donors = rng.normal(size=(5, 60))
    treated = 7.0 + donors[0] + 0.1 * rng.normal(size=60)
    treated[48:] += 1.0
    effect, inference = cross_fitted_t(treated, donors, 48)
    assert effect == pytest.approx(1.0, abs=0.4)
    assert inference.dof == 2
    by_hand = []
    for first in (12, 24, 36):
        kept = [t for t in range(48) if not first <= t < first + 12]
        gaps = treated - mixes(treated[None, kept], donors[:, kept], donors)[0]
        by_hand.append(gaps[48:].mean() - gaps[first : first + 12].mean())
    assert effect == pytest.approx(np.mean(by_hand))
    assert inference.standard_error == pytest.approx(np.sqrt((1 + 36 / 12) / 3) * np.std(by_hand, ddof=1))


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"start": 1}, "start"),
        ({"start": 30}, "start"),
        ({"permutations": "all"}, "permutations"),
        ({"permutations": "iid"}, "rng"),
        ({"donors": np.empty((0, 30))}, "donors"),
        ({"donors": np.ones((3, 29))}, "donors"),
        ({"treated": np.full(30, np.nan)}, "treated"),
    ],
)
def test_what_cannot_be_tested_is_refused_by_name(changes, argument):
    treated, donors, start = created()
    given = {"treated": treated, "donors": donors, "start": start} | changes
    with pytest.raises(EstimationError) as refused:
        conformal_p_values(given.pop("treated"), given.pop("donors"), given.pop("start"), **given)
    assert refused.value.argument == argument


@given(st.integers(0, 300), st.sampled_from([0.05, 0.1, 0.2]))
@settings(max_examples=15, deadline=None)
def test_p_value_and_interval_agree(seed, alpha):
    treated, donors, start = created(seed=seed, effect=seed % 3, periods=28, start=22)
    found = conformal(treated, donors, start, alpha=alpha)
    for inference in (*found.by_period, found.constant):
        if not hasattr(inference.interval, "reason_code"):
            assert inference.interval.contains(0.0) == (inference.p_value > alpha)


@given(st.integers(0, 300), st.sampled_from([-2.0, 1e-5, 1e5]), st.permutations(range(6)))
@settings(max_examples=15, deadline=None)
def test_scale_level_and_order_of_donors_change_no_p_value(seed, scale, order):
    treated, donors, start = created(seed=seed)
    plain = conformal_p_values(treated, donors, start)
    moved = conformal_p_values(scale * treated + 3 * scale, (scale * donors + 3 * scale)[order], start)
    assert moved.joint == plain.joint
    np.testing.assert_array_equal(moved.by_period, plain.by_period)


def test_a_true_null_is_rejected_as_often_as_the_level_says():
    """200 draws with persistence one half, at the 20 % level."""
    p_values = [
        conformal_p_values(*created(periods=40, start=36, seed=seed, persistence=0.5)).joint
        for seed in range(200)
    ]
    assert 0.1 < np.mean(np.array(p_values) <= 0.2) < 0.3


def test_outcomes_that_do_not_vary_are_refused():
    with pytest.raises(EstimationError, match="treated: does not vary"):
        conformal(np.full(10, 3.0), np.full((6, 10), 3.0), 6)
