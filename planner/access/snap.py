"""Snapping of points to the network: connectors from each point to its nearest permitted edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.access.network import EdgeFlag, WalkNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.barriers import Barriers
    from planner.study import WalkingProfile


CORNER_TOLERANCE_M = 1e-3
"""A door within this distance of the end of an edge is at the junction itself."""
GATE_TOLERANCE_M = 0.5
"""`planner.access.barriers.apply_barriers` leads a path to every open gate near a street; this finds it."""


@dataclass(frozen=True, eq=False, slots=True)
class Snapped:
    """Doors of points onto streets; a point may have several doors, or one that leads nowhere.

    Attributes
    ----------
    n : int
        Number of points.
    point : int32[k]
        The point each door belongs to, 0..n−1, ascending.
    edge : int32[k]
        The street the door opens on; −1 where no permitted street is near enough.
    offset_m : float32[k]
        How far along the street, from its ``u`` end, in metres.
    connector_m : float32[k]
        Straight walk from the point to the street, in metres; NaN where ``edge`` is −1.
    """

    n: int
    point: NDArray[np.int32]
    edge: NDArray[np.int32]
    offset_m: NDArray[np.float32]
    connector_m: NDArray[np.float32]

    @property
    def connected(self) -> NDArray[np.bool_]:
        """Mark the points with at least one door on a street, as bool[n]."""
        found = np.zeros(self.n, dtype=np.bool_)
        found[self.point[self.edge >= 0]] = True
        return found

    def take(self, points: NDArray[np.integer]) -> Snapped:
        """Return the doors of some points only, renumbered in the given order.

        Parameters
        ----------
        points : int[j]
            Positions of distinct points.
        """
        number = np.full(self.n, -1, dtype=np.int32)
        number[points] = np.arange(len(points), dtype=np.int32)
        kept = np.flatnonzero(number[self.point] >= 0)
        kept = kept[np.argsort(number[self.point[kept]], kind="stable")]
        return Snapped(
            n=len(points),
            point=number[self.point[kept]],
            edge=self.edge[kept],
            offset_m=self.offset_m[kept],
            connector_m=self.connector_m[kept],
        )


def snap(
    network: WalkNetwork,
    xy: NDArray[np.float64],
    *,
    max_connector_m: float,
    walker: WalkingProfile | None = None,
    barriers: Barriers | None = None,
) -> Snapped:
    """Connect each point to the nearest street it may use.

    The street is split where the point meets it (nearest junctions would move every fourth answer across a five-minute
    line). Bridges and tunnels have no doors; nor have stairs for a walker who cannot climb them.

    With walls, the connector crosses none. A point in a gated estate is connected to a street inside if streets lead from
    there through a gate; otherwise it has one door at each open gate, and walks there straight.

    Parameters
    ----------
    network : WalkNetwork
        The streets; with walls, as `planner.access.barriers.apply_barriers` leaves them.
    xy : float64[n, 2]
        Points in the network's system, metres.
    max_connector_m : float
        A point farther than this from every permitted street is left unconnected; the way to a gate is not limited.
    walker : WalkingProfile, optional
        Who walks; decides whether stairs are permitted.
    barriers : Barriers, optional
        Estates, gates and barriers.

    Returns
    -------
    Snapped
        Doors in the order of ``xy``: one per point, or one per open gate.
    """
    xy = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    permitted = permitted_edges(network, walker)
    nearest = _nearest(network, permitted, xy, max_connector_m)
    if barriers is None:
        return nearest
    unobstructed = _avoid_barriers(network, permitted, xy, nearest, barriers, max_connector_m)
    return _doors_at_gates(network, permitted, xy, unobstructed, barriers)


def merge_entrances(entrances: Snapped, owner: NDArray[np.integer], n: int) -> Snapped:
    """Merge the entrances of each facility: it is reached by whichever is quickest.

    Parameters
    ----------
    entrances : Snapped
        Doors of the entrances.
    owner : int[entrances.n]
        The facility of each entrance.
    n : int
        Number of facilities.
    """
    point = np.asarray(owner, dtype=np.int32)[entrances.point]
    order = np.argsort(point, kind="stable")
    return Snapped(
        n=n,
        point=point[order],
        edge=entrances.edge[order],
        offset_m=entrances.offset_m[order],
        connector_m=entrances.connector_m[order],
    )


def permitted_edges(network: WalkNetwork, walker: WalkingProfile | None) -> NDArray[np.intp]:
    """Positions of the edges on which a door may open."""
    closed = network.has(EdgeFlag.BRIDGE) | network.has(EdgeFlag.TUNNEL)
    if walker is not None and walker.stairs == "forbidden":
        closed |= network.has(EdgeFlag.STAIRS)
    return np.flatnonzero(~closed)


def _nearest(
    network: WalkNetwork, permitted: NDArray[np.intp], xy: NDArray[np.float64], max_connector_m: float
) -> Snapped:
    """Return one door for each point on its nearest permitted edge."""
    edge = np.full(len(xy), -1, dtype=np.int32)
    offset_m = np.zeros(len(xy), dtype=np.float32)
    connector_m = np.full(len(xy), np.nan, dtype=np.float32)
    if len(permitted) and len(xy):
        points = shapely.points(xy)
        tree = shapely.STRtree(network.lines[permitted])
        place, hit = tree.query_nearest(points, max_distance=max_connector_m)
        # of equally near edges (a point at a junction) the first counts, whatever the order of the tree
        order = np.lexsort((hit, place))
        place, first = np.unique(place[order], return_index=True)
        found = permitted[hit[order][first]]
        lines = network.lines[found]
        edge[place] = found
        offset_m[place] = _offsets(shapely.line_locate_point(lines, points[place]), network.length_m[found])
        connector_m[place] = shapely.distance(lines, points[place])
    return Snapped(len(xy), np.arange(len(xy), dtype=np.int32), edge, offset_m, connector_m)


def _offsets(along_m: NDArray[np.float64], length_m: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move doors almost at the end of an edge exactly there."""
    at_end = along_m > length_m - CORNER_TOLERANCE_M
    return np.where(at_end, length_m, np.where(along_m < CORNER_TOLERANCE_M, 0.0, along_m)).astype(np.float32)


