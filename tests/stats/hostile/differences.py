"""Estimators of differences, with staggered starts and in trials: a valid input for each."""

import numpy as np

from stats.clusters import few_clusters, few_treated, weighted_clusters, wild_bootstrap
from stats.clusters.clustered_regression import ClusteredRegression
from stats.cohorts import NEVER, Cohorts, cohorts_of
from stats.differences import (
    adjustment,
    bands,
    doubly_robust,
    triple_difference,
    two_by_two,
    two_way,
)
from stats.numerics import long_form
from stats.staggered import (
    aggregation,
    bacon,
    bacon_controls,
    group_time,
    imputation,
    imputation_pretrend,
    interaction_weighted,
    multiplier,
)
from stats.trials import assignment, crossover, randomisation, randomised
from tests.stats.hostile.specimen import (
    BY_CELL,
    COVARIATE,
    DRAWN,
    FIXED,
    GRID,
    ONE_START,
    PAIRS,
    PANEL,
    PERIODS,
    ROW_CLUSTERS,
    ROW_ELIGIBLE,
    ROW_POST,
    ROW_TREATED,
    ROW_WEIGHTS,
    ROW_X,
    ROW_Y,
    ROWS,
    START,
    UNITS,
    WEIGHTS,
    Specimen,
    low_end,
)


def _aggregated(**given):
    return aggregation.aggregate(group_time.group_time_effects(**given), "dynamic")


def _bootstrapped(rng, **given):
    return multiplier.bootstrap(group_time.group_time_effects(**given), rng, draws=199)


def _clustered(outcomes, regressors, clusters, weights):
    found = few_clusters.cluster_robust(
        ClusteredRegression.of(outcomes, regressors, clusters, weights=weights)
    )
    return found.inference(0), found.regression.coefficients


def _bootstrap_of_clusters(outcomes, regressors, clusters, rng):
    regression = ClusteredRegression.of(outcomes, regressors, clusters)
    return wild_bootstrap.wild_bootstrap(regression, 0, rng=rng, draws=199)


def _band(outcomes, first_treated, rng):
    study = two_way.two_way_event_study(outcomes, first_treated)
    return bands.simultaneous_band(study.coefficients, rng, draws=500)


def _cohorts(outcomes, first_treated, weights, covariates, clusters):
    return Cohorts.of(
        outcomes, first_treated, weights=weights, covariates=covariates, clusters=clusters
    ).outcomes


def _dealt(labels, outcomes, rng):
    return randomisation.randomisation_test(outcomes, assignment.Permuted(labels), rng=rng)


def _tossed(labels, outcomes, rng):
    mechanism = assignment.Coins(labels)
    return randomisation.randomisation_test(outcomes, mechanism, rng=rng)


def _effect(found):
    return found.effect


def _estimate(found):
    return found.estimate


def _first(found):
    return float(found.effects[0])


def _overall(found):
    return float(found.overall)


def _named(name):
    return lambda found: found.value(name)


