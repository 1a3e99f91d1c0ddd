"""Reader of the walking network from any street file; gaps closed, small components dropped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.access.line_streets import Crossings, line_segments, read_lines
from planner.access.network import (
    EdgeFlag,
    WalkNetwork,
    metric_crs,
    network_error,
    network_note,
    unreadable_error,
)
from planner.access.osm_streets import read_osm
from planner.access.segments import Segments, add_paths, build_network, sever_at_barriers, to_segments
from planner.io.osm import is_extract
from planner.io.osm_format import refuse_special_file
from planner.io.table import UnreadableError
from planner.study.connection import is_connection

if TYPE_CHECKING:
    import geopandas as gpd
    import pyproj


def read_network(
    path: Path,
    crs: pyproj.CRS | str,
    *,
    layer: str | None = None,
    source_crs: str | None = None,
    node_tolerance_m: float = 0.0,
    crossings: Crossings | None = None,
    join_gaps_m: float = 0.0,
    least_piece_m: float = 0.0,
) -> WalkNetwork:
    """Read the walkable network from a street file.

    Parameters
    ----------
    path : Path
        OpenStreetMap extract (``.osm.pbf``, ``.osm``, ``.osm.bz2``, ``.osm.gz``), GraphML as osmnx writes it
        (``.graphml``), or any line layer, also one of a database.
    crs : pyproj.CRS or str
        Projected system, in metres, of the network.
    layer, source_crs : str, optional
        Line layers only: table inside the file; its system where it does not say.
    node_tolerance_m, crossings
        Line layers only: see `planner.access.line_streets.node_lines`.
    join_gaps_m : float
        Join disconnected components nearer than this; the network's notes report the effect. 0 = none.
    least_piece_m : float
        Drop disconnected components with less street than this after joining; the notes report it. 0 = none.

    Raises
    ------
    LayerError
        If the file is missing, unreadable or holds no walkable street, or ``crs`` is not metric.
    """
    metric = metric_crs(crs)
    path = Path(path)
    if not is_connection(path) and not path.exists():
        raise network_error("missing-file", path, near="")
    segments = _read_segments(path, metric, layer, source_crs, node_tolerance_m, crossings)
    return _network(segments, metric, join_gaps_m, least_piece_m)


def network_of_lines(
    lines: gpd.GeoDataFrame,
    crs: pyproj.CRS | str,
    *,
    node_tolerance_m: float = 0.0,
    crossings: Crossings | None = None,
    join_gaps_m: float = 0.0,
    least_piece_m: float = 0.0,
) -> WalkNetwork:
    """Return the walkable network of a frame of lines that says its system; otherwise as `read_network`.

    Raises
    ------
    LayerError
        If no line is walkable, or ``crs`` is not metric.
    """
    metric = metric_crs(crs)
    segments = line_segments(lines, metric, tolerance_m=node_tolerance_m, crossings=crossings)
    return _network(segments, metric, join_gaps_m, least_piece_m)


def _network(segments: Segments, metric: pyproj.CRS, join_gaps_m: float, least_piece_m: float) -> WalkNetwork:
    """Return the network of the segments, gaps joined and small components dropped."""
    if join_gaps_m > 0:
        # gaps are joined first: two sides of a closed gate are no slip of drawing
        segments = to_segments(join_gaps(build_network(segments, metric), join_gaps_m))
    network = build_network(sever_at_barriers(segments), metric)
    return drop_small_components(network, least_piece_m) if least_piece_m > 0 else network


def _read_segments(  # noqa: PLR0917
    path: Path,
    crs: pyproj.CRS,
    layer: str | None,
    source_crs: str | None,
    tolerance_m: float,
    crossings: Crossings | None,
) -> Segments:
    if is_extract(path):
        return read_osm(path, crs)
    if path.name.lower().endswith(".graphml"):
        try:
            refuse_special_file(path)
        except UnreadableError as fault:
            raise unreadable_error(fault, path) from fault
        from planner.access.osmnx_streets import read_graphml  # noqa: PLC0415 - takes seconds to import

        return read_graphml(path, crs)
    return read_lines(path, crs, layer=layer, source_crs=source_crs, tolerance_m=tolerance_m, crossings=crossings)


def join_gaps(network: WalkNetwork, within_m: float) -> WalkNetwork:
    """Join disconnected components to the nearest other one within ``within_m``, by one straight path each.

    Every component gets the shortest such path to every other one in range; bridges and tunnels are joined at their ends
    only. The notes of the result report it.

    Parameters
    ----------
    network : WalkNetwork
        Streets in pieces.
    within_m : float
        Longest path laid, in metres.
    """
    segments = to_segments(network)
    above_ground = (segments.flags & np.uint8(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) != 0
    ground = np.flatnonzero(~above_ground)
    owner = np.repeat(np.arange(network.n_edges), np.diff(network.shape_indptr) - 1)
    component_of = network.edge_component[owner]
    lines = shapely.linestrings(np.stack([segments.xy[segments.tail], segments.xy[segments.head]], axis=1)[ground])
    ends = np.unique(np.concatenate([network.u, network.v, segments.tail[ground], segments.head[ground]]))
    component_of_point = np.zeros(len(segments.xy), dtype=np.int32)
    component_of_point[segments.tail], component_of_point[segments.head] = component_of, component_of
    # only minor components are searched from; the main one is found by them
    minor_ends = ends[component_of_point[ends] > 0]
    points_of_ends = shapely.points(segments.xy[minor_ends])
    point, line = shapely.STRtree(lines).query(points_of_ends, predicate="dwithin", distance=within_m)
    first_component, second_component = component_of_point[minor_ends[point]], component_of[ground[line]]
    differs = first_component != second_component
    point, line, first_component, second_component = (
        point[differs],
        line[differs],
        first_component[differs],
        second_component[differs],
    )
    distance_m = shapely.distance(points_of_ends[point], lines[line])
    low, high = np.minimum(first_component, second_component), np.maximum(first_component, second_component)
    order = np.lexsort((line, point, distance_m, high, low))
    _, first = np.unique(np.column_stack([low, high])[order], axis=0, return_index=True)
    chosen = order[np.sort(first)]
    if not len(chosen):
        return replace(network, notes=(*network.notes, network_note("no-gaps-closed", within_m=within_m)))

    start, onto = minor_ends[point[chosen]], ground[line[chosen]]
    landing = shapely.get_coordinates(
        shapely.line_interpolate_point(
            lines[line[chosen]], shapely.line_locate_point(lines[line[chosen]], points_of_ends[point[chosen]])
        )
    )
    result = build_network(add_paths(segments, start, onto, landing), network.crs)
    before, after = (_main_length_share(net) for net in (network, result))
    n_joined = int(network.component.max()) - int(result.component.max())
    note = network_note(
        "gaps-closed", count=len(chosen), within_m=within_m, pieces=n_joined, before=float(before), after=float(after)
    )
    return replace(result, notes=(*network.notes, note))


def drop_small_components(network: WalkNetwork, least_m: float) -> WalkNetwork:
    """Drop components with less than ``least_m`` of street; the main one stays.

    Maps hold many paths in yards that are connected to no street. Points beside one would snap to it and reach nothing;
    without it they snap to the next street. The notes of the result report the number dropped.

    Parameters
    ----------
    network : WalkNetwork
        Streets in pieces.
    least_m : float
        Metres of street a piece needs to stay.
    """
    street_m = np.bincount(network.edge_component, weights=network.street_m)
    large_enough = street_m >= least_m
    large_enough[0] = True
    if large_enough.all():
        return network
    segments = to_segments(network)
    owner = np.repeat(np.arange(network.n_edges), np.diff(network.shape_indptr) - 1)
    dropped_m = float(street_m[~large_enough].sum())
    note = network_note(
        "pieces-left-out",
        count=int((~large_enough).sum()),
        least_m=least_m,
        gone_m=dropped_m,
        share=dropped_m / street_m.sum(),
    )
    return build_network(segments.taken(large_enough[network.edge_component[owner]], note), network.crs)


def _main_length_share(network: WalkNetwork) -> float:
    return float(network.street_m[network.edge_component == 0].sum() / network.street_m.sum())
