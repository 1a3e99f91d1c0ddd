"""Base map of the pages: water, green, buildings, railways, named roads, and where in each community people live."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.report.cartography import BASE_MAP
from planner.report.encoding import PER_DEGREE, continuous_degrees, pack_lines, pack_polygons
from planner.report.payload import as_texts, district, focus, packed_streets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.store.run import Run

#: buildings drawn; of more, the largest
MAX_BUILDINGS = 15_000
#: kinds that are drawn as areas
AREAS = ("green", "water", "building")
#: shapes of the base map are simplified to this
TOLERANCE_M = 1.5
#: land within this of a home is where people live
HOME_RADIUS_M = 70.0
#: homes are gathered in cells of this size before
CELL_M = 40.0
#: of fewer homes than this a community is drawn whole: people were not spread over buildings
FEWEST_HOMES = 3


def packed_base_map(run: Run) -> dict[str, Any]:
    """Return what map and meeting page of a run draw alike, made once for both: extents, streets, ground, and ``built`` of the communities."""
    communities = run.tables.communities
    return {
        "perDegree": PER_DEGREE,
        "focus": focus(run),
        "district": district(run),
        "streets": packed_streets(run.tables.streets, communities),
        "base": packed_ground(run.tables.ground, communities),
        "built": built_up(run.tables.demand, communities),
    }


def packed_ground(
    ground: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, margin_m: float = 1000.0, *, buildings: bool = True
) -> dict[str, Any]:
    """Return areas, lines and named roads around the communities, encoded for the pages; empty where a run has no ground.

    ``buildings=False`` leaves the buildings out.

    Returns
    -------
    dict
        ``colours``: kind → colour; ``areas``: kind → polygons; ``lines``: kind → lines; ``roads``: lines with ``name``, longest first; ``waters``: names of
        water and points in it.
    """
    colours = {"colours": BASE_MAP}
    if not len(ground):
        return {
            **colours,
            "areas": {},
            "lines": {},
            "roads": {"name": [], "lines": pack_lines(gpd.GeoSeries([]))},
            "waters": [],
        }
    west, south, east, north = communities.total_bounds
    box = (west - margin_m, south - margin_m, east + margin_m, north + margin_m)
    frame = ground_within(ground if buildings else ground[ground["kind"] != "building"], box)
    is_area = shapely.get_dimensions(np.asarray(frame.geometry.array)) > 1
    areas = {
        kind: pack_polygons(_drawn(frame[is_area & (frame["kind"] == kind).to_numpy()]))
        for kind in AREAS
        if (is_area & (frame["kind"] == kind).to_numpy()).any()
    }
    kinds = [kind for kind in frame["kind"].unique() if kind not in {"road", "green"}]
    rows = {kind: ~is_area & (frame["kind"] == kind).to_numpy() for kind in kinds}
    lines = {kind: pack_lines(_drawn(frame[kept])) for kind, kept in rows.items() if kept.any()}
    roads = frame[frame["kind"] == "road"]
    roads = roads.iloc[np.argsort(-roads.geometry.length.to_numpy(), kind="stable")]
    return {
        **colours,
        "areas": areas,
        "lines": lines,
        "roads": _roads(roads),
        "waters": _waters(frame[is_area], communities),
    }


def built_up(demand: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the part of each community where people live, encoded: land near its homes, or all of it where homes are not known.

    Shares of people are drawn there alone: a field is not worse off for being large.
    """
    at = np.column_stack([demand.geometry.x, demand.geometry.y])
    of = pd.Index(communities["id"].astype(str)).get_indexer(demand["community_id"].astype(str))
    lived = (of >= 0) & (
        demand[[name for name in demand if str(name).startswith("people_")]].sum(axis=1).to_numpy() > 0
    )
    homes = np.bincount(of[lived], minlength=len(communities))
    whole = np.asarray(communities.geometry.array, dtype=object)
    shapes = np.where(homes > 0, whole, shapely.Polygon())
    near = np.flatnonzero(homes >= FEWEST_HOMES)
    shapes[near] = shapely.intersection(_around(at[lived], of[lived], len(communities))[near], whole[near])
    frame = gpd.GeoSeries(_polygons_of(shapes), crs=communities.crs)
    return dict(pack_polygons(continuous_degrees(frame)))


