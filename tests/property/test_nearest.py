"""One search from all sites together finds what the full table has first in each row."""

import numpy as np
import pytest

from planner.access import nearest, snap, walk
from planner.study import WalkingProfile
from tests.property.streets import network_of, town

WALKER = WalkingProfile(speed_m_s=1.1, stairs_factor=1.5)


@pytest.mark.parametrize("tree", [False, True])
@pytest.mark.parametrize("sizes", [(40, 6), (5, 30), (1, 1), (8, 0)])
def test_equals_the_first_of_each_row(sizes, tree):
    for seed in range(40):
        network = network_of(town(seed, points=90, links=100, tree=tree, stairs=0.1, one_way=0.05))
        rng = np.random.default_rng(seed)
        homes, sites = (snap(network, rng.uniform(-20, 420, (size, 2)), max_connector_m=60) for size in sizes)
        found = nearest(network, homes, sites, WALKER, 900.0)
        table = walk(network, homes, sites, WALKER, 900.0, threads=1)
        np.testing.assert_array_equal(found.seconds, table.nearest_s())
        for home in np.flatnonzero(found.site >= 0):
            near, seconds = table.row(int(home))
            assert seconds[near == found.site[home]] == found.seconds[home]
        np.testing.assert_array_equal(found.site >= 0, table.nearest_site() >= 0)
