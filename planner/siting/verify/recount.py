"""Steps of the rules: walks, cost, area, load and every rule, one plain function each, from the problem's arrays."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import Fault
from planner.siting.arrays import sums_by
from planner.siting.model.plan import Assignments
from planner.siting.model.problem import optional_columns
from planner.siting.model.scaling import area_units, money_units

if TYPE_CHECKING:
    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.model.data import Demand, Floor, Lock
    from planner.siting.model.problem import SitingProblem


ROUNDING = 1e-12
"""Relative difference of two sums of the same people in another order."""

SHARE_ROUNDING = 1e-9
"""By how much a share of people may be off: one person in a billion."""

LEAST_SHORT = 1e-7
"""Relative shortfall of a least load: split people are not integers, and contain a solver's tolerance."""


def sequential_sum(values: FloatArray) -> float:
    """Return the sum from first to last: the one order that a browser repeats to the last bit."""
    return float(np.cumsum(values)[-1]) if len(values) else 0.0


def in_period(assignments: Assignments | None, period: int) -> Assignments | None:
    """Return the assignments of one period."""
    if assignments is None:
        return None
    selected = assignments.period == period
    return Assignments(
        assignments.period[selected],
        assignments.demand[selected],
        assignments.point[selected],
        assignments.offer[selected],
        assignments.people[selected],
    )


def own_offers(problem: SitingProblem, assignments: Assignments) -> BoolArray:
    """Return bool: assignments to own offers, not to a competitor's."""
    return ~optional_columns(problem).competitor[assignments.offer]


def nearest_s(problem: SitingProblem, demand: Demand, offers: IntArray) -> FloatArray:
    """Return float64[n]: seconds to the nearest of ``offers`` that counts for ``demand``, infinite where none."""
    optional = optional_columns(problem)
    selected = offers[(problem.offers.service[offers] == demand.service) & ~optional.competitor[offers]]
    if demand.tiers:
        selected = selected[np.isin(optional.tier[selected], demand.tiers)]
    is_open = np.zeros(problem.sites.count, dtype=bool)
    is_open[problem.offers.site[selected]] = True
    seconds = np.where(is_open[demand.reach.site], demand.reach.seconds.astype(np.float64), np.inf)
    nearest = np.full(problem.n_demand, np.inf)
    rows = np.repeat(np.arange(problem.n_demand), np.diff(demand.reach.indptr))
    np.minimum.at(nearest, rows, seconds)
    return nearest


def walked_s(problem: SitingProblem, demand: Demand, point: IntArray, offer: IntArray) -> FloatArray:
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


def walk_s(problem: SitingProblem, nearest: tuple[FloatArray, ...], assignments: Assignments | None) -> float:
    """Return person-seconds walked; people who are unserved count with ``beyond_s``."""
    total = 0.0
    limits = capacitated_services(problem) if assignments is not None else np.zeros(problem.n_services, dtype=bool)
    for position, demand in enumerate(problem.demands):
        if demand.part_of is not None:
            continue
        beyond = demand.unserved_s
        if limits[demand.service] and assignments is not None:
            selected = own_offers(problem, assignments) & (assignments.demand == position)
            people = assignments.people[selected]
            seconds = walked_s(problem, demand, assignments.point[selected], assignments.offer[selected])
            total += float(people @ seconds) + float(demand.people.sum() - people.sum()) * beyond
        else:
            total += float(demand.people @ np.minimum(nearest[position], beyond))
    return total


