"""Least squares on long columns with any number of absorbed effects, weights and clusters.

The general form behind the panel estimators: repeated cross-sections, unbalanced panels, treatments
that switch off, several effects. Conventions of small-sample factors, degrees of freedom and clusters
in several dimensions are those of the R package fixest, so that figures can be held against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from stats.arguments import checked_arguments
from stats.errors import EstimationError
from stats.numerics.absorb import IntArray, absorber, compact, in_rectangle
from stats.numerics.coefficients import Coefficients
from stats.numerics.collinear import Collinear, independent, inverse
from stats.numerics.columns import Columns
from stats.numerics.products import gram
from stats.numerics.sandwich import (
    RowErrors,
    SmallSample,
    clustered_meat,
    effects_counted,
    without_negative,
)
from stats.panel import BoolArray, FloatArray

ROUNDING_LEFT = 1e-13
"""Size of residuals relative to the outcome's at which they are rounding."""

ALONE = 1e-10
"""What is left of 1 - leverage where a row alone fixes a coefficient."""


@dataclass(frozen=True, eq=False)
class LongForm:
    """A regression on long columns.

    coefficients  of the regressors that were kept, with their covariance
    residuals     n kept rows, unweighted
    rows          n kept rows: which row of the input each was
    dropped       names of regressors left out as collinear
    parameters    K of the small-sample factor
    clusters      number of clusters in each dimension
    """

    coefficients: Coefficients
    residuals: FloatArray
    rows: IntArray
    dropped: tuple[str, ...]
    parameters: int
    clusters: tuple[int, ...]


@checked_arguments
def long_form(
    outcome: npt.ArrayLike,
    regressors: npt.ArrayLike,
    effects: Sequence[npt.ArrayLike] = (),
    *,
    names: Sequence[str] | None = None,
    weights: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | Sequence[npt.ArrayLike] | None = None,
    errors: RowErrors | None = None,
    small_sample: SmallSample | None = None,
    singletons: Literal["keep", "drop"] = "keep",
    collinear: Collinear = "refuse",
) -> LongForm:
    """Least squares of `outcome` (n) on `regressors` (n x k, or n) and the levels of each of `effects` (n).

    No constant is added: without effects, give one among the regressors.
    weights       n, positive: inverse variances; also scores are weighted by them
    clusters      n labels, or several such columns for clusters in several dimensions (Cameron, Gelbach
                  and Miller 2011, negative eigenvalues set to zero)
    errors        "cluster" (the default with clusters), "hc1" (default without), "iid"; "hc2" and "hc3"
                  divide squared residuals by 1 - leverage and its square (MacKinnon and White 1985),
                  without effects or with one, and without a small-sample factor
    singletons    "drop": rows that alone have some level of an effect are left out, again and again
    collinear     "drop": a regressor that the effects and those before it explain is left out

    Refused, with the argument named: wrong shapes, NaN and infinities (with the row), an outcome that
    does not vary, collinear regressors, non-positive weights, one cluster, more parameters than rows.
    """
    columns = Columns.of(outcome, regressors, names, weights)
    codes = [compact(f"effects.{place}", each) for place, each in enumerate(effects)]
    groups = [compact("clusters", each) for each in _several(clusters)]
    for argument, each in [*(("effects", c) for c in codes), *(("clusters", g) for g in groups)]:
        if len(each[0]) != columns.size:
            raise EstimationError(argument, f"has {len(each[0])} rows, the outcome {columns.size}")
    rows = np.arange(columns.size)
    if singletons == "drop" and codes:
        rows = _without_singletons(codes)
        if len(rows) == 0:
            raise EstimationError("effects", "every row is alone in some level of an effect")
    if len(codes) == 2 and len(rows) == columns.size:
        rows = _row_by_row(codes, rows)
    if len(rows) != columns.size or rows[0] != 0 or (np.diff(rows) != 1).any():
        columns = columns.take(rows)
        codes = [compact("effects", each[rows]) for each, _ in codes]
        groups = [compact("clusters", each[rows]) for each, _ in groups]
    kind = errors or ("cluster" if groups else "hc1")
    if (kind == "cluster") != bool(groups):
        raise EstimationError("clusters", f"do not go with errors={kind!r}")
    fitted = _Fitted.of(columns, codes, collinear)
    return _finished(fitted, codes, groups, kind, small_sample or SmallSample(), rows)


