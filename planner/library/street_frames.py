"""Walking network from a street file or a frame of lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd

from planner.access import network_of_lines
from planner.access import read_network as read_street_file
from planner.errors import Fault
from planner.library.frames import at_least, refuse_frames

if TYPE_CHECKING:
    import pyproj

    from planner.access import WalkNetwork


def read_network(
    path: Path | str | gpd.GeoDataFrame,
    crs: pyproj.CRS | str | int | None = None,
    *,
    layer: str | None = None,
    source_crs: str | None = None,
    node_tolerance_m: float = 0.0,
    join_gaps_m: float = 0.0,
    least_piece_m: float = 0.0,
) -> WalkNetwork:
    """Return the walkable network of a street file, or of a frame of lines.

    Parameters
    ----------
    path : path or GeoDataFrame
        OpenStreetMap extract (``.osm.pbf``, ``.osm`` …), GraphML of osmnx, any line layer, or lines in memory. Columns
        named as in OpenStreetMap (``highway``, ``foot``, ``bridge`` …) are obeyed where they exist.
    crs : pyproj.CRS, str or int
        Projected system of the network, in metres; a frame's own where it is not given.
    layer, source_crs : str, optional
        Line layers only: table inside the file; its system where it does not say.
    node_tolerance_m : float
        Line layers only: ends nearer than this to each other or to a line are joined, in metres.
    join_gaps_m : float
        Join disconnected components nearer than this, in metres. 0 = none.
    least_piece_m : float
        Drop disconnected components with less street than this, in metres. 0 = none.

    Returns
    -------
    WalkNetwork
        Junctions and streets; ``notes`` say what was left out or assumed.

    Raises
    ------
    LayerError
        If the system is missing or not in metres, or there is no walkable street.

    Examples
    --------
    >>> import geopandas, shapely, planner
    >>> lines = [shapely.LineString([(0, 0), (1000, 0)]), shapely.LineString([(500, -400), (500, 400)])]
    >>> streets = geopandas.GeoDataFrame(geometry=lines, crs="EPSG:25833")
    >>> network = planner.read_network(streets)
    >>> network
    <WalkNetwork: 5 junctions, 4 streets, 2 km, EPSG:25833>
    >>> network.n_junctions, network.n_edges, float(network.length_m.sum())
    (5, 4, 1800.0)
    """
    faults: list[Fault] = []
    lines = path if isinstance(path, gpd.GeoDataFrame) else None
    if lines is not None and lines.crs is None:
        faults.append(
            Fault("path.crs", "the lines do not say their system", "streets.set_crs(…) with the one they are in")
        )
    if crs is None and lines is not None and lines.crs is not None:
        crs = lines.crs
        if lines.crs.is_geographic:
            what = f"the lines are in degrees ({lines.crs.to_string()}), walks are measured in metres"
            faults.append(Fault("crs", what, "give a projected system, such as streets.estimate_utm_crs()"))
    elif crs is None and lines is None:
        mend = "give a projected system in metres that covers the place, such as crs='EPSG:25833'"
        faults.append(Fault("crs", "a street file needs the system to compute in", mend))
    metres = {"node_tolerance_m": node_tolerance_m, "join_gaps_m": join_gaps_m, "least_piece_m": least_piece_m}
    at_least(faults, metres)
    refuse_frames(faults)
    assert crs is not None  # noqa: S101  # refused above
    known = f"EPSG:{crs}" if isinstance(crs, int) else crs
    if isinstance(path, gpd.GeoDataFrame):
        return network_of_lines(
            path, known, node_tolerance_m=node_tolerance_m, join_gaps_m=join_gaps_m, least_piece_m=least_piece_m
        )
    return read_street_file(
        Path(path),
        known,
        layer=layer,
        source_crs=source_crs,
        node_tolerance_m=node_tolerance_m,
        join_gaps_m=join_gaps_m,
        least_piece_m=least_piece_m,
    )
