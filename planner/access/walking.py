"""From doors to a `Reach`: whom to search from, over which streets, on how many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import local
from typing import TYPE_CHECKING

import numpy as np

from planner.access import kernel
from planner.access.compiled import compiled
from planner.access.pace import Doors, Search, doors, pace, searched_as
from planner.access.reach import Reach
from planner.access.skeleton import skeleton

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.access.snap import Snapped
    from planner.study import WalkingProfile

_LONG_ROW = 24
"""Shorter rows are sorted by insertion, which is quicker for them."""

_BLOCK = 64
"""Fewest sources per task: handing them out costs nothing then."""

_TASKS = 8
"""Tasks per thread: enough to share out evenly."""


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
    return walk_each(network, {"": origins}, {"": sites}, {"": walker}, {"": cutoff_s}, threads=threads)[""]


def walk_each(
    network: WalkNetwork,
    origins: Mapping[str, Snapped],
    sites: Mapping[str, Snapped],
    walkers: Mapping[str, WalkingProfile],
    cutoffs_s: Mapping[str, float],
    *,
    threads: int = 2,
) -> dict[str, Reach]:
    """Time the walks of several walkers; those who differ in speed alone, at equal doors, share one search.

    The answers are those of `walk`, to the last bit, whoever else is asked about.

    Parameters
    ----------
    network : WalkNetwork
        Streets.
    origins, sites : mapping of str to Snapped
        Doors by walker.
    walkers : mapping of str to WalkingProfile
        Who walks.
    cutoffs_s : mapping of str to float
        Longest walk of each walker in seconds.
    threads : int
        As in `walk`.

    Returns
    -------
    dict of str to Reach
        In the order of ``walkers``.
    """
    asked = {name: searched_as(walker, cutoffs_s[name]) for name, walker in walkers.items()}
    together: dict[tuple[object, ...], list[str]] = {}
    for name, search in asked.items():
        alike = (search.walker.model_dump_json(), *_doors_told(origins[name]), *_doors_told(sites[name]))
        together.setdefault(alike, []).append(name)
    found: dict[str, Reach] = {}
    for names in together.values():
        farthest = max(names, key=lambda name: asked[name].cutoff)
        pairs = _pairs(network, origins[farthest], sites[farthest], asked[farthest], threads)
        for name in names:
            found[name] = _reach(pairs, asked[name], cutoffs_s[name])
    return {name: found[name] for name in walkers}


def _doors_told(doors: Snapped) -> tuple[object, ...]:
    """All that doors say, as something that compares."""
    return doors.n, *(array.tobytes() for array in (doors.point, doors.edge, doors.offset_m, doors.connector_m))


@dataclass(frozen=True, eq=False, slots=True)
class _Pairs:
    """What a search found: per turn one source, its targets and ticks."""

    order: NDArray[np.int32]
    indptr: NDArray[np.int64]
    target: NDArray[np.int32]
    ticks: NDArray[np.int32]
    n_origins: int
    n_sites: int
    from_sites: bool
    cutoff: int


def _pairs(network: WalkNetwork, origins: Snapped, sites: Snapped, asked: Search, threads: int) -> _Pairs:
    """Search from the side with fewer points."""
    cutoff = asked.cutoff
    onward = pace(network, asked.walker)
    from_sites = sites.n <= origins.n
    towards = onward.reversed() if from_sites else onward
    starts, goals = (sites, origins) if from_sites else (origins, sites)
    # A target is the end of a walk that begins at it once the walk is told backwards.
    begin = doors(network, starts, towards)
    end = doors(network, goals, towards.reversed())
    graph = skeleton(
        network,
        towards,
        cutoff,
        goals=ends_of(network.n_junctions, end, cutoff),
        starts=ends_of(network.n_junctions, begin, cutoff),
    )
    sources = sources_of(begin)
    found = _searched(graph, sources, _targets(graph, end, cutoff), end.n, cutoff, threads)
    return _Pairs(sources.order, *found, origins.n, sites.n, from_sites, cutoff)


def _reach(pairs: _Pairs, asked: Search, cutoff_s: float) -> Reach:
    """Put the pairs within the cutoff of one walker in rows, in that walker's seconds."""
    indptr, target, ticks = pairs.indptr, pairs.target, pairs.ticks
    if asked.cutoff < pairs.cutoff:
        within = ticks <= asked.cutoff
        indptr = np.concatenate([[0], np.cumsum(within)])[indptr]
        target, ticks = target[within], ticks[within]
    # To the millisecond, so that a walk of exactly the cutoff compares as within it.
    rows = _rows(
        pairs.order,
        indptr,
        target,
        ticks,
        pairs.n_origins,
        pairs.from_sites,
        asked.ticks_per_s / 1000.0,
        np.float32(cutoff_s),
    )
    return Reach(*rows, n_sites=pairs.n_sites, cutoff_s=cutoff_s)


def sources_of(begin: Doors) -> kernel.Sources:
    """Arrange the doors that walks begin at, neighbours one after another."""
    seeds = np.empty((2 * len(begin.edge), 2), dtype=np.int32)
    seeds[0::2, 0], seeds[1::2, 0] = begin.u, begin.v
    seeds[0::2, 1], seeds[1::2, 1] = begin.to_u, begin.to_v
    place = np.zeros(begin.n, dtype=np.int32)
    place[begin.point] = begin.u
    return kernel.Sources(
        order=np.argsort(place, kind="stable").astype(np.int32),
        indptr=np.searchsorted(begin.point, np.arange(begin.n + 1)).astype(np.int32),
        seeds=seeds,
        edge=begin.edge,
        share=begin.share,
        connector=begin.connector,
    )