DIFFERENCES = (
    Specimen(
        two_way.two_way_effect,
        {**PANEL, "weights": WEIGHTS, "covariates": BY_CELL},
        ("outcomes",),
        _named("effect"),
    ),
    Specimen(two_way.two_way_event_study, PANEL, ("outcomes",), lambda found: found.coefficients.value("0")),
    Specimen(
        bands.simultaneous_band,
        {**PANEL, "rng": DRAWN},
        ("outcomes",),
        lambda found: low_end(found.of("0")),
        call=_band,
    ),
    Specimen(
        two_by_two.two_by_two,
        {
            "outcome": ROW_Y,
            "treated": ROW_TREATED,
            "post": ROW_POST,
            "covariates": ROW_X,
            "weights": ROW_WEIGHTS,
            "clusters": ROW_CLUSTERS,
        },
        ("outcome",),
        _named("effect"),
    ),
    Specimen(
        two_by_two.difference_of_changes,
        {"before": GRID[:, 0], "after": GRID[:, -1], "treated": ONE_START < NEVER},
        ("before", "after"),
        _effect,
    ),
    Specimen(
        two_by_two.welch_difference,
        {"values": GRID[:, -1], "treated": ONE_START < NEVER},
        ("values",),
        lambda found: found[0],
    ),
    Specimen(
        triple_difference.triple_difference,
        {
            "outcome": ROW_Y,
            "treated": ROW_TREATED,
            "eligible": ROW_ELIGIBLE,
            "post": ROW_POST,
            "covariates": ROW_X,
            "weights": ROW_WEIGHTS,
            "clusters": ROW_CLUSTERS,
        },
        ("outcome",),
        _named("effect"),
    ),
    Specimen(
        triple_difference.triple_difference_effects,
        {
            "outcome": ROW_Y,
            "exposed": ROW_TREATED * ROW_POST * ROW_ELIGIBLE,
            "area": ROW_TREATED,
            "group": ROW_ELIGIBLE,
            "period": ROW_POST,
            "weights": ROW_WEIGHTS,
            "clusters": ROW_CLUSTERS,
        },
        ("outcome",),
        _named("effect"),
    ),
    Specimen(
        doubly_robust.doubly_robust,
        {
            "before": ROW_Y,
            "after": ROW_Y + ROW_X[:, 0] + ROW_TREATED,
            "treated": ROW_TREATED,
            "covariates": ROW_X,
            "weights": ROW_WEIGHTS,
            "clusters": np.arange(ROWS) // 2,
        },
        ("before", "after"),
        _effect,
    ),
    Specimen(
        doubly_robust.doubly_robust_cross_sections,
        {
            "outcomes": ROW_Y,
            "after": ROW_POST,
            "treated": ROW_TREATED,
            "covariates": ROW_X,
            "weights": ROW_WEIGHTS,
        },
        ("outcomes",),
        _effect,
    ),
    Specimen(
        adjustment.deseasoned,
        {"outcomes": GRID, "seasons": ("a", "b") * 5, "before": START},
        ("outcomes",),
        lambda found: found.pattern[0, 0],
    ),
    Specimen(
        adjustment.cuped,
        {"outcomes": GRID[:, -1], "covariates": GRID[:, :2], "weights": WEIGHTS},
        ("outcomes",),
        lambda found: found.adjusted[0] - found.adjusted[1],
    ),
    Specimen(
        long_form.long_form,
        {
            "outcome": ROW_Y,
            "regressors": ROW_X,
            "effects": (ROW_TREATED,),
            "weights": ROW_WEIGHTS,
            "clusters": ROW_CLUSTERS,
        },
        ("outcome",),
        lambda found: found.coefficients.values[0],
    ),
    Specimen(
        group_time.group_time_effects, {**PANEL, **COVARIATE, "weights": WEIGHTS}, ("outcomes",), _first
    ),
    Specimen(aggregation.aggregate, PANEL, ("outcomes",), _overall, call=_aggregated),
    Specimen(
        multiplier.bootstrap,
        {**PANEL, "rng": DRAWN},
        ("outcomes",),
        lambda found: found.standard_errors[0],
        call=_bootstrapped,
    ),
    Specimen(
        imputation.impute,
        {**PANEL, "weights": WEIGHTS, "covariates": BY_CELL[:, :, None]},
        ("outcomes",),
        _first,
    ),
    Specimen(imputation.two_stage, PANEL, ("outcomes",), _first),
    Specimen(imputation_pretrend.pre_trend, {**PANEL, "leads": 2}, ("outcomes",), _first),
    Specimen(
        interaction_weighted.interaction_weighted,
        {**PANEL, "weights": WEIGHTS, "covariates": BY_CELL},
        ("outcomes",),
        lambda found: found.att.values[0],
    ),
    Specimen(bacon.bacon, {**PANEL}, ("outcomes",), lambda found: found.comparisons[0].estimate),
    Specimen(
        bacon_controls.bacon_with_controls,
        {**PANEL, "covariates": BY_CELL, "weights": WEIGHTS},
        ("outcomes",),
        lambda found: found.pairs[0].estimate,
    ),
    Specimen(
        cohorts_of, {**PANEL, "weights": WEIGHTS, "covariates": FIXED, "clusters": PAIRS}, call=_cohorts
    ),
    Specimen(
        randomised.district_randomised,
        {"outcomes": GRID[:, -1], "treated": ONE_START < NEVER, "covariates": GRID[:, :1], "rng": DRAWN},
        ("outcomes",),
        _estimate,
    ),
    Specimen(
        randomised.matched_pairs,
        {"outcomes": GRID[:, -1], "treated": np.arange(UNITS) % 2, "pairs": PAIRS, "rng": DRAWN},
        ("outcomes",),
        _estimate,
    ),
    Specimen(randomised.sample_ratio, {"counts": np.array([90, 110]), "shares": np.array([0.5, 0.5])}),
    Specimen(
        crossover.switchback,
        {
            "outcomes": GRID,
            "treated": (np.arange(PERIODS) // 2 + np.arange(UNITS)[:, None]) % 2,
            "length": 2,
            "rng": DRAWN,
        },
        ("outcomes",),
        _estimate,
    ),
    Specimen(
        crossover.stepped_wedge,
        {"outcomes": GRID, "first_treated": np.repeat([2, 4, 6, NEVER], 3), "rng": DRAWN},
        ("outcomes",),
        _estimate,
    ),
    Specimen(
        randomisation.randomisation_test,
        {"labels": np.arange(UNITS) % 2, "outcomes": GRID[:, -1], "rng": DRAWN},
        ("outcomes",),
        low_end,
        call=_dealt,
    ),
    Specimen(
        assignment.assignments,
        {"labels": np.arange(UNITS) % 2, "outcomes": GRID[:, -1], "rng": DRAWN},
        ("outcomes",),
        low_end,
        call=_tossed,
    ),
    Specimen(
        few_clusters.cluster_robust,
        {
            "outcomes": ROW_Y,
            "regressors": np.column_stack([ROW_X, np.ones(ROWS)]),
            "clusters": ROW_CLUSTERS,
            "weights": ROW_WEIGHTS,
        },
        ("outcomes",),
        lambda found: found[1][0],
        call=_clustered,
    ),
    Specimen(
        weighted_clusters.weighted_cluster_robust,
        {
            "outcomes": ROW_Y,
            "regressors": np.column_stack([ROW_X, np.ones(ROWS)]),
            "clusters": ROW_CLUSTERS,
            "weights": ROW_WEIGHTS,
        },
        ("outcomes",),
        lambda found: found.coefficients[0],
    ),
    Specimen(
        wild_bootstrap.wild_bootstrap,
        {
            "outcomes": ROW_Y,
            "regressors": np.column_stack([ROW_X, np.ones(ROWS)]),
            "clusters": ROW_CLUSTERS,
            "rng": DRAWN,
        },
        ("outcomes",),
        lambda found: low_end(found.inference),
        call=_bootstrap_of_clusters,
    ),
    Specimen(
        few_treated.conley_taber,
        {"changes": GRID[:, 0], "treated": ONE_START < NEVER},
        ("changes",),
        _estimate,
    ),
    Specimen(
        few_treated.ferman_pinto,
        {"changes": GRID[:, 0], "treated": ONE_START < NEVER, "sizes": WEIGHTS},
        ("changes",),
        _estimate,
    ),
    Specimen(
        few_treated.contrasts, {"outcomes": GRID, "start": START}, ("outcomes",), lambda found: found[0]
    ),
    Specimen(
        few_treated.shifted,
        {"gaps": GRID[0] - GRID[1], "start": START},
        ("gaps",),
        low_end,
        shifts=False,
    ),
)
