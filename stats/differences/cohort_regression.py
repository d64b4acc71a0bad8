"""Least squares with unit and period effects where regressors are the same for all units of a cohort.

Treatment indicators, relative periods and their interactions with cohorts depend on a unit only through
its cohort. Then all sums that least squares needs are sums by cohort and period: with W the cell weights
(0 where a cell is missing), Z_g the periods x m regressors of cohort g and M_g = sum over its units of
w_i w_i' / (w_i'1), the normal matrix after the unit effects is  sum_g Z_g' (diag(sum_i w_i) - M_g) Z_g,
and the score of unit i is (w_i u_i)' Z_g. No column as long as the panel is ever made of a regressor,
complete, unbalanced or weighted alike. Period effects stand among the Z; covariates that vary by unit and
period are taken within units beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stats.errors import EstimationError
from stats.numerics.absorb import IntArray, compact
from stats.numerics.cells import Cells
from stats.numerics.coefficients import Coefficients
from stats.numerics.collinear import Collinear, independent, inverse
from stats.numerics.long_form import ROUNDING_LEFT
from stats.numerics.products import gram, rows_times
from stats.numerics.sandwich import Errors, SmallSample, sums_by
from stats.panel import FloatArray

CHUNK = 4096
"""Units whose cells are taken at once where each cell needs a row of its own."""


@dataclass(frozen=True, eq=False)
class CohortRegression:
    """What came out.

    coefficients  of the wanted regressors, then of the covariates
    residuals     n x T, 0 where cells are missing
    dropped       names of wanted regressors left out as collinear
    counts        G x T, sum of the cell weights by cohort and period
    """

    coefficients: Coefficients
    residuals: FloatArray
    dropped: tuple[str, ...]
    counts: FloatArray


def cohort_regression(
    cells: Cells,
    cohort: IntArray,
    regressors: FloatArray,
    names: Sequence[str],
    *,
    clusters: npt.ArrayLike | None = None,
    errors: Errors = "cluster",
    small_sample: SmallSample | None = None,
    collinear: Collinear = "refuse",
) -> CohortRegression:
    """Outcomes on `regressors` (G x T x k), covariates, unit and period effects.

    cohort     n, 0..G-1
    clusters   n labels, each a union of units; without them units are the clusters
    collinear  "drop": a regressor that the effects and those before it explain is left out

    `EstimationError` names a collinear regressor, clusters and what else cannot be.
    """
    sums = _Sums.of(cells, cohort, regressors)
    solved = _solved(sums, (*(f"period{t}" for t in range(1, sums.width)), *names, *cells.names), collinear)
    units, n = cells.outcomes.shape[0], int(np.count_nonzero(cells.weights))
    codes, groups = (np.arange(units), units) if clusters is None else compact("clusters", clusters)
    if len(codes) != units or groups < 2:
        raise EstimationError("clusters", f"must be a label for each of {units} units, two different ones")
    if len(solved.chosen) + units > n:
        raise EstimationError("regressors", "more parameters than observations")
    small = small_sample or SmallSample()
    parameters = len(solved.names) + _effects_counted(sums, errors, small)
    if parameters >= n and not solved.exact:
        raise EstimationError("small_sample", f"counts {parameters} parameters of {n} observations")
    plain = solved.bread * float((cells.weights * solved.residuals**2).sum()) / n
    if errors == "cluster":
        scores = sums_by(sums.scores(solved).T, codes, groups)
        covariance = gram(scores) * (groups / (groups - 1) if small.groups else 1.0)
    else:
        covariance = plain if errors == "iid" else sums.heteroskedastic(solved)
    return CohortRegression(
        coefficients=Coefficients(
            names=solved.names,
            values=solved.values,
            covariance=covariance * small.factor(errors, n, parameters),
            dof=float(groups - 1 if errors == "cluster" else n - parameters),
            method=errors,
            observations=n,
            plain=plain,
            exact=solved.exact,
            alone=_alone(solved.names, names, regressors, cohort, codes) if errors == "cluster" else (),
        ),
        residuals=solved.residuals,
        dropped=tuple(name for name in (*names, *cells.names) if name not in solved.names),
        counts=sums.counts,
    )


def _alone(
    kept: Sequence[str], names: Sequence[str], regressors: FloatArray, cohort: IntArray, codes: IntArray
) -> tuple[int, ...]:
    """For each coefficient kept the one cluster in which its regressor is not zero, or -1."""
    behind = {}
    for place, name in enumerate(names):
        clusters = np.unique(codes[(regressors[:, :, place] != 0).any(axis=1)[cohort]])
        behind[name] = int(clusters[0]) if len(clusters) == 1 else -1
    return tuple(behind.get(name, -1) for name in kept)


@dataclass(frozen=True, eq=False)
class _Solved:
    """names, values and bread of the wanted and identified; influence (m x wanted) makes of scores of all
    m regressors, the periods among them, those of the wanted; chosen: places of all that were kept."""

    names: tuple[str, ...]
    values: FloatArray
    bread: FloatArray
    influence: FloatArray
    chosen: IntArray
    residuals: FloatArray
    exact: bool


def _solved(sums: _Sums, labels: Sequence[str], collinear: Collinear) -> _Solved:
    normal = sums.normal()
    # Periods that no unit links are one effect too many; anything else that is collinear is told.
    kept = independent(normal, sums.original(), labels, collinear, nuisance=sums.width - 1)
    chosen = np.flatnonzero(kept)
    bread = inverse(normal[np.ix_(chosen, chosen)])
    values = np.zeros(len(labels))
    residuals = sums.outcomes
    # The second step takes away what the normal equations lose where regressors are nearly collinear.
    for _ in range(2):
        step = np.zeros(len(labels))
        step[chosen] = bread @ sums.products(residuals)[chosen]
        values += step
        residuals = residuals - sums.fitted(step)
    wanted = np.flatnonzero(chosen >= sums.width - 1)
    influence = np.zeros((len(labels), len(wanted)))
    influence[chosen] = bread[:, wanted]
    weights, outcomes = sums.cells.weights, sums.cells.outcomes
    left, size = float((weights * residuals**2).sum()), float((weights * outcomes**2).sum())
    return _Solved(
        names=tuple(labels[place] for place in chosen[wanted]),
        values=values[chosen[wanted]],
        bread=bread[np.ix_(wanted, wanted)],
        influence=influence,
        chosen=chosen,
        residuals=residuals,
        exact=left <= ROUNDING_LEFT**2 * size,
    )


def _effects_counted(sums: _Sums, errors: Errors, small: SmallSample) -> int:
    """Parameters of the effects in K; units lie within clusters."""
    if small.fixed_effects == "none":
        return 0
    nested = errors == "cluster" and small.fixed_effects == "nonnested"
    return sums.width if nested else sums.width + len(sums.outcomes) - 1


@dataclass(frozen=True, eq=False)
class _Sums:
    """The sums of least squares; m regressors: T - 1 periods, the wanted ones, p covariates.

    outcomes, covariates  n x T and p x n x T, within units
    regressors            G x T x (m - p)
    rows                  the units of each cohort
    counts                G x T
    """

    cells: Cells
    cohort: IntArray
    regressors: FloatArray
    rows: tuple[IntArray, ...]
    counts: FloatArray
    outcomes: FloatArray
    covariates: FloatArray

    @classmethod
    def of(cls, cells: Cells, cohort: IntArray, regressors: FloatArray) -> _Sums:
        groups, width, _ = regressors.shape
        order = np.argsort(cohort, kind="stable")
        rows = np.split(order, np.cumsum(np.bincount(cohort, minlength=groups))[:-1])
        periods = np.broadcast_to(np.eye(width)[:, 1:], (groups, width, width - 1))
        return cls(
            cells=cells,
            cohort=cohort,
            regressors=np.concatenate([periods, regressors], axis=2),
            rows=tuple(rows),
            counts=np.array([cells.weights[here].sum(axis=0) for here in rows]),
            outcomes=cells.within(cells.outcomes),
            covariates=np.array([cells.within(each) for each in cells.covariates]).reshape(
                cells.covariates.shape
            ),
        )

    @property
    def width(self) -> int:
        """Number of periods."""
        return int(self.regressors.shape[1])

    def normal(self) -> FloatArray:
        """m x m sums of products, within units."""
        weights = self.cells.weights
        own = sum(
            z.T @ (np.diag(count) - self._paired(here)) @ z
            for z, count, here in zip(self.regressors, self.counts, self.rows, strict=True)
        )
        across = np.array([self._by_cohort(each) for each in self.covariates]).reshape(
            len(self.covariates), len(own)
        )
        rooted = (np.sqrt(weights) * self.covariates).reshape(len(self.covariates), weights.size)
        return np.block([[own, across.T], [across, gram(rooted)]])

    def original(self) -> FloatArray:
        """m sums of squares, of covariates round their means."""
        weights = self.cells.weights
        squares = []
        for each in self.cells.covariates:
            mean = (weights * each).sum() / weights.sum()
            squares.append(float((weights * (each - mean) ** 2).sum()))
        return np.concatenate([np.einsum("gt,gtm->m", self.counts, self.regressors**2), squares])

    def products(self, values: FloatArray) -> FloatArray:
        """m sums of products with `values` (n x T, within units)."""
        weighted = self.cells.weights * values
        covariates = np.einsum("pnt,nt->p", self.covariates, weighted)
        return np.concatenate([self._by_cohort(values), covariates])

    def fitted(self, values: FloatArray) -> FloatArray:
        """n x T: what the m coefficients `values` fit, within units."""
        k = self.regressors.shape[2]
        by_cohort = self.regressors @ values[:k]
        if self.cells.complete:
            fitted: FloatArray = (by_cohort - by_cohort.mean(axis=1, keepdims=True))[self.cohort]
        else:
            fitted = self.cells.within(by_cohort[self.cohort])
        for value, each in zip(values[k:], self.covariates, strict=True):
            fitted += value * each
        return fitted

    def scores(self, solved: _Solved) -> FloatArray:
        """n x wanted: each unit's contribution to the coefficients."""
        k = self.regressors.shape[2]
        weighted = self.cells.weights * solved.residuals
        scores = np.empty((len(weighted), solved.influence.shape[1]))
        for z, here in zip(self.regressors, self.rows, strict=True):
            scores[here] = rows_times(weighted[here], z @ solved.influence[:k])
        scores += rows_times(np.einsum("pnt,nt->np", self.covariates, weighted), solved.influence[k:])
        return scores

    def heteroskedastic(self, solved: _Solved) -> FloatArray:
        """wanted x wanted: sum over cells of (weight x residual)^2 r r', r the cell's own influence."""
        k = self.regressors.shape[2]
        middle = np.zeros((solved.influence.shape[1],) * 2)
        for first in range(0, len(self.cohort), CHUNK):
            here = slice(first, first + CHUNK)
            cells = self.cells.part(here)
            own = np.moveaxis((self.regressors @ solved.influence[:k])[self.cohort[here]], 2, 0)
            own = np.array([cells.within(each) for each in own])
            own += np.einsum("pnt,pq->qnt", self.covariates[:, here], solved.influence[k:])
            rooted = (own * cells.weights * solved.residuals[here]).reshape(len(own), -1)
            middle += gram(rooted)
        return middle

    def _paired(self, here: IntArray) -> FloatArray:
        """T x T: sum over the units `here` of w w' / (w'1)."""
        weights = self.cells.weights[here]
        if self.cells.complete:
            return np.full((self.width, self.width), weights[:, 0].sum() / self.width)
        rooted = weights / np.sqrt(weights.sum(axis=1, keepdims=True))
        return gram(rooted.T)

    def _by_cohort(self, values: FloatArray) -> FloatArray:
        weighted = np.array([(self.cells.weights[here] * values[here]).sum(axis=0) for here in self.rows])
        sums: FloatArray = np.einsum("gt,gtm->m", weighted, self.regressors)
        return sums
