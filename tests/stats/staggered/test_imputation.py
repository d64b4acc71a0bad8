"""Imputation: published figures, dense algebra, hand-made cases, invariances, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from stats.cohorts import NEVER
from stats.errors import EstimationError, PanelError
from stats.staggered.imputation import impute, two_stage
from stats.staggered.imputation_pretrend import pre_trend
from tests.stats.build import case
from tests.stats.staggered_panels import create_staggered, published

# fixest stops its iterations at 1e-8; the system here is solved exactly.
PUBLISHED = 1e-6
SAME = 1e-9


def heterogeneous():
    outcomes, first, _, fixed = published(
        "df_het", unit="unit", period="year", value="dep_var", start="g", extra=("state",)
    )
    return outcomes, first, fixed["state"]


def test_simulated_effects_and_their_errors_are_as_published():
    outcomes, first, state = heterogeneous()
    expected = case("bjs_df_het")["expected"]
    overall = impute(outcomes, first, clusters=state)
    assert overall.effects[0] == pytest.approx(expected["att"], abs=PUBLISHED)
    assert overall.standard_errors[0] == pytest.approx(expected["se"], abs=PUBLISHED)
    by_horizon = impute(outcomes, first, average="horizon", clusters=state)
    assert by_horizon.labels.tolist() == list(range(21))
    for label, effect, error in zip(
        by_horizon.labels, by_horizon.effects, by_horizon.standard_errors, strict=True
    ):
        assert effect == pytest.approx(expected["es"][str(label)], abs=PUBLISHED)
        assert error == pytest.approx(expected["es_se"][str(label)], abs=PUBLISHED)


def test_leads_are_as_published():
    outcomes, first, state = heterogeneous()
    expected = case("bjs_df_het")["expected"]
    leads = pre_trend(outcomes, first, leads=5, clusters=state)
    for label, effect, error in zip(leads.labels, leads.effects, leads.standard_errors, strict=True):
        assert effect == pytest.approx(expected["es"][str(label)], abs=PUBLISHED)
        assert error == pytest.approx(expected["es_se"][str(label)], abs=PUBLISHED)
    assert leads.joint.p_value > 0.05


def test_the_two_stage_estimate_of_castle_doctrine_is_as_published():
    outcomes, first, _, fixed = published(
        "castle_panel", unit="sid", period="year", value="l_homicide", start="g", extra=("popwt",)
    )
    # Published with the first full year after the law as the first treated.
    found = two_stage(outcomes, np.where(first == NEVER, NEVER, first + 1), weights=fixed["popwt"])
    expected = case("did2s_castle")["expected"]
    assert found.effects[0] == pytest.approx(expected["att"], abs=PUBLISHED)
    assert found.standard_errors[0] == pytest.approx(expected["se"], abs=PUBLISHED)


def test_two_units_by_hand():
    # The control moves by 1, 2, 3; the treated would have: 10 and 11 were seen, 12 and 13 are imputed.
    found = impute(np.array([[0.0, 1, 2, 3], [10, 11, 15, 17]]), np.array([NEVER, 2]), average="horizon")
    assert found.effects.tolist() == pytest.approx([3, 4])
    assert found.cells.tolist() == [1, 1]


def dense(outcomes, first, weights, covariates, average, kin):
    """The same by dummy variables: effects, and errors by unit with kin's weighted means."""
    count, width = outcomes.shape
    rows, columns = (axis.ravel() for axis in np.indices(outcomes.shape))
    treated = columns >= first[rows]
    design = np.zeros((count * width, count + width + covariates.shape[2]))
    design[np.arange(count * width), rows] = 1
    design[np.arange(count * width), count + columns] = 1
    design[:, count + width :] = covariates.reshape(count * width, -1)
    weight, flat = weights[rows], outcomes.ravel()
    z0, w0 = design[~treated], weight[~treated, None]
    bread = np.linalg.pinv(z0.T @ (w0 * z0))
    left = flat - design @ (bread @ (z0.T @ (w0[:, 0] * flat[~treated])))
    label = {"overall": 0 * columns, "horizon": columns - first[rows], "calendar": columns}[average]
    effects, errors = [], []
    for value in np.unique(label[treated]):
        chosen = treated & (label == value)
        v = np.where(chosen, weight, 0.0) / weight[chosen].sum()
        effects.append(v @ left)
        v[~treated] = -w0[:, 0] * (z0 @ (bread @ (design.T @ v)))
        centred = left.copy()
        for cohort in np.unique(first[first < NEVER]):
            for period in range(width):
                cell = treated & (first[rows] == cohort) & (columns == period)
                if kin == "cohort_period" and (v[cell] != 0).any():
                    centred[cell] -= np.average(left[cell], weights=v[cell] ** 2)
        if kin == "estimate":
            centred[treated] -= effects[-1]
        errors.append(np.sqrt(np.sum(np.bincount(rows, weights=v * centred) ** 2)))
    return np.array(effects), np.array(errors)


