"""Lines and rings as short text that the page unpacks.

Coordinates become whole millionths of a degree (0.11 m), each point the difference to the one before it, each difference a
zigzag number written in digits of five bits, least first, from an alphabet that needs no escaping in JSON or HTML.
One text holds a whole layer; ``counts`` says how many points each line has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PER_DEGREE = 1_000_000
_DIGITS = 7  # 5 bits each: 35 bits hold 360 degrees in millionths, zigzag


class Packed(TypedDict):
    """A layer of lines."""

    points: str
    counts: list[int]


class PackedShapes(TypedDict):
    """A layer of polygons: ``rings`` per feature (holes and parts alike, to be filled even-odd), points per ring."""

    points: str
    counts: list[int]
    rings: list[int]


def pack_lines(lines: gpd.GeoSeries) -> Packed:
    """Pack the lines of ``lines`` (EPSG:4326; multi-lines fall apart into their parts)."""
    parts = shapely.get_parts(lines[~(lines.is_empty | lines.isna())].to_numpy())
    return _pack(parts)


def pack_polygons(polygons: gpd.GeoSeries) -> PackedShapes:
    """Pack the polygons and multi-polygons of ``polygons`` (EPSG:4326), one feature per row; an empty one has no ring."""
    shapes = polygons.to_numpy()
    parts, feature_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    per_feature = np.bincount(feature_of_part[part_of_ring], minlength=len(shapes))
    return {**_pack(rings), "rings": per_feature.tolist()}


def unpack(packed: Packed) -> list[NDArray[np.float64]]:
    """Return the lines again, ``float64[n, 2]`` of longitude and latitude each."""
    codes = np.array([ALPHABET.index(letter) for letter in packed["points"]], dtype=np.int64)
    if codes.size == 0:
        return []
    last = codes < 32
    ends = np.flatnonzero(last)
    starts = np.concatenate([[0], ends[:-1] + 1])
    place = np.arange(codes.size) - np.repeat(starts, ends - starts + 1)
    numbers = np.add.reduceat((codes & 31) << (5 * place), starts)
    steps = (numbers >> 1) ^ -(numbers & 1)
    points = np.cumsum(steps.reshape(-1, 2), axis=0) / PER_DEGREE
    return np.split(points, np.cumsum(packed["counts"])[:-1])


def _pack(lines: NDArray[np.object_]) -> Packed:
    if len(lines) == 0:
        return {"points": "", "counts": []}
    degrees, line_of_point = shapely.get_coordinates(lines, return_index=True)
    points = np.round(degrees * PER_DEGREE).astype(np.int64)
    same_as_before = np.zeros(len(points), dtype=bool)
    same_as_before[1:] = (points[1:] == points[:-1]).all(axis=1) & (line_of_point[1:] == line_of_point[:-1])
    points, line_of_point = points[~same_as_before], line_of_point[~same_as_before]
    counts = np.bincount(line_of_point, minlength=len(lines))
    steps = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()
    return {"points": _as_text(steps), "counts": counts.tolist()}


def _as_text(steps: NDArray[np.int64]) -> str:
    numbers = (steps << 1) ^ (steps >> 63)
    digits = (numbers[:, None] >> (5 * np.arange(_DIGITS))) & 31
    needed = np.maximum(1, _DIGITS - np.argmax(digits[:, ::-1] != 0, axis=1))
    needed[numbers == 0] = 1
    place = np.arange(_DIGITS)
    letters = np.array(list(ALPHABET))[digits + 32 * (place < needed[:, None] - 1)]
    return "".join(letters[place < needed[:, None]])
