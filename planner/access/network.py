"""The street network a person can walk: junctions, the streets between them, and their shapes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from planner.access.chains import contract
from planner.errors import LayerError

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS: tuple[str, ...] = (
    "footway",
    "path",
    "steps",
    "pedestrian",
    "corridor",
    "elevator",
    "cycleway",
    "bridleway",
    "track",
    "living_street",
    "service",
    "residential",
    "unclassified",
    "road",
    "tertiary",
    "secondary",
    "primary",
    "trunk",
    "motorway",
)
"""Street classes in the order of the traffic they carry; ``WalkNetwork.kind`` holds positions in this tuple."""

KIND_CODE: dict[str, int] = {kind: code for code, kind in enumerate(KINDS)}

LEAST_ROAD = KIND_CODE["living_street"]
"""Code of the least class that carries motor traffic: below it nothing has to be waited for."""

SIGNAL = 0x80
"""Bit of ``crossing_u`` and ``crossing_v`` that marks a signalled crossing."""


class EdgeFlag(IntFlag):
    """What a walker meets on a street."""

    STAIRS = 1
    BRIDGE = 2
    TUNNEL = 4
    ONE_WAY = 8
    """Walkable from ``u`` to ``v`` only (escalators, one-way gates)."""


@dataclass(frozen=True, eq=False)
class WalkNetwork:
    """Junctions and the streets between them, with degree-2 chains contracted; shapes and lengths are untouched.

    A street ("edge") runs from junction ``u`` to junction ``v``; each appears as two arcs of the CSR arrays, one per
    direction, except loops (``u == v``), which no shortest walk passes through. Junctions are numbered along a
    space-filling curve, so that neighbours lie close together in memory.

    Attributes
    ----------
    crs : pyproj.CRS
        The projected system, in metres, of every coordinate.
    xy : float64[n, 2]
        Junctions, in metres.
    indptr, indices, metres, edge : int64[n + 1], int32[m], float32[m], int32[m]
        Arcs in CSR form: head junction, length, and the edge each arc belongs to.
    u, v, length_m : int32[e], int32[e], float32[e]
        Undirected edge table.
    kind, flags : uint8[e], uint8[e]
        Street class (position in `KINDS`) and `EdgeFlag` bits; both constant along an edge.
    crossing_u, crossing_v : uint8[e]
        The road that is crossed where the edge ends at ``u`` (``v``): 0 for none, else 1 + its class, with the
        `SIGNAL` bit where lights govern it. See `crossings`.
    shape_indptr, shape_xy : int64[e + 1], float64[s, 2]
        The polyline of edge ``i``, from ``u`` to ``v``, is ``shape_xy[shape_indptr[i]:shape_indptr[i + 1]]``.
    component : int32[n]
        Connected piece of each junction; 0 is the piece with the greatest street length, 1 the next, and so on.
    notes : tuple of str
        What the reader had to leave out or assume, for the planner to read.
    """

    crs: pyproj.CRS
    xy: NDArray[np.float64]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    metres: NDArray[np.float32]
    edge: NDArray[np.int32]
    u: NDArray[np.int32]
    v: NDArray[np.int32]
    length_m: NDArray[np.float32]
    kind: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    crossing_u: NDArray[np.uint8]
    crossing_v: NDArray[np.uint8]
    shape_indptr: NDArray[np.int64]
    shape_xy: NDArray[np.float64]
    component: NDArray[np.int32]
    notes: tuple[str, ...] = ()

    @property
    def n_junctions(self) -> int:
        """Number of junctions."""
        return len(self.xy)

    @property
    def n_edges(self) -> int:
        """Number of streets between junctions."""
        return len(self.u)

    @cached_property
    def lines(self) -> NDArray[np.object_]:
        """Each edge as a shapely LineString, from ``u`` to ``v``."""
        owner = np.repeat(np.arange(self.n_edges), np.diff(self.shape_indptr))
        return np.asarray(shapely.linestrings(self.shape_xy, indices=owner), dtype=object)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Find edges by place."""
        return shapely.STRtree(self.lines)

    @cached_property
    def edge_component(self) -> NDArray[np.int32]:
        """Connected piece of each edge."""
        return self.component[self.u]

    def has(self, flag: EdgeFlag) -> NDArray[np.bool_]:
        """Mark the edges that carry ``flag``, as bool[e]."""
        marked: NDArray[np.bool_] = (self.flags & np.uint8(flag)) != 0
        return marked


def metric_crs(crs: pyproj.CRS | str) -> pyproj.CRS:
    """Give ``crs`` back as a `pyproj.CRS`, refusing what is not projected in metres.

    Raises
    ------
    LayerError
        If the text names no system, or lengths in it are not metres.
    """
    try:
        parsed = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as fault:
        raise LayerError(f"crs {crs!r}: not a coordinate system → give an EPSG code, WKT or PROJ text") from fault
    if not parsed.is_projected or any(axis.unit_conversion_factor != 1.0 for axis in parsed.axis_info[:2]):
        raise LayerError(
            f"crs {parsed.name!r}: walking lengths need a projected system in metres → give the local one, e.g. a UTM zone",
        )
    return parsed


def assemble(
    xy: NDArray[np.float64],
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    *,
    kind: NDArray[np.uint8],
    flags: NDArray[np.uint8],
    crs: pyproj.CRS,
    signals: NDArray[np.bool_] | None = None,
    notes: tuple[str, ...] = (),
) -> WalkNetwork:
    """Build the network from straight segments that share end points where they meet.

    Parameters
    ----------
    xy : float64[p, 2]
        Points in metres, in ``crs``.
    tail, head : int64[s]
        Each segment joins ``xy[tail]`` to ``xy[head]``; a `EdgeFlag.ONE_WAY` segment is walked in that direction.
    kind, flags : uint8[s]
        Class (position in `KINDS`) and `EdgeFlag` bits of each segment.
    crs : pyproj.CRS
        Of ``xy``.
    signals : bool[p], optional
        Points where lights govern the crossing.
    notes : tuple of str
        Carried over to the network.
    """
    if len(tail) == 0:
        raise LayerError("street network: no walkable street in it → check the file and the area it covers")
    apart = tail != head
    tail, head, kind, flags = tail[apart], head[apart], kind[apart], flags[apart]
    lights = np.zeros(len(xy), dtype=np.bool_) if signals is None else signals
    one_way = (flags & np.uint8(EdgeFlag.ONE_WAY)) != 0
    fixed = lights.copy()
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
        component=_components(len(junctions), u, v, length_m),
        notes=notes,
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
