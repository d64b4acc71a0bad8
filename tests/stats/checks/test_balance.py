import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.checks.balance import balance, balance_finding
from stats.errors import EstimationError
from stats.findings import NotComputable

TREATED = [True, True, False, False, False]


def test_the_difference_is_in_standard_deviations_by_hand():
    found = balance({"income": np.array([4.0, 6, 1, 2, 3])}, TREATED)[0]
    assert (found.treated, found.controls) == (5, 2)
    assert found.difference == pytest.approx(3 / np.sqrt((2 + 1) / 2))


def test_weights_move_the_means_and_not_the_yardstick():
    found = balance({"income": np.array([4.0, 6, 1, 2, 3])}, TREATED, [1, 1, 0, 0, 1])[0]
    assert found.controls == 3
    assert found.difference == pytest.approx(2 / np.sqrt((2 + 1) / 2))


def test_one_treated_unit_is_measured_by_the_controls_alone():
    found = balance({"income": np.array([4.0, 1, 2, 3])}, [True, False, False, False])[0]
    assert found.difference == pytest.approx(2)


def test_the_covariate_that_is_furthest_apart_is_named():
    values = {"income": np.array([1.0, 3, 1, 2, 3]), "rain": np.array([9.0, 8, 1, 2, 3])}
    found = balance_finding(balance(values, TREATED))
    assert found.level == "fail"
    assert "rain" in found.sentence_en
    assert "rain" in found.sentence_ko


@pytest.mark.parametrize(("shift", "level"), [(0.05, "ok"), (0.2, "caution"), (0.3, "fail")])
def test_balance_is_judged_by_its_largest_difference(shift, level):
    values = np.array([-1.0, 1, -1, 1])
    values[:2] += shift * np.sqrt(2)
    assert balance_finding(balance({"x": values}, [True, True, False, False])).level == level


def test_a_covariate_that_does_not_vary_has_no_difference():
    found = balance({"x": np.full(5, 0.1)}, TREATED)
    assert isinstance(found[0].difference, NotComputable)
    assert balance_finding(found).level == "caution"


@given(st.integers(0, 1_000), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
@settings(max_examples=20, deadline=None)
def test_differences_know_no_units(seed, scale, constant):
    values = np.random.default_rng(seed).normal(size=5)
    one, other = (balance({"x": x}, TREATED)[0].difference for x in (values, constant + scale * values))
    assert other == pytest.approx(one, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"treated": [False] * 5}, "treated"),
        ({"treated": [True] * 4 + [False]}, "treated"),
        ({"covariates": {"x": np.ones(4)}}, "covariates.x"),
        ({"covariates": {"x": np.array([1, 2, 3, 4, np.nan])}}, "covariates.x"),
        ({"weights": [1, 1, 0, 0, 0]}, "weights"),
        ({"weights": [1, 1, 1, 1, -1]}, "weights"),
    ],
)
def test_questions_are_refused_by_argument(change, argument):
    with pytest.raises(EstimationError) as refused:
        balance(**{"covariates": {"x": np.arange(5.0)}, "treated": TREATED, **change})
    assert refused.value.argument == argument
