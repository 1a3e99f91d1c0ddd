"""Gates, bollards and fences on streets: who may pass is said on the node."""

import numpy as np
import osmnx
import pytest

from planner.access import read_network
from planner.access.tags import blocking_tag
from tests.unit.access.osm_street import CRS, STREET, nodes, tags, way, written
from tests.unit.access.test_osm_order import seconds

CLOSED = [
    {"foot": "no"},
    {"barrier": "gate", "foot": "no"},
    {"barrier": "gate", "foot": "private", "access": "yes"},
    {"barrier": "gate", "access": "private"},
    {"barrier": "lift_gate", "access": "no"},
    {"barrier": "gate", "locked": "yes"},
    {"barrier": "bollard", "foot": "no"},
    {"barrier": "wall"},
    {"barrier": "fence"},
    {"access": "private"},
    {"barrier": "entrance", "access": "private"},
    {"barrier": "toll_booth", "foot": "no"},
]
OPEN = [
    {"barrier": "gate"},
    {"barrier": "bollard"},
    {"barrier": "stile"},
    {"barrier": "lift_gate"},
    {"barrier": "kissing_gate"},
    {"barrier": "block"},
    {"barrier": "yes"},
    {"barrier": "gate", "access": "private", "foot": "yes"},
    {"barrier": "bollard", "access": "no", "foot": "designated"},
    {"barrier": "gate", "locked": "yes", "foot": "permissive"},
    {"barrier": "gate", "locked": "yes", "access": "permissive"},
    {"barrier": "gate", "locked": "no"},
    {"barrier": "wall", "foot": "yes"},
    {"barrier": "entrance"},
    {"barrier": "gate", "access": "customers"},
    {"highway": "crossing", "foot": "no"},
    {"amenity": "parking_entrance", "access": "private"},
    {"entrance": "yes", "access": "private"},
    {"bicycle": "no"},
]


@pytest.mark.parametrize("said", CLOSED, ids=str)
def test_nobody_passes(said):
    assert blocking_tag(said)


@pytest.mark.parametrize("said", OPEN, ids=str)
def test_people_pass(said):
    assert not blocking_tag(said)


@pytest.mark.parametrize("said", [*CLOSED[:4], *OPEN[:4]], ids=str)
def test_the_street_ends_at_a_closed_barrier_and_at_no_other(tmp_path, said):
    path = written(tmp_path / "town.osm", nodes(700, tags(**said)) + way(1, STREET))
    network = read_network(path, CRS)
    closed = bool(blocking_tag(said))
    assert int(network.component.max()) == (1 if closed else 0)
    assert seconds(network, 0, 600) == pytest.approx(600, abs=1)
    assert seconds(network, 800, 1000) == pytest.approx(200, abs=1)
    assert seconds(network, 600, 800) == (np.inf if closed else pytest.approx(200, abs=1))
    assert network.length_m.sum() == pytest.approx(1400, abs=1)
    assert network.excluded.barrier_ids == (("n10",) if closed else ())


def test_a_closed_junction_lets_nobody_turn_either(tmp_path):
    from tests.unit.access.osm_street import node

    text = nodes(700, tags(barrier="gate", locked="yes")) + node(99, 700, 80) + way(1, STREET) + way(2, [10, 99])
    network = read_network(written(tmp_path / "town.osm", text), CRS)
    assert int(network.component.max()) == 2


def test_joining_gaps_does_not_open_a_gate(tmp_path):
    path = written(tmp_path / "town.osm", nodes(700, tags(barrier="gate", foot="no")) + way(1, STREET))
    assert seconds(read_network(path, CRS, join_gaps_m=10), 600, 800) == np.inf


def test_barriers_of_graphs_close_streets_too(tmp_path):
    path = written(tmp_path / "town.osm", nodes(700, tags(barrier="gate", foot="no")) + way(1, STREET))
    before = osmnx.settings.useful_tags_node
    try:
        osmnx.settings.useful_tags_node = ["barrier", "foot"]
        graph = osmnx.graph_from_xml(path, simplify=False, retain_all=True)
    finally:
        osmnx.settings.useful_tags_node = before
    osmnx.save_graphml(graph, tmp_path / "town.graphml")
    network = read_network(tmp_path / "town.graphml", CRS)
    assert seconds(network, 600, 800) == np.inf
    assert network.excluded.barrier_ids == ("n10",)
