"""Isochrones for drawing, as contours of a travel-time raster around each site.

For maps only: coverage is decided by `planner.access.travel_times`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import contourpy
import numpy as np
import shapely

from planner.access import shortest_paths
from planner.access.compiled import compiled, compiled_inner
from planner.access.edge_costs import TICKS_PER_S, UNREACHABLE, EdgeCosts, cutoff_ticks, door_costs, edge_costs
from planner.access.shortest_paths import full_graph
from planner.access.slope import tobler_factor
from planner.access.travel_times import search_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.access.snap import Snapped
    from planner.study import WalkingProfile


CELL_M = 9.0
STREET_HALF_WIDTH_M = 20.0
MAX_BLOCK_M2 = 40_000.0
_CONTOUR_OFFSET_CELLS = 0.4
"""Outward offset of the contour in cells: it loses and adds about equally much street."""


def isochrones(
    network: WalkNetwork,
    sites: Snapped,
    walker: WalkingProfile,
    cutoffs_s: Sequence[float],
    *,
    half_width_m: float = STREET_HALF_WIDTH_M,
    largest_block_m2: float = MAX_BLOCK_M2,
    cell_m: float = CELL_M,
) -> list[list[shapely.MultiPolygon]]:
    """Return isochrone polygons of each site.

    Every cell of a raster takes the travel time of its nearest street point, so that a street out of reach is excluded
    even beside one within reach; streets not connected to the site's (usually mapping errors) are ignored. Cells farther
    than ``half_width_m`` from every street are outside, except inside blocks, which take the time of the streets around
    them. The isochrones are contours of one raster, hence nested.

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
        Width reached on either side of a street.
    largest_block_m2 : float
        Blocks without streets larger than this (lakes, railway yards) are outside.
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
    costs = edge_costs(network, walker).reversed()
    doors = door_costs(network, sites, costs)
    graph, sources = full_graph(network, costs, cutoff), search_sources(doors)
    shift = shortest_paths.bucket_shift(cutoff)
    workspace, buckets = (
        shortest_paths.new_workspace(network.n_junctions, 0),
        shortest_paths.new_buckets((cutoff >> shift) + 1),
    )
    no_goals = shortest_paths.no_targets(network.n_junctions)
    streets = StreetArrays.of(network, costs)
    # no walk is quicker than on level ground, except downhill
    most_m = (
        walker.speed_m_s / TICKS_PER_S / (float(tobler_factor(np.array(-0.05))) if walker.slope == "tobler" else 1.0)
    )
    buffers = GridBuffers.of(0)
    polygons = []
    for site in range(sites.n):
        own_doors = slice(sources.indptr[site], sources.indptr[site + 1])
        if own_doors.start == own_doors.stop:
            polygons.append([shapely.MultiPolygon() for _ in cutoffs_s])
            continue
        while shortest_paths.search_from(graph, sources, no_goals, workspace, buckets, site, cutoff, shift) < 0:
            buckets = shortest_paths.doubled_buckets(buckets)
        junctions = shortest_paths.settled_junctions(workspace, buckets)
        edge = doors.edge[own_doors]
        spots = shapely.get_coordinates(
            shapely.line_interpolate_point(network.lines[edge], doors.share[own_doors], normalized=True)
        )
        left_m = (
            np.concatenate([cutoff - workspace.ticks[junctions], cutoff - doors.connector[own_doors]]).clip(0) * most_m
        )
        bounds = _reachable_bounds(np.concatenate([network.xy[junctions], spots]), left_m, half_width_m + 2 * cell_m)
        edges = np.sort(network.tree.query(shapely.box(*bounds))).astype(np.int32)
        edges = edges[np.isin(network.edge_component[edges], network.edge_component[edge])]
        door = (edge, doors.share[own_doors], doors.connector[own_doors])
        grid = _grid_of(
            walked_bounds(streets, edges, workspace.ticks, *door, cutoff), half_width_m + 2 * cell_m, cell_m
        )
        if grid.rows * grid.columns > len(buffers.field):
            buffers = GridBuffers.of(grid.rows * grid.columns)
        raster = rasterise_times(streets, edges, workspace.ticks, *door, grid, buffers, half_width_m, largest_block_m2)
        shortest_paths.reset(workspace, buckets)
        polygons.append([_contour(raster, grid, buffers, cutoff_s, cell_s) for cutoff_s in cutoffs_s])
    return polygons


