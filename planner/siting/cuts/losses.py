"""What divisions of the tree did before, and what they therefore promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Losses"]

RELIABLE = 1
"""From how many times on what is known of a division is relied on."""


@dataclass(slots=True, eq=False)
class Losses:
    """What divisions have lowered bounds by, per unit of distance: sums and counts by side and column."""

    total: NDArray[np.float64]
    count: NDArray[np.int64]

    def learn(self, seen: list[tuple[int, int, float]]) -> None:
        """Take over what was seen: side, column, loss per unit."""
        for side, column, loss in seen:
            self.total[side, column] += loss
            self.count[side, column] += 1

    def known(self, columns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return bool: whether enough is known of each column."""
        return np.asarray(self.count[:, columns].min(axis=0) >= RELIABLE)

    def promise(self, columns: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much each division promises: the product of what both halves lose."""
        down = values - np.floor(values)
        mean = self.total.sum(axis=1) / np.maximum(self.count.sum(axis=1), 1)
        mean[mean == 0] = 1.0
        seen = self.count[:, columns]
        each = np.where(seen > 0, self.total[:, columns] / np.maximum(seen, 1), mean[:, None])
        return np.asarray((each[0] * down) * (each[1] * (1 - down)))
