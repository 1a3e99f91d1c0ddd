"""p-median instances: choose P sites so that the cost of everybody's cheapest chosen site is least in total.

Maximum coverage, the *p*-median and everything between them have this form once money, areas and the other rules do not
bind: row *i* (people who share the same sites) costs ``otherwise_i`` if nothing near is chosen, and less the nearer the
nearest chosen site is.

A siting problem is such an instance when only a number of openings binds, more is never worse, and each building has one best use:
the bundle that holds everything any of its bundles holds. Every condition is checked on the problem itself; where one fails, the
general model takes over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled
from planner.siting.arrays import ranges, set_sums, sums_by
from planner.siting.mip.assignment import capacitated_services
from planner.siting.mip.bundles import Bundles, enumerate_bundles
from planner.siting.mip.presolve import find_slots, pairs_within
from planner.siting.model.problem import optional_columns
from planner.siting.model.ruleset import area_rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.mip.presolve import Slots
    from planner.siting.model.data import Demand
    from planner.siting.model.problem import SitingProblem


@dataclass(frozen=True, slots=True, eq=False)
class PMedianInstance:
    """Choose ``p`` of ``n_sites`` sites; minimise ``fixed + Σ_i min(default_cost_i, min_{j chosen} cost_ij)``.

    ``indptr`` int64[n+1], ``site`` int32[k], ``cost`` float64[k] hold the sites that would lower the cost of a row,
    cheapest first; ``default_cost`` float64[n]. Adding a site never raises the cost, so exactly ``p`` are chosen.
    """

    indptr: IntArray
    site: NDArray[np.int32]
    cost: FloatArray
    default_cost: FloatArray
    n_sites: int
    p: int
    fixed: float = 0.0

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.default_cost)

    @property
    def integral(self) -> bool:
        """Whether every plan's cost is an integer."""
        costs = (self.cost, self.default_cost, np.array([self.fixed]))
        return all(bool(np.all(numbers == np.round(numbers))) for numbers in costs)

    def min_improvement(self, cost: float) -> float:
        """Return the least improvement on ``cost`` of a better plan, with room for rounding errors."""
        return 1 - 2 * _tolerance(cost) if self.integral else _tolerance(cost)

    def rounded_up(self, bound: float) -> float:
        """Return ``bound``, rounded up where every cost is an integer."""
        return float(np.ceil(bound - _tolerance(bound))) if self.integral else bound


def _tolerance(cost: float) -> float:
    """Return the rounding error of sums of costs."""
    return 1e-6 + 1e-9 * abs(cost)


def columns_by_site(instance: PMedianInstance) -> tuple[IntArray, NDArray[np.int32], FloatArray]:
    """Return the same pairs site by site: indptr int64[J+1], row int32[k], cost float64[k]."""
    order = np.argsort(instance.site, kind="stable")
    row = np.repeat(np.arange(instance.n_rows, dtype=np.int32), np.diff(instance.indptr))
    indptr = np.zeros(instance.n_sites + 1, dtype=np.int64)
    np.cumsum(np.bincount(instance.site, minlength=instance.n_sites), out=indptr[1:])
    return indptr, row[order], instance.cost[order]


def cost_of(instance: PMedianInstance, chosen: IntArray) -> float:
    """Return the cost of ``chosen`` sites."""
    is_open = np.zeros(instance.n_sites, dtype=np.bool_)
    is_open[chosen] = True
    best = instance.default_cost.copy()
    pairs = np.flatnonzero(is_open[instance.site])
    row = np.searchsorted(instance.indptr, pairs, side="right") - 1
    np.minimum.at(best, row, instance.cost[pairs])
    return instance.fixed + float(best.sum())


def subinstance(instance: PMedianInstance, opened: IntArray, free: IntArray) -> tuple[PMedianInstance, IntArray]:
    """Return the instance with ``opened`` sites fixed open and all but ``free`` closed, and its rows.

    Sites are positions in ``free``; rows that no free site can improve are in ``fixed``.
    """
    new = np.full(instance.n_sites, -1, dtype=np.int32)
    new[free] = np.arange(len(free), dtype=np.int32)
    new[opened] = -2
    length, default_cost = _free_lengths(instance.indptr, instance.site, instance.cost, instance.default_cost, new)
    rows = np.flatnonzero(length)
    indptr = np.concatenate([[0], np.cumsum(length[rows])])
    site, cost = _gathered(instance.indptr, instance.site, instance.cost, new, rows, indptr)
    fixed = instance.fixed + float(default_cost[length == 0].sum())
    return PMedianInstance(
        indptr, site, cost, default_cost[rows], len(free), max(instance.p - len(opened), 0), fixed
    ), rows


