"""The street network a person can walk: junctions, the streets between them, and their shapes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely

from planner.access.remarks import unusable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.left_out import LeftOut
    from planner.district.findings import Finding

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
    ACROSS = 16
    """A straight way across a square or another walkable area, which no map draws."""


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
    slope_ahead, slope_back : float32[e], optional
        Time on the edge relative to level ground, walked from ``u`` to ``v`` and back; None where no heights are known.
        See `planner.access.slope`.
    notes : tuple of Finding
        What was left out, assumed or changed, for the planner to read.
    left_out : LeftOut, optional
        Streets of the file that nobody may walk, and closed barriers.
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
    slope_ahead: NDArray[np.float32] | None = None
    slope_back: NDArray[np.float32] | None = None
    notes: tuple[Finding, ...] = ()
    left_out: LeftOut | None = None

    @property
    def n_junctions(self) -> int:
        """Number of junctions."""
        return len(self.xy)

    @property
    def n_edges(self) -> int:
        """Number of streets between junctions."""
        return len(self.u)

    @cached_property
    def street_m(self) -> NDArray[np.float32]:
        """Metres of street of each edge, float32[e]: 0 for ways across squares, which nobody drew."""
        return np.where(self.has(EdgeFlag.ACROSS), np.float32(0), self.length_m)

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
        raise unusable("unknown-crs", layer="crs", crs=str(crs)) from fault
    if not parsed.is_projected:
        raise unusable("not-metric-crs", layer="crs", crs=parsed.name, reason="@crs.degrees")
    if any(axis.unit_conversion_factor != 1.0 for axis in parsed.axis_info[:2]):
        raise unusable("not-metric-crs", layer="crs", crs=parsed.name, reason="@crs.not_metres")
    return parsed
