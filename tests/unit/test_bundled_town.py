"""The bundled town: what is committed holds together, and is what its script builds."""

import csv
import filecmp
import functools
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import osmium
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TOWN = REPOSITORY / "data" / "neubrandenburg"
SHARED = Path(os.environ.get("PLANNER_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
EXTRACT = SHARED / "neubrandenburg" / "neubrandenburg.osm.bz2"

LAYERS = ("communities", "buildings", "facilities", "candidates")
PEOPLE_COLUMNS = ("pop", "p0_2", "p3_5", "p0_5", "p60up", "p65up", "p75up")
LARGEST_FOLDER_BYTES = 8_000_000


@functools.cache
def read(name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(TOWN / f"{name}.shp")


def town_figures() -> dict[str, dict[str, str]]:
    with (TOWN / "people.csv").open(encoding="utf-8", newline="") as file:
        return {row["group"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("group", PEOPLE_COLUMNS)
def test_quarters_add_up_to_the_cited_town(group: str) -> None:
    assert read("communities")[group].sum() == int(town_figures()[group]["people"])


def test_bands_add_up_within_the_town_and_within_every_quarter() -> None:
    town = {group: int(row["people"]) for group, row in town_figures().items()}
    assert town["pop"] == sum(town[band] for band in ("p0_2", "p3_5", "p6_14", "p15_59", "p60_64", "p65_74", "p75up"))
    quarters = read("communities")
    assert (quarters["p0_2"] + quarters["p3_5"] == quarters["p0_5"]).all()
    assert (quarters["p75up"] <= quarters["p65up"]).all()
    assert (quarters["p65up"] <= quarters["p60up"]).all()
    assert (quarters["p60up"] + quarters["p0_5"] < quarters["pop"]).all()


def test_every_figure_names_its_source_and_only_published_ones_are_verified() -> None:
    for row in town_figures().values():
        assert row["source"].startswith("https://")
        assert row["source_says"]
        assert (row["verified"] == "true") == (row["status"] == "published")


@pytest.mark.parametrize("name", LAYERS)
def test_layer_is_in_metres_with_unique_ids_and_sound_shapes(name: str) -> None:
    layer = read(name)
    assert layer.crs.to_epsg() == 25833
    assert layer["id"].is_unique
    assert layer["id"].notna().all()
    assert layer.geometry.is_valid.all()
    assert not layer.geometry.is_empty.any()


def test_umlauts_survive_the_shapefile() -> None:
    assert {"Südstadt", "Küssow", "Brodaer Höhe"} <= set(read("communities")["name"])


def test_quarters_tile_the_municipality() -> None:
    quarters = read("communities")
    whole = quarters.union_all()
    assert whole.area == pytest.approx(quarters.area.sum(), abs=5.0)
    assert whole.area / 1e6 == pytest.approx(85.9, abs=0.1)
    assert quarters["name"].is_unique


def test_homes_facilities_and_candidates_lie_in_the_municipality() -> None:
    municipality = read("communities").union_all()
    assert read("facilities").within(municipality).all()
    assert read("candidates").within(municipality).all()
    assert read("buildings").representative_point().within(municipality.buffer(0.1)).all()


def test_buildings_name_their_quarter_and_its_floor_area() -> None:
    quarters = read("communities").set_index("id")
    homes = read("buildings")
    assert set(homes["community"]) == set(quarters.index)
    by_quarter = homes.groupby("community")["res_m2"].sum()
    assert by_quarter.sub(quarters["res_m2"]).abs().max() <= 1.0
    assert set(homes["levels_src"]) == {"osm", "assumed"}


def test_no_ground_is_lived_in_twice() -> None:
    homes = read("buildings")
    assert homes.union_all().area == pytest.approx(homes.area.sum(), abs=1.0)
    assert (homes["res_levels"] <= homes["levels"]).all()
    assert (homes["res_levels"] > 0).all()
    assert (homes["res_m2"] - homes.area * homes["res_levels"]).abs().max() < 1.0


def test_facilities_are_real_objects_and_no_canteen_is_invented() -> None:
    facilities = read("facilities")
    assert facilities["osm_id"].str.fullmatch(r"[nwr]\d+(;[nwr]\d+)*").all()
    assert set(facilities["service"]) == {"elder_care", "childcare", "other"}
    assert (facilities["service"] == "childcare").sum() == 19
    assert (facilities["service"] == "elder_care").sum() == 7


def test_candidates_are_real_objects_with_room_to_offer() -> None:
    candidates = read("candidates")
    assert candidates["osm_id"].str.fullmatch(r"[nwr]\d+(;[nwr]\d+)*").all()
    assert candidates["name"].is_unique
    assert candidates["name"].notna().all()
    assert 60 <= len(candidates) <= 150
    assert (candidates["area_m2"] >= 60).all()
    assert (candidates["area_m2"] <= candidates["footpr_m2"] * candidates["levels"]).all()
    facilities = read("facilities")
    serving = facilities.loc[facilities["service"] != "other", "osm_id"].str.split(";").explode()
    assert set(candidates["osm_id"].str.split(";").explode()).isdisjoint(serving)


def test_no_candidate_that_fills_its_building_is_counted_as_homes() -> None:
    candidates = read("candidates")
    alone = candidates[~candidates["kind"].isin(["community", "restaurant", "housing_coop"])]
    assert set(alone["osm_id"].str.split(";").str[0]).isdisjoint(read("buildings")["id"])


def test_streets_reach_past_the_town_and_keep_gates_and_crossings() -> None:
    ways, tags, west, north = 0, set(), 180.0, 0.0
    for entity in osmium.FileProcessor(str(TOWN / "streets.osm.pbf")).with_locations():
        if entity.is_node():
            tags |= {(tag.k, tag.v) for tag in entity.tags}
            west, north = min(west, entity.lon), max(north, entity.lat)
        elif entity.is_way() and "highway" in entity.tags:
            ways += 1
            assert all(node.location.valid() for node in entity.nodes)
    assert ways > 6000
    assert {("barrier", "gate"), ("highway", "crossing"), ("highway", "traffic_signals")} <= tags
    boundary = read("communities").to_crs(4326).total_bounds
    assert west < boundary[0]


@pytest.mark.parametrize("name", LAYERS)
def test_the_readme_counts_what_is_there(name: str) -> None:
    readme = (TOWN / "README.md").read_text(encoding="utf-8")
    row = next(line for line in readme.splitlines() if line.startswith(f"| `{name}.shp` |"))
    assert int(row.split("|")[3].replace(",", "")) == len(read(name))


def test_the_folder_is_small_and_names_its_source() -> None:
    assert sum(file.stat().st_size for file in TOWN.iterdir() if file.is_file()) < LARGEST_FOLDER_BYTES
    for name in ("README.md", "LICENSE-ODbL.txt"):
        assert "© OpenStreetMap contributors" in (TOWN / name).read_text(encoding="utf-8")


@pytest.mark.scale
@pytest.mark.shared
@pytest.mark.skipif(not EXTRACT.is_file(), reason=f"{EXTRACT} is not there; set PLANNER_SHARED_DATA")
def test_the_script_builds_what_is_committed(tmp_path: Path) -> None:
    subprocess.run([sys.executable, TOWN / "build.py", EXTRACT, "--out", tmp_path], check=True)
    built = sorted(file.name for file in tmp_path.iterdir())
    assert {f"{name}.shp" for name in LAYERS} | {"streets.osm.pbf", "people.csv"} <= set(built)
    _, different, missing = filecmp.cmpfiles(tmp_path, TOWN, built, shallow=False)
    assert missing == []
    assert set(different) <= {"streets.osm.pbf"}  # compressed bytes may differ between zlib versions, objects may not
    assert osm_objects(tmp_path / "streets.osm.pbf") == osm_objects(TOWN / "streets.osm.pbf")


def osm_objects(file: Path) -> list[tuple[object, ...]]:
    objects: list[tuple[object, ...]] = []
    for entity in osmium.FileProcessor(str(file)):
        tags = tuple((tag.k, tag.v) for tag in entity.tags)
        place = (entity.lon, entity.lat) if entity.is_node() else tuple(node.ref for node in entity.nodes)
        objects.append((entity.type_str(), entity.id, tags, place))
    return objects
