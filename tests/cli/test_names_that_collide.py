"""Ids and names that collide: of a facility and a candidate, in capitals only, with columns of a file format."""

import json
import re

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from planner.cli import _run
from planner.district import read_district
from planner.report.geopackage import storable_names
from planner.store.run import Run
from planner.study.load import load_study
from tests.tiny_town import write_town


def changed(path, change):
    told = json.loads(path.read_text(encoding="utf-8"))
    for feature in told["features"]:
        change(feature)
    path.write_text(json.dumps(told), encoding="utf-8")


@pytest.fixture
def town(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_town(tmp_path / "town", scenarios="")


def told(town, *sets):
    words = [word for value in sets for word in ("--set", value)]
    assert _run(["plan", str(town), "--quiet", "--out", "run", *words]) == 0
    return Run.read(town.parent.parent / "run")


@pytest.mark.deep
def test_a_facility_and_a_candidate_of_one_id_are_two_places(town, capsys):
    plain = told(town, "scenarios=[]")
    changed(town.parent / "facilities.geojson", lambda one: one["properties"].update(id="r0"))
    assert _run(["check", str(town), "--set", "scenarios=[]"]) == 0
    assert "ids-of-both" in capsys.readouterr().out
    run = told(town, "scenarios=[]")
    assert run.manifest.result.objective == plain.manifest.result.objective
    assert list(run.tables.places["id"]).count("r0") == 1
    assert "r0~today" in set(run.tables.places["id"])
    assert set(run.tables.existing["place_id"]) == {"r0~today"}


@pytest.mark.deep
@pytest.mark.parametrize("kind", ["node", "way"])
def test_one_openstreetmap_object_in_both_roles_is_two_places(town, capsys, kind):
    path = town.parent / "streets.osm"
    text = path.read_text(encoding="utf-8")
    said = '<tag k="amenity" v="canteen"/><tag k="building" v="school"/><tag k="floor_m2" v="300"/>'
    (lon, lat), *_ = re.findall(r'lon="([\d.]+)" lat="([\d.]+)"', text)
    corners = [(float(lon) + east / 1e4, float(lat) + north / 1e4) for east, north in ((3, 3), (5, 3), (5, 5))]
    nodes = "".join(
        f'<node id="{900 + i}" version="1" lon="{x:.9f}" lat="{y:.9f}">{said if kind == "node" and not i else ""}</node>'
        for i, (x, y) in enumerate(corners)
    )
    ring = "".join(f'<nd ref="{900 + i}"/>' for i in (0, 1, 2, 0))
    ways = f'<way id="900" version="1">{ring}{said}</way>' if kind == "way" else ""
    path.write_text(text.replace("<way", nodes + "<way", 1).replace("</osm>", ways + "</osm>"), encoding="utf-8")
    sets = [
        "scenarios=[]",
        "layers.facilities=[{path: streets.osm, service: canteen, tags: {amenity: [canteen]}}]",
        "layers.candidates=[{path: streets.osm, kind: room, tags: {building: [school]}, columns: {area_m2: floor_m2}}]",
    ]
    assert _run(["check", str(town), *(word for value in sets for word in ("--set", value))]) == 0
    assert "ids-of-both" in capsys.readouterr().out
    run = told(town, *sets)
    known = f"{kind[0]}900"
    assert sorted(run.tables.places["id"]) == [known, f"{known}~today"]
    assert set(run.tables.existing["place_id"]) == {f"{known}~today"}
    assert set(run.tables.openings["place_id"]) == {known}


@pytest.mark.deep
@pytest.mark.parametrize("verb", [["assess"], ["explain"], ["frontier", "--steps", "3"]], ids=lambda words: words[0])
def test_every_verb_tells_them_apart(town, verb):
    changed(town.parent / "facilities.geojson", lambda one: one["properties"].update(id="r0"))
    name, *rest = verb
    assert _run([name, str(town), *rest, "--quiet", "--out", "run", "--set", "scenarios=[]"]) == 0


def test_the_name_for_the_facility_is_nobody_elses(town):
    changed(town.parent / "facilities.geojson", lambda one: one["properties"].update(id="r0"))
    changed(
        town.parent / "candidates.geojson",
        lambda one: one["properties"].update(id="r0~today") if one["properties"]["id"] == "r1" else None,
    )
    district = read_district(load_study(town, sets=["scenarios=[]"]), town.parent)
    assert list(district.facilities["id"]) == ["r0~today2"]
    assert {"r0", "r0~today"} <= set(district.sites["id"])


def test_the_entrances_of_a_building_in_both_roles_are_those_of_both(town):
    places = json.loads((town.parent / "candidates.geojson").read_text(encoding="utf-8"))["features"]
    at = next(one["geometry"]["coordinates"] for one in places if one["properties"]["id"] == "r5")

    def same(one):
        one["properties"].update(id="r5")
        one["geometry"]["coordinates"] = at

    changed(town.parent / "facilities.geojson", same)
    doors = pd.DataFrame({"id": ["e1"], "place": ["r5"], "x": [at[0] + 5], "y": [at[1] + 5]})
    doors.to_csv(town.parent / "doors.csv", index=False)
    sets = ["scenarios=[]", "layers.entrances={path: doors.csv, crs: 'EPSG:32633'}"]
    district = read_district(load_study(town, sets=sets), town.parent)
    assert sorted(district.context.entrances["place"]) == ["r5", "r5~today"]


@pytest.mark.deep
def test_names_that_differ_in_capitals_only_are_columns_of_their_own(town):
    text = town.read_text(encoding="utf-8")
    text = text.replace("elder: elder, child: child", "elder: elder, Elder: child")
    text = text.replace("  child: {name", "  Elder: {name").replace("demand: {child: 1}", "demand: {Elder: 1}")
    text = text.replace("id: childcare", "id: Canteen").replace(
        "roll_up: [side]", "roll_up: [side, Side, fid, geom, Name]"
    )
    town.write_text(text, encoding="utf-8")
    changed(
        town.parent / "communities.geojson",
        lambda one: one["properties"].update(Side="S", fid="F" + one["properties"]["id"], geom="G", Name="N"),
    )
    run = told(town, "scenarios=[]")
    path = town.parent.parent / "run" / "plan.gpkg"
    layers = {"communities", "streets", "circles", "demand", "candidates", "facilities", "openings", "layer_styles"}
    assert {name for name, _ in pyogrio.list_layers(path)} == layers
    communities = gpd.read_file(path, layer="communities")
    assert list(communities["fid_2"]) == list(run.tables.communities["fid"])
    assert {"people_elder", "people_Elder_2", "Side_2", "geom_2", "canteen_3_people", "Canteen_3_people_2"} <= set(
        communities
    )
    assert communities["people_elder"].sum() == run.tables.communities["people_elder"].sum()
    assert communities["people_Elder_2"].sum() == run.tables.communities["people_Elder"].sum()


@pytest.mark.parametrize("name", ["id", "community", "geometry", "ID", "point", "key"])
def test_a_group_called_like_a_column_is_refused_by_name(town, capsys, name):
    text = town.read_text(encoding="utf-8")
    text = text.replace("child: child", f"{name}: child").replace("  child: {name", f"  {name}: {{name")
    town.write_text(text.replace("demand: {child: 1}", f"demand: {{{name}: 1}}"), encoding="utf-8")
    for verb in ("check", "plan"):
        assert _run([verb, str(town), "--set", "scenarios=[]"]) == 3
        assert f"cannot be called {name}" in capsys.readouterr().err


def test_no_new_name_takes_that_of_another_column():
    assert storable_names(["a", "A", "a_2", "A_2", "geometry", "FID"]) == {"A": "A_3", "A_2": "A_2_2", "FID": "FID_2"}
    assert storable_names(["id", "name"]) == {}
