"""Data blocks of the meeting page about areas: people, walks and circles that differ, limits, and guaranteed shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.district import AreaVariant, members, of_points, places_in, variants
from planner.i18n import languages, translate
from planner.report.encoding import pack_travel_times
from planner.study import with_minutes

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from planner.store.run import Run
    from planner.study import Service, Study

#: kinds of limits that the page counts live: all but money by year, as the page knows no years
_YEARS = frozenset({"period_capital"})


def service_areas(run: Run, service: Service) -> dict[str, Any]:
    """Return the walker and the areas of a service whose people differ; nothing where none do."""
    found = variants(run.study, service, run.tables.communities)
    if len(found) == 1:
        return {}
    minutes = [circle.minutes for circle in run.study.circles_of(service)]
    return {
        "walker": area_walker(service),
        "circleWalker": service.walker,
        "areas": [
            {
                "communities": np.flatnonzero(variant.communities[:-1]).tolist(),
                "demand": [[group, weight] for group, weight in variant.service.demand.items()],
                "weights": [circle.weight for circle in with_minutes(variant.service.circles, minutes)],
            }
            for variant in found[1:]
        ],
    }


def homes_of(
    study: Study, service: Service, demand: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> NDArray[np.float64]:
    """Return the people of a service at each demand point, float64[n], weighted as the study and its areas say."""
    found = variants(study, service, communities)
    community = _community_of(communities, demand)
    homes = np.zeros(len(demand))
    for variant in found:
        people = sum(
            weight * demand[f"people_{group}"].to_numpy(dtype=float) for group, weight in variant.service.demand.items()
        )
        homes = np.where(of_points(variant, community), people, homes)
    return homes


def _community_of(communities: gpd.GeoDataFrame, demand: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return the position of the community of each demand point, int64[n], −1 for none."""
    at = {name: position for position, name in enumerate(communities["id"])}
    return np.array([at.get(name, -1) for name in demand["community_id"]], dtype=np.int64)


def area_walker(service: Service) -> str:
    """Return the key of the walks of a service whose users differ by area; no profile has a space in its name."""
    return f"{service.id} by area"


def area_walks(run: Run) -> dict[str, dict[str, Any]]:
    """Return the packed walks of every service whose people differ by area, each with the profile and the widest circle of its area."""
    study, tables = run.study, run.tables
    community = _community_of(tables.communities, tables.demand)
    packed = {}
    for service in study.services:
        found = variants(study, service, tables.communities)
        if len(found) == 1:
            continue
        minutes = [circle.minutes for circle in study.circles_of(service)]
        rows = pd.concat([_walks_of(run, variant, community) for variant in found], ignore_index=True)
        cutoffs = [60 * m for m in study.cutoffs_min if m <= minutes[-1]]
        packed[area_walker(service)] = {
            "speed_m_s": study.walking.profiles[service.walker].speed_m_s,
            "source": study.walking.profiles[service.walker].source,
            "limit_s": 60 * minutes[-1],
            "byArea": True,
            **pack_travel_times(rows, tables.demand["id"].tolist(), tables.places["id"].tolist(), cutoffs),
        }
    return packed


def _walks_of(run: Run, variant: AreaVariant, community: NDArray[np.int64]) -> pd.DataFrame:
    """Return the rows of the table ``reach`` of the people of a variant, up to its widest circle."""
    reach, ids = run.tables.reach, run.tables.demand["id"].to_numpy()
    inside = set(ids[of_points(variant, community)])
    kept = (reach["walker"].astype(str) == variant.service.walker) & reach["demand_id"].astype(str).isin(inside)
    kept &= reach["seconds"] <= 60 * variant.service.circles[-1].minutes
    rows = reach.loc[kept, ["demand_id", "place_id", "seconds"]]
    return rows.astype({"demand_id": "str", "place_id": "str"})


def area_walker_names(run: Run) -> dict[str, dict[str, Any]]:
    """Return what the walks of services whose people differ by area are called, as `planner.report.payload.walkers`."""
    study = run.study
    return {
        area_walker(service): {
            "names": {
                language: translate(
                    "meeting.walker_by_area", language, walker=study.walking.name_of(service.walker, language)
                )
                for language in languages()
            },
            "speed_m_s": study.walking.profiles[service.walker].speed_m_s,
        }
        for service in study.services
        if len(variants(study, service, run.tables.communities)) > 1
    }


def area_limits(run: Run) -> list[dict[str, Any]]:
    """Return the limits of areas that the page counts: what each counts at which places, and how it reads."""
    study, table = run.study, run.tables.area_limits
    counted = table[(table["kind"] != "floor") & ~table["kind"].isin(_YEARS)]
    if not len(counted):
        return []
    inside = places_in(run.tables.places.geometry.to_numpy(), run.tables.communities, study)
    sites = {
        (area.by, area.name): np.flatnonzero(here).tolist() for area, here in zip(study.areas, inside, strict=True)
    }
    position = {service.id: k for k, service in enumerate(study.services)}
    return [
        {
            "kind": row["kind"],
            "service": position.get(row["service"]),
            "limit": row["limit"],
            "sites": sites[row["by"], row["area"]],
            "texts": {language: row[f"rule_{language}"] for language in languages()},
        }
        for row in counted.to_dict("records")
    ]


def area_floors(run: Run) -> list[dict[str, Any]]:
    """Return the guaranteed shares of areas, as `planner.report.payload` has those of the study, each with its communities."""
    study = run.study
    position = {service.id: k for k, service in enumerate(study.services)}
    return [
        {
            "service": position[floor.service],
            "group": floor.group,
            "cutoff_s": 60 * floor.minutes,
            "share": floor.share,
            "every": floor.per == "community",
            "area": study.areas[area].name,
            "among": np.flatnonzero(members(study.areas[area], run.tables.communities)).tolist(),
        }
        for area, _, floor in study.kept_area_floors
    ]
