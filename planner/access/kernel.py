"""Bounded one-to-many shortest walks over CSR arrays, in machine code, one block of sources after another.

Entries wait in buckets of time: a walk is improved until its bucket is empty, so results are exact whatever the bucket's
width. Times are whole ticks; equal inputs give equal outputs, whichever side is searched from and however many threads
work. Scratch arrays belong to one thread and are cleaned by what was touched, never wholesale, so the time per source does
not grow with the city.

Three things here are for speed alone and were measured: positions are unsigned, which spares the test for negative ones; an
arc is tried without branching, every store being made and the counters advanced by what came of it; and the buckets of one
source are rows of fixed length, worked from the front, so that the next entry is known before the last one is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from planner.access.compiled import compiled
from planner.access.pace import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BUCKETS = 32
_ROW = 1 << 12
_JUNCTION = 32
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
    """Where walks begin: per source its junctions in reach, and its doors."""

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


class Scratch(NamedTuple):
    """What one thread writes on, clean between sources."""

    ticks: NDArray[np.int32]
    """int32[n]: best ticks of each junction, `NEVER` where untouched."""
    best: NDArray[np.int32]
    """int32[targets]: best ticks of each target, `NEVER` where untouched."""
    found: NDArray[np.int32]


class Rows(NamedTuple):
    """Buckets of one length side by side; longer ones take their place when one is half full."""

    entry: NDArray[np.int64]
    """int64[buckets * length]: junction and ticks in one number."""
    end: NDArray[np.int64]
    """int64[buckets]: where the next entry of each bucket goes; at first ``bucket * length``."""
    length: int
    """A power of two."""


def scratch(n_junctions: int, n_targets: int) -> Scratch:
    """Allocate what one thread needs."""
    return Scratch(
        ticks=np.full(n_junctions, NEVER, dtype=np.int32),
        best=np.full(n_targets, NEVER, dtype=np.int32),
        found=np.empty(n_targets + 1, dtype=np.int32),
    )


def rows(n_buckets: int, length: int = _ROW) -> Rows:
    """Allocate the buckets of a search from one source."""
    return Rows(np.empty(n_buckets * length, dtype=np.int64), np.arange(n_buckets, dtype=np.int64) * length, length)


def no_targets(n_junctions: int) -> Targets:
    """Make a search that only times junctions."""
    nothing = np.zeros(0, dtype=np.int32)
    empty = np.zeros(n_junctions + 1, dtype=np.int32)
    return Targets(empty, nothing.reshape(0, 2), nothing, nothing, nothing.astype(np.float64), nothing)


def bucket_shift(cutoff: int) -> int:
    """Give the bits to drop from ticks to get a bucket, for about as many buckets as serve best."""
    return max(0, int(np.ceil(np.log2((cutoff + 1) / _BUCKETS))))


@compiled
def search(  # noqa: PLR0917 - machine code takes its arguments by position
    graph: Graph,
    sources: Sources,
    targets: Targets,
    pad: Scratch,
    queue: Rows,
    first: int,
    last: int,
    cutoff: int,
    shift: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], int]:
    """Walk from sources ``order[first]`` … ``order[last - 1]`` to every target within ``cutoff`` ticks.

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
        met = spread(graph, sources, targets, pad, queue, source, cutoff, shift)
        while met < 0:
            queue = doubled_rows(queue)
            met = spread(graph, sources, targets, pad, queue, source, cutoff, shift)
        settled += wiped(pad, queue)
        hits = _at(met)
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
                goal = _at(targets.point[other])
                known = pad.best[goal]
                pad.found[hits] = np.int32(goal)
                hits += _at(known == NEVER)
                pad.best[goal] = min(known, np.int32(then))

        while used + _whole(hits) > len(target):
            target = np.concatenate((target, np.empty_like(target)))
            ticks = np.concatenate((ticks, np.empty_like(ticks)))
        for hit in range(hits):
            goal = _at(pad.found[hit])
            target[_at(used) + hit] = np.int32(goal)
            ticks[_at(used) + hit] = pad.best[goal]
            pad.best[goal] = NEVER
        used += _whole(hits)
        indptr[turn - first + 1] = used
    return indptr, target[:used].copy(), ticks[:used].copy(), settled


