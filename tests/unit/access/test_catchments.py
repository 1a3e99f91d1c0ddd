"""Catchments: hand-counted, and against the definition written out with dense matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.access.catchments import (
    Binary,
    Exponential,
    Gaussian,
    Steps,
    count_within,
    floating_catchment,
    nearest_site_load,
    opportunities,
    people_only_here,
    people_within,
)
from tests.unit.access.random_times import random_travel_times, travel_times_of

REACH = travel_times_of([{0: 100.0, 1: 400.0}, {1: 300.0}, {0: 800.0}, {}], n_sites=3)
PEOPLE = np.array([10.0, 20.0, 30.0, 40.0])


def test_two_steps_by_hand():
    # site 0 (8 places) is reached by 10 + 30 people, site 1 (3 places) by 10 + 20, site 2 by nobody
    access = floating_catchment(REACH, PEOPLE, np.array([8.0, 3.0, 99.0]), Binary(900.0))
    np.testing.assert_allclose(access, [0.2 + 0.1, 0.1, 0.2, 0.0])


def test_people_of_each_site():
    np.testing.assert_allclose(people_within(REACH, PEOPLE, 400.0), [10, 30, 0])
    np.testing.assert_allclose(people_only_here(REACH, PEOPLE, 400.0), [0, 20, 0])
    np.testing.assert_allclose(people_only_here(REACH, PEOPLE, 900.0), [30, 20, 0])
    np.testing.assert_array_equal(count_within(REACH, 400.0), [2, 1, 0, 0])
    np.testing.assert_allclose(nearest_site_load(REACH, PEOPLE), [40, 20, 0])


@pytest.mark.deep
@given(
    seed=st.integers(0, 10_000),
    decay=st.sampled_from([Binary(500.0), Steps((200.0, 500.0, 900.0), (1, 0.5, 0.1)), Gaussian(900.0)]),
)
def test_equals_the_definition_and_gives_away_every_place(seed, decay):
    reach = random_travel_times(seed)
    rng = np.random.default_rng(seed)
    people, capacity = rng.integers(0, 40, reach.n_demand) * 1.0, rng.integers(1, 60, reach.n_sites) * 1.0
    weight = np.zeros((reach.n_demand, reach.n_sites))
    weight[reach.demand, reach.site] = decay(reach.seconds)
    served = people @ weight
    ratio = np.divide(capacity, served, out=np.zeros_like(served), where=served > 0)

    access = floating_catchment(reach, people, capacity, decay)

    np.testing.assert_allclose(access, weight @ ratio, rtol=1e-12, atol=1e-15)
    assert people @ access == pytest.approx(capacity[served > 0].sum())


@pytest.mark.parametrize("bound_s", [299.7, 300.0, 300.1])
def test_a_walk_of_exactly_the_bound_lies_in_the_zone(bound_s):
    reach = travel_times_of([{0: bound_s - 0.001, 1: bound_s, 2: bound_s + 0.001}], n_sites=3)
    one = np.ones(3)
    for decay, expected in (
        (Binary(bound_s), 2),
        (Steps((bound_s - 0.001, bound_s, 900.0), (1, 0.5, 0.25)), 1.75),
        (Steps((bound_s, 900.0), (1, 0)), 2),
    ):
        assert opportunities(reach, one, decay) == pytest.approx(expected)
        assert decay(reach.seconds).sum() == pytest.approx(expected)
    assert count_within(reach, bound_s) == 2
    np.testing.assert_allclose(people_within(reach, np.array([7.0]), bound_s), [7, 7, 0])


@given(seed=st.integers(0, 10_000), bounds_s=st.lists(st.integers(0, 900), min_size=1, max_size=4).map(sorted))
def test_zones_add_up_as_walk_by_walk(seed, bounds_s):
    reach = random_travel_times(seed)
    rng = np.random.default_rng(seed)
    people, capacity = rng.integers(0, 40, reach.n_demand) * 1.0, rng.integers(1, 60, reach.n_sites) * 1.0
    steps = Steps(tuple(map(float, bounds_s)), tuple(rng.random(len(bounds_s))))
    weight = np.zeros((reach.n_demand, reach.n_sites))
    weight[reach.demand, reach.site] = steps(reach.seconds)
    np.testing.assert_allclose(opportunities(reach, capacity, steps), weight @ capacity, rtol=1e-12, atol=1e-12)
    near = np.zeros_like(weight)
    near[reach.demand, reach.site] = reach.seconds <= bounds_s[-1]
    np.testing.assert_allclose(people_within(reach, people, bounds_s[-1]), people @ near)
    np.testing.assert_array_equal(count_within(reach, bounds_s[-1]), near.sum(axis=1))


def test_opportunities_count_or_fade():
    np.testing.assert_allclose(opportunities(REACH, np.ones(3), Binary(400.0)), [2, 1, 0, 0])
    np.testing.assert_allclose(opportunities(REACH, np.ones(3), Exponential(100.0, 900.0))[3], 0)
    np.testing.assert_allclose(opportunities(REACH, np.ones(3), Exponential(100.0, 900.0))[1], 0.125)


def test_refuses_what_the_reach_does_not_hold():
    with pytest.raises(ValueError, match="the travel times end at 900 s"):
        people_within(REACH, PEOPLE, 901.0)
    with pytest.raises(ValueError, match="4 demand points"):
        people_within(REACH, PEOPLE[:3], 900.0)
    with pytest.raises(ValueError, match="3 sites"):
        opportunities(REACH, PEOPLE, Binary(900.0))
