"""The bound at the root: cuts until the relaxation over buildings is that of the whole programme."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.cuts.buildings import Buildings
    from planner.siting.programme.hot import LpAnswer

__all__ = ["Root", "bound_at_root"]

COARSE, FINE = 1e-4, 1e-6
"""By what part of the bound, over all parts together, cuts have to cut off something, while there are such and after."""

BLEND = 0.5
"""How far the point that cuts are made at leans to the last answer, the rest to those of all before: that keeps answers from
leaping about (Ben-Ameur and Neto 2007)."""

SLOW, ROUNDS = 3e-6, 10
"""Relative step of the bound, over so many rounds of cuts, from which on it is taken to have arrived."""

STEP = 1e-5
"""Relative step of the bound below which cuts for places are not worth their time, so many times in a row (`STILL`)."""

STILL = 3

ZERO = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """The bound on every plan and what proves it.

    ``often`` float64[B] is how far (of 1) each bundle is chosen at the optimum of the relaxation, in the end; ``reach`` float64[B]
    the bound on every plan that chooses it. ``solved`` tells whether no cut was left that was worth its time.
    """

    bound: float
    often: NDArray[np.float64]
    reach: NDArray[np.float64]
    solved: bool


def bound_at_root(buildings: Buildings, *, seconds: float, told: Callable[[float], None]) -> Root | None:
    """Return the bound after at most about ``seconds``; None where not even the first programme was solved, or nothing is allowed.

    ``told`` is called with each better bound.
    """
    ends = time.perf_counter() + seconds
    best: Root | None = None
    core: NDArray[np.float64] | None = None
    bounds: list[float] = []
    last, still, solved = np.inf, 0, False
    while not solved:
        answer = buildings.solve(ends - time.perf_counter())
        if answer is None and buildings.infeasible:
            return None
        if answer is None:
            break
        if best is None or answer.value < best.bound:
            best = _root(buildings, answer)
            told(best.bound)
        if time.perf_counter() > ends:
            break
        core = answer.point if core is None else BLEND * core + (1 - BLEND) * answer.point
        at = BLEND * answer.point + (1 - BLEND) * core
        scale = abs(answer.value) / max(buildings.ground.theta.size, 1)
        bounds.append(answer.value)
        moves = len(bounds) <= ROUNDS or bounds[-1] < bounds[-1 - ROUNDS] - SLOW * abs(bounds[-1])
        if moves and (
            buildings.tighten(answer.point, COARSE * scale, at) or buildings.tighten(answer.point, FINE * scale)
        ):
            continue
        bounds = []
        still = 0 if answer.value < last - STEP * abs(answer.value) else still + 1
        last = min(last, answer.value)
        left = ends - time.perf_counter()
        fine = FINE * abs(answer.value)
        solved = still >= STILL or not (
            buildings.tighten_places(answer.point, fine, left, at) or buildings.tighten_places(answer.point, fine, left)
        )
    buildings.forget()
    return None if best is None else Root(best.bound, best.often, best.reach, solved)


def _root(buildings: Buildings, answer: LpAnswer) -> Root:
    z = buildings.ground.z[-1]
    chosen = answer.point[z]
    lost = np.where(chosen > ZERO, 0.0, np.minimum(answer.reduced_cost[z], 0.0))
    return Root(answer.value, np.clip(chosen, 0.0, 1.0), answer.value + lost, solved=False)
