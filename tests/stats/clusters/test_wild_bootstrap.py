import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.clusters.clustered_regression import ClusteredRegression
from stats.clusters.wild_bootstrap import wild_bootstrap
from stats.errors import EstimationError
from tests.stats.few_clusters_data import castle_south, create_rows, few_clusters_case, voters

# The published figures have twelve digits; rounding of another route stays below.
PRINTED = 1e-9


def bootstrapped(data, seed=0, **options):
    regression = ClusteredRegression.of(*data)
    return wild_bootstrap(regression, 0, rng=np.random.default_rng(seed), **options)


@pytest.fixture(scope="module")
def castle():
    return few_clusters_case("wcb_castle_south11")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "p_wcr_rademacher"),
        ({"restricted": False}, "p_wcu_rademacher"),
        ({"scores": "jackknife"}, "p_wcr31_rademacher"),
    ],
)
def test_enumerated_signs_give_the_published_p_values(castle, options, name):
    found = bootstrapped(castle_south(), count_actual=False, **options)
    assert found.enumerated
    assert found.draws == 2048
    assert found.inference.p_value == castle["expected"][name]
    counted = bootstrapped(castle_south(), **options).inference.p_value
    assert counted == pytest.approx(castle["expected"][name], abs=castle["tolerance"]["p_enumerated_abs"])


def test_the_castle_doctrine_interval_is_as_published(castle):
    expected = castle["expected"]
    found = bootstrapped(castle_south())
    assert found.t == pytest.approx(expected["t"], abs=PRINTED)
    assert found.standard_error == pytest.approx(expected["se_cr1s"], abs=PRINTED)
    tolerance = castle["tolerance"]["ci_abs"]
    assert found.inference.interval.low == pytest.approx(expected["ci_wcr_low"], abs=tolerance)
    assert found.inference.interval.high == pytest.approx(expected["ci_wcr_high"], abs=tolerance)


def test_webbs_multipliers_give_the_published_p_value(castle):
    found = bootstrapped(castle_south(), multiplier="webb", draws=39_999)
    expected = castle["expected"]["p_wcr_webb"]
    assert found.inference.p_value == pytest.approx(expected, abs=castle["tolerance"]["webb_p_abs"])


@pytest.mark.parametrize(("multiplier", "name"), [("rademacher", "p_wcr_rademacher"), ("webb", "p_wcr_webb")])
def test_voters_are_as_published(multiplier, name):
    case = few_clusters_case("wcb_voters")
    expected, tolerance = case["expected"], case["tolerance"]
    found = bootstrapped(voters(), multiplier=multiplier, draws=19_999)
    assert found.inference.p_value == pytest.approx(expected[name], abs=tolerance["p_random_abs"])
    assert found.inference.interval.low == pytest.approx(expected["ci_low"], abs=tolerance["ci_abs"])
    assert found.inference.interval.high == pytest.approx(expected["ci_high"], abs=tolerance["ci_abs"])


def spelled_out(outcomes, regressors, clusters, effect, *, restricted, jackknife):
    """Share of the sign vectors whose t statistic is as large as the actual one, by refitting rows."""
    groups, (n, k) = len(np.unique(clusters)), regressors.shape
    factor = groups / (groups - 1) * (n - 1) / (n - k)
    bread = np.linalg.inv(regressors.T @ regressors)

    def t(values, null):
        found = bread @ regressors.T @ values
        scores = [
            regressors[clusters == g].T @ (values - regressors @ found)[clusters == g] for g in range(groups)
        ]
        return abs(found[0] - null) / np.sqrt(
            factor * (bread @ sum(np.outer(s, s) for s in scores) @ bread)[0, 0]
        )

    free = regressors[:, 1:] if restricted else regressors
    null = effect if restricted else 0.0
    base = outcomes - null * regressors[:, 0] * restricted
    found = np.linalg.lstsq(free, base, rcond=None)[0]
    fitted = free @ found + null * regressors[:, 0] * restricted
    residuals = outcomes - fitted
    centre = null if restricted else (bread @ regressors.T @ outcomes)[0]
    if jackknife:
        hat = free @ np.linalg.inv(free.T @ free) @ free.T
        for g in range(groups):
            here = clusters == g
            residuals[here] = np.linalg.solve(np.eye(here.sum()) - hat[np.ix_(here, here)], residuals[here])
    actual = t(outcomes, effect)
    signs = itertools.product([1, -1], repeat=groups)
    return np.mean(
        [t(fitted + np.array(v)[clusters] * residuals, centre) >= actual * (1 - 1e-9) for v in signs]
    )


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("scores", ["plain", "jackknife"])
def test_every_draw_is_what_refitting_gives(restricted, scores):
    data = create_rows(7, clusters=6, size=4, effect=0.7)
    found = bootstrapped(data, restricted=restricted, scores=scores, alpha=0.2)
    p_values = {
        effect: spelled_out(*data, effect, restricted=restricted, jackknife=scores == "jackknife")
        for effect in (-2.0, -0.5, 0.0, 0.4, 1.5, 4.0)
    }
    assert found.inference.p_value == pytest.approx(p_values[0.0])
    for effect, p_value in p_values.items():
        assert found.inference.interval.contains(effect) == (p_value > 0.2)


