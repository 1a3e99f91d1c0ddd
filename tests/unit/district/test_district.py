import math

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point

from planner.district import check_layers, read_district
from planner.errors import LayerError

from .conftest import CRS, X, Y, square


def codes(study, folder):
    return {finding.code: finding for finding in check_layers(study, folder)}


def test_people_live_in_buildings_by_floor_area(drawn):
    district = read_district(drawn.study(), drawn.folder)
    elders = dict(zip(district.demand["id"], district.demand["elders"], strict=True))
    assert elders["b1"] == pytest.approx(20 / 3, abs=1e-6)
    assert elders["b2"] == pytest.approx(10 / 3, abs=1e-6)
    assert elders["b1"] + elders["b2"] == 10  # exactly
    assert elders["B"] == 7
    assert elders["b3"] == 3


def test_everything_is_in_one_metric_system_with_positions(drawn):
    district = read_district(drawn.study(), drawn.folder)
    frames = (district.communities, district.demand, district.facilities, district.sites)
    assert {frame.crs for frame in frames} == {district.crs}
    assert district.crs.to_epsg() == 32650
    assert list(district.communities["street"]) == ["一街", "一街", "二街", "二街"]
    lives = dict(zip(district.demand["id"], district.demand["community"], strict=True))
    assert lives == {"b1": 0, "b2": 0, "B": 1, "b3": 2, "D": 3}
    assert district.demand["community"].dtype == "int32"


@pytest.mark.deep
def test_facilities_offer_services_with_their_capacity(drawn):
    district = read_district(drawn.study(), drawn.folder)
    assert district.existing.to_dict("records") == [{"facility": 0, "service": "canteen", "capacity": 120.0}]
    assert codes(drawn.study(), drawn.folder)["text-number"].rows == ("f1",)


@pytest.mark.deep
def test_sites_take_from_the_layer_else_from_their_kind(drawn):
    site = read_district(drawn.study(), drawn.folder).sites.iloc[0]
    assert site["area_m2"] == pytest.approx(200)  # 20 m × 20 m × share 0.5
    assert site["setup_cost"] == 50
    assert site["services"] == "canteen"
    assert math.isnan(site["ready_year"])
    drawn.candidates = drawn.candidates.assign(area_m2=[90.0], lift=["有"], ready_year=[2027], services=["childcare"])
    site = read_district(drawn.study(), drawn.folder).sites.iloc[0]
    assert (site["area_m2"], site["lift"], site["ready_year"], site["services"]) == (90, True, 2027, "childcare")


@pytest.mark.deep_after(1)
@pytest.mark.parametrize(("storeys", "area_m2"), [(None, 200), (1, 200), (3, 600), ("3", 600), (0, 200), ("2-4", 400)])
@pytest.mark.parametrize("form", ["column", "OpenStreetMap"])
def test_the_area_of_a_candidate_is_that_of_all_its_storeys(drawn, form, storeys, area_m2):
    # 20 m × 20 m, of which the kind leaves half: a range of storeys counts at its lower end, 0 is not known
    if form == "column":
        drawn.candidates = drawn.candidates.assign(storeys=pd.Series([storeys], dtype=object).astype("string"))
    else:
        corners = gpd.GeoSeries([Point(X + x, Y + y) for x, y in ((110, 10), (130, 10), (130, 30), (110, 30))], crs=CRS)
        nodes = "".join(
            f'<node id="{n}" version="1" lon="{at.x:.9f}" lat="{at.y:.9f}"/>'
            for n, at in enumerate(corners.to_crs(4326), start=1)
        )
        said = "" if storeys is None else f'<tag k="building:levels" v="{storeys}"/>'
        ring = "".join(f'<nd ref="{n}"/>' for n in (1, 2, 3, 4, 1))
        way = f'<way id="9" version="1">{ring}<tag k="building" v="school"/>{said}</way>'
        (drawn.folder / "rooms.osm").write_text(f'<osm version="0.6">{nodes}{way}</osm>')
        drawn.layers["candidates"] = [{"path": "rooms.osm", "tags": {"building": ["school"]}, "kind": "school"}]
    assert read_district(drawn.study(), drawn.folder).sites["area_m2"].tolist() == pytest.approx([area_m2], rel=1e-3)


@pytest.mark.deep
def test_a_thing_in_two_facility_layers_is_one_facility_with_two_services(drawn):
    drawn.facilities = drawn.facilities.drop(columns=["service", "capacity"])
    drawn.layers["facilities"] = [
        {"path": "facilities.gpkg", "service": "canteen"},
        {"path": "facilities.gpkg", "service": "childcare"},
    ]
    district = read_district(drawn.study(), drawn.folder)
    assert list(district.facilities["id"]) == ["f1"]
    assert list(district.existing["service"]) == ["canteen", "childcare"]


@pytest.mark.deep
def test_equal_ids_at_different_places_are_told_apart(drawn):
    study_layers = drawn.layers["facilities"]
    other = gpd.GeoDataFrame({"id": ["f1"], "service": ["canteen"]}, geometry=[Point(X + 20, Y + 20)], crs=CRS)
    other.to_file(drawn.folder / "others.gpkg")
    study_layers.append({"path": "others.gpkg"})
    study = drawn.study()
    assert list(read_district(study, drawn.folder).facilities["id"]) == ["facilities-f1", "others-f1"]
    assert codes(study, drawn.folder)["ids-qualified"].severity == "note"


