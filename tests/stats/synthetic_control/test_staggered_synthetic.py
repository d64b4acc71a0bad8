import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from stats.cohorts import NEVER
from stats.errors import EstimationError, PanelError
from stats.findings import NotComputable
from stats.numerics.simplex_batch import nearest_mixes
from stats.numerics.simplex_product import product_of_simplices
from stats.synthetic_control.staggered_synthetic import staggered_synthetic_control
from stats.synthetic_control.synthetic import fit_mix
from tests.stats.build import noise

# Exact but for rounding, of which Gram matrices keep half the digits.
EXACT, HALF = 1e-9, 1e-6
STARTS = (8, 10, 12)


def fitted(values, starts=STARTS, **options):
    first = np.array([*starts, *[NEVER] * (len(values) - len(starts))])
    options = {"draws": 0, "rng": np.random.default_rng(0), **options}
    return staggered_synthetic_control(values, first, **options)


def objective(result, values, pooling, intercept):
    """By its definition, unit by unit."""
    reach, total, separate = max(STARTS), np.zeros(max(STARTS)), 0.0
    for row, (weights, start) in enumerate(zip(result.weights, result.starts, strict=True)):
        moves = values - values[:, :start].mean(axis=1, keepdims=True) if intercept else values
        gap = (moves[row] - weights @ moves)[:start]
        separate += gap @ gap / start
        total[reach - start :] += gap
    return (1 - pooling) * separate + pooling * total @ total / reach


@pytest.mark.parametrize("intercept", [False, True])
def test_without_pooling_each_unit_has_its_own_synthetic_control(intercept):
    values = noise(12, 15)
    result = fitted(values, pooling=0.0, intercept=intercept, donors="never")
    for row, start in enumerate(STARTS):
        alone = fit_mix(values, start, row=row, donors=np.arange(3, 12), intercept=intercept)
        np.testing.assert_allclose(result.gaps[row], alone.gaps, atol=HALF)


def test_with_all_pooling_only_the_average_is_balanced():
    values = noise(12, 15)
    separate, pooled = (fitted(values, pooling=share) for share in (0.0, 1.0))
    assert pooled.pooled_imbalance < separate.pooled_imbalance
    assert pooled.separate_imbalance > separate.separate_imbalance


@given(st.integers(0, 200), st.floats(0, 0.99), st.booleans())
@settings(max_examples=15)
def test_no_other_shares_are_better_together(seed, pooling, intercept):
    values, rng = noise(9, 15, seed=seed), np.random.default_rng(seed)
    result = fitted(values, pooling=pooling, intercept=intercept, donors="never")
    least = objective(result, values, pooling, intercept)
    for _ in range(50):
        other = np.zeros_like(result.weights)
        other[:, 3:] = rng.dirichlet(np.ones(6), size=3)
        for step in (1e-3, 0.1, 1.0):
            moved = type(result)(
                **{**vars(result), "weights": result.weights + step * (other - result.weights)}
            )
            assert objective(moved, values, pooling, intercept) >= least - EXACT


def test_the_suggested_pooling_is_what_does_not_average_out():
    values = noise(12, 15)
    separate, suggested = fitted(values, pooling=0.0, donors="never"), fitted(values, donors="never")
    reach = max(STARTS)
    left = np.zeros((3, reach))
    for row, start in enumerate(STARTS):
        left[row, reach - start :] = separate.gaps[row, :start]
    expected = np.linalg.norm(left.sum(axis=0)) / np.linalg.norm(left, axis=1).sum()
    assert suggested.pooling == pytest.approx(expected, abs=HALF)
    assert 0 < suggested.pooling < 1


def test_an_effect_is_found_at_its_own_time_in_every_unit():
    values = noise(12, 15, persistence=0.5)
    treated = values.copy()
    for row, start in enumerate(STARTS):
        treated[row, start:] += 1.0 + np.arange(15 - start)
    before, after = fitted(values, donors="never"), fitted(treated, donors="never")
    np.testing.assert_allclose(after.by_period - before.by_period, [1, 2, 3], atol=HALF)
    assert after.effect - before.effect == pytest.approx(2.0, abs=HALF)
    np.testing.assert_allclose(after.by_unit - before.by_unit, [2, 2, 2], atol=HALF)


def test_units_not_yet_treated_serve_until_the_horizon_is_over():
    values = noise(6, 20)
    result = fitted(values, starts=(6, 14), horizon=6)
    assert result.weights.shape == (2, 6)
    # Unit 1 starts in 14, after unit 0's periods 6 to 11; unit 0 is treated all through unit 1's.
    wild = values.copy()
    wild[1, 14:] += 1000.0
    np.testing.assert_allclose(fitted(wild, starts=(6, 14), horizon=6).gaps[0, :12], result.gaps[0, :12])
    assert result.weights[1, 0] == 0
    assert fitted(values, starts=(6, 14), horizon=6, donors="never").weights[0, 1] == 0
    assert result.weights[0, 1] > 0


