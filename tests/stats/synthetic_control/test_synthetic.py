import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.design import Predictor
from stats.errors import EstimationError
from stats.missing import sample
from stats.panel import Panel
from stats.synthetic_control.synthetic import synthetic_control
from tests.stats.build import alone, california, case, cells, create_design, create_panel, noise


def analysed(panel, design):
    kept = sample(panel, design)
    return kept, synthetic_control(kept, design, np.random.default_rng(0))


def created(outcomes, **others):
    design = create_design(units=len(outcomes), method="synthetic_control", **others)
    return analysed(create_panel(outcomes), design)


def shares(kept, result):
    return dict(zip(kept.controls, result.fit.weights, strict=True))


def published(name):
    """The panel and design of a case on outcomes alone."""
    if name == "scm_outcomes_prop99":
        return california()
    if name == "scm_outcomes_germany":
        panel = Panel.from_cells(cells("germany", "country", "year", "gdp"))
        return panel, alone("West Germany", "1990", panel)
    regions = [cell for cell in cells("basque", "regionname", "year", "gdpcap") if "Spain" not in cell[0]]
    panel = Panel.from_cells(regions)
    return panel, alone("Basque Country (Pais Vasco)", "1970", panel)


@pytest.mark.parametrize("name", ["scm_outcomes_prop99", "scm_outcomes_germany", "scm_outcomes_basque"])
def test_outcomes_only_is_as_published(name):
    reference = case(name)
    expected, tolerance = reference["expected"], reference["tolerance"]
    panel, design = published(name)
    kept, result = analysed(panel, design)
    found = shares(kept, result)
    assert result.fit.effect == pytest.approx(expected["att"], abs=tolerance["abs"])
    assert result.fit.pre_rmspe == pytest.approx(expected["pre_rmspe"], abs=tolerance["abs"])
    assert result.fit.ratio == pytest.approx(expected["ratio"], abs=1e-3)
    assert result.fit.gaps == pytest.approx(list(expected["gaps"].values()), abs=tolerance["abs"])
    for unit in kept.controls:
        assert found[unit] == pytest.approx(
            expected["weights_nonzero"].get(unit, 0.0), abs=tolerance["weights_abs"]
        )
    assert result.inference.p_value == pytest.approx(expected["placebo_p"], abs=1e-12)


def test_outcomes_only_placebos_of_proposition_99_are_as_published():
    expected = case("scm_outcomes_prop99")["expected"]["placebo_ratio_top5"]
    _, result = analysed(*california())
    ratios = {unit: fit.ratio for unit, fit in result.placebos}
    for unit in ("Missouri", "Virginia", "Georgia", "Texas"):
        assert ratios[unit] == pytest.approx(expected[unit], abs=1e-3)


def test_proposition_99_on_the_published_predictors_is_as_published():
    reference = case("scm_prop99_adh")
    expected, tolerance = reference["expected"], reference["tolerance"]
    before = time.process_time()
    kept, result = analysed(*california(predictors=True))
    seconds = time.process_time() - before
    found = shares(kept, result)
    for unit in kept.controls:
        assert found[unit] == pytest.approx(
            expected["weights_nonzero"].get(unit, 0.0), abs=tolerance["weights_abs"]
        )
    assert result.fit.effect == pytest.approx(expected["att_1989_2000"], abs=tolerance["abs"])
    assert result.fit.gaps[-1] == pytest.approx(expected["gap_2000"], abs=tolerance["abs"])
    # V is not identified; the fit is: at least as close as that of R's Synth.
    assert result.fit.pre_rmspe**2 <= expected["loss_v"]
    assert result.fit.predicted.confirmed > 1
    # Abadie, Diamond and Hainmueller (2010): California's ratio is the largest of 39.
    assert result.inference.p_value == 1 / 39
    assert seconds < 20


def test_the_same_data_give_the_same_predictor_weights():
    panel, design = california(predictors=True)
    kept = sample(
        panel.rows(["California", "Utah", "Nevada", "Montana", "Colorado", "Iowa"]), few := _few(design)
    )
    left, right = (synthetic_control(kept, few, np.random.default_rng(seed)) for seed in (1, 2))
    np.testing.assert_array_equal(left.fit.importance, right.fit.importance)
    np.testing.assert_array_equal(left.fit.weights, right.fit.weights)


def _few(design):
    controls = ["Utah", "Nevada", "Montana", "Colorado", "Iowa"]
    return type(design).from_document({**design.document(), "controls": controls})


