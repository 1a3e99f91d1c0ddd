"""Walkers who share a search reach what each would reach alone."""

import numpy as np
import pytest

from planner.access import snap, walk, walk_each, walking
from planner.study import WalkingProfile
from tests.property.streets import network_of, town

WALKERS = {
    "adult": WalkingProfile(speed_m_s=1.2),
    "elder": WalkingProfile(speed_m_s=0.8),
    "frail": WalkingProfile(speed_m_s=0.64),
    "careful": WalkingProfile(speed_m_s=0.8, crossing_delay_s={"primary": 20}),
    "tired": WalkingProfile(speed_m_s=0.8, stairs_factor=2),
}
CUTOFFS_S = {"adult": 300.0, "elder": 900.0, "frail": 600.0, "careful": 900.0, "tired": 300.0}


@pytest.mark.parametrize("seed", range(12))
def test_equals_walking_alone(seed, monkeypatch):
    network = network_of(town(seed, points=120, links=190, stairs=0.2, one_way=0.05))
    rng = np.random.default_rng(seed)
    homes, sites = (snap(network, rng.uniform(0, 400, (size, 2)), max_connector_m=60) for size in (40, 15))
    searches = []
    search = walking._pairs
    monkeypatch.setattr(walking, "_pairs", lambda *told: searches.append(told[3]) or search(*told))

    together = walk_each(network, dict.fromkeys(WALKERS, homes), dict.fromkeys(WALKERS, sites), WALKERS, CUTOFFS_S)

    assert searches == [WALKERS["elder"], WALKERS["careful"], WALKERS["tired"]]
    assert list(together) == list(WALKERS)
    for name, walker in WALKERS.items():
        alone = walk(network, homes, sites, walker, CUTOFFS_S[name])
        assert together[name].cutoff_s == alone.cutoff_s
        tables = []
        for reach in (together[name], alone):
            table = np.full((40, 15), np.inf)
            table[reach.demand, reach.site] = reach.seconds
            tables.append(np.where(table > alone.cutoff_s - 2e-3, np.inf, table))
        np.testing.assert_allclose(*tables, atol=1.5e-3, rtol=0)
