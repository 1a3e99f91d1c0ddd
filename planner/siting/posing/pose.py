"""From what the planner asks and what is on the ground to the arrays the optimiser is told.

Ids are translated here, once. Places are facilities first, candidates after them, in the order of the district's frames:
the columns of every reach.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.district import groups_apart, need_of
from planner.errors import Fault, LayerError, StudyError, raise_all
from planner.siting.posing.offers import offer_arrays, offered, site_arrays
from planner.siting.posing.rules import budgets_of, goals_of, phases_of, rules_of
from planner.siting.question.outcome import SolverSettings
from planner.siting.question.problem import Demand, SitingProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.district import District
    from planner.siting.question.problem import ReachArrays
    from planner.study import Service, Study

__all__ = ["Posed", "demand_of", "heads_of", "pose"]


@dataclass(frozen=True, eq=False)
class Posed:
    """The problem, and what its positions stand for."""

    problem: SitingProblem
    place_ids: tuple[str, ...]
    """Facilities, then candidates."""
    service_ids: tuple[str, ...]
    """Services; the first demands of the problem, in this order."""
    department_ids: tuple[str, ...]
    offer_sizes: tuple[str, ...]
    """Size of each offer as the study names it; empty for the only size of a service and for what stands today."""


def pose(study: Study, district: District, reaches: Mapping[str, ReachArrays], *, standing_only: bool = False) -> Posed:
    """Return the siting problem of a district.

    Parameters
    ----------
    study
        What is asked.
    district
        Communities, people, facilities and candidate sites.
    reaches
        Walking profile → reach from every demand point to every place, at least as far as the widest circle that
        the profile's services have.
    standing_only
        Ask about what stands today: no candidate needs to suit any service.

    Raises
    ------
    StudyError
        if a lock names no place, or rooms are larger than the services that share them.
    LayerError
        if no candidate can take any service.
    """
    faults: list[Fault] = []
    place_ids = (*district.facilities["id"], *district.sites["id"])
    offers = offered(study, district)
    if not standing_only and all(offer.existing for offer in offers):
        msg = (
            "no candidate can take any service: compare area_m2, storey, lift and ready_year of the candidates"
            " with area_m2, max_storey and needs_lift_from_storey of the services and with siting.open_by"
        )
        raise LayerError(msg)
    demands, group_demands = _demands(study, district, reaches)
    rules = rules_of(
        study, {place: i for i, place in enumerate(place_ids)}, offers, demands, group_demands, faults=faults
    )
    raise_all(faults, StudyError, "the study asks for what the layers cannot give")
    problem = SitingProblem(
        n_demand=len(district.demand),
        n_services=len(study.services),
        sites=site_arrays(study, district),
        offers=offer_arrays(study, offers),
        demands=demands,
        budgets=budgets_of(study),
        rules=rules,
        goals=goals_of(study),
        community=district.demand["community"].to_numpy(dtype=np.int64),
        phases=phases_of(study, district),
        settings=SolverSettings(
            time_limit_s=study.solver.time_limit_s,
            gap=study.solver.gap,
            threads=study.solver.threads,
            seed=study.solver.seed,
            solver=study.solver.name,
        ),
    )
    return Posed(
        problem=problem,
        place_ids=place_ids,
        service_ids=tuple(service.id for service in study.services),
        department_ids=tuple(study.budgets.departments),
        offer_sizes=tuple(offer.size for offer in offers),
    )


def _demands(
    study: Study, district: District, reaches: Mapping[str, ReachArrays]
) -> tuple[tuple[Demand, ...], dict[tuple[str, str], int]]:
    """Return one demand per service, then one without weight for each (service, group) that floors speak of."""
    demands = [
        Demand(
            service=k,
            people=demand_of(service, district),
            reach=reaches[service.walker],
            cutoffs_s=tuple(circle.minutes * 60 for circle in service.circles),
            weights=tuple(circle.weight for circle in service.circles),
            load_per_person=service.participation,
        )
        for k, service in enumerate(study.services)
    ]
    at = {service.id: k for k, service in enumerate(study.services)}
    positions: dict[tuple[str, str], int] = {}
    for _, floor in study.kept_floors:
        if floor.group is not None and (floor.service, floor.group) not in positions:
            whole = demands[at[floor.service]]
            positions[floor.service, floor.group] = len(demands)
            people = district.demand[floor.group].to_numpy(dtype=np.float64) * need_of(district.demand)
            # A group of floors alone carries no weight: its people are counted in the whole already.
            demands.append(
                replace(whole, people=people, weights=(0.0,) * len(whole.weights), part_of=at[floor.service])
            )
    return tuple(demands), positions


def demand_of(service: Service, district: District) -> NDArray[np.float64]:
    """Return the people at each demand point that count for ``service``, float64[n].

    Its groups, weighted as the study says, times the need of the place; `heads_of` counts each person as one.
    """
    people = np.zeros(len(district.demand))
    for group, weight in service.demand.items():
        people += weight * district.demand[group].to_numpy(dtype=np.float64)
    return people * need_of(district.demand)


def heads_of(study: Study, service: Service, district: District) -> NDArray[np.float64]:
    """Return the people at each demand point that ``service`` counts at all, float64[n]: each as one, nobody in two groups."""
    groups = {name: study.groups[name] for name, weight in service.demand.items() if weight > 0}
    people = district.demand[list(groups)].to_numpy(dtype=np.float64)
    return np.asarray(people[:, groups_apart(groups, people.sum(axis=0))].sum(axis=1), dtype=np.float64)
