"""The real layers that may not be committed: Yangpu as Chinese bureaux hand it in, Porto's census and its streets."""

import shutil
import warnings

import geopandas as gpd
import pytest

from planner.access import read_network
from planner.access.soundness import check_streets
from planner.district import check_layers, read_district
from planner.study import Study

pytestmark = pytest.mark.shared

SERVICE = {
    "id": "elder_care",
    "name": "elder care",
    "demand": {"elders": 1},
    "walker": "elder",
    "circles": [{"minutes": 5, "weight": 1}],
    "area_m2": 300,
    "fit_out_yuan": 1,
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
