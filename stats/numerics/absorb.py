"""Taking categorical effects out of long columns without a dummy matrix.

A column's residual is what is left of it after (weighted) least squares on one dummy for each level of
each effect. Balanced panels have a closed form; of two effects the one with more levels is eliminated
and the other's normal equations (the Schur complement) are solved directly; more effects, or two very
large ones, are alternated by conjugate gradients on the symmetric sweep of group means
(Hernandez-Ramos, Escalante and Raydan 2011; Correia 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse.csgraph import connected_components

from stats.errors import EstimationError
from stats.numerics.products import gram
from stats.panel import FloatArray

IntArray = npt.NDArray[np.intp]

MOST_DIRECT = 2000
"""Levels of the smaller of two effects up to which its normal equations are factored (32 MB)."""
DENSE_FILL = 0.02
"""Share of present cells from which the table of two effects is held as a dense array."""
CONVERGED = 1e-13
"""Size of the conjugate gradients' residual, relative to its start, at which sweeping ends."""
MOST_SWEEPS = 10_000
REFINED = 1e-12
"""Group sums left after a direct solution, relative to those before, above which it is refined."""


class Absorber(Protocol):
    """A projection off effects (the constant among them)."""

    @property
    def rank(self) -> int:
        """Number of independent columns."""

    def residual(self, columns: FloatArray) -> FloatArray:
        """Of `columns` (k x n) what the effects leave."""


def compact(argument: str, labels: npt.ArrayLike) -> tuple[IntArray, int]:
    """Codes 0..G-1 in the order of the sorted labels, and G; labels are integers or text."""
    given = np.asarray(labels)
    if given.ndim != 1 or given.size == 0 or given.dtype.kind not in "iubUSO":
        raise EstimationError(argument, "must be one column of whole numbers or text")
    if given.dtype.kind in "iu":
        low, high = int(given.min()), int(given.max())
        if high - low < 4 * given.size + 1000:
            codes: IntArray = (given - low).astype(np.intp, copy=False)
            seen = np.zeros(high - low + 1, dtype=bool)
            seen[codes] = True
            return (codes, seen.size) if seen.all() else ((np.cumsum(seen) - 1)[codes], int(seen.sum()))
    try:
        levels, codes = np.unique(given, return_inverse=True)
    except TypeError as error:
        raise EstimationError(argument, f"has labels that cannot be ordered: {error}") from error
    return codes.astype(np.intp, copy=False), len(levels)


def absorber(codes: Sequence[IntArray], sizes: Sequence[int], weights: FloatArray | None = None) -> Absorber:
    """The projection for these `codes` (each n, 0..size-1, every level met) and `weights` (n, positive)."""
    if not codes:
        return _Nothing()
    if len(codes) == 1:
        return _Single(codes[0], sizes[0], weights)
    if len(codes) == 2:
        big, small = (0, 1) if sizes[0] >= sizes[1] else (1, 0)
        if in_rectangle(codes[0], codes[1], sizes[0], sizes[1]):
            table = None if weights is None else weights.reshape(sizes[0], sizes[1])
            if table is None or (table == table[:, :1]).all():
                return _Rectangle(sizes[0], sizes[1], None if table is None else table[:, 0])
        if sizes[small] <= MOST_DIRECT:
            return _Direct(codes[big], codes[small], sizes[big], sizes[small], weights)
    return _Alternating(tuple(codes), tuple(sizes), weights)


def in_rectangle(first: IntArray, second: IntArray, rows: int, columns: int) -> bool:
    """Whether the codes run through a complete rectangle, row by row."""
    if first.size != rows * columns:
        return False
    return bool(
        (first.reshape(rows, columns) == np.arange(rows)[:, None]).all()
        and (second.reshape(rows, columns) == np.arange(columns)).all()
    )


class _Nothing:
    rank = 0

    def residual(self, columns: FloatArray) -> FloatArray:
        return columns.copy()


@dataclass(frozen=True, eq=False)
class _Rectangle:
    """Units x periods, all present, weights (if any) by unit: means by unit and by period suffice."""

    rows: int
    width: int
    weights: FloatArray | None

    @property
    def rank(self) -> int:
        return self.rows + self.width - 1

    def residual(self, columns: FloatArray) -> FloatArray:
        table = columns.reshape(len(columns), self.rows, self.width)
        left = table - table.mean(axis=2, keepdims=True)
        if self.weights is None:
            left -= left.mean(axis=1, keepdims=True)
        else:
            left -= np.einsum("i,ait->at", self.weights / self.weights.sum(), left)[:, None]
        flat: FloatArray = left.reshape(columns.shape)
        return flat


