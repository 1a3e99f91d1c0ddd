"""Say what of the streets nobody may walk: its length, and the people who live nearest to it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from planner.access.left_out import at_places
from planner.access.network import EdgeFlag
from planner.access.snap import snap

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.district import Findings
    from planner.study import Study

_SHARE_M = 1e-2
"""Closed streets drawn over an open one are not nearer than it."""


def note_closed(
    findings: Findings,
    study: Study,
    network: WalkNetwork,
    xy: NDArray[np.float64],
    counted: Callable[[NDArray[np.bool_]], float],
) -> None:
    """Note closed streets by the tag that closes them, streets without doors, and closed barriers.

    Parameters
    ----------
    findings : Findings
        Takes the notes.
    study : Study
        Says how far a door may lie from its street.
    network : WalkNetwork
        Streets, with what was left out of them.
    xy : float64[n, 2]
        Demand points.
    counted : callable
        Gives the people at the marked demand points.
    """
    where = study.layers.streets.path.as_posix()
    limit_m = study.walking.max_connector_m
    doors = snap(network, xy, max_connector_m=limit_m)
    open_m = np.where(doors.edge >= 0, doors.connector_m, np.inf).astype(np.float64)
    left_out = network.left_out
    if left_out is not None and len(left_out.reason):
        lines = left_out.lines
        nearest, apart_m = _nearest(lines, xy, limit_m)
        nearer = apart_m < open_m - _SHARE_M
        for number, tag in enumerate(left_out.reasons):
            own = left_out.reason == number
            here = nearer & own[nearest]
            length_m = float(shapely.length(lines[own]).sum())
            people = counted(here)
            findings.note(
                "streets-closed",
                "layers.streets",
                where,
                tag=tag,
                length_m=length_m,
                people=people,
                count=int(own.sum()),
            )
    doorless = network.has(EdgeFlag.BRIDGE) | network.has(EdgeFlag.TUNNEL)
    if doorless.any():
        _, apart_m = _nearest(network.lines[doorless], xy, limit_m)
        people = counted(apart_m < open_m - _SHARE_M)
        length_m = float(network.length_m[doorless].sum())
        findings.note(
            "streets-without-doors",
            "layers.streets",
            where,
            length_m=length_m,
            people=people,
            count=int(doorless.sum()),
        )
    if left_out is not None and len(left_out.barrier_ids):
        piece = np.full(len(xy), -1, dtype=np.int64)
        on = doors.edge >= 0
        piece[doors.point[on]] = network.edge_component[doors.edge[on]]
        joined = _joined(network)
        cut_off = (piece > 0) & (joined[np.maximum(piece, 0)] == joined[0])
        tags = ", ".join(f"{tag} × {count}" for tag, count in Counter(left_out.barrier_tags).most_common())
        people = counted(cut_off)
        findings.note("barriers-closed", "layers.streets", where, left_out.barrier_ids, tags=tags, people=people)


def at_barriers(network: WalkNetwork) -> NDArray[np.bool_]:
    """Mark the junctions at which streets end at a closed barrier."""
    if network.left_out is None:
        return np.zeros(network.n_junctions, dtype=np.bool_)
    return at_places(network.xy, network.left_out.barrier_xy)


def _nearest(
    lines: NDArray[np.object_], xy: NDArray[np.float64], limit_m: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Nearest line of each point, and how far it is; infinite beyond the limit."""
    line, apart_m = np.zeros(len(xy), dtype=np.int64), np.full(len(xy), np.inf)
    (point, hit), found_m = shapely.STRtree(lines).query_nearest(
        shapely.points(xy), max_distance=limit_m, return_distance=True, all_matches=False
    )
    line[point], apart_m[point] = hit, found_m
    return line, apart_m


def _joined(network: WalkNetwork) -> NDArray[np.int32]:
    """Label the pieces as they would hang together if every barrier were open."""
    ends = np.flatnonzero(at_barriers(network))
    _, place = np.unique(network.xy[ends], axis=0, return_inverse=True)
    order = np.argsort(place.ravel(), kind="stable")
    same = np.flatnonzero(np.diff(place.ravel()[order]) == 0)
    one, other = network.component[ends[order[same]]], network.component[ends[order[same + 1]]]
    n = int(network.component.max()) + 1
    links = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(n, n))
    label: NDArray[np.int32] = connected_components(links, directed=False)[1]
    return label
