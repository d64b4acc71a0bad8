import numpy as np
import pytest
from scipy import stats as distributions

from stats.cohorts import NEVER
from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.inference import Interval
from stats.staggered.aggregation import aggregate
from stats.staggered.group_time import group_time_effects
from stats.staggered.multiplier import bootstrap
from stats.staggered.small_sample_bands import small_sample_bands
from tests.stats.build import noise


def study(units=20, *, own=(5,) * 4 + (7,) * 4, seed=0, **options):
    first = np.array([*own, *[NEVER] * (units - len(own))], dtype=np.int64)
    return aggregate(group_time_effects(noise(units, 10, seed=seed), first, **options), "dynamic")


def test_of_one_effect_the_band_is_welchs_t():
    first = np.array([1] * 6 + [NEVER] * 6)
    found = aggregate(group_time_effects(noise(12, 2), first), "dynamic")
    bands = small_sample_bands(found, np.random.default_rng(0), draws=20_000)
    changes = np.diff(noise(12, 2))[:, 0]
    expected = distributions.ttest_ind(changes[:6], changes[6:], equal_var=False)
    assert bands.pointwise[0].p_value == pytest.approx(expected.pvalue, abs=0.012)
    assert bands.critical_value == pytest.approx(distributions.t.ppf(0.975, expected.df), rel=0.03)
    assert bands.simultaneous[0].interval == bands.pointwise[0].interval


def test_the_band_is_wider_than_the_multipliers_where_cohorts_are_small_and_alike_where_large():
    rng = np.random.default_rng(1)
    small, large = study(), study(600, own=(5,) * 150 + (7,) * 150)
    ratios = [
        small_sample_bands(found, rng).critical_value / bootstrap(found, rng, draws=999).critical_value
        for found in (small, large)
    ]
    assert ratios[0] > 1.15
    assert ratios[1] == pytest.approx(1.0, abs=0.06)


def test_it_holds_the_whole_path_of_small_cohorts():
    rng = np.random.default_rng(2)
    held = [
        all(
            each.interval.contains(0.0)
            for each in small_sample_bands(study(seed=seed), rng, draws=199).simultaneous
            if isinstance(each.interval, Interval)
        )
        for seed in range(80)
    ]
    # 95 % of 80 draws have a standard error of 2.4 %; the multiplier bootstrap holds some 70 %.
    assert np.mean(held) > 0.86


def test_clusters_references_and_single_units():
    rng = np.random.default_rng(3)
    clustered = study(24, own=(5,) * 8 + (7,) * 4, clusters=np.arange(24) // 2, base_period="universal")
    bands = small_sample_bands(clustered, rng)
    reference = clustered.labels.tolist().index(-1)
    assert isinstance(bands.simultaneous[reference].p_value, NotComputable)
    assert sum(isinstance(each.p_value, NotComputable) for each in bands.simultaneous) == 1
    alone = small_sample_bands(study(own=(5,)), rng)
    assert all(isinstance(each.p_value, NotComputable) for each in alone.simultaneous)
    with pytest.raises(EstimationError, match="no effects by label"):
        small_sample_bands(aggregate(group_time_effects(noise(4, 3), [1, 1, NEVER, NEVER]), "simple"), rng)
