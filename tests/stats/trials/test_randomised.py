import itertools

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.numerics.fixed_effects import TwoWay, regress
from stats.trials.crossover import stepped_wedge, switchback
from stats.trials.randomised import district_randomised, matched_pairs, sample_ratio
from tests.stats.build import noise

# Regressions by another route differ by rounding only.
EXACT = 1e-8

seeds = st.integers(0, 5000)


def generator():
    return np.random.default_rng(0)


def trial(seed=0, units=20, effect=0.0):
    rng = np.random.default_rng(seed)
    treated = rng.permutation(np.arange(units) % 2)
    covariate = rng.normal(size=units)
    return rng.normal(size=units) + 2 * covariate + effect * treated, treated, covariate


def agrees(inference):
    return (inference.p_value <= inference.alpha) != inference.interval.contains(0.0)


def test_the_plain_trial_is_the_difference_of_means_with_neymans_variance():
    y, treated, _ = trial(units=11)
    found = district_randomised(y, treated, rng=generator())
    arms = y[treated == 1], y[treated == 0]
    assert found.estimate == pytest.approx(arms[0].mean() - arms[1].mean(), abs=EXACT)
    variance = sum(arm.var(ddof=1) / len(arm) for arm in arms)
    assert found.robust.standard_error == pytest.approx(np.sqrt(variance), abs=EXACT)


def test_lins_adjustment_is_the_interacted_regression_with_hc2():
    y, treated, covariate = trial(1)
    centred = covariate - covariate.mean()
    columns = np.column_stack([treated, np.ones(20), centred, treated * centred])
    theirs = sm.OLS(y, columns).fit(cov_type="HC2")
    found = district_randomised(y, treated, covariates=covariate, rng=generator())
    assert found.estimate == pytest.approx(theirs.params[0], abs=EXACT)
    assert found.robust.standard_error == pytest.approx(theirs.bse[0], abs=EXACT)


def test_adjustment_sharpens_the_estimate_when_the_covariate_tells_much():
    y, treated, covariate = trial(2, units=40)
    plain = district_randomised(y, treated, rng=generator())
    adjusted = district_randomised(y, treated, covariates=covariate, rng=generator())
    assert adjusted.robust.standard_error < 0.7 * plain.robust.standard_error
    lengths = [one.randomisation.interval.high - one.randomisation.interval.low for one in (adjusted, plain)]
    assert lengths[0] < 0.7 * lengths[1]


def test_blocks_are_averaged_by_their_size():
    y = np.array([5.0, 7, 1, 2, 30, 31, 32, 20, 21, 23])
    treated = np.array([1, 1, 0, 0, 1, 1, 1, 0, 0, 0])
    blocks = np.array(["a"] * 4 + ["b"] * 6)
    found = district_randomised(y, treated, blocks=blocks, rng=generator())
    differences = 6 - 1.5, 31 - 64 / 3
    assert found.estimate == pytest.approx(0.4 * differences[0] + 0.6 * differences[1], abs=EXACT)
    # 6 x 20 assignments keep each block's numbers.
    assert found.randomisation.placebos == 119


def test_clusters_are_assigned_as_wholes():
    y, cluster = noise(12, 1)[:, 0], np.repeat(np.arange(6), 2)
    found = district_randomised(y, (cluster < 3).astype(int), clusters=cluster, rng=generator())
    assert found.randomisation.placebos == 19


def test_matched_pairs_are_the_paired_t_test_and_all_flips_of_signs():
    y, pairs = noise(16, 1, seed=3)[:, 0], np.repeat(np.arange(8), 2)
    treated = np.tile([1, 0], 8)
    found = matched_pairs(y, treated, pairs, rng=generator())
    theirs = scipy.stats.ttest_rel(y[::2], y[1::2])
    assert found.robust.p_value == pytest.approx(theirs.pvalue)
    differences = y[::2] - y[1::2]
    flips = [abs(np.mean(differences * signs)) for signs in itertools.product([1, -1], repeat=8)]
    expected = np.mean(np.array(flips) >= abs(differences.mean()) * (1 - 1e-9))
    assert found.randomisation.p_value == pytest.approx(expected)


