"""Rules of two streets that differ, on the street town: every figure with a pencil, and what is said of them.

West live 10, 20 and 30 elders at 0, 200 and 400 m, east 40, 50 and 60 at 600, 800 and 1000 m. Doors are 10 m from the street on either
side, so that C1 (at 100) is 320 m from the home at 400 and reaches nobody new within five minutes, and C2 (at 900) the 110 at 800 and 1000.
"""

from __future__ import annotations

import json

import openpyxl
import pandas as pd
import pytest

from planner.cli import _run
from planner.store.run import Run
from planner.study import Study
from tests.street_town import STUDY, TWO_STREETS, care, study_of, write_street

WEST_OPENS = [{"by": "side", "name": "west", "services": {"care": {"min_openings": 1}}}]


def called(capsys, *words):
    """Return exit code and everything said."""
    code = _run(list(map(str, words)))
    said = capsys.readouterr()
    return code, said.out + said.err


def made(tmp_path, verb="plan", **changes):
    path = write_street(tmp_path / "street", study_of(**changes))
    assert _run([verb, str(path), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    return Run.read(tmp_path / "out")


def test_a_street_that_must_open_one_costs_the_others_110_people(tmp_path):
    run = made(tmp_path, "explain", areas=WEST_OPENS)
    assert run.tables.openings["place_id"].tolist() == ["C1"]
    [row] = run.tables.area_limits.to_dict("records")
    assert (row["limit"], row["used"], row["slack"]) == (1, 1, 0)
    prices = pd.read_parquet(tmp_path / "out" / "explanation" / "prices.parquet").set_index("key")
    price = prices.loc["areas.west.services.care.min_openings"]
    assert price["rule_en"] == "west: at least 1 openings of Elder care"
    assert price["rule_zh"] == "west：新设「养老」不少于 1 处"
    assert (price["gain"], price["people_care"], price["proven"]) == (110, 110, True)
    said = (tmp_path / "out" / "explanation.md").read_text(encoding="utf-8")
    [line] = [line for line in said.splitlines() if line.startswith("- west: at least 1 openings of Elder care")]
    assert "without it, +110 people by circle weight, +110 people within 5 minutes of Elder care" in line


def test_two_streets_that_differ_are_counted_each_by_its_own_rules(tmp_path):
    run = made(tmp_path, areas=TWO_STREETS)
    assert run.tables.openings["place_id"].tolist() == ["C2"]
    # West counts half of its 60 elders: 15 within five minutes of F1, all 30 within ten. East keeps its five minutes.
    table = run.tables.coverage.set_index("minutes")
    assert table["people"].tolist() == [180, 180]
    assert table["covered_before"].tolist() == [15, 30]
    assert table["covered_after"].tolist() == [125, 140]
    assert table["heads_after"].tolist() == [140, 170]
    by_street = run.tables.coverage_by_area.set_index(["area", "minutes"])
    assert by_street.loc[("west", 10), ["people", "covered_after"]].tolist() == [30, 30]
    assert by_street.loc[("east", 10), ["people", "covered_after"]].tolist() == [150, 110]
    assert run.manifest.result.objective == 15 + 0.5 * 15 + 110
    limits = run.tables.area_limits.set_index("kind")
    assert limits.loc["floor", ["limit", "used", "slack"]].tolist() == [1, 1, 0]
    assert limits.loc["capital", ["limit", "used", "slack"]].tolist() == [150_000, 100_000, 50_000]
    assert limits.loc["min_area_m2", ["limit", "used", "slack"]].tolist() == [50, 100, 50]


def test_limits_are_on_the_closing_lines_and_in_the_workbook(tmp_path, capsys):
    path = write_street(tmp_path / "street", study_of(areas=TWO_STREETS))
    code, said = called(capsys, "plan", path, "--out", tmp_path / "out")
    assert code == 0
    assert "in the plan 100,000 yuan" in " ".join(said.split())
    book = openpyxl.load_workbook(tmp_path / "out" / "plan.xlsx")
    rows = [[cell.value for cell in row] for row in book["Limits of areas"].iter_rows()]
    [capital] = [row for row in rows if "east: capital at most 150,000 yuan" in row]
    assert [cell for cell in capital if isinstance(cell, int | float)] == [150_000, 100_000, 50_000]


def test_sums_of_streets_are_those_of_the_district(tmp_path):
    run = made(tmp_path, areas=TWO_STREETS)
    figures = ["people", "covered_before", "covered_after", "served_after", "heads", "heads_after"]
    summed = run.tables.coverage_by_area.groupby(["service", "minutes"])[figures].sum()
    pd.testing.assert_frame_equal(summed, run.tables.coverage.set_index(["service", "minutes"])[figures])


@pytest.mark.parametrize(
    ("budgets", "opened"),
    [({"capital_cost": 99_999}, []), ({"capital_cost": 100_000}, ["C2"])],
    ids=["short", "enough"],
)
def test_money_of_a_street_holds_to_the_last_unit(tmp_path, budgets, opened):
    run = made(tmp_path, areas=[{"by": "side", "name": "east", "budgets": budgets}])
    assert run.tables.openings["place_id"].tolist() == opened


def test_money_of_a_street_by_year(tmp_path):
    siting = {"max_sites": 1, "years": [2026, 2030], "capital_cost_by_year": {2026: 500_000, 2030: 0}}
    areas = [{"by": "side", "name": "east", "budgets": {"capital_cost_by_year": {2026: 50_000, 2030: 60_000}}}]
    run = made(tmp_path, siting=siting, areas=areas)
    # What the street did not spend in 2026 moves on; the district's money of 2026 does too.
    assert run.tables.openings["year"].tolist() == [2030]
    assert run.tables.area_limits["limit"].tolist() == [50_000, 110_000]
    assert run.tables.area_limits["used"].tolist() == [0, 100_000]


def test_a_slower_walker_of_one_street(tmp_path):
    walking = {"profiles": {"elder": {"speed_m_s": 1.0}, "frail": {"speed_m_s": 0.5}}}
    areas = [{"by": "side", "name": "west", "services": {"care": {"walker": "frail"}}}]
    run = made(tmp_path, walking=walking, areas=areas)
    # At half the speed F1 reaches 150 m in five minutes: the home at 0 alone.
    assert run.tables.coverage["covered_before"].tolist() == [10]
    assert run.tables.coverage["covered_after"].tolist() == [10 + 110]
    walked = run.tables.nearest.set_index("demand_id")
    assert walked.loc["h0", "before_s"] == pytest.approx(2 * 20)
    assert walked.loc["h800", "after_s"] == pytest.approx(120)


def test_the_smaller_of_two_areas_decides(tmp_path):
    areas = [
        {"by": "community", "name": "c1", "services": {"care": {"demand": {"elders": 0.2}}}},
        {"by": "side", "name": "west", "services": {"care": {"demand": {"elders": 0.5}}}},
    ]
    run = made(tmp_path, areas=areas)
    assert run.tables.coverage["people"].tolist() == [pytest.approx(0.5 * 60 + 0.2 * 150)]


def test_what_cannot_be_kept_is_named(tmp_path, capsys):
    areas = [{"by": "side", "name": "west", "services": {"care": {"min_openings": 2}}}]
    path = write_street(tmp_path, study_of(areas=areas))
    code, said = called(capsys, "plan", path, "--out", tmp_path / "out", "--quiet")
    assert code == 5
    assert "west: at least 2 openings of Elder care (areas.west.services.care.min_openings)" in said
    assert "lower areas.west.services.care.min_openings from 2 to at most 1" in said
    code, _ = called(
        capsys, "plan", path, "--out", tmp_path / "out", "--quiet", "--set", "areas.west.services.care.min_openings=1"
    )
    assert code == 0


@pytest.mark.parametrize("verb", ["plan", "check"])
def test_a_street_that_does_not_exist(tmp_path, capsys, verb):
    path = write_street(tmp_path, study_of(areas=[{"by": "side", "name": "wset", "max_sites": 1}]))
    code, said = called(capsys, verb, path, *(["--out", tmp_path / "out"] if verb == "plan" else []))
    assert code == 4
    assert "no community has “wset” in side" in said
    assert "west" in said


def test_areas_that_contradict_each_other(tmp_path, capsys):
    areas = [
        {"by": "side", "name": "west", "services": {"care": {"demand": {"elders": 0.5}}}},
        {"by": "community", "name": "Block 0", "services": {"care": {"demand": {"elders": 0.2}}}},
    ]
    path = write_street(tmp_path, study_of(areas=areas))
    code, said = called(capsys, "check", path)
    assert code == 4
    assert "“west” and “Block 0”" in said
    assert "services.care.demand" in said


def test_places_outside_every_community_are_counted_aloud(tmp_path, capsys):
    path = write_street(tmp_path, study_of(areas=WEST_OPENS))
    rooms = json.loads((tmp_path / "rooms.geojson").read_text(encoding="utf-8"))
    rooms["features"][1]["geometry"]["coordinates"][0] += 400
    (tmp_path / "rooms.geojson").write_text(json.dumps(rooms), encoding="utf-8")
    code, said = called(capsys, "check", path)
    assert code == 0
    assert "area-outside" in said
    assert "C2" in said


@pytest.mark.parametrize(
    ("area", "said"),
    [
        ({"by": "strret", "name": "west"}, "strret is no column of layers.communities.roll_up"),
        ({"by": "side", "name": "west", "min_sites": 2, "max_sites": 1}, "min_sites 2 is above max_sites 1"),
        ({"by": "side", "name": "west", "services": {"food": {}}}, "food is no service of the study"),
        ({"by": "side", "name": "west", "services": {"care": {"walker": "x"}}}, "x is not in walking.profiles"),
        ({"by": "side", "name": "west", "services": {"care": {"min_capacity": 3}}}, "has no capacity to count"),
        ({"by": "side", "name": "west", "min_hubs": 1}, "needs co_location.hub"),
        ({"by": "side", "name": "west", "budgets": {"capital_cost_by_year": {2030: 1}}}, "must name the years"),
        (
            {"by": "side", "name": "west", "floors": [{"service": "care", "minutes": 7, "share": 1}]},
            "care has no circle of 7 minutes",
        ),
        (
            {"by": "side", "name": "west", "services": {"care": {"circles": [{"minutes": 9, "weight": 1}] * 2}}},
            "circles must go outwards",
        ),
    ],
)
def test_what_an_area_may_not_say(area, said):
    with pytest.raises(ValueError, match=said):
        Study.model_validate({**STUDY, "areas": [area]})


def test_two_areas_of_one_name_that_differ():
    blocks = [{"by": "side", "name": "west", "services": {"care": {"demand": {"elders": w}}}} for w in (0.5, 0.2)]
    with pytest.raises(
        ValueError, match=r"areas\.0 and areas\.1 are both side west and differ in services\.care\.demand"
    ):
        Study.model_validate({**STUDY, "areas": blocks})


def test_what_is_there_today_is_measured_alike_in_every_area(tmp_path):
    for name, areas in (("with", TWO_STREETS), ("without", [])):
        path = write_street(tmp_path / name, study_of(areas=areas))
        assert _run(["assess", str(path), "--out", str(tmp_path / f"{name}_out"), "--quiet"]) == 0
    for table in ("coverage", "equity", "facilities"):
        one, other = (
            pd.read_parquet(tmp_path / f"{n}_out" / "tables" / f"{table}.parquet") for n in ("with", "without")
        )
        pd.testing.assert_frame_equal(one, other)


def test_limits_of_one_name_add_up(tmp_path):
    areas = [{"by": "side", "name": "east", "max_sites": 1}, {"by": "side", "name": "east", "max_sites": 0}]
    assert made(tmp_path, areas=areas).tables.openings.empty


def test_without_areas_nothing_is_stored_of_them(tmp_path):
    run = made(tmp_path)
    assert not (tmp_path / "out" / "tables" / "area_limits.parquet").exists()
    assert run.tables.area_limits.empty


def test_places_of_a_street_are_counted_as_the_change_from_today(tmp_path):
    areas = [{"by": "side", "name": "west", "services": {"care": {"min_capacity": 40}}}]
    services = care(capacity=60)
    run = made(tmp_path, services=services, areas=areas)
    assert run.tables.openings["place_id"].tolist() == ["C1"]
    assert run.tables.area_limits[["limit", "used", "slack"]].to_numpy().tolist() == [[40, 60, 20]]


def test_a_name_that_two_communities_have(tmp_path, capsys):
    areas = [{"by": "community", "name": "Block 0", "max_sites": 1}]
    path = write_street(tmp_path, study_of(areas=areas), communities={"c1": {"name": "Block 0"}})
    code, said = called(capsys, "check", path)
    assert code == 4
    assert "2 communities are called “Block 0”" in said
    assert called(capsys, "check", path, "--set", "areas.0.name=c1")[0] == 0
