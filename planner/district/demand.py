"""From the layers of people to demand points: every source spread, points at the same building merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.district.counts import read_counts
from planner.district.heads import heads
from planner.district.ids import own_ids, unique_ids
from planner.district.people import Homes, spread_over_homes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.layers import LayerTable
    from planner.study import Buildings, People, Study

#: storeys of a tower, for what a building of unknown storeys can hold at most
TOWER_STOREYS = 30.0


def read_homes(table: LayerTable, spec: Buildings) -> Homes | None:
    """Return the residential buildings with their floor area, or None with the reason noted."""
    if not len(table):
        return None
    shapes = np.array(table.frame.geometry.array, dtype=object)
    footprint = shapely.area(shapes)
    measured = table.numbers("area_m2")
    if measured is not None:
        footprint = np.where(measured > 0, measured, footprint)
    drawn = footprint > 0
    footprint[~drawn & (shapely.get_dimensions(shapes) < 2)] = 1.0  # points: every building counts alike
    storeys = table.numbers("storeys")
    storeys = np.full(len(table), np.nan) if storeys is None else storeys
    unknown = ~(storeys > 0)
    if unknown.any():
        table.flag("note", "assumed-storeys", count=int(unknown.sum()), storeys=spec.assumed_storeys)
    floor_area = footprint * np.where(unknown, spec.assumed_storeys, storeys)
    most = np.where(
        drawn, footprint * np.where(unknown, np.maximum(TOWER_STOREYS, spec.assumed_storeys), storeys), np.inf
    )
    return Homes(own_ids(table), shapely.point_on_surface(shapes), floor_area, most)


def read_demand(
    study: Study, tables: Sequence[LayerTable], homes: Homes | None, communities: gpd.GeoDataFrame, crs: CRS
) -> gpd.GeoDataFrame:
    """Return the demand points: ``id``, ``community``, one column per group, ``geometry``.

    Sources that spread over buildings share them: a building is one point with the people of all its sources.
    """
    groups = list(study.groups)
    parts = [_one_source(study, table, spec, homes) for table, spec in zip(tables, study.layers.people, strict=True)]
    rows = pd.concat(parts, ignore_index=True)
    for group in groups:
        rows[group] = rows[group].fillna(0.0).astype(np.float64) if group in rows else 0.0
    sums = rows.groupby("key", sort=False)
    merged = sums[groups].sum().reset_index(drop=True)
    first = sums[["id", "point"]].first().reset_index(drop=True)
    points = first["point"].to_numpy(dtype=object)
    demand = gpd.GeoDataFrame(
        {"id": unique_ids(list(first["id"])), "community": community_of(points, communities), **dict(merged.items())},
        geometry=gpd.GeoSeries(points, crs=crs),
    )
    return demand[["id", "community", *groups, "geometry"]]


def community_of(points: NDArray[np.object_], communities: gpd.GeoDataFrame) -> NDArray[np.int32]:
    """Return int32[n]: position of the community a point lies in (the first of several), −1 where in none."""
    found = np.full(len(points), -1, np.int32)
    point, community = communities.sindex.query(points, predicate="intersects")
    order = np.lexsort((-community, point))  # written last, the lowest position stays
    found[point[order]] = community[order]
    return found


def _one_source(study: Study, table: LayerTable, spec: People, homes: Homes | None) -> pd.DataFrame:
    counts = read_counts(table, spec)
    ids = own_ids(table)
    shapes = np.array(table.frame.geometry.array, dtype=object)
    spread = spread_over_homes(shapes, counts, homes if spec.spread == "buildings" else None, whole=spec.whole_people)
    at_home = spread.home >= 0
    if spec.spread == "buildings":
        _note_without_buildings(study, table, shapes, spread.origin[~at_home], counts)
    home_ids = np.array(homes.ids if homes is not None else [], dtype=object)
    names = np.array(ids, dtype=object)[spread.origin]
    names[at_home] = home_ids[spread.home[at_home]]
    keys = [f"home {h}" if h >= 0 else f"{table.label} {o}" for h, o in zip(spread.home, spread.origin, strict=True)]
    return pd.DataFrame({"key": keys, "id": names, "point": spread.points, **spread.people})


def _note_without_buildings(
    study: Study,
    table: LayerTable,
    shapes: NDArray[np.object_],
    alone: NDArray[np.int64],
    counts: dict[str, NDArray[np.float64]],
) -> None:
    polygons = alone[shapely.get_dimensions(shapes[alone]) == 2]
    if len(polygons) and counts and not table.findings.refused("layers.buildings"):
        groups = {group: study.groups[group] for group in counts}
        people = heads(groups, np.column_stack([column[polygons] for column in counts.values()]))
        table.flag("note", "people-without-buildings", polygons, people=people)
