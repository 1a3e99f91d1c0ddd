"""One door to every kind of street file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from planner.access.assemble import Segments, assemble, segments_of
from planner.access.gaps import join_gaps, leave_out_pieces
from planner.access.left_out import ended_at_barriers
from planner.access.network import WalkNetwork, metric_crs
from planner.access.network_lines import Crossings, read_lines
from planner.access.network_osm import read_osm
from planner.access.remarks import STREETS, StreetsError, unusable
from planner.district.files import UnreadableError, is_extract, refuse_no_file
from planner.district.findings import Finding
from planner.study.connection import is_connection

if TYPE_CHECKING:
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
        Line layers only: see `planner.access.network_lines.noded`.
    join_gaps_m : float
        Join disconnected pieces nearer than this; the effect is told in the network's notes. 0 joins nothing.
    least_piece_m : float
        Leave out disconnected pieces that hold less street than this after joining; told in the notes. 0 leaves out nothing.

    Raises
    ------
    LayerError
        If the file is missing, unreadable or holds no walkable street, or ``crs`` is not metric.
    """
    metric = metric_crs(crs)
    path = Path(path)
    if not is_connection(path) and not path.exists():
        raise unusable("missing-file", path, near="")
    segments = _segments(path, metric, layer, source_crs, node_tolerance_m, crossings)
    if join_gaps_m > 0:
        # gaps are joined first: two sides of a closed gate are no slip of drawing
        segments = segments_of(join_gaps(assemble(segments, metric), join_gaps_m))
    network = assemble(ended_at_barriers(segments), metric)
    return leave_out_pieces(network, least_piece_m) if least_piece_m > 0 else network


def _segments(  # noqa: PLR0917
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
            refuse_no_file(path)
        except UnreadableError as fault:
            raise StreetsError(Finding(fault.code, "error", STREETS, str(path), evidence=fault.evidence)) from fault
        from planner.access.network_osmnx import read_graphml  # noqa: PLC0415 - takes seconds to import

        return read_graphml(path, crs)
    return read_lines(path, crs, layer=layer, source_crs=source_crs, tolerance_m=tolerance_m, crossings=crossings)
