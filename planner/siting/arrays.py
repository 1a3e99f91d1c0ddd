"""Three array steps that numpy has no name for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ranges", "set_sums", "sums_by"]


def ranges(starts: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``start … start + size`` of every range, end to end."""
    before = np.cumsum(size) - size
    return np.repeat(starts - before, size) + np.arange(int(size.sum()))


def sums_by(label: NDArray[np.integer], amount: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return float64[count]: the sum of ``amount`` for each label."""
    return np.bincount(label, weights=amount, minlength=count).astype(np.float64)


def set_sums(members: NDArray[np.int64], starts: NDArray[np.int64], n_marks: int) -> NDArray[np.uint64]:
    """Return uint64[., 2]: the sum of two random 64-bit numbers per member over each run; equal sets, equal sums."""
    marks = np.random.default_rng(0).integers(0, 2**64, size=(2, max(n_marks, 1)), dtype=np.uint64)
    return np.stack([np.add.reduceat(mark[members], starts) for mark in marks], axis=1)
