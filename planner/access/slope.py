"""Hills: how much longer a street takes by its slope, from heights sampled along it."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import ProjError

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
"""Heights are sampled this far apart: finer than common rasters, coarser than their noise."""


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
    """Give every edge its time relative to level ground, in both directions.

    Heights are taken at both ends of an edge and every `STEP_M` between them. Bridges and tunnels do not follow the ground:
    they rise evenly from end to end. So does a stretch whose height is unknown between two that are known; an edge with
    fewer than two known heights counts as level, and the notes say how many do.

    Parameters
    ----------
    network : WalkNetwork
        Streets.
    heights : callable
        Takes points as float64[k, 2] in the network's system and gives their heights in metres, NaN where unknown.
    """
    length_m = network.length_m.astype(np.float64)
    aloft = network.has(EdgeFlag.BRIDGE) | network.has(EdgeFlag.TUNNEL)
    steps = np.where(aloft, 1, np.maximum(1, np.ceil(length_m / STEP_M))).astype(np.int64)
    owner = np.repeat(np.arange(network.n_edges), steps + 1)
    first = np.concatenate([[0], np.cumsum(steps + 1)])
    share = (np.arange(first[-1]) - first[owner]) / steps[owner]
    spots = shapely.line_interpolate_point(network.lines[owner], share, normalized=True)
    height = np.asarray(heights(shapely.get_coordinates(spots)), dtype=np.float64)

    known = np.flatnonzero(np.isfinite(height))
    pair = np.flatnonzero(owner[known[1:]] == owner[known[:-1]])
    low, high = known[pair], known[pair + 1]
    edge = owner[low]
    run_m = (share[high] - share[low]) * length_m[edge]
    rise = np.divide(height[high] - height[low], run_m, out=np.zeros(len(pair)), where=run_m > 0)
    told_m = np.bincount(edge, weights=run_m, minlength=network.n_edges)
    times = []
    for way in (rise, -rise):
        slow = np.bincount(edge, weights=run_m * tobler(way), minlength=network.n_edges)
        times.append(np.divide(slow, told_m, out=np.ones(network.n_edges), where=told_m > 0).astype(np.float32))
    level = int(np.count_nonzero(told_m <= 0))
    note = remark("streets-level", layer=ELEVATION, count=level, streets=network.n_edges)
    return replace(
        network, slope_ahead=times[0], slope_back=times[1], notes=(*network.notes, note) if level else network.notes
    )


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

    def heights(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = (np.asarray(part) for part in project.transform(xy[:, 0], xy[:, 1]))
        column = backwards.a * x + backwards.b * y + backwards.c
        row = backwards.d * x + backwards.e * y + backwards.f
        return _between_cells(grid, row - 0.5, column - 0.5)

    return heights


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
