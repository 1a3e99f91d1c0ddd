"""The main job as a planner runs it, on the bundled town; its numbers counted again by code that is not ours."""

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import osmium
import pandas as pd
import pyproj
import pytest
import shapely

from planner.cli import _run
from tests.conftest import REPOSITORY
from tests.oracle import recount
from tests.yardstick.fingerprint import differences, fingerprint
from tests.yardstick.works import recorded

STUDY = REPOSITORY / "configs" / "neubrandenburg.yaml"
STREETS = REPOSITORY / "data" / "neubrandenburg" / "streets.osm.pbf"


@pytest.fixture(scope="module")
def planned(tmp_path_factory) -> Path:
    """A run of the bundled town, made once."""
    folder = tmp_path_factory.mktemp("runs") / "base"
    assert _run(["plan", str(STUDY), "--out", str(folder), "--quiet"]) == 0
    return folder


def test_the_folder_is_whole(planned):
    files = {path.relative_to(planned).as_posix() for path in planned.rglob("*") if path.is_file()}
    assert {"manifest.json", "study.json", "map.html", "plan.xlsx", "plan.gpkg", "tables/coverage.parquet"} <= files
    assert not [path for path in planned.parent.iterdir() if path != planned]


@pytest.mark.deep
def test_every_number_agrees_with_networkx(planned):
    assert recount.differences(planned) == []


@pytest.mark.deep
def test_every_table_page_and_sheet_is_as_written_down(planned):
    assert differences(recorded("town"), fingerprint(planned.parent)) == []


@pytest.mark.deep
def test_streets_that_touch_meet_but_at_closed_barriers(planned):
    streets = gpd.read_parquet(planned / "tables/streets.parquet")
    ends = pd.concat(
        [
            gpd.GeoSeries(shapely.get_point(streets.geometry, at)).get_coordinates().assign(junction=streets[name])
            for at, name in ((0, "from_junction"), (-1, "to_junction"))
        ]
    )
    junctions = ends.drop_duplicates()
    assert junctions["junction"].is_unique  # each at one place
    apart = junctions[junctions.duplicated(["x", "y"])]
    findings = pd.read_parquet(planned / "tables/findings.parquet").set_index("code")
    named = re.findall(r"\bn(\d+)", findings.loc["barriers-closed", "en"])
    nodes = {
        str(node.id): node.location
        for node in osmium.FileProcessor(STREETS)
        if node.is_node() and str(node.id) in named
    }
    to_metres = pyproj.Transformer.from_crs(4326, streets.crs, always_xy=True)
    barriers = np.column_stack(to_metres.transform(*zip(*((n.lon, n.lat) for n in nodes.values()), strict=True)))
    away_m = np.hypot(*(apart[["x", "y"]].to_numpy()[:, None] - barriers).transpose(2, 0, 1)).min(axis=1)
    assert len(nodes) == 10
    assert len(apart) == 9  # one of the ten ends a street
    assert away_m.max() < 0.02


def test_the_plan_is_proven_and_keeps_the_money(planned):
    result = json.loads((planned / "manifest.json").read_text())["result"]
    assert result["status"] == "optimal"
    assert abs(result["bound"] - result["objective"]) <= 1e-4 * result["objective"]
    sites = pd.read_parquet(planned / "tables/opened_sites.parquet")
    assert result["capital_cost"] == pytest.approx(sites["capital_cost"].sum())
    assert result["capital_cost"] <= 6_000_000
    assert len(sites) <= 6
    assert (sites["area_m2"] <= sites["area_offered_m2"]).all()


def test_everybody_stays_in_the_denominator(planned):
    coverage = pd.read_parquet(planned / "tables/coverage.parquet")
    canteen = coverage[coverage["service"] == "canteen"]
    assert (canteen["people"] == 17_226).all()  # the town's official count of people aged 65 and over
    assert (canteen["covered_before"] == 0).all()  # no canteen is known in the town
    assert canteen["covered_after"].is_monotonic_increasing
    by_community = pd.read_parquet(planned / "tables/coverage_by_community.parquet")
    sums = by_community.groupby(["service", "minutes"])[["people", "covered_before", "covered_after"]].sum()
    told = coverage.set_index(["service", "minutes"]).loc[sums.index, sums.columns]
    np.testing.assert_allclose(sums, told, rtol=1e-12)


def test_the_workbook_quotes_the_tables(planned):
    book = openpyxl.load_workbook(planned / "plan.xlsx")
    cells = {
        cell
        for sheet in book
        for row in sheet.iter_rows(values_only=True)
        for cell in row
        if isinstance(cell, int | float)
    }
    coverage = pd.read_parquet(planned / "tables/coverage.parquet")
    for column in ("people", "covered_before", "covered_after"):
        for value in coverage[column]:
            assert any(np.isclose(cell, value, rtol=1e-12) for cell in cells), (column, value)


@pytest.mark.deep
def test_the_same_study_gives_the_same_bytes(planned, tmp_path):
    again = tmp_path / "again"
    assert _run(["plan", str(STUDY), "--out", str(again), "--quiet"]) == 0
    for path in sorted(path for path in planned.rglob("*") if path.is_file()):
        other = again / path.relative_to(planned)
        if path.name == "manifest.json":
            mine, yours = (json.loads(p.read_text()) for p in (path, other))
            for manifest in (mine, yours):
                manifest.pop("timings_s")
                manifest["result"].pop("seconds")
            assert mine == yours
        else:
            assert path.read_bytes() == other.read_bytes(), path.name


REFUSED = [
    ("a layer that is not there", ["layers.communities.path=nowhere.shp"], 4, "nowhere.shp"),
    ("a street file that is not there", ["layers.streets.path=nowhere.osm.pbf"], 4, "nowhere.osm.pbf"),
    ("a column that is not there", ["layers.candidates.0.columns.area_m2=areaa_m2"], 4, "areaa_m2"),
    ("a misspelt key", ["budgets.captal_cost=1"], 3, "did you mean `capital_cost`"),
    ("a lock on no site", ["siting.must=[{site: C9999}]"], 3, "C9999"),
    ("a lock that does not fit", ["siting.must=[{site: C085, service: elder_care}]"], 3, "does not fit there"),
    (
        "a budget too small for the locks",
        ["siting.must=[{site: C103}]", "budgets.capital_cost=1000"],
        5,
        "no plan keeps every rule",
    ),
    (
        "locks against each other",
        ["siting.must=[{site: C103}]", "siting.never=[{site: C103}]"],
        5,
        "no plan keeps every rule",
    ),
    ("no candidates left", ["layers.candidates.0.keep={kind: [castle]}"], 4, "candidates"),
    ("nobody to serve", ["layers.people.0.keep={id: [nobody]}"], 4, ""),
]


@pytest.mark.deep_after(2)
@pytest.mark.parametrize(("sets", "code", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_bad_input_is_refused_and_nothing_is_lost(sets, code, said, tmp_path, capsys):
    target = tmp_path / "base"
    target.mkdir()
    (target / "manifest.json").write_text("{}")  # by this a folder is known as an earlier run
    (target / "map.html").write_text("what stood here before")
    words = ["plan", str(STUDY), "--out", str(target), "--quiet"]
    assert _run([*words, *(word for item in sets for word in ("--set", item))]) == code
    message = capsys.readouterr().err
    assert said in message
    assert "Traceback" not in message
    assert {path.name for path in tmp_path.rglob("*")} == {"base", "map.html", "manifest.json"}