def _around(at: NDArray[np.float64], of: NDArray[np.intp], communities: int) -> NDArray[np.object_]:
    """Return the land around the homes of each community: the cells that hold one, widened."""
    cells = np.unique(np.column_stack([of, np.round(at / CELL_M)]), axis=0)
    low = cells[:, 1:] * CELL_M - CELL_M / 2
    squares = shapely.box(*low.T, *(low + CELL_M).T)
    ends = np.searchsorted(cells[:, 0], np.arange(communities + 1))
    land = [shapely.coverage_union_all(squares[start:end]) for start, end in itertools.pairwise(ends)]
    closed = shapely.buffer(
        shapely.buffer(np.array(land, dtype=object), HOME_RADIUS_M, quad_segs=2), -CELL_M / 2, quad_segs=2
    )
    return np.asarray(shapely.simplify(closed, 5.0), dtype=object)


def ground_within(ground: gpd.GeoDataFrame, box: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    """Return the ground cut to ``box`` (left, bottom, right, top in metres); of more than `MAX_BUILDINGS` buildings, the largest."""
    frame = ground[shapely.intersects(np.asarray(ground.geometry.array), shapely.box(*box))]
    buildings = frame[frame["kind"] == "building"]
    if len(buildings) > MAX_BUILDINGS:
        largest = np.argsort(-buildings.geometry.area.to_numpy(), kind="stable")[:MAX_BUILDINGS]
        frame = frame.drop(index=buildings.index.difference(buildings.index[largest]))
    shapes = shapely.clip_by_rect(np.asarray(frame.geometry.array), *box)
    frame = frame.assign(geometry=gpd.GeoSeries(shapes, frame.index, crs=ground.crs))
    return frame[~frame.geometry.is_empty]


def _drawn(frame: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return shapes simplified, rings turned alike (a hole against its polygon), neighbours one after the other."""
    shapes = shapely.simplify(np.asarray(frame.geometry.array), TOLERANCE_M)
    if len(shapes) and shapely.get_dimensions(shapes).max() > 1:
        shapes = _polygons_of(shapes)
    series = gpd.GeoSeries(shapes, crs=frame.crs)
    order = np.argsort(series.hilbert_distance().to_numpy(), kind="stable")
    return continuous_degrees(series.iloc[order])


def _polygons_of(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the polygons of ``shapes``, normalised; an intersection may hold lines and points as well."""
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION)
    for i in mixed:
        parts = shapely.get_parts(shapes[i])
        shapes[i] = shapely.union_all(parts[shapely.get_dimensions(parts) > 1])
    return np.asarray(shapely.normalize(shapes), dtype=object)


def _roads(roads: gpd.GeoDataFrame) -> dict[str, Any]:
    parts, of = shapely.get_parts(shapely.simplify(np.asarray(roads.geometry.array), 5.0), return_index=True)
    names = as_texts(roads["name"])
    series = gpd.GeoSeries(parts, crs=roads.crs)
    return {"name": [names[i] for i in of], "lines": pack_lines(continuous_degrees(series))}


def _waters(frame: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> list[list[Any]]:
    """Return the name of each named water and points in it, [latitude, longitude], largest water first.

    Of a large lake a map shows a part: there is a point in what of it lies in smaller and smaller boxes around the middle.
    """
    named = frame[(frame["kind"] == "water") & (frame["name"].fillna("") != "")]
    named = named.iloc[np.argsort(-named.geometry.area.to_numpy(), kind="stable")].drop_duplicates("name")
    west, south, east, north = communities.total_bounds
    x, y, wide, high = (west + east) / 2, (south + north) / 2, (east - west) / 2, (north - south) / 2
    boxes = [
        shapely.box(x - of * wide, y - of * high, x + of * wide, y + of * high) for of in (0.35, 0.5, 0.65, 0.8, 2)
    ]
    found: list[list[Any]] = []
    for name, shape in zip(named["name"], named.geometry, strict=True):
        parts = [part for part in (shapely.intersection(shape, box) for box in boxes) if part.area > 0]
        points = continuous_degrees(gpd.GeoSeries([part.representative_point() for part in parts], crs=frame.crs))
        found.append([str(name), *dict.fromkeys((round(float(at.y), 5), round(float(at.x), 5)) for at in points)])
    return found
