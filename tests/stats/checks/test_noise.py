import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.checks.noise import noise_unlike
from stats.inference import placebo_difference, student_t
from tests.stats.build import create_sample, noise

RANKED = placebo_difference(1.0, np.arange(19.0), alpha=0.05)


def found(values, *, treated=1, inference=RANKED, start=20):
    cells, _ = create_sample(values, treated=treated, start=start)
    return noise_unlike(cells, inference)


def test_by_hand():
    # Controls move +-1 about a mean of 0, the treated +-3: variances 4/3 and 12 with four periods.
    moves = np.array([1.0, -1, 1, -1, 0])
    (finding,) = found(np.array([3 * moves, moves, -moves]), start=4)
    assert finding.number == pytest.approx(3 * np.sqrt((1 - 1 / 2) / (1 + 1 / 2)))
    assert finding.level == "caution"


def test_units_that_are_alike_pass_and_the_ratio_is_right_on_average():
    ratios = [found(noise(20, 40, seed=seed), treated=3)[0].number for seed in range(40)]
    assert np.sqrt(np.mean(np.square(ratios))) == pytest.approx(1.0, abs=0.03)
    assert {found(noise(20, 40, seed=seed), treated=3)[0].level for seed in range(10)} == {"ok"}


@pytest.mark.parametrize(
    ("size", "level", "says"),
    [
        (2.0, "caution", "Noisier"),
        (4.0, "fail", "Noisier"),
        (0.5, "caution", "Calmer"),
        (0.2, "fail", "Calmer"),
    ],
)
def test_noisier_and_calmer_units_are_told(size, level, says):
    values = noise(30, 60)
    values[:2] *= size
    (finding,) = found(values, treated=2, start=50)
    assert finding.level == level
    assert says in finding.sentence_en


@given(st.integers(0, 10_000), st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
@settings(deadline=None, max_examples=30)
def test_levels_common_shocks_and_units_of_measure_change_nothing(seed, level, scale):
    values = noise(8, 24, seed=seed)
    rng = np.random.default_rng(seed)
    moved = scale * (values + rng.normal(size=(8, 1)) + rng.normal(size=24)) + level
    assert found(moved)[0].number == pytest.approx(found(values)[0].number, rel=1e-6)


def test_gaps_do_not_count_as_calm():
    values = noise(10, 40)
    whole = found(values)[0].number
    values[1:, ::2] = np.nan
    values[0, 1::7] = np.nan
    cells, _ = create_sample(values, treated=1, start=20, missing="available", method="did")
    assert noise_unlike(cells, RANKED)[0].number == pytest.approx(whole, rel=0.5)


def test_nothing_is_said_where_nothing_is_ranked_or_little_is_known():
    assert not found(noise(10, 40), inference=student_t(1.0, 1.0, 5.0, alpha=0.05, method="x"))
    assert not found(noise(10, 40), start=3)
    assert found(np.tile(noise(1, 30), (6, 1)))[0].number.reason_code == "no_variation"
