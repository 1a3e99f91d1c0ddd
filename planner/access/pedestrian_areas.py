"""Squares and other walkable areas: straight crossings by a visibility graph, thinned to a spanner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from planner.access.compiled import compiled
from planner.access.network import EdgeFlag
from planner.access.segments import Segments, split_segments

if TYPE_CHECKING:
    from numpy.typing import NDArray


STOP_SPACING_M = 20.0
"""Spacing of stops on the boundary of an area, for the doors beside it."""
NARROW_WIDTH_M = 6.0
"""Areas narrower than this are walked along; crossings join opposite stops only."""
MAX_DETOUR = 1.1
"""Longest walk between two points on the edge of an area, relative to the shortest."""
MAX_CROSSINGS = 4_000
"""Straight ways of one area at most; larger ones are crossed between the streets that end on them, and the corners between."""
_EXACT_M = 2e-3
_EQUAL = 1.0 + 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class PedestrianAreas:
    """Areas that may be walked on everywhere.

    Attributes
    ----------
    shapes : object[k]
        Polygons in metres; their holes are not walked.
    kind : uint8[k]
        Street class of each.
    """

    shapes: NDArray[np.object_]
    kind: NDArray[np.uint8]


def add_area_crossings(segments: Segments, areas: PedestrianAreas) -> Segments:
    """Add straight crossings of areas whose boundaries are among the segments.

    The shortest walk in a polygon bends at its inward corners only [1]_. Straight ways run, wherever they stay in the
    polygon, between the points where streets meet it or end in it, by way of its inward corners: walks from street to
    street are the shortest there are. For the doors beside it, further ways join points every `STOP_SPACING_M` of the edge,
    as many as keep walks between these points within `MAX_DETOUR` of the shortest. The ways carry `EdgeFlag.ACROSS`.

    Parameters
    ----------
    segments : Segments
        Streets, the edges of the areas among them.
    areas : PedestrianAreas
        Polygons; invalid ones and those below 1 m² are not crossed.

    References
    ----------
    .. [1] T. Lozano-Pérez and M. Wesley, An algorithm for planning collision-free paths among polyhedral obstacles, 1979.
    .. [2] I. Althöfer et al., On sparse spanners of weighted graphs, 1993 (the greedy choice of the further ways).
    """
    usable = shapely.is_valid(areas.shapes) & (shapely.area(areas.shapes) > 1.0)
    if not usable.any():
        return segments
    shapes, kind = areas.shapes[usable], areas.kind[usable]
    edges = shapely.boundary(shapes)
    shapely.prepare(edges)
    segments = _split_boundaries(segments, edges)
    stops = _stops(segments, shapes, edges)
    area, one, other = _pairs(segments.xy, stops, shapes)
    inside = _inside_area(segments.xy, stops.point[one], stops.point[other], area, shapes)
    area, one, other = area[inside], one[inside], other[inside]
    metres = np.hypot(*(segments.xy[stops.point[one]] - segments.xy[stops.point[other]]).T)
    selected = _select_crossings(stops.begin, np.searchsorted(area, np.arange(len(shapes) + 1)), one, other, metres, stops.entry, stops.at_m, stops.ring, stops.round_m)  # fmt: skip
    tail, head = stops.point[one[selected]], stops.point[other[selected]]
    return replace(
        segments,
        tail=np.concatenate([segments.tail, tail]),
        head=np.concatenate([segments.head, head]),
        kind=np.concatenate([segments.kind, kind[area[selected]]]),
        flags=np.concatenate([segments.flags, np.full(len(tail), int(EdgeFlag.ACROSS), dtype=np.uint8)]),
    )


def _split_boundaries(segments: Segments, edges: NDArray[np.object_]) -> Segments:
    """Cut the edges of areas into equal parts of at most `STOP_SPACING_M`."""
    along = segments.xy[segments.head] - segments.xy[segments.tail]
    parts = np.ceil(np.hypot(*along.T) / STOP_SPACING_M).astype(np.int64)
    long = _on_edges(segments, np.flatnonzero(parts > 1), edges)[1]
    onto = np.unique(long)
    if not len(onto):
        return segments
    onto = np.repeat(onto, parts[onto] - 1)
    first = np.concatenate([[True], onto[1:] != onto[:-1]])
    step = np.arange(len(onto)) - np.maximum.accumulate(np.where(first, np.arange(len(onto)), 0)) + 1
    spots = segments.xy[segments.tail[onto]] + along[onto] * (step / parts[onto])[:, None]
    return split_segments(segments, onto, spots)


def _on_edges(
    segments: Segments, which: NDArray[np.int64], edges: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of area and segment along its boundary."""
    ends = np.stack([segments.xy[segments.tail[which]], segments.xy[segments.head[which]]], axis=1)
    near = np.flatnonzero(_in_area_boxes(ends.mean(axis=1), edges))
    area, place = shapely.STRtree(shapely.points(ends[near].mean(axis=1))).query(
        edges, predicate="dwithin", distance=_EXACT_M
    )
    place = near[place]
    # a street that crosses the edge at its middle does not run along it
    along = shapely.dwithin(edges[area], shapely.points(ends[place, 0] * 0.75 + ends[place, 1] * 0.25), _EXACT_M)
    return area[along], which[place[along]]


