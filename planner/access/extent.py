"""Extent of the street file: how deep places lie inside it, and where streets may go on beyond it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from planner.access.segments import coincide_with

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork


#: open areas narrower than twice this between streets (fields, a river, a park) are inside the extent
CLOSING_RADIUS_M = 1_000.0
#: cell side of the extent raster; larger districts have larger cells, at most this many along a side
CELL_M, MAX_CELLS = 25.0, 2_000
#: streets farther than this from the points are ignored, such as stray nodes
MARGIN_M = 10_000.0


def depth_inside_m(
    network: WalkNetwork, xy: NDArray[np.float64], bend_m: float = CLOSING_RADIUS_M
) -> NDArray[np.float64]:
    """Return the depth of each point inside the extent of the streets, in metres; 0 or less outside.

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
    low, high = xy.min(axis=0) - MARGIN_M, xy.max(axis=0) + MARGIN_M
    cell = max(CELL_M, float((high - low).max() + 4 * bend_m) / MAX_CELLS)
    long = network.lines[network.length_m > cell]
    street_xy = np.concatenate([network.shape_xy, shapely.get_coordinates(shapely.segmentize(long, cell))])
    street_xy = street_xy[((street_xy >= low) & (street_xy <= high)).all(axis=1)]
    if not len(street_xy):
        return outside
    margin = int(np.ceil(bend_m / cell)) + 2
    corner = street_xy.min(axis=0) - margin * cell
    shape = tuple(int(n) for n in np.ceil((street_xy.max(axis=0) - corner) / cell).astype(np.int64) + margin)
    empty = np.ones(shape, dtype=np.bool_)
    empty[tuple(((street_xy - corner) // cell).astype(np.int64).T)] = False
    near = ndimage.distance_transform_edt(empty) * cell <= bend_m
    inside = ndimage.distance_transform_edt(ndimage.binary_fill_holes(near)) * cell
    at = ((xy - corner) // cell).astype(np.int64)
    on_grid = ((at >= 0) & (at < shape)).all(axis=1)
    depth = outside.copy()
    depth[on_grid] = inside[tuple(at[on_grid].T)] - bend_m
    return depth


def may_go_on(network: WalkNetwork, xy: NDArray[np.float64], reach_m: float) -> NDArray[np.bool_]:
    """Mark the points, bool[n], within ``reach_m`` of which the streets may go on beyond the file.

    They may at the ends of streets, round blocks, of which streets may be missing, and where there is no street at all.
    A street that lies alone, as in a village along one road, has no inside (`depth_inside_m`), but is known up to its ends.
    """
    points = shapely.points(xy)
    ends = np.bincount(np.concatenate([network.u, network.v]), minlength=network.n_junctions) == 1
    loose = shapely.points(network.xy[ends & ~junctions_at_barriers(network)])
    blocks = network.lines[~bridge_edges(network.u, network.v, network.n_junctions)]
    near_end, near_block, near_street = (
        _any_within(shapes, points, reach_m) for shapes in (loose, blocks, network.lines)
    )
    return near_end | near_block | ~near_street


def junctions_at_barriers(network: WalkNetwork) -> NDArray[np.bool_]:
    """Mark the junctions at which streets end at a closed barrier."""
    if network.excluded is None:
        return np.zeros(network.n_junctions, dtype=np.bool_)
    return coincide_with(network.xy, network.excluded.barrier_xy)


def _any_within(shapes: NDArray[np.object_], points: NDArray[np.object_], distance_m: float) -> NDArray[np.bool_]:
    near = np.zeros(len(points), dtype=np.bool_)
    near[shapely.STRtree(shapes).query_nearest(points, max_distance=distance_m, all_matches=False)[0]] = True
    return near


def bridge_edges(u: NDArray[np.int32], v: NDArray[np.int32], n: int) -> NDArray[np.bool_]:
    """Mark the edges of an undirected multigraph that lie on no cycle (the bridges of graph theory).

    Parameters
    ----------
    u, v : int32[e]
        Ends of the edges.
    n : int
        Number of nodes.

    Returns
    -------
    bool[e]

    Notes
    -----
    Every edge outside a spanning forest has a random word of 64 bits; an edge of the forest has the exclusive or of those
    whose cycles it lies on [1]_. A word of zero marks a bridge; another edge has it by chance once in 10¹⁹.

    References
    ----------
    .. [1] D. Pritchard and R. Thurimella, Fast computation of small cuts via cycle space sampling, ACM Trans. Algorithms 7,
       2011.

    Examples
    --------
    A triangle with a tail:

    >>> bridge_edges(np.array([0, 1, 2, 2]), np.array([1, 2, 0, 3]), 4).tolist()
    [False, False, False, True]
    """
    pairs = np.column_stack([np.minimum(u, v), np.maximum(u, v)]).astype(np.int64)
    graph = coo_array((np.ones(len(u)), (pairs[:, 0], pairs[:, 1])), shape=(n + 1, n + 1))
    _, first_nodes = np.unique(connected_components(graph, directed=False)[1][:n], return_index=True)
    # one more node, joined to a node of every component, is the root of all trees
    rooted = graph + coo_array(
        (np.ones(len(first_nodes)), (first_nodes, np.full_like(first_nodes, n))), shape=graph.shape
    )
    order, above = breadth_first_order(rooted.tocsr(), n, directed=False)
    nodes = order[above[order] >= 0]
    nodes = nodes[above[nodes] < n]
    keys, first_edge = np.unique(pairs @ np.array([n + 1, 1]), return_index=True)
    in_tree = np.minimum(nodes, above[nodes]).astype(np.int64) * (n + 1) + np.maximum(nodes, above[nodes])
    tree_edge = first_edge[np.searchsorted(keys, in_tree)]
    words = np.random.default_rng(1).integers(1, 2**63, size=len(u), dtype=np.int64)
    words[tree_edge] = 0
    words[u == v] = 0
    of_node = np.zeros(n, dtype=np.int64)
    np.bitwise_xor.at(of_node, u, words)
    np.bitwise_xor.at(of_node, v, words)
    summed = of_node.tolist()
    for node, parent in zip(nodes[::-1].tolist(), above[nodes[::-1]].tolist(), strict=True):
        summed[parent] ^= summed[node]
    found = np.zeros(len(u), dtype=np.bool_)
    found[tree_edge] = np.array(summed, dtype=np.int64)[nodes] == 0
    return found
