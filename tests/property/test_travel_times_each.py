"""Walkers who share a search reach what each would reach alone, to the last bit."""

import dataclasses

import numpy as np
import pytest

from planner.access import compute_travel_times, compute_travel_times_each, snap, travel_times
from planner.study import WalkingProfile
from tests.property.streets import network_of, town

WALKERS = {
    "adult": WalkingProfile(speed_m_s=1.2),
    "elder": WalkingProfile(speed_m_s=0.8, source="England, women over 65"),
    "frail": WalkingProfile(speed_m_s=0.64, crossing_delay_s={"primary": 0}),
    "careful": WalkingProfile(speed_m_s=0.8, crossing_delay_s={"primary": 20}),
    "tired": WalkingProfile(speed_m_s=0.8, stairs_factor=2),
}
CUTOFFS_S = {"adult": 300.0, "elder": 900.0, "frail": 600.0, "careful": 900.0, "tired": 300.0}


def same(one, other):
    """Whether two reaches are equal to the last bit."""
    return (one.n_sites, one.cutoff_s) == (other.n_sites, other.cutoff_s) and all(
        getattr(one, part).tobytes() == getattr(other, part).tobytes() for part in ("indptr", "site", "seconds")
    )


@pytest.fixture
def searches(monkeypatch):
    """Every search made, as the walker it was made for."""
    made = []
    pairs = travel_times._search_pairs

    def told(network, origins, sites, asked, threads):
        made.append(asked.walker)
        return pairs(network, origins, sites, asked, threads)

    monkeypatch.setattr(travel_times, "_search_pairs", told)
    return made


@pytest.mark.parametrize("sizes", [(40, 15), (15, 40)])
@pytest.mark.parametrize("seed", range(12))
def test_equals_walking_alone(seed, sizes, searches):
    network = network_of(town(seed, points=120, links=190, stairs=0.2, one_way=0.05))
    rng = np.random.default_rng(seed)
    homes, sites = (snap(network, rng.uniform(0, 400, (size, 2)), max_connector_m=60) for size in sizes)

    together = compute_travel_times_each(
        network, dict.fromkeys(WALKERS, homes), dict.fromkeys(WALKERS, sites), WALKERS, CUTOFFS_S
    )

    assert [(who.stairs_factor, bool(who.crossing_delay_s)) for who in searches] == [(1, False), (1, True), (2, False)]
    assert list(together) == list(WALKERS)
    for name, walker in WALKERS.items():
        alone = compute_travel_times(network, homes, sites, walker, CUTOFFS_S[name])
        assert same(together[name], alone)
        some = {mate: WALKERS[mate] for mate in (name, "frail", "careful")}
        told = compute_travel_times_each(
            network, dict.fromkeys(some, homes), dict.fromkeys(some, sites), some, CUTOFFS_S
        )
        assert same(told[name], alone)


def test_equal_doors_are_shared_and_other_doors_are_not(searches):
    network = network_of(town(3, points=80, links=140))
    homes, sites = (
        snap(network, np.random.default_rng(size).uniform(0, 400, (size, 2)), max_connector_m=60) for size in (20, 5)
    )
    walkers = {name: WALKERS[name] for name in ("adult", "elder")}
    cutoffs_s = dict.fromkeys(walkers, 600.0)
    copies = {"adult": homes, "elder": dataclasses.replace(homes, point=homes.point.copy())}
    compute_travel_times_each(network, copies, dict.fromkeys(walkers, sites), walkers, cutoffs_s)
    assert len(searches) == 1
    others = {"adult": homes, "elder": dataclasses.replace(homes, connector_m=homes.connector_m + 1)}
    found = compute_travel_times_each(network, others, dict.fromkeys(walkers, sites), walkers, cutoffs_s)
    assert len(searches) == 3
    assert found["elder"].seconds[0] > compute_travel_times(network, homes, sites, walkers["elder"], 600.0).seconds[0]


def test_walks_longer_than_the_common_speed_can_hold_are_searched_by_themselves(searches):
    network = network_of(town(5, points=80, links=140))
    homes, sites = (
        snap(network, np.random.default_rng(size).uniform(0, 400, (size, 2)), max_connector_m=60) for size in (20, 5)
    )
    walkers = {"runner": WalkingProfile(speed_m_s=3), "adult": WALKERS["adult"]}
    cutoffs_s = {"runner": 14_400.0, "adult": 600.0}
    found = compute_travel_times_each(
        network, dict.fromkeys(walkers, homes), dict.fromkeys(walkers, sites), walkers, cutoffs_s
    )
    assert [walker.speed_m_s for walker in searches] == [3.0, 1.0]
    near = compute_travel_times(network, homes, sites, walkers["runner"], 600.0)
    np.testing.assert_allclose(found["runner"].within(600.0).seconds, near.seconds, atol=1.1e-3)
