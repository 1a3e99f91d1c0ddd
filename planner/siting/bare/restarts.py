"""Searches by swaps that begin anew: from other plans, from what two plans share, from the best and from plans met elsewhere.

One search ends in a plan that no single swap makes better and from which its shakes do not lead away. Plans that began
elsewhere are nearly as good in other places, and what two good plans share is mostly right (path relinking: Resende and
Werneck 2004). Everything is counted, nothing is timed: equal questions have equal answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.siting.bare.swap import Search

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.bare.pure import Pure

__all__ = ["Restarts"]

KEPT = 6
"""How many plans are kept to begin with."""

SHAKES = 4
"""Shakes of each kind in one turn."""

ANYWHERE, AROUND = 80, 20
"""Swaps after a shake that closes and opens anywhere, and after one around one row."""


class Restarts:
    """Searches of one question: ``chosen`` int64[P] is the best plan so far, ``cost`` what it costs.

    ``still`` counts the turns since that was last made better.
    """

    def __init__(self, pure: Pure, seed: int, left: Callable[[], bool] = lambda: True) -> None:
        """Begin with a greedy plan made better by swaps; ``left`` says whether time is left for another shake."""
        self._left = left
        self._search = Search(pure, seed)
        self._search.run(2 * ANYWHERE)
        self._kept: list[tuple[float, NDArray[np.int64]]] = []
        self._turn = 0
        self.still = 0
        self.chosen, self.cost = self._search.chosen, self._search.cost
        self._keep(self._search)

    def turn(self) -> bool:
        """Search on, from the best plan, from another beginning, from what two plans share; say whether that made a better plan."""
        kinds = (self._best, self._other, self._best, self._between)
        search = kinds[self._turn % len(kinds)]()
        for shake in range(SHAKES):
            if not self._left():
                break
            search.run(AROUND, 2 + (self._turn + 3 * shake) % 8, near=True)
            search.run(ANYWHERE, 2 + (self._turn + 3 * shake) % 8)
        self._turn += 1
        better = self._keep(search)
        self.still = 0 if better else self.still + 1
        return better

    def take(self, chosen: NDArray[np.int64]) -> bool:
        """Make a plan from elsewhere better by swaps; say whether it is the best so far then."""
        search = self._search.again(chosen)
        if self._left():
            search.run(AROUND)
        else:
            search.run(0)
        better = self._keep(search)
        self.still = 0 if better else self.still
        return better

    def _best(self) -> Search:
        search = self._search.again(self.chosen)
        search.cost = self.cost
        return search

    def _other(self) -> Search:
        search = self._search.again()
        search.run(ANYWHERE)
        return search

    def _between(self) -> Search:
        """Return a search from what two kept plans share and some of what only one of them opens."""
        if len(self._kept) < 2:  # it takes two
            return self._other()
        first, second = (self._kept[one][1] for one in self._search.drawn(2, len(self._kept)).tolist())
        shared, apart = np.intersect1d(first, second), np.setxor1d(first, second)
        drawn = apart[self._search.drawn(len(first) - len(shared), len(apart))]
        search = self._search.again(np.concatenate([shared, drawn]))
        search.run(ANYWHERE)
        return search

    def _keep(self, search: Search) -> bool:
        """Keep a plan with the others, each once, the cheapest of them; say whether it is cheaper than all before."""
        better = search.cost < self.cost
        if better:
            self.chosen, self.cost = search.chosen, search.cost
        plan = np.sort(search.chosen)
        if not any(np.array_equal(plan, one) for _, one in self._kept):
            self._kept.append((search.cost, plan))
            self._kept.sort(key=lambda kept: kept[0])
            del self._kept[KEPT:]
        return better
