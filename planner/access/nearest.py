"""The nearest site of every point by one search from all sites together, however far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from planner.access import kernel
from planner.access.compiled import compiled
from planner.access.pace import LONGEST_CUTOFF_S, NEVER, doors, pace, searched_as
from planner.access.skeleton import skeleton
from planner.access.walking import by_key, ends_of, sources_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.access.snap import Snapped
    from planner.study import WalkingProfile

_BUCKET_SHIFT = 19
"""Buckets of eight seconds serve best here: all sites at once fill them a thousandfold unevenly."""

_at: Any = np.uintp  # unsigned positions: no test for negative ones


class Nearest(NamedTuple):
    """The nearest site of each point.

    Attributes
    ----------
    seconds : float32[n]
        Walk to it, rounded to the millisecond; infinite where none is in reach.
    site : int32[n]
        Which; −1 where none is in reach. Of sites equally near the lowest.
    """

    seconds: NDArray[np.float32]
    site: NDArray[np.int32]


def nearest(
    network: WalkNetwork,
    origins: Snapped,
    sites: Snapped,
    walker: WalkingProfile,
    cutoff_s: float = LONGEST_CUTOFF_S,
) -> Nearest:
    """Find the nearest site of every origin.

    The same seconds as the first of each row of `planner.access.walk`, without the other pairs.

    Parameters
    ----------
    network, origins, sites, walker
        As in `planner.access.walk`.
    cutoff_s : float
        Longest walk that counts.
    """
    asked = searched_as(walker, cutoff_s)
    cutoff, onward = asked.cutoff, pace(network, asked.walker)
    towards = onward.reversed()
    begin, end = doors(network, sites, towards), doors(network, origins, onward)
    n = network.n_junctions
    graph = skeleton(network, towards, cutoff, goals=ends_of(n, end, cutoff), starts=ends_of(n, begin, cutoff))
    pad, room = kernel.scratch(n, 0), _piles((cutoff >> _BUCKET_SHIFT) + 1)
    label = np.full(n, np.iinfo(np.int32).max, dtype=np.int32)
    seeds, owner = sources_of(begin).seeds, np.repeat(begin.point, 2)
    while not _spread_all(graph, seeds, owner, pad, room, label, cutoff, _BUCKET_SHIFT):
        room = _doubled(room)
        label[:] = np.iinfo(np.int32).max
    indptr, along = by_key(begin.edge, network.n_edges)
    best, site = _best(
        end.n,
        (end.point, end.edge, end.u, end.v, end.share, end.connector, end.to_u, end.to_v),
        (indptr, begin.point[along], begin.share[along], begin.connector[along]),
        graph.ahead,
        graph.back,
        pad.ticks,
        label,
        cutoff,
    )
    seconds = np.minimum(np.rint(best / (asked.ticks_per_s / 1000.0)) / 1000.0, cutoff_s)
    return Nearest(np.where(site >= 0, seconds, np.inf).astype(np.float32), site)


class _Piles(NamedTuple):
    """Buckets of any height; longer arrays take their place when they are full."""

    top: NDArray[np.int32]
    """int32[buckets]: last entry of each bucket, −1 where empty."""
    junction: NDArray[np.int32]
    ticks: NDArray[np.int32]
    below: NDArray[np.int32]
    """The entry beneath in the same pile, −1 for the lowest."""


def _piles(n_buckets: int) -> _Piles:
    """Allocate the buckets of a search from all sources at once."""
    return _Piles(np.full(n_buckets, -1, dtype=np.int32), *(np.empty(1 << 14, dtype=np.int32) for _ in range(3)))


@compiled
def _spread_all(  # noqa: PLR0917
    graph: kernel.Graph,
    seeds: NDArray[np.int32],
    owner: NDArray[np.int32],
    pad: kernel.Scratch,
    room: _Piles,
    label: NDArray[np.int32],
    cutoff: int,
    shift: int,
) -> bool:
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
    bool
        False if there were too few entries: all is wiped, to be tried again with more.
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
        room.below[entries] = room.top[pile]
        room.top[pile] = np.int32(entries)
        pad.ticks[head] = then
        label[head] = owner[seed]
        entries += _at(1)
    for slot in range(_at(len(room.top))):
        top = room.top[slot]
        while top >= 0:
            node = _at(room.junction[_at(top)])
            now = room.ticks[_at(top)]
            room.top[slot] = room.below[_at(top)]
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
                    room.below[entries] = room.top[pile]
                    room.top[pile] = np.int32(entries)
                    pad.ticks[head] = then
                    label[head] = mine
                    entries += _at(1)
            top = room.top[slot]
    if short:
        for entry in range(entries):
            pad.ticks[_at(room.junction[entry])] = NEVER
        room.top[:] = -1
        return False
    return True


@compiled
def _doubled(room: _Piles) -> _Piles:
    """Make room for twice as many entries; there are none."""
    return _Piles(
        room.top,
        np.empty(2 * len(room.junction), np.int32),
        np.empty(2 * len(room.junction), np.int32),
        np.empty(2 * len(room.junction), np.int32),
    )


@compiled
def _best(  # noqa: PLR0917
    n: int,
    ends: tuple[NDArray[Any], ...],
    sites: tuple[NDArray[Any], ...],
    ahead: NDArray[np.int32],
    back: NDArray[np.int32],
    ticks: NDArray[np.int32],
    label: NDArray[np.int32],
    cutoff: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Come to each point by either end of its street, or along it from a site on the same street."""
    point, edge, u, v, share, connector, to_u, to_v = ends
    indptr, owner, site_share, site_connector = sites
    best = np.full(n, cutoff + 1, np.int64)
    found = np.full(n, -1, np.int32)
    for door in range(len(point)):
        goal = point[door]
        street = edge[door]
        by_u = np.int64(ticks[u[door]]) + to_u[door]
        by_v = np.int64(ticks[v[door]]) + to_v[door]
        if by_u < best[goal] or (by_u == best[goal] and by_u <= cutoff and label[u[door]] < found[goal]):
            best[goal] = by_u
            found[goal] = label[u[door]]
        if by_v < best[goal] or (by_v == best[goal] and by_v <= cutoff and label[v[door]] < found[goal]):
            best[goal] = by_v
            found[goal] = label[v[door]]
        for other in range(indptr[street], indptr[street + 1]):
            way = share[door] - site_share[other]
            whole = ahead[street] if way > 0 else back[street]
            if whole >= NEVER and way != 0:
                continue
            walked = 0 if way == 0 else np.int64(np.rint(abs(way) * whole))
            then = walked + connector[door] + site_connector[other]
            if then < best[goal] or (then == best[goal] and then <= cutoff and owner[other] < found[goal]):
                best[goal] = then
                found[goal] = owner[other]
    return best.astype(np.int32), found
