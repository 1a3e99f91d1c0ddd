"""The rules of the recount: every rule a plan can break, one plain function each, from the problem's arrays."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import Fault
from planner.siting.counting.recount import Money, area_m2, community_shares, limited_places, walked_s
from planner.siting.question.complete import complete
from planner.siting.question.units import area_units, money_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.plan import Assignments
    from planner.siting.question.problem import Demand, SitingProblem
    from planner.siting.question.rules import Lock

ROUNDING = 1e-12
"""Relative difference of two sums of the same people in another order."""

SHARE_ROUNDING = 1e-9
"""By how much a share of people may be off: one person in a billion."""

LEAST_SHORT = 1e-7
"""By what part a least load may be missed: people who divide themselves are no whole numbers, and a solver's tolerance is in them."""


def broken_choices(problem: SitingProblem, chosen: NDArray[np.int64]) -> list[Fault]:
    """One offer per service and site, what stands stays or moves, no incompatible services."""
    offers, filled = problem.offers, complete(problem)
    faults: list[Fault] = []
    open_at = {(int(offers.site[offer]), int(offers.service[offer])) for offer in chosen}
    if len(open_at) != len(chosen):
        faults.append(Fault("offers", "two offers of one service are chosen at one site"))
    for offer in np.flatnonzero(offers.existing).tolist():
        kept = int((int(offers.site[offer]), int(offers.service[offer])) in open_at)
        places = kept + int((filled.moves[chosen] == offer).sum())
        movable = bool((filled.moves == offer).any())
        if places == 0 and not filled.may_close[offer]:
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
        if lock.kind == "never" and _meant(problem, lock, chosen if lock.offers else new)
    ]
    return faults


def _meant(problem: SitingProblem, lock: Lock, among: NDArray[np.int64]) -> bool:
    """Say whether a lock means any of the offers ``among``."""
    if lock.offers:
        return any(offer in lock.offers for offer in among.tolist())
    site, service = problem.offers.site[among], problem.offers.service[among]
    return bool(((site == lock.site) & (True if lock.service is None else service == lock.service)).any())


def broken_counts(problem: SitingProblem, chosen: NDArray[np.int64], area: NDArray[np.float64]) -> list[Fault]:
    """Numbers of sites, openings and hubs, and ``must`` locks, in the end."""
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
        if lock.kind == "must" and not _meant(problem, lock, chosen)
    ]
    hubs = sum(_is_hub(problem, [k for j, k in open_at if j == site], area[site]) for site in {j for j, _ in open_at})
    if hubs < rules.min_hubs:
        faults.append(Fault("hubs", f"{hubs} of at least {rules.min_hubs}"))
    return faults


def _is_hub(problem: SitingProblem, services: list[int], area: float) -> bool:
    hub = problem.rules.hub
    if hub is None:
        return False
    core = sum(bool(hub.core[service]) for service in services)
    units = area_units(problem)
    large = bool(units.whole(area) >= units.at_least(hub.min_area_m2))
    return large and len(services) >= hub.min_services and core >= hub.min_core


def broken_area(problem: SitingProblem, chosen: NDArray[np.int64], area: NDArray[np.float64]) -> list[Fault]:
    """Floor area, storey by storey, and the least use of each opened building."""
    sites, filled, units = problem.sites, complete(problem), area_units(problem)
    limits = [(area, sites.floor_area_m2)]
    if sites.storey_area_m2 is not None:
        reachable = np.cumsum(sites.storey_area_m2, axis=1)
        limits += [(area_m2(problem, chosen, storey), reachable[:, storey]) for storey in range(reachable.shape[1])]
        limits.append((area, reachable[:, -1]))
    faults = [
        Fault(f"site {site}", f"{used[site]} m² are used of {limit[site]} m²")
        for used, limit in limits
        for site in np.flatnonzero(units.whole(used) > units.at_most(limit)).tolist()
    ]
    for site in np.unique(problem.offers.site[chosen[~problem.offers.existing[chosen]]]).tolist():
        services = problem.offers.service[chosen[problem.offers.site[chosen] == site]].tolist()
        small = units.whole(area[site]) < units.at_least(filled.min_area_m2[site])
        if small or len(services) < filled.min_services[site]:
            faults.append(Fault(f"site {site}", "is opened for less than its class asks"))
        if filled.hub_only[site] and not _is_hub(problem, services, area[site]):
            faults.append(Fault(f"site {site}", "may open only as a hub"))
    return faults


