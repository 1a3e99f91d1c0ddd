"""Where the streets end: how deep inside the ground that a street file covers a point lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork

#: open ground narrower than twice this between streets (fields, a river, a park) is still inside
BEND_M = 1_000.0
#: side of the cells on which the ground is drawn; a larger district has larger ones, at most this many along a side
CELL_M, MOST_CELLS = 25.0, 2_000
#: streets farther than this from where the points lie are left out: a stray node at the other end of the world, too
FAR_M = 10_000.0


def depth_m(network: WalkNetwork, xy: NDArray[np.float64], bend_m: float = BEND_M) -> NDArray[np.float64]:
    """Return how far each point lies from the edge of the ground that the streets cover, in metres; 0 or less outside.

    Parameters
    ----------
    network : WalkNetwork
        Streets.
    xy : float64[n, 2]
        Points.
    bend_m : float
        The edge goes round every place at which a circle of this radius, without a street in it, can be rolled to from
        outside. Larger ones draw the edge straighter; without limit it would be the convex hull.

    Returns
    -------
    float64[n]
        Exact to about a cell (25 m, in large districts a 2,000th of the longer side). Depths of more than 10 km are not
        told apart.

    Notes
    -----
    The morphological closing of the streets by a disc, holes filled [1]_, on a grid: ground within ``bend_m`` of a
    street, what that ground encloses, less ``bend_m`` at its rim. A convex hull takes the missing corner of an L-shaped
    extract for ground whose streets are known; this follows the corner.

    References
    ----------
    .. [1] J. Serra, Image Analysis and Mathematical Morphology, 1982.
    """
    outside = np.full(len(xy), -bend_m)
    if not len(xy):
        return outside
    low, high = xy.min(axis=0) - FAR_M, xy.max(axis=0) + FAR_M
    cell = max(CELL_M, float((high - low).max() + 4 * bend_m) / MOST_CELLS)
    long = network.lines[network.length_m > cell]
    drawn = np.concatenate([network.shape_xy, shapely.get_coordinates(shapely.segmentize(long, cell))])
    drawn = drawn[((drawn >= low) & (drawn <= high)).all(axis=1)]
    if not len(drawn):
        return outside
    margin = int(np.ceil(bend_m / cell)) + 2
    corner = drawn.min(axis=0) - margin * cell
    shape = tuple(int(n) for n in np.ceil((drawn.max(axis=0) - corner) / cell).astype(np.int64) + margin)
    empty = np.ones(shape, dtype=np.bool_)
    empty[tuple(((drawn - corner) // cell).astype(np.int64).T)] = False
    near = ndimage.distance_transform_edt(empty) * cell <= bend_m
    inside = ndimage.distance_transform_edt(ndimage.binary_fill_holes(near)) * cell
    at = ((xy - corner) // cell).astype(np.int64)
    on_grid = ((at >= 0) & (at < shape)).all(axis=1)
    depth = outside.copy()
    depth[on_grid] = inside[tuple(at[on_grid].T)] - bend_m
    return depth


def edge_effect(
    network: WalkNetwork,
    xy: NDArray[np.float64],
    people: NDArray[np.floating],
    reach_m: float,
) -> float:
    """Share of people whose circle may stick out of the street file, so that what lies beyond is not counted.

    Parameters
    ----------
    network : WalkNetwork
        Streets.
    xy : float64[n, 2]
        Demand points.
    people : float[n]
        People per demand point.
    reach_m : float
        Largest circle in metres: cutoff × speed.

    Returns
    -------
    float
        0 where the file reaches past the district by the largest circle.
    """
    weight = np.asarray(people, dtype=np.float64)
    cut = depth_m(network, xy) < reach_m
    return float(weight[cut].sum() / weight.sum()) if weight.sum() > 0 else 0.0
