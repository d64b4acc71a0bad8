import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.cohorts import NEVER
from stats.differences.two_way import two_way_event_study
from stats.errors import EstimationError, PanelError
from stats.staggered.interaction_weighted import interaction_weighted
from tests.stats.build import case, rows
from tests.stats.differences.test_two_way import panel, staggered

# R prints its figures to 13 digits.
PUBLISHED = 1e-10
EXACT = 1e-9


def published(name, unit, start, outcome, **options):
    units, periods, outcomes = panel(name, unit, "year", outcome)
    starts = {row[unit]: int(row[start]) for row in rows(name)}
    columns = [periods.index(starts[u]) if starts[u] in periods else NEVER for u in units]
    return interaction_weighted(outcomes, columns, **options)


def assert_is(result, expected):
    assert result.att.value("att") == pytest.approx(expected["att"], abs=PUBLISHED)
    assert result.att.error("att") == pytest.approx(expected["att_se"], abs=PUBLISHED)
    found = result.event_time
    assert set(found.names) == set(expected["es"])
    assert {name: found.value(name) for name in found.names} == pytest.approx(expected["es"], abs=PUBLISHED)
    assert {name: found.error(name) for name in found.names} == pytest.approx(
        expected["es_se"], abs=PUBLISHED
    )


def test_castle_doctrine_is_as_published():
    assert_is(published("castle_panel", "sid", "g", "l_homicide"), case("sunab_castle")["expected"])


def test_the_simulated_panel_with_a_covariate_is_as_published():
    expected = case("sunab_base_stagg")["expected"]
    _, _, x1 = panel("base_stagg", "id", "year", "x1")
    result = published("base_stagg", "id", "year_treated", "y", covariates=x1, covariate_names=["x1"])
    assert_is(result, expected)
    assert result.interactions.value("x1") == pytest.approx(expected["x1"], abs=PUBLISHED)


def test_two_cohorts_by_hand():
    # Against the never treated, each cohort's change since its own period before the start.
    outcomes = np.array([[0, 5, 9, 9], [1, 1, 4, 8], [0, 1, 2, 3], [4, 5, 6, 7]], dtype=float)
    result = interaction_weighted(outcomes, [1, 2, NEVER, NEVER])
    assert result.interactions.value("1:0") == pytest.approx(5 - 1)
    assert result.interactions.value("2:0") == pytest.approx(3 - 1)
    assert result.event_time.value("0") == pytest.approx((4 + 2) / 2)
    assert result.event_time.value("1") == pytest.approx((7 + 5) / 2)
    assert result.by_cohort.value("2") == pytest.approx((2 + 5) / 2)
    assert result.att.value("att") == pytest.approx((4 + 7 + 6 + 2 + 5) / 5)


def test_with_one_start_it_is_the_two_way_event_study():
    outcomes, starts, _, _ = staggered(0, missing=0.1)
    starts = np.where(starts == NEVER, NEVER, 3)
    ours = interaction_weighted(outcomes, starts, missing="available").event_time
    theirs = two_way_event_study(outcomes, starts, missing="available").coefficients
    np.testing.assert_allclose(ours.values, theirs.values, atol=EXACT)
    np.testing.assert_allclose(ours.covariance, theirs.covariance, atol=EXACT)


def test_without_never_treated_the_last_cohort_serves_until_its_start():
    outcomes, _, _, _ = staggered(1)
    starts = np.tile([2, 4, 6], 8)
    result = interaction_weighted(outcomes, starts)
    assert result.control == "last"
    assert result.cohorts == (2, 4)
    as_never = interaction_weighted(outcomes[:, :6], np.where(starts == 6, NEVER, starts))
    np.testing.assert_allclose(result.event_time.values, as_never.event_time.values, atol=EXACT)


def test_always_treated_units_are_refused_or_change_nothing():
    outcomes, starts, _, _ = staggered(2)
    clusters = np.arange(24) // 2
    with pytest.raises(EstimationError, match="unit 1 is treated throughout"):
        interaction_weighted(outcomes, starts)
    dropped = interaction_weighted(outcomes, starts, always_treated="drop", clusters=clusters)
    kept = starts > 0
    without = interaction_weighted(outcomes[kept], starts[kept], clusters=clusters[kept])
    np.testing.assert_allclose(dropped.event_time.covariance, without.event_time.covariance, atol=EXACT)


@given(st.integers(0, 500))
def test_cohorts_with_effects_of_their_own_are_averaged_by_their_shares(seed):
    rng = np.random.default_rng(seed)
    starts = np.repeat([2, 4, NEVER], [4, 8, 6])
    own = {2: 10.0, 4: 1.0}
    periods = np.arange(6)
    outcomes = rng.normal(size=(18, 1)) + rng.normal(size=(1, 6))
    for unit, start in enumerate(starts):
        if start < NEVER:
            outcomes[unit] += own[int(start)] * (periods >= start) * (1 + periods - start)
    result = interaction_weighted(outcomes + 1e-6 * rng.normal(size=(18, 6)), starts)
    assert result.event_time.value("0") == pytest.approx((4 * 10 + 8 * 1) / 12, abs=1e-4)
    assert result.event_time.value("-2") == pytest.approx(0.0, abs=1e-4)


def test_what_cannot_be_compared_is_refused():
    outcomes, _, _, _ = staggered(3)
    with pytest.raises(EstimationError, match="never treated"):
        interaction_weighted(outcomes, np.tile([2, 4, 6], 8), control="never")
    with pytest.raises(EstimationError, match="no cohort"):
        interaction_weighted(outcomes, np.full(24, 3))
    holes = outcomes.copy()
    holes[0, :6] = np.nan
    with pytest.raises(PanelError, match="no cell that serves"):
        interaction_weighted(holes, np.tile([2, 4, 6], 8), missing="available")
