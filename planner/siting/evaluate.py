"""The recount: what a plan gives and costs, counted from the reach alone; the solver and its model are not asked.

Nothing of `bundles`, `reduce` or `formulation` is used here on purpose: two ways of counting that share no code
disagree when either is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import Fault, RecountError, raise_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.plan import Plan
    from planner.siting.problem import Demand, SitingProblem

__all__ = ["Evaluation", "count", "evaluate"]

TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What a set of offers gives and costs.

    ``nearest_s`` float64[n] per demand: seconds to the nearest open opening that counts, infinite where none is within
    reach; ``circle`` int64[n] per demand: its circle, the number of circles where none; ``covered`` float64[C] per
    demand: people within each circle or a narrower one. Money is new money; ``site_*`` are float64[J].
    ``broken`` lists every rule that the offers break.
    """

    worth: float
    nearest_s: tuple[NDArray[np.float64], ...]
    circle: tuple[NDArray[np.int64], ...]
    covered: tuple[NDArray[np.float64], ...]
    people: tuple[float, ...]
    capital_yuan: float
    yearly_yuan: float
    department_capital_yuan: NDArray[np.float64]
    department_yearly_yuan: NDArray[np.float64]
    site_area_m2: NDArray[np.float64]
    site_capital_yuan: NDArray[np.float64]
    site_yearly_yuan: NDArray[np.float64]
    opened_sites: NDArray[np.int64]
    broken: tuple[Fault, ...]


def evaluate(problem: SitingProblem, plan: Plan) -> Evaluation:
    """Recount ``plan`` and compare with what the solver claimed.

    Raises
    ------
    planner.errors.RecountError
        When a rule is broken or the worth differs from the outcome's objective.
    """
    if plan.offers is None:
        raise RecountError("there is no plan to recount")
    found = count(problem, plan.offers)
    faults = list(found.broken)
    claimed = plan.outcome.objective
    if claimed is not None and abs(found.worth - claimed) > TOLERANCE * max(1.0, abs(found.worth)):
        faults.append(Fault("objective", f"the solver says {claimed!r}, the recount {found.worth!r}"))
    raise_all(faults, RecountError, "the plan does not stand up to a recount")
    return found


def count(problem: SitingProblem, offers: NDArray[np.int64]) -> Evaluation:
    """Count what ``offers`` (positions, existing ones included) give and cost, and list the rules they break.

    Use it for today as well: ``count(problem, np.flatnonzero(problem.offers.existing))``.
    """
    nearest: list[NDArray[np.float64]] = []
    circle: list[NDArray[np.int64]] = []
    covered: list[NDArray[np.float64]] = []
    people: list[float] = []
    worth = 0.0
    for demand in problem.demands:
        seconds = _nearest_s(problem, demand, offers)
        ring = np.searchsorted(np.asarray(demand.cutoffs_s), seconds, side="left").astype(np.int64)
        nearest.append(np.where(ring < len(demand.cutoffs_s), seconds, np.inf))
        circle.append(ring)
        inside = np.bincount(ring, weights=demand.people, minlength=len(demand.weights) + 1)
        covered.append(np.cumsum(inside[:-1]))
        people.append(_in_order(demand.people))
        worth += _in_order(np.asarray(demand.weights) * inside[:-1])
    money = _money(problem, offers)
    area = _area_m2(problem, offers)
    new = offers[~problem.offers.existing[offers]]
    return Evaluation(
        worth=worth,
        nearest_s=tuple(nearest),
        circle=tuple(circle),
        covered=tuple(covered),
        people=tuple(people),
        capital_yuan=_in_order(money.site_capital),
        yearly_yuan=_in_order(money.site_yearly),
        department_capital_yuan=money.department_capital,
        department_yearly_yuan=money.department_yearly,
        site_area_m2=area,
        site_capital_yuan=money.site_capital,
        site_yearly_yuan=money.site_yearly,
        opened_sites=np.unique(problem.offers.site[new]).astype(np.int64),
        broken=(*_broken_choices(problem, offers), *_broken_area(problem, area), *_broken_money(problem, money)),
    )


def _in_order(values: NDArray[np.float64]) -> float:
    """Return the sum added up from first to last: the one order that a browser repeats to the last bit."""
    return float(np.cumsum(values)[-1]) if len(values) else 0.0


def _nearest_s(problem: SitingProblem, demand: Demand, offers: NDArray[np.int64]) -> NDArray[np.float64]:
    mine = offers[problem.offers.service[offers] == demand.service]
    if demand.tiers and problem.offers.tier is not None:
        mine = mine[np.isin(problem.offers.tier[mine], demand.tiers)]
    is_open = np.zeros(problem.sites.count, dtype=bool)
    is_open[problem.offers.site[mine]] = True
    seconds = np.where(is_open[demand.reach.site], demand.reach.seconds.astype(np.float64), np.inf)
    nearest = np.full(problem.n_demand, np.inf)
    rows = np.repeat(np.arange(problem.n_demand), np.diff(demand.reach.indptr))
    np.minimum.at(nearest, rows, seconds)
    return nearest


@dataclass(frozen=True, slots=True, eq=False)
class _Money:
    site_capital: NDArray[np.float64]
    site_yearly: NDArray[np.float64]
    department_capital: NDArray[np.float64]
    department_yearly: NDArray[np.float64]


