import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad

from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.monitoring.anytime import confidence_sequence, log_e_value, threshold, watch_guardrail
from stats.monitoring.anytime_events import watch_events
from stats.monitoring.running_variance import running

# Sums of the same terms in another order.
SAME = 1e-9


def noise(count, *, seed=0, persistence=0.5):
    rng = np.random.default_rng(seed)
    errors = rng.normal(size=count)
    errors[0] /= math.sqrt(1 - persistence**2)
    for day in range(1, count):
        errors[day] += persistence * errors[day - 1]
    return errors


def watch(values, **others):
    return watch_guardrail(values, **{"margin": 0.0, "better": "lower", "horizon": 200, **others})


@pytest.mark.parametrize("z", [-1.0, 0.5, 3.0])
@pytest.mark.parametrize(("side", "low", "times"), [("both", -np.inf, 1), ("above", 0, 2)])
def test_the_e_value_is_the_mixture_that_it_stands_for(z, side, low, times):
    """exp(d z - d^2 / 2) mixed over d ~ N(0, k), or over its positive half."""
    k = 2.5
    density = lambda d: math.exp(d * z - d * d / 2 - d * d / (2 * k)) / math.sqrt(2 * math.pi * k)  # noqa: E731
    mixed = times * quad(density, low, np.inf)[0]
    assert math.exp(log_e_value(np.array([z]), np.array([k]), side)[0]) == pytest.approx(mixed, rel=1e-6)


@given(st.floats(0.001, 100), st.floats(0.001, 0.5), st.sampled_from(["both", "above"]))
def test_the_threshold_is_where_the_e_value_reaches_its_level(k, alpha, side):
    at = threshold(np.array([k]), alpha, side)
    assert log_e_value(at, np.array([k]), side)[0] == pytest.approx(math.log(1 / alpha), rel=1e-6)


def test_the_half_width_is_that_of_waudby_smith():
    """Their boundary at time t, with rho^2 = k / t: sigma sqrt(2 (t rho^2 + 1) / (t rho)^2 log(...)) ."""
    values = noise(200, persistence=0.0)
    found = confidence_sequence(values, horizon=200, dependence="independent")
    best = -2 * math.log(0.05)
    rho2 = (best + math.log1p(best)) / 200
    t, sigma = 120, float(np.std(values[:120], ddof=1))
    half = sigma * math.sqrt(2 * (t * rho2 + 1) / (t * t * rho2) * math.log(math.sqrt(t * rho2 + 1) / 0.05))
    look = found.last.index(119)
    widths = threshold(np.array([t * rho2]), 0.05, "both") * found.standard_error[look]
    assert widths[0] == pytest.approx(half)
    assert found.high[look] - found.low[look] <= 2 * half * (1 + SAME)


@given(st.integers(0, 10_000), st.floats(-1, 1), st.sampled_from([0.01, 0.05, 0.2]))
def test_interval_and_p_value_never_contradict_each_other(seed, level, alpha):
    found = confidence_sequence(level + noise(60, seed=seed), horizon=60, alpha=alpha)
    for look in (0, 10, -1):
        inference = found.estimate(look).inference
        if not isinstance(inference.interval, NotComputable):
            assert inference.interval.contains(0.0) == (inference.p_value > alpha)


def test_the_sequence_only_narrows_and_looks_once_each_batch():
    found = confidence_sequence(noise(100), horizon=100, batch=7)
    assert found.last == tuple(range(55, 98, 7))
    assert (np.diff(found.low) >= 0).all()
    assert (np.diff(found.high) <= 0).all()


def test_an_effect_that_turns_round_leaves_no_constant_one():
    values = np.repeat([1.0, -1.0], [300, 600]) + noise(900, persistence=0.0)
    inference = confidence_sequence(values, horizon=900, dependence="independent").estimate().inference
    assert inference.interval.reason_code == "nothing_left"
    assert inference.p_value <= 0.05


@given(st.integers(0, 1000), st.floats(0.001, 1000), st.floats(-1000, 1000))
def test_unit_and_level_do_not_matter(seed, factor, level):
    values, before = noise(80, seed=seed), noise(40, seed=seed + 1)
    here = watch(values, baseline=before, margin=0.3)
    there = watch(level + factor * values, baseline=level + factor * before, margin=0.3 * factor)
    assert there.harm == pytest.approx(here.harm, rel=1e-4)
    assert (there.alarm, there.cleared) == (here.alarm, here.cleared)


@given(st.integers(0, 1000), st.floats(-3, 3))
def test_what_is_better_turns_the_direction_round(seed, level):
    values = level + noise(60, seed=seed)
    lower, higher = watch(values, margin=0.5), watch(-values, margin=0.5, better="higher")
    assert lower.harm == pytest.approx(higher.harm, rel=SAME)


