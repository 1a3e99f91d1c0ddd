"""Who walks where, and for how many seconds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import local
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.access import kernel
from planner.access.compiled import compiled
from planner.access.pace import TICKS_PER_S, Doors, cutoff_ticks, doors, pace
from planner.access.skeleton import skeleton

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.access.snap import Snapped
    from planner.study import WalkingProfile

_LONG_ROW = 24
"""Shorter rows are sorted by insertion, which is quicker for them."""

_BLOCK = 64
"""Sources per task: small enough to share out evenly, large enough that handing them out costs nothing."""


@dataclass(frozen=True, eq=False, slots=True)
class Reach:
    """Walking seconds from demand points to sites, for the pairs within a cutoff; an absent pair is out of reach.

    Attributes
    ----------
    indptr : int64[n + 1]
        Row ``i`` of demand point ``i`` is ``indptr[i]:indptr[i + 1]``.
    site : int32[k]
        Sites in reach.
    seconds : float32[k]
        Walking seconds, rounded to the millisecond, ascending in each row (equal seconds: by site).
    n_sites : int
        Number of sites, reached or not.
    cutoff_s : float
        Largest number of seconds that counts as in reach (itself included).
    """

    indptr: NDArray[np.int64]
    site: NDArray[np.int32]
    seconds: NDArray[np.float32]
    n_sites: int
    cutoff_s: float

    @property
    def n_demand(self) -> int:
        """Number of demand points, reached or not."""
        return len(self.indptr) - 1

    @property
    def demand(self) -> NDArray[np.int32]:
        """The demand point of each pair, as int32[k]."""
        return np.repeat(np.arange(self.n_demand, dtype=np.int32), np.diff(self.indptr))

    def row(self, demand: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Sites in reach of one demand point and the seconds to them, nearest first."""
        piece = slice(self.indptr[demand], self.indptr[demand + 1])
        return self.site[piece], self.seconds[piece]

    def nearest_s(self) -> NDArray[np.float32]:
        """Seconds to the nearest site of each demand point, as float32[n]; infinite where none is in reach."""
        nearest = np.full(self.n_demand, np.inf, dtype=np.float32)
        reached = np.flatnonzero(np.diff(self.indptr))
        nearest[reached] = self.seconds[self.indptr[reached]]
        return nearest

    def nearest_site(self) -> NDArray[np.int32]:
        """Nearest site of each demand point, as int32[n]; −1 where none is in reach."""
        nearest = np.full(self.n_demand, -1, dtype=np.int32)
        reached = np.flatnonzero(np.diff(self.indptr))
        nearest[reached] = self.site[self.indptr[reached]]
        return nearest

    def within(self, cutoff_s: float) -> Reach:
        """Keep the pairs of at most ``cutoff_s`` seconds."""
        return self._kept(
            self.seconds <= np.float32(cutoff_s), n_sites=self.n_sites, cutoff_s=min(cutoff_s, self.cutoff_s)
        )

    def only(self, sites: NDArray[np.integer] | NDArray[np.bool_]) -> Reach:
        """Keep some sites, renumbered in ascending order of their old positions.

        Parameters
        ----------
        sites : int[j] or bool[n_sites]
            Sites to keep.
        """
        chosen = np.zeros(self.n_sites, dtype=np.bool_)
        chosen[sites] = True
        number = (np.cumsum(chosen) - 1).astype(np.int32)
        few = self._kept(chosen[self.site], n_sites=int(chosen.sum()), cutoff_s=self.cutoff_s)
        return Reach(few.indptr, number[few.site], few.seconds, few.n_sites, few.cutoff_s)

    def transposed(self) -> Reach:
        """Swap demand points and sites: row ``j`` holds the demand points in reach of site ``j``, nearest first."""
        indptr, demand, seconds = _turn(self.indptr, self.site, self.seconds, self.n_sites)
        order = np.lexsort((demand, seconds, np.repeat(np.arange(self.n_sites), np.diff(indptr))))
        return Reach(indptr, demand[order], seconds[order], self.n_demand, self.cutoff_s)

    def _kept(self, mask: NDArray[np.bool_], *, n_sites: int, cutoff_s: float) -> Reach:
        before = np.concatenate([[0], np.cumsum(mask)])
        return Reach(before[self.indptr], self.site[mask], self.seconds[mask], n_sites, cutoff_s)


def walk(
    network: WalkNetwork,
    origins: Snapped,
    sites: Snapped,
    walker: WalkingProfile,
    cutoff_s: float,
    *,
    threads: int = 2,
) -> Reach:
    """Time every walk from an origin to a site that takes at most ``cutoff_s`` seconds.

    Seconds count the connectors at both ends at the walker's speed, the streets, stairs and crossings between them.
    Two doors on the same street are joined along it. Searches start from the side with fewer points.

    Parameters
    ----------
    network : WalkNetwork
        Streets.
    origins, sites : Snapped
        Doors of demand points and of sites, snapped for this walker.
    walker : WalkingProfile
        Who walks.
    cutoff_s : float
        Longest walk that counts, in seconds, itself included.
    threads : int
        Threads that search; the answer does not depend on it.

    Returns
    -------
    Reach
        Row per origin, column per site.
    """
    cutoff = cutoff_ticks(cutoff_s)
    onward = pace(network, walker)
    from_sites = sites.n <= origins.n
    towards = onward.reversed() if from_sites else onward
    starts, goals = (sites, origins) if from_sites else (origins, sites)
    # A target is the end of a walk that begins at it once the walk is told backwards.
    begin = doors(network, starts, towards)
    end = doors(network, goals, towards.reversed())
    graph = skeleton(
        network, towards, cutoff, goals=_ends(network.n_junctions, end), starts=_ends(network.n_junctions, begin)
    )
    indptr, target, ticks = _search(graph, begin, end, cutoff, threads)
    if from_sites:
        indptr, target, ticks = _turn(indptr, target, ticks, origins.n)
    site, ticks = _ascending(indptr, target, ticks)
    # To the millisecond, so that a walk of exactly the cutoff compares as within it.
    seconds = np.minimum(np.rint(ticks * (1000.0 / TICKS_PER_S)) / 1000.0, cutoff_s).astype(np.float32)
    return Reach(indptr, site, seconds, sites.n, cutoff_s)