@compiled
def _free_lengths(
    indptr: IntArray, site: NDArray[np.int32], cost: FloatArray, default_cost: FloatArray, new: NDArray[np.int32]
) -> tuple[IntArray, FloatArray]:
    """Return the number of free sites of each row cheaper than its first open one, and its cost without them."""
    length = np.zeros(len(default_cost), np.int64)
    cost_without = default_cost.copy()
    for i in range(len(default_cost)):
        for k in range(indptr[i], indptr[i + 1]):
            j = new[site[k]]
            if j == -2:
                cost_without[i] = cost[k]
                break
            if j >= 0:
                length[i] += 1
        # Free sites no nearer than the open one save nothing.
        k = indptr[i]
        if length[i] and cost_without[i] < default_cost[i]:
            length[i] = 0
            while cost[k] < cost_without[i]:
                if new[site[k]] >= 0:
                    length[i] += 1
                k += 1
    return length, cost_without


@compiled
def _gathered(  # noqa: PLR0917 - machine code takes its arguments by position
    indptr: IntArray, site: NDArray[np.int32], cost: FloatArray, new: NDArray[np.int32], rows: IntArray, kept: IntArray
) -> tuple[NDArray[np.int32], FloatArray]:
    """Return the first free sites of ``rows``, ``kept`` (an indptr) of each."""
    sites = np.empty(kept[-1], np.int32)
    costs = np.empty(kept[-1])
    for r in range(len(rows)):
        k = indptr[rows[r]]
        for to in range(kept[r], kept[r + 1]):
            while new[site[k]] < 0:
                k += 1
            sites[to] = new[site[k]]
            costs[to] = cost[k]
            k += 1
    return sites, costs


@dataclass(frozen=True, slots=True, eq=False)
class CandidateUnits:
    """Buildings to choose from, u of them, and what is open in any case.

    ``unit_of_slot`` int64: the unit that opens a slot, −1 for none; ``base_slots`` bool marks slots open in any case.
    ``bundle`` int64[u] and ``base_bundle`` are rows of ``bundles``. Units in ``forced`` have to be chosen, ``p`` may be.
    """

    bundles: Bundles
    slots: Slots
    unit_of_slot: IntArray
    base_slots: BoolArray
    bundle: IntArray
    base_bundle: IntArray
    forced: IntArray
    least: int
    p: int

    @property
    def count(self) -> int:
        """Number of units."""
        return len(self.bundle)

    def offers(self, chosen: IntArray) -> IntArray:
        """Return the offers of a plan, ascending: those of the chosen units and what is open elsewhere in any case."""
        chosen_bundles = self.bundle[chosen]
        elsewhere = self.base_bundle[~np.isin(self.bundles.site[self.base_bundle], self.bundles.site[chosen_bundles])]
        offers = self.bundles.offer[np.concatenate([chosen_bundles, elsewhere])]
        return np.sort(offers[offers >= 0]).astype(np.int64)


def find_candidate_units(problem: SitingProblem) -> CandidateUnits | None:
    """Return the units of a problem in which only the number of openings binds, else None."""
    if _has_binding_rules(problem):
        return None
    bundles, slots = enumerate_bundles(problem), find_slots(problem)
    base_slots = _largest_bundles(problem, bundles, slots, np.flatnonzero(~bundles.opens))
    best = _largest_bundles(problem, bundles, slots, np.arange(bundles.count))
    if base_slots is None or best is None:
        return None
    opening = best[bundles.opens[best]]
    has_base = np.zeros(problem.sites.count, dtype=np.bool_)
    has_base[bundles.site[base_slots]] = True
    if (bundles.must_choose & ~has_base).any():
        return None
    forced = _forced_units(problem, bundles, opening, base_slots)
    limits = [len(opening), problem.rules.max_sites]
    least = problem.rules.min_sites
    if problem.n_services == 1:
        limits += problem.rules.max_openings
        least = max([least, *problem.rules.min_openings])
    p = min(limit for limit in limits if limit is not None)
    if forced is None or len(forced) > p or least > p:
        return None
    unit_of_slot = np.full(slots.count, -1)
    for service in range(problem.n_services):
        offer = bundles.offer[opening, service]
        unit_of_slot[slots.of_offer[offer[offer >= 0]]] = np.flatnonzero(offer >= 0)
    always_open = np.zeros(slots.count, dtype=np.bool_)
    stay = bundles.offer[base_slots]
    always_open[slots.of_offer[stay[stay >= 0]]] = True
    return CandidateUnits(bundles, slots, unit_of_slot, always_open, opening, base_slots, forced, least, p)


