"""People poured into a few buildings, and communities of which buildings or streets cover a sliver."""

import geopandas as gpd
import pytest
from shapely.geometry import box

from planner.access import read_network
from planner.access.checks import check_streets
from planner.district import check_layers, read_district
from tests.unit.district.conftest import CRS, X, Y, square


def codes(study, folder):
    return {finding.code: finding for finding in check_layers(study, folder)}


def wide(drawn, side=5_000, elders=60_000):
    """One community of 25 km² whose elders are all put into the buildings of its corner."""
    drawn.communities = gpd.GeoDataFrame(
        {"id": ["A"], "name": ["甲"], "street": ["一街"], "elders": [elders], "toddlers": [10]},
        geometry=[box(X, Y, X + side, Y + side)],
        crs=CRS,
    )


def test_a_district_poured_into_three_buildings_is_said(drawn):
    wide(drawn)
    drawn.buildings["storeys"] = [2.0, 1.0, None]
    found = codes(drawn.study(), drawn.folder)
    crowded = found["crowded-buildings"]
    assert crowded.severity == "warning"
    # floor 200, 100 and 100 m² of 400: 30,000, 15,000 and 15,000 elders; b3 may be a tower of 30 storeys
    assert set(crowded.rows) == {"b1", "b2", "b3"}
    assert crowded.evidence["most"] == pytest.approx(30_005)
    assert crowded.evidence["people"] == pytest.approx(60_010)
    assert crowded.evidence["floor_m2"] == pytest.approx(100 / 15_002.5)
    sliver = found["buildings-of-a-sliver"]
    assert sliver.rows == ("A",)
    assert sliver.evidence["share"] < 0.04
    assert "buildings of 1 communities stand in a sliver" in sliver.what("en")


@pytest.mark.deep
def test_ordinary_buildings_are_not_doubted(drawn):
    found = codes(drawn.study(), drawn.folder)
    assert not {"crowded-buildings", "buildings-of-a-sliver"} & set(found)


@pytest.mark.deep
def test_a_tower_of_unknown_storeys_is_believed(drawn):
    # 600 elders on a footprint of 100 m²: 30 storeys leave 5 m² for each; 1 assumed storey would not
    drawn.communities.loc[2, "elders"] = 598
    assert "crowded-buildings" not in codes(drawn.study(), drawn.folder)
    drawn.communities.loc[2, "elders"] = 700
    assert codes(drawn.study(), drawn.folder)["crowded-buildings"].rows == ("b3",)


@pytest.mark.deep
def test_known_storeys_are_taken_at_their_word(drawn):
    drawn.buildings["storeys"] = [2.0, 1.0, 3.0]
    drawn.communities.loc[2, "elders"] = 300
    assert codes(drawn.study(), drawn.folder)["crowded-buildings"].rows == ("b3",)


@pytest.mark.deep
def test_buildings_drawn_as_points_have_no_floor_to_doubt(drawn):
    drawn.buildings = drawn.buildings.set_geometry(drawn.buildings.representative_point())
    drawn.communities.loc[0, "elders"] = 5_000
    assert "crowded-buildings" not in codes(drawn.study(), drawn.folder)


def test_nested_groups_do_not_crowd_a_building_twice(drawn):
    drawn.settings["groups"] = {
        "elders": {"name": "60+", "from_age": 60},
        "toddlers": {"name": "80+", "from_age": 80},
    }
    drawn.buildings["storeys"] = [2.0, 1.0, 10.0]
    drawn.communities.loc[2, ["elders", "toddlers"]] = [150, 150]  # 1,000 m² for 150 people, not 300
    assert "crowded-buildings" not in codes(drawn.study(), drawn.folder)


def streets_found(drawn):
    study = drawn.study()
    district = read_district(study, drawn.folder)
    network = read_network(drawn.folder / "streets.osm", district.crs)
    return {finding.code: finding for finding in check_streets(study, district, network)}


def test_streets_of_a_sliver_of_a_community_are_said(drawn):
    wide(drawn, elders=900)
    drawn.buildings = None
    drawn.layers.pop("buildings")
    drawn.streets = [[(0, 60), (900, 60)], [(100, 0), (100, 900)]]
    found = streets_found(drawn)["streets-of-a-sliver"]
    assert found.severity == "warning"
    assert found.rows == ("A",)
    assert found.evidence["people"] == pytest.approx(910)
    assert found.evidence["share"] < 0.1


def test_streets_all_over_a_community_are_not_doubted(drawn):
    wide(drawn, elders=900)
    drawn.buildings = None
    drawn.layers.pop("buildings")
    drawn.streets = [[(0, y), (5000, y)] for y in range(100, 5000, 900)] + [[(100, 0), (100, 5000)]]
    assert "streets-of-a-sliver" not in streets_found(drawn)


def test_small_blocks_between_streets_are_not_doubted(drawn):
    drawn.communities["elders"] = 900
    assert "streets-of-a-sliver" not in streets_found(drawn)


@pytest.mark.deep
def test_a_village_in_wide_fields_is_not_doubted(drawn):
    wide(drawn, side=2_500, elders=900)
    drawn.buildings = gpd.GeoDataFrame(
        {"id": [f"b{i}" for i in range(60)], "storeys": 2.0},
        geometry=[square(900 + 40 * (i % 10), 900 + 40 * (i // 10), 15) for i in range(60)],
        crs=CRS,
    )
    assert "buildings-of-a-sliver" not in codes(drawn.study(), drawn.folder)
