"""The walking time of the ground around a site, on a raster."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.access.compiled import compiled
from planner.access.pace import NEVER, TICKS_PER_S, Pace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork


class Frame(NamedTuple):
    """A raster on the ground; cell centres lie at ``west + column * cell_m``, ``south + row * cell_m``."""

    west: float
    south: float
    cell_m: float
    rows: int
    columns: int


class Paper(NamedTuple):
    """Room for one raster after another: fresh memory would cost more than what is drawn on it."""

    field: NDArray[np.float32]
    apart: NDArray[np.float32]
    seen: NDArray[np.bool_]
    queue: NDArray[np.int32]
    """int32[cells, 2]"""
    xyz: NDArray[np.float64]
    """float64[3, cells]"""

    @classmethod
    def of(cls, cells: int) -> Paper:
        """Allocate room for so many cells."""
        return cls(
            np.empty(cells, dtype=np.float32),
            np.empty(cells, dtype=np.float32),
            np.empty(cells, dtype=np.bool_),
            np.empty((cells, 2), dtype=np.int32),
            np.empty((3, cells), dtype=np.float64),
        )


class Streets(NamedTuple):
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
    def of(cls, network: WalkNetwork, away: Pace) -> Streets:
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
def walked_ground(  # noqa: PLR0917
    streets: Streets,
    near: NDArray[np.int32],
    ticks: NDArray[np.int32],
    door_edge: NDArray[np.int32],
    door_share: NDArray[np.float64],
    door_connector: NDArray[np.int32],
    cutoff: int,
) -> NDArray[np.float64]:
    """Bound the pieces of streets that are walked within ``cutoff`` ticks, and those that doors open on.

    Parameters
    ----------
    streets, near, ticks, door_edge, door_share, door_connector
        As in `walk_field`.
    cutoff : int
        Longest walk in ticks.

    Returns
    -------
    float64[4]
        West, south, east, north.
    """
    box = np.array([np.inf, np.inf, -np.inf, -np.inf])
    for edge in near:
        from_u, from_v, at_door = _entered(streets, edge, ticks, door_edge)
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
                    # The ground at the door itself belongs to the raster, however long the way out.
                    soonest = min(soonest, there if up + down > 0.0 else 0.0)
            if soonest <= cutoff:
                box[0] = min(box[0], x, to_x)
                box[1] = min(box[1], y, to_y)
                box[2] = max(box[2], x, to_x)
                box[3] = max(box[3], y, to_y)
            before = after
    return box


@compiled
def _entered(
    streets: Streets,
    edge: int,
    ticks: NDArray[np.int32],
    door_edge: NDArray[np.int32],
) -> tuple[float, float, bool]:
    """Tell when a street is entered from either end, infinite where it is not, and whether a door opens on it."""
    from_u = np.inf
    from_v = np.inf
    if ticks[streets.u[edge]] < NEVER and streets.ahead[edge] < NEVER:
        from_u = float(ticks[streets.u[edge]] + streets.at_u[edge])
    if ticks[streets.v[edge]] < NEVER and streets.back[edge] < NEVER:
        from_v = float(ticks[streets.v[edge]] + streets.at_v[edge])
    at_door = False
    for door in range(len(door_edge)):
        at_door |= door_edge[door] == edge
    return from_u, from_v, at_door


@compiled
def walk_field(  # noqa: PLR0917
    streets: Streets,
    near: NDArray[np.int32],
    ticks: NDArray[np.int32],
    door_edge: NDArray[np.int32],
    door_share: NDArray[np.float64],
    door_connector: NDArray[np.int32],
    frame: Frame,
    paper: Paper,
    half_width_m: float,
    largest_block_m2: float,
) -> NDArray[np.float32]:
    """Give each cell the seconds to the street point nearest to it, infinite where there is none or it is out of reach.

    Parameters
    ----------
    streets : Streets
        The network.
    near : int32[k]
        Streets that touch the frame.
    ticks : int32[n]
        Ticks of each junction from the site.
    door_edge, door_share, door_connector
        Doors of the site, see `planner.access.pace.Doors`.
    frame : Frame
        The raster.
    paper : Paper
        Room for at least as many cells.
    half_width_m, largest_block_m2 : float
        See `planner.access.circles.circles`.

    Returns
    -------
    float32[rows, columns]
        Stands on the paper until the next raster is drawn on it.
    """
    cells = frame.rows * frame.columns
    field = paper.field[:cells].reshape((frame.rows, frame.columns))
    apart = paper.apart[:cells].reshape((frame.rows, frame.columns))
    field[:] = np.inf
    apart[:] = np.float32(half_width_m * half_width_m)
    for edge in near:
        from_u, from_v, at_door = _entered(streets, edge, ticks, door_edge)
        before = 0.0
        for piece in range(streets.shape_indptr[edge], streets.shape_indptr[edge + 1] - 1):
            x = streets.shape_xy[piece, 0]
            y = streets.shape_xy[piece, 1]
            dx = streets.shape_xy[piece + 1, 0] - x
            dy = streets.shape_xy[piece + 1, 1] - y
            length = np.sqrt(dx * dx + dy * dy)
            west = (min(x, x + dx) - half_width_m - frame.west) / frame.cell_m
            east = (max(x, x + dx) + half_width_m - frame.west) / frame.cell_m
            south = (min(y, y + dy) - half_width_m - frame.south) / frame.cell_m
            north = (max(y, y + dy) + half_width_m - frame.south) / frame.cell_m
            for row in range(max(0, int(np.ceil(south))), min(frame.rows, int(np.floor(north)) + 1)):
                gy = frame.south + row * frame.cell_m - y
                for column in range(max(0, int(np.ceil(west))), min(frame.columns, int(np.floor(east)) + 1)):
                    gx = frame.west + column * frame.cell_m - x
                    along = 0.0
                    if length > 0.0:
                        along = min(max((gx * dx + gy * dy) / (length * length), 0.0), 1.0)
                    ox = gx - along * dx
                    oy = gy - along * dy
                    d2 = np.float32(ox * ox + oy * oy)
                    if d2 > apart[row, column] + np.float32(1e-3):
                        continue
                    share = min((before + along * length) / max(streets.length_m[edge], 1e-6), 1.0)
                    best = min(from_u + share * streets.ahead[edge], from_v + (1.0 - share) * streets.back[edge])
                    if at_door:
                        for door in range(len(door_edge)):
                            if door_edge[door] != edge:
                                continue
                            way = share - door_share[door]
                            whole = streets.ahead[edge] if way > 0 else streets.back[edge]
                            if whole < NEVER or way == 0:
                                best = min(best, door_connector[door] + abs(way) * whole)
                    seconds = np.float32(best / TICKS_PER_S)
                    # Of two streets that meet here the quicker one counts.
                    if d2 < apart[row, column] - np.float32(1e-3) or seconds < field[row, column]:
                        field[row, column] = seconds
                        apart[row, column] = min(d2, apart[row, column])
            before += length
    seen = paper.seen[:cells].reshape((frame.rows, frame.columns))
    nowhere = np.float32(half_width_m * half_width_m)
    _fill_blocks(field, apart, seen, paper.queue, nowhere, largest_block_m2 / frame.cell_m**2)
    return field


@compiled
def _fill_blocks(  # noqa: PLR0917
    field: NDArray[np.float32],
    apart: NDArray[np.float32],
    seen: NDArray[np.bool_],
    queue: NDArray[np.int32],
    nowhere: np.float32,
    largest: float,
) -> None:
    """Give the inside of a block, where no street is near, the latest time of the streets around it."""
    rows, columns = field.shape
    seen[:] = False
    for start_row in range(rows):
        for start_column in range(columns):
            if seen[start_row, start_column] or apart[start_row, start_column] < nowhere:
                continue
            seen[start_row, start_column] = True
            queue[0, 0] = start_row
            queue[0, 1] = start_column
            end = 1
            place = 0
            latest = np.float32(0.0)
            enclosed = True
            while place < end:
                row = queue[place, 0]
                column = queue[place, 1]
                place += 1
                for step in range(4):
                    r = row + (step == 0) - (step == 1)
                    c = column + (step == 2) - (step == 3)
                    if r < 0 or c < 0 or r >= rows or c >= columns:
                        enclosed = False
                    elif apart[r, c] < nowhere:
                        latest = max(latest, field[r, c])
                    elif not seen[r, c]:
                        seen[r, c] = True
                        queue[end, 0] = r
                        queue[end, 1] = c
                        end += 1
            if enclosed and end <= largest:
                for place in range(end):
                    field[queue[place, 0], queue[place, 1]] = latest


@compiled
def around_level(
    field: NDArray[np.float32],
    frame: Frame,
    paper: Paper,
    level: np.float32,
    most: np.float32,
) -> NDArray[np.float64]:
    """Cut out the part of a field that holds all cells up to a level, and a cell more on every side.

    Returns
    -------
    float64[3, rows, columns]
        East and north of each cell, and its difference from the level, from ``-most`` to ``most``; without rows and columns
        if no cell is that low. Stands on the paper.
    """
    rows, columns = field.shape
    top = left = rows + columns
    bottom = right = -1
    for row in range(rows):
        first = 0
        while first < columns and field[row, first] > level:
            first += 1
        if first == columns:
            continue
        last = columns - 1
        while field[row, last] > level:
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
    part = paper.xyz.reshape(-1)[: 3 * (bottom - top) * (right - left)].reshape((3, bottom - top, right - left))
    for row in range(top, bottom):
        for column in range(left, right):
            part[0, row - top, column - left] = frame.west + frame.cell_m * column
            part[1, row - top, column - left] = frame.south + frame.cell_m * row
            part[2, row - top, column - left] = min(max(field[row, column] - level, -most), most)
    return part
