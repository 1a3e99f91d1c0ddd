"""OpenStreetMap files as editors, Overpass and history extracts write them: the same street is read from all of them."""

import bz2
import gzip

import numpy as np
import osmium
import pytest
import shapely

from planner.access import compute_travel_times, read_network, snap
from planner.errors import LayerError
from planner.io.osm import TagQuery, read_extract
from planner.io.table import UnreadableError
from planner.study import WalkingProfile
from tests.unit.access.osm_street import CRS, PLACES, STREET, node, nodes, number_at, place, spots, tags, way, written

WALKER = WalkingProfile(speed_m_s=1.0)
LENGTH_M = 1400.0
DELETED = node(90, 0, 50) + node(91, 1000, 50)


def seconds(network, start, end):
    doors = [snap(network, spots(x), max_connector_m=20) for x in (start, end)]
    reach = compute_travel_times(network, *doors, WALKER, 3600.0, threads=1)
    return float(reach.seconds[0]) if len(reach.seconds) else np.inf


def assert_the_street(path):
    network = read_network(path, CRS)
    assert network.length_m.sum() == pytest.approx(LENGTH_M, abs=1)
    assert seconds(network, 0, 1000) == pytest.approx(1000, abs=1)
    assert not network.notes
    return network


def placed(refs):
    """Nodes of a way with their coordinates, as Overpass writes them after ``out geom``."""
    found = []
    for ref in refs:
        lon, lat = place(-200 + 100 * (ref - 1))
        found.append(f'<nd ref="{ref}" lat="{lat}" lon="{lon}"/>')
    return "".join(found)


DEAD = [
    pytest.param(way(2, [90, 91], more='version="1" visible="false"'), id="visible=false"),
    pytest.param(way(2, [90, 91], more='version="1" action="delete"'), id="action=delete of JOSM"),
    pytest.param(way(2, [90, 91]) + way(2, [], said="", more='version="2" visible="false"'), id="deleted later"),
    pytest.param(
        way(2, [90, 91]) + way(2, [90, 91], said=tags(highway="construction"), more='version="2"'),
        id="no street any more",
    ),
    pytest.param(
        way(2, [90, 91], said=tags(highway="construction"), more='version="2"') + way(2, [90, 91]),
        id="newest version first",
    ),
    pytest.param("<delete>" + way(2, [90, 91]) + "</delete>", id="in a delete section"),
]


@pytest.mark.parametrize("dead", DEAD)
def test_deleted_streets_and_old_versions_do_not_count(tmp_path, dead):
    assert_the_street(written(tmp_path / "town.osm", nodes() + DELETED + way(1, STREET) + dead))


@pytest.mark.parametrize("suffix", [".osm.gz", ".osm.bz2", ".osh"])
def test_deleted_streets_do_not_count_in_compressed_files(tmp_path, suffix):
    text = written(tmp_path / "town.osm", nodes() + DELETED + way(1, STREET) + way(2, [90, 91], more='visible="false"'))
    path = tmp_path / f"packed{suffix}"
    packed = {".osm.gz": gzip.compress, ".osm.bz2": bz2.compress}.get(suffix, bytes)
    path.write_bytes(packed(text.read_bytes()))
    assert_the_street(path)


def test_a_node_that_moved_counts_where_it_lies_now(tmp_path):
    moved = node(number_at(500), 500, 300) + node(number_at(500), 500).replace('version="1"', 'version="2"')
    others = "".join(node(number_at(x), x) for x in PLACES if x != 500)
    assert_the_street(written(tmp_path / "town.osm", moved + others + way(1, STREET)))


def test_history_files_count_their_last_versions(tmp_path):
    path = tmp_path / "town.osh.pbf"
    with osmium.SimpleWriter(str(path)) as out:
        for x in PLACES:
            lon, lat = map(float, place(x))
            out.add_node(osmium.osm.mutable.Node(id=number_at(x), version=1, visible=True, location=(lon, lat + 0.01)))
            out.add_node(osmium.osm.mutable.Node(id=number_at(x), version=2, visible=True, location=(lon, lat)))
        out.add_way(osmium.osm.mutable.Way(id=1, version=1, visible=True, nodes=STREET, tags={"highway": "path"}))
        out.add_way(osmium.osm.mutable.Way(id=2, version=1, visible=True, nodes=[1, 15], tags={"highway": "path"}))
        out.add_way(osmium.osm.mutable.Way(id=2, version=2, visible=False))
    assert_the_street(path)


def test_ways_may_come_before_their_nodes(tmp_path):
    assert_the_street(written(tmp_path / "town.osm", way(1, STREET) + nodes()))


