import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from stats.design import Design
from stats.differences.did import Clusters, two_way
from stats.missing import sample
from stats.panel import Panel
from tests.stats.build import case, create_panel, create_sample, noise, rows

# Closed forms and the general solution differ by rounding only.
EXACT = 1e-9


def estimate(outcomes, alpha=0.05, **others):
    cells, design = create_sample(outcomes, **others)
    return two_way(cells, Clusters.of(cells, design, np.random.default_rng(0)), alpha=alpha)


def test_two_groups_and_two_periods_by_hand():
    # Treated 3 -> 10 and 5 -> 8; controls 1 -> 2, 2 -> 5, 3 -> 5: 5 less 2.
    result = estimate([[3, 10], [5, 8], [1, 2], [2, 5], [3, 5]], treated=2, start=1)
    assert result.effect == pytest.approx(5 - 2)


def test_on_a_complete_panel_the_default_is_welch_on_the_changes():
    values = noise(12, 9, persistence=0.5)
    result = estimate(values, treated=4, start=5)
    changes = values[:, 5:].mean(axis=1) - values[:, :5].mean(axis=1)
    variances = changes[:4].var(ddof=1) / 4, changes[4:].var(ddof=1) / 8
    assert result.effect == pytest.approx(changes[:4].mean() - changes[4:].mean(), abs=EXACT)
    assert result.inference.standard_error == pytest.approx(np.sqrt(sum(variances)), abs=EXACT)
    # Degrees of freedom under equal variances (Bell and McCaffrey).
    expected = (1 / 4 + 1 / 8) ** 2 / (1 / 4**2 / 3 + 1 / 8**2 / 7)
    assert result.inference.dof == pytest.approx(expected, abs=EXACT)


def test_fast_food_employment_is_as_published():
    published = case("did2_card_krueger_balanced")["expected"]
    changes, group = {}, {}
    for row in rows("card_krueger"):
        if row["fte"] not in ("", "NA"):
            changes.setdefault(row["id"], {})[row["d"]] = float(row["fte"])
            group[row["id"]] = row["nj"]
    both = {store: waves for store, waves in changes.items() if len(waves) == 2}
    treated = tuple(sorted(store for store in both if group[store] == "1"))
    design = Design(
        method="did",
        treated=treated,
        first_treated=dict.fromkeys(treated, "1"),
        controls=tuple(sorted(store for store in both if group[store] == "0")),
        alpha=0.05,
        missing="refuse",
    )
    panel = Panel.from_cells((store, wave, fte) for store in both for wave, fte in both[store].items())
    cells = sample(panel, design)
    result = two_way(cells, Clusters.of(cells, design, np.random.default_rng(0)), alpha=0.05)
    assert len(panel.units) == published["n"]
    assert result.effect == pytest.approx(published["att"], abs=EXACT)
    assert result.inference.standard_error == pytest.approx(published["se_welch"], abs=EXACT)


def test_banks_in_mississippi_are_as_published():
    july = [
        row
        for row in rows("banks")
        if (row["day"], row["month"]) == ("1", "7") and 1929 <= int(row["year"]) <= 1934
    ]
    values = [[float(row[district]) for row in july] for district in ("bib6", "bib8")]
    result = estimate(values, treated=1, start=2)
    assert result.effect == pytest.approx(case("did2_banks_mm")["expected"]["att"], abs=EXACT)
    assert result.inference.p_value.reason_code == "one_treated_cluster"


def test_the_mean_gap_after_the_start_is_the_effect():
    result = estimate(noise(10, 8), treated=3, start=5)
    gap = result.treated - result.counterfactual
    assert gap[5:].mean() == pytest.approx(result.effect, abs=EXACT)
    assert gap[:5].mean() == pytest.approx(0.0, abs=EXACT)


def test_the_counterfactual_of_staggered_units_follows_each_units_own_start():
    controls = np.tile(np.arange(6.0), (3, 1))
    treated = np.array([np.arange(6.0) + 10, np.arange(6.0) + 20])
    treated[0, 2:] += 4.0
    treated[1, 4:] += 4.0
    result = estimate(np.vstack([treated, controls]), treated=2, start=[2, 4])
    np.testing.assert_allclose(result.treated - result.counterfactual, [0, 0, 2, 2, 4, 4], atol=EXACT)


def test_one_treated_unit_is_ranked_among_the_controls_in_pretence():
    values = noise(20, 8)
    values[0, 4:] += 50.0
    result = estimate(values, treated=1, start=4)
    assert result.inference.method == "placebo_difference"
    assert result.inference.p_value == 1 / 20
    assert result.conventional.p_value.reason_code == "one_treated_cluster"
    # Each control against the 18 others, the treated left out.
    changes = values[1:, 4:].mean(axis=1) - values[1:, :4].mean(axis=1)
    expected = changes[0] - changes[1:].mean()
    assert result.placebos[0].effect == pytest.approx(expected, abs=EXACT)


