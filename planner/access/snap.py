"""Doors: where a point on the ground meets the street network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.access.network import EdgeFlag, WalkNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.study import WalkingProfile

AT_A_CORNER_M = 1e-3
"""A door nearer than this to the end of a street stands at the junction itself."""


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
        """Give the doors of some points only, renumbered in the order given.

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
) -> Snapped:
    """Connect each point to the nearest street it may use.

    The street is split where the point meets it (nearest junctions would move every fourth answer across a five-minute
    line). Bridges and tunnels have no doors; nor have stairs for a walker who cannot climb them.

    Parameters
    ----------
    network : WalkNetwork
        The streets.
    xy : float64[n, 2]
        Points in the network's system, metres.
    max_connector_m : float
        A point farther than this from every permitted street is left unconnected.
    walker : WalkingProfile, optional
        Who walks; decides whether stairs are permitted.

    Returns
    -------
    Snapped
        One door per point, in the order of ``xy``.
    """
    permitted = permitted_edges(network, walker)
    edge = np.full(len(xy), -1, dtype=np.int32)
    offset_m = np.zeros(len(xy), dtype=np.float32)
    connector_m = np.full(len(xy), np.nan, dtype=np.float32)
    if len(permitted) and len(xy):
        points = shapely.points(np.asarray(xy, dtype=np.float64))
        tree = shapely.STRtree(network.lines[permitted])
        place, hit = tree.query_nearest(points, max_distance=max_connector_m)
        # Of streets equally near (a point at a junction) the first counts, whatever order the tree found them in.
        order = np.lexsort((hit, place))
        place, first = np.unique(place[order], return_index=True)
        found = permitted[hit[order][first]]
        lines = network.lines[found]
        edge[place] = found
        along_m, length_m = shapely.line_locate_point(lines, points[place]), network.length_m[found]
        at_end = along_m > length_m - AT_A_CORNER_M
        offset_m[place] = np.where(at_end, length_m, np.where(along_m < AT_A_CORNER_M, 0.0, along_m))
        connector_m[place] = shapely.distance(lines, points[place])
    return Snapped(
        n=len(xy),
        point=np.arange(len(xy), dtype=np.int32),
        edge=edge,
        offset_m=offset_m,
        connector_m=connector_m,
    )


def permitted_edges(network: WalkNetwork, walker: WalkingProfile | None) -> NDArray[np.intp]:
    """Positions of the edges on which a door may open."""
    closed = network.has(EdgeFlag.BRIDGE) | network.has(EdgeFlag.TUNNEL)
    if walker is not None and walker.stairs == "forbidden":
        closed |= network.has(EdgeFlag.STAIRS)
    return np.flatnonzero(~closed)