def _avoid_barriers(  # noqa: PLR0917
    network: WalkNetwork,
    permitted: NDArray[np.intp],
    xy: NDArray[np.float64],
    nearest: Snapped,
    barriers: Barriers,
    max_connector_m: float,
) -> Snapped:
    """Where a connector crosses a barrier, use the nearest position of any edge whose connector does not."""
    positions = _door_positions(network, nearest)
    blocked = np.flatnonzero((nearest.edge >= 0) & barriers.between(xy, positions))
    if not len(blocked):
        return nearest
    edge, offset_m, connector_m = nearest.edge.copy(), nearest.offset_m.copy(), nearest.connector_m.copy()
    edge[blocked], offset_m[blocked], connector_m[blocked] = -1, 0.0, np.nan
    # straight pieces, so that an edge that bends around a barrier is tried at more than its nearest position
    start = np.flatnonzero(np.isin(np.repeat(np.arange(network.n_edges), np.diff(network.shape_indptr)), permitted))
    last = np.zeros(len(network.shape_xy), dtype=np.bool_)
    last[network.shape_indptr[1:] - 1] = True
    start = start[~last[start]]
    pieces = shapely.linestrings(np.stack([network.shape_xy[start], network.shape_xy[start + 1]], axis=1))
    points_of_blocked = shapely.points(xy[blocked])
    place, piece = shapely.STRtree(pieces).query(points_of_blocked, predicate="dwithin", distance=max_connector_m)
    along_m = shapely.line_locate_point(pieces[piece], points_of_blocked[place])
    spots = shapely.get_coordinates(shapely.line_interpolate_point(pieces[piece], along_m)).reshape(-1, 2)
    free = ~barriers.between(xy[blocked[place]], spots)
    place, piece, along_m, spots = place[free], piece[free], along_m[free], spots[free]
    away_m = np.hypot(*(spots - xy[blocked[place]]).T)
    order = np.lexsort((piece, away_m, place))
    place, first = np.unique(place[order], return_index=True)
    chosen = order[first]
    owner = np.searchsorted(network.shape_indptr, start[piece[chosen]], side="right") - 1
    before_m = _length_before(network)[start[piece[chosen]]]
    point = blocked[place]
    edge[point] = owner
    offset_m[point] = _offsets(before_m + along_m[chosen], network.length_m[owner])
    connector_m[point] = away_m[chosen]
    return Snapped(nearest.n, nearest.point, edge, offset_m, connector_m)


