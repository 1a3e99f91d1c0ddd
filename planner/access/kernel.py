"""Bounded one-to-many shortest walks over CSR arrays, in machine code, one block of sources after another.

The queue is a row of time buckets, each a pile of entries: a walk is improved until its bucket is empty, so results are
exact whatever the bucket's width. Times are whole ticks; equal inputs give equal outputs, whichever side is searched from
and however many threads work. Scratch arrays belong to one thread and are cleaned by what was touched, never wholesale, so
the time per source does not grow with the city.

Two things here are for speed alone and were measured: positions are unsigned, which spares the test for negative ones, and
an arc is tried without branching, every store being made and the counters advanced by what came of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from planner.access.compiled import compiled
from planner.access.pace import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BUCKETS = 128
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
    bucket: NDArray[np.int32]
    """First entry of each bucket, −1 where empty."""


class Queue(NamedTuple):
    """Entries of the queue; a longer one takes its place when it is full."""

    junction: NDArray[np.int32]
    ticks: NDArray[np.int32]
    below: NDArray[np.int32]
    """The entry beneath in the same pile, −1 for the lowest."""


def scratch(n_junctions: int, n_targets: int, n_buckets: int) -> Scratch:
    """Allocate what one thread needs."""
    return Scratch(
        ticks=np.full(n_junctions, NEVER, dtype=np.int32),
        best=np.full(n_targets, NEVER, dtype=np.int32),
        found=np.empty(n_targets + 1, dtype=np.int32),
        bucket=np.full(n_buckets, -1, dtype=np.int32),
    )


def queue() -> Queue:
    """Allocate room for queue entries."""
    return Queue(*(np.empty(1 << 14, dtype=np.int32) for _ in range(3)))


def bucket_shift(cutoff: int) -> int:
    """Give the bits to drop from ticks to get a bucket, for about as many buckets as serve best."""
    return max(0, int(np.ceil(np.log2((cutoff + 1) / _BUCKETS))))


@compiled
def search(  # noqa: PLR0917 - machine code takes its arguments by position
    graph: Graph,
    sources: Sources,
    targets: Targets,
    pad: Scratch,
    room: Queue,
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
        entries = spread(graph, sources, pad, room, source, cutoff, shift)
        while entries < 0:
            room = doubled(room)
            entries = spread(graph, sources, pad, room, source, cutoff, shift)

        hits = _at(0)
        for entry in range(_at(entries)):
            node = _at(room.junction[entry])
            now = room.ticks[entry]
            if pad.ticks[node] != now:
                continue  # improved by a later entry, or counted with an earlier one
            pad.ticks[node] = NEVER
            settled += 1
            for end in range(_at(targets.indptr[node]), _at(targets.indptr[node + _at(1)])):
                then = now + targets.ends[end, 1]
                if then > cutoff:
                    continue
                goal = _at(targets.ends[end, 0])
                known = pad.best[goal]
                pad.found[hits] = np.int32(goal)
                hits += _at(known == NEVER)
                pad.best[goal] = min(known, np.int32(then))
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
    pad: Scratch,
    room: Queue,
    source: int,
    cutoff: int,
    shift: int,
) -> int:
    """Time every junction within ``cutoff`` ticks of one source.

    Returns
    -------
    int
        Entries made. Every junction reached stands among them, at least once with the ticks that stand in ``pad.ticks``,
        which the caller has to wipe. −1 if the queue was too short: all is wiped, to be tried again with a longer one.
    """
    entries = _at(0)
    most = _at(len(room.junction))
    short = False
    for seed in range(2 * sources.indptr[source], 2 * sources.indptr[source + 1]):
        head = _at(sources.seeds[seed, 0])
        then = sources.seeds[seed, 1]
        known = pad.ticks[head]
        if then > cutoff or then >= known:
            continue
        if entries == most:
            short = True
            break
        pile = _at(then >> shift)
        room.junction[entries] = np.int32(head)
        room.ticks[entries] = then
        room.below[entries] = pad.bucket[pile]
        pad.bucket[pile] = np.int32(entries)
        pad.ticks[head] = then
        entries += _at(1)

    for slot in range(_at(len(pad.bucket))):
        top = pad.bucket[slot]
        while top >= 0:
            node = _at(room.junction[_at(top)])
            now = room.ticks[_at(top)]
            pad.bucket[slot] = room.below[_at(top)]
            if pad.ticks[node] == now:  # else improved since it was put here
                begin = _at(graph.indptr[node])
                end = _at(graph.indptr[node + _at(1)])
                if short or entries + end - begin > most:
                    short = True
                    break
                for arc in range(begin, end):
                    then = np.int32(now + graph.arcs[arc, 1])
                    if then > cutoff:
                        break  # the other arcs are slower still
                    head = _at(graph.arcs[arc, 0])
                    known = pad.ticks[head]
                    better = then < known
                    pile = _at(then >> shift)
                    below = pad.bucket[pile]
                    room.junction[entries] = np.int32(head)
                    room.ticks[entries] = then
                    room.below[entries] = below
                    pad.bucket[pile] = np.int32(entries) if better else below
                    pad.ticks[head] = then if better else known
                    entries += _at(better)
            top = pad.bucket[slot]
    if short:
        for entry in range(entries):
            pad.ticks[_at(room.junction[entry])] = NEVER
        pad.bucket[:] = -1
        return -1
    return _whole(entries)  # type: ignore[no-any-return]


@compiled
def spread_all(  # noqa: PLR0917
    graph: Graph,
    seeds: NDArray[np.int32],
    owner: NDArray[np.int32],
    pad: Scratch,
    room: Queue,
    label: NDArray[np.int32],
    cutoff: int,
    shift: int,
) -> int:
    """Time every junction from the nearest of all sources at once; of sources equally near the lowest counts.

    Parameters
    ----------
    seeds : int32[k, 2]
        Junction and ticks to it.
    owner : int32[k]
        Source of each seed.
    label : int32[n]
        Takes the nearest source of each junction reached; its ticks stand in ``pad.ticks``.

    Returns
    -------
    int
        Entries made; −1 if the queue was too short: all is wiped, to be tried again with a longer one.
    """
    entries = _at(0)
    most = _at(len(room.junction))
    short = False
    for seed in range(len(seeds)):
        head = _at(seeds[seed, 0])
        then = seeds[seed, 1]
        known = pad.ticks[head]
        if then > cutoff or then > known or (then == known and owner[seed] >= label[head]):
            continue
        if entries == most:
            short = True
            break
        pile = _at(then >> shift)
        room.junction[entries] = np.int32(head)
        room.ticks[entries] = then
        room.below[entries] = pad.bucket[pile]
        pad.bucket[pile] = np.int32(entries)
        pad.ticks[head] = then
        label[head] = owner[seed]
        entries += _at(1)
    for slot in range(_at(len(pad.bucket))):
        top = pad.bucket[slot]
        while top >= 0:
            node = _at(room.junction[_at(top)])
            now = room.ticks[_at(top)]
            pad.bucket[slot] = room.below[_at(top)]
            if pad.ticks[node] == now:
                begin = _at(graph.indptr[node])
                end = _at(graph.indptr[node + _at(1)])
                if short or entries + end - begin > most:
                    short = True
                    break
                mine = label[node]
                for arc in range(begin, end):
                    then = np.int32(now + graph.arcs[arc, 1])
                    if then > cutoff:
                        break
                    head = _at(graph.arcs[arc, 0])
                    known = pad.ticks[head]
                    if then > known or (then == known and mine >= label[head]):
                        continue
                    pile = _at(then >> shift)
                    room.junction[entries] = np.int32(head)
                    room.ticks[entries] = then
                    room.below[entries] = pad.bucket[pile]
                    pad.bucket[pile] = np.int32(entries)
                    pad.ticks[head] = then
                    label[head] = mine
                    entries += _at(1)
            top = pad.bucket[slot]
    if short:
        for entry in range(entries):
            pad.ticks[_at(room.junction[entry])] = NEVER
        pad.bucket[:] = -1
        return -1
    return _whole(entries)  # type: ignore[no-any-return]


@compiled
def doubled(room: Queue) -> Queue:
    """Make room for twice as many entries."""
    return Queue(
        np.empty(2 * len(room.junction), np.int32),
        np.empty(2 * len(room.junction), np.int32),
        np.empty(2 * len(room.junction), np.int32),
    )
