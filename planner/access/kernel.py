"""Bounded one-to-many shortest walks over CSR arrays, in machine code, one block of sources after another.

The queue is a ring of time buckets, each a pile of entries: a walk is improved until its bucket is empty, so results are
exact whatever the bucket's width. Times are whole ticks; equal inputs give equal outputs, whichever side is searched from
and however many threads work. Scratch arrays belong to one thread and are cleaned by what was touched, never wholesale, so
the time per source does not grow with the city.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.access.compiled import compiled
from planner.access.pace import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BUCKETS = 128


class Graph(NamedTuple):
    """Arcs as the search wants them: head and ticks side by side, the quickest arc of each junction first."""

    indptr: NDArray[np.int32]
    arcs: NDArray[np.int32]
    """int32[m, 2]: head junction, ticks."""
    ahead: NDArray[np.int32]
    back: NDArray[np.int32]
    """Ticks along each edge, for two doors on the same street."""


class Sources(NamedTuple):
    """Where walks begin: per source its junctions in reach, and its doors."""

    indptr: NDArray[np.int64]
    seeds: NDArray[np.int32]
    """int32[2 k, 2]: junction, ticks to it; two rows per door."""
    edge: NDArray[np.int32]
    share: NDArray[np.float64]
    connector: NDArray[np.int32]


class Targets(NamedTuple):
    """Where walks end: by junction, and by street for walks that never leave it."""

    indptr: NDArray[np.int64]
    ends: NDArray[np.int32]
    """int32[2 k, 2]: target, ticks from the junction to it."""
    edge_indptr: NDArray[np.int64]
    point: NDArray[np.int32]
    share: NDArray[np.float64]
    connector: NDArray[np.int32]


class Scratch(NamedTuple):
    """What one thread writes on, clean between sources."""

    ticks: NDArray[np.int32]
    """int32[n]: best ticks of each junction, `NEVER` where untouched."""
    best: NDArray[np.int32]
    """int32[targets]: best ticks of each target, `NEVER` where untouched."""
    touched: NDArray[np.int32]
    found: NDArray[np.int32]
    bucket: NDArray[np.int32]
    """First entry of each bucket, −1 where empty."""


def scratch(n_junctions: int, n_targets: int, n_buckets: int) -> Scratch:
    """Allocate what one thread needs."""
    return Scratch(
        ticks=np.full(n_junctions, NEVER, dtype=np.int32),
        best=np.full(n_targets, NEVER, dtype=np.int32),
        touched=np.empty(n_junctions, dtype=np.int32),
        found=np.empty(n_targets, dtype=np.int32),
        bucket=np.full(n_buckets, -1, dtype=np.int32),
    )


def pool() -> NDArray[np.int32]:
    """Allocate room for queue entries; it grows when needed."""
    return np.empty((4096, 3), dtype=np.int32)


def bucket_shift(cutoff: int) -> int:
    """Give the bits to drop from ticks to get a bucket, for about as many buckets as serve best."""
    return max(0, int(np.ceil(np.log2((cutoff + 1) / _BUCKETS))))


@compiled
def search(  # noqa: PLR0917 - machine code takes its arguments by position
    graph: Graph,
    sources: Sources,
    targets: Targets,
    pad: Scratch,
    first: int,
    last: int,
    cutoff: int,
    shift: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], int]:
    """Walk from sources ``first`` … ``last − 1`` to every target within ``cutoff`` ticks.

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
    pool = np.empty((4096, 3), np.int32)
    used = 0
    settled = 0
    for source in range(first, last):
        reached, pool = spread(graph, sources, pad, pool, source, cutoff, shift)
        settled += reached

        hits = 0
        for place in range(reached):
            node = pad.touched[place]
            now = pad.ticks[node]
            pad.ticks[node] = NEVER
            for end in range(targets.indptr[node], targets.indptr[node + 1]):
                then = now + targets.ends[end, 1]
                if then > cutoff:
                    continue
                goal = targets.ends[end, 0]
                if pad.best[goal] == NEVER:
                    pad.found[hits] = goal
                    hits += 1
                pad.best[goal] = min(pad.best[goal], then)
        for door in range(sources.indptr[source], sources.indptr[source + 1]):
            street = sources.edge[door]
            for other in range(targets.edge_indptr[street], targets.edge_indptr[street + 1]):
                way = targets.share[other] - sources.share[door]
                whole = graph.ahead[street] if way > 0 else graph.back[street]
                if whole >= NEVER and way != 0:
                    continue
                walked = 0 if way == 0 else np.int64(np.rint(abs(way) * whole))
                then = walked + sources.connector[door] + targets.connector[other]
                if then > cutoff:
                    continue
                goal = targets.point[other]
                if pad.best[goal] == NEVER:
                    pad.found[hits] = goal
                    hits += 1
                pad.best[goal] = min(pad.best[goal], then)

        while used + hits > len(target):
            target = np.concatenate((target, np.empty_like(target)))
            ticks = np.concatenate((ticks, np.empty_like(ticks)))
        for hit in range(hits):
            goal = pad.found[hit]
            target[used + hit] = goal
            ticks[used + hit] = pad.best[goal]
            pad.best[goal] = NEVER
        used += hits
        indptr[source - first + 1] = used
    return indptr, target[:used].copy(), ticks[:used].copy(), settled