def test_a_mix_that_is_known_is_found():
    controls = noise(5, 12)
    treated = 0.3 * controls[0] + 0.7 * controls[2]
    treated[8:] += 2.0
    kept, result = created(np.vstack([treated, controls]), start=8)
    assert shares(kept, result)["u001"] == pytest.approx(0.3, abs=1e-9)
    assert shares(kept, result)["u003"] == pytest.approx(0.7, abs=1e-9)
    assert result.fit.effect == pytest.approx(2.0, abs=1e-9)
    # Fitted without error: there is no ratio to rank.
    assert result.inference.p_value.reason_code == "perfect_pre_fit"


def test_predictors_that_can_be_matched_exactly_leave_the_choice_to_the_outcomes():
    rng = np.random.default_rng(3)
    outcomes = noise(9, 12, seed=3)
    rain = rng.normal(size=(9, 1)) * np.ones(12)
    rain[0] = rain[1:].mean()
    panel = create_panel(outcomes, covariates={"rain": rain})
    design = create_design(
        units=9, start=8, method="synthetic_control", predictors=(Predictor("rain", ("000",)),)
    )
    _, result = analysed(panel, design)
    # The best fit of the outcomes among all mixes with the same rain: a finer search finds none better.
    for _ in range(300):
        other = rng.dirichlet(np.ones(8) * 0.3)
        other += (result.fit.weights - other) * rng.random()
        off = abs(other @ rain[1:, 0] - rain[0, 0])
        error = np.sqrt(np.mean((outcomes[0, :8] - other @ outcomes[1:, :8]) ** 2))
        assert error >= result.fit.pre_rmspe - 1e-3 - 10 * off
    assert result.fit.weights @ rain[1:, 0] == pytest.approx(rain[0, 0], abs=1e-3)


def test_several_treated_units_are_averaged():
    outcomes = noise(10, 12)
    _, result = created(outcomes, treated=3, start=8)
    np.testing.assert_allclose(result.fit.outcomes, outcomes[:3].mean(axis=0))


def test_weights_weigh_the_average_of_the_treated():
    outcomes = noise(6, 8)
    weights = np.array([3.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    design = create_design(treated=2, units=6, start=5, method="synthetic_control")
    _, result = analysed(create_panel(outcomes, weights=weights), design)
    np.testing.assert_allclose(result.fit.outcomes, (3 * outcomes[0] + outcomes[1]) / 4)


def test_the_treated_are_in_no_placebos_pool():
    outcomes = noise(8, 12)
    wild = outcomes.copy()
    wild[0] += 1000.0
    plain, other = (created(each, start=8)[1] for each in (outcomes, wild))
    for (_, left), (_, right) in zip(plain.placebos, other.placebos, strict=True):
        np.testing.assert_allclose(left.gaps, right.gaps, atol=1e-9)


def test_one_control_is_no_pool():
    with pytest.raises(EstimationError, match="controls"):
        created(noise(2, 6), start=3)


def test_a_predictor_that_does_not_vary_is_refused():
    panel = create_panel(noise(5, 6), covariates={"rain": np.ones((5, 6))})
    predictors = (Predictor("outcome", ("000",)), Predictor("rain", ("000",)))
    design = create_design(units=5, start=3, method="synthetic_control", predictors=predictors)
    with pytest.raises(EstimationError, match=r"predictors\.1"):
        analysed(panel, design)


seeds = st.integers(0, 500)


@given(seeds, st.permutations(range(1, 8)))
@settings(max_examples=30)
def test_the_order_of_controls_does_not_matter(seed, order):
    outcomes = noise(8, 12, seed=seed)
    plain = created(outcomes, start=9)[1]
    shuffled = created(outcomes[[0, *order]], start=9)[1]
    np.testing.assert_allclose(shuffled.fit.gaps, plain.fit.gaps, atol=1e-7)
    assert shuffled.inference.p_value == plain.inference.p_value


@given(seeds, st.floats(-100, 100), st.sampled_from([-2.0, 1e-3, 1e4]))
@settings(max_examples=30)
def test_a_constant_changes_nothing_and_a_scale_scales(seed, constant, scale):
    outcomes = noise(8, 12, seed=seed)
    plain = created(outcomes, start=9)[1]
    moved = created(scale * outcomes + constant, start=9)[1]
    assert moved.fit.effect == pytest.approx(scale * plain.fit.effect, rel=1e-5, abs=1e-7)
    assert moved.inference.p_value == plain.inference.p_value