def _money(problem: SitingProblem, chosen: NDArray[np.int64]) -> _Money:
    offers, sites, departments = problem.offers, problem.sites, problem.budgets.departments
    capital: NDArray[np.float64] = np.zeros(sites.count)
    yearly: NDArray[np.float64] = np.zeros(sites.count)
    by_capital: NDArray[np.float64] = np.zeros(departments)
    by_yearly: NDArray[np.float64] = np.zeros(departments)

    def spend(site: int, once: float, each_year: float, once_share: object, yearly_share: object) -> None:
        capital[site] += once
        yearly[site] += each_year
        if departments:
            by_capital[:] += once * np.asarray(once_share)
            by_yearly[:] += each_year * np.asarray(yearly_share)

    for offer in chosen[~offers.existing[chosen]].tolist():
        shares = [share if share is None else share[offer] for share in (offers.capital_share, offers.yearly_share)]
        spend(int(offers.site[offer]), offers.capital_yuan[offer], offers.yearly_yuan[offer], *shares)
    for site in np.unique(offers.site[chosen]).tolist():
        here = chosen[offers.site[chosen] == site]
        standing = set(offers.service[here[offers.existing[here]]].tolist())
        new = set(offers.service[here[~offers.existing[here]]].tolist())
        if new:
            running = 0.0 if sites.setup_yearly_yuan is None else float(sites.setup_yearly_yuan[site])
            share = None if sites.setup_share is None else sites.setup_share[site]
            spend(site, float(sites.setup_yuan[site]), running, share, share)
        for room in problem.rules.rooms:
            users = set(np.flatnonzero(room.services).tolist())
            if new & users and not standing & users:
                spend(site, room.capital_yuan, room.yearly_yuan, room.share, room.share)
    return _Money(capital, yearly, by_capital, by_yearly)


def _area_m2(problem: SitingProblem, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    offers = problem.offers
    area: NDArray[np.float64] = np.bincount(
        offers.site[chosen], weights=offers.area_m2[chosen], minlength=problem.sites.count
    ).astype(np.float64)
    for room in problem.rules.rooms:
        users = chosen[room.services[offers.service[chosen]]]
        area[np.unique(offers.site[users])] += room.area_m2
    return area


def _broken_choices(problem: SitingProblem, chosen: NDArray[np.int64]) -> list[Fault]:
    offers, rules, faults = problem.offers, problem.rules, []
    open_at = {(int(offers.site[offer]), int(offers.service[offer])) for offer in chosen}
    if len(open_at) != len(chosen):
        faults.append(Fault("offers", "two offers of one service are chosen at one site"))
    new = chosen[~offers.existing[chosen]]
    for offer in np.flatnonzero(offers.existing).tolist():
        closable = offers.may_close is not None and bool(offers.may_close[offer])
        if not closable and (int(offers.site[offer]), int(offers.service[offer])) not in open_at:
            faults.append(
                Fault(f"site {offers.site[offer]}", f"service {offers.service[offer]} stands there and must stay")
            )
    if rules.incompatible is not None:
        for site in {site for site, _ in open_at}:
            here = sorted(service for other, service in open_at if other == site)
            faults += [
                Fault(f"site {site}", f"services {one} and {two} are incompatible")
                for one in here
                for two in here
                if one < two and (rules.incompatible[one, two] or rules.incompatible[two, one])
            ]
    opened = len(np.unique(offers.site[new]))
    if opened < rules.min_sites or (rules.max_sites is not None and opened > rules.max_sites):
        faults.append(Fault("sites", f"{opened} are opened; allowed are {rules.min_sites} to {rules.max_sites}"))
    per_service = np.bincount(offers.service[new], minlength=problem.n_services)
    for service, number in enumerate(per_service.tolist()):
        least = rules.min_openings[service] if rules.min_openings else 0
        most = rules.max_openings[service] if rules.max_openings else None
        if number < least or (most is not None and number > most):
            faults.append(Fault(f"service {service}", f"{number} openings; allowed are {least} to {most}"))
    for lock in rules.locks:
        if lock.kind == "must":
            kept = any(site == lock.site and lock.service in {None, service} for site, service in open_at)
        else:
            kept = not any(
                offers.site[offer] == lock.site and lock.service in {None, int(offers.service[offer])} for offer in new
            )
        if not kept:
            faults.append(Fault(f"site {lock.site}", f"the lock {lock} is not kept"))
    return faults


def _broken_area(problem: SitingProblem, area: NDArray[np.float64]) -> list[Fault]:
    limit = problem.sites.floor_area_m2
    return [
        Fault(f"site {site}", f"{area[site]} m² are used of {limit[site]} m²")
        for site in np.flatnonzero(area > limit * (1 + TOLERANCE) + TOLERANCE).tolist()
    ]


def _broken_money(problem: SitingProblem, money: _Money) -> list[Fault]:
    budgets = problem.budgets
    spent = {
        "capital": (_in_order(money.site_capital), budgets.capital_yuan),
        "yearly": (_in_order(money.site_yearly), budgets.yearly_yuan),
    }
    for name, by_department, limits in (
        ("capital", money.department_capital, budgets.department_capital_yuan),
        ("yearly", money.department_yearly, budgets.department_yearly_yuan),
    ):
        if limits is not None:
            spent |= {f"department {d} {name}": (by_department[d], limits[d]) for d in range(len(limits))}
    return [
        Fault(f"budget {name}", f"{amount} yuan are spent of {limit}")
        for name, (amount, limit) in spent.items()
        if amount > limit * (1 + TOLERANCE) + TOLERANCE
    ]
