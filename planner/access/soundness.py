"""Can the streets carry the answer? Pieces that do not join, doors too far away, circles that the extract cuts off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from planner.access.closed import at_barriers, note_closed
from planner.access.edge import depth_m
from planner.access.network import EdgeFlag
from planner.access.remarks import path_of
from planner.access.shifted import note_shifts
from planner.access.snap import snap
from planner.district import Findings, groups_apart, heads
from planner.district.crowding import (
    AROUND_M,
    LEAST_IN_COMMUNITY,
    STREET_SLIVER,
    covered_shares,
    of_communities,
    people_once,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.access.snap import Snapped
    from planner.district import District, Finding
    from planner.study import DemandGroup, Study

#: ends of streets closer than this were drawn apart by mistake
GAP_M = 1.0
#: below this share of people on the main piece, what is computed for the rest is doubtful
LEAST_ON_MAIN = 0.95
#: pieces with fewer of the people than this share strand the places on them
LEAST_ON_PIECE = 0.01
#: above this share of people whose circle is cut, coverage near the edge is understated
MOST_CUT = 0.05


def check_streets(study: Study, district: District, network: WalkNetwork) -> tuple[Finding, ...]:
    """Return what is doubtful about the streets of a district, counted in people; whoever is in two groups counts once.

    - what was left out, joined or closed off while the streets were read, as the network notes it;
    - ``streets-closed``, ``streets-without-doors``, ``barriers-closed``: what nobody may walk, its length, and the people
      who live nearest to it;
    - ``far-from-street``, ``place-far-from-street``: nothing walkable within ``walking.max_connector_m``;
    - ``street-pieces``: into how many pieces the streets fall, and the share of people on the main one;
    - ``place-on-piece``: places that stand on a piece few people can walk to;
    - ``street-gaps``: what joining ends closer than a metre would change;
    - ``circles-cut``: people whose widest circle leaves the extract, so that what they reach there is not seen;
    - ``streets-of-a-sliver``: communities of which the streets reach a small part only;
    - ``probable-shift-by-streets``, ``doubtful-shift-by-streets``: points that lie along streets in another reading only.
    """
    findings = Findings()
    people = district.demand[list(study.groups)].to_numpy(dtype=np.float64)
    doors = snap(network, _xy(district.demand), max_connector_m=study.walking.max_connector_m)
    homes = _Homes(list(district.demand["id"]), _xy(district.demand), people, study.groups, _pieces(network, doors))
    where = study.layers.streets.path.as_posix()
    findings.extend(replace(note, where=path_of(study, note)) for note in network.notes)
    note_closed(findings, study, network, homes.xy, homes.counted)
    _note_far(findings, study, district, network, homes)
    if network.component.max() > 0:
        _note_pieces(findings, where, network, homes)
        _note_stranded(findings, study, district, network, homes)
        _note_gaps(findings, where, network, homes)
    _note_cut(findings, study, network, homes)
    _note_sliver(findings, study, district, network)
    note_shifts(findings, district, network)
    return findings.all


@dataclass(frozen=True, eq=False)
class _Homes:
    """Demand points, and who lives there."""

    ids: list[str]
    xy: NDArray[np.float64]
    people: NDArray[np.float64]
    """float64[n, g]: people of each group."""
    groups: Mapping[str, DemandGroup]
    piece: NDArray[np.int64]
    """Piece of the network each stands on; −1 where no street is near."""

    def named(self, rows: NDArray[np.bool_]) -> list[str]:
        return [self.ids[int(row)] for row in np.flatnonzero(rows)]

    def counted(self, rows: NDArray[np.bool_]) -> float:
        return heads(self.groups, self.people[rows])

    def share(self, rows: NDArray[np.bool_]) -> float:
        # the same groups above and below the line, so that shares of parts sum to one
        everybody = self.people[:, groups_apart(self.groups, self.people.sum(axis=0))]
        return float(everybody[rows].sum()) / max(float(everybody.sum()), 1e-9)


def _pieces(network: WalkNetwork, doors: Snapped) -> NDArray[np.int64]:
    piece = np.full(doors.n, -1, np.int64)
    open_doors = doors.edge >= 0
    piece[doors.point[open_doors]] = network.edge_component[doors.edge[open_doors]]
    return piece


def _note_far(findings: Findings, study: Study, district: District, network: WalkNetwork, homes: _Homes) -> None:
    limit = study.walking.max_connector_m
    far = homes.piece < 0
    if far.any():
        people = homes.counted(far)
        findings.warn("far-from-street", "layers.people", "", homes.named(far), people=people, limit_m=limit)
    for name, frame in (("facilities", district.facilities), ("candidates", district.sites)):
        reached = snap(network, _xy(frame), max_connector_m=limit).connected
        if not reached.all():
            findings.warn("place-far-from-street", f"layers.{name}", "", list(frame["id"][~reached]), limit_m=limit)


def _note_pieces(findings: Findings, where: str, network: WalkNetwork, homes: _Homes) -> None:
    on_main = homes.share(homes.piece == 0)
    street_m = network.street_m
    length = float(street_m[network.edge_component == 0].sum() / street_m.sum())
    pieces = int(network.component.max()) + 1
    say = findings.warn if on_main < LEAST_ON_MAIN else findings.note
    rows = homes.named(homes.piece > 0)
    say("street-pieces", "layers.streets", where, rows, pieces=pieces, on_main=on_main, length=length)


def _note_stranded(findings: Findings, study: Study, district: District, network: WalkNetwork, homes: _Homes) -> None:
    """Name places on pieces where almost nobody lives: a path missing on the map looks like a facility without users."""
    limit = study.walking.max_connector_m
    for name, frame in (("facilities", district.facilities), ("candidates", district.sites)):
        piece = _pieces(network, snap(network, _xy(frame), max_connector_m=limit))
        stranded = np.array([found > 0 and homes.share(homes.piece == found) < LEAST_ON_PIECE for found in piece], bool)
        if stranded.any():
            people = homes.counted(np.isin(homes.piece, piece[stranded]))
            findings.warn("place-on-piece", f"layers.{name}", "", list(frame["id"][stranded]), people=people)


def _note_gaps(findings: Findings, where: str, network: WalkNetwork, homes: _Homes) -> None:
    """Say how the pieces would join if every end were tied to the streets of other pieces within a metre."""
    grounded = ~(network.has(EdgeFlag.BRIDGE) | network.has(EdgeFlag.TUNNEL))
    tree = shapely.STRtree(network.lines[grounded])
    # two sides of a closed gate are no slip of drawing
    loose = np.flatnonzero(~at_barriers(network))
    end, line = tree.query(shapely.points(network.xy[loose]), predicate="dwithin", distance=GAP_M)
    end = loose[end]
    one, other = network.component[end], network.edge_component[np.flatnonzero(grounded)[line]]
    apart = one != other
    before = int(network.component.max()) + 1
    links = coo_array((np.ones(int(apart.sum())), (one[apart], other[apart])), shape=(before, before))
    after, label = connected_components(links, directed=False)
    if after < before:
        gained = (homes.piece > 0) & (label[np.maximum(homes.piece, 0)] == label[0])
        people = homes.counted(gained)
        findings.note(
            "street-gaps", "layers.streets", where, gap_m=GAP_M, before=before, after=int(after), people=people
        )


def _note_cut(findings: Findings, study: Study, network: WalkNetwork, homes: _Homes) -> None:
    """Count people whose widest circle, drawn as the crow flies, leaves the ground that the streets cover."""
    speeds = {walker: profile.speed_m_s for walker, profile in study.walking.profiles.items()}
    reach_m = max(60.0 * service.circles[-1].minutes * speeds[service.walker] for service in study.services)
    cut = depth_m(network, homes.xy) < reach_m
    share = homes.share(cut)
    if share > 0:
        say = findings.warn if share > MOST_CUT else findings.note
        where = study.layers.streets.path.as_posix()
        say("circles-cut", "layers.streets", where, homes.named(cut), share=share, reach_m=reach_m)


def _note_sliver(findings: Findings, study: Study, district: District, network: WalkNetwork) -> None:
    """Name the communities of which the streets reach a small part: their people are counted where no street is known."""
    communities = district.communities
    of_each = of_communities(people_once(study, district.demand), district.demand, communities)
    shares = covered_shares(communities, network.lines, of_each > LEAST_IN_COMMUNITY)
    sparse = shares < STREET_SLIVER
    if sparse.any():
        where = study.layers.streets.path.as_posix()
        rows = list(communities["id"][sparse])
        lost, worst = float(of_each[sparse].sum()), float(shares[sparse].min())
        findings.warn("streets-of-a-sliver", "layers.streets", where, rows, people=lost, share=worst, around_m=AROUND_M)


def _xy(frame: GeoDataFrame) -> NDArray[np.float64]:
    return np.column_stack([frame.geometry.x, frame.geometry.y])