def _doors_at_gates(
    network: WalkNetwork, permitted: NDArray[np.intp], xy: NDArray[np.float64], doors: Snapped, barriers: Barriers
) -> Snapped:
    """Give points in an estate without a street to the outside one door at each open gate of it."""
    estate = barriers.estate_of(xy)
    outside = np.unique(network.component[barriers.estate_of(network.xy) < 0])
    leads_out = (doors.edge >= 0) & np.isin(network.edge_component[doors.edge], outside)
    enclosed = np.flatnonzero((estate >= 0) & ~leads_out)
    if not len(enclosed):
        return doors
    gates = np.flatnonzero(barriers.gate_open & (barriers.gate_estate >= 0))
    at_gate = _nearest(network, permitted, barriers.gates_xy[gates], GATE_TOLERANCE_M)
    usable = np.flatnonzero(at_gate.edge >= 0)
    # every combination of a point and an open gate of its estate
    order = usable[np.argsort(barriers.gate_estate[gates[usable]], kind="stable")]
    of_gate = barriers.gate_estate[gates[order]]
    low = np.searchsorted(of_gate, estate[enclosed], side="left")
    count = np.searchsorted(of_gate, estate[enclosed], side="right") - low
    point = np.repeat(enclosed, count)
    gate = order[np.repeat(low - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())]
    straight_m = np.hypot(*(xy[point] - barriers.gates_xy[gates[gate]]).T) + at_gate.connector_m[gate]
    kept = np.ones(doors.n, dtype=np.bool_)
    kept[enclosed] = False
    kept[enclosed[count == 0]] = True  # every gate closed: the point keeps a row without an edge
    edge = doors.edge.copy()
    edge[enclosed] = -1
    connector_m = doors.connector_m.copy()
    connector_m[enclosed] = np.nan
    all_points = np.concatenate([doors.point[kept], point])
    order = np.argsort(all_points, kind="stable")
    return Snapped(
        n=doors.n,
        point=all_points[order].astype(np.int32),
        edge=np.concatenate([edge[kept], at_gate.edge[gate]])[order],
        offset_m=np.concatenate([doors.offset_m[kept], at_gate.offset_m[gate]])[order],
        connector_m=np.concatenate([connector_m[kept], straight_m])[order].astype(np.float32),
    )


def _door_positions(network: WalkNetwork, doors: Snapped) -> NDArray[np.float64]:
    """Spot on the street of each door, as float64[k, 2]; NaN where there is none."""
    positions = np.full((len(doors.edge), 2), np.nan)
    on = np.flatnonzero(doors.edge >= 0)
    spots = shapely.line_interpolate_point(network.lines[doors.edge[on]], doors.offset_m[on].astype(np.float64))
    positions[on] = shapely.get_coordinates(spots).reshape(-1, 2)
    return positions


def _length_before(network: WalkNetwork) -> NDArray[np.float64]:
    """Metres from the start of its edge to each point of the shapes."""
    step = np.zeros(len(network.shape_xy))
    step[1:] = np.hypot(*np.diff(network.shape_xy, axis=0).T)
    step[network.shape_indptr[:-1]] = 0.0
    total = np.cumsum(step)
    return total - np.repeat(total[network.shape_indptr[:-1]], np.diff(network.shape_indptr))
