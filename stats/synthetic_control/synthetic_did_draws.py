"""A synthetic difference-in-differences again and again, on other units: all draws of one cohort at once.

Every draw's programme for omega is a part of one Gram matrix of the controls, so that they are solved as
one batch; a control drawn m times is one donor whose penalty is spread over m copies. The programme for
lambda has a Gram matrix of the periods for each draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stats.clusters.clustered import IntArray
from stats.numerics.ridge_simplex import carries, ridge_simplex_batch
from stats.numerics.simplex_batch import simplex_weights_batch
from stats.panel import FloatArray
from stats.synthetic_control.synthetic_did import CohortFit, SyntheticDid, cohort_fit
from stats.synthetic_control.synthetic_did_weights import Block, fitted

CHUNK_CELLS = 2_000_000
"""Numbers of one working array; fixed, so that no result depends on the machine."""


@dataclass(frozen=True, eq=False)
class Draw:
    """Rows of the panel in one draw: the controls, and the treated of each cohort of the design.

    Rows may stand several times; a cohort may be empty, but not all of them.
    """

    controls: IntArray
    treated: tuple[IntArray, ...]


def paths_of_draws(fit: SyntheticDid, draws: Sequence[Draw]) -> tuple[FloatArray, FloatArray]:
    """Effects (R) and effects by time relative to the start (R x E, NaN where none) of the draws.

    The penalties are those of `fit`; weights and coefficients of covariates are found anew.
    """
    plain = fit.panel.covariates is None and fit.recipe.solver == "optimum"
    of_cohort = _batch if plain else _singly
    paths = np.stack([of_cohort(fit, place, draws) for place in range(len(fit.cohorts))], axis=1)
    effects, events = np.empty(len(draws)), np.empty((len(draws), len(fit.event_times)))
    for number, draw in enumerate(draws):
        sizes = np.array([float(len(rows)) for rows in draw.treated])
        effects[number], events[number] = fit.pooled(list(paths[number]), sizes)
    return effects, events


def _singly(fit: SyntheticDid, place: int, draws: Sequence[Draw]) -> FloatArray:
    """R x T paths of one cohort, each draw fitted by itself; zeros where the cohort is empty."""
    cohort = fit.cohorts[place]
    recipe = replace(fit.recipe, zeta_omega=cohort.zeta_omega, zeta_lambda=cohort.zeta_lambda)
    paths = np.zeros((len(draws), len(cohort.path)))
    for number, draw in enumerate(draws):
        if len(draw.treated[place]):
            block = Block(
                fit.panel.outcomes, fit.panel.covariates, draw.controls, draw.treated[place], cohort.start
            )
            paths[number] = cohort_fit(block, fitted(block, recipe)).path
    return paths


def _batch(fit: SyntheticDid, place: int, draws: Sequence[Draw]) -> FloatArray:
    """The same, all draws together."""
    cohort = fit.cohorts[place]
    donors = fit.panel.outcomes[fit.controls]
    paths = np.zeros((len(draws), donors.shape[1]))
    filled = [number for number, draw in enumerate(draws) if len(draw.treated[place])]
    counts = np.zeros((len(filled), len(donors)))
    treated = np.empty((len(filled), donors.shape[1]))
    column = np.full(len(fit.panel.outcomes), -1)
    column[fit.controls] = np.arange(len(donors))
    for line, number in enumerate(filled):
        np.add.at(counts[line], column[draws[number].controls], 1.0)
        treated[line] = fit.panel.outcomes[draws[number].treated[place]].mean(axis=0)
    contrasts = treated - _omegas(fit, cohort, donors, counts, treated) @ donors
    bases = np.einsum("rt,rt->r", contrasts[:, : cohort.start], _lambdas(fit, cohort, donors, counts))
    paths[filled] = contrasts - bases[:, None]
    return paths


def _omegas(
    fit: SyntheticDid, cohort: CohortFit, donors: FloatArray, counts: FloatArray, treated: FloatArray
) -> FloatArray:
    """R x N0 weights of the controls."""
    if fit.recipe.estimator == "did":
        even: FloatArray = counts / counts.sum(axis=1, keepdims=True)
        return even
    before, goals = donors[:, : cohort.start], treated[:, : cohort.start]
    if fit.recipe.omega_intercept:
        before = before - before.mean(axis=1, keepdims=True)
        goals = goals - goals.mean(axis=1, keepdims=True)
    # Weights sum to one, so what all controls have in common cancels; without it fewer digits are lost.
    common = before.mean(axis=0)
    before, goals = before - common, goals - common
    ridge = cohort.start * cohort.zeta_omega**2
    pools = counts > 0
    if carries(before, ridge):
        penalty = ridge / np.where(pools, counts, 1.0)
        return ridge_simplex_batch(before, goals @ before.T, penalty, allowed=pools)
    # A penalty that only tells equally good weights apart need not know how often a control was drawn.
    return simplex_weights_batch(before @ before.T, goals @ before.T, ridge=ridge, allowed=pools)


def _lambdas(fit: SyntheticDid, cohort: CohortFit, donors: FloatArray, counts: FloatArray) -> FloatArray:
    """R x T0 weights of the periods before the start."""
    draws, start = len(counts), cohort.start
    if fit.recipe.estimator == "sc":
        return np.zeros((draws, start))
    if fit.recipe.estimator == "did":
        return np.full((draws, start), 1 / start)
    # Here too: a control's own level is common to all its periods.
    levels = donors[:, :start].mean(axis=1)
    before, after = donors[:, :start] - levels[:, None], donors[:, start:].mean(axis=1) - levels
    if fit.recipe.lambda_intercept:
        before, after = before - before.mean(axis=0), after - after.mean()
    found = np.empty((draws, start))
    chunk = max(1, CHUNK_CELLS // max(start**2, donors.shape[0] * start))
    for first in range(0, draws, chunk):
        some = counts[first : first + chunk]
        weighted = some[:, :, None] * before[None]
        grams, linear = np.matmul(before.T[None], weighted), np.einsum("rct,c->rt", weighted, after)
        if fit.recipe.lambda_intercept:
            totals = some.sum(axis=1)
            means, level = some @ before / totals[:, None], some @ after / totals
            grams -= totals[:, None, None] * means[:, :, None] * means[:, None, :]
            linear -= totals[:, None] * means * level[:, None]
        ridges = some.sum(axis=1) * cohort.zeta_lambda**2
        found[first : first + chunk] = simplex_weights_batch(
            grams, linear, ridge=ridges, start=np.repeat(cohort.lambda_[None], len(some), axis=0)
        )
    return found
