"""Cells that stand in for communities whose borders nobody has: Voronoi cells of points, or a grid; labelled as such."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from planner.district.metric import to_metric

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.layers import LayerTable
    from planner.study import Communities

#: cells that are made at most; more would be a grid in the wrong unit
MOST_CELLS = 20_000


def as_cells(table: LayerTable, spec: Communities, crs: CRS) -> LayerTable | None:
    """Return the communities as cells in ``crs``; None where none can be made, which is noted.

    ``voronoi``: each row keeps its columns and gets the ground that is nearer to it than to any other row. ``grid``: squares
    of ``cell_m``, aligned to the system, wherever there is a row; their ids are their south-western corners.
    """
    placed = to_metric(table, crs)
    shapes = np.array(placed.frame.geometry.array, dtype=object)
    if not len(shapes):
        return placed
    outline = _outline(shapes, spec.cell_m)
    cells = _grid(placed, spec, shapes, outline) if spec.cells == "grid" else _voronoi(placed, shapes, outline)
    if cells is not None:
        cells.flag(
            "warning", "communities-are-cells", (), made=len(cells), cells=f"@cells.{spec.cells}", cell_m=spec.cell_m
        )
    return cells


def _outline(shapes: NDArray[np.object_], least_m: float) -> shapely.Geometry:
    """Return the ground that cells may cover: the polygons themselves, or the points and the usual distance around them."""
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
    same = count[first.ravel()] > 1
    if same.any():
        table.flag("error", "cells-coincide", same)
        return None
    if len(points) == 1:
        cells = np.array([outline], dtype=object)
    else:
        drawn = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=outline, ordered=True)
        cells = shapely.intersection(shapely.get_parts(drawn), outline)
    return table.with_frame(table.frame.set_geometry(gpd.GeoSeries(cells, table.frame.index, crs=table.frame.crs)))


def _grid(
    table: LayerTable, spec: Communities, shapes: NDArray[np.object_], outline: shapely.Geometry
) -> LayerTable | None:
    side = spec.cell_m
    west, south, east, north = outline.bounds
    x, y = (np.arange(np.floor(low / side), np.floor(high / side) + 1) for low, high in ((west, east), (south, north)))
    if len(x) * len(y) > MOST_CELLS:
        table.flag("error", "too-many-cells", (), cells=len(x) * len(y), most=MOST_CELLS, cell_m=side)
        return None
    corner = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2) * side
    squares = shapely.box(corner[:, 0], corner[:, 1], corner[:, 0] + side, corner[:, 1] + side)
    tree = shapely.STRtree(shapes)
    held = np.unique(tree.query(squares, predicate="intersects")[0])
    corner, squares = corner[held], squares[held]
    if (shapely.get_dimensions(shapes) == 2).all():
        squares = shapely.intersection(squares, outline)
        there = shapely.area(squares) > 1.0
        corner, squares = corner[there], squares[there]
    nearest = tree.query_nearest(shapely.point_on_surface(squares), all_matches=False)[1]
    ids = [f"E{east_m:.0f}N{north_m:.0f}" for east_m, north_m in corner]
    columns: dict[str, list[str]] = {"id": ids, "name": ids}
    for name in spec.roll_up:
        texts = table.texts(name)
        if texts is not None:
            columns[name] = [texts[int(row)] for row in nearest]
    frame = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(squares, crs=table.frame.crs))
    return replace(table, frame=frame, spec=spec.model_copy(update={"columns": {}}))
