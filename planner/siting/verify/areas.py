"""Recount of the limits of areas: what a plan adds to every sum they count, and which of them it breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import Fault
from planner.siting.arrays import sums_by
from planner.siting.model.problem import optional_columns
from planner.siting.model.ruleset import area_rules
from planner.siting.model.scaling import area_units, money_units
from planner.siting.verify import recount

if TYPE_CHECKING:
    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.model.problem import SitingProblem


@dataclass(frozen=True, slots=True, eq=False)
class AreaAmounts:
    """What a plan adds to the sums that limits of an area count: `planner.siting.model.data.AreaLimits`.

    ``openings``, ``capacity`` and ``service_area_m2`` are float64[K], the rest single numbers; money is in money, without outside payers.
    """

    sites: int
    hubs: int
    openings: FloatArray
    capacity: FloatArray
    service_area_m2: FloatArray
    area_m2: float
    capital_cost: float
    yearly_cost: float


def area_amounts(problem: SitingProblem, chosen: IntArray, spent: recount.Money, here: BoolArray) -> AreaAmounts:
    """Return what ``chosen`` adds at the sites ``here`` bool[J]; capacity and floor area as the change from today."""
    offers, services, units = problem.offers, problem.n_services, money_units(problem)
    today = np.flatnonzero(offers.existing)
    mine, standing = chosen[here[offers.site[chosen]]], today[here[offers.site[today]]]
    new = mine[~offers.existing[mine]]
    capacity = optional_columns(problem).capacity
    counted = np.where(np.isfinite(capacity), capacity, 0.0)
    rooms = np.zeros(services)
    for room in problem.rules.rooms:
        rooms += room.area_m2 * room.services
    with_rooms = offers.area_m2 + rooms[offers.service]

    def change(amount: FloatArray) -> FloatArray:
        becomes, was = (sums_by(offers.service[some], amount[some], services) for some in (mine, standing))
        return np.asarray(becomes - was)

    area = recount.area_m2(problem, chosen)
    hubs = [
        recount.is_hub(problem, offers.service[mine[offers.site[mine] == j]].tolist(), area[j])
        for j in np.unique(offers.site[mine])
    ]
    return AreaAmounts(
        sites=len(np.unique(offers.site[new])),
        hubs=sum(hubs),
        openings=np.bincount(offers.service[new], minlength=services).astype(np.float64),
        capacity=change(counted),
        service_area_m2=change(with_rooms),
        area_m2=float((area - recount.area_m2(problem, today))[here].sum()),
        capital_cost=int(spent.site_capital_units[here].sum()) / units.per_one,
        yearly_cost=int(spent.site_yearly_units[here].sum()) / units.per_one,
    )


def violated_areas(problem: SitingProblem, chosen: IntArray, spent: recount.Money, *, last: bool) -> list[Fault]:
    """Check the limits of areas: budgets, and in the ``last`` period numbers and least sums."""
    faults: list[Fault] = []
    money, area = money_units(problem), area_units(problem)
    limited = {rule.area for rule in area_rules(problem)}
    for position, limits in enumerate(problem.rules.areas):
        if position not in limited:
            continue
        found = area_amounts(problem, chosen, spent, limits.sites)
        where = f"area {position}"
        for name, amount, most in (
            ("capital", found.capital_cost, limits.capital_cost),
            ("yearly", found.yearly_cost, limits.yearly_cost),
        ):
            if money.to_units(amount) > money.floor_limit(most):
                faults.append(Fault(where, f"{amount} of {most} are spent ({name})"))
        if not last:
            continue
        most_sites = np.inf if limits.max_sites is None else limits.max_sites
        if not limits.min_sites <= found.sites <= most_sites:
            faults.append(
                Fault(where, f"{found.sites} sites are opened; allowed are {limits.min_sites} to {most_sites}")
            )
        if found.hubs < limits.min_hubs:
            faults.append(Fault(where, f"{found.hubs} of at least {limits.min_hubs} hubs"))
        for service, number in enumerate(found.openings.tolist()):
            least = limits.min_openings[service] if limits.min_openings else 0
            most_openings = limits.max_openings[service] if limits.max_openings else None
            if number < least:
                faults.append(Fault(where, f"{number:g} of at least {least} openings of service {service}"))
            if most_openings is not None and number > most_openings:
                faults.append(Fault(where, f"{number:g} of at most {most_openings} openings of service {service}"))
        for service, places in enumerate(limits.min_capacity):
            if places is not None and found.capacity[service] < places - recount.LEAST_SHORT * max(abs(places), 1.0):
                faults.append(Fault(where, f"{found.capacity[service]} of {places} places of service {service}"))
        asked = [
            (f"service {k}", found.service_area_m2[k], least) for k, least in enumerate(limits.min_service_area_m2)
        ]
        for name, used, least_m2 in [*asked, ("all services", found.area_m2, limits.min_area_m2)]:
            if least_m2 is not None and area.to_units(used) < area.ceil_limit(least_m2):
                faults.append(Fault(where, f"{used} of {least_m2} m² of {name}"))
    return faults


def violated_area_years(problem: SitingProblem, states: tuple[IntArray, ...]) -> list[Fault]:
    """Check the money of areas by period, with what earlier periods left where that moves on."""
    units, phases = money_units(problem), problem.phases
    areas = [(f"area {i}", area) for i, area in enumerate(problem.rules.areas)]
    if phases is None or not areas:
        return []
    faults: list[Fault] = []
    by_site = np.array([recount.money(problem, state).site_capital_units for state in states])
    for where, area in areas:
        if area.period_capital_cost is None:
            continue
        spent = by_site[:, area.sites].sum(axis=1).astype(np.float64)
        limit = units.floor_limit(area.period_capital_cost)
        spent, limit = (spent, np.cumsum(limit)) if phases.carry_over else (np.diff(spent, prepend=0.0), limit)
        faults += [
            Fault(f"{where}, period {period}", f"{spent[period]} units are spent of {limit[period]}")
            for period in np.flatnonzero(spent > limit).tolist()
        ]
    return faults