@pytest.mark.parametrize("average", ["overall", "horizon", "calendar"])
@pytest.mark.parametrize("kin", ["cohort_period", "estimate"])
@pytest.mark.parametrize("extra", [0, 2])
def test_it_is_what_dummy_variables_give(average, kin, extra):
    outcomes, first = create_staggered(units=24, periods=6, starts=(2, 4))
    rng = np.random.default_rng(1)
    weights, covariates = rng.uniform(0.5, 2, 24), rng.normal(size=(24, 6, extra))
    found = impute(
        outcomes,
        first,
        average=average,
        weights=weights,
        covariates=covariates if extra else None,
        alike=kin,
    )
    effects, errors = dense(outcomes, first, weights, covariates, average, kin)
    assert found.effects == pytest.approx(effects, rel=SAME)
    assert found.standard_errors == pytest.approx(errors, rel=1e-7)


def test_an_effect_of_its_own_for_each_unit_by_name_is_the_default():
    outcomes, first = create_staggered()
    default = impute(outcomes, first, average="group")
    named = impute(outcomes, first, average="group", unit_effects=[f"u{place}" for place in range(60)])
    assert named.effects == pytest.approx(default.effects, rel=SAME)
    assert named.influence == pytest.approx(default.influence, abs=SAME)


def test_cells_that_are_missing_are_left_out_by_choice():
    outcomes, first = create_staggered()
    outcomes[[3, 40, 50], [2, 6, 1]] = np.nan
    with pytest.raises(PanelError, match="unit '3', period '2'"):
        impute(outcomes, first)
    kept = impute(outcomes, first, gaps="keep")
    assert kept.cells[0] == np.sum((np.arange(8) >= first[:, None]) & ~np.isnan(outcomes))
    dropped = impute(outcomes, first, gaps="drop_unit")
    rest = [place for place in range(60) if place not in (3, 40, 50)]
    assert dropped.effects == pytest.approx(impute(outcomes[rest], first[rest]).effects)


def test_cells_without_untreated_company_are_refused_or_dropped():
    outcomes, first = create_staggered(never=0.0)
    with pytest.raises(PanelError, match="cannot be imputed") as refused:
        impute(outcomes, first)
    assert refused.value.period == "5"
    found = impute(outcomes, first, average="calendar", unreachable="drop")
    assert found.labels.tolist() == [3, 4]


@settings(max_examples=12, deadline=None)
@given(seed=some.integers(0, 1000), scale=some.sampled_from([1e-6, 3.0, 1e6]))
def test_order_scale_and_what_units_and_periods_share_do_not_matter(seed, scale):
    outcomes, first = create_staggered(seed=seed)
    rng = np.random.default_rng(seed)
    base = impute(outcomes, first, average="horizon")
    order = rng.permutation(60)
    moved = scale * (outcomes + rng.normal(size=(60, 1)) * 5 + rng.normal(size=8) * 5)
    other = impute(moved[order], first[order], average="horizon", weights=np.full(60, 4.0))
    assert other.effects / scale == pytest.approx(base.effects, abs=1e-8)
    assert other.standard_errors / scale == pytest.approx(base.standard_errors, rel=1e-7)


def test_whole_weights_are_copies_clustered_for_the_two_stage_errors():
    outcomes, first = create_staggered()
    weights = np.where(np.arange(60) % 3 == 0, 2, 1)
    copies = np.repeat(np.arange(60), weights)
    weighted = two_stage(outcomes, first, weights=weights)
    copied = two_stage(outcomes[copies], first[copies], clusters=copies)
    assert weighted.effects == pytest.approx(copied.effects)
    assert weighted.standard_errors == pytest.approx(copied.standard_errors)


