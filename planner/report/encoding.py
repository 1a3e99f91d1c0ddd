"""Compact text encodings of coordinates, travel times and numbers for the pages, and longitudes continuous across 180°.

Coordinates are whole millionths of a degree (0.11 m), each point the difference to the one before it, each difference a zigzag
number in digits of five bits from an alphabet that needs no escaping. Counts are base-128 varints in base64. Travel times are
classes of a grid of seconds that has every cutoff on it, so that ``seconds <= cutoff`` and ``class <= class of the cutoff`` are
the same statement for every pair; a walking time shown is at most one spacing of the grid too long.
"""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any, TypedDict

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray


_SEVEN_BITS = 9  # 7 bits each: numbers below 2^63


def pack_bytes(values: NDArray[np.uint8]) -> str:
    """Return bytes as base64."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=np.uint8).tobytes()).decode("ascii")


def pack_counts(values: NDArray[np.integer]) -> str:
    """Return whole numbers ≥ 0 as base-128 varints, least significant digit first."""
    numbers = np.asarray(values, dtype=np.int64)
    if numbers.size and numbers.min() < 0:
        msg = f"counts are never negative (got {numbers.min()})"
        raise ValueError(msg)
    place = np.arange(_SEVEN_BITS)
    length = np.ones(numbers.shape, dtype=np.int64)
    for digit in range(1, _SEVEN_BITS):
        length += (numbers >> (7 * digit)) > 0
    width = int(length.max(initial=1))
    digits = (numbers[:, None] >> (7 * place[:width])) & 127
    more = place[:width] < length[:, None] - 1
    return pack_bytes((digits | (more << 7))[place[:width] < length[:, None]].astype(np.uint8))


def pack_steps(values: NDArray[np.integer]) -> str:
    """Return whole numbers as zigzag-encoded differences."""
    steps = np.asarray(values, dtype=np.int64).copy()
    steps[1:] -= steps[:-1].copy()
    return pack_counts((steps << 1) ^ (steps >> 63))


def pack_floats(values: NDArray[np.float64]) -> dict[str, str]:
    """Return float64 exactly: as ``counts`` where all are whole and ≥ 0, as their eight bytes (``floats``) otherwise."""
    numbers = np.asarray(values, dtype=np.float64)
    whole = bool((np.isfinite(numbers) & (numbers >= 0) & (numbers < 2**53) & (numbers == np.floor(numbers))).all())
    if whole and not np.signbit(numbers).any():
        return {"counts": pack_counts(numbers.astype(np.int64))}
    return {"floats": pack_bytes(np.frombuffer(numbers.astype("<f8").tobytes(), dtype=np.uint8))}


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
    """Return the lines of ``lines`` (EPSG:4326) encoded, multi-lines as their parts."""
    parts = shapely.get_parts(lines[~(lines.is_empty | lines.isna())].to_numpy())
    return _pack(parts)


def pack_polygons(polygons: gpd.GeoSeries) -> PackedShapes:
    """Return polygons (EPSG:4326) encoded, one feature per row; an empty one has no ring."""
    shapes = polygons.to_numpy()
    parts, feature_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    per_feature = np.bincount(feature_of_part[part_of_ring], minlength=len(shapes))
    return {**_pack(rings), "rings": per_feature.tolist()}


def unpack(packed: Packed) -> list[NDArray[np.float64]]:
    """Return decoded lines, each ``float64[n, 2]`` of longitude and latitude."""
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


#: a time class is one byte
MAX_TIME_CLASSES = 256


def time_grid_s(cutoffs_s: Sequence[float]) -> NDArray[np.float64]:
    """Return upper limits of the time classes in seconds, ascending: every cutoff, and multiples of the least spacing that fits.

    Raises
    ------
    ValueError
        if there are more cutoffs than classes.
    """
    cutoffs = np.unique(np.asarray(cutoffs_s, dtype=np.float64))
    if len(cutoffs) > MAX_TIME_CLASSES:
        msg = f"{len(cutoffs)} different circles for one walker; a page can tell {MAX_TIME_CLASSES} apart"
        raise ValueError(msg)
    spacing = max(1, math.floor(cutoffs[-1] / MAX_TIME_CLASSES))
    while True:
        lines = np.union1d(np.arange(spacing, cutoffs[-1], spacing, dtype=np.float64), cutoffs)
        if len(lines) <= MAX_TIME_CLASSES:
            return lines
        spacing += 1


def time_class(seconds: NDArray[np.floating], grid: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the class of each travel time: the first limit at or above it; ``len(grid)`` beyond the last."""
    return np.searchsorted(grid, np.asarray(seconds, dtype=np.float64), side="left").astype(np.int64)


def pack_travel_times(
    reach: pd.DataFrame, demand_ids: Sequence[str], place_ids: Sequence[str], cutoffs_s: Sequence[float]
) -> dict[str, Any]:
    """Return the travel times of one walker, place by place, for the page.

    Parameters
    ----------
    reach
        ``demand_id, place_id, seconds`` of one walker, as the table ``reach`` holds them.
    demand_ids, place_ids
        Ids in the order of the page.
    cutoffs_s
        Every cutoff of every service that this walker may use.

    Returns
    -------
    dict
        ``grid``: limits of the classes in seconds; ``pairs``: their number; ``perPlace``: pairs of each place; ``demand``:
        differences of demand positions within a place; ``lines``: class of each pair, one byte.
    """
    grid = time_grid_s(cutoffs_s)
    line = time_class(reach["seconds"].to_numpy(), grid)
    within_grid = line < len(grid)
    demand = _positions(reach["demand_id"], demand_ids)[within_grid]
    place = _positions(reach["place_id"], place_ids)[within_grid]
    order = np.lexsort((demand, place))
    demand, place = demand[order], place[order]
    steps = np.diff(demand, prepend=0)
    first = np.flatnonzero(np.diff(place, prepend=-1))
    steps[first] = demand[first]
    return {
        "grid": grid.tolist(),
        "pairs": len(demand),
        "perPlace": pack_counts(np.bincount(place, minlength=len(place_ids))),
        "demand": pack_counts(steps),
        "lines": pack_bytes(line[within_grid][order].astype(np.uint8)),
    }


def _positions(ids: pd.Series[Any], order_of: Sequence[str]) -> NDArray[np.int64]:
    """Return the position of each id."""
    at = {name: position for position, name in enumerate(order_of)}
    categories = ids.astype("category").cat
    where = np.array([at[str(name)] for name in categories.categories], dtype=np.int64)
    return where[categories.codes.to_numpy()] if len(ids) else np.zeros(0, dtype=np.int64)


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
