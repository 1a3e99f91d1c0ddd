"""`planner frontier` on a tiny town: each point planned again, the knee's sentence worked out again from the table."""

import re

import openpyxl
import pandas as pd
import pytest

from planner.cli import _run
from tests.tiny_town import write_town
from tests.workbooks import tables_of


def traced(folder, *words, name="front"):
    assert _run(["frontier", str(folder / "town.yaml"), "--out", str(folder / name), "--quiet", *words]) == 0
    return folder / name


@pytest.fixture(scope="module")
def capital(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frontier")
    write_town(folder)
    return traced(folder, "--steps", "6")


def read(folder):
    return pd.read_parquet(folder / "frontier.parquet")


@pytest.mark.deep
def test_every_point_is_the_plan_for_that_money(capital, tmp_path):
    for row in read(capital).to_dict("records")[1:5:2]:
        limit = f"budgets.capital_cost={row['limit']}"
        words = ["plan", str(capital.parent / "town.yaml"), "--out", str(tmp_path / "plan"), "--quiet", "--set", limit]
        assert _run(words) == 0
        coverage = pd.read_parquet(tmp_path / "plan/tables/coverage.parquet")
        assert row["status"] == "optimal"
        assert row["value"] == pytest.approx(0.5 * coverage["covered_after"].sum(), abs=1e-3)
        assert row["capital_cost"] <= row["limit"] + 1e-6


def test_more_money_is_never_worse_and_no_plan_beats_its_bound(capital):
    table = read(capital)
    assert table["limit"].is_monotonic_increasing
    assert (table["value"].diff().dropna() >= -1e-6).all()
    assert (table["bound"] >= table["value"] - 1e-6).all()
    slope = table["value"].diff().shift(-1) / table["limit"].diff().shift(-1) * 1e6
    pd.testing.assert_series_equal(table["slope"], slope, check_names=False)


def test_the_knee_says_what_the_table_says(capital):
    table, said = read(capital), (capital / "frontier.md").read_text(encoding="utf-8")
    assert table["knee"].sum() == 1
    knee, first, last = table[table["knee"]].iloc[0], table.iloc[0], table.iloc[-1]
    before, after = (
        float(x.replace(",", ""))
        for x in re.search(r"million yuan more brings ([\d,.]+), .* yuan ([\d,.]+) \(", said).groups()
    )
    assert before == pytest.approx((knee["value"] - first["value"]) / (knee["limit"] - first["limit"]) * 1e6, abs=0.051)
    assert after == pytest.approx((last["value"] - knee["value"]) / (last["limit"] - knee["limit"]) * 1e6, abs=0.051)
    assert before > after


@pytest.mark.deep
def test_a_frontier_over_years_says_so_and_what_has_no_plan(tmp_path):
    write_town(tmp_path)
    sets = [
        "siting.years=[2026, 2027]",
        "siting.capital_cost_by_year={2026: 900000, 2027: 900000}",
        "siting.floors=[{service: childcare, minutes: 6, share: 0.3}]",
    ]
    folder = traced(tmp_path, "--steps", "5", *(word for item in sets for word in ("--set", item)))
    table, said = read(folder), (folder / "frontier.md").read_text(encoding="utf-8")
    assert table["knee"].any()
    assert said.count("people counted by circle weight, over all services (summed over 2 years)") == 2
    assert said.count(": no plan keeps every rule") == (table["status"] == "infeasible").sum() > 0


def test_picture_and_workbook_stand_alone(capital):
    picture = (capital / "frontier.svg").read_text(encoding="utf-8")
    assert "<text" not in picture, "letters are outlines"
    assert not re.search(r"(href|src)=\"http", picture)
    (told,) = tables_of(openpyxl.load_workbook(capital / "frontier.xlsx").active)
    assert [row[2].value for row in told.cells] == pytest.approx(read(capital)["value"].tolist())
    assert told.notes


@pytest.mark.deep
def test_a_higher_floor_never_brings_more(tmp_path):
    write_town(tmp_path)
    floors = ["--set", "siting.floors=[{service: childcare, minutes: 6, share: 0.3}]"]
    table = read(traced(tmp_path, "--steps", "5", "--against", "floor", *floors))
    found = table.dropna(subset=["value"])
    assert (found["value"].diff().dropna() <= 1e-6).all()
    assert (table.loc[table["value"].isna(), "status"] == "infeasible").all()
    assert table["limit"].tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--against", "floor"], "siting.floors has 0 floors"),
        (["--against", "luck"], "write capital, floor or floor.<number>"),
        (["--against", "floor.x"], "write capital, floor or floor.<number>"),
    ],
)
def test_what_cannot_be_traced_is_refused(tmp_path, capsys, words, said):
    write_town(tmp_path)
    assert _run(["frontier", str(tmp_path / "town.yaml"), "--out", str(tmp_path / "x"), "--quiet", *words]) == 3
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_frontier_without_any_plan_says_so(tmp_path, capsys):
    write_town(tmp_path)
    locks = ["--set", "siting.must=[{site: r3}]", "--set", "siting.never=[{site: r3}]"]
    assert _run(["frontier", str(tmp_path / "town.yaml"), "--out", str(tmp_path / "x"), "--quiet", *locks]) == 5
    assert "no plan was found at any limit" in capsys.readouterr().err