@given(seeds, st.floats(-3, 3), st.sampled_from([0.05, 0.1]))
@settings(deadline=None, max_examples=25)
def test_intervals_and_p_values_agree(seed, effect, alpha):
    y, treated, covariate = trial(seed, units=10, effect=effect)
    found = district_randomised(y, treated, covariates=covariate, rng=generator(), alpha=alpha)
    pairs = np.empty(10, dtype=int)
    pairs[np.argsort(treated, kind="stable")] = np.tile(np.arange(5), 2)
    paired = matched_pairs(y, treated, pairs, rng=generator(), alpha=alpha)
    for inference in (found.robust, found.randomisation, paired.robust, paired.randomisation):
        assert agrees(inference)


@pytest.mark.parametrize(
    ("counts", "shares", "level"),
    [
        ([5000, 5050], None, "ok"),
        ([5000, 5400], None, "fail"),
        ([5000, 5275], None, "caution"),
        ([2000, 1000], [2, 1], "ok"),
        ([3, 2], None, "caution"),
    ],
)
def test_the_sample_ratio_is_held_against_the_plan(counts, shares, level):
    finding = sample_ratio(counts, shares)
    expected = np.array([1, 1] if shares is None else shares) / sum(shares or [1, 1]) * sum(counts)
    assert finding.level == level
    assert finding.number == pytest.approx(scipy.stats.chisquare(counts, expected).pvalue)


def switched(units=4, periods=12, length=3, seed=0):
    rng = np.random.default_rng(seed)
    blocks = np.arange(periods) // length
    return rng.integers(0, 2, size=(units, int(blocks[-1]) + 1))[:, blocks]


def test_a_switchback_is_the_two_way_regression():
    treated = switched()
    y = noise(4, 12) + 3 * treated
    found = switchback(y, treated, length=3, rng=generator())
    expected = regress(TwoWay.of(np.ones((4, 12), dtype=bool)), y, treated[None].astype(float))
    assert found.estimate == pytest.approx(expected.coefficients[0], abs=EXACT)
    assert found.inference.interval.contains(found.estimate)
    assert agrees(found.inference)


def test_units_that_switch_together_are_compared_over_time():
    treated = np.tile(np.repeat([0, 1, 1, 0, 1, 0, 0, 1], 2), (3, 1))
    y = noise(3, 16) + 10 * treated
    found = switchback(y, treated, length=2, together=True, rng=generator())
    on, off = y[:, treated[0] == 1].mean(), y[:, treated[0] == 0].mean()
    assert found.estimate == pytest.approx(on - off, abs=EXACT)
    # 256 tosses less the two without a comparison; the actual one and its mirror are the most extreme.
    assert found.inference.placebos == 253
    assert found.inference.p_value == pytest.approx(2 / 254)


def test_a_balanced_switchback_deals_as_many_treated_blocks_to_each_unit():
    treated = np.repeat(np.array([[0, 1, 1, 0], [1, 0, 1, 0]]), 3, axis=1)
    found = switchback(noise(2, 12), treated, length=3, tossed="balanced", rng=generator())
    # 6 x 6 deals, less the 6 in which both units switch alike and leave nothing to compare.
    assert found.inference.placebos == 35 - 6


def test_washout_leaves_carry_over_out():
    treated = switched(units=6, periods=40, length=4)
    previous = np.hstack([np.zeros((6, 1)), treated[:, :-1]])
    y = noise(6, 40) * 1e-3 + treated + 5 * (previous > treated)
    plain, washed = (switchback(y, treated, length=4, washout=w, rng=generator()) for w in (0, 1))
    assert washed.estimate == pytest.approx(1.0, abs=0.01)
    assert abs(plain.estimate - 1) > 0.1
    assert washed.cells == 180