def _targets(graph: kernel.Graph, end: Doors, cutoff: int) -> kernel.Targets:
    """Arrange the doors that walks end at by junction and by street."""
    near_u, near_v = np.flatnonzero(end.to_u <= cutoff), np.flatnonzero(end.to_v <= cutoff)
    indptr, order = by_key(np.concatenate([end.u[near_u], end.v[near_v]]), len(graph.indptr) - 1)
    ends = np.empty((len(order), 2), dtype=np.int32)
    ends[:, 0] = np.concatenate([end.point[near_u], end.point[near_v]])[order]
    ends[:, 1] = np.concatenate([end.to_u[near_u], end.to_v[near_v]])[order]
    edge_indptr, along = by_key(end.edge, len(graph.ahead))
    return kernel.Targets(indptr, ends, edge_indptr, end.point[along], end.share[along], end.connector[along])


def ends_of(n: int, doors: Doors, cutoff: int) -> NDArray[np.bool_]:
    """Mark the junctions at the ends of streets with a door."""
    marked = np.zeros(n, dtype=np.bool_)
    marked[doors.u[doors.to_u <= cutoff]] = True
    marked[doors.v[doors.to_v <= cutoff]] = True
    return marked


def _searched(  # noqa: PLR0917
    graph: kernel.Graph,
    sources: kernel.Sources,
    targets: kernel.Targets,
    n_targets: int,
    cutoff: int,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Search block by block on a few threads; rows stand in the order the sources were worked in."""
    shift = kernel.bucket_shift(cutoff)
    n = len(sources.order)
    mine = local()
    size = max(_BLOCK, n // (_TASKS * threads))

    def block(first: int) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], int]:
        if not hasattr(mine, "pad"):
            mine.pad = kernel.scratch(len(graph.indptr) - 1, n_targets)
            mine.queue = kernel.rows((cutoff >> shift) + 1)
        last = min(first + size, n)
        return kernel.search(graph, sources, targets, mine.pad, mine.queue, first, last, cutoff, shift)

    starts = range(0, n, size)
    if threads > 1 and len(starts) > 1:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(block, starts))
    else:
        parts = [block(first) for first in starts]
    indptr = np.zeros(n + 1, dtype=np.int64)
    if n:
        np.cumsum(np.concatenate([np.diff(part[0]) for part in parts]), out=indptr[1:])
    target = np.concatenate([np.zeros(0, dtype=np.int32), *(part[1] for part in parts)])
    ticks = np.concatenate([np.zeros(0, dtype=np.int32), *(part[2] for part in parts)])
    return indptr, target, ticks


@compiled
def _rows(  # noqa: PLR0917
    order: NDArray[np.int32],
    indptr: NDArray[np.int64],
    target: NDArray[np.int32],
    ticks: NDArray[np.int32],
    n_rows: int,
    by_target: bool,
    ticks_per_ms: float,
    cutoff_s: np.float32,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Put pairs in rows of demand points, each row by ticks and then by site."""
    begin = np.zeros(n_rows + 1, np.int64)
    for turn in range(len(order)):
        if by_target:
            for pair in range(indptr[turn], indptr[turn + 1]):
                begin[target[pair] + 1] += 1
        else:
            begin[order[turn] + 1] = indptr[turn + 1] - indptr[turn]
    for row in range(n_rows):
        begin[row + 1] += begin[row]
    free = begin[:-1].copy()
    key = np.empty(len(target), np.int64)
    for turn in range(len(order)):
        source = order[turn]
        for pair in range(indptr[turn], indptr[turn + 1]):
            row = target[pair] if by_target else source
            key[free[row]] = np.int64(ticks[pair]) << 32 | (source if by_target else target[pair])
            free[row] += 1
    site = np.empty(len(target), np.int32)
    seconds = np.empty(len(target), np.float32)
    for row in range(n_rows):
        first = begin[row]
        last = begin[row + 1]
        if last - first > _LONG_ROW:
            key[first:last].sort()
        else:
            for pair in range(first + 1, last):
                moving = key[pair]
                gap = pair
                while gap > first and key[gap - 1] > moving:
                    key[gap] = key[gap - 1]
                    gap -= 1
                key[gap] = moving
        for pair in range(first, last):
            site[pair] = key[pair] & 0xFFFFFFFF
            seconds[pair] = min(np.float32(np.rint((key[pair] >> 32) / ticks_per_ms) / 1000.0), cutoff_s)
    return begin, site, seconds


@compiled
def by_key(key: NDArray[np.int32], n: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Arrange positions by key, 0 … n−1: where each key begins, and the positions."""
    begin = np.zeros(n + 1, np.int32)
    for place in range(len(key)):
        begin[key[place] + 1] += 1
    for value in range(n):
        begin[value + 1] += begin[value]
    free = begin[:-1].copy()
    order = np.empty(len(key), np.int64)
    for place in range(len(key)):
        order[free[key[place]]] = place
        free[key[place]] += 1
    return begin, order
