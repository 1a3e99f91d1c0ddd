"""Numbers of a run, on a district small enough to count by hand."""

import numpy as np

from planner.access import TravelTimes
from planner.workflow.plan_tables import nearest


def _reach() -> TravelTimes:
    # three demand points, three places: d0 → p1 60 s, p0 120 s; d1 → nothing; d2 → p2 30 s, p0 90 s
    return TravelTimes(
        indptr=np.array([0, 2, 2, 4]),
        site=np.array([1, 0, 2, 0], dtype=np.int32),
        seconds=np.array([60, 120, 30, 90], dtype=np.float32),
        n_sites=3,
        cutoff_s=300.0,
    )


def test_the_nearest_open_place_is_found_and_the_unreached_stay():
    found = nearest(_reach(), np.array([True, False, False]))
    np.testing.assert_array_equal(found.seconds, [120, np.nan, 90])
    np.testing.assert_array_equal(found.place, [0, -1, 0])


def test_the_nearer_of_two_open_places_counts():
    found = nearest(_reach(), np.array([True, True, True]))
    np.testing.assert_array_equal(found.seconds, [60, np.nan, 30])
    np.testing.assert_array_equal(found.place, [1, -1, 2])


def test_nothing_open_reaches_nobody():
    found = nearest(_reach(), np.zeros(3, dtype=bool))
    assert np.isnan(found.seconds).all()
    assert (found.place == -1).all()