def broken_money(problem: SitingProblem, spent: Money) -> list[Fault]:
    """Budgets, overall and by department."""
    budgets, units = problem.budgets, money_units(problem)
    limits = {
        "capital": (spent.capital(problem), spent.capital_units[0], budgets.capital_yuan),
        "yearly": (spent.yearly(problem), spent.yearly_units[0], budgets.yearly_yuan),
    }
    for name, by_department, whole, most in (
        ("capital", spent.department_capital, spent.capital_units, budgets.department_capital_yuan),
        ("yearly", spent.department_yearly, spent.yearly_units, budgets.department_yearly_yuan),
    ):
        if most is not None:
            limits |= {
                f"{name} of department {d}": (float(by_department[d]), whole[1 + d], float(most[d]))
                for d in range(len(most))
            }
    return [
        Fault(f"budget {name}", f"{amount} yuan are spent of {limit}")
        for name, (amount, whole, limit) in limits.items()
        if whole > units.at_most(limit)
    ]


def broken_assignments(
    problem: SitingProblem, chosen: NDArray[np.int64], assignments: Assignments | None, loads: NDArray[np.float64]
) -> list[Fault]:
    """Nobody goes twice, to a closed or distant place, past the nearest one where that is the rule, or to a full one."""
    if assignments is None:
        return []
    filled, faults, offers = complete(problem), [], problem.offers
    if not np.isin(assignments.offer, chosen).all():
        faults.append(Fault("assignments", "people are sent to what is not open"))
    for position, demand in enumerate(problem.demands):
        mine = assignments.demand == position
        if demand.part_of is not None and mine.any():
            faults.append(Fault(f"demand {position}", "people who are part of another demand are sent twice"))
        point, offer, people = assignments.point[mine], assignments.offer[mine], assignments.people[mine]
        sent = np.bincount(point, weights=people, minlength=problem.n_demand)
        if (sent > demand.people * (1 + ROUNDING)).any():
            faults.append(Fault(f"demand {position}", "more people are sent than there are"))
        seconds = walked_s(problem, demand, point, offer)
        wrong = (offers.service[offer] != demand.service) | (seconds > demand.cutoffs_s[-1])
        if demand.tiers:
            wrong |= ~np.isin(filled.tier[offer], demand.tiers) & ~filled.competitor[offer]
        if wrong.any():
            faults.append(Fault(f"demand {position}", "people are sent where they are not served"))
        way = problem.rules.assignment[demand.service] if problem.rules.assignment else "split"
        if way == "nearest" and not _all_nearest(problem, demand, chosen, point, seconds):
            faults.append(Fault(f"demand {position}", "people are sent past the nearest open place"))
        if way == "whole" and (len(np.unique(point)) != len(point) or not np.allclose(people, demand.people[point])):
            faults.append(Fault(f"demand {position}", "a point is split between places"))
    here = chosen[limited_places(problem)[offers.service[chosen]]]
    over = here[loads[here] > filled.capacity[here] * (1 + ROUNDING)]
    under = here[loads[here] < filled.min_load[here] * (1 - LEAST_SHORT)]
    faults += [Fault(f"offer {offer}", f"serves {loads[offer]} of {filled.capacity[offer]} places") for offer in over]
    faults += [Fault(f"offer {offer}", f"serves {loads[offer]}, less than {filled.min_load[offer]}") for offer in under]
    return faults


