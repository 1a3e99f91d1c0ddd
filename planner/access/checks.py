"""Checks of the street network: components, distant points, closed streets, gaps, extent of the file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from planner.access.datum_check import check_datum_by_streets
from planner.access.extent import depth_inside_m, junctions_at_barriers, may_go_on
from planner.access.network import EdgeFlag, finding_path
from planner.access.snap import snap
from planner.district.checks.population import (
    MIN_COMMUNITY_PEOPLE,
    MIN_STREET_SHARE,
    NEAR_M,
    area_shares_near,
    people_by_community,
    people_by_point,
)
from planner.district.demand import disjoint_groups, heads
from planner.district.findings import Findings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.access.snap import Snapped
    from planner.district.district import District
    from planner.district.findings import Finding
    from planner.study import DemandGroup, Study


#: ends of streets closer than this are drawing errors
GAP_M = 1.0
#: minimum share of people on the main component
MIN_MAIN_SHARE = 0.95
#: minimum share of people on a component; others isolate the sites on them
MIN_COMPONENT_SHARE = 0.01
#: maximum share of people whose circle leaves the extent
MAX_CUT_SHARE = 0.05
_DISTANCE_TOLERANCE_M = 1e-2
"""Closed streets drawn over an open one are not nearer than it."""


def check_streets(study: Study, district: District, network: WalkNetwork) -> tuple[Finding, ...]:
    """Return findings about the streets of a district, counted in people; each person counts once.

    - what was left out, joined or closed off while the streets were read, as the network notes it;
    - ``streets-closed``, ``streets-without-doors``, ``streets-off-ground``, ``barriers-closed``: what is closed or kept
      apart, its length, and the people who live nearest to it;
    - ``far-from-street``, ``place-far-from-street``: nothing walkable within ``walking.max_connector_m``;
    - ``street-pieces``: into how many pieces the streets fall, and the share of people on the main one;
    - ``place-on-piece``: places that stand on a piece few people can walk to;
    - ``street-gaps``: what joining ends closer than a metre would change;
    - ``circles-cut``: people whose widest circle leaves the extract, so that what they reach there is not seen;
    - ``streets-of-a-sliver``: communities of which the streets reach a small part only;
    - ``probable-shift-by-streets``, ``doubtful-shift-by-streets``: points that lie along streets in another reading only;
    - ``communities-shifted``, ``communities-possibly-shifted``: borders that follow roads in another reading only.
    """
    findings = Findings()
    people = district.demand[list(study.groups)].to_numpy(dtype=np.float64)
    doors = snap(network, _xy(district.demand), max_connector_m=study.walking.max_connector_m)
    points = _DemandPoints(
        list(district.demand["id"]), _xy(district.demand), people, study.groups, _component_of(network, doors)
    )
    where = study.layers.streets.path.as_posix()
    findings.extend(replace(note, where=finding_path(study, note)) for note in network.notes)
    check_closed_streets(findings, study, network, points.xy, points.counted)
    _check_distant(findings, study, district, network, points)
    if network.component.max() > 0:
        _check_components(findings, where, network, points)
        _check_isolated_sites(findings, study, district, network, points)
        _check_gaps(findings, where, network, points)
    _check_extent(findings, study, network, points)
    _check_street_share(findings, study, district, network)
    check_datum_by_streets(findings, study, district, network)
    return findings.all


@dataclass(frozen=True, eq=False)
class _DemandPoints:
    """Demand points, and who lives there."""

    ids: list[str]
    xy: NDArray[np.float64]
    people: NDArray[np.float64]
    """float64[n, g]: people of each group."""
    groups: Mapping[str, DemandGroup]
    component: NDArray[np.int64]
    """Network component of each; −1 where no street is near."""

    def named(self, rows: NDArray[np.bool_]) -> list[str]:
        return [self.ids[int(row)] for row in np.flatnonzero(rows)]

    def counted(self, rows: NDArray[np.bool_]) -> float:
        return heads(self.groups, self.people[rows])

    def share(self, rows: NDArray[np.bool_]) -> float:
        # the same groups above and below the line, so that shares of parts sum to one
        everybody = self.people[:, disjoint_groups(self.groups, self.people.sum(axis=0))]
        return float(everybody[rows].sum()) / max(float(everybody.sum()), 1e-9)


def _component_of(network: WalkNetwork, doors: Snapped) -> NDArray[np.int64]:
    component = np.full(doors.n, -1, np.int64)
    open_doors = doors.edge >= 0
    component[doors.point[open_doors]] = network.edge_component[doors.edge[open_doors]]
    return component


def _check_distant(
    findings: Findings, study: Study, district: District, network: WalkNetwork, points: _DemandPoints
) -> None:
    limit = study.walking.max_connector_m
    far = points.component < 0
    if far.any():
        people = points.counted(far)
        findings.warn("far-from-street", "layers.people", "", points.named(far), people=people, limit_m=limit)
    for name, frame in (("facilities", district.facilities), ("candidates", district.sites)):
        reached = snap(network, _xy(frame), max_connector_m=limit).connected
        if not reached.all():
            findings.warn("place-far-from-street", f"layers.{name}", "", list(frame["id"][~reached]), limit_m=limit)


def _check_components(findings: Findings, where: str, network: WalkNetwork, points: _DemandPoints) -> None:
    on_main = points.share(points.component == 0)
    street_m = network.street_m
    length = float(street_m[network.edge_component == 0].sum() / street_m.sum())
    n_components = int(network.component.max()) + 1
    add = findings.warn if on_main < MIN_MAIN_SHARE else findings.note
    rows = points.named(points.component > 0)
    add("street-pieces", "layers.streets", where, rows, pieces=n_components, on_main=on_main, length=length)


def _check_isolated_sites(
    findings: Findings, study: Study, district: District, network: WalkNetwork, points: _DemandPoints
) -> None:
    """Flag sites on components where almost nobody lives: a missing path makes a facility look unused."""
    limit = study.walking.max_connector_m
    for name, frame in (("facilities", district.facilities), ("candidates", district.sites)):
        component = _component_of(network, snap(network, _xy(frame), max_connector_m=limit))
        stranded = np.array(
            [found > 0 and points.share(points.component == found) < MIN_COMPONENT_SHARE for found in component], bool
        )
        if stranded.any():
            people = points.counted(np.isin(points.component, component[stranded]))
            findings.warn("place-on-piece", f"layers.{name}", "", list(frame["id"][stranded]), people=people)


def _check_gaps(findings: Findings, where: str, network: WalkNetwork, points: _DemandPoints) -> None:
    """Report how many components would join if ends within a metre of other components were connected."""
    grounded = ~(network.has(EdgeFlag.BRIDGE) | network.has(EdgeFlag.TUNNEL))
    tree = shapely.STRtree(network.lines[grounded])
    # two sides of a closed gate are no slip of drawing
    loose = np.flatnonzero(~junctions_at_barriers(network))
    end, line = tree.query(shapely.points(network.xy[loose]), predicate="dwithin", distance=GAP_M)
    end = loose[end]
    first_component, other = network.component[end], network.edge_component[np.flatnonzero(grounded)[line]]
    apart = first_component != other
    before = int(network.component.max()) + 1
    links = coo_array((np.ones(int(apart.sum())), (first_component[apart], other[apart])), shape=(before, before))
    after, label = connected_components(links, directed=False)
    if after < before:
        gained = (points.component > 0) & (label[np.maximum(points.component, 0)] == label[0])
        people = points.counted(gained)
        findings.note(
            "street-gaps", "layers.streets", where, gap_m=GAP_M, before=before, after=int(after), people=people
        )


def _check_extent(findings: Findings, study: Study, network: WalkNetwork, points: _DemandPoints) -> None:
    """Count people whose widest circle, as a straight-line distance, leaves the extent of the streets where they may go on."""
    speeds = {walker: profile.speed_m_s for walker, profile in study.walking.profiles.items()}
    reach_m = max(60.0 * study.circles_of(service)[-1].minutes * speeds[service.walker] for service in study.services)
    cut = depth_inside_m(network, points.xy) < reach_m
    cut[cut] &= may_go_on(network, points.xy[cut], reach_m)
    share = points.share(cut)
    if share > 0:
        add = findings.warn if share > MAX_CUT_SHARE else findings.note
        where = study.layers.streets.path.as_posix()
        add("circles-cut", "layers.streets", where, points.named(cut), share=share, reach_m=reach_m)


def _check_street_share(findings: Findings, study: Study, district: District, network: WalkNetwork) -> None:
    """Flag communities of which the streets cover a small part: their people are counted where no street is known."""
    communities = district.communities
    of_each = people_by_community(people_by_point(study, district.demand), district.demand, communities)
    shares = area_shares_near(communities, network.lines, of_each > MIN_COMMUNITY_PEOPLE)
    sparse = shares < MIN_STREET_SHARE
    if sparse.any():
        where = study.layers.streets.path.as_posix()
        rows = list(communities["id"][sparse])
        lost, worst = float(of_each[sparse].sum()), float(shares[sparse].min())
        findings.warn("streets-of-a-sliver", "layers.streets", where, rows, people=lost, share=worst, around_m=NEAR_M)


def _xy(frame: GeoDataFrame) -> NDArray[np.float64]:
    return np.column_stack([frame.geometry.x, frame.geometry.y])


def check_closed_streets(
    findings: Findings,
    study: Study,
    network: WalkNetwork,
    xy: NDArray[np.float64],
    counted: Callable[[NDArray[np.bool_]], float],
) -> None:
    """Report closed streets by the tag that closes them, streets without doors or off the ground, and closed barriers.

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
    excluded = network.excluded
    if excluded is not None and len(excluded.reason):
        lines = excluded.lines
        nearest, distance_m = _nearest_line(lines, xy, limit_m)
        nearer = distance_m < open_m - _DISTANCE_TOLERANCE_M
        for number, tag in enumerate(excluded.reasons):
            of_reason = excluded.reason == number
            affected = nearer & of_reason[nearest]
            length_m = float(shapely.length(lines[of_reason]).sum())
            people = counted(affected)
            findings.note(
                "streets-closed",
                "layers.streets",
                where,
                tag=tag,
                length_m=length_m,
                people=people,
                count=int(of_reason.sum()),
            )
    doorless = network.has(EdgeFlag.BRIDGE) | network.has(EdgeFlag.TUNNEL)
    if doorless.any():
        _, distance_m = _nearest_line(network.lines[doorless], xy, limit_m)
        people = counted(distance_m < open_m - _DISTANCE_TOLERANCE_M)
        length_m = float(network.length_m[doorless].sum())
        findings.note(
            "streets-without-doors",
            "layers.streets",
            where,
            length_m=length_m,
            people=people,
            count=int(doorless.sum()),
        )
    if excluded is not None and len(excluded.off_ground_xy):
        lines = excluded.off_ground
        _, distance_m = _nearest_line(lines, xy, limit_m)
        people = counted(np.isfinite(distance_m) & (distance_m <= open_m + _DISTANCE_TOLERANCE_M))
        length_m = float(shapely.length(lines).sum())
        findings.note("streets-off-ground", "layers.streets", where, length_m=length_m, people=people, count=len(lines))
    if excluded is not None and len(excluded.barrier_ids):
        component = np.full(len(xy), -1, dtype=np.int64)
        on = doors.edge >= 0
        component[doors.point[on]] = network.edge_component[doors.edge[on]]
        joined = _components_if_open(network)
        cut_off = (component > 0) & (joined[np.maximum(component, 0)] == joined[0])
        tags = ", ".join(f"{tag} × {count}" for tag, count in Counter(excluded.barrier_tags).most_common())
        people = counted(cut_off)
        findings.note("barriers-closed", "layers.streets", where, excluded.barrier_ids, tags=tags, people=people)


def _nearest_line(
    lines: NDArray[np.object_], xy: NDArray[np.float64], limit_m: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the nearest line of each point and its distance; infinite beyond the limit."""
    line, distance_m = np.zeros(len(xy), dtype=np.int64), np.full(len(xy), np.inf)
    (point, hit), found_m = shapely.STRtree(lines).query_nearest(
        shapely.points(xy), max_distance=limit_m, return_distance=True, all_matches=False
    )
    line[point], distance_m[point] = hit, found_m
    return line, distance_m


def _components_if_open(network: WalkNetwork) -> NDArray[np.int32]:
    """Label the components as they would be if every barrier were open."""
    ends = np.flatnonzero(junctions_at_barriers(network))
    _, place = np.unique(network.xy[ends], axis=0, return_inverse=True)
    order = np.argsort(place.ravel(), kind="stable")
    same = np.flatnonzero(np.diff(place.ravel()[order]) == 0)
    first_component, other = network.component[ends[order[same]]], network.component[ends[order[same + 1]]]
    n = int(network.component.max()) + 1
    links = coo_array((np.ones(len(first_component), dtype=np.int8), (first_component, other)), shape=(n, n))
    label: NDArray[np.int32] = connected_components(links, directed=False)[1]
    return label
