"""What of the streets is closed is said with its length and its people."""

from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from planner.access import read_network
from planner.access.checks import check_closed_streets
from planner.district import Findings
from tests.unit.access.osm_street import CRS, STREET, node, nodes, number_at, spots, tags, way, written

STUDY = SimpleNamespace(
    layers=SimpleNamespace(streets=SimpleNamespace(path=Path("town.osm"))), walking=SimpleNamespace(max_connector_m=200)
)
HOMES = np.concatenate([spots(0, 200, 400, y=10), spots(600, 800, 1000, y=60)])
PEOPLE = np.array([10, 20, 30, 40, 50, 60])


def told(network):
    findings = Findings()
    check_closed_streets(findings, STUDY, network, HOMES, lambda rows: float(PEOPLE[rows].sum()))
    return findings.all


def town(tmp_path, said, street=""):
    text = nodes(700, street) + node(90, 500, 65) + node(91, 1100, 65) + way(1, STREET) + way(2, [90, 91], said=said)
    return told(read_network(written(tmp_path / "town.osm", text), CRS))


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ({"highway": "residential", "access": "private"}, "access=private"),
        ({"highway": "secondary", "foot": "use_sidepath"}, "foot=use_sidepath"),
        ({"highway": "platform"}, "highway=platform"),
        ({"highway": "motorway"}, "highway=motorway"),
        ({"highway": "trunk", "motorroad": "yes"}, "motorroad=yes"),
        ({"highway": "service", "access": "delivery"}, "access=delivery"),
    ],
)
def test_closed_streets_are_told_with_length_and_people(tmp_path, said, tag):
    (note,) = town(tmp_path, tags(**said))
    assert note.code == "streets-closed"
    assert note.evidence["tag"] == tag
    assert note.count == 1
    assert note.evidence["length_m"] == pytest.approx(600, abs=1)
    assert note.evidence["people"] == 150
    assert f"1 streets with {tag}, 600 m in all, are not walked; 150 people" in note.what("en")
    assert "150 人" in note.what("zh")


def test_streets_that_are_walked_are_not_told(tmp_path):
    assert town(tmp_path, tags(highway="residential")) == ()
    assert town(tmp_path, tags(highway="proposed")) == ()


@pytest.mark.parametrize("key", ["bridge", "tunnel"])
def test_streets_without_doors_are_told(tmp_path, key):
    (note,) = town(tmp_path, tags(highway="footway", **{key: "yes", "layer": "1"}))
    assert note.code == "streets-without-doors"
    assert note.evidence["people"] == 150
    assert note.evidence["length_m"] == pytest.approx(600, abs=1)


def test_barriers_are_told_with_the_people_behind_them(tmp_path):
    note = town(tmp_path, tags(highway="proposed"), street=tags(barrier="gate", locked="yes"))[0]
    assert (note.code, note.rows, note.count) == ("barriers-closed", ("n10",), 1)
    # the street is 900 m long before the gate and 500 m behind it
    assert note.evidence["people"] == 110
    assert note.evidence["tags"] == "locked=yes × 1"


def deck(tmp_path, said, joined=False, homes=(65, 65)):
    """A footway at y = 65 and x = 500 to 1100, then down to y = −65 across the street; joined by a node at x = 1000 or not."""
    (y0, y1), crossing = homes, [number_at(1000)] if joined else []
    text = nodes() + node(90, 500, y0) + node(91, 1000, y1) + node(92, 1000, -65)
    return read_network(
        written(tmp_path / "town.osm", text + way(1, STREET) + way(2, [90, 91, *crossing, 92], said=said)), CRS
    )


@pytest.mark.parametrize(
    "said",
    [
        {"highway": "footway", "layer": "1"},
        {"highway": "footway", "layer": "-1"},
        {"highway": "steps", "layer": "2"},
        {"highway": "pedestrian", "layer": "-1", "bridge": "no"},
    ],
    ids=str,
)
@pytest.mark.parametrize("joined", [False, True])
def test_streets_off_the_ground_meet_others_where_they_share_a_node_and_are_told(tmp_path, said, joined):
    network = deck(tmp_path, tags(**said), joined)
    assert network.component.max() == (0 if joined else 1)
    (note,) = told(network)
    assert note.code == "streets-off-ground"
    assert note.count == 1
    assert note.evidence["length_m"] == pytest.approx(630, abs=1)
    # homes at y = 60 and x = 600, 800, 1000: their doors open on it
    assert note.evidence["people"] == 150
    assert "1 streets, 630 m in all" in note.what("en")
    assert "150 人" in note.what("zh")


@pytest.mark.parametrize(
    "said",
    [
        {"highway": "footway"},
        {"highway": "footway", "layer": "0"},
        {"highway": "footway", "layer": "ground"},
        {"highway": "residential", "tunnel": "building_passage", "layer": "-1"},
    ],
    ids=str,
)
def test_streets_on_the_ground_and_passages_are_not_told(tmp_path, said):
    assert told(deck(tmp_path, tags(**said), joined=True)) == ()


@pytest.mark.parametrize("said", [{"layer": "1", "bridge": "viaduct"}, {"layer": "-1", "tunnel": "yes"}], ids=str)
def test_bridges_and_tunnels_are_told_as_such_whatever_their_level(tmp_path, said):
    assert [note.code for note in told(deck(tmp_path, tags(highway="footway", **said)))] == ["streets-without-doors"]


def test_a_deck_whose_nodes_are_partly_missing_has_no_length(tmp_path):
    text = nodes() + way(1, STREET) + way(2, [number_at(1000), 98, 99], said=tags(highway="footway", layer="1"))
    assert told(read_network(written(tmp_path / "town.osm", text), CRS)) == ()


@pytest.mark.parametrize(("column", "levels"), [("layer", [0, 1]), ("z_level", [0, -2]), ("层级", ["0", "1"])])
def test_lines_off_the_ground_are_told_in_any_layer_of_lines(tmp_path, column, levels):
    lines = [shapely.LineString(spots(-200, 1200)), shapely.LineString([*spots(500, 1000, y=65), *spots(1000, y=-65)])]
    frame = gpd.GeoDataFrame({"highway": ["residential", "path"], column: levels}, geometry=lines, crs=CRS)
    frame.to_file(tmp_path / "town.gpkg")
    network = read_network(tmp_path / "town.gpkg", CRS)
    assert network.component.max() == 1
    (note,) = (note for note in told(network) if note.code == "streets-off-ground")
    assert (note.count, note.evidence["people"]) == (1, 150)
    assert note.evidence["length_m"] == pytest.approx(630, abs=1)
