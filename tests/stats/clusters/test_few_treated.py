import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.clusters.few_treated import conley_taber, contrasts, ferman_pinto, shifted
from stats.errors import EstimationError
from tests.stats.build import noise, rows
from tests.stats.few_clusters_data import few_clusters_case

seeds = st.integers(0, 10_000)
alphas = st.sampled_from([0.05, 0.1, 0.29])


def agrees(inference):
    return (inference.p_value <= inference.alpha) != inference.interval.contains(0.0)


def texas():
    table = rows("castle_texas_contrast")
    changes, size, treated = (
        np.array([float(row[name]) for row in table]) for name in ("contrast", "M", "treated")
    )
    return changes, treated == 1, size


def test_texas_is_as_published():
    case = few_clusters_case("ferman_pinto_texas")
    expected, tolerance = case["expected"], case["tolerance"]["abs"]
    changes, treated, size = texas()
    published = {"count_actual": False}
    corrected = ferman_pinto(changes, treated, size, **published)
    plain = conley_taber(changes, treated, **published)
    assert (~treated).sum() == expected["n_controls"]
    assert corrected.estimate == pytest.approx(expected["att"], abs=tolerance)
    assert corrected.slope == pytest.approx(expected["slope"], rel=tolerance)
    assert corrected.intercept == pytest.approx(expected["intercept"], abs=tolerance)
    assert corrected.variance == "A + B/M"
    assert corrected.inference.p_value == pytest.approx(expected["p_ferman_pinto"], abs=tolerance)
    assert plain.inference.p_value == pytest.approx(expected["p_conley_taber"], abs=tolerance)


def one_of(*changes):
    return np.array(changes, dtype=float), np.arange(len(changes)) == 0


def test_conley_taber_by_hand():
    # Controls' residuals are -2, 0, 2: two of three are as large as the estimate of 2.
    found = conley_taber(*one_of(3, -1, 1, 3), alpha=0.4, count_actual=False)
    assert found.estimate == 2.0
    assert found.inference.p_value == pytest.approx(2 / 3)
    assert (found.inference.interval.low, found.inference.interval.high) == (0.0, 4.0)
    assert conley_taber(*one_of(3, -1, 1, 3)).inference.p_value == 3 / 4


def test_five_controls_rule_nothing_out():
    changes, treated = one_of(100, -2, -1, 0, 1, 2)
    for found in (conley_taber(changes, treated), ferman_pinto(changes, treated, np.arange(1.0, 7.0))):
        assert found.inference.p_value == 1 / 6
        assert found.inference.interval.low == -np.inf
        assert found.inference.interval.high == np.inf
        assert found.inference.interval.unbounded is not None


def test_a_variance_that_falls_with_one_over_size_is_taken_as_constant():
    changes, treated = one_of(1, 5, -5, 1, -1)
    found = ferman_pinto(changes, treated, np.array([1.0, 9, 9, 1, 1]))
    assert found.variance == "homoskedastic"
    assert found.inference == found.inference.__class__(
        **{**vars(conley_taber(changes, treated).inference), "method": "ferman_pinto"}
    )


def test_a_negative_intercept_leaves_one_over_size():
    changes, treated = one_of(1, 5, -5, 0.1, -0.1)
    found = ferman_pinto(changes, treated, np.array([1.0, 1, 1, 2, 2]))
    assert found.intercept < 0
    assert found.variance == "B/M"


def test_a_small_treated_unit_is_not_significant_for_being_small():
    rng = np.random.default_rng(2)
    plain = corrected = 0
    for _ in range(400):
        sizes = np.concatenate([[1.0], np.exp(rng.uniform(0, 4, size=60))])
        changes = rng.normal(size=61) / np.sqrt(sizes)
        treated = np.arange(61) == 0
        plain += conley_taber(changes, treated).inference.p_value <= 0.05
        corrected += ferman_pinto(changes, treated, sizes).inference.p_value <= 0.05
    # 400 draws of 5 % have a standard error of 1.1 %.
    assert corrected / 400 < 0.12 < 0.25 < plain / 400


