"""From a relaxation to a plan: what is nearly chosen is chosen, and the rest follows it, step by step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.cuts.buildings import Buildings
    from planner.siting.programme.hot import LpAnswer

__all__ = ["dive"]

NEARLY = 0.9
"""From here on bundles are chosen together, besides the one chosen most."""

TURNS_BACK, FAR_TURNS_BACK, FAR = 4, 15, 0.02
"""How often a choice that leads nowhere is turned into its opposite; more often while no plan in hand is near what is promised,
by this part of it."""

ROUNDS, FINE = 2, 1e-5
"""Rounds of cuts at each step, and by what part of the bound they have to cut something off."""


def dive(
    buildings: Buildings, lower: NDArray[np.float64], upper: NDArray[np.float64], target: float, ends: float
) -> LpAnswer | None:
    """Return a point with whole bundles within bounds, whose value cuts may still lower; None where none above ``target`` was met."""
    lower, upper = lower.copy(), upper.copy()
    bundles = buildings.bundles()
    turned, turns, last = 0, TURNS_BACK, None
    while time.perf_counter() < ends:
        buildings.bind(lower, upper)
        answer = buildings.settle(ROUNDS, target, ends - time.perf_counter(), fine=FINE)
        if answer is None or answer.value <= target:
            if last is None or turned >= turns:
                return None
            lower, upper, column = last
            upper[column], last = 0.0, None
            turned += 1
            continue
        if not len(buildings.undecided(answer.point)):
            return answer
        turns = FAR_TURNS_BACK if answer.value - target > FAR * abs(answer.value) else TURNS_BACK
        open_to = bundles[(lower[bundles] < 0.5) & (upper[bundles] > 0.5) & (answer.point[bundles] > 0.0)]
        if not len(open_to):
            return None
        value = answer.point[open_to]
        most = int(open_to[np.argmax(value)])
        last = (lower.copy(), upper.copy(), most)
        lower[open_to[value >= NEARLY]] = 1.0
        lower[most] = 1.0
    return None