@compiled
def spread(  # noqa: PLR0917
    graph: Graph,
    sources: Sources,
    pad: Scratch,
    pool: NDArray[np.int32],
    source: int,
    cutoff: int,
    shift: int,
) -> tuple[int, NDArray[np.int32]]:
    """Time every junction within ``cutoff`` ticks of one source.

    Parameters
    ----------
    pool : int32[p, 3]
        Room for queue entries (junction, ticks, next entry of the pile); replaced by a larger one when it is full.

    Returns
    -------
    reached : int
        Junctions now listed at the front of ``pad.touched``; their ticks stand in ``pad.ticks`` for the caller to wipe.
    pool : int32[p, 3]
        The room, to be passed on to the next call.
    """
    reached = 0
    entries = 0
    for seed in range(2 * sources.indptr[source], 2 * sources.indptr[source + 1]):
        node = sources.seeds[seed, 0]
        begun = sources.seeds[seed, 1]
        if begun > cutoff or begun >= pad.ticks[node]:
            continue
        if pad.ticks[node] == NEVER:
            pad.touched[reached] = node
            reached += 1
        pad.ticks[node] = begun
        if entries == len(pool):
            pool = _doubled(pool)
        pool[entries, 0] = node
        pool[entries, 1] = begun
        pool[entries, 2] = pad.bucket[begun >> shift]
        pad.bucket[begun >> shift] = entries
        entries += 1

    for slot in range(len(pad.bucket)):
        while pad.bucket[slot] >= 0:
            entry = pad.bucket[slot]
            node = pool[entry, 0]
            now = pool[entry, 1]
            pad.bucket[slot] = pool[entry, 2]
            if pad.ticks[node] != now:
                continue  # improved since it was put here
            for arc in range(graph.indptr[node], graph.indptr[node + 1]):
                then = now + graph.arcs[arc, 1]
                if then > cutoff:
                    break  # the other arcs are slower still
                head = graph.arcs[arc, 0]
                known = pad.ticks[head]
                if then >= known:
                    continue
                if known == NEVER:
                    pad.touched[reached] = head
                    reached += 1
                pad.ticks[head] = then
                if entries == len(pool):
                    pool = _doubled(pool)
                pool[entries, 0] = head
                pool[entries, 1] = then
                pool[entries, 2] = pad.bucket[then >> shift]
                pad.bucket[then >> shift] = entries
                entries += 1
    return reached, pool


@compiled
def _doubled(pool: NDArray[np.int32]) -> NDArray[np.int32]:
    larger = np.empty((2 * len(pool), 3), np.int32)
    larger[: len(pool)] = pool
    return larger
