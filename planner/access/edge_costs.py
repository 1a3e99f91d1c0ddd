"""Edge costs of a walking profile, in integer ticks of time, exact in sums whichever direction is searched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.access.compiled import compiled
from planner.access.network import SIGNAL, STREET_CLASSES, EdgeFlag, WalkNetwork
from planner.errors import Fault, StudyError
from planner.i18n import translate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.snap import Snapped
    from planner.study import WalkingProfile


TICKS_PER_S = 65536
"""Fifteen microseconds a tick: whole numbers add up without rounding, in any order, to the same sum."""
UNREACHABLE = 1 << 30
"""Ticks of what cannot be walked; two of them still fit 32 bits."""
MAX_CUTOFF_S = 3600.0 * 4
"""A longer time would come near `UNREACHABLE`."""
COMMON_SPEED_M_S = 1.0
"""Common speed of searches for profiles without waiting; their seconds follow by one factor."""
_STAIRS, _ONE_WAY = int(EdgeFlag.STAIRS), int(EdgeFlag.ONE_WAY)
TOLERANCE_TICKS = 64
"""A walk that exceeds a cutoff by less than a millisecond is within it: 1,080 m at 1.2 m/s are 15 minutes."""


@dataclass(frozen=True, eq=False, slots=True)
class EdgeCosts:
    """Ticks one walker needs for each edge.

    Attributes
    ----------
    ahead, back : int32[e]
        Along the edge from ``u`` to ``v``, and from ``v`` to ``u``; `UNREACHABLE` where not permitted.
    at_u, at_v : int32[e]
        Waiting at either end, for the road crossed there.
    speed_m_s : float
        On connectors, between door and street.
    """

    ahead: NDArray[np.int32]
    back: NDArray[np.int32]
    at_u: NDArray[np.int32]
    at_v: NDArray[np.int32]
    speed_m_s: float

    def reversed(self) -> EdgeCosts:
        """Return the costs of the same walks in the opposite direction, for searches from the destinations."""
        return EdgeCosts(ahead=self.back, back=self.ahead, at_u=self.at_u, at_v=self.at_v, speed_m_s=self.speed_m_s)


@dataclass(frozen=True, eq=False, slots=True)
class DoorCosts:
    """Ticks between the doors of points and the junctions at both ends of their streets.

    Attributes
    ----------
    n : int
        Number of points.
    point, edge, u, v : int32[k]
        Point and street of each door that opens on a street, and the street's ends.
    share : float64[k]
        Position along the street: 0 at ``u``, 1 at ``v``.
    connector : int32[k]
        Between point and street.
    to_u, to_v : int32[k]
        Between point and either end of the street, connector and waiting included; `UNREACHABLE` against a one-way, and
        for a door at one end where the other end cannot be the better way.
    """

    n: int
    point: NDArray[np.int32]
    edge: NDArray[np.int32]
    u: NDArray[np.int32]
    v: NDArray[np.int32]
    share: NDArray[np.float64]
    connector: NDArray[np.int32]
    to_u: NDArray[np.int32]
    to_v: NDArray[np.int32]


def edge_costs(network: WalkNetwork, walker: WalkingProfile) -> EdgeCosts:
    """Time every edge for one walker.

    Raises
    ------
    StudyError
        If the walker feels slopes and the network has no heights.
    """
    forbidden = walker.stairs == "forbidden"
    ahead, back, at_u, at_v = _edge_ticks(
        network.length_m,
        network.flags,
        network.crossing_u,
        network.crossing_v,
        *_slope_factors(network, walker),
        _half_delays(walker),
        np.uint8(EdgeFlag.STAIRS if forbidden else 0),
        1.0 if forbidden else float(walker.stairs_factor),
        TICKS_PER_S / walker.speed_m_s,
    )
    return EdgeCosts(ahead=ahead, back=back, at_u=at_u, at_v=at_v, speed_m_s=walker.speed_m_s)


@compiled
def _edge_ticks(  # noqa: PLR0917
    length_m: NDArray[np.float32],
    flags: NDArray[np.uint8],
    crossing_u: NDArray[np.uint8],
    crossing_v: NDArray[np.uint8],
    uphill: NDArray[np.float32],
    downhill: NDArray[np.float32],
    delay: NDArray[np.int32],
    closed: np.uint8,
    stairs_factor: float,
    ticks_per_m: float,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return ahead, back, at_u and at_v of each edge.

    Edges that carry a ``closed`` flag are not walked; a single slope goes for all edges.
    """
    n = len(length_m)
    ahead = np.empty(n, np.int32)
    back = np.empty(n, np.int32)
    at_u = np.empty(n, np.int32)
    at_v = np.empty(n, np.int32)
    each = 1 if len(uphill) == n else 0
    for edge in range(n):
        ticks = np.float64(length_m[edge]) * ticks_per_m
        if flags[edge] & _STAIRS:
            ticks *= stairs_factor
        closed_edge = (flags[edge] & closed) != 0
        against = closed_edge or (flags[edge] & _ONE_WAY) != 0
        ahead[edge] = UNREACHABLE if closed_edge else np.int32(min(np.rint(ticks * uphill[each * edge]), UNREACHABLE))
        back[edge] = UNREACHABLE if against else np.int32(min(np.rint(ticks * downhill[each * edge]), UNREACHABLE))
        at_u[edge] = delay[crossing_u[edge]]
        at_v[edge] = delay[crossing_v[edge]]
    return ahead, back, at_u, at_v


