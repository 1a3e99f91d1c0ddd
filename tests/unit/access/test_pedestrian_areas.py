"""Squares are crossed on straight ways, whatever file they come from."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from planner.access import EdgeFlag, compute_travel_times, read_network, snap
from planner.study import WalkingProfile
from tests.unit.access.osm_street import CRS, node, spots, tags, way, written

WALKER = WalkingProfile(speed_m_s=1.0)
#   a street from the west to (0, 0), the square (0, 0) – (100, 100), a street from (100, 100) to the east
CORNERS = {11: (0, 0), 12: (100, 0), 13: (100, 100), 14: (0, 100)}
SQUARE = [11, 12, 13, 14, 11]
ENDS = node(1, -100, 0) + node(2, 200, 100)
STREETS = way(1, [1, 11]) + way(2, [13, 2])
DIAGONAL = 100 * np.sqrt(2)


def corners(which=None):
    return "".join(node(number, x, y) for number, (x, y) in (which or CORNERS).items())


def seconds(network, start, end):
    doors = [snap(network, spots(x, y=y), max_connector_m=30) for x, y in (start, end)]
    reach = compute_travel_times(network, *doors, WALKER, 3600.0, threads=1)
    return float(reach.seconds[0]) if len(reach.seconds) else np.inf


def test_an_area_way_is_crossed_straight(tmp_path):
    text = ENDS + corners() + STREETS + way(3, SQUARE, said=tags(highway="pedestrian", area="yes"))
    network = read_network(written(tmp_path / "town.osm", text), CRS)
    assert seconds(network, (-100, 0), (200, 100)) == pytest.approx(200 + DIAGONAL, abs=0.5)
    ring = written(tmp_path / "ring.osm", ENDS + corners() + STREETS + way(3, SQUARE, said=tags(highway="pedestrian")))
    assert seconds(read_network(ring, CRS), (-100, 0), (200, 100)) == pytest.approx(400, abs=0.5)


def multipolygon(*members):
    said = "".join(f'<member type="way" ref="{ref}" role="{role}"/>' for ref, role in members)
    return f'<relation id="9" version="1">{said}{tags(type="multipolygon", highway="pedestrian")}</relation>'


def test_a_square_of_several_ways_is_crossed(tmp_path):
    halves = way(3, [11, 12, 13], said="") + way(4, [13, 14, 11], said="")
    text = ENDS + corners() + STREETS + halves + multipolygon((3, "outer"), (4, "outer"))
    network = read_network(written(tmp_path / "town.osm", text), CRS)
    assert seconds(network, (-100, 0), (200, 100)) == pytest.approx(200 + DIAGONAL, abs=0.5)


def test_nobody_walks_through_what_stands_on_a_square(tmp_path):
    inner = {21: (40, 40), 22: (60, 40), 23: (60, 60), 24: (40, 60)}
    hole = way(4, [21, 22, 23, 24, 21], said="")
    text = ENDS + corners() + corners(inner) + STREETS + way(3, SQUARE, said="") + hole
    text += multipolygon((3, "outer"), (4, "inner"))
    network = read_network(written(tmp_path / "town.osm", text), CRS)
    # round a corner of the building, (60, 40): √(60² + 40²) twice
    assert seconds(network, (-100, 0), (200, 100)) == pytest.approx(200 + 2 * np.hypot(60, 40), abs=0.5)


def test_an_inward_corner_is_walked_round(tmp_path):
    # the square without its north-west quarter: the straight line from (0, 0) to (60, 100) leaves it
    bent = {11: (0, 0), 12: (100, 0), 13: (100, 100), 14: (60, 100), 15: (60, 60), 16: (0, 60)}
    text = node(1, -100, 0) + node(2, 60, 200) + corners(bent) + way(1, [1, 11]) + way(2, [14, 2])
    text += way(3, [11, 12, 13, 14, 15, 16, 11], said=tags(highway="pedestrian", area="yes"))
    network = read_network(written(tmp_path / "town.osm", text), CRS)
    assert seconds(network, (-100, 0), (60, 200)) == pytest.approx(200 + np.hypot(60, 60) + 40, abs=0.5)


def test_doors_beside_a_square_are_led_across(tmp_path):
    text = ENDS + corners() + STREETS + way(3, SQUARE, said=tags(highway="pedestrian", area="yes"))
    network = read_network(written(tmp_path / "town.osm", text), CRS)
    across = seconds(network, (-10, 50), (110, 50)) - 20
    assert 100 - 0.5 <= across <= 100 * 1.1 + 40
    assert across < 150  # along the edge: 200


def test_a_street_that_ends_inside_is_joined(tmp_path):
    text = node(1, -100, 50) + node(2, 50, 50) + node(3, 200, 100) + corners() + way(1, [1, 2]) + way(2, [13, 3])
    text += way(3, SQUARE, said=tags(highway="pedestrian", area="yes"))
    network = read_network(written(tmp_path / "town.osm", text), CRS)
    assert int(network.component.max()) == 0
    assert seconds(network, (50, 50), (200, 100)) == pytest.approx(np.hypot(50, 50) + 100, abs=0.5)


@pytest.mark.parametrize(
    ("said", "crossed"), [("pedestrian", True), ("步行街", True), ("广场", True), ("building", False)]
)
def test_polygons_of_a_line_layer_are_squares_if_their_class_is_walked(tmp_path, said, crossed):
    shapes = [
        shapely.LineString(spots(-100, 0)),
        shapely.Polygon(np.concatenate([spots(0, 100), spots(100, 0, y=100)])),
        shapely.LineString(np.concatenate([spots(100, y=100), spots(200, y=100)])),
    ]
    path = tmp_path / "streets.geojson"
    gpd.GeoDataFrame({"highway": ["path", said, "path"]}, geometry=shapes, crs=CRS).to_crs(4326).to_file(path)
    network = read_network(path, CRS)
    told = [note.code for note in network.notes]
    assert ("street-areas-dropped" in told) != crossed
    expected = pytest.approx(200 + DIAGONAL, abs=0.5) if crossed else np.inf
    assert seconds(network, (-100, 0), (200, 100)) == expected


def test_a_square_on_its_own_hangs_together_and_counts_no_way_twice(tmp_path):
    text = corners() + way(3, SQUARE, said=tags(highway="pedestrian", area="yes"))
    network = read_network(written(tmp_path / "town.osm", text), CRS)
    across = network.has(EdgeFlag.ACROSS)
    assert across.any()
    assert network.length_m[~across].sum() == pytest.approx(400, abs=0.5)


def oracle(polygon, one, other):
    """Shortest walk inside a polygon by its visibility graph over all of its corners."""
    import networkx as nx

    spots_ = [one, other, *(xy for ring in (polygon.exterior, *polygon.interiors) for xy in ring.coords[:-1])]
    room = polygon.buffer(1e-6)
    graph = nx.Graph()
    for i, a in enumerate(spots_):
        for j, b in enumerate(spots_[:i]):
            line = shapely.LineString([a, b])
            if room.covers(line):
                graph.add_edge(i, j, weight=line.length)
    return nx.shortest_path_length(graph, 0, 1, weight="weight")


def test_ways_across_do_not_make_a_square_long_enough_to_stay(tmp_path):
    """A street of 616 m, and a square of 400 m of edge that joins no street: its ways across are over 1,000 m long."""
    text = ENDS + node(3, 500, 100) + way(1, [1, 2, 3]) + corners({n: (x, y + 300) for n, (x, y) in CORNERS.items()})
    path = written(tmp_path / "town.osm", text + way(3, SQUARE, said=tags(highway="pedestrian", area="yes")))
    whole = read_network(path, CRS)
    assert whole.length_m[whole.has(EdgeFlag.ACROSS)].sum() > 1000
    street = np.hypot(300, 100) + 300
    assert whole.street_m.sum() == pytest.approx(street + 400, abs=1)
    assert whole.street_m[whole.edge_component == 0].sum() == pytest.approx(street, abs=1)  # the longer piece
    assert read_network(path, CRS, least_piece_m=390).component.max() == 1
    assert read_network(path, CRS, least_piece_m=410).component.max() == 0


@pytest.mark.parametrize("seed", range(12))
def test_walks_from_street_to_street_equal_the_visibility_graph(tmp_path, seed):
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * rng.uniform(40, 120, (9, 1)) + 384_000 * np.array([1, 0]) + [0, 5_935_000]  # fmt: skip
    polygon = shapely.Polygon(ring)
    assert polygon.is_valid
    outward = ring + (ring - [384_000, 5_935_000])
    streets = [shapely.LineString([ring[i], outward[i]]) for i in range(0, 9, 2)]
    path = tmp_path / "streets.gpkg"
    frame = {"highway": ["pedestrian"] + ["path"] * len(streets)}
    gpd.GeoDataFrame(frame, geometry=[polygon, *streets], crs=CRS).to_file(path)
    network = read_network(path, CRS)
    ends = snap(network, outward[::2], max_connector_m=1)
    reach = compute_travel_times(network, ends, ends, WALKER, 3600.0, threads=1)
    for i in range(5):
        found = dict(zip(*(part.tolist() for part in reach.row(i)), strict=True))
        for j in range(i):
            legs = streets[i].length + streets[j].length
            expected = legs + oracle(polygon, tuple(ring[2 * i]), tuple(ring[2 * j]))
            assert found[j] == pytest.approx(expected, abs=0.01)
