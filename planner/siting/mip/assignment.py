"""Assignment variables: flows of people under capacity, and the walk to the nearest opening.

*Flows.* Demand points from which the same slots lie in the same circles (and in the same community) are one group: any assignment
of the group can be divided over its points in proportion, so nothing is lost. Points stay apart where their seconds
matter (the ``walk`` goal), where each must go to one site as a whole, or where some of their people are counted again.

*Walks* (radius formulation). Let D₁ < D₂ < … be the distinct seconds from a point to the slots that could serve it, all shorter than
today's walk (or ``beyond_s``). Its walk is today's, less (D_{r+1} − D_r) for every ring r within which something is open.
The sets of a point are nested, so a ring needs only what it adds: ``w_r ≤ w_{r−1} + Σ_{added} x``, one coefficient per
pair, and points (and groups) that have a set in common share its column. The bound is that of the usual p-median model with one
assignment variable per pair, with far fewer columns (Cornuéjols, Nemhauser and Wolsey 1980; the chain is Elloumi's, 2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import ranges, set_sums, sums_by
from planner.siting.mip.presolve import Pairs, Slots, pairs_within
from planner.siting.model.problem import optional_columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.model.problem import SitingProblem


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Possible flows of people, f rows sorted by (group, nearest first), and the groups they start from.

    ``group_demand``, ``group_region``, ``group_people`` describe the groups; ``member_point`` and ``member_group`` give the group of
    each point with people (points that no slot can serve are in none).
    """

    group: IntArray
    slot: IntArray
    circle: IntArray
    seconds: FloatArray
    group_demand: IntArray
    group_region: IntArray
    group_people: FloatArray
    member_point: IntArray
    member_group: IntArray

    @property
    def count(self) -> int:
        """Number of flows."""
        return len(self.group)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.group_demand)


def capacitated_services(problem: SitingProblem) -> BoolArray:
    """Return bool[K]: services that need an assignment of people (a capacity, a minimum load, a competitor)."""
    optional = optional_columns(problem)
    limits = np.isfinite(optional.capacity) | (optional.min_load > 0) | optional.competitor
    capacitated = np.zeros(problem.n_services, dtype=bool)
    capacitated[problem.offers.service[limits]] = True
    return capacitated


def assignment_flows(problem: SitingProblem, slots: Slots, region: IntArray) -> Flows:
    """Return the flows of every demand for a capacitated service; ``region`` int64[n] keeps its points apart."""
    capacitated = capacitated_services(problem)
    per_demand = [
        _of_demand(problem, slots, position, region)
        for position, demand in enumerate(problem.demands)
        if capacitated[demand.service] and demand.part_of is None
    ]
    groups = np.cumsum([0, *(flows.n_groups for flows in per_demand)])[:-1]
    with_offset = list(zip(per_demand, groups.tolist(), strict=True))

    def join_ints(arrays: list[IntArray]) -> IntArray:
        return np.concatenate([np.zeros(0, dtype=np.int64), *arrays])

    def join_floats(arrays: list[FloatArray]) -> FloatArray:
        return np.concatenate([np.zeros(0), *arrays])

    return Flows(
        group=join_ints([flows.group + shift for flows, shift in with_offset]),
        slot=join_ints([flows.slot for flows in per_demand]),
        circle=join_ints([flows.circle for flows in per_demand]),
        seconds=join_floats([flows.seconds for flows in per_demand]),
        group_demand=join_ints([flows.group_demand for flows in per_demand]),
        group_region=join_ints([flows.group_region for flows in per_demand]),
        group_people=join_floats([flows.group_people for flows in per_demand]),
        member_point=join_ints([flows.member_point for flows in per_demand]),
        member_group=join_ints([flows.member_group + shift for flows, shift in with_offset]),
    )


def _of_demand(problem: SitingProblem, slots: Slots, position: int, region: IntArray) -> Flows:
    demand = problem.demands[position]
    assignment = problem.rules.assignment[demand.service] if problem.rules.assignment else "split"
    nearest = assignment == "nearest"
    pairs = pairs_within(problem, demand, slots, competitors=nearest)
    pairs = pairs[demand.people[pairs.point] > 0]
    first = np.flatnonzero(np.diff(pairs.point, prepend=-1))
    member = pairs.point[first]
    separate = assignment == "whole" or any(goal.walks for goal in problem.goals)
    separate |= any(other.part_of == position for other in problem.demands)
    if separate or not len(first):
        representative = group_of = np.arange(len(first))
    else:
        representative, group_of = _merged_groups(pairs, first, region[member], slots.count, ordered=nearest)
    size = np.diff(first, append=len(pairs.point))
    is_representative = np.zeros(len(first), dtype=bool)
    is_representative[representative] = True
    kept = pairs[np.repeat(is_representative, size)]
    rank = np.argsort(np.argsort(representative))
    return Flows(
        group=np.repeat(np.arange(len(representative)), size[np.sort(representative)]),
        slot=kept.slot,
        circle=kept.circle,
        seconds=kept.seconds,
        group_demand=np.full(len(representative), position),
        group_region=region[member[np.sort(representative)]],
        group_people=sums_by(rank[group_of], demand.people[member], len(representative)),
        member_point=member,
        member_group=rank[group_of],
    )


