"""An assessment of four blocks and four facilities, every number countable on paper.

Blocks of 10, 20, 30 and 40 people; A and B double each other, C stands alone, D serves nobody. Blocks 0 and 1 lie in
community ``c0``, block 2 in ``c1``, block 3 in none::

            A    B    C    D
    block0 100  200   –    –
    block1 300  250   –    –
    block2  –   400  500   –
    block3  –    –   100   –
"""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

from planner.study import Study
from planner.workflow import baseline_people as of_people
from planner.workflow.baseline_people import floors_table
from planner.workflow.baseline_places import (
    ServiceToday,
    accessibility_table,
    balance_table,
    closing_table,
    duplicates_table,
    equity_table,
    facilities_table,
)
from planner.workflow.benchmarks import AssessedDistrict, benchmarks_table
from tests.oracle.walks import walk_to_nearest, weighted_quantile
from tests.unit.access.random_times import random_travel_times, travel_times_of
from tests.unit.report.small_run import small_study

REACH = travel_times_of([{0: 100, 1: 200}, {0: 300, 1: 250}, {1: 400, 2: 500}, {2: 100}], n_sites=5)
PEOPLE = [10.0, 20.0, 30.0, 40.0]


def asked(**service) -> Study:
    plain = small_study().model_dump(mode="json", exclude_defaults=True)
    one = {**plain["services"][0], "circles": [{"minutes": 5, "weight": 1}, {"minutes": 10, "weight": 0.5}], **service}
    one.pop("figures", None)
    plain["services"] = [one]
    plain["groups"] = {
        "elders": {**plain["groups"]["elders"], "from_age": 60},
        "toddlers": {**plain["groups"]["toddlers"], "from_age": 0},
    }
    plain["siting"] = {}
    plain["walking"]["compare"] = ["adult", "elder"]
    return Study.model_validate(plain)


def district(capacity=(4.0, 12.0, 20.0, np.nan), **columns):
    sites = gpd.GeoDataFrame(
        {"id": ["K"], "area_m2": [900.0], "kind": ["hall"], "storey": [1], "lift": [False], "ready_year": [np.nan]},
        geometry=[Point(0, 0)],
        crs=32633,
    ).assign(services="elder_care", name="Hall", setup_cost=0.0, yearly_cost=0.0)
    return SimpleNamespace(
        communities=gpd.GeoDataFrame(
            {"id": ["c0", "c1"], "name": ["North", "South"], "street": ["s", "s"], **columns},
            geometry=[box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)],
            crs=32633,
        ),
        demand=pd.DataFrame(
            {
                "id": ["b0", "b1", "b2", "b3"],
                "community": [0, 0, 1, -1],
                "elders": PEOPLE,
                "toddlers": np.multiply(PEOPLE, 10),
            }
        ),
        facilities=gpd.GeoDataFrame(
            {"id": list("ABCD"), "name": list("ABCD"), "area_m2": [100.0, 200.0, 300.0, 400.0]},
            geometry=[Point(100 + 500 * i, 500) for i in range(4)],
            crs=32633,
        ),
        existing=pd.DataFrame({"facility": range(4), "service": "elder_care", "capacity": capacity}),
        sites=sites,
    )


UNLIMITED = [None]  # one service, whose places are not limited


@pytest.fixture
def one():
    study, area = (
        asked(participation=0.5),
        SimpleNamespace(
            district=district(), walks={walker: SimpleNamespace(times=REACH) for walker in ("elder", "adult")}
        ),
    )
    service = study.services[0]
    return ServiceToday(
        study, area, service, np.arange(4), area.district.existing["capacity"].to_numpy(), np.array([4])
    )


@pytest.fixture
def areas(one):
    return of_people.areas_of(one.study, one.area.district)


@pytest.fixture
def coverage(one, areas):
    near = of_people.Nearest(np.array([100.0, 250.0, 700.0, np.inf]), np.array([0, 1, 1, -1]))
    walks = {("elder_care", walker): near for walker in ("elder", "adult")}
    return of_people.coverage_table(one.study, one.area.district, areas, walks, UNLIMITED)


