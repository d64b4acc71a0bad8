import numpy as np
import pytest
import scipy.stats

from stats.cohorts import NEVER
from stats.differences.triple_difference import triple_difference, triple_difference_effects
from stats.differences.two_by_two import difference_of_changes, two_by_two
from stats.differences.two_way import two_way_effect
from stats.errors import EstimationError
from tests.stats.build import case, rows

# Published figures have thirteen digits.
EXACT = 1e-9


def test_banks_in_mississippi_are_as_published():
    published = case("did2_banks_mm")["expected"]
    july = [
        row
        for row in rows("banks")
        if (row["day"], row["month"]) == ("1", "7") and 1929 <= int(row["year"]) <= 1934
    ]
    outcome = [float(row[district]) for district in ("bib6", "bib8") for row in july]
    post = [int(row["year"]) >= 1931 for row in july] * 2
    result = two_by_two(outcome, np.repeat([1, 0], 6), post, errors="iid")
    assert result.observations == published["n"]
    found = [result.value(name) for name in ("constant", "treated", "post", "effect")]
    assert found == pytest.approx([published[key] for key in ("b0", "b_treat", "b_post", "att")], abs=EXACT)
    assert result.error("effect") == pytest.approx(published["se_classical"], abs=EXACT)
    assert result.dof == 8


def test_fast_food_employment_is_as_published():
    published = case("did2_card_krueger_balanced")["expected"]
    waves, group = {}, {}
    for row in rows("card_krueger"):
        if row["fte"] not in ("", "NA"):
            waves.setdefault(row["id"], {})[row["d"]] = float(row["fte"])
            group[row["id"]] = int(row["nj"])
    both = [store for store, readings in waves.items() if len(readings) == 2]
    before, after = ([waves[store][wave] for store in both] for wave in ("0", "1"))
    treated = [group[store] for store in both]
    result = difference_of_changes(before, after, treated)
    assert result.effect == pytest.approx(published["att"], abs=EXACT)
    assert result.welch.standard_error == pytest.approx(published["se_welch"], abs=EXACT)
    assert result.welch.p_value == pytest.approx(published["p_welch"], abs=EXACT)
    assert result.welch.dof == pytest.approx(published["df_welch"], abs=EXACT)
    assert result.regression.error("effect") == pytest.approx(published["se_classical"], abs=EXACT)
    robust = difference_of_changes(before, after, treated, errors="hc1").regression
    assert robust.error("effect") == pytest.approx(published["se_hc1"], abs=EXACT)


def test_welch_is_that_of_scipy():
    rng = np.random.default_rng(0)
    before, after = rng.normal(size=(2, 30))
    after[:8] *= 5
    result = difference_of_changes(before, after, np.repeat([1, 0], [8, 22]))
    changes = after - before
    theirs = scipy.stats.ttest_ind(changes[:8], changes[8:], equal_var=False)
    assert result.welch.p_value == pytest.approx(theirs.pvalue, abs=EXACT)
    assert result.welch.dof == pytest.approx(theirs.df, abs=EXACT)


def corners(seed=0, size=80):
    rng = np.random.default_rng(seed)
    return rng.normal(size=size), *rng.integers(0, 2, (3, size)), rng.normal(size=(size, 2))


def test_the_effect_is_the_difference_of_differences_of_means():
    y, treated, post, _, _ = corners()
    mean = lambda a, b: y[(treated == a) & (post == b)].mean()  # noqa: E731
    expected = mean(1, 1) - mean(1, 0) - mean(0, 1) + mean(0, 0)
    assert two_by_two(y, treated, post).value("effect") == pytest.approx(expected, abs=EXACT)


def test_weights_covariates_and_clusters_are_taken():
    y, treated, post, _, covariates = corners(size=200)
    weights = np.random.default_rng(1).integers(1, 4, 200)
    plain = two_by_two(y, treated, post, covariates=covariates, weights=weights, covariate_names=["a", "b"])
    copies = np.repeat(np.arange(200), weights)
    copied = two_by_two(y[copies], treated[copies], post[copies], covariates=covariates[copies])
    np.testing.assert_allclose(plain.values, copied.values, atol=EXACT)
    assert plain.names[-2:] == ("a", "b")
    assert two_by_two(y, treated, post, clusters=np.arange(200) // 10).dof == 19


def test_the_third_difference_is_that_of_the_means():
    y, treated, post, eligible, _ = corners(3)
    did = [
        two_by_two(y[eligible == side], treated[eligible == side], post[eligible == side]).value("effect")
        for side in (0, 1)
    ]
    result = triple_difference(y, treated, eligible, post)
    assert result.value("effect") == pytest.approx(did[1] - did[0], abs=EXACT)
    assert len(result.names) == 8


def cube(seed=0, areas=9, groups=2, periods=6):
    rng = np.random.default_rng(seed)
    area, group, period = np.indices((areas, groups, periods)).reshape(3, -1)
    outcome = rng.normal(size=area.size)
    for one, other in ((area, group), (area, period), (group, period)):
        outcome = outcome + 5 * rng.normal(size=(20, 20))[one, other]
    return outcome, area, group, period


def test_with_two_groups_it_is_the_two_way_estimate_of_their_gap():
    outcome, area, group, period = cube()
    exposed = (area < 3) & (group == 1) & (period >= 3)
    result = triple_difference_effects(outcome, exposed, area=area, group=group, period=period)
    gap = outcome.reshape(9, 2, 6)[:, 1] - outcome.reshape(9, 2, 6)[:, 0]
    two_way = two_way_effect(gap, np.where(np.arange(9) < 3, 3, NEVER))
    assert result.value("effect") == pytest.approx(two_way.value("effect"), abs=EXACT)
    assert result.dof == 8


def test_staggered_areas_with_gaps_and_covariates_recover_an_added_effect():
    outcome, area, group, period = cube(1, groups=3)
    keep = np.random.default_rng(0).random(outcome.size) < 0.9
    exposed = (period >= np.where(area < 3, 2 + area, 99)) & (group >= 1)
    covariate = np.random.default_rng(2).normal(size=outcome.size)

    def effect(y):
        return triple_difference_effects(
            y[keep],
            exposed[keep],
            area=area[keep],
            group=group[keep],
            period=period[keep],
            covariates=covariate[keep],
        )

    moved = effect(outcome + 4 * exposed + 7 * covariate)
    plain = effect(outcome)
    np.testing.assert_allclose(moved.values - plain.values, [4, 7], atol=1e-7)
    np.testing.assert_allclose(moved.errors, plain.errors, rtol=1e-6)


def test_refusals_name_the_argument():
    y, treated, post, eligible, _ = corners()
    for call, argument in (
        (lambda: two_by_two(y, np.ones(80), post), "treated"),
        (lambda: two_by_two(y, treated, treated), "outcome"),
        (lambda: two_by_two(y, treated, post[:-1]), "post"),
        (lambda: two_by_two(y, treated, post, covariates=np.ones(79)), "covariates"),
        (lambda: triple_difference(y, treated, treated, post), "regressors.eligible"),
        (lambda: difference_of_changes(y, y + 1, np.arange(80) == 0), "treated"),
        (lambda: difference_of_changes(y[:-1], y[:-1], treated), "before"),
        (
            lambda: triple_difference_effects(y, eligible, area=treated, group=post[:-1], period=post),
            "area",
        ),
    ):
        with pytest.raises(EstimationError) as refused:
            call()
        assert refused.value.argument == argument