def furthest_s(problem: SitingProblem, nearest: tuple[FloatArray, ...]) -> float:
    """Return the longest walk of anybody whom some offer could serve."""
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
    """New money by site and by department, and in integer units what budgets limit, int64: own, by department, and own by site."""

    site_capital: FloatArray
    site_yearly: FloatArray
    department_capital: FloatArray
    department_yearly: FloatArray
    capital_units: IntArray
    yearly_units: IntArray
    site_capital_units: IntArray
    site_yearly_units: IntArray

    def capital(self, problem: SitingProblem) -> float:
        """Return the capital without outside payers."""
        return sequential_sum(self.site_capital) - float(
            self.department_capital[optional_columns(problem).outside].sum()
        )

    def yearly(self, problem: SitingProblem) -> float:
        """Return the change in yearly cost without outside payers."""
        return sequential_sum(self.site_yearly) - float(self.department_yearly[optional_columns(problem).outside].sum())


def money(problem: SitingProblem, chosen: IntArray) -> Money:
    """Return the change in cost from today to ``chosen``: fit-out, set-up, rooms, closings, and yearly cost."""
    offers, sites, optional = problem.offers, problem.sites, optional_columns(problem)
    payers = problem.budgets.departments
    units = money_units(problem)
    found = Money(
        np.zeros(sites.count),
        np.zeros(sites.count),
        np.zeros(payers),
        np.zeros(payers),
        np.zeros(1 + payers, dtype=np.int64),
        np.zeros(1 + payers, dtype=np.int64),
        np.zeros(sites.count, dtype=np.int64),
        np.zeros(sites.count, dtype=np.int64),
    )

    def add_units(book: IntArray, amount: float, share: FloatArray) -> int:
        shares_units = units.to_units(amount * share).astype(np.int64)
        own = int(units.to_units(amount)) - int(shares_units[optional.outside].sum())
        book[0] += own
        book[1:] += shares_units
        return own

    def add_cost(site: int, once: float, share: FloatArray, each_year: float, year_share: FloatArray) -> None:
        found.site_capital[site] += once
        found.site_yearly[site] += each_year
        found.department_capital[:] += once * share
        found.department_yearly[:] += each_year * year_share
        found.site_capital_units[site] += add_units(found.capital_units, once, share)
        found.site_yearly_units[site] += add_units(found.yearly_units, each_year, year_share)

    for offer in chosen.tolist():
        once = 0.0 if offers.existing[offer] else float(offers.capital_cost[offer])
        add_cost(
            int(offers.site[offer]),
            once,
            optional.capital_share[offer],
            float(offers.yearly_cost[offer]),
            optional.yearly_share[offer],
        )
    cells = {(int(offers.site[offer]), int(offers.service[offer])) for offer in chosen}
    for offer in np.flatnonzero(offers.existing).tolist():
        closed = (int(offers.site[offer]), int(offers.service[offer])) not in cells
        add_cost(
            int(offers.site[offer]),
            float(optional.closing_cost[offer]) if closed else 0.0,
            optional.capital_share[offer],
            -float(offers.yearly_cost[offer]),
            optional.yearly_share[offer],
        )
    for site in np.unique(offers.site[chosen]).tolist():
        here = chosen[offers.site[chosen] == site]
        today = set(offers.service[offers.existing & (offers.site == site)].tolist())
        standing = set(offers.service[here].tolist()) & today
        fresh = here[~offers.existing[here]]
        new = set(offers.service[fresh].tolist())
        share, taken_m2 = optional.setup_share[site], float(offers.area_m2[fresh].sum())
        if new:
            add_cost(site, float(sites.setup_cost[site]), share, float(optional.setup_yearly_cost[site]), share)
        for room, owner in zip(problem.rules.rooms, optional.room_share, strict=True):
            users = set(np.flatnonzero(room.services).tolist())
            if new & users and not standing & users:
                add_cost(site, room.capital_cost, owner, room.yearly_cost, owner)
                taken_m2 += room.area_m2
        add_cost(site, float(optional.setup_cost_per_m2[site]) * taken_m2, share, 0.0, share)
    return found