@dataclass(frozen=True, eq=False)
class _Fitted:
    """In coordinates scaled by root weights: design k x n, residuals n, bread k x k."""

    columns: Columns
    design: FloatArray
    residuals: FloatArray
    bread: FloatArray
    values: FloatArray
    kept: BoolArray
    rank: int
    exact: bool

    @classmethod
    def of(cls, columns: Columns, codes: list[tuple[IntArray, int]], collinear: Collinear) -> _Fitted:
        projection = absorber([each for each, _ in codes], [size for _, size in codes], columns.weights)
        stacked = np.vstack([columns.regressors, columns.outcome])
        if codes:
            # Effects hold the constant; without it, rounding of large levels does not come in.
            stacked -= stacked.mean(axis=1, keepdims=True)
        root = 1.0 if columns.weights is None else np.sqrt(columns.weights)
        before = ((stacked[:-1] * root) ** 2).sum(axis=1)
        left = projection.residual(stacked)
        left *= root
        products = gram(left)
        kept = independent(products[:-1, :-1], before, columns.names, collinear)
        if kept.sum() + projection.rank > columns.size:
            raise EstimationError("regressors", "more parameters than observations")
        chosen = np.flatnonzero(kept)
        design = left[:-1] if kept.all() else left[chosen]
        bread = inverse(products[np.ix_(chosen, chosen)])
        values = bread @ products[chosen, -1]
        residuals = left[-1] - _combined(values, design)
        # A second step takes away what the normal equations lose where regressors are nearly collinear.
        more = bread @ (design * residuals).sum(axis=1)
        residuals -= _combined(more, design)
        outcome = columns.outcome * root
        exact = float((residuals**2).sum()) <= ROUNDING_LEFT**2 * float((outcome**2).sum())
        return cls(columns, design, residuals, bread, values + more, kept, projection.rank, exact)


def _roots_left(fitted: _Fitted, codes: list[tuple[IntArray, int]], kind: RowErrors) -> FloatArray | float:
    """What residuals are divided by: (1 - leverage)^(1/2) for HC2, 1 - leverage for HC3, else 1."""
    if kind not in ("hc2", "hc3"):
        return 1.0
    if len(codes) > 1:
        raise EstimationError("errors", f"{kind} needs each row's leverage, which several effects hide")
    leverage = (fitted.design * (fitted.bread @ fitted.design)).sum(axis=0)
    if codes:
        (level, size), weights = codes[0], fitted.columns.weights
        own = np.ones(len(level)) if weights is None else weights
        leverage += own / np.bincount(level, own, size)[level]
    left: FloatArray = 1 - leverage
    if left.min() < ALONE:
        raise EstimationError("errors", f"row {int(left.argmin())} alone fixes a coefficient: no {kind}")
    if kind == "hc2":
        left = np.sqrt(left)
    return left


def _finished(
    fitted: _Fitted,
    codes: list[tuple[IntArray, int]],
    groups: list[tuple[IntArray, int]],
    kind: RowErrors,
    small: SmallSample,
    rows: IntArray,
) -> LongForm:
    n, k = fitted.columns.size, len(fitted.values)
    parameters = k + effects_counted(codes, [each for each, _ in groups], small)
    if parameters >= n and not fitted.exact:
        raise EstimationError("small_sample", f"counts {parameters} parameters of {n} observations")
    if groups and min(size for _, size in groups) < 2:
        raise EstimationError("clusters", "at least two are needed")
    plain = fitted.bread * float((fitted.residuals**2).sum()) / n
    dof, covariance = n - parameters, plain
    if kind != "iid":
        scores = fitted.design * (fitted.residuals / _roots_left(fitted, codes, kind))
        meat = clustered_meat(scores, groups, small) if groups else gram(scores)
        covariance = fitted.bread @ meat @ fitted.bread
    if groups:
        dof = min(size for _, size in groups) - 1
        covariance = without_negative(covariance)
    columns = fitted.columns
    names = tuple(name for name, kept in zip(columns.names, fitted.kept, strict=True) if kept)
    root = 1.0 if columns.weights is None else np.sqrt(columns.weights)
    return LongForm(
        coefficients=Coefficients(
            names=names,
            values=fitted.values,
            covariance=covariance * small.factor(kind, n, parameters),
            dof=float(dof),
            method=kind,
            observations=n,
            plain=plain,
            exact=fitted.exact,
        ),
        residuals=fitted.residuals / root,
        rows=rows,
        dropped=tuple(name for name in columns.names if name not in names),
        parameters=parameters,
        clusters=tuple(size for _, size in groups),
    )


def _combined(values: FloatArray, design: FloatArray) -> FloatArray:
    combined: FloatArray = np.einsum("a,ai->i", values, design)
    return combined


def _without_singletons(codes: list[tuple[IntArray, int]]) -> IntArray:
    rows = np.arange(len(codes[0][0]))
    while True:
        alone = np.zeros(len(rows), dtype=bool)
        for each, size in codes:
            here = each[rows]
            alone |= np.bincount(here, minlength=size)[here] == 1
        if not alone.any():
            return rows
        rows = rows[~alone]


def _row_by_row(codes: list[tuple[IntArray, int]], rows: IntArray) -> IntArray:
    """The order in which a complete rectangle in another order runs row by row; else as it was."""
    (first, height), (second, width) = codes
    if len(rows) != height * width or in_rectangle(first, second, height, width):
        return rows
    cells = first * width + second
    order = np.full(len(rows), -1, dtype=np.intp)
    order[cells] = rows
    return order if (order >= 0).all() else rows


def _several(clusters: npt.ArrayLike | Sequence[npt.ArrayLike] | None) -> list[Any]:
    if clusters is None:
        return []
    if isinstance(clusters, (list, tuple)) and clusters and np.ndim(clusters[0]) == 1:
        return list(clusters)
    return [clusters]
