"""Squares that people left out are gathered in: one grid for every service and every choice, so that groups can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from planner.report.degrees import continuous_degrees
from planner.report.numbers import pack_counts
from planner.report.packing import pack_polygons

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.store.run import Run

#: about five minutes' walk: small enough to be one neighbourhood, large enough to hold a group worth a site
SIDE_M = 400.0


def squares(run: Run) -> dict[str, Any]:
    """Return the square of every home, the middle of every square and every place, in metres of the run's own projection."""
    corners, of = _grid(run)
    places = run.tables.places.geometry
    return {
        "side_m": SIDE_M,
        "of": pack_counts(of),
        "x": (corners[:, 0] + SIDE_M / 2).tolist(),
        "y": (corners[:, 1] + SIDE_M / 2).tolist(),
        "placeX": np.round(places.x.to_numpy(), 1).tolist(),
        "placeY": np.round(places.y.to_numpy(), 1).tolist(),
    }


def square_shapes(run: Run) -> dict[str, Any]:
    """Return the squares that have homes as polygons for the map."""
    corners, _ = _grid(run)
    boxes = shapely.box(corners[:, 0], corners[:, 1], corners[:, 0] + SIDE_M, corners[:, 1] + SIDE_M)
    return dict(pack_polygons(continuous_degrees(gpd.GeoSeries(boxes, crs=run.tables.demand.crs))))


def _grid(run: Run) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the south-western corners of squares with homes, float64[s, 2], and the square of each home, int64[n]."""
    points = run.tables.demand.geometry
    cells = np.floor(np.column_stack([points.x, points.y]) / SIDE_M)
    known, of = np.unique(cells, axis=0, return_inverse=True)
    return known * SIDE_M, of.ravel().astype(np.int64)
