import math

import numpy as np
import pytest
import scipy.optimize
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.time_series.autoregressive import autoregressive
from stats.time_series.interrupted import Season, interrupted_time_series
from stats.time_series.newey_west import automatic_lag, newey_west
from tests.stats.build import case, rows

EXACT = 1e-9
"""Both sides solve the same linear equations in double precision."""


def sicily(**others):
    """Acute coronary events in Sicily by month, 2002-2006; smoking in public banned in January 2005."""
    table = rows("sicily")
    events, people = (np.array([float(row[name]) for row in table]) for name in ("aces", "stdpop"))
    fields = {"exposure": people, "slope_change": False, "errors": "model", **others}
    return interrupted_time_series(events, 36, **fields)


def seatbelts(*, petrol=True, **others):
    """Logs of drivers killed or seriously injured in Great Britain by month; law of February 1983."""
    table = rows("uk_seatbelts")
    drivers, price = (np.log([float(row[name]) for row in table]) for name in ("drivers", "PetrolPrice"))
    fields = {"season": Season(12), "errors": "newey_west", "lag": 12, "adjust": False, **others}
    return interrupted_time_series(drivers, 169, covariates={"petrol": price} if petrol else {}, **fields)


def create_series(count=40, start=24, *, level=2.0, seed=0, persistence=0.0, slope=0.0):
    errors = np.random.default_rng(seed).normal(size=count)
    for period in range(1, count):
        errors[period] += persistence * errors[period - 1]
    times = np.arange(count)
    return 10 + 0.1 * times + (times >= start) * (level + slope * (times - start)) + errors


def test_sicily_has_the_published_rate_ratio_and_errors():
    expected, tolerance = case("its_sicily")["expected"], case("its_sicily")["tolerance"]["abs"]
    found = sicily(family="poisson")
    ratio = found.rate_ratio(found.level)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx(
        (expected["rr_a"], expected["rr_a_lb"], expected["rr_a_ub"]), abs=tolerance
    )
    assert found.level.value == pytest.approx(expected["logrr_a"], abs=tolerance)
    assert found.level.inference.standard_error == pytest.approx(expected["se_a"], abs=tolerance)
    assert found.dispersion == pytest.approx(expected["dispersion"], abs=tolerance)


def test_sicily_has_the_published_errors_with_dispersion_and_season():
    expected, tolerance = case("its_sicily")["expected"], case("its_sicily")["tolerance"]["abs"]
    quasi = sicily(family="quasipoisson")
    assert quasi.level.inference.standard_error == pytest.approx(expected["se_quasi"], abs=tolerance)
    season = sicily(family="quasipoisson", season=Season(12, harmonics=2))
    assert season.rate_ratio(season.level).value == pytest.approx(expected["rr_c"], abs=tolerance)
    assert season.level.inference.standard_error == pytest.approx(expected["se_c"], abs=tolerance)
    assert season.dispersion == pytest.approx(expected["dispersion_c"], abs=tolerance)


def test_seat_belts_have_the_published_level_and_errors():
    expected, tolerance = case("its_seatbelts")["expected"], case("its_seatbelts")["tolerance"]["abs"]
    found = seatbelts(slope_change=False)
    assert found.level.value == pytest.approx(expected["law"], abs=tolerance)
    assert found.durbin_watson == pytest.approx(expected["dw"], abs=tolerance)
    for change, name in (({"errors": "model"}, "se_ols"), ({}, "se_nw"), ({"adjust": True}, "se_nw_adj")):
        error = seatbelts(slope_change=False, **change).level.inference.standard_error
        assert error == pytest.approx(expected[name], abs=tolerance)


def test_seat_belts_have_the_published_change_of_slope():
    expected, tolerance = case("its_seatbelts")["expected"], case("its_seatbelts")["tolerance"]["abs"]
    found = seatbelts(petrol=False, slope_begins=1)
    assert found.level.value == pytest.approx(expected["seg_level"], abs=tolerance)
    assert found.slope.value == pytest.approx(expected["seg_slope"], abs=tolerance)
    assert found.level.inference.standard_error == pytest.approx(expected["seg_se_nw_level"], abs=tolerance)
    assert found.slope.inference.standard_error == pytest.approx(expected["seg_se_nw_slope"], abs=tolerance)


