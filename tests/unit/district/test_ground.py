"""Ground of the maps, read from an OpenStreetMap extract and brought into the frame of the communities."""

import geopandas as gpd
import pytest
from shapely import LineString, box

from planner.district.ground import MARGIN_M, around, read_extracts
from planner.io.osm_shapes import read_shapes
from planner.io.table import UnreadableError
from planner.study import Study

CRS = "EPSG:32633"
NODES = {1: (13.20, 53.55), 2: (13.21, 53.55), 3: (13.21, 53.56), 4: (13.20, 53.56), 5: (13.22, 53.56)}
#: nodes of a way, and its tags
WAYS = {
    11: ([1, 2, 3, 4, 1], {"natural": "water", "name": "Lake"}),
    12: ([1, 2, 3, 4, 1], {"landuse": "forest"}),
    13: ([1, 2, 3, 4, 1], {"building": "yes", "name": "Town hall"}),
    14: ([1, 2, 3, 4, 1], {"building": "no", "leisure": "park"}),
    15: ([1, 2], {"railway": "rail", "name": "Line 1"}),
    16: ([2, 3], {"railway": "rail", "service": "yard"}),
    17: ([1, 2], {"highway": "primary", "name": "Main street"}),
    18: ([2, 3], {"highway": "primary", "name": "Main street"}),
    19: ([3, 5], {"highway": "primary"}),
    20: ([3, 5], {"highway": "residential", "name": "Side street"}),
    21: ([4, 5], {"waterway": "river", "tunnel": "culvert"}),
    22: ([4, 5], {"barrier": "city_wall"}),
    23: ([4, 5], {"waterway": "river", "name": "River"}),
}


@pytest.fixture
def extract(tmp_path):
    text = '<osm version="0.6">'
    for node, (lon, lat) in NODES.items():
        text += f'<node id="{node}" lon="{lon}" lat="{lat}"/>'
    for way, (of, tags) in WAYS.items():
        refs = "".join(f'<nd ref="{node}"/>' for node in of)
        text += f'<way id="{way}">{refs}' + "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items()) + "</way>"
    path = tmp_path / "town.osm"
    path.write_text(text + "</osm>", encoding="utf-8")
    return path


def _study(extract):
    file = {"path": "x.gpkg"}
    return Study.model_validate(
        {
            "version": 1,
            "name": {"zh": "城", "en": "Town"},
            "layers": {
                "communities": file,
                "people": [{**file, "groups": {"all": "n"}, "basis": "resident", "year": 2020, "source": "us"}],
                "streets": {"path": extract.name},
                "candidates": [{**file, "kind": "room"}],
            },
            "groups": {"all": {"name": {"zh": "人", "en": "people"}}},
            "walking": {"profiles": {"adult": {"speed_m_s": 1.0}}},
            "services": [
                {
                    "id": "care",
                    "name": {"zh": "养老", "en": "Care"},
                    "demand": {"all": 1},
                    "walker": "adult",
                    "circles": [{"minutes": 5, "weight": 1}],
                    "area_m2": 1,
                    "fit_out_cost": 1,
                }
            ],
            "site_kinds": {"room": {"name": {"zh": "用房", "en": "Room"}}},
        }
    )


def test_an_extract_is_read_by_its_tags(extract):
    ground = read_extracts(_study(extract), extract.parent, CRS)
    areas = ground[ground.geom_type == "MultiPolygon"]
    assert sorted(zip(areas["kind"], areas["name"], strict=True)) == [
        ("building", ""),
        ("green", ""),
        ("green", ""),
        ("water", "Lake"),
    ]
    lines = ground[ground.geom_type == "LineString"]
    assert sorted(zip(lines["kind"], lines["name"], strict=True)) == [
        ("railway", ""),
        ("road", ""),
        ("road", "Main street"),
        ("road", "Main street"),
        ("wall", ""),
        ("water", "River"),
    ]


def test_what_is_far_away_too_small_or_without_a_name_is_left_out():
    communities = gpd.GeoDataFrame({"id": ["a"]}, geometry=[box(0, 0, 1000, 1000)], crs=CRS)
    rows = [
        ("road", "A", LineString([(0, 0), (100, 0)])),
        ("road", "A", LineString([(100, 0), (200, 0)])),
        ("road", "", LineString([(0, 0), (0, 100)])),
        ("green", "", box(0, 0, 5, 5)),
        ("green", "", box(0, 0, 50, 50)),
        ("green", "", box(0, 0, 50, 50)),
        ("water", "Sea", box(-9000, 0, 500, 500)),
        ("building", "", box(8000, 0, 8010, 10)),
        ("swamp", "", box(0, 0, 100, 100)),
    ]
    kinds, names, shapes = zip(*rows, strict=True)
    frame = gpd.GeoDataFrame({"kind": kinds, "name": names}, geometry=list(shapes), crs=CRS)
    found = around([frame], communities)
    assert found["kind"].tolist() == ["green", "water", "road"]
    assert found.geometry.iloc[1].bounds[0] == -MARGIN_M
    assert found.geometry.iloc[2].length == 200
    assert found["name"].tolist() == ["", "Sea", "A"]


def test_a_file_that_is_no_extract_is_refused(tmp_path):
    path = tmp_path / "bad.osm.pbf"
    path.write_bytes(b"not an extract")
    with pytest.raises(UnreadableError):
        read_shapes(path, ("highway",), ("name",))
