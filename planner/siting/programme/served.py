"""How many people are served within each circle, as linear expressions over the columns of one period.

Everything that counts people (the coverage goal, floors, fairness, spreads) reads it from here, whether a service is
covered by openings or limited by places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.programme.reduce import pairs_within, rest_circles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.flows import Flows
    from planner.siting.programme.reduce import Needs, Slots
    from planner.siting.question.problem import SitingProblem

__all__ = ["Served", "count_served", "regions"]


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """People of one demand within each circle or a narrower one, by region (communities, the last for none).

    ``base`` float64[R + 1, C] is sure whatever is decided, ``people`` float64[R + 1] is everybody. Row by row,
    ``amount`` people of ``region`` are within ``circle`` for each unit of the column ``code``.
    """

    base: NDArray[np.float64]
    people: NDArray[np.float64]
    region: NDArray[np.int64]
    circle: NDArray[np.int64]
    code: NDArray[np.int64]
    amount: NDArray[np.float64]

    def within(
        self, circle: int, region: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], float, float]:
        """Return (codes, amounts, sure people, everybody) for one circle, overall or in one region."""
        mine = self.circle == circle
        if region is None:
            return self.code[mine], self.amount[mine], float(self.base[:, circle].sum()), float(self.people.sum())
        mine &= self.region == region
        return self.code[mine], self.amount[mine], float(self.base[region, circle]), float(self.people[region])


def regions(problem: SitingProblem) -> NDArray[np.int64]:
    """Return int64[n]: the community of each point, the number of communities for none."""
    if problem.community is None:
        return np.zeros(problem.n_demand, dtype=np.int64)
    return np.where(problem.community < 0, problem.n_communities, problem.community).astype(np.int64)


def count_served(
    problem: SitingProblem, slots: Slots, needs: Needs, flows: Flows, limited: NDArray[np.bool_]
) -> list[Served]:
    """Return one `Served` per demand; flow ``f`` has the code ``n_slots + n_sets + f``."""
    region = regions(problem)
    n_regions = problem.n_communities + 1
    served = []
    for position, demand in enumerate(problem.demands):
        circles = len(demand.cutoffs_s)
        people = sums_by(region, demand.people, n_regions)
        base = np.zeros((n_regions, circles))
        if limited[demand.service]:
            whole = position if demand.part_of is None else demand.part_of
            mine = np.flatnonzero((flows.group_demand[flows.group] == whole) & ~slots.competitor[flows.slot])
            wide = circles - flows.circle[mine]
            flow = np.repeat(mine, wide)
            circle = (
                circles
                - 1
                - (np.cumsum(np.ones(len(flow), dtype=np.int64)) - 1 - np.repeat(np.cumsum(wide) - wide, wide))
            )
            code, amount = needs.n_slots + needs.n_sets + flow, np.ones(len(flow))
            if demand.part_of is not None:
                # Groups of a demand with parts are single points.
                point = np.zeros(flows.n_groups, dtype=np.int64)
                point[flows.member_group] = flows.member_point
                at = point[flows.group[flow]]
                amount = demand.people[at] / problem.demands[whole].people[at]
            where = flows.group_region[flows.group[flow]]
        else:
            best = rest_circles(problem, demand, slots, pairs_within(problem, demand, slots))
            for ring in range(circles):
                base[:, ring] = sums_by(region, demand.people * (best <= ring), n_regions)
            chosen = np.flatnonzero(needs.demand == position)
            where, circle, code, amount = _added_up(
                region[needs.point[chosen]],
                needs.circle[chosen],
                needs.code[chosen],
                demand.people[needs.point[chosen]],
            )
        served.append(Served(base, people, where, circle, code, amount))
    return served


def _added_up(
    region: NDArray[np.int64], circle: NDArray[np.int64], code: NDArray[np.int64], people: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    keys, inverse = np.unique(np.stack([region, circle, code], axis=1), axis=0, return_inverse=True)
    return keys[:, 0], keys[:, 1], keys[:, 2], sums_by(inverse.ravel(), people, len(keys))
