"""Street graphs of osmnx: read back from GraphML as the streets they stand for."""

import networkx as nx
import numpy as np
import osmnx
import pytest
import shapely
from pyproj import CRS

from planner.access import EdgeFlag, read_network
from planner.errors import LayerError

#    1 ---- 2 ~~~~ 3      1–2 residential, 2–3 a bent footway, 2–4 stairs of an escalator running 4 → 2,
#           |             2–3 once more by motorway
#           4
PLACES = {
    1: (500_000.0, 3_400_000.0),
    2: (500_100.0, 3_400_000.0),
    3: (500_200.0, 3_400_000.0),
    4: (500_100.0, 3_399_950.0),
}
BEND = shapely.LineString([PLACES[2], (500_150.0, 3_400_050.0), PLACES[3]])


@pytest.fixture
def graph():
    graph = nx.MultiDiGraph(crs="EPSG:32650", simplified=True)
    for node, (x, y) in PLACES.items():
        graph.add_node(node, x=x, y=y)
    both = [(1, 2, {"highway": "residential"}), (2, 3, {"highway": "footway", "geometry": BEND})]
    for u, v, told in [*both, (4, 2, {"highway": "steps", "conveying": "forward"}), (2, 3, {"highway": "motorway"})]:
        graph.add_edge(u, v, osmid=u * 10 + v, length=1.0, oneway=False, reversed=False, **told)
        back = dict(told)
        if "geometry" in back:
            back["geometry"] = shapely.reverse(back["geometry"])
        graph.add_edge(v, u, osmid=u * 10 + v, length=1.0, oneway=False, reversed=True, **back)
    return graph


def test_each_street_is_taken_once_in_its_own_direction(graph, tmp_path):
    osmnx.save_graphml(graph, tmp_path / "streets.graphml")
    network = read_network(tmp_path / "streets.graphml", "EPSG:32650")
    bent = 2 * np.hypot(50, 50)
    np.testing.assert_allclose(sorted(network.length_m), [50, 100, bent], rtol=1e-6)
    escalator = int(np.flatnonzero(network.has(EdgeFlag.ONE_WAY))[0])
    assert network.xy[network.u[escalator]].tolist() == list(PLACES[4])
    assert network.has(EdgeFlag.STAIRS)[escalator]


def test_a_graph_in_degrees_is_brought_into_metres(graph, tmp_path):
    degrees = osmnx.project_graph(graph, to_crs="EPSG:4326")
    osmnx.save_graphml(degrees, tmp_path / "streets.graphml")
    network = read_network(tmp_path / "streets.graphml", CRS.from_epsg(32650))
    np.testing.assert_allclose(np.sort(network.xy[:, 0]), [500_000, 500_100, 500_100, 500_200], atol=0.01)


def test_faults_are_told(tmp_path):
    broken = tmp_path / "broken.graphml"
    broken.write_text("<graphml></graphml>")
    with pytest.raises(LayerError, match="not a street graph of osmnx"):
        read_network(broken, "EPSG:32650")