def door_costs(network: WalkNetwork, snapped: Snapped, costs: EdgeCosts) -> DoorCosts:
    """Time the way from every door to both ends of its street, for walks that begin there.

    For walks that end there, pass ``costs.reversed()``.
    """
    on = np.flatnonzero(snapped.edge >= 0)
    edge = snapped.edge[on]
    timed = _door_ticks(
        edge,
        snapped.offset_m[on],
        snapped.connector_m[on],
        network.length_m,
        costs.ahead,
        costs.back,
        costs.at_u,
        costs.at_v,
        TICKS_PER_S / costs.speed_m_s,
    )
    return DoorCosts(snapped.n, snapped.point[on], edge, network.u[edge], network.v[edge], *timed)


@compiled
def _door_ticks(  # noqa: PLR0917
    edge: NDArray[np.int32],
    offset_m: NDArray[np.float32],
    connector_m: NDArray[np.float32],
    length_m: NDArray[np.float32],
    ahead: NDArray[np.int32],
    back: NDArray[np.int32],
    at_u: NDArray[np.int32],
    at_v: NDArray[np.int32],
    ticks_per_m: float,
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return share, connector, to_u and to_v of each door."""
    n = len(edge)
    share = np.empty(n, np.float64)
    connector = np.empty(n, np.int32)
    to_u = np.empty(n, np.int32)
    to_v = np.empty(n, np.int32)
    for door in range(n):
        street = edge[door]
        along = min(max(np.float64(offset_m[door]) / max(np.float64(length_m[street]), 1e-6), 0.0), 1.0)
        connector_ticks = np.rint(np.float64(connector_m[door]) * ticks_per_m)
        share[door] = along
        connector[door] = np.int32(min(connector_ticks, UNREACHABLE))
        # Standing at the very end nothing of the street is walked, even of one that is closed in that direction.
        closed_u = back[street] >= UNREACHABLE and along > 0.0
        closed_v = ahead[street] >= UNREACHABLE and along < 1.0
        part_u = 0.0 if back[street] >= UNREACHABLE else np.rint(along * back[street])
        part_v = 0.0 if ahead[street] >= UNREACHABLE else np.rint((1.0 - along) * ahead[street])
        to_u[door] = UNREACHABLE if closed_u else np.int32(min(part_u + at_u[street] + connector_ticks, UNREACHABLE))
        to_v[door] = UNREACHABLE if closed_v else np.int32(min(part_v + at_v[street] + connector_ticks, UNREACHABLE))
        # At a corner the other end is never the better way, unless a road would have to be crossed at the corner itself.
        if along == 0.0 and at_u[street] == 0:
            to_v[door] = UNREACHABLE
        elif along == 1.0 and at_v[street] == 0:
            to_u[door] = UNREACHABLE
    return share, connector, to_u, to_v


def cutoff_ticks(cutoff_s: float) -> int:
    """Turn a cutoff into ticks.

    Raises
    ------
    StudyError
        If it is not between 0 and four hours.
    """
    if not 0 < cutoff_s <= MAX_CUTOFF_S:
        raise StudyError(f"cutoff {cutoff_s:g} s: must lie between 0 and {MAX_CUTOFF_S:g} s → correct the circles")
    return round(cutoff_s * TICKS_PER_S) + TOLERANCE_TICKS


class SearchParameters(NamedTuple):
    """How the walks of one walker are searched.

    Attributes
    ----------
    walker : WalkingProfile
        Who is searched for: all that matters to which way is best. Equal ones share a search.
    cutoff : int
        Ticks of the longest walk that counts.
    ticks_per_s : float
        Ticks searched in a second of the true walker.
    """

    walker: WalkingProfile
    cutoff: int
    ticks_per_s: float


def search_parameters(walker: WalkingProfile, cutoff_s: float) -> SearchParameters:
    """Return the parameters of the search for one walking profile.

    Speed changes no path, only its seconds: profiles without waiting are searched at one common speed, so that all that
    differ in speed alone share one result, identical to the last bit whether one or several are requested. Waiting does
    not scale with speed, so profiles with waiting are searched at their own speed; so are cutoffs beyond the range of ticks.
    """
    cutoff = cutoff_ticks(cutoff_s)
    common_cutoff = int(cutoff * walker.speed_m_s / COMMON_SPEED_M_S)
    anonymous = walker.model_copy(update={"name": None, "source": ""})
    if any(walker.crossing_delay_s.values()) or walker.signal_delay_s > 0 or common_cutoff > cutoff_ticks(MAX_CUTOFF_S):
        return SearchParameters(anonymous, cutoff, float(TICKS_PER_S))
    common_profile = anonymous.model_copy(update={"speed_m_s": COMMON_SPEED_M_S, "crossing_delay_s": {}})
    return SearchParameters(common_profile, common_cutoff, TICKS_PER_S * walker.speed_m_s / COMMON_SPEED_M_S)


def _slope_factors(network: WalkNetwork, walker: WalkingProfile) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the cost factor relative to level ground, ahead and back; one value for all edges if slopes are ignored."""
    if walker.slope == "ignored":
        level = np.ones(1, dtype=np.float32)
        return level, level
    if network.slope_ahead is None or network.slope_back is None:
        raise StudyError(str(Fault("slope: tobler", translate("no_heights", "en"), translate("add_heights", "en"))))
    return network.slope_ahead, network.slope_back


def _half_delays(walker: WalkingProfile) -> NDArray[np.int32]:
    """Half the waiting time in ticks for every value of ``crossing_u`` and ``crossing_v``."""
    delay_s = np.zeros(256)
    for code, kind in enumerate(STREET_CLASSES, start=1):
        delay_s[code] = walker.crossing_delay_s.get(kind, 0.0)
        delay_s[code | SIGNAL] = walker.signal_delay_s
    return np.rint(delay_s * (TICKS_PER_S / 2)).astype(np.int32)
