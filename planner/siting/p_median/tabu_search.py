"""Tabu search by swaps with restarts for p-median instances.

A swap of one open for one closed site is priced for every pair at once (Whitaker 1983): row *i* knows the cost of its best and second
best open site, so the saving of opening *j* and the loss of closing *r* are sums over rows, corrected where both touch one row.
The tabu rule follows Rolland, Schilling and Current (1996): what has just closed stays closed for a few swaps, and what has just opened
stays open, unless the swap beats the best plan so far.

Restarts begin from the best plan, from another greedy plan, and from what two good plans share (path relinking: Resende and
Werneck 2004). Iterations are counted, nothing is timed: equal instances have equal answers.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled, compiled_inner
from planner.siting.p_median.instance import columns_by_site, cost_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.p_median.instance import PMedianInstance


HIDDEN_SHARE = 0.4
"""Share of the sites excluded from a greedy restart, so that it differs from those before."""

POOL_SIZE = 6
"""Size of the pool of plans."""

PERTURBATIONS = 4
"""Perturbations of each kind in one iteration."""

GLOBAL_SWAPS, LOCAL_SWAPS = 80, 20
"""Swaps after a perturbation anywhere, and after one around one row."""


class TabuSearch:
    """Resumable tabu search: ``chosen`` int64[P] is the best set of sites so far, ``cost`` its cost.

    Equal seeds and equal calls give equal results. ``start`` is the initial plan, else a greedy one.
    """

    chosen: IntArray
    cost: float

    def __init__(self, instance: PMedianInstance, seed: int, start: IntArray | None = None) -> None:
        self._instance = instance
        self._columns = columns_by_site(instance)
        self._random = np.random.default_rng(seed)
        self._start_from(self._greedy(0.0) if start is None else start)

    def restart(self, start: IntArray | None = None) -> TabuSearch:
        """Return another search of the same instance, from ``start`` or from a randomised greedy plan."""
        other = copy.copy(self)
        other._start_from(self._greedy(HIDDEN_SHARE) if start is None else start)  # noqa: SLF001  # of its own kind
        return other

    def run(self, swaps: int, perturbation: int = 0, *, local: bool = False) -> float:
        """Make ``swaps`` swaps from the current plan, or from the best after ``perturbation`` random ones; return the best cost.

        With ``local`` the random swaps lie around one row, which leaves room for another pattern there.
        """
        instance = self._instance
        if not len(self.chosen) or len(self.chosen) == instance.n_sites:
            self.cost = cost_of(instance, self.chosen)
            return self.cost
        if perturbation:
            self._current = (
                self._perturbed_near(perturbation) if local and instance.n_rows else self._perturbed(perturbation)
            )
        best = _tabu(
            instance.indptr,
            instance.site,
            instance.cost,
            instance.default_cost,
            *self._columns,
            self._current,
            swaps,
            self._random.integers(0, 2**31, size=swaps),
        )
        cost = cost_of(instance, best)
        if cost < self.cost:
            self.cost, self.chosen = cost, best
        return self.cost

    def sample(self, number: int, p: int) -> IntArray:
        """Return ``number`` different ones of 0 … ``p`` − 1, at random."""
        return self._random.choice(p, number, replace=False)

    def _start_from(self, start: IntArray) -> None:
        self.chosen = np.asarray(start, dtype=np.int64).copy()
        self._current = self.chosen.copy()
        self.cost = np.inf

    def _greedy(self, hidden: float) -> IntArray:
        """Return a greedy plan; the share ``hidden`` of the sites is excluded, as long as enough are left."""
        instance = self._instance
        number = min(int(hidden * instance.n_sites), instance.n_sites - instance.p)
        excluded = np.zeros(instance.n_sites, dtype=np.bool_)
        excluded[self.sample(number, instance.n_sites) if number > 0 else []] = True
        return _greedy(instance.default_cost, *self._columns, instance.p, excluded)

    def _perturbed(self, perturbation: int) -> IntArray:
        perturbed = self.chosen.copy()
        closed = np.setdiff1d(np.arange(self._instance.n_sites), perturbed)
        number = min(perturbation, len(perturbed), len(closed))
        perturbed[self._random.choice(len(perturbed), number, replace=False)] = self._random.choice(
            closed, number, replace=False
        )
        return perturbed

    def _perturbed_near(self, perturbation: int) -> IntArray:
        """Return the best plan with up to ``perturbation`` sites of one row, the cheapest, swapped for closed ones that are cheaper for it."""
        instance, perturbed = self._instance, self.chosen.copy()
        position = np.full(instance.n_sites, -1, dtype=np.int64)
        position[perturbed] = np.arange(len(perturbed))
        row = int(self._random.integers(instance.n_rows))
        met = instance.site[instance.indptr[row] : instance.indptr[row + 1]]
        is_open = position[met] >= 0
        met = met[np.cumsum(is_open) - is_open < perturbation]
        goes, comes = position[met[position[met] >= 0]], met[position[met] < 0]
        number = min(len(goes), len(comes))
        if number:
            perturbed[self._random.permutation(goes)[:number]] = self._random.permutation(comes)[:number]
        return perturbed


def two_best(instance: PMedianInstance, chosen: IntArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return, per row, the position in ``chosen`` of its best site (−1: none), its cost, and the cost of the second best."""
    position = np.full(instance.n_sites, -1, dtype=np.int64)
    position[chosen] = np.arange(len(chosen))
    best = np.empty(instance.n_rows, dtype=np.int64)
    first, second = np.empty(instance.n_rows), np.empty(instance.n_rows)
    _two_best_everywhere(
        instance.indptr, instance.site, instance.cost, instance.default_cost, position, best, first, second
    )
    return best, first, second