def test_the_horizon_is_as_many_periods_as_the_last_unit_has():
    assert fitted(noise(9, 20), starts=(6, 14)).horizon == 6
    assert len(fitted(noise(9, 20), starts=(6, 14), horizon=2).by_period) == 2


def test_lags_limit_what_is_matched():
    values = noise(12, 15)
    wild = values.copy()
    wild[:, :4] += 100 * noise(12, 4, seed=9)
    plain, other = (fitted(each, lags=4, intercept=False) for each in (values, wild))
    np.testing.assert_allclose(other.weights, plain.weights, atol=HALF)


def test_the_effect_is_ranked_among_draws_of_never_treated_units():
    values = noise(15, 15)
    for row, start in enumerate(STARTS):
        values[row, start:] += 20.0
    result = fitted(values, draws=39)
    assert result.inference.placebos == 39
    assert result.inference.p_value == 1 / 40
    assert result.inference.excludes_zero
    assert not result.inference.interval.contains(0.0)
    # Without an effect the test hardly rejects.
    null = fitted(noise(15, 15, seed=4), draws=39)
    assert null.inference.interval.contains(0.0) == (null.inference.p_value > 0.05)


def test_too_few_never_treated_units_cannot_be_re_assigned():
    result = fitted(noise(6, 15), draws=39)
    assert isinstance(result.inference.p_value, NotComputable)


@given(st.integers(0, 200), st.floats(-100, 100), st.sampled_from([-2.0, 1e-3, 1e4]))
@settings(max_examples=15)
def test_a_constant_changes_nothing_and_a_scale_scales(seed, constant, scale):
    values = noise(9, 15, seed=seed)
    plain, moved = fitted(values), fitted(scale * values + constant)
    assert moved.effect == pytest.approx(scale * plain.effect, rel=1e-4, abs=1e-5 * abs(scale))


@given(st.integers(0, 200), st.permutations(range(9)))
@settings(max_examples=15)
def test_the_order_of_units_does_not_matter(seed, order):
    values, order = noise(9, 15, seed=seed), list(order)
    first = np.array([*STARTS, *[NEVER] * 6])
    options = {"draws": 0, "rng": np.random.default_rng(0)}
    plain = staggered_synthetic_control(values, first, **options)
    shuffled = staggered_synthetic_control(values[order], first[order], **options)
    assert shuffled.effect == pytest.approx(plain.effect, abs=HALF)


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("pooling", {"pooling": 1.5}),
        ("ridge", {"ridge": -1.0}),
        ("lags", {"lags": 0}),
        ("horizon", {"horizon": 4}),
        ("donors", {"donors": "all"}),
        ("draws", {"draws": -1}),
    ],
)
def test_options_out_of_range_are_refused_by_name(argument, options):
    with pytest.raises(EstimationError, match=argument):
        fitted(noise(9, 15), **options)


def test_a_unit_without_donors_and_one_always_treated_are_refused():
    with pytest.raises(EstimationError, match="unit 1 has no donor"):
        fitted(noise(2, 15), starts=(8, 12), horizon=3)
    with pytest.raises(PanelError, match="first period"):
        fitted(noise(9, 15), starts=(0, 8, 9))


@given(st.integers(0, 200))
@settings(max_examples=15)
def test_a_single_block_is_the_simplex(seed):
    donors, target = noise(9, 6, seed=seed), noise(1, 6, seed=seed + 1)
    weights = product_of_simplices(donors @ donors.T, donors @ target[0], np.zeros(9, dtype=int))
    np.testing.assert_allclose(weights, nearest_mixes(target, donors).weights[0], atol=1e-5)


def test_two_blocks_are_solved_as_by_a_general_method():
    rng = np.random.default_rng(5)
    root, linear, block = rng.normal(size=(10, 7)), rng.normal(size=7), np.array([0, 0, 0, 1, 1, 1, 1])
    gram = root.T @ root
    weights = product_of_simplices(gram, linear, block)
    general = minimize(
        lambda shares: shares @ gram @ shares / 2 - linear @ shares,
        np.array([1 / 3] * 3 + [1 / 4] * 4),
        bounds=[(0, 1)] * 7,
        constraints={"type": "eq", "fun": lambda shares: [shares[:3].sum() - 1, shares[3:].sum() - 1]},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    np.testing.assert_allclose(weights, general.x, atol=1e-5)


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(EstimationError, match="gram"):
        product_of_simplices(np.full((2, 2), np.nan), np.zeros(2), np.zeros(2, dtype=int))
