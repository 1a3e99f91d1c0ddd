"""Good plans quickly: greedy, then swaps of one open for one closed site, with a short memory against going in circles.

A swap is priced for every pair of sites at once (Whitaker 1983): row *i* knows the cost of its best and second best open
site, so the saving of opening *j* and the loss of closing *r* are sums over rows, corrected where both touch one row.
The tabu rule follows Rolland, Schilling and Current (1996): what has just closed stays closed for a few swaps, and what has just opened
stays open, unless the swap beats the best plan so far.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled
from planner.siting.bare.pure import by_site, cost_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.bare.pure import Pure

__all__ = ["Search", "two_best"]

HIDDEN = 0.4
"""What part of the sites a greedy plan to begin anew with does not look at, so that it differs from those before."""


class Search:
    """A search that can go on: ``chosen`` int64[P] is the best set of sites so far, ``cost`` what it costs.

    Equal seeds and equal calls give equal results. ``start`` is where it begins, else a greedy plan.
    """

    chosen: NDArray[np.int64]
    cost: float

    def __init__(self, pure: Pure, seed: int, start: NDArray[np.int64] | None = None) -> None:
        self._pure = pure
        self._columns = by_site(pure)
        self._random = np.random.default_rng(seed)
        self._begin(self._greedy(0.0) if start is None else start)

    def again(self, start: NDArray[np.int64] | None = None) -> Search:
        """Return another search of the same question, from ``start`` or from a greedy plan without some sites, drawn anew."""
        other = copy.copy(self)
        other._begin(self._greedy(HIDDEN) if start is None else start)  # noqa: SLF001  # of its own kind
        return other

    def run(self, swaps: int, shake: int = 0, *, near: bool = False) -> float:
        """Make ``swaps`` swaps from where the search stands, after ``shake`` random ones from the best; return the best cost.

        With ``near`` what is closed and opened at random lies around one row, where another pattern has room then.
        """
        pure = self._pure
        if not len(self.chosen) or len(self.chosen) == pure.n_sites:
            self.cost = cost_of(pure, self.chosen)
            return self.cost
        if shake:
            self._at = self._shaken_near(shake) if near and pure.n_rows else self._shaken(shake)
        best = _tabu(
            pure.indptr,
            pure.site,
            pure.cost,
            pure.otherwise,
            *self._columns,
            self._at,
            swaps,
            self._random.integers(0, 2**31, size=swaps),
        )
        cost = cost_of(pure, best)
        if cost < self.cost:
            self.cost, self.chosen = cost, best
        return self.cost

    def drawn(self, number: int, most: int) -> NDArray[np.int64]:
        """Return ``number`` different ones of 0 … ``most`` − 1, at random."""
        return self._random.choice(most, number, replace=False)

    def _begin(self, start: NDArray[np.int64]) -> None:
        self.chosen = np.asarray(start, dtype=np.int64).copy()
        self._at = self.chosen.copy()
        self.cost = np.inf

    def _greedy(self, hidden: float) -> NDArray[np.int64]:
        """Return a greedy plan; the part ``hidden`` of the sites is not looked at, as long as enough are left."""
        pure = self._pure
        number = min(int(hidden * pure.n_sites), pure.n_sites - pure.most)
        unseen = np.zeros(pure.n_sites, dtype=np.bool_)
        unseen[self.drawn(number, pure.n_sites) if number > 0 else []] = True
        return _greedy(pure.otherwise, *self._columns, pure.most, unseen)

    def _shaken(self, shake: int) -> NDArray[np.int64]:
        shaken = self.chosen.copy()
        closed = np.setdiff1d(np.arange(self._pure.n_sites), shaken)
        number = min(shake, len(shaken), len(closed))
        shaken[self._random.choice(len(shaken), number, replace=False)] = self._random.choice(
            closed, number, replace=False
        )
        return shaken

    def _shaken_near(self, shake: int) -> NDArray[np.int64]:
        """Return the best plan with up to ``shake`` sites of one row, the cheapest, put in other places that it would meet before."""
        pure, shaken = self._pure, self.chosen.copy()
        place = np.full(pure.n_sites, -1, dtype=np.int64)
        place[shaken] = np.arange(len(shaken))
        row = int(self._random.integers(pure.n_rows))
        met = pure.site[pure.indptr[row] : pure.indptr[row + 1]]
        is_open = place[met] >= 0
        met = met[np.cumsum(is_open) - is_open < shake]
        goes, comes = place[met[place[met] >= 0]], met[place[met] < 0]
        number = min(len(goes), len(comes))
        if number:
            shaken[self._random.permutation(goes)[:number]] = self._random.permutation(comes)[:number]
        return shaken


def two_best(
    pure: Pure, chosen: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return, per row, the position in ``chosen`` of its best site (−1: none), what that costs, and what the second costs."""
    place = np.full(pure.n_sites, -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    best = np.empty(pure.n_rows, dtype=np.int64)
    first, second = np.empty(pure.n_rows), np.empty(pure.n_rows)
    _two_best_everywhere(pure.indptr, pure.site, pure.cost, pure.otherwise, place, best, first, second)
    return best, first, second


@compiled
def _greedy(  # noqa: PLR0917 - machine code takes its arguments by position
    otherwise: NDArray[np.float64],
    site_indptr: NDArray[np.int64],
    row: NDArray[np.int32],
    site_cost: NDArray[np.float64],
    most: int,
    unseen: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return ``most`` sites, each the one that saves most when it is added; savings only shrink, so old ones are limits."""
    n_sites = len(site_indptr) - 1
    now = otherwise.copy()
    saving = np.zeros(n_sites)
    for j in range(n_sites):
        for k in range(site_indptr[j], site_indptr[j + 1]):
            saving[j] += now[row[k]] - site_cost[k]
        if unseen[j]:
            saving[j] = -np.inf
    fresh = np.zeros(n_sites, np.int64)
    chosen = np.empty(most, np.int64)
    for step in range(most):
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


@compiled
def _two_best(  # noqa: PLR0917 - machine code takes its arguments by position
    i: int,
    indptr: NDArray[np.int64],
    site: NDArray[np.int32],
    cost: NDArray[np.float64],
    otherwise: NDArray[np.float64],
    place: NDArray[np.int64],
    best: NDArray[np.int64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
) -> None:
    """Find the two cheapest open sites of row ``i``."""
    best[i] = -1
    first[i] = otherwise[i]
    second[i] = otherwise[i]
    for k in range(indptr[i], indptr[i + 1]):
        if place[site[k]] >= 0:
            if best[i] < 0:
                best[i] = place[site[k]]
                first[i] = cost[k]
            else:
                second[i] = cost[k]
                return


@compiled
def _two_best_everywhere(  # noqa: PLR0917 - machine code takes its arguments by position
    indptr: NDArray[np.int64],
    site: NDArray[np.int32],
    cost: NDArray[np.float64],
    otherwise: NDArray[np.float64],
    place: NDArray[np.int64],
    best: NDArray[np.int64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
) -> None:
    """Find the two cheapest open sites of every row."""
    for i in range(len(otherwise)):
        _two_best(i, indptr, site, cost, otherwise, place, best, first, second)


@compiled
def _price(  # noqa: PLR0917 - machine code takes its arguments by position
    i: int,
    sign: float,
    indptr: NDArray[np.int64],
    site: NDArray[np.int32],
    cost: NDArray[np.float64],
    best: NDArray[np.int64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    saved: NDArray[np.float64],
    loss: NDArray[np.float64],
    both: NDArray[np.float64],
) -> None:
    """Add (``sign`` 1) or take away (−1) what row ``i`` says to the prices of all swaps."""
    r = best[i]
    if r >= 0:
        loss[r] += sign * (second[i] - first[i])
    for k in range(indptr[i], indptr[i + 1]):
        if cost[k] >= second[i]:
            break
        if cost[k] < first[i]:
            saved[site[k]] += sign * (first[i] - cost[k])
        if r >= 0:
            both[site[k], r] += sign * (second[i] - max(cost[k], first[i]))


@compiled
def _tabu(  # noqa: PLR0917 - machine code takes its arguments by position
    indptr: NDArray[np.int64],
    site: NDArray[np.int32],
    cost: NDArray[np.float64],
    otherwise: NDArray[np.float64],
    site_indptr: NDArray[np.int64],
    row: NDArray[np.int32],
    site_cost: NDArray[np.float64],
    chosen: NDArray[np.int64],
    swaps: int,
    random: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Make ``swaps`` swaps in place of ``chosen``; return the best set met.

    ``best`` holds positions in ``chosen``, so that a site that takes another's place keeps its number. Opening *j* for
    *r* changes the cost by ``loss_r − saved_j − both_jr``; the three are kept up to date row by row.
    """
    n_sites, n_rows, most = len(site_indptr) - 1, len(otherwise), len(chosen)
    place = np.full(n_sites, -1, np.int64)
    for r in range(most):
        place[chosen[r]] = r
    best = np.empty(n_rows, np.int64)
    first = np.empty(n_rows)
    second = np.empty(n_rows)
    saved = np.zeros(n_sites)
    loss = np.zeros(most)
    both = np.zeros((n_sites, most))
    total = 0.0
    for i in range(n_rows):
        _two_best(i, indptr, site, cost, otherwise, place, best, first, second)
        _price(i, 1.0, indptr, site, cost, best, first, second, saved, loss, both)
        total += first[i]
    record, kept = total, chosen.copy()
    until = np.zeros(n_sites, np.int64)
    for step in range(swaps):
        change, enter, leave = np.inf, -1, -1
        for j in range(n_sites):
            if place[j] >= 0:
                continue
            for r in range(most):
                found = loss[r] - both[j, r] - saved[j]
                if found < change and (
                    (until[j] <= step and until[chosen[r]] <= step) or total + found < record - 1e-9
                ):
                    change, enter, leave = found, j, r
        if enter < 0:
            continue
        gone = chosen[leave]
        place[gone] = -1
        place[enter] = leave
        chosen[leave] = enter
        until[gone] = step + 1 + most // 10 + random[step] % (5 + most // 10)
        until[enter] = step + 1 + most // 20 + (random[step] >> 8) % (3 + most // 20)
        for j in (gone, enter):
            for k in range(site_indptr[j], site_indptr[j + 1]):
                i = row[k]
                if site_cost[k] <= second[i]:
                    _price(i, -1.0, indptr, site, cost, best, first, second, saved, loss, both)
                    total -= first[i]
                    _two_best(i, indptr, site, cost, otherwise, place, best, first, second)
                    total += first[i]
                    _price(i, 1.0, indptr, site, cost, best, first, second, saved, loss, both)
        if total < record - 1e-9:
            record = total
            kept[:] = chosen
    return kept