def test_changes_by_hand():
    # 1, 2, 3 goes on as 4, 5, 6; observed are 6, 8, 10: the level changes by 2 and the slope by 1.
    found = interrupted_time_series([1.0, 2, 3, 6, 8, 10], 3, errors="model")
    assert (found.level.value, found.slope.value, found.average.value) == pytest.approx((2, 1, 3))
    assert found.counterfactual == pytest.approx([1, 2, 3, 4, 5, 6])


def test_a_series_that_is_reproduced_without_error_has_no_uncertainty_to_tell():
    found = interrupted_time_series([1.0, 2, 3, 6, 8, 10], 3)
    assert isinstance(found.level.inference.p_value, NotComputable)


def test_the_level_one_period_earlier_is_less_by_the_slope():
    series = create_series()
    now, before = (interrupted_time_series(series, 24, slope_begins=begins) for begins in (0, 1))
    assert before.level.value == pytest.approx(now.level.value - now.slope.value)
    assert before.average.value == pytest.approx(now.average.value)
    origin = interrupted_time_series(series, 24, slope_begins=25)
    assert origin.level.value == pytest.approx(now.level.value - 25 * now.slope.value)
    assert origin.average.value == pytest.approx(now.average.value)


def test_newey_west_agrees_with_an_independent_program():
    series = create_series(persistence=0.5)
    times = np.arange(40)
    regressors = np.column_stack([np.ones(40), times, times >= 24]).astype(float)
    peer = sm.OLS(series, regressors).fit(
        cov_type="HAC", cov_kwds={"maxlags": 5, "use_correction": True}, use_t=True
    )
    found = interrupted_time_series(series, 24, slope_change=False, errors="newey_west", lag=5)
    assert found.level.inference.standard_error == pytest.approx(peer.bse[2], rel=EXACT)
    assert found.level.inference.p_value == pytest.approx(peer.pvalues[2], rel=1e-6)


def test_counts_agree_with_an_independent_program():
    counts = np.random.default_rng(3).poisson(np.exp(1 + 0.02 * np.arange(40)))
    times = np.arange(40)
    regressors = np.column_stack([np.ones(40), times, times >= 24]).astype(float)
    peer = sm.GLM(counts, regressors, family=sm.families.Poisson()).fit(
        cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": False}
    )
    found = interrupted_time_series(
        counts, 24, family="poisson", slope_change=False, errors="newey_west", lag=3, adjust=False
    )
    assert found.level.value == pytest.approx(peer.params[2], rel=1e-7)
    assert found.level.inference.standard_error == pytest.approx(peer.bse[2], rel=1e-6)


def test_prewhitening_by_hand_for_one_coefficient():
    scores = np.array([[1.0], [2.0], [-1.0], [0.5]])
    passage = (1 * 2 + 2 * -1 + -1 * 0.5) / (1 + 4 + 1)
    left = np.array([2 - passage, -1 - 2 * passage, 0.5 + passage])
    meat = (left @ left) / (1 - passage) ** 2
    found = newey_west(scores, np.array([[0.5]]), lag=0, prewhite=True, adjust=False)
    assert found[0, 0] == pytest.approx(0.25 * meat)


def test_the_automatic_lag_by_hand():
    # n = 4 without prewhitening: floor(4 (4/100)^(2/9)) = 1 autocovariance, 2 x 1 - 1 x 2 + ...
    scores = np.array([[1.0], [2.0], [3.0], [1.0]])
    first = 1 * 2 + 2 * 3 + 3 * 1
    spread = (1 + 4 + 9 + 1) + 2 * first
    lag = math.floor(1.1447 * ((2 * first / spread) ** 2 * 4) ** (1 / 3))
    assert automatic_lag(scores, np.ones(1)) == lag == 1


def test_persistent_series_get_longer_lags_than_white_ones():
    white, persistent = (
        interrupted_time_series(
            create_series(400, 200, persistence=rho), 200, errors="newey_west", lag="sandwich"
        ).lag
        for rho in (0.0, 0.8)
    )
    assert persistent > white


def test_the_rule_of_thumb_counts_periods_alone():
    lags = [
        interrupted_time_series(create_series(count, 24), 24, errors="newey_west").lag for count in (40, 200)
    ]
    assert lags == [3, 4]


def test_the_lag_of_the_sandwich_package_is_taken_from_scores_as_they_are():
    series = create_series(60, 36, persistence=0.6)
    found = interrupted_time_series(series, 36, errors="newey_west", lag="sandwich", prewhite=True)
    times = np.arange(60)
    changed = times >= 36
    regressors = np.column_stack([np.ones(60), times + 1, changed, changed * (times - 36)])
    solved, *_ = np.linalg.lstsq(regressors, series, rcond=None)
    scores = regressors * (series - regressors @ solved)[:, None]
    assert found.lag == automatic_lag(scores, np.array([0.0, 1, 1, 1]), prewhite=True)


