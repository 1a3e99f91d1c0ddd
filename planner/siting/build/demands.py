"""Demands of a study: who wants each service, how they walk, and in which circles; of areas that differ, demands of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.district import disjoint_groups, need_weights, of_points, variants
from planner.siting.model.data import Demand

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.district import District
    from planner.siting.arrays import FloatArray
    from planner.siting.model.data import TravelTimeArrays
    from planner.study import Service, Study


@dataclass(frozen=True, eq=False)
class StudyDemands:
    """The demands of a study and whose they are: ``of_service`` in the order of services, ``of_group`` by (service, group) of floors.

    Demands of one service differ by the areas where people live; a circle at one position is as wide in all of them.
    """

    demands: tuple[Demand, ...]
    of_service: tuple[tuple[int, ...], ...]
    of_group: Mapping[tuple[str, str], tuple[int, ...]]


def study_demands(study: Study, district: District, reaches: Mapping[str, TravelTimeArrays]) -> StudyDemands:
    """Return one demand per service, then one for each area that differs, then one without weight for each group that a floor names."""
    community = district.demand["community"].to_numpy(dtype=np.int64)
    varied = [variants(study, service, district.communities) for service in study.services]
    order = [(k, 0) for k in range(len(varied))]
    order += [(k, v) for k, found in enumerate(varied) for v in range(1, len(found))]
    demands: list[Demand] = []
    for k, v in order:
        variant = varied[k][v]
        service, here = variant.service, of_points(variant, community)
        people = weighted_demand(service, district)
        demands.append(
            Demand(
                service=k,
                people=people if len(varied[k]) == 1 else people * here,
                reach=reaches[service.walker],
                cutoffs_s=tuple(circle.minutes * 60 for circle in service.circles),
                weights=tuple(circle.weight for circle in service.circles),
                load_per_person=service.participation,
            )
        )
    of_service = tuple(
        tuple(position for position, (k, _) in enumerate(order) if k == service) for service in range(len(varied))
    )
    of_group: dict[tuple[str, str], tuple[int, ...]] = {}
    floors = [floor for _, floor in study.kept_floors] + [floor for _, _, floor in study.kept_area_floors]
    for floor in floors:
        if floor.group is None or (floor.service, floor.group) in of_group:
            continue
        k = next(k for k, service in enumerate(study.services) if service.id == floor.service)
        heads = district.demand[floor.group].to_numpy(dtype=np.float64) * need_weights(district.demand)
        parts = []
        for position in of_service[k]:
            whole = demands[position]
            here = of_points(varied[k][order[position][1]], community)
            people = heads if len(of_service[k]) == 1 else heads * here
            parts.append(len(demands))
            # A group that only floors name has no weight: its people are counted in the whole.
            demands.append(replace(whole, people=people, weights=(0.0,) * len(whole.weights), part_of=position))
        of_group[floor.service, floor.group] = tuple(parts)
    return StudyDemands(tuple(demands), of_service, of_group)


def weighted_demand(service: Service, district: District) -> FloatArray:
    """Return the weighted people at each demand point who want ``service``, float64[n].

    Its groups, weighted as the study says, times the need weight of the place; `head_count` counts each person as one. Areas with other
    people are in `people_of`.
    """
    people = np.zeros(len(district.demand))
    for group, weight in service.demand.items():
        people += weight * district.demand[group].to_numpy(dtype=np.float64)
    return people * need_weights(district.demand)


def head_count(study: Study, service: Service, district: District) -> FloatArray:
    """Return the people at each demand point who want ``service``, float64[n]: unweighted, nobody in two groups."""
    groups = {name: study.groups[name] for name, weight in service.demand.items() if weight > 0}
    people = district.demand[list(groups)].to_numpy(dtype=np.float64)
    return np.asarray(people[:, disjoint_groups(groups, people.sum(axis=0))].sum(axis=1), dtype=np.float64)


def people_of(study: Study, service: Service, district: District) -> FloatArray:
    """Return `weighted_demand` with the people that each area names, float64[n]."""
    return _by_area(study, service, district, lambda one: weighted_demand(one, district))


def heads_of(study: Study, service: Service, district: District) -> FloatArray:
    """Return `head_count` with the groups that each area names, float64[n]."""
    return _by_area(study, service, district, lambda one: head_count(study, one, district))


def _by_area(study: Study, service: Service, district: District, count: Callable[[Service], FloatArray]) -> FloatArray:
    found = variants(study, service, district.communities)
    people = count(found[0].service)
    community = district.demand["community"].to_numpy(dtype=np.int64)
    for variant in found[1:]:
        people = np.where(of_points(variant, community), count(variant.service), people)
    return people
