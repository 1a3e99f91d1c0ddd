"""Limits and guaranteed shares of the areas of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.district import members, places_in
from planner.siting.model.data import AreaLimits, Floor

if TYPE_CHECKING:
    from planner.district import District
    from planner.siting.build.demands import StudyDemands
    from planner.study import Area, Study


def area_limits(study: Study, district: District) -> tuple[AreaLimits, ...]:
    """Return the limits of each area of the study, in their order; those that say nothing of buildings have none.

    Sites are facilities, then candidates; each belongs to the areas of the community it stands in.
    """
    if not study.areas:
        return ()
    places = np.concatenate([frame.geometry.to_numpy() for frame in (district.facilities, district.sites)])
    inside = places_in(places, district.communities, study)
    return tuple(_limits(study, area, here) for area, here in zip(study.areas, inside, strict=True))


def _limits(study: Study, area: Area, sites: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> AreaLimits:
    blocks = [area.services.get(service.id) for service in study.services]
    budgets, years = area.budgets, study.siting.years
    by_year = budgets.capital_cost_by_year
    return AreaLimits(
        sites=sites,
        min_sites=area.min_sites,
        max_sites=area.max_sites,
        min_openings=tuple(0 if block is None else block.min_openings for block in blocks),
        max_openings=tuple(None if block is None else block.max_openings for block in blocks),
        min_hubs=area.min_hubs,
        min_capacity=tuple(None if block is None else block.min_capacity for block in blocks),
        min_service_area_m2=tuple(None if block is None else block.min_area_m2 for block in blocks),
        min_area_m2=area.min_area_m2,
        capital_cost=np.inf if budgets.capital_cost is None else budgets.capital_cost,
        yearly_cost=np.inf if budgets.yearly_cost is None else budgets.yearly_cost,
        period_capital_cost=np.array([by_year[year] for year in years], dtype=np.float64) if by_year else None,
    )


def area_floors(study: Study, district: District, demands: StudyDemands) -> tuple[Floor, ...]:
    """Return the guaranteed shares of the people of each area, in the order of `Study.kept_area_floors`."""
    floors = []
    for area, _, floor in study.kept_area_floors:
        k = next(k for k, service in enumerate(study.services) if service.id == floor.service)
        counted = demands.of_service[k] if floor.group is None else demands.of_group[floor.service, floor.group]
        among = np.flatnonzero(members(study.areas[area], district.communities))
        minutes = [circle.minutes for circle in study.circles_of(study.services[k])]
        floors.append(
            Floor(
                counted[0],
                floor.share,
                minutes.index(floor.minutes),
                every_community=floor.per == "community",
                among=tuple(among.tolist()),
                also=counted[1:],
            )
        )
    return tuple(floors)
