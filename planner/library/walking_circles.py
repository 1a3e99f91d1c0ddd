"""Isochrones of destinations as a frame of polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.access import isochrones as polygons_of
from planner.errors import Fault
from planner.library.frames import at_least, refuse_frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.library.matrix import TravelTimeMatrix


def isochrones(times: TravelTimeMatrix, minutes: float | Sequence[float] = (5, 10, 15)) -> gpd.GeoDataFrame:
    """Return the isochrones of each destination: who lives inside walks there within so many minutes.

    For maps only: coverage is decided by travel times, not by polygons.

    Parameters
    ----------
    times : TravelTimeMatrix
        Of `planner.travel_times`; its walker walks. ``times.to(…)`` takes some of the destinations.
    minutes : float or sequence of float
        Cutoffs; they may exceed that of the travel times.

    Returns
    -------
    geopandas.GeoDataFrame
        On the destinations' index, one row for each cutoff: ``minutes`` and a valid MultiPolygon in the network's system;
        empty where no street is near the destination.

    Raises
    ------
    LayerError
        If a cutoff is not a positive number.

    Examples
    --------
    >>> import geopandas, shapely, planner
    >>> street = geopandas.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (2000, 0)])], crs="EPSG:25833")
    >>> rooms = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([1000], [0]), index=["room"], crs=25833)
    >>> times = planner.travel_times(planner.read_network(street), rooms, rooms, walker=1.0)
    >>> circles = planner.isochrones(times, minutes=[5, 10])
    >>> [(index, row.minutes, round(row.geometry.bounds[2] - 1000, -1)) for index, row in circles.iterrows()]
    [('room', 5.0, 300.0), ('room', 10.0, 600.0)]
    """
    cutoffs_min = [minutes] if isinstance(minutes, int | float | np.number) else list(minutes)
    faults: list[Fault] = []
    at_least(faults, {f"minutes[{i}]": cutoff for i, cutoff in enumerate(cutoffs_min)}, 0.0)
    if not faults and not all(0 < cutoff <= 240 for cutoff in cutoffs_min):
        faults.append(Fault("minutes", "must lie above 0 and not above 240", "such as [5, 10, 15]"))
    refuse_frames(faults)
    drawn = polygons_of(times.network, times.doors, times.walker, [60.0 * cutoff for cutoff in cutoffs_min])
    index = times.destinations.index.repeat(len(cutoffs_min))
    shapes = np.array([shape for rings in drawn for shape in rings], dtype=object)
    return gpd.GeoDataFrame(
        {"minutes": pd.Series(np.tile(np.array(cutoffs_min, dtype=np.float64), len(drawn)), index=index)},
        geometry=gpd.GeoSeries(shapes, index=index, crs=times.network.crs),
        crs=times.network.crs,
    )