def _has_binding_rules(problem: SitingProblem) -> bool:
    """Return whether anything but the number of openings can bind."""
    rules, budgets = problem.rules, problem.budgets
    limits = [budgets.capital_cost, budgets.yearly_cost]
    for by_department in (budgets.department_capital_cost, budgets.department_yearly_cost):
        limits += [] if by_department is None else by_department.tolist()
    by_service = [*rules.min_openings, *(limit for limit in rules.max_openings if limit is not None)]
    return bool(
        any(lock.offers for lock in rules.locks)
        or np.isfinite(limits).any()
        or problem.phases is not None
        or rules.floors
        or rules.spreads
        or rules.min_hubs
        or area_rules(problem)
        or (problem.n_services > 1 and any(by_service))
        or (problem.n_services > 1 and 0 in rules.max_openings)
        or capacitated_services(problem).any()
        or (optional_columns(problem).moves >= 0).any()
    )


def _largest_bundles(problem: SitingProblem, bundles: Bundles, slots: Slots, among: IntArray) -> IntArray | None:
    """Return, for every site that has any of the bundles ``among``, one that opens every slot that any of them opens.

    The cheapest, where several do; None where a site has none.
    """
    bundle, offer = bundles.pairs()
    inside = np.isin(bundle, among)
    bundle, slot = bundle[inside], slots.of_offer[offer[inside]]
    size = np.bincount(bundle, minlength=bundles.count)
    distinct = np.bincount(slots.site[np.unique(slot)], minlength=problem.sites.count)
    full = among[size[among] == distinct[bundles.site[among]]]
    order = np.lexsort((bundles.yearly_cost[full], bundles.capital_cost[full], bundles.site[full]))
    first = np.flatnonzero(np.diff(bundles.site[full][order], prepend=-1))
    found = full[order][first]
    return found if len(found) == len(np.unique(bundles.site[among])) else None


