"""A service that opens nowhere is explained: which rule binds, what opening one would cost, what it could take the place of."""

import copy

import pytest

from planner.report.meeting import meeting_page
from planner.report.summary import closing_summary
from planner.report.web_map import map_page
from tests.street_town import care, study_of, write_street
from tests.unit.report.test_meeting_page import data
from tests.verbs import plan

ROOM = {"C1": {"area_m2": 150}, "C2": {"area_m2": 150}}


def two(**changes):
    """Elder care and a clinic that counts a tenth as much; each takes 100 m² and 100,000 yuan."""
    clinic = {
        **care()[0],
        "id": "clinic",
        "name": {"zh": "诊所", "en": "Clinic"},
        "circles": [{"minutes": 5, "weight": 0.1}],
    }
    return [*care(), {**clinic, **changes}]


def planned(folder, study, **columns):
    return plan(write_street(folder, study, **columns), out=folder / "out")[0]


def told(run):
    (row,) = run.tables.unopened.to_dict("records")
    return row


def test_the_number_of_buildings_binds_with_money_unspent(tmp_path):
    # the one building allowed is C2, where the clinic may not be: a second building would break max_sites alone
    study = study_of(services=two(), budgets={"capital_cost": 8_000_000})
    study["site_kinds"]["small"] = {"name": "Small room", "services": ["care"]}
    study["layers"]["candidates"][0] = {
        **study["layers"]["candidates"][0],
        "columns": {"id": "id", "name": "name", "area_m2": "area_m2", "kind": "kind"},
    }
    del study["layers"]["candidates"][0]["kind"]
    rooms = {"C1": {"kind": "room"}, "C2": {"kind": "small"}}
    run = planned(tmp_path, study, rooms=rooms)
    row = told(run)
    assert (row["service"], row["why"], row["place_id"]) == ("clinic", "rules", "C1")
    assert row["rules_en"] == "buildings opened: at most 1 [siting.max_sites]"
    assert row["rules_zh"].endswith("[siting.max_sites]")
    assert row["capital_cost"] == 100_000
    assert row["people"] == 10 + 20, "the homes at 0 and 200 are within five minutes of C1"
    assert row["unspent_capital"] == 7_900_000
    line = closing_summary(run)[-1]
    assert "opens nowhere: Clinic" in line
    assert "siting.max_sites" in line
    assert "7,900,000 yuan of the capital budget is unspent" in line
    assert "未新设：诊所" in closing_summary(run, "zh")[-1]


def test_floor_area_binds_and_the_exchange_is_counted(tmp_path):
    run = planned(tmp_path, study_of(services=two()), rooms=ROOM)
    row = told(run)
    assert row["rules_en"].endswith("[area_m2]")
    assert (row["instead_place_id"], row["instead_service"]) == ("C2", "care")
    assert row["worth_lost"] == pytest.approx(110 - 11), (
        "110 elders lose care, a clinic for the same 110 counts a tenth"
    )


def test_money_binds(tmp_path):
    run = planned(tmp_path, study_of(services=two(), budgets={"capital_cost": 150_000}))
    assert "budgets.capital_cost" in told(run)["rules_en"]
    assert told(run)["unspent_capital"] == 50_000


def test_nothing_can_take_it(tmp_path):
    run = planned(tmp_path, study_of(services=two(area_m2=900)))
    assert told(run)["why"] == "unsuited"
    assert "it needs 900 m² at least, and the largest candidate has 500 m²" in closing_summary(run)[-1]


def test_nothing_suits_it_by_storey(tmp_path):
    run = planned(tmp_path, study_of(services=two(min_storey=3)))
    assert "compare area_m2, storey, lift, kind and ready_year" in closing_summary(run)[-1]


def test_everybody_has_one_already(tmp_path):
    study = study_of(services=two(circles=[{"minutes": 60, "weight": 1}]))
    study["layers"]["facilities"].append(
        {**copy.deepcopy(study["layers"]["facilities"][0]), "path": "clinics.geojson", "service": "clinic"}
    )
    write_street(tmp_path, study)
    (tmp_path / "clinics.geojson").write_text((tmp_path / "facilities.geojson").read_text().replace("F1", "F2"))
    run, _ = plan(tmp_path / "street.yaml", out=tmp_path / "out")
    assert told(run)["why"] == "nothing"
    assert "would bring nobody new within reach" in closing_summary(run)[-1]


def test_a_goal_that_comes_first_forgoes_it(tmp_path):
    run = planned(tmp_path, study_of(services=care(), siting={"objective": ["cost"], "max_sites": 1}))
    assert told(run)["why"] == "goals"


def test_a_lock_is_named(tmp_path):
    study = study_of(
        services=two(),
        siting={"max_sites": 2, "never": [{"site": place, "service": "clinic"} for place in ("C1", "C2")]},
    )
    assert "siting.never" in told(planned(tmp_path, study))["rules_en"]


def test_limited_places_and_years_are_explained_too(tmp_path):
    siting = {"max_sites": 1, "years": [2026, 2030], "capital_cost_by_year": {2026: 100_000, 2030: 0}}
    run = planned(tmp_path, study_of(services=two(capacity=30), siting=siting), rooms=ROOM)
    assert told(run)["why"] == "rules"
    assert told(run)["rules_en"]


def test_a_plan_that_opens_every_service_says_nothing(tmp_path):
    run = planned(tmp_path, study_of(services=two()))
    assert run.tables.unopened.empty
    assert "opens nowhere" not in "\n".join(closing_summary(run))


def test_map_and_meeting_page_explain_it_in_their_languages(tmp_path):
    run = planned(tmp_path, study_of(services=two()), rooms=ROOM)
    assert "area_m2" in data(map_page(run), "planner-run")["unopened"][0]["text"]
    spoken = data(meeting_page(run), "planner-run")["unopened"]
    assert spoken["zh"][0]["service"] == "诊所"
    assert spoken["en"][0]["service"] == "Clinic"
