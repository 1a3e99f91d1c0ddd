"""The real layers that may not be committed: Yangpu as Chinese bureaux hand it in, Porto's census and its streets."""

import shutil
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from planner.access import read_network
from planner.access.checks import check_streets
from planner.district import check_layers, read_district
from planner.district.gcj02 import wgs84_to_bd09, wgs84_to_gcj02
from planner.io.osm import TagQuery, read_extract
from planner.study import Study

pytestmark = [pytest.mark.shared, pytest.mark.deep]

SERVICE = {
    "id": "elder_care",
    "name": "elder care",
    "demand": {"elders": 1},
    "walker": "elder",
    "circles": [{"minutes": 5, "weight": 1}],
    "area_m2": 300,
    "fit_out_cost": 1,
}


@pytest.fixture
def yangpu(shared_data, tmp_path):
    for name in ("yangpu_subdistrict_2020.csv", "shanghai_elderly_homes_gcj02.csv", "tongji.osm"):
        shutil.copy(shared_data / "yangpu" / name, tmp_path / name)
    streets = gpd.read_file(shared_data / "yangpu" / "杨浦区.json").to_crs(4549)
    named = streets.assign(街道名称全称=streets["name"], 所属行政区名称="杨浦区")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that names are cut is the point
        named[["FID", "街道名称全称", "所属行政区名称", "geometry"]].rename(columns={"FID": "id"}).to_file(
            tmp_path / "街道 边界.shp", encoding="GBK"
        )
    (tmp_path / "街道 边界.cpg").unlink()
    return tmp_path


def study(crs="EPSG:4326"):
    return Study.model_validate(
        {
            "version": 1,
            "name": "杨浦区",
            "layers": {
                "communities": {
                    "path": "街道 边界.shp",
                    "columns": {"name": "街道名称全称"},
                    "roll_up": ["所属行政区名称"],
                    "renamed": {"长海路街道": "五角场镇"},
                },
                "people": [
                    {
                        "path": "yangpu_subdistrict_2020.csv",
                        "join": {"column": "subdistrict", "to": "name"},
                        "groups": {"elders": {"column": "total_wan", "unit": 10000}},
                        "stated": {"elders": 1_242_500},
                        "basis": "resident",
                        "year": 2020,
                        "source": "七普",
                    }
                ],
                "facilities": [
                    {
                        "path": "shanghai_elderly_homes_gcj02.csv",
                        "crs": crs,
                        "columns": {"capacity": "beds", "community": "street"},
                        "keep": {"district": ["杨浦区"]},
                        "service": "elder_care",
                    }
                ],
                "candidates": [{"path": "tongji.osm", "tags": {"amenity": []}, "kind": "public"}],
                "streets": {"path": "tongji.osm"},
            },
            "groups": {"elders": {"name": "everybody"}},
            "walking": {"profiles": {"elder": {"speed_m_s": 0.8}}},
            "services": [SERVICE],
            "site_kinds": {"public": {"name": "public"}},
        }
    )


def test_yangpu_in_gbk_with_cut_names_reads_right(yangpu):
    district = read_district(study(), yangpu)
    assert {"五角场街道", "五角场镇", "殷行街道"} <= set(district.communities["name"])
    assert set(district.communities["所属行政区名称"]) == {"杨浦区"}
    assert district.demand["elders"].sum() == 1_242_600  # 12 streets to two places of 万人; published are 124.25
    found = {finding.code: finding for finding in district.findings}
    assert found["sum-disagrees"].severity == "note"
    assert found["sum-disagrees"].evidence["difference"] == pytest.approx(100)
    assert {"cut-name", "encoding-decided", "two-zones"} <= set(found)


def test_the_elder_homes_shift_and_fallback_are_reported_and_not_converted(yangpu):
    found = {finding.code: finding for finding in check_layers(study(), yangpu)}
    shift = found["probable-shift"]
    assert shift.evidence["shift"] == "gcj02"
    assert shift.evidence["as_is"] == pytest.approx(0.69, abs=0.01)
    assert shift.evidence["moved"] > 0.9
    assert set(found["stacked-points"].rows) == {"563", "583", "598"}
    declared = {finding.code for finding in check_layers(study("gcj02"), yangpu)}
    assert not declared & {"probable-shift", "doubtful-shift"}


