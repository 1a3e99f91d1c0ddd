"""Layers beside the communities, and layers whose coordinate system nobody wrote down: tried, and offered with evidence."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, Point

from planner.district import check_layers, read_district
from planner.district.crs import probable_crs
from planner.district.gcj02 import wgs84_to_gcj02
from tests.unit.district.conftest import CRS, X, Y, square


def codes(study, folder):
    return {finding.code: finding for finding in check_layers(study, folder)}


def at(x, y):
    return gpd.GeoDataFrame({"id": ["f1"], "service": ["canteen"]}, geometry=[Point(X + x, Y + y)], crs=CRS)


@pytest.mark.deep
def test_a_single_facility_50_m_outside_the_box_is_read_and_said_to_lie_50_m_away(drawn):
    drawn.facilities = at(250, 50)
    assert list(read_district(drawn.study(), drawn.folder).facilities["id"]) == ["f1"]
    found = codes(drawn.study(), drawn.folder)
    assert not {"no-overlap", "would-meet"} & set(found)
    assert "50 m away" in found["places-outside"].what("en")
    assert "50 m" in found["places-outside"].what("zh")


@pytest.mark.deep
def test_a_candidate_and_a_barrier_just_outside_are_read_too(drawn):
    drawn.candidates = gpd.GeoDataFrame({"id": ["s1"], "kind": ["school"]}, geometry=[square(260, 10, 20)], crs=CRS)
    wall = gpd.GeoDataFrame(geometry=[LineString([(X + 230, Y), (X + 230, Y + 200)])], crs=CRS)
    wall.to_file(drawn.folder / "walls.gpkg")
    drawn.layers["barriers"] = {"path": "walls.gpkg"}
    district = read_district(drawn.study(), drawn.folder)
    assert list(district.sites["id"]) == ["s1"]
    assert len(district.context.barriers) == 1


@pytest.mark.deep_after(1)
@pytest.mark.parametrize(("metres", "text"), [(3_000, "2,800 m away"), (25_000, "25 km away")])
def test_a_facility_beyond_every_walk_is_refused_with_its_distance(drawn, metres, text):
    drawn.facilities = at(metres, 50)
    found = codes(drawn.study(), drawn.folder)["no-overlap"]
    assert found.severity == "error"
    assert text in found.what("en")


def test_buildings_that_hold_nobody_are_refused_however_near(drawn):
    drawn.buildings = drawn.buildings.set_geometry(drawn.buildings.translate(250, 0))
    assert codes(drawn.study(), drawn.folder)["no-overlap"].layer == "layers.buildings"


@pytest.mark.deep
def test_a_point_in_an_empty_corner_of_the_box_is_measured_to_the_next_community(drawn):
    drawn.communities = drawn.communities[drawn.communities["id"] != "D"]
    drawn.facilities = at(190, 190)
    assert "90 m away" in codes(drawn.study(), drawn.folder)["places-outside"].what("en")


@pytest.mark.deep
def test_communities_without_a_system_in_germany_are_offered_utm_not_cgcs2000(drawn):
    move = 384_000 - X, 5_935_000 - Y
    for name in ("communities", "buildings", "facilities", "candidates"):
        frame = getattr(drawn, name)
        setattr(drawn, name, frame.set_geometry(frame.translate(*move)).set_crs("EPSG:25833", allow_override=True))
    study = drawn.study()
    streets = gpd.GeoDataFrame(
        geometry=[LineString([(384_000 + a, 5_934_000), (384_000 + a, 5_936_500)]) for a in range(0, 300, 50)],
        crs="EPSG:25833",
    )
    streets.to_file(drawn.folder / "lines.gpkg")
    drawn.layers["streets"] = {"path": "lines.gpkg"}
    drawn.communities = drawn.communities.set_crs(None, allow_override=True)
    study = drawn.study()
    found = codes(study, drawn.folder)
    offered = found["missing-crs"].evidence["candidates"]
    assert offered.startswith("EPSG:25833")
    assert "(100%)" in offered
    assert "4534" not in offered
    assert "CGCS" not in offered
    assert "within 500 m of a street" in found["would-meet"].what("en")
    assert "距道路 500 m 以内" in found["would-meet"].what("zh")


@pytest.mark.deep
def test_a_layer_without_a_system_is_tried_against_the_communities(drawn):
    drawn.facilities = drawn.facilities.set_crs(None, allow_override=True)
    found = codes(drawn.study(), drawn.folder)
    assert "EPSG:32650" in found["missing-crs"].hint("en")
    assert found["would-meet"].evidence["tried"] == 1
    assert "no-candidates" not in found


def test_exchanged_axes_are_offered_with_the_system(drawn):
    turned = gpd.GeoDataFrame({"id": ["f1"], "service": ["canteen"]}, geometry=[Point(Y + 50, X + 50)])
    drawn.facilities = turned
    assert "EPSG:32650, axes: yx" in codes(drawn.study(), drawn.folder)["would-meet"].what("en")


@pytest.mark.deep
def test_communities_in_the_wrong_zone_are_named_and_not_every_other_layer(drawn):
    drawn.settings["crs"] = "EPSG:32651"
    drawn.communities = drawn.communities.set_crs("EPSG:32651", allow_override=True)
    drawn.layers["people"][0]["path"] = "communities.gpkg"
    met = [f for f in check_layers(drawn.study(), drawn.folder) if f.code == "would-meet"]
    assert [f.layer for f in met] == ["layers.communities"]
    assert "EPSG:32650" in met[0].evidence["systems"]


def in_degrees(frame, **columns):
    points = frame.representative_point().to_crs(4326)
    return pd.DataFrame(frame.drop(columns="geometry")).assign(**{columns["x"]: points.x, columns["y"]: points.y})


@pytest.mark.deep
@pytest.mark.parametrize(("x", "y"), [("lon", "lat"), ("经度", "纬度"), ("Longitude", "Latitude"), ("lng", "lat")])
def test_longitudes_and_latitudes_need_no_system(drawn, x, y):
    there = drawn.facilities.geometry.iloc[0]
    in_degrees(drawn.facilities, x=x, y=y).to_csv(drawn.folder / "f.csv", index=False, encoding="utf-8")
    drawn.layers["facilities"] = [{"path": "f.csv"}]
    assert read_district(drawn.study(), drawn.folder).facilities.geometry.iloc[0].distance(there) < 0.01
    found = codes(drawn.study(), drawn.folder)
    assert "missing-crs" not in found
    said = found["degrees-in-china"]
    assert said.severity == "warning"
    assert "gcj02" in said.hint("zh")


@pytest.mark.deep
def test_longitudes_outside_china_are_only_noted(drawn, tmp_path):
    move = 384_000 - X, 5_935_000 - Y
    for name in ("communities", "buildings", "facilities", "candidates"):
        frame = getattr(drawn, name)
        setattr(drawn, name, frame.set_geometry(frame.translate(*move)).set_crs("EPSG:25833", allow_override=True))
    in_degrees(drawn.facilities, x="lon", y="lat").to_excel(tmp_path / "f.xlsx", index=False)
    drawn.layers["facilities"] = [{"path": "f.xlsx"}]
    found = codes(drawn.study(), drawn.folder)
    assert found["degrees-read"].severity == "note"
    assert not {"missing-crs", "no-overlap"} & set(found)


@pytest.mark.deep
def test_columns_called_degrees_that_hold_metres_still_need_a_system(drawn):
    pd.DataFrame({"id": ["f1"], "service": ["canteen"], "lon": [X + 150], "lat": [Y + 50]}).to_csv(
        drawn.folder / "f.csv", index=False
    )
    drawn.layers["facilities"] = [{"path": "f.csv"}]
    found = codes(drawn.study(), drawn.folder)
    assert "EPSG:32650" in found["missing-crs"].hint("en")


@pytest.mark.deep
def test_a_declared_system_is_used_and_nothing_is_said_of_degrees(drawn):
    points = drawn.facilities.to_crs(4326).geometry
    lon, lat = wgs84_to_gcj02(points.x.to_numpy(), points.y.to_numpy())
    pd.DataFrame({"id": ["f1"], "service": ["canteen"], "lon": lon, "lat": lat}).to_csv(
        drawn.folder / "f.csv", index=False
    )
    drawn.layers["facilities"] = [{"path": "f.csv", "crs": "gcj02"}]
    there = drawn.facilities.geometry.iloc[0]
    assert read_district(drawn.study(), drawn.folder).facilities.geometry.iloc[0].distance(there) < 0.01
    assert not {"degrees-in-china", "degrees-read"} & set(codes(drawn.study(), drawn.folder))


@pytest.mark.parametrize(
    ("x", "y", "in_china"),
    [
        (384_000, 5_935_000, False),  # Neubrandenburg in EPSG:25833
        (565_800, 5_934_500, True),  # north of Mohe: only China's own data can decide
        (691_600, 5_334_800, False),  # Munich in EPSG:25832
        (300_000, 4_560_000, False),  # Rome in EPSG:32633
        (448_300, 4_418_900, True),  # Beijing, zone 39
        (640_000, 3_455_000, True),  # Shanghai, zone 40
        (330_000, 2_180_000, True),  # Hainan, west of its meridian
    ],
)
def test_cgcs2000_is_suggested_where_a_zone_of_three_degrees_can_hold_the_coordinates(x, y, in_china):
    for low, high in (((x, y), (x + 1_000, y + 1_000)), ((y, x), (y + 1_000, x + 1_000))):
        named = probable_crs((*low, *high))
        assert any("CGCS2000" in name for name in named) == in_china
    assert any("UTM" in name for name in probable_crs((x, y, x + 1_000, y + 1_000)))
