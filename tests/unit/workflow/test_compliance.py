"""Worked figures of compliance from the arithmetic on paper: one district of two streets, households, floor areas, and a plan."""

import copy
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point, box

from planner.errors import StudyError
from planner.study import Study
from planner.workflow.compliance import compliance_table, hubs_table
from planner.workflow.standard_measures import MeasuredDistrict, Supply
from tests.street_town import STUDY

CRS = "EPSG:25833"
STREETS = ("四平路", "长海路")


def study_of(services=("elder_care", "canteen", "culture", "sport"), **changes):
    told = copy.deepcopy(STUDY)
    told["layers"]["communities"]["roll_up"] = ["street"]
    told["layers"]["facilities"][0]["service"] = "elder_care"
    functions = {"elder_care": "elder_care", "canteen": "meals", "culture": "other", "sport": "other"}
    one = told["services"][0]
    told["services"] = [
        {**one, "id": name, "name": name, "function": functions[name], "area_m2": area}
        for name, area in zip(services, (350, 150, 100, 100), strict=True)
    ]
    return Study.model_validate({**told, **changes})


def district_of(study, households=(12_000, 0), areas=(2400.0,), at=(0,), n_sites=1):
    """Two communities of 1 km² each, one a street; facilities of ``areas`` in the community ``at``; a site in the first."""
    communities = gpd.GeoDataFrame(
        {
            "id": ["c0", "c1"],
            "name": ["甲", "乙"],
            "street": list(STREETS),
            "households": np.array(households, dtype=float),
        },
        geometry=[box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)],
        crs=CRS,
    )
    points = [Point(500 + 1000 * k, 500) for k in at]
    facilities = gpd.GeoDataFrame(
        {"id": [f"F{i}" for i in range(len(at))], "name": [f"F{i}" for i in range(len(at))], "area_m2": list(areas)},
        geometry=points,
        crs=CRS,
    )
    sites = gpd.GeoDataFrame(
        {"id": ["C"] * n_sites, "name": ["C"] * n_sites, "kind": ["room"] * n_sites, "storey": [1] * n_sites},
        geometry=[Point(400, 400)] * n_sites,
        crs=CRS,
    )
    demand = gpd.GeoDataFrame({"community": [0], "elders": [100.0]}, geometry=[Point(1, 1)], crs=CRS)
    district = SimpleNamespace(communities=communities, facilities=facilities, sites=sites, demand=demand)
    return MeasuredDistrict(study, district, {})


def supply_of(district, services, planned=0.0):
    """Facilities with their services; with ``planned`` m² the site opens a canteen."""
    opened = [(place, service) for place, offered in enumerate(services) for service in offered]
    areas = [*district.district.facilities["area_m2"], planned]
    if planned:
        opened.append((len(services), "canteen"))
    covered = {(s.id, m): np.zeros(district.n_cells) for s in district.study.services for m in (0.0, 5.0)}
    return Supply(
        np.array([place for place, _ in opened], dtype=np.int64),
        np.array([service for _, service in opened], dtype=object),
        np.full(len(opened), np.nan),
        np.array([areas[place] for place, _ in opened]),
        np.array(areas),
        covered,
    )


def before_and_after(district, services=(("elder_care",),), planned=800.0):
    return {"today": supply_of(district, services), "plan": supply_of(district, services, planned)}


def rows_of(table, standard, level="all", area=""):
    return table[(table["standard"] == standard) & (table["level"] == level) & (table["area"] == area)]


def test_floor_area_per_hundred_households_before_and_after_the_plan():
    district = district_of(study_of())
    row = rows_of(compliance_table(district, before_and_after(district)), "community_m2").iloc[0]
    assert row["value_today"] == pytest.approx(20.0)  # 2,400 m² for 12,000 households
    assert row["value_plan"] == pytest.approx(26.7, abs=0.05)
    assert (row["need"], row["short_today"], row["short_plan"]) == (3600, 1200, 400)
    assert (row["verdict_today"], row["verdict_plan"]) == ("below", "below")
    assert (row["low"], row["unit"], row["kind"]) == (30, "m2", "target")


def test_a_street_of_its_own_figure_and_the_sums_over_the_streets():
    figures = {"override": {"community_m2": {"per": {"street": {"四平路": 80}}}}}
    district = district_of(study_of(standards=figures), households=(12_000, 1000), areas=(2400.0, 500.0), at=(0, 1))
    table = compliance_table(district, before_and_after(district, (("elder_care",), ("culture",))))
    street = rows_of(table, "community_m2", "area", "四平路").iloc[0]
    assert (street["low"], street["need"], street["short_plan"]) == (80, 9600, 6400)
    other = rows_of(table, "community_m2", "area", "长海路").iloc[0]
    assert (other["low"], other["need"], other["verdict_plan"]) == (30, 300, "met")
    whole = rows_of(table, "community_m2").iloc[0]
    streets = table[(table["standard"] == "community_m2") & (table["level"] == "area")]
    for name in ("have_today", "have_plan", "need"):
        assert streets[name].sum() == whole[name]
    assert whole["low"] == pytest.approx(9900 / 130)


