"""Lossless reductions: demand points that the same openings serve become one row; what is settled becomes a number.

A person at *i* is within circle *c* of service *k* exactly when some site of ``R_ikc`` is open. Two points with the
same set are covered together whatever the plan, so their people are added up and the model keeps one row. A set of one
site needs no row at all: its people belong to that site's column. Points whose circle today's facilities already give
are a constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.bundles import allowed_offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.problem import Demand, SitingProblem

__all__ = ["Needs", "Slots", "find_slots", "merge_needs", "pairs_within"]


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """A slot is a (site, service, tier) that people can count on; alternatives of size and mode share one.

    ``of_offer`` int64[m] maps offers to slots; ``always`` marks slots that stand today and must stay.
    """

    site: NDArray[np.int64]
    service: NDArray[np.int64]
    tier: NDArray[np.int64]
    always: NDArray[np.bool_]
    possible: NDArray[np.bool_]
    of_offer: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many slots there are."""
        return len(self.site)


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """Who could be newly covered by what.

    A *need* is (demand, point, circle): the people there are within that circle when one slot of its set is open.
    ``column`` int64 points at the slot itself (a set of one) or, from ``n_slots`` on, at a merged set.
    ``sets_indptr``/``sets_slot`` list the slots of the merged sets. ``base_circle`` holds, per demand, the best circle
    that today's facilities give at each point (the number of circles where they give none).
    """

    demand: NDArray[np.int64]
    point: NDArray[np.int64]
    circle: NDArray[np.int64]
    column: NDArray[np.int64]
    n_slots: int
    sets_indptr: NDArray[np.int64]
    sets_slot: NDArray[np.int64]
    base_circle: tuple[NDArray[np.int64], ...]

    @property
    def n_sets(self) -> int:
        """How many merged sets there are."""
        return len(self.sets_indptr) - 1


def find_slots(problem: SitingProblem) -> Slots:
    """Return the slots of a problem, sorted by (site, service, tier)."""
    offers = problem.offers
    tier = np.zeros(offers.count, dtype=np.int64) if offers.tier is None else offers.tier.astype(np.int64)
    keys = np.stack([offers.site.astype(np.int64), offers.service.astype(np.int64), tier], axis=1)
    slots, of_offer = np.unique(keys, axis=0, return_inverse=True)
    of_offer = of_offer.ravel()
    stays = offers.existing if offers.may_close is None else offers.existing & ~offers.may_close
    # An alternative of another tier may replace what stands, so it is sure only where no such alternative exists.
    cell = keys[:, 0] * problem.n_services + keys[:, 1]
    slot_cell = slots[:, 0] * problem.n_services + slots[:, 1]
    alone = np.bincount(slot_cell, minlength=problem.sites.count * problem.n_services)[cell] == 1
    always = np.zeros(len(slots), dtype=bool)
    always[of_offer[stays & alone]] = True
    possible = np.zeros(len(slots), dtype=bool)
    possible[of_offer[allowed_offers(problem)]] = True
    return Slots(slots[:, 0], slots[:, 1], slots[:, 2], always, possible, of_offer)


