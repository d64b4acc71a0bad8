import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from stats.clusters.clustered import cr1
from stats.design import Design
from stats.differences.did import Clusters, effects_of
from stats.differences.event_study import MOST_COEFFICIENTS, event_study
from stats.findings import NotComputable
from stats.missing import sample
from stats.numerics.fixed_effects import regress
from stats.panel import Panel
from tests.stats.build import case, create_sample, noise, rows

EXACT = 1e-9


def study(outcomes, alpha=0.05, **others):
    cells, design = create_sample(outcomes, **others)
    return event_study(cells, Clusters.of(cells, design, np.random.default_rng(0)), alpha=alpha)


def values(found):
    return [coefficient.estimate.value for coefficient in found.coefficients]


def medicaid():
    """States that expanded Medicaid in 2014 against those that had not by 2015."""
    kept = [row for row in rows("ehec_data") if int(row["year"]) < 2016 and row["yexp2"] != "2015"]
    treated = tuple(sorted({row["stfips"] for row in kept if row["yexp2"] == "2014"}))
    panel = Panel.from_cells([(row["stfips"], row["year"], float(row["dins"])) for row in kept])
    design = Design(
        method="did",
        treated=treated,
        first_treated=dict.fromkeys(treated, "2014"),
        controls=tuple(state for state in panel.units if state not in treated),
        alpha=0.05,
        missing="refuse",
    )
    return sample(panel, design), design


def test_coefficients_are_differences_from_the_period_before_the_start_by_hand():
    found = study([[1, 2, 4, 9], [3, 4, 6, 11], [0, 1, 1, 1], [0, 1, 1, 1]], treated=2, start=2)
    # Treated less controls: 2, 2, 4, 9; the second is the reference.
    assert [(one.first, one.last) for one in found.coefficients] == [(-2, -2), (0, 0), (1, 1)]
    assert values(found) == pytest.approx([0, 2, 7])
    assert (found.reference_first, found.reference_last) == (-1, -1)


def test_medicaid_expansion_has_the_published_coefficients():
    cells, design = medicaid()
    found = event_study(cells, Clusters.of(cells, design, np.random.default_rng(0)), alpha=0.05)
    expected = case("es_medicaid_aca")["expected"]["coef"]
    assert values(found) == pytest.approx(list(expected.values()), abs=1e-9)


def test_medicaid_expansion_has_the_published_conventional_errors_and_wald_test():
    cells, _ = medicaid()
    published = case("es_medicaid_aca")["expected"]
    treated = np.arange(len(cells.panel.units)) < len(cells.treated)
    regressors = np.array(
        [np.outer(treated, np.array(cells.panel.periods) == year) for year in published["coef"]], dtype=float
    )
    fit = regress(effects_of(cells.panel), cells.panel.outcomes, regressors)
    covariance = cr1(fit, np.arange(len(treated)))
    assert np.sqrt(np.diag(covariance)) == pytest.approx(list(published["se"].values()), abs=1e-9)
    leads = fit.coefficients[:5]
    wald = leads @ np.linalg.solve(covariance[:5, :5], leads) / 5
    assert wald == pytest.approx(published["wald_pre_F"], abs=1e-8)
    assert scipy.stats.f.sf(wald, 5, len(treated) - 1) == pytest.approx(published["wald_pre_p"], abs=1e-8)


def test_many_clusters_test_every_lead():
    cells, design = medicaid()
    test = event_study(cells, Clusters.of(cells, design, np.random.default_rng(0)), alpha=0.05).pre_trend
    assert (test.method, test.leads, test.blocks) == ("htz", 5, 5)
    assert test.p_value == pytest.approx(scipy.stats.f.sf(test.statistic, 5, test.dof_denominator))


def test_few_treated_clusters_test_means_of_neighbouring_leads():
    test = study(noise(20, 14), treated=3, start=10).pre_trend
    assert (test.leads, test.blocks) == (9, 1)


def test_the_test_of_one_block_is_the_t_test_of_the_mean_lead():
    outcomes = noise(20, 14)
    test = study(outcomes, treated=3, start=10).pre_trend
    leads = outcomes[:, :9].mean(axis=1) - outcomes[:, 9]
    error = np.sqrt(leads[:3].var(ddof=1) / 3 + leads[3:].var(ddof=1) / 17)
    expected = ((leads[:3].mean() - leads[3:].mean()) / error) ** 2
    assert test.statistic == pytest.approx(expected, rel=1e-6)


