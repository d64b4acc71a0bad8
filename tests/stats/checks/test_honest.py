import itertools
import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.checks.honest import (
    breakdown,
    breakdown_finding,
    original,
    robust,
    sensitivity,
    smoothness_upper_bound,
)
from stats.checks.honest_flci import folded_quantile, lasso_path, shortest
from stats.checks.honest_moments import Moments, dual_vertices, upper_share
from stats.checks.honest_restrictions import Restriction, polyhedra
from stats.checks.honest_sets import EventCoefficients
from stats.errors import EstimationError
from stats.findings import NotComputable
from tests.stats.build import case, rows

R_GRID = 0.004
"""The R program reports points of its grid and draws its critical values; the cases allow as much."""

SD, RM = Restriction("smoothness"), Restriction("relative_magnitudes")
SDRM = Restriction("relative_smoothness")


def restaurants():
    """Benzarti and Carloni (2019): profits of restaurants after a cut of the value-added tax in 2009."""
    table = rows("honestdid_bc")
    estimates = [float(row["beta"]) for row in table]
    covariance = [[float(row[f"sigma_{number}"]) for number in range(1, 9)] for row in table]
    return EventCoefficients(np.array(estimates), np.array(covariance), before=4)


def medicaid():
    estimates = [float(row["beta"]) for row in rows("ehec_es_beta")]
    covariance = [[float(value) for value in row.values()] for row in rows("ehec_es_vcov")]
    return EventCoefficients(np.array(estimates), np.array(covariance), before=5)


def create_event(before=3, after=2, *, effect=1.0, correlation=0.3, scale=0.1):
    count = before + after
    estimates = np.concatenate([0.3 * scale * np.cos(np.arange(before)), np.full(after, effect)])
    covariance = scale**2 * (correlation + (1 - correlation) * np.eye(count))
    return EventCoefficients(estimates, covariance, before)


def ends(results):
    return np.array([(one.inference.interval.low, one.inference.interval.high) for one in results]).T


def expected(identifier, name):
    found = case(identifier)["expected"]
    bounds = [float(bound) for bound in found[f"{name}_lb"]]
    return bounds, np.array([list(found[f"{name}_{side}"].values()) for side in ("lb", "ub")])


def test_restaurants_have_the_published_conventional_interval():
    found = case("honestdid_bc")["expected"]
    interval = original(restaurants()).interval
    assert (interval.low, interval.high) == pytest.approx((found["orig_lb"], found["orig_ub"]), abs=1e-9)


@pytest.mark.parametrize(
    ("name", "restriction", "method"),
    [("sd", SD, "flci"), ("sd_clf", SD, "hybrid_lf"), ("rm", RM, None)],
)
def test_restaurants_have_the_published_robust_sets(name, restriction, method):
    bounds, published = expected("honestdid_bc", name)
    found = sensitivity(
        restaurants(), restriction, bounds, method=method, rng=np.random.default_rng(1), reach=20
    )
    assert ends(found) == pytest.approx(published, abs=R_GRID)


@pytest.mark.parametrize(("name", "restriction"), [("rm", RM), ("sd", SD)])
def test_mean_effects_of_medicaid_have_the_published_robust_sets(name, restriction):
    bounds, published = expected("honestdid_aca_avg", name)
    found = sensitivity(
        medicaid(), restriction, bounds, weights=[0.5, 0.5], rng=np.random.default_rng(1), reach=20
    )
    assert ends(found) == pytest.approx(published, abs=case("honestdid_aca_avg")["tolerance"]["abs"])


def test_sets_are_followed_beyond_twenty_standard_errors():
    cut, whole = (
        robust(restaurants(), RM, 2.0, rng=np.random.default_rng(1), reach=reach).inference.interval.high
        for reach in (20, math.inf)
    )
    assert cut == pytest.approx(20 * math.sqrt(restaurants().covariance[4, 4]))
    assert whole > cut + 0.02


