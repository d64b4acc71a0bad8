import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.cohorts import NEVER
from stats.counterfactuals.interactive import interactive_effects
from stats.counterfactuals.matrix_completion import matrix_completion
from stats.errors import EstimationError
from stats.synthetic_control.placebo_assignments import placebo_assignments
from stats.synthetic_control.synthetic_did import synthetic_did
from tests.stats.build import noise


def rng(seed=0):
    return np.random.default_rng(seed)


def factor_panel(*, units=20, periods=24, rank=2, error=0.0, effect=3.0, seed=0, starts=(16, 12)):
    """Unit and period effects, `rank` factors, and an effect on the first units from their starts on."""
    draws = rng(seed)
    outcomes = draws.normal(size=(units, 1)) + draws.normal(size=periods)
    outcomes = outcomes + draws.normal(size=(units, rank)) @ draws.normal(size=(rank, periods))
    outcomes += error * draws.normal(size=outcomes.shape)
    first = np.full(units, NEVER)
    first[: len(starts)] = starts
    return outcomes + effect * (np.arange(periods) >= first[:, None]), first


def test_factors_without_noise_give_the_effect_back():
    outcomes, first = factor_panel()
    fit = interactive_effects(outcomes, first)
    assert fit.rank == 2
    assert fit.effect == pytest.approx(3.0, abs=1e-9)
    assert fit.gaps[0, :16] == pytest.approx(0.0, abs=1e-9)


def test_without_factors_it_is_difference_in_differences():
    outcomes, first = noise(8, 12), np.where(np.arange(8) < 1, 8, NEVER)
    expected = synthetic_did(outcomes, first, estimator="did").effect
    assert interactive_effects(outcomes, first, rank=0).effect == pytest.approx(expected)
    # At a penalty that nothing withstands, completion has two-way effects alone.
    bare = matrix_completion(outcomes, first, penalty=1e6)
    assert bare.rank == 0
    assert bare.effect == pytest.approx(expected, abs=1e-6)


def test_the_error_of_prediction_is_that_of_fits_without_the_cell():
    outcomes, first = factor_panel(error=0.5, starts=(16,))
    fit = interactive_effects(outcomes, first, rank=1)
    pool = outcomes[1:]
    within = pool - pool.mean(axis=0) - pool.mean(axis=1, keepdims=True) + pool.mean()
    factor = np.linalg.svd(within)[2][0]
    own, table = outcomes[0] - pool.mean(axis=0), np.column_stack([np.ones(24), factor])
    errors = []
    for cell in range(16):
        kept = [period for period in range(16) if period != cell]
        errors.append(own[cell] - table[cell] @ np.linalg.lstsq(table[kept], own[kept], rcond=None)[0])
    assert fit.errors == pytest.approx([np.mean(np.square(errors))])


def test_completion_finds_the_effect_that_two_way_effects_miss():
    outcomes, first = factor_panel(units=30, periods=40, error=0.1, effect=2.0, starts=(32, 32, 32), seed=3)
    fit = matrix_completion(outcomes, first, rng=rng())
    assert fit.effect == pytest.approx(2.0, abs=0.25)
    assert abs(synthetic_did(outcomes, first, estimator="did").effect - 2.0) > 0.25
    assert fit.errors.argmin() not in (0, len(fit.errors) - 1)
    assert (np.diff(fit.penalties) < 0).all()


def test_completion_is_the_minimum_of_its_objective():
    outcomes, first = factor_panel(error=0.5, starts=(16,))
    fit = matrix_completion(outcomes, first, penalty=0.02)
    seen = ~fit.panel.treated_cells

    def objective(gaps, low_rank):
        return (gaps[seen] ** 2).sum() / seen.sum() + 0.02 * np.linalg.svd(low_rank)[1].sum()

    least = objective(fit.gaps, fit.low_rank)
    for seed in range(20):
        step = 1e-2 * np.outer(rng(seed).normal(size=20), rng(seed + 99).normal(size=24))
        assert objective(fit.gaps - step, fit.low_rank + step) >= least
    shift = 1e-2 * rng(1).normal(size=(20, 1))
    assert objective(fit.gaps - shift, fit.low_rank) >= least


@pytest.mark.parametrize("starts", [(16,), (16, 12)])
def test_placebo_assignments_rank_the_effect(starts):
    outcomes, first = factor_panel(units=26, error=0.2, effect=4.0, starts=starts)
    fit = interactive_effects(outcomes, first, rank=1)

    def estimate(values, columns):
        return interactive_effects(values, columns, rank=1).effect

    found = placebo_assignments(fit.effect, fit.panel, estimate, replications=59, rng=rng())
    count = 25 if len(starts) == 1 else 59
    assert found.placebos == count
    assert found.p_value >= 1 / (count + 1)
    assert found.interval.contains(0.0) == (found.p_value > 0.05)
    crowded = interactive_effects(outcomes[:4], first[:4], rank=0)
    if len(starts) == 2:
        silent = placebo_assignments(crowded.effect, crowded.panel, estimate, rng=rng())
        assert silent.p_value.reason_code == "controls_not_more_than_treated"


@pytest.mark.parametrize(
    ("estimator", "changes", "argument"),
    [
        (interactive_effects, {"rank": 9}, "rank"),
        (interactive_effects, {"rank": -1}, "rank"),
        (interactive_effects, {"first_treated": np.array([3, 3, 3, 3, 3, NEVER])}, "first_treated"),
        (matrix_completion, {}, "rng"),
        (matrix_completion, {"penalty": 0.0}, "penalty"),
        (matrix_completion, {"first_treated": np.full(6, 3), "penalty": 1.0}, "first_treated"),
        (matrix_completion, {"outcomes": np.ones((6, 8)), "penalty": 1.0}, "outcomes"),
    ],
)
def test_what_has_no_answer_is_refused_by_name(estimator, changes, argument):
    first = np.array([5, NEVER, NEVER, NEVER, NEVER, NEVER])
    given = {"outcomes": noise(6, 8), "first_treated": first} | changes
    with pytest.raises(EstimationError) as refused:
        estimator(given.pop("outcomes"), given.pop("first_treated"), **given)
    assert refused.value.argument == argument


@given(st.integers(0, 200), st.permutations(range(12)), st.sampled_from([-2.0, 1e4]), st.floats(-100, 100))
@settings(max_examples=15, deadline=None)
def test_order_level_and_scale(seed, order, scale, level):
    outcomes, first = factor_panel(units=12, periods=16, error=0.5, seed=seed, starts=(10, 10))
    for estimate in (
        lambda values, columns, unit: interactive_effects(values, columns, rank=1).effect,
        lambda values, columns, unit: matrix_completion(values, columns, penalty=0.05 * unit).effect,
    ):
        plain = estimate(outcomes, first, 1.0)
        moved = estimate((scale * outcomes + level)[order], first[order], abs(scale))
        assert moved == pytest.approx(scale * plain, rel=1e-4, abs=1e-4 * abs(scale))


def test_a_small_penalty_is_reached_too():
    rng = np.random.default_rng(3)
    outcomes = rng.normal(size=(24, 1)) + rng.normal(size=(1, 10)).cumsum() + rng.normal(size=(24, 10)) * 0.5
    outcomes[:4, 6:] += 1
    first = np.where(np.arange(24) < 4, 6, NEVER)
    chosen = matrix_completion(outcomes, first, rng=np.random.default_rng(1))
    assert chosen.penalty == pytest.approx(chosen.penalties[-1])
    assert chosen.effect == pytest.approx(0.965, abs=2e-3)
