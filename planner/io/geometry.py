"""Geometries in WKT, EWKT and hexadecimal WKB; footprints of MultiPatch, TIN and polyhedral surfaces."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.io.cells import normalised_name

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


#: usual names of geometry columns
_GEOMETRY_COLUMNS = (
    "wkt",
    "wkt_geom",
    "geom_wkt",
    "geometry_wkt",
    "geom",
    "the_geom",
    "geometry",
    "geometry_2",
    "shape",
    "几何",
    "坐标串",
)
_WKT = re.compile(
    r"\s*(?:SRID=(?P<srid>\d{1,6});)?\s*(?:(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION)\s*(?:Z|M|ZM)?\s*(?:\(|EMPTY)",
    re.IGNORECASE,
)
_WKB_HEX = re.compile(r"0[01][0-9a-f]{8,}", re.IGNORECASE)
#: geometry types of well-known binary, without the thousands that encode the dimensions
_POLYGON, _MULTI_POLYGON, _COLLECTION = 3, 6, 7
_POLYHEDRAL, _TIN, _TRIANGLE = 15, 16, 17
_OLD_Z = 0x80000000
#: faces inside faces inside collections are nested no deeper than this
_MAX_DEPTH = 8


def geometry_column(frame: pd.DataFrame, requested: str | None) -> str | None:
    """Return the column with WKT or WKB geometries, or None; among the usual names unless one is requested."""
    names = (
        [requested]
        if requested is not None
        else [str(name) for name in frame.columns if normalised_name(str(name)) in _GEOMETRY_COLUMNS]
    )
    for name in names:
        if name in frame:
            first = next((value for value in frame[name] if isinstance(value, str) and value.strip()), "")
            if _WKT.match(first) or _WKB_HEX.fullmatch(first.strip()):
                return name
    return None


def parse_geometries(column: pd.Series) -> tuple[NDArray[np.object_], str | None]:
    """Return the shapes of a column (None where a cell is none), and the system that all of them name: ``EPSG:4326``."""
    shapes = np.full(len(column), None, dtype=object)
    named: set[str | None] = set()
    for row, value in enumerate(column):
        text = value.strip() if isinstance(value, str) else ""
        found = _WKT.match(text)
        if found:
            shapes[row] = shapely.from_wkt(text.partition(";")[2] if found["srid"] else text, on_invalid="ignore")
            named.add(found["srid"])
        elif _WKB_HEX.fullmatch(text):
            shapes[row] = shapely.from_wkb(text, on_invalid="ignore")
            srid = 0 if shapes[row] is None else int(shapely.get_srid(shapes[row]))
            named.add(str(srid) if srid else None)
    only = named.pop() if len(named) == 1 else None
    return shapes, f"EPSG:{only}" if only else None


def is_surface(wkb: bytes) -> bool:
    """Return whether a geometry is a surface type that GEOS cannot read, or a collection with one."""
    kind = _wkb_header(wkb, 0)[1] if len(wkb) >= 9 else 0
    return kind in (_POLYHEDRAL, _TIN, _TRIANGLE, _COLLECTION)


def footprint(wkb: bytes) -> shapely.Geometry | None:
    """Return the footprint of a surface, or None if its bytes are damaged.

    Walls have no area from above; floors and roofs over each other count once.
    """
    try:
        faces = [face for ring in _faces(wkb, 0, 0)[0] if (face := _face(ring)) is not None]
    except (struct.error, IndexError, ValueError):
        return None
    return shapely.union_all(faces) if faces else None


def _face(rings: list[list[tuple[float, float]]]) -> shapely.Geometry | None:
    if not rings or any(len(ring) < 4 for ring in rings):
        return None
    face = shapely.force_2d(shapely.make_valid(shapely.Polygon(rings[0], rings[1:])))
    parts = [part for part in shapely.get_parts(face) if shapely.get_dimensions(part) == 2 and part.area > 0]
    return shapely.union_all(parts) if parts else None


def _faces(wkb: bytes, at: int, depth: int) -> tuple[list[list[list[tuple[float, float]]]], int]:
    """Return the rings of every polygon from ``at`` on, and where the geometry ends."""
    order, kind, numbers, at = _wkb_header(wkb, at)
    if kind in (_POLYGON, _TRIANGLE):
        rings, at = _rings(wkb, at, order, numbers)
        return [rings], at
    if kind not in (_MULTI_POLYGON, _COLLECTION, _POLYHEDRAL, _TIN) or depth > _MAX_DEPTH:
        raise ValueError(kind)
    (count,) = struct.unpack_from(f"{order}I", wkb, at)
    at += 4
    faces: list[list[list[tuple[float, float]]]] = []
    for _ in range(count):
        inside, at = _faces(wkb, at, depth + 1)
        faces += inside
    return faces, at


def _rings(wkb: bytes, at: int, order: str, numbers: int) -> tuple[list[list[tuple[float, float]]], int]:
    (count,) = struct.unpack_from(f"{order}I", wkb, at)
    at += 4
    rings = []
    for _ in range(count):
        (points,) = struct.unpack_from(f"{order}I", wkb, at)
        at += 4
        end = at + 8 * numbers * points
        if end > len(wkb):
            raise ValueError(points)
        values = np.frombuffer(wkb[at:end], dtype=f"{order}f8").reshape(points, numbers)
        rings.append([(float(x), float(y)) for x, y in values[:, :2]])
        at = end
    return rings, at


def _wkb_header(wkb: bytes, at: int) -> tuple[str, int, int, int]:
    """Return byte order, kind, numbers in a point, and where the geometry's content begins."""
    order = "<" if wkb[at] == 1 else ">"
    (code,) = struct.unpack_from(f"{order}I", wkb, at + 1)
    if code & _OLD_Z:
        return order, code & 0xFF, 3, at + 5
    dimensions, kind = divmod(code, 1000)
    return order, kind, {0: 2, 1: 3, 2: 3, 3: 4}.get(dimensions, 2), at + 5