@given(seeds, st.integers(1, 4), st.floats(-3, 3), alphas, st.booleans())
@settings(deadline=None, max_examples=60)
def test_few_treated_interval_and_p_value_agree(seed, count, effect, alpha, count_actual):
    rng = np.random.default_rng(seed)
    changes, treated = rng.normal(size=14), np.arange(14) < count
    changes[treated] += effect
    options = {"alpha": alpha, "rng": rng, "count_actual": count_actual}
    assert agrees(conley_taber(changes, treated, **options).inference)
    assert agrees(ferman_pinto(changes, treated, rng.uniform(1, 9, size=14), **options).inference)


@given(seeds, st.floats(-5, 5), alphas, st.sampled_from(["circular_shifts", "moving_blocks"]))
@settings(deadline=None, max_examples=60)
def test_shifted_interval_is_the_set_of_effects_that_are_not_rejected(seed, effect, alpha, scheme):
    gaps, start = np.random.default_rng(seed).normal(size=24), 17
    gaps[start:] += effect
    inference = shifted(gaps, start, alpha=alpha, scheme=scheme)
    assert agrees(inference)
    for constant in (-4.0, -1.0, 0.0, 0.5, 3.0):
        rest = gaps - constant * (np.arange(24) >= start)
        rest = rest - rest.mean()
        if scheme == "circular_shifts":
            moved = np.array([np.roll(rest, shift)[start:] for shift in range(24)])
        else:
            moved = np.array([rest[first : first + 7] for first in range(18)])
        sizes = abs(moved.sum(axis=1))
        p_value = np.mean(sizes >= abs(rest[start:].sum()) * (1 - 1e-9))
        assert inference.interval.contains(constant) == (p_value > alpha)


def test_shifts_keep_their_size_under_serial_dependence():
    rng = np.random.default_rng(3)
    rejected = 0
    for _ in range(400):
        gaps = noise(1, 60, seed=int(rng.integers(1_000_000)), persistence=0.5)[0]
        rejected += shifted(gaps, 50).p_value <= 0.05
    # 400 draws of 5 % have a standard error of 1.1 %; t with independent errors rejects about 20 %.
    assert 0.02 < rejected / 400 < 0.09


@given(seeds, st.sampled_from([-2.0, 1e-6, 1e6]), st.floats(-10, 10))
@settings(deadline=None, max_examples=30)
def test_units_of_measurement_and_order_change_nothing(seed, scale, constant):
    rng = np.random.default_rng(seed)
    changes, treated, sizes = rng.normal(size=12), np.arange(12) < 2, rng.uniform(1, 5, size=12)
    order = rng.permutation(12)
    plain = ferman_pinto(changes, treated, sizes)
    moved = ferman_pinto(scale * (changes + constant)[order], treated[order], 1000 * sizes[order])
    assert moved.inference.p_value == plain.inference.p_value
    assert moved.estimate == pytest.approx(scale * plain.estimate, rel=1e-6)


def test_contrasts_are_changes_of_means():
    assert contrasts(np.array([[1.0, 3, 8], [0, 0, 1]]), 2).tolist() == [6.0, 1.0]


def test_controls_that_all_change_alike_say_nothing():
    assert conley_taber(*one_of(3, 1, 1, 1)).inference.p_value.reason_code == "no_variation"


CHANGES, TREATED = one_of(3, 1, 2, 5, 4)


@pytest.mark.parametrize(
    ("argument", "ask"),
    [
        ("changes", lambda: conley_taber(np.array([1.0, np.nan, 2.0]), np.array([True, False, False]))),
        ("treated", lambda: conley_taber(CHANGES, ~TREATED)),
        ("treated", lambda: conley_taber(CHANGES, TREATED[:3])),
        ("treated", lambda: ferman_pinto(CHANGES[:3], TREATED[:3], np.arange(1.0, 4))),
        ("sizes", lambda: ferman_pinto(CHANGES, TREATED, np.zeros(5))),
        ("sizes", lambda: ferman_pinto(CHANGES, TREATED, np.ones(5))),
        ("rng", lambda: conley_taber(np.arange(60.0), np.arange(60) < 4)),
        ("start", lambda: shifted(CHANGES, 0)),
        ("start", lambda: contrasts(np.arange(6.0).reshape(2, 3), 3)),
        ("scheme", lambda: shifted(CHANGES, 2, scheme="jump")),
    ],
)
def test_what_cannot_be_is_refused_by_argument(argument, ask):
    with pytest.raises(EstimationError) as refused:
        ask()
    assert refused.value.argument == argument
