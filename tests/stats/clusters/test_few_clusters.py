import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.clusters.clustered_regression import ClusteredRegression
from stats.clusters.few_clusters import cluster_robust, jackknife
from stats.errors import EstimationError
from tests.stats.few_clusters_data import castle_south, create_rows, few_clusters_case, voters

# The published figures have twelve digits; rounding of another route stays below.
PRINTED = 1e-9
# Dense formulas and ours differ by rounding only.
EXACT = 1e-8


def test_castle_doctrine_errors_are_those_of_club_sandwich():
    expected = few_clusters_case("wcb_castle_south11")["expected"]
    regression = ClusteredRegression.of(*castle_south())
    robust = cluster_robust(regression, "CR2")
    assert regression.coefficients[0] == pytest.approx(expected["att"], abs=PRINTED)
    assert robust.standard_error(0) == pytest.approx(expected["se_cr2"], abs=PRINTED)
    assert robust.dof(0) == pytest.approx(expected["df_cr2"], abs=PRINTED)
    assert robust.inference(0).p_value == pytest.approx(expected["p_cr2"], abs=PRINTED)
    assert cluster_robust(regression, "CR1S").standard_error(0) == pytest.approx(
        expected["se_cr1s"], abs=PRINTED
    )


def test_castle_doctrine_jackknife_errors_are_as_published():
    expected = few_clusters_case("wcb_castle_south11")["expected"]
    regression = ClusteredRegression.of(*castle_south())
    plain, centred = (np.sqrt(jackknife(regression, centred=choice)[0, 0]) for choice in (False, True))
    assert plain == pytest.approx(expected["se_cv3_jackknife"], abs=PRINTED)
    assert centred == pytest.approx(expected["se_cv3j_jackknife"], abs=PRINTED)


def test_voters_errors_are_those_of_club_sandwich():
    expected = few_clusters_case("wcb_voters")["expected"]
    regression = ClusteredRegression.of(*voters())
    assert regression.clusters == expected["n_clusters"]
    for kind, name in (("CR1S", "se_cr1s"), ("CR2", "se_cr2"), ("CR3", "se_cr3")):
        error = cluster_robust(regression, kind).standard_error(0)
        assert error == pytest.approx(expected[name], abs=PRINTED)
    robust = cluster_robust(regression, "CR2")
    assert robust.dof(0) == pytest.approx(expected["df_cr2"], abs=PRINTED)
    assert robust.inference(0).p_value == pytest.approx(expected["p_cr2"], abs=PRINTED)


def dense(outcomes, regressors, clusters, power):
    """The sandwich written out with the hat matrix, and the Gram matrix of the first coefficient's form."""
    bread = np.linalg.inv(regressors.T @ regressors)
    left = np.eye(len(outcomes)) - regressors @ bread @ regressors.T
    residuals = left @ outcomes
    scores, forms = [], []
    for cluster in np.unique(clusters):
        here = clusters == cluster
        values, vectors = np.linalg.eigh(left[np.ix_(here, here)])
        kept = values > 1e-8
        root = (vectors[:, kept] * values[kept] ** power) @ vectors[:, kept].T
        adjusted = root @ regressors[here] @ bread
        scores.append(adjusted.T @ residuals[here])
        forms.append(left[:, here] @ adjusted[:, 0])
    gram = np.array(forms) @ np.array(forms).T
    return np.array(scores).T @ np.array(scores), np.trace(gram) ** 2 / (gram**2).sum()


@pytest.mark.parametrize(("kind", "power"), [("CR0", 0.0), ("CR2", -0.5), ("CR3", -1.0)])
@pytest.mark.parametrize("seed", [0, 1])
def test_every_kind_is_its_formula_written_out(kind, power, seed):
    outcomes, regressors, clusters = create_rows(seed)
    covariance, dof = dense(outcomes, regressors, clusters, power)
    robust = cluster_robust(ClusteredRegression.of(outcomes, regressors, clusters), kind)
    np.testing.assert_allclose(robust.covariance, covariance, rtol=EXACT)
    assert robust.dof(0) == pytest.approx(dof, rel=EXACT)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_stata_error_is_that_of_statsmodels(weighted):
    outcomes, regressors, clusters = create_rows(3)
    weights = np.random.default_rng(0).uniform(0.5, 3, size=len(outcomes)) if weighted else None
    model = sm.WLS(outcomes, regressors, weights=1.0 if weights is None else weights)
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": clusters})
    ours = cluster_robust(ClusteredRegression.of(outcomes, regressors, clusters, weights=weights), "CR1S")
    np.testing.assert_allclose(ours.covariance, theirs.cov_params(), rtol=EXACT)


