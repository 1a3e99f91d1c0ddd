"""Bounded one-to-many shortest paths over CSR arrays (bucket queue), and graph reduction before a search.

Entries wait in buckets of time; a label is improved until its bucket is empty, so results are exact whatever the width of a
bucket. Times are integer ticks; equal inputs give equal outputs, whichever side is searched from and however many threads
work. Workspace arrays belong to one thread and are reset by what was touched, so the time per source does not grow with the
city.

Three choices are for speed alone and were measured: positions are unsigned, which saves the test for negative ones; an
arc is tried without branching, every store being made and the counters advanced by the result; and the buckets of one
source are rows of fixed length, worked from the front, so that the next entry is known before the last one is done.

The reduced graph leaves out dead ends without a target and contracts junctions of degree 2, for one profile, one cutoff and one
set of targets; the network stays as it is, and times are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from planner.access.compiled import compiled
from planner.access.edge_costs import UNREACHABLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.edge_costs import EdgeCosts
    from planner.access.network import WalkNetwork


_BUCKET_COUNT = 32
_BUCKET_LENGTH = 1 << 12
_JUNCTION_BITS = 32
_at: Any = np.uintp
_whole: Any = np.int64


class Graph(NamedTuple):
    """Arcs as the search wants them: head and ticks side by side, the quickest arc of each junction first."""

    indptr: NDArray[np.int32]
    arcs: NDArray[np.int32]
    """int32[m, 2]: head junction, ticks."""
    ahead: NDArray[np.int32]
    back: NDArray[np.int32]
    """Ticks along each edge, for two doors on the same street."""


class Sources(NamedTuple):
    """Origins of the searches: junctions in reach of each source, and its doors."""

    order: NDArray[np.int32]
    """The order sources are worked in: neighbours one after another, whose junctions are still at hand."""
    indptr: NDArray[np.int32]
    """Doors of each source."""
    seeds: NDArray[np.int32]
    """int32[2 k, 2]: junction, ticks to it; two rows per door."""
    edge: NDArray[np.int32]
    share: NDArray[np.float64]
    connector: NDArray[np.int32]


class Targets(NamedTuple):
    """Where walks end: by junction, and by street for walks that never leave it."""

    indptr: NDArray[np.int32]
    ends: NDArray[np.int32]
    """int32[2 k, 2]: target, ticks from the junction to it."""
    edge_indptr: NDArray[np.int32]
    point: NDArray[np.int32]
    share: NDArray[np.float64]
    connector: NDArray[np.int32]


class Workspace(NamedTuple):
    """What one thread writes on, clean between sources."""

    ticks: NDArray[np.int32]
    """int32[n]: best ticks of each junction, `UNREACHABLE` where untouched."""
    best: NDArray[np.int32]
    """int32[targets]: best ticks of each target, `UNREACHABLE` where untouched."""
    found: NDArray[np.int32]


class Buckets(NamedTuple):
    """Buckets of equal length in one array; replaced by longer ones when one is half full."""

    entry: NDArray[np.int64]
    """int64[buckets * length]: junction and ticks in one number."""
    end: NDArray[np.int64]
    """int64[buckets]: position of the next entry of each bucket; initially ``bucket * length``."""
    length: int
    """A power of two."""


def new_workspace(n_junctions: int, n_targets: int) -> Workspace:
    """Allocate what one thread needs."""
    return Workspace(
        ticks=np.full(n_junctions, UNREACHABLE, dtype=np.int32),
        best=np.full(n_targets, UNREACHABLE, dtype=np.int32),
        found=np.empty(n_targets + 1, dtype=np.int32),
    )


def new_buckets(n_buckets: int, length: int = _BUCKET_LENGTH) -> Buckets:
    """Allocate the buckets of a search from one source."""
    return Buckets(np.empty(n_buckets * length, dtype=np.int64), np.arange(n_buckets, dtype=np.int64) * length, length)


def no_targets(n_junctions: int) -> Targets:
    """Return empty targets, for searches that only time junctions."""
    nothing = np.zeros(0, dtype=np.int32)
    empty = np.zeros(n_junctions + 1, dtype=np.int32)
    return Targets(empty, nothing.reshape(0, 2), nothing, nothing, nothing.astype(np.float64), nothing)


def bucket_shift(cutoff: int) -> int:
    """Return the bits to drop from ticks to get a bucket, for the fastest number of buckets."""
    return max(0, int(np.ceil(np.log2((cutoff + 1) / _BUCKET_COUNT))))


@compiled
def search_block(  # noqa: PLR0917 - machine code takes its arguments by position
    graph: Graph,
    sources: Sources,
    targets: Targets,
    workspace: Workspace,
    buckets: Buckets,
    first: int,
    last: int,
    cutoff: int,
    shift: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], int]:
    """Search from sources ``order[first]`` … ``order[last - 1]`` for every target within ``cutoff`` ticks.

    Returns
    -------
    indptr : int64[last - first + 1]
    target : int32[k]
    ticks : int32[k]
        Targets of each source in no particular order.
    settled : int
        Junctions settled in all, for measuring.
    """
    indptr = np.zeros(last - first + 1, np.int64)
    target = np.empty(1024, np.int32)
    ticks = np.empty(1024, np.int32)
    used = 0
    settled = 0
    for turn in range(first, last):
        source = sources.order[_at(turn)]
        n_hits = search_from(graph, sources, targets, workspace, buckets, source, cutoff, shift)
        while n_hits < 0:
            buckets = doubled_buckets(buckets)
            n_hits = search_from(graph, sources, targets, workspace, buckets, source, cutoff, shift)
        settled += reset(workspace, buckets)
        hits = _at(n_hits)
        for door in range(sources.indptr[source], sources.indptr[source + 1]):
            street = sources.edge[door]
            for other in range(targets.edge_indptr[street], targets.edge_indptr[street + 1]):
                offset_share = targets.share[other] - sources.share[door]
                edge_ticks = graph.ahead[street] if offset_share > 0 else graph.back[street]
                if edge_ticks >= UNREACHABLE and offset_share != 0:
                    continue
                along_edge = 0 if offset_share == 0 else np.int64(np.rint(abs(offset_share) * edge_ticks))
                arrival = along_edge + sources.connector[door] + targets.connector[other]
                if arrival > cutoff:
                    continue
                target_index = _at(targets.point[other])
                best_known = workspace.best[target_index]
                workspace.found[hits] = np.int32(target_index)
                hits += _at(best_known == UNREACHABLE)
                workspace.best[target_index] = min(best_known, np.int32(arrival))

        while used + _whole(hits) > len(target):
            target = np.concatenate((target, np.empty_like(target)))
            ticks = np.concatenate((ticks, np.empty_like(ticks)))
        for hit in range(hits):
            target_index = _at(workspace.found[hit])
            target[_at(used) + hit] = np.int32(target_index)
            ticks[_at(used) + hit] = workspace.best[target_index]
            workspace.best[target_index] = UNREACHABLE
        used += _whole(hits)
        indptr[turn - first + 1] = used
    return indptr, target[:used].copy(), ticks[:used].copy(), settled


@compiled
def search_from(  # noqa: PLR0917
    graph: Graph,
    sources: Sources,
    targets: Targets,
    workspace: Workspace,
    buckets: Buckets,
    source: int,
    cutoff: int,
    shift: int,
) -> int:
    """Time every junction, and by them every target, within ``cutoff`` ticks of one source.

    Returns
    -------
    int
        Number of targets reached: listed in ``workspace.found``, with ticks in ``workspace.best``, those of the junctions in
        ``workspace.ticks``; the caller resets them. −1 if a bucket was too short: all is reset, to be repeated with longer
        ones.
    """
    limit = np.int32(cutoff)
    half = np.int64(buckets.length >> 1)
    hits = _at(0)
    full = np.int64(2 * (sources.indptr[source + 1] - sources.indptr[source]) >= half) * half
    if not full:
        for seed in range(2 * sources.indptr[source], 2 * sources.indptr[source + 1]):
            head = _at(sources.seeds[seed, 0])
            arrival = sources.seeds[seed, 1]
            if arrival > limit or arrival >= workspace.ticks[head]:
                continue
            bucket = _at(arrival >> shift)
            buckets.entry[_at(buckets.end[bucket])] = _whole(head) << _JUNCTION_BITS | _whole(arrival)
            buckets.end[bucket] += 1
            workspace.ticks[head] = arrival

    for bucket in range(_at(len(buckets.end))):
        place = bucket * _at(buckets.length)
        while place < _at(buckets.end[bucket]):
            node = _at(buckets.entry[place] >> _JUNCTION_BITS)
            now = np.int32(buckets.entry[place] & 0x7FFFFFFF)
            place += _at(1)
            if workspace.ticks[node] != now:
                continue  # improved since it was queued
            begin = _at(graph.indptr[node])
            end = _at(graph.indptr[node + _at(1)])
            # Buckets begin at multiples of their length: this bit is set in the end of one that is half full, and the
            # other half holds whatever one junction adds
            full |= np.int64(end - begin >= _at(half)) * half
            if full & half:
                break
            for arc in range(begin, end):
                arrival = np.int32(now + graph.arcs[arc, 1])
                if arrival > limit:
                    break  # the other arcs are slower still
                head = _at(graph.arcs[arc, 0])
                best_known = workspace.ticks[head]
                better = arrival < best_known
                next_bucket = _at(arrival >> shift)
                slot = buckets.end[next_bucket]
                full |= slot
                buckets.entry[_at(slot)] = _whole(head) << _JUNCTION_BITS | _whole(arrival)
                buckets.end[next_bucket] = slot + _whole(better)
                workspace.ticks[head] = arrival if better else best_known
            for end in range(_at(targets.indptr[node]), _at(targets.indptr[node + _at(1)])):
                arrival = np.int32(now + targets.ends[end, 1])
                if arrival > limit:
                    continue
                target_index = _at(targets.ends[end, 0])
                best_known = workspace.best[target_index]
                workspace.found[hits] = np.int32(target_index)
                hits += _at(best_known == UNREACHABLE)
                workspace.best[target_index] = min(best_known, arrival)
    if full & half:
        reset(workspace, buckets)
        for hit in range(hits):
            workspace.best[_at(workspace.found[hit])] = UNREACHABLE
        return -1
    return _whole(hits)  # type: ignore[no-any-return]


@compiled
def reset(workspace: Workspace, buckets: Buckets) -> int:
    """Reset the workspace and the buckets after a search; return the number of settled junctions."""
    settled = 0
    for bucket in range(_at(len(buckets.end))):
        begin = bucket * _at(buckets.length)
        for place in range(begin, _at(buckets.end[bucket])):
            node = _at(buckets.entry[place] >> _JUNCTION_BITS)
            settled += workspace.ticks[node] != UNREACHABLE
            workspace.ticks[node] = UNREACHABLE
        buckets.end[bucket] = _whole(begin)
    return settled


@compiled
def settled_junctions(workspace: Workspace, buckets: Buckets) -> NDArray[np.int32]:
    """List the junctions a search has settled, each once, in no particular order."""
    many = 0
    for bucket in range(_at(len(buckets.end))):
        many += buckets.end[bucket] - _whole(bucket) * buckets.length
    junction = np.empty(many, np.int32)
    used = 0
    for bucket in range(_at(len(buckets.end))):
        for place in range(bucket * _at(buckets.length), _at(buckets.end[bucket])):
            node = buckets.entry[place] >> _JUNCTION_BITS
            # of several entries the valid one is the quickest, and no two are equal
            junction[used] = np.int32(node)
            used += workspace.ticks[_at(node)] == buckets.entry[place] & 0x7FFFFFFF
    return junction[:used]


@compiled
def doubled_buckets(buckets: Buckets) -> Buckets:
    """Return empty buckets of twice the length."""
    length = 2 * buckets.length
    return Buckets(np.empty(2 * len(buckets.entry), np.int64), np.arange(len(buckets.end)) * length, length)


def full_graph(network: WalkNetwork, towards: EdgeCosts, cutoff: int) -> Graph:
    """Return the graph with all junctions, for searches whose times at junctions are needed."""
    everywhere = np.ones(network.n_junctions, dtype=np.bool_)
    return reduced_graph(network, towards, cutoff, goals=everywhere, starts=everywhere)


def reduced_graph(
    network: WalkNetwork,
    towards: EdgeCosts,
    cutoff: int,
    *,
    goals: NDArray[np.bool_],
    starts: NDArray[np.bool_],
) -> Graph:
    """Return the reduced graph for searches from some junctions to others.

    Parameters
    ----------
    network : WalkNetwork
        Streets.
    towards : EdgeCosts
        Ticks in the direction of the search.
    cutoff : int
        Longest walk in ticks; slower arcs are left out.
    goals : bool[n]
        Junctions whose times are wanted; all others may be missing from a search's result.
    starts : bool[n]
        Junctions searches begin at.

    Returns
    -------
    Graph
        Exact for the goals: the same ticks as over the whole network.
    """
    indptr, arcs = _reduce_arcs(
        network.indptr,
        network.indices,
        network.edge,
        network.u,
        network.v,
        towards.ahead,
        towards.back,
        towards.at_u,
        towards.at_v,
        cutoff,
        goals,
        starts,
    )
    return Graph(indptr, arcs, towards.ahead, towards.back)


@compiled
def _reduce_arcs(  # noqa: PLR0917
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    edge: NDArray[np.int32],
    u: NDArray[np.int32],
    v: NDArray[np.int32],
    ahead: NDArray[np.int32],
    back: NDArray[np.int32],
    at_u: NDArray[np.int32],
    at_v: NDArray[np.int32],
    cutoff: int,
    targets_mask: NDArray[np.bool_],
    sources_mask: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Time streets, prune dead ends, stride over junctions passed through, sort the arcs of each junction by ticks."""
    n = _at(len(indptr) - 1)
    edge_ticks = np.empty((len(u), 2), np.int32)  # each street with the waiting at its ends: from v to u, from u to v
    usable = np.empty(len(u), np.bool_)
    degree = np.zeros(n, np.int32)
    for street in range(_at(len(u))):
        waiting = at_u[street] + at_v[street]
        edge_ticks[street, 0] = min(back[street] + waiting, UNREACHABLE)
        edge_ticks[street, 1] = min(ahead[street] + waiting, UNREACHABLE)
        # no walk is quicker for a loop
        usable[street] = min(edge_ticks[street, 0], edge_ticks[street, 1]) <= cutoff and u[street] != v[street]
        degree[_at(u[street])] += usable[street]
        degree[_at(v[street])] += usable[street]

    # a dead end without a target is pruned; a source in it leaves by its only edge
    exit_arc = np.full(n, -1, np.int32)
    stack = np.empty(n, np.int32)
    depth = 0
    for node in range(n):
        stack[_at(depth)] = node
        depth += degree[node] == 1 and not targets_mask[node]
    while depth > 0:
        depth -= 1
        node = _at(stack[_at(depth)])
        if degree[node] != 1:
            continue  # its neighbour was pruned first: the two were a component of their own
        for arc in range(_at(indptr[node]), _at(indptr[node + _at(1)])):
            if usable[_at(edge[arc])]:
                exit_arc[node] = np.int32(arc)
                usable[_at(edge[arc])] = False
                neighbour = _at(indices[arc])
                degree[node] = 0
                degree[neighbour] -= 1
                if degree[neighbour] == 1 and not targets_mask[neighbour]:
                    stack[_at(depth)] = np.int32(neighbour)
                    depth += 1
                break

    # where such a source joins the rest there are two ways on: that junction is kept
    kept = targets_mask.copy()
    for node in range(n):
        if sources_mask[node] and exit_arc[node] >= 0:
            back_at = node
            while exit_arc[back_at] >= 0:
                back_at = _at(indices[_at(exit_arc[back_at])])
            kept[back_at] = True
    contracted = np.empty(n, np.bool_)
    for node in range(n):
        contracted[node] = degree[node] == 2 and not kept[node]

    reduced = np.empty((len(indices), 2), np.int32)
    begin = np.zeros(n + _at(1), np.int32)
    used = 0
    for node in range(n):
        first = used
        if not contracted[node] or sources_mask[node]:
            for arc in range(_at(indptr[node]), _at(indptr[node + _at(1)])):
                street = _at(edge[arc])
                if not usable[street] and exit_arc[node] != np.int32(arc):
                    continue
                head = _at(indices[arc])
                total = edge_ticks[street, _at(_at(u[street]) == node)]
                while contracted[head] and head != node and total <= cutoff:
                    on = _at(indptr[head])
                    while not usable[_at(edge[on])] or _at(edge[on]) == street:
                        on += _at(1)
                    street = _at(edge[on])
                    total = min(total + edge_ticks[street, _at(_at(u[street]) == head)], UNREACHABLE)
                    head = _at(indices[on])
                if head == node or total > cutoff:
                    continue
                place = used
                while place > first and reduced[_at(place - 1), 1] > total:
                    reduced[_at(place), 0] = reduced[_at(place - 1), 0]
                    reduced[_at(place), 1] = reduced[_at(place - 1), 1]
                    place -= 1
                reduced[_at(place), 0] = np.int32(head)
                reduced[_at(place), 1] = total
                used += 1
        begin[node + _at(1)] = np.int32(used)
    return begin, reduced[:used].copy()
