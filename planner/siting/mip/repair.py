"""Repair of a solution: integral bundles, implied columns, flows within people and capacity, greedy flows where none are known.

A goal is kept in later solves with a slack, and every row holds to the solver's tolerance: 75 people of whom all are assigned come
back as 74.999993. At a vertex of a transport problem the flows that are used form a forest in which each tree has at most one node
that is neither saturated nor at its least load (Ahuja, Magnanti and Orlin 1993, chapter 11): from the leaves inwards each flow is
what its leaf still has to give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from planner.access.compiled import compiled
from planner.siting.arrays import sums_by
from planner.siting.mip.checks import feasible_incumbent
from planner.siting.model.problem import optional_columns

if TYPE_CHECKING:
    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.mip.assignment import Flows, WalkRings
    from planner.siting.mip.linear import LinearModel
    from planner.siting.mip.variables import Formulation


SLACK = 4e-7
"""Shortfall, relative to all people, up to which a group or a slot counts as saturated."""

PART = 1e-3
"""The same relative to the group or slot itself, so that small ones are not taken for saturated."""


def repaired(form: Formulation, values: FloatArray) -> FloatArray:
    """Return ``values`` with integral bundles and every implied column at its exact value.

    A goal without coverage leaves covering sets anywhere between their limit and their true value. Flows are cut to the
    people and the open capacity, and saturate what they all but saturate (`saturated_flows`).
    """
    values = values.copy()
    rings, cover_sets = form.rings, form.cover_sets
    bundle, offer = form.bundles.pairs()
    for z, x, v, w, y in zip(form.z, form.x, form.v, form.w, form.y, strict=True):
        values[z.slice] = np.round(values[z.slice])
        chosen = values[z.slice][bundle] > 0.5
        is_open = np.zeros(form.slots.count)
        is_open[form.slots.of_offer[offer[chosen]]] = 1.0
        values[x.slice] = is_open
        if cover_sets.n_sets:
            values[v.slice] = np.maximum.reduceat(is_open[cover_sets.sets_slot], cover_sets.sets_indptr[:-1])
        if rings is not None and rings.n_sets:
            values[w.slice] = _ring_values(rings, is_open)
        if form.flows.count and not np.isnan(values[y.slice]).any():
            values[y.slice] = _flow_values(form, values[y.slice], is_open, offer[chosen])
    return values


def _ring_values(rings: WalkRings, is_open: FloatArray) -> FloatArray:
    """Return 1 where an added slot or the parent ring is open, parents first."""
    values = np.concatenate([is_open, np.maximum.reduceat(is_open[rings.added_slot], rings.added_indptr[:-1])])
    slots = len(is_open)
    inside = np.flatnonzero(rings.parent >= 0)
    while True:
        better = np.maximum(values[slots + inside], values[rings.parent[inside]])
        if np.array_equal(better, values[slots + inside]):
            return values[slots:]
        values[slots + inside] = better


def _flow_values(form: Formulation, flow: FloatArray, is_open: FloatArray, chosen: IntArray) -> FloatArray:
    """Return flows to open slots alone, within the people of each group and the capacity of each slot."""
    flows: Flows = form.flows
    people = flows.group_people[flows.group]
    flow = _to_the_nearest(form, np.clip(flow, 0.0, people) * is_open[flows.slot], is_open)
    undivided = form.problem.assigned_by("whole")[form.flow_service]
    flow = np.where(undivided, np.where(flow > 0.5 * people, people, 0.0), flow)
    assigned = sums_by(flows.group, flow, flows.n_groups)
    scale = np.divide(flows.group_people, assigned, out=np.ones(flows.n_groups), where=assigned > flows.group_people)
    flow = np.where(undivided, flow, flow * scale[flows.group])
    load = form.flow_load
    capacity = np.zeros(form.slots.count)
    capacity[form.slots.of_offer[chosen]] = optional_columns(form.problem).capacity[chosen]
    taken = sums_by(flows.slot, load * flow, form.slots.count)
    scale = np.divide(capacity, taken, out=np.ones(form.slots.count), where=taken > capacity)
    flow = np.where(undivided, flow, flow * scale[flows.slot])
    least = np.zeros(form.slots.count)
    least[form.slots.of_offer[chosen]] = optional_columns(form.problem).min_load[chosen]
    # Unsplit groups and those bound to the nearest slot are not changed; a slot has one service, and so one rule.
    stay = undivided | form.problem.assigned_by("nearest")[form.flow_service]
    saturated = saturated_flows(
        TransportProblem(flows.group, flows.slot, load, flows.group_people, capacity, least), flow
    )
    return np.where(stay, flow, saturated)


def _to_the_nearest(form: Formulation, flow: FloatArray, is_open: FloatArray) -> FloatArray:
    """Return flows moved to the nearest open slot where that is the rule: a solver's tolerance lets a little past it."""
    flows, to_nearest = form.flows, form.problem.assigned_by("nearest")
    if not to_nearest.any():
        return flow
    # Flows are sorted by group, nearest first: of those to open slots the first of each group is the one allowed.
    opened = np.flatnonzero(is_open[flows.slot] > 0)
    first = opened[np.flatnonzero(np.diff(flows.group[opened], prepend=-1))]
    assigned = sums_by(flows.group, flow, flows.n_groups)
    nearest = np.zeros_like(flow)
    nearest[first] = assigned[flows.group[first]]
    return np.where(to_nearest[form.flow_service], nearest, flow)


