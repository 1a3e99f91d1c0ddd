"""Travel times from demand points to sites within a cutoff: a sparse matrix in CSR form, and its computation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import local
from typing import TYPE_CHECKING

import numpy as np

from planner.access import shortest_paths
from planner.access.compiled import compiled
from planner.access.edge_costs import DoorCosts, SearchParameters, door_costs, edge_costs, search_parameters
from planner.access.shortest_paths import reduced_graph

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


@dataclass(frozen=True, eq=False, slots=True)
class TravelTimes:
    """Travel times from demand points to sites for the pairs within a cutoff; an absent pair is out of reach.

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
        """Demand point of each pair, int32[k]."""
        return np.repeat(np.arange(self.n_demand, dtype=np.int32), np.diff(self.indptr))

    def row(self, demand: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the sites in reach of one demand point and the seconds to them, nearest first."""
        row = slice(self.indptr[demand], self.indptr[demand + 1])
        return self.site[row], self.seconds[row]

    def nearest_s(self) -> NDArray[np.float32]:
        """Return the seconds to the nearest site of each demand point, float32[n]; infinite where none is in reach."""
        nearest = np.full(self.n_demand, np.inf, dtype=np.float32)
        reached = np.flatnonzero(np.diff(self.indptr))
        nearest[reached] = self.seconds[self.indptr[reached]]
        return nearest

    def nearest_site(self) -> NDArray[np.int32]:
        """Return the nearest site of each demand point, int32[n]; −1 where none is in reach."""
        nearest = np.full(self.n_demand, -1, dtype=np.int32)
        reached = np.flatnonzero(np.diff(self.indptr))
        nearest[reached] = self.site[self.indptr[reached]]
        return nearest

    def within(self, cutoff_s: float) -> TravelTimes:
        """Return the pairs of at most ``cutoff_s`` seconds."""
        return self._kept(
            self.seconds <= np.float32(cutoff_s), n_sites=self.n_sites, cutoff_s=min(cutoff_s, self.cutoff_s)
        )

    def only(self, sites: NDArray[np.integer] | NDArray[np.bool_]) -> TravelTimes:
        """Return the pairs of some sites, renumbered in ascending order of their positions.

        Parameters
        ----------
        sites : int[j] or bool[n_sites]
            Sites to keep.
        """
        chosen = np.zeros(self.n_sites, dtype=np.bool_)
        chosen[sites] = True
        number = (np.cumsum(chosen) - 1).astype(np.int32)
        subset = self._kept(chosen[self.site], n_sites=int(chosen.sum()), cutoff_s=self.cutoff_s)
        return TravelTimes(subset.indptr, number[subset.site], subset.seconds, subset.n_sites, subset.cutoff_s)

    def _kept(self, mask: NDArray[np.bool_], *, n_sites: int, cutoff_s: float) -> TravelTimes:
        cumulative = np.concatenate([[0], np.cumsum(mask)])
        return TravelTimes(cumulative[self.indptr], self.site[mask], self.seconds[mask], n_sites, cutoff_s)


def compute_travel_times(
    network: WalkNetwork,
    origins: Snapped,
    sites: Snapped,
    walker: WalkingProfile,
    cutoff_s: float,
    *,
    threads: int = 2,
) -> TravelTimes:
    """Compute the travel times of all pairs within ``cutoff_s`` seconds.

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
    TravelTimes
        Row per origin, column per site.
    """
    return compute_travel_times_each(
        network, {"": origins}, {"": sites}, {"": walker}, {"": cutoff_s}, threads=threads
    )[""]


def compute_travel_times_each(
    network: WalkNetwork,
    origins: Mapping[str, Snapped],
    sites: Mapping[str, Snapped],
    walkers: Mapping[str, WalkingProfile],
    cutoffs_s: Mapping[str, float],
    *,
    threads: int = 2,
) -> dict[str, TravelTimes]:
    """Time the walks of several walkers; those who differ in speed alone, at equal doors, share one search.

    Results equal those of `compute_travel_times` to the last bit, whatever the other profiles.

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
        As in `compute_travel_times`.

    Returns
    -------
    dict of str to TravelTimes
        In the order of ``walkers``.
    """
    parameters = {name: search_parameters(walker, cutoffs_s[name]) for name, walker in walkers.items()}
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, search in parameters.items():
        key = (search.walker.model_dump_json(), *_doors_key(origins[name]), *_doors_key(sites[name]))
        groups.setdefault(key, []).append(name)
    results: dict[str, TravelTimes] = {}
    for names in groups.values():
        longest = max(names, key=lambda name: parameters[name].cutoff)
        pairs = _search_pairs(network, origins[longest], sites[longest], parameters[longest], threads)
        for name in names:
            results[name] = _travel_times(pairs, parameters[name], cutoffs_s[name])
    return {name: results[name] for name in walkers}


def _doors_key(snapped: Snapped) -> tuple[object, ...]:
    """Return a hashable key of the doors."""
    return snapped.n, *(
        array.tobytes() for array in (snapped.point, snapped.edge, snapped.offset_m, snapped.connector_m)
    )


@dataclass(frozen=True, eq=False, slots=True)
class _SearchResult:
    """What a search found: per turn one source, its targets and ticks."""

    order: NDArray[np.int32]
    indptr: NDArray[np.int64]
    target: NDArray[np.int32]
    ticks: NDArray[np.int32]
    n_origins: int
    n_sites: int
    from_sites: bool
    cutoff: int


def _search_pairs(
    network: WalkNetwork, origins: Snapped, sites: Snapped, parameters: SearchParameters, threads: int
) -> _SearchResult:
    """Search from the side with fewer points."""
    cutoff = parameters.cutoff
    costs_from_origins = edge_costs(network, parameters.walker)
    from_sites = sites.n <= origins.n
    costs = costs_from_origins.reversed() if from_sites else costs_from_origins
    starts, goals = (sites, origins) if from_sites else (origins, sites)
    # a target is the origin of the reversed walk
    source_doors = door_costs(network, starts, costs)
    target_doors = door_costs(network, goals, costs.reversed())
    graph = reduced_graph(
        network,
        costs,
        cutoff,
        goals=door_junctions(network.n_junctions, target_doors, cutoff),
        starts=door_junctions(network.n_junctions, source_doors, cutoff),
    )
    sources = search_sources(source_doors)
    results = _search_blocks(
        graph, sources, _search_targets(graph, target_doors, cutoff), target_doors.n, cutoff, threads
    )
    return _SearchResult(sources.order, *results, origins.n, sites.n, from_sites, cutoff)


def _travel_times(pairs: _SearchResult, parameters: SearchParameters, cutoff_s: float) -> TravelTimes:
    """Return the pairs within the cutoff of one profile, in rows and in seconds."""
    indptr, target, ticks = pairs.indptr, pairs.target, pairs.ticks
    if parameters.cutoff < pairs.cutoff:
        within = ticks <= parameters.cutoff
        indptr = np.concatenate([[0], np.cumsum(within)])[indptr]
        target, ticks = target[within], ticks[within]
    # To the millisecond, so that a walk of exactly the cutoff compares as within it.
    rows = _sorted_rows(
        pairs.order,
        indptr,
        target,
        ticks,
        pairs.n_origins,
        pairs.from_sites,
        parameters.ticks_per_s / 1000.0,
        np.float32(cutoff_s),
    )
    return TravelTimes(*rows, n_sites=pairs.n_sites, cutoff_s=cutoff_s)


def search_sources(source_doors: DoorCosts) -> shortest_paths.Sources:
    """Arrange the doors that walks begin at, neighbours one after another."""
    seeds = np.empty((2 * len(source_doors.edge), 2), dtype=np.int32)
    seeds[0::2, 0], seeds[1::2, 0] = source_doors.u, source_doors.v
    seeds[0::2, 1], seeds[1::2, 1] = source_doors.to_u, source_doors.to_v
    place = np.zeros(source_doors.n, dtype=np.int32)
    place[source_doors.point] = source_doors.u
    return shortest_paths.Sources(
        order=np.argsort(place, kind="stable").astype(np.int32),
        indptr=np.searchsorted(source_doors.point, np.arange(source_doors.n + 1)).astype(np.int32),
        seeds=seeds,
        edge=source_doors.edge,
        share=source_doors.share,
        connector=source_doors.connector,
    )


def _search_targets(graph: shortest_paths.Graph, target_doors: DoorCosts, cutoff: int) -> shortest_paths.Targets:
    """Arrange the doors that walks end at by junction and by street."""
    near_u, near_v = np.flatnonzero(target_doors.to_u <= cutoff), np.flatnonzero(target_doors.to_v <= cutoff)
    indptr, order = group_by_key(
        np.concatenate([target_doors.u[near_u], target_doors.v[near_v]]), len(graph.indptr) - 1
    )
    ends = np.empty((len(order), 2), dtype=np.int32)
    ends[:, 0] = np.concatenate([target_doors.point[near_u], target_doors.point[near_v]])[order]
    ends[:, 1] = np.concatenate([target_doors.to_u[near_u], target_doors.to_v[near_v]])[order]
    edge_indptr, along = group_by_key(target_doors.edge, len(graph.ahead))
    return shortest_paths.Targets(
        indptr, ends, edge_indptr, target_doors.point[along], target_doors.share[along], target_doors.connector[along]
    )


def door_junctions(n: int, costs: DoorCosts, cutoff: int) -> NDArray[np.bool_]:
    """Mark the junctions at the ends of streets with a door."""
    marked = np.zeros(n, dtype=np.bool_)
    marked[costs.u[costs.to_u <= cutoff]] = True
    marked[costs.v[costs.to_v <= cutoff]] = True
    return marked


def _search_blocks(  # noqa: PLR0917
    graph: shortest_paths.Graph,
    sources: shortest_paths.Sources,
    targets: shortest_paths.Targets,
    n_targets: int,
    cutoff: int,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Search in blocks on several threads; rows are in the order of the sources."""
    shift = shortest_paths.bucket_shift(cutoff)
    n = len(sources.order)
    thread_state = local()
    size = max(_BLOCK, n // (_TASKS * threads))

    def block(first: int) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], int]:
        if not hasattr(thread_state, "pad"):
            thread_state.pad = shortest_paths.new_workspace(len(graph.indptr) - 1, n_targets)
            thread_state.queue = shortest_paths.new_buckets((cutoff >> shift) + 1)
        last = min(first + size, n)
        return shortest_paths.search_block(
            graph, sources, targets, thread_state.pad, thread_state.queue, first, last, cutoff, shift
        )

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
def _sorted_rows(  # noqa: PLR0917
    order: NDArray[np.int32],
    indptr: NDArray[np.int64],
    target: NDArray[np.int32],
    ticks: NDArray[np.int32],
    n_rows: int,
    by_target: bool,
    ticks_per_ms: float,
    cutoff_s: np.float32,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Sort pairs into rows of demand points, each row by ticks and then by site."""
    source_doors = np.zeros(n_rows + 1, np.int64)
    for turn in range(len(order)):
        if by_target:
            for pair in range(indptr[turn], indptr[turn + 1]):
                source_doors[target[pair] + 1] += 1
        else:
            source_doors[order[turn] + 1] = indptr[turn + 1] - indptr[turn]
    for row in range(n_rows):
        source_doors[row + 1] += source_doors[row]
    free = source_doors[:-1].copy()
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
        first = source_doors[row]
        last = source_doors[row + 1]
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
    return source_doors, site, seconds


@compiled
def group_by_key(key: NDArray[np.int32], n: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Arrange positions by key, 0 … n−1: where each key begins, and the positions."""
    source_doors = np.zeros(n + 1, np.int32)
    for place in range(len(key)):
        source_doors[key[place] + 1] += 1
    for value in range(n):
        source_doors[value + 1] += source_doors[value]
    free = source_doors[:-1].copy()
    order = np.empty(len(key), np.int64)
    for place in range(len(key)):
        order[free[key[place]]] = place
        free[key[place]] += 1
    return source_doors, order
