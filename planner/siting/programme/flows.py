"""Who goes where when places are limited: flows of people from merged demand points to slots.

Points from which the same slots lie in the same circles (and in the same community) are one group: any way to serve
the group can be shared out over its points in proportion, so nothing is lost. Points stay apart where their seconds
matter (the ``walk`` goal), where each must go to one site as a whole, or where some of their people count again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import set_sums, sums_by
from planner.siting.programme.reduce import Pairs, Slots, pairs_within
from planner.siting.question.complete import complete

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.problem import SitingProblem

__all__ = ["Flows", "limited_services", "trace_flows"]


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """Possible flows, f rows sorted by (group, nearest first), and the groups they start from.

    ``group_demand``, ``group_region``, ``group_people`` describe the groups; ``member_point`` and ``member_group`` say
    which points of positive people are in which group (points that no slot can serve are in none).
    """

    group: NDArray[np.int64]
    slot: NDArray[np.int64]
    circle: NDArray[np.int64]
    seconds: NDArray[np.float64]
    group_demand: NDArray[np.int64]
    group_region: NDArray[np.int64]
    group_people: NDArray[np.float64]
    member_point: NDArray[np.int64]
    member_group: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many flows there are."""
        return len(self.group)

    @property
    def n_groups(self) -> int:
        """How many groups there are."""
        return len(self.group_demand)


def limited_services(problem: SitingProblem) -> NDArray[np.bool_]:
    """Return bool[K]: services where it matters who goes where (a capacity, a minimum load, a competitor)."""
    filled = complete(problem)
    limits = np.isfinite(filled.capacity) | (filled.min_load > 0) | filled.competitor
    limited = np.zeros(problem.n_services, dtype=bool)
    limited[problem.offers.service[limits]] = True
    return limited


def trace_flows(problem: SitingProblem, slots: Slots, region: NDArray[np.int64]) -> Flows:
    """Return the flows of every demand for a limited service; ``region`` int64[n] keeps its points apart."""
    limited = limited_services(problem)
    parts = [
        _of_demand(problem, slots, position, region)
        for position, demand in enumerate(problem.demands)
        if limited[demand.service] and demand.part_of is None
    ]
    groups = np.cumsum([0, *(part.n_groups for part in parts)])[:-1]
    shifted = list(zip(parts, groups.tolist(), strict=True))

    def joined(arrays: list[NDArray[np.int64]]) -> NDArray[np.int64]:
        return np.concatenate([np.zeros(0, dtype=np.int64), *arrays])

    def numbers(arrays: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        return np.concatenate([np.zeros(0), *arrays])

    return Flows(
        group=joined([part.group + shift for part, shift in shifted]),
        slot=joined([part.slot for part in parts]),
        circle=joined([part.circle for part in parts]),
        seconds=numbers([part.seconds for part in parts]),
        group_demand=joined([part.group_demand for part in parts]),
        group_region=joined([part.group_region for part in parts]),
        group_people=numbers([part.group_people for part in parts]),
        member_point=joined([part.member_point for part in parts]),
        member_group=joined([part.member_group + shift for part, shift in shifted]),
    )


def _of_demand(problem: SitingProblem, slots: Slots, position: int, region: NDArray[np.int64]) -> Flows:
    demand = problem.demands[position]
    assignment = problem.rules.assignment[demand.service] if problem.rules.assignment else "split"
    nearest = assignment == "nearest"
    pairs = pairs_within(problem, demand, slots, competitors=nearest)
    pairs = pairs[demand.people[pairs.point] > 0]
    first = np.flatnonzero(np.diff(pairs.point, prepend=-1))
    member = pairs.point[first]
    apart = assignment == "whole" or any(goal.walks for goal in problem.goals)
    apart |= any(other.part_of == position for other in problem.demands)
    if apart or not len(first):
        leader = group_of = np.arange(len(first))
    else:
        leader, group_of = _alike(pairs, first, region[member], slots.count, ordered=nearest)
    size = np.diff(first, append=len(pairs.point))
    is_leader = np.zeros(len(first), dtype=bool)
    is_leader[leader] = True
    kept = pairs[np.repeat(is_leader, size)]
    rank = np.argsort(np.argsort(leader))
    return Flows(
        group=np.repeat(np.arange(len(leader)), size[np.sort(leader)]),
        slot=kept.slot,
        circle=kept.circle,
        seconds=kept.seconds,
        group_demand=np.full(len(leader), position),
        group_region=region[member[np.sort(leader)]],
        group_people=sums_by(rank[group_of], demand.people[member], len(leader)),
        member_point=member,
        member_group=rank[group_of],
    )


def _alike(
    pairs: Pairs, first: NDArray[np.int64], region: NDArray[np.int64], n_slots: int, *, ordered: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (first member of each group, group of each member): members with equal slots in equal circles.

    With ``ordered`` the slots must also come in the same order of nearness.
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
    _, leader, group_of = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return leader, group_of.ravel()
