import dataclasses
import sqlite3
from contextlib import closing
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely import LineString

from planner.report.geopackage import write_geopackage
from tests.unit.report.small_run import HOSTILE, small_run


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    run = small_run()
    path = tmp_path_factory.mktemp("geopackage") / "plan.gpkg"
    write_geopackage(run, path)
    return run, path


LAYERS = {
    "communities": "MultiPolygon",
    "streets": "MultiLineString",
    "circles": "MultiPolygon",
    "demand": "Point",
    "candidates": "Point",
    "facilities": "Point",
    "openings": "Point",
}


def table(path, query):
    with closing(sqlite3.connect(path)) as file:
        return file.execute(query).fetchall()


@pytest.mark.deep
def test_layers_in_the_system_of_the_run(written):
    run, path = written
    layers = dict(pyogrio.list_layers(path))
    assert layers == {**LAYERS, "layer_styles": None}
    assert all(gpd.read_file(path, layer=name).crs == run.manifest.crs for name in LAYERS)


def test_communities_carry_the_figures_of_the_tables(written):
    run, path = written
    frame = gpd.read_file(path, layer="communities")
    assert frame["name"].fillna("").tolist() == list(HOSTILE)
    for row in run.tables.coverage.itertuples():
        assert frame[f"{row.service}_{row.minutes:g}_after"].sum() == pytest.approx(row.covered_after)


def test_a_walk_that_ends_nowhere_is_empty_not_zero(written):
    run, path = written
    frame = gpd.read_file(path, layer="demand").set_index("id")
    stored = run.tables.nearest[run.tables.nearest["service"] == "elder_care"].set_index("demand_id")
    assert frame["elder_care_before_s"].isna().sum() == stored["before_s"].isna().sum() > 0
    assert not (frame["elder_care_before_s"] == 0).any()


def test_every_place_lies_in_the_layer_of_its_role(written):
    run, path = written
    frames = {name: gpd.read_file(path, layer=name) for name in ("facilities", "candidates", "openings")}
    facilities = frames["facilities"].set_index("id")
    assert set(facilities.index) == set(run.tables.existing["place_id"])
    assert facilities.loc["p02", "services"] == "Childcare, Elder care"
    opened = set(run.tables.openings["place_id"])
    assert set(frames["openings"]["place_id"]) == opened
    assert set(frames["candidates"]["id"]) == set(run.tables.places["id"]) - opened - set(facilities.index)
    stored = run.tables.openings
    assert frames["openings"]["service_id"].tolist() == stored["service"].tolist()
    assert frames["openings"]["fit_out_cost"].tolist() == stored["fit_out_cost"].tolist()
    assert frames["openings"]["number"].tolist() == [1, 1, 1, 2, 3, 3]


def test_circles_have_the_service_in_their_middle(written):
    run, path = written
    frame = gpd.read_file(path, layer="circles")
    stored = run.tables.circles.set_index(["place_id", "walker", "minutes"]).geometry
    services = {service.id: service for service in run.study.services}
    today = set(zip(run.tables.existing["place_id"], run.tables.existing["service"], strict=True))
    assert len(frame)
    for row in frame.itertuples():
        service = services[row.service_id]
        assert row.service == service.name.text("en")
        assert row.geometry.equals(stored[row.place_id, service.walker, row.minutes])
        assert row.state == ("stands today" if (row.place_id, row.service_id) in today else "opens with the plan")
    opened = set(zip(run.tables.openings["place_id"], run.tables.openings["service"], strict=True))
    drawn = {pair for pair in today | opened if pair[0] in set(run.tables.circles["place_id"])}
    assert set(zip(frame["place_id"], frame["service_id"], strict=True)) == drawn


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_column_has_an_alias_in_both_languages(tmp_path, language):
    run = small_run(language)
    path = tmp_path / "plan.gpkg"
    write_geopackage(run, path)
    aliases = {
        (layer, column): (name, title)
        for layer, column, name, title in table(
            path, "SELECT table_name, column_name, name, title FROM gpkg_data_columns"
        )
    }
    for layer in LAYERS:
        columns = pyogrio.read_info(path, layer=layer)["fields"]
        assert {column for one, column in aliases if one == layer} == set(columns)
        names = [aliases[layer, column][0] for column in columns]
        assert len(set(names)) == len(names)
        for name in names:
            assert "_" not in name, name
    title = aliases["communities", "elder_care_10_after"][1]
    assert title == "养老 · 10 分钟 · 规划后覆盖 / Elder care · 10 min · covered with the plan"
    spoken = "养老 · 10 分钟 · 规划后覆盖" if language == "zh" else "Elder care · 10 min · covered with the plan"
    assert aliases["communities", "elder_care_10_after"][0] == spoken
    assert table(path, "SELECT identifier FROM gpkg_contents WHERE table_name = 'openings'") == [
        ("新设服务" if language == "zh" else "Services to open",)
    ]


