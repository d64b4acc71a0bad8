import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.clusters.clustered_regression import ClusteredRegression
from stats.clusters.few_clusters import cluster_robust
from stats.clusters.weighted_clusters import weighted_cluster_robust
from stats.errors import EstimationError
from tests.stats.few_clusters_data import create_rows

# Two routes to the same algebra differ by rounding only.
EXACT = 1e-8


def weighted_rows(seed=0):
    data = create_rows(seed)
    return *data, np.random.default_rng(seed).uniform(0.3, 4, size=len(data[0]))


@pytest.mark.parametrize("kind", ["CR2", "CR3"])
def test_equal_weights_are_no_weights(kind):
    outcomes, regressors, clusters = create_rows(1)
    plain = cluster_robust(ClusteredRegression.of(outcomes, regressors, clusters), kind)
    found = weighted_cluster_robust(outcomes, regressors, clusters, np.full(40, 3.0), kind=kind)
    np.testing.assert_allclose(found.covariance, plain.covariance, rtol=EXACT)
    assert found.dof(0) == pytest.approx(plain.dof(0), rel=EXACT)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_cr2_is_unbiased_for_errors_that_are_alike(seed):
    outcomes, regressors, clusters, weights = weighted_rows(seed)
    bread = np.linalg.inv(regressors.T @ (weights[:, None] * regressors))
    true = bread @ regressors.T @ (weights[:, None] ** 2 * regressors) @ bread
    found = weighted_cluster_robust(outcomes, regressors, clusters, weights)
    expected = np.einsum("agn,bgn->ab", found.forms, found.forms)
    np.testing.assert_allclose(expected, true, rtol=1e-6)


def test_the_forms_give_the_covariance_itself():
    outcomes, regressors, clusters, weights = weighted_rows(3)
    found = weighted_cluster_robust(outcomes, regressors, clusters, weights)
    shares = found.forms @ outcomes
    np.testing.assert_allclose(shares @ shares.T, found.covariance, rtol=1e-6)


def test_cr3_is_the_jackknife_but_for_its_factor():
    outcomes, regressors, clusters, weights = weighted_rows(4)
    root = np.sqrt(weights)
    refitted = np.array(
        [
            np.linalg.lstsq((regressors * root[:, None])[kept], (outcomes * root)[kept], rcond=None)[0]
            for kept in (clusters != one for one in np.unique(clusters))
        ]
    )
    found = weighted_cluster_robust(outcomes, regressors, clusters, weights, kind="CR3")
    moves = refitted - found.coefficients
    np.testing.assert_allclose(found.covariance, moves.T @ moves, rtol=EXACT)


@given(st.integers(0, 500), st.floats(-2, 2), st.sampled_from([1e-6, 1.0, 1e6]))
@settings(max_examples=25, deadline=None)
def test_interval_and_p_value_agree_and_the_scale_of_weights_is_nothing(seed, effect, scale):
    outcomes, regressors, clusters, weights = weighted_rows(seed)
    shifted = outcomes + effect * regressors[:, 0]
    inference = weighted_cluster_robust(shifted, regressors, clusters, weights).inference(0)
    scaled = weighted_cluster_robust(shifted, regressors, clusters, scale * weights).inference(0)
    assert (inference.p_value <= 0.05) != inference.interval.contains(0.0)
    assert scaled.p_value == pytest.approx(inference.p_value, rel=1e-6)


def test_what_one_cluster_alone_identifies_has_no_error():
    outcomes, regressors, clusters, weights = weighted_rows(0)
    regressors[:, 0] = clusters == 3
    found = weighted_cluster_robust(outcomes, regressors, clusters, weights)
    assert found.inference(0).p_value.reason_code == "one_cluster_identifies"
    assert found.inference(1).standard_error > 0


@pytest.mark.parametrize(("argument", "others"), [("kind", {"kind": "CR1"}), ("weights", {"weights": 0.0})])
def test_what_cannot_be_is_refused_by_argument(argument, others):
    outcomes, regressors, clusters, weights = weighted_rows(0)
    given_weights = weights * others.pop("weights", 1.0)
    with pytest.raises(EstimationError) as refused:
        weighted_cluster_robust(outcomes, regressors, clusters, given_weights, **others)
    assert refused.value.argument == argument
