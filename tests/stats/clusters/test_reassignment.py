import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.differences.did import Clusters, effects_of, treatment, two_way
from stats.findings import NotComputable
from stats.numerics.fixed_effects import regress
from tests.stats.build import create_sample, noise


def found(outcomes, seed=0, alpha=0.05, **others):
    cells, design = create_sample(outcomes, alpha=alpha, **others)
    return cells, two_way(cells, Clusters.of(cells, design, np.random.default_rng(seed)), alpha=alpha)


def test_three_treated_of_twelve_rank_among_all_ways_to_choose_three():
    values = noise(12, 9)
    values[:3, 6:] += 50.0
    _, result = found(values, treated=3, start=6)
    assert result.inference.method == "reassignment"
    assert result.inference.p_value == pytest.approx(1 / 220)
    assert result.inference.placebos == 219


def test_enough_treated_clusters_keep_the_clustered_error():
    _, result = found(noise(20, 9), treated=6, start=6)
    assert result.inference.method == "cr2_satterthwaite"


def test_too_few_ways_to_choose_keep_the_clustered_error():
    _, result = found(noise(6, 9), treated=2, start=6)
    assert result.inference.method == "cr2_satterthwaite"


def test_a_city_whose_districts_start_apart_has_no_start_to_deal():
    cities = {f"u{unit:03d}": f"city{unit // 2}" for unit in range(40)}
    _, apart = found(noise(40, 9), treated=4, start=[3, 5, 3, 3], cluster=cities)
    _, alike = found(noise(40, 9), treated=4, start=[3, 3, 5, 5], cluster=cities)
    assert apart.inference.method == "cr2_satterthwaite"
    assert alike.inference.method == "reassignment"
    assert alike.inference.placebos == 20 * 19 - 1


@pytest.mark.parametrize("start", [[4, 4], [4, 6]])
def test_weights_beside_gaps_leave_nothing_to_deal(start):
    """Deals of start and weight together would compare districts that miss different periods."""
    values = noise(9, 8, seed=4)
    values[0, 7] = np.nan
    weights = np.random.default_rng(1).uniform(0.5, 3, size=9)
    _, result = found(values, treated=2, start=start, weights=weights, missing="available", alpha=0.1)
    assert isinstance(result.inference.p_value, NotComputable)
    assert result.inference.p_value.reason_code == "few_treated"


@pytest.mark.parametrize("start", [[4, 4], [4, 6]])
def test_the_p_values_are_those_of_refitted_regressions(start):
    values = noise(9, 8, seed=4)
    values[0, 7] = values[5, 2] = values[8, 0] = np.nan
    cells, result = found(values, treated=2, start=start, missing="available", alpha=0.1)
    treated, effects = treatment(cells), effects_of(cells.panel)
    effect_grid = np.linspace(-3, 3, 13)
    for effect in effect_grid:
        shifted = np.where(np.isnan(cells.panel.outcomes), np.nan, cells.panel.outcomes - effect * treated)
        statistics = []
        for chosen in itertools.permutations(range(9), 2):
            dealt = np.zeros_like(treated)
            for row, first in zip(chosen, start, strict=True):
                dealt[row, first:] = True
            regression = regress(effects, shifted, dealt[None].astype(float))
            statistics.append(abs(regression.coefficients[0]) / np.sqrt(regression.bread[0, 0]))
        p_value = np.mean(np.array(statistics) >= statistics[0] * (1 - 1e-9))
        assert (p_value > 0.1) == result.inference.interval.contains(effect)
        if effect == 0:
            assert result.inference.p_value == pytest.approx(p_value)


@given(st.integers(0, 1000), st.floats(-2, 2), st.sampled_from([0.05, 0.1, 0.29]))
@settings(max_examples=40, deadline=None)
def test_reassignment_interval_and_p_value_agree(seed, effect, alpha):
    values = noise(10, 6, seed=seed, persistence=0.5)
    values[:2, 3:] += effect
    _, result = found(values, treated=2, start=3, alpha=alpha)
    inference = result.inference
    assert (inference.p_value <= alpha) != inference.interval.contains(0.0)
    assert inference.interval.contains(result.effect)


def test_the_same_seed_draws_the_same_reassignments():
    values = noise(60, 8)
    first, second, other = (found(values, seed, treated=3, start=5)[1].inference for seed in (1, 1, 2))
    assert first == second
    assert first.p_value != other.p_value
    assert first.p_value == pytest.approx(other.p_value, abs=0.03)
