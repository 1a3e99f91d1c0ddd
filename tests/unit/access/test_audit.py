"""The audit of what exists, counted by hand and against trying everything out."""

import numpy as np
import pytest

from planner.access import audit
from tests.unit.access.random_times import random_travel_times, travel_times_of

#  blocks of 10, 20, 30, 40 people; facilities 0 and 1 double each other, 2 stands alone, 3 serves nobody
REACH = travel_times_of([{0: 100, 1: 200}, {0: 300, 1: 250}, {1: 400, 2: 500}, {2: 100}], n_sites=4)
PEOPLE = np.array([10.0, 20.0, 30.0, 40.0])


def test_facilities():
    table = audit.facilities(REACH, PEOPLE, 600.0, capacity=np.array([20.0, 25.0, np.nan, 10.0]), participation=0.5)
    np.testing.assert_allclose(table["people_within"], [30, 60, 70, 0])
    np.testing.assert_allclose(table["people_only_here"], [0, 0, 40, 0])
    np.testing.assert_allclose(table["overlap_share"], [1, 1, 3 / 7, np.nan])
    np.testing.assert_allclose(table["load"], [5, 25, 20, 0])
    np.testing.assert_allclose(table["utilisation"], [0.25, 1, np.nan, 0])


def test_balance():
    areas = np.array([0, 0, 1, 2])
    table = audit.balance(REACH, PEOPLE, areas, 4, 450.0, capacity=np.array([6.0, 18.0, 4.0, np.nan]))
    np.testing.assert_allclose(table["people"], [30, 30, 40, 0])
    np.testing.assert_allclose(table["people_uncovered"], [0, 0, 0, 0])
    np.testing.assert_allclose(table["people_covered_twice"], [30, 0, 0, 0])
    # 6 places for 30 people, 18 for 60, 4 for 40: 0.2, 0.3 and 0.1 each
    np.testing.assert_allclose(table["places"], [15, 9, 4, 0])
    np.testing.assert_allclose(table["places_due"], [8.4, 8.4, 11.2, 0])
    np.testing.assert_allclose(table["surplus_places"], [6.6, 0.6, -7.2, 0])
    assert table["surplus_places"].sum() == pytest.approx(0)


def test_duplicates_and_the_merge_that_loses_least():
    table = audit.duplicates(REACH, PEOPLE, 600.0)
    assert table["facility"].tolist() == [0, 1, 2]
    assert table["into"].tolist() == [1, 0, 1]
    np.testing.assert_allclose(table["people_shared"], [30, 30, 30])
    np.testing.assert_allclose(table["people_lost"], [0, 0, 40])


def test_of_two_that_double_each_other_only_one_can_go():
    closures = audit.thinning(REACH, PEOPLE, 600.0, most=9)
    assert [(c.facility, c.people_lost, c.people_lost_in_all) for c in closures] == [
        (0, 0, 0),
        (3, 0, 0),
        (1, 30, 30),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_moves_equal_trying_every_one(seed):
    existing, candidates = random_travel_times(seed, n_sites=5), random_travel_times(seed + 100, n_sites=7)
    people = np.random.default_rng(seed).integers(0, 9, existing.n_demand) * 1.0
    cutoff_s = 400.0

    def covered(sites, options):
        marked = np.zeros(existing.n_demand, dtype=bool)
        for reach, chosen in ((existing, sites), (candidates, options)):
            near = np.isin(reach.site, chosen) & (reach.seconds <= cutoff_s)
            marked[reach.demand[near]] = True
        return people[marked].sum()

    table = audit.moves(existing, candidates, people, cutoff_s).set_index("facility")
    today = covered(range(5), [])
    for facility in range(5):
        tried = [covered([f for f in range(5) if f != facility], [c]) - today for c in range(7)]
        assert table.loc[facility, "net"] == pytest.approx(max(tried))
        assert tried[int(table.loc[facility, "candidate"])] == pytest.approx(max(tried))
    assert table["net"].is_monotonic_decreasing
    assert len(audit.moves(existing, travel_times_of([{}] * existing.n_demand, 0), people, cutoff_s)) == 0
