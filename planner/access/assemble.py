"""From straight segments that share their ends to a network of junctions and streets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from planner.access.chains import contract
from planner.access.network import KIND_CODE, LEAST_ROAD, SIGNAL, EdgeFlag, WalkNetwork
from planner.access.remarks import unusable

if TYPE_CHECKING:
    import pyproj
    from numpy.typing import NDArray

    from planner.access.left_out import LeftOut
    from planner.district.findings import Finding


@dataclass(frozen=True, eq=False, slots=True)
class Segments:
    """Straight pieces of streets, joined where they share a point.

    Attributes
    ----------
    xy : float64[p, 2]
        Points, in metres.
    tail, head : int64[s]
        Each segment joins ``xy[tail]`` to ``xy[head]``; an `EdgeFlag.ONE_WAY` segment is walked in that direction.
    kind, flags : uint8[s]
        Class (position in `KINDS`) and `EdgeFlag` bits of each segment.
    signals : bool[p]
        Points where lights govern the crossing.
    notes : tuple of Finding
        What was left out, assumed or changed so far.
    left_out : LeftOut, optional
        Streets of the file that nobody may walk, and closed barriers.
    """

    xy: NDArray[np.float64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    kind: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    signals: NDArray[np.bool_]
    notes: tuple[Finding, ...] = ()
    left_out: LeftOut | None = None

    def taken(self, kept: NDArray[np.bool_], *notes: Finding) -> Segments:
        """Keep some segments, and note why the others went."""
        return replace(
            self,
            tail=self.tail[kept],
            head=self.head[kept],
            kind=self.kind[kept],
            flags=self.flags[kept],
            notes=self.notes + notes,
        )


def segments_of(network: WalkNetwork) -> Segments:
    """Take a network apart into the segments it was assembled from."""
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
        left_out=network.left_out,
    )


def split(segments: Segments, onto: NDArray[np.integer], spots: NDArray[np.float64]) -> Segments:
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
    cut = np.flatnonzero(~whole)
    run = np.concatenate([cut, onto[order], cut])
    point = np.concatenate([tail[cut], len(xy) + order, head[cut]])
    place = np.concatenate([np.full(len(cut), -1), np.arange(len(order)), np.full(len(cut), len(order))])
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


def with_paths(
    segments: Segments,
    start: NDArray[np.integer],
    onto: NDArray[np.integer],
    landing: NDArray[np.float64],
) -> Segments:
    """Lay straight paths from points to spots on segments, which are cut there.

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
    cut = split(segments, onto, landing)
    return replace(
        cut,
        tail=np.concatenate([cut.tail, start]),
        head=np.concatenate([cut.head, len(segments.xy) + np.arange(len(start))]),
        kind=np.concatenate([cut.kind, np.full(len(start), KIND_CODE["path"], dtype=np.uint8)]),
        flags=np.concatenate([cut.flags, np.zeros(len(start), dtype=np.uint8)]),
    )


def assemble(segments: Segments, crs: pyproj.CRS, *, kept: NDArray[np.bool_] | None = None) -> WalkNetwork:
    """Build the network: chains contracted, junctions numbered along a curve, pieces labelled.

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
    apart = segments.tail != segments.head
    if not apart.any():
        raise unusable("no-walkable-street", read="–")
    xy, lights = segments.xy, segments.signals
    tail, head = segments.tail[apart], segments.head[apart]
    kind, flags = segments.kind[apart], segments.flags[apart]
    one_way = (flags & np.uint8(EdgeFlag.ONE_WAY)) != 0
    fixed = lights.copy() if kept is None else lights | kept
    fixed[tail[one_way]] = True
    fixed[head[one_way]] = True
    class_key = kind.astype(np.int32) << 8 | flags
    chain_indptr, chain_point, chain_segment = contract(len(xy), tail, head, class_key, fixed)

    first = chain_point[chain_indptr[:-1]]
    last = chain_point[chain_indptr[1:] - 1]
    # A one-way segment is a chain of its own, possibly followed against its direction: turn it round.
    against = one_way[chain_segment] & (tail[chain_segment] != first)
    for chain in np.flatnonzero(against):
        piece = slice(chain_indptr[chain], chain_indptr[chain + 1])
        chain_point[piece] = chain_point[piece][::-1]
    first, last = np.where(against, last, first), np.where(against, first, last)

    junctions = np.unique(np.concatenate([first, last]))
    junctions = junctions[np.argsort(_curve_key(xy[junctions]), kind="stable")]
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
    crossing_u, crossing_v = crossings(u, v, edge_kind, lights[junctions])
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
        left_out=segments.left_out,
    )


def crossings(
    u: NDArray[np.int32],
    v: NDArray[np.int32],
    kind: NDArray[np.uint8],
    signals: NDArray[np.bool_],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Tell, for both ends of every edge, which road must be crossed there.

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
    code = np.where(meeting & (busiest >= LEAST_ROAD), busiest + 1, 0).astype(np.uint8)
    code[signals & (code > 0)] |= SIGNAL
    at_u = np.where(kind < busiest[u], code[u], 0).astype(np.uint8)
    at_v = np.where(kind < busiest[v], code[v], 0).astype(np.uint8)
    return at_u, at_v


def _arcs(
    n: int,
    u: NDArray[np.int32],
    v: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Put both directions of every edge but loops into CSR form."""
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
    """Label connected pieces, the longest first."""
    graph = coo_array((np.ones(len(u), dtype=np.int8), (u, v)), shape=(n, n))
    count, label = connected_components(graph, directed=False)
    total = np.bincount(label[u], weights=length_m, minlength=count)
    rank = np.empty(count, dtype=np.int32)
    rank[np.argsort(-total, kind="stable")] = np.arange(count, dtype=np.int32)
    ranked: NDArray[np.int32] = rank[label]
    return ranked


def _curve_key(xy: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Position of each point along the Z-order curve of a 65,536 × 65,536 grid over them all."""
    low = xy.min(axis=0)
    span = max(float((xy.max(axis=0) - low).max()), 1.0)
    cell = ((xy - low) * (65535.0 / span)).astype(np.uint64)
    return _spread(cell[:, 0]) | _spread(cell[:, 1]) << np.uint64(1)


def _spread(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Move bit ``i`` of each 16-bit number to bit ``2 i``."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        bits = (bits | bits << np.uint64(shift)) & np.uint64(mask)
    return bits