def _forced_units(problem: SitingProblem, bundles: Bundles, opening: IntArray, base_slots: IntArray) -> IntArray | None:
    """Return the units that ``must`` locks require; None where a lock cannot be kept."""
    forced: set[int] = set()

    def bundles_keeping_lock(rows: IntArray, site: int, service: int | None) -> IntArray:
        chosen = bundles.offer[rows] >= 0
        return np.flatnonzero((bundles.site[rows] == site) & (chosen.any(1) if service is None else chosen[:, service]))

    for lock in problem.rules.locks:
        if lock.kind == "must" and not len(bundles_keeping_lock(base_slots, lock.site, lock.service)):
            units = bundles_keeping_lock(opening, lock.site, lock.service)
            if not len(units):
                return None
            forced.add(int(units[0]))
    return np.array(sorted(forced), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Nearby:
    """Pairs of the points of one demand with units, points ascending, nearest first, each unit once.

    ``base_s`` float64[n] is the walk to what is open in any case, infinite where nothing is within the largest circle;
    ``reachable`` bool[n] marks points within reach of any offer.
    """

    point: IntArray
    unit: IntArray
    seconds: FloatArray
    base_s: FloatArray
    reachable: BoolArray


def nearby(problem: SitingProblem, demand: Demand, units: CandidateUnits) -> Nearby:
    """Return the pairs of a demand that could shorten a walk."""
    pairs = pairs_within(problem, demand, units.slots)
    base_s = np.full(problem.n_demand, np.inf)
    always_open = units.base_slots[pairs.slot]
    np.minimum.at(base_s, pairs.point[always_open], pairs.seconds[always_open])
    unit = units.unit_of_slot[pairs.slot]
    useful = np.flatnonzero((unit >= 0) & (pairs.seconds < base_s[pairs.point]) & (demand.people[pairs.point] > 0))
    _, first = np.unique(pairs.point[useful] * (units.count + 1) + unit[useful], return_index=True)
    useful = useful[np.sort(first)]
    reachable = np.bincount(pairs.point, minlength=problem.n_demand) > 0
    return Nearby(pairs.point[useful], unit[useful], pairs.seconds[useful], base_s, reachable)


def coverage_instance(problem: SitingProblem, units: CandidateUnits) -> tuple[PMedianInstance, float]:
    """Return the instance of the goal ``coverage`` and the worth W of covering everybody: worth = W − cost.

    A row is everybody who gains when one of the same units opens, of any demand, point and circle.
    """
    members: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    sizes: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    gains: list[FloatArray] = [np.zeros(0)]
    worth = 0.0
    for demand in problem.demands:
        near = nearby(problem, demand, units)
        cutoffs, weights = np.asarray(demand.cutoffs_s), np.append(demand.weights, 0.0)
        today = np.searchsorted(cutoffs, near.base_s, side="left")
        worth += float(demand.people @ weights[today])
        circle = np.searchsorted(cutoffs, near.seconds, side="left")
        for ring in range(len(cutoffs)):
            step = weights[ring] - weights[ring + 1]
            within = (circle <= ring) & (ring < today[near.point]) & (step > 0)
            point = near.point[within]
            first = np.flatnonzero(np.diff(point, prepend=-1))
            members.append(near.unit[within])
            sizes.append(np.diff(first, append=len(point)))
            gains.append(demand.people[point[first]] * step)
    instance = _merged_rows(np.concatenate(members), np.concatenate(sizes), np.concatenate(gains), units)
    return instance, worth + float(instance.default_cost.sum())


def _merged_rows(members: IntArray, size: IntArray, gain: FloatArray, units: CandidateUnits) -> PMedianInstance:
    """Return one row for each distinct set of units, with the gains of equal sets summed."""
    if not len(size):
        return PMedianInstance(
            np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int32), np.zeros(0), gain, units.count, units.p
        )
    starts = np.cumsum(size) - size
    _, first, inverse = np.unique(
        set_sums(members, starts, units.count), axis=0, return_index=True, return_inverse=True
    )
    order = np.lexsort((members, np.repeat(np.arange(len(size)), size)))
    members = members[order]
    into = first[inverse.ravel()]
    same_size = np.array_equal(size, size[into])
    if not same_size or not np.array_equal(members, members[ranges(starts[into], size[into])]):
        raise AssertionError("two different sets of units have equal 128-bit sums")
    indptr = np.concatenate([[0], np.cumsum(size[first])])
    return PMedianInstance(
        indptr=indptr,
        site=members[ranges(starts[first], size[first])].astype(np.int32),
        cost=np.zeros(int(indptr[-1])),
        default_cost=sums_by(inverse.ravel(), gain, len(first)),
        n_sites=units.count,
        p=units.p,
    )


def walk_instance(problem: SitingProblem, units: CandidateUnits) -> PMedianInstance:
    """Return the instance of the goal ``walk``: a row is a point of a demand, costs are person-seconds."""
    per_demand: list[tuple[IntArray, NDArray[np.int32], FloatArray, FloatArray]] = []
    fixed = 0.0
    for demand in problem.demands:
        if demand.part_of is not None:  # counted in the whole
            continue
        near = nearby(problem, demand, units)
        default_cost = demand.people * np.minimum(near.base_s, demand.unserved_s)
        useful = near.seconds < demand.unserved_s
        size = np.bincount(near.point[useful], minlength=problem.n_demand)
        fixed += float(default_cost[size == 0].sum())
        cost = demand.people[near.point] * near.seconds
        per_demand.append((size[size > 0], near.unit[useful].astype(np.int32), cost[useful], default_cost[size > 0]))
    size, unit, cost, default_cost = (np.concatenate(part) for part in zip(*per_demand, strict=True))
    indptr = np.concatenate([[0], np.cumsum(size)])
    return PMedianInstance(indptr, unit, cost, default_cost, units.count, units.p, fixed)
