import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.synthetic_control.augmented import augmented_synthetic_control
from tests.stats.build import REFERENCE, cells, noise, rows

# Closed forms and the general solution differ by rounding only.
EXACT = 1e-9
CASES = {case["id"]: case for case in json.loads((REFERENCE / "cases_ascm.json").read_text())}


def matrix(name, unit, period, value):
    """Units, and the values of the table over units and periods, NaN where there is none."""
    triples = cells(name, unit, period, value)
    units = sorted({row[unit] for row in rows(name)})
    periods = sorted({row[period] for row in rows(name)}, key=float)
    place = {label: column for column, label in enumerate(periods)}
    values = np.full((len(units), len(periods)), np.nan)
    for label, time, number in triples:
        values[units.index(label), place[time]] = number
    return units, periods, values


@pytest.fixture(scope="module")
def kansas():
    units, periods, outcomes = matrix("kansas", "state", "year_qtr", "lngdpcapita")
    start, row = periods.index("2012.25"), units.index("Kansas")
    logs, levels = (
        [matrix("kansas", "state", "year_qtr", name)[2] for name in names]
        for names in (
            ("revstatecapita", "revlocalcapita", "avgwklywagecapita"),
            ("lngdpcapita", "estabscapita", "emplvlcapita"),
        )
    )
    covariates = [*(np.log(values) for values in logs), *levels]
    means = np.array([np.nanmean(values[:, :start], axis=1) for values in covariates]).T
    others = np.delete(np.arange(len(units)), row)
    return outcomes[row], outcomes[others], start, (means[row], means[others])


@pytest.mark.parametrize("ridge", [False, True])
def test_two_markets_of_a_geo_experiment_are_as_published(ridge):
    expected = CASES["geolift_chicago_portland"]["expected"]
    units, periods, outcomes = matrix("geolift_panel", "location", "time", "Y")
    treated = [units.index("chicago"), units.index("portland")]
    donors = [unit for unit in units if unit not in ("chicago", "portland")]
    fit = augmented_synthetic_control(
        outcomes[treated],
        np.delete(outcomes, treated, axis=0),
        periods.index("91"),
        ridge=ridge,
        fixed_effects=True,
    )
    prefix = "ridge_" if ridge else ""
    assert fit.effect == pytest.approx(expected[f"{prefix}att"], rel=1e-6)
    assert fit.imbalance == pytest.approx(expected[f"{prefix}l2"], rel=1e-6)
    if not ridge:
        assert 100 * fit.relative_effect == pytest.approx(expected["percent_lift"], rel=1e-6)
        assert fit.effect * 30 == pytest.approx(expected["incremental"], rel=1e-6)
        for unit, share in zip(donors, fit.weights, strict=True):
            # Shares below half a per cent are not listed.
            assert share == pytest.approx(expected["weights_nonzero"].get(unit, 0.0), abs=5e-3)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("scm", {"ridge": False}),
        ("ridge", {}),
        ("covariates", {}),
        ("residualized", {"covariate_use": "residualize", "penalty": 0.0787}),
        ("fixed_effects", {"ridge": False, "fixed_effects": True}),
    ],
)
def test_the_tax_cuts_of_kansas_are_as_published(kansas, name, options):
    case = CASES["ridge_kansas"]
    expected, tolerance = case["expected"][name], case["tolerance"]
    treated, donors, start, covariates = kansas
    used = covariates if name in ("covariates", "residualized") else None
    fit = augmented_synthetic_control(treated, donors, start, covariates=used, **options)
    assert fit.effect == pytest.approx(expected["att"], abs=tolerance["att_abs"])
    found = {
        "l2": fit.imbalance,
        "improvement": fit.improvement,
        "covariate_l2": fit.covariate_imbalance,
        "bias": fit.bias.mean(),
    }
    for figure in found.keys() & expected.keys():
        assert found[figure] == pytest.approx(expected[figure], abs=tolerance["l2_abs"])
    if "ratio" in expected:
        assert fit.ratio == pytest.approx(expected["ratio"], abs=5e-3)


def test_one_period_and_two_donors_by_hand():
    # Donors at 0 and 2 before, the treated at 3: the nearest mix is the second donor, 1 away. Centred at 1,
    # X_0 = (-1, 1): the correction is 1 / (2 + lambda) times that, so 1/4 for lambda = 2.
    donors = np.array([[0.0, 5.0], [2.0, 9.0]])
    fit = augmented_synthetic_control(np.array([3.0, 12.0]), donors, 1, penalty=2.0)
    assert fit.simplex == pytest.approx([0.0, 1.0], abs=EXACT)
    assert fit.weights == pytest.approx([-0.25, 1.25], abs=EXACT)
    assert fit.effect == pytest.approx(12 - (1.25 * 9 - 0.25 * 5), abs=EXACT)
    # The outcome model says what the second donor alone would have missed: a quarter of 9 - 5.
    assert fit.bias == pytest.approx([1.0], abs=EXACT)