def area_m2(problem: SitingProblem, chosen: IntArray, storey: int | None = None) -> FloatArray:
    """Return float64[J]: area in use, or only that which may not go above ``storey``."""
    offers = problem.offers
    counted = chosen if storey is None else chosen[optional_columns(problem).top_storey[chosen] <= storey]
    area = sums_by(offers.site[counted], offers.area_m2[counted], problem.sites.count)
    for room in problem.rules.rooms:
        if storey is None or (room.top_storey is not None and room.top_storey <= storey):
            users = chosen[room.services[offers.service[chosen]]]
            area[np.unique(offers.site[users])] += room.area_m2
    return area


def load(problem: SitingProblem, assignments: Assignments | None) -> FloatArray:
    """Return float64[m]: the load of each offer."""
    if assignments is None:
        return np.zeros(problem.offers.count)
    per_person = np.array([demand.load_per_person for demand in problem.demands])[assignments.demand]
    weights = per_person * assignments.people
    return sums_by(assignments.offer, weights, problem.offers.count)


def community_shares(
    problem: SitingProblem, served: list[FloatArray], circle: int | None, demands: tuple[int, ...] | None = None
) -> list[tuple[int, int, float]]:
    """Return (demand, community, share) for every community that has anybody; community −1 where there are none."""
    found = []
    for position, demand in enumerate(problem.demands):
        if demands is not None and position not in demands:
            continue
        widest = len(demand.cutoffs_s) - 1
        within = served[position][:, widest if circle is None else min(circle, widest)]
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


def capacitated_services(problem: SitingProblem) -> BoolArray:
    """Return bool[K]: services that need an assignment of people."""
    optional = optional_columns(problem)
    capacitated = np.zeros(problem.n_services, dtype=bool)
    capacitated[
        problem.offers.service[np.isfinite(optional.capacity) | (optional.min_load > 0) | optional.competitor]
    ] = True
    return capacitated


def violated_choices(problem: SitingProblem, chosen: IntArray) -> list[Fault]:
    """Check one offer per service and site, existing facilities kept or moved, no incompatible services, ``never`` locks."""
    offers, optional = problem.offers, optional_columns(problem)
    faults: list[Fault] = []
    open_at = {(int(offers.site[offer]), int(offers.service[offer])) for offer in chosen}
    if len(open_at) != len(chosen):
        faults.append(Fault("offers", "two offers of one service are chosen at one site"))
    for offer in np.flatnonzero(offers.existing).tolist():
        kept = int((int(offers.site[offer]), int(offers.service[offer])) in open_at)
        places = kept + int((optional.moves[chosen] == offer).sum())
        movable = bool((optional.moves == offer).any())
        if places == 0 and not optional.may_close[offer]:
            faults.append(
                Fault(f"site {offers.site[offer]}", f"service {offers.service[offer]} stands there and must stay")
            )
        if places > 1 and movable:
            faults.append(Fault(f"site {offers.site[offer]}", "what is moved away also stays, or is moved twice"))
    if problem.rules.incompatible is not None:
        clash = problem.rules.incompatible | problem.rules.incompatible.T
        for site in {site for site, _ in open_at}:
            here = sorted(service for other, service in open_at if other == site)
            faults += [
                Fault(f"site {site}", f"services {one} and {two} are incompatible")
                for one in here
                for two in here
                if one < two and clash[one, two]
            ]
    new = chosen[~offers.existing[chosen]]
    faults += [
        Fault(f"site {lock.site}", f"the lock {lock} is not kept")
        for lock in problem.rules.locks
        if lock.kind == "never" and _matches_lock(problem, lock, chosen if lock.offers else new)
    ]
    return faults


def _matches_lock(problem: SitingProblem, lock: Lock, among: IntArray) -> bool:
    """Return whether a lock names any of the offers ``among``."""
    if lock.offers:
        return any(offer in lock.offers for offer in among.tolist())
    site, service = problem.offers.site[among], problem.offers.service[among]
    return bool(((site == lock.site) & (True if lock.service is None else service == lock.service)).any())


