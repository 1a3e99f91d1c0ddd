"""Pseudocosts for branching (Achterberg, Koch and Martin 2005)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.siting.arrays import BoolArray, FloatArray, IntArray


RELIABLE = 1
"""Number of observations from which a pseudocost is reliable."""


@dataclass(slots=True, eq=False)
class Pseudocosts:
    """Bound decrease per unit of distance of past branchings: sums and counts by side and column."""

    total: FloatArray
    count: IntArray

    def update(self, observed: list[tuple[int, int, float]]) -> None:
        """Add observations: side, column, loss per unit."""
        for side, column, loss in observed:
            self.total[side, column] += loss
            self.count[side, column] += 1

    def reliable(self, columns: IntArray) -> BoolArray:
        """Return bool: whether both sides of each column have enough observations."""
        return np.asarray(self.count[:, columns].min(axis=0) >= RELIABLE)

    def score(self, columns: IntArray, values: FloatArray) -> FloatArray:
        """Return the product of the estimated losses of both children of each branching."""
        down = values - np.floor(values)
        mean = self.total.sum(axis=1) / np.maximum(self.count.sum(axis=1), 1)
        mean[mean == 0] = 1.0
        observed = self.count[:, columns]
        each = np.where(observed > 0, self.total[:, columns] / np.maximum(observed, 1), mean[:, None])
        return np.asarray((each[0] * down) * (each[1] * (1 - down)))