def fitted(values, **options):
    return augmented_synthetic_control(values[0], values[1:], 8, **options)


seeds = st.integers(0, 300)


@given(seeds, st.floats(0.01, 100))
@settings(max_examples=25)
def test_it_is_a_regression_with_the_simplex_imbalance_corrected(seed, penalty):
    values = noise(7, 12, seed=seed)
    fit = fitted(values, penalty=penalty)
    centred = values - values[1:].mean(axis=0)
    before, after = centred[:, :8], centred[:, 8:]
    gram = before[1:].T @ before[1:] + penalty * np.eye(8)
    predicted = before @ np.linalg.solve(gram, before[1:].T @ after[1:])
    counterfactual = fit.simplex @ after[1:] + predicted[0] - fit.simplex @ predicted[1:]
    np.testing.assert_allclose(fit.gaps[8:], after[0] - counterfactual, atol=EXACT)
    np.testing.assert_allclose(fit.bias, predicted[0] - fit.simplex @ predicted[1:], atol=EXACT)


@given(seeds)
@settings(max_examples=15)
def test_weights_sum_to_one_and_fit_no_worse_than_the_simplex(seed):
    values = noise(7, 12, seed=seed)
    fit, plain = fitted(values), fitted(values, ridge=False)
    assert fit.weights.sum() == pytest.approx(1.0, abs=EXACT)
    assert fit.imbalance <= plain.imbalance + EXACT
    assert plain.imbalance <= plain.even_imbalance + EXACT


@given(seeds, st.floats(-100, 100), st.sampled_from([-2.0, 1e-3, 1e4]))
@settings(max_examples=15)
def test_a_constant_changes_nothing_and_a_scale_scales(seed, constant, scale):
    values = noise(7, 12, seed=seed)
    plain, moved = fitted(values), fitted(scale * values + constant)
    assert moved.effect == pytest.approx(scale * plain.effect, rel=1e-5, abs=1e-6)
    assert moved.penalty == pytest.approx(scale**2 * plain.penalty, rel=1e-6)


@given(seeds, st.permutations(range(6)))
@settings(max_examples=15)
def test_the_order_of_donors_does_not_matter(seed, order):
    values = noise(7, 12, seed=seed)
    shuffled = np.vstack([values[:1], values[1:][list(order)]])
    assert fitted(shuffled).effect == pytest.approx(fitted(values).effect, abs=1e-7)


def test_levels_of_units_do_not_matter_with_fixed_effects():
    values = noise(7, 12)
    levels = np.linspace(-50, 50, 7)[:, None]
    plain, moved = (fitted(each, fixed_effects=True) for each in (values, values + levels))
    assert moved.effect == pytest.approx(plain.effect, abs=1e-7)


def test_covariates_that_are_regressed_out_are_balanced_exactly():
    values, covariates = noise(9, 12), np.random.default_rng(1).normal(size=(9, 2))
    fit = fitted(values, covariates=(covariates[0], covariates[1:]), covariate_use="residualize")
    np.testing.assert_allclose(fit.weights @ covariates[1:], covariates[0], atol=EXACT)
    assert fit.covariate_imbalance == pytest.approx(0.0, abs=EXACT)


def test_the_best_penalty_is_never_larger_than_that_within_one_standard_error():
    tuning = fitted(noise(7, 12)).tuning
    assert tuning.chosen(one_standard_error=False) <= tuning.chosen()


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("penalty", {"penalty": 0.0}),
        ("penalty", {"penalty": np.nan}),
        ("holdout", {"holdout": 8}),
        ("covariate_use", {"covariate_use": "both"}),
        ("covariates", {"covariates": (np.ones(1), np.ones((5, 1)))}),
        (r"covariates\.0", {"covariates": (np.ones(1), np.ones((6, 1)))}),
        ("covariates", {"covariates": (np.full(1, np.nan), np.ones((6, 1)))}),
    ],
)
def test_what_cannot_be_is_refused_by_name(argument, options):
    with pytest.raises(EstimationError, match=argument):
        fitted(noise(7, 12), **options)


def test_more_covariates_than_donors_cannot_be_regressed_out():
    covariates = np.random.default_rng(1).normal(size=(7, 8))
    with pytest.raises(EstimationError, match="covariates"):
        fitted(noise(7, 12), covariates=(covariates[0], covariates[1:]), covariate_use="residualize")


def test_a_missing_cell_is_refused_by_its_place():
    values = noise(7, 12)
    values[3, 4] = np.nan
    with pytest.raises(EstimationError, match="donors: unit 2 has no finite value in period 4"):
        fitted(values)
    with pytest.raises(EstimationError, match="treated"):
        augmented_synthetic_control(np.full(12, np.nan), noise(6, 12), 8)


def test_donors_that_do_not_differ_are_refused():
    with pytest.raises(EstimationError, match="donors"):
        augmented_synthetic_control(np.arange(12.0), np.ones((4, 12)), 8)
