import csv
import gzip
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.cohorts import NEVER
from stats.errors import EstimationError, PanelError
from stats.findings import NotComputable
from stats.synthetic_control.synthetic_did import synthetic_did
from stats.synthetic_control.synthetic_did_draws import Draw, _singly, paths_of_draws
from stats.synthetic_control.synthetic_did_inference import _draws, synthetic_did_errors
from tests.stats.build import REFERENCE, noise

CASES = {item["id"]: item for item in json.loads((REFERENCE / "cases_sdid.json").read_text())}


def states(value):
    with gzip.open(REFERENCE / "cps_sdid.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    names, years = sorted({row["state"] for row in rows}), sorted({row["year"] for row in rows})
    outcomes, first = np.empty((len(names), len(years))), np.full(len(names), NEVER)
    for row in rows:
        outcomes[names.index(row["state"]), years.index(row["year"])] = float(row[value])
        if row["treated"] == "1":
            place = names.index(row["state"])
            first[place] = min(first[place], years.index(row["year"]))
    return outcomes, first


def california():
    with gzip.open(REFERENCE / "prop99.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    names, years = sorted({row["State"] for row in rows}), sorted({row["Year"] for row in rows})
    outcomes = np.empty((len(names), len(years)))
    for row in rows:
        outcomes[names.index(row["State"]), years.index(row["Year"])] = float(row["PacksPerCapita"])
    return outcomes, np.where(np.array(names) == "California", years.index("1989"), NEVER)


def created(units=12, periods=14, *, treated=2, start=9, seed=0, effect=0.0, persistence=0.3):
    outcomes = noise(units, periods, seed=seed, persistence=persistence)
    outcomes[:treated, start:] += effect
    return outcomes, np.where(np.arange(units) < treated, start, NEVER)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("estimator", ["sdid", "sc", "did"])
def test_the_states_come_out_as_the_authors_package_has_them(case, estimator):
    outcomes, first = states(case["id"].removeprefix("sdid_cps_"))
    fit = synthetic_did(outcomes, first, estimator=estimator, solver="frank_wolfe")
    errors = synthetic_did_errors(fit, method="jackknife", rng=rng())
    expected, tolerance = case["expected"], case["tolerance"]
    assert fit.effect == pytest.approx(expected[estimator], rel=tolerance["rel"])
    assert errors.inference.standard_error == pytest.approx(
        expected[f"{estimator}_jackknife_se"], rel=tolerance["jack_rel"]
    )


def test_the_optimum_fits_no_worse_than_the_package_and_is_close_to_it():
    outcomes, first = states("log_wage")
    exact, early = (synthetic_did(outcomes, first, solver=each) for each in ("optimum", "frank_wolfe"))
    assert exact.effect == pytest.approx(early.effect, rel=1e-3)

    def loss(fit):
        cohort = fit.cohorts[0]
        before = outcomes[:, : cohort.start] - outcomes[:, : cohort.start].mean(axis=1, keepdims=True)
        error = before[cohort.treated].mean(axis=0) - cohort.omega @ before[fit.controls]
        return error @ error / cohort.start + cohort.zeta_omega**2 * cohort.omega @ cohort.omega

    assert loss(exact) <= loss(early)


@pytest.mark.parametrize(("estimator", "published"), [("sdid", -15.604), ("sc", -19.620), ("did", -27.349)])
def test_proposition_99_is_as_printed(estimator, published):
    # Arkhangelsky et al. (2021), Table 1: -15.6, -19.6, -27.3.
    fit = synthetic_did(*california(), estimator=estimator, solver="frank_wolfe")
    assert fit.effect == pytest.approx(published, abs=6e-4)


def test_the_placebo_error_of_proposition_99_is_near_the_printed_one():
    # Table 1 there: 8.4, from random placebos.
    fit = synthetic_did(*california())
    error = synthetic_did_errors(fit, replications=400, rng=rng()).inference.standard_error
    assert error == pytest.approx(8.4, rel=0.15)
    ranked = synthetic_did_errors(fit, method="placebo_rank", rng=rng())
    assert len(ranked.draws) == 38
    assert (
        ranked.inference.p_value
        == (1 + np.sum(np.sqrt(37 / 35) * np.abs(ranked.draws) >= abs(fit.effect))) / 39
    )


def test_did_is_the_difference_of_four_means():
    outcomes = np.array([[1.0, 1.0, 5.0], [2.0, 4.0, 4.0], [0.0, 2.0, 3.0]])
    fit = synthetic_did(outcomes, np.array([2, NEVER, NEVER]), estimator="did")
    assert fit.effect == pytest.approx((5 - 1) - (3.5 - 2.0))


def test_a_treated_unit_made_of_controls_gives_its_effect_back():
    outcomes, first = created(treated=1)
    outcomes[0] = 0.25 * outcomes[3] + 0.75 * outcomes[7] + 40.0
    outcomes[0, 9:] += 3.0
    fit = synthetic_did(outcomes, first, zeta_omega=0.0)
    assert fit.effect == pytest.approx(3.0, abs=1e-9)
    assert fit.cohorts[0].omega[[2, 6]] == pytest.approx([0.25, 0.75], abs=1e-9)
    assert fit.event_effects[fit.event_times >= 0] == pytest.approx(3.0, abs=1e-9)


def test_cohorts_are_weighed_by_their_treated_cells():
    outcomes, first = created(treated=3)
    first[2] = 5
    fit = synthetic_did(outcomes, first)
    late, early = (
        synthetic_did(np.delete(outcomes, gone, axis=0), np.delete(first, gone)) for gone in (2, [0, 1])
    )
    assert fit.effect == pytest.approx((10 * late.effect + 9 * early.effect) / 19)
    assert list(fit.event_times) == list(range(-9, 9))
    # Eight periods after its start only the early cohort is seen.
    assert fit.event_effects[-1] == pytest.approx(early.event_effects[-1])


def test_event_effects_average_to_the_effect():
    fit = synthetic_did(*created(effect=1.0))
    assert fit.event_effects[fit.event_times >= 0].mean() == pytest.approx(fit.effect)


@pytest.mark.parametrize("adjustment", ["projected", "joint"])
@pytest.mark.parametrize("solver", ["optimum", "frank_wolfe"])
def test_a_covariate_that_drives_the_outcome_is_taken_out(adjustment, solver):
    outcomes, first = created(units=25, periods=30, treated=2, start=20, effect=2.0)
    covariate = rng(5).normal(size=outcomes.shape)
    covariate[:2, 20:] += 2.0
    fit = synthetic_did(
        outcomes + 3 * covariate,
        first,
        covariates=covariate[:, :, None],
        adjustment=adjustment,
        solver=solver,
    )
    plain = synthetic_did(outcomes, first)
    assert fit.cohorts[0].beta == pytest.approx([3.0], abs=0.35)
    assert fit.effect == pytest.approx(plain.effect, abs=0.8)


def test_projecting_is_the_two_way_regression_on_the_never_treated():
    outcomes, first = created(units=6, periods=5, treated=1, start=3)
    covariate = rng(1).normal(size=outcomes.shape)
    fit = synthetic_did(outcomes, first, covariates=covariate[:, :, None])
    units, periods = np.repeat(np.eye(5), 5, axis=0), np.tile(np.eye(5)[:, 1:], (5, 1))
    table = np.column_stack([covariate[1:].ravel(), units, periods])
    assert fit.cohorts[0].beta[0] == pytest.approx(
        np.linalg.lstsq(table, outcomes[1:].ravel(), rcond=None)[0][0]
    )


@pytest.mark.parametrize("estimator", ["sdid", "sc", "did"])
@pytest.mark.parametrize("method", ["placebo", "bootstrap"])
def test_draws_together_are_the_draws_one_by_one(estimator, method):
    outcomes, first = created(units=14, treated=3)
    first[2] = 6
    fit = synthetic_did(outcomes, first, estimator=estimator)
    together = synthetic_did_errors(fit, method=method, replications=12, rng=rng(4))
    draws = _draws(fit, method, 12, rng(4))
    for number, draw in enumerate(draws):
        paths = [_singly(fit, place, [draw])[0] for place in range(2)]
        alone = fit.pooled(paths, np.array([float(len(rows)) for rows in draw.treated]))
        assert together.draws[number] == pytest.approx(alone[0], abs=1e-6)


def test_a_draw_of_the_sample_itself_is_the_estimate():
    fit = synthetic_did(*created())
    effects, events = paths_of_draws(fit, [Draw(fit.controls, tuple(c.treated for c in fit.cohorts))])
    assert effects[0] == pytest.approx(fit.effect, abs=1e-9)
    np.testing.assert_allclose(events[0], fit.event_effects, atol=1e-9)


def test_the_jackknife_keeps_the_weights():
    outcomes, first = created(units=6, treated=2, start=9)
    fit = synthetic_did(outcomes, first)
    cohort, effects = fit.cohorts[0], []
    for row in range(6):
        omega = np.where(fit.controls == row, 0.0, cohort.omega)
        gap = (
            outcomes[[each for each in (0, 1) if each != row]].mean(axis=0)
            - omega @ outcomes[2:] / omega.sum()
        )
        effects.append(gap[9:].mean() - cohort.lambda_ @ gap[:9])
    errors = synthetic_did_errors(fit, method="jackknife", rng=rng())
    assert errors.inference.standard_error == pytest.approx(np.sqrt(5 * np.var(effects)))
    assert errors.event_draws.shape == (6, 14)


@pytest.mark.parametrize("method", ["placebo", "placebo_rank", "bootstrap", "jackknife"])
def test_p_value_and_interval_agree_for_every_method(method):
    for seed in range(4):
        fit = synthetic_did(*created(seed=seed, effect=seed / 2))
        inference = synthetic_did_errors(fit, method=method, replications=60, rng=rng(seed)).inference
        assert inference.interval.contains(0.0) == (inference.p_value > 0.05)


def test_what_one_treated_unit_cannot_carry_is_said():
    fit = synthetic_did(*created(treated=1))
    for method in ("bootstrap", "jackknife"):
        inference = synthetic_did_errors(fit, method=method, rng=rng()).inference
        assert inference.p_value.reason_code == "one_treated_cluster"
    crowd = synthetic_did(*created(units=8, treated=4))
    silent = synthetic_did_errors(crowd, method="placebo", rng=rng()).inference
    assert isinstance(silent.p_value, NotComputable)
    assert silent.p_value.reason_code == "controls_not_more_than_treated"


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"first_treated": np.array([3, 3, 3, 3, NEVER])}, "first_treated"),
        ({"outcomes": np.ones((5, 6))}, "outcomes"),
        ({"first_treated": np.array([1, NEVER, NEVER, NEVER, NEVER])}, "first_treated"),
        ({"estimator": "sdi"}, "estimator"),
        ({"solver": "fast"}, "solver"),
        ({"zeta_omega": -1.0}, "zeta_omega"),
        ({"covariates": np.ones((5, 2))}, "covariates"),
        ({"covariates": np.arange(30.0).reshape(5, 6, 1) % 6}, "covariates.0"),
        ({"covariates": np.ones((5, 6, 2)) * rng(1).normal(size=(5, 6, 1))}, "covariates.1"),
    ],
)
def test_what_has_no_answer_is_refused_by_name(changes, argument):
    given = {"outcomes": noise(5, 6), "first_treated": np.array([3, NEVER, NEVER, NEVER, NEVER])} | changes
    with pytest.raises(EstimationError) as refused:
        synthetic_did(given.pop("outcomes"), given.pop("first_treated"), **given)
    assert refused.value.argument == argument


