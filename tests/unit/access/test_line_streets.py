"""Line layers: where lines are joined, and where they are not."""

import time

import geopandas as gpd
import numpy as np
import pytest
import shapely

from planner.access import EdgeFlag, read_network
from planner.access.line_streets import node_lines
from planner.access.network import StreetsError, metric_crs
from planner.access.segments import build_network
from planner.errors import LayerError

CRS = metric_crs("EPSG:32650")
BRIDGE = int(EdgeFlag.BRIDGE)


def network_of(*lines, flags=None, **options):
    marks = np.array(flags or [0] * len(lines), dtype=np.uint8)
    return build_network(
        node_lines(
            np.array([shapely.LineString(line) for line in lines]),
            np.zeros(len(lines), np.uint8),
            marks,
            **options,
        ),
        CRS,
    )


def pieces_of(network):
    return int(network.component.max()) + 1


CROSS = ([(0, 0), (100, 0)], [(50, -50), (50, 50)])


def test_lines_that_cross_on_the_ground_meet():
    network = network_of(*CROSS)
    assert network.n_junctions == 5
    np.testing.assert_allclose(sorted(network.length_m), [50, 50, 50, 50])


def test_a_bridge_passes_over():
    network = network_of(*CROSS, flags=[0, BRIDGE])
    assert pieces_of(network) == 2
    np.testing.assert_allclose(sorted(network.length_m), [100, 100])


def test_a_bridge_bent_exactly_above_a_corner_passes_over():
    network = network_of([(0, 0), (50, 0), (100, 0)], [(50, -50), (50, 0), (50, 50)], flags=[0, BRIDGE])
    assert pieces_of(network) == 2


def test_a_bridge_meets_streets_at_its_ends():
    network = network_of([(0, 0), (100, 0)], [(50, 0), (50, 50)], [(20, 50), (80, 50)], flags=[0, BRIDGE, 0])
    assert pieces_of(network) == 1
    assert network.n_edges == 5


def test_crossings_can_be_left_apart():
    assert pieces_of(network_of(*CROSS, crossings="apart")) == 2


@pytest.mark.parametrize(
    ("gap_m", "tolerance_m", "pieces"), [(0.0, 0.0, 1), (0.4, 0.5, 1), (0.4, 0.3, 2), (1e-4, 0.0, 1)]
)
def test_ends_meet_within_the_tolerance(gap_m, tolerance_m, pieces):
    network = network_of([(0, 0), (100, 0)], [(100 + gap_m, 0), (200, 0)], tolerance_m=tolerance_m)
    assert pieces_of(network) == pieces


@pytest.mark.parametrize(("gap_m", "pieces"), [(0.0, 1), (0.4, 1), (0.6, 2)])
def test_an_end_meets_the_inside_of_a_line_within_the_tolerance(gap_m, pieces):
    network = network_of([(0, 0), (100, 0)], [(30, gap_m), (30, 80)], tolerance_m=0.5)
    assert pieces_of(network) == pieces
    assert network.n_edges == (3 if pieces == 1 else 2)


@pytest.mark.parametrize("gap_m", [0.0, 0.2, 0.45])
def test_an_end_meets_a_bend_of_a_line_within_the_tolerance(gap_m):
    network = network_of([(0, 0), (30, 0), (30, -40)], [(30, gap_m), (30, 80)], tolerance_m=0.5)
    assert pieces_of(network) == 1
    assert network.n_edges == 3


def test_a_line_that_crosses_itself_meets_itself():
    network = network_of([(0, 0), (100, 0), (100, 50), (50, 50), (50, -50)])
    assert network.n_junctions == 3
    np.testing.assert_allclose(sorted(network.length_m), [50, 50, 200])