def pairs_within(
    problem: SitingProblem, demand: Demand, slots: Slots
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return (point, slot, circle, seconds) of every pair of a point and a possible slot within the largest circle."""
    reach = demand.reach
    inside = np.flatnonzero(reach.seconds <= demand.cutoffs_s[-1])
    point = np.searchsorted(reach.indptr, inside, side="right") - 1
    site, seconds = reach.site[inside], reach.seconds[inside]
    counts = slots.possible & (slots.service == demand.service)
    if demand.tiers:
        counts &= np.isin(slots.tier, demand.tiers)
    chosen = np.flatnonzero(counts)
    per_site = np.bincount(slots.site[chosen], minlength=problem.sites.count)
    first = np.concatenate([[0], np.cumsum(per_site)])[:-1]
    repeat = per_site[site]
    pair = np.repeat(np.arange(len(site)), repeat)
    step = np.arange(len(pair)) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    slot = chosen[first[site[pair]] + step] if len(pair) else np.zeros(0, dtype=np.int64)
    circle = np.searchsorted(np.asarray(demand.cutoffs_s), seconds.astype(np.float64), side="left")
    return point[pair], slot, circle[pair], seconds[pair]


def merge_needs(problem: SitingProblem, slots: Slots) -> Needs:
    """Return the needs of every demand, with equal sets merged across points, circles and demands."""
    collected: list[tuple[NDArray[np.int64], ...]] = []
    sets: list[NDArray[np.int64]] = []
    base_circle = []
    for position, demand in enumerate(problem.demands):
        point, slot, circle, _ = pairs_within(problem, demand, slots)
        base = np.full(problem.n_demand, len(demand.cutoffs_s))
        standing = slots.always[slot]
        np.minimum.at(base, point[standing], circle[standing])
        base_circle.append(base)
        open_pair = ~standing & (circle < base[point]) & (demand.people[point] > 0)
        point, slot, circle = point[open_pair], slot[open_pair], circle[open_pair]
        for ring in range(len(demand.cutoffs_s)):
            within = (circle <= ring) & (ring < base[point])
            members = slot[within]
            owner = point[within]
            first = np.flatnonzero(np.diff(owner, prepend=-1))
            size = np.diff(first, append=len(owner))
            collected.append((np.full(len(first), position), owner[first], np.full(len(first), ring), size))
            sets.append(members)
    demand_of, point_of, circle_of, size_of = (np.concatenate(part) for part in zip(*collected, strict=True))
    column, indptr, members = _merge(np.concatenate(sets), size_of, slots.count)
    return Needs(demand_of, point_of, circle_of, column, slots.count, indptr, members, tuple(base_circle))


def _merge(
    members: NDArray[np.int64], size: NDArray[np.int64], n_slots: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the column of each set, and the distinct sets of two or more as (indptr, slot).

    Sets are compared by the sum of two random 64-bit numbers per slot, then member by member with the one they are
    merged into: a collision of the sums is refused, never merged.
    """
    if not len(size):
        return size, np.zeros(1, dtype=np.int64), members
    random = np.random.default_rng(0)
    marks = random.integers(0, 2**63, size=(2, max(n_slots, 1)), dtype=np.uint64)
    starts = np.cumsum(size) - size
    order = np.lexsort((members, np.repeat(np.arange(len(size)), size)))
    members = members[order]
    sums = np.stack([np.add.reduceat(marks[0][members], starts), np.add.reduceat(marks[1][members], starts)], axis=1)
    column = np.empty(len(size), dtype=np.int64)
    single = size == 1
    column[single] = members[starts[single]]
    several = np.flatnonzero(~single)
    _, first, inverse = np.unique(sums[several], axis=0, return_index=True, return_inverse=True)
    kept = several[first]
    column[several] = n_slots + inverse.ravel()
    _refuse_collisions(members, starts, size, several, kept[inverse.ravel()])
    indptr = np.concatenate([[0], np.cumsum(size[kept])])
    return column, indptr, members[_ranges(starts[kept], size[kept])]


def _refuse_collisions(
    members: NDArray[np.int64],
    starts: NDArray[np.int64],
    size: NDArray[np.int64],
    merged: NDArray[np.int64],
    into: NDArray[np.int64],
) -> None:
    if not np.array_equal(size[merged], size[into]) or not np.array_equal(
        members[_ranges(starts[merged], size[merged])], members[_ranges(starts[into], size[into])]
    ):
        raise AssertionError("two different sets of sites have equal 128-bit sums")


def _ranges(starts: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``start … start + size`` of every range, end to end."""
    before = np.cumsum(size) - size
    return np.repeat(starts - before, size) + np.arange(int(size.sum()))