def test_a_gap_is_refused_with_its_place():
    outcomes, first = created()
    outcomes[4, 2] = np.nan
    with pytest.raises(PanelError, match=r"unit '4'.*period '2'"):
        synthetic_did(outcomes, first)


seeds = st.integers(0, 300)


@given(seeds, st.permutations(range(10)))
@settings(max_examples=25, deadline=None)
def test_the_order_of_units_does_not_matter(seed, order):
    outcomes, first = created(units=10, seed=seed)
    plain, moved = synthetic_did(outcomes, first), synthetic_did(outcomes[order], first[order])
    assert moved.effect == pytest.approx(plain.effect, abs=1e-7)
    np.testing.assert_allclose(moved.event_effects, plain.event_effects, atol=1e-7)


@given(seeds, st.sampled_from([-3.0, 1e-6, 1e6]), st.floats(-1e3, 1e3))
@settings(max_examples=25, deadline=None)
def test_levels_of_units_and_periods_change_nothing_and_a_scale_scales(seed, scale, level):
    outcomes, first = created(units=10, seed=seed)
    shifted = outcomes + level * rng(seed).normal(size=(10, 1)) + level * rng(seed + 1).normal(size=14)
    plain, moved = synthetic_did(outcomes, first), synthetic_did(scale * shifted, first)
    # The noise level sees the common moves of the periods, so zeta is held.
    held = synthetic_did(
        scale * shifted,
        first,
        zeta_omega=abs(scale) * plain.cohorts[0].zeta_omega,
        zeta_lambda=abs(scale) * plain.cohorts[0].zeta_lambda,
    )
    assert held.effect == pytest.approx(scale * plain.effect, rel=1e-5, abs=1e-5 * abs(scale))
    assert np.isfinite(moved.effect)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_a_control_that_stands_twice_shares_its_weight(seed):
    outcomes, first = created(units=10, seed=seed)
    fit = synthetic_did(outcomes, first)
    draw = Draw(np.append(fit.controls, fit.controls[0]), (fit.cohorts[0].treated,))
    twice, _ = paths_of_draws(fit, [draw])
    held = synthetic_did(
        np.vstack([outcomes, outcomes[fit.controls[0]]]),
        np.append(first, NEVER),
        zeta_omega=fit.cohorts[0].zeta_omega,
        zeta_lambda=fit.cohorts[0].zeta_lambda,
    )
    assert twice[0] == pytest.approx(held.effect, abs=1e-6)
    assert held.cohorts[0].omega[0] == pytest.approx(held.cohorts[0].omega[-1], abs=1e-8)


def test_a_true_null_is_seldom_rejected():
    """With three treated of twenty and persistence one half, in 120 draws."""
    rejected = 0
    for seed in range(120):
        outcomes, first = created(units=20, periods=24, treated=3, start=18, seed=seed, persistence=0.5)
        fit = synthetic_did(outcomes, first)
        inference = synthetic_did_errors(fit, method="placebo_rank", replications=99, rng=rng(seed)).inference
        rejected += inference.p_value <= 0.05
    assert rejected / 120 < 0.12
