"""The leads of few staggered units, ranked among deals of their starts to the never-treated."""

import numpy as np
import pytest

from stats.cohorts import NEVER
from stats.findings import NotComputable
from stats.staggered.group_time import group_time_effects
from stats.staggered.ranked_leads import ranked_leads
from tests.stats.build import noise


def starts(units, *own):
    return np.array([*own, *[NEVER] * (units - len(own))], dtype=np.int64)


def ranked(values, first, *, alike=True, clusters=None, **options):
    never = values[first == NEVER]
    labels = None if clusters is None else np.unique(clusters[first == NEVER], return_inverse=True)[1]

    def again(deal):
        return group_time_effects(never, deal, base_period="universal", clusters=labels, **options)

    return ranked_leads(
        group_time_effects(values, first, base_period="universal", clusters=clusters, **options),
        never,
        first,
        again,
        reference=-1 - options.get("anticipation", 0),
        window=24,
        alike=alike,
        rng=np.random.default_rng(1),
        clusters=clusters,
    )


def test_five_units_three_periods_by_hand():
    # Start in column 2, base 1: the one lead is the value in column 0 less that of the controls' mean.
    values = np.array([[6.0, 0, 9], [1, 0, 0], [3, 0, 0], [0, 0, 0], [8, 0, 0]])
    test = ranked(values, starts(5, 2))
    assert test.statistic == pytest.approx(6 - 3)
    # The placebos: 1 - 11/3, 3 - 3, 0 - 4 and 8 - 4/3, of which the last two are as large.
    assert (test.placebos, test.p_value, test.leads) == (4, 3 / 5, 1)


@pytest.mark.parametrize("options", [{}, {"control_group": "not_yet", "anticipation": 1}])
def test_one_product_says_what_repeating_the_estimate_does(options):
    values, first = noise(10, 12, persistence=0.5), starts(10, 6, 8)
    quick, slow = ranked(values, first, **options), ranked(values, first, alike=False, **options)
    assert quick == slow
    assert quick.placebos == 8 * 7


@pytest.mark.parametrize("treated", [(7,), (7, 9), (7, 7, 9)])
def test_a_trend_before_the_start_is_found_and_an_effect_after_it_is_none(treated):
    values, first = noise(24, 12), starts(24, *treated)
    own = slice(0, len(treated))
    trending, affected = values.copy(), values.copy()
    trending[own] += 3.0 * np.arange(12)
    affected[own] += 50.0 * (np.arange(12) >= first[own, None])
    assert ranked(trending, first).p_value < 0.05
    assert ranked(affected, first).p_value == ranked(values, first).p_value > 0.05


def test_clusters_are_dealt_whole():
    values, first = noise(12, 10), starts(12, 5, 5)
    test = ranked(values, first, alike=False, clusters=np.arange(12) // 2)
    assert test.placebos == 5


@pytest.mark.parametrize(
    ("own", "clusters", "reason"),
    [
        ((5, 5, 5), None, "too_few_controls"),
        ((5, 7), np.array([0, 0, 1, 2, 3, 4]), "few_treated"),
        ((5,), np.array([0, 0, 1, 2, 3, 4]), "few_treated"),
        ((1,), None, "no_leads"),
    ],
)
def test_what_cannot_be_ranked_is_told(own, clusters, reason):
    test = ranked(noise(6, 10), starts(6, *own), alike=clusters is None, clusters=clusters)
    assert isinstance(test, NotComputable)
    assert test.reason_code == reason


def test_true_nulls_are_rejected_no_more_often_than_said():
    # 120 draws of 20 districts: at 5 % more than 13 rejections come up once in 200.
    first, rejected = starts(20, 9, 12), 0
    for seed in range(120):
        rejected += ranked(noise(20, 14, persistence=0.5, seed=seed), first).p_value <= 0.05
    assert rejected <= 13
