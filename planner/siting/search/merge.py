"""Large problems: grow many plans, put what they open together, and look for the best plan among it.

A plan grown in a second is a few parts in a thousand from the best, and so is the next one, but not in the same places. What
several of them open is little enough for the tree to be searched to its end, and the plan found is where the next ones begin
(construct, merge, solve and adapt: Blum and others 2016).
"""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.cuts.tree import Search
from planner.siting.question.rules import Lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.cuts.part import Candidate
    from planner.siting.cuts.tree import Tree
    from planner.siting.programme.formulation import Formulation
    from planner.siting.question.problem import SitingProblem
    from planner.siting.search.warm import Grower

__all__ = ["Merging", "among"]

LOOKS = 25_000_000
"""Bundles weighed for one plan: about a second."""

FIRST_PLANS, PLANS = 2, 1
"""How many plans are grown before the second merge, and before each of the next."""

KEPT_ROUNDS = 3
"""For how many merges an opening stays in without being chosen."""

PARTS, MERGE_DIVES = 24, 3
"""At how many parts of the tree one merge looks at most, and from how many of them it dives for one plan."""


class Merging:
    """The openings still looked at, and the best plan among them so far.

    Attributes
    ----------
    best : Candidate or None
        The best plan so far.
    still
        How many merges have brought nothing better since.
    """

    def __init__(
        self,
        form: Formulation,
        tree: Tree,
        grower: Grower | None,
        *,
        seed: int,
        gap: float,
        judge: Callable[[Candidate], float | None] | None = None,
        begin: NDArray[np.int64] | None = None,
        first: Candidate | None = None,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin with nothing, or with the offers ``begin`` of a plan, which the first turn looks at alone, unless it is in hand as ``first``.

        ``told`` is called when something was looked at.
        """
        self.best: Candidate | None = None
        self.still = 0
        self._form = form
        self._tree = tree
        self._grower = grower
        self._seed = seed
        self._gap = gap
        self._judge = judge
        self._begin = begin
        self._told = told
        self._turn = 0
        self._last_chosen = np.full(form.problem.offers.count, -KEPT_ROUNDS - 1)
        if first is not None:
            self.take(first)
            self._turn = 1

    def turn(self, wanted: NDArray[np.bool_], ends: float) -> None:
        """Grow plans and search among all that is still looked at, until the clock stands at ``ends`` at the latest.

        ``wanted`` bool[m] are offers to look at besides those that plans open.
        """
        if self._turn == 0 and self._begin is not None:
            # Alone it may do, where the gap asked for is wide.
            self._last_chosen[self._begin] = 0
        else:
            self._last_chosen[wanted] = np.maximum(self._last_chosen[wanted], self._turn - 1)
            if self._grower is not None:
                self._grow(self._grower, ends)
        self._search(ends)
        self._turn += 1

    def take(self, plan: Candidate) -> None:
        """Take over a plan found elsewhere, worth more than the best so far."""
        self.best, self.still = plan, 0
        for state in plan.states:
            self._last_chosen[state] = self._turn

    def _grow(self, grower: Grower, ends: float) -> None:
        count = PLANS if self._turn > 1 else FIRST_PLANS
        best = None if self.best is None else self.best.states[0]
        seeds = range(self._seed + 1, self._seed + count + 1)
        self._seed += count

        def grown(seed: int) -> NDArray[np.int64]:
            # From the best plan on and from nothing in turn, so that what is put together differs.
            begin = best if self._turn > 1 and seed % 2 else None
            return grower.grown(seed, LOOKS, begin=begin, ends=ends).offers

        with ThreadPoolExecutor(len(self._tree.workers)) as pool:
            for offers in pool.map(grown, seeds):
                self._last_chosen[offers] = np.maximum(self._last_chosen[offers], self._turn)

    def _search(self, ends: float) -> None:
        kept = self._last_chosen >= self._turn - KEPT_ROUNDS
        least = -np.inf if self.best is None else self.best.worth
        closed = self._outside(kept)
        search = Search(
            self._tree, gap=self._gap, least=least, closed=closed, dive_every=MERGE_DIVES, judge=self._judge
        )
        still = self.still + 1
        search.run(ends, PARTS, lambda: self._met(search))
        if self.best is not None:
            self.take(self.best)
        better = self.best is not None and self.best.worth > least
        self.still = 0 if better else still

    def _met(self, search: Search) -> None:
        """Take over what a search has met so far, so that it is in hand whatever ends it."""
        if search.best is not None and (self.best is None or search.best.worth > self.best.worth):
            self.best = search.best
        self._told()
        if self.best is not None:
            search.know(self.best.worth)

    def _outside(self, kept: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the columns of the bundles that open something new which is not kept, in every period."""
        problem, bundles = self._form.problem, self._form.bundles
        allowed = kept_cells(problem, kept)
        bundle, offer = bundles.pairs()
        struck = np.zeros(bundles.count, dtype=np.bool_)
        struck[bundle[~allowed[offer]]] = True
        ground = self._tree.workers[0].ground
        return np.concatenate([z.start + np.flatnonzero(struck) for z in ground.z])


def kept_cells(problem: SitingProblem, offers: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return bool[m]: what stands, what is locked, and every new offer of a service at a site that has one of ``offers``."""
    table = problem.offers
    cells = table.site.astype(np.int64) * problem.n_services + table.service
    must = np.zeros(table.count, dtype=bool)
    for lock in problem.rules.locks:
        if lock.kind == "must":
            must |= (table.site == lock.site) & ((lock.service is None) | (table.service == lock.service))
    return np.asarray(table.existing | np.isin(cells, cells[offers | table.existing | must]))


def among(problem: SitingProblem, offers: NDArray[np.bool_]) -> SitingProblem:
    """Return ``problem`` with only those new services at sites that have one of ``offers``; nothing that is locked goes."""
    table = problem.offers
    cells = table.site.astype(np.int64) * problem.n_services + table.service
    struck = np.unique(cells[~kept_cells(problem, offers)])
    locks = tuple(
        Lock("never", int(cell) // problem.n_services, int(cell) % problem.n_services) for cell in struck.tolist()
    )
    return dataclasses.replace(problem, rules=dataclasses.replace(problem.rules, locks=(*problem.rules.locks, *locks)))
