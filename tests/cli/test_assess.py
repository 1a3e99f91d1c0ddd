"""`planner assess` on a small town: exit codes, the folder, and figures counted again from the stored walks."""

import json
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from planner.cli import _run
from tests.tiny_town import write_town
from tests.workbooks import rows_of

COMPARED = ["--set", "walking.compare=[quick, slow]"]


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    return write_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def assessed(study, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("assessed") / "assess"
    assert _run(["assess", str(study), "--out", str(folder), "--quiet", *COMPARED]) == 0
    return folder


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / "tables" / f"{name}.parquet")


def test_the_folder_is_whole(assessed):
    files = {path.relative_to(assessed).as_posix() for path in assessed.rglob("*") if path.is_file()}
    assert {"manifest.json", "study.json", "assess.xlsx", "tables/coverage.parquet"} <= files
    assert [path.name for path in assessed.parent.iterdir()] == ["assess"]


@pytest.mark.deep
def test_today_is_what_a_plan_calls_before(study, assessed, tmp_path):
    assert _run(["plan", str(study), "--out", str(tmp_path / "base"), "--quiet"]) == 0
    before = table(tmp_path / "base", "coverage").set_index(["service", "minutes"])
    found = table(assessed, "coverage")
    found = found[(found["level"] == "all") & (found["group"] == "")]
    own = found[found["walker"] == found["service"].map({"canteen": "slow", "childcare": "quick"})]
    own = own.set_index(["service", "minutes"]).loc[before.index]
    np.testing.assert_allclose(own["people"], before["people"], rtol=1e-12)
    np.testing.assert_allclose(own["covered"], before["covered_before"], rtol=1e-12)


def test_every_circle_can_be_counted_again_from_the_walks(assessed):
    demand = table(assessed, "demand").set_index("id")["people_elder"]
    walks = table(assessed, "reach").astype({"walker": "str", "demand_id": "str", "place_id": "str"})
    for row in table(assessed, "facilities").to_dict("records"):
        near = walks[
            (walks["walker"] == row["walker"])
            & (walks["place_id"] == row["place_id"])
            & (walks["seconds"] <= 60 * row["minutes"])
        ]
        assert row["people_within"] == pytest.approx(demand[near["demand_id"]].sum())
        assert row["people_only_here"] == pytest.approx(row["people_within"])  # there is one canteen only
        assert np.isnan(row["utilisation"])


def test_communities_add_up_to_the_town(assessed):
    found = table(assessed, "coverage")
    sums = found.groupby(["level", "service", "walker", "minutes", "group"])[["people", "covered"]].sum()
    for level in ("community", "area"):
        np.testing.assert_allclose(sums.loc[level], sums.loc["all"], rtol=1e-12)


def test_the_slow_walker_is_never_covered_better(assessed):
    found = table(assessed, "coverage")
    keys = ["level", "column", "area", "service", "minutes", "group"]
    both = found.pivot_table(index=keys, columns="walker", values="covered")
    assert (both["slow"] <= both["quick"] + 1e-9).all()
    assert (both["slow"] < both["quick"]).any()


def test_circles_are_drawn_for_both_walkers(assessed):
    import geopandas as gpd

    circles = gpd.read_parquet(assessed / "tables" / "circles.parquet").set_index(["place_id", "walker", "minutes"])
    assert set(circles.index) == {("f0", walker, minutes) for walker in ("quick", "slow") for minutes in (3.0, 6.0)}
    area = circles.geometry.area
    for minutes in (3.0, 6.0):
        assert area["f0", "slow", minutes] < area["f0", "quick", minutes]


def test_the_workbook_quotes_the_tables(assessed):
    book = openpyxl.load_workbook(assessed / "assess.xlsx")
    found = table(assessed, "coverage")
    shown = {
        "Coverage": found[found["level"] != "community"],
        "Coverage by community": found[found["level"] == "community"],
    }
    for sheet, stored in shown.items():
        for minutes, of_circle in stored.groupby("minutes"):
            told = {
                (row["area"], row["service"], row["walker"], row["group"]): row[f"{minutes:g} min, covered (people)"]
                for row in rows_of(book[sheet])
            }
            assert told
            assert set(told.values()) <= set(of_circle["covered"])
    whole = rows_of(book["Coverage"])[0]
    assert whole["target population"] == found.loc[found["level"] == "all", "people"].iloc[0]
    facilities = table(assessed, "facilities")
    own = facilities[facilities["walker"] == facilities["walker"].iloc[0]]
    np.testing.assert_allclose(
        [row["people within the circle"] for row in rows_of(book["Facilities"])], own["people_within"]
    )


@pytest.mark.deep
def test_the_same_study_gives_the_same_bytes(study, assessed, tmp_path):
    again = tmp_path / "again"
    assert _run(["assess", str(study), "--out", str(again), "--quiet", *COMPARED]) == 0
    for path in sorted(path for path in assessed.rglob("*") if path.is_file() and path.name != "manifest.json"):
        assert path.read_bytes() == (again / path.relative_to(assessed)).read_bytes(), path.name


@pytest.mark.deep
def test_it_ends_with_the_figures(study, tmp_path, capsys):
    assert _run(["assess", str(study), "--out", str(tmp_path / "a"), *COMPARED]) == 0
    said = capsys.readouterr().out
    assert "Canteen · 3 min" in said
    assert "quick" in said
    assert str(tmp_path / "a") in said.replace("\n", "")


@pytest.mark.deep_after(1)
@pytest.mark.parametrize(
    ("connector_m", "told"),
    [
        (120, {"zh": "平均 ", "en": "mean "}),
        (30, {"zh": "步行 60 分钟仍走不到", "en": "reach none within 60 min"}),
        (4, {"zh": "步行 60 分钟无人走得到", "en": "nobody reaches one within 60 min"}),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_reaches_nothing_is_said_in_words(study, capsys, language, connector_m, told):
    out = study.parent / f"said-{language}-{connector_m}"
    sets = ["--set", f"walking.max_connector_m={connector_m}", "--set", f"language={language}"]
    assert _run(["assess", str(study), "--out", str(out), *sets]) == 0
    said = capsys.readouterr().out
    assert told[language] in said
    assert "> 60" not in said


@pytest.mark.deep
def test_json_is_strict_json(study, tmp_path, capsys):
    assert _run(["assess", str(study), "--out", str(tmp_path / "a"), "--json"]) == 0

    def refuse(name):
        raise AssertionError(name)

    told = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert told["kind"] == "assessment"
    assert {row["service"] for row in told["figures"]["coverage"]} == {"canteen", "childcare"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[quick, sloww]", "sloww"),
        ("[quick, quick]", "twice"),
        ("[quick]", "at least 2"),
    ],
)
def test_two_walkers_that_cannot_be_compared_are_refused(study, tmp_path, capsys, value, said):
    assert _run(["assess", str(study), "--out", str(tmp_path / "a"), "--set", f"walking.compare={value}"]) == 3
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_unknown_standard_is_refused_with_the_one_that_was_meant(study, tmp_path, capsys):
    words = ["assess", str(study), "--out", str(tmp_path / "a"), "--set", "services.canteen.standards=[canteen_meal]"]
    assert _run(words) == 3
    assert "did you mean canteen_meals" in capsys.readouterr().err