def test_sources_of_different_polygons_meet_in_the_same_buildings(drawn):
    older = gpd.GeoDataFrame({"code": ["x"], "kids": [6]}, geometry=[square(0, 0, 200)], crs=CRS)
    older.to_file(drawn.folder / "older.gpkg")
    shared = {"basis": "resident", "source": "drawn by hand"}
    drawn.layers["people"] = [
        {"path": "communities.gpkg", "groups": {"elders": "elders"}, "year": 2020, **shared},
        {"path": "older.gpkg", "columns": {"id": "code"}, "groups": {"toddlers": "kids"}, "year": 2010, **shared},
    ]
    demand = read_district(drawn.study(), drawn.folder).demand.set_index("id")
    assert demand.loc["b1", ["elders", "toddlers"]].tolist() == pytest.approx([20 / 3, 6 * 2 / 4], abs=1e-6)
    assert demand["toddlers"].sum() == 6
    assert demand.index.is_unique


@pytest.mark.deep
def test_points_of_people_stay_where_they_are(drawn):
    there = Point(X + 33, Y + 44)
    degrees = gpd.GeoSeries([there], crs=CRS).to_crs(4490).iloc[0]
    doors = pd.DataFrame({"经度": [f"{degrees.x:.9f}"], "纬度": [f"{degrees.y:.9f}"], "人": ["１２"]})
    doors.to_csv(drawn.folder / "门牌 表.csv", index=False, encoding="gb18030")
    person = {"basis": "resident", "source": "drawn by hand", "year": 2020}
    drawn.layers["people"] = [
        {"path": "communities.gpkg", "groups": {"toddlers": "toddlers"}, **person},
        {"path": "门牌 表.csv", "crs": "EPSG:4490", "groups": {"elders": "人"}, **person},
    ]
    demand = read_district(drawn.study(), drawn.folder).demand
    assert demand["elders"].sum() == 12
    assert demand.loc[demand["elders"] > 0].geometry.iloc[0].distance(there) < 0.001


@pytest.mark.deep
def test_all_faults_come_at_once(drawn):
    drawn.facilities = drawn.facilities.set_crs(None, allow_override=True)
    drawn.candidates = drawn.candidates.iloc[:0]
    drawn.layers["people"][0]["groups"] = {"elders": "elder", "toddlers": "toddlers"}
    drawn.layers["buildings"]["path"] = "buldings.gpkg"
    with pytest.raises(LayerError) as raised:
        read_district(drawn.study(), drawn.folder)
    text = str(raised.value)
    assert "missing-crs" in text
    assert "no-candidates" in text
    assert "missing-column" in text
    assert "elders?" in text
    assert "missing-file" in text
    assert "buildings.gpkg?" in text
    assert raised.value.exit_code == 4


def test_a_column_name_cut_at_ten_bytes_is_found(drawn):
    drawn.communities = drawn.communities.rename(columns={"elders": "老年人"})
    drawn.layers["people"][0]["groups"]["elders"] = "老年人口数量"
    assert read_district(drawn.study(), drawn.folder).demand["elders"].sum() == 20


@pytest.mark.parametrize(
    ("crs", "reason"), [("EPSG:4326", "degrees"), ("EPSG:3857", "wrong"), ("EPSG:2263", "not the metre")]
)
def test_nothing_is_computed_in_degrees_feet_or_web_mercator(drawn, crs, reason):
    drawn.settings["crs"] = crs
    with pytest.raises(LayerError, match=reason):
        read_district(drawn.study(), drawn.folder)


def test_duplicate_ids_and_negative_people_are_errors_with_their_rows(drawn):
    drawn.communities.loc[1, "id"] = "A"
    drawn.communities.loc[2, "elders"] = -1
    found = codes(drawn.study(), drawn.folder)
    assert found["duplicate-id"].rows == ("A", "A")
    assert found["negative-number"].rows == ("C",)


def test_a_layer_elsewhere_does_not_overlap(drawn):
    drawn.facilities = drawn.facilities.translate(1e5, 0).to_frame("geometry").assign(id="f1", service="canteen")
    found = codes(drawn.study(), drawn.folder)
    assert found["no-overlap"].layer == "layers.facilities.0"


def test_rows_are_kept_and_dropped_as_asked(drawn):
    drawn.layers["buildings"]["drop"] = {"id": ["b1"]}
    drawn.layers["people"][0]["keep"] = {"street": ["一街"]}
    district = read_district(drawn.study(), drawn.folder)
    assert set(district.demand["id"]) == {"b2", "B"}


@pytest.mark.deep
def test_no_facilities_yet_is_no_fault_but_nowhere_to_build_is(drawn):
    drawn.facilities = drawn.facilities.iloc[:0]
    assert len(read_district(drawn.study(), drawn.folder).facilities) == 0
    drawn.candidates = drawn.candidates.iloc[:0]
    found = codes(drawn.study(), drawn.folder)
    assert found["no-candidates"].severity == "error"
