import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from stats.counterfactuals.local_shares import extremes, share_bounds
from stats.counterfactuals.prediction_intervals import prediction_intervals
from stats.counterfactuals.residual_bounds import error_bounds, quantile_fit
from stats.errors import EstimationError
from stats.panel import Panel
from tests.stats.build import cells, noise


def rng(seed=0):
    return np.random.default_rng(seed)


def created(periods=34, donors=5, *, start=30, seed=0, effect=0.0, error=0.3):
    outcomes = noise(donors, periods, seed=seed) + 0.5 * np.cumsum(rng(seed + 7).normal(size=periods))
    treated = 0.6 * outcomes[0] + 0.4 * outcomes[1] + error * rng(seed + 9).normal(size=periods)
    treated[start:] += effect
    return treated, outcomes, start


def found(seed=0, simulations=40, **others):
    shape = {name: others.pop(name) for name in ("effect", "error", "periods", "start") if name in others}
    return prediction_intervals(*created(seed=seed, **shape), simulations=simulations, rng=rng(1), **others)


def test_the_extremes_are_those_of_a_general_solver():
    draws = rng(3)
    table = draws.normal(size=(30, 3))
    form, weights = table.T @ table / 30, np.array([0.5, 0.3, 0.2])
    spread, ahead = 0.02 * np.eye(3), draws.normal(size=(2, 3))
    lows, highs = extremes(form, spread, weights, np.zeros(3), ahead, simulations=4, rng=rng(5))
    pulls = rng(5).normal(size=(4, 3)) * np.sqrt(0.02)
    for draw in range(4):
        for period in range(2):
            for sign, side in ((1.0, lows), (-1.0, highs)):
                best = minimize(
                    lambda x, p=ahead[period], s=sign: s * p @ (weights - x),
                    weights,
                    jac=lambda x, p=ahead[period], s=sign: -s * p,
                    bounds=[(0, 1)] * 3,
                    constraints=[
                        {"type": "eq", "fun": lambda x: x.sum() - 1},
                        {
                            "type": "ineq",
                            "fun": lambda x, g=pulls[draw]: (
                                2 * g @ (x - weights) - (x - weights) @ form @ (x - weights)
                            ),
                        },
                    ],
                    method="SLSQP",
                    options={"ftol": 1e-12, "maxiter": 500},
                )
                assert sign * side[draw, period] == pytest.approx(best.fun, abs=1e-5)


def test_small_shares_may_not_fall():
    weights = np.array([0.7, 0.27, 0.03])
    bounds = share_bounds(weights, np.ones(5), np.eye(5)[:, :3], 0.1, 0.2)
    assert list(bounds.apart) == [True, True, False]
    assert list(bounds.floor) == [0.0, 0.0, 0.03]
    # A rule that leaves nothing keeps the largest share.
    assert list(share_bounds(weights, np.ones(5), np.eye(5)[:, :3], 0.9, 0.2).apart) == [True, False, False]


def test_a_quantile_regression_leaves_its_share_of_points_below():
    draws = rng(0)
    table = np.column_stack([np.ones(200), draws.normal(size=200)])
    values = 3 + 2 * table[:, 1] + draws.exponential(size=200)
    below = np.mean(values < table @ quantile_fit(values, table, 0.25) - 1e-9)
    assert below == pytest.approx(0.25, abs=0.011)
    alone = quantile_fit(values, np.ones((200, 1)), 0.5)[0]
    assert alone == pytest.approx(np.median(values), abs=0.05)


def test_the_bounds_of_a_constant_are_those_of_the_residuals():
    residuals = rng(1).normal(size=60)
    made = {
        method: error_bounds(residuals, np.empty((60, 0)), np.empty((2, 0)), 0, method)
        for method in ("gaussian", "location_scale", "quantile")
    }
    low, high = made["quantile"].at(0.1, 0)
    assert (low, high) == pytest.approx(np.quantile(residuals, [0.05, 0.95]))
    gaussian = made["gaussian"]
    reach = np.sqrt(-2 * np.log(0.05)) * gaussian.scale[0]
    assert gaussian.at(0.1, 1) == pytest.approx((residuals.mean() - reach, residuals.mean() + reach))
    middle = made["location_scale"].at(0.1, 0)
    assert middle[0] < residuals.mean() < middle[1]


# What scpi 3.0 (Python) gives for West Germany, GDP per person in thousands, 1960-1990 before the start, 500
# draws: the part of the error in 1991 and 1996, and the in-sample part there, which is random.
SCPI = {
    "gaussian": [(-0.3734, 0.5543), (-0.5924, 1.1735)],
    "location_scale": [(-0.4473, 0.5321), (-0.7331, 1.1314)],
    "quantile": [(-0.2010, 0.2122), (0.0752, 0.5252)],
}
IN_SAMPLE = [(-0.4642, 0.6277), (-0.8375, 0.9093)]


