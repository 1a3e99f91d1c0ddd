"""Walkable streets from line layers: noding at crossings and ends, classes and access from columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely
from pyproj.exceptions import CRSError, ProjError
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from planner.access.network import EdgeFlag, network_error, network_note, unreadable_error
from planner.access.pedestrian_areas import PedestrianAreas, add_area_crossings
from planner.access.segments import Segments, closed_streets, whole_polylines
from planner.access.tags import CLASS_COLUMNS, LAYER_COLUMNS, osm_tags, walkability, way_flags
from planner.district.crs import parse_crs, remove_shift
from planner.io.encoding import NAME_BYTES
from planner.io.read import read_file
from planner.io.table import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd
    import pyproj
    from numpy.typing import NDArray

    from planner.district.findings import Finding


Crossings = Literal["joined", "apart"]
_NODING_NOTES: dict[Crossings, str] = {"joined": "lines-joined", "apart": "lines-apart"}
COINCIDENT_M = 1e-3
"""Points within this distance are identical whatever the declared tolerance: files round coordinates."""
_TAGS = ("foot", "access", "bridge", "tunnel", "motorroad", "oneway:foot", "conveying")
_ACCESS_TAGS = frozenset({"foot", "access"})
_YES = frozenset({"yes", "true", "t", "1", "y", "是"})
_NO = frozenset({"no", "false", "f", "0", "n", "否", "-1"})
_EMPTY_VALUES = frozenset({"", "none", "nan", "null", "<na>", "-"})
_CLASSES_LISTED = 12
_LINES, _AREAS = frozenset({"LineString", "LinearRing"}), "Polygon"


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
    ``access``, ``bridge``, ``tunnel``, ``layer`` …) and obeyed as `walkable` says, classes also in the words of
    `planner.access.tags`; a street of unknown class is walkable. Polygons of a walkable class are squares, walked
    along their edges and across.

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
        See `node_lines`. By default lines that cross are joined, unless the layer has columns ``u`` and ``v``, that is, was cut
        at its junctions already.

    Raises
    ------
    LayerError
        If the file is unreadable, holds no lines, or does not say its system.
    """
    try:
        frame = read_file(path, layer).frame
    except UnreadableError as fault:
        raise unreadable_error(fault, path) from fault
    if not isinstance(frame, gpd.GeoDataFrame):
        raise network_error("no-street-lines", path, read=_column_names(frame))
    return line_segments(
        _with_crs(frame, source_crs, path), crs, path=path, tolerance_m=tolerance_m, crossings=crossings
    )


