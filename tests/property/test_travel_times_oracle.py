"""Walks equal networkx on the same streets split at every door, whatever the streets look like."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.access import STREET_CLASSES, EdgeFlag, compute_travel_times, snap
from planner.access.network import CLASS_CODE
from planner.access.segments import Segments, build_network
from planner.study import WalkingProfile
from tests.property.streets import CRS, network_of, oracle_seconds, town

WALKERS = {
    "adult": WalkingProfile(speed_m_s=1.2),
    "slow on stairs": WalkingProfile(speed_m_s=0.8, stairs_factor=2.5),
    "wheelchair": WalkingProfile(speed_m_s=0.9, stairs="forbidden"),
}


def dense(reach):
    table = np.full((reach.n_demand, reach.n_sites), np.inf)
    table[reach.demand, reach.site] = reach.seconds
    return table


@pytest.mark.deep
@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    who=st.sampled_from(sorted(WALKERS)),
    sizes=st.sampled_from([(12, 5), (5, 12), (3, 2), (20, 1)]),
    tree=st.booleans(),
    cutoff_s=st.sampled_from([60.0, 300.0, 900.0]),
)
def test_seconds_equal_networkx_on_the_split_streets(seed, who, sizes, tree, cutoff_s):
    # trees: dead ends and chains, most of them without a door, which the search leaves out or strides over
    streets = town(seed, points=90, links=95, tree=tree, stairs=0.1, one_way=0.03)
    if not tree:
        streets = town(seed, stairs=0.2, one_way=0.1)
    rng = np.random.default_rng(seed + 1)
    origins, sites = (rng.uniform(-20, 420, (size, 2)) for size in sizes)
    network, walker = network_of(streets), WALKERS[who]
    doors = [snap(network, places, max_connector_m=60, walker=walker) for places in (origins, sites)]

    reach = compute_travel_times(network, *doors, walker, cutoff_s, threads=1)

    expected = oracle_seconds(streets, origins, sites, walker, max_connector_m=60)
    expected[expected > cutoff_s] = np.inf
    edge_of_reach = np.abs(expected - cutoff_s) < 1e-3
    found = dense(reach)
    assert np.array_equal(np.isfinite(found) | edge_of_reach, np.isfinite(expected) | edge_of_reach)
    both = np.isfinite(found) & np.isfinite(expected)
    assert np.abs(found[both] - expected[both]).max(initial=0.0) < 1e-3


@pytest.mark.deep
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_answer_depends_neither_on_the_side_searched_from_nor_on_threads(seed):
    streets = town(seed, points=150, links=260, one_way=0.1)
    rng = np.random.default_rng(seed)
    network, walker = network_of(streets), WALKERS["adult"]
    many, few = (snap(network, rng.uniform(0, 400, (size, 2)), max_connector_m=60) for size in (200, 150))
    reach = compute_travel_times(network, many, few, walker, 300.0, threads=1)
    for threads in (2, 3):
        again = compute_travel_times(network, many, few, walker, 300.0, threads=threads)
        assert np.array_equal(again.indptr, reach.indptr)
        assert np.array_equal(again.site, reach.site)
        assert np.array_equal(again.seconds, reach.seconds)
    # Fewer origins than sites: the same walks, now searched from the origins.
    some = np.arange(0, 200, 4)
    other = compute_travel_times(network, many.take(some), few, walker, 300.0)
    np.testing.assert_allclose(dense(other), dense(reach)[some], rtol=0, atol=1.1e-3)


@pytest.mark.parametrize("row", range(3))
def test_rows_ascend(row):
    streets = town(row, points=80, links=140)
    network = network_of(streets)
    places = np.random.default_rng(row).uniform(0, 400, (60, 2))
    doors = snap(network, places, max_connector_m=100)
    reach = compute_travel_times(network, doors, doors, WALKERS["adult"], 600.0)
    for i in range(reach.n_demand):
        _, seconds = reach.row(i)
        assert np.all(np.diff(seconds) >= 0)


CAREFUL = WalkingProfile(
    speed_m_s=0.8, crossing_delay_s={"primary": 20, "secondary": 9}, signal_delay_s=14, stairs_factor=2
)


def waiting_seconds(network, homes, sites, walker):
    """Seconds of every walk with its waits, by networkx over the streets between junctions; doors as they were snapped."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(network.n_junctions))

    def wait(code):
        if not code:
            return 0.0
        kind = STREET_CLASSES[(int(code) & 0x7F) - 1]
        return (walker.signal_delay_s if int(code) & 0x80 else walker.crossing_delay_s.get(kind, 0.0)) / 2

    at_u, at_v = ([wait(code) for code in codes] for codes in (network.crossing_u, network.crossing_v))
    pace = np.where(network.has(EdgeFlag.STAIRS), walker.stairs_factor, 1.0) / walker.speed_m_s
    one_way, length = network.has(EdgeFlag.ONE_WAY), network.length_m.astype(float)
    for e, (u, v) in enumerate(zip(network.u.tolist(), network.v.tolist(), strict=True)):
        seconds = length[e] * pace[e] + at_u[e] + at_v[e]
        graph.add_edge(u, v, weight=seconds)
        if not one_way[e]:
            graph.add_edge(v, u, weight=seconds)
    doors = {"from": homes, "to": sites}
    for side, snapped in doors.items():
        for point, e, offset, leg in zip(
            snapped.point, snapped.edge, snapped.offset_m, snapped.connector_m, strict=True
        ):
            door, leg_s = (side, int(point)), float(leg) / walker.speed_m_s
            graph.add_node(door)
            if e < 0:
                continue
            u, v = int(network.u[e]), int(network.v[e])
            to_u, to_v = (part * pace[e] + leg_s for part in (float(offset), length[e] - float(offset)))
            against, along = not one_way[e] or offset == 0, not one_way[e] or offset == network.length_m[e]
            if side == "from":
                if against:
                    graph.add_edge(door, u, weight=to_u + at_u[e])
                graph.add_edge(door, v, weight=to_v + at_v[e])
            else:
                graph.add_edge(u, door, weight=to_u + at_u[e])
                if along:
                    graph.add_edge(v, door, weight=to_v + at_v[e])
    for point, e, offset, leg in zip(homes.point, homes.edge, homes.offset_m, homes.connector_m, strict=True):
        for goal, other, at, last in zip(sites.point, sites.edge, sites.offset_m, sites.connector_m, strict=True):
            if e >= 0 and e == other and (at >= offset or not one_way[e]):
                seconds = abs(float(at) - float(offset)) * pace[e] + (float(leg) + float(last)) / walker.speed_m_s
                graph.add_edge(("from", int(point)), ("to", int(goal)), weight=seconds)
    table = np.full((homes.n, sites.n), np.inf)
    for i in range(homes.n):
        reached = nx.single_source_dijkstra_path_length(graph, ("from", i))
        for j in range(sites.n):
            table[i, j] = reached.get(("to", j), np.inf)
    return table


