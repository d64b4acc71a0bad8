import numpy as np
import pytest
import statsmodels.api as sm

from stats.clusters.clustered import cr1, cr2
from stats.numerics.fixed_effects import TwoWay, regress
from stats.panel import Panel
from tests.stats.build import case, cells, noise
from tests.stats.numerics.test_fixed_effects import dummies, gaps

# The dense formulas below take other routes to the same numbers.
EXACT = 1e-8


def example(seed=0, *, weighted=False, complete=False):
    """An unbalanced regression on two regressors with clusters of unequal size."""
    rng = np.random.default_rng(seed)
    present = np.ones((9, 6), dtype=bool) if complete else gaps(9, 6, seed)
    weights = rng.uniform(0.5, 3, size=9) if weighted else None
    treated = np.zeros((9, 6))
    treated[:4, 3:] = 1.0
    regressors = np.array([treated, rng.normal(size=(9, 6))])
    clusters = np.array([0, 0, 1, 2, 3, 3, 4, 5, 6])
    outcomes = noise(9, 6, seed=seed)
    return present, weights, regressors, outcomes, clusters


def dense(present, weights, regressors):
    """All columns, regressors first, and each cell's unit."""
    columns = np.hstack([regressors[:, present].T, dummies(present)])
    unit = np.nonzero(present)[0]
    return columns, unit, np.ones(len(unit)) if weights is None else weights[unit]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_cr1_is_the_clustered_error_of_statsmodels(seed, weighted):
    present, weights, regressors, outcomes, clusters = example(seed, weighted=weighted)
    columns, unit, cell_weights = dense(present, weights, regressors)
    model = sm.WLS(outcomes[present], columns, weights=cell_weights)
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": clusters[unit]})
    ours = regress(TwoWay.of(present, weights), outcomes, regressors)
    np.testing.assert_allclose(ours.coefficients, theirs.params[:2], atol=EXACT)
    covariance = cr1(ours, clusters, effects_counted="all")
    np.testing.assert_allclose(covariance, np.asarray(theirs.cov_params())[:2, :2], atol=EXACT)


def dense_cr2(present, weights, regressors, outcomes, clusters):
    """CR2 written out with the full hat matrix: covariance, and q_g of each contrast (n x G x 2)."""
    columns, unit, cell_weights = dense(present, weights, regressors)
    root = np.sqrt(cell_weights)
    x, y = columns * root[:, None], outcomes[present] * root
    bread = np.linalg.inv(x.T @ x)
    left = np.eye(len(y)) - x @ bread @ x.T
    residuals = left @ y
    groups = clusters[unit]
    scores, forms = [], []
    for group in np.unique(clusters):
        here = groups == group
        values, vectors = np.linalg.eigh(left[np.ix_(here, here)])
        kept = values > 1e-8
        adjust = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
        contribution = adjust @ x[here] @ bread[:, :2]
        scores.append(contribution.T @ residuals[here])
        forms.append(left[:, here] @ contribution)
    scores = np.array(scores)
    return scores.T @ scores, np.stack(forms, axis=1), bread[:2, :2]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("complete", [False, True])
def test_cr2_and_its_degrees_of_freedom_are_those_of_the_dense_formula(weighted, complete):
    present, weights, regressors, outcomes, clusters = example(2, weighted=weighted, complete=complete)
    covariance, forms, _ = dense_cr2(present, weights, regressors, outcomes, clusters)
    ours = cr2(regress(TwoWay.of(present, weights), outcomes, regressors), clusters)
    np.testing.assert_allclose(ours.covariance, covariance, atol=EXACT)
    for contrast in range(2):
        gram = forms[:, :, contrast].T @ forms[:, :, contrast]
        dof = np.trace(gram) ** 2 / (gram**2).sum()
        assert ours.dof(np.eye(2))[contrast] == pytest.approx(dof, rel=EXACT)


