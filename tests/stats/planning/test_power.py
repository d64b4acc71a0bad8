from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, Interval
from stats.planning.design_search import nearest_pools, search_designs
from stats.planning.power import Power, power, weeks_needed
from stats.planning.power_methods import ANALYSES
from stats.planning.simulate import pretences
from tests.stats.build import noise

METHODS = sorted(ANALYSES)


def rng(seed=0):
    return np.random.default_rng(seed)


def create_power(lows, highs, **others):
    size = len(lows)
    fields = {"method": "did", "alpha": 0.05, "treated": 1, "weeks": 4, "before": 8, "silent": 0.0}
    levels = np.full(size, 10.0)
    arrays = {"lows": np.array(lows, dtype=float), "highs": np.array(highs, dtype=float), "levels": levels}
    return Power(**(fields | arrays | others))


def fixed_width(outcomes, treated, start, alpha, rng):
    """The mean difference with one unit of error on both sides."""
    gap = outcomes[:treated].mean(axis=0) - outcomes[treated:].mean(axis=0)
    effect = gap[start:].mean() - gap[:start].mean()
    inside = abs(effect) <= 1
    return Inference("fixed", alpha, 0.5 if inside else 0.01, Interval(effect - 1, effect + 1))


def test_the_curve_counts_the_intervals_that_leave_zero():
    found = create_power([-1, -2, -3, 0.5], [1, 2, 3, 1.5])
    assert found.size == 0.25
    assert found.curve([0, 1.5, 2.5, 4]) == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert found.curve([-1.5, -4]) == pytest.approx([0.25, 1.0])
    assert found.curve([0.25], relative=True) == found.curve([2.5])
    assert found.simulation_errors([2.5]) == pytest.approx([np.sqrt(0.75 * 0.25 / 4)])


def test_the_least_effect_is_where_the_curve_reaches_the_target():
    found = create_power([-1, -2, -3, -4, -5], [1, 2, 3, 4, 5])
    least = found.minimum_detectable(0.8)
    assert least == pytest.approx(4)
    assert found.curve([least])[0] == 0.8 > found.curve([4.0])[0]
    assert found.minimum_detectable(0.8, relative=True) == pytest.approx(0.4)
    assert create_power([-1, -1], [3, 3]).minimum_detectable(direction="decrease") == pytest.approx(3)


def test_what_can_never_be_found_is_an_answer():
    few = power(noise(12, 40), treated=1, weeks=5, simulations=8, rng=rng())
    # With eleven placebos no p-value falls below 1 / 12.
    assert few.minimum_detectable().reason_code == "effect_never_found"
    assert few.curve([1e9])[0] == 0


def test_weeks_are_needed_from_where_the_power_stays():
    short, middle, long = (
        create_power([-width] * 5, [width] * 5, weeks=weeks) for weeks, width in ((2, 3), (4, 2), (8, 1))
    )
    assert weeks_needed([long, short, middle], 2.5) == 4
    answer = weeks_needed([short, middle, long], 0.5)
    assert isinstance(answer, NotComputable)
    assert answer.reason_code == "not_reached_before_the_end"
    assert "8" in answer.sentence_en
    assert "8" in answer.sentence_ko


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("treated", [1, 3])
def test_the_curve_is_what_analysing_shifted_data_gives(method, treated):
    outcomes, effect = noise(24, 30, seed=3, persistence=0.3), 0.9
    found = power(outcomes, treated=treated, weeks=8, method=method, before=16, simulations=6, rng=rng(5))
    draws = rng(5)
    pilots = pretences(outcomes.shape, treated=treated, weeks=8, before=16, simulations=6, rng=draws)
    (generator,) = draws.spawn(1)
    rejected = []
    for pilot in pilots:
        values = pilot.of(outcomes)
        values[: pilot.treated, pilot.start :] += effect
        inference = ANALYSES[method](values, pilot.treated, pilot.start, 0.05, generator)
        rejected.append(inference.p_value <= 0.05)
    assert found.curve([effect])[0] == np.mean(rejected)


def test_power_grows_with_the_effect_and_with_treated_units():
    outcomes = noise(30, 60, seed=1, persistence=0.3)
    one, four = (
        power(outcomes, treated=count, weeks=10, method="did", simulations=40, rng=rng()) for count in (1, 4)
    )
    assert four.minimum_detectable() < one.minimum_detectable()
    shares = one.curve([0.5, 1, 2, 4])
    assert (np.diff(shares) >= 0).all()
    assert shares[-1] == 1


def test_the_result_does_not_depend_on_the_workers():
    outcomes = noise(24, 40, seed=2)
    shape = {"treated": 1, "weeks": 6, "method": "synthetic_did", "simulations": 60, "before": 20}
    alone = power(outcomes, **shape, rng=rng(7))
    with ThreadPoolExecutor(3) as threads:
        together = power(outcomes, **shape, rng=rng(7), executor=threads)
    np.testing.assert_array_equal(alone.lows, together.lows)
    np.testing.assert_array_equal(alone.highs, together.highs)