@pytest.mark.deep
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cutoff_s=st.sampled_from([120.0, 900.0]))
def test_waits_at_roads_equal_networkx(seed, cutoff_s):
    xy, tail, head, kind, flags = town(seed, points=60, links=100, stairs=0.1, one_way=0.05)
    rng = np.random.default_rng(seed + 1)
    roads = (rng.random(len(kind)) < 0.4) & (flags == 0)
    kind[roads] = rng.choice([CLASS_CODE["primary"], CLASS_CODE["secondary"], CLASS_CODE["residential"]], roads.sum())
    network = build_network(Segments(xy, tail, head, kind, flags, rng.random(len(xy)) < 0.2), CRS)
    homes, sites = (snap(network, rng.uniform(0, 400, (size, 2)), max_connector_m=60) for size in (15, 8))

    reach = compute_travel_times(network, homes, sites, CAREFUL, cutoff_s, threads=1)

    expected = waiting_seconds(network, homes, sites, CAREFUL)
    expected[expected > cutoff_s] = np.inf
    found = dense(reach)
    edge_of_reach = np.abs(np.minimum(expected, found) - cutoff_s) < 2e-3
    assert np.array_equal(np.isfinite(found) | edge_of_reach, np.isfinite(expected) | edge_of_reach)
    both = np.isfinite(found) & np.isfinite(expected)
    assert np.abs(found[both] - expected[both]).max(initial=0.0) < 1e-3