def test_ways_may_come_before_their_nodes_in_a_pbf(tmp_path):
    path = tmp_path / "town.osm.pbf"
    with osmium.SimpleWriter(str(path)) as out:
        out.add_way(osmium.osm.mutable.Way(id=1, version=1, nodes=STREET, tags={"highway": "residential"}))
        for x in PLACES:
            lon, lat = map(float, place(x))
            out.add_node(osmium.osm.mutable.Node(id=number_at(x), version=1, location=(lon, lat)))
    assert_the_street(path)


def test_an_editor_numbers_new_objects_below_zero(tmp_path):
    text = nodes().replace('id="', 'id="-') + way(-1, [-ref for ref in STREET])
    assert_the_street(written(tmp_path / "town.osm", text, generator="JOSM"))
    mixed = nodes() + node(-1, 500, 100) + way(1, STREET) + way(-2, [number_at(500), -1])
    network = read_network(written(tmp_path / "mixed.osm", mixed, generator="JOSM"), CRS)
    assert network.length_m.sum() == pytest.approx(LENGTH_M + 100, abs=1)


def test_overpass_out_geom_brings_its_coordinates_along(tmp_path):
    text = (
        f'<way id="1"><bounds minlat="1" minlon="1" maxlat="2" maxlon="2"/>{placed(STREET)}{tags(highway="path")}</way>'
    )
    assert_the_street(written(tmp_path / "town.osm", text, generator="Overpass API"))


def test_nodes_on_the_ways_of_a_pbf_are_read(tmp_path):
    plain = written(tmp_path / "town.osm", nodes() + way(1, STREET))
    path = tmp_path / "town.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,locations_on_ways=true")) as out:
        for thing in osmium.FileProcessor(str(plain)).with_locations():
            if thing.is_way():
                out.add(thing)
    assert_the_street(path)


def test_streets_whose_nodes_were_not_exported_say_so(tmp_path):
    with pytest.raises(LayerError, match=r"holds 1 walkable streets, but none of their 15 nodes → .*out geom"):
        read_network(written(tmp_path / "town.osm", way(1, STREET)), CRS)


def test_a_file_without_a_walkable_street_names_what_it_holds(tmp_path):
    text = nodes() + way(1, STREET[:5], said=tags(highway="motorway")) + way(2, STREET, said=tags(highway="proposed"))
    with pytest.raises(
        LayerError, match=r"classes read: (highway=motorway × 1, proposed|proposed × 1, highway=motorway) × 1"
    ):
        read_network(written(tmp_path / "town.osm", text), CRS)


CANTEEN = tags(amenity="canteen", name="A")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (node(1, 0, said=CANTEEN) + node(2, 9, said=CANTEEN, more='visible="false"'), ["n1"]),
        (node(1, 0, said=CANTEEN) + node(2, 9, said=CANTEEN, more='action="delete"'), ["n1"]),
        (node(2, 0, said=CANTEEN) + node(2, 9, said=tags(amenity="bank")).replace('version="1"', 'version="2"'), []),
        (node(-2, 0, said=CANTEEN) + node(1, 9, said=CANTEEN), ["n-2", "n1"]),
        (way(7, [1, 2, 3, 1], said=CANTEEN) + node(1, 0) + node(2, 9) + node(3, 9, 9), ["w7"]),
        (
            node(-1, 0) + node(-2, 9) + node(-3, 9, 9) + way(-7, [-1, -2, -3, -1], said=CANTEEN),
            ["w-7"],
        ),
    ],
    ids=["visible=false", "action=delete", "old version", "negative node", "way before nodes", "negative way"],
)
def test_facilities_of_such_files_are_those_that_exist(tmp_path, text, ids):
    (found,) = read_extract(written(tmp_path / "places.osm", text), [TagQuery({"amenity": ["canteen"]})])
    assert sorted(found.frame["id"]) == ids
    assert not found.open_shapes


def test_a_facility_that_overpass_tells_as_a_relation_with_its_shape_is_read(tmp_path):
    corners = [(0, 0), (20, 0), (20, 20), (0, 20), (0, 0)]
    shape = "".join('<nd lat="{1}" lon="{0}"/>'.format(*place(*corner)) for corner in corners)
    text = f'<relation id="5"><member type="way" ref="6" role="outer">{shape}</member>{tags(type="multipolygon", amenity="canteen")}</relation>'
    (found,) = read_extract(written(tmp_path / "places.osm", text), [TagQuery({"amenity": ["canteen"]})])
    assert list(found.frame["id"]) == ["r5"]
    assert found.frame.to_crs(CRS).area[0] == pytest.approx(400, rel=0.01)


