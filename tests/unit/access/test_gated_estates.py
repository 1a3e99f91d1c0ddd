"""Gated estates and barriers, on a drawing whose every walk can be added up by hand (1 m/s)."""

import numpy as np
import pytest
import shapely

from planner.access import Barriers, apply_barriers, compute_travel_times, merge_entrances, snap
from planner.access.line_streets import node_lines
from planner.access.network import metric_crs
from planner.access.segments import build_network
from planner.study import WalkingProfile

CRS = metric_crs("EPSG:32650")
WALKER = WalkingProfile(speed_m_s=1.0)

#      y
#    200 +---------------------------------+   North Street
#        |                                 |
#    150 |        . N (gate, north) . .    |     an estate of 200 m x 100 m, x 100…300, y 50…150
#        |        |       H         |      |     H a house at (200, 140)
#    100 |        |                 |      |     S the south gate at (150, 50), N the north gate at (150, 150)
#        |        |                 |      |
#     50 |        . S . . . . . . . .      |
#        |                                 |
#      0 +---------------------------------+   South Street, the shop at (400, 0)
#        0       100               300    400  x
RING = [[(0, 0), (400, 0)], [(400, 0), (400, 200)], [(400, 200), (0, 200)], [(0, 200), (0, 0)]]
ESTATE = shapely.box(100, 50, 300, 150)
HOUSE, SHOP = np.array([[200.0, 140.0]]), np.array([[400.0, 0.0]])
GATES = np.array([[150.0, 50.0], [150.0, 150.0]])


def network_of(lines, flags=None):
    marks = np.zeros(len(lines), np.uint8) if flags is None else np.array(flags, np.uint8)
    return build_network(
        node_lines(np.array([shapely.LineString(x) for x in lines]), np.zeros(len(lines), np.uint8), marks), CRS
    )


def walls_of(open_=(True, True), barriers=(), estates=(ESTATE,), gates=GATES):
    return Barriers(
        estates=np.array(estates, dtype=object),
        gates_xy=gates,
        gate_estate=np.zeros(len(gates), dtype=np.int32),
        gate_open=np.array(open_),
        barriers=np.array(barriers, dtype=object),
    )


def seconds(lines, walls, *, house=HOUSE, connector_m=120.0):
    network = network_of(lines)
    if walls is not None:
        network = apply_barriers(network, walls)
    home = snap(network, house, max_connector_m=connector_m, barriers=walls)
    shop = snap(network, SHOP, max_connector_m=connector_m, barriers=walls)
    return float(compute_travel_times(network, home, shop, WALKER, 3600.0).nearest_s()[0])


def test_without_walls_the_house_walks_through_the_hedge():
    # 60 m up to North Street, 200 m east, 200 m south
    assert seconds(RING, None) == pytest.approx(60 + 200 + 200)


def test_a_house_leaves_through_the_quicker_gate():
    # no path leads from the gates to the streets, 50 m off: GATE_PATH_M is less, so nobody gets out
    assert seconds(RING, walls_of()) == np.inf
    near = [*RING, [(150, 40), (150, 0)], [(150, 160), (150, 200)]]
    to_south, to_north = np.hypot(50, 90), np.hypot(50, 10)
    south, north = to_south + 50 + 250, to_north + 50 + 250 + 200
    assert seconds(near, walls_of()) == pytest.approx(min(south, north), abs=2e-3)
    assert seconds(near, walls_of((False, True))) == pytest.approx(north, abs=2e-3)
    assert seconds(near, walls_of((False, False))) == np.inf


def test_opening_a_gate_is_a_scenario():
    near = [*RING, [(150, 40), (150, 0)], [(150, 160), (150, 200)]]
    closed = walls_of((False, True))
    assert seconds(near, closed.opened([0])) == seconds(near, walls_of()) < seconds(near, closed)
    assert closed.gate_open.tolist() == [False, True]


INNER = [*RING, [(150, 0), (150, 200)], [(150, 120), (250, 120)], [(250, 120), (250, 200)]]
#   a lane through both gates; an alley from it to (250, 120) and on to North Street, through the wall at (250, 150)


def test_streets_inside_are_walked_and_end_at_the_wall():
    # the house joins the alley at (200, 120): 20 m; west 50, south 120, east 250
    assert seconds(INNER, walls_of()) == pytest.approx(20 + 50 + 120 + 250)
    # south gate closed: through the north gate, for the alley ends at the wall
    assert seconds(INNER, walls_of((False, True))) == pytest.approx(20 + 50 + 80 + 250 + 200)
    assert seconds(INNER, walls_of((False, False))) == np.inf
    # the south gate closed, but no wall: the lane passes where the gate would be
    assert seconds(INNER, None) == pytest.approx(20 + 50 + 120 + 250)


def test_what_was_cut_is_told():
    closed = apply_barriers(network_of(INNER), walls_of((False, True)))
    assert "2 streets end at the edges of gated estates; 1 gates are open" in closed.notes[-1].what("en")


def test_an_estate_without_gates_is_not_gated():
    free = walls_of((), gates=np.empty((0, 2)))
    assert seconds(RING, free) == pytest.approx(460)


def test_a_connector_crosses_no_barrier():
    # a canal between the house and North Street: the house turns to West Street, 200 m off
    canal = shapely.LineString([(50, 170), (390, 170)])
    free = walls_of((), barriers=(canal,), gates=np.empty((0, 2)))
    assert seconds(RING, free, connector_m=150) == pytest.approx(140 + 200)
    assert seconds(RING, free, connector_m=130) == np.inf
    # the canal as ground instead of a line
    water = walls_of((), barriers=(canal.buffer(5),), gates=np.empty((0, 2)))
    assert seconds(RING, water, connector_m=150) == pytest.approx(140 + 200)


def test_a_street_round_a_barrier_is_met_at_its_nearest_free_spot():
    #  one street bent like a U round a wall; the nearest spot (60 m) is behind the wall, the next straight piece is free
    street = [[(0, 0), (0, 200), (400, 200), (400, 0)]]
    wall = shapely.LineString([(150, 170), (250, 170)])
    network = network_of(street)
    door = snap(network, HOUSE, max_connector_m=300, barriers=walls_of((), barriers=(wall,), gates=np.empty((0, 2))))
    assert door.connector_m[0] == pytest.approx(200)
    assert door.offset_m[0] in (pytest.approx(140), pytest.approx(800 - 140))


def test_a_street_passing_over_on_a_bridge_is_not_cut():
    lines = [*RING, [(150, 0), (150, 200)]]
    flags = [0, 0, 0, 0, 2]
    network = apply_barriers(network_of(lines, flags), walls_of((False, False)))
    assert network.component.max() == 0
    assert "0 streets end" in network.notes[-1].what("en")


def test_several_entrances_are_one_facility():
    network = network_of(RING)
    homes = snap(network, np.array([[390.0, 200.0], [390.0, 0.0]]), max_connector_m=10)
    entrances = snap(network, np.array([[0.0, 200.0], [0.0, 0.0], [0.0, 100.0]]), max_connector_m=10)
    hall = merge_entrances(entrances, np.array([1, 1, 0]), 2)
    assert hall.n == 2
    reach = compute_travel_times(network, homes, hall, WALKER, 3600.0)
    table = np.full((2, 2), np.inf)
    table[reach.demand, reach.site] = reach.seconds
    np.testing.assert_allclose(table, [[490, 390], [490, 390]])