def test_an_able_city_and_new_estates_have_other_figures():
    district = district_of(study_of(standards={"context": {"able_city": True}}))
    assert rows_of(compliance_table(district, before_and_after(district)), "community_m2").iloc[0]["low"] == 80


def test_one_unknown_area_bounds_the_figure_and_the_shortfall():
    district = district_of(study_of(), areas=(2184.0, np.nan), at=(0, 0))
    today = {"today": supply_of(district, (("elder_care",), ("culture",)))}
    row = rows_of(compliance_table(district, today), "community_m2").iloc[0]
    assert row["value_today"] == pytest.approx(18.2)
    assert row["at_least_today"]
    assert row["verdict_today"] == ""  # 1,416 m² at most are short, perhaps none
    assert row["short_today"] == pytest.approx(1416)
    assert "1 of 2" in row["missing_en"]
    assert "2 处设施中有 1 处" in row["missing_zh"]


def test_the_cheapest_openings_that_close_it_come_from_the_figures_of_the_study():
    district = district_of(study_of())
    row = rows_of(compliance_table(district, before_and_after(district)), "community_m2").iloc[0]
    # 400 m² are short: two of 350 m² and three of 150 m² cost 200,000 and 300,000
    assert (row["closing_service"], row["closing_openings"], row["closing_capital_cost"]) == ("elder_care", 2, 200_000)


@pytest.mark.parametrize(
    ("area", "services", "verdict", "short"),
    [
        (620.0, ("elder_care", "canteen", "culture"), "passes", (0, 0)),
        (580.0, ("elder_care", "canteen", "culture"), "fails", (20, 0)),
        (620.0, ("elder_care", "culture", "sport"), "fails", (0, 1)),
        (np.nan, ("elder_care", "canteen", "culture"), "", (np.nan, 0)),
    ],
)
def test_the_list_of_centres_says_which_condition_fails_and_by_how_much(area, services, verdict, short):
    district = district_of(study_of(), areas=(area,))
    row = hubs_table(district, {"today": supply_of(district, (services,))}).iloc[0]
    assert row["verdict"] == verdict
    np.testing.assert_array_equal([row["area_short_m2"], row["core_short"]], short)


def test_a_service_of_which_nobody_says_what_it_is_leaves_the_core_functions_open():
    told = study_of().model_dump(mode="json", exclude_defaults=True)
    for service in told["services"][1:]:
        service.pop("function")
    district = district_of(Study.model_validate(told), areas=(620.0,))
    row = hubs_table(district, {"today": supply_of(district, (("elder_care", "culture", "sport"),))}).iloc[0]
    assert row["verdict"] == ""
    assert np.isnan(row["core_short"])


def test_the_pass_rate_and_the_layout_of_one_centre_and_points():
    district = district_of(
        study_of(standards={"catalogues": ["national", "shanghai"]}), areas=(620.0, 580.0, 120.0), at=(0, 0, 1)
    )
    offered = (("elder_care", "canteen", "culture"), ("elder_care", "canteen", "culture"), ("sport",))
    table = compliance_table(district, {"today": supply_of(district, offered)})
    rate = rows_of(table, "hub_rule").iloc[0]
    assert (rate["value_today"], rate["short_today"], rate["verdict_today"]) == (0.5, 1, "below")
    assert rows_of(table, "shanghai_centre", "area", "四平路").iloc[0]["short_today"] == 1
    assert rows_of(table, "shanghai_points", "area", "长海路").iloc[0]["value_today"] == 1


def test_centres_for_households_are_short_by_whole_centres_where_there_is_none():
    district = district_of(study_of(), households=(30_000, 1000))
    row = rows_of(compliance_table(district, before_and_after(district)), "households_per_hub").iloc[0]
    assert (row["kind"], row["verdict_today"], row["short_today"]) == ("benchmark", "above", 3)  # 31,000 / 12,000


def test_an_area_that_does_not_exist_is_refused_with_the_nearest():
    district = district_of(study_of(standards={"override": {"community_m2": {"per": {"street": {"长海街": 80}}}}}))
    with pytest.raises(StudyError, match="did you mean 长海路"):
        compliance_table(district, before_and_after(district))


def test_two_figures_for_one_community_are_refused():
    per = {"street": {"长海路": 80}, "community": {"c1": 40}}
    district = district_of(study_of(standards={"override": {"community_m2": {"per": per}}}))
    with pytest.raises(StudyError, match="another figure"):
        compliance_table(district, before_and_after(district))
