"""Plausibility of the population: empty groups, people outside communities, floor area per person, coverage by buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.district.demand import community_of, disjoint_groups, heads

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from planner.district.demand import ResidentialBuildings
    from planner.district.findings import Findings
    from planner.study import Study


#: implausible gross floor area per person. The mean of Chinese towns is above 35 m², of Hong Kong's subdivided
#: flats about 6 m²
MIN_FLOOR_M2 = 5.0
#: minimum people in a building to be checked
MIN_PEOPLE = 100.0
#: minimum people in a community to be checked
MIN_COMMUNITY_PEOPLE = 500.0
#: a point of a community is served by a building within this distance
NEAR_M = 500.0
#: minimum area of a community to be checked
MIN_COMMUNITY_M2 = 1e6
#: minimum share of a community's area near its buildings; villages have wide fields
MIN_BUILT_SHARE = 0.1
#: maximum density of people per km² near buildings for that to be a village
MAX_PER_BUILT_KM2 = 5_000.0
#: minimum share of a community's area near its streets
MIN_STREET_SHARE = 0.25
#: sample points along each side of the grid
_GRID = 24


def check_people(
    study: Study,
    demand: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    homes: ResidentialBuildings | None,
    findings: Findings,
) -> None:
    """Check for empty groups, people and buildings outside communities, communities without people."""
    for group in study.groups:
        if not float(demand[group].sum()) > 0 and not findings.refused("layers.people", "layers.communities"):
            findings.error("no-people", "layers.people", "", group=group)
    outside = demand["community"] < 0
    if outside.any():
        people = heads(study.groups, demand.loc[outside, list(study.groups)].to_numpy(dtype=np.float64))
        findings.warn("people-outside", "layers.people", "", list(demand["id"][outside]), people=people)
    empty = np.setdiff1d(np.arange(len(communities)), demand["community"])
    if len(empty):
        path = study.layers.communities.path.as_posix()
        findings.note("community-without-people", "layers.communities", path, list(communities["id"].iloc[empty]))
    if homes is not None:
        check_floor_area(study, demand, communities, homes, findings)
    if homes is not None and study.layers.buildings is not None:
        outside_rows = np.flatnonzero(community_of(homes.points, communities) < 0)
        if len(outside_rows):
            path = study.layers.buildings.path.as_posix()
            ids = [homes.ids[int(i)] for i in outside_rows]
            findings.note("buildings-outside", "layers.buildings", path, ids, total=len(homes.ids))


def check_floor_area(
    study: Study,
    demand: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    homes: ResidentialBuildings,
    findings: Findings,
) -> None:
    """Flag buildings with more people than their floor area holds, and communities with few buildings for their area.

    Both are signs of a building layer that is a part of the district's: an extract of one quarter, one page of a download.
    """
    path = "" if study.layers.buildings is None else study.layers.buildings.path.as_posix()
    people = people_by_point(study, demand)
    building_row = _building_of_point(demand, homes)
    in_building = building_row >= 0
    floor_m2 = homes.most_floor_m2[building_row[in_building]]
    inside = people[in_building]
    overcrowded = (inside > MIN_PEOPLE) & (inside * MIN_FLOOR_M2 > floor_m2)
    if overcrowded.any():
        rows = np.flatnonzero(in_building)[overcrowded]
        worst = int(np.argmax(np.where(overcrowded, inside / floor_m2, 0.0)))
        findings.warn(
            "crowded-buildings", "layers.buildings", path, list(demand["id"].iloc[rows]),
            people=float(inside[overcrowded].sum()), most=float(inside[overcrowded].max()), floor_m2=float(floor_m2[worst] / inside[worst]), least_m2=MIN_FLOOR_M2,
        )  # fmt: skip
    _check_built_share(study, demand, communities, homes, findings)


def _check_built_share(
    study: Study,
    demand: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    homes: ResidentialBuildings,
    findings: Findings,
) -> None:
    people_of_community = people_by_community(people_by_point(study, demand), demand, communities)
    built = np.bincount(community_of(homes.points, communities) + 1, minlength=len(communities) + 1)[1:] > 0
    share = area_shares_near(communities, homes.points, built & (people_of_community > MIN_COMMUNITY_PEOPLE))
    km2 = share * shapely.area(np.asarray(communities.geometry.array, dtype=object)) / 1e6
    sparse = (share < MIN_BUILT_SHARE) & (people_of_community > MAX_PER_BUILT_KM2 * km2)
    if sparse.any():
        path = "" if study.layers.buildings is None else study.layers.buildings.path.as_posix()
        findings.warn(
            "buildings-of-a-sliver", "layers.buildings", path, list(communities["id"][sparse]),
            people=float(people_of_community[sparse].sum()), share=float(share[sparse].min()), around_m=NEAR_M,
        )  # fmt: skip


def area_shares_near(
    communities: gpd.GeoDataFrame, shapes: NDArray[np.object_], selected: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the share of each community's area within 500 m of any of ``shapes``, float64[n]; 1 where not requested.

    Measured at points of a grid. Communities of less than 1 km² are never asked: one building is near all of them.

    Parameters
    ----------
    selected
        bool[n]: communities to be measured.
    """
    areas = np.asarray(communities.geometry.array, dtype=object)
    shares = np.ones(len(areas))
    at = np.flatnonzero(selected & (shapely.area(areas) > MIN_COMMUNITY_M2))
    if not len(at) or not len(shapes):
        return shares
    samples, owner = [], []
    for community in at:
        west, south, east, north = areas[community].bounds
        x, y = (low + (np.arange(_GRID) + 0.5) / _GRID * (high - low) for low, high in ((west, east), (south, north)))
        grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        inside = grid[shapely.contains_xy(areas[community], grid[:, 0], grid[:, 1])]
        samples.append(inside)
        owner.append(np.full(len(inside), community))
    which = np.concatenate(owner)
    near = shapely.STRtree(shapes).query_nearest(
        shapely.points(np.concatenate(samples)), max_distance=NEAR_M, all_matches=False
    )[0]
    hits = np.bincount(which[near], minlength=len(areas))
    n_samples = np.bincount(which, minlength=len(areas))
    sampled = n_samples > 0
    shares[sampled] = hits[sampled] / n_samples[sampled]
    return shares


def people_by_point(study: Study, demand: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the people of each demand point, float64[n], each counted once."""
    counts = demand[list(study.groups)].to_numpy(dtype=np.float64)
    unique_people: NDArray[np.float64] = counts[:, disjoint_groups(study.groups, counts.sum(axis=0))].sum(axis=1)
    return unique_people


def people_by_community(
    people: NDArray[np.float64], demand: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> NDArray[np.float64]:
    """Return the people of each community, float64[n]."""
    at = demand["community"].to_numpy(dtype=np.int64)
    return np.bincount(at[at >= 0], people[at >= 0], minlength=len(communities)).astype(np.float64)


def _building_of_point(demand: gpd.GeoDataFrame, homes: ResidentialBuildings) -> NDArray[np.int64]:
    """Return the building whose inner point each demand point is, int64[n]; −1 where it is none."""
    at = {(point.x, point.y): position for position, point in enumerate(homes.points)}
    return np.array([at.get((point.x, point.y), -1) for point in demand.geometry], dtype=np.int64)
