"""Circles for drawing: the ground within 5, 10, 15 minutes of a site, from the streets actually walked.

A drawing, never a decision: `planner.access.reach` decides who is covered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import contourpy
import numpy as np
import shapely

from planner.access import kernel
from planner.access.field import Frame, Paper, Streets, around_level, walk_field, walked_ground
from planner.access.pace import TICKS_PER_S, cutoff_ticks, doors, pace
from planner.access.skeleton import whole_graph
from planner.access.slope import tobler
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
    # Nobody is quicker than on level ground, but downhill.
    most_m = walker.speed_m_s / TICKS_PER_S / (float(tobler(np.array(-0.05))) if walker.slope == "tobler" else 1.0)
    paper = Paper.of(0)
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
        left_m = np.concatenate([cutoff - pad.ticks[junctions], cutoff - begin.connector[own]]).clip(0) * most_m
        ground = _ground(np.concatenate([network.xy[junctions], spots]), left_m, half_width_m + 2 * cell_m)
        near = np.sort(network.tree.query(shapely.box(*ground))).astype(np.int32)
        near = near[np.isin(network.edge_component[near], network.edge_component[edge])]
        door = (edge, begin.share[own], begin.connector[own])
        frame = _frame(walked_ground(streets, near, pad.ticks, *door, cutoff), half_width_m + 2 * cell_m, cell_m)
        if frame.rows * frame.columns > len(paper.field):
            paper = Paper.of(frame.rows * frame.columns)
        field = walk_field(streets, near, pad.ticks, *door, frame, paper, half_width_m, largest_block_m2)
        kernel.wiped(pad, queue)
        drawn.append([_contour(field, frame, paper, cutoff_s, cell_s) for cutoff_s in cutoffs_s])
    return drawn


def _ground(xy: NDArray[np.float64], left_m: NDArray[np.float64], margin_m: float) -> NDArray[np.float64]:
    """Bound everything that can be reached from points with some walk left, as west, south, east, north."""
    left = left_m[:, None] + margin_m
    return np.concatenate([(xy - left).min(axis=0), (xy + left).max(axis=0)])


def _frame(ground: NDArray[np.float64], margin_m: float, cell_m: float) -> Frame:
    """Lay a raster over some ground and a margin around it; all rasters share one grid."""
    low = np.floor((ground[:2] - margin_m) / cell_m) * cell_m
    columns, rows = np.ceil((ground[2:] + margin_m - low) / cell_m).astype(int) + 1
    return Frame(float(low[0]), float(low[1]), cell_m, int(rows), int(columns))


def _contour(
    field: NDArray[np.float32], frame: Frame, paper: Paper, cutoff_s: float, cell_s: float
) -> shapely.MultiPolygon:
    """Outline the cells of at most ``cutoff_s``.

    Around the cutoff the field is kept to one cell's walk either way: the line runs halfway between a street in reach
    and one that is not, and a larger cutoff never draws inside a smaller one.
    """
    level_s = np.float32(cutoff_s + _RIM_CELLS * cell_s + 1e-3)
    x, y, above = around_level(field, frame, paper, level_s, np.float32(cell_s))
    if not above.size:
        return shapely.MultiPolygon()
    # contour_generator would first look for unknown cells in every field; there are none.
    lines = contourpy.SerialContourGenerator(
        x,
        y,
        above,
        np.zeros(above.shape, dtype=np.bool_),
        corner_mask=False,
        line_type=contourpy.LineType.Separate,
        fill_type=contourpy.FillType.ChunkCombinedOffsetOffset,
        quad_as_tri=False,
        z_interp=contourpy.ZInterp.Linear,
    )
    outlines: Any = lines.filled(-np.inf, 0.0)
    (points,), (rings,), (polygons,) = outlines
    offsets = (rings.astype(np.int64), polygons.astype(np.int64), np.array([0, len(polygons) - 1]))
    circle: shapely.MultiPolygon = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, points, offsets)[0]
    if shapely.is_valid(circle):
        return circle
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(circle)))
    return shapely.MultiPolygon(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON].tolist())
