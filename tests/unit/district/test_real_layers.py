"""The real layers that may not be committed: Yangpu as Chinese bureaux hand it in, Porto's census and its streets."""

import shutil
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from planner.access import read_network
from planner.access.soundness import check_streets
from planner.district import check_layers, read_district
from planner.district.gcj02 import wgs84_to_bd09, wgs84_to_gcj02
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


FRONTS_M = (8.0, 40.0)


@pytest.mark.parametrize("shift", ["gcj02", "bd09", ""])
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
