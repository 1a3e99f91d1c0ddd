"""Circles for drawing: the ground within 5, 10, 15 minutes of a site, from the streets actually walked.

A drawing, never a decision: `planner.access.reach` decides who is covered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import contourpy
import numpy as np
import shapely

from planner.access import kernel
from planner.access.field import Frame, Streets, walk_field
from planner.access.pace import TICKS_PER_S, cutoff_ticks, doors, pace
from planner.access.skeleton import whole_graph
from planner.access.walking import sources_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.access.snap import Snapped
    from planner.study import WalkingProfile

CELL_M = 9.0
STREET_HALF_WIDTH_M = 20.0
LARGEST_BLOCK_M2 = 40_000.0

_RIM_CELLS = 0.4
"""The line is drawn this part of a cell farther out: that loses and adds about equally little street."""


def circles(
    network: WalkNetwork,
    sites: Snapped,
    walker: WalkingProfile,
    cutoffs_s: Sequence[float],
    *,
    half_width_m: float = STREET_HALF_WIDTH_M,
    largest_block_m2: float = LARGEST_BLOCK_M2,
    cell_m: float = CELL_M,
) -> list[list[shapely.MultiPolygon]]:
    """Draw the ground from which each site is reached in time.

    Every cell of a raster takes the walking time of the street point nearest to it, so that a street beyond reach keeps
    its ground out of the circle even where it runs beside one within reach; streets that no way joins to the site's (most
    often faults of the map) have no say. Ground farther than ``half_width_m`` from
    every street stays outside, but for the inside of blocks, which belongs to the streets around it. The circles are
    contours of that one field, hence nested.

    Parameters
    ----------
    network : WalkNetwork
        Streets.
    sites : Snapped
        Doors of the sites, snapped for this walker.
    walker : WalkingProfile
        Who walks.
    cutoffs_s : sequence of float
        Cutoffs in seconds, in any order.
    half_width_m : float
        Declared width of the ground on either side of a street.
    largest_block_m2 : float
        A block without streets larger than this (a lake, a railway yard) is left out of the circle.
    cell_m : float
        Side of a raster cell.

    Returns
    -------
    list of list of shapely.MultiPolygon
        Per site one valid polygon per cutoff, in the order given; empty where the site has no door.
    """
    if not cutoffs_s:
        return [[] for _ in range(sites.n)]
    cell_s = cell_m / walker.speed_m_s
    cutoff = cutoff_ticks(max(cutoffs_s) + 2.0 * cell_s)  # the line of the largest circle needs to see both its sides
    towards = pace(network, walker).reversed()
    begin = doors(network, sites, towards)
    graph, sources = whole_graph(network, towards, cutoff), sources_of(begin)
    shift = kernel.bucket_shift(cutoff)
    pad, queue = kernel.scratch(network.n_junctions, 0), kernel.rows((cutoff >> shift) + 1)
    nobody = kernel.no_targets(network.n_junctions)
    streets = Streets.of(network, towards)
    drawn = []
    for site in range(sites.n):
        own = slice(sources.indptr[site], sources.indptr[site + 1])
        if own.start == own.stop:
            drawn.append([shapely.MultiPolygon() for _ in cutoffs_s])
            continue
        while kernel.spread(graph, sources, nobody, pad, queue, site, cutoff, shift) < 0:
            queue = kernel.doubled_rows(queue)
        junctions = kernel.settled_junctions(pad, queue)
        edge = begin.edge[own]
        spots = shapely.get_coordinates(
            shapely.line_interpolate_point(network.lines[edge], begin.share[own], normalized=True)
        )
        left = np.concatenate([cutoff - pad.ticks[junctions], cutoff - begin.connector[own]]).clip(0)
        frame = _frame(
            np.concatenate([network.xy[junctions], spots]),
            left * (walker.speed_m_s / TICKS_PER_S),
            margin_m=half_width_m + 2 * cell_m,
            cell_m=cell_m,
        )
        near = np.sort(network.tree.query(frame.box)).astype(np.int32)
        near = near[np.isin(network.edge_component[near], network.edge_component[edge])]
        field = walk_field(
            streets,
            near,
            pad.ticks,
            edge,
            begin.share[own],
            begin.connector[own],
            frame,
            half_width_m,
            largest_block_m2,
        )
        kernel.wiped(pad, queue)
        drawn.append([_contour(field, frame, cutoff_s, cell_s) for cutoff_s in cutoffs_s])
    return drawn


def _frame(xy: NDArray[np.float64], left_m: NDArray[np.float64], *, margin_m: float, cell_m: float) -> Frame:
    """Lay a raster over everything that can be reached from points with some walk left; all rasters share one grid."""
    low = np.floor(((xy - left_m[:, None]).min(axis=0) - margin_m) / cell_m) * cell_m
    high = (xy + left_m[:, None]).max(axis=0) + margin_m
    columns, rows = np.ceil((high - low) / cell_m).astype(int) + 1
    return Frame(float(low[0]), float(low[1]), cell_m, int(rows), int(columns))


def _contour(field: NDArray[np.float32], frame: Frame, cutoff_s: float, cell_s: float) -> shapely.MultiPolygon:
    """Outline the cells of at most ``cutoff_s``.

    Around the cutoff the field is kept to one cell's walk either way: the line runs halfway between a street in reach
    and one that is not, and a larger cutoff never draws inside a smaller one.
    """
    level_s = cutoff_s + _RIM_CELLS * cell_s + 1e-3
    inside = field <= level_s
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return shapely.MultiPolygon()
    top, left = max(rows[0] - 1, 0), max(columns[0] - 1, 0)
    part = field[top : rows[-1] + 2, left : columns[-1] + 2]
    x, y = np.meshgrid(
        frame.west + frame.cell_m * np.arange(left, left + part.shape[1]),
        frame.south + frame.cell_m * np.arange(top, top + part.shape[0]),
    )
    # contour_generator would first look for unknown cells in every field; there are none.
    lines = contourpy.SerialContourGenerator(
        x,
        y,
        np.clip(part - np.float32(level_s), -cell_s, cell_s),
        np.zeros(part.shape, dtype=np.bool_),
        corner_mask=False,
        line_type=contourpy.LineType.Separate,
        fill_type=contourpy.FillType.OuterOffset,
        quad_as_tri=False,
        z_interp=contourpy.ZInterp.Linear,
    )
    outlines: list[tuple[NDArray[np.float64], NDArray[np.uint32]]] = list(zip(*lines.filled(-np.inf, 0.0), strict=True))
    polygons = []
    for points, offsets in outlines:
        rings = shapely.linearrings(points, indices=np.repeat(np.arange(len(offsets) - 1), np.diff(offsets)))
        polygons.append(shapely.polygons(rings[0], rings[1:]))
    circle = shapely.multipolygons(polygons)
    if shapely.is_valid(circle):
        return circle
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(circle)))
    return shapely.MultiPolygon(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON].tolist())