def test_leaving_one_out_is_more_careful_and_needs_company():
    outcomes, first = create_staggered(units=12)
    plain, careful = impute(outcomes, first), impute(outcomes, first, leave_one_out=True)
    assert careful.standard_errors[0] > plain.standard_errors[0]
    assert careful.effects == plain.effects
    first[-1] = 6
    with pytest.raises(EstimationError, match="leave_one_out"):
        impute(outcomes, first, leave_one_out=True)


def test_small_cohorts_are_not_certain_where_cells_equally_late_are_alike():
    outcomes, first = create_staggered(units=12, starts=(3, 4, 5, 6, 7, 2))
    alone = impute(outcomes, first)
    together = impute(outcomes, first, alike="horizon")
    assert together.standard_errors[0] > alone.standard_errors[0]


def test_a_trend_before_the_start_is_found():
    outcomes, first = create_staggered(units=200)
    trend = np.where(first == NEVER, 0, 0.5)[:, None] * np.arange(8)
    assert pre_trend(outcomes, first, leads=2).joint.p_value > 0.01
    assert pre_trend(outcomes + trend, first, leads=2).joint.p_value < 1e-6


def test_leads_are_what_dummy_variables_give():
    outcomes, first = create_staggered(units=24, periods=6, starts=(3, 4))
    rows, columns = (axis.ravel() for axis in np.indices(outcomes.shape))
    untreated = columns < first[rows]
    design = np.zeros((144, 32))
    design[np.arange(144), rows] = 1
    design[np.arange(144), 24 + columns] = 1
    for place, lead in enumerate((-2, -1)):
        design[:, 30 + place] = columns - np.where(first == NEVER, 100, first)[rows] == lead
    found = pre_trend(outcomes, first, leads=(-2, -1))
    fitted = np.linalg.lstsq(design[untreated], outcomes.ravel()[untreated], rcond=None)[0]
    assert found.effects == pytest.approx(fitted[30:], rel=SAME)
    named = pre_trend(outcomes, first, leads=(-2, -1), unit_effects=np.arange(24))
    assert named.covariance == pytest.approx(found.covariance, rel=SAME)


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"average": "median"}, "average"),
        ({"alike": "twins"}, "alike"),
        ({"unreachable": "guess"}, "unreachable"),
        ({"covariates": np.zeros((60, 2))}, "covariates"),
        ({"covariates": np.repeat(np.arange(60.0)[:, None, None], 8, axis=1)}, "covariates"),
        ({"unit_effects": [1, 2]}, "unit_effects"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_argument(changes, argument):
    outcomes, first = create_staggered()
    with pytest.raises(EstimationError) as refused:
        impute(outcomes, first, **changes)
    assert refused.value.argument == argument


@pytest.mark.parametrize("leads", [0, (0,), 9, 5])
def test_leads_that_cannot_be_told_apart_are_refused(leads):
    outcomes, first = create_staggered(starts=(5,))
    with pytest.raises(EstimationError, match="leads"):
        pre_trend(outcomes, first, leads=leads)


def test_untreated_readings_that_do_not_hang_together_are_refused():
    outcomes = np.full((4, 6), np.nan)
    outcomes[:2, :3] = np.arange(6.0).reshape(2, 3) ** 2
    outcomes[2:, 3:] = np.arange(6.0).reshape(2, 3)
    with pytest.raises(EstimationError, match="do not connect"):
        impute(outcomes, np.array([NEVER, 2, NEVER, 5]), gaps="keep")


def test_true_nulls_are_rejected_about_as_often_as_promised():
    rng = np.random.default_rng(3)
    rejected = []
    for _ in range(300):
        outcomes, first = create_staggered(units=120, seed=int(rng.integers(2**32)), effect=0.0)
        rejected.append(impute(outcomes, first).inference(alpha=0.05).excludes_zero)
    assert 0.02 < np.mean(rejected) < 0.09


def test_one_treated_unit_says_nothing_by_asymptotics():
    outcomes, first = create_staggered()
    first[np.flatnonzero(first < NEVER)[1:]] = NEVER
    found = impute(outcomes, first)
    assert found.treated.tolist() == [1]
    assert found.inference(alpha=0.05).p_value.reason_code == "one_treated_cluster"