@dataclass(frozen=True, slots=True, eq=False)
class TransportProblem:
    """Flows from groups to slots: ``group``, ``slot``, ``load`` (per person) by flow; people of groups; capacity and least load of slots."""

    group: IntArray
    slot: IntArray
    load: FloatArray
    people: FloatArray
    capacity: FloatArray
    least: FloatArray

    def assigned(self, flow: FloatArray) -> FloatArray:
        """Return the people assigned from each group."""
        return sums_by(self.group, flow, len(self.people))

    def taken(self, flow: FloatArray) -> FloatArray:
        """Return the load of each slot."""
        return sums_by(self.slot, self.load * flow, len(self.capacity))


def saturated_flows(problem_data: TransportProblem, flow: FloatArray) -> FloatArray:
    """Return ``flow`` with saturated groups and slots saturated exactly; undetermined trees are unchanged."""
    slack = SLACK * max(float(problem_data.people.sum()), 1.0)
    near_group = np.minimum(slack, PART * problem_data.people)
    near_slot = np.minimum(slack, PART * np.where(np.isfinite(problem_data.capacity), problem_data.capacity, np.inf))
    assigned, taken = problem_data.assigned(flow), problem_data.taken(flow)
    group_target = np.where(assigned >= problem_data.people - near_group, problem_data.people, np.nan)
    slot_target = np.where(
        taken >= problem_data.capacity - near_slot,
        problem_data.capacity,
        np.where(
            (problem_data.least > 0) & (np.abs(taken - problem_data.least) <= near_slot), problem_data.least, np.nan
        ),
    )
    used = flow > 0
    largest = np.zeros(len(problem_data.people))
    np.maximum.at(largest, problem_data.group, flow)
    used &= (flow >= near_group[problem_data.group]) | (flow >= largest[problem_data.group])
    new = np.where(used, flow, 0.0)
    tree = _components(problem_data, used)
    alone = used & (np.bincount(problem_data.group[used], minlength=len(problem_data.people)) == 1)[problem_data.group]
    alone &= np.isfinite(group_target[problem_data.group])
    new[alone] = problem_data.people[problem_data.group[alone]]
    left_slot = slot_target - problem_data.taken(np.where(alone, new, 0.0))
    rest = np.flatnonzero(used & ~alone)
    failed = np.zeros(int(tree.max(initial=-1)) + 1, dtype=np.bool_)
    for edges in _by_tree(rest, tree[rest]):
        found = _flows_from_leaves(problem_data, edges, group_target, left_slot)
        if found is None:
            failed[tree[edges[0]]] = True
        else:
            new[edges] = found
    over = problem_data.taken(new) > problem_data.capacity * (1 + 1e-12)
    under = problem_data.taken(new) < np.minimum(problem_data.least, taken) * (1 - 1e-12)
    failed[tree[used & (over | under)[problem_data.slot]]] = True
    keep = used & failed[tree]
    back = np.zeros(len(problem_data.people), dtype=np.bool_)
    back[problem_data.group[keep]] = True
    return np.where(back[problem_data.group], flow, new)


def _components(problem_data: TransportProblem, used: BoolArray) -> IntArray:
    """Return the connected component of each used flow."""
    groups = len(problem_data.people)
    size = groups + len(problem_data.capacity)
    links = (np.ones(int(used.sum())), (problem_data.group[used], groups + problem_data.slot[used]))
    _, label = connected_components(coo_array(links, shape=(size, size)), directed=False)
    return np.asarray(label, dtype=np.int64)[problem_data.group]


def _by_tree(edges: IntArray, tree: IntArray) -> list[IntArray]:
    order = np.argsort(tree, kind="stable")
    cuts = np.flatnonzero(np.diff(tree[order])) + 1
    return [scale for scale in np.split(edges[order], cuts) if len(scale)]


