import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.predictor_weights import Nested, predictor_weights
from tests.stats.build import noise

# Central differences of a function with values near one.
SLOPE = 1e-5


def example(seed=0, units=9, count=3):
    rng = np.random.default_rng(seed)
    outcomes = noise(units, 10, seed=seed, persistence=0.7)
    predictors = outcomes[:, [0, 5, 9]][:, :count] + 0.3 * rng.normal(size=(units, count))
    return predictors[0], predictors[1:], outcomes[0], outcomes[1:]


@given(st.integers(0, 300))
@settings(max_examples=25)
def test_the_slope_is_that_of_the_loss(seed):
    treated, donors, own, others = example(seed)
    problem = Nested.of((donors - treated).T, (others - own).T)
    at = np.random.default_rng(seed).normal(size=3)
    loss, slope = problem.loss_and_slope(at)
    assert loss == pytest.approx(problem.loss(at))
    used = np.flatnonzero(slope)
    for index in used:
        step = 1e-6 * np.eye(3)[index]
        sides = [problem.loss_and_slope(at + sign * step) for sign in (1, -1)]
        # At a kink the slopes on its sides differ and neither is the mean.
        if max(np.abs(side_slope - slope).max() for _, side_slope in sides) < SLOPE:
            assert (sides[0][0] - sides[1][0]) / 2e-6 == pytest.approx(slope[index], abs=SLOPE)


def test_no_weights_of_a_fine_grid_follow_the_outcomes_more_closely():
    treated, donors, own, others = example(2, count=2)
    found = predictor_weights(treated, donors, own, others)
    for share in np.linspace(0.001, 0.999, 200):
        given_weights = predictor_weights(
            treated, donors, own, others, importance=np.array([share, 1 - share])
        )
        assert found.loss <= given_weights.loss * (1 + 1e-6)
    assert found.importance.sum() == pytest.approx(1.0)


def test_weights_that_are_given_are_kept_and_only_their_ratios_count():
    left = predictor_weights(*example(), importance=np.array([1.0, 2.0, 1.0]))
    right = predictor_weights(*example(), importance=np.array([10.0, 20.0, 10.0]))
    assert left.importance == pytest.approx([0.25, 0.5, 0.25])
    np.testing.assert_array_equal(left.weights, right.weights)
    assert (left.descents, left.confirmed) == (0, 0)


def test_it_is_told_how_many_descents_found_the_weights():
    found = predictor_weights(*example())
    assert 1 <= found.confirmed <= found.descents
    # With one predictor there is nothing to choose.
    alone = predictor_weights(*example(count=1))
    assert (alone.descents, alone.confirmed) == (1, 1)
    assert alone.importance == pytest.approx([1.0])


@pytest.mark.parametrize(
    "importance", [[1.0, 1.0], [1.0, -1.0, 1.0], [0.0, 0.0, 0.0], [1.0, np.nan, 1.0], [1.0, np.inf, 1.0]]
)
def test_importance_that_is_none_is_refused(importance):
    with pytest.raises(EstimationError, match="importance"):
        predictor_weights(*example(), importance=np.array(importance))


@given(st.permutations(range(8)))
@settings(max_examples=5)
def test_the_order_of_donors_does_not_matter(order):
    treated, donors, own, others = example()
    plain = predictor_weights(treated, donors, own, others)
    shuffled = predictor_weights(treated, donors[list(order)], own, others[list(order)])
    np.testing.assert_allclose(shuffled.weights, plain.weights[list(order)], atol=1e-3)
    assert shuffled.loss == pytest.approx(plain.loss, rel=1e-4)
