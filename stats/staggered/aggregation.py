"""Summaries of group-time effects: over all, by time since the start, by cohort, by calendar period.

Section 3 of Callaway and Sant'Anna (2021). Cohorts count by their share among the treated, and that
these shares are estimated enters the standard errors. Every summary is linear in the influence
functions of effects and shares, so its own is a column of numbers over those.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from stats import reasons
from stats.arguments import checked_arguments
from stats.cohorts import IntArray
from stats.differences.doubly_robust import normal
from stats.errors import EstimationError
from stats.inference import Inference, silent, student_t
from stats.panel import BoolArray, FloatArray
from stats.staggered.group_time import METHOD, GroupTimeEffects
from stats.staggered.group_time_influence import Influence

SMALL_SAMPLE = "group_time_satterthwaite"
Kind = Literal["simple", "dynamic", "group", "calendar"]
ShareErrors = Literal["did", "exact"]


@dataclass(frozen=True, eq=False)
class Aggregation:
    """A summary: an overall effect, and (but for `simple`) M effects by `labels`.

    kind             simple, dynamic, group or calendar
    labels           int64, M: periods since the start; first treated columns; columns
    effects          float64, M, in the outcome's unit
    overall          the effect over all of them
    standard_errors  M, NaN where nothing varies (the universal base)
    overall_error    of `overall`
    treated          int64, M: clusters treated among what each effect averages; overall_treated: in all
    dofs             M, and overall_dof: Satterthwaite's degrees of freedom if all units were equally noisy
    loadings         q x M, and overall_loading q: their influence functions are influence.values() @ these
    """

    kind: Kind
    labels: IntArray
    effects: FloatArray
    overall: float
    standard_errors: FloatArray
    overall_error: float
    treated: IntArray
    overall_treated: int
    dofs: FloatArray
    overall_dof: float
    influence: Influence
    loadings: FloatArray
    overall_loading: FloatArray

    def inference(self, place: int | None = None, *, alpha: float, small_sample: bool = False) -> Inference:
        """Pointwise inference, for one effect or overall; silent for one treated cluster.

        Normal with the published errors, or for a `small_sample` t with `Influence.small_sample`'s and the
        fewer of its and `dofs` degrees of freedom: few treated may look alike by chance. Silent then where
        a cohort that is compared has one unit or cluster alone.
        """
        if (self.overall_treated if place is None else int(self.treated[place])) < 2:
            return silent(METHOD, alpha, reasons.one_treated_cluster())
        effect = self.overall if place is None else float(self.effects[place])
        if small_sample:
            loading = self.overall_loading if place is None else self.loadings[:, place]
            error, dof = self.influence.small_sample(loading)
            if np.isnan(error):
                return silent(SMALL_SAMPLE, alpha, reasons.few_treated())
            most = self.overall_dof if place is None else float(self.dofs[place])
            return student_t(effect, error, min(dof, most), alpha=alpha, method=SMALL_SAMPLE)
        error = self.overall_error if place is None else float(self.standard_errors[place])
        if np.isnan(error):
            return silent(METHOD, alpha, reasons.no_variation())
        return normal(effect, error, alpha=alpha, method=METHOD)


@checked_arguments
def aggregate(
    found: GroupTimeEffects,
    kind: Kind,
    *,
    balance: int | None = None,
    first: float = -np.inf,
    last: float = np.inf,
    skip_missing: bool = False,
    share_errors: ShareErrors = "exact",
) -> Aggregation:
    """The summary of this kind.

    simple     all cells after the start, cohorts by share
    dynamic    by time since the start; overall the plain mean from 0 on. With `balance` only cohorts
               seen at least that many periods after their start, up to that period; `first` and `last`
               cut the times since the start (`last` also for simple and group)
    group      plain mean over each cohort's treated periods; overall cohorts by share
    calendar   treated cohorts by share in each period; overall the plain mean over periods

    Missing cells are refused unless they are to be skipped.

    share_errors matters for the overall standard error of `group` alone. "exact" lets each cohort's
    estimated share move with that cohort's units, as the derivation says. "did" gives the figures of the R
    package did 2.1, where the k-th share moves with the cohort of the k-th cell: half a per cent smaller
    in published examples, more in small clustered samples.
    """
    cells = _Cells.of(found, skip_missing=skip_missing)
    if kind == "dynamic":
        return _dynamic(cells, balance, first, last)
    treated = (cells.since >= 0) & (cells.since <= last)
    if not treated.any():
        raise EstimationError("found", "no effect after the start is left to summarise")
    if kind == "simple":
        return _made(cells, kind, np.zeros(0, dtype=np.int64), [], cells.weighted(treated))
    if kind == "group":
        labels = np.unique(cells.groups[treated])
        parts = [cells.plain(treated & (cells.groups == label)) for label in labels]
        return _made(cells, kind, labels, parts, cells.by_share(labels, parts, share_errors))
    if kind == "calendar":
        treated = cells.since >= 0
        labels = np.unique(cells.periods[treated])
        parts = [cells.weighted(treated & (cells.periods == label)) for label in labels]
        return _made(cells, kind, labels, parts, _average(parts))
    raise EstimationError("kind", f"{kind!r} is none of simple, dynamic, group, calendar")


@dataclass(frozen=True, eq=False)
class _Summary:
    effect: float
    loading: FloatArray


@dataclass(frozen=True, eq=False)
class _Cells:
    """The cells in use, of K in all."""

    found: GroupTimeEffects
    used: BoolArray

    @classmethod
    def of(cls, found: GroupTimeEffects, *, skip_missing: bool) -> _Cells:
        if found.missing and not skip_missing:
            cell = min(found.missing)
            raise EstimationError(
                "found",
                f"the effect of cohort {found.groups[cell]} in period {found.periods[cell]} is missing"
                f" ({found.missing[cell].sentence_en}) and may be skipped only by choice",
            )
        return cls(found, found.computable)

    @property
    def groups(self) -> IntArray:
        return self.found.groups

    @property
    def periods(self) -> IntArray:
        return self.found.periods

    @property
    def since(self) -> FloatArray:
        """K: periods since the start; NaN for cells not in use, which no comparison then picks."""
        return np.where(self.used, self.periods - self.groups, np.nan)

    @property
    def _share(self) -> IntArray:
        return np.searchsorted(self.found.starts, self.groups)

    @cached_property
    def sizes(self) -> IntArray:
        """Clusters treated in each cohort."""
        starts = self.found.starts
        return np.array([self.found.treated_clusters(start[None]) for start in starts], dtype=np.int64)

    def treated_clusters(self, summary: _Summary) -> int:
        """How many clusters are treated in the cells that a summary averages."""
        return self.found.treated_clusters(self.groups[summary.loading[: len(self.groups)] != 0])

    def dof(self, summary: _Summary) -> float:
        """(sum of v)^2 / sum of v^2 / (m - 1), v = share^2 / m of cohorts of m clusters, 1 / m of others."""
        loading = summary.loading[: len(self.groups)]
        shares = np.bincount(self._share, weights=loading, minlength=len(self.sizes))
        used = np.bincount(self._share, weights=loading != 0, minlength=len(self.sizes)) > 0
        rest = self.found.influence.clusters_in_all - self.sizes[used].sum()
        sizes, shares = np.append(self.sizes[used], max(rest, 2)), np.append(shares[used], 1.0)
        if (sizes < 2).any():
            return 0.0
        variances = shares**2 / sizes
        return float(variances.sum() ** 2 / (variances**2 / (sizes - 1)).sum())

    def weighted(self, chosen: BoolArray) -> _Summary:
        """Mean of the chosen cells, each by its cohort's share; the shares are estimated too."""
        cells = np.flatnonzero(chosen)
        shares = self.found.shares[self._share[cells]]
        total = shares.sum()
        effect = float(shares @ self.found.effects[cells] / total)
        loading = np.zeros(self.found.influence.width)
        loading[cells] = shares / total
        shift = (self.found.effects[cells] - effect) / total
        np.add.at(loading, len(self.groups) + self._share[cells], shift)
        return _Summary(effect, loading)

    def plain(self, chosen: BoolArray) -> _Summary:
        """Mean of the chosen cells, all alike."""
        cells = np.flatnonzero(chosen)
        loading = np.zeros(self.found.influence.width)
        loading[cells] = 1 / len(cells)
        return _Summary(float(np.mean(self.found.effects[cells])), loading)

    def by_share(self, labels: IntArray, parts: list[_Summary], share_errors: ShareErrors) -> _Summary:
        """Mean of one summary for each cohort of `labels`, by share."""
        place = np.searchsorted(self.found.starts, labels)
        shares = self.found.shares[place]
        effects = np.array([part.effect for part in parts])
        effect = float(shares @ effects / shares.sum())
        loading = np.array([part.loading for part in parts]).T @ (shares / shares.sum())
        shift = (effects - effect) / shares.sum()
        standing = place
        if share_errors == "did":
            standing = np.searchsorted(self.found.starts, self.groups[self.used][: len(place)])
        np.add.at(loading, len(self.groups) + standing, shift)
        loading[-1] += shift @ (self.found.shares[standing] - self.found.shares[place])
        return _Summary(effect, loading)