def test_one_lead_and_one_effect_by_hand():
    # Slopes may not change (M = 0): the effect is the estimate plus the lead, errors 0.1 and 0.1.
    event = EventCoefficients(np.array([0.2, 1.0]), 0.01 * np.eye(2), before=1)
    interval = robust(event, SD, 0.0).inference.interval
    half = scipy.stats.norm.isf(0.025) * math.sqrt(0.02)
    assert (interval.low, interval.high) == pytest.approx((1.2 - half, 1.2 + half))


def test_relative_magnitudes_without_violation_are_a_test_of_the_effect_alone():
    event = EventCoefficients(np.array([0.0, 1.0]), 0.01 * np.eye(2), before=1)
    interval = robust(event, RM, 0.0, method="conditional").inference.interval
    half = 0.1 * scipy.stats.norm.isf(0.025)
    assert (interval.low, interval.high) == pytest.approx((1 - half, 1 + half), abs=1e-6)


def test_relative_sets_have_a_polyhedron_for_each_earlier_step_and_sign():
    found = polyhedra(RM, 0.5, before=2, after=1)
    assert len(found) == 4
    delta = np.array([0.4, 0.1, 0.05])  # steps -0.3, -0.1, then 0.05 <= 0.5 x 0.3
    assert [bool((one.matrix @ delta <= one.limits + 1e-12).all()) for one in found] == [
        False,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("restriction", [SD, RM, SDRM])
def test_a_trend_lies_in_its_set_exactly_while_the_bound_holds(restriction):
    delta = np.array([0.0, -0.2, -0.1, 0.3, 0.9])  # with the reference: 0, -.2, -.1, 0, .3, .9
    steps = np.diff(np.array([0.0, -0.2, -0.1, 0.0, 0.3, 0.9]), n=1 if restriction is RM else 2)
    earlier = 3 if restriction is RM else 2
    needed = np.abs(steps).max()
    if restriction is not SD:
        needed = np.abs(steps[earlier:]).max() / np.abs(steps[:earlier]).max()

    def inside(bound):
        sets = polyhedra(restriction, bound, before=3, after=2)
        return any((one.matrix @ delta <= one.limits + 1e-12).all() for one in sets)

    assert inside(needed * 1.001)
    assert not inside(needed * 0.999)


@pytest.mark.parametrize("shape", [{"sign": "positive"}, {"monotone": "increasing"}])
def test_a_shape_that_the_estimates_bear_out_narrows_the_set(shape):
    event = create_event()
    wide = robust(event, SD, 0.1, method="conditional").inference.interval
    narrow = robust(event, Restriction("smoothness", **shape), 0.1, method="conditional").inference.interval
    assert narrow.high - narrow.low < wide.high - wide.low


def test_a_shape_cut_the_other_way_mirrors_the_set():
    event = create_event()
    mirrored = EventCoefficients(-event.estimates, event.covariance, event.before)
    one = robust(event, Restriction("smoothness", sign="positive"), 0.1).inference.interval
    other = robust(mirrored, Restriction("smoothness", sign="negative"), 0.1).inference.interval
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-9)


def vertices_by_brute_force(nuisance, deviations):
    system = np.column_stack([deviations, nuisance])
    target = np.eye(system.shape[1])[0]
    found = []
    for basis in itertools.combinations(range(len(system)), system.shape[1]):
        try:
            part = np.linalg.solve(system[list(basis)].T, target)
        except np.linalg.LinAlgError:
            continue
        if (part > -1e-9).all():
            vertex = np.zeros(len(system))
            vertex[list(basis)] = part
            found.append(vertex)
    return np.unique(np.round(found, 8), axis=0)


