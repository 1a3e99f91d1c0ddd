"""Terms of one service in a siting model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from planner.library.matrix import TravelTimeMatrix


@dataclass(frozen=True, eq=False)
class ServiceTerms:
    """One service of a model, by position of origins and destinations."""

    name: str
    times: TravelTimeMatrix
    circles: tuple[tuple[float, float], ...]
    """Minutes and weight, ascending in minutes."""
    heads: NDArray[np.float64]
    need: NDArray[np.float64]
    capital_cost: NDArray[np.float64]
    yearly_cost: NDArray[np.float64]
    area_m2: float
    capacity: NDArray[np.float64]
    existing: NDArray[np.bool_]
    at: NDArray[np.bool_] | None
    min_openings: int
    max_openings: int | None