@compiled
def _greedy(  # noqa: PLR0917 - machine code takes its arguments by position
    default_cost: FloatArray,
    site_indptr: IntArray,
    row: NDArray[np.int32],
    site_cost: FloatArray,
    p: int,
    excluded: BoolArray,
) -> IntArray:
    """Return ``p`` sites, each with the greatest saving; savings only shrink, so old ones are upper bounds (lazy greedy)."""
    n_sites = len(site_indptr) - 1
    now = default_cost.copy()
    saving = np.zeros(n_sites)
    for j in range(n_sites):
        for k in range(site_indptr[j], site_indptr[j + 1]):
            saving[j] += now[row[k]] - site_cost[k]
        if excluded[j]:
            saving[j] = -np.inf
    fresh = np.zeros(n_sites, np.int64)
    chosen = np.empty(p, np.int64)
    for step in range(p):
        while True:
            j = int(np.argmax(saving))
            if fresh[j] == step:
                break
            total = 0.0
            for k in range(site_indptr[j], site_indptr[j + 1]):
                if site_cost[k] < now[row[k]]:
                    total += now[row[k]] - site_cost[k]
            saving[j] = total
            fresh[j] = step
        chosen[step] = j
        saving[j] = -np.inf
        for k in range(site_indptr[j], site_indptr[j + 1]):
            now[row[k]] = min(now[row[k]], site_cost[k])
    return chosen


@compiled_inner
def _two_best(  # noqa: PLR0917 - machine code takes its arguments by position
    i: int,
    indptr: IntArray,
    site: NDArray[np.int32],
    cost: FloatArray,
    default_cost: FloatArray,
    position: IntArray,
    best: IntArray,
    first: FloatArray,
    second: FloatArray,
) -> None:
    """Find the two cheapest open sites of row ``i``."""
    best[i] = -1
    first[i] = default_cost[i]
    second[i] = default_cost[i]
    for k in range(indptr[i], indptr[i + 1]):
        if position[site[k]] >= 0:
            if best[i] < 0:
                best[i] = position[site[k]]
                first[i] = cost[k]
            else:
                second[i] = cost[k]
                return


@compiled
def _two_best_everywhere(  # noqa: PLR0917 - machine code takes its arguments by position
    indptr: IntArray,
    site: NDArray[np.int32],
    cost: FloatArray,
    default_cost: FloatArray,
    position: IntArray,
    best: IntArray,
    first: FloatArray,
    second: FloatArray,
) -> None:
    """Find the two cheapest open sites of every row."""
    for i in range(len(default_cost)):
        _two_best(i, indptr, site, cost, default_cost, position, best, first, second)


@compiled
def _price(  # noqa: PLR0917 - machine code takes its arguments by position
    i: int,
    sign: float,
    indptr: IntArray,
    site: NDArray[np.int32],
    cost: FloatArray,
    best: IntArray,
    first: FloatArray,
    second: FloatArray,
    saving: FloatArray,
    loss: FloatArray,
    correction: FloatArray,
) -> None:
    """Add (``sign`` 1) or subtract (−1) the terms of row ``i`` in the costs of all swaps."""
    r = best[i]
    if r >= 0:
        loss[r] += sign * (second[i] - first[i])
    for k in range(indptr[i], indptr[i + 1]):
        if cost[k] >= second[i]:
            break
        if cost[k] < first[i]:
            saving[site[k]] += sign * (first[i] - cost[k])
        if r >= 0:
            correction[site[k], r] += sign * (second[i] - max(cost[k], first[i]))