def line_segments(
    placed: gpd.GeoDataFrame,
    crs: pyproj.CRS,
    *,
    path: Path | str = "",
    tolerance_m: float = 0.0,
    crossings: Crossings | None = None,
) -> Segments:
    """Return the walkable streets of a frame of lines that says its system; otherwise as `read_lines`.

    Parameters
    ----------
    placed : geopandas.GeoDataFrame
        Lines (and squares), with columns as in OpenStreetMap where it has them.
    crs : pyproj.CRS
        Projected system, in metres, of the result.
    path : Path or str
        The file that errors name.
    tolerance_m, crossings
        See `node_lines`.

    Raises
    ------
    LayerError
        If the frame holds no lines, or none that is walkable.
    """
    try:
        metric = placed.to_crs(crs).explode(ignore_index=True)
    except ProjError as fault:  # a system that needs a file which is not here
        raise network_error("unknown-streets-crs", path, said=str(placed.crs.name)) from fault
    metric = metric[~(metric.geometry.isna() | metric.is_empty)].reset_index(drop=True)
    is_line = metric.geom_type.isin(_LINES).to_numpy(dtype=np.bool_)
    is_area = (metric.geom_type == _AREAS).to_numpy(dtype=np.bool_)
    if not (is_line | is_area).any():
        raise network_error("no-street-lines", path, read=_most_frequent(metric.geom_type))
    classified = _classify_lines(metric)
    lines = shapely.force_2d(np.asarray(metric.geometry.array, dtype=object))
    lines[classified.reverse & is_line] = shapely.reverse(lines[classified.reverse & is_line])
    is_walked = is_line & (classified.kind >= 0)
    area_rows = np.flatnonzero(is_area & (classified.kind >= 0) & classified.known)
    if not is_walked.any() and not len(area_rows):
        raise network_error("no-walkable-street", path, read=_most_frequent(classified.class_text))
    # the edge of a square is walked like any street
    edges, owner = shapely.get_parts(shapely.boundary(lines[area_rows]), return_index=True)
    owner = area_rows[owner]
    rows_used = np.concatenate([np.flatnonzero(is_walked), owner])
    cut_already = {"u", "v"} <= set(map(str, metric.columns))
    segments = node_lines(
        np.concatenate([lines[is_walked], edges]),
        classified.kind[rows_used].astype(np.uint8),
        classified.flags[rows_used],
        level=classified.level[rows_used],
        tolerance_m=tolerance_m,
        crossings=crossings or ("apart" if cut_already else "joined"),
    )
    segments = add_area_crossings(
        segments, PedestrianAreas(lines[area_rows], classified.kind[area_rows].astype(np.uint8))
    )
    closing_tag = np.flatnonzero(is_line & (classified.why != ""))
    excluded = closed_streets(
        list(classified.why[closing_tag]),
        shapely.get_num_coordinates(lines[closing_tag]),
        shapely.get_coordinates(lines[closing_tag]),
    )
    above_ground = (classified.flags & np.uint8(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) != 0
    off_ground = lines[is_walked & (classified.level != 0) & ~above_ground]
    _, off_ground_indptr, off_ground_xy = whole_polylines(
        shapely.get_num_coordinates(off_ground), shapely.get_coordinates(off_ground)
    )
    excluded = replace(excluded, off_ground_indptr=off_ground_indptr, off_ground_xy=off_ground_xy)
    notes = (*segments.notes, *_notes(metric, lines, is_line, is_area, classified))
    return replace(segments, notes=notes, excluded=excluded)


def node_lines(
    lines: NDArray[np.object_],
    kind: NDArray[np.uint8],
    flags: NDArray[np.uint8],
    *,
    level: NDArray[np.int64] | None = None,
    tolerance_m: float = 0.0,
    crossings: Crossings = "joined",
) -> Segments:
    """Cut lines where they meet, and join ends that meet within a tolerance.

    - Ends nearer than the tolerance to each other are one point.
    - An end nearer than the tolerance to another line on the ground joins it there.
    - Lines on the ground that cross are joined at the crossing; bridges and tunnels meet others at their ends only.
    - Lines of different levels do not meet where they cross, but where one of them ends.

    Parameters
    ----------
    lines : object[n]
        LineStrings in metres.
    kind, flags : uint8[n]
        Class and `EdgeFlag` bits of each line.
    level : int64[n], optional
        Level at which each line runs (``layer`` in OpenStreetMap); default the ground.
    tolerance_m : float
        The declared tolerance; a millimetre always counts as touching.
    crossings : {"joined", "apart"}
        ``"apart"`` leaves crossings alone (for layers that were cut at their junctions already).

    Returns
    -------
    Segments
    """
    near_m = max(tolerance_m, COINCIDENT_M)
    levels = np.zeros(len(lines), dtype=np.int64) if level is None else level
    kept = _first_of_equals(lines, kind, flags, levels)
    lines, kind, flags, at_level = lines[kept], kind[kept], flags[kept], levels[kept]
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    same_line = owner[1:] == owner[:-1]
    tail = np.flatnonzero(same_line)
    line = owner[tail]
    is_end = np.concatenate([[True], ~same_line]) | np.concatenate([~same_line, [True]])
    above_ground = (flags & np.uint8(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) != 0
    point_level = at_level[owner]
    pieces = _StraightPieces(
        xy, tail, above_ground[line], at_level[line], shapely.linestrings(np.stack([xy[tail], xy[tail + 1]], axis=1))
    )

    (cut_segment, cut_share, cut_point), corners = _ends_on_lines(pieces, np.flatnonzero(is_end), near_m)
    if crossings == "joined":
        crossed_pieces, shares, places = _crossings(pieces)
        numbers = len(xy) + np.arange(len(places))
        xy = np.concatenate([xy, places])
        point_level = np.concatenate([point_level, pieces.level[crossed_pieces[:, 0]]])
        cut_segment = np.concatenate([cut_segment, *crossed_pieces.T])
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

    # inner points of bridges and tunnels may lie exactly above a street; only their ends may be shared
    shareable = np.ones(len(xy), dtype=np.bool_)
    shareable[: len(owner)] = is_end | ~above_ground[owner]
    number = _merge_points(xy, shareable, np.flatnonzero(is_end), near_m, corners, point_level)
    return Segments(
        xy=xy,
        tail=number[point[:-1][link]],
        head=number[point[1:][link]],
        kind=kind[own],
        flags=flags[own],
        signals=np.zeros(len(xy), dtype=np.bool_),
        notes=(network_note(_NODING_NOTES[crossings], near_m=near_m),),
    )


def _first_of_equals(
    lines: NDArray[np.object_], kind: NDArray[np.uint8], flags: NDArray[np.uint8], level: NDArray[np.int64]
) -> NDArray[np.intp]:
    """Return the rows of distinct lines, in order: each line once, however often it is drawn and from which end.

    A layer that was joined with a table can hold a street thousands of times, and every pair of them would be compared.
    """
    one_way = (flags & np.uint8(EdgeFlag.ONE_WAY)) != 0
    drawn = lines.copy()
    drawn[~one_way] = shapely.normalize(lines[~one_way])
    table = gpd.pd.DataFrame({"shape": shapely.to_wkb(drawn), "kind": kind, "flags": flags, "level": level})
    return np.flatnonzero(~table.duplicated().to_numpy(dtype=np.bool_))


class _StraightPieces:
    """Straight pieces of lines: piece ``i`` goes from point ``tail[i]`` to the next one."""

    def __init__(
        self,
        xy: NDArray[np.float64],
        tail: NDArray[np.intp],
        above_ground: NDArray[np.bool_],
        level: NDArray[np.int64],
        lines: NDArray[np.object_],
    ) -> None:
        self.start = xy[tail]
        self.along = xy[tail + 1] - xy[tail]
        self.length_m = np.maximum(np.hypot(*self.along.T), 1e-9)
        self.xy, self.tail, self.aloft, self.level, self.lines = xy, tail, above_ground, level, lines
        self.tree = shapely.STRtree(lines)

    def of_end(self, end: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the piece of a line's first or last point."""
        place = np.minimum(np.searchsorted(self.tail, end), len(self.tail) - 1)
        return np.where(self.tail[place] == end, place, place - 1)


def _ends_on_lines(
    pieces: _StraightPieces, ends: NDArray[np.intp], near_m: float
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


def _crossings(pieces: _StraightPieces) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Return crossings of the interiors of two pieces on the ground: int[k, 2] pieces, float[k, 2] shares, float[k, 2] xy."""
    ground = np.flatnonzero(~pieces.aloft)
    a, b = pieces.tree.query(pieces.lines[ground], predicate="intersects")
    a = ground[a]
    pair = (a < b) & ~pieces.aloft[b] & (pieces.level[a] == pieces.level[b])
    a, b = a[pair], b[pair]
    across = _cross(pieces.along[a], pieces.along[b])
    skew = np.abs(across) > 1e-12
    a, b, across = a[skew], b[skew], across[skew]
    gap = pieces.start[b] - pieces.start[a]
    shares = np.column_stack([_cross(gap, pieces.along[b]) / across, _cross(gap, pieces.along[a]) / across])
    margin = COINCIDENT_M / np.column_stack([pieces.length_m[a], pieces.length_m[b]])
    inside = ((shares > margin) & (shares < 1 - margin)).all(axis=1)
    a, b, shares = a[inside], b[inside], shares[inside]
    return np.column_stack([a, b]), shares, pieces.start[a] + shares[:, :1] * pieces.along[a]


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


#: rounding of coordinates, far below the millimetre within which points coincide
_SAME_PLACE_M = 1e-6


def _merge_points(  # noqa: PLR0917
    xy: NDArray[np.float64],
    shareable: NDArray[np.bool_],
    ends: NDArray[np.intp],
    near_m: float,
    corners: NDArray[np.intp],
    level: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return one number for coincident points: within a millimetre, and line ends within the tolerance."""
    pairs = [corners]
    is_end = np.zeros(len(xy), dtype=np.bool_)
    is_end[ends] = True
    # points at one place are represented by the first: hundreds of streets through a square would be millions of pairs
    place = np.column_stack([np.round(xy / _SAME_PLACE_M).astype(np.int64), level, is_end])
    for of_kind, apart_m in ((np.flatnonzero(shareable), COINCIDENT_M), (ends, near_m)):
        _, first_of, group = np.unique(place[of_kind], axis=0, return_index=True, return_inverse=True)
        points = of_kind[first_of]
        pairs.append(np.column_stack([of_kind, points[group.ravel()]]))
        points_at = shapely.points(xy[points])
        a, b = shapely.STRtree(points_at).query(points_at, predicate="dwithin", distance=apart_m)
        a, b = points[a[a < b]], points[b[a < b]]
        # lines of two levels that bend at one position pass above each other
        meeting = (level[a] == level[b]) | is_end[a] | is_end[b]
        pairs.append(np.column_stack([a, b])[meeting])
    a, b = np.concatenate(pairs).T
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(xy), len(xy)))
    count, label = connected_components(graph, directed=False)
    first = np.full(count, len(xy), dtype=np.int64)
    np.minimum.at(first, label, np.arange(len(xy)))
    merged: NDArray[np.int64] = first[label]
    return merged


def _with_crs(frame: gpd.GeoDataFrame, source_crs: str | None, path: Path) -> gpd.GeoDataFrame:
    """Return the frame with its coordinate system; none is guessed."""
    if source_crs is None:
        if frame.crs is None:
            raise network_error("streets-without-crs", path)
        return frame
    try:
        class_texts = parse_crs(source_crs)
    except CRSError as fault:
        raise network_error("unknown-streets-crs", path, said=source_crs.strip() or "''") from fault
    if isinstance(class_texts, str):
        return remove_shift(frame, class_texts)
    return frame.set_crs(class_texts, allow_override=True)


@dataclass(frozen=True, eq=False, slots=True)
class _LineClasses:
    """Attributes of each feature."""

    kind: NDArray[np.int16]
    """Class, −1 where it is not walked."""
    flags: NDArray[np.uint8]
    reverse: NDArray[np.bool_]
    known: NDArray[np.bool_]
    """Whether its class is a known one."""
    why: NDArray[np.object_]
    """The value for which a street is not walked; empty for others."""
    class_text: list[str]
    """Class as written in the layer."""
    level: NDArray[np.int64]
    columns: dict[str, str]
    """Tag → column it was read from."""


def _classify_lines(frame: gpd.GeoDataFrame) -> _LineClasses:
    """Read class, flags, direction and level of each line from its columns; distinct combinations are judged once."""
    names = {str(column).lower(): str(column) for column in frame.columns if column != frame.geometry.name}
    class_column = _find_column(names, CLASS_COLUMNS)
    columns = {} if class_column is None else {"highway": class_column}
    class_texts = _tag_values(frame, class_column, "highway")
    table = gpd.pd.DataFrame({"highway": class_texts})
    for tag in _TAGS:
        column = names.get(tag)
        if column is not None:
            columns[tag] = column
        table[tag] = _tag_values(frame, column, tag)
    combination = table.drop_duplicates()
    classified = {
        tuple(row): _line_class(dict(zip(table.columns, row, strict=True)), class_column)
        for row in combination.to_numpy()
    }
    rows = [classified[tuple(row)] for row in table.to_numpy()]
    kind, flags, reverse, known, why = zip(*rows, strict=True)
    level_column = _find_column(names, LAYER_COLUMNS)
    level = np.zeros(len(frame), dtype=np.int64)
    if level_column is not None:
        # a table that QGIS merged has a column "layer" too, with the names of the files
        number = gpd.pd.to_numeric(frame[level_column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isfinite(number).any():
            columns["layer"] = level_column
            level = np.where(np.isfinite(number), number, 0.0).round().clip(-100, 100).astype(np.int64)
    return _LineClasses(
        kind=np.array(kind, dtype=np.int16),
        flags=np.array(flags, dtype=np.uint8),
        reverse=np.array(reverse, dtype=np.bool_),
        known=np.array(known, dtype=np.bool_),
        why=np.array(why, dtype=object),
        class_text=class_texts,
        level=level,
        columns=columns,
    )


def _find_column(names: dict[str, str], wanted: tuple[str, ...]) -> str | None:
    """Find a column by its name, or by what a shapefile leaves of it."""
    for want in wanted:
        if want in names:
            return names[want]
        cut = want.encode()[:NAME_BYTES].decode(errors="ignore")
        if len(cut) > 2 and not want.isascii() and cut in names:
            return names[cut]
    return None


def _line_class(tags: dict[str, str], class_column: str | None) -> tuple[int, int, bool, bool, str]:
    class_tags = osm_tags(tags["highway"]) if tags["highway"] else None
    class_texts = tags["highway"]
    tags = {**tags, **(class_tags or {"highway": "road"})}
    code, closing_tag = walkability(tags)
    if closing_tag.startswith("highway="):
        closing_tag = f"{class_column}={class_texts}"
    flags, reverse = way_flags(tags, code) if code >= 0 else (0, False)
    return code, flags, reverse, class_tags is not None, closing_tag


def _tag_values(frame: pd.DataFrame, column: str | None, tag: str) -> list[str]:
    """Read a column as tag values: ``yes``, ``no`` where it is about people on foot, empty, or the text itself."""
    if column is None:
        return [""] * len(frame)
    texts = []
    for value in frame[column]:
        text = str(value[0] if isinstance(value, list | tuple | np.ndarray) and len(value) else value).strip()
        plain = text.lower()
        if plain in _EMPTY_VALUES:
            texts.append("")
        elif tag == "highway":
            texts.append(text)
        elif plain in _NO and not (plain == "-1" and tag not in _ACCESS_TAGS):
            texts.append("no" if tag in _ACCESS_TAGS else "")
        else:
            texts.append("yes" if plain in _YES else text)
    return texts


def _notes(
    frame: gpd.GeoDataFrame,
    shapes: NDArray[np.object_],
    is_line: NDArray[np.bool_],
    is_area: NDArray[np.bool_],
    classified: _LineClasses,
) -> list[Finding]:
    """Return notes on the columns read, unknown classes, and features left out."""
    tags = ("highway", *_TAGS, "layer")
    columns = ", ".join(f"{tag} ← {classified.columns.get(tag, '–')}" for tag in tags)
    notes = [network_note("street-columns", columns=columns)]
    class_texts = np.array(classified.class_text, dtype=object)
    unknown = is_line & ~classified.known & (class_texts != "")
    if unknown.any():
        metres = shapely.length(shapes[unknown])
        table = gpd.pd.Series(metres).groupby(class_texts[unknown]).sum().sort_values(ascending=False)
        classes = ", ".join(f"{name} {length:,.0f} m" for name, length in table.head(_CLASSES_LISTED).items())
        more = ", …" if len(table) > _CLASSES_LISTED else ""
        column = classified.columns["highway"]
        notes.append(network_note("street-classes-unknown", count=len(table), column=column, classes=classes + more))
    dropped_areas = is_area & ~((classified.kind >= 0) & classified.known)
    if dropped_areas.any():
        area_m2 = float(shapely.area(shapes[dropped_areas]).sum())
        notes.append(network_note("street-areas-dropped", count=int(dropped_areas.sum()), area_m2=area_m2))
    other_types = ~(is_line | is_area)
    if other_types.any():
        read = _most_frequent(frame.geom_type[other_types])
        notes.append(network_note("street-shapes-dropped", count=int(other_types.sum()), read=read))
    return notes


def _most_frequent(values: Iterable[str]) -> str:
    """Name the most frequent values and how often they are."""
    return ", ".join(f"{name or '–'} × {count}" for name, count in Counter(values).most_common(_CLASSES_LISTED))


def _column_names(frame: pd.DataFrame) -> str:
    return ", ".join(map(str, frame.columns[:_CLASSES_LISTED])) or "–"
