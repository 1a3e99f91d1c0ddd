"""Ground of the maps: water, green, buildings, railways, named main roads and walls. Nothing is counted by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.io.osm import is_extract
from planner.io.osm_shapes import read_shapes
from planner.io.table import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.layer_table import LayerTable
    from planner.study import Study

#: kinds of ground, in the order in which they are drawn
KINDS = ("green", "water", "building", "wall", "railway", "road")
#: ground is kept this far around the communities
MARGIN_M = 2000.0
#: shapes are simplified to this
TOLERANCE_M = 0.5
#: narrower than this, water and green cannot be seen on a map
SMALLEST_M2 = 100.0

_GREEN_LAND = [
    "forest",
    "grass",
    "meadow",
    "recreation_ground",
    "village_green",
    "cemetery",
    "allotments",
    "orchard",
    "vineyard",
    "greenfield",
]
_GREEN_LEISURE = ["park", "garden", "common", "golf_course", "pitch", "playground", "recreation_ground"]
_GREEN_NATURE = ["wood", "scrub", "heath", "grassland", "wetland"]
#: tag of an area → kind
_AREAS: Mapping[str, Mapping[str, str]] = {
    "natural": {"water": "water", **dict.fromkeys(_GREEN_NATURE, "green")},
    "waterway": {"riverbank": "water", "dock": "water"},
    "landuse": {"reservoir": "water", "basin": "water", **dict.fromkeys(_GREEN_LAND, "green")},
    "leisure": dict.fromkeys(_GREEN_LEISURE, "green"),
}
#: tag of a line → kind
_LINES: Mapping[str, Mapping[str, str]] = {
    "waterway": {"river": "water", "canal": "water", "stream": "water"},
    "railway": {"rail": "railway", "light_rail": "railway", "narrow_gauge": "railway", "tram": "railway"},
    "barrier": {"city_wall": "wall", "wall": "wall"},
    "highway": dict.fromkeys(("motorway", "trunk", "primary", "secondary", "tertiary"), "road"),
}
_KEYS = ("building", "natural", "waterway", "landuse", "leisure", "railway", "barrier", "highway")
_COLUMNS = (*_KEYS, "name", "ref", "tunnel", "service", "indoor")


def ground_of_layers(study: Study, tables: Mapping[str, LayerTable], crs: CRS) -> gpd.GeoDataFrame:
    """Return the ground that layers of a study describe: ``kind``, ``name``, ``geometry`` in ``crs``.

    Its own layers, and buildings, outlines of estates, and barriers. Rows of other kinds are not drawn.
    """
    parts = [_frame([], [], [], crs)]
    for i, layer in enumerate(study.layers.ground):
        table = tables.get(f"layers.ground.{i}")
        if table is not None:
            kinds = [layer.kind] * len(table) if layer.kind is not None else table.texts("kind") or [""] * len(table)
            parts.append(_frame(kinds, table.texts("name") or [""] * len(table), table.frame.geometry, crs))
    for label, kind in (("buildings", "building"), ("estates", "wall"), ("barriers", "wall")):
        table = tables.get(f"layers.{label}")
        if table is not None:
            shapes = np.asarray(table.frame.geometry.array)
            lines = shapely.boundary(shapes) if label == "estates" else shapes
            parts.append(_frame([kind] * len(table), [""] * len(table), lines, crs))
    return _joined(parts, crs)


def read_extracts(study: Study, folder: Path, crs: CRS) -> gpd.GeoDataFrame:
    """Return the ground of the street extract, and of extracts among the layers of the ground.

    An extract that cannot be read has been refused by then: as the streets, or as a layer.
    """
    files = [study.layers.streets.path, *(layer.path for layer in study.layers.ground)]
    paths = dict.fromkeys(path for path in files if is_extract(path))
    return _joined([_frame([], [], [], crs), *(_of_extract(folder / path, crs) for path in paths)], crs)


def around(ground: Iterable[gpd.GeoDataFrame], communities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what of ``ground`` lies around the communities, each shape once: cut at a margin and simplified for maps.

    Roads of one name are one shape, and only named ones are kept: streets without a name are drawn as what is walked.
    """
    crs = communities.crs
    frame = _joined(list(ground), crs)
    west, south, east, north = communities.total_bounds
    box = (west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M)
    frame = frame[frame["kind"].isin(KINDS) & ~frame.geometry.is_empty & frame.geometry.notna()]
    frame = frame[shapely.intersects(np.asarray(frame.geometry.array), shapely.box(*box))]
    shapes = shapely.clip_by_rect(shapely.make_valid(np.asarray(frame.geometry.array)), *box)
    frame = frame.assign(geometry=gpd.GeoSeries(shapely.simplify(shapes, TOLERANCE_M), frame.index, crs=crs))
    frame = frame[~_too_small(frame) & ~frame.geometry.is_empty]
    roads = _by_name(frame[(frame["kind"] == "road") & (frame["name"] != "")])
    frame = pd.concat([frame[frame["kind"] != "road"], roads])
    rank = frame["kind"].map({kind: position for position, kind in enumerate(KINDS)})
    frame = frame.assign(rank=rank).sort_values("rank", kind="stable").drop(columns="rank")
    frame = frame[~frame.geometry.to_wkb().duplicated()]
    return gpd.GeoDataFrame(frame[["kind", "name", "geometry"]].reset_index(drop=True), geometry="geometry", crs=crs)


