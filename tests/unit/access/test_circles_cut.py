"""Circles that leave the street file, on the street of the tests: counted only where a street may go on beyond the file.

Homes of 10, 20 … 60 elders at x = 0, 200 … 1000; a circle of five minutes at 1 m/s reaches 300 m.
"""

import json

import networkx as nx
import numpy as np
import pytest

from planner.access.extent import bridge_edges
from planner.workflow.check import check
from tests.street_town import SOUTH_M, WEST_M, write_street


def cut(folder, *lines):
    """Return the share of the people whose circle is said to be cut; None where nothing is said."""
    path = write_street(folder)
    streets = json.loads((folder / "streets.geojson").read_text(encoding="utf-8"))
    coordinates = [[[WEST_M + x, SOUTH_M + y] for x, y in line] for line in lines]
    streets["features"] = [
        {"type": "Feature", "properties": {"id": f"s{n}"}, "geometry": {"type": "LineString", "coordinates": line}}
        for n, line in enumerate(coordinates)
    ]
    (folder / "streets.geojson").write_text(json.dumps(streets), encoding="utf-8")
    found = [finding for finding in check(path).findings if finding.code == "circles-cut"]
    assert len(found) <= 1
    return found[0].evidence["share"] if found else None


def test_on_one_street_nobody_is_cut_far_from_its_ends(tmp_path):
    assert cut(tmp_path, [(-2000, 0), (3200, 0)]) is None


def test_on_one_street_those_near_its_ends_are_cut(tmp_path):
    # the homes at 0 and 200 lie 50 and 250 m from the western end, that at 1000 200 m from the eastern one
    assert cut(tmp_path, [(-50, 0), (1200, 0)]) == pytest.approx((10 + 20 + 60) / 210)


@pytest.mark.parametrize(
    "lines",
    [
        [[(-2000, 0), (1000, 0), (1000, 3000)]],
        [[(-2000, 0), (500, 0), (3200, 0)], [(500, -2000), (500, 0), (500, 2000)]],
        [[(x, 150 * np.sin(x / 200)) for x in range(-2000, 3201, 50)]],
        [[(-2000, 0), (1300, 0)], [(1300, 0), (1500, 200), (1700, 0), (1500, -200), (1300, 0)]],
    ],
    ids=["bent", "crossing", "winding", "a block beyond reach"],
)
def test_streets_without_blocks_are_known_up_to_their_ends(tmp_path, lines):
    assert cut(tmp_path, *lines) is None


def test_blocks_at_the_edge_may_lack_streets(tmp_path):
    # a block of 200 m at the western homes: those within 300 m of it are cut, 400 to 1000 are not
    block = [(-150, 0), (-150, 200), (50, 200), (50, 0)]
    assert cut(tmp_path, [(-2000, 0), (-150, 0)], block, [(-150, 0), (50, 0)], [(50, 0), (3200, 0)]) == pytest.approx(
        30 / 210
    )


def test_bridges_are_those_whose_removal_parts_the_graph():
    random = np.random.default_rng(0)
    for _ in range(300):
        n, e = int(random.integers(1, 12)), int(random.integers(1, 16))
        u, v = random.integers(0, n, (2, e)).astype(np.int32)
        graph = nx.MultiGraph()
        graph.add_nodes_from(range(n))
        graph.add_edges_from((int(a), int(b), i) for i, (a, b) in enumerate(zip(u, v, strict=True)))
        pieces = nx.number_connected_components(graph)
        expected = []
        for i in range(e):
            left = graph.copy()
            left.remove_edge(int(u[i]), int(v[i]), i)
            expected.append(nx.number_connected_components(left) > pieces)
        assert bridge_edges(u, v, n).tolist() == expected