def _merged_groups(
    pairs: Pairs, first: IntArray, region: IntArray, n_slots: int, *, ordered: bool
) -> tuple[IntArray, IntArray]:
    """Return (first member of each group, group of each member): members with equal slots in equal circles.

    With ``ordered`` the slots must also be in the same order of nearness.
    """
    circles = int(pairs.circle.max()) + 1
    marks = pairs.slot * circles + pairs.circle
    sums = set_sums(marks, first, n_slots * circles)
    if ordered:
        owner = np.cumsum(np.isin(np.arange(len(pairs.point)), first)) - 1
        rank = np.arange(len(pairs.point)) - first[owner]
        sums = np.concatenate(
            [sums, set_sums(rank * n_slots + pairs.slot, first, int(rank.max() + 1) * n_slots)], axis=1
        )
    keys = np.concatenate([sums, region[:, None].astype(np.uint64)], axis=1)
    _, representative, group_of = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return representative, group_of.ravel()


@dataclass(frozen=True, slots=True, eq=False)
class WalkRings:
    """Savings of walking time in person-seconds by column, and the chain of nested sets.

    ``total_s`` is the sum of walks without any opening. A code below ``n_slots`` is a slot, from there on a set;
    ``saving_s`` float64[n_slots + sets] is per code. Set g is its ``parent`` code (−1: none) and its added slots.
    """

    total_s: float
    saving_s: FloatArray
    parent: IntArray
    added_indptr: IntArray
    added_slot: IntArray

    @property
    def n_sets(self) -> int:
        """Number of sets of two or more slots."""
        return len(self.parent)


def walk_rings(problem: SitingProblem, slots: Slots, demands: Iterable[int]) -> WalkRings:
    """Return the savings of all given demands together."""
    total_s = 0.0
    slot_parts, start_parts, end_parts, row_parts, gain_parts = [], [], [], [], []
    shift = row_shift = 0
    for position in demands:
        demand = problem.demands[position]
        pairs = pairs_within(problem, demand, slots)
        today_s = np.full(problem.n_demand, demand.unserved_s)
        existing = slots.always_open[pairs.slot]
        np.minimum.at(today_s, pairs.point[existing], pairs.seconds[existing])
        total_s += float(demand.people @ today_s)
        pairs = pairs[~existing & (pairs.seconds < today_s[pairs.point]) & (demand.people[pairs.point] > 0)]
        if not len(pairs.point):
            continue
        breaks = (np.diff(pairs.point, prepend=-1) != 0) | (np.diff(pairs.seconds, prepend=-1) != 0)
        start = np.flatnonzero(breaks)
        end = np.append(start[1:], len(pairs.point))
        point = pairs.point[start]
        following = np.append(pairs.seconds[start[1:]], 0.0)
        last = np.append(point[1:] != point[:-1], True)  # a value, not a flag
        following[last] = today_s[point[last]]
        gain_parts.append(demand.people[point] * (following - pairs.seconds[start]))
        slot_parts.append(pairs.slot)
        start_parts.append(start + shift)
        end_parts.append(end + shift)
        row_parts.append(point + row_shift)
        shift += len(pairs.point)
        row_shift += problem.n_demand
    if not slot_parts:
        nothing = np.zeros(0, dtype=np.int64)
        return WalkRings(total_s, np.zeros(slots.count), nothing, np.zeros(1, dtype=np.int64), nothing)
    rings = _Rings(*(np.concatenate(flows) for flows in (slot_parts, start_parts, end_parts, row_parts)))
    return _chained(total_s, slots.count, rings, np.concatenate(gain_parts))


@dataclass(frozen=True, slots=True, eq=False)
class _Rings:
    """Slots nearest first, and the start, end and row (point of a demand) of each ring."""

    slot: IntArray
    start: IntArray
    end: IntArray
    row: IntArray


def _chained(total_s: float, n_slots: int, rings: _Rings, gain: FloatArray) -> WalkRings:
    """Identify every prefix of every row by the sums of its slots' random marks, and keep one ring of each."""
    slot, start, end, row = rings.slot, rings.start, rings.end, rings.row
    marks = np.random.default_rng(0).integers(0, 2**64, size=(2, n_slots), dtype=np.uint64)
    opens_row = np.diff(row, prepend=-1) != 0
    row_start = start[np.flatnonzero(opens_row)][np.cumsum(opens_row) - 1]
    running = np.concatenate(
        [np.zeros((2, 1), dtype=np.uint64), np.cumsum(marks[:, slot], axis=1, dtype=np.uint64)], axis=1
    )
    sums = (running[:, end] - running[:, row_start]).T
    size = end - row_start
    code = np.empty(len(start), dtype=np.int64)
    single = size == 1
    code[single] = slot[start[single]]
    several = np.flatnonzero(~single)
    keys = np.concatenate([sums[several], size[several, None].astype(np.uint64)], axis=1)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    code[several] = n_slots + inverse.ravel()
    ring = several[first]
    parent = np.where(opens_row[ring], -1, code[ring - 1])
    added = end[ring] - start[ring]
    saving = sums_by(code, gain, n_slots + len(ring))
    return WalkRings(total_s, saving, parent, np.concatenate([[0], np.cumsum(added)]), slot[ranges(start[ring], added)])
