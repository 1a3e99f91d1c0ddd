"""Locations of facilities, sites and layers: outside the district, coincident, in another community than stated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from planner.district.crs import WGS84
from planner.district.demand import community_of
from planner.io.cells import as_text, normalised_name

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from planner.district.layer_table import LayerTable
    from planner.study import Study


#: facilities on one point from which a geocoder's fallback is suspected
MIN_COINCIDENT = 4
#: points closer than this are one
COINCIDENT_M = 0.01
#: layers that have an effect only inside the communities
_INSIDE_ONLY = ("layers.buildings", "layers.need")
#: distances up to this are shown in metres
_MAX_SHOWN_M = 10_000.0


def check_locations(study: Study, tables: dict[str, LayerTable], communities: gpd.GeoDataFrame) -> None:
    """Flag facilities and sites that coincide, lie outside the district, or outside the community they state."""
    for label, table in tables.items():
        if not label.startswith(("layers.facilities.", "layers.candidates.")):
            continue
        points = shapely.point_on_surface(np.array(table.frame.geometry.array, dtype=object))
        inside = community_of(points, communities)
        if (inside < 0).any():
            distance_m = distance_outside_m(points[inside < 0], communities)
            table.flag("note", "places-outside", inside < 0, total=len(table), distance=distance_text(distance_m.max()))
        _check_coincident(table, points)
        named = table.texts("community")
        if named is not None:
            _check_stated_community(study, table, communities, inside, named)


def stated_communities(study: Study, communities: gpd.GeoDataFrame, named: list[str]) -> list[NDArray[np.int64]]:
    """Return for each stated name the communities it can mean: by id, name or roll-up, renamed ones too."""
    columns = [column for column in communities.columns if column != "geometry"]
    by_name: dict[str, set[int]] = {}
    for column in columns:
        for position, value in enumerate(communities[column]):
            by_name.setdefault(normalised_name(as_text(value)), set()).add(position)
    new_names = {normalised_name(old): normalised_name(new) for old, new in study.layers.communities.renamed.items()}
    keys = [new_names.get(normalised_name(name), normalised_name(name)) for name in named]
    return [np.array(sorted(by_name.get(key, ())), dtype=np.int64) if key else np.empty(0, np.int64) for key in keys]


def _check_stated_community(
    study: Study, table: LayerTable, communities: gpd.GeoDataFrame, inside: NDArray[np.int32], named: list[str]
) -> None:
    stated = stated_communities(study, communities, named)
    blank = np.array([not name for name in named])
    unknown = np.array([bool(name) and not len(m) for name, m in zip(named, stated, strict=True)])
    outside_stated = np.array([bool(len(m)) and int(i) not in m for m, i in zip(stated, inside, strict=True)])
    if blank.any():
        table.flag("note", "blank-community", blank)
    if unknown.any():
        names = sorted({name for name, u in zip(named, unknown, strict=True) if u})
        table.flag("note", "unknown-community", unknown, names=", ".join(names[:10]))
    if outside_stated.any():
        known = int((~blank & ~unknown).sum())
        table.flag(
            "warning",
            "outside-stated-community",
            outside_stated,
            share=float(outside_stated.sum() / known),
            total=known,
        )


def coincident_points(
    table: LayerTable, points: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return each point's position group, the number of objects there, and whether it is a geocoder's fallback.

    Many different objects at one point are; so are two that state different communities.
    """
    cells = pd.DataFrame(np.round(shapely.get_coordinates(points) / COINCIDENT_M)).astype(np.int64)
    position = cells.groupby([0, 1], sort=False).ngroup().astype(np.int64)
    n_objects = (
        pd.Series(table.texts("id") or [str(i) for i in table.frame.index]).groupby(position).transform("nunique")
    )
    stated = pd.Series([normalised_name(name) or None for name in table.texts("community") or []], dtype=object)
    stated_differs = stated.groupby(position).transform("nunique") > 1 if len(stated) else n_objects < 0
    fallback = (n_objects >= MIN_COINCIDENT) | ((n_objects > 1) & stated_differs)
    return np.asarray(position, np.int64), np.asarray(n_objects, np.int64), np.asarray(fallback, np.bool_)


def _check_coincident(table: LayerTable, points: NDArray[np.object_]) -> None:
    """Flag different objects at one point: a few are duplicates or share a building, more are a geocoder's fallback."""
    position, n_objects, stacked = coincident_points(table, points)
    ids = table.texts("id") or [str(i) for i in table.frame.index]
    shared = (n_objects > 1) & ~stacked
    if stacked.any():
        places = len(np.unique(position[stacked]))
        table.flag("warning", "stacked-points", stacked, places=places, most=int(n_objects.max()))
    if shared.any():
        names = table.texts("name") or ids
        same_name = (
            pd.DataFrame({"place": position, "name": [normalised_name(name) for name in names]})
            .duplicated(keep=False)
            .to_numpy()
        )
        table.flag("note", "shared-points", shared, places=len(np.unique(position[shared])))
        if (same_name & shared).any():
            table.flag("warning", "duplicate-points", same_name & shared)


def check_layers_meet(study: Study, tables: dict[str, LayerTable], communities: gpd.GeoDataFrame) -> None:
    """Flag layers beyond walking distance of the communities.

    A facility, a street or a wall some way beyond the border is of use, since people walk across borders: a layer is
    refused only where it is farther off than anybody may walk (`longest_walk_m`), or where it could have an effect
    only inside.
    """
    for label, table in tables.items():
        gap_m = extent_gap_m(table, communities)
        if gap_m > (0.0 if label in _INSIDE_ONLY else longest_walk_m(study)):
            lon, lat = (float(np.mean(pair)) for pair in table.frame.to_crs(WGS84).total_bounds.reshape(2, 2).T)
            table.flag("error", "no-overlap", distance=distance_text(gap_m), km=gap_m / 1000, lon=lon, lat=lat)


def longest_walk_m(study: Study) -> float:
    """Return the longest walk in metres: the widest circle at its walker's speed, rounded up to 1, 2, 4 … km.

    Rounded, so that scenarios that differ in a walker's speed alone read the same layers.
    """
    speeds = {walker: profile.speed_m_s for walker, profile in study.walking.profiles.items()}
    widest_m = max(
        60.0 * study.circles_of(service)[-1].minutes * speeds.get(service.walker, 0.0) for service in study.services
    )
    return 1000.0 * 2.0 ** max(0, math.ceil(math.log2(max(widest_m, 1.0) / 1000.0)))


def distance_outside_m(points: NDArray[np.object_], communities: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the distance of points from the nearest community, float64[n] metres; 0 inside one."""
    shapes = np.asarray(communities.geometry.array, dtype=object)
    (point, _), apart_m = shapely.STRtree(shapes).query_nearest(points, return_distance=True, all_matches=False)
    distance_m = np.full(len(points), np.nan)
    distance_m[point] = apart_m
    return distance_m


def distance_text(metres: float) -> str:
    """Return a distance in metres, or in kilometres from ten on; the same in every language."""
    return f"{metres:,.0f} m" if metres < _MAX_SHOWN_M else f"{metres / 1000:,.0f} km"


def extent_gap_m(table: LayerTable, communities: gpd.GeoDataFrame) -> float:
    """Return the metres between a layer and the communities; 0 where their extents meet."""
    here, there = communities.total_bounds, table.frame.total_bounds
    if not np.isfinite([*here, *there]).all() or ((there[:2] <= here[2:]).all() and (here[:2] <= there[2:]).all()):
        return 0.0
    return float(distance_outside_m(np.array(table.frame.geometry.array, dtype=object), communities).min())