def test_a_stepped_wedge_is_dealt_anew_among_all_clusters():
    y = noise(8, 6, seed=2)
    starts = np.array([1, 2, 3, 4, 5, 6, 2, 4])
    found = stepped_wedge(y, starts, rng=generator(), alpha=0.1)
    effects = TwoWay.of(np.ones((8, 6), dtype=bool))
    statistics = []
    for dealt in sorted(set(itertools.permutations(starts.tolist()))):
        treated = (np.arange(6) >= np.array(dealt)[:, None])[None].astype(float)
        statistics.append(abs(regress(effects, y, treated).coefficients[0]))
    own = (np.arange(6) >= starts[:, None])[None].astype(float)
    actual = regress(effects, y, own).coefficients[0]
    assert found.estimate == pytest.approx(actual, abs=EXACT)
    exact = np.mean(np.array(statistics) >= abs(actual) * (1 - 1e-9))
    assert found.inference.p_value == pytest.approx(exact, abs=0.02)
    assert agrees(found.inference)


def test_gaps_in_a_stepped_wedge_are_left_out():
    y = noise(6, 5)
    y[2, 3] = np.nan
    assert stepped_wedge(y, np.array([1, 2, 3, 4, 5, 2]), rng=generator()).cells == 29


Y, TREATED, PAIRS = np.array([1.0, 2, 4, 3]), np.array([1, 0, 1, 0]), np.array([0, 0, 1, 1])
PANEL, SWITCHED = np.arange(12.0).reshape(2, 6), np.repeat([[0, 1, 0], [1, 0, 1]], 2, axis=1)


@pytest.mark.parametrize(
    ("argument", "ask"),
    [
        ("treated", lambda: district_randomised(Y, np.ones(4), rng=generator())),
        ("treated", lambda: district_randomised(Y, np.array([2, 0, 1, 0]), rng=generator())),
        ("outcomes", lambda: district_randomised(Y * np.nan, TREATED, rng=generator())),
        ("blocks", lambda: district_randomised(Y, TREATED, blocks=PAIRS, rng=generator())),
        ("pairs", lambda: matched_pairs(Y, TREATED, np.array([0, 1, 0, 1]), rng=generator())),
        ("pairs", lambda: matched_pairs(Y[:2], TREATED[:2], PAIRS[:2], rng=generator())),
        ("counts", lambda: sample_ratio([5])),
        ("counts", lambda: sample_ratio([5, -1])),
        ("counts", lambda: sample_ratio([5, 1.5])),
        ("shares", lambda: sample_ratio([5, 5], [1, 0])),
        ("treated", lambda: switchback(PANEL, SWITCHED, length=3, rng=generator())),
        ("washout", lambda: switchback(PANEL, SWITCHED, length=2, washout=2, rng=generator())),
        ("tossed", lambda: switchback(PANEL, SWITCHED, length=2, tossed="dice", rng=generator())),
        ("first_treated", lambda: stepped_wedge(PANEL, np.array([0, 2]), rng=generator())),
        ("first_treated", lambda: stepped_wedge(PANEL, np.array([1.5, 2]), rng=generator())),
        ("clusters", lambda: stepped_wedge(PANEL, np.array([1, 2]), clusters=[0, 0], rng=generator())),
        ("outcomes", lambda: stepped_wedge(PANEL * np.nan, np.array([1, 2]), rng=generator())),
        ("outcomes", lambda: stepped_wedge(PANEL * np.inf, np.array([1, 2]), rng=generator())),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_what_cannot_be_is_refused_by_argument(argument, ask):
    with pytest.raises(EstimationError) as refused:
        ask()
    assert refused.value.argument == argument


def test_outcomes_that_do_not_vary_are_refused():
    with pytest.raises(EstimationError, match="outcomes: do not vary"):
        district_randomised(np.full(24, 1 / 3), np.arange(24) % 3 == 0, rng=np.random.default_rng(1))