def test_the_jackknife_is_refitting_without_each_cluster():
    outcomes, regressors, clusters = create_rows(5)
    refitted = np.array(
        [
            np.linalg.lstsq(regressors[clusters != one], outcomes[clusters != one], rcond=None)[0]
            for one in np.unique(clusters)
        ]
    )
    regression = ClusteredRegression.of(outcomes, regressors, clusters)
    moves = refitted - regression.coefficients
    expected = moves.T @ moves * (len(moves) - 1) / len(moves)
    np.testing.assert_allclose(jackknife(regression), expected, rtol=EXACT)


def test_an_absorbed_effect_is_its_dummies():
    outcomes, _, clusters = create_rows(2)
    effect = 2 * clusters + (np.arange(len(clusters)) % 2)
    dummies = (effect[:, None] == np.unique(effect)).astype(float)
    varying = np.random.default_rng(1).normal(size=(len(effect), 2))
    absorbed = ClusteredRegression.of(outcomes, varying, clusters, absorbed=effect)
    spelled = ClusteredRegression.of(outcomes, np.hstack([varying, dummies]), clusters)
    assert absorbed.parameters == spelled.parameters
    for kind in ("CR1S", "CR2", "CR3"):
        ours, theirs = cluster_robust(absorbed, kind), cluster_robust(spelled, kind)
        assert ours.standard_error(0) == pytest.approx(theirs.standard_error(0), rel=EXACT)
        assert ours.dof(0) == pytest.approx(theirs.dof(0), rel=EXACT)


def test_a_mean_of_clusters_of_one_row_is_students_t():
    # One row per cluster and a constant: CR2 is the unbiased variance with n - 1 degrees of freedom.
    outcomes = np.array([3.0, 1.0, 4.0, 1.0, 5.0])
    robust = cluster_robust(ClusteredRegression.of(outcomes, np.ones((5, 1)), np.arange(5)), "CR2")
    assert robust.standard_error(0) == pytest.approx(outcomes.std(ddof=1) / np.sqrt(5))
    assert robust.dof(0) == pytest.approx(4.0)


def test_one_contrast_is_tested_alike_by_t_and_by_wald():
    robust = cluster_robust(ClusteredRegression.of(*create_rows(4)), "CR2")
    wald = robust.wald(np.array([[1.0, 0.0, 0.0]]))
    assert wald.dof == pytest.approx(robust.dof(0))
    assert wald.p_value == pytest.approx(robust.inference(0).p_value, rel=1e-6)


def test_a_wald_test_of_more_contrasts_than_the_clusters_carry_has_no_value():
    rng = np.random.default_rng(0)
    regressors = np.column_stack([rng.normal(size=(12, 4)), np.ones(12)])
    regression = ClusteredRegression.of(rng.normal(size=12), regressors, np.repeat(np.arange(4), 3))
    assert cluster_robust(regression, "CR2").wald(np.eye(5)[:4]).reason_code == "leads_exceed_clusters"


@given(st.integers(0, 500), st.sampled_from([1e-8, 1e8]), st.floats(-1e3, 1e3))
@settings(max_examples=30, deadline=None)
def test_units_of_measurement_change_nothing(seed, scale, constant):
    outcomes, regressors, clusters = create_rows(seed)
    plain = cluster_robust(ClusteredRegression.of(outcomes, regressors, clusters), "CR2")
    scales = np.array([scale, 1.0, 1.0])
    moved = cluster_robust(ClusteredRegression.of(outcomes + constant, regressors * scales, clusters), "CR2")
    assert moved.standard_error(0) == pytest.approx(plain.standard_error(0) / scale, rel=1e-6)
    assert moved.dof(0) == pytest.approx(plain.dof(0), rel=1e-6)


@given(st.integers(0, 500), st.permutations(range(8)))
@settings(max_examples=30, deadline=None)
def test_names_and_order_of_clusters_change_nothing(seed, names):
    outcomes, regressors, clusters = create_rows(seed)
    order = np.random.default_rng(seed).permutation(len(outcomes))
    labels = np.array([f"c{names[cluster]}" for cluster in clusters])
    plain = cluster_robust(ClusteredRegression.of(outcomes, regressors, clusters), "CR2")
    moved = cluster_robust(ClusteredRegression.of(outcomes[order], regressors[order], labels[order]), "CR2")
    assert moved.standard_error(0) == pytest.approx(plain.standard_error(0), rel=1e-9)
    assert moved.dof(0) == pytest.approx(plain.dof(0), rel=1e-9)