def test_a_pre_trend_is_found():
    outcomes = noise(40, 10)
    outcomes[:12] += np.arange(10.0)
    assert study(outcomes, treated=12, start=8).pre_trend.p_value < 0.001


@pytest.mark.parametrize(("treated", "units"), [(2, 20), (3, 20), (8, 30)])
def test_the_pre_trend_test_keeps_its_size(treated, units):
    rejected = sum(
        study(noise(units, 12, seed=seed, persistence=0.5), treated=treated, start=9).pre_trend.p_value
        <= 0.05
        for seed in range(100)
    )
    # 100 draws at 5 %: 5 expected, standard deviation 2.2; 13 is more than three of those above.
    assert rejected <= 13


def test_one_treated_unit_is_ranked_among_the_controls_in_pretence():
    outcomes = noise(20, 8)
    outcomes[0, :3] += 40.0
    found = study(outcomes, treated=1, start=5)
    assert (found.pre_trend.method, found.pre_trend.p_value) == ("placebo_rank", 1 / 20)
    assert found.pre_trend.dof_denominator is None
    assert {one.estimate.inference.method for one in found.coefficients} == {"placebo_difference"}


def test_one_period_before_the_start_leaves_nothing_to_test():
    assert study(noise(10, 4), treated=3, start=1).pre_trend.reason_code == "no_leads"
    assert study(noise(10, 4), treated=1, start=1).pre_trend.reason_code == "no_leads"


def test_a_long_panel_is_cut_into_equal_spells_from_the_start():
    found = study(noise(8, 120), treated=3, start=70)
    assert (found.reference_first, found.reference_last) == (-3, -1)
    assert len(found.coefficients) <= MOST_COEFFICIENTS + 1
    borders = [(one.first, one.last) for one in found.coefficients]
    assert borders[0] == (-70, -70)
    assert borders[-1] == (48, 49)
    assert (0, 2) in borders


def test_a_missing_reference_moves_to_the_last_period_with_a_treated_reading():
    outcomes = noise(10, 6)
    outcomes[:3, 3] = np.nan
    found = study(outcomes, treated=3, start=4, missing="available")
    assert (found.reference_first, found.reference_last) == (-2, -2)


def test_a_distance_without_a_treated_reading_has_no_coefficient():
    outcomes = noise(10, 6)
    outcomes[:3, 0] = np.nan
    found = study(outcomes, treated=3, start=4, missing="available")
    assert found.coefficients[0].estimate.reason_code == "not_identified"


def test_coefficients_that_no_reading_identifies_stay_silent():
    outcomes = noise(4, 4)
    outcomes[2:, 3] = np.nan  # no control is left in the last period
    found = study(outcomes, treated=2, start=2, missing="available")
    assert all(isinstance(one.estimate, NotComputable) for one in found.coefficients)
    assert found.pre_trend.reason_code == "not_identified"


def test_a_distance_that_one_staggered_unit_reaches_has_no_error():
    found = study(noise(12, 8), treated=3, start=[3, 3, 6])
    # Five periods after the start only the two early units are; six before only the late one.
    reached = {one.first: one.estimate.inference for one in found.coefficients}
    assert reached[-6].p_value.reason_code == "one_treated_cluster"
    assert reached[4].p_value > 0


def test_one_control_leaves_no_error():
    found = study(noise(4, 6), treated=3, start=3)
    assert found.pre_trend.reason_code == "too_few_controls"
    assert found.coefficients[0].estimate.inference.p_value.reason_code == "too_few_controls"


def test_leads_that_the_model_fits_exactly_cannot_be_tested():
    outcomes = np.add.outer(np.arange(8.0), np.arange(6.0))
    assert study(outcomes, treated=3, start=3).pre_trend.reason_code == "no_variation"


@given(st.integers(0, 1000))
def test_the_mean_of_lags_less_leads_is_the_two_way_estimate(seed):
    outcomes = noise(9, 7, seed=seed)
    found = study(outcomes, treated=3, start=4)
    lags = np.mean([one.estimate.value for one in found.coefficients if one.first >= 0])
    leads = np.sum([one.estimate.value for one in found.coefficients if one.first < 0]) / 4
    changes = outcomes[:, 4:].mean(axis=1) - outcomes[:, :4].mean(axis=1)
    assert lags - leads == pytest.approx(changes[:3].mean() - changes[3:].mean(), abs=EXACT)