def test_pieces_of_work_travel_to_other_processes():
    outcomes = noise(22, 20)
    with ProcessPoolExecutor(1) as processes:
        away = power(outcomes, treated=1, weeks=4, simulations=3, rng=rng(1), executor=processes)
    np.testing.assert_array_equal(
        away.lows, power(outcomes, treated=1, weeks=4, simulations=3, rng=rng(1)).lows
    )


def test_pretended_pilots_take_real_stretches_and_never_share_a_unit():
    for pilot in pretences((9, 20), treated=2, weeks=5, before=8, simulations=30, rng=rng()):
        assert len(np.unique(pilot.rows)) == 9
        assert (np.diff(pilot.columns) == 1).all()
        assert pilot.start == 8
        assert len(pilot.columns) == 13


def test_planned_units_are_taken_once_through_every_stretch():
    pilots = pretences(
        (9, 20), treated=[4, 2], weeks=5, before=8, controls=[0, 1, 4, 8], simulations=99, rng=rng()
    )
    assert [pilot.columns[0] for pilot in pilots] == list(range(8))
    assert all(list(pilot.rows) == [4, 2, 0, 1, 8] for pilot in pilots)


def test_resampled_periods_keep_the_districts_together():
    outcomes = np.arange(20.0) + np.zeros((5, 1))
    pilot = pretences((5, 20), treated=1, weeks=30, scheme="resampled", block=6, simulations=1, rng=rng())[0]
    values = pilot.of(outcomes)
    assert values.shape == (5, 50)
    assert (values == values[0]).all()
    steps = np.diff(values[0]) % 20
    assert all(steps[place] == 1 for place in range(49) if place % 6 != 5)


def test_the_better_pool_comes_first():
    common = np.cumsum(rng(1).normal(size=60))
    outcomes = 0.3 * rng(2).normal(size=(16, 60)) + 10
    outcomes[:8] += common
    found = search_designs(
        outcomes,
        treated=[(0,), (15,)],
        pools={"alike": range(8), "strange": range(8, 16)},
        weeks=6,
        method=fixed_width,
        simulations=40,
        seed=1,
    )
    assert {found[0].pool, found[1].pool} == {"alike", "strange"}
    assert (found[0].treated, found[0].pool) in {((0,), "alike"), ((15,), "strange")}
    assert found[-1].detectable > found[0].detectable
    assert nearest_pools(outcomes, [0], [7])["nearest 7"] == tuple(range(1, 8))


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"weeks": 0}, "weeks"),
        ({"weeks": 19}, "weeks"),
        ({"before": 18}, "weeks"),
        ({"simulations": 0}, "simulations"),
        ({"treated": 0}, "treated"),
        ({"treated": 7}, "treated"),
        ({"treated": [1, 1]}, "treated"),
        ({"treated": [8]}, "treated"),
        ({"treated": [0], "controls": [0, 1]}, "treated"),
        ({"controls": [-1, 2, 3]}, "controls"),
        ({"scheme": "wild"}, "scheme"),
        ({"scheme": "resampled", "block": 21}, "block"),
        ({"method": "guess"}, "method"),
        ({"alpha": 1.0}, "alpha"),
        ({"outcomes": np.full((8, 20), np.nan)}, "outcomes"),
    ],
)
def test_what_cannot_be_simulated_is_refused_by_name(changes, argument):
    given = {"outcomes": noise(8, 20), "treated": 1, "weeks": 4, "simulations": 2, "rng": rng()} | changes
    with pytest.raises(EstimationError) as refused:
        power(given.pop("outcomes"), **given)
    assert refused.value.argument == argument


def test_a_share_of_nothing_is_refused():
    with pytest.raises(EstimationError, match="relative"):
        create_power([-1], [1], levels=np.zeros(1)).curve([0.1], relative=True)


@given(st.integers(0, 200), st.floats(-50, 50), st.sampled_from([0.5, -2.0]))
@settings(max_examples=10, deadline=None)
def test_levels_change_nothing_and_scales_scale(seed, level, scale):
    outcomes = noise(22, 24, seed=seed)
    shape = {"treated": 1, "weeks": 6, "method": "did", "simulations": 4}
    plain = power(outcomes, **shape, rng=rng(seed))
    moved = power(scale * outcomes + level, **shape, rng=rng(seed))
    sides = (moved.lows, moved.highs) if scale > 0 else (moved.highs, moved.lows)
    np.testing.assert_allclose(sides[0], scale * plain.lows, atol=1e-8)
    np.testing.assert_allclose(sides[1], scale * plain.highs, atol=1e-8)
