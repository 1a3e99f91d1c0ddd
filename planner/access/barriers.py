"""Barriers: gated estates (小区) left through open gates only; lines no connector crosses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.access.network import EdgeFlag, WalkNetwork, network_note
from planner.access.segments import Segments, add_paths, build_network, split_segments, to_segments

if TYPE_CHECKING:
    from numpy.typing import NDArray


GATE_WIDTH_M = 10.0
"""A street that crosses an estate's boundary within this distance of an open gate passes through it."""
GATE_PATH_M = 30.0
"""Maximum length of the path from a gate to the nearest street on either side."""
_BOUNDARY_TOLERANCE_M = 1e-6


@dataclass(frozen=True, eq=False)
class Barriers:
    """What a walker cannot pass.

    Attributes
    ----------
    estates : object[m]
        Polygons of gated estates. One without any gate counts as open: it could not be left otherwise.
    gates_xy : float64[g, 2]
        Gates, in metres.
    gate_estate : int32[g]
        Estate of each gate; −1 for a gate of none.
    gate_open : bool[g]
        Whether people may pass.
    barriers : object[b]
        Lines or polygons (expressways, railways, rivers, walls) that no connector crosses; streets
        themselves lead over and under them.
    """

    estates: NDArray[np.object_]
    gates_xy: NDArray[np.float64]
    gate_estate: NDArray[np.int32]
    gate_open: NDArray[np.bool_]
    barriers: NDArray[np.object_]

    def opened(self, gates: NDArray[np.integer] | list[int]) -> Barriers:
        """Open some gates: the scenario "open this gate"."""
        gate_open = self.gate_open.copy()
        gate_open[gates] = True
        return replace(self, gate_open=gate_open)

    @cached_property
    def gated(self) -> NDArray[np.intp]:
        """Positions of the estates that have gates."""
        return np.unique(self.gate_estate[self.gate_estate >= 0]).astype(np.intp)

    @cached_property
    def lines(self) -> shapely.STRtree:
        """Everything a connector must not cross."""
        edges = shapely.boundary(self.estates[self.gated])
        area = (
            np.isin(shapely.get_type_id(self.barriers), (3, 6)) if len(self.barriers) else np.zeros(0, dtype=np.bool_)
        )
        return shapely.STRtree(np.concatenate([edges, shapely.boundary(self.barriers[area]), self.barriers[~area]]))

    def between(self, xy: NDArray[np.float64], feet: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether a barrier lies between points and their positions on a street, bool[n].

        A street on the wall itself belongs to the side outside.
        """
        blocked = np.zeros(len(xy), dtype=np.bool_)
        placed = np.flatnonzero(np.isfinite(feet).all(axis=1))
        way = feet[placed] - xy[placed]
        # shortened slightly: running along a barrier is not crossing it
        line = shapely.linestrings(np.stack([xy[placed], xy[placed] + way * (1 - 1e-6)], axis=1))
        hit, _ = self.lines.query(line, predicate="intersects")
        blocked[placed[hit]] = True
        blocked[placed] |= self.estate_of(xy[placed]) != self.estate_of(feet[placed])
        return blocked

    def estate_of(self, xy: NDArray[np.float64]) -> NDArray[np.int32]:
        """Return the gated estate that contains each point, int32[n]; −1 for none."""
        found = np.full(len(xy), -1, dtype=np.int32)
        if len(self.gated) and len(xy):
            point, place = shapely.STRtree(self.estates[self.gated]).query(shapely.points(xy), predicate="within")
            order = np.lexsort((place, point))
            point, first = np.unique(point[order], return_index=True)  # where estates overlap the first counts
            found[point] = self.gated[place[order][first]]
        return found


def apply_barriers(network: WalkNetwork, barriers: Barriers) -> WalkNetwork:
    """Cut streets at the edges of gated estates, save at open gates, and lead paths through those gates.

    A street that crosses an estate's edge away from every open gate ends on both sides of it. From each open gate paths are
    laid to the nearest street inside and outside, unless one passes through it.

    Parameters
    ----------
    network : WalkNetwork
        Streets that know of no walls.
    barriers : Barriers
        Estates, gates and barriers in the network's system.
    """
    if not len(barriers.gated):
        return network
    segments, cuts = _cut_at_boundaries(to_segments(network), barriers)
    segments = _connect_gates(segments, barriers)
    note = network_note("estates-closed", count=cuts, gates=int(barriers.gate_open.sum()))
    return build_network(replace(segments, notes=(*network.notes, note)), network.crs)


def _cut_at_boundaries(segments: Segments, barriers: Barriers) -> tuple[Segments, int]:
    """Cut segments where they cross an edge; streets meeting there from inside and outside no longer share the point."""
    edges = shapely.boundary(barriers.estates[barriers.gated])
    lines = shapely.linestrings(np.stack([segments.xy[segments.tail], segments.xy[segments.head]], axis=1))
    aloft = (segments.flags & np.uint8(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) != 0
    edge, segment = shapely.STRtree(lines).query(edges, predicate="intersects")
    on_ground = ~aloft[segment]
    edge, segment = edge[on_ground], segment[on_ground]
    spots, which = shapely.get_coordinates(shapely.intersection(lines[segment], edges[edge]), return_index=True)
    segment = segment[which]
    start = segments.xy[segments.tail[segment]]
    along = segments.xy[segments.head[segment]] - start
    length_m = np.maximum(np.hypot(*along.T), 1e-12)
    at_m = ((spots - start) * along).sum(axis=1) / length_m
    inside = (at_m > _BOUNDARY_TOLERANCE_M) & (at_m < length_m - _BOUNDARY_TOLERANCE_M)
    first_cut = len(segments.xy)
    cut = split_segments(segments, segment[inside], spots[inside])

    on_edge = np.zeros(len(cut.xy), dtype=np.bool_)
    on_edge[first_cut:] = True
    touching = np.concatenate(
        [
            segments.tail[segment[at_m <= _BOUNDARY_TOLERANCE_M]],
            segments.head[segment[at_m >= length_m - _BOUNDARY_TOLERANCE_M]],
        ]
    )
    on_edge[touching] = True
    at_gate = np.zeros(len(cut.xy), dtype=np.bool_)
    gates = barriers.gates_xy[barriers.gate_open & (barriers.gate_estate >= 0)]
    spots_on_edge = np.flatnonzero(on_edge)
    if len(gates) and len(spots_on_edge):
        _, near = shapely.STRtree(shapely.points(cut.xy[spots_on_edge])).query(
            shapely.points(gates), predicate="dwithin", distance=GATE_WIDTH_M
        )
        at_gate[spots_on_edge[near]] = True
    parted = on_edge & ~at_gate

    ground = (cut.flags & np.uint8(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) == 0
    side = np.where(ground, barriers.estate_of((cut.xy[cut.tail] + cut.xy[cut.head]) / 2), -1)
    ends = np.stack([cut.tail, cut.head])
    sides = np.stack([side, side])
    moved = parted[ends] & (sides >= 0)
    # segments inside estate k that meet point p share a new point for the pair (p, k)
    pairs, number = np.unique(np.column_stack([ends[moved], sides[moved]]), axis=0, return_inverse=True)
    ends[moved] = len(cut.xy) + number.ravel()
    result = replace(
        cut,
        xy=np.concatenate([cut.xy, cut.xy[pairs[:, 0]]]),
        tail=ends[0],
        head=ends[1],
        signals=np.concatenate([cut.signals, np.zeros(len(pairs), dtype=np.bool_)]),
    )
    return result, len(pairs)


def _connect_gates(segments: Segments, barriers: Barriers) -> Segments:
    """Connect every open gate to the nearest street inside its estate and to the nearest outside."""
    gates = np.flatnonzero(barriers.gate_open & (barriers.gate_estate >= 0))
    first = len(segments.xy)
    segments = replace(
        segments,
        xy=np.concatenate([segments.xy, barriers.gates_xy[gates]]),
        signals=np.concatenate([segments.signals, np.zeros(len(gates), dtype=np.bool_)]),
    )
    gate_points = first + np.arange(len(gates))
    for within in (True, False):
        lines = shapely.linestrings(np.stack([segments.xy[segments.tail], segments.xy[segments.head]], axis=1))
        dots = shapely.points(barriers.gates_xy[gates])
        ground = (segments.flags & np.uint8(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) == 0
        gate, line = shapely.STRtree(lines).query(dots, predicate="dwithin", distance=GATE_PATH_M)
        side = barriers.estate_of((segments.xy[segments.tail[line]] + segments.xy[segments.head[line]]) / 2)
        wanted = ((side == barriers.gate_estate[gates[gate]]) == within) & ground[line]
        wanted &= ~np.isin(segments.tail[line], gate_points)
        gate, line = gate[wanted], line[wanted]
        order = np.lexsort((line, shapely.distance(dots[gate], lines[line]), gate))
        gate, nearest = np.unique(gate[order], return_index=True)
        line = line[order][nearest]
        landing = shapely.get_coordinates(
            shapely.line_interpolate_point(lines[line], shapely.line_locate_point(lines[line], dots[gate]))
        )
        segments = add_paths(segments, gate_points[gate], line, landing.reshape(-1, 2))
    return segments