def violated_counts(problem: SitingProblem, chosen: IntArray, area: FloatArray) -> list[Fault]:
    """Check numbers of sites, openings and hubs, and ``must`` locks, in the last period."""
    offers, rules = problem.offers, problem.rules
    faults: list[Fault] = []
    new = chosen[~offers.existing[chosen]]
    opened = len(np.unique(offers.site[new]))
    if opened < rules.min_sites or (rules.max_sites is not None and opened > rules.max_sites):
        faults.append(Fault("sites", f"{opened} are opened; allowed are {rules.min_sites} to {rules.max_sites}"))
    for service, number in enumerate(np.bincount(offers.service[new], minlength=problem.n_services).tolist()):
        least = rules.min_openings[service] if rules.min_openings else 0
        most = rules.max_openings[service] if rules.max_openings else None
        if number < least or (most is not None and number > most):
            faults.append(Fault(f"service {service}", f"{number} openings; allowed are {least} to {most}"))
    open_at = {(int(offers.site[offer]), int(offers.service[offer])) for offer in chosen}
    faults += [
        Fault(f"site {lock.site}", f"the lock {lock} is not kept")
        for lock in rules.locks
        if lock.kind == "must" and not _matches_lock(problem, lock, chosen)
    ]
    hubs = sum(is_hub(problem, [k for j, k in open_at if j == site], area[site]) for site in {j for j, _ in open_at})
    if hubs < rules.min_hubs:
        faults.append(Fault("hubs", f"{hubs} of at least {rules.min_hubs}"))
    return faults


def is_hub(problem: SitingProblem, services: list[int], area: float) -> bool:
    """Return whether a building with these services and so much area in use is a hub."""
    hub = problem.rules.hub
    if hub is None:
        return False
    core = sum(bool(hub.core[service]) for service in services)
    units = area_units(problem)
    large = bool(units.to_units(area) >= units.ceil_limit(hub.min_area_m2))
    return large and len(services) >= hub.min_services and core >= hub.min_core


def violated_area(problem: SitingProblem, chosen: IntArray, area: FloatArray) -> list[Fault]:
    """Check floor area, storey by storey, and the least use of each opened building."""
    sites, optional, units = problem.sites, optional_columns(problem), area_units(problem)
    limits = [(area, sites.floor_area_m2)]
    if sites.storey_area_m2 is not None:
        reachable = np.cumsum(sites.storey_area_m2, axis=1)
        limits += [(area_m2(problem, chosen, storey), reachable[:, storey]) for storey in range(reachable.shape[1])]
        limits.append((area, reachable[:, -1]))
    faults = [
        Fault(f"site {site}", f"{used[site]} m² are used of {limit[site]} m²")
        for used, limit in limits
        for site in np.flatnonzero(units.to_units(used) > units.floor_limit(limit)).tolist()
    ]
    for site in np.unique(problem.offers.site[chosen[~problem.offers.existing[chosen]]]).tolist():
        services = problem.offers.service[chosen[problem.offers.site[chosen] == site]].tolist()
        small = units.to_units(area[site]) < units.ceil_limit(optional.min_area_m2[site])
        if small or len(services) < optional.min_services[site]:
            faults.append(Fault(f"site {site}", "is opened for less than its class asks"))
        if optional.hub_only[site] and not is_hub(problem, services, area[site]):
            faults.append(Fault(f"site {site}", "may open only as a hub"))
    return faults


