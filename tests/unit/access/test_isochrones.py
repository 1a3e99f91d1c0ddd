"""Circles: nested, valid, holding the streets walked and only those."""

import numpy as np
import pytest
import shapely

from planner.access import add_slopes, compute_travel_times, isochrones, snap
from planner.study import WalkingProfile
from tests.property.streets import network_of, town

WALKER = WalkingProfile(speed_m_s=1.0)


def grid(n=13, step_m=100.0):
    """A chequerboard of streets, ``n`` × ``n`` junctions."""
    place = np.arange(n * n).reshape(n, n)
    xy = np.column_stack([(np.arange(n * n) % n) * step_m, (np.arange(n * n) // n) * step_m])
    tail = np.concatenate([place[:, :-1].ravel(), place[:-1].ravel()])
    head = np.concatenate([place[:, 1:].ravel(), place[1:].ravel()])
    return xy, tail, head, np.zeros(len(tail), dtype=np.uint8), np.zeros(len(tail), dtype=np.uint8)


def test_on_a_chequerboard_the_circle_is_a_square_on_its_corner():
    network = network_of(grid())
    door = snap(network, np.array([[600.0, 600.0]]), max_connector_m=10)
    ((five, ten),) = isochrones(network, door, WALKER, [200.0, 400.0])
    for reached_m, circle in ((200.0, five), (400.0, ten)):
        assert circle.contains(shapely.Point(600 + reached_m - 4, 600))
        assert not circle.contains(shapely.Point(600 + reached_m + 8, 600))
        assert not circle.contains(shapely.Point(600 + reached_m * 0.8, 600 + reached_m * 0.8))
        # |x| + |y| ≤ reached is a square of area 2 reached²; the ground beside the streets adds to it
        assert 2 * reached_m**2 * 0.7 < circle.area < 2 * (reached_m + 60) ** 2


@pytest.mark.parametrize("seed", range(8))
def test_nested_and_valid_on_any_streets(seed):
    network = network_of(town(seed, points=120, links=170, extent_m=800, one_way=0.1, stairs=0.1))
    places = np.random.default_rng(seed).uniform(0, 800, (5, 2))
    walker = WalkingProfile(speed_m_s=0.9, stairs_factor=2)
    drawn = isochrones(network, snap(network, places, max_connector_m=300), walker, [900.0, 60.0, 300.0])
    for largest, smallest, middle in drawn:
        for inner, outer in ((smallest, middle), (middle, largest)):
            assert inner.is_valid
            assert outer.is_valid
            assert inner.difference(outer).area < 1e-6


def test_holds_nearly_everything_within_reach_and_little_else():
    network = network_of(grid(21, 60.0))
    rng = np.random.default_rng(3)
    site = snap(network, np.array([[611.0, 605.0]]), max_connector_m=50)
    edge = rng.integers(0, network.n_edges, 4000)
    share = rng.random(4000)
    places = shapely.get_coordinates(shapely.line_interpolate_point(network.lines[edge], share, normalized=True))
    reach = compute_travel_times(network, snap(network, places, max_connector_m=1), site, WALKER, 500.0)
    ((circle,),) = isochrones(network, site, WALKER, [500.0])
    reached = np.isfinite(reach.nearest_s())
    drawn = shapely.contains_xy(circle, places)
    assert drawn[reached].mean() > 0.985
    assert reached[drawn].mean() > 0.985


def test_a_site_without_a_door_has_an_empty_circle():
    network = network_of(grid())
    nowhere = snap(network, np.array([[9e5, 9e5], [600.0, 600.0]]), max_connector_m=10)
    lost, found = isochrones(network, nowhere, WALKER, [100.0])
    assert lost[0].is_empty
    assert not found[0].is_empty
    assert isochrones(network, nowhere, WALKER, []) == [[], []]


def test_a_door_farther_from_its_street_than_the_cutoff_draws_nothing():
    network = network_of(grid())
    doors = snap(network, np.array([[-150.0, 600.0], [600.0, 650.0]]), max_connector_m=200)
    lost, found = isochrones(network, doors, WALKER, [100.0])
    assert lost[0].is_empty
    assert not found[0].is_empty


def test_drawn_together_as_drawn_alone():
    # one raster is drawn where another stood before, larger or smaller
    network = network_of(town(4, points=200, links=330, extent_m=1500, one_way=0.1))
    doors = snap(network, np.random.default_rng(4).uniform(0, 1500, (9, 2)), max_connector_m=300)
    together = isochrones(network, doors, WALKER, [600.0, 90.0, 240.0])
    alone = [isochrones(network, doors.take(np.array([site])), WALKER, [600.0, 90.0, 240.0])[0] for site in range(9)]
    assert together == alone
    assert len({circle.wkb for drawn in together for circle in drawn}) > 9


def test_a_street_that_falls_gently_is_followed_to_the_end_of_the_walk():
    xy = np.array([[0.0, 0.0], [3000.0, 0.0]])
    flat = network_of((xy, np.array([0]), np.array([1]), np.zeros(1, np.uint8), np.zeros(1, np.uint8)))
    network = add_slopes(flat, lambda xy: xy[:, 0] * 0.05)  # towards the door downhill by 5 %, the quickest slope
    door = snap(network, np.array([[0.0, 0.0]]), max_connector_m=1)
    hiker = WalkingProfile(speed_m_s=1.0, slope="tobler")
    ((circle,),) = isochrones(network, door, hiker, [900.0])
    assert circle.bounds[2] == pytest.approx(900 * np.exp(3.5 * 0.05), abs=10)
