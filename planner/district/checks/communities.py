"""Topology of communities: duplicate names, overlaps, enclosed gaps, open slivers between neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.io.cells import normalised_name

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from planner.district.layer_table import LayerTable


#: overlaps and gaps below this are the noise of drawing
MIN_AREA_M2 = 1.0
#: an open gap of this width or more is no sliver: streets, water, fields
SLIVER_M = 2.0
#: minimum length of an open gap along each of two neighbours
MIN_SHARED_BORDER_M = 20.0
#: borders within this distance touch
BORDER_TOLERANCE_M = 0.01


def check_communities(table: LayerTable, communities: gpd.GeoDataFrame) -> None:
    """Check communities for duplicate names, overlaps and gaps."""
    names = communities["name"].map(normalised_name)
    twice = names.duplicated(keep=False).to_numpy(dtype=bool)
    if twice.any():
        table.flag("warning", "duplicate-name", twice, names=", ".join(sorted(set(communities["name"][twice]))[:10]))
    check_borders(table, np.array(communities.geometry.array, dtype=object))


def check_borders(table: LayerTable, shapes: NDArray[np.object_]) -> None:
    """Check communities for overlaps, and for gaps between them, enclosed or open."""
    _check_overlaps(table, shapes)
    whole = shapely.get_parts(shapely.union_all(shapes))
    _check_enclosed_gaps(table, shapes, whole)
    _check_open_gaps(table, shapes, whole)


def _check_overlaps(table: LayerTable, shapes: NDArray[np.object_]) -> None:
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    overlapping = shared > MIN_AREA_M2
    if overlapping.any():
        rows = np.unique(np.concatenate([first[overlapping], second[overlapping]]))
        table.flag(
            "warning",
            "communities-overlap",
            rows,
            pairs=int(overlapping.sum()),
            area_m2=float(shared[overlapping].sum()),
        )


def _check_enclosed_gaps(table: LayerTable, shapes: NDArray[np.object_], whole: NDArray[np.object_]) -> None:
    """Check for holes in the union of the communities."""
    holes = [shapely.Polygon(ring) for part in whole for ring in part.interiors]
    gaps = np.array([hole for hole in holes if hole.area > MIN_AREA_M2], dtype=object)
    if len(gaps):
        _, neighbours = shapely.STRtree(shapes).query(gaps, predicate="intersects")
        area = float(shapely.area(gaps).sum())
        table.flag("warning", "communities-gap", np.unique(neighbours), gaps=len(gaps), area_m2=area)


def _check_open_gaps(table: LayerTable, shapes: NDArray[np.object_], whole: NDArray[np.object_]) -> None:
    """Check for open slivers between neighbours: what a morphological closing fills.

    Corners are mitred, so that the outline comes back as it was wherever it is not narrow: only what is narrower than
    2 m is filled. Of that, only what two communities run along is a gap between them; the rest is the outline's own.
    """
    filled_outline = shapely.union_all(
        shapely.polygons(shapely.get_exterior_ring(_outlines_of_neighbours(shapes, whole)))
    )
    dilated = shapely.buffer(filled_outline, SLIVER_M / 2, join_style="mitre")
    closing = shapely.difference(shapely.buffer(dilated, -SLIVER_M / 2, join_style="mitre"), filled_outline)
    # two outlines that should coincide leave threads of no width; they are cut off
    eroded = shapely.buffer(closing, -BORDER_TOLERANCE_M / 4, join_style="mitre")
    slivers = shapely.get_parts(shapely.buffer(eroded, BORDER_TOLERANCE_M / 4, join_style="mitre"))
    slivers = slivers[shapely.area(slivers) > MIN_AREA_M2]
    piece, neighbours = _bordering_pairs(slivers, shapes)
    between = np.bincount(piece, minlength=len(slivers)) >= 2
    if between.any():
        rows = np.unique(neighbours[between[piece]])
        area = float(shapely.area(slivers[between]).sum())
        table.flag("warning", "communities-open-gap", rows, gaps=int(between.sum()), area_m2=area, narrower_m=SLIVER_M)


def _bordering_pairs(
    slivers: NDArray[np.object_], shapes: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of gap and community with a sufficiently long common border."""
    rings, owner = shapely.get_rings(slivers, return_index=True)
    xy, ring = shapely.get_coordinates(shapely.segmentize(rings, MIN_SHARED_BORDER_M / 4), return_index=True)
    step = np.flatnonzero(ring[1:] == ring[:-1])
    length_m = np.hypot(*(xy[step + 1] - xy[step]).T)
    middle = shapely.points((xy[step] + xy[step + 1]) / 2)
    at, neighbours = shapely.STRtree(shapes).query(middle, predicate="dwithin", distance=BORDER_TOLERANCE_M)
    pair, which = np.unique(np.column_stack([owner[ring[step]][at], neighbours]), axis=0, return_inverse=True)
    along = np.bincount(which, length_m[at], minlength=len(pair)) >= MIN_SHARED_BORDER_M
    return pair[along, 0], pair[along, 1]


def _outlines_of_neighbours(shapes: NDArray[np.object_], whole: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the parts that can have a gap between communities: those of several, and those that nearly touch another."""
    tree = shapely.STRtree(whole)
    inside = tree.query(shapely.point_on_surface(shapes), predicate="intersects")[1]
    one, other = tree.query(whole, predicate="dwithin", distance=SLIVER_M)
    several = np.bincount(inside, minlength=len(whole)) > 1
    several[one[one != other]] = True
    return whole[several]
