"""Walks equal networkx on the same streets split at every door, whatever the streets look like."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.access import snap, walk
from planner.study import WalkingProfile
from tests.property.streets import network_of, oracle_seconds, town

WALKERS = {
    "adult": WalkingProfile(speed_m_s=1.2),
    "slow on stairs": WalkingProfile(speed_m_s=0.8, stairs_factor=2.5),
    "wheelchair": WalkingProfile(speed_m_s=0.9, stairs="forbidden"),
}


def dense(reach):
    table = np.full((reach.n_demand, reach.n_sites), np.inf)
    table[reach.demand, reach.site] = reach.seconds
    return table


@settings(max_examples=60, deadline=None)
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

    reach = walk(network, *doors, walker, cutoff_s, threads=1)

    expected = oracle_seconds(streets, origins, sites, walker, max_connector_m=60)
    expected[expected > cutoff_s] = np.inf
    edge_of_reach = np.abs(expected - cutoff_s) < 2e-3
    found = dense(reach)
    assert np.array_equal(np.isfinite(found) | edge_of_reach, np.isfinite(expected) | edge_of_reach)
    both = np.isfinite(found) & np.isfinite(expected)
    assert np.abs(found[both] - expected[both]).max(initial=0.0) < 1.5e-3


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_answer_depends_neither_on_the_side_searched_from_nor_on_threads(seed):
    streets = town(seed, points=150, links=260, one_way=0.1)
    rng = np.random.default_rng(seed)
    network, walker = network_of(streets), WALKERS["adult"]
    many, few = (snap(network, rng.uniform(0, 400, (size, 2)), max_connector_m=60) for size in (200, 150))
    reach = walk(network, many, few, walker, 300.0, threads=1)
    for threads in (2, 3):
        again = walk(network, many, few, walker, 300.0, threads=threads)
        assert np.array_equal(again.indptr, reach.indptr)
        assert np.array_equal(again.site, reach.site)
        assert np.array_equal(again.seconds, reach.seconds)
    # Fewer origins than sites: the same walks, now searched from the origins.
    some = np.arange(0, 200, 4)
    other = walk(network, many.take(some), few, walker, 300.0)
    np.testing.assert_allclose(dense(other), dense(reach)[some], rtol=0, atol=1.1e-3)


@pytest.mark.parametrize("row", range(3))
def test_rows_ascend(row):
    streets = town(row, points=80, links=140)
    network = network_of(streets)
    places = np.random.default_rng(row).uniform(0, 400, (60, 2))
    doors = snap(network, places, max_connector_m=100)
    reach = walk(network, doors, doors, WALKERS["adult"], 600.0)
    for i in range(reach.n_demand):
        _, seconds = reach.row(i)
        assert np.all(np.diff(seconds) >= 0)
