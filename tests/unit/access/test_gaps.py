"""Pieces of the network: who lives on them, joining them, and the rim of the file."""

import numpy as np
import pytest
import shapely

from planner.access import join_gaps, leave_out_pieces, pieces, snap
from planner.access.assemble import assemble, segments_of
from planner.access.network import EdgeFlag, metric_crs
from planner.access.network_lines import noded

CRS = metric_crs("EPSG:32650")

#   (0,0) ------------- (200,0)      the main street
#            (80,4)                  a lane that ends 4 m short of it
#              |
#            (80,90)                         (300,0) --- (340,0)   an island, 100 m away
LINES = [[(0, 0), (200, 0)], [(80, 4), (80, 90)], [(300, 0), (340, 0)]]


def town(flags=(0, 0, 0)):
    lines = shapely.linestrings([line for line in LINES if len(line) == 2])
    return assemble(noded(lines, np.zeros(3, np.uint8), np.array(flags, dtype=np.uint8)), CRS)


def test_taking_apart_and_putting_together_changes_nothing():
    before = town()
    after = assemble(segments_of(before), CRS)
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
    assert leave_out_pieces(whole, 40.0) is whole
    rest = leave_out_pieces(whole, 80.0)
    assert rest.component.max() == 1
    assert rest.length_m.sum() == pytest.approx(200 + 86)
    said = rest.notes[-1].what("en")
    assert "1 pieces of less than 80 m" in said
    assert "40 m in all (12.3% of the street length)" in said
    door = np.array([[310.0, 2.0]])
    assert snap(whole, door, max_connector_m=200).connector_m[0] < snap(rest, door, max_connector_m=200).connector_m[0]
    assert leave_out_pieces(whole, 10_000.0).component.max() == 0


def test_joining_too_little_says_so():
    assert "no pieces" in join_gaps(town(), 3.0).notes[-1].what("en")


def test_a_bridge_is_not_joined_in_the_middle():
    assert join_gaps(town(flags=(EdgeFlag.BRIDGE, 0, 0)), 5.0).component.max() == 2


def test_pieces_by_people():
    network = town()
    homes = snap(
        network, np.array([[10.0, 5.0], [85.0, 60.0], [320.0, 1.0], [900.0, 900.0], [20.0, 1.0]]), max_connector_m=50
    )
    table = pieces(network, homes, np.array([10.0, 60.0, 20.0, 5.0, 0.0]), gap_m=30)
    assert table["piece"].tolist() == [1, 2, 0, -1]
    assert table["people"].tolist() == [60, 20, 10, 5]
    assert table["people_share"].sum() == pytest.approx(1)
    np.testing.assert_allclose(table["gap_m"], [4, np.nan, 0, np.nan])
    assert table.loc[0, ["x", "y"]].tolist() == [80, 4]
    np.testing.assert_allclose(table["street_m"], [86, 40, 200, 0])