def _reachable_bounds(xy: NDArray[np.float64], left_m: NDArray[np.float64], margin_m: float) -> NDArray[np.float64]:
    """Bound everything that can be reached from points with some walk left, as west, south, east, north."""
    left = left_m[:, None] + margin_m
    return np.concatenate([(xy - left).min(axis=0), (xy + left).max(axis=0)])


def _grid_of(bounds: NDArray[np.float64], margin_m: float, cell_m: float) -> Grid:
    """Return the raster over an extent and a margin; all rasters share one grid."""
    low = np.floor((bounds[:2] - margin_m) / cell_m) * cell_m
    columns, rows = np.ceil((bounds[2:] + margin_m - low) / cell_m).astype(int) + 1
    return Grid(float(low[0]), float(low[1]), cell_m, int(rows), int(columns))


def _contour(
    raster: NDArray[np.float32], grid: Grid, buffers: GridBuffers, cutoff_s: float, cell_s: float
) -> shapely.MultiPolygon:
    """Outline the cells of at most ``cutoff_s``.

    Around the cutoff the raster is clipped to one cell's time either way: the contour runs halfway between a street in
    reach and one that is not, and isochrones of larger cutoffs contain those of smaller ones.
    """
    level_s = np.float32(cutoff_s + _CONTOUR_OFFSET_CELLS * cell_s + 1e-3)
    x, y, above = crop_around_level(raster, grid, buffers, level_s, np.float32(cell_s))
    if not above.size:
        return shapely.MultiPolygon()
    # contour_generator would search for masked cells in every raster; there are none
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


class Grid(NamedTuple):
    """Raster geometry; cell centres lie at ``west + column * cell_m``, ``south + row * cell_m``."""

    west: float
    south: float
    cell_m: float
    rows: int
    columns: int


class GridBuffers(NamedTuple):
    """Reusable raster buffers: allocation would cost more than computation."""

    field: NDArray[np.float32]
    apart: NDArray[np.float32]
    seen: NDArray[np.bool_]
    queue: NDArray[np.int32]
    """int32[cells, 2]"""
    xyz: NDArray[np.float64]
    """float64[3, cells]"""

    @classmethod
    def of(cls, cells: int) -> GridBuffers:
        """Allocate buffers for a number of cells."""
        return cls(
            np.empty(cells, dtype=np.float32),
            np.empty(cells, dtype=np.float32),
            np.empty(cells, dtype=np.bool_),
            np.empty((cells, 2), dtype=np.int32),
            np.empty((3, cells), dtype=np.float64),
        )


class StreetArrays(NamedTuple):
    """What the field needs of the network and of the walker's pace away from the site."""

    u: NDArray[np.int32]
    v: NDArray[np.int32]
    length_m: NDArray[np.float32]
    shape_indptr: NDArray[np.int64]
    shape_xy: NDArray[np.float64]
    ahead: NDArray[np.int32]
    back: NDArray[np.int32]
    at_u: NDArray[np.int32]
    at_v: NDArray[np.int32]

    @classmethod
    def of(cls, network: WalkNetwork, away: EdgeCosts) -> StreetArrays:
        """Gather the arrays."""
        return cls(
            network.u,
            network.v,
            network.length_m,
            network.shape_indptr,
            network.shape_xy,
            away.ahead,
            away.back,
            away.at_u,
            away.at_v,
        )


@compiled
def walked_bounds(  # noqa: PLR0917
    streets: StreetArrays,
    edges: NDArray[np.int32],
    ticks: NDArray[np.int32],
    door_edge: NDArray[np.int32],
    door_share: NDArray[np.float64],
    door_connector: NDArray[np.int32],
    cutoff: int,
) -> NDArray[np.float64]:
    """Return the bounds of the parts of edges walked within ``cutoff`` ticks, and of the edges with doors.

    Parameters
    ----------
    streets, edges, ticks, door_edge, door_share, door_connector
        As in `rasterise_times`.
    cutoff : int
        Longest walk in ticks.

    Returns
    -------
    float64[4]
        West, south, east, north.
    """
    box = np.array([np.inf, np.inf, -np.inf, -np.inf])
    for edge in edges:
        from_u, from_v, at_door = _entry_ticks(streets, edge, ticks, door_edge)
        if not at_door and min(from_u, from_v) > cutoff:
            continue
        before = 0.0
        whole_m = max(streets.length_m[edge], 1e-6)
        for piece in range(streets.shape_indptr[edge], streets.shape_indptr[edge + 1] - 1):
            x, y = streets.shape_xy[piece]
            to_x, to_y = streets.shape_xy[piece + 1]
            after = before + np.sqrt((to_x - x) ** 2 + (to_y - y) ** 2)
            first = min(before / whole_m, 1.0)
            last = min(after / whole_m, 1.0)
            soonest = min(from_u + first * streets.ahead[edge], from_v + (1.0 - last) * streets.back[edge])
            if at_door:
                for door in range(len(door_edge)):
                    if door_edge[door] != edge:
                        continue
                    up = max(first - door_share[door], 0.0)
                    down = max(door_share[door] - last, 0.0)
                    there = door_connector[door] + up * streets.ahead[edge] + down * streets.back[edge]
                    # the cell at the door itself belongs to the raster, whatever the connector
                    soonest = min(soonest, there if up + down > 0.0 else 0.0)
            if soonest <= cutoff:
                box[0] = min(box[0], x, to_x)
                box[1] = min(box[1], y, to_y)
                box[2] = max(box[2], x, to_x)
                box[3] = max(box[3], y, to_y)
            before = after
    return box


