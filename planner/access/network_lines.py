"""Read walkable streets from any line layer: cut where lines meet, joined within a declared tolerance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely
from pyproj.exceptions import CRSError, ProjError
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from planner.access.assemble import Segments
from planner.access.network import KIND_CODE, EdgeFlag
from planner.access.network_osm import walkable, way_flags
from planner.access.remarks import STREETS, StreetsError, remark, unusable
from planner.district.crs import parse_crs, unshift
from planner.district.files import UnreadableError, read_file
from planner.district.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import pyproj
    from numpy.typing import NDArray

Crossings = Literal["joined", "apart"]
_NODED: dict[Crossings, str] = {"joined": "lines-joined", "apart": "lines-apart"}

EXACT_M = 1e-3
"""Points nearer than this are the same whatever the declared tolerance: files round coordinates."""

_CLASS_NAMES = ("highway", "fclass", "class", "road_class", "type", "道路等级", "道路类型")
_TAGS = ("foot", "access", "bridge", "tunnel", "motorroad", "oneway:foot", "conveying")
_YES = frozenset({"yes", "true", "t", "1", "y", "是"})
_NO = frozenset({"", "no", "false", "f", "0", "n", "否", "none", "nan", "<na>"})


def read_lines(
    path: Path,
    crs: pyproj.CRS,
    *,
    layer: str | None = None,
    source_crs: str | None = None,
    tolerance_m: float = 0.0,
    crossings: Crossings | None = None,
) -> Segments:
    """Read the walkable streets of a line layer.

    Columns named as in OpenStreetMap are understood where they exist (``highway`` or ``fclass`` for the class, ``foot``,
    ``access``, ``bridge``, ``tunnel`` …) and obeyed as `walkable` says; a street of unknown class is walkable.

    Parameters
    ----------
    path : Path
        Any vector file.
    crs : pyproj.CRS
        Projected system, in metres, of the result.
    layer : str, optional
        Table inside the file.
    source_crs : str, optional
        System of the file where it does not say (EPSG code, WKT, PROJ text, ``gcj02`` or ``bd09``).
    tolerance_m, crossings
        See `noded`. By default lines that cross are joined, unless the layer has columns ``u`` and ``v``, that is, was cut
        at its junctions already.

    Raises
    ------
    LayerError
        If the file is unreadable, holds no lines, or does not say its system.
    """
    try:
        frame = read_file(path, layer).frame
    except UnreadableError as fault:
        raise StreetsError(Finding(fault.code, "error", STREETS, str(path), evidence=fault.evidence)) from fault
    if not isinstance(frame, gpd.GeoDataFrame):
        raise unusable("no-street-lines", path)
    placed = _placed(frame, source_crs, path)
    try:
        metric = placed.to_crs(crs).explode(ignore_index=True)
    except ProjError as fault:  # a system that needs a file which is not here
        raise unusable("unknown-streets-crs", path, said=str(placed.crs.name)) from fault
    metric = metric[(metric.geom_type == "LineString") & ~metric.is_empty].reset_index(drop=True)
    if metric.empty:
        raise unusable("no-street-lines", path)
    kind, flags, reverse = _classes(metric)
    lines = shapely.force_2d(np.asarray(metric.geometry.array, dtype=object))
    lines[reverse] = shapely.reverse(lines[reverse])
    walked = kind >= 0
    if not walked.any():
        raise unusable("no-walkable-street", path)
    cut_already = {"u", "v"} <= set(map(str, metric.columns))
    return noded(
        lines[walked],
        kind[walked].astype(np.uint8),
        flags[walked],
        tolerance_m=tolerance_m,
        crossings=crossings or ("apart" if cut_already else "joined"),
    )


def noded(
    lines: NDArray[np.object_],
    kind: NDArray[np.uint8],
    flags: NDArray[np.uint8],
    *,
    tolerance_m: float = 0.0,
    crossings: Crossings = "joined",
) -> Segments:
    """Cut lines where they meet, and join ends that meet within a tolerance.

    - Ends nearer than the tolerance to each other are one point.
    - An end nearer than the tolerance to another line on the ground joins it there.
    - Lines on the ground that cross are joined at the crossing; bridges and tunnels meet others at their ends only.

    Parameters
    ----------
    lines : object[n]
        LineStrings in metres.
    kind, flags : uint8[n]
        Class and `EdgeFlag` bits of each line.
    tolerance_m : float
        The declared tolerance; a millimetre always counts as touching.
    crossings : {"joined", "apart"}
        ``"apart"`` leaves crossings alone (for layers that were cut at their junctions already).

    Returns
    -------
    Segments
    """
    near_m = max(tolerance_m, EXACT_M)
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    same_line = owner[1:] == owner[:-1]
    tail = np.flatnonzero(same_line)
    line = owner[tail]
    is_end = np.concatenate([[True], ~same_line]) | np.concatenate([~same_line, [True]])
    aloft = (flags & np.uint8(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) != 0
    pieces = _Pieces(xy, tail, aloft[line], shapely.linestrings(np.stack([xy[tail], xy[tail + 1]], axis=1)))

    (cut_segment, cut_share, cut_point), corners = _ends_on_lines(pieces, np.flatnonzero(is_end), near_m)
    if crossings == "joined":
        crossed, shares, places = _crossings(pieces)
        numbers = len(xy) + np.arange(len(places))
        xy = np.concatenate([xy, places])
        cut_segment = np.concatenate([cut_segment, *crossed.T])
        cut_share = np.concatenate([cut_share, *shares.T])
        cut_point = np.concatenate([cut_point, numbers, numbers])

    # Every segment becomes a run of points: its tail, its cuts in order, its head.
    segment = np.concatenate([np.arange(len(tail)), cut_segment, np.arange(len(tail))])
    share = np.concatenate([np.full(len(tail), -1.0), cut_share, np.full(len(tail), 2.0)])
    point = np.concatenate([tail, cut_point, tail + 1])
    order = np.lexsort((share, segment))
    segment, point = segment[order], point[order]
    link = segment[1:] == segment[:-1]
    own = line[segment[:-1][link]]

    # Inner points of bridges and tunnels may lie exactly above a street; only their ends may be shared.
    shareable = np.ones(len(xy), dtype=np.bool_)
    shareable[: len(owner)] = is_end | ~aloft[owner]
    number = _merged(xy, shareable, np.flatnonzero(is_end), near_m, corners)
    return Segments(
        xy=xy,
        tail=number[point[:-1][link]],
        head=number[point[1:][link]],
        kind=kind[own],
        flags=flags[own],
        signals=np.zeros(len(xy), dtype=np.bool_),
        notes=(remark(_NODED[crossings], near_m=near_m),),
    )


class _Pieces:
    """Straight pieces of lines: piece ``i`` goes from point ``tail[i]`` to the next one."""

    def __init__(
        self,
        xy: NDArray[np.float64],
        tail: NDArray[np.intp],
        aloft: NDArray[np.bool_],
        lines: NDArray[np.object_],
    ) -> None:
        self.start = xy[tail]
        self.along = xy[tail + 1] - xy[tail]
        self.length_m = np.maximum(np.hypot(*self.along.T), 1e-9)
        self.xy, self.tail, self.aloft, self.lines = xy, tail, aloft, lines
        self.tree = shapely.STRtree(lines)

    def of_end(self, end: NDArray[np.intp]) -> NDArray[np.intp]:
        """Give the piece that a line's first or last point belongs to."""
        place = np.minimum(np.searchsorted(self.tail, end), len(self.tail) - 1)
        return np.where(self.tail[place] == end, place, place - 1)