@given(st.integers(0, 10_000), st.integers(4, 7), st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_elimination_lists_the_vertices_that_brute_force_finds(seed, moments, nuisances):
    rng = np.random.default_rng(seed)
    nuisance = rng.integers(-2, 3, size=(moments, nuisances)).astype(float)
    nuisance = np.vstack([nuisance, -nuisance.sum(axis=0)])  # so that there is a vertex
    deviations = rng.uniform(0.5, 2, size=moments + 1)
    if np.linalg.matrix_rank(nuisance) < nuisances:
        nuisance = nuisance[:, :1]
        if not nuisance.any():
            return
    found = np.unique(np.round(dual_vertices(nuisance, deviations), 8), axis=0)
    np.testing.assert_allclose(found, vertices_by_brute_force(nuisance, deviations), atol=1e-7)


def test_the_statistic_is_the_value_of_the_linear_programme():
    event = restaurants()
    piece = polyhedra(Restriction("smoothness", sign="positive"), 0.05, before=4, after=4)[0]
    moments = Moments.of(piece, event.estimates, event.covariance, np.array([1.0, 0, 0, 0]))
    kept = np.abs(piece.matrix[:, 4:]).max(axis=1) > 0
    matrix, limits = piece.matrix[kept], piece.limits[kept]
    deviations = np.sqrt(np.diag(matrix @ event.covariance @ matrix.T))
    for theta in (-0.1, 0.1, 0.4):
        level = matrix @ event.estimates - limits - matrix[:, 4] * theta
        solved = scipy.optimize.linprog(
            [1, 0, 0, 0],
            A_ub=-np.column_stack([deviations, matrix[:, 5:]]),
            b_ub=-level,
            bounds=[(None, None)] * 4,
        )
        assert moments.statistic(np.array([theta]))[0] == pytest.approx(solved.fun, abs=1e-8)


def test_the_conditional_test_of_a_known_mean_has_its_size():
    # At the boundary of the null every moment binds; 4,000 draws have an error of 0.35 points.
    rng = np.random.default_rng(5)
    event = create_event(effect=0.0)
    piece = polyhedra(SD, 0.0, before=3, after=2)[0]
    noise = rng.multivariate_normal(np.zeros(5), event.covariance, size=4_000)
    first = np.array([1.0, 0.0])
    rejected = [
        Moments.of(piece, draw, event.covariance, first).conditional_p(np.zeros(1))[0] <= 0.05
        for draw in noise
    ]
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.0105)


def test_truncated_tails_keep_their_digits_far_out():
    value, low, high = np.array([30.0, 0.5]), np.array([29.9, -np.inf]), np.array([np.inf, 1.0])
    norm = scipy.stats.norm
    direct = (norm.cdf(1) - norm.cdf(0.5)) / norm.cdf(1)
    far = math.exp(norm.logsf(30) - norm.logsf(29.9))
    assert upper_share(value, low, high) == pytest.approx([far, direct], rel=1e-9)


@pytest.mark.parametrize(("shift", "alpha"), [(0.0, 0.05), (0.7, 0.05), (3.0, 0.1), (50.0, 0.05)])
def test_folded_quantiles_are_those_of_a_noncentral_chi_square(shift, alpha):
    direct = math.sqrt(scipy.stats.ncx2.isf(alpha, 1, shift**2))
    assert folded_quantile(shift, alpha) == pytest.approx(direct, rel=1e-6)


@given(st.integers(0, 10_000), st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_every_knot_of_the_path_is_a_lasso_solution(seed, count):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(count + 2, count))
    quadratic, linear = factor.T @ factor, rng.normal(size=count)
    knots = lasso_path(quadratic, linear)
    for sums in knots:
        gradient = quadratic @ sums + linear
        penalty = np.abs(gradient).max()
        assert np.abs(gradient[sums != 0] + penalty * np.sign(sums[sums != 0])).max(initial=0) < 1e-8
    assert quadratic @ knots[-1] + linear == pytest.approx(np.zeros(count), abs=1e-8)


