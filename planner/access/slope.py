"""Slopes: heights on a lattice, and walking time by Tobler's hiking function."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pyproj
from pyproj.exceptions import ProjError
from scipy.sparse import coo_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from planner.access.network import (
    ELEVATION,
    EdgeFlag,
    WalkNetwork,
    network_error,
    network_note,
    unreadable_error,
)
from planner.access.segments import Segments, build_network, split_segments, to_segments
from planner.io.raster import open_raster
from planner.io.table import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from planner.district.findings import Finding

    Heights = Callable[[NDArray[np.float64]], NDArray[np.float64]]

LATTICE_M = 20.0
"""Lattice width of heights: finer than common rasters, coarser than their noise."""
MAX_SLOPE = 1.0
"""No street is steeper; the steepest ones people live on have a third of it."""
MIN_HEIGHT_M, MAX_HEIGHT_M = -500.0, 9_000.0
"""The shore of the Dead Sea lies at −430 m, the summit of Everest at 8,849 m: other heights are void."""
_SLOPE_TOLERANCE = 1e-5
_EXACT_M = 1e-3


def tobler_factor(slope: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return time relative to level ground by Tobler's hiking function (1993), ``6 e^(−3.5 |s + 0.05|)`` km/h.

    Normalised so that level ground counts 1: the walker's own speed stays what the profile says.

    Parameters
    ----------
    slope : float[k]
        Rise over run, positive uphill.
    """
    return np.exp(3.5 * (np.abs(np.asarray(slope, dtype=np.float64) + 0.05) - 0.05))


