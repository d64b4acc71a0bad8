import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.cohorts import NEVER
from stats.differences.two_way import two_way_effect, two_way_event_study
from stats.errors import EstimationError, PanelError
from stats.numerics.long_form import long_form
from tests.stats.build import case, noise, rows

# Two exact methods on well-conditioned data differ by rounding only.
EXACT = 1e-9
seeds = st.integers(0, 1000)


def panel(name, unit, period, value, keep=lambda row: True):
    """Units, periods (as numbers) and the n x T matrix of a published table."""
    table = [row for row in rows(name) if keep(row)]
    units = sorted({row[unit] for row in table})
    periods = sorted({int(row[period]) for row in table})
    matrix = np.full((len(units), len(periods)), np.nan)
    for row in table:
        if row[value] not in ("", "NA"):
            matrix[units.index(row[unit]), periods.index(int(row[period]))] = float(row[value])
    return units, periods, matrix


def switched_on(treated):
    """Column in which each row of a 0/1 matrix turns to 1."""
    return np.array([np.flatnonzero(row == 1)[0] if (row == 1).any() else NEVER for row in treated])


def staggered(seed, *, units=24, periods=7, missing=0.0):
    """Outcomes with gaps, starts (every third never, one always treated), covariates, cell weights."""
    rng = np.random.default_rng(seed)
    starts = rng.integers(2, periods, units)
    starts[::3], starts[1] = NEVER, 0
    outcomes = noise(units, periods, seed=seed)
    outcomes[rng.random(outcomes.shape) < missing] = np.nan
    outcomes[:, 0] = noise(units, 1, seed=seed)[:, 0]
    return outcomes, starts, rng.normal(size=(units, periods, 2)), rng.uniform(0.5, 2, (units, periods))


def test_two_groups_by_hand():
    outcomes = [[3, 10], [5, 8], [1, 2], [2, 5], [3, 5]]
    result = two_way_effect(outcomes, [1, 1, NEVER, NEVER, NEVER])
    assert result.value("effect") == pytest.approx(5 - 2)


def test_the_expansion_of_medicaid_is_as_published():
    published = case("es_medicaid_aca")["expected"]
    kept = lambda row: int(row["year"]) < 2016 and row["yexp2"] != "2015"  # noqa: E731
    units, years, outcomes = panel("ehec_data", "stfips", "year", "dins", kept)
    expanded = {row["stfips"] for row in rows("ehec_data") if row["yexp2"] == "2014"}
    starts = [years.index(2014) if unit in expanded else NEVER for unit in units]
    result = two_way_event_study(outcomes, starts)
    found = result.coefficients
    assert found.observations == published["n"]
    for year, value in published["coef"].items():
        name = str(int(year) - 2014)
        assert found.value(name) == pytest.approx(value, abs=EXACT)
        assert found.error(name) == pytest.approx(published["se"][year], abs=EXACT)
    test = found.wald(result.leads)
    assert test.statistic == pytest.approx(published["wald_pre_F"], rel=EXACT)
    assert test.p_value == pytest.approx(published["wald_pre_p"], rel=EXACT)


def test_unilateral_divorce_with_gaps_and_always_treated_is_as_published():
    published = case("bacon_divorce")["expected"]
    _, _, outcomes = panel("divorce_bacon", "st", "year", "suiciderate_elast_jag")
    _, _, treated = panel("divorce_bacon", "st", "year", "post")
    result = two_way_effect(outcomes, switched_on(treated), missing="available")
    assert result.value("effect") == pytest.approx(published["twfe"], abs=EXACT)
    assert result.error("effect") == pytest.approx(published["se"], abs=EXACT)
    assert result.observations == published["n"]