multipliers = st.sampled_from(["rademacher", "webb", "mammen", "normal"])


@given(st.integers(0, 5000), st.floats(-3, 3), multipliers, st.booleans(), st.sampled_from([0.05, 0.1, 0.29]))
@settings(max_examples=120, deadline=None)
def test_bootstrap_interval_and_p_value_agree(seed, effect, multiplier, restricted, alpha):
    data = create_rows(seed, clusters=7, size=3, effect=effect)
    options = {"multiplier": multiplier, "restricted": restricted, "alpha": alpha, "draws": 199}
    inference = bootstrapped(data, seed, **options).inference
    assert (inference.p_value <= alpha) != inference.interval.contains(0.0)


@given(st.integers(0, 500), st.sampled_from([-3.0, 1e-7, 1e7]), st.floats(-50, 50))
@settings(max_examples=25, deadline=None)
def test_units_of_measurement_change_nothing(seed, scale, constant):
    outcomes, regressors, clusters = create_rows(seed, effect=0.5)
    plain = bootstrapped((outcomes, regressors, clusters))
    moved = bootstrapped((scale * outcomes + scale * constant, regressors, clusters))
    assert moved.inference.p_value == plain.inference.p_value
    ends = sorted(scale * end for end in (plain.inference.interval.low, plain.inference.interval.high))
    np.testing.assert_allclose(
        ends, [moved.inference.interval.low, moved.inference.interval.high], rtol=1e-6, atol=1e-6 * abs(scale)
    )


def test_a_shifted_null_shifts_the_interval():
    outcomes, regressors, clusters = create_rows(3)
    plain, moved = (
        bootstrapped((outcomes, regressors, clusters)),
        bootstrapped((outcomes + 5 * regressors[:, 0], regressors, clusters)),
    )
    assert moved.inference.interval.low == pytest.approx(plain.inference.interval.low + 5, abs=1e-6)


def test_one_treated_cluster_has_no_bootstrap():
    outcomes, regressors, clusters = create_rows(1, clusters=12)
    regressors[:, 0] = clusters == 0
    found = bootstrapped((outcomes, regressors, clusters))
    assert found.inference.p_value.reason_code == "one_cluster_identifies"


def test_four_clusters_have_too_few_signs_to_rule_anything_out():
    found = bootstrapped(create_rows(1, clusters=4, effect=50.0))
    assert found.inference.p_value == 2 / 16
    assert found.inference.interval.unbounded.reason_code == "test_never_rejects"


def test_outcomes_that_the_model_fits_have_no_error():
    _, regressors, clusters = create_rows(1)
    found = bootstrapped((regressors @ [2.0, 1.0, 3.0], regressors, clusters))
    assert found.inference.p_value.reason_code == "no_variation"


def test_the_same_generator_gives_the_same_draws():
    data = create_rows(1, clusters=20)
    assert bootstrapped(data, 5).inference == bootstrapped(data, 5).inference
    assert bootstrapped(data, 5).inference != bootstrapped(data, 6).inference


@pytest.mark.parametrize(
    ("argument", "options"),
    [("multiplier", {"multiplier": "six"}), ("scores", {"scores": "raw"}), ("draws", {"draws": 9})],
)
def test_unknown_options_are_refused(argument, options):
    with pytest.raises(EstimationError) as refused:
        bootstrapped(create_rows(0), **options)
    assert refused.value.argument == argument


def test_six_clusters_keep_the_size_where_the_conventional_error_does_not():
    rng = np.random.default_rng(1)
    rejected = {"bootstrap": 0, "normal": 0}
    for _ in range(250):
        found = bootstrapped(create_rows(int(rng.integers(1_000_000)), clusters=8, size=4))
        rejected["bootstrap"] += found.inference.p_value <= 0.05
        rejected["normal"] += abs(found.t) > 1.96
    # 250 draws of 5 % have a standard error of 1.4 %.
    assert rejected["bootstrap"] / 250 < 0.09 < rejected["normal"] / 250
