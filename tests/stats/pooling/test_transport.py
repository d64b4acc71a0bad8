import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.errors import EstimationError
from stats.findings import NotComputable
from stats.pooling.calibration import Calibration, entropy_balancing
from stats.pooling.meta import meta_analysis
from stats.pooling.overlap import Target, overlap
from stats.pooling.transport import transported_effect, transported_sites
from tests.stats.build import case, rows

# The dual is solved until the means agree within 1e-8 standard deviations.
SAME = 1e-6

COVARIATES = ["age", "educ", "black", "married", "nodegree", "hisp", "re74"]


def trial(units=400, *, seed=0, slope=2.0):
    """Effect 1 + slope x on one covariate with mean 0; outcomes also rise with x."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(units, 2))
    treated = np.arange(units) % 2
    y = 3 + x @ [1.0, -1.0] + treated * (1 + slope * x[:, 0]) + rng.normal(size=units)
    return y, treated, x


def test_entropy_balancing_is_that_of_ebal():
    reference = case("transport_entropy_lalonde")
    expected, tolerance = reference["expected"], reference["tolerance"]["rel"]
    table = rows("nsw_cps")
    x = np.array([[float(row[name]) for name in COVARIATES] for row in table]) / [1, 1, 1, 1, 1, 1, 1000]
    outcome = np.array([float(row["re78"]) for row in table])
    aimed = np.array([row["group"] == "target" for row in table])
    found = entropy_balancing(x[~aimed], x[aimed].mean(axis=0), names=COVARIATES)
    mean = float(found.weights @ outcome[~aimed])
    one_number = {name: value for name, value in expected.items() if name != "balanced_means"}
    assert {
        "n_target": int(aimed.sum()),
        "n_source": int((~aimed).sum()),
        "weighted_mean_source_re78": mean,
        "target_mean_re78": float(outcome[aimed].mean()),
        "att": float(outcome[aimed].mean()) - mean,
        "ess": found.effective_size,
        "max_weight": found.largest_weight,
    } == pytest.approx(one_number, rel=tolerance)
    balanced = dict(zip(COVARIATES, found.reached, strict=True))
    assert balanced == pytest.approx(expected["balanced_means"], rel=tolerance)
    report = overlap(x[~aimed], Target.of_units(x[aimed]), calibration=found)
    assert report.status == "in_support"
    assert report.outside_pct == pytest.approx(100 * 4 / 297)


def test_two_values_by_hand():
    """A source at 0, 0, 1 and a target mean of 1/2: half of the weight on the one."""
    found = entropy_balancing([0.0, 0.0, 1.0], [0.5])
    assert found.weights == pytest.approx([0.25, 0.25, 0.5], abs=SAME)
    assert found.effective_size == pytest.approx(1 / 0.375, abs=SAME)


@given(st.integers(0, 500), st.floats(0.01, 1000), st.floats(-100, 100))
def test_weights_reach_the_means_and_do_not_mind_units(seed, factor, level):
    x = np.random.default_rng(seed).normal(size=(60, 3))
    here = entropy_balancing(x, [0.2, -0.1, 0.3])
    there = entropy_balancing(level + factor * x, level + factor * np.array([0.2, -0.1, 0.3]))
    assert here.reached == pytest.approx([0.2, -0.1, 0.3], abs=SAME)
    assert there.weights == pytest.approx(here.weights, abs=1e-5)
    assert here.weights.sum() == pytest.approx(1)


def test_base_weights_stay_where_the_means_agree_already():
    x = np.array([0.0, 1.0, 2.0, 3.0])
    base = np.array([1.0, 2.0, 3.0, 4.0]) / 10
    assert entropy_balancing(x, [base @ x], base=base).weights == pytest.approx(base, abs=SAME)


def test_a_covariate_that_is_there_twice_changes_nothing():
    x = np.random.default_rng(2).normal(size=(50, 1))
    once, twice = entropy_balancing(x, [0.4]), entropy_balancing(np.hstack((x, 2 * x)), [0.4, 0.8])
    assert twice.weights == pytest.approx(once.weights, abs=SAME)


@pytest.mark.parametrize(
    ("x", "target", "named"),
    [
        ([[0.0], [1.0], [2.0]], [2.5], "covariate 0"),
        ([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], [1.0, 1.5], "outside"),
        ([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0.9, 0.9], "outside"),
        ([[1.0, 0.0], [1.0, 2.0]], [1.1, 1.0], "covariate 0"),
    ],
)
def test_means_out_of_reach_have_a_reason(x, target, named):
    found = entropy_balancing(x, target)
    assert isinstance(found, NotComputable)
    assert named in found.sentence_en


@pytest.mark.parametrize("method", ["calibration", "outcome_model"])
def test_the_effect_follows_the_covariate_to_the_target(method):
    """At x = 0.5 the effect is 1 + 2 x 0.5."""
    found = transported_effect(*trial(4000), Target.of_means([0.5, 0.0]), method=method)
    assert found.effect.value == pytest.approx(2.0, abs=0.15)
    assert found.effect.inference.interval.contains(2.0)
    assert found.overlap.status == "in_support"


@pytest.mark.parametrize("method", ["calibration", "outcome_model"])
def test_a_target_at_the_arms_own_means_is_the_plain_difference(method):
    y, treated, x = trial(60)
    x[treated == 1] += x[treated == 0].mean(axis=0) - x[treated == 1].mean(axis=0)
    found = transported_effect(y, treated, x, Target.of_means(x[treated == 0].mean(axis=0)), method=method)
    assert found.effect.value == pytest.approx(y[treated == 1].mean() - y[treated == 0].mean(), abs=SAME)


@settings(max_examples=30)
@given(st.integers(0, 200), st.randoms(), st.sampled_from(["calibration", "outcome_model"]))
def test_order_level_and_scale_do_not_matter(seed, random, method):
    y, treated, x = trial(60, seed=seed)
    place = list(range(60))
    random.shuffle(place)
    target = Target.of_means([0.1, 0.1])
    here = transported_effect(y, treated, x, target, method=method).effect
    there = transported_effect(7 - 3 * y[place], treated[place], x[place], target, method=method).effect
    assert there.value == pytest.approx(-3 * here.value, abs=1e-5)
    assert there.inference.standard_error == pytest.approx(3 * here.inference.standard_error, rel=1e-5)


def test_beyond_the_data_only_the_model_speaks_and_says_so():
    target = Target.of_means([9.0, 0.0])
    weighted = transported_effect(*trial(), target)
    modelled = transported_effect(*trial(), target, method="outcome_model")
    assert weighted.effect.reason_code == "target_out_of_reach"
    assert modelled.effect.value == pytest.approx(19, abs=3)
    assert modelled.overlap.status == "extrapolation"
    assert modelled.overlap.finding().level == "fail"


def test_a_target_that_rests_on_few_units_is_covered_in_part():
    report = overlap(trial()[2], Target.of_means([2.2, 0.0]))
    assert report.status == "partial"
    assert report.finding().level == "caution"
    spread = overlap(np.linspace(0, 1, 50), Target.of_units([-0.2, 0.5, 1.2, 0.5]))
    assert (spread.status, spread.outside_pct) == ("partial", 50.0)


def test_a_target_of_few_units_is_less_certain_than_a_known_one():
    rng = np.random.default_rng(1)
    units = rng.normal(size=(25, 2))
    known = transported_effect(*trial(), Target.of_means(units.mean(axis=0))).effect
    sampled = transported_effect(*trial(), Target.of_units(units)).effect
    assert sampled.value == pytest.approx(known.value)
    assert sampled.inference.standard_error > known.inference.standard_error


def test_clusters_that_move_together_widen_the_interval():
    y, treated, x = trial(200)
    clusters = np.arange(200) // 20
    shared = y + 2 * np.random.default_rng(3).normal(size=10)[clusters] * treated
    alone = transported_effect(shared, treated, x, Target.of_means([0.0, 0.0])).effect.inference
    together = transported_effect(
        shared, treated, x, Target.of_means([0.0, 0.0]), clusters=clusters
    ).effect.inference
    assert together.standard_error > 1.5 * alone.standard_error
    assert together.dof == 9


@pytest.mark.parametrize("method", ["calibration", "outcome_model"])
def test_the_interval_covers_at_its_level(method):
    """400 trials of 120 units, target at (0.4, -0.2), effect 1.8; 95 % +- four standard errors."""
    target = Target.of_means([0.4, -0.2])
    covered = [
        transported_effect(*trial(120, seed=seed), target, method=method).effect.inference.interval.contains(
            1.8
        )
        for seed in range(400)
    ]
    assert 0.905 <= np.mean(covered) <= 0.985


def test_a_pooled_effect_is_carried_to_sites_like_those_that_were_pooled():
    moderators = [[10.0, 1.0], [20.0, 2.0], [30.0, 3.5], [40.0, 4.0], [50.0, 5.5]]
    analysis = meta_analysis([0.1, 0.3, 0.2, 0.6, 0.7], [0.01] * 5, moderators=moderators)
    assert transported_sites(analysis, [30.0, 3.2]).status == "in_support"
    assert transported_sites(analysis, [15.0, 5.0]).status == "partial"
    far = transported_sites(analysis, [60.0, 5.0])
    assert far.status == "extrapolation"
    assert far.predicted.mean.value == pytest.approx(analysis.predict([60.0, 5.0]).mean.value)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"outcomes": [np.nan] + [0.0] * 39}, "unit 0"),
        ({"treated": [2] * 40}, "treated"),
        ({"treated": [1] * 38 + [0] * 2}, "arm 0"),
        ({"clusters": [1] * 40}, "clusters"),
        ({"clusters": [1, 2]}, "clusters"),
        ({"method": "guess"}, "method"),
        ({"target": Target.of_means([0.0])}, "target"),
    ],
)
def test_what_cannot_be_carried_is_refused_by_name(changes, named):
    y, treated, x = trial(40)
    fields = {"outcomes": y, "treated": treated, "covariates": x, "target": Target.of_means([0.0, 0.0])}
    with pytest.raises(EstimationError, match=named):
        transported_effect(**{**fields, **changes})


def test_collinear_covariates_leave_no_outcome_model():
    y, treated, x = trial(40)
    with pytest.raises(EstimationError, match="collinear"):
        transported_effect(y, treated, np.hstack((x, x)), Target.of_means([0.0] * 4), method="outcome_model")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"covariates": [[np.inf]]}, "unit 0"),
        ({"target": [0.0, 0.0]}, "target"),
        ({"base": [0.0, 1.0]}, "base"),
        ({"names": ["a", "b"]}, "names"),
    ],
)
def test_what_cannot_be_balanced_is_refused_by_name(changes, named):
    with pytest.raises(EstimationError, match=named):
        entropy_balancing(**{"covariates": [[0.0], [1.0]], "target": [0.5], **changes})


def test_a_target_without_numbers_is_refused():
    with pytest.raises(EstimationError, match="finite"):
        Target.of_means([np.nan])
    with pytest.raises(EstimationError, match="two units"):
        Target.of_units([[1.0]])
    assert isinstance(entropy_balancing([0.0, 1.0], [0.5]), Calibration)
