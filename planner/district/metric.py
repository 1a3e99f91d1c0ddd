"""Bring a layer into the metric system: flat shapes, mended rings, nothing without a place; all of it said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.layers import LayerTable

_KIND_NAMES = {0: "Point", 1: "LineString", 2: "Polygon"}


def to_metric(table: LayerTable, crs: CRS, needs: Literal["area", "any"] = "any") -> LayerTable:
    """Return the layer in ``crs``: no row without a place, flat, rings mended.

    Parameters
    ----------
    needs
        ``area``: rows that are no polygons are errors.
    """
    frame = table.frame
    heights = shapely.has_z(frame.geometry.array)
    if heights.any():
        table.flag("note", "heights-dropped", count=int(heights.sum()))
        frame = frame.set_geometry(gpd.GeoSeries(shapely.force_2d(frame.geometry.array), frame.index, crs=frame.crs))
    if frame.crs != crs:
        frame = frame.to_crs(crs)
    shapes = np.array(frame.geometry.array, dtype=object)
    lost = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    lost |= ~np.isfinite(shapely.bounds(shapes)).all(axis=1)
    if lost.any():
        table.with_frame(frame).flag("warning", "null-geometry", lost)
        frame, shapes = frame[~lost], shapes[~lost]
    table = table.with_frame(
        frame.set_geometry(gpd.GeoSeries(_mended(table.with_frame(frame), shapes), frame.index, crs=crs))
    )
    return _of_one_kind(_in_box(table), needs)


def _in_box(table: LayerTable) -> LayerTable:
    """Keep what lies in the box that the study draws; a box with nothing in it is an error."""
    if table.spec.box_deg is None:
        return table
    west, south, east, north = table.spec.box_deg
    inner = gpd.GeoSeries(table.frame.geometry.representative_point(), crs=table.frame.crs).to_crs("EPSG:4326")
    inside = inner.x.between(west, east) & inner.y.between(south, north)
    if not inside.any():
        table.flag("error", "empty-box", box=f"{west}, {south}, {east}, {north}")
    return table.with_frame(table.frame[inside])


def _mended(table: LayerTable, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    broken = ~shapely.is_valid(shapes)
    if not broken.any():
        return shapes
    mended = shapes.copy()
    mended[broken] = [
        _same_dimension(shape) for shape in shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
    ]
    reason = shapely.is_valid_reason(shapes[int(np.flatnonzero(broken)[0])]).split("[")[0]
    change = float(np.abs(shapely.area(mended[broken]) - shapely.area(shapes[broken])).sum())
    table.flag("warning", "invalid-geometry", broken, change_m2=change, reason=reason)
    return mended


def _same_dimension(shape: shapely.Geometry) -> shapely.Geometry:
    """Drop the lines and points that mending a polygon leaves beside it."""
    if shape.geom_type != "GeometryCollection":
        return shape
    areas = [part for part in shapely.get_parts(shape) if part.area > 0]
    return shapely.union_all(areas) if areas else shape


def _of_one_kind(table: LayerTable, needs: str) -> LayerTable:
    """Note mixed kinds of shapes; where polygons are needed, go on without the others, with an error noted."""
    dimensions = shapely.get_dimensions(np.array(table.frame.geometry.array, dtype=object))
    kinds = sorted({int(d) for d in dimensions})
    if needs == "area" and kinds != [2] and len(table):
        found = ", ".join(_KIND_NAMES[d] for d in kinds if d != 2)
        table.flag("error", "wrong-geometry", dimensions != 2, found=found, needed="Polygon")
        return table.with_frame(table.frame[dimensions == 2])
    if len(kinds) > 1 and not table.spec.tags:  # OpenStreetMap draws the same thing as a point or as an area
        commonest = int(np.bincount(dimensions).argmax())
        found = ", ".join(_KIND_NAMES[d] for d in kinds)
        table.flag("note", "mixed-geometry", dimensions != commonest, found=found)
    return table
