"""Layers in the projected system: valid, flat geometries; Voronoi or grid cells in place of missing boundaries."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.layer_table import LayerTable
    from planner.study import Communities


_KIND_NAMES = {0: "Point", 1: "LineString", 2: "Polygon"}
#: limit of cells; more would be a grid in the wrong unit
MAX_CELLS = 20_000


def to_projected(table: LayerTable, crs: CRS, needs: Literal["area", "any"] = "any") -> LayerTable:
    """Return the layer in ``crs``: rows with geometry only, flat, rings valid.

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
    without_shape = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    without_shape |= ~np.isfinite(shapely.bounds(shapes)).all(axis=1)
    if without_shape.any():
        table.with_frame(frame).flag("warning", "null-geometry", without_shape)
        frame, shapes = frame[~without_shape], shapes[~without_shape]
    table = table.with_frame(
        frame.set_geometry(gpd.GeoSeries(_valid_shapes(table.with_frame(frame), shapes), frame.index, crs=crs))
    )
    return _check_geometry_types(_clip_to_box(table), needs)


def _clip_to_box(table: LayerTable) -> LayerTable:
    """Clip to the study's box; an empty result is an error."""
    if table.spec.box_deg is None:
        return table
    west, south, east, north = table.spec.box_deg
    inner = gpd.GeoSeries(table.frame.geometry.representative_point(), crs=table.frame.crs).to_crs("EPSG:4326")
    inside = inner.x.between(west, east) & inner.y.between(south, north)
    if not inside.any():
        table.flag("error", "empty-box", box=f"{west}, {south}, {east}, {north}")
    return table.with_frame(table.frame[inside])


def _valid_shapes(table: LayerTable, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    invalid = ~shapely.is_valid(shapes)
    if not invalid.any():
        return shapes
    repaired = shapes.copy()
    repaired[invalid] = [
        _polygons_only(shape) for shape in shapely.make_valid(shapes[invalid], method="structure", keep_collapsed=False)
    ]
    reason = shapely.is_valid_reason(shapes[int(np.flatnonzero(invalid)[0])]).split("[")[0]
    change = float(np.abs(shapely.area(repaired[invalid]) - shapely.area(shapes[invalid])).sum())
    table.flag("warning", "invalid-geometry", invalid, change_m2=change, reason=reason)
    return repaired


def _polygons_only(shape: shapely.Geometry) -> shapely.Geometry:
    """Drop the lines and points that repairing a polygon leaves."""
    if shape.geom_type != "GeometryCollection":
        return shape
    areas = [part for part in shapely.get_parts(shape) if part.area > 0]
    return shapely.union_all(areas) if areas else shape


def _check_geometry_types(table: LayerTable, needs: str) -> LayerTable:
    """Flag mixed geometry types; where polygons are needed, drop the others with an error."""
    dimensions = shapely.get_dimensions(np.array(table.frame.geometry.array, dtype=object))
    kinds = sorted({int(d) for d in dimensions})
    if needs == "area" and kinds != [2] and len(table):
        found = ", ".join(_KIND_NAMES[d] for d in kinds if d != 2)
        table.flag("error", "wrong-geometry", dimensions != 2, found=found, needed="Polygon")
        return table.with_frame(table.frame[dimensions == 2])
    if len(kinds) > 1 and not table.spec.tags:  # OpenStreetMap maps the same object as a point or as an area
        commonest = int(np.bincount(dimensions).argmax())
        found = ", ".join(_KIND_NAMES[d] for d in kinds)
        table.flag("note", "mixed-geometry", dimensions != commonest, found=found)
    return table


def substitute_cells(table: LayerTable, spec: Communities, crs: CRS) -> LayerTable | None:
    """Return the communities as cells in ``crs``; None, with a finding, where none can be made.

    ``voronoi``: each row keeps its columns and gets the ground that is nearer to it than to any other row. ``grid``: squares
    of ``cell_m``, aligned to the system, wherever there is a row; their ids are their south-western corners.
    """
    projected = to_projected(table, crs)
    shapes = np.array(projected.frame.geometry.array, dtype=object)
    if not len(shapes):
        return projected
    outline = _cell_extent(shapes, spec.cell_m)
    cells = _grid(projected, spec, shapes, outline) if spec.cells == "grid" else _voronoi(projected, shapes, outline)
    if cells is not None:
        cells.flag(
            "warning", "communities-are-cells", (), made=len(cells), cells=f"@cells.{spec.cells}", cell_m=spec.cell_m
        )
    return cells


def _cell_extent(shapes: NDArray[np.object_], least_m: float) -> shapely.Geometry:
    """Return the extent of the cells: the polygons themselves, or the buffered convex hull of the points."""
    if (shapely.get_dimensions(shapes) == 2).all():
        return shapely.union_all(shapes)
    points = shapely.point_on_surface(shapes)
    _, apart_m = shapely.STRtree(points).query_nearest(points, exclusive=True, return_distance=True, all_matches=False)
    around_m = max(float(np.median(apart_m)) / 2 if len(apart_m) else 0.0, least_m / 2)
    return shapely.buffer(shapely.convex_hull(shapely.union_all(points)), around_m, join_style="mitre")


def _voronoi(table: LayerTable, shapes: NDArray[np.object_], outline: shapely.Geometry) -> LayerTable | None:
    points = shapely.point_on_surface(shapes)
    xy = shapely.get_coordinates(points)
    _, first, count = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    coincident = count[first.ravel()] > 1
    if coincident.any():
        table.flag("error", "cells-coincide", coincident)
        return None
    if len(points) == 1:
        cells = np.array([outline], dtype=object)
    else:
        diagram = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=outline, ordered=True)
        cells = shapely.intersection(shapely.get_parts(diagram), outline)
    return table.with_frame(table.frame.set_geometry(gpd.GeoSeries(cells, table.frame.index, crs=table.frame.crs)))


def _grid(
    table: LayerTable, spec: Communities, shapes: NDArray[np.object_], outline: shapely.Geometry
) -> LayerTable | None:
    side = spec.cell_m
    west, south, east, north = outline.bounds
    x, y = (np.arange(np.floor(low / side), np.floor(high / side) + 1) for low, high in ((west, east), (south, north)))
    if len(x) * len(y) > MAX_CELLS:
        table.flag("error", "too-many-cells", (), cells=len(x) * len(y), most=MAX_CELLS, cell_m=side)
        return None
    corner = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2) * side
    squares = shapely.box(corner[:, 0], corner[:, 1], corner[:, 0] + side, corner[:, 1] + side)
    tree = shapely.STRtree(shapes)
    occupied = np.unique(tree.query(squares, predicate="intersects")[0])
    corner, squares = corner[occupied], squares[occupied]
    if (shapely.get_dimensions(shapes) == 2).all():
        squares = shapely.intersection(squares, outline)
        nonempty = shapely.area(squares) > 1.0
        corner, squares = corner[nonempty], squares[nonempty]
    nearest = tree.query_nearest(shapely.point_on_surface(squares), all_matches=False)[1]
    ids = [f"E{east_m:.0f}N{north_m:.0f}" for east_m, north_m in corner]
    columns: dict[str, list[str]] = {"id": ids, "name": ids}
    for name in spec.roll_up:
        texts = table.texts(name)
        if texts is not None:
            columns[name] = [texts[int(row)] for row in nearest]
    frame = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(squares, crs=table.frame.crs))
    return replace(table, frame=frame, spec=spec.model_copy(update={"columns": {}}))