def _all_nearest(
    problem: SitingProblem,
    demand: Demand,
    chosen: NDArray[np.int64],
    point: NDArray[np.int64],
    seconds: NDArray[np.float64],
) -> bool:
    filled = complete(problem)
    here = chosen[problem.offers.service[chosen] == demand.service]
    if demand.tiers:
        here = here[np.isin(filled.tier[here], demand.tiers) | filled.competitor[here]]
    is_open = np.zeros(problem.sites.count, dtype=bool)
    is_open[problem.offers.site[here]] = True
    reach, nearest = demand.reach, np.full(problem.n_demand, np.inf)
    rows = np.repeat(np.arange(problem.n_demand), np.diff(reach.indptr))
    np.minimum.at(nearest, rows, np.where(is_open[reach.site], reach.seconds.astype(np.float64), np.inf))
    return bool((seconds <= nearest[point]).all())


def broken_shares(problem: SitingProblem, served: list[NDArray[np.float64]]) -> list[Fault]:
    """Floors and spreads; ``served`` holds float64[n, C] per demand."""
    faults: list[Fault] = []
    for floor in problem.rules.floors:
        demand = problem.demands[floor.demand]
        within = served[floor.demand][:, len(demand.cutoffs_s) - 1 if floor.circle is None else floor.circle]
        if floor.every_community:
            shares = [s for _, at, s in community_shares(problem, served, floor.circle, (floor.demand,)) if at >= 0]
        else:
            here = (
                np.ones(problem.n_demand, dtype=bool)
                if floor.community is None
                else problem.community == floor.community
            )
            everybody = float(demand.people[here].sum())
            shares = [float(within[here].sum()) / everybody] if everybody > 0 else []
        faults += [
            Fault(f"floor {floor}", f"only {share:.4f} are served")
            for share in shares
            if share < floor.share - _share_rounding(problem, floor.demand)
        ]
    for spread in problem.rules.spreads:
        shares = [s for _, at, s in community_shares(problem, served, spread.circle, (spread.demand,)) if at >= 0]
        if shares and max(shares) - min(shares) > spread.most + _share_rounding(problem, spread.demand):
            faults.append(Fault(f"spread {spread}", f"communities are {max(shares) - min(shares):.4f} apart"))
    return faults


def _share_rounding(problem: SitingProblem, demand: int) -> float:
    """Return by how much a share may be off: sums of people alone, or flows of a solver where places are limited."""
    return LEAST_SHORT if limited_places(problem)[problem.demands[demand].service] else SHARE_ROUNDING


def broken_readiness(problem: SitingProblem, chosen: NDArray[np.int64], period: int) -> list[Fault]:
    """Nothing new before its site is ready."""
    assert problem.phases is not None  # noqa: S101  # asked only of problems with phases
    new = chosen[~problem.offers.existing[chosen]]
    early = new[problem.phases.ready[problem.offers.site[new]] > period]
    return [Fault(f"offer {offer}", f"opens in period {period}, before its site is ready") for offer in early]


def broken_order(problem: SitingProblem, states: tuple[NDArray[np.int64], ...], capital: list[float]) -> list[Fault]:
    """Order in time: what opens stays, what has gone does not come back, each period keeps to its money."""
    faults: list[Fault] = []
    existing = problem.offers.existing
    for period, (before, after) in enumerate(itertools.pairwise(states)):
        if np.setdiff1d(before[~existing[before]], after).size or np.setdiff1d(after[existing[after]], before).size:
            faults.append(Fault(f"period {period + 1}", "something closes again, or comes back"))
    if problem.phases is not None:
        units = money_units(problem)
        spent, limit = units.whole(capital), units.at_most(problem.phases.capital_yuan)
        spent, limit = (spent, np.cumsum(limit)) if problem.phases.carry_over else (np.diff(spent, prepend=0.0), limit)
        faults += [
            Fault(
                f"period {period}",
                f"{spent[period] / units.per_one} yuan are spent of {limit[period] / units.per_one}",
            )
            for period in np.flatnonzero(spent > limit).tolist()
        ]
    return faults