@compiled
def _tabu(  # noqa: PLR0917 - machine code takes its arguments by position
    indptr: IntArray,
    site: NDArray[np.int32],
    cost: FloatArray,
    default_cost: FloatArray,
    site_indptr: IntArray,
    row: NDArray[np.int32],
    site_cost: FloatArray,
    chosen: IntArray,
    swaps: int,
    random: IntArray,
) -> IntArray:
    """Make ``swaps`` swaps in place of ``chosen``; return the best set met.

    ``best`` holds positions in ``chosen``, so that a site that replaces another keeps its number. Opening *j* for
    *r* changes the cost by ``loss_r − saving_j − correction_jr``; the three are updated row by row.
    """
    n_sites, n_rows, p = len(site_indptr) - 1, len(default_cost), len(chosen)
    position = np.full(n_sites, -1, np.int64)
    for r in range(p):
        position[chosen[r]] = r
    best = np.empty(n_rows, np.int64)
    first = np.empty(n_rows)
    second = np.empty(n_rows)
    saving = np.zeros(n_sites)
    loss = np.zeros(p)
    correction = np.zeros((n_sites, p))
    total = 0.0
    for i in range(n_rows):
        _two_best(i, indptr, site, cost, default_cost, position, best, first, second)
        _price(i, 1.0, indptr, site, cost, best, first, second, saving, loss, correction)
        total += first[i]
    record, kept = total, chosen.copy()
    tabu_until = np.zeros(n_sites, np.int64)
    for step in range(swaps):
        change, enter, leave = np.inf, -1, -1
        for j in range(n_sites):
            if position[j] >= 0:
                continue
            for r in range(p):
                found = loss[r] - correction[j, r] - saving[j]
                if found < change and (
                    (tabu_until[j] <= step and tabu_until[chosen[r]] <= step) or total + found < record - 1e-9
                ):
                    change, enter, leave = found, j, r
        if enter < 0:
            continue
        leaving = chosen[leave]
        position[leaving] = -1
        position[enter] = leave
        chosen[leave] = enter
        tabu_until[leaving] = step + 1 + p // 10 + random[step] % (5 + p // 10)
        tabu_until[enter] = step + 1 + p // 20 + (random[step] >> 8) % (3 + p // 20)
        for j in (leaving, enter):
            for k in range(site_indptr[j], site_indptr[j + 1]):
                i = row[k]
                if site_cost[k] <= second[i]:
                    _price(i, -1.0, indptr, site, cost, best, first, second, saving, loss, correction)
                    total -= first[i]
                    _two_best(i, indptr, site, cost, default_cost, position, best, first, second)
                    total += first[i]
                    _price(i, 1.0, indptr, site, cost, best, first, second, saving, loss, correction)
        if total < record - 1e-9:
            record = total
            kept[:] = chosen
    return kept


class MultiStart:
    """Tabu search with restarts: ``chosen`` int64[P] is the best plan so far, ``cost`` its cost.

    ``stagnation`` counts the iterations without improvement.
    """

    def __init__(self, instance: PMedianInstance, seed: int, time_left: Callable[[], bool] = lambda: True) -> None:
        """Begin with a greedy plan improved by swaps; ``time_left`` tells whether time is left for another perturbation."""
        self._time_left = time_left
        self._search = TabuSearch(instance, seed)
        self._search.run(2 * GLOBAL_SWAPS)
        self._pool: list[tuple[float, IntArray]] = []
        self._iteration = 0
        self.stagnation = 0
        self.chosen, self.cost = self._search.chosen, self._search.cost
        self._add_to_pool(self._search)

    def iterate(self) -> bool:
        """Search from the best plan, a greedy restart, or a relinking of two plans; return whether the best plan improved."""
        kinds = (self._from_best, self._from_greedy, self._from_best, self._from_relinking)
        search = kinds[self._iteration % len(kinds)]()
        for perturbation in range(PERTURBATIONS):
            if not self._time_left():
                break
            search.run(LOCAL_SWAPS, 2 + (self._iteration + 3 * perturbation) % 8, local=True)
            search.run(GLOBAL_SWAPS, 2 + (self._iteration + 3 * perturbation) % 8)
        self._iteration += 1
        better = self._add_to_pool(search)
        self.stagnation = 0 if better else self.stagnation + 1
        return better

    def improve(self, chosen: IntArray) -> bool:
        """Improve a plan from elsewhere by swaps; return whether it is the best so far."""
        search = self._search.restart(chosen)
        if self._time_left():
            search.run(LOCAL_SWAPS)
        else:
            search.run(0)
        better = self._add_to_pool(search)
        self.stagnation = 0 if better else self.stagnation
        return better

    def _from_best(self) -> TabuSearch:
        search = self._search.restart(self.chosen)
        search.cost = self.cost
        return search

    def _from_greedy(self) -> TabuSearch:
        search = self._search.restart()
        search.run(GLOBAL_SWAPS)
        return search

    def _from_relinking(self) -> TabuSearch:
        """Return a search from the sites that two plans of the pool share and some that only one of them opens."""
        if len(self._pool) < 2:  # relinking takes two
            return self._from_greedy()
        first, second = (self._pool[one][1] for one in self._search.sample(2, len(self._pool)).tolist())
        shared, apart = np.intersect1d(first, second), np.setxor1d(first, second)
        sample = apart[self._search.sample(len(first) - len(shared), len(apart))]
        search = self._search.restart(np.concatenate([shared, sample]))
        search.run(GLOBAL_SWAPS)
        return search

    def _add_to_pool(self, search: TabuSearch) -> bool:
        """Add a plan to the pool of the cheapest distinct plans; return whether it is the best so far."""
        better = search.cost < self.cost
        if better:
            self.chosen, self.cost = search.chosen, search.cost
        plan = np.sort(search.chosen)
        if not any(np.array_equal(plan, one) for _, one in self._pool):
            self._pool.append((search.cost, plan))
            self._pool.sort(key=lambda kept: kept[0])
            del self._pool[POOL_SIZE:]
        return better
