"""Longitude and latitude for the pages, continuous across the 180° meridian."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: parameters that give the central meridian of a projection
_CENTRES = ("Longitude of natural origin", "Longitude of false origin", "Longitude of projection centre")


def continuous_degrees(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return projected shapes in EPSG:4326, longitudes within 180° of the central meridian of their own projection.

    A district on both sides of 180° is drawn in one piece: beside 179.9° lies 180.1°, as web maps want it, and not −179.9°.
    All layers of a district share the projection, and so the choice. Elsewhere nothing changes. Tables and GeoPackages
    keep longitudes between −180° and 180°, or the metres of the projection.
    """
    degrees = shapes.to_crs(4326)
    centre = _central_meridian(CRS.from_user_input(shapes.crs)) if shapes.crs is not None else 0.0

    def turned(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        turns = np.round((xy[:, 0] - centre) / 360.0)
        return np.column_stack([xy[:, 0] - 360.0 * turns, xy[:, 1]])

    plain = np.asarray(degrees.array, dtype=object)
    if not (np.abs(shapely.get_coordinates(plain)[:, 0] - centre) > 180.0).any():
        return degrees
    return gpd.GeoSeries(shapely.transform(plain, turned), index=degrees.index, crs=degrees.crs)


def _central_meridian(crs: CRS) -> float:
    operation = crs.coordinate_operation
    for parameter in () if operation is None else operation.params:
        if parameter.name in _CENTRES:
            return float(np.degrees(float(parameter.value) * parameter.unit_conversion_factor))
    return 0.0
