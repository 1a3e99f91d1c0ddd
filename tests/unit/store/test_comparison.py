"""What a comparison says is counted again here, from the tables of the runs, by other means."""

import itertools
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from inequality.gini import Gini

from planner.errors import OutputError
from planner.store.assumptions import assumptions_table
from planner.store.comparison import compare, find_runs, tables_of
from planner.store.executors import Serial
from planner.store.measures import ANNUAL_YEARS
from planner.store.schema import schema
from planner.workflow.batch import ScenarioRunner, run_batch
from tests.tiny_town import write_town

pytestmark = pytest.mark.deep


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    towns = [
        write_town(folder / name, name=name, seed=seed, east_m=2000.0 * seed)
        for seed, name in enumerate(("north", "south"))
    ]
    report = run_batch(
        towns, executor=Serial(), work=ScenarioRunner(None), store=folder / "store", on_event=lambda *_: None
    )
    report.raise_failures()
    return folder / "store"


@pytest.fixture(scope="module")
def comparison(store):
    return compare(find_runs([store]))[0]


def _table(store, run, name):
    return pd.read_parquet(store / run / "tables" / f"{name}.parquet")


def test_every_table_has_the_columns_that_are_declared_in_their_order(comparison):
    for name, table in tables_of(comparison).items():
        assert list(table.columns) == [column.name for column in schema()["comparison"][name].columns], name


def test_every_run_is_found_from_any_level(store):
    assert len(find_runs([store])) == 18
    assert len(find_runs([store / "north"])) == 9
    assert find_runs([store / "north" / "base", store / "north"])[0] == store / "north" / "base"
    assert len(find_runs([store / "north" / "base", store / "north"])) == 9


def test_a_folder_without_runs_is_named(tmp_path):
    with pytest.raises(OutputError, match="holds no finished run"):
        find_runs([tmp_path])


def test_coverage_by_group_is_what_the_walks_say(store, comparison):
    minutes = {"canteen": (3, 6), "childcare": (3, 6)}
    groups = {"canteen": ("elder", "slow"), "childcare": ("child", "quick")}
    told = comparison.coverage.set_index(["run", "service", "minutes", "group"])
    for run in comparison.runs["run"]:
        reach, demand = _table(store, run, "reach"), _table(store, run, "demand")
        for service, (group, walker) in groups.items():
            table = pd.concat([_table(store, run, "existing"), _table(store, run, "openings")])
            opened = set(table.loc[table["service"] == service, "place_id"])
            mine = reach[(reach["walker"] == walker) & reach["place_id"].isin(opened)]
            for circle in minutes[service]:
                near = set(mine.loc[mine["seconds"] <= 60 * circle, "demand_id"])
                people = demand.loc[demand["id"].isin(near), f"people_{group}"].sum()
                row = told.loc[(run, service, circle, group)]
                assert row["covered_after"] == people
                assert row["people"] == demand[f"people_{group}"].sum()
                assert row["share_after"] == pytest.approx(people / row["people"])


def test_changes_in_people_are_against_the_base_of_the_same_study(comparison):
    told = comparison.coverage.set_index(["run", "service", "minutes", "group"])["covered_after"]
    for row in comparison.coverage.to_dict("records"):
        base = (f"{row['run'].split('/')[0]}/base", row["service"], row["minutes"], row["group"])
        assert row["change"] == row["covered_after"] - told[base]


def test_money_and_people_of_a_run(store, comparison):
    for row in comparison.runs.to_dict("records"):
        manifest = json.loads((store / row["run"] / "manifest.json").read_text())["result"]
        coverage = _table(store, row["run"], "coverage")
        widest = coverage[coverage["minutes"] == 6]
        gained = widest["covered_after"].sum() - widest["covered_before"].sum()
        annual = manifest["capital_cost"] / ANNUAL_YEARS + manifest["yearly_cost"]
        assert row["newly_covered"] == gained
        assert row["cost_per_newly_covered"] == pytest.approx(annual / gained)
        by_community = _table(store, row["run"], "coverage_by_community")
        lived = by_community[(by_community["minutes"] == 6) & (by_community["people"] > 0)]
        assert row["worst_share"] == (lived["covered_after"] / lived["people"]).min()


def test_gini_is_that_of_people_counted_one_by_one(store, comparison):
    told = comparison.access.set_index(["run", "service"])
    run, walk_s = "north/base", 360.0
    reach, demand = _table(store, run, "reach"), _table(store, run, "demand").set_index("id")
    sizes = pd.concat([_table(store, run, "existing"), _table(store, run, "openings")])
    sizes = sizes[sizes["service"] == "canteen"].assign(size=lambda table: table["capacity"].fillna(1.0))
    pairs = reach[(reach["walker"] == "slow") & (reach["seconds"] <= walk_s)].astype(
        {"demand_id": str, "place_id": str}
    )
    pairs["weight"] = (np.exp(-0.5 * (pairs["seconds"] / walk_s) ** 2) - np.exp(-0.5)) / (1 - np.exp(-0.5))
    pairs = pairs.merge(sizes[["place_id", "size"]], on="place_id")
    pairs["people"] = demand["people_elder"].reindex(pairs["demand_id"]).to_numpy()
    served = (pairs["people"] * pairs["weight"]).groupby(pairs["place_id"]).transform("sum")
    access = (
        (pairs["size"] / served * pairs["weight"]).groupby(pairs["demand_id"]).sum().reindex(demand.index).fillna(0)
    )
    one_by_one = np.repeat(access.to_numpy(), demand["people_elder"].astype(int))
    assert told.loc[(run, "canteen"), "gini_after"] == pytest.approx(Gini(one_by_one).g, abs=1e-6)


