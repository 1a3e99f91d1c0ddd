"""Straight street segments and their assembly into a network with degree-2 chains contracted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyproj
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from planner.access.compiled import compiled
from planner.access.network import (
    CLASS_CODE,
    MIN_ROAD_CLASS,
    SIGNAL,
    ClosedStreets,
    EdgeFlag,
    WalkNetwork,
    network_error,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.district.findings import Finding


@dataclass(frozen=True, eq=False, slots=True)
class Segments:
    """Straight street segments that share their end points.

    Attributes
    ----------
    xy : float64[p, 2]
        Points, in metres.
    tail, head : int64[s]
        Each segment joins ``xy[tail]`` to ``xy[head]``; an `EdgeFlag.ONE_WAY` segment is walked in that direction.
    kind, flags : uint8[s]
        Class (position in `STREET_CLASSES`) and `EdgeFlag` bits of each segment.
    signals : bool[p]
        Points where lights govern the crossing.
    notes : tuple of Finding
        What was left out, assumed or changed so far.
    excluded : ClosedStreets, optional
        Streets of the file that are closed to walking, and closed barriers.
    """

    xy: NDArray[np.float64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    kind: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    signals: NDArray[np.bool_]
    notes: tuple[Finding, ...] = ()
    excluded: ClosedStreets | None = None

    def taken(self, kept: NDArray[np.bool_], *notes: Finding) -> Segments:
        """Return the selected segments, with notes on the others."""
        return replace(
            self,
            tail=self.tail[kept],
            head=self.head[kept],
            kind=self.kind[kept],
            flags=self.flags[kept],
            notes=self.notes + notes,
        )


def to_segments(network: WalkNetwork) -> Segments:
    """Return the segments that a network was built from."""
    n, shape_xy, indptr = network.n_junctions, network.shape_xy, network.shape_indptr
    point = np.arange(len(shape_xy), dtype=np.int64) + n
    point[indptr[:-1]], point[indptr[1:] - 1] = network.u, network.v
    inner = np.ones(len(shape_xy), dtype=np.bool_)
    inner[indptr[1:] - 1] = False
    tail = np.flatnonzero(inner)
    owner = np.repeat(np.arange(network.n_edges), np.diff(indptr) - 1)
    signals = np.zeros(n + len(shape_xy), dtype=np.bool_)
    signals[network.u[(network.crossing_u & SIGNAL) > 0]] = True
    signals[network.v[(network.crossing_v & SIGNAL) > 0]] = True
    return Segments(
        xy=np.concatenate([network.xy, shape_xy]),
        tail=point[tail],
        head=point[tail + 1],
        kind=network.kind[owner],
        flags=network.flags[owner],
        signals=signals,
        notes=network.notes,
        excluded=network.excluded,
    )


def split_segments(segments: Segments, onto: NDArray[np.integer], spots: NDArray[np.float64]) -> Segments:
    """Cut segments at spots on them; the points of the spots follow the others in ``xy``.

    Parameters
    ----------
    segments : Segments
        Streets.
    onto : int[k]
        Segment to cut, in any order, repeated for several cuts.
    spots : float64[k, 2]
        Where.
    """
    xy, tail, head = segments.xy, segments.tail, segments.head
    order = np.lexsort((np.hypot(*(spots - xy[tail[onto]]).T), onto))
    whole = np.ones(len(tail), dtype=np.bool_)
    whole[onto] = False
    # Each cut segment becomes a run of points: tail, cuts, head.
    split_segments_of = np.flatnonzero(~whole)
    run = np.concatenate([split_segments_of, onto[order], split_segments_of])
    point = np.concatenate([tail[split_segments_of], len(xy) + order, head[split_segments_of]])
    place = np.concatenate(
        [np.full(len(split_segments_of), -1), np.arange(len(order)), np.full(len(split_segments_of), len(order))]
    )
    along = np.lexsort((place, run))
    run, point = run[along], point[along]
    link = run[1:] == run[:-1]
    source = np.concatenate([np.flatnonzero(whole), run[:-1][link]])
    return replace(
        segments,
        xy=np.concatenate([xy, spots]),
        tail=np.concatenate([tail[whole], point[:-1][link]]),
        head=np.concatenate([head[whole], point[1:][link]]),
        kind=segments.kind[source],
        flags=segments.flags[source],
        signals=np.concatenate([segments.signals, np.zeros(len(spots), dtype=np.bool_)]),
    )


def add_paths(
    segments: Segments,
    start: NDArray[np.integer],
    onto: NDArray[np.integer],
    landing: NDArray[np.float64],
) -> Segments:
    """Add straight paths from points to positions on segments, which are split there.

    Parameters
    ----------
    segments : Segments
        Streets.
    start : int[k]
        Point each path begins at.
    onto : int[k]
        Segment each path lands on.
    landing : float64[k, 2]
        Where on it.
    """
    split_segments_of = split_segments(segments, onto, landing)
    return replace(
        split_segments_of,
        tail=np.concatenate([split_segments_of.tail, start]),
        head=np.concatenate([split_segments_of.head, len(segments.xy) + np.arange(len(start))]),
        kind=np.concatenate([split_segments_of.kind, np.full(len(start), CLASS_CODE["path"], dtype=np.uint8)]),
        flags=np.concatenate([split_segments_of.flags, np.zeros(len(start), dtype=np.uint8)]),
    )


def build_network(segments: Segments, crs: pyproj.CRS, *, kept: NDArray[np.bool_] | None = None) -> WalkNetwork:
    """Build the network: chains contracted, junctions in Z-order, components labelled.

    Parameters
    ----------
    segments : Segments
        Streets.
    crs : pyproj.CRS
        Projected system, in metres, of their coordinates.
    kept : bool[p], optional
        Points that stay junctions although only two segments of one class meet there.

    Raises
    ------
    LayerError
        If there is no segment.
    """
    distinct = segments.tail != segments.head
    if not distinct.any():
        raise network_error("no-walkable-street", read="–")
    xy, signals_at = segments.xy, segments.signals
    tail, head = segments.tail[distinct], segments.head[distinct]
    kind, flags = segments.kind[distinct], segments.flags[distinct]
    one_way = (flags & np.uint8(EdgeFlag.ONE_WAY)) != 0
    fixed = signals_at.copy() if kept is None else signals_at | kept
    fixed[tail[one_way]] = True
    fixed[head[one_way]] = True
    class_key = kind.astype(np.int32) << 8 | flags
    chain_indptr, chain_point, chain_segment = contract_chains(len(xy), tail, head, class_key, fixed)

    first = chain_point[chain_indptr[:-1]]
    last = chain_point[chain_indptr[1:] - 1]
    # a one-way segment is a chain of its own, possibly followed backwards: reverse it
    against = one_way[chain_segment] & (tail[chain_segment] != first)
    for chain in np.flatnonzero(against):
        piece = slice(chain_indptr[chain], chain_indptr[chain + 1])
        chain_point[piece] = chain_point[piece][::-1]
    first, last = np.where(against, last, first), np.where(against, first, last)

    junctions = np.unique(np.concatenate([first, last]))
    junctions = junctions[np.argsort(_z_order(xy[junctions]), kind="stable")]
    number = np.full(len(xy), -1, dtype=np.int32)
    number[junctions] = np.arange(len(junctions), dtype=np.int32)
    order = np.lexsort((number[last], number[first]))
    u, v = number[first][order], number[last][order]
    edge_kind, edge_flags = kind[chain_segment][order], flags[chain_segment][order]

    pieces = np.diff(chain_indptr)[order]
    shape_indptr = np.concatenate([[0], np.cumsum(pieces)])
    position = np.arange(shape_indptr[-1]) + np.repeat(chain_indptr[:-1][order] - shape_indptr[:-1], pieces)
    shape_xy = xy[chain_point[position]]
    length_m = _lengths(shape_xy, shape_indptr)

    indptr, indices, edge = _arcs(len(junctions), u, v)
    crossing_u, crossing_v = crossings(u, v, edge_kind, signals_at[junctions])
    return WalkNetwork(
        crs=crs,
        xy=np.ascontiguousarray(xy[junctions]),
        indptr=indptr,
        indices=indices,
        metres=length_m[edge],
        edge=edge,
        u=u,
        v=v,
        length_m=length_m,
        kind=edge_kind,
        flags=edge_flags,
        crossing_u=crossing_u,
        crossing_v=crossing_v,
        shape_indptr=shape_indptr,
        shape_xy=shape_xy,
        component=_components(len(junctions), u, v, np.where(edge_flags & np.uint8(EdgeFlag.ACROSS), 0, length_m)),
        notes=segments.notes,
        excluded=segments.excluded,
    )


def crossings(
    u: NDArray[np.int32],
    v: NDArray[np.int32],
    kind: NDArray[np.uint8],
    signals: NDArray[np.bool_],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return, for both ends of every edge, the road to be crossed there.

    Where an edge ends on a busier road than itself, half that road's delay is charged to its end: going straight over
    passes two such ends and costs the whole delay, turning into the road passes one and costs half, since every other
    walker wants the far pavement. Walking along the road costs nothing. The rule needs no pavements to be mapped
    and is symmetric; it covers mapped crossings (``footway=crossing`` meets the road at its middle) just as well.

    Returns
    -------
    crossing_u, crossing_v : uint8[e]
        0 for none, else 1 + class of the road, with the `SIGNAL` bit where ``signals`` is set.
    """
    n = len(signals)
    ends = np.concatenate([u, v])
    busiest = np.zeros(n, dtype=np.uint8)
    np.maximum.at(busiest, ends, np.concatenate([kind, kind]))
    meeting = np.bincount(ends, minlength=n) >= 3  # a street that merely changes class is not crossed
    code = np.where(meeting & (busiest >= MIN_ROAD_CLASS), busiest + 1, 0).astype(np.uint8)
    code[signals & (code > 0)] |= SIGNAL
    at_u = np.where(kind < busiest[u], code[u], 0).astype(np.uint8)
    at_v = np.where(kind < busiest[v], code[v], 0).astype(np.uint8)
    return at_u, at_v