def centre(x, y=0):
    return '<center lat="{1}" lon="{0}"/>'.format(*place(x, y))


def box(x, y, half=10):
    (west, south), (east, north) = place(x - half, y - half), place(x + half, y + half)
    return f'<bounds minlat="{south}" minlon="{west}" maxlat="{north}" maxlon="{east}"/>'


MEMBERS = '<member type="way" ref="6" role="outer"/>'
SITE = '<member type="node" ref="1" role=""/>'
AREA = tags(type="multipolygon", amenity="canteen", name="A")


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        (f'<way id="7">{centre(300, 40)}<nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/>{CANTEEN}</way>', "w7"),
        (f'<way id="7">{centre(300, 40)}{CANTEEN}</way>', "w7"),  # out tags center
        (f'<way id="7">\n  {box(300, 40)}\n  {CANTEEN}</way>', "w7"),  # out tags bb
        (f'<way id="-7">{centre(300, 40)}{CANTEEN}</way>', "w-7"),
        (f'<relation id="5">{centre(300, 40)}{MEMBERS}{AREA}</relation>', "r5"),
        (f'<relation id="5">{box(300, 40)}{MEMBERS}{AREA}</relation>', "r5"),
        (f'<relation id="5">{centre(300, 40)}{SITE}{tags(type="site", amenity="canteen", name="A")}</relation>', "r5"),
        (f'<node id="7" lat="{place(300, 40)[1]}" lon="{place(300, 40)[0]}">{CANTEEN}</node>', "n7"),
    ],
    ids=["way", "way of tags", "way of a box", "new way", "relation", "relation of a box", "site", "node"],
)
def test_what_overpass_gives_by_its_centre_stands_there(tmp_path, text, thing):
    (found,) = read_extract(
        written(tmp_path / "places.osm", text, generator="Overpass API"), [TagQuery({"amenity": ["canteen"]})]
    )
    assert list(found.frame["id"]) == [thing]
    assert list(found.frame["name"]) == ["A"]
    np.testing.assert_allclose(shapely.get_coordinates(found.frame.to_crs(CRS).geometry), spots(300, y=40), atol=0.1)
    assert not found.open_shapes


def test_a_shape_in_the_file_counts_for_more_than_its_centre(tmp_path):
    corners = node(1, 0) + node(2, 40) + node(3, 40, 30)
    text = f'{corners}<way id="7">{centre(300, 40)}<nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/>{CANTEEN}</way>'
    (found,) = read_extract(written(tmp_path / "places.osm", text), [TagQuery({"amenity": ["canteen"]})])
    assert list(found.frame["id"]) == ["w7"]
    assert found.frame.to_crs(CRS).area[0] == pytest.approx(600, rel=0.01)


@pytest.mark.parametrize(
    "text",
    [
        f'<way id="7" version="1">{centre(300)}{CANTEEN}</way><way id="7" version="2" visible="false"/>',
        f'<way id="7" version="1">{centre(300)}{CANTEEN}</way><way id="7" version="2">{tags(amenity="bank")}</way>',
        f'<delete><way id="7">{centre(300)}{CANTEEN}</way></delete>',
    ],
    ids=["deleted later", "another version", "in a delete section"],
)
def test_the_centre_of_what_is_gone_does_not_count(tmp_path, text):
    (found,) = read_extract(written(tmp_path / "places.osm", text), [TagQuery({"amenity": ["canteen"]})])
    assert not len(found.frame)


def test_a_way_without_its_nodes_and_without_a_centre_is_told(tmp_path):
    text = way(7, [1, 2, 3, 1], said=CANTEEN)  # out skel and out body alone
    (found,) = read_extract(written(tmp_path / "places.osm", text), [TagQuery({"amenity": ["canteen"]})])
    assert not len(found.frame)
    assert found.open_shapes == ("w7",)


@pytest.mark.parametrize(
    "middle", ['<center lat="91" lon="0"/>', '<center lat="x" lon="0"/>', '<center lon="0"/>', '<bounds minlat="1"/>']
)
def test_a_damaged_centre_is_refused(tmp_path, middle):
    path = written(tmp_path / "places.osm", f'<way id="7">{middle}{CANTEEN}</way>')
    with pytest.raises(UnreadableError, match="unreadable-file"):
        read_extract(path, [TagQuery({"amenity": ["canteen"]})])


@pytest.mark.parametrize("text", ["<osm", '<way id="1" visible="false">', '<node id="x" visible="false"/>', "PK\x03"])
def test_broken_files_are_refused_cleanly(tmp_path, text):
    path = tmp_path / "broken.osm"
    path.write_text(text)
    with pytest.raises(LayerError):
        read_network(path, CRS)
