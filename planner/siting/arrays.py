"""Array types, and array operations that numpy has no name for."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]


def ranges(starts: IntArray, size: IntArray) -> IntArray:
    """Return ``start … start + size`` of every range, end to end."""
    before = np.cumsum(size) - size
    return np.repeat(starts - before, size) + np.arange(int(size.sum()))


def sums_by(label: NDArray[np.integer], amount: FloatArray, count: int) -> FloatArray:
    """Return float64[count]: the sum of ``amount`` for each label."""
    return np.bincount(label, weights=amount, minlength=count).astype(np.float64)


def set_sums(members: IntArray, starts: IntArray, n_marks: int) -> NDArray[np.uint64]:
    """Return uint64[., 2]: the sum of two random 64-bit numbers per member over each run; equal sets, equal sums."""
    marks = np.random.default_rng(0).integers(0, 2**64, size=(2, max(n_marks, 1)), dtype=np.uint64)
    return np.stack([np.add.reduceat(mark[members], starts) for mark in marks], axis=1)
