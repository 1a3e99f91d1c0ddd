"""What a search needs of the streets: dead ends without a goal left out, what lies between two junctions in one stride.

The network stays as it is; the skeleton is made for one walker, one cutoff and one set of goals, in one pass over the arcs,
and gives the same times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.access.compiled import compiled
from planner.access.kernel import Graph
from planner.access.pace import NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.access.pace import Pace

_at: Any = np.uintp  # unsigned positions: no test for negative ones


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
def _strides(  # noqa: PLR0917
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
    goals: NDArray[np.bool_],
    starts: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Time streets, prune dead ends, stride over junctions passed through, sort the arcs of each junction by ticks."""
    n = _at(len(indptr) - 1)
    whole = np.empty((len(u), 2), np.int32)  # each street with the waiting at its ends: from v to u, from u to v
    usable = np.empty(len(u), np.bool_)
    degree = np.zeros(n, np.int32)
    for street in range(_at(len(u))):
        waiting = at_u[street] + at_v[street]
        whole[street, 0] = min(back[street] + waiting, NEVER)
        whole[street, 1] = min(ahead[street] + waiting, NEVER)
        # no walk is quicker for a loop
        usable[street] = min(whole[street, 0], whole[street, 1]) <= cutoff and u[street] != v[street]
        degree[_at(u[street])] += usable[street]
        degree[_at(v[street])] += usable[street]

    # A dead end without a goal is never entered; whoever starts there leaves by its only street.
    exit_of = np.full(n, -1, np.int32)
    stack = np.empty(n, np.int32)
    depth = 0
    for node in range(n):
        stack[_at(depth)] = node
        depth += degree[node] == 1 and not goals[node]
    while depth > 0:
        depth -= 1
        node = _at(stack[_at(depth)])
        if degree[node] != 1:
            continue  # its neighbour went first: the two were a piece of their own
        for arc in range(_at(indptr[node]), _at(indptr[node + _at(1)])):
            if usable[_at(edge[arc])]:
                exit_of[node] = np.int32(arc)
                usable[_at(edge[arc])] = False
                neighbour = _at(indices[arc])
                degree[node] = 0
                degree[neighbour] -= 1
                if degree[neighbour] == 1 and not goals[neighbour]:
                    stack[_at(depth)] = np.int32(neighbour)
                    depth += 1
                break

    # Where such a start comes back to the rest, there are two ways on: the place is kept as a junction.
    kept = goals.copy()
    for node in range(n):
        if starts[node] and exit_of[node] >= 0:
            back_at = node
            while exit_of[back_at] >= 0:
                back_at = _at(indices[_at(exit_of[back_at])])
            kept[back_at] = True
    through = np.empty(n, np.bool_)
    for node in range(n):
        through[node] = degree[node] == 2 and not kept[node]

    strides = np.empty((len(indices), 2), np.int32)
    begin = np.zeros(n + _at(1), np.int32)
    used = 0
    for node in range(n):
        first = used
        if not through[node] or starts[node]:
            for arc in range(_at(indptr[node]), _at(indptr[node + _at(1)])):
                street = _at(edge[arc])
                if not usable[street] and exit_of[node] != np.int32(arc):
                    continue
                head = _at(indices[arc])
                total = whole[street, _at(_at(u[street]) == node)]
                while through[head] and head != node and total <= cutoff:
                    on = _at(indptr[head])
                    while not usable[_at(edge[on])] or _at(edge[on]) == street:
                        on += _at(1)
                    street = _at(edge[on])
                    total = min(total + whole[street, _at(_at(u[street]) == head)], NEVER)
                    head = _at(indices[on])
                if head == node or total > cutoff:
                    continue
                place = used
                while place > first and strides[_at(place - 1), 1] > total:
                    strides[_at(place), 0] = strides[_at(place - 1), 0]
                    strides[_at(place), 1] = strides[_at(place - 1), 1]
                    place -= 1
                strides[_at(place), 0] = np.int32(head)
                strides[_at(place), 1] = total
                used += 1
        begin[node + _at(1)] = np.int32(used)
    return begin, strides[:used].copy()