def violated_budgets(problem: SitingProblem, spent: Money) -> list[Fault]:
    """Check budgets, overall and by department."""
    budgets, units = problem.budgets, money_units(problem)
    limits = {
        "capital": (spent.capital(problem), spent.capital_units[0], budgets.capital_cost),
        "yearly": (spent.yearly(problem), spent.yearly_units[0], budgets.yearly_cost),
    }
    for name, by_department, in_units, most in (
        ("capital", spent.department_capital, spent.capital_units, budgets.department_capital_cost),
        ("yearly", spent.department_yearly, spent.yearly_units, budgets.department_yearly_cost),
    ):
        if most is not None:
            limits |= {
                f"{name} of department {d}": (float(by_department[d]), in_units[1 + d], float(most[d]))
                for d in range(len(most))
            }
    return [
        Fault(f"budget {name}", f"{amount} are spent of {limit}")
        for name, (amount, in_units, limit) in limits.items()
        if in_units > units.floor_limit(limit)
    ]


def violated_assignments(
    problem: SitingProblem, chosen: IntArray, assignments: Assignments | None, loads: FloatArray
) -> list[Fault]:
    """Check that nobody is assigned twice, to a closed, distant or full offer, or past the nearest one where that is the rule."""
    if assignments is None:
        return []
    optional, faults, offers = optional_columns(problem), [], problem.offers
    if not np.isin(assignments.offer, chosen).all():
        faults.append(Fault("assignments", "people are sent to what is not open"))
    for position, demand in enumerate(problem.demands):
        selected = assignments.demand == position
        if demand.part_of is not None and selected.any():
            faults.append(Fault(f"demand {position}", "people who are part of another demand are sent twice"))
        point, offer, people = assignments.point[selected], assignments.offer[selected], assignments.people[selected]
        sent = np.bincount(point, weights=people, minlength=problem.n_demand)
        if (sent > demand.people * (1 + ROUNDING)).any():
            faults.append(Fault(f"demand {position}", "more people are sent than there are"))
        seconds = walked_s(problem, demand, point, offer)
        wrong = (offers.service[offer] != demand.service) | (seconds > demand.cutoffs_s[-1])
        if demand.tiers:
            wrong |= ~np.isin(optional.tier[offer], demand.tiers) & ~optional.competitor[offer]
        if wrong.any():
            faults.append(Fault(f"demand {position}", "people are sent where they are not served"))
        way = problem.rules.assignment[demand.service] if problem.rules.assignment else "split"
        if way == "nearest" and not _all_at_nearest(problem, demand, chosen, point, seconds):
            faults.append(Fault(f"demand {position}", "people are sent past the nearest open place"))
        if way == "whole" and (len(np.unique(point)) != len(point) or not np.allclose(people, demand.people[point])):
            faults.append(Fault(f"demand {position}", "a point is split between places"))
    here = chosen[capacitated_services(problem)[offers.service[chosen]]]
    over = here[loads[here] > optional.capacity[here] * (1 + ROUNDING)]
    under = here[loads[here] < optional.min_load[here] * (1 - LEAST_SHORT)]
    faults += [Fault(f"offer {offer}", f"serves {loads[offer]} of {optional.capacity[offer]} places") for offer in over]
    faults += [
        Fault(f"offer {offer}", f"serves {loads[offer]}, less than {optional.min_load[offer]}") for offer in under
    ]
    return faults


def _all_at_nearest(
    problem: SitingProblem, demand: Demand, chosen: IntArray, point: IntArray, seconds: FloatArray
) -> bool:
    optional = optional_columns(problem)
    here = chosen[problem.offers.service[chosen] == demand.service]
    if demand.tiers:
        here = here[np.isin(optional.tier[here], demand.tiers) | optional.competitor[here]]
    is_open = np.zeros(problem.sites.count, dtype=bool)
    is_open[problem.offers.site[here]] = True
    reach, nearest = demand.reach, np.full(problem.n_demand, np.inf)
    rows = np.repeat(np.arange(problem.n_demand), np.diff(reach.indptr))
    np.minimum.at(nearest, rows, np.where(is_open[reach.site], reach.seconds.astype(np.float64), np.inf))
    return bool((seconds <= nearest[point]).all())