def _dynamic(cells: _Cells, balance: int | None, first: float, last: float) -> Aggregation:
    chosen = cells.used.copy()
    if balance is not None:
        chosen &= cells.found.width - 1 - cells.groups >= balance
        first = max(first, balance - cells.found.width + 1 + int(cells.periods.min()))
        last = min(last, balance)
    chosen &= (cells.since >= first) & (cells.since <= last)
    times = np.unique(cells.since[chosen]).astype(np.int64)
    if not (times >= 0).any():
        raise EstimationError("found", "no effect from the start on is left to summarise")
    parts = [cells.weighted(chosen & (cells.since == time)) for time in times]
    after = [part for part, time in zip(parts, times, strict=True) if time >= 0]
    return _made(cells, "dynamic", times, parts, _average(after))


def _average(parts: list[_Summary]) -> _Summary:
    effects, loadings = [part.effect for part in parts], [part.loading for part in parts]
    return _Summary(float(np.mean(effects)), np.mean(loadings, axis=0))


def _made(
    cells: _Cells, kind: Kind, labels: IntArray, parts: list[_Summary], overall: _Summary
) -> Aggregation:
    influence = cells.found.influence
    loadings = np.array([part.loading for part in parts]).reshape(len(parts), influence.width).T
    return Aggregation(
        kind=kind,
        labels=labels,
        effects=np.array([part.effect for part in parts]),
        overall=overall.effect,
        standard_errors=_errors(influence, loadings),
        overall_error=float(_errors(influence, overall.loading[:, None])[0]),
        treated=np.array([cells.treated_clusters(part) for part in parts], dtype=np.int64),
        overall_treated=cells.treated_clusters(overall),
        dofs=np.array([cells.dof(part) for part in parts]),
        overall_dof=cells.dof(overall),
        influence=influence,
        loadings=loadings,
        overall_loading=overall.loading,
    )


def _errors(influence: Influence, loadings: FloatArray) -> FloatArray:
    variances = np.einsum("qm,qm->m", loadings, influence.covariance @ loadings)
    errors = np.sqrt(variances.clip(min=0.0))
    return np.where(errors > 0, errors, np.nan)