def test_the_district_is_divided_and_nobody_is_left_out(areas):
    told = {(area.level, area.column): list(area.summed(np.array(PEOPLE))) for area in areas}
    assert told == {("all", ""): [100], ("community", ""): [30, 30, 40], ("area", "street"): [60, 40]}
    assert list(areas[1].names) == ["c0", "c1", ""]


def test_coverage_by_area_group_and_walker(one, areas):
    near = of_people.Nearest(np.array([100.0, 250.0, 400.0, np.inf]), np.array([0, 1, 1, -1]))
    slow = of_people.Nearest(np.array([150.0, 350.0, 650.0, np.inf]), np.array([0, 1, 1, -1]))
    walks = {("elder_care", "elder"): slow, ("elder_care", "adult"): near}
    table = of_people.coverage_table(one.study, one.area.district, areas, walks, UNLIMITED)
    key = ["level", "area", "walker", "minutes", "group"]
    covered = table[table["column"] == ""].set_index(key)[["people", "covered"]].apply(tuple, axis=1).to_dict()
    assert covered["all", "", "adult", 5.0, ""] == (100, 30)
    assert covered["all", "", "adult", 10.0, "elders"] == (100, 60)
    assert covered["all", "", "elder", 5.0, ""] == (100, 10)
    assert covered["community", "c1", "adult", 10.0, ""] == (30, 30)
    assert covered["community", "c1", "elder", 10.0, ""] == (30, 0)
    assert covered["community", "", "elder", 10.0, ""] == (40, 0)  # in no community, out of reach, still counted


def test_who_finds_a_place_is_told_of_the_walker_of_the_service_alone(one, areas):
    walk = of_people.Nearest(np.array([150.0, 350.0, 650.0, np.inf]), np.array([0, 1, 1, -1]))
    walks = {("elder_care", "elder"): walk, ("elder_care", "adult"): walk}
    places = [np.array([[4.0, 4.0], [0.0, 7.0], [0.0, 0.0], [0.0, 0.0]])]
    table = of_people.coverage_table(one.study, one.area.district, areas, walks, places)
    key = ["level", "area", "walker", "minutes", "group"]
    served = table[table["column"] == ""].set_index(key)["served"]
    assert served["all", "", "elder", 5.0, ""] == 4
    assert served["all", "", "elder", 10.0, ""] == 11
    assert served["community", "c0", "elder", 10.0, ""] == 11
    assert served["community", "c1", "elder", 10.0, ""] == 0
    assert np.isnan(served["all", "", "adult", 10.0, ""])
    assert np.isnan(served["all", "", "elder", 10.0, "elders"])
    without = of_people.coverage_table(one.study, one.area.district, areas, walks, UNLIMITED)
    assert without["served"].equals(without["covered"])


def test_walks_keep_the_unreached_in_p90_and_longest(areas):
    told = of_people.walks_by_area(areas[1], np.array([100.0, 250.0, 400.0, np.inf]), np.array(PEOPLE))
    np.testing.assert_allclose(told["people"], [30, 30, 40])
    np.testing.assert_allclose(told["reached"], [30, 30, 0])
    np.testing.assert_allclose(told["mean_of_reached_s"], [200, 400, np.nan])
    np.testing.assert_allclose(told["p90_s"], [250, 400, np.inf])
    np.testing.assert_allclose(told["max_s"], [250, 400, np.inf])


@pytest.mark.parametrize("seed", range(6))
def test_walks_by_area_equal_each_area_by_itself(seed):
    reach, draw = random_travel_times(seed, n=80, n_sites=2), np.random.default_rng(seed)
    people = draw.integers(0, 5, 80) * 0.5
    code = draw.integers(0, 9, 80)
    people[code == 3] = 0.0
    area = of_people.Areas("area", "x", np.arange(9).astype(str).astype(object), code)
    seconds = reach.nearest_s().astype(float)
    told = of_people.walks_by_area(area, seconds, people)
    for k in range(9):
        mine = code == k
        alone = travel_times_of([dict(zip(*reach.row(i), strict=True)) for i in np.flatnonzero(mine)], reach.n_sites)
        expected = walk_to_nearest(alone, people[mine])
        assert told["p90_s"][k] == pytest.approx(weighted_quantile(seconds[mine], people[mine], 0.9), nan_ok=True)
        assert told["max_s"][k] == pytest.approx(expected.max_s, nan_ok=True)
        assert told["mean_of_reached_s"][k] == pytest.approx(expected.mean_of_reached_s, nan_ok=True)
        assert (told["people"][k], told["reached"][k]) == pytest.approx((expected.people, expected.reached))