def add_slopes(network: WalkNetwork, heights: Heights) -> WalkNetwork:
    """Return the network with slope factors of every edge in both directions; edges are split where the slope changes.

    The ground is a surface of triangles over a lattice of `LATTICE_M`, fixed to the origin of the network's system: each
    square of it is two triangles, divided from south-west to north-east. A straight street has one slope in each
    triangle, so that its time, and that of any part of it, does not depend on where streets are cut.
    Bridges and tunnels do not follow the ground: they rise evenly between the ends at which they meet it (where several
    meet above the ground, as a tense string would: Laplace's equation along them). So does the ground where its height is
    unknown, along the streets; what has no known height around it counts as level. The notes say how many streets do.

    Parameters
    ----------
    network : WalkNetwork
        Streets.
    heights : callable
        Takes points as float64[k, 2] in the network's system and gives their heights in metres, NaN where unknown.
    """
    segments = to_segments(network)
    segments = split_segments(segments, *_facet_crossings(segments))
    above_ground = (segments.flags & np.uint8(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) != 0
    ground, unknown = _surface_heights(segments, above_ground, heights)
    height = _point_heights(segments, above_ground, ground)
    metres = np.hypot(*(segments.xy[segments.head] - segments.xy[segments.tail]).T)
    rise = height[segments.head] - height[segments.tail]
    raw = np.divide(rise, metres, out=np.zeros(len(metres)), where=metres > _EXACT_M)
    steepness = np.abs(raw) > MAX_SLOPE
    slope = raw.clip(-MAX_SLOPE, MAX_SLOPE)
    slope_change = np.bincount(segments.tail, slope, len(segments.xy)) - np.bincount(
        segments.head, slope, len(segments.xy)
    )
    result = build_network(segments, network.crs, kept=np.abs(slope_change) > _SLOPE_TOLERANCE)
    ahead, back = _slope_factors(result, segments, slope)

    notes = list(network.notes)
    owner = np.repeat(np.arange(network.n_edges), np.diff(network.shape_indptr) - 1)
    without_heights = np.bincount(owner[_source_segments(network)], ~unknown, network.n_edges) == 0
    if without_heights.any():
        notes.append(
            network_note("streets-level", layer=ELEVATION, count=int(without_heights.sum()), streets=network.n_edges)
        )
    if steepness.any():
        streets = len(np.unique(owner[_source_segments(network)][steepness]))
        notes.append(
            network_note(
                "slopes-beyond-belief",
                layer=ELEVATION,
                count=streets,
                length_m=float(metres[steepness].sum()),
                most=MAX_SLOPE,
            )
        )
    notes.extend(getattr(heights, "notes", ()))
    return replace(result, slope_ahead=ahead, slope_back=back, notes=tuple(notes))


def _facet_crossings(segments: Segments) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return where segments on the ground pass from one triangle to another: segment, and float64[k, 2] position."""
    walked = np.flatnonzero((segments.flags & np.uint8(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) == 0)
    start, end = segments.xy[segments.tail[walked]] / LATTICE_M, segments.xy[segments.head[walked]] / LATTICE_M
    metres = np.hypot(*(end - start).T) * LATTICE_M
    owners, shares = [], []
    for first, last in (
        (start[:, 0], end[:, 0]),
        (start[:, 1], end[:, 1]),
        (start[:, 0] - start[:, 1], end[:, 0] - end[:, 1]),
    ):
        low = np.ceil(np.minimum(first, last))
        count = np.maximum(np.floor(np.maximum(first, last)) - low + 1, 0).astype(np.int64)
        count[first == last] = 0
        owner = np.repeat(np.arange(len(walked)), count)
        step = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        owners.append(owner)
        shares.append((low[owner] + step - first[owner]) / (last - first)[owner])
    owner, share = np.concatenate(owners), np.concatenate(shares)
    order = np.lexsort((share, owner))
    owner, share = owner[order], share[order]
    at_m = share * metres[owner]
    inside = (at_m > _EXACT_M) & (at_m < metres[owner] - _EXACT_M)
    owner, share, at_m = owner[inside], share[inside], at_m[inside]
    fresh = np.ones(len(owner), dtype=np.bool_)
    fresh[1:] = (owner[1:] != owner[:-1]) | (at_m[1:] - at_m[:-1] > _EXACT_M)
    owner, share = owner[fresh], share[fresh]
    tail = segments.xy[segments.tail[walked[owner]]]
    along = segments.xy[segments.head[walked[owner]]] - tail
    return walked[owner], tail + along * share[:, None]


def _surface_heights(
    segments: Segments, above_ground: NDArray[np.bool_], heights: Heights
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the surface height at every point, NaN where unknown, and which segments have unknown heights."""
    cell = np.floor(segments.xy / LATTICE_M)
    part = segments.xy / LATTICE_M - cell
    eastern = part[:, 0] >= part[:, 1]
    turn = np.where(eastern[:, None], [[1.0, 0.0]], [[0.0, 1.0]])
    corners = np.stack([cell, cell + turn, cell + 1.0], axis=1)
    # h = h₀ + (1st share)(h₁ − h₀) + (2nd share)(h₂ − h₁), the first share being the greater one
    greater, less = part.max(axis=1), part.min(axis=1)
    weight = np.stack([1.0 - greater, greater - less, less], axis=1)
    places, number = np.unique(corners.reshape(-1, 2), axis=0, return_inverse=True)
    number = number.reshape(-1, 3)
    height = np.asarray(heights(places * LATTICE_M), dtype=np.float64)
    known = np.isfinite(height)
    matters = weight > 1e-9
    seen = np.asarray((known[number] | ~matters).all(axis=1))
    on_ground = np.unique(np.concatenate([segments.tail[~above_ground], segments.head[~above_ground]]))
    links = number[on_ground]
    height = _fill_unknown(height, known, np.concatenate([links[:, :2], links[:, 1:]]))
    surface = (weight * np.where(matters, height[number], 0.0)).sum(axis=1)
    unknown = ~(seen[segments.tail] & seen[segments.head])
    return surface, unknown


def _fill_unknown(
    height: NDArray[np.float64], known: NDArray[np.bool_], links: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Fill unknown values with the mean of their neighbours (Laplace); NaN where no known one is connected."""
    return _solve_laplace(height, known, links[:, 0], links[:, 1], np.ones(len(links)))


def _solve_laplace(
    value: NDArray[np.float64],
    known: NDArray[np.bool_],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Solve Laplace's equation on a graph for the unknown values; NaN where no known one is connected."""
    if known.all():
        return value
    n = len(value)
    ends = np.concatenate([tail, head]), np.concatenate([head, tail])
    graph = coo_array((np.concatenate([weight, weight]), ends), shape=(n, n)).tocsr()
    _, component = connected_components(graph, directed=False)
    reached = np.bincount(component, known, n)[component] > 0
    free = np.flatnonzero(~known & reached)
    if not len(free):
        return np.where(known, value, np.nan)
    rows = graph[free]
    total = np.asarray(rows.sum(axis=1)).ravel()
    matrix = diags_array(total) - rows[:, free]
    filled = np.where(known, value, np.nan)
    filled[free] = np.atleast_1d(spsolve(matrix.tocsc(), rows @ np.where(known, value, 0.0)))
    return filled


def _point_heights(
    segments: Segments, above_ground: NDArray[np.bool_], ground: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the height of every point: the surface, or interpolated along bridges and tunnels."""
    n = len(segments.xy)
    degree = np.bincount(np.concatenate([segments.tail, segments.head]), minlength=n)
    high = np.concatenate([segments.tail[above_ground], segments.head[above_ground]])
    aloft_degree = np.bincount(high, minlength=n)
    # a bridge that ends in nothing rests on the ground there
    floating = (aloft_degree == degree) & (aloft_degree > 1)
    if not floating.any():
        return np.nan_to_num(ground, nan=0.0) if not np.isfinite(ground).any() else _extend_heights(segments, ground)
    metres = np.hypot(*(segments.xy[segments.head] - segments.xy[segments.tail]).T)
    weight = 1.0 / np.maximum(metres[above_ground], _EXACT_M)
    height = _solve_laplace(
        ground, ~floating & np.isfinite(ground), segments.tail[above_ground], segments.head[above_ground], weight
    )
    return _extend_heights(segments, height)


def _extend_heights(segments: Segments, height: NDArray[np.float64]) -> NDArray[np.float64]:
    """Continue heights evenly into streets that have none; streets without any are level."""
    known = np.isfinite(height)
    if known.all():
        return height
    metres = np.hypot(*(segments.xy[segments.head] - segments.xy[segments.tail]).T)
    weight = 1.0 / np.maximum(metres, _EXACT_M)
    return np.nan_to_num(_solve_laplace(height, known, segments.tail, segments.head, weight), nan=0.0)


def _source_segments(network: WalkNetwork) -> NDArray[np.int64]:
    """Segment of the network as it was that each segment was cut from."""
    whole = to_segments(network)
    onto = _facet_crossings(whole)[0]
    untouched = np.ones(len(whole.tail), dtype=np.bool_)
    untouched[onto] = False
    cut = np.flatnonzero(~untouched)
    runs = np.sort(np.concatenate([cut, onto]), kind="stable")
    return np.concatenate([np.flatnonzero(untouched), runs])


def _slope_factors(
    network: WalkNetwork, segments: Segments, slope: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return time of each edge relative to level ground, ahead and back, from the slopes of its segments."""
    whole = to_segments(network)

    def keys(part: Segments) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        named = part.xy[:, 0] + 1j * part.xy[:, 1]
        return named[part.tail], named[part.head]

    names = np.concatenate([*keys(segments), *keys(whole)])
    _, number = np.unique(names, return_inverse=True)
    tail, head, own_tail, own_head = np.split(number, np.cumsum([len(slope), len(slope), len(whole.tail)]))
    n = int(number.max()) + 1
    # a street and a bridge above it may coincide: distinguished by their flags
    known = np.concatenate([tail * n + head, head * n + tail])
    flags = np.concatenate([segments.flags, segments.flags]).astype(np.int64)
    order = np.lexsort((flags, known))
    own_keys, own_flags = own_tail * n + own_head, whole.flags.astype(np.int64)
    _, rank = np.unique(np.concatenate([known, own_keys]), return_inverse=True)
    both = rank * 256 + np.concatenate([flags, own_flags])
    place = order[np.searchsorted(both[: len(known)][order], both[len(known) :])]
    steepness = np.concatenate([slope, -slope])[place]
    metres = np.hypot(*(whole.xy[whole.head] - whole.xy[whole.tail]).T)
    owner = np.repeat(np.arange(network.n_edges), np.diff(network.shape_indptr) - 1)
    length = np.bincount(owner, metres, network.n_edges)
    factors = []
    for way in (steepness, -steepness):
        slowed = np.bincount(owner, metres * tobler_factor(way), network.n_edges)
        factors.append(np.divide(slowed, length, out=np.ones(network.n_edges), where=length > 0).astype(np.float32))
    return factors[0], factors[1]


def raster_heights(path: Path, crs: pyproj.CRS) -> Heights:
    """Read heights from an elevation raster; needs the optional extra ``raster``.

    Parameters
    ----------
    path : Path
        Any raster in metres; its first band counts.
    crs : pyproj.CRS
        System of the points that will be asked for.

    Raises
    ------
    LayerError
        If the extra is not installed, the file cannot be read or does not say its system.

    Notes
    -----
    Values that are no heights on earth (−32768, −9999, 3.4e38) are voids, declared or not; the result's notes count them.
    """
    if find_spec("rasterio") is None:
        raise network_error("raster-not-installed", path, layer=ELEVATION)
    import rasterio  # noqa: PLC0415 - an optional extra

    try:
        with open_raster(path) as source:
            grid = source.read(1, masked=True).astype(np.float64).filled(np.nan)
            backwards, raster_crs = ~source.transform, source.crs
    except UnreadableError as fault:
        raise unreadable_error(fault, path, layer=ELEVATION) from fault
    except (rasterio.errors.RasterioError, OSError) as fault:
        raise network_error("unreadable-raster", path, layer=ELEVATION, fault=str(fault)) from fault
    if raster_crs is None:
        raise network_error("raster-without-crs", path, layer=ELEVATION)
    try:
        project = pyproj.Transformer.from_crs(crs, pyproj.CRS.from_wkt(raster_crs.to_wkt()), always_xy=True)
    except ProjError as fault:  # a system that is none, or that needs a file which is not here
        raise network_error("unreadable-raster", path, layer=ELEVATION, fault=str(fault)) from fault
    void = np.isfinite(grid) & ((grid < MIN_HEIGHT_M) | (grid > MAX_HEIGHT_M))
    least = float(grid[void][0]) if void.any() else 0.0
    grid[void | ~np.isfinite(grid)] = np.nan

    def heights(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = (np.asarray(part) for part in project.transform(xy[:, 0], xy[:, 1]))
        column = backwards.a * x + backwards.b * y + backwards.c
        row = backwards.d * x + backwards.e * y + backwards.f
        return _bilinear(grid, row - 0.5, column - 0.5)

    notes = (
        (network_note("heights-beyond-earth", layer=ELEVATION, count=int(void.sum()), least=least),)
        if void.any()
        else ()
    )
    return RasterHeights(heights, notes)


@dataclass(frozen=True, eq=False, slots=True)
class RasterHeights:
    """Heights of a raster, in metres, with notes on void values."""

    at: Heights
    notes: tuple[Finding, ...] = ()

    def __call__(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heights of points as float64[k, 2], NaN where unknown."""
        return self.at(xy)


def _bilinear(grid: NDArray[np.float64], row: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interpolate linearly between the centres of four cells; NaN outside the grid or beside an unknown cell."""
    rows, columns = grid.shape
    height = np.full(len(row), np.nan)
    placed = (row > -0.5) & (row < rows - 0.5) & (column > -0.5) & (column < columns - 0.5)
    r, c = row[placed].clip(0, rows - 1), column[placed].clip(0, columns - 1)
    top, left = np.floor(r).astype(int), np.floor(c).astype(int)
    below, right = np.minimum(top + 1, rows - 1), np.minimum(left + 1, columns - 1)
    down, across = r - top, c - left
    height[placed] = (
        grid[top, left] * (1 - down) * (1 - across)
        + grid[top, right] * (1 - down) * across
        + grid[below, left] * down * (1 - across)
        + grid[below, right] * down * across
    )
    return height