def _of_extract(path: Path, crs: CRS) -> gpd.GeoDataFrame:
    try:
        found = read_shapes(path, _KEYS, _COLUMNS)
    except UnreadableError:
        return _frame([], [], [], crs)
    is_area = found.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()
    kinds = np.where(is_area, _kinds(found, _AREAS), _kinds(found, _LINES)).astype(object)
    kinds[is_area & ~found["building"].isin(["", "no"]).to_numpy()] = "building"
    kinds[(found["tunnel"].isin(["yes", "culvert"]) | found["service"].isin(["yard", "siding", "spur"])).to_numpy()] = (
        ""
    )
    names = np.where(np.isin(kinds, ["building", "railway", "wall"]), "", found["name"].to_numpy(dtype=object))
    kept = kinds != ""
    return _frame(list(kinds[kept]), list(names[kept]), found.geometry[kept].to_crs(crs), crs)


def _kinds(found: gpd.GeoDataFrame, tags: Mapping[str, Mapping[str, str]]) -> NDArray[np.object_]:
    kinds = np.full(len(found), "", dtype=object)
    for key, values in tags.items():
        of = found[key].map(values).fillna("").to_numpy(dtype=object)
        kinds = np.where(kinds == "", of, kinds)
    return kinds


def _too_small(frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    areas = frame.geometry.area.to_numpy()
    small = frame["kind"].isin(["water", "green"]).to_numpy() & (areas < SMALLEST_M2)
    return np.asarray(small & frame.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy())


def _by_name(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the roads of each name as one line where they join."""
    if roads.empty:
        return roads
    merged = [
        (name, shapely.line_merge(shapely.multilinestrings(shapely.get_parts(np.asarray(group.geometry.array)))))
        for name, group in roads.groupby("name", sort=True)
    ]
    names, shapes = zip(*merged, strict=True)
    return _frame(["road"] * len(names), list(names), list(shapes), roads.crs)


def _joined(parts: list[gpd.GeoDataFrame], crs: CRS) -> gpd.GeoDataFrame:
    kept = [part for part in parts if len(part)] or parts[:1]
    return gpd.GeoDataFrame(pd.concat(kept, ignore_index=True), geometry="geometry", crs=crs)


def _frame(kinds: Iterable[str], names: Iterable[str], shapes: Iterable[object], crs: CRS) -> gpd.GeoDataFrame:
    columns = {"kind": pd.Series(list(kinds), dtype="str"), "name": pd.Series(list(names), dtype="str")}
    geometry = gpd.GeoSeries(list(shapes), crs=crs)
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=crs)