def test_every_layer_has_a_style_for_its_features(written):
    path = written[1]
    styles = dict(table(path, "SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault"))
    assert set(styles) == set(LAYERS)
    sorts = {"MultiPolygon": "fill", "MultiLineString": "line", "Point": "marker"}
    for layer, text in styles.items():
        root = ET.fromstring(text)  # noqa: S314 - written by the test itself
        assert {symbol.get("type") for symbol in root.iter("symbol")} == {sorts[LAYERS[layer]]}
        fields = set(pyogrio.read_info(path, layer=layer)["fields"])
        assert {alias.get("field") for alias in root.iter("alias")} == fields
        renderer = root.find("renderer-v2")
        if renderer.get("type") == "categorizedSymbol":
            column = renderer.get("attr")
            values = {category.get("value") for category in renderer.iter("category")}
            assert set(gpd.read_file(path, layer=layer)[column]) <= values
            drawn = {symbol.get("name") for symbol in renderer.iter("symbol")}
            assert {category.get("symbol") for category in renderer.iter("category")} == drawn
        for style in root.iter("text-style"):
            assert style.get("fieldName") in fields


def test_the_tables_of_the_standard_name_what_they_extend(written):
    path = written[1]
    extensions = table(path, "SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'")
    assert set(extensions) == {("gpkg_data_columns",), ("gpkg_data_column_constraints",)}
    assert table(path, "PRAGMA integrity_check") == [("ok",)]
    assert table(path, "PRAGMA foreign_key_check") == []


def test_equal_runs_give_equal_bytes(written, tmp_path):
    write_geopackage(small_run(), tmp_path / "again.gpkg")
    assert (tmp_path / "again.gpkg").read_bytes() == written[1].read_bytes()


@pytest.mark.usefixtures("written")
def test_the_clock_of_gdal_is_given_back():
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None


def test_streets_are_those_that_anybody_could_walk_on(written, tmp_path):
    run, path = written
    west, south, east, north = run.tables.communities.total_bounds
    farthest_m = 60 * 15 * 0.8  # the widest circle, at the speed of those who walk it
    lines = [
        LineString([(east + farthest_m - 1.0, south), (east + farthest_m + 500.0, south)]),
        LineString([(west - 10_000.0, north), (west - 9_000.0, north)]),
    ]
    more = gpd.GeoDataFrame(
        {"highway": "residential", "stairs": False, "doors": True, "across": False},
        index=range(2),
        geometry=lines,
        crs=run.manifest.crs,
    )
    streets = pd.concat([run.tables.streets, more], ignore_index=True)
    wide = dataclasses.replace(run, tables=dataclasses.replace(run.tables, streets=streets))
    write_geopackage(wide, tmp_path / "wide.gpkg")
    before, after = (pyogrio.read_info(one, layer="streets")["features"] for one in (path, tmp_path / "wide.gpkg"))
    assert before == len(run.tables.streets) - 1  # the way across a square is on no map
    assert after == before + 1