def test_two_controls_serve_as_placebos_of_each_other():
    result = estimate(noise(3, 6), treated=1, start=3)
    assert [placebo.unit for placebo in result.placebos] == ["u001", "u002"]
    assert result.placebos[0].effect == pytest.approx(-result.placebos[1].effect, abs=EXACT)


def test_districts_of_one_treated_city_are_one_cluster():
    cities = {f"u{unit:03d}": f"city{unit // 2}" for unit in range(10)}
    result = estimate(noise(10, 6), treated=2, start=3, cluster=cities)
    assert result.inference.method == "placebo_difference"
    assert [placebo.unit for placebo in result.placebos] == ["city1", "city2", "city3", "city4"]


def test_one_control_is_too_few_for_an_error():
    result = estimate(noise(4, 6), treated=3, start=3)
    assert result.inference.p_value.reason_code == "too_few_controls"


def test_outcomes_that_the_model_fits_exactly_have_no_error():
    result = estimate(np.add.outer(np.arange(6.0), np.arange(5.0)), treated=2, start=3)
    assert result.effect == pytest.approx(0.0, abs=EXACT)
    assert result.inference.p_value.reason_code == "no_variation"


def test_weights_count_units_as_that_many_copies():
    values = noise(6, 5)
    weights = np.array([1.0, 2.0, 1.0, 3.0, 1.0, 1.0])
    copies = np.repeat(values, weights.astype(int), axis=0)
    weighted = estimate(values, treated=2, start=3, weights=weights)
    assert weighted.effect == pytest.approx(estimate(copies, treated=3, start=3).effect, abs=EXACT)


seeds = st.integers(0, 1000)


@given(seeds, st.permutations(range(3)), st.permutations(range(3, 9)))
def test_the_order_of_units_does_not_matter(seed, treated, controls):
    values = noise(9, 6, seed=seed)
    plain = estimate(values, treated=3, start=3)
    shuffled = estimate(values[[*treated, *controls]], treated=3, start=3)
    assert shuffled.effect == pytest.approx(plain.effect, abs=EXACT)
    assert shuffled.inference.p_value == pytest.approx(plain.inference.p_value, abs=EXACT)


@given(seeds, st.floats(-100, 100), st.sampled_from([-3.0, 0.01, 1e4]))
def test_a_constant_changes_nothing_and_a_scale_scales(seed, constant, scale):
    values = noise(9, 6, seed=seed)
    plain = estimate(values, treated=3, start=3)
    moved = estimate(scale * values + constant, treated=3, start=3)
    assert moved.effect == pytest.approx(scale * plain.effect, rel=1e-6, abs=1e-9)
    assert moved.inference.p_value == pytest.approx(plain.inference.p_value, rel=1e-6)


@given(seeds)
def test_levels_of_units_and_of_periods_change_nothing(seed):
    rng = np.random.default_rng(seed)
    values = noise(9, 6, seed=seed)
    moved = values + rng.normal(size=(9, 1)) + rng.normal(size=(1, 6))
    plain, other = (estimate(each, treated=3, start=3) for each in (values, moved))
    assert other.effect == pytest.approx(plain.effect, abs=EXACT)
    assert other.inference.standard_error == pytest.approx(plain.inference.standard_error, abs=EXACT)


@given(seeds, st.floats(-5, 5))
def test_an_added_effect_is_found_whole(seed, effect):
    values = noise(9, 6, seed=seed)
    values[1, 0] = values[7, 5] = np.nan
    treated = values.copy()
    treated[:3, 3:] += effect
    before, after = (estimate(each, treated=3, start=3, missing="available") for each in (values, treated))
    assert after.effect - before.effect == pytest.approx(effect, abs=EXACT)


def test_conventional_inference_is_t_with_as_many_degrees_as_clusters_less_one():
    conventional = estimate(noise(9, 6), treated=3, start=3).conventional
    low = conventional.interval.low
    effect = (low + conventional.interval.high) / 2
    quantile = scipy.stats.t.ppf(0.975, 8)
    assert effect - low == pytest.approx(quantile * conventional.standard_error, rel=1e-9)


def test_a_panel_of_units_outside_the_design_gives_the_same():
    values = noise(9, 6)
    cells, design = create_sample(values, treated=3, start=3)
    wider = sample(create_panel(np.vstack([values, 100 * noise(2, 6, seed=8)])), design)
    clusters = Clusters.of(cells, design, np.random.default_rng(0))
    assert two_way(wider, clusters, alpha=0.05).effect == two_way(cells, clusters, alpha=0.05).effect
