"""What of the streets is closed is said with its length and its people."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from planner.access import read_network
from planner.access.checks import check_closed_streets
from planner.district import Findings
from tests.unit.access.osm_street import CRS, STREET, node, nodes, spots, tags, way, written

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
