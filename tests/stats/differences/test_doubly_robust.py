"""Two groups, two periods, covariates: published figures, hand-made cases, invariances, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from stats.differences.doubly_robust import doubly_robust, doubly_robust_cross_sections
from stats.errors import EstimationError
from tests.stats.build import case, rows

NAMES = ("age", "educ", "black", "married", "nodegree", "hisp", "re74", "re75", "re78", "experimental")
METHODS = ("reg", "ipw", "ipw_ht", "dr", "dr_improved")
# Different order of sums.
ROUNDING = 1e-9


def create_units(count=200, *, seed=0):
    rng = np.random.default_rng(seed)
    covariates = rng.normal(size=(count, 2))
    treated = rng.random(count) < 1 / (1 + np.exp(0.3 - 0.5 * covariates[:, 0]))
    before = covariates.sum(axis=1) + rng.normal(size=count)
    after = before + treated + 0.5 * covariates[:, 0] + rng.normal(size=count)
    return {"before": before, "after": after, "treated": treated, "covariates": covariates}


def create_sections(count=300, *, seed=0):
    units, rng = create_units(count, seed=seed), np.random.default_rng(seed + 1)
    after = rng.random(count) < 0.5
    outcomes = np.where(after, units["after"], units["before"])
    return {
        "outcomes": outcomes,
        "after": after,
        "treated": units["treated"],
        "covariates": units["covariates"],
    }


@pytest.mark.parametrize("method", METHODS)
def test_lalonde_against_the_cps_is_as_published(method):
    published = case("drdid_lalonde_cps")
    people = rows("lalonde_cps")
    table = {name: np.array([float(person[name]) for person in people]) for name in NAMES}
    covariates = np.column_stack([table[name] for name in NAMES[:7]])
    found = doubly_robust(
        table["re75"], table["re78"], table["experimental"], covariates=covariates, method=method
    )
    assert [found.effect, found.standard_error] == pytest.approx(
        published["expected"][method], abs=published["tolerance"]["abs"]
    )


@pytest.mark.parametrize("method", METHODS)
def test_without_covariates_it_is_the_difference_of_mean_changes(method):
    found = doubly_robust([0, 0, 0, 0], [1, 3, 2, 4], [0, 0, 1, 1], method=method)
    assert found.effect == pytest.approx(1.0)
    # Each group's two changes lie one from their mean: variance 1 of each, over two units, twice.
    assert found.standard_error == pytest.approx(1.0)


@pytest.mark.parametrize("method", METHODS)
def test_cross_sections_without_covariates_are_the_four_means(method):
    outcomes, after = [1, 3, 2, 2, 5, 7, 9, 9], [0, 0, 1, 1, 0, 0, 1, 1]
    treated = [0, 0, 0, 0, 1, 1, 1, 1]
    found = doubly_robust_cross_sections(outcomes, after, treated, method=method)
    assert found.effect == pytest.approx((9 - 6) - (2 - 2))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "make", [(doubly_robust, create_units), (doubly_robust_cross_sections, create_sections)]
)
def test_influence_has_mean_zero_and_gives_the_standard_error(method, make):
    estimate, create = make
    found = estimate(**create(), method=method)
    assert found.influence.mean() == pytest.approx(0, abs=1e-6)
    size = np.sqrt(np.mean(found.influence**2) / len(found.influence))
    assert found.standard_error == pytest.approx(size)


# The improved estimator's influence leaves out the nuisance, which moves it to second order only.
@pytest.mark.parametrize("method", METHODS[:4])
@pytest.mark.parametrize("efficient", [True, False])
def test_influence_in_cross_sections_is_what_one_observation_more_does(method, efficient):
    data = create_sections(400)
    weights = np.ones(400)
    base = doubly_robust_cross_sections(**data, method=method, locally_efficient=efficient)
    weights[7] += 1e-4
    moved = doubly_robust_cross_sections(**data, weights=weights, method=method, locally_efficient=efficient)
    slope = (moved.effect - base.effect) / 1e-4 * 400
    assert slope == pytest.approx(base.influence[7], rel=1e-2)


@pytest.mark.parametrize("method", METHODS)
def test_influence_in_a_panel_is_what_one_unit_more_does(method):
    data, weights = create_units(400), np.ones(400)
    base = doubly_robust(**data, method=method)
    weights[7] += 1e-4
    slope = (doubly_robust(**data, weights=weights, method=method).effect - base.effect) / 1e-4 * 400
    assert slope == pytest.approx(base.influence[7], rel=1e-2)


@settings(max_examples=15, deadline=None)
@given(
    seed=some.integers(0, 1000),
    scale=some.sampled_from([1e-6, 0.1, 3.0, 1e6]),
    shift=some.floats(-1e3, 1e3),
    method=some.sampled_from(METHODS[:2] + METHODS[3:]),
)
def test_units_of_measurement_and_order_do_not_matter(seed, scale, shift, method):
    data = create_units(seed=seed)
    base = doubly_robust(**data, method=method)
    order = np.random.default_rng(seed).permutation(200)
    other = doubly_robust(
        (scale * data["before"])[order],
        (scale * (data["after"] + shift))[order],
        data["treated"][order],
        covariates=(1e4 * data["covariates"][:, ::-1] + 7)[order],
        weights=np.full(200, 3.0),
        method=method,
    )
    assert other.effect / scale == pytest.approx(base.effect, rel=1e-6, abs=ROUNDING * (1 + abs(shift)))
    assert other.standard_error / scale == pytest.approx(base.standard_error, rel=1e-6)


def test_duplicated_units_clustered_with_their_copies_change_nothing():
    data = create_units()
    base = doubly_robust(**data)
    twice = {name: np.concatenate([values, values]) for name, values in data.items()}
    other = doubly_robust(**twice, clusters=np.tile(np.arange(200), 2))
    assert other.effect == pytest.approx(base.effect)
    assert other.standard_error == pytest.approx(base.standard_error)


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"treated": np.zeros(200)}, "treated"),
        ({"treated": np.full(200, 2)}, "treated"),
        ({"before": np.full(200, np.nan)}, "before"),
        ({"after": np.full(200, np.inf)}, "after"),
        ({"weights": np.zeros(200)}, "weights"),
        ({"covariates": np.ones((200, 1))}, "covariates"),
        ({"covariates": np.repeat(np.arange(200.0)[:, None], 2, axis=1)}, "covariates"),
        ({"covariates": np.zeros((3, 1))}, "covariates"),
        ({"method": "magic"}, "method"),
        ({"clusters": np.zeros(200)}, "clusters"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_argument(changes, argument):
    with pytest.raises(EstimationError) as refused:
        doubly_robust(**{**create_units(), **changes})
    assert refused.value.argument == argument


@pytest.mark.parametrize("method", ["ipw", "dr", "dr_improved"])
def test_a_covariate_that_tells_the_treated_apart_is_refused(method):
    data = create_units()
    apart = data["covariates"] + 100.0 * data["treated"][:, None]
    with pytest.raises(EstimationError, match="overlap"):
        doubly_robust(**{**data, "covariates": apart}, method=method)


def test_an_empty_cell_of_cross_sections_is_refused():
    data = create_sections()
    with pytest.raises(EstimationError, match="no treated observation after"):
        doubly_robust_cross_sections(**{**data, "after": data["after"] & ~data["treated"]})


def test_nothing_that_varies_gives_no_standard_error():
    found = doubly_robust([0, 0, 0, 0], [1, 1, 2, 2], [0, 0, 1, 1])
    assert found.effect == 1
    assert found.standard_error is None


def test_either_model_right_is_enough():
    rng = np.random.default_rng(5)
    count = 40_000
    x = rng.normal(size=count)
    treated = rng.random(count) < 1 / (1 + np.exp(-(x**2 - 1)))
    zero, noise = np.zeros(count), rng.normal(size=count)
    linear = doubly_robust(zero, treated + x + noise, treated, covariates=x[:, None])
    treated = rng.random(count) < 1 / (1 + np.exp(-x))
    curved = doubly_robust(zero, treated + x**2 + noise, treated, covariates=x[:, None])
    for found in (linear, curved):
        assert abs(found.effect - 1) < 4 * found.standard_error
