"""Do communities fit together? Overlaps, gaps they enclose, and slivers between neighbours that open to the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.district.layers import LayerTable

#: overlaps and gaps below this are the noise of drawing
LEAST_AREA_M2 = 1.0
#: an open gap as wide as this, or wider, is border: streets, water, fields that belong to nobody
SLIVER_M = 2.0
#: two neighbours at least run this far along an open gap; a notch at the end of a shared border is none
LEAST_ALONG_M = 20.0
#: borders this near to each other touch
TOUCHING_M = 0.01


def note_borders(table: LayerTable, shapes: NDArray[np.object_]) -> None:
    """Note communities that overlap, and gaps between them, enclosed or open to the outside."""
    _note_overlaps(table, shapes)
    whole = shapely.get_parts(shapely.union_all(shapes))
    _note_gaps(table, shapes, whole)
    _note_open_gaps(table, shapes, whole)


def _note_overlaps(table: LayerTable, shapes: NDArray[np.object_]) -> None:
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    real = shared > LEAST_AREA_M2
    if real.any():
        rows = np.unique(np.concatenate([first[real], second[real]]))
        table.flag("warning", "communities-overlap", rows, pairs=int(real.sum()), area_m2=float(shared[real].sum()))


def _note_gaps(table: LayerTable, shapes: NDArray[np.object_], whole: NDArray[np.object_]) -> None:
    """Note holes in the communities taken together."""
    holes = [shapely.Polygon(ring) for part in whole for ring in part.interiors]
    gaps = np.array([hole for hole in holes if hole.area > LEAST_AREA_M2], dtype=object)
    if len(gaps):
        _, beside = shapely.STRtree(shapes).query(gaps, predicate="intersects")
        area = float(shapely.area(gaps).sum())
        table.flag("warning", "communities-gap", np.unique(beside), gaps=len(gaps), area_m2=area)


def _note_open_gaps(table: LayerTable, shapes: NDArray[np.object_], whole: NDArray[np.object_]) -> None:
    """Note slivers between neighbours that open to the outside: what a morphological closing fills.

    Corners are mitred, so that the outline comes back as it was wherever it is not narrow: only what is narrower than
    2 m is filled. Of that, only what two communities run along is a gap between them; the rest is the outline's own.
    """
    filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(_of_several(shapes, whole))))
    grown = shapely.buffer(filled, SLIVER_M / 2, join_style="mitre")
    closed = shapely.difference(shapely.buffer(grown, -SLIVER_M / 2, join_style="mitre"), filled)
    # two outlines that should coincide leave threads of no width; they are cut off
    thin = shapely.buffer(closed, -TOUCHING_M / 4, join_style="mitre")
    narrow = shapely.get_parts(shapely.buffer(thin, TOUCHING_M / 4, join_style="mitre"))
    narrow = narrow[shapely.area(narrow) > LEAST_AREA_M2]
    piece, beside = _run_along(narrow, shapes)
    between = np.bincount(piece, minlength=len(narrow)) >= 2
    if between.any():
        rows = np.unique(beside[between[piece]])
        area = float(shapely.area(narrow[between]).sum())
        table.flag("warning", "communities-open-gap", rows, gaps=int(between.sum()), area_m2=area, narrower_m=SLIVER_M)


def _run_along(narrow: NDArray[np.object_], shapes: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which communities run along which gap, pair by pair: enough of its edge lies on theirs."""
    rings, owner = shapely.get_rings(narrow, return_index=True)
    xy, ring = shapely.get_coordinates(shapely.segmentize(rings, LEAST_ALONG_M / 4), return_index=True)
    step = np.flatnonzero(ring[1:] == ring[:-1])
    length_m = np.hypot(*(xy[step + 1] - xy[step]).T)
    middle = shapely.points((xy[step] + xy[step + 1]) / 2)
    at, beside = shapely.STRtree(shapes).query(middle, predicate="dwithin", distance=TOUCHING_M)
    pair, which = np.unique(np.column_stack([owner[ring[step]][at], beside]), axis=0, return_inverse=True)
    along = np.bincount(which, length_m[at], minlength=len(pair)) >= LEAST_ALONG_M
    return pair[along, 0], pair[along, 1]


def _of_several(shapes: NDArray[np.object_], whole: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the parts that can have a gap between communities: those of several, and those that nearly touch another."""
    tree = shapely.STRtree(whole)
    inside = tree.query(shapely.point_on_surface(shapes), predicate="intersects")[1]
    one, other = tree.query(whole, predicate="dwithin", distance=SLIVER_M)
    several = np.bincount(inside, minlength=len(whole)) > 1
    several[one[one != other]] = True
    return whole[several]