def test_prewhitening_widens_errors_of_persistent_series():
    series = create_series(200, 120, persistence=0.7)
    plain, white = (
        interrupted_time_series(
            series, 120, errors="newey_west", lag=4, prewhite=prewhite
        ).level.inference.standard_error
        for prewhite in (False, True)
    )
    assert white > plain


@pytest.mark.parametrize("errors", ["ar1", "newey_west"])
def test_a_control_series_takes_its_own_changes_away(errors):
    rng = np.random.default_rng(2)
    common = rng.normal(size=40) + 3.0 * (np.arange(40) >= 24)
    series = create_series(level=2.0, seed=4) + common
    found = interrupted_time_series(series, 24, control=5 + common, errors=errors)
    alone = interrupted_time_series(series - 5 - common, 24, errors=errors)
    assert found.level.value == pytest.approx(alone.level.value)
    assert found.level.inference.standard_error == pytest.approx(alone.level.inference.standard_error)
    assert found.level.inference.p_value == pytest.approx(alone.level.inference.p_value)
    assert found.evidence == "controlled_before_after"


def test_without_controls_the_lower_level_of_evidence_is_told():
    found = interrupted_time_series(create_series(), 24)
    assert found.evidence == "before_after"
    assert next(one for one in found.findings if one.code == "no_controls").level == "caution"
    controlled = interrupted_time_series(create_series(), 24, control=create_series(seed=1))
    assert all(one.code != "no_controls" for one in controlled.findings)


def test_counts_of_two_series_have_the_ratio_of_their_ratios():
    series, control = np.array([10.0] * 12 + [5.0] * 12), np.array([20.0] * 12 + [16.0] * 12)
    series[[0, 12]] += 1  # a little noise
    found = interrupted_time_series(
        series,
        12,
        family="poisson",
        control=control,
        trend=False,
        slope_change=False,
        errors="newey_west",
    )
    own = (series[12:].mean() / series[:12].mean()) / (16 / 20)
    assert found.rate_ratio(found.level).value == pytest.approx(own)


def test_the_counterfactual_of_counts_is_what_was_fitted_less_the_change():
    found = sicily(family="poisson")
    ratio = found.fitted[36:] / found.counterfactual[36:]
    assert ratio == pytest.approx(np.full(23, math.exp(found.level.value)))
    assert found.fitted[:36] == pytest.approx(found.counterfactual[:36])


def test_gaps_are_left_out_and_lags_keep_counting_periods():
    series = create_series(persistence=0.5)
    series[[5, 30]] = np.nan
    found = interrupted_time_series(series, 24, gaps="keep", errors="newey_west", lag=3)
    assert np.isnan(found.fitted[[5, 30]]).all()
    times, present = np.arange(40.0), ~np.isnan(series)
    changed = times >= 24
    regressors = np.column_stack([np.ones(40), times, changed, changed * (times - 24)])[present]
    solved, *_ = np.linalg.lstsq(regressors, series[present], rcond=None)
    scores = np.zeros((40, 4))
    scores[present] = regressors * (series[present] - regressors @ solved)[:, None]
    bread = np.linalg.inv(regressors.T @ regressors)
    meat = sum(
        (1 - abs(lag) / 4) * sum(np.outer(scores[t], scores[t - lag]) for t in range(40) if 0 <= t - lag < 40)
        for lag in range(-3, 4)
    )
    error = math.sqrt((bread @ meat @ bread)[2, 2] * 40 / 36)
    assert found.level.value == pytest.approx(solved[2])
    assert found.level.inference.standard_error == pytest.approx(error)


