import itertools

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from stats.errors import EstimationError
from stats.monitoring.multiplicity import adjusted, combined, romano_wolf
from tests.stats.build import case

# Sums of the same terms in another order.
SAME = 1e-9

ADJUSTMENTS = ["bonferroni", "sidak", "holm", "hochberg", "hommel", "bh", "by"]
COMBINATIONS = ["fisher", "stouffer", "simes", "cauchy", "harmonic_mean", "tippett", "bonferroni"]
several = st.lists(st.floats(1e-6, 0.999), min_size=1, max_size=9)


def test_adjusted_and_combined_values_are_those_of_the_reference():
    reference = case("multiplicity_combine")
    expected, tolerance = dict(reference["expected"]), reference["tolerance"]["abs"]
    p = expected.pop("p")
    for name, value in expected.items():
        found = adjusted(p, name) if isinstance(value, list) else combined(p, name)
        assert found == pytest.approx(value, abs=tolerance), name


@given(several)
def test_adjustments_are_those_of_statsmodels(p):
    names = {
        "bonferroni": "bonferroni",
        "sidak": "sidak",
        "holm": "holm",
        "hochberg": "simes-hochberg",
        "hommel": "hommel",
        "bh": "fdr_bh",
        "by": "fdr_by",
    }
    for ours, theirs in names.items():
        assert adjusted(p, ours) == pytest.approx(multipletests(p, method=theirs)[1], rel=SAME), ours


@given(several)
def test_hommel_is_the_closure_of_simes(p):
    closed = [
        max(
            combined([p[other] for other in subset], "simes")
            for size in range(1, len(p) + 1)
            for subset in itertools.combinations(range(len(p)), size)
            if place in subset
        )
        for place in range(min(len(p), 3))
    ]
    assert adjusted(p, "hommel")[: len(closed)] == pytest.approx(closed, rel=SAME)


@given(several, st.sampled_from(ADJUSTMENTS), st.randoms())
def test_order_does_not_matter_and_nothing_gets_smaller(p, method, random):
    place = list(range(len(p)))
    random.shuffle(place)
    found = adjusted(p, method)
    assert adjusted([p[at] for at in place], method) == pytest.approx(found[place], rel=SAME)
    assert (found >= np.array(p) * (1 - SAME)).all()
    assert (found <= 1).all()


@given(
    st.floats(1e-9, 0.999),
    st.sampled_from(["fisher", "stouffer", "simes", "cauchy", "tippett", "bonferroni"]),
)
def test_a_single_p_value_is_combined_into_itself(p, method):
    assert combined([p], method) == pytest.approx(p, rel=1e-6)


def test_tiny_p_values_keep_their_size():
    assert combined([1e-300, 0.5], "cauchy") == pytest.approx(2e-300)
    assert combined([1e-200, 0.5], "stouffer") < 1e-90
    assert combined([0.0, 0.5], "fisher") == 0


def test_stouffers_weights_by_hand():
    p = [0.01, 0.2]
    z = (3 * scipy.stats.norm.isf(0.01) + scipy.stats.norm.isf(0.2)) / np.sqrt(10)
    assert combined(p, "stouffer", weights=[3, 1]) == pytest.approx(scipy.stats.norm.sf(z))


@pytest.mark.parametrize("method", COMBINATIONS)
def test_combinations_hold_their_level_over_independent_p_values(method):
    """2,000 draws of ten true hypotheses, seed 5; 5 % +- four standard errors."""
    draws = np.random.default_rng(5).random((2000, 10))
    share = np.mean([combined(p, method) <= 0.05 for p in draws])
    assert share <= 0.07
    assert share >= 0.03


def test_step_down_by_hand():
    """Largest first: its draws' maxima 4, 1, 3 against 3.5; then column 0 alone, 1, 0, 3 against 2."""
    found = romano_wolf([2.0, 3.5], [[1.0, -4.0], [0.0, 1.0], [-3.0, 0.0]])
    assert found == pytest.approx([2 / 4, 2 / 4])
    assert romano_wolf([2.0, 3.5], [[1.0, 1.0], [0.0, 1.0], [-3.0, 0.0]]) == pytest.approx([2 / 4, 1 / 4])


def test_step_down_of_copies_is_no_penalty():
    """Ten copies of one statistic are one hypothesis, which Holm cannot know."""
    rng = np.random.default_rng(1)
    draws = np.repeat(rng.normal(size=(999, 1)), 10, axis=1)
    found = romano_wolf(np.full(10, 2.2), draws)
    assert found == pytest.approx(np.full(10, (1 + np.sum(np.abs(draws[:, 0]) >= 2.2)) / 1000))


def test_step_down_keeps_the_family_error_under_dependence():
    """400 families of five true hypotheses, correlation 0.8, 199 draws each, seed 8."""
    rng = np.random.default_rng(8)
    root = np.linalg.cholesky(0.2 * np.eye(5) + 0.8)
    wrong = [
        romano_wolf(root @ rng.normal(size=5), rng.normal(size=(199, 5)) @ root.T).min() <= 0.05
        for _ in range(400)
    ]
    assert 0.02 <= np.mean(wrong) <= 0.085


@pytest.mark.parametrize("p", [[], [0.1, float("nan")], [-0.1], [1.1], [[0.1]]])
def test_what_is_no_p_value_is_refused(p):
    with pytest.raises(EstimationError, match="p_values"):
        adjusted(p)
    with pytest.raises(EstimationError, match="p_values"):
        combined(p)


def test_unknown_methods_and_weights_without_use_are_refused():
    with pytest.raises(EstimationError, match="method"):
        adjusted([0.1], "guess")
    with pytest.raises(EstimationError, match="method"):
        combined([0.1], "guess")
    with pytest.raises(EstimationError, match="weights"):
        combined([0.1, 0.2], "fisher", weights=[1, 2])
    with pytest.raises(EstimationError, match="weights"):
        combined([0.1, 0.2], "stouffer", weights=[1, 0])


@pytest.mark.parametrize(
    ("statistics", "resampled", "named"),
    [([], [[]], "statistics"), ([1.0], [[1.0, 2.0]], "resampled"), ([1.0], [[float("nan")]], "resampled")],
)
def test_statistics_that_do_not_fit_are_refused(statistics, resampled, named):
    with pytest.raises(EstimationError, match=named):
        romano_wolf(statistics, resampled)
