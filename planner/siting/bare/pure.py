"""The bare question: choose some sites so that everybody's cheapest chosen site costs least in all.

Maximum coverage, the *p*-median and everything between them have this form once money, areas and the other rules do not
bind: row *i* (people who share the same sites) costs ``otherwise_i`` if nothing near is chosen, and less the nearer the
nearest chosen site is. Without rules, methods work that a general solver does not have; their plans are checked by the
same recount as any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Pure", "by_site", "cost_of", "restricted"]


@dataclass(frozen=True, slots=True, eq=False)
class Pure:
    """Choose ``most`` of ``n_sites`` sites; minimise ``fixed + Σ_i min(otherwise_i, min_{j chosen} cost_ij)``.

    ``indptr`` int64[n+1], ``site`` int32[k], ``cost`` float64[k] hold the sites that would lower the cost of a row,
    cheapest first; ``otherwise`` float64[n]. Adding a site never raises the cost, so exactly ``most`` are chosen.
    """

    indptr: NDArray[np.int64]
    site: NDArray[np.int32]
    cost: NDArray[np.float64]
    otherwise: NDArray[np.float64]
    n_sites: int
    most: int
    fixed: float = 0.0

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(self.otherwise)

    @property
    def whole(self) -> bool:
        """Whether every plan's cost is a whole number."""
        costs = (self.cost, self.otherwise, np.array([self.fixed]))
        return all(bool(np.all(numbers == np.round(numbers))) for numbers in costs)

    def step(self, cost: float) -> float:
        """Return how much cheaper than ``cost`` the next better plan is at least, with room for rounding errors."""
        return 1 - 2 * _blur(cost) if self.whole else _blur(cost)

    def rounded(self, bound: float) -> float:
        """Return ``bound``, or the whole number above it where every cost is whole."""
        return float(np.ceil(bound - _blur(bound))) if self.whole else bound


def _blur(cost: float) -> float:
    """Return what sums of costs may be wrong by."""
    return 1e-6 + 1e-9 * abs(cost)


def by_site(pure: Pure) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Return the same pairs site by site: indptr int64[J+1], row int32[k], cost float64[k]."""
    order = np.argsort(pure.site, kind="stable")
    row = np.repeat(np.arange(pure.n_rows, dtype=np.int32), np.diff(pure.indptr))
    indptr = np.zeros(pure.n_sites + 1, dtype=np.int64)
    np.cumsum(np.bincount(pure.site, minlength=pure.n_sites), out=indptr[1:])
    return indptr, row[order], pure.cost[order]


def cost_of(pure: Pure, chosen: NDArray[np.int64]) -> float:
    """Return what ``chosen`` sites cost."""
    is_open = np.zeros(pure.n_sites, dtype=np.bool_)
    is_open[chosen] = True
    best = pure.otherwise.copy()
    pairs = np.flatnonzero(is_open[pure.site])
    row = np.searchsorted(pure.indptr, pairs, side="right") - 1
    np.minimum.at(best, row, pure.cost[pairs])
    return pure.fixed + float(best.sum())


def restricted(pure: Pure, opened: NDArray[np.int64], free: NDArray[np.int64]) -> tuple[Pure, NDArray[np.int64]]:
    """Return what is left to choose when ``opened`` are chosen already and only ``free`` may still be, and its rows.

    Sites are positions in ``free``; rows that no free site can improve are in ``fixed``.
    """
    new = np.full(pure.n_sites, -1, dtype=np.int32)
    new[free] = np.arange(len(free), dtype=np.int32)
    new[opened] = -2
    length, otherwise = _shortened(pure.indptr, pure.site, pure.cost, pure.otherwise, new)
    rows = np.flatnonzero(length)
    indptr = np.concatenate([[0], np.cumsum(length[rows])])
    site, cost = _gathered(pure.indptr, pure.site, pure.cost, new, rows, indptr)
    fixed = pure.fixed + float(otherwise[length == 0].sum())
    return Pure(indptr, site, cost, otherwise[rows], len(free), max(pure.most - len(opened), 0), fixed), rows


@compiled
def _shortened(
    indptr: NDArray[np.int64],
    site: NDArray[np.int32],
    cost: NDArray[np.float64],
    otherwise: NDArray[np.float64],
    new: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return how many free sites each row keeps before it meets an open one, and what it costs without them."""
    length = np.zeros(len(otherwise), np.int64)
    without = otherwise.copy()
    for i in range(len(otherwise)):
        for k in range(indptr[i], indptr[i + 1]):
            j = new[site[k]]
            if j == -2:
                without[i] = cost[k]
                break
            if j >= 0:
                length[i] += 1
        # Free sites as far as the open one save nothing.
        k = indptr[i]
        if length[i] and without[i] < otherwise[i]:
            length[i] = 0
            while cost[k] < without[i]:
                if new[site[k]] >= 0:
                    length[i] += 1
                k += 1
    return length, without


@compiled
def _gathered(  # noqa: PLR0917 - machine code takes its arguments by position
    indptr: NDArray[np.int64],
    site: NDArray[np.int32],
    cost: NDArray[np.float64],
    new: NDArray[np.int32],
    rows: NDArray[np.int64],
    kept: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the first free sites of ``rows``, ``kept`` (an indptr) of each."""
    sites = np.empty(kept[-1], np.int32)
    costs = np.empty(kept[-1])
    for r in range(len(rows)):
        k = indptr[rows[r]]
        for to in range(kept[r], kept[r + 1]):
            while new[site[k]] < 0:
                k += 1
            sites[to] = new[site[k]]
            costs[to] = cost[k]
            k += 1
    return sites, costs
