"""Pieces of the network: who lives on them, joining them, and the rim of the file."""

import numpy as np
import pytest
import shapely

from planner.access import drop_small_components, join_gaps, snap
from planner.access.line_streets import node_lines
from planner.access.network import EdgeFlag, metric_crs
from planner.access.segments import build_network, to_segments

CRS = metric_crs("EPSG:32650")

#   (0,0) ------------- (200,0)      the main street
#            (80,4)                  a lane that ends 4 m short of it
#              |
#            (80,90)                         (300,0) --- (340,0)   an island, 100 m away
LINES = [[(0, 0), (200, 0)], [(80, 4), (80, 90)], [(300, 0), (340, 0)]]


def town(flags=(0, 0, 0)):
    lines = shapely.linestrings([line for line in LINES if len(line) == 2])
    return build_network(node_lines(lines, np.zeros(3, np.uint8), np.array(flags, dtype=np.uint8)), CRS)


def test_taking_apart_and_putting_together_changes_nothing():
    before = town()
    after = build_network(to_segments(before), CRS)
    for name in ("xy", "indptr", "indices", "metres", "u", "v", "shape_xy", "component", "crossing_u"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


def test_joining_lays_the_shortest_path_and_says_what_it_did():
    joined = join_gaps(town(), 5.0)
    assert joined.component.max() == 1
    assert joined.length_m.sum() == pytest.approx(200 + 86 + 40 + 4)
    assert joined.n_edges == 5
    assert "1 gaps of at most 5 m were closed as join_gaps_m declares: 1 pieces fewer" in joined.notes[-1].what("en")
    assert "87.9% of the street length instead of 61.3%" in joined.notes[-1].what("en")


def test_small_pieces_are_left_out_and_doors_beside_them_open_on_the_next_street():
    whole = town()
    assert drop_small_components(whole, 40.0) is whole
    rest = drop_small_components(whole, 80.0)
    assert rest.component.max() == 1
    assert rest.length_m.sum() == pytest.approx(200 + 86)
    said = rest.notes[-1].what("en")
    assert "1 pieces of less than 80 m" in said
    assert "40 m in all (12.3% of the street length)" in said
    door = np.array([[310.0, 2.0]])
    assert snap(whole, door, max_connector_m=200).connector_m[0] < snap(rest, door, max_connector_m=200).connector_m[0]
    assert drop_small_components(whole, 10_000.0).component.max() == 0


def test_joining_too_little_says_so():
    assert "no pieces" in join_gaps(town(), 3.0).notes[-1].what("en")


def test_a_bridge_is_not_joined_in_the_middle():
    assert join_gaps(town(flags=(EdgeFlag.BRIDGE, 0, 0)), 5.0).component.max() == 2
