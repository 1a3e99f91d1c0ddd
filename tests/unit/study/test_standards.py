"""Catalogues of standards, and what a study makes of them."""

import copy

import pytest
from pydantic import ValidationError

from planner.study import Study
from planner.study.standards import catalogues, every_standard
from tests.street_town import STUDY

OWN = {
    "id": "town_places",
    "name": {"zh": "每千人席位", "en": "places per 1,000 elders"},
    "measure": "places",
    "unit": "places per 1,000 people",
    "per": 1000,
    "ages": [65, None],
    "low": 30,
    "document": "Resolution of the town, 2025",
}


def study_of(**standards):
    return Study.model_validate({**copy.deepcopy(STUDY), "standards": standards})


def faults_of(**standards):
    with pytest.raises(ValidationError) as fault:
        study_of(**standards)
    return str(fault.value)


def test_every_catalogue_is_read_and_no_id_stands_twice():
    assert set(catalogues()) == {"national", "shanghai", "anhui"}
    ids = [one.id for one in every_standard()]
    assert len(set(ids)) == len(ids)
    assert {one.kind for one in every_standard()} == {"duty", "target", "benchmark", "achievement"}


def test_what_is_verified_says_where_and_what_a_district_reports_is_no_duty():
    told = {one.id: one for one in every_standard()}
    assert all(one.clause for one in told.values() if one.verified)
    assert not told["elder_beds"].verified
    assert told["hubs_per_km2"].kind == "achievement"
    assert told["communities_per_hub"].kind == told["households_per_hub"].kind == "benchmark"
    assert (told["circle_15_dwellings"].low, told["circle_15_dwellings"].high) == (17_000, 32_000)


def test_catalogues_context_and_overrides_decide_the_figures():
    told = {one.id: one for one in study_of().standards.in_force}
    assert told["community_m2"].low == 30
    assert told["elder_m2"].low == 20
    assert "hub_rule" not in told
    context = {"estates": "new", "able_city": True, "level": "quality"}
    override = {"shanghai_2025": {"low": 0.9, "source": "plan of the town"}}
    other = study_of(catalogues=["national", "anhui", "shanghai"], context=context, override=override)
    told = {one.id: one for one in other.standards.in_force}
    assert (told["community_m2"].low, told["elder_m2"].low, told["hub_rule"].from_m2) == (80, 30, 800)
    assert (told["shanghai_2025"].low, told["shanghai_2025"].document) == (0.9, "plan of the town")
    assert not told["shanghai_2025"].verified
    assert {one.id for one in study_of(catalogues=["anhui"]).standards.in_force} == {
        "childcare_places_new", "elder_m2", "elder_facility_m2",
    }  # fmt: skip


def test_all_faults_are_named_at_once_with_the_nearest():
    said = faults_of(
        catalogues=["natonal", "shanghai"],
        override={"shangai_2025": {"low": 0.5}, "shanghai_2035": {"low": 0.9, "per": {"sid": {"west": 0.5}}}},
        own=[OWN, OWN, {**OWN, "id": "bare", "low": None}],
    )
    assert "no catalogue natonal (did you mean national?)" in said
    assert "no standard shangai_2025 (did you mean shanghai_2025?)" in said
    assert "sid is no roll-up column (did you mean side?)" in said
    assert "town_places stands twice" in said
    assert "bare has no threshold" in said


@pytest.mark.parametrize("key", ["unit", "document"])
def test_a_threshold_without_unit_or_document_is_refused(key):
    assert "at least 1 character" in faults_of(own=[{**OWN, key: ""}])
    assert "Field required" in faults_of(own=[{name: value for name, value in OWN.items() if name != key}])


def test_an_own_standard_that_takes_a_known_id_is_told_to_override_it():
    assert "write standards.override.elder_m2" in faults_of(own=[{**OWN, "id": "elder_m2"}])


def test_a_range_upside_down_a_share_above_one_and_a_wrong_context_are_refused():
    assert "low 200 is above high 100" in faults_of(own=[{**OWN, "low": 200, "high": 100}])
    assert "85 is no share" in faults_of(override={"shanghai_2025": {"low": 85}})
    assert "'built' or 'new'" in faults_of(context={"estates": "old"})


def test_a_bound_standard_of_coverage_is_a_floor_of_the_plan():
    own = {**OWN, "id": "in_5", "measure": "coverage", "minutes": 5, "low": 0.6, "bind": True}
    study = study_of(own=[own])
    (source, floor) = study.kept_floors[-1]
    assert (source, floor.service, floor.minutes, floor.share, floor.per) == ("in_5", "care", 5, 0.6, "all")


def test_what_cannot_be_bound_is_refused_with_what_can():
    assert "cannot be bound by the measure places yet; it can by coverage" in faults_of(own=[{**OWN, "bind": True}])
    assert "it goes for no service; it needs one with a circle of 15 minutes" in faults_of(
        override={"shanghai_2025": {"bind": True}}
    )