def _in_area_boxes(xy: NDArray[np.float64], edges: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which points are in grid squares touched by the areas' boxes; cheaper than testing every area."""
    bounds = shapely.bounds(edges)
    low = np.minimum(bounds[:, :2].min(axis=0), xy.min(axis=0, initial=np.inf)) - 1.0
    high = np.maximum(bounds[:, 2:].max(axis=0), xy.max(axis=0, initial=-np.inf)) + 1.0
    cell = float((high - low).max()) / 4000
    taken = np.zeros(((high - low) // cell).astype(np.int64) + 1, dtype=np.bool_)
    for west, south, east, north in (
        (bounds - np.tile(low, 2) + [-_EXACT_M, -_EXACT_M, _EXACT_M, _EXACT_M]) // cell
    ).astype(np.int64):
        taken[west : east + 1, south : north + 1] = True
    marked: NDArray[np.bool_] = taken[tuple(((xy - low) // cell).astype(np.int64).T)]
    return marked


class _Stops(NamedTuple):
    """Points of the segments between which ways may run, sorted by area and along its edge."""

    begin: NDArray[np.int64]
    """int64[areas + 1]: where the stops of each area begin."""
    point: NDArray[np.int64]
    entry: NDArray[np.bool_]
    """Whether a street meets the area there, or ends there inside."""
    ring: NDArray[np.int64]
    """Ring of the edge; −1 inside."""
    at_m: NDArray[np.float64]
    """Position along all rings together."""
    round_m: NDArray[np.float64]
    """Length of the stop's ring."""


def _stops(segments: Segments, shapes: NDArray[np.object_], edges: NDArray[np.object_]) -> _Stops:
    n = len(segments.xy)
    degree = np.bincount(np.concatenate([segments.tail, segments.head]), minlength=n)
    along = np.unique(_on_edges(segments, np.arange(len(segments.tail)), edges)[1])
    streets = degree - np.bincount(np.concatenate([segments.tail[along], segments.head[along]]), minlength=n)
    used = np.flatnonzero(degree > 0)
    used = used[_in_area_boxes(segments.xy[used], edges)]
    points = shapely.points(segments.xy[used])
    tree = shapely.STRtree(points)

    area, place = tree.query(edges, predicate="dwithin", distance=_EXACT_M)
    entry = streets[used[place]] > 0
    at_m = shapely.line_locate_point(edges[area], points[place])
    first = np.zeros(len(place), dtype=np.bool_)
    first[np.unique(np.column_stack([area, at_m // STOP_SPACING_M]), axis=0, return_index=True)[1]] = True
    kept = entry | first | _at_corners(shapes, area, points[place])
    on_edge = np.column_stack([area, used[place]])

    within, place = tree.query(shapes, predicate="contains")
    inside = np.column_stack([within, used[place]])[degree[used[place]] == 1]
    inside = inside[~np.isin(inside @ [n, 1], on_edge @ [n, 1])]

    ring_m = [shapely.length(shapely.get_parts(edge)) for edge in edges]
    ends = np.concatenate([np.cumsum(lengths) for lengths in ring_m])
    begin = np.concatenate([[0], np.cumsum([len(lengths) for lengths in ring_m])])
    of_edge, at_m = area[kept], at_m[kept]
    ring = begin[of_edge] + sum(
        (at_m > ends[np.minimum(begin[of_edge] + turn, begin[of_edge + 1] - 1)]).astype(np.int64)
        * (turn < begin[of_edge + 1] - begin[of_edge] - 1)
        for turn in range(int(np.diff(begin).max()))
    )
    none = np.full(len(inside), -1)
    all_area = np.concatenate([of_edge, inside[:, 0]])
    all_at = np.concatenate([at_m, none.astype(np.float64)])
    order = np.lexsort((all_at, all_area))
    return _Stops(
        begin=np.searchsorted(all_area[order], np.arange(len(shapes) + 1)),
        point=np.concatenate([on_edge[kept, 1], inside[:, 1]])[order],
        entry=np.concatenate([entry[kept], none < 0])[order],
        ring=np.concatenate([ring, none])[order],
        at_m=all_at[order],
        round_m=np.concatenate([np.concatenate(ring_m)[ring], np.zeros(len(inside))])[order],
    )


def _at_corners(shapes: NDArray[np.object_], area: NDArray[np.int64], points: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Mark the points on the edge of an area at which a walk inside may bend; in narrow areas none matters."""
    wide = 2.0 * shapely.area(shapes) / shapely.length(shapes) > NARROW_WIDTH_M
    spots = [_bend_corners(shape) if broad else np.zeros((0, 2)) for shape, broad in zip(shapes, wide, strict=True)]
    owner = np.repeat(np.arange(len(shapes)), [len(found) for found in spots])
    corners = shapely.STRtree(shapely.points(np.concatenate(spots)))
    dot, spot = corners.query(points, predicate="dwithin", distance=_EXACT_M)
    marked = np.zeros(len(points), dtype=np.bool_)
    marked[dot[owner[spot] == area[dot]]] = True
    return marked


def _pairs(
    xy: NDArray[np.float64], stops: _Stops, shapes: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return area and stops of every candidate crossing: shorter than the way along the boundary."""
    areas, ones, others = [], [], []
    for number in range(len(shapes)):
        chosen = np.arange(stops.begin[number], stops.begin[number + 1])
        if len(chosen) * (len(chosen) - 1) // 2 > MAX_CROSSINGS:
            chosen = chosen[stops.entry[chosen]]
        if len(chosen) * (len(chosen) - 1) // 2 > MAX_CROSSINGS:
            chosen = chosen[:: -(-len(chosen) // int(np.sqrt(2 * MAX_CROSSINGS)))]
        one, other = np.triu_indices(len(chosen), 1)
        areas.append(np.full(len(one), number))
        ones.append(chosen[one])
        others.append(chosen[other])
    area, one, other = np.concatenate(areas), np.concatenate(ones), np.concatenate(others)
    metres = np.hypot(*(xy[stops.point[one]] - xy[stops.point[other]]).T)
    both = stops.entry[one] & stops.entry[other]
    width_m = 2.0 * shapely.area(shapes) / shapely.length(shapes)
    near = (width_m > NARROW_WIDTH_M)[area] | (metres <= STOP_SPACING_M + 2.0 * width_m[area])
    apart = np.abs(stops.at_m[one] - stops.at_m[other])
    edge_m = np.where(stops.ring[one] == stops.ring[other], np.minimum(apart, stops.round_m[one] - apart), np.inf)
    edge_m[stops.ring[one] < 0] = np.inf
    worth = (metres > 0) & (edge_m > metres * np.where(both, _EQUAL, MAX_DETOUR)) & (both | near)
    return area[worth], one[worth], other[worth]


@compiled
def _select_crossings(  # noqa: PLR0917
    stop_begin: NDArray[np.int64],
    pair_begin: NDArray[np.int64],
    one: NDArray[np.int64],
    other: NDArray[np.int64],
    metres: NDArray[np.float64],
    entry: NDArray[np.bool_],
    at_m: NDArray[np.float64],
    ring: NDArray[np.int64],
    round_m: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Select crossings: those on shortest paths between entries, then a greedy spanner of the stops."""
    selected = np.zeros(len(one), np.bool_)
    for area in range(len(stop_begin) - 1):
        base = stop_begin[area]
        n = stop_begin[area + 1] - base
        first, last = pair_begin[area], pair_begin[area + 1]
        if first == last:
            continue
        best_path = np.full((n, n), np.inf)
        for stop in range(n):
            best_path[stop, stop] = 0.0
            for next_stop in range(stop + 1, n):
                if ring[base + stop] >= 0 and ring[base + stop] == ring[base + next_stop]:
                    apart = abs(at_m[base + stop] - at_m[base + next_stop])
                    apart = min(apart, round_m[base + stop] - apart)
                    best_path[stop, next_stop] = apart
                    best_path[next_stop, stop] = apart
        # shortest walks inside, Floyd and Warshall
        best = best_path.copy()
        for pair in range(first, last):
            a, b = one[pair] - base, other[pair] - base
            best[a, b] = min(best[a, b], metres[pair])
            best[b, a] = best[a, b]
        for via in range(n):
            for a in range(n):
                for b in range(n):
                    best[a, b] = min(best[a, b], best[a, via] + best[via, b])
        order = first + np.argsort(metres[first:last])
        for needed in (True, False):
            for pair in order:
                if selected[pair]:
                    continue
                a, b = one[pair] - base, other[pair] - base
                length = metres[pair]
                if needed:
                    between = False
                    for start in range(n):
                        if not entry[base + start]:
                            continue
                        for goal in range(n):
                            if entry[base + goal] and start != goal:
                                through = best[start, a] + length + best[b, goal]
                                if through <= best[start, goal] * _EQUAL:
                                    between = True
                                    break
                        if between:
                            break
                    if not between or best_path[a, b] <= length * _EQUAL:
                        continue
                elif best_path[a, b] <= length * MAX_DETOUR:
                    continue
                selected[pair] = True
                for start in range(n):
                    for goal in range(n):
                        through = (
                            min(best_path[start, a] + best_path[b, goal], best_path[start, b] + best_path[a, goal])
                            + length
                        )
                        best_path[start, goal] = min(best_path[start, goal], through)
    return selected


def _bend_corners(shape: shapely.Polygon) -> NDArray[np.float64]:
    """Corners where a walk inside may bend, as float64[k, 2]: reflex ones of the shell, protruding ones of holes."""
    found = []
    for ring, is_shell in ((shape.exterior, True), *((hole, False) for hole in shape.interiors)):
        corner = shapely.get_coordinates(ring)[:-1]
        before, after = corner - np.roll(corner, 1, axis=0), np.roll(corner, -1, axis=0) - corner
        turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
        # the interior is on the left of a counter-clockwise shell, or of a clockwise hole
        inside_left = bool(shapely.is_ccw(ring)) == is_shell
        found.append(corner[(turn < 0) == inside_left])
    return np.concatenate(found)


def _inside_area(
    xy: NDArray[np.float64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    owner: NDArray[np.int64],
    shapes: NDArray[np.object_],
) -> NDArray[np.bool_]:
    """Mark the straight ways that stay in their area."""
    half = (xy[tail] + xy[head]) / 2
    shapely.prepare(shapes)
    inside: NDArray[np.bool_] = shapely.contains_xy(shapes[owner], half[:, 0], half[:, 1])
    bent = np.flatnonzero(shapely.area(shapely.convex_hull(shapes)) > shapely.area(shapes) + _EXACT_M)
    tolerant_shapes = shapes.copy()
    tolerant_shapes[bent] = shapely.buffer(shapes[bent], _EXACT_M / 2)
    shapely.prepare(tolerant_shapes)
    tested = np.flatnonzero(inside & np.isin(owner, bent))
    lines = shapely.linestrings(np.stack([xy[tail[tested]], xy[head[tested]]], axis=1))
    inside[tested] = shapely.covers(tolerant_shapes[owner[tested]], lines)
    return inside
