"""Leaving out dead ends and striding over junctions changes no walk."""

import numpy as np
import pytest

from planner.access import compute_travel_times, isochrones, shortest_paths, snap, travel_times
from planner.access.shortest_paths import full_graph
from planner.study import WalkingProfile
from tests.depth import some
from tests.property.streets import network_of, town

WALKER = WalkingProfile(speed_m_s=1.2, stairs="forbidden")


@pytest.mark.parametrize("sizes", [(12, 5), (3, 9), (1, 1)])
def test_equals_the_search_over_every_junction(monkeypatch, sizes):
    for seed in some(range(150)):
        network = network_of(town(seed, points=90, links=95, tree=True, stairs=0.1, one_way=0.03))
        rng = np.random.default_rng(seed + 1)
        doors = [snap(network, rng.uniform(-20, 420, (size, 2)), max_connector_m=60, walker=WALKER) for size in sizes]
        quick = compute_travel_times(network, *doors, WALKER, 900.0, threads=1)
        with monkeypatch.context() as patch:
            patch.setattr(travel_times, "reduced_graph", lambda net, pace, cutoff, **_: full_graph(net, pace, cutoff))
            thorough = compute_travel_times(network, *doors, WALKER, 900.0, threads=1)
        for name in ("indptr", "site", "seconds"):
            np.testing.assert_array_equal(getattr(quick, name), getattr(thorough, name), err_msg=f"seed {seed}")


def test_buckets_that_overflow_are_made_longer(monkeypatch):
    network = network_of(town(7, points=300, links=700))
    places = np.random.default_rng(7).uniform(0, 400, (40, 2))
    doors = snap(network, places, max_connector_m=60, walker=WALKER)
    roomy, drawn = (
        compute_travel_times(network, doors, doors, WALKER, 900.0),
        isochrones(network, doors, WALKER, [300.0, 900.0]),
    )
    rows = shortest_paths.new_buckets
    for length in (2, 8, 64):
        monkeypatch.setattr(shortest_paths, "new_buckets", lambda n_buckets, length=length: rows(n_buckets, length))
        tight = compute_travel_times(network, doors, doors, WALKER, 900.0)
        for name in ("indptr", "site", "seconds"):
            np.testing.assert_array_equal(getattr(tight, name), getattr(roomy, name), err_msg=f"rows of {length}")
        assert isochrones(network, doors, WALKER, [300.0, 900.0]) == drawn