@dataclass(frozen=True, eq=False)
class _Single:
    codes: IntArray
    size: int
    weights: FloatArray | None

    @property
    def rank(self) -> int:
        return self.size

    @cached_property
    def totals(self) -> FloatArray:
        totals: FloatArray = np.bincount(self.codes, self.weights, self.size).astype(np.float64)
        return totals

    def residual(self, columns: FloatArray) -> FloatArray:
        left = np.empty_like(columns)
        for column, rest in zip(columns, left, strict=True):
            # Twice: the second pass takes away the rounding of large means.
            np.subtract(column, self._means(column)[self.codes], out=rest)
            rest -= self._means(rest)[self.codes]
        return left

    def _means(self, column: FloatArray) -> FloatArray:
        means: FloatArray = _sums(self.codes, column, self.weights, self.size) / self.totals
        return means


class _Direct:
    """Two effects; `table` (big x small) holds the weight of each pair of levels.

    It is sparse also where few cells are empty: products with it add in one order, BLAS' do not.
    """

    def __init__(
        self, big: IntArray, small: IntArray, rows: int, width: int, weights: FloatArray | None
    ) -> None:
        self.big, self.small, self.rows, self.width, self.weights = big, small, rows, width, weights
        self.totals = np.bincount(big, weights, rows).astype(np.float64)
        if rows * width * DENSE_FILL <= len(big):
            flat = np.bincount(big * width + small, weights, rows * width).astype(np.float64)
            dense = flat.reshape(rows, width)
            self.table = sparse.csr_array(dense)
            dense = dense / np.sqrt(self.totals)[:, None]
            linked = gram(dense.T)
        else:
            values = np.ones(len(big)) if weights is None else weights
            self.table = sparse.csr_array((values, (big, small)), shape=(rows, width))
            shares = sparse.csr_array(sparse.diags_array(1 / self.totals) @ self.table)
            linked = sparse.csr_array(self.table.T @ shares).toarray()
        normal = np.diag(np.bincount(small, weights, width)) - linked
        groups, group = connected_components((linked > 0).astype(np.float64), directed=False)
        # One level of each linked group of levels is the group's zero.
        self.free = np.setdiff1d(np.arange(width), np.unique(group, return_index=True)[1])
        self.factor = cho_factor(normal[np.ix_(self.free, self.free)]) if len(self.free) else None
        self.rank = rows + width - int(groups)

    def residual(self, columns: FloatArray) -> FloatArray:
        left = columns.copy()
        for column in left:
            before = self._take_out(column)
            if before > 0 and self._small_sums(column) > REFINED * before:
                self._take_out(column)
        return left

    def _take_out(self, column: FloatArray) -> float:
        by_big = _sums(self.big, column, self.weights, self.rows)
        by_small = _sums(self.small, column, self.weights, self.width)
        effects = np.zeros(self.width)
        if self.factor is not None:
            right = by_small - self.table.T @ (by_big / self.totals)
            effects[self.free] = cho_solve(self.factor, right[self.free])
        column -= effects[self.small]
        column -= ((by_big - self.table @ effects) / self.totals)[self.big]
        return float(np.abs(by_small).sum() + np.abs(by_big).sum())

    def _small_sums(self, column: FloatArray) -> float:
        return float(np.abs(_sums(self.small, column, self.weights, self.width)).sum())


class _Alternating:
    def __init__(
        self, codes: tuple[IntArray, ...], sizes: tuple[int, ...], weights: FloatArray | None
    ) -> None:
        self.steps = [_Single(each, size, weights) for each, size in zip(codes, sizes, strict=True)]
        self.weights = np.ones(len(codes[0])) if weights is None else weights
        # The conventional count: exact for effects that are linked and not nested.
        self.rank = sum(sizes) - len(sizes) + 1

    def residual(self, columns: FloatArray) -> FloatArray:
        return np.array([self._projected(column) for column in columns]).reshape(columns.shape)

    def _sweep(self, column: FloatArray) -> FloatArray:
        left = column
        for step in (*self.steps, *self.steps[-2::-1]):
            left = left - step._means(left)[step.codes]
        return left

    def _projected(self, column: FloatArray) -> FloatArray:
        """Conjugate gradients for (I - S) e = (I - S) column with the sweep S: column - e is left."""
        rest = column - self._sweep(column)
        direction, fitted = rest, np.zeros_like(column)
        size = start = self._inner(rest, rest)
        for _ in range(MOST_SWEEPS):
            if size <= CONVERGED**2 * start or start == 0:
                return self._sweep(column - fitted)
            moved = direction - self._sweep(direction)
            step = size / self._inner(direction, moved)
            fitted = fitted + step * direction
            rest = rest - step * moved
            size, before = self._inner(rest, rest), size
            direction = rest + size / before * direction
        raise EstimationError("effects", f"could not be taken out in {MOST_SWEEPS} sweeps")

    def _inner(self, left: FloatArray, right: FloatArray) -> float:
        # Not a BLAS dot product, whose order of summation depends on the number of threads.
        return float((self.weights * left * right).sum())


def _sums(codes: IntArray, column: FloatArray, weights: FloatArray | None, size: int) -> FloatArray:
    return np.bincount(codes, column if weights is None else weights * column, size).astype(np.float64)
