"""The steps of the recount: walks, money, area and every rule, one plain function each, from the problem's arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.question.complete import complete
from planner.siting.question.plan import Assignments
from planner.siting.question.units import money_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.problem import Demand, SitingProblem


def in_order(values: NDArray[np.float64]) -> float:
    """Return the sum added up from first to last: the one order that a browser repeats to the last bit."""
    return float(np.cumsum(values)[-1]) if len(values) else 0.0


def in_period(assignments: Assignments | None, period: int) -> Assignments | None:
    """Return the assignments of one period."""
    if assignments is None:
        return None
    mine = assignments.period == period
    return Assignments(
        assignments.period[mine],
        assignments.demand[mine],
        assignments.point[mine],
        assignments.offer[mine],
        assignments.people[mine],
    )


def counting(problem: SitingProblem, assignments: Assignments) -> NDArray[np.bool_]:
    """Return bool: assignments to our own offers, not to a competitor's."""
    return ~complete(problem).competitor[assignments.offer]


def nearest_s(problem: SitingProblem, demand: Demand, offers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return float64[n]: seconds to the nearest of ``offers`` that counts for ``demand``, infinite where none."""
    filled = complete(problem)
    mine = offers[(problem.offers.service[offers] == demand.service) & ~filled.competitor[offers]]
    if demand.tiers:
        mine = mine[np.isin(filled.tier[mine], demand.tiers)]
    is_open = np.zeros(problem.sites.count, dtype=bool)
    is_open[problem.offers.site[mine]] = True
    seconds = np.where(is_open[demand.reach.site], demand.reach.seconds.astype(np.float64), np.inf)
    nearest = np.full(problem.n_demand, np.inf)
    rows = np.repeat(np.arange(problem.n_demand), np.diff(demand.reach.indptr))
    np.minimum.at(nearest, rows, seconds)
    return nearest


def walked_s(
    problem: SitingProblem, demand: Demand, point: NDArray[np.int64], offer: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the seconds from each point to the site of each offer, infinite where it is out of reach."""
    reach = demand.reach
    rows = np.repeat(np.arange(problem.n_demand), np.diff(reach.indptr)).astype(np.int64)
    keys = rows * problem.sites.count + reach.site
    order = np.argsort(keys, kind="stable")
    wanted = point * problem.sites.count + problem.offers.site[offer]
    at = np.minimum(np.searchsorted(keys[order], wanted), max(len(keys) - 1, 0))
    if not len(keys):
        return np.full(len(point), np.inf)
    found = order[at]
    return np.where(keys[found] == wanted, reach.seconds[found].astype(np.float64), np.inf)


def walk_s(problem: SitingProblem, nearest: tuple[NDArray[np.float64], ...], assignments: Assignments | None) -> float:
    """Return person-seconds walked; who is not served counts with ``beyond_s``."""
    total = 0.0
    limits = limited_places(problem) if assignments is not None else np.zeros(problem.n_services, dtype=bool)
    for position, demand in enumerate(problem.demands):
        if demand.part_of is not None:
            continue
        beyond = demand.cutoffs_s[-1] if demand.beyond_s is None else demand.beyond_s
        if limits[demand.service] and assignments is not None:
            mine = counting(problem, assignments) & (assignments.demand == position)
            people = assignments.people[mine]
            seconds = walked_s(problem, demand, assignments.point[mine], assignments.offer[mine])
            total += float(people @ seconds) + float(demand.people.sum() - people.sum()) * beyond
        else:
            total += float(demand.people @ np.minimum(nearest[position], beyond))
    return total


def furthest_s(problem: SitingProblem, nearest: tuple[NDArray[np.float64], ...]) -> float:
    """Return the longest walk of anybody whom some offer could serve at all."""
    barred = [lock for lock in problem.rules.locks if lock.kind == "never"]
    named = {offer for lock in barred for offer in lock.offers}
    possible = np.array(
        [
            position
            for position in range(problem.offers.count)
            if position not in named
            and (
                problem.offers.existing[position]
                or not any(
                    lock.site == problem.offers.site[position]
                    and lock.service in {None, int(problem.offers.service[position])}
                    for lock in barred
                    if not lock.offers
                )
            )
        ],
        dtype=np.int64,
    )
    longest = 0.0
    for demand, seconds in zip(problem.demands, nearest, strict=True):
        reachable = nearest_s(problem, demand, possible) <= demand.cutoffs_s[-1]
        longest = max(longest, float(seconds[reachable & (demand.people > 0)].max(initial=0.0)))
    return longest


@dataclass(frozen=True, slots=True, eq=False)
class Money:
    """New money by site and by department, and in whole units what budgets limit: ours, and by department, int64."""

    site_capital: NDArray[np.float64]
    site_yearly: NDArray[np.float64]
    department_capital: NDArray[np.float64]
    department_yearly: NDArray[np.float64]
    capital_units: NDArray[np.int64]
    yearly_units: NDArray[np.int64]

    def capital(self, problem: SitingProblem) -> float:
        """Return the capital without what outside payers give."""
        return in_order(self.site_capital) - float(self.department_capital[complete(problem).outside].sum())

    def yearly(self, problem: SitingProblem) -> float:
        """Return the change in the yearly bill without what outside payers give."""
        return in_order(self.site_yearly) - float(self.department_yearly[complete(problem).outside].sum())


def money(problem: SitingProblem, chosen: NDArray[np.int64]) -> Money:
    """Return what changes from today to ``chosen``: fit-out, set-up, rooms, closings, and the yearly bill."""
    offers, sites, filled = problem.offers, problem.sites, complete(problem)
    payers = problem.budgets.departments
    units = money_units(problem)
    found = Money(
        np.zeros(sites.count),
        np.zeros(sites.count),
        np.zeros(payers),
        np.zeros(payers),
        np.zeros(1 + payers, dtype=np.int64),
        np.zeros(1 + payers, dtype=np.int64),
    )

    def bill(book: NDArray[np.int64], yuan: float, share: NDArray[np.float64]) -> None:
        parts = units.whole(yuan * share).astype(np.int64)
        book[0] += int(units.whole(yuan)) - int(parts[filled.outside].sum())
        book[1:] += parts

    def spend(
        site: int, once: float, share: NDArray[np.float64], each_year: float, year_share: NDArray[np.float64]
    ) -> None:
        found.site_capital[site] += once
        found.site_yearly[site] += each_year
        found.department_capital[:] += once * share
        found.department_yearly[:] += each_year * year_share
        bill(found.capital_units, once, share)
        bill(found.yearly_units, each_year, year_share)

    for offer in chosen.tolist():
        once = 0.0 if offers.existing[offer] else float(offers.capital_yuan[offer])
        spend(
            int(offers.site[offer]),
            once,
            filled.capital_share[offer],
            float(offers.yearly_yuan[offer]),
            filled.yearly_share[offer],
        )
    cells = {(int(offers.site[offer]), int(offers.service[offer])) for offer in chosen}
    for offer in np.flatnonzero(offers.existing).tolist():
        gone = (int(offers.site[offer]), int(offers.service[offer])) not in cells
        spend(
            int(offers.site[offer]),
            float(filled.closing_yuan[offer]) if gone else 0.0,
            filled.capital_share[offer],
            -float(offers.yearly_yuan[offer]),
            filled.yearly_share[offer],
        )
    for site in np.unique(offers.site[chosen]).tolist():
        here = chosen[offers.site[chosen] == site]
        today = set(offers.service[offers.existing & (offers.site == site)].tolist())
        standing = set(offers.service[here].tolist()) & today
        fresh = here[~offers.existing[here]]
        new = set(offers.service[fresh].tolist())
        share, taken_m2 = filled.setup_share[site], float(offers.area_m2[fresh].sum())
        if new:
            spend(site, float(sites.setup_yuan[site]), share, float(filled.setup_yearly_yuan[site]), share)
        for room, owner in zip(problem.rules.rooms, filled.room_share, strict=True):
            users = set(np.flatnonzero(room.services).tolist())
            if new & users and not standing & users:
                spend(site, room.capital_yuan, owner, room.yearly_yuan, owner)
                taken_m2 += room.area_m2
        spend(site, float(filled.setup_yuan_per_m2[site]) * taken_m2, share, 0.0, share)
    return found


def area_m2(problem: SitingProblem, chosen: NDArray[np.int64], storey: int | None = None) -> NDArray[np.float64]:
    """Return float64[J]: area in use, or only that which may not go above ``storey``."""
    offers = problem.offers
    counted = chosen if storey is None else chosen[complete(problem).top_storey[chosen] <= storey]
    area = sums_by(offers.site[counted], offers.area_m2[counted], problem.sites.count)
    for room in problem.rules.rooms:
        if storey is None or (room.top_storey is not None and room.top_storey <= storey):
            users = chosen[room.services[offers.service[chosen]]]
            area[np.unique(offers.site[users])] += room.area_m2
    return area


def load(problem: SitingProblem, assignments: Assignments | None) -> NDArray[np.float64]:
    """Return float64[m]: the load of each offer."""
    if assignments is None:
        return np.zeros(problem.offers.count)
    per_person = np.array([demand.load_per_person for demand in problem.demands])[assignments.demand]
    weights = per_person * assignments.people
    return sums_by(assignments.offer, weights, problem.offers.count)


def community_shares(
    problem: SitingProblem,
    served: list[NDArray[np.float64]],
    circle: int | None,
    demands: tuple[int, ...] | None = None,
) -> list[tuple[int, int, float]]:
    """Return (demand, community, share) for every community that has anybody; community −1 where there are none."""
    found = []
    for position, demand in enumerate(problem.demands):
        if demands is not None and position not in demands:
            continue
        within = served[position][:, len(demand.cutoffs_s) - 1 if circle is None else circle]
        if not problem.n_communities:
            if demand.people.sum() > 0:
                found.append((position, -1, float(within.sum() / demand.people.sum())))
            continue
        for community in range(problem.n_communities):
            here = problem.community == community
            everybody = float(demand.people[here].sum())
            if everybody > 0:
                found.append((position, community, float(within[here].sum()) / everybody))
    return found


def limited_places(problem: SitingProblem) -> NDArray[np.bool_]:
    """Return bool[K]: services for which it matters who goes where."""
    filled = complete(problem)
    limited = np.zeros(problem.n_services, dtype=bool)
    limited[problem.offers.service[np.isfinite(filled.capacity) | (filled.min_load > 0) | filled.competitor]] = True
    return limited