@compiled_inner
def _entry_ticks(
    streets: StreetArrays,
    edge: int,
    ticks: NDArray[np.int32],
    door_edge: NDArray[np.int32],
) -> tuple[float, float, bool]:
    """Return when an edge is entered from either end, infinite where it is not, and whether a door opens on it."""
    from_u = np.inf
    from_v = np.inf
    if ticks[streets.u[edge]] < UNREACHABLE and streets.ahead[edge] < UNREACHABLE:
        from_u = float(ticks[streets.u[edge]] + streets.at_u[edge])
    if ticks[streets.v[edge]] < UNREACHABLE and streets.back[edge] < UNREACHABLE:
        from_v = float(ticks[streets.v[edge]] + streets.at_v[edge])
    at_door = False
    for door in range(len(door_edge)):
        at_door |= door_edge[door] == edge
    return from_u, from_v, at_door


@compiled
def rasterise_times(  # noqa: PLR0917
    streets: StreetArrays,
    edges: NDArray[np.int32],
    ticks: NDArray[np.int32],
    door_edge: NDArray[np.int32],
    door_share: NDArray[np.float64],
    door_connector: NDArray[np.int32],
    grid: Grid,
    buffers: GridBuffers,
    half_width_m: float,
    largest_block_m2: float,
) -> NDArray[np.float32]:
    """Return for each cell the seconds to its nearest street point, infinite where there is none or it is out of reach.

    Parameters
    ----------
    streets : StreetArrays
        The network.
    edges : int32[k]
        Streets that touch the frame.
    ticks : int32[n]
        Ticks of each junction from the site.
    door_edge, door_share, door_connector
        Doors of the site, see `planner.access.edge_costs.DoorCosts`.
    grid : Grid
        The raster.
    buffers : GridBuffers
        Room for at least as many cells.
    half_width_m, largest_block_m2 : float
        See `planner.access.isochrones.isochrones`.

    Returns
    -------
    float32[rows, columns]
        Stands on the paper until the next raster is drawn on it.
    """
    cells = grid.rows * grid.columns
    raster = buffers.field[:cells].reshape((grid.rows, grid.columns))
    distance2 = buffers.apart[:cells].reshape((grid.rows, grid.columns))
    raster[:] = np.inf
    distance2[:] = np.float32(half_width_m * half_width_m)
    for edge in edges:
        from_u, from_v, at_door = _entry_ticks(streets, edge, ticks, door_edge)
        before = 0.0
        for piece in range(streets.shape_indptr[edge], streets.shape_indptr[edge + 1] - 1):
            x = streets.shape_xy[piece, 0]
            y = streets.shape_xy[piece, 1]
            dx = streets.shape_xy[piece + 1, 0] - x
            dy = streets.shape_xy[piece + 1, 1] - y
            length = np.sqrt(dx * dx + dy * dy)
            west = (min(x, x + dx) - half_width_m - grid.west) / grid.cell_m
            east = (max(x, x + dx) + half_width_m - grid.west) / grid.cell_m
            south = (min(y, y + dy) - half_width_m - grid.south) / grid.cell_m
            north = (max(y, y + dy) + half_width_m - grid.south) / grid.cell_m
            for row in range(max(0, int(np.ceil(south))), min(grid.rows, int(np.floor(north)) + 1)):
                gy = grid.south + row * grid.cell_m - y
                for column in range(max(0, int(np.ceil(west))), min(grid.columns, int(np.floor(east)) + 1)):
                    gx = grid.west + column * grid.cell_m - x
                    along = 0.0
                    if length > 0.0:
                        along = min(max((gx * dx + gy * dy) / (length * length), 0.0), 1.0)
                    ox = gx - along * dx
                    oy = gy - along * dy
                    d2 = np.float32(ox * ox + oy * oy)
                    if d2 > distance2[row, column] + np.float32(1e-3):
                        continue
                    share = min((before + along * length) / max(streets.length_m[edge], 1e-6), 1.0)
                    best = min(from_u + share * streets.ahead[edge], from_v + (1.0 - share) * streets.back[edge])
                    if at_door:
                        for door in range(len(door_edge)):
                            if door_edge[door] != edge:
                                continue
                            offset_share = share - door_share[door]
                            edge_ticks = streets.ahead[edge] if offset_share > 0 else streets.back[edge]
                            if edge_ticks < UNREACHABLE or offset_share == 0:
                                best = min(best, door_connector[door] + abs(offset_share) * edge_ticks)
                    seconds = np.float32(best / TICKS_PER_S)
                    # Of two streets that meet here the quicker one counts.
                    if d2 < distance2[row, column] - np.float32(1e-3) or seconds < raster[row, column]:
                        raster[row, column] = seconds
                        distance2[row, column] = min(d2, distance2[row, column])
            before += length
    seen = buffers.seen[:cells].reshape((grid.rows, grid.columns))
    nowhere = np.float32(half_width_m * half_width_m)
    _fill_blocks(raster, distance2, seen, buffers.queue, nowhere, largest_block_m2 / grid.cell_m**2)
    return raster