@pytest.mark.parametrize("method", SCPI)
def test_west_germany_is_as_scpi_has_it(method):
    panel = Panel.from_cells(cells("germany", "country", "year", "gdp"))
    place, start = panel.units.index("West Germany"), panel.periods.index("1991")
    outcomes = panel.outcomes / 1000
    result = prediction_intervals(
        outcomes[place], np.delete(outcomes, place, axis=0), start, method=method, simulations=60, rng=rng()
    )
    assert result.rho == pytest.approx(0.07164019, abs=1e-6)
    for year, error, shares in zip((0, 5), SCPI[method], IN_SAMPLE, strict=True):
        assert result.out_of_sample[year] == pytest.approx(error, abs=2e-3)
        assert result.in_sample[year] == pytest.approx(shares, rel=0.25)


@pytest.mark.parametrize("method", ["gaussian", "location_scale", "quantile"])
@pytest.mark.parametrize("cointegrated", [False, True])
def test_a_large_effect_is_seen_and_none_is_not(method, cointegrated):
    none = found(method=method, cointegrated=cointegrated)
    large = found(method=method, cointegrated=cointegrated, effect=9.0)
    assert all(each.p_value <= 0.1 for each in large.inferences)
    assert sum(each.p_value <= 0.1 for each in none.inferences) <= 1
    assert large.gaps - 9.0 == pytest.approx(none.gaps)
    for one, other in zip(none.inferences, large.inferences, strict=True):
        assert other.interval.low == pytest.approx(one.interval.low + 9.0)


@pytest.mark.parametrize("robust", ["HC0", "HC1", "HC2", "HC3"])
def test_more_careful_variances_widen_the_in_sample_part(robust):
    plain, other = found(robust="HC0").in_sample, found(robust=robust).in_sample
    assert (np.ptp(other, axis=1) >= np.ptp(plain, axis=1) - 1e-9).all()


def test_the_p_value_is_the_least_level_that_leaves_out_zero():
    result = found(effect=1.2, simulations=80)
    for inference in result.inferences:
        if 0.001 < inference.p_value < 0.999:
            period = result.inferences.index(inference)
            for shift, excluded in ((1.01, True), (0.99, False)):
                again = found(effect=1.2, simulations=80, alpha=inference.p_value * shift)
                assert again.inferences[period].excludes_zero is excluded


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"start": 9}, "start"),
        ({"start": 34}, "start"),
        ({"method": "normal"}, "method"),
        ({"robust": "HC4"}, "robust"),
        ({"alpha": 0.0}, "alpha"),
        ({"simulations": 3}, "simulations"),
        ({"not_apart": "type-3"}, "not_apart"),
        ({"donors": np.ones((1, 34))}, "donors"),
        ({"treated": np.full(34, np.inf)}, "treated"),
        ({"treated": created()[1][0]}, "donors"),
    ],
)
def test_what_cannot_be_predicted_is_refused_by_name(changes, argument):
    treated, donors, start = created()
    given = {"treated": treated, "donors": donors, "start": start, "rng": rng()} | changes
    with pytest.raises(EstimationError) as refused:
        prediction_intervals(given.pop("treated"), given.pop("donors"), given.pop("start"), **given)
    assert refused.value.argument == argument


@given(st.integers(0, 100), st.sampled_from([0.05, 0.1, 0.3]), st.sampled_from([1e-3, 1e3]))
@settings(max_examples=5, deadline=None)
def test_scale_scales_and_p_value_and_interval_agree(seed, alpha, scale):
    treated, donors, start = created(seed=seed, effect=seed % 3)
    plain = prediction_intervals(treated, donors, start, alpha=alpha, simulations=20, rng=rng(seed))
    moved = prediction_intervals(
        scale * treated, scale * donors, start, alpha=alpha, simulations=20, rng=rng(seed)
    )
    for one, other in zip(plain.inferences, moved.inferences, strict=True):
        assert one.interval.contains(0.0) == (one.p_value > alpha)
        assert other.interval.high == pytest.approx(scale * one.interval.high, rel=1e-3, abs=1e-4 * scale)


def test_what_comes_without_an_effect_is_mostly_inside():
    """In 12 panels of four periods each, at the 10 % level: the bounds are conservative."""
    inside = [
        inference.p_value > 0.1 for seed in range(12) for inference in found(seed, simulations=25).inferences
    ]
    assert np.mean(inside) >= 0.88
