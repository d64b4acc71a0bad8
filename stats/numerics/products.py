"""Products of long, thin matrices, in blocks that BLAS multiplies on one thread.

A threaded product of few columns waits longer for its threads than it computes, badly so on a busy
machine, and its last bits may depend on how many there are; added block by block, they cannot.
"""

from __future__ import annotations

import numpy as np

from stats.panel import FloatArray

ON_ONE_THREAD = 2**17
"""Multiplications up to which BLAS stays on one thread (OpenBLAS: 2^18)."""
WIDE = 128
"""Columns from which threads are worth their while."""


def gram(columns: FloatArray) -> FloatArray:
    """columns @ columns.T for k x n with n much larger than k."""
    k, n = columns.shape
    if k >= WIDE or n * k * k <= ON_ONE_THREAD:
        return columns @ columns.T
    block = max(1, ON_ONE_THREAD // (k * k))
    total = np.zeros((k, k))
    for first in range(0, n, block):
        part = columns[:, first : first + block]
        total += part @ part.T
    return total


def rows_times(rows: FloatArray, factor: FloatArray) -> FloatArray:
    """rows @ factor for n x k and k x q with n much larger than both."""
    (n, k), q = rows.shape, factor.shape[1]
    if max(k, q) >= WIDE or n * k * q <= ON_ONE_THREAD:
        return rows @ factor
    block = max(1, ON_ONE_THREAD // (k * max(q, 1)))
    result = np.empty((n, q))
    for first in range(0, n, block):
        np.matmul(rows[first : first + block], factor, out=result[first : first + block])
    return result