@compiled
def spread(  # noqa: PLR0917
    graph: Graph,
    sources: Sources,
    targets: Targets,
    pad: Scratch,
    queue: Rows,
    source: int,
    cutoff: int,
    shift: int,
) -> int:
    """Time every junction, and by them every target, within ``cutoff`` ticks of one source.

    Returns
    -------
    int
        Targets met: they stand in ``pad.found``, their ticks in ``pad.best``, those of the junctions in ``pad.ticks``; all
        is the caller's to wipe. −1 if a bucket was too short: all is wiped, to be tried again with longer ones.
    """
    limit = np.int32(cutoff)
    half = np.int64(queue.length >> 1)
    hits = _at(0)
    full = np.int64(2 * (sources.indptr[source + 1] - sources.indptr[source]) >= half) * half
    if not full:
        for seed in range(2 * sources.indptr[source], 2 * sources.indptr[source + 1]):
            head = _at(sources.seeds[seed, 0])
            then = sources.seeds[seed, 1]
            if then > limit or then >= pad.ticks[head]:
                continue
            bucket = _at(then >> shift)
            queue.entry[_at(queue.end[bucket])] = _whole(head) << _JUNCTION | _whole(then)
            queue.end[bucket] += 1
            pad.ticks[head] = then

    for bucket in range(_at(len(queue.end))):
        place = bucket * _at(queue.length)
        while place < _at(queue.end[bucket]):
            node = _at(queue.entry[place] >> _JUNCTION)
            now = np.int32(queue.entry[place] & 0x7FFFFFFF)
            place += _at(1)
            if pad.ticks[node] != now:
                continue  # improved since it was put here
            begin = _at(graph.indptr[node])
            end = _at(graph.indptr[node + _at(1)])
            # Buckets begin at multiples of their length: this bit is set in the end of one that is half full, and the
            # other half holds whatever one junction adds.
            full |= np.int64(end - begin >= _at(half)) * half
            if full & half:
                break
            for arc in range(begin, end):
                then = np.int32(now + graph.arcs[arc, 1])
                if then > limit:
                    break  # the other arcs are slower still
                head = _at(graph.arcs[arc, 0])
                known = pad.ticks[head]
                better = then < known
                onto = _at(then >> shift)
                free = queue.end[onto]
                full |= free
                queue.entry[_at(free)] = _whole(head) << _JUNCTION | _whole(then)
                queue.end[onto] = free + _whole(better)
                pad.ticks[head] = then if better else known
            for end in range(_at(targets.indptr[node]), _at(targets.indptr[node + _at(1)])):
                then = np.int32(now + targets.ends[end, 1])
                if then > limit:
                    continue
                goal = _at(targets.ends[end, 0])
                known = pad.best[goal]
                pad.found[hits] = np.int32(goal)
                hits += _at(known == NEVER)
                pad.best[goal] = min(known, then)
    if full & half:
        wiped(pad, queue)
        for hit in range(hits):
            pad.best[_at(pad.found[hit])] = NEVER
        return -1
    return _whole(hits)  # type: ignore[no-any-return]


@compiled
def wiped(pad: Scratch, queue: Rows) -> int:
    """Make junctions and buckets as they were before a search; count the junctions it had settled."""
    settled = 0
    for bucket in range(_at(len(queue.end))):
        begin = bucket * _at(queue.length)
        for place in range(begin, _at(queue.end[bucket])):
            node = _at(queue.entry[place] >> _JUNCTION)
            settled += pad.ticks[node] != NEVER
            pad.ticks[node] = NEVER
        queue.end[bucket] = _whole(begin)
    return settled


@compiled
def settled_junctions(pad: Scratch, queue: Rows) -> NDArray[np.int32]:
    """List the junctions a search has settled, each once, in no particular order."""
    many = 0
    for bucket in range(_at(len(queue.end))):
        many += queue.end[bucket] - _whole(bucket) * queue.length
    junction = np.empty(many, np.int32)
    used = 0
    for bucket in range(_at(len(queue.end))):
        for place in range(bucket * _at(queue.length), _at(queue.end[bucket])):
            node = queue.entry[place] >> _JUNCTION
            # Of several entries the one that stands is the quickest, and no two are equally quick.
            junction[used] = np.int32(node)
            used += pad.ticks[_at(node)] == queue.entry[place] & 0x7FFFFFFF
    return junction[:used]


@compiled
def doubled_rows(queue: Rows) -> Rows:
    """Make buckets twice as long; they are empty."""
    length = 2 * queue.length
    return Rows(np.empty(2 * len(queue.entry), np.int64), np.arange(len(queue.end)) * length, length)
