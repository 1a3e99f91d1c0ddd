"""When a siting problem is nothing but "choose so many buildings", and which buildings with what in them.

Money, floors, places and phases make a problem general. Without them only a number of openings binds, more is never
worse, and each building has one best use: the bundle that holds everything any of its bundles holds. Then the problem
is the bare question of `pure`, whose methods are faster by orders of magnitude. Every condition is checked on the
problem itself; where one fails, the answer is None and the general model takes over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import ranges, set_sums, sums_by
from planner.siting.bare.pure import Pure
from planner.siting.programme.bundles import Bundles, enumerate_bundles
from planner.siting.programme.flows import limited_services
from planner.siting.programme.reduce import find_slots, pairs_within
from planner.siting.question.complete import complete

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.reduce import Slots
    from planner.siting.question.problem import Demand, SitingProblem

__all__ = ["Nearby", "Units", "coverage_question", "find_units", "nearby", "walk_question"]


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Buildings to choose from, u of them, and what is open in any case.

    ``unit_of_slot`` int64: the unit that opens a slot, −1 for none; ``rest`` bool marks slots that are open anyway.
    ``bundle`` int64[u] and ``rest_bundle`` are rows of ``bundles``; ``stays`` int64[u] is the row of a unit's site in
    ``rest_bundle`` that its own bundle replaces (−1: none). Units in ``forced`` have to be chosen, ``most`` may be.
    """

    bundles: Bundles
    slots: Slots
    unit_of_slot: NDArray[np.int64]
    rest: NDArray[np.bool_]
    bundle: NDArray[np.int64]
    rest_bundle: NDArray[np.int64]
    forced: NDArray[np.int64]
    least: int
    most: int

    @property
    def count(self) -> int:
        """How many units there are."""
        return len(self.bundle)

    def offers(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the offers of a plan, ascending: those of the chosen units and what is open elsewhere anyway."""
        mine = self.bundle[chosen]
        elsewhere = self.rest_bundle[~np.isin(self.bundles.site[self.rest_bundle], self.bundles.site[mine])]
        offers = self.bundles.offer[np.concatenate([mine, elsewhere])]
        return np.sort(offers[offers >= 0]).astype(np.int64)


def find_units(problem: SitingProblem) -> Units | None:
    """Return the units of a problem that is nothing but a choice among them, else None."""
    if _binds(problem):
        return None
    bundles, slots = enumerate_bundles(problem), find_slots(problem)
    rest = _largest(problem, bundles, slots, np.flatnonzero(~bundles.opens))
    best = _largest(problem, bundles, slots, np.arange(bundles.count))
    if rest is None or best is None:
        return None
    opening = best[bundles.opens[best]]
    standing = np.zeros(problem.sites.count, dtype=np.bool_)
    standing[bundles.site[rest]] = True
    if (bundles.must_choose & ~standing).any():
        return None
    forced = _forced(problem, bundles, opening, rest)
    limits = [len(opening), problem.rules.max_sites]
    least = problem.rules.min_sites
    if problem.n_services == 1:
        limits += problem.rules.max_openings
        least = max([least, *problem.rules.min_openings])
    most = min(limit for limit in limits if limit is not None)
    if forced is None or len(forced) > most or least > most:
        return None
    unit_of_slot = np.full(slots.count, -1)
    for service in range(problem.n_services):
        offer = bundles.offer[opening, service]
        unit_of_slot[slots.of_offer[offer[offer >= 0]]] = np.flatnonzero(offer >= 0)
    open_anyway = np.zeros(slots.count, dtype=np.bool_)
    stay = bundles.offer[rest]
    open_anyway[slots.of_offer[stay[stay >= 0]]] = True
    return Units(bundles, slots, unit_of_slot, open_anyway, opening, rest, forced, least, most)


def _binds(problem: SitingProblem) -> bool:
    """Say whether anything but the number of openings can stand in the way of opening more."""
    rules, budgets = problem.rules, problem.budgets
    limits = [budgets.capital_yuan, budgets.yearly_yuan]
    for by_department in (budgets.department_capital_yuan, budgets.department_yearly_yuan):
        limits += [] if by_department is None else by_department.tolist()
    by_service = [*rules.min_openings, *(limit for limit in rules.max_openings if limit is not None)]
    return bool(
        any(lock.offers for lock in rules.locks)
        or np.isfinite(limits).any()
        or problem.phases is not None
        or rules.floors
        or rules.spreads
        or rules.min_hubs
        or (problem.n_services > 1 and any(by_service))
        or (problem.n_services > 1 and 0 in rules.max_openings)
        or limited_services(problem).any()
        or (complete(problem).moves >= 0).any()
    )


def _largest(
    problem: SitingProblem, bundles: Bundles, slots: Slots, among: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """Return, for every site that has any of the bundles ``among``, one that opens every slot that any of them opens.

    The cheapest, where several do; None where a site has none.
    """
    bundle, offer = bundles.pairs()
    inside = np.isin(bundle, among)
    bundle, slot = bundle[inside], slots.of_offer[offer[inside]]
    size = np.bincount(bundle, minlength=bundles.count)
    distinct = np.bincount(slots.site[np.unique(slot)], minlength=problem.sites.count)
    full = among[size[among] == distinct[bundles.site[among]]]
    order = np.lexsort((bundles.yearly_yuan[full], bundles.capital_yuan[full], bundles.site[full]))
    first = np.flatnonzero(np.diff(bundles.site[full][order], prepend=-1))
    found = full[order][first]
    return found if len(found) == len(np.unique(bundles.site[among])) else None


def _forced(
    problem: SitingProblem, bundles: Bundles, opening: NDArray[np.int64], rest: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """Return the units that ``must`` locks ask for; None where nothing keeps a lock."""
    forced: set[int] = set()

    def keeping(rows: NDArray[np.int64], site: int, service: int | None) -> NDArray[np.int64]:
        chosen = bundles.offer[rows] >= 0
        return np.flatnonzero((bundles.site[rows] == site) & (chosen.any(1) if service is None else chosen[:, service]))

    for lock in problem.rules.locks:
        if lock.kind == "must" and not len(keeping(rest, lock.site, lock.service)):
            units = keeping(opening, lock.site, lock.service)
            if not len(units):
                return None
            forced.add(int(units[0]))
    return np.array(sorted(forced), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Nearby:
    """What each point of one demand reaches: pairs with units, points ascending, nearest first, each unit once.

    ``rest_s`` float64[n] is the walk to what is open anyway, infinite where nothing is within the largest circle;
    ``hope`` bool[n] marks points that any offer could serve, were there room for it.
    """

    point: NDArray[np.int64]
    unit: NDArray[np.int64]
    seconds: NDArray[np.float64]
    rest_s: NDArray[np.float64]
    hope: NDArray[np.bool_]


def nearby(problem: SitingProblem, demand: Demand, units: Units) -> Nearby:
    """Return the pairs of a demand that could shorten a walk."""
    pairs = pairs_within(problem, demand, units.slots)
    rest_s = np.full(problem.n_demand, np.inf)
    open_anyway = units.rest[pairs.slot]
    np.minimum.at(rest_s, pairs.point[open_anyway], pairs.seconds[open_anyway])
    unit = units.unit_of_slot[pairs.slot]
    useful = np.flatnonzero((unit >= 0) & (pairs.seconds < rest_s[pairs.point]) & (demand.people[pairs.point] > 0))
    _, first = np.unique(pairs.point[useful] * (units.count + 1) + unit[useful], return_index=True)
    useful = useful[np.sort(first)]
    hope = np.bincount(pairs.point, minlength=problem.n_demand) > 0
    return Nearby(pairs.point[useful], unit[useful], pairs.seconds[useful], rest_s, hope)


def coverage_question(problem: SitingProblem, units: Units) -> tuple[Pure, float]:
    """Return the bare question of the goal ``coverage`` and the worth W of covering everybody: worth = W − cost.

    A row is everybody who gains when one of the same units opens, whatever demand, point and circle they are of.
    """
    members: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    sizes: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    gains: list[NDArray[np.float64]] = [np.zeros(0)]
    worth = 0.0
    for demand in problem.demands:
        near = nearby(problem, demand, units)
        cutoffs, weights = np.asarray(demand.cutoffs_s), np.append(demand.weights, 0.0)
        today = np.searchsorted(cutoffs, near.rest_s, side="left")
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
    pure = _merged(np.concatenate(members), np.concatenate(sizes), np.concatenate(gains), units)
    return pure, worth + float(pure.otherwise.sum())


def _merged(members: NDArray[np.int64], size: NDArray[np.int64], gain: NDArray[np.float64], units: Units) -> Pure:
    """Return one row for each distinct set of units, with the gains of equal sets added up."""
    if not len(size):
        return Pure(
            np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int32), np.zeros(0), gain, units.count, units.most
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
    return Pure(
        indptr=indptr,
        site=members[ranges(starts[first], size[first])].astype(np.int32),
        cost=np.zeros(int(indptr[-1])),
        otherwise=sums_by(inverse.ravel(), gain, len(first)),
        n_sites=units.count,
        most=units.most,
    )


def walk_question(problem: SitingProblem, units: Units) -> Pure:
    """Return the bare question of the goal ``walk``: a row is a point of a demand, costs are person-seconds."""
    parts: list[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]] = []
    fixed = 0.0
    for demand in problem.demands:
        if demand.part_of is not None:  # they walk as part of the whole
            continue
        near = nearby(problem, demand, units)
        beyond_s = demand.cutoffs_s[-1] if demand.beyond_s is None else demand.beyond_s
        otherwise = demand.people * np.minimum(near.rest_s, beyond_s)
        useful = near.seconds < beyond_s
        size = np.bincount(near.point[useful], minlength=problem.n_demand)
        fixed += float(otherwise[size == 0].sum())
        cost = demand.people[near.point] * near.seconds
        parts.append((size[size > 0], near.unit[useful].astype(np.int32), cost[useful], otherwise[size > 0]))
    size, unit, cost, otherwise = (np.concatenate(part) for part in zip(*parts, strict=True))
    indptr = np.concatenate([[0], np.cumsum(size)])
    return Pure(indptr, unit, cost, otherwise, units.count, units.most, fixed)
