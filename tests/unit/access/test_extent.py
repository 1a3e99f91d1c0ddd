"""The edge of a street file: straight where it is straight, and round the corner of one that lacks a quarter."""

import numpy as np
import pytest
import shapely

from planner.access import depth_inside_m
from planner.access.line_streets import node_lines
from planner.access.network import metric_crs
from planner.access.segments import build_network

CRS = metric_crs("EPSG:32650")
CELLS_M = 40.0


def streets(*lines):
    drawn = np.array([shapely.LineString(line) for line in lines], dtype=object)
    nothing = np.zeros(len(drawn), np.uint8)
    return build_network(node_lines(drawn, nothing, nothing), CRS)


def grid(ground, every_m=200):
    """Streets every 200 m inside ``ground``."""
    west, south, east, north = ground.bounds
    lines = [[(x, south), (x, north)] for x in np.arange(west, east + 1, every_m)]
    lines += [[(west, y), (east, y)] for y in np.arange(south, north + 1, every_m)]
    cut = shapely.intersection(shapely.linestrings(lines), ground)
    parts = shapely.get_parts(cut)
    return streets(*[part.coords for part in parts[shapely.length(parts) > 0]])


def depth(network, *points):
    return depth_inside_m(network, np.array(points, dtype=np.float64))


def test_in_a_square_it_is_the_distance_to_the_nearest_side():
    square = grid(shapely.box(0, 0, 4000, 4000))
    inside = depth(square, (2000, 2000), (2000, 300), (3900, 2000), (500, 400))
    np.testing.assert_allclose(inside, [2000, 300, 100, 400], atol=CELLS_M)
    assert (depth(square, (-200, 2000), (9000, 9000)) <= 0).all()


def test_the_missing_quarter_of_an_l_is_outside():
    # 6 km wide, its north-eastern quarter was not extracted: homes at its rim look into ground without streets
    ell = grid(shapely.box(0, 0, 6000, 6000).difference(shapely.box(3000, 3000, 6000, 6000)))
    at_the_rim, in_the_quarter, inside = [2800.0, 5000.0], [4600.0, 4600.0], [1500.0, 1500.0]
    found = depth(ell, at_the_rim, in_the_quarter, inside)
    assert found[0] == pytest.approx(200, abs=CELLS_M)
    assert found[1] < 0
    assert found[2] == pytest.approx(1500, abs=CELLS_M)
    hull = shapely.convex_hull(shapely.multipoints(ell.shape_xy))
    assert shapely.distance(shapely.boundary(hull), shapely.Point(at_the_rim)) > 720  # what the hull would say
    assert [metres < 720 for metres in depth(ell, at_the_rim, inside)] == [True, False]


def test_a_lake_is_not_the_edge_of_the_streets():
    shore = grid(shapely.box(0, 0, 9000, 9000).difference(shapely.box(3000, 3000, 6500, 6500)))
    assert depth(shore, (2900, 4500))[0] == pytest.approx(2900, abs=CELLS_M)


def test_fields_between_roads_are_not_the_edge_of_the_streets():
    # a small town, and lanes into the fields a kilometre and a half apart
    lanes = [[(x, 1000), (x, 4000)] for x in (0, 1500, 3000)]
    town = streets([(0, 1000), (3000, 1000)], [(0, 4000), (3000, 4000)], *lanes)
    assert depth(town, (750, 1100), (1500, 2500)) == pytest.approx([100, 1500], abs=CELLS_M)


def test_a_stray_street_at_the_other_end_of_the_country_changes_nothing():
    town = [[(x, 0), (x, 2000)] for x in range(0, 2001, 200)] + [[(0, y), (2000, y)] for y in range(0, 2001, 200)]
    homes = [(1000, 300), (150, 1000)]
    stray = streets(*town, [(3_000_000, 0), (3_000_100, 0)])
    np.testing.assert_array_equal(depth(stray, *homes), depth(streets(*town), *homes))
    assert depth(stray, *homes) == pytest.approx([300, 150], abs=CELLS_M)


def test_where_there_is_no_street_at_all_everything_is_outside():
    far = streets([(900_000, 0), (900_500, 0)])
    assert (depth(far, (0, 0), (100, 100)) < 0).all()
    assert depth_inside_m(far, np.zeros((0, 2))).shape == (0,)


def test_one_street_alone_has_no_inside():
    assert depth(streets([(0, 0), (1000, 0)]), (500, 0))[0] == pytest.approx(0, abs=CELLS_M)


def test_a_ring_of_streets_has_the_ground_it_encloses():
    # a ring without junctions keeps one of its points: the extent is that of the streets, not of the junctions
    ring = streets([(0, 0), (1000, 0)], [(1000, 0), (1000, 1000)], [(1000, 1000), (0, 1000)], [(0, 1000), (0, 0)])
    homes = depth(ring, (500, 500), (500, 150))
    assert (homes < 100).tolist() == [False, False]
    assert (homes < 200).tolist() == [False, True]
    assert (homes < 900).tolist() == [True, True]
