import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from stats import reasons
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Inference, Interval, silent
from stats.numerics.wald import wald
from stats.pooling.benefit_cost import Stream, benefit_cost
from stats.results import Estimate

# 20,000 draws: four standard errors of a share are 1.4 points.
SIMULATED = 0.015


def effect(value=2.0, error=1.0, dof=None):
    return Estimate(value, wald(value, error, alpha=0.05, method="cr1", dof=dof), "minutes")


def weigh(streams=None, given_effect=None, **others):
    streams = streams or [
        Stream("time saved", "benefit", (0, 110, 121), per_effect=True),
        Stream("building", "cost", (300,)),
    ]
    fields = {"discount_rate": 0.1, "rng": np.random.default_rng(1), "draws": 20_000, **others}
    return benefit_cost(streams, given_effect or effect(), **fields)


def test_present_values_by_hand():
    """110 after one year and 121 after two are 200 at 10 %; twice that less 300 is 100."""
    found = weigh()
    assert (found.benefits, found.costs, found.net.value) == pytest.approx((400, 300, 100))
    assert found.ratio == pytest.approx(4 / 3)
    assert found.break_even == pytest.approx(1.5)


def test_the_probability_is_that_of_an_effect_beyond_break_even():
    """P(N(2, 1) > 1.5); with 4 degrees of freedom that of t."""
    assert weigh().probability == pytest.approx(scipy.stats.norm.sf(-0.5), abs=SIMULATED)
    by_t = weigh(given_effect=effect(dof=4.0)).probability
    assert by_t == pytest.approx(scipy.stats.t.sf(-0.5, 4), abs=SIMULATED)


def test_the_interval_is_the_effects_own_carried_through():
    interval = weigh().net.inference.interval
    assert (interval.low, interval.high) == pytest.approx((100 - 392, 100 + 392), abs=15)


def test_an_interval_alone_is_drawn_as_two_half_normals():
    lopsided = Estimate(2.0, Inference("placebo_difference", 0.05, 0.03, Interval(1.0, 8.0)))
    found = weigh(given_effect=lopsided).net.inference.interval
    assert (found.low, found.high) == pytest.approx((-100, 1300), abs=40)


def test_uncertain_prices_widen_the_interval_and_are_named():
    sure = [
        Stream("time saved", "benefit", (100,), per_effect=True),
        Stream("building", "cost", (150,)),
    ]
    unsure = [sure[0], Stream("building", "cost", (150,), relative_error=0.5)]
    narrow, wide = weigh(sure), weigh(unsure)
    assert wide.net.value == narrow.net.value
    assert wide.net.inference.interval.high > narrow.net.inference.interval.high
    assert [driver.name for driver in wide.drivers] == ["effect", "building"]
    assert [driver.spread_won for driver in wide.drivers] == pytest.approx([100, 75], rel=0.05)


@pytest.mark.parametrize(
    "unknown",
    [
        Estimate(2.0, silent("cr1", 0.05, reasons.one_treated_cluster())),
        Estimate(
            2.0,
            Inference(
                "placebo_difference",
                0.05,
                0.3,
                Interval(-math.inf, math.inf, reasons.placebos_too_few_for_level(3, 0.05)),
            ),
        ),
    ],
)
def test_without_bounds_on_the_effect_there_is_no_probability_but_a_break_even(unknown):
    found = weigh(given_effect=unknown)
    assert isinstance(found.probability, NotComputable)
    assert isinstance(found.net.inference.interval, NotComputable)
    assert found.break_even == pytest.approx(1.5)
    assert found.finding().level == "caution"


def test_ratios_and_break_even_need_something_to_divide_by():
    found = weigh([Stream("gift", "benefit", (5,))])
    assert found.ratio.reason_code == "no_costs"
    assert found.break_even.reason_code == "no_stream_of_the_effect"


@settings(max_examples=30)
@given(st.floats(-5, 5), st.floats(0.1, 3), st.integers(-1000, 1000), st.sampled_from([0.01, 0.05, 0.2]))
def test_interval_and_p_value_never_contradict_each_other(value, error, fixed, alpha):
    streams = [Stream("a", "benefit", (100,), per_effect=True), Stream("b", "cost", (fixed,))]
    inference = weigh(streams, effect(value, error), draws=1000, alpha=alpha).net.inference
    assert inference.interval.contains(0.0) == (inference.p_value > alpha)


@settings(max_examples=30)
@given(st.integers(1, 10**9), st.floats(0, 0.3))
def test_the_size_of_the_won_does_not_matter(size, rate):
    def streams(unit):
        return [
            Stream("a", "benefit", (0, 2 * unit), per_effect=True),
            Stream("b", "cost", (unit, unit), relative_error=0.2),
        ]

    small, large = (weigh(streams(unit), discount_rate=rate, draws=1000) for unit in (1, size))
    assert large.net.value == pytest.approx(size * small.net.value)
    assert large.probability == small.probability
    assert large.break_even == pytest.approx(small.break_even)


def test_the_same_seed_gives_the_same_bytes():
    assert repr(weigh()) == repr(weigh())


@pytest.mark.parametrize(("value", "level"), [(20.0, "ok"), (2.0, "caution"), (-20.0, "fail")])
def test_the_finding_says_how_probable_it_is_and_never_certain(value, level):
    found = weigh(given_effect=effect(value)).finding()
    assert found.level == level
    assert "100%" not in found.sentence_en
    assert "probability 0%" not in found.sentence_en


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"kind": "gift"}, "kind"),
        ({"won": ()}, "won"),
        ({"won": (1.5,)}, "won"),
        ({"won": (True,)}, "won"),
        ({"relative_error": -0.1}, "relative_error"),
    ],
)
def test_streams_that_are_none_are_refused_by_name(changes, named):
    with pytest.raises(EstimationError, match=named):
        Stream(**{"name": "a", "kind": "cost", "won": (1,), **changes})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"discount_rate": -0.1}, "discount_rate"),
        ({"draws": 10}, "draws"),
        ({"alpha": 0.0}, "alpha"),
        ({"streams": [Stream("a", "cost", (1,))] * 2}, "streams"),
        ({"given_effect": Estimate(math.nan, effect().inference)}, "effect"),
    ],
)
def test_what_cannot_be_weighed_is_refused_by_name(changes, named):
    with pytest.raises(EstimationError, match=named):
        weigh(**changes)