def _arcs(
    n: int,
    u: NDArray[np.int32],
    v: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Return both directions of every edge except loops in CSR form."""
    through = np.flatnonzero(u != v).astype(np.int32)
    tail = np.concatenate([u[through], v[through]])
    head = np.concatenate([v[through], u[through]])
    edge = np.concatenate([through, through])
    order = np.lexsort((head, tail))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=n))]).astype(np.int64)
    return indptr, head[order], edge[order]


def _lengths(shape_xy: NDArray[np.float64], shape_indptr: NDArray[np.int64]) -> NDArray[np.float32]:
    """Length of each polyline in metres."""
    step = np.zeros(len(shape_xy))
    step[1:] = np.hypot(*np.diff(shape_xy, axis=0).T)
    step[shape_indptr[:-1]] = 0.0
    return np.add.reduceat(step, shape_indptr[:-1]).astype(np.float32)


def _components(
    n: int,
    u: NDArray[np.int32],
    v: NDArray[np.int32],
    length_m: NDArray[np.float32],
) -> NDArray[np.int32]:
    """Label connected components, the longest first."""
    graph = coo_array((np.ones(len(u), dtype=np.int8), (u, v)), shape=(n, n))
    count, label = connected_components(graph, directed=False)
    total = np.bincount(label[u], weights=length_m, minlength=count)
    rank = np.empty(count, dtype=np.int32)
    rank[np.argsort(-total, kind="stable")] = np.arange(count, dtype=np.int32)
    ranked: NDArray[np.int32] = rank[label]
    return ranked


def _z_order(xy: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Position of each point along the Z-order curve of a 65,536 × 65,536 grid over them all."""
    low = xy.min(axis=0)
    span = max(float((xy.max(axis=0) - low).max()), 1.0)
    cell = ((xy - low) * (65535.0 / span)).astype(np.uint64)
    return _interleave(cell[:, 0]) | _interleave(cell[:, 1]) << np.uint64(1)


def _interleave(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Move bit ``i`` of each 16-bit number to bit ``2 i``."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        bits = (bits | bits << np.uint64(shift)) & np.uint64(mask)
    return bits


def contract_chains(
    n_points: int,
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    class_key: NDArray[np.int32],
    fixed: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Join segments into chains that run from junction to junction.

    A point stays a junction where other than two segments meet, where the class changes, or where ``fixed`` says so;
    a ring without any junction keeps one of its points.

    Returns
    -------
    chain_indptr : int64[c + 1]
        Where the points of each chain begin.
    chain_point : int64[k]
        Points of the chains in order, both ends included.
    chain_segment : int64[c]
        The first segment of each chain; the others are of the same class.
    """
    ends = np.concatenate([tail, head])
    degree = np.bincount(ends, minlength=n_points)
    incidence = np.argsort(ends, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(degree)])
    segment = incidence % len(tail)
    two = np.flatnonzero(degree == 2)
    junction = degree != 2
    junction[two] = class_key[segment[indptr[two]]] != class_key[segment[indptr[two] + 1]]
    junction |= fixed
    return _follow_chains(junction, indptr, segment, tail, head)


@compiled
def _follow_chains(
    junction: NDArray[np.bool_],
    indptr: NDArray[np.int64],
    segment: NDArray[np.int64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Follow every chain once, first from the junctions, then along rings without any."""
    n_segments = len(tail)
    done = np.zeros(n_segments, np.bool_)
    chain_indptr = np.zeros(n_segments + 1, np.int64)
    chain_segment = np.empty(n_segments, np.int64)
    chain_point = np.empty(2 * n_segments, np.int64)
    chains = 0
    used = 0
    for rings in range(2):
        for start in range(len(junction)):
            if not junction[start] and rings == 0:
                continue
            for slot in range(indptr[start], indptr[start + 1]):
                current = segment[slot]
                if done[current]:
                    continue
                chain_segment[chains] = current
                chain_point[used] = start
                used += 1
                point = start
                while True:
                    done[current] = True
                    point = head[current] if tail[current] == point else tail[current]
                    chain_point[used] = point
                    used += 1
                    if junction[point] or point == start:
                        break
                    ahead = segment[indptr[point]]
                    current = segment[indptr[point] + 1] if ahead == current else ahead
                chains += 1
                chain_indptr[chains] = used
    return chain_indptr[: chains + 1].copy(), chain_point[:used].copy(), chain_segment[:chains].copy()


def closed_streets(
    why: Sequence[str],
    count: Sequence[int],
    xy: NDArray[np.float64],
) -> ClosedStreets:
    """Gather closed streets, of which only the reasons and polylines are filled in.

    Parameters
    ----------
    why : sequence of str
        Reason of each street.
    count : sequence of int
        Points of each.
    xy : float64[sum(count), 2]
        All points in order, in metres; streets with a point that is not finite, or with a single one, are dropped.
    """
    kept, shape_indptr, shape_xy = whole_polylines(count, xy)
    reasons = sorted({text for text, stays in zip(why, kept, strict=True) if stays})
    position = {text: number for number, text in enumerate(reasons)}
    return ClosedStreets(
        reasons=tuple(reasons),
        reason=np.array([position[text] for text, stays in zip(why, kept, strict=True) if stays], dtype=np.int32),
        shape_indptr=shape_indptr,
        shape_xy=shape_xy,
        barrier_xy=np.zeros((0, 2)),
    )


def whole_polylines(
    count: Sequence[int] | NDArray[np.integer], xy: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.float64]]:
    """Return which polylines have two points or more, all of them finite, and these polylines: offsets and points.

    Parameters
    ----------
    count : int[k]
        Points of each polyline.
    xy : float64[sum(count), 2]
        All points in order, in metres.
    """
    points = np.asarray(count, dtype=np.int64)
    owner = np.repeat(np.arange(len(points)), points)
    placed = np.isfinite(xy).all(axis=1)
    kept = np.bincount(owner[placed], minlength=len(points)) == points
    kept &= points > 1
    return kept, np.concatenate([[0], np.cumsum(points[kept])]).astype(np.int64), xy[kept[owner]]


def project_degrees(x: NDArray[np.int64], y: NDArray[np.int64], crs: pyproj.CRS) -> NDArray[np.float64]:
    """Project coordinates in 1e-7 degrees (EPSG:4326) to ``crs``, float64[k, 2]; not finite where that fails."""
    return np.column_stack(pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(x * 1e-7, y * 1e-7))


def sever_at(segments: Segments, barred: NDArray[np.bool_]) -> Segments:
    """Sever every street at impassable points: each side gets an end point of its own.

    Parameters
    ----------
    segments : Segments
        Streets.
    barred : bool[p]
        Impassable points.
    """
    if not barred.any():
        return segments
    ends = np.concatenate([segments.tail, segments.head])
    stopped = np.flatnonzero(barred[ends])
    old = ends[stopped]
    ends[stopped] = len(segments.xy) + np.arange(len(stopped))
    n = len(segments.tail)
    return replace(
        segments,
        xy=np.concatenate([segments.xy, segments.xy[old]]),
        tail=ends[:n],
        head=ends[n:],
        signals=np.concatenate([segments.signals, np.zeros(len(old), dtype=np.bool_)]),
    )


def sever_at_barriers(segments: Segments) -> Segments:
    """End every street at the closed barriers of the file."""
    places = np.zeros((0, 2)) if segments.excluded is None else segments.excluded.barrier_xy
    return sever_at(segments, coincide_with(segments.xy, places))


def coincide_with(xy: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points coincide exactly with one of the places, bool[len(xy)]."""
    marked: NDArray[np.bool_] = np.isin(xy[:, 0] + 1j * xy[:, 1], places[:, 0] + 1j * places[:, 1])
    return marked
