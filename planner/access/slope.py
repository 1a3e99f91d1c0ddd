"""Hills: how much longer a street takes by its slope, from heights sampled along it."""

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

from planner.access.assemble import Segments, assemble, segments_of, split
from planner.access.network import EdgeFlag, WalkNetwork
from planner.access.remarks import ELEVATION, StreetsError, remark, unusable
from planner.district.files import UnreadableError, opened_raster
from planner.district.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Heights = Callable[[NDArray[np.float64]], NDArray[np.float64]]

STEP_M = 20.0
"""Heights are taken on a lattice of this width: finer than common rasters, coarser than their noise."""

MOST_SLOPE = 1.0
"""No street is steeper; the steepest ones people live on have a third of it."""

LEAST_HEIGHT_M, MOST_HEIGHT_M = -500.0, 9_000.0
"""The shore of the Dead Sea lies at −430 m, the summit of Everest at 8,849 m: what lies outside is a void."""

_SAME_SLOPE = 1e-5
_EXACT_M = 1e-3


def tobler(slope: NDArray[np.floating]) -> NDArray[np.float64]:
    """Time relative to level ground by Tobler's hiking function (1993), ``6 e^(−3.5 |s + 0.05|)`` km/h.

    Normalised so that level ground counts 1: the walker's own speed stays what the profile says.

    Parameters
    ----------
    slope : float[k]
        Rise over run, positive uphill.
    """
    return np.exp(3.5 * (np.abs(np.asarray(slope, dtype=np.float64) + 0.05) - 0.05))