def test_the_worst_community_has_no_worse(store, comparison):
    for row in comparison.worst.to_dict("records"):
        table = _table(store, row["run"], "coverage_by_community")
        mine = table[
            (table["service"] == row["service"]) & (table["minutes"] == row["minutes"]) & (table["people"] > 0)
        ]
        assert row["share_after"] == (mine["covered_after"] / mine["people"]).min()


def test_changes_of_sites_turn_the_base_into_the_run(store, comparison):
    def openings(run):
        table = _table(store, run, "openings")
        return set(zip(table["place_id"], table["service"], strict=True))

    for run in comparison.runs["run"]:
        base = f"{run.split('/')[0]}/base"
        mine = comparison.changes[comparison.changes["run"] == run]
        moved = {
            change: set(zip(rows["place_id"], rows["service"], strict=True)) for change, rows in mine.groupby("change")
        }
        assert (openings(base) | moved.get("opened", set())) - moved.get("dropped", set()) == openings(run)
        assert not moved.get("opened", set()) & openings(base)


def test_sites_are_counted_once_a_run(store, comparison):
    for row in comparison.sites.to_dict("records"):
        runs = [run for run in comparison.runs["run"] if run.startswith(f"{row['study']}/")]
        chosen = [run for run in runs if row["place_id"] in set(_table(store, run, "opened_sites")["place_id"])]
        assert (row["runs"], row["of"]) == (len(chosen), len(runs))
        assert row["share"] == len(chosen) / len(runs)
    assert (comparison.sites.groupby("study")["share"].diff().dropna() <= 0).all()


def test_totals_are_the_sums_over_studies(comparison):
    lines = comparison.runs[comparison.runs["scenario"] == "rich"]
    totals = comparison.totals[comparison.totals["scenario"] == "rich"]
    assert (totals["studies"] == 2).all()
    assert (totals["capital_cost"] == lines["capital_cost"].sum()).all()
    assert totals.loc[totals["minutes"] == 6, "covered_after"].sum() == lines["covered"].sum()
    assert (totals["sites"] == lines["sites"].sum()).all()
    assert (totals["missing"] == "").all()


def test_a_total_counts_no_district_twice_and_names_what_it_lacks(store, tmp_path):
    shutil.copytree(store / "north" / "rich", tmp_path / "north" / "another")
    folders = [
        store / "north" / "base",
        store / "south" / "base",
        store / "north" / "rich",
        tmp_path / "north" / "another",
    ]
    found = compare(folders)[0]
    totals = found.totals.drop_duplicates("scenario").set_index("scenario")
    assert totals["studies"].to_dict() == {"base": 2, "rich": 1}
    assert totals["missing"].to_dict() == {"base": "", "rich": "south"}
    rich = found.runs.set_index("run").loc["north/rich"]
    assert totals.loc["rich", "capital_cost"] == rich["capital_cost"]


def test_the_base_can_be_chosen_and_must_exist(store):
    folders = find_runs([store / "north"])
    chosen, _ = compare(folders, base="rich")
    assert set(chosen.changes["base"]) == {"north/rich"}
    assert chosen.totals.empty
    with pytest.raises(OutputError, match="no run is called so"):
        compare(folders, base="poor")


def test_everything_can_be_had_as_json(comparison):
    told = json.loads(comparison.as_json())
    assert list(told) == list(tables_of(comparison))
    assert len(told["runs"]) == 18


def _about(money, speed):
    """A made-up run: money decides one site, speed decides two."""
    opened = {("a", "x"), ("money", f"{money}"), ("speed", f"{speed}"), ("speed2", f"{speed}")}
    return (
        "town",
        {"budgets": {"capital_cost": money}, "speed_m_s": speed},
        frozenset(opened),
        10.0 * money + 100 * speed,
    )


def test_the_assumption_that_moves_most_comes_first():
    table = assumptions_table([_about(money, speed) for money, speed in itertools.product((1, 2, 3), (0.5, 1.0))])
    assert list(table["assumption"]) == ["speed_m_s", "budgets.capital_cost"]
    assert list(table["pairs"]) == [3, 6]
    # of four openings two differ: 4 of 6 are not in both; with one different, 2 of 5
    assert list(table["plan_moved"]) == pytest.approx([4 / 6, 2 / 5])
    assert list(table["people_moved"]) == pytest.approx([50.0, 10 * 4 / 3])
    assert table["variance_share"].sum() == pytest.approx(1.0)  # a full grid without interaction
    assert list(table["values"]) == ["0.5; 1", "1; 2; 3"]


def test_values_that_change_together_are_one_assumption():
    runs = [
        (
            "town",
            {"layers": {"people": [{"path": f"{year}.csv", "year": year}]}},
            frozenset({("a", str(year))}),
            float(year),
        )
        for year in (2020, 2030)
    ]
    table = assumptions_table(runs)
    assert list(table["assumption"]) == ["layers.people.0.path, layers.people.0.year"]
    assert list(table["plan_moved"]) == [1.0]


def test_what_a_study_is_called_is_no_assumption():
    runs = [("town", {"name": name, "publication": {"author": name}}, frozenset(), 1.0) for name in "ab"]
    assert assumptions_table(runs).empty