def test_portos_pieces_are_reported_as_a_share_of_people(shared_data):
    folder = shared_data / "porto"
    raw = study().model_dump(mode="json", exclude_unset=True)
    blocks = {"path": "BGRI2021_1312.gpkg", "columns": {"id": "BGRI2021"}}
    extract = "porto_center_2020-07-20.osm.pbf"
    raw["layers"] = {
        "communities": {**blocks, "roll_up": ["DTMNFR21"]},
        "people": [
            {
                **blocks,
                "groups": {"elders": "N_INDIVIDUOS_65_OU_MAIS"},
                "total": "N_INDIVIDUOS",
                "basis": "resident",
                "year": 2021,
                "source": "INE",
                "spread": "point",
            }
        ],
        "facilities": [{"path": extract, "tags": {"amenity": ["social_facility"]}, "service": "elder_care"}],
        "candidates": [{"path": extract, "tags": {"amenity": ["school"]}, "kind": "public"}],
        "streets": {"path": extract},
    }
    porto = Study.model_validate(raw)
    district = read_district(porto, folder)
    assert district.demand["elders"].sum() == 60_210
    network = read_network(folder / extract, district.crs)
    found = {finding.code: finding for finding in check_streets(porto, district, network)}
    pieces = found["street-pieces"]
    assert 500 < pieces.evidence["pieces"] < 650
    assert 0 < pieces.evidence["on_main"] < 1
    assert f"{pieces.evidence['on_main']:.1%} of the people" in pieces.what("en")
    assert found["circles-cut"].evidence["share"] > 0.5


FRONTS_M = (8.0, 40.0)


@pytest.mark.parametrize(
    "shift", ["gcj02", pytest.param("bd09", marks=pytest.mark.scale), pytest.param("", marks=pytest.mark.scale)]
)
def test_doors_along_wuhans_streets_betray_a_shift_and_nothing_else_does(shared_data, tmp_path, shift):
    """Doors beside streets of central Wuhan, put through the exact forward formula; the layer declares nothing."""
    streets = gpd.read_parquet(shared_data / "wuhan" / "wuhan_streets.parquet").to_crs(4547)
    centre = gpd.GeoSeries.from_xy([114.30], [30.58], crs=4326).to_crs(4547).iloc[0]
    streets[streets.dwithin(centre, 5000)].to_file(tmp_path / "streets.gpkg")
    random = np.random.default_rng(7)
    residential = streets[(streets["highway"].astype(str) == "residential") & streets.dwithin(centre, 3500)]
    lines = residential.sample(150, random_state=7).geometry.to_numpy()
    at = random.uniform(0.1, 0.8, len(lines)) * shapely.length(lines)
    here, further = (shapely.get_coordinates(shapely.line_interpolate_point(lines, at + more)) for more in (0.0, 1.0))
    ahead = (further - here) / np.linalg.norm(further - here, axis=1)[:, None]
    aside = random.uniform(*FRONTS_M, len(lines)) * random.choice([-1, 1], len(lines))
    doors = gpd.GeoSeries(
        shapely.points(here + np.column_stack([-ahead[:, 1], ahead[:, 0]]) * aside[:, None]), crs=4547
    )
    lon, lat = doors.to_crs(4326).x.to_numpy(), doors.to_crs(4326).y.to_numpy()
    if shift:
        lon, lat = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}[shift](lon, lat)
    pd.DataFrame({"id": range(len(lon)), "lon": lon, "lat": lat}).to_csv(tmp_path / "homes.csv", index=False)
    whole = gpd.GeoDataFrame(
        {"id": ["1"], "name": ["江岸"], "elders": [1000]}, geometry=[centre.buffer(4000)], crs=4547
    )
    whole.to_file(tmp_path / "communities.gpkg")
    raw = study().model_dump(mode="json", exclude_unset=True)
    raw["layers"] = {
        "communities": {"path": "communities.gpkg"},
        "people": [
            {
                "path": "communities.gpkg",
                "groups": {"elders": "elders"},
                "basis": "resident",
                "year": 2020,
                "source": "-",
            }
        ],
        "facilities": [{"path": "homes.csv", "crs": "EPSG:4326", "service": "elder_care"}],
        "candidates": [{"path": "communities.gpkg", "kind": "public"}],
        "streets": {"path": "streets.gpkg"},
    }
    wuhan = Study.model_validate(raw)
    district = read_district(wuhan, tmp_path)
    network = read_network(tmp_path / "streets.gpkg", district.crs)
    found = {finding.code: finding for finding in check_streets(wuhan, district, network) if "shift" in finding.code}
    if not shift:
        assert found == {}
        return
    seen = found["probable-shift-by-streets"].evidence
    assert seen["shift"] == shift
    assert seen["as_is"] < 0.5
    assert seen["moved"] > 0.6
    assert seen["moved_m"] < 0.7 * seen["as_is_m"]


