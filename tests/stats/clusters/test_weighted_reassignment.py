import numpy as np
import pytest

from stats.clusters.weighted_reassignment import (
    effective_clusters,
    weighted_changes,
    weighted_deals,
    weighted_reassignment,
)
from stats.numerics.fixed_effects import TwoWay, regress
from tests.stats.build import noise


def treated_from(start, treated, units, periods):
    cells = np.zeros((units, periods))
    cells[:treated, start:] = 1.0
    return cells


def test_one_heavy_cluster_counts_little_more_than_one():
    alone = np.arange(3)
    assert effective_clusters(np.ones(3), alone) == 3.0
    assert effective_clusters(np.array([50.0, 1, 1]), alone) == pytest.approx(52**2 / 2502)
    # Two of one cluster weigh as one.
    assert effective_clusters(np.array([1.0, 1, 2]), np.array([7, 7, 9])) == 2.0


def test_equal_weights_rank_by_hand():
    # Changes 5, 1, 0 and 2 in two periods: effects of each as the treated one are 4, -4/3, -8/3 and 0.
    outcomes = np.array([[0.0, 5], [0, 1], [0, 0], [0, 2]])
    found = weighted_reassignment(
        outcomes,
        treated_from(1, 1, 4, 2),
        np.full(4, 3.0),
        np.arange(4),
        alpha=0.3,
        rng=np.random.default_rng(1),
    )
    assert found.p_value == 1 / 4
    assert found.placebos == 3
    assert weighted_deals(treated_from(1, 1, 4, 2), np.full(4, 3.0), np.arange(4)) == 4


def test_weights_are_dealt_with_the_starts():
    # Treated: weights 3 and 1; controls 1 each. Roles heavy, light and three of control: 5 x 4 = 20 deals.
    changes, weights = np.array([4.0, 0, 1, 2, 6]), np.array([3.0, 1, 1, 1, 1])
    found = weighted_reassignment(
        np.column_stack([np.zeros(5), changes]),
        treated_from(1, 2, 5, 2),
        weights,
        np.arange(5),
        alpha=0.3,
        rng=np.random.default_rng(1),
    )
    own, extreme = 3 - changes[2:].mean(), 0
    for heavy in range(5):
        for light in set(range(5)) - {heavy}:
            rest = np.delete(changes, [heavy, light]).mean()
            effect = 0.75 * changes[heavy] + 0.25 * changes[light] - rest
            # The treated with each other's weights count as the actual deal.
            extreme += abs(effect) >= abs(own) - 1e-12 or {heavy, light} == {0, 1}
    assert found.placebos == 19
    assert found.p_value == pytest.approx(extreme / 20)


def test_the_centre_is_the_two_way_estimate_of_the_weighted_units():
    values, weights = noise(12, 8, seed=4), np.random.default_rng(4).uniform(1, 9, size=12)
    clusters, dummies = np.repeat(np.arange(6), 2), treated_from(5, 4, 12, 8)
    two_way = regress(TwoWay.of(np.ones(values.shape, dtype=bool), weights), values, dummies[None])
    corrected = weighted_changes(values, 5, 4, weights, clusters)
    assert corrected.coefficients[0] == pytest.approx(two_way.coefficients[0], abs=1e-9)


def test_a_constant_added_changes_no_rank():
    values, weights = noise(9, 6, seed=3), np.random.default_rng(3).uniform(1, 50, size=9)
    plain, moved = (
        weighted_reassignment(
            each,
            treated_from(3, 3, 9, 6),
            weights,
            np.arange(9),
            alpha=0.05,
            rng=np.random.default_rng(1),
        )
        for each in (values, values + 1e6)
    )
    assert moved.p_value == plain.p_value
