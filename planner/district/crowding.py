"""Are there homes enough for the people? People per m² of floor, and communities whose buildings cover a sliver of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.district.demand import community_of
from planner.district.heads import groups_apart

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from planner.district.findings import Findings
    from planner.district.people import Homes
    from planner.study import Study

#: floor per person below which a figure is doubted. The mean of Chinese towns is above 35 m², of Hong Kong's subdivided
#: flats about 6 m²; floor here is gross, walls and stairs included
LEAST_FLOOR_M2 = 5.0
#: people in one building below which nothing is said
LEAST_PEOPLE = 100.0
#: people of a community below which nothing is said of where its buildings lie
LEAST_IN_COMMUNITY = 500.0
#: a place of a community is served by a building within this distance of it
AROUND_M = 500.0
#: communities smaller than this lie around any building of theirs
LEAST_GROUND_M2 = 1e6
#: share of a community's ground around its buildings below which they stand in a sliver of it; villages lie in wide fields
BUILT_SLIVER = 0.1
#: people per km² of ground around buildings above which that is no village
MOST_PER_BUILT_KM2 = 5_000.0
#: share of a community's ground around its streets below which these reach a sliver of it
STREET_SLIVER = 0.25
#: points along each side of the grid at which ground is measured
_GRID = 24


def note_crowded(
    study: Study, demand: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, homes: Homes, findings: Findings
) -> None:
    """Note buildings with more people than their floor holds, and communities of which the buildings cover a sliver.

    Both are signs of a building layer that is a part of the district's: an extract of one quarter, one page of a download.
    """
    where = "" if study.layers.buildings is None else study.layers.buildings.path.as_posix()
    people = people_once(study, demand)
    at_home = _at_homes(demand, homes)
    lived_in = at_home >= 0
    floor_m2 = homes.most_floor_m2[at_home[lived_in]]
    inside = people[lived_in]
    crowded = (inside > LEAST_PEOPLE) & (inside * LEAST_FLOOR_M2 > floor_m2)
    if crowded.any():
        rows = np.flatnonzero(lived_in)[crowded]
        worst = int(np.argmax(np.where(crowded, inside / floor_m2, 0.0)))
        findings.warn(
            "crowded-buildings", "layers.buildings", where, list(demand["id"].iloc[rows]),
            people=float(inside[crowded].sum()), most=float(inside[crowded].max()), floor_m2=float(floor_m2[worst] / inside[worst]), least_m2=LEAST_FLOOR_M2,
        )  # fmt: skip
    _note_slivers(study, demand, communities, homes, findings)


def _note_slivers(
    study: Study,
    demand: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    homes: Homes,
    findings: Findings,
) -> None:
    of_each = of_communities(people_once(study, demand), demand, communities)
    built = np.bincount(community_of(homes.points, communities) + 1, minlength=len(communities) + 1)[1:] > 0
    share = covered_shares(communities, homes.points, built & (of_each > LEAST_IN_COMMUNITY))
    km2 = share * shapely.area(np.asarray(communities.geometry.array, dtype=object)) / 1e6
    sparse = (share < BUILT_SLIVER) & (of_each > MOST_PER_BUILT_KM2 * km2)
    if sparse.any():
        where = "" if study.layers.buildings is None else study.layers.buildings.path.as_posix()
        findings.warn(
            "buildings-of-a-sliver", "layers.buildings", where, list(communities["id"][sparse]),
            people=float(of_each[sparse].sum()), share=float(share[sparse].min()), around_m=AROUND_M,
        )  # fmt: skip


def covered_shares(
    communities: gpd.GeoDataFrame, shapes: NDArray[np.object_], worth: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the share of each community's ground within 500 m of any of ``shapes``, float64[n]; 1 where not asked.

    Measured at points of a grid. Communities of less than 1 km² are never asked: one building is near all of them.

    Parameters
    ----------
    worth
        bool[n]: communities to be measured.
    """
    grounds = np.asarray(communities.geometry.array, dtype=object)
    shares = np.ones(len(grounds))
    at = np.flatnonzero(worth & (shapely.area(grounds) > LEAST_GROUND_M2))
    if not len(at) or not len(shapes):
        return shares
    samples, owner = [], []
    for community in at:
        west, south, east, north = grounds[community].bounds
        x, y = (low + (np.arange(_GRID) + 0.5) / _GRID * (high - low) for low, high in ((west, east), (south, north)))
        grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        inside = grid[shapely.contains_xy(grounds[community], grid[:, 0], grid[:, 1])]
        samples.append(inside)
        owner.append(np.full(len(inside), community))
    which = np.concatenate(owner)
    near = shapely.STRtree(shapes).query_nearest(
        shapely.points(np.concatenate(samples)), max_distance=AROUND_M, all_matches=False
    )[0]
    hits = np.bincount(which[near], minlength=len(grounds))
    tried = np.bincount(which, minlength=len(grounds))
    asked = tried > 0
    shares[asked] = hits[asked] / tried[asked]
    return shares


def people_once(study: Study, demand: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the people of each demand point, float64[n], nobody counted in two groups."""
    counts = demand[list(study.groups)].to_numpy(dtype=np.float64)
    once: NDArray[np.float64] = counts[:, groups_apart(study.groups, counts.sum(axis=0))].sum(axis=1)
    return once


def of_communities(
    people: NDArray[np.float64], demand: gpd.GeoDataFrame, communities: gpd.GeoDataFrame
) -> NDArray[np.float64]:
    """Return the people of each community, float64[n]."""
    at = demand["community"].to_numpy(dtype=np.int64)
    return np.bincount(at[at >= 0], people[at >= 0], minlength=len(communities)).astype(np.float64)


def _at_homes(demand: gpd.GeoDataFrame, homes: Homes) -> NDArray[np.int64]:
    """Return the building whose inner point each demand point is, int64[n]; −1 where it is none."""
    at = {(point.x, point.y): position for position, point in enumerate(homes.points)}
    return np.array([at.get((point.x, point.y), -1) for point in demand.geometry], dtype=np.int64)