@given(st.integers(0, 1000))
def test_a_look_knows_nothing_of_later_days(seed):
    values = noise(90, seed=seed)
    whole, part = watch(values), watch(values[:60])
    assert whole.harm[: len(part.harm)] == pytest.approx(part.harm, rel=SAME)


@pytest.mark.parametrize(
    ("level", "alarm", "cleared"), [(2.0, True, False), (-2.0, False, True), (0.5, False, False)]
)
def test_harm_and_its_absence_are_found(level, alarm, cleared):
    found = watch(level + noise(200), margin=0.5)
    assert ((found.alarm is not None), (found.cleared is not None)) == (alarm, cleared)
    assert found.finding().level == ("fail" if alarm else "ok" if cleared else "caution")


def test_the_running_errors_are_those_of_the_plain_formulas():
    values, before = noise(50), noise(30, seed=3)
    state = running(values, before, horizon=50, first_look=20, batch=1, dependence="autoregressive")
    first, own = values[:40] - values[:40].mean(), before - before.mean()
    squares, products = first @ first + own @ own, first[1:] @ first[:-1] + own[1:] @ own[:-1]
    raw = products / squares
    phi = raw + 2 * (1 + 3 * raw) / 70
    inflation = (1 + phi) / (1 - phi)
    variance = squares / (70 - 2 * inflation) * inflation
    look = state.last.index(39)
    assert state.effect[look] == pytest.approx(values[:40].mean() - before.mean())
    assert state.standard_error[look] ** 2 == pytest.approx(variance * (1 / 40 + 1 / 30))


def test_false_alarms_stay_below_the_level_under_serial_dependence():
    """400 years of daily looks, AR(0.5), on the edge of the margin; independence would raise some 20 %."""
    alarms = {"autoregressive": 0, "independent": 0}
    for seed in range(400):
        values = noise(365, seed=seed)
        for dependence in alarms:
            found = watch(values, horizon=365, dependence=dependence)
            alarms[dependence] += found.alarm is not None
    assert alarms["autoregressive"] <= 0.06 * 400
    assert alarms["independent"] >= 0.12 * 400


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"values": [1.0] * 40}, "do not vary"),
        ({"values": [0.0, math.nan]}, "value 1"),
        ({"values": noise(20)}, "28 values"),
        ({"baseline": noise(5)}, "baseline"),
        ({"first_look": 7}, "first_look"),
        ({"horizon": 20}, "first_look"),
        ({"batch": 0}, "batch"),
        ({"alpha": 0.0}, "alpha"),
        ({"margin": -1.0}, "margin"),
        ({"better": "x"}, "better"),
        ({"dependence": "x"}, "dependence"),
    ],
)
def test_what_cannot_be_watched_is_refused_by_name(changes, named):
    with pytest.raises(EstimationError, match=named):
        watch(**{"values": noise(60), **changes})


def test_one_event_by_hand():
    """Limit 1, equal exposure: E after one treated event is 2 E[share | share > 1/2] = 1 + 2 / pi."""
    found = watch_events([1, 0], [0, 0], limit=1.0)
    assert found.harm == pytest.approx([1 + 2 / math.pi] * 2)
    assert found.safe == pytest.approx([1 - 2 / math.pi] * 2)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30), st.floats(0.2, 4))
def test_exchanging_the_sides_exchanges_harm_and_safety(counts, limit):
    ours, theirs = zip(*counts, strict=True)
    here = watch_events(ours, theirs, limit=limit, exposure_ratio=0.5)
    there = watch_events(theirs, ours, limit=1 / limit, exposure_ratio=2.0)
    assert here.harm == pytest.approx(there.safe)


@given(st.integers(0, 20), st.integers(0, 20), st.floats(0.2, 4))
def test_the_e_value_of_events_expects_one_at_most(ours, theirs, limit):
    """One more event, on the treated side with the limit's probability, leaves the mean where it was."""
    share = limit / (limit + 1)
    now = watch_events([ours], [theirs], limit=limit).harm[0]
    assume(now < 1e200)
    then = share * watch_events([ours + 1], [theirs], limit=limit).harm[0]
    then += (1 - share) * watch_events([ours], [theirs + 1], limit=limit).harm[0]
    assert then == pytest.approx(now, rel=1e-6)


def test_many_more_events_raise_the_alarm():
    found = watch_events(np.full(30, 3), np.full(30, 1), limit=1.2)
    assert found.alarm is not None
    assert found.cleared is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"treated": [0.5]}, "treated"),
        ({"treated": []}, "treated"),
        ({"control": [-1]}, "control"),
        ({"control": [1, 2]}, "control"),
        ({"limit": 0.0}, "limit"),
        ({"exposure_ratio": math.inf}, "exposure_ratio"),
        ({"alpha": 1.0}, "alpha"),
    ],
)
def test_counts_that_are_none_are_refused(changes, named):
    with pytest.raises(EstimationError, match=named):
        watch_events(**{"treated": [1], "control": [1], "limit": 1.0, **changes})
