"""Frames in, by the library, give the numbers that the command line gives from a study file."""

import pandas as pd
import pytest

import planner
from planner.errors import OutputError
from planner.study.load import load_study
from tests.tiny_town import write_town
from tests.verbs import plan as plan_verb

SERVICES = {
    "canteen": ("slow", 0.8, "people_elder", 100, 300_000, 50_000),
    "childcare": ("quick", 1.1, "people_child", 120, 400_000, 80_000),
}


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    study_file = write_town(folder, scenarios="  []")
    _, stored = plan_verb(study_file, out=folder / "run")
    return study_file, planner.Run.open(stored)


@pytest.fixture(scope="module")
def frames(town):
    study_file, run = town
    network = planner.read_network(study_file.parent / "streets.osm", crs="EPSG:32633")
    return network, run.demand.set_index("id"), run.places.set_index("id")


@pytest.fixture(scope="module")
def times(frames):
    network, demand, places = frames
    return {
        walker: planner.travel_times(network, demand, places, walker={"speed_m_s": speed}, minutes=6)
        for walker, speed, *_ in SERVICES.values()
    }


@pytest.fixture(scope="module")
def plan(times, frames):
    _, _, places = frames
    area = places["area_m2"].where(places["role"] == "candidate", float("inf"))
    model = planner.SitingModel(times["slow"], demand="people_elder", setup_cost="setup_cost", floor_area_m2=area)
    for name, (walker, _, people, area_m2, capital, yearly) in SERVICES.items():
        model.add_service(
            name,
            times=times[walker],
            demand=people,
            circles={3: 1.0, 6: 0.5},
            area_m2=area_m2,
            capital_cost=capital,
            yearly_cost=yearly,
            existing=["f0"] if name == "canteen" else None,
        )
    return model.budget(capital_cost=1_200_000, max_sites=3).solve(time_limit=30, gap=0)


@pytest.mark.deep
def test_travel_times(town, times):
    _, run = town
    for walker, matrix in times.items():
        stored = run.reach[run.reach["walker"] == walker]
        stored = stored.astype({"demand_id": "str", "place_id": "str"}).set_index(["demand_id", "place_id"])["seconds"]
        mine = matrix.to_frame().set_index(["origin", "destination"])["seconds"]
        pd.testing.assert_series_equal(
            mine.sort_index(), stored.sort_index(), check_names=False, check_index_type=False
        )


def test_coverage_today(town, times):
    _, run = town
    table = run.coverage.set_index(["service", "minutes"])
    found = planner.coverage(times["slow"].to(["f0"]), "people_elder", minutes=[3, 6])
    for minutes, row in found.iterrows():
        stored = table.loc[("canteen", minutes)]
        assert (row["people"], row["covered"]) == pytest.approx((stored["heads"], stored["heads_before"]))


def test_the_plan(town, plan):
    _, run = town
    result = run.result
    assert plan.status == result.status == "optimal"
    assert (plan.objective, plan.bound) == pytest.approx((result.objective, result.bound))
    assert (plan.capital_cost, plan.yearly_cost) == pytest.approx((result.capital_cost, result.yearly_cost))
    mine = set(plan.openings[["site", "service"]].itertuples(index=False, name=None))
    assert mine == set(run.openings[["place_id", "service"]].itertuples(index=False, name=None))
    table = run.coverage.set_index(["service", "minutes"])
    columns = {"people": "heads", "covered_before": "heads_before", "covered_after": "heads_after"}
    for key, row in plan.coverage.iterrows():
        assert [row[name] for name in columns] == pytest.approx([table.loc[key, stored] for stored in columns.values()])


def test_isochrones(town, times):
    _, run = town
    drawn = run.circles.set_index(["walker", "place_id", "minutes"]).geometry
    for (walker, place, minutes), shape in drawn.items():
        mine = planner.isochrones(times[walker].to([place]), minutes=[3, 6]).set_index("minutes").geometry
        assert mine[minutes].symmetric_difference(shape).area == pytest.approx(0, abs=1e-6)


@pytest.mark.deep
def test_the_verb_as_a_function(town, tmp_path):
    study_file, stored = town
    study = planner.load_study(study_file)
    run = planner.plan(study)
    assert study.study == load_study(study_file)
    assert run.folder is None
    pd.testing.assert_frame_equal(run.openings, stored.openings, check_dtype=False)
    pd.testing.assert_frame_equal(run.coverage, stored.coverage, check_dtype=False)
    assert run.result.objective == stored.result.objective
    written = planner.plan(study, out=tmp_path / "run")
    assert (written.folder / "map.html").is_file()
    pd.testing.assert_frame_equal(written.openings, stored.openings)


def test_overrides_are_those_of_the_command(town):
    study_file, _ = town
    study = planner.load_study(study_file, sets=["siting.max_sites=1"])
    assert planner.plan(study).result.sites_opened == 1


def test_a_run_names_its_tables(town, tmp_path):
    _, run = town
    assert {"coverage", "openings", "result"} <= set(dir(run))
    with pytest.raises(AttributeError, match="its tables are communities, demand"):
        _ = run.nonsense
    with pytest.raises(KeyError, match="not among the tables"):
        run.table("nonsense")
    with pytest.raises(OutputError, match="holds no finished run"):
        planner.Run.open(tmp_path)
