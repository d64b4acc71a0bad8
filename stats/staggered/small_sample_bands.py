"""Simultaneous bands for the effects of small cohorts, whose spread is itself hardly known.

Multiplier draws keep the errors fixed and a normal distribution's tails: with cohorts of four units such a
band holds a whole path in two draws of three (`tests.bench.coverage_of_staggered`). Here the largest t-ratio
is simulated with errors that are estimated anew in every draw, as they were: cohorts' means are normal and
their covariances Wishart, both about the covariance found, independent of each other and between cohorts. Of
one effect that is Welch's t; of several, the sup-t of Montiel Olea and Plagborg-Moller (2019) with estimated
errors.
"""

from __future__ import annotations

import numpy as np

from stats import reasons
from stats.errors import EstimationError
from stats.inference import silent
from stats.panel import FloatArray
from stats.staggered.aggregation import Aggregation
from stats.staggered.group_time_influence import Influence
from stats.staggered.multiplier import ROUNDING, Bands, bands_of

POINTWISE = "small_sample_t"
SIMULTANEOUS = "small_sample_simultaneous"
CHUNK_CELLS = 1_000_000
"""Numbers of one working array; fixed, so that no result depends on the machine."""


def small_sample_bands(
    found: Aggregation, rng: np.random.Generator, *, draws: int = 999, alpha: float = 0.05
) -> Bands:
    """Bands for a summary's effects by label, pointwise and simultaneous, by `draws` simulated t-ratios each.

    Errors are those of `Influence.small_sample`. Effects that do not vary, or compare a cohort of one unit
    or cluster, stay silent and do not widen the others' band. `simple` has no effects by label: refused.
    """
    if found.kind == "simple":
        raise EstimationError("found", "has no effects by label; its overall effect has no band")
    if draws < 2:
        raise EstimationError("draws", "at least two are needed")
    errors = np.array([found.influence.small_sample(column)[0] for column in found.loadings.T])
    known = np.isfinite(errors) & (errors > ROUNDING * np.nanmax(errors, initial=0.0))
    errors[~known] = np.nan
    if not known.any():
        silence = tuple(silent(POINTWISE, alpha, reasons.few_treated()) for _ in errors)
        return Bands(alpha, draws, errors, np.inf, silence, silence)
    ratios = np.abs(_ratios(found.influence, found.loadings[:, known], rng, draws))
    return bands_of(found.effects, errors, ratios, alpha=alpha, names=(POINTWISE, SIMULTANEOUS))


def _ratios(influence: Influence, loadings: FloatArray, rng: np.random.Generator, draws: int) -> FloatArray:
    """draws x M simulated t-ratios of no effect."""
    top, square = np.zeros((draws, loadings.shape[1])), np.zeros((draws, loadings.shape[1]))
    for block in influence.within:
        values = block.basis @ (block.loading @ loadings)
        size, centre = len(values), values.mean(axis=0)
        _, weights, directions = np.linalg.svd(values - centre, full_matrices=False)
        real = weights > 1e-10 * max(weights[0], np.finfo(float).tiny)
        top += rng.normal(size=(draws, 1)) * np.sqrt(size) * centre
        square += size * centre**2
        if size > 1 and real.any():
            spread = (weights[real, None] * directions[real]) * np.sqrt(size) / np.sqrt(size - 1)
            top += rng.normal(size=(draws, int(real.sum()))) @ spread
            square += _wishart_squares(spread, size - 1, rng, draws)
    return top / np.sqrt(square)


def _wishart_squares(spread: FloatArray, dof: int, rng: np.random.Generator, draws: int) -> FloatArray:
    """draws x M: s_j' W s_j / dof for the columns s_j of `spread` (r x M), W Wishart with identity scale.

    W = A A' with A lower triangular (Bartlett 1933): chi on the diagonal, normal below it; dof >= r.
    """
    rank = len(spread)
    squares = np.empty((draws, spread.shape[1]))
    chunk = max(1, CHUNK_CELLS // (rank * max(rank, spread.shape[1])))
    for first in range(0, draws, chunk):
        count = min(chunk, draws - first)
        root = np.tril(rng.normal(size=(count, rank, rank)), -1)
        root[:, np.arange(rank), np.arange(rank)] = np.sqrt(
            rng.chisquare(dof - np.arange(rank), size=(count, rank))
        )
        squares[first : first + count] = ((root.transpose(0, 2, 1) @ spread) ** 2).sum(axis=1) / dof
    return squares