def test_facilities_say_whom_they_serve_and_whether_they_stand_idle(one):
    table = facilities_table([one])
    table = table[(table["minutes"] == 10) & (table["walker"] == "elder")].set_index("place_id")
    assert list(table["people_within"]) == [30, 60, 70, 0]
    assert list(table["people_only_here"]) == [0, 0, 40, 0]
    assert list(table["load"]) == [5, 25, 20, 0]  # half of those who walk to the nearest
    assert table.loc["A", "utilisation"] == pytest.approx(1.25)
    assert table["idle"].tolist()[:3] == [False, False, False]
    assert table["idle"].isna().tolist() == [False, False, False, True]  # nobody knows the capacity of D
    assert table.loc["C", "overlap_share"] == pytest.approx(3 / 7)


def test_surplus_and_deficit_stand_in_one_table(one, areas):
    table = balance_table([one], areas)
    rows = table[(table["level"] == "community") & (table["minutes"] == 5)].set_index("area")
    assert list(rows["people_uncovered"]) == [0, 30, 0]
    assert list(rows["people_covered_twice"]) == [30, 0, 0]
    assert list(rows["balance_share"]) == [1, -1, 0]
    # 4 places of A and 12 of B for 30 people, 20 of C for 40; the average of 36 places for 100 people would be due
    assert list(rows["places"]) == pytest.approx([16, 0, 20])
    assert list(rows["surplus_places"]) == pytest.approx([16 - 10.8, -10.8, 20 - 14.4])


def test_the_merge_or_move_that_loses_least_comes_first(one):
    table = duplicates_table([one])
    table = table[table["minutes"] == 10].reset_index(drop=True)
    assert table["place_id"].tolist() == ["A", "B", "C"]
    assert table["into_id"].tolist() == ["B", "A", "B"]
    assert table["doubled"].tolist() == [True, True, False]
    assert table["merge_lost"].tolist() == [0, 0, 40]
    assert table["proposal"].tolist() == ["merge"] * 3  # the hall is reached by nobody
    assert table["change"].tolist() == [0, 0, -40]


def test_a_move_is_proposed_where_it_covers_more_and_loses_nobody(one):
    rows = [{0: 100, 1: 200}, {0: 300, 1: 250}, {1: 400}, {4: 90}]
    one.area.walks["elder"].times = travel_times_of(rows, n_sites=5)
    table = duplicates_table([one])
    first = table[table["minutes"] == 10].iloc[0]
    assert (first["place_id"], first["proposal"], first["move_to"]) == ("A", "move", "K")
    assert (first["move_lost"], first["move_gained"], first["change"]) == (0, 40, 40)


def test_of_two_that_double_each_other_only_one_can_close(one):
    table = closing_table([one])
    table = table[table["minutes"] == 10]
    assert table["place_id"].tolist() == ["A", "D", "B"]
    assert table["people_lost_in_all"].tolist() == [0, 0, 30]


def test_places_in_reach_add_up_to_the_places_there_are(one, areas, coverage):
    table = accessibility_table([one], areas)
    everybody = table[table["level"] == "all"].iloc[0]
    assert everybody["places_per_1000"] * everybody["people"] / 1000 == pytest.approx(36)
    told = equity_table([one], coverage).iloc[0]
    assert (told["facilities"], told["facilities_with_capacity"], told["places"]) == (4, 3, 36)
    assert 0 < told["gini"] < 1


