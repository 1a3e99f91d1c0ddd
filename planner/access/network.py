"""Walkable street network: junctions, edges, shapes, street classes; errors and notes of its readers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely

from planner.district.findings import Fact, Finding, printable
from planner.district.layer_table import display_path
from planner.errors import Fault, LayerError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.io.table import UnreadableError
    from planner.study import Language, Study


STREET_CLASSES: tuple[str, ...] = (
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
"""Street classes by ascending traffic; ``WalkNetwork.kind`` holds positions in this tuple."""
CLASS_CODE: dict[str, int] = {kind: code for code, kind in enumerate(STREET_CLASSES)}
MIN_ROAD_CLASS = CLASS_CODE["living_street"]
"""Code of the least class that carries motor traffic: below it nothing has to be waited for."""
SIGNAL = 0x80
"""Bit of ``crossing_u`` and ``crossing_v`` that marks a signalled crossing."""
STREETS, ELEVATION = "layers.streets", "layers.elevation"


class EdgeFlag(IntFlag):
    """What a walker meets on a street."""

    STAIRS = 1
    BRIDGE = 2
    TUNNEL = 4
    ONE_WAY = 8
    """Walkable from ``u`` to ``v`` only (escalators, one-way gates)."""
    ACROSS = 16
    """A straight crossing of a square or another walkable area, not mapped as a way."""


@dataclass(frozen=True, eq=False, repr=False)
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
        Street class (position in `STREET_CLASSES`) and `EdgeFlag` bits; both constant along an edge.
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
    excluded : ClosedStreets, optional
        Streets of the file that are closed to walking, and closed barriers.
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
    excluded: ClosedStreets | None = None

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
        """Metres of street of each edge, float32[e]: 0 for crossings of areas."""
        return np.where(self.has(EdgeFlag.ACROSS), np.float32(0), self.length_m)

    @cached_property
    def lines(self) -> NDArray[np.object_]:
        """Each edge as a shapely LineString, from ``u`` to ``v``."""
        owner = np.repeat(np.arange(self.n_edges), np.diff(self.shape_indptr))
        return np.asarray(shapely.linestrings(self.shape_xy, indices=owner), dtype=object)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Spatial index of the edges."""
        return shapely.STRtree(self.lines)

    @cached_property
    def edge_component(self) -> NDArray[np.int32]:
        """Connected component of each edge."""
        return self.component[self.u]

    def has(self, flag: EdgeFlag) -> NDArray[np.bool_]:
        """Mark the edges that carry ``flag``, as bool[e]."""
        marked: NDArray[np.bool_] = (self.flags & np.uint8(flag)) != 0
        return marked

    def __repr__(self) -> str:
        """One line: size and system."""
        return (
            f"<WalkNetwork: {self.n_junctions:,} junctions, {self.n_edges:,} streets,"
            f" {float(self.street_m.sum(dtype=np.float64)) / 1000:,.0f} km, {self.crs.to_string()}>"
        )


def metric_crs(crs: pyproj.CRS | str) -> pyproj.CRS:
    """Return ``crs`` as a `pyproj.CRS`; it must be projected in metres.

    Raises
    ------
    LayerError
        If the text names no system, or lengths in it are not metres.
    """
    try:
        parsed = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as fault:
        raise network_error("unknown-crs", layer="crs", crs=str(crs)) from fault
    if not parsed.is_projected:
        raise network_error("not-metric-crs", layer="crs", crs=parsed.name, reason="@crs.degrees")
    if any(axis.unit_conversion_factor != 1.0 for axis in parsed.axis_info[:2]):
        raise network_error("not-metric-crs", layer="crs", crs=parsed.name, reason="@crs.not_metres")
    return parsed


@dataclass(frozen=True, eq=False, slots=True)
class ClosedStreets:
    """Closed streets, closed barriers, and walked streets above or below the ground, of a street file.

    Attributes
    ----------
    reasons : tuple of str
        Why streets are closed, each once: ``access=private``, ``foot=use_sidepath``, ``道路等级=高速公路`` …
    reason : int32[k]
        Position in ``reasons`` of each closed street.
    shape_indptr, shape_xy : int64[k + 1], float64[s, 2]
        Their polylines, in metres.
    barrier_xy : float64[b, 2]
        Closed barriers on streets that are walked.
    barrier_ids, barrier_tags : tuple of str
        Their ids in the file, and the tag that closes each.
    off_ground_indptr, off_ground_xy : int64[m + 1], float64[t, 2]
        Polylines, in metres, of streets that are walked and have a level (``layer``), but are no bridge or tunnel.
    """

    reasons: tuple[str, ...]
    reason: NDArray[np.int32]
    shape_indptr: NDArray[np.int64]
    shape_xy: NDArray[np.float64]
    barrier_xy: NDArray[np.float64]
    barrier_ids: tuple[str, ...] = ()
    barrier_tags: tuple[str, ...] = ()
    off_ground_indptr: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    off_ground_xy: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))

    @property
    def lines(self) -> NDArray[np.object_]:
        """Each closed street as a LineString."""
        return _polylines(self.shape_indptr, self.shape_xy)

    @property
    def off_ground(self) -> NDArray[np.object_]:
        """Each walked street above or below the ground that is no bridge or tunnel, as a LineString."""
        return _polylines(self.off_ground_indptr, self.off_ground_xy)


def _polylines(indptr: NDArray[np.int64], xy: NDArray[np.float64]) -> NDArray[np.object_]:
    owner = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    return np.asarray(shapely.linestrings(xy, indices=owner), dtype=object)


def network_note(code: str, /, *, layer: str = STREETS, count: int = 0, **facts: Fact) -> Finding:
    """Return a note on something left out, assumed or changed."""
    return Finding(code, "note", layer, "", count=count, evidence=_printable_facts(facts))


class StreetsError(LayerError):
    """The streets, or the heights on them, cannot be used; `finding` explains why in either language."""

    def __init__(self, finding: Finding, language: Language = "en") -> None:
        """Word the finding in ``language``."""
        super().__init__(str(Fault(finding.where_exactly(language), finding.what(language), finding.hint(language))))
        self.finding = finding


def network_error(
    code: str, where: object = "", /, *, layer: str = STREETS, count: int = 0, **facts: Fact
) -> StreetsError:
    """Return the error to raise: the finding ``code`` about ``where``, a file or query."""
    return StreetsError(Finding(code, "error", layer, printable(where), count=count, evidence=_printable_facts(facts)))


def unreadable_error(fault: UnreadableError, path: object, /, *, layer: str = STREETS) -> StreetsError:
    """Return the error to raise for a file of streets or heights that cannot be read."""
    return StreetsError(Finding(fault.code, "error", layer, str(path), evidence=fault.evidence))


def _printable_facts(facts: dict[str, Fact]) -> dict[str, Fact]:
    return {name: printable(fact, 200) if isinstance(fact, str) else fact for name, fact in facts.items()}


def finding_path(study: Study, finding: Finding) -> str:
    """Return the file that a finding is about, as the study names it, without any password."""
    elevation = study.layers.elevation
    if finding.layer not in {STREETS, ELEVATION}:
        return finding.where
    if finding.layer == ELEVATION and elevation is not None:
        return elevation.path.as_posix()
    return display_path(study.layers.streets)