@pytest.mark.parametrize("errors", ["cluster", "hc1", "iid"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_sums_by_cohort_give_the_regression_on_long_columns(errors, weighted, missing):
    outcomes, starts, covariates, weights = staggered(1, missing=missing)
    clusters = np.arange(len(outcomes)) // 2 if errors == "cluster" else None
    chosen = weights if weighted else None
    ours = two_way_event_study(
        outcomes,
        starts,
        covariates=covariates,
        weights=chosen,
        clusters=clusters,
        errors=errors,
        missing="available",
    )
    unit, period = np.nonzero(~np.isnan(outcomes))
    ever = starts[unit] < NEVER
    relative = np.where(ever, period - np.where(ever, starts[unit], 0), -99)
    columns = np.array([relative == e for e in ours.relative], dtype=float).T
    theirs = long_form(
        outcomes[unit, period],
        np.hstack([columns, covariates[unit, period]]),
        [unit, period],
        weights=None if chosen is None else chosen[unit, period],
        clusters=None if clusters is None else clusters[unit],
        errors=errors,
    ).coefficients
    np.testing.assert_allclose(ours.coefficients.values, theirs.values, atol=EXACT)
    np.testing.assert_allclose(ours.coefficients.covariance, theirs.covariance, atol=EXACT)
    assert ours.coefficients.dof == theirs.dof
    assert ours.counts == pytest.approx((columns * _column(chosen, unit, period)).sum(axis=0))


def _column(weights, unit, period):
    return 1.0 if weights is None else weights[unit, period][:, None]


def test_a_window_gathers_what_lies_beyond_it():
    outcomes, starts, _, _ = staggered(2)
    result = two_way_event_study(outcomes, starts, window=(-2, 2))
    assert result.relative == (-2, 0, 1, 2)
    unit, period = np.indices(outcomes.shape).reshape(2, -1)
    ever = starts[unit] < NEVER
    relative = np.where(ever, np.clip(period - np.where(ever, starts[unit], 0), -2, 2), -99)
    columns = np.array([relative == e for e in result.relative], dtype=float).T
    theirs = long_form(outcomes.ravel(), columns, [unit, period], clusters=unit).coefficients
    np.testing.assert_allclose(result.coefficients.values, theirs.values, atol=EXACT)


def test_without_never_treated_a_second_reference_is_needed():
    outcomes, _, _, _ = staggered(3)
    starts = np.tile([3, 4, 5, 6], 6)
    with pytest.raises(EstimationError, match="cannot be told"):
        two_way_event_study(outcomes, starts)
    named = two_way_event_study(outcomes, starts, reference=(-6, -1))
    dropped = two_way_event_study(outcomes, starts, collinear="drop")
    assert len(dropped.dropped) == 1
    assert set(dropped.relative) | {int(dropped.dropped[0])} == set(named.relative) | {-6}


@given(seeds, st.booleans())
def test_neither_order_nor_levels_matter_and_an_added_effect_is_found(seed, gaps):
    outcomes, starts, _, weights = staggered(seed, missing=0.1 if gaps else 0.0)
    rng = np.random.default_rng(seed)
    plain = two_way_effect(outcomes, starts, weights=weights[:, 0], missing="available")
    order = rng.permutation(len(outcomes))
    levels = rng.normal(size=(len(outcomes), 1)) + rng.normal(size=(1, outcomes.shape[1]))
    treated = np.arange(outcomes.shape[1]) >= starts[:, None]
    moved = (3 * outcomes + 100 * levels + 2 * treated)[order]
    other = two_way_effect(moved, starts[order], weights=7 * weights[order, 0], missing="available")
    assert other.value("effect") == pytest.approx(3 * plain.value("effect") + 2, abs=1e-7)
    assert other.error("effect") == pytest.approx(3 * plain.error("effect"), rel=1e-7)


def test_whole_weights_count_units_as_that_many_copies():
    outcomes, starts, _, _ = staggered(4)
    copies = np.random.default_rng(0).integers(1, 4, len(outcomes))
    many, theirs = np.repeat(outcomes, copies, axis=0), np.repeat(starts, copies)
    own = np.repeat(np.arange(len(outcomes)), copies)
    weighted = two_way_event_study(outcomes, starts, weights=copies).coefficients
    copied = two_way_event_study(many, theirs, clusters=own).coefficients
    np.testing.assert_allclose(weighted.values, copied.values, atol=EXACT)


def refused(outcomes, starts, **options):
    with pytest.raises((EstimationError, PanelError)) as error:
        two_way_effect(outcomes, starts, **options)
    return error.value


def test_refusals_name_what_is_wrong_and_where():
    outcomes, starts, _, _ = staggered(5)
    holes = outcomes.copy()
    holes[4, 2] = np.nan
    error = refused(holes, starts)
    assert (error.argument, error.unit, error.period) == ("outcomes or covariates", "4", "2")
    holes[4, 2] = np.inf
    assert "infinite" in str(refused(holes, starts, missing="available"))
    holes[4] = np.nan
    assert refused(holes, starts, missing="available").unit == "4"
    assert refused(outcomes, np.full(len(starts), NEVER)).argument == "first_treated"
    assert refused(outcomes, starts - starts.min() - 1).argument == "first_treated"
    assert refused(outcomes, np.zeros(len(starts), dtype=int)).argument == "regressors.effect"
    assert refused(outcomes, np.full(len(starts), 3)).argument == "regressors.effect"
    weights = np.ones(outcomes.shape)
    weights[3, 1] = -1
    assert (error := refused(outcomes, starts, weights=weights)).unit == "3", error
    assert refused(np.ones_like(outcomes), starts).argument == "outcomes"
    assert refused(outcomes, starts, clusters=np.zeros(len(starts), dtype=int)).argument == "clusters"
    assert refused(outcomes, starts, covariates=outcomes[:, :-1]).argument == "covariates"


def test_a_unit_level_covariate_is_refused_by_its_name():
    outcomes, starts, _, _ = staggered(6)
    level = np.repeat(np.arange(24.0)[:, None], 7, axis=1)
    assert refused(outcomes, starts, covariates=level, covariate_names=["area"]).argument == "regressors.area"


def test_clustered_errors_cover_the_effect_with_many_clusters():
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(200):
        outcomes = rng.normal(size=(60, 8)).cumsum(axis=1)
        result = two_way_effect(outcomes, np.repeat([4, NEVER], 30))
        covered += result.inference("effect").interval.contains(0.0)
    # 95 % of 200, give or take three binomial errors.
    assert 180 <= covered <= 199


def test_words_in_place_of_numbers_are_refused_by_argument():
    with pytest.raises(EstimationError, match="outcomes: is not numeric"):
        two_way_effect([["many", "few"], ["1", "2"]], [1, NEVER])


@pytest.mark.parametrize("clustered", [False, True])
def test_one_treated_cluster_never_reads_as_significant_by_asymptotics(clustered):
    rng = np.random.default_rng(20261123)
    outcomes = rng.normal(size=(20, 12))
    treated = 2 if clustered else 1
    first = np.where(np.arange(20) < treated, 6, NEVER)
    clusters = np.arange(20) // 2 if clustered else None
    effect = two_way_effect(outcomes, first, clusters=clusters)
    assert effect.error("effect") > 0
    assert effect.inference("effect").p_value.reason_code == "one_treated_cluster"
    study = two_way_event_study(outcomes, first, clusters=clusters)
    assert study.coefficients.inference("0").p_value.reason_code == "one_treated_cluster"
    assert study.coefficients.wald(study.leads).reason_code == "one_treated_cluster"