def test_a_layer_is_read_by_its_columns(tmp_path):
    layer = gpd.GeoDataFrame(
        {
            "fclass": ["residential", "motorway", "steps", "某路", "footway", "service"],
            "bridge": ["F", "F", "no", "", "T", "0"],
            "access": ["", "", "", "", "", "private"],
        },
        geometry=shapely.linestrings(
            [
                [[0, 0], [100, 0]],
                [[0, 9], [100, 9]],
                [[0, 0], [0, 50]],
                [[0, 50], [100, 50]],
                [[50, -9], [50, 60]],
                [[9, 9], [9, 20]],
            ]
        ),
        crs="EPSG:32650",
    )
    layer.to_file(tmp_path / "streets.gpkg")
    network = read_network(tmp_path / "streets.gpkg", "EPSG:32650", node_tolerance_m=0.1)
    assert network.length_m.sum() == pytest.approx(100 + 50 + 100 + 69)
    assert network.has(EdgeFlag.STAIRS).sum() == 1
    assert network.length_m[network.has(EdgeFlag.BRIDGE)].tolist() == [69]
    assert pieces_of(network) == 2
    assert "0.1 m" in network.notes[0].what("en")


def test_a_street_drawn_thousands_of_times_from_either_end_is_one_street():
    line = [(0, 0), (40, 0), (100, 0)]
    began = time.process_time()
    network = network_of(*[line, line[::-1]] * 2000, [(50, -50), (50, 50)])
    assert time.process_time() - began < 5
    assert sorted(network.length_m.tolist()) == [50, 50, 50, 50]


def test_hundreds_of_streets_through_one_point_meet_in_it():
    angle = np.arange(150) / 150 * np.pi
    away = 500 * np.column_stack([np.cos(angle), np.sin(angle)])
    began = time.process_time()
    network = network_of(*[[tuple(-end), tuple(end)] for end in away])
    assert time.process_time() - began < 5
    assert network.n_junctions == 301
    np.testing.assert_allclose(network.length_m, 500, rtol=1e-6)


def test_lines_of_another_class_level_or_direction_are_streets_of_their_own():
    line, one_way = [(0, 0), (100, 0)], int(EdgeFlag.ONE_WAY)
    lines = np.array([shapely.LineString(one) for one in (line, line, line, line[::-1], line, line)])
    segments = node_lines(
        lines,
        np.array([0, 1, 0, 0, 0, 0], dtype=np.uint8),
        np.array([0, 0, one_way, one_way, 0, one_way], dtype=np.uint8),
        level=np.array([0, 0, 0, 0, 1, 0]),
    )
    assert len(segments.kind) == 5


def test_a_layer_cut_at_its_junctions_is_not_cut_again(tmp_path):
    gpd.GeoDataFrame({"u": [1, 2], "v": [3, 4]}, geometry=shapely.linestrings(CROSS), crs="EPSG:32650").to_parquet(
        tmp_path / "streets.parquet"
    )
    assert pieces_of(read_network(tmp_path / "streets.parquet", "EPSG:32650")) == 2


def test_faults_are_told(tmp_path):
    with pytest.raises(LayerError, match="no such file"):
        read_network(tmp_path / "absent.gpkg", "EPSG:32650")
    for system, said in (("EPSG:4326", "degrees are no lengths"), ("EPSG:2263", "its unit is not the metre")):
        with pytest.raises(StreetsError, match=said) as fault:
            read_network(tmp_path / "absent.gpkg", system)
        assert str(fault.value).startswith("crs: ")
        assert "计算坐标系" in str(StreetsError(fault.value.finding, "zh"))
    with pytest.raises(LayerError, match="EPSG:0 is no coordinate system"):
        read_network(tmp_path / "absent.gpkg", "EPSG:0")
    (tmp_path / "streets.geojson").write_text("[]")
    with pytest.raises(LayerError, match="its content is not"):
        read_network(tmp_path / "streets.geojson", "EPSG:32650")
    points = gpd.GeoDataFrame(geometry=shapely.points([[0, 0]]), crs="EPSG:32650")
    points.to_file(tmp_path / "points.gpkg")
    with pytest.raises(LayerError, match="holds no lines"):
        read_network(tmp_path / "points.gpkg", "EPSG:32650")
    gpd.GeoDataFrame({"highway": ["motorway"]}, geometry=shapely.linestrings(CROSS[:1]), crs="EPSG:32650").to_file(
        tmp_path / "m.shp"
    )
    (tmp_path / "m.prj").unlink()
    with pytest.raises(LayerError, match="does not say its coordinate system"):
        read_network(tmp_path / "m.shp", "EPSG:32650")
    with pytest.raises(LayerError, match="no walkable street"):
        read_network(tmp_path / "m.shp", "EPSG:32650", source_crs="EPSG:32650")