def _ends_on_lines(
    pieces: _Pieces, ends: NDArray[np.intp], near_m: float
) -> tuple[tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp]], NDArray[np.intp]]:
    """Find where line ends meet pieces on the ground.

    Returns
    -------
    cuts
        Ends that meet the inside of a piece: piece, share along it, end point.
    corners : int[k, 2]
        Ends that meet a piece at one of its own points: end point, point of the piece.
    """
    place, piece = pieces.tree.query(shapely.points(pieces.xy[ends]), predicate="dwithin", distance=near_m)
    end = ends[place]
    other = (pieces.of_end(end) != piece) & ~pieces.aloft[piece]
    end, piece = end[other], piece[other]
    share = ((pieces.xy[end] - pieces.start[piece]) * pieces.along[piece]).sum(axis=1) / pieces.length_m[piece] ** 2
    margin = near_m / pieces.length_m[piece]
    inside = (share > margin) & (share < 1 - margin)
    corner = np.where(share < 0.5, pieces.tail[piece], pieces.tail[piece] + 1)
    cuts = (piece[inside], share[inside], end[inside])
    return cuts, np.column_stack([end, corner])[~inside]


def _crossings(pieces: _Pieces) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Find where the insides of two pieces on the ground cross: int[k, 2] pieces, float[k, 2] shares, float[k, 2] xy."""
    ground = np.flatnonzero(~pieces.aloft)
    a, b = pieces.tree.query(pieces.lines[ground], predicate="intersects")
    a = ground[a]
    pair = (a < b) & ~pieces.aloft[b]
    a, b = a[pair], b[pair]
    across = _cross(pieces.along[a], pieces.along[b])
    skew = np.abs(across) > 1e-12
    a, b, across = a[skew], b[skew], across[skew]
    gap = pieces.start[b] - pieces.start[a]
    shares = np.column_stack([_cross(gap, pieces.along[b]) / across, _cross(gap, pieces.along[a]) / across])
    margin = EXACT_M / np.column_stack([pieces.length_m[a], pieces.length_m[b]])
    inside = ((shares > margin) & (shares < 1 - margin)).all(axis=1)
    a, b, shares = a[inside], b[inside], shares[inside]
    return np.column_stack([a, b]), shares, pieces.start[a] + shares[:, :1] * pieces.along[a]


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def _merged(
    xy: NDArray[np.float64],
    shareable: NDArray[np.bool_],
    ends: NDArray[np.intp],
    near_m: float,
    corners: NDArray[np.intp],
) -> NDArray[np.int64]:
    """Give one number to points that are one: within a millimetre, and line ends within the tolerance."""
    links = [corners]
    for points, apart_m in ((np.flatnonzero(shareable), EXACT_M), (ends, near_m)):
        dots = shapely.points(xy[points])
        a, b = shapely.STRtree(dots).query(dots, predicate="dwithin", distance=apart_m)
        links.append(np.column_stack([points[a], points[b]])[a < b])
    a, b = np.concatenate(links).T
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(xy), len(xy)))
    count, label = connected_components(graph, directed=False)
    first = np.full(count, len(xy), dtype=np.int64)
    np.minimum.at(first, label, np.arange(len(xy)))
    merged: NDArray[np.int64] = first[label]
    return merged


def _placed(frame: gpd.GeoDataFrame, source_crs: str | None, path: Path) -> gpd.GeoDataFrame:
    """Tell the frame its system; refuse to guess one."""
    if source_crs is None:
        if frame.crs is None:
            raise unusable("streets-without-crs", path)
        return frame
    try:
        said = parse_crs(source_crs)
    except CRSError as fault:
        raise unusable("unknown-streets-crs", path, said=source_crs) from fault
    if isinstance(said, str):
        return unshift(frame, said)
    return frame.set_crs(said, allow_override=True)


def _classes(frame: gpd.GeoDataFrame) -> tuple[NDArray[np.int16], NDArray[np.uint8], NDArray[np.bool_]]:
    """Read class, flags and direction of each line from its columns; distinct combinations are judged once."""
    names = {str(column).lower(): column for column in frame.columns}
    found = next((names[name] for name in _CLASS_NAMES if name in names), None)
    table = gpd.pd.DataFrame({"highway": _texts(frame, found)})
    for tag in _TAGS:
        table[tag] = _texts(frame, names.get(tag))
    combination = table.drop_duplicates()
    judged = {tuple(row): _judged(dict(zip(table.columns, row, strict=True))) for row in combination.to_numpy()}
    rows = [judged[tuple(row)] for row in table.to_numpy()]
    kind, flags, reverse = zip(*rows, strict=True)
    return np.array(kind, dtype=np.int16), np.array(flags, dtype=np.uint8), np.array(reverse, dtype=np.bool_)


def _judged(tags: dict[str, str]) -> tuple[int, int, bool]:
    said = tags["highway"].split(";", 1)[0].lower()
    known = KIND_CODE.get(said.removesuffix("_link"), -1) >= 0 or said in {"construction", "proposed", "raceway"}
    tags = {**tags, "highway": said if known else "road"}
    code = walkable(tags)
    flags, reverse = way_flags(tags, code) if code >= 0 else (0, False)
    return code, flags, reverse


def _texts(frame: pd.DataFrame, column: object | None) -> list[str]:
    """Read a column as tag values: ``yes``, empty, or the text itself."""
    if column is None:
        return [""] * len(frame)
    texts = []
    for value in frame[column]:
        text = str(value[0] if isinstance(value, list | tuple | np.ndarray) and len(value) else value).strip()
        plain = text.lower()
        texts.append("" if plain in _NO else "yes" if plain in _YES else text)
    return texts
