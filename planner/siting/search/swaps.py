"""The search by swaps beside the tree, for large problems that only ask how many: plans where the tree brings bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.siting.bare.pure import restricted
from planner.siting.bare.restarts import Restarts
from planner.siting.bare.units import coverage_question, find_units
from planner.siting.counting.evaluate import count
from planner.siting.cuts.part import Candidate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.bare.pure import Pure
    from planner.siting.bare.units import Units
    from planner.siting.question.problem import SitingProblem

__all__ = ["Swaps"]


class Swaps:
    """Searches by swaps of one problem of coverage, with restarts; it ends by count and gives equal plans every time."""

    def __init__(self, problem: SitingProblem, units: Units, pure: Pure, search: Restarts) -> None:
        self._problem = problem
        self._units = units
        self._pure = pure
        self._search = search
        self._free = np.setdiff1d(np.arange(units.count), units.forced)
        self._taken: Candidate | None = None

    @staticmethod
    def on(problem: SitingProblem, seed: int, left: Callable[[], bool]) -> Swaps | None:
        """Return the search; None where the problem asks for more than how many. ``left`` says whether time is left."""
        units = find_units(problem)
        if units is None or problem.goals[0].kind != "coverage":
            return None
        whole, _ = coverage_question(problem, units)
        pure, _ = restricted(whole, units.forced, np.setdiff1d(np.arange(units.count), units.forced))
        return Swaps(problem, units, pure, Restarts(pure, seed, left))

    def turn(self) -> None:
        """Search on for a counted while."""
        self._search.turn()

    def take(self, plan: Candidate | None) -> None:
        """Go on from a plan found elsewhere, where it opens as many units as may open."""
        if plan is None or plan is self._taken:
            return
        self._taken = plan
        opened = np.isin(self._units.bundle, self._bundles_of(plan.states[-1]))
        chosen = np.flatnonzero(opened[self._free])
        if len(chosen) == self._pure.most:
            self._search.take(chosen)

    def best(self) -> Candidate:
        """Return the best plan so far, counted anew."""
        offers = self._units.offers(np.concatenate([self._units.forced, self._free[self._search.chosen]]))
        return Candidate((offers,), count(self._problem, offers).worth)

    def _bundles_of(self, offers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the bundles of which everything is open."""
        table = self._units.bundles.offer
        inside = (table < 0) | np.isin(table, offers)
        return np.flatnonzero(inside.all(axis=1))
