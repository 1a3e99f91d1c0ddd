"""Branch and cut over buildings: the part with the highest bound is looked at next and divided.

Several parts are looked at side by side, each by a programme of its own; what they find is taken over in a fixed order, so that
equal questions have equal answers.
"""

from __future__ import annotations

import heapq
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.cuts.losses import Losses
from planner.siting.cuts.part import Candidate, Part, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.cuts.buildings import Buildings
    from planner.siting.cuts.part import Visit

__all__ = ["Search", "Tree"]

DIVE_EVERY = 5
"""From one of so many parts a plan is dived for."""


class Tree:
    """One or more programmes over the same buildings, with the cuts they find and what their divisions did.

    Attributes
    ----------
    workers
        The programmes; as many parts are looked at side by side.
    """

    def __init__(self, workers: list[Buildings]) -> None:
        self.workers = workers
        columns = workers[0].ground.model.n_columns
        self.losses = Losses(np.zeros((2, columns)), np.zeros((2, columns), dtype=np.int64))


class Search:
    """One search of a tree for plans worth more than what is in hand, and for what no plan is worth more than.

    Parameters
    ----------
    tree
        What is searched; searches of one tree take turns.
    gap
        Parts whose bound is within this part of the best plan's worth are not looked at further.
    least
        The worth of a plan in hand; minus infinity for none.
    closed
        Columns kept at zero throughout: the answer then speaks of the plans without them.
    dive_every
        From one of so many parts a plan is dived for.
    judge
        Told a plan before it counts; returns what it is worth, None where it breaks a rule.

    Attributes
    ----------
    best : Candidate or None
        The best plan that the search met itself.
    nodes
        At how many parts it has looked.
    """

    def __init__(
        self,
        tree: Tree,
        *,
        gap: float,
        least: float = -np.inf,
        closed: NDArray[np.int64] | None = None,
        dive_every: int = DIVE_EVERY,
        judge: Callable[[Candidate], float | None] | None = None,
    ) -> None:
        self._tree = tree
        self._gap = gap
        self._dive_every = dive_every
        self._judge = judge
        model = tree.workers[0].ground.model
        self._lower, self._upper = model.lower, model.upper.copy()
        if closed is not None:
            self._upper[closed] = 0.0
        self._worth = least
        self.best: Candidate | None = None
        self.nodes = 0
        self._let_go = -np.inf
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Part]] = []
        self._push(Part.whole())

    @property
    def over(self) -> bool:
        """Whether nothing is left to look at."""
        return not self._heap

    @property
    def bound(self) -> float:
        """What no plan is worth more than."""
        left = [part.bound for _, _, part in self._heap[:1]]
        return max([self._worth, self._let_go, *left])

    def know(self, worth: float) -> None:
        """Take over the worth of a plan found elsewhere."""
        self._worth = max(self._worth, worth)

    def run(self, ends: float, parts: float = np.inf, told: Callable[[], None] | None = None) -> None:
        """Look at up to so many more parts, until nothing is left or the clock stands at ``ends``; ``told`` is called now and then."""
        workers, stop = self._tree.workers, self.nodes + parts
        with ThreadPoolExecutor(len(workers)) as pool:
            while self.nodes < stop and time.perf_counter() < ends:
                taken = self._take(len(workers))
                if not taken:
                    break
                visitors = [Visitor(one, self._tree.losses, self._target(), ends) for one in workers]
                dives = [(self.nodes + position) % self._dive_every == 0 for position in range(len(taken))]
                for visit in list(pool.map(self._visit, visitors, taken, dives)):
                    self.nodes += 1
                    self._take_over(visit)
                if told is not None:
                    told()

    def _visit(self, visitor: Visitor, part: Part, dives: bool) -> Visit:
        return visitor.visit(part, self._lower, self._upper, dives=dives)

    def _target(self) -> float:
        return self._worth + self._gap * abs(self._worth) if np.isfinite(self._worth) else -np.inf

    def _push(self, part: Part) -> None:
        heapq.heappush(self._heap, (-part.bound, -next(self._order), part))

    def _take(self, most: int) -> list[Part]:
        """Return the parts of the highest bound."""
        taken: list[Part] = []
        while self._heap and len(taken) < most:
            part = heapq.heappop(self._heap)[2]
            if part.bound <= self._target():
                # What is left is lower still.
                self._let_go = max(self._let_go, part.bound)
                self._heap.clear()
                break
            taken.append(part)
        return taken

    def _take_over(self, visit: Visit) -> None:
        """Take over what came of a part."""
        self._tree.losses.learn(visit.seen)
        for plan in visit.plans:
            self._offer(plan)
        self._let_go = max(self._let_go, visit.let_go if visit.halves else max(visit.let_go, visit.bound))
        for half in visit.halves:
            self._push(half)

    def _offer(self, plan: Candidate) -> None:
        worth = plan.worth if self._judge is None else self._judge(plan)
        if worth is not None and worth > self._worth:
            self._worth, self.best = worth, Candidate(plan.states, worth)