@given(st.integers(0, 500), st.floats(-2, 2), st.sampled_from(["CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3"]))
@settings(max_examples=40, deadline=None)
def test_interval_and_p_value_agree(seed, effect, kind):
    outcomes, regressors, clusters = create_rows(seed)
    regression = ClusteredRegression.of(outcomes + effect * regressors[:, 0], regressors, clusters)
    inference = cluster_robust(regression, kind).inference(0)
    assert (inference.p_value <= inference.alpha) != inference.interval.contains(0.0)


def test_outcomes_that_the_model_fits_have_no_error():
    _, regressors, clusters = create_rows(1)
    regression = ClusteredRegression.of(regressors @ [2.0, 1.0, 3.0], regressors, clusters)
    assert cluster_robust(regression, "CR2").inference(0).p_value.reason_code == "no_variation"


def changed(**others):
    outcomes, regressors, clusters = create_rows(0)
    given_rows = {"outcomes": outcomes, "regressors": regressors, "clusters": clusters, **others}
    positional = [given_rows.pop(name) for name in ("outcomes", "regressors", "clusters")]
    return ClusteredRegression.of(*positional, **given_rows)


def with_a_column(column):
    _, regressors, _ = create_rows(0)
    return np.column_stack([regressors, column(regressors)])


@pytest.mark.parametrize(
    ("argument", "others"),
    [
        ("outcomes", {"outcomes": np.full(40, np.nan)}),
        ("outcomes", {"outcomes": np.ones(39)}),
        ("clusters", {"clusters": np.zeros(40, dtype=int)}),
        ("clusters", {"clusters": np.arange(39)}),
        ("weights", {"weights": np.zeros(40)}),
        ("absorbed", {"absorbed": np.arange(40) % 2}),
        ("regressors", {"absorbed": np.arange(40), "clusters": np.arange(40) // 5}),
        ("regressors.3", {"regressors": with_a_column(lambda x: x[:, 0] + x[:, 1])}),
        ("regressors.3", {"regressors": with_a_column(lambda x: 0 * x[:, 0])}),
    ],
)
def test_what_cannot_be_is_refused_by_argument(argument, others):
    with pytest.raises(EstimationError) as refused:
        changed(**others)
    assert refused.value.argument == argument


def test_nearly_collinear_regressors_are_told_apart_or_refused():
    outcomes, regressors, clusters = create_rows(0)
    close = regressors[:, 0] + 1e-6 * np.random.default_rng(9).normal(size=40)
    columns = np.column_stack([regressors, close])
    found = ClusteredRegression.of(outcomes, columns, clusters).coefficients
    unit = columns / np.linalg.norm(columns, axis=0)
    expected = np.linalg.lstsq(unit, outcomes, rcond=None)[0] / np.linalg.norm(columns, axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("argument", "ask"),
    [
        ("kind", lambda regression: cluster_robust(regression, "CR9")),
        ("contrast", lambda regression: cluster_robust(regression).dof(7)),
        ("contrast", lambda regression: cluster_robust(regression).dof(np.zeros(3))),
        ("contrasts", lambda regression: cluster_robust(regression).wald(np.ones((2, 3)))),
    ],
)
def test_unknown_kinds_and_contrasts_are_refused(argument, ask):
    with pytest.raises(EstimationError) as refused:
        ask(ClusteredRegression.of(*create_rows(0)))
    assert refused.value.argument == argument


def test_what_one_cluster_alone_identifies_has_no_error():
    outcomes, regressors, clusters = create_rows(0)
    regressors[:, 0] = clusters == 3
    regression = ClusteredRegression.of(outcomes, regressors, clusters)
    assert regression.sole_cluster(regression.coordinates(0)) == 3
    assert cluster_robust(regression).inference(0).p_value.reason_code == "one_cluster_identifies"
    errors = np.diag(jackknife(regression))
    assert np.isnan(errors[0])
    assert errors[1] > 0


def test_the_covariances_without_leverage_differ_by_a_factor():
    regression = ClusteredRegression.of(*create_rows(3, clusters=8, size=5))
    bare = cluster_robust(regression, "CR0").covariance
    for kind, factor in (("CR1", 8 / 7), ("CR1p", 8 / 5), ("CR1S", 8 / 7 * 39 / 37)):
        np.testing.assert_allclose(cluster_robust(regression, kind).covariance, factor * bare, rtol=1e-12)


def test_as_many_parameters_as_clusters_leave_no_cr1p():
    regression = ClusteredRegression.of(*create_rows(3, clusters=3, size=9))
    with pytest.raises(EstimationError, match="kind: CR1p"):
        cluster_robust(regression, "CR1p")
