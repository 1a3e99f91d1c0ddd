"""Flows of a vertex, from its saturated groups and places: sums to the last bit instead of a solver's tolerance.

A goal is kept in later solves with a slack (`planner.siting.search.goals.KEPT`), and every row holds to the solver's tolerance:
75 people of whom all find a place come back as 74.999993. At a vertex of a transport problem the flows that are used form a
forest in which each tree has at most one node that is neither saturated nor at its least load (Ahuja, Magnanti and Orlin 1993,
chapter 11): from the leaves inwards each flow is what its leaf still has to give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from planner.siting.arrays import sums_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Transport", "saturated"]

SLACK = 4e-7
"""Of all people: by how much a solve may leave a group or a place short that is saturated."""

PART = 1e-3
"""No more than this part of a group or a place, so that small ones are not taken for saturated."""


@dataclass(frozen=True, slots=True, eq=False)
class Transport:
    """Flows from groups to slots: ``group``, ``slot``, ``load`` (per person) by flow; what groups have; what slots take."""

    group: NDArray[np.int64]
    slot: NDArray[np.int64]
    load: NDArray[np.float64]
    people: NDArray[np.float64]
    places: NDArray[np.float64]
    least: NDArray[np.float64]

    def sent(self, flow: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the people each group sends."""
        return sums_by(self.group, flow, len(self.people))

    def taken(self, flow: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the load each slot takes."""
        return sums_by(self.slot, self.load * flow, len(self.places))


def saturated(ground: Transport, flow: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``flow`` with saturated groups and slots saturated exactly; trees of which that cannot be told stay as they are."""
    slack = SLACK * max(float(ground.people.sum()), 1.0)
    near_group = np.minimum(slack, PART * ground.people)
    near_slot = np.minimum(slack, PART * np.where(np.isfinite(ground.places), ground.places, np.inf))
    sent, taken = ground.sent(flow), ground.taken(flow)
    group_target = np.where(sent >= ground.people - near_group, ground.people, np.nan)
    slot_target = np.where(
        taken >= ground.places - near_slot,
        ground.places,
        np.where((ground.least > 0) & (np.abs(taken - ground.least) <= near_slot), ground.least, np.nan),
    )
    used = flow > 0
    largest = np.zeros(len(ground.people))
    np.maximum.at(largest, ground.group, flow)
    used &= (flow >= near_group[ground.group]) | (flow >= largest[ground.group])
    new = np.where(used, flow, 0.0)
    tree = _trees(ground, used)
    alone = used & (np.bincount(ground.group[used], minlength=len(ground.people)) == 1)[ground.group]
    alone &= np.isfinite(group_target[ground.group])
    new[alone] = ground.people[ground.group[alone]]
    left_slot = slot_target - ground.taken(np.where(alone, new, 0.0))
    rest = np.flatnonzero(used & ~alone)
    failed = np.zeros(int(tree.max(initial=-1)) + 1, dtype=np.bool_)
    for edges in _split(rest, tree[rest]):
        found = _from_leaves(ground, edges, group_target, left_slot)
        if found is None:
            failed[tree[edges[0]]] = True
        else:
            new[edges] = found
    over = ground.taken(new) > ground.places * (1 + 1e-12)
    under = ground.taken(new) < np.minimum(ground.least, taken) * (1 - 1e-12)
    failed[tree[used & (over | under)[ground.slot]]] = True
    keep = used & failed[tree]
    back = np.zeros(len(ground.people), dtype=np.bool_)
    back[ground.group[keep]] = True
    return np.where(back[ground.group], flow, new)


def _trees(ground: Transport, used: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return which connected component of the used flows each flow belongs to."""
    groups = len(ground.people)
    size = groups + len(ground.places)
    links = (np.ones(int(used.sum())), (ground.group[used], groups + ground.slot[used]))
    _, label = connected_components(coo_array(links, shape=(size, size)), directed=False)
    return np.asarray(label, dtype=np.int64)[ground.group]


def _split(edges: NDArray[np.int64], tree: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    order = np.argsort(tree, kind="stable")
    cuts = np.flatnonzero(np.diff(tree[order])) + 1
    return [part for part in np.split(edges[order], cuts) if len(part)]


def _from_leaves(
    ground: Transport, edges: NDArray[np.int64], group_target: NDArray[np.float64], slot_target: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return the flows of one tree, leaves first; None where it is no tree, or more than one of its nodes is not saturated."""
    ends = [(("group", int(ground.group[e])), ("slot", int(ground.slot[e]))) for e in edges]
    left: dict[tuple[str, int], float] = {}
    beside: dict[tuple[str, int], set[int]] = {}
    for position, pair in enumerate(ends):
        for node in pair:
            left[node] = float((group_target if node[0] == "group" else slot_target)[node[1]])
            beside.setdefault(node, set()).add(position)
    free = [node for node, target in left.items() if np.isnan(target)]
    if len(free) > 1:
        return None
    root = free[0] if free else max(node for node in left if node[0] == "slot")
    flow = np.full(len(edges), np.nan)
    leaves = [node for node in left if len(beside[node]) == 1 and node != root]
    while leaves:
        leaf = leaves.pop()
        if not beside[leaf]:
            continue
        position = beside[leaf].pop()
        load = float(ground.load[edges[position]])
        flow[position] = left[leaf] if leaf[0] == "group" else left[leaf] / load
        other = ends[position][1] if leaf[0] == "group" else ends[position][0]
        left[other] -= flow[position] * (load if other[0] == "slot" else 1.0)
        beside[other].discard(position)
        if len(beside[other]) == 1 and other != root:
            leaves.append(other)
    if np.isnan(flow).any() or (flow < 0).any() or (root[0] == "group" and _overfull(ground, root[1], flow, ends)):
        return None
    return flow


def _overfull(
    ground: Transport,
    group: int,
    flow: NDArray[np.float64],
    ends: list[tuple[tuple[str, int], tuple[str, int]]],
) -> bool:
    mine = [position for position, pair in enumerate(ends) if pair[0][1] == group]
    return float(flow[mine].sum()) > float(ground.people[group])
