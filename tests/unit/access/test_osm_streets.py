"""OpenStreetMap extracts: which ways are walked, and what becomes of them."""

import numpy as np
import pytest

from planner.access import STREET_CLASSES, EdgeFlag, read_network
from planner.access.tags import walk_class, way_flags
from planner.errors import LayerError
from planner.io.osm import TagQuery, read_extract
from planner.io.table import UnreadableError

YES = [
    {"highway": "footway"},
    {"highway": "residential"},
    {"highway": "service", "access": "destination"},
    {"highway": "cycleway"},
    {"highway": "trunk"},
    {"highway": "primary_link"},
    {"highway": "bridleway", "foot": "designated"},
    {"highway": "service", "access": "private", "foot": "yes"},
    {"highway": "motorway", "foot": "designated"},
    {"highway": "unclassified;tertiary"},
    {"highway": "platform", "foot": "yes"},
]
NO = [
    {},
    {"highway": "motorway"},
    {"highway": "motorway_link"},
    {"highway": "trunk", "motorroad": "yes"},
    {"highway": "construction"},
    {"highway": "proposed"},
    {"highway": "cycleway", "foot": "no"},
    {"highway": "residential", "access": "private"},
    {"highway": "path", "access": "no"},
    {"highway": "primary", "foot": "use_sidepath"},
    {"highway": "bridleway"},
    {"highway": "bus_stop"},
]


@pytest.mark.parametrize("tags", YES, ids=str)
def test_walked(tags):
    assert walk_class(tags) >= 0


@pytest.mark.parametrize("tags", NO, ids=str)
def test_not_walked(tags):
    assert walk_class(tags) == -1


def test_links_are_of_their_road_and_steps_are_stairs():
    assert STREET_CLASSES[walk_class({"highway": "tertiary_link"})] == "tertiary"
    steps = walk_class({"highway": "steps"})
    assert way_flags({"highway": "steps"}, steps) == (EdgeFlag.STAIRS, False)
    assert way_flags({"conveying": "backward"}, steps) == (EdgeFlag.STAIRS | EdgeFlag.ONE_WAY, True)
    assert way_flags({"bridge": "viaduct", "tunnel": "no"}, 0) == (EdgeFlag.BRIDGE, False)
    assert way_flags({"tunnel": "building_passage"}, 0) == (0, False)
    assert way_flags({"oneway:foot": "yes"}, 0) == (EdgeFlag.ONE_WAY, False)


#  the footway meets the road at 2, which has signals
#         4
#         |               way 1: 1-2-3 primary     way 2: 4-2 footway
#   1 --- 2 --- 3         way 3: 3-5-6 footway     way 4: 6-7 construction
#               |         way 5: 6-99 footway (99 is not in the file)
#               5 - 6
TOWN = """<osm version="0.6">
<node id="1" lat="48" lon="11"/><node id="2" lat="48" lon="11.001"><tag k="crossing" v="traffic_signals"/></node>
<node id="3" lat="48" lon="11.002"/><node id="4" lat="48.001" lon="11.001"/>
<node id="5" lat="47.999" lon="11.002"/><node id="6" lat="47.999" lon="11.003"/><node id="7" lat="47.999" lon="11.004"/>
<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/></way>
<way id="2"><nd ref="4"/><nd ref="2"/><tag k="highway" v="footway"/></way>
<way id="3"><nd ref="3"/><nd ref="5"/><nd ref="6"/><tag k="highway" v="footway"/></way>
<way id="4"><nd ref="6"/><nd ref="7"/><tag k="highway" v="construction"/></way>
<way id="5"><nd ref="6"/><nd ref="99"/><tag k="highway" v="footway"/></way>
</osm>"""


@pytest.fixture
def town(tmp_path):
    path = tmp_path / "town.osm"
    path.write_text(TOWN)
    return path


def test_an_extract_becomes_junctions_and_streets(town):
    network = read_network(town, "EPSG:32632")
    # 1, 2, 3 (class changes), 4, 6; 5 is a bend
    assert network.n_junctions == 5
    assert network.n_edges == 4
    assert sorted(STREET_CLASSES[kind] for kind in network.kind) == ["footway", "footway", "primary", "primary"]
    bent = int(np.argmax(np.diff(network.shape_indptr)))
    assert np.diff(network.shape_indptr)[bent] == 3
    assert network.length_m[bent] == pytest.approx(111.2 + 74.6, abs=0.5)
    assert network.component.tolist() == [0] * 5
    assert [note.what("en") for note in network.notes] == [
        "1 street nodes lie outside the extract; the streets end there"
    ]


def test_only_the_footway_crosses_the_road(town):
    network = read_network(town, "EPSG:32632")
    coded = np.flatnonzero(network.crossing_u | network.crossing_v)
    assert [STREET_CLASSES[network.kind[edge]] for edge in coded] == ["footway"]
    code = int(network.crossing_u[coded[0]] | network.crossing_v[coded[0]])
    assert STREET_CLASSES[(code & 0x7F) - 1] == "primary"
    assert code & 0x80
    assert network.length_m[coded[0]] == pytest.approx(111.2, abs=0.3)


def test_faults_are_told(tmp_path):
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"not a pbf")
    with pytest.raises(LayerError, match="not a readable OpenStreetMap file"):
        read_network(broken, "EPSG:32632")
    empty = tmp_path / "empty.osm"
    empty.write_text('<osm version="0.6"><node id="1" lat="48" lon="11"/></osm>')
    with pytest.raises(LayerError, match="no walkable street"):
        read_network(empty, "EPSG:32632")
    with pytest.raises(LayerError, match="no such file"):
        read_network(tmp_path / "absent.osm", "EPSG:32632")
    with pytest.raises(LayerError, match="is no coordinate system"):
        read_network(empty, "EPSG:0")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "crs", "kilometres", "main"),
    [
        pytest.param("porto/porto_region_2015_highways.osm.pbf", "EPSG:3763", 9971.5, 0.986, marks=pytest.mark.scale),
        pytest.param("neubrandenburg/neubrandenburg.osm.bz2", "EPSG:25833", 1488.8, 0.99, marks=pytest.mark.scale),
        ("yangpu/tongji.osm", "EPSG:4549", 30.3, 0.966),
    ],
)
def test_real_extracts(shared_data, file, crs, kilometres, main):
    network = read_network(shared_data / file, crs)
    drawn_m = np.where(
        network.has(EdgeFlag.ACROSS), 0.0, network.length_m
    )  # straight ways across squares are not drawn
    assert drawn_m.sum() / 1000 == pytest.approx(kilometres, abs=0.1)
    assert drawn_m[network.edge_component == 0].sum() / drawn_m.sum() == pytest.approx(main, abs=0.01)


@pytest.mark.parametrize("longitude", ["121.5F48381", "999", "", "－"])
def test_a_coordinate_that_cannot_be_is_told(tmp_path, longitude):
    path = tmp_path / "streets.osm"
    path.write_text(
        f'<osm version="0.6"><node id="1" version="1" lon="{longitude}" lat="31.2"/><node id="2" version="1" lon="121.5" lat="31.2"/>'
        '<way id="1" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="footway"/></way></osm>',
        encoding="utf-8",
    )
    with pytest.raises(LayerError):
        read_network(path, "EPSG:4549")
    with pytest.raises(UnreadableError):
        read_extract(path, [TagQuery({"highway": []})])
