"""The walking time of the ground around a site, on a raster."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

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

    @property
    def box(self) -> shapely.Polygon:
        """The ground the raster covers."""
        return shapely.box(
            self.west, self.south, self.west + self.cell_m * self.columns, self.south + self.cell_m * self.rows
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
def walk_field(  # noqa: PLR0917
    streets: Streets,
    near: NDArray[np.int32],
    ticks: NDArray[np.int32],
    door_edge: NDArray[np.int32],
    door_share: NDArray[np.float64],
    door_connector: NDArray[np.int32],
    frame: Frame,
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
    half_width_m, largest_block_m2 : float
        See `planner.access.circles.circles`.

    Returns
    -------
    float32[rows, columns]
    """
    field = np.full((frame.rows, frame.columns), np.inf, np.float32)
    apart = np.full((frame.rows, frame.columns), np.float32(half_width_m * half_width_m), np.float32)
    for edge in near:
        from_u = np.inf
        from_v = np.inf
        if ticks[streets.u[edge]] < NEVER and streets.ahead[edge] < NEVER:
            from_u = float(ticks[streets.u[edge]] + streets.at_u[edge])
        if ticks[streets.v[edge]] < NEVER and streets.back[edge] < NEVER:
            from_v = float(ticks[streets.v[edge]] + streets.at_v[edge])
        at_door = False
        for door in range(len(door_edge)):
            at_door |= door_edge[door] == edge
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
    _fill_blocks(field, apart, np.float32(half_width_m * half_width_m), largest_block_m2 / frame.cell_m**2)
    return field


@compiled
def _fill_blocks(
    field: NDArray[np.float32],
    apart: NDArray[np.float32],
    nowhere: np.float32,
    largest: float,
) -> None:
    """Give the inside of a block, where no street is near, the latest time of the streets around it."""
    rows, columns = field.shape
    seen = np.zeros((rows, columns), np.bool_)
    queue = np.empty((rows * columns, 2), np.int32)
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
