"""Columns of line layers: classes in many vocabularies, levels, who may walk."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from planner.access import STREET_CLASSES, EdgeFlag, read_network
from planner.access.tags import osm_tags
from planner.errors import LayerError

CRS = "EPSG:32650"


def layer(path, **columns):
    n = len(next(iter(columns.values())))
    lines = shapely.linestrings([[[0, 10 * i], [100, 10 * i]] for i in range(n)])
    frame = gpd.GeoDataFrame(columns, geometry=lines, crs=CRS)
    frame.to_file(path, **({"encoding": "utf-8"} if path.suffix == ".shp" else {}))
    return path


def notes_of(network):
    return {note.code: note.what("en") for note in network.notes}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("主干路", "primary"), ("城市次干路", "secondary"), ("支路", "tertiary"), ("人行道", "footway"), ("步行街", "pedestrian"),
        ("台阶", "steps"), ("国道", "trunk"), ("小区内部道路", "service"), ("胡同", "residential"), ("快速路辅路", "tertiary"),
        ("过街天桥", "footway"), ("Fußweg", "footway"), ("Bundesstraße", "trunk"), ("S1400", "residential"), ("S1710", "footway"),
        ("Minor Arterial", "secondary"), ("residential", "residential"), ("track_grade3", "track"), ("某路", "road"),
    ],
)  # fmt: skip
def test_a_class_is_known_in_many_words(tmp_path, said, kind):
    network = read_network(layer(tmp_path / "streets.gpkg", 道路等级=[said]), CRS)
    assert [STREET_CLASSES[code] for code in network.kind] == [kind]
    assert ("street-classes-unknown" in notes_of(network)) == (said == "某路")


@pytest.mark.parametrize(
    "said", ["高速公路", "快速路", "绕城高速", "匝道", "机动车专用道", "Autobahn", "Freeway", "S1100", "motorway"]
)
def test_what_no_walker_may_use_is_not_walked_and_its_length_is_known(tmp_path, said):
    network = read_network(layer(tmp_path / "streets.gpkg", 道路等级=[said, "支路"]), CRS)
    assert network.length_m.sum() == pytest.approx(100)
    assert network.excluded.reasons == (f"道路等级={said}",)
    assert shapely.length(network.excluded.lines).tolist() == [100]


@pytest.mark.parametrize("said", ["铁路", "在建道路", "规划", "construction"])
def test_what_is_no_street_is_left_out(tmp_path, said):
    assert read_network(layer(tmp_path / "streets.gpkg", 道路等级=[said, "支路"]), CRS).length_m.sum() == pytest.approx(
        100
    )


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson"])
@pytest.mark.parametrize("column", ["道路等级", "道路类型", "fclass", "highway"])
def test_the_column_is_found_in_every_format(tmp_path, suffix, column):
    if suffix == ".shp" and not column.isascii():
        column = column[:3]  # ten bytes hold three characters of UTF-8
    path = layer(tmp_path / f"streets{suffix}", **{column: ["高速公路", "支路"]})
    network = read_network(path, CRS, source_crs=CRS if suffix == ".geojson" else None)
    assert network.length_m.sum() == pytest.approx(100)


def test_every_unknown_class_is_named_with_its_length(tmp_path):
    network = read_network(layer(tmp_path / "streets.gpkg", 道路等级=["甲", "甲", "乙", "支路"]), CRS)
    assert "2 values of 道路等级 are not known" in notes_of(network)["street-classes-unknown"]
    assert "甲 200 m, 乙 100 m" in notes_of(network)["street-classes-unknown"]
    assert "highway ← 道路等级" in notes_of(network)["street-columns"]


@pytest.mark.parametrize("no", ["no", "否", "private"])
@pytest.mark.parametrize("column", ["foot", "access"])
def test_who_may_walk_is_obeyed(tmp_path, column, no):
    path = layer(tmp_path / "streets.gpkg", highway=["path", "path"], **{column: [no, "yes"]})
    assert read_network(path, CRS).length_m.sum() == pytest.approx(100)
    with pytest.raises(LayerError, match=r"classes read: path × 2"):
        read_network(layer(tmp_path / "closed.gpkg", highway=["path"] * 2, **{column: [no] * 2}), CRS)


CROSS = shapely.linestrings([[[0, 0], [100, 0]], [[50, -50], [50, 50]]])
BENT = shapely.linestrings([[[0, 0], [50, 0], [100, 0]], [[50, -50], [50, 0], [50, 50]]])


@pytest.mark.parametrize("lines", [CROSS, BENT], ids=["crossing", "a vertex at the crossing"])
@pytest.mark.parametrize(
    ("column", "values", "pieces"),
    [
        ("layer", [0, 1], 2), ("layer", ["0", "-1"], 2), ("layer", [1, 1], 1), ("z_level", [0, 2], 2), ("layer", [None, 1.0], 2),
        ("layer", ["north.shp", "south.shp"], 1), ("bridge", ["", "yes"], 2), ("name", ["a", "b"], 1),
    ],
)  # fmt: skip
def test_streets_of_different_levels_do_not_meet_where_they_cross(tmp_path, lines, column, values, pieces):
    frame = gpd.GeoDataFrame({"highway": ["path"] * 2, column: values}, geometry=lines, crs=CRS)
    frame.to_file(tmp_path / "streets.gpkg")
    network = read_network(tmp_path / "streets.gpkg", CRS)
    assert int(network.component.max()) + 1 == pieces
    apart = read_network(tmp_path / "streets.gpkg", CRS, crossings="apart")
    assert int(apart.component.max()) + 1 == (2 if lines is CROSS else pieces)


def test_a_deck_meets_the_ground_where_it_ends(tmp_path):
    lines = shapely.linestrings([[[0, 0], [100, 0]], [[100, 0], [100, 80]]])
    gpd.GeoDataFrame({"highway": ["path"] * 2, "layer": [0, 1]}, geometry=lines, crs=CRS).to_file(tmp_path / "s.gpkg")
    network = read_network(tmp_path / "s.gpkg", CRS)
    assert int(network.component.max()) == 0


def test_words_stand_for_bridges_and_tunnels():
    assert osm_tags("人行地道") == {"highway": "footway", "tunnel": "yes"}
    assert osm_tags("地下通道") == {"highway": "footway", "tunnel": "yes"}
    assert osm_tags("") is None
    assert np.uint8(EdgeFlag.ACROSS) == 16