def with_heights(network: WalkNetwork, heights: Heights) -> WalkNetwork:
    """Give every edge its time relative to level ground, in both directions; edges are cut where their slope changes.

    The ground is a surface of triangles over a lattice of `STEP_M`, fixed to the origin of the network's system: each
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
    segments = segments_of(network)
    segments = split(segments, *_breaks(segments))
    aloft = (segments.flags & np.uint8(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) != 0
    ground, unknown = _ground(segments, aloft, heights)
    height = _height_of_points(segments, aloft, ground)
    metres = np.hypot(*(segments.xy[segments.head] - segments.xy[segments.tail]).T)
    rise = height[segments.head] - height[segments.tail]
    raw = np.divide(rise, metres, out=np.zeros(len(metres)), where=metres > _EXACT_M)
    steep = np.abs(raw) > MOST_SLOPE
    slope = raw.clip(-MOST_SLOPE, MOST_SLOPE)
    leaving = np.bincount(segments.tail, slope, len(segments.xy)) - np.bincount(segments.head, slope, len(segments.xy))
    result = assemble(segments, network.crs, kept=np.abs(leaving) > _SAME_SLOPE)
    ahead, back = _times(result, segments, slope)

    notes = list(network.notes)
    owner = np.repeat(np.arange(network.n_edges), np.diff(network.shape_indptr) - 1)
    blind = np.bincount(owner[_source(network)], ~unknown, network.n_edges) == 0
    if blind.any():
        notes.append(remark("streets-level", layer=ELEVATION, count=int(blind.sum()), streets=network.n_edges))
    if steep.any():
        streets = len(np.unique(owner[_source(network)][steep]))
        notes.append(
            remark(
                "slopes-beyond-belief",
                layer=ELEVATION,
                count=streets,
                length_m=float(metres[steep].sum()),
                most=MOST_SLOPE,
            )
        )
    notes.extend(getattr(heights, "notes", ()))
    return replace(result, slope_ahead=ahead, slope_back=back, notes=tuple(notes))


def _breaks(segments: Segments) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Where segments on the ground pass from one triangle to another: segment, and float64[k, 2] place."""
    walked = np.flatnonzero((segments.flags & np.uint8(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) == 0)
    start, end = segments.xy[segments.tail[walked]] / STEP_M, segments.xy[segments.head[walked]] / STEP_M
    metres = np.hypot(*(end - start).T) * STEP_M
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


def _ground(
    segments: Segments, aloft: NDArray[np.bool_], heights: Heights
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Height of the surface at every point, NaN where nothing is known around; and which segments lie on unknown ground."""
    cell = np.floor(segments.xy / STEP_M)
    part = segments.xy / STEP_M - cell
    eastern = part[:, 0] >= part[:, 1]
    turn = np.where(eastern[:, None], [[1.0, 0.0]], [[0.0, 1.0]])
    corners = np.stack([cell, cell + turn, cell + 1.0], axis=1)
    # h = h₀ + (1st share)(h₁ − h₀) + (2nd share)(h₂ − h₁), the first share being the greater one
    greater, less = part.max(axis=1), part.min(axis=1)
    weight = np.stack([1.0 - greater, greater - less, less], axis=1)
    places, number = np.unique(corners.reshape(-1, 2), axis=0, return_inverse=True)
    number = number.reshape(-1, 3)
    height = np.asarray(heights(places * STEP_M), dtype=np.float64)
    known = np.isfinite(height)
    matters = weight > 1e-9
    seen = np.asarray((known[number] | ~matters).all(axis=1))
    on_ground = np.unique(np.concatenate([segments.tail[~aloft], segments.head[~aloft]]))
    links = number[on_ground]
    height = _filled(height, known, np.concatenate([links[:, :2], links[:, 1:]]))
    surface = (weight * np.where(matters, height[number], 0.0)).sum(axis=1)
    unknown = ~(seen[segments.tail] & seen[segments.head])
    return surface, unknown


def _filled(height: NDArray[np.float64], known: NDArray[np.bool_], links: NDArray[np.int64]) -> NDArray[np.float64]:
    """Fill unknown values so that each is the mean of those it is linked to; NaN where no known one is linked."""
    return _harmonic(height, known, links[:, 0], links[:, 1], np.ones(len(links)))


def _harmonic(
    value: NDArray[np.float64],
    known: NDArray[np.bool_],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Solve Laplace's equation on a graph for the unknown values; NaN where nothing known is connected."""
    if known.all():
        return value
    n = len(value)
    ends = np.concatenate([tail, head]), np.concatenate([head, tail])
    graph = coo_array((np.concatenate([weight, weight]), ends), shape=(n, n)).tocsr()
    _, piece = connected_components(graph, directed=False)
    reached = np.bincount(piece, known, n)[piece] > 0
    free = np.flatnonzero(~known & reached)
    if not len(free):
        return np.where(known, value, np.nan)
    rows = graph[free]
    total = np.asarray(rows.sum(axis=1)).ravel()
    matrix = diags_array(total) - rows[:, free]
    filled = np.where(known, value, np.nan)
    filled[free] = np.atleast_1d(spsolve(matrix.tocsc(), rows @ np.where(known, value, 0.0)))
    return filled


def _height_of_points(segments: Segments, aloft: NDArray[np.bool_], ground: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of every point: the ground's, but above the ground an even rise between where bridges meet it."""
    n = len(segments.xy)
    degree = np.bincount(np.concatenate([segments.tail, segments.head]), minlength=n)
    high = np.concatenate([segments.tail[aloft], segments.head[aloft]])
    aloft_degree = np.bincount(high, minlength=n)
    # a bridge that ends in nothing stands on the ground there
    floating = (aloft_degree == degree) & (aloft_degree > 1)
    if not floating.any():
        return np.nan_to_num(ground, nan=0.0) if not np.isfinite(ground).any() else _level(segments, ground)
    metres = np.hypot(*(segments.xy[segments.head] - segments.xy[segments.tail]).T)
    weight = 1.0 / np.maximum(metres[aloft], _EXACT_M)
    height = _harmonic(ground, ~floating & np.isfinite(ground), segments.tail[aloft], segments.head[aloft], weight)
    return _level(segments, height)


def _level(segments: Segments, height: NDArray[np.float64]) -> NDArray[np.float64]:
    """Continue heights evenly into streets that have none; streets without any are level."""
    known = np.isfinite(height)
    if known.all():
        return height
    metres = np.hypot(*(segments.xy[segments.head] - segments.xy[segments.tail]).T)
    weight = 1.0 / np.maximum(metres, _EXACT_M)
    return np.nan_to_num(_harmonic(height, known, segments.tail, segments.head, weight), nan=0.0)


def _source(network: WalkNetwork) -> NDArray[np.int64]:
    """Segment of the network as it was that each segment was cut from."""
    whole = segments_of(network)
    onto = _breaks(whole)[0]
    untouched = np.ones(len(whole.tail), dtype=np.bool_)
    untouched[onto] = False
    cut = np.flatnonzero(~untouched)
    runs = np.sort(np.concatenate([cut, onto]), kind="stable")
    return np.concatenate([np.flatnonzero(untouched), runs])


def _times(
    network: WalkNetwork, segments: Segments, slope: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Time of each edge relative to level ground, ahead and back, from the slopes of its segments."""
    whole = segments_of(network)

    def keys(part: Segments) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        named = part.xy[:, 0] + 1j * part.xy[:, 1]
        return named[part.tail], named[part.head]

    names = np.concatenate([*keys(segments), *keys(whole)])
    _, number = np.unique(names, return_inverse=True)
    tail, head, own_tail, own_head = np.split(number, np.cumsum([len(slope), len(slope), len(whole.tail)]))
    n = int(number.max()) + 1
    # the same stretch may be a street and a bridge above it: told apart by their flags
    known = np.concatenate([tail * n + head, head * n + tail])
    flags = np.concatenate([segments.flags, segments.flags]).astype(np.int64)
    order = np.lexsort((flags, known))
    asked, asked_flags = own_tail * n + own_head, whole.flags.astype(np.int64)
    _, rank = np.unique(np.concatenate([known, asked]), return_inverse=True)
    both = rank * 256 + np.concatenate([flags, asked_flags])
    place = order[np.searchsorted(both[: len(known)][order], both[len(known) :])]
    steep = np.concatenate([slope, -slope])[place]
    metres = np.hypot(*(whole.xy[whole.head] - whole.xy[whole.tail]).T)
    owner = np.repeat(np.arange(network.n_edges), np.diff(network.shape_indptr) - 1)
    length = np.bincount(owner, metres, network.n_edges)
    times = []
    for way in (steep, -steep):
        slow = np.bincount(owner, metres * tobler(way), network.n_edges)
        times.append(np.divide(slow, length, out=np.ones(network.n_edges), where=length > 0).astype(np.float32))
    return times[0], times[1]


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
        raise unusable("raster-not-installed", path, layer=ELEVATION)
    import rasterio  # noqa: PLC0415 - an optional extra

    try:
        with opened_raster(path) as source:
            grid = source.read(1, masked=True).astype(np.float64).filled(np.nan)
            backwards, said = ~source.transform, source.crs
    except UnreadableError as fault:
        raise StreetsError(Finding(fault.code, "error", ELEVATION, str(path), evidence=fault.evidence)) from fault
    except (rasterio.errors.RasterioError, OSError) as fault:
        raise unusable("unreadable-raster", path, layer=ELEVATION, fault=str(fault)) from fault
    if said is None:
        raise unusable("raster-without-crs", path, layer=ELEVATION)
    try:
        project = pyproj.Transformer.from_crs(crs, pyproj.CRS.from_wkt(said.to_wkt()), always_xy=True)
    except ProjError as fault:  # a system that is none, or that needs a file which is not here
        raise unusable("unreadable-raster", path, layer=ELEVATION, fault=str(fault)) from fault
    void = np.isfinite(grid) & ((grid < LEAST_HEIGHT_M) | (grid > MOST_HEIGHT_M))
    least = float(grid[void][0]) if void.any() else 0.0
    grid[void | ~np.isfinite(grid)] = np.nan

    def heights(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = (np.asarray(part) for part in project.transform(xy[:, 0], xy[:, 1]))
        column = backwards.a * x + backwards.b * y + backwards.c
        row = backwards.d * x + backwards.e * y + backwards.f
        return _between_cells(grid, row - 0.5, column - 0.5)

    notes = (remark("heights-beyond-earth", layer=ELEVATION, count=int(void.sum()), least=least),) if void.any() else ()
    return RasterHeights(heights, notes)


@dataclass(frozen=True, eq=False, slots=True)
class RasterHeights:
    """Heights of a raster, in metres, and what is doubtful about it."""

    at: Heights
    notes: tuple[Finding, ...] = ()

    def __call__(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heights of points as float64[k, 2], NaN where unknown."""
        return self.at(xy)


def _between_cells(
    grid: NDArray[np.float64], row: NDArray[np.float64], column: NDArray[np.float64]
) -> NDArray[np.float64]:
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