def violated_shares(problem: SitingProblem, served: list[FloatArray]) -> list[Fault]:
    """Check floors and spreads; ``served`` holds float64[n, C] per demand."""
    faults: list[Fault] = []
    for floor in problem.rules.floors:
        shares = [
            share
            for _, share in shares_together(problem, served, floor.demands, floor.circle, _regions(problem, floor))
        ]
        faults += [
            Fault(f"floor {floor}", f"only {share:.4f} are served")
            for share in shares
            if share < floor.share - _share_rounding(problem, floor.demand)
        ]
    for spread in problem.rules.spreads:
        every = [np.array([community]) for community in range(problem.n_communities)]
        shares = [share for _, share in shares_together(problem, served, spread.demands, spread.circle, every)]
        if shares and max(shares) - min(shares) > spread.most + _share_rounding(problem, spread.demand):
            faults.append(Fault(f"spread {spread}", f"communities are {max(shares) - min(shares):.4f} apart"))
    return faults


def _regions(problem: SitingProblem, floor: Floor) -> list[IntArray | None]:
    """Return the communities of each share that a floor asks for; None for everybody."""
    if floor.every_community:
        return [np.array([community]) for community in (floor.among or range(problem.n_communities))]
    if floor.community is not None:
        return [np.array([floor.community])]
    return [np.array(floor.among) if floor.among else None]


def shares_together(
    problem: SitingProblem,
    served: list[FloatArray],
    demands: tuple[int, ...],
    circle: int | None,
    regions: list[IntArray | None] | list[IntArray],
) -> list[tuple[int, float]]:
    """Return (position in ``regions``, share) of people of several demands together, for every region that has anybody."""
    found = []
    for position, region in enumerate(regions):
        here = np.ones(problem.n_demand, dtype=bool)
        if region is not None:
            assert problem.community is not None  # noqa: S101  # `check_problem`
            here = np.isin(problem.community, region)
        within = everybody = 0.0
        for demand in demands:
            widest = served[demand].shape[1] - 1
            within += float(served[demand][here, widest if circle is None else min(circle, widest)].sum())
            everybody += float(problem.demands[demand].people[here].sum())
        if everybody > 0:
            found.append((position, within / everybody))
    return found


def _share_rounding(problem: SitingProblem, demand: int) -> float:
    """Return the tolerance of a share: rounding of sums, or of a solver's flows where capacity is limited."""
    return LEAST_SHORT if capacitated_services(problem)[problem.demands[demand].service] else SHARE_ROUNDING


def violated_readiness(problem: SitingProblem, chosen: IntArray, period: int) -> list[Fault]:
    """Check that nothing new opens before its site is ready."""
    assert problem.phases is not None  # noqa: S101  # asked only of problems with phases
    new = chosen[~problem.offers.existing[chosen]]
    early = new[problem.phases.ready[problem.offers.site[new]] > period]
    return [Fault(f"offer {offer}", f"opens in period {period}, before its site is ready") for offer in early]


def violated_order(problem: SitingProblem, states: tuple[IntArray, ...], capital: list[float]) -> list[Fault]:
    """Check that openings stay, closed facilities do not reopen, and each period keeps its budget."""
    faults: list[Fault] = []
    existing = problem.offers.existing
    for period, (before, after) in enumerate(itertools.pairwise(states)):
        if np.setdiff1d(before[~existing[before]], after).size or np.setdiff1d(after[existing[after]], before).size:
            faults.append(Fault(f"period {period + 1}", "something closes again, or comes back"))
    if problem.phases is not None:
        units = money_units(problem)
        spent, limit = units.to_units(capital), units.floor_limit(problem.phases.capital_cost)
        spent, limit = (spent, np.cumsum(limit)) if problem.phases.carry_over else (np.diff(spent, prepend=0.0), limit)
        faults += [
            Fault(f"period {period}", f"{spent[period] / units.per_one} are spent of {limit[period] / units.per_one}")
            for period in np.flatnonzero(spent > limit).tolist()
        ]
    return faults
