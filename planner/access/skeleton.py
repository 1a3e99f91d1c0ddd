"""What a search needs of the streets: dead ends without a goal left out, what lies between two junctions in one stride.

The network stays as it is; the skeleton is made for one walker, one cutoff and one set of goals, in one pass over the arcs,
and gives the same times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled
from planner.access.kernel import Graph
from planner.access.pace import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.access.pace import Pace


def whole_graph(network: WalkNetwork, towards: Pace, cutoff: int) -> Graph:
    """Keep every junction: for searches whose times at junctions themselves are wanted."""
    everywhere = np.ones(network.n_junctions, dtype=np.bool_)
    return skeleton(network, towards, cutoff, goals=everywhere, starts=everywhere)


def skeleton(
    network: WalkNetwork,
    towards: Pace,
    cutoff: int,
    *,
    goals: NDArray[np.bool_],
    starts: NDArray[np.bool_],
) -> Graph:
    """Make the graph for searches from some junctions to others.

    Parameters
    ----------
    network : WalkNetwork
        Streets.
    towards : Pace
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
    indptr, arcs = _strides(
        network.indptr,
        network.indices,
        network.edge,
        network.u,
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
def _strides(  # noqa: PLR0917
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    edge: NDArray[np.int32],
    u: NDArray[np.int32],
    ahead: NDArray[np.int32],
    back: NDArray[np.int32],
    at_u: NDArray[np.int32],
    at_v: NDArray[np.int32],
    cutoff: int,
    goals: NDArray[np.bool_],
    starts: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Time arcs, prune dead ends, stride over junctions passed through, sort the arcs of each junction by ticks."""
    n = len(indptr) - 1
    ticks = np.empty(len(indices), np.int32)
    degree = np.zeros(n, np.int32)
    usable = np.zeros(len(u), np.bool_)
    for node in range(n):
        for arc in range(indptr[node], indptr[node + 1]):
            street = edge[arc]
            along = ahead[street] if u[street] == node else back[street]
            ticks[arc] = min(np.int64(along) + at_u[street] + at_v[street], NEVER)
            usable[street] |= ticks[arc] <= cutoff
    for node in range(n):
        for arc in range(indptr[node], indptr[node + 1]):
            degree[node] += usable[edge[arc]]

    # A dead end without a goal is never entered; whoever starts there leaves by its only street.
    exit_of = np.full(n, -1, np.int64)
    stack = np.empty(n, np.int32)
    depth = 0
    for node in range(n):
        if degree[node] == 1 and not goals[node]:
            stack[depth] = node
            depth += 1
    while depth > 0:
        depth -= 1
        node = stack[depth]
        if degree[node] != 1:
            continue  # its neighbour went first: the two were a piece of their own
        for arc in range(indptr[node], indptr[node + 1]):
            if usable[edge[arc]]:
                exit_of[node] = arc
                usable[edge[arc]] = False
                neighbour = indices[arc]
                degree[node] = 0
                degree[neighbour] -= 1
                if degree[neighbour] == 1 and not goals[neighbour]:
                    stack[depth] = neighbour
                    depth += 1
                break

    # Where such a start comes back to the rest, there are two ways on: the place is kept as a junction.
    kept = goals.copy()
    for node in range(n):
        if starts[node] and exit_of[node] >= 0:
            place = node
            while exit_of[place] >= 0:
                place = indices[exit_of[place]]
            kept[place] = True

    strides = np.empty((len(indices), 2), np.int32)
    begin = np.zeros(n + 1, np.int32)
    used = 0
    for node in range(n):
        first = used
        if degree[node] != 2 or kept[node] or starts[node]:
            for arc in range(indptr[node], indptr[node + 1]):
                if not usable[edge[arc]] and exit_of[node] != arc:
                    continue
                street = edge[arc]
                head = indices[arc]
                total = np.int64(ticks[arc])
                while degree[head] == 2 and not kept[head] and head != node and total <= cutoff:
                    for on in range(indptr[head], indptr[head + 1]):
                        if usable[edge[on]] and edge[on] != street:
                            break
                    street = edge[on]
                    head = indices[on]
                    total += ticks[on]
                if head == node or total > cutoff:
                    continue
                place = used
                while place > first and strides[place - 1, 1] > total:
                    strides[place, 0] = strides[place - 1, 0]
                    strides[place, 1] = strides[place - 1, 1]
                    place -= 1
                strides[place, 0] = head
                strides[place, 1] = total
                used += 1
        begin[node + 1] = used
    return begin, strides[:used].copy()