def small_district(folder, streets, points, shift, *, communities, buildings=None):
    """Findings about shifts where the first five of ``points`` (degrees) are facilities and the others rooms."""
    lon, lat = points.x.to_numpy(), points.y.to_numpy()
    if shift:
        lon, lat = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}[shift](lon, lat)
    rows = pd.DataFrame({"id": [f"r{i}" for i in range(len(lon))], "lon": lon, "lat": lat, "area_m2": 300})
    rows[:5].to_csv(folder / "facilities.csv", index=False)
    rows[5:].to_csv(folder / "rooms.csv", index=False)
    communities.to_file(folder / "communities.gpkg")
    raw = study().model_dump(mode="json", exclude_unset=True)
    people = {"path": "communities.gpkg", "groups": {"elders": "elders"}}
    raw["layers"] = {
        "communities": {"path": "communities.gpkg"},
        "people": [{**people, "basis": "resident", "year": 2020, "source": "-"}],
        "facilities": [{"path": "facilities.csv", "crs": "EPSG:4326", "service": "elder_care"}],
        "candidates": [{"path": "rooms.csv", "crs": "EPSG:4326", "kind": "public"}],
        "streets": {"path": streets},
    }
    if buildings is not None:
        buildings.to_file(folder / "buildings.gpkg")
        raw["layers"]["buildings"] = {"path": "buildings.gpkg"}
    asked = Study.model_validate(raw)
    district = read_district(asked, folder)
    network = read_network(folder / streets, district.crs)
    every = [*district.findings, *check_streets(asked, district, network)]
    return [finding for finding in every if "shift" in finding.code]


@pytest.mark.parametrize("shift", ["gcj02", pytest.param("bd09", marks=pytest.mark.scale), ""])
def test_sixty_rooms_of_a_small_district_of_wuhan_betray_a_shift_and_nothing_else_does(shared_data, tmp_path, shift):
    """A circle of 700 m: 60 rooms and 5 facilities 8 to 40 m from real streets. The sign test alone sees too little."""
    streets = gpd.read_parquet(shared_data / "wuhan" / "wuhan_streets.parquet").to_crs(4547)
    centre = gpd.GeoSeries.from_xy([114.285], [30.60], crs=4326).to_crs(4547).iloc[0]
    streets[streets.dwithin(centre, 3000)].to_file(tmp_path / "streets.gpkg")
    random = np.random.default_rng(11)
    inside = centre.buffer(660)
    lines = streets[streets.intersects(inside)].sample(400, random_state=11, replace=True).geometry.to_numpy()
    at = random.uniform(0.05, 0.9, len(lines)) * shapely.length(lines)
    here, further = (shapely.get_coordinates(shapely.line_interpolate_point(lines, at + more)) for more in (0.0, 1.0))
    ahead = (further - here) / np.maximum(np.linalg.norm(further - here, axis=1), 0.1)[:, None]
    aside = random.uniform(*FRONTS_M, len(lines)) * random.choice([-1, 1], len(lines))
    doors = here + np.column_stack([-ahead[:, 1], ahead[:, 0]]) * aside[:, None]
    doors = doors[shapely.contains_xy(inside, doors[:, 0], doors[:, 1])][:65]
    assert len(doors) == 65
    whole = gpd.GeoDataFrame({"id": ["1"], "elders": [1000]}, geometry=[centre.buffer(700)], crs=4547)
    points = gpd.GeoSeries(shapely.points(doors), crs=4547).to_crs(4326)
    found = small_district(tmp_path, "streets.gpkg", points, shift, communities=whole)
    assert {finding.evidence["shift"] for finding in found} == ({shift} if shift else set())
    assert {finding.severity for finding in found} <= {"warning"}


@pytest.mark.parametrize(
    "shift", ["gcj02", pytest.param("bd09", marks=pytest.mark.scale), pytest.param("", marks=pytest.mark.scale)]
)
def test_rooms_in_real_buildings_of_one_street_of_yangpu_betray_a_shift_and_nothing_else_does(
    shared_data, tmp_path, shift
):
    """65 rooms in the 226 buildings of the extract in 四平路街道, whose streets cover 1.1 × 0.95 km of its 2.6 km²."""
    shutil.copy(shared_data / "yangpu" / "tongji.osm", tmp_path / "tongji.osm")
    buildings = read_extract(tmp_path / "tongji.osm", [TagQuery({"building": []})])[0].frame
    points = buildings.geometry.representative_point().iloc[
        np.random.default_rng(2).choice(len(buildings), 65, replace=False)
    ]
    quarter = gpd.read_file(shared_data / "yangpu" / "杨浦区.json").to_crs(4549)
    quarter = quarter[quarter["name"].str.contains("四平")][["name", "geometry"]].assign(id="1", elders=1000)
    drawn = buildings[buildings.geom_type.isin(["Polygon", "MultiPolygon"])][["id", "geometry"]]
    points = points.reset_index(drop=True)
    found = small_district(tmp_path, "tongji.osm", points, shift, communities=quarter, buildings=drawn)
    assert {finding.evidence["shift"] for finding in found} == ({shift} if shift else set())
    assert ("probable-shift" in {finding.code for finding in found}) == bool(shift)
