"""CMSA: construct, merge, solve and adapt (Blum and others 2016).

A plan constructed in a second is a few parts in a thousand from the best, and so is the next one, but not in the same places. The
union of what several of them open is small enough for the tree to be searched to its end, and the plan found is where the next
ones begin.
"""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.benders.tree import TreeSearch
from planner.siting.model.data import Lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.siting.arrays import BoolArray, IntArray
    from planner.siting.benders.node import Candidate
    from planner.siting.benders.tree import MasterPool
    from planner.siting.heuristics.ruin_recreate import PlanConstructor
    from planner.siting.mip.variables import Formulation
    from planner.siting.model.problem import SitingProblem


EVALUATIONS = 25_000_000
"""Bundle evaluations per constructed plan: about a second."""

FIRST_PLANS, PLANS = 2, 1
"""Plans constructed before the second merge, and before each of the next."""

MAX_AGE = 3
"""Number of merges for which an unused opening is kept."""

NODES, MERGE_DIVES = 24, 3
"""Nodes of the tree per merge, and the interval of nodes between dives."""


class Cmsa:
    """The merged openings and the best plan so far.

    Attributes
    ----------
    best : Candidate or None
        The best plan so far.
    stagnation
        Number of merges without improvement.
    """

    def __init__(
        self,
        form: Formulation,
        pool: MasterPool,
        constructor: PlanConstructor | None,
        *,
        seed: int,
        gap: float,
        evaluate: Callable[[Candidate], float | None] | None = None,
        start: IntArray | None = None,
        first: Candidate | None = None,
        on_step: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin with nothing, or with the offers ``start`` of a plan, solved alone in the first iteration unless known as ``first``.

        ``on_step`` is called after each batch of nodes.
        """
        self.best: Candidate | None = None
        self.stagnation = 0
        self._form = form
        self._pool = pool
        self._constructor = constructor
        self._seed = seed
        self._gap = gap
        self._evaluate = evaluate
        self._start = start
        self._on_step = on_step
        self._iteration = 0
        self._last_used = np.full(form.problem.offers.count, -MAX_AGE - 1)
        if first is not None:
            self.adopt(first)
            self._iteration = 1

    def iterate(self, candidates: BoolArray, deadline: float) -> None:
        """Construct plans, merge them and search the union, until the clock is at ``deadline`` at the latest.

        ``candidates`` bool[m] are offers in the union besides those of constructed plans.
        """
        if self._iteration == 0 and self._start is not None:
            # The start alone may be within a wide gap.
            self._last_used[self._start] = 0
        else:
            self._last_used[candidates] = np.maximum(self._last_used[candidates], self._iteration - 1)
            if self._constructor is not None:
                self._construct(self._constructor, deadline)
        self._search(deadline)
        self._iteration += 1

    def adopt(self, plan: Candidate) -> None:
        """Adopt a better plan found elsewhere."""
        self.best, self.stagnation = plan, 0
        for state in plan.states:
            self._last_used[state] = self._iteration

    def _construct(self, constructor: PlanConstructor, deadline: float) -> None:
        count = PLANS if self._iteration > 1 else FIRST_PLANS
        best = None if self.best is None else self.best.states[0]
        seeds = range(self._seed + 1, self._seed + count + 1)
        self._seed += count

        def construct(seed: int) -> IntArray:
            # Alternate between the best plan and an empty start, for diversity.
            start = best if self._iteration > 1 and seed % 2 else None
            return constructor.construct(seed, EVALUATIONS, start=start, deadline=deadline).offers

        with ThreadPoolExecutor(len(self._pool.workers)) as pool:
            for offers in pool.map(construct, seeds):
                self._last_used[offers] = np.maximum(self._last_used[offers], self._iteration)

    def _search(self, deadline: float) -> None:
        kept = self._last_used >= self._iteration - MAX_AGE
        incumbent = -np.inf if self.best is None else self.best.worth
        closed = self._excluded_columns(kept)
        search = TreeSearch(
            self._pool,
            gap=self._gap,
            incumbent=incumbent,
            closed=closed,
            dive_every=MERGE_DIVES,
            evaluate=self._evaluate,
        )
        stagnation = self.stagnation + 1
        search.run(deadline, NODES, lambda: self._on_nodes(search))
        if self.best is not None:
            self.adopt(self.best)
        better = self.best is not None and self.best.worth > incumbent
        self.stagnation = 0 if better else stagnation

    def _on_nodes(self, search: TreeSearch) -> None:
        """Adopt the best plan of a search so far, so that it is kept whatever ends the search."""
        if search.best is not None and (self.best is None or search.best.worth > self.best.worth):
            self.best = search.best
        self._on_step()
        if self.best is not None:
            search.update_incumbent(self.best.worth)

    def _excluded_columns(self, kept: BoolArray) -> IntArray:
        """Return the columns of bundles with a new offer outside the union, in every period."""
        problem, bundles = self._form.problem, self._form.bundles
        allowed = offers_of_kept_services(problem, kept)
        bundle, offer = bundles.pairs()
        excluded = np.zeros(bundles.count, dtype=np.bool_)
        excluded[bundle[~allowed[offer]]] = True
        base = self._pool.workers[0].base
        return np.concatenate([z.start + np.flatnonzero(excluded) for z in base.z])


def offers_of_kept_services(problem: SitingProblem, offers: BoolArray) -> BoolArray:
    """Return bool[m]: existing and locked offers, and every new offer of a service at a site that has one of ``offers``."""
    table = problem.offers
    cells = table.site.astype(np.int64) * problem.n_services + table.service
    must = np.zeros(table.count, dtype=bool)
    for lock in problem.rules.locks:
        if lock.kind == "must":
            must |= (table.site == lock.site) & ((lock.service is None) | (table.service == lock.service))
    return np.asarray(table.existing | np.isin(cells, cells[offers | table.existing | must]))


def restricted_to(problem: SitingProblem, offers: BoolArray) -> SitingProblem:
    """Return ``problem`` with only those new services at sites that have one of ``offers``; locked ones stay."""
    table = problem.offers
    cells = table.site.astype(np.int64) * problem.n_services + table.service
    excluded = np.unique(cells[~offers_of_kept_services(problem, offers)])
    locks = tuple(
        Lock("never", int(cell) // problem.n_services, int(cell) % problem.n_services) for cell in excluded.tolist()
    )
    return dataclasses.replace(problem, rules=dataclasses.replace(problem.rules, locks=(*problem.rules.locks, *locks)))