@pytest.mark.parametrize("bound", [0.0, 0.02, 0.1, 1.0])
def test_no_other_affine_estimator_has_a_shorter_interval(bound):
    event = restaurants()
    weights = np.array([1.0, 0, 0, 0])
    best = shortest(event.covariance, weights, bound, alpha=0.05)
    rng = np.random.default_rng(0)
    trend = np.array([-4.0, -3, -2, -1, 1, 2, 3, 4])
    assert best.slope @ trend == pytest.approx(0, abs=1e-9)  # a linear trend does no harm
    curves = polyhedra(SD, bound, before=4, after=4)[0]
    for _ in range(40):
        change = rng.normal(size=4)
        change -= trend[:4] * (change @ trend[:4]) / (trend[:4] @ trend[:4])
        slope = best.slope + 0.05 * rng.uniform() * np.concatenate([change, np.zeros(4)])
        bias = -scipy.optimize.linprog(
            -slope, A_ub=curves.matrix, b_ub=curves.limits, bounds=[(None, None)] * 8
        ).fun
        deviation = math.sqrt(slope @ event.covariance @ slope)
        assert folded_quantile(bias / deviation, 0.05) * deviation >= best.half * (1 - 1e-7)


def test_the_worst_bias_is_that_of_the_worst_curve():
    event = restaurants()
    for weights in ([1.0, 0, 0, 0], [0.25] * 4, [0, 0, -1.0, 1.0]):
        best = shortest(event.covariance, np.array(weights), 0.1, alpha=0.05)
        curves = polyhedra(SD, 0.1, before=4, after=4)[0]
        worst = scipy.optimize.linprog(
            -best.slope, A_ub=curves.matrix, b_ub=curves.limits, bounds=[(None, None)] * 8
        )
        assert best.bias == pytest.approx(-worst.fun, abs=1e-8)


@given(st.integers(0, 10_000), st.sampled_from([SD, RM, SDRM]), st.sampled_from([0.0, 0.5, 1.5]))
@settings(max_examples=25, deadline=None)
def test_p_value_and_interval_never_contradict_each_other(seed, restriction, bound):
    rng = np.random.default_rng(seed)
    event = create_event(effect=float(rng.normal(scale=0.4)))
    for method in ("conditional", "hybrid_lf") + (("flci", "hybrid_flci") if restriction is SD else ()):
        # `Inference` refuses to be made where the two disagree.
        found = robust(event, restriction, bound, method=method, rng=rng).inference
        assert 0 <= found.p_value <= 1


@pytest.mark.parametrize("method", ["flci", "conditional", "hybrid_flci"])
def test_sets_move_and_stretch_with_the_unit_of_the_outcome(method):
    event = restaurants()
    stretched = EventCoefficients(-1000 * event.estimates, 1e6 * event.covariance, event.before)
    one = robust(event, SD, 0.1, method=method).inference.interval
    other = robust(stretched, SD, 100.0, method=method).inference.interval
    assert (-1000 * one.high, -1000 * one.low) == pytest.approx((other.low, other.high), rel=1e-5)


def test_larger_bounds_never_give_smaller_fixed_length_intervals():
    lows, highs = ends(sensitivity(restaurants(), SD, [0, 0.01, 0.02, 0.05, 0.1, 0.2]))
    assert (np.diff(highs - lows) > 0).all()


def test_the_breakdown_value_parts_the_bounds():
    event = restaurants()
    value = breakdown(event, SD)
    assert robust(event, SD, value).inference.excludes_zero
    assert not robust(event, SD, value * 1.002).inference.excludes_zero
    ratio = breakdown(event, RM, rng=np.random.default_rng(0))
    assert 1.5 < ratio < 2  # the published sets contain zero at 2 and not at 1.5


def test_nothing_breaks_where_zero_is_never_rejected():
    found = breakdown(create_event(effect=0.01), SD)
    assert found.reason_code == "nothing_to_break"


@pytest.mark.parametrize(
    ("value", "restriction", "level"),
    [(1.4, RM, "ok"), (0.4, RM, "caution"), (0.4, SD, "ok")],
)
def test_a_breakdown_below_what_was_seen_before_is_a_caution(value, restriction, level):
    found = breakdown_finding(value, restriction)
    assert (found.level, found.number) == (level, value)
    assert str(value) in found.sentence_ko
    assert str(value) in found.sentence_en