@given(st.integers(0, 1_000), st.floats(-1e4, 1e4), st.floats(1e-3, 1e6))
@settings(max_examples=25, deadline=None)
def test_constants_and_units_only_move_and_stretch_the_outcome(seed, constant, scale):
    series = create_series(seed=seed)
    one = interrupted_time_series(series, 24, season=Season(4))
    other = interrupted_time_series(constant + scale * series, 24, season=Season(4))
    assert other.level.value == pytest.approx(scale * one.level.value, rel=1e-6, abs=1e-6 * scale)
    assert other.level.inference.p_value == pytest.approx(one.level.inference.p_value, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("errors", ["ar1", "newey_west", "model"])
def test_badly_scaled_covariates_do_not_change_the_answer(errors):
    series = create_series()
    driver = np.random.default_rng(9).normal(size=40)
    plain = interrupted_time_series(series, 24, covariates={"x": driver}, errors=errors)
    large = interrupted_time_series(series, 24, covariates={"x": 1e9 * driver}, errors=errors)
    assert large.level.value == pytest.approx(plain.level.value, rel=1e-6)
    error = plain.level.inference.standard_error
    assert large.level.inference.standard_error == pytest.approx(error, rel=1e-5)


def test_harmonics_up_to_half_the_cycle_say_the_same_as_dummies():
    series = create_series()
    dummies = interrupted_time_series(series, 24, season=Season(4), errors="model")
    waves = interrupted_time_series(series, 24, season=Season(4, harmonics=2), errors="model")
    assert waves.level.value == pytest.approx(dummies.level.value)
    assert waves.level.inference.standard_error == pytest.approx(dummies.level.inference.standard_error)


def test_correlated_residuals_are_a_failure_where_errors_forget_them():
    series = create_series(200, 120, persistence=0.7)
    levels = {
        errors: next(
            one.level
            for one in interrupted_time_series(series, 120, errors=errors).findings
            if one.code == "autocorrelation"
        )
        for errors in ("ar1", "newey_west", "model")
    }
    assert levels == {"ar1": "ok", "newey_west": "caution", "model": "fail"}


def test_overdispersed_counts_are_a_failure_of_poisson_errors_alone():
    assert "overdispersion" in {one.code for one in sicily(family="poisson").findings}
    assert "overdispersion" not in {one.code for one in sicily(family="quasipoisson").findings}


def test_short_histories_are_a_caution():
    codes = {one.code for one in interrupted_time_series(create_series(16, 8), 8).findings}
    assert "short_before" in codes


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"start": 1}, "start"),
        ({"start": 39}, "start"),
        ({"outcomes": [[1.0, 2.0]]}, "outcomes"),
        ({"outcomes": [1.0] * 10 + [np.nan] + [1.0] * 29}, "outcomes"),
        ({"outcomes": [1.0] * 10 + [np.inf] + [1.0] * 29}, "outcomes"),
        ({"outcomes": [-1.0] * 40, "family": "poisson"}, "outcomes"),
        ({"outcomes": [0.0] * 24 + [1.0] * 16, "family": "poisson"}, "outcomes"),
        ({"exposure": np.ones(40)}, "exposure"),
        ({"exposure": np.zeros(40), "family": "poisson"}, "exposure"),
        ({"covariates": {"x": np.ones(40)}}, "level_change"),
        ({"covariates": {"x": np.ones(3)}}, "covariates.x"),
        ({"covariates": {str(n): np.eye(40)[n] for n in range(38)}}, "outcomes"),
        ({"control": np.ones(3)}, "control"),
        ({"family": "binomial"}, "family"),
        ({"errors": "bootstrap"}, "errors"),
        ({"slope_begins": math.inf}, "slope_begins"),
        ({"gaps": "interpolate"}, "gaps"),
        ({"lag": -1, "errors": "newey_west"}, "lag"),
        ({"lag": "long", "errors": "newey_west"}, "lag"),
        ({"alpha": 0.0}, "alpha"),
    ],
)
def test_questions_are_refused_by_argument(change, argument):
    fields = {"outcomes": np.abs(create_series()), "start": 24, **change}
    with pytest.raises(EstimationError) as refused:
        interrupted_time_series(**fields)
    assert refused.value.argument in (argument, "covariate_x")


@pytest.mark.parametrize(("period", "harmonics"), [(1, None), (12, 7), (12, 0)])
def test_cycles_that_are_none_are_refused(period, harmonics):
    with pytest.raises(EstimationError, match="season"):
        Season(period, harmonics)


def test_rates_that_run_away_to_zero_are_refused():
    counts = np.array([9.0, 7, 5, 8] * 6 + [0.0] * 15 + [3.0])
    with pytest.raises(EstimationError, match="outcomes"):
        interrupted_time_series(
            counts, 24, family="poisson", covariates={"last": np.arange(40) == 39}, slope_change=False
        )