@pytest.mark.parametrize("participation", [1.0, 0.25, 0.0])
def test_participation_enters_loads_and_not_the_places_in_reach(one, areas, coverage, participation):
    study = asked(participation=participation)
    other = ServiceToday(study, one.area, study.services[0], one.sites, one.capacity, one.candidates)
    pd.testing.assert_frame_equal(accessibility_table([other], areas), accessibility_table([one], areas))
    pd.testing.assert_frame_equal(equity_table([other], coverage), equity_table([one], coverage))
    table = facilities_table([other])
    table = table[(table["minutes"] == 10) & (table["walker"] == "elder")]
    assert list(table["load"]) == [10 * participation, 50 * participation, 40 * participation, 0]


def test_without_any_capacity_nothing_is_made_up(one, areas, coverage):
    unknown = ServiceToday(one.study, one.area, one.service, one.sites, np.full(4, np.nan), one.candidates)
    assert len(accessibility_table([unknown], areas)) == 0
    told = equity_table([unknown], coverage).iloc[0]
    assert np.isnan([told["places"], told["gini"], told["palma"]]).all()
    assert balance_table([unknown], areas)["places"].isna().all()


def test_the_floor_is_the_worst_community_of_each_group(one, coverage):
    table = floors_table(one.study, coverage)
    assert set(table["group"]) == {"", "elders"}
    assert table["area"].unique().tolist() == ["c1"]
    assert table["share"].tolist() == [0.0] * len(table)


def benchmarks(one, district_, **service):
    study = asked(**service)
    offer = ServiceToday(
        study,
        SimpleNamespace(district=district_, walks=one.area.walks),
        study.services[0],
        one.sites,
        district_.existing["capacity"].to_numpy(dtype=float),
        one.candidates,
    )
    areas = of_people.areas_of(study, district_)
    near = of_people.Nearest(np.array([100.0, 250.0, 400.0, 100.0]), np.array([0, 1, 1, 2]))
    walks = {("elder_care", walker): near for walker in ("elder", "adult")}
    coverage = of_people.coverage_table(study, district_, areas, walks, UNLIMITED)
    table = benchmarks_table(AssessedDistrict(study, district_, [offer], coverage))
    return table.drop_duplicates("standard").set_index("standard")


def test_what_can_be_measured_stands_beside_the_standard(one):
    full = district(capacity=(4.0, 12.0, 20.0, 4.0), households=[150.0, 50.0])
    told = benchmarks(one, full, standards=["elder_beds", "elder_m2"], capacity_counts="beds")
    assert told.loc["elder_beds", "value"] == pytest.approx(400)  # 40 places for 100 people aged 60 and over
    assert told.loc["elder_beds", "verdict"] == "met"
    assert told.loc["elder_m2", "value"] == pytest.approx(500)  # 1,000 m² for 200 households
    assert told.loc["circle_5_walk", "value"] == pytest.approx(240)  # five minutes at 0.8 m/s
    assert told.loc["circle_5_walk", "verdict"] == "below"
    # residents within five minutes of A, B, C, D: 300, 300, 400, 0
    assert told.loc["circle_5_people", "value"] == pytest.approx(250)
    assert not told.loc["circle_5_people", "verified"]
    assert told.loc["hubs_per_km2", "value"] == pytest.approx(2.0)  # the study has one service, so all four are centres


def test_what_is_missing_is_said_in_both_languages(one):
    told = benchmarks(one, district(), standards=["elder_beds"], capacity_counts="beds")
    row = told.loc["elder_beds"]
    assert (row["value"], row["at_least"], row["verdict"]) == (
        360,
        True,
        "met",
    )  # 36 beds that are known, for 100 people
    assert "1 of 4 facilities" in row["missing_en"]
    assert "4 处设施中有 1 处" in row["missing_zh"]
    assert "households" in told.loc["community_m2", "missing_en"]


def test_places_of_day_care_are_not_beds(one):
    row = benchmarks(one, district(), standards=["elder_beds"]).loc["elder_beds"]
    assert np.isnan(row["value"])
    assert "services.elder_care counts places, the standard beds" in row["missing_en"]


def test_a_standard_goes_only_for_the_services_that_name_it(one):
    told = benchmarks(one, district())
    assert "elder_beds" not in told.index
    assert "shanghai_2025" not in told.index  # the service has no circle of 15 minutes
