"""Lossless reductions: demand points that the same openings serve become one row; what is settled becomes a number.

A person at *i* is within circle *c* of service *k* exactly when some slot of the set ``R_ikc`` is open. Two points with
the same set are covered together whatever the plan, so their people are added up and the model keeps one row. A set of
one slot needs no row at all: its people belong to that slot's column. Points whose circle today's facilities already
give are a constant. Circles and demands share sets as well as points do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import ranges, set_sums
from planner.siting.programme.bundles import allowed_offers
from planner.siting.question.complete import complete

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from planner.siting.question.problem import Demand, SitingProblem

__all__ = ["Needs", "Pairs", "Slots", "find_slots", "merge_needs", "pairs_within", "rest_circles"]


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """A slot is a (site, service, tier) that people can count on; alternatives of size and mode share one.

    ``of_offer`` int64[m] maps offers to slots; ``always`` marks slots that stand today and must stay, ``possible``
    those with an offer that no lock forbids, ``competitor`` those that are somebody else's.
    """

    site: NDArray[np.int64]
    service: NDArray[np.int64]
    tier: NDArray[np.int64]
    competitor: NDArray[np.bool_]
    always: NDArray[np.bool_]
    possible: NDArray[np.bool_]
    of_offer: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many slots there are."""
        return len(self.site)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of a demand point and a slot within the largest circle, points ascending, nearest slot first."""

    point: NDArray[np.int64]
    slot: NDArray[np.int64]
    circle: NDArray[np.int64]
    seconds: NDArray[np.float64]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> Pairs:
        """Return some of the pairs, in the same order."""
        return Pairs(self.point[chosen], self.slot[chosen], self.circle[chosen], self.seconds[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """Who could be newly covered by what.

    A *need* is (demand, point, circle): the people there are within that circle when one slot of its set is open.
    ``code`` int64 is the slot itself (a set of one) or, from ``n_slots`` on, a merged set; ``sets_indptr`` and
    ``sets_slot`` list the slots of the merged sets.
    """

    demand: NDArray[np.int64]
    point: NDArray[np.int64]
    circle: NDArray[np.int64]
    code: NDArray[np.int64]
    n_slots: int
    sets_indptr: NDArray[np.int64]
    sets_slot: NDArray[np.int64]

    @property
    def n_sets(self) -> int:
        """How many merged sets there are."""
        return len(self.sets_indptr) - 1


def find_slots(problem: SitingProblem) -> Slots:
    """Return the slots of a problem, sorted by (site, service, tier)."""
    offers, filled = problem.offers, complete(problem)
    keys = np.stack(
        [
            offers.site.astype(np.int64),
            offers.service.astype(np.int64),
            filled.tier,
            filled.competitor.astype(np.int64),
        ],
        axis=1,
    )
    slots, of_offer = np.unique(keys, axis=0, return_inverse=True)
    of_offer = of_offer.ravel().astype(np.int64)
    # An alternative of another tier may replace what stands, so it is sure only where no such alternative exists.
    cell = slots[:, 0] * problem.n_services + slots[:, 1]
    alone = np.bincount(cell, minlength=problem.sites.count * problem.n_services)[cell] == 1
    always = np.zeros(len(slots), dtype=bool)
    always[of_offer[filled.stays]] = True
    possible = np.zeros(len(slots), dtype=bool)
    possible[of_offer[allowed_offers(problem)]] = True
    return Slots(slots[:, 0], slots[:, 1], slots[:, 2], slots[:, 3] == 1, always & alone, possible, of_offer)


def pairs_within(problem: SitingProblem, demand: Demand, slots: Slots, *, competitors: bool = False) -> Pairs:
    """Return every pair of a point and a possible slot within the largest circle of ``demand``."""
    reach = demand.reach
    inside = np.flatnonzero(reach.seconds <= demand.cutoffs_s[-1])
    point = np.searchsorted(reach.indptr, inside, side="right") - 1
    site, seconds = reach.site[inside], reach.seconds[inside].astype(np.float64)
    counts = slots.possible & (slots.service == demand.service)
    ours = counts & ~slots.competitor
    if demand.tiers:
        ours &= np.isin(slots.tier, demand.tiers)
    chosen = np.flatnonzero(ours | (counts & slots.competitor) if competitors else ours)
    per_site = np.bincount(slots.site[chosen], minlength=problem.sites.count)
    first = (np.cumsum(per_site) - per_site)[site]
    repeat = per_site[site]
    pair = np.repeat(np.arange(len(site)), repeat)
    slot = chosen[ranges(first, repeat)]
    circle = np.searchsorted(np.asarray(demand.cutoffs_s), seconds, side="left")
    order = np.lexsort((slot, seconds[pair], point[pair]))
    pair, slot = pair[order], slot[order]
    return Pairs(point[pair].astype(np.int64), slot.astype(np.int64), circle[pair].astype(np.int64), seconds[pair])


def rest_circles(problem: SitingProblem, demand: Demand, slots: Slots, pairs: Pairs) -> NDArray[np.int64]:
    """Return int64[n]: the best circle that what surely stays gives each point; the number of circles where none."""
    best = np.full(problem.n_demand, len(demand.cutoffs_s), dtype=np.int64)
    standing = slots.always[pairs.slot]
    np.minimum.at(best, pairs.point[standing], pairs.circle[standing])
    return best


def merge_needs(problem: SitingProblem, slots: Slots, demands: Iterable[int]) -> Needs:
    """Return the needs of the given demands, with equal sets merged across points, circles and demands."""
    owners: list[NDArray[np.int64]] = [np.zeros((4, 0), dtype=np.int64)]
    sets: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    for position in demands:
        demand = problem.demands[position]
        pairs = pairs_within(problem, demand, slots)
        best = rest_circles(problem, demand, slots, pairs)
        pairs = pairs[~slots.always[pairs.slot] & (pairs.circle < best[pairs.point]) & (demand.people[pairs.point] > 0)]
        for ring in range(len(demand.cutoffs_s)):
            within = (pairs.circle <= ring) & (ring < best[pairs.point])
            point = pairs.point[within]
            first = np.flatnonzero(np.diff(point, prepend=-1))
            size = np.diff(first, append=len(point))
            owners.append(np.stack([np.full(len(first), position), point[first], np.full(len(first), ring), size]))
            sets.append(pairs.slot[within])
    demand_of, point_of, circle_of, size_of = np.concatenate(owners, axis=1)
    code, indptr, members = _merge(np.concatenate(sets), size_of, slots.count)
    return Needs(demand_of, point_of, circle_of, code, slots.count, indptr, members)


def _merge(
    members: NDArray[np.int64], size: NDArray[np.int64], n_slots: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the code of each set, and the distinct sets of two or more as (indptr, slot).

    Sets are found equal by their sums and then compared member by member with the one they are merged into: a
    collision of the sums is refused, never merged.
    """
    if not len(size):
        return size, np.zeros(1, dtype=np.int64), members
    starts = np.cumsum(size) - size
    members = members[np.lexsort((members, np.repeat(np.arange(len(size)), size)))]
    code = np.empty(len(size), dtype=np.int64)
    single = size == 1
    code[single] = members[starts[single]]
    several = np.flatnonzero(~single)
    sums = set_sums(members, starts, n_slots)[several]
    _, first, inverse = np.unique(sums, axis=0, return_index=True, return_inverse=True)
    kept, into = several[first], several[first][inverse.ravel()]
    same_size = np.array_equal(size[several], size[into])
    if not same_size or not np.array_equal(
        members[ranges(starts[several], size[several])], members[ranges(starts[into], size[into])]
    ):
        raise AssertionError("two different sets of sites have equal 128-bit sums")
    code[several] = n_slots + inverse.ravel()
    return code, np.concatenate([[0], np.cumsum(size[kept])]), members[ranges(starts[kept], size[kept])]
