"""Buildings modelled as surfaces (MultiPatch, TIN, polyhedral surface): their faces as one multipolygon, seen from above."""

from __future__ import annotations

import struct

import numpy as np
import shapely

#: codes of well-known binary, without the thousands that say which coordinates there are
_POLYGON, _MULTI_POLYGON, _COLLECTION = 3, 6, 7
_POLYHEDRAL, _TIN, _TRIANGLE = 15, 16, 17
_OLD_Z = 0x80000000
#: faces inside faces inside collections are nested no deeper than this
_DEEPEST = 8


def is_surface(wkb: bytes) -> bool:
    """Tell whether a geometry is a surface that GEOS does not read, or a collection with one."""
    kind = _kind(wkb, 0)[1] if len(wkb) >= 9 else 0
    return kind in (_POLYHEDRAL, _TIN, _TRIANGLE, _COLLECTION)


def footprint(wkb: bytes) -> shapely.Geometry | None:
    """Return the ground that a surface covers, or None if its bytes are damaged.

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
    order, kind, numbers, at = _kind(wkb, at)
    if kind in (_POLYGON, _TRIANGLE):
        rings, at = _rings(wkb, at, order, numbers)
        return [rings], at
    if kind not in (_MULTI_POLYGON, _COLLECTION, _POLYHEDRAL, _TIN) or depth > _DEEPEST:
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


def _kind(wkb: bytes, at: int) -> tuple[str, int, int, int]:
    """Return byte order, kind, numbers in a point, and where the geometry's content begins."""
    order = "<" if wkb[at] == 1 else ">"
    (code,) = struct.unpack_from(f"{order}I", wkb, at + 1)
    if code & _OLD_Z:
        return order, code & 0xFF, 3, at + 5
    dimensions, kind = divmod(code, 1000)
    return order, kind, {0: 2, 1: 3, 2: 3, 3: 4}.get(dimensions, 2), at + 5