def _flows_from_leaves(
    problem_data: TransportProblem, edges: IntArray, group_target: FloatArray, slot_target: FloatArray
) -> FloatArray | None:
    """Return the flows of one tree, leaves first; None where it is no tree, or more than one node is unsaturated."""
    ends = [(("group", int(problem_data.group[e])), ("slot", int(problem_data.slot[e]))) for e in edges]
    remaining: dict[tuple[str, int], float] = {}
    incident: dict[tuple[str, int], set[int]] = {}
    for position, pair in enumerate(ends):
        for node in pair:
            remaining[node] = float((group_target if node[0] == "group" else slot_target)[node[1]])
            incident.setdefault(node, set()).add(position)
    unsaturated = [node for node, target in remaining.items() if np.isnan(target)]
    if len(unsaturated) > 1:
        return None
    root = unsaturated[0] if unsaturated else max(node for node in remaining if node[0] == "slot")
    flow = np.full(len(edges), np.nan)
    leaves = [node for node in remaining if len(incident[node]) == 1 and node != root]
    while leaves:
        leaf = leaves.pop()
        if not incident[leaf]:
            continue
        position = incident[leaf].pop()
        load = float(problem_data.load[edges[position]])
        flow[position] = remaining[leaf] if leaf[0] == "group" else remaining[leaf] / load
        other = ends[position][1] if leaf[0] == "group" else ends[position][0]
        remaining[other] -= flow[position] * (load if other[0] == "slot" else 1.0)
        incident[other].discard(position)
        if len(incident[other]) == 1 and other != root:
            leaves.append(other)
    if (
        np.isnan(flow).any()
        or (flow < 0).any()
        or (root[0] == "group" and _exceeds_group(problem_data, root[1], flow, ends))
    ):
        return None
    return flow


def _exceeds_group(
    problem_data: TransportProblem, group: int, flow: FloatArray, ends: list[tuple[tuple[str, int], tuple[str, int]]]
) -> bool:
    mine = [position for position, pair in enumerate(ends) if pair[0][1] == group]
    return float(flow[mine].sum()) > float(problem_data.people[group])


def with_greedy_flows(form: Formulation, values: FloatArray) -> FloatArray:
    """Return ``values``, of which the bundles are known, completed: unknown flows are assigned greedily.

    The flow with the highest worth per unit of load is filled first; of equals, that of the group with the fewest open slots within
    reach. Floors, least loads or the rule of the nearest slot are not ensured: where people are unsplit or go to the nearest slot, flows
    stay unknown, and the solver completes them.
    """
    values = repaired(form, values)
    if not form.flows.count or not form.problem.assigned_by("split")[form.capacitated].all():
        return values
    bundle, offer = form.bundles.pairs()
    for z, x, y in zip(form.z, form.x, form.y, strict=True):
        if np.isnan(values[y.slice]).any():
            chosen = offer[values[z.slice][bundle] > 0.5]
            values[y.slice] = _greedy_flows(form, values[x.slice] > 0.5, chosen)
    return values


def warm_start(form: Formulation, model: LinearModel, values: FloatArray | None) -> FloatArray | None:
    """Return the warm start of ``model``: ``values`` where feasible, else their openings alone, to be completed."""
    if values is None or np.isnan(values).any() or feasible_incumbent(model, values) is not None:
        return values
    partial = np.full(len(values), np.nan)
    for z in form.z:
        partial[z.slice] = values[z.slice]
    return partial


def _greedy_flows(form: Formulation, is_open: BoolArray, chosen: IntArray) -> FloatArray:
    """Return the greedy flows to slots ``is_open`` with the capacity of the offers ``chosen``."""
    flows, problem = form.flows, form.problem
    load = form.flow_load
    worth = form.worth()[form.slots.count + form.cover_sets.n_sets :] / np.maximum(load, 1e-12)
    capacity = np.zeros(form.slots.count)
    capacity[form.slots.of_offer[chosen]] = optional_columns(problem).capacity[chosen]
    used = np.flatnonzero(is_open[flows.slot])
    options = sums_by(flows.group[used], np.ones(len(used)), flows.n_groups)
    order = used[np.lexsort((options[flows.group[used]], -worth[used]))]
    people = flows.group_people.astype(np.float64)
    return np.asarray(_fill_flows(order, flows.group, flows.slot, load, people, capacity))


@compiled
def _fill_flows(  # noqa: PLR0917 - machine code takes its arguments by position
    order: IntArray, group: IntArray, slot: IntArray, load: FloatArray, people: FloatArray, capacity: FloatArray
) -> FloatArray:
    flow = np.zeros(len(group))
    remaining, residual = people.copy(), capacity.copy()
    for f in order:
        g, s = group[f], slot[f]
        assigned = remaining[g]
        if load[f] > 0.0:
            assigned = min(assigned, residual[s] / load[f])
        flow[f] = assigned
        remaining[g] -= assigned
        residual[s] -= assigned * load[f]
    return flow
