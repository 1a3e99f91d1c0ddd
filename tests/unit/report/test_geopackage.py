import dataclasses

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


def test_layers_in_the_system_of_the_run(written):
    run, path = written
    layers = dict(pyogrio.list_layers(path))
    assert layers == {
        "communities": "MultiPolygon",
        "demand": "Point",
        "places": "Point",
        "circles": "MultiPolygon",
        "streets": "MultiLineString",
    }
    assert all(gpd.read_file(path, layer=name).crs == run.manifest.crs for name in layers)


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


def test_places_say_what_they_offer_and_open(written):
    frame = gpd.read_file(written[1], layer="places").set_index("id")
    assert frame.loc["p02", "offers"] == "childcare;elder_care"
    assert frame.loc["p05", "opens"] == "elder_care;canteen;childcare"
    assert not frame.loc["p06", "opens"]


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
