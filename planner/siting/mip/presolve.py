"""Presolve: slots, merged covering sets, and dominated bundles and sites. All of it keeps an optimum.

A person at *i* is within circle *c* of service *k* exactly when some slot of the set ``R_ikc`` is open. Two points with
the same set are covered together whatever the plan, so their people are summed and the model keeps one row. A set of
one slot needs no row at all: its people belong to that slot's column. Points whose circle today's facilities already
reach are a constant. Circles and demands share sets as well as points do.

A bundle is dominated by another of the same building that holds at least as much and costs nobody more; a site by another
that serves at least the same people and costs nobody more. The latter is sought only where there is one service and one bundle per site.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from planner.siting.arrays import ranges, set_sums
from planner.siting.mip.amounts import no_worse_for_areas
from planner.siting.mip.bundles import allowed_offers
from planner.siting.model.problem import optional_columns
from planner.siting.model.ruleset import area_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.mip.bundles import Bundles
    from planner.siting.model.data import Demand
    from planner.siting.model.problem import SitingProblem


MOST_PER_SITE = 64
"""Buildings with more bundles are not checked for dominance: comparing all pairs would take longer than it saves."""


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Slots: (site, service, tier) that people can use; alternatives of size and mode share one.

    ``of_offer`` int64[m] maps offers to slots; ``always_open`` marks slots of permanent facilities, ``possible``
    those with an offer that no lock forbids, ``competitor`` those of competitors.
    """

    site: IntArray
    service: IntArray
    tier: IntArray
    competitor: BoolArray
    always_open: BoolArray
    possible: BoolArray
    of_offer: IntArray

    @property
    def count(self) -> int:
        """Number of slots."""
        return len(self.site)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of a demand point and a slot within the largest circle, points ascending, nearest slot first."""

    point: IntArray
    slot: IntArray
    circle: IntArray
    seconds: FloatArray

    def __getitem__(self, chosen: BoolArray) -> Pairs:
        """Return some of the pairs, in the same order."""
        return Pairs(self.point[chosen], self.slot[chosen], self.circle[chosen], self.seconds[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class CoverSets:
    """Covering sets: who could be newly covered by which slots.

    A row is (demand, point, circle): the people there are within that circle when one slot of its set is open.
    ``code`` int64 is the slot itself (a set of one) or, from ``n_slots`` on, a merged set; ``sets_indptr`` and
    ``sets_slot`` list the slots of the merged sets.
    """

    demand: IntArray
    point: IntArray
    circle: IntArray
    code: IntArray
    n_slots: int
    sets_indptr: IntArray
    sets_slot: IntArray

    @property
    def n_sets(self) -> int:
        """Number of merged sets."""
        return len(self.sets_indptr) - 1


def find_slots(problem: SitingProblem) -> Slots:
    """Return the slots of a problem, sorted by (site, service, tier)."""
    offers, optional = problem.offers, optional_columns(problem)
    keys = np.stack(
        [
            offers.site.astype(np.int64),
            offers.service.astype(np.int64),
            optional.tier,
            optional.competitor.astype(np.int64),
        ],
        axis=1,
    )
    slots, of_offer = np.unique(keys, axis=0, return_inverse=True)
    of_offer = of_offer.ravel().astype(np.int64)
    # An alternative of another tier may replace the facility: the slot is always open only where none exists.
    cell = slots[:, 0] * problem.n_services + slots[:, 1]
    single = np.bincount(cell, minlength=problem.sites.count * problem.n_services)[cell] == 1
    always_open = np.zeros(len(slots), dtype=bool)
    always_open[of_offer[optional.stays]] = True
    possible = np.zeros(len(slots), dtype=bool)
    possible[of_offer[allowed_offers(problem)]] = True
    return Slots(slots[:, 0], slots[:, 1], slots[:, 2], slots[:, 3] == 1, always_open & single, possible, of_offer)


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


def guaranteed_circles(problem: SitingProblem, demand: Demand, slots: Slots, pairs: Pairs) -> IntArray:
    """Return int64[n]: the best circle of each point by permanent facilities; the number of circles where none."""
    best = np.full(problem.n_demand, len(demand.cutoffs_s), dtype=np.int64)
    permanent = slots.always_open[pairs.slot]
    np.minimum.at(best, pairs.point[permanent], pairs.circle[permanent])
    return best


def merge_cover_sets(problem: SitingProblem, slots: Slots, demands: Iterable[int]) -> CoverSets:
    """Return the covering sets of the given demands, equal sets merged across points, circles and demands."""
    owners: list[IntArray] = [np.zeros((4, 0), dtype=np.int64)]
    sets: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    for position in demands:
        demand = problem.demands[position]
        pairs = pairs_within(problem, demand, slots)
        best = guaranteed_circles(problem, demand, slots, pairs)
        pairs = pairs[
            ~slots.always_open[pairs.slot] & (pairs.circle < best[pairs.point]) & (demand.people[pairs.point] > 0)
        ]
        for ring in range(len(demand.cutoffs_s)):
            within = (pairs.circle <= ring) & (ring < best[pairs.point])
            point = pairs.point[within]
            first = np.flatnonzero(np.diff(point, prepend=-1))
            size = np.diff(first, append=len(point))
            owners.append(np.stack([np.full(len(first), position), point[first], np.full(len(first), ring), size]))
            sets.append(pairs.slot[within])
    demand_of, point_of, circle_of, size_of = np.concatenate(owners, axis=1)
    code, indptr, members = _merge(np.concatenate(sets), size_of, slots.count)
    return CoverSets(demand_of, point_of, circle_of, code, slots.count, indptr, members)


def _merge(members: IntArray, size: IntArray, n_slots: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return the code of each set, and the distinct sets of two or more as (indptr, slot).

    Sets are matched by their sums and then compared member by member with the one they are merged into: a
    collision of the sums raises, never merges.
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


def dominated_bundles(problem: SitingProblem, bundles: Bundles) -> BoolArray:
    """Return bool[B]: bundles dominated by another one of their building.

    None where years, spreads between communities, or goals that an opening can worsen make more not always better.
    """
    dominated = np.zeros(bundles.count, dtype=np.bool_)
    if problem.phases is not None or problem.rules.spreads:
        return dominated
    one, other = _pairs(problem, bundles)
    if not len(one):
        return dominated
    better = _costs_no_more(bundles, one, other) & (bundles.opens[one] == bundles.opens[other])
    better &= bundles.hub[other] | ~bundles.hub[one]
    better &= no_worse_for_areas(problem, bundles, one, other)
    one, other = one[better], other[better]
    holds = _holds_all(problem, bundles.offer[one], bundles.offer[other])
    one, other = one[holds], other[holds]
    code, back = one * bundles.count + other, other * bundles.count + one
    # Of two that dominate each other the first stays.
    gone = ~np.isin(back, code) | (other < one)
    dominated[one[gone]] = True
    return dominated


def _pairs(problem: SitingProblem, bundles: Bundles) -> tuple[IntArray, IntArray]:
    """Return every pair of different bundles of one building, for buildings without locks of single offers."""
    size = np.bincount(bundles.site, minlength=problem.sites.count)
    named = [problem.offers.site[list(lock.offers)] for lock in problem.rules.locks if lock.offers]
    looked_at = size <= MOST_PER_SITE
    looked_at[np.concatenate([np.zeros(0, dtype=np.int64), *named]).astype(np.int64)] = False
    first = (np.cumsum(size) - size)[bundles.site]
    count = np.where(looked_at[bundles.site], size[bundles.site], 0)
    one = np.repeat(np.arange(bundles.count), count)
    other = ranges(first, count)
    return one[one != other], other[one != other]


def _costs_no_more(bundles: Bundles, one: IntArray, other: IntArray) -> BoolArray:
    """Return bool: pairs of which the other bundle costs no payer more than the one."""
    cheaper = np.ones(len(one), dtype=np.bool_)
    for cost in (bundles.capital_cost, bundles.yearly_cost):
        cheaper &= cost[other] <= cost[one]
    for cost in (bundles.department_capital_cost, bundles.department_yearly_cost):
        cheaper &= (cost[other] <= cost[one]).all(axis=1)
    return cheaper


def _holds_all(problem: SitingProblem, one: NDArray[np.int32], other: NDArray[np.int32]) -> BoolArray:
    """Return bool: pairs of bundles, int32[n, K] each, of which the other holds at least what the one holds, and nothing harmful."""
    optional, rules, permanent = optional_columns(problem), problem.rules, problem.offers.existing
    home = _homes_of_moved(problem)
    holds = np.ones(len(one), dtype=np.bool_)
    for service in range(problem.n_services):
        mine, theirs = one[:, service], other[:, service]
        a, b = np.maximum(mine, 0), np.maximum(theirs, 0)
        new = ~permanent[a] & ~permanent[b] & (optional.moves[a] < 0) & (optional.moves[b] < 0)
        alike = new & (optional.tier[a] == optional.tier[b]) & (optional.competitor[a] == optional.competitor[b])
        alike &= (optional.capacity[b] >= optional.capacity[a]) & (optional.min_load[b] <= optional.min_load[a])
        kept = (theirs >= 0) & ((mine == theirs) | alike)
        drawn = bool(rules.assignment) and rules.assignment[service] == "nearest"
        counted = bool(rules.max_openings) and rules.max_openings[service] is not None
        harmless = (
            ~permanent[b] & (optional.moves[b] < 0) & (optional.min_load[b] <= 0) & ~optional.competitor[b] & ~home[b]
        )
        added = (theirs < 0) | (harmless & (not drawn and not counted))
        holds &= np.where(mine >= 0, kept, added)
    return holds


def _homes_of_moved(problem: SitingProblem) -> BoolArray:
    """Return bool[m]: offers of a service at the site of a movable facility: opened there, it has not moved."""
    offers, moves = problem.offers, optional_columns(problem).moves
    cell = offers.site.astype(np.int64) * problem.n_services + offers.service
    return np.isin(cell, cell[moves[moves >= 0]])


def dominated_sites(problem: SitingProblem, bundles: Bundles, slots: Slots, cover_sets: CoverSets) -> BoolArray:
    """Return bool[B]: the bundles of dominated sites, for one service without capacities."""
    dominated, rules = np.zeros(bundles.count, dtype=np.bool_), problem.rules
    bound = (
        rules.min_sites
        or any(rules.min_openings)
        or rules.min_hubs
        or rules.locks
        or rules.spreads
        or area_rules(problem)
    )
    walked = any(goal.walks or goal.kind == "furthest" for goal in problem.goals)
    if problem.n_services > 1 or bound or walked or problem.phases is not None or not cover_sets.n_sets:
        return dominated
    single = bundles.opens & (np.bincount(bundles.site, minlength=problem.sites.count)[bundles.site] == 1)
    single &= (optional_columns(problem).moves[bundles.offer[:, 0]] < 0) & (bundles.offer[:, 0] >= 0)
    bundle_of = np.full(slots.count, -1, dtype=np.int64)
    chosen = np.flatnonzero(single)
    bundle_of[slots.of_offer[bundles.offer[chosen, 0]]] = chosen
    sets = np.repeat(np.arange(cover_sets.n_sets), np.diff(cover_sets.sets_indptr))
    contains = csr_matrix((np.ones(len(sets)), (sets, cover_sets.sets_slot)), (cover_sets.n_sets, slots.count))
    shared = (contains.T @ contains).tocoo()
    size = np.asarray(contains.sum(axis=0)).ravel()
    own = np.zeros(slots.count, dtype=np.bool_)
    own[cover_sets.code[cover_sets.code < slots.count]] = True
    within = (shared.data == size[shared.row]) & ~own[shared.row] & (shared.row != shared.col)
    within &= (bundle_of[shared.row] >= 0) & (bundle_of[shared.col] >= 0)
    one, other = bundle_of[shared.row[within]], bundle_of[shared.col[within]]
    cheaper = _costs_no_more(bundles, one, other)
    one, other = one[cheaper], other[cheaper]
    code, back = one * bundles.count + other, other * bundles.count + one
    dominated[one[~np.isin(back, code) | (other < one)]] = True
    return dominated