def test_autoregressive_errors_agree_with_an_independent_likelihood():
    series = create_series(60, 36, persistence=0.5)
    times = np.arange(60)
    regressors = np.column_stack([np.ones(60), times, times >= 36]).astype(float)

    def restricted(rho):
        inverse = np.linalg.inv(rho ** np.abs(times[:, None] - times))
        bread = np.linalg.inv(regressors.T @ inverse @ regressors)
        solved = bread @ regressors.T @ inverse @ series
        left = series - regressors @ solved
        squares = left @ inverse @ left
        weight = -np.linalg.slogdet(inverse)[1] - np.linalg.slogdet(bread)[1]
        return 57 * math.log(squares) + weight, solved[2], math.sqrt(bread[2, 2] * squares / 57)

    best = scipy.optimize.minimize_scalar(
        lambda rho: restricted(rho)[0], bounds=(0.01, 0.95), method="bounded", options={"xatol": 1e-9}
    ).x
    found = interrupted_time_series(series, 36, slope_change=False)
    assert found.rho == pytest.approx(best, abs=1e-5)
    _, value, error = restricted(best)
    assert found.level.value == pytest.approx(value, rel=1e-4)
    assert found.level.inference.standard_error == pytest.approx(error, rel=1e-4)


def test_gaps_keep_their_distance_under_autoregressive_errors():
    series = create_series(60, 36, persistence=0.6)
    series[[10, 11, 40]] = np.nan
    found = autoregressive(series[~np.isnan(series)], np.ones((57, 1)), np.flatnonzero(~np.isnan(series)))
    times = np.flatnonzero(~np.isnan(series))
    inverse = np.linalg.inv(found.rho ** np.abs(times[:, None] - times))
    mean = inverse.sum(axis=0) @ series[times] / inverse.sum()
    assert found.coefficients[0] == pytest.approx(mean)
    assert found.covariance[0, 0] == pytest.approx(found.variance / inverse.sum())


def test_doubt_about_persistence_costs_degrees_of_freedom():
    found = interrupted_time_series(create_series(60, 36), 36)
    assert 1 <= found.level.inference.dof < 40  # of 56 periods more than parameters


def test_errors_without_correlation_are_those_of_the_model_in_long_series():
    counts = np.random.default_rng(3).poisson(50 * np.exp(0.002 * np.arange(300)))
    smooth, plain = (
        interrupted_time_series(counts, 200, family="quasipoisson", errors=errors)
        for errors in ("ar1", "model")
    )
    assert smooth.level.value == pytest.approx(plain.level.value, abs=0.01)
    error = plain.level.inference.standard_error
    assert smooth.level.inference.standard_error == pytest.approx(error, rel=0.15)
    assert smooth.dispersion == pytest.approx(plain.dispersion, rel=0.05)


def test_counts_beside_a_control_forget_what_hit_both():
    rng = np.random.default_rng(8)
    shock = np.exp(rng.normal(scale=0.5, size=60) - 0.7 * (np.arange(60) >= 36))
    control = rng.poisson(400 * shock)
    series = rng.poisson(np.where(np.arange(60) >= 36, 0.6, 1.0) * 200 * shock)
    found = interrupted_time_series(series, 36, family="quasipoisson", control=control, slope_change=False)
    ratio = found.rate_ratio(found.level)
    assert ratio.low < 0.6 < ratio.high
    assert ratio.high - ratio.low < 0.15
    assert found.counterfactual[36:] == pytest.approx(found.fitted[36:] / ratio.value)
    alone = interrupted_time_series(series, 36, family="quasipoisson", slope_change=False)
    assert alone.rate_ratio(alone.level).value < 0.45


def test_a_control_with_other_gaps_is_compared_in_common_periods():
    series, control = create_series(seed=1), create_series(seed=2, level=0.0)
    series[3], control[30] = np.nan, np.nan
    found = interrupted_time_series(series, 24, control=control, gaps="keep")
    alone = interrupted_time_series(series - control, 24, gaps="keep")
    assert found.level.value == pytest.approx(alone.level.value)
    assert np.isnan(found.fitted[[3, 30]]).all()


@pytest.mark.parametrize("persistence", [0.0, 0.5])
def test_true_nulls_are_rejected_about_as_often_as_promised(persistence):
    # 300 series: 5 % +- 2.5 %. The bench has more of them, and the other errors' sizes beside.
    series = (create_series(60, 36, level=0.0, seed=seed, persistence=persistence) for seed in range(300))
    rejected = [interrupted_time_series(one, 36).level.inference.excludes_zero for one in series]
    assert 0.02 < np.mean(rejected) < 0.09


def test_a_series_that_does_not_vary_is_refused():
    with pytest.raises(EstimationError, match="outcomes: does not vary"):
        interrupted_time_series(np.full(60, 3.3), 40)