@compiled_inner
def _fill_blocks(  # noqa: PLR0917
    raster: NDArray[np.float32],
    distance2: NDArray[np.float32],
    seen: NDArray[np.bool_],
    buckets: NDArray[np.int32],
    nowhere: np.float32,
    largest: float,
) -> None:
    """Fill the inside of a block, where no street is near, with the latest time of the streets around it."""
    rows, columns = raster.shape
    seen[:] = False
    for start_row in range(rows):
        for start_column in range(columns):
            if seen[start_row, start_column] or distance2[start_row, start_column] < nowhere:
                continue
            seen[start_row, start_column] = True
            buckets[0, 0] = start_row
            buckets[0, 1] = start_column
            end = 1
            place = 0
            latest = np.float32(0.0)
            enclosed = True
            while place < end:
                row = buckets[place, 0]
                column = buckets[place, 1]
                place += 1
                for step in range(4):
                    r = row + (step == 0) - (step == 1)
                    c = column + (step == 2) - (step == 3)
                    if r < 0 or c < 0 or r >= rows or c >= columns:
                        enclosed = False
                    elif distance2[r, c] < nowhere:
                        latest = max(latest, raster[r, c])
                    elif not seen[r, c]:
                        seen[r, c] = True
                        buckets[end, 0] = r
                        buckets[end, 1] = c
                        end += 1
            if enclosed and end <= largest:
                for place in range(end):
                    raster[buckets[place, 0], buckets[place, 1]] = latest


@compiled
def crop_around_level(
    raster: NDArray[np.float32],
    grid: Grid,
    buffers: GridBuffers,
    level: np.float32,
    most: np.float32,
) -> NDArray[np.float64]:
    """Return the part of a raster with all cells up to a level, and a margin of one cell.

    Returns
    -------
    float64[3, rows, columns]
        East and north of each cell, and its difference from the level, from ``-most`` to ``most``; without rows and columns
        if no cell is that low. Stands on the paper.
    """
    rows, columns = raster.shape
    top = left = rows + columns
    bottom = right = -1
    for row in range(rows):
        first = 0
        while first < columns and raster[row, first] > level:
            first += 1
        if first == columns:
            continue
        last = columns - 1
        while raster[row, last] > level:
            last -= 1
        top = min(top, row)
        bottom = row
        left = min(left, first)
        right = max(right, last)
    if bottom < 0:
        return np.empty((3, 0, 0), np.float64)
    top = max(top - 1, 0)
    left = max(left - 1, 0)
    bottom = min(bottom + 2, rows)
    right = min(right + 2, columns)
    part = buffers.xyz.reshape(-1)[: 3 * (bottom - top) * (right - left)].reshape((3, bottom - top, right - left))
    for row in range(top, bottom):
        for column in range(left, right):
            part[0, row - top, column - left] = grid.west + grid.cell_m * column
            part[1, row - top, column - left] = grid.south + grid.cell_m * row
            part[2, row - top, column - left] = min(max(raster[row, column] - level, -most), most)
    return part