def test_joint_degrees_of_freedom_are_those_of_the_dense_formula():
    present, _, regressors, outcomes, clusters = example(3)
    _, forms, bread = dense_cr2(present, None, regressors, outcomes, clusters)
    values, vectors = np.linalg.eigh(bread)
    standard = np.einsum("ngc,cs->ngs", forms, (vectors / np.sqrt(values)) @ vectors.T)
    total = 0.0
    for s in range(2):
        for t in range(2):
            ss, tt, st = (standard[:, :, a].T @ standard[:, :, b] for a, b in ((s, s), (t, t), (s, t)))
            total += (ss * tt).sum() + (st * st.T).sum()
    ours = cr2(regress(TwoWay.of(present), outcomes, regressors), clusters)
    assert ours.joint_dof(np.eye(2)) == pytest.approx(2 * 3 / total, rel=EXACT)


def test_a_joint_test_of_one_contrast_has_its_degrees_of_freedom():
    present, _, regressors, outcomes, clusters = example(4)
    ours = cr2(regress(TwoWay.of(present), outcomes, regressors), clusters)
    assert ours.joint_dof(np.eye(2)[:, :1]) == pytest.approx(ours.dof(np.eye(2))[0], rel=EXACT)


def test_many_clusters_take_the_other_way_to_the_same_degrees_of_freedom():
    # More clusters than periods and regressors: sums run over the latter.
    outcomes, regressors = noise(40, 3), np.zeros((1, 40, 3))
    regressors[0, :10, 2] = 1.0
    ours = cr2(regress(TwoWay.of(np.ones((40, 3), dtype=bool)), outcomes, regressors), np.arange(40))
    # Two groups of unit contrasts: the Welch-Satterthwaite formula under equal variances.
    expected = (1 / 10 + 1 / 30) ** 2 / (1 / 10**2 / 9 + 1 / 30**2 / 29)
    assert ours.dof(np.eye(1))[0] == pytest.approx(expected, rel=EXACT)


def test_castle_doctrine_in_the_south_has_the_published_errors():
    published = case("wcb_castle_south11")
    outcomes = Panel.from_cells(cells("castle_south11", "state", "year", "l_homicide")).outcomes
    treated = Panel.from_cells(cells("castle_south11", "state", "year", "post1")).outcomes
    ours = regress(TwoWay.of(np.isfinite(outcomes)), outcomes, treated[None])
    corrected = cr2(ours, np.arange(11))
    found = {
        "att": ours.coefficients[0],
        "se_cr1s": np.sqrt(cr1(ours, np.arange(11), effects_counted="all")[0, 0]),
        "se_cr2": np.sqrt(corrected.covariance[0, 0]),
        "df_cr2": corrected.dof(np.eye(1))[0],
    }
    assert found == pytest.approx({name: published["expected"][name] for name in found}, abs=1e-9)


def test_unilateral_divorce_has_the_published_error():
    published = case("bacon_divorce")
    outcomes = Panel.from_cells(cells("divorce_bacon", "st", "year", "suiciderate_elast_jag")).outcomes
    treated = Panel.from_cells(cells("divorce_bacon", "st", "year", "post")).outcomes
    ours = regress(TwoWay.of(np.isfinite(outcomes)), outcomes, np.nan_to_num(treated)[None])
    assert ours.observations == published["expected"]["n"]
    assert ours.coefficients[0] == pytest.approx(published["expected"]["twfe"], abs=1e-9)
    error = np.sqrt(cr1(ours, np.arange(len(outcomes)))[0, 0])
    assert error == pytest.approx(published["expected"]["se"], abs=1e-9)


def test_castle_doctrine_has_the_published_two_way_estimate():
    outcomes = Panel.from_cells(cells("castle", "state", "year", "l_homicide")).outcomes
    treated = Panel.from_cells(cells("castle", "state", "year", "post")).outcomes
    ours = regress(TwoWay.of(np.isfinite(outcomes)), outcomes, treated[None])
    assert ours.coefficients[0] == pytest.approx(case("bacon_castle")["expected"]["twfe"], abs=1e-9)