def test_a_breakdown_that_does_not_exist_is_told_with_its_reason():
    reason = breakdown(create_event(effect=0.01), SD)
    assert breakdown_finding(reason, SD).level == "caution"


def test_the_upper_bound_of_smoothness_is_the_largest_change_of_slope_with_its_margin():
    event = EventCoefficients(np.array([0.3, 0.1, 1.0]), 0.01 * np.eye(3), before=2)
    # Slopes -0.2 and -0.1: one change, 0.1; its variance is 0.01 (1 + 4).
    margin = scipy.stats.norm.isf(0.05) * math.sqrt(0.05)
    assert smoothness_upper_bound(event) == pytest.approx(0.1 + margin)


def test_leads_that_no_trend_of_the_restriction_can_have_leave_no_effect():
    event = EventCoefficients(np.array([2.0, -2.0, 2.0, 0.5]), 1e-4 * np.eye(4), before=3)
    found = robust(event, Restriction("smoothness", monotone="increasing"), 0.0, method="conditional")
    assert isinstance(found.inference.interval, NotComputable)


def test_coefficients_are_put_in_order_round_their_reference():
    covariance = np.diag([1.0, 2.0, 3.0, 0.0])
    found = EventCoefficients.by_period([0, -3, -2, -1], [5.0, 1.0, 2.0, 0.0], covariance)
    assert found.estimates.tolist() == [1, 2, 5]
    assert np.diag(found.covariance).tolist() == [2, 3, 1]
    assert (found.before, found.after) == (2, 1)


@pytest.mark.parametrize("periods", [[-3, 0], [-2, 1], [-2, -2], [-2, 0, 1]])
def test_periods_with_gaps_are_refused(periods):
    with pytest.raises(EstimationError, match="periods"):
        EventCoefficients.by_period(periods, [0.0, 1.0], np.eye(2))


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"estimates": [0.0, np.nan, 1.0]}, "estimates"),
        ({"covariance": np.eye(2)}, "covariance"),
        ({"covariance": np.ones((3, 3))}, "covariance"),
        ({"covariance": np.diag([1.0, 0.0, 1.0])}, "covariance"),
        ({"before": 3}, "before"),
        ({"before": 0}, "before"),
    ],
)
def test_coefficients_are_refused_by_argument(change, argument):
    fields = {"estimates": [0.0, 0.0, 1.0], "covariance": np.eye(3), "before": 1, **change}
    with pytest.raises(EstimationError) as refused:
        EventCoefficients(**fields)
    assert refused.value.argument == argument


@pytest.mark.parametrize(
    ("restriction", "change", "argument"),
    [
        (RM, {"method": "flci"}, "method"),
        (RM, {"method": "hybrid_flci"}, "method"),
        (RM, {}, "rng"),
        (SD, {"method": "wald"}, "method"),
        (SD, {"weights": [0.0, 0.0]}, "weights"),
        (SD, {"weights": [1.0]}, "weights"),
        (SD, {"alpha": 1.0}, "alpha"),
        (SD, {"bound": -1.0}, "bound"),
    ],
)
def test_questions_are_refused_by_argument(restriction, change, argument):
    with pytest.raises(EstimationError) as refused:
        robust(create_event(), restriction, **{"bound": 0.1, **change})
    assert refused.value.argument == argument


def test_relative_smoothness_needs_two_leads():
    with pytest.raises(EstimationError, match="before"):
        robust(create_event(before=1), SDRM, 1.0, rng=np.random.default_rng(0))


@pytest.mark.parametrize("field", ["kind", "sign", "monotone"])
def test_unknown_restrictions_are_refused(field):
    with pytest.raises(EstimationError) as refused:
        Restriction(**{"kind": "smoothness", field: "sideways"})
    assert refused.value.argument == field