def _ends(n: int, doors: Doors) -> NDArray[np.bool_]:
    """Mark the junctions at the ends of streets with a door."""
    marked = np.zeros(n, dtype=np.bool_)
    marked[doors.u] = True
    marked[doors.v] = True
    return marked


def _search(
    graph: kernel.Graph,
    begin: Doors,
    end: Doors,
    cutoff: int,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Search block by block on a few threads and put the rows of all sources one after another."""
    sources, targets = sources_of(begin), _targets(graph, end)
    shift = kernel.bucket_shift(cutoff)
    mine = local()

    def block(first: int) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], int]:
        if not hasattr(mine, "pad"):
            mine.pad = kernel.scratch(len(graph.indptr) - 1, end.n, (cutoff >> shift) + 1)
        return kernel.search(graph, sources, targets, mine.pad, first, min(first + _BLOCK, begin.n), cutoff, shift)

    starts = range(0, begin.n, _BLOCK)
    if threads > 1 and len(starts) > 1:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(block, starts))
    else:
        parts = [block(first) for first in starts]
    counts = [np.diff(part[0]) for part in parts]
    indptr = np.concatenate([[0], np.cumsum(np.concatenate([np.zeros(0, dtype=np.int64), *counts]))]).astype(np.int64)
    target = np.concatenate([np.zeros(0, dtype=np.int32), *(part[1] for part in parts)])
    ticks = np.concatenate([np.zeros(0, dtype=np.int32), *(part[2] for part in parts)])
    return indptr, target, ticks


def sources_of(begin: Doors) -> kernel.Sources:
    """Seeds of every search."""
    indptr = np.concatenate([[0], np.cumsum(np.bincount(begin.point, minlength=begin.n))]).astype(np.int64)
    seeds = np.empty((2 * len(begin.edge), 2), dtype=np.int32)
    seeds[0::2, 0], seeds[1::2, 0] = begin.u, begin.v
    seeds[0::2, 1], seeds[1::2, 1] = begin.to_u, begin.to_v
    return kernel.Sources(indptr, seeds, begin.edge, begin.share, begin.connector)


def _targets(graph: kernel.Graph, end: Doors) -> kernel.Targets:
    n, n_edges = len(graph.indptr) - 1, len(graph.ahead)
    junction = np.concatenate([end.u, end.v])
    order = np.argsort(junction, kind="stable")
    ends = np.column_stack([np.concatenate([end.point, end.point]), np.concatenate([end.to_u, end.to_v])])
    by_edge = np.argsort(end.edge, kind="stable")
    return kernel.Targets(
        indptr=np.concatenate([[0], np.cumsum(np.bincount(junction, minlength=n))]).astype(np.int64),
        ends=np.ascontiguousarray(ends[order]),
        edge_indptr=np.concatenate([[0], np.cumsum(np.bincount(end.edge, minlength=n_edges))]).astype(np.int64),
        point=end.point[by_edge],
        share=end.share[by_edge],
        connector=end.connector[by_edge],
    )


@compiled
def _turn(
    indptr: NDArray[np.int64],
    column: NDArray[np.int32],
    value: NDArray[Any],
    n_columns: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[Any]]:
    """Turn rows into columns."""
    turned = np.zeros(n_columns + 1, np.int64)
    for pair in range(len(column)):
        turned[column[pair] + 1] += 1
    for place in range(n_columns):
        turned[place + 1] += turned[place]
    free = turned[:-1].copy()
    row = np.empty(len(column), np.int32)
    moved = np.empty_like(value)
    for place in range(len(indptr) - 1):
        for pair in range(indptr[place], indptr[place + 1]):
            put = free[column[pair]]
            free[column[pair]] += 1
            row[put] = place
            moved[put] = value[pair]
    return turned, row, moved


@compiled
def _ascending(
    indptr: NDArray[np.int64],
    column: NDArray[np.int32],
    ticks: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Sort each row by ticks, then by column."""
    key = ticks.astype(np.int64) << 32 | column
    for place in range(len(indptr) - 1):
        first, last = indptr[place], indptr[place + 1]
        if last - first > _LONG_ROW:
            key[first:last].sort()
            continue
        for pair in range(first + 1, last):
            moving = key[pair]
            free = pair
            while free > first and key[free - 1] > moving:
                key[free] = key[free - 1]
                free -= 1
            key[free] = moving
    return (key & 0xFFFFFFFF).astype(np.int32), (key >> 32).astype(np.int32)
