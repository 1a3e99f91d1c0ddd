"""兜底: a floor for all demand of a service holds for each protected group of it by itself.

40 of the elders are of the oldest: 10 in the home at 0, 30 in the one at 400. Within six minutes F1 reaches the homes at 0 and 200, C1
the one at 400 too, C2 those from 600 on: with C2 180 of 210 elders and 10 of the 40 oldest have one, with C1 60 and all 40.
"""

import pytest

from planner.cli import _run
from planner.errors import InfeasibleError
from planner.report.payload import problem_data
from tests.street_town import care, study_of, write_street
from tests.verbs import explain, plan

OLDEST = {"h0": 10, "h200": 0, "h400": 30, "h600": 0, "h800": 0, "h1000": 0}


def town(folder, *, protected, share, **floor):
    study = study_of(services=care(demand={"elders": 1, "oldest": 1}, circles=[{"minutes": 6, "weight": 1}]))
    study["groups"]["oldest"] = {"name": {"zh": "高龄", "en": "oldest"}, "from_age": 80, "protected": protected}
    study["layers"]["people"][0]["groups"]["oldest"] = "oldest"
    study["siting"] = {"max_sites": 1, "floors": [{"service": "care", "minutes": 6, "share": share, **floor}]}
    return write_street(folder, study, homes={home: {"oldest": n} for home, n in OLDEST.items()})


def opened(folder, **words):
    run, _ = plan(town(folder, **words), out=folder / "out")
    return run.tables.openings["place_id"].tolist()


@pytest.mark.deep
def test_a_floor_for_everybody_holds_for_each_protected_group(tmp_path):
    assert opened(tmp_path / "plain", protected=False, share=0.35) == ["C2"]
    assert opened(tmp_path / "kept", protected=True, share=0.35) == ["C1"]


@pytest.mark.deep
def test_a_floor_that_names_its_group_is_kept_for_it_alone(tmp_path):
    assert opened(tmp_path, protected=True, share=0.2, group="elders") == ["C2"]


@pytest.mark.deep
def test_in_every_community_the_protected_group_is_kept_too(tmp_path):
    # Block 1 needs C2, and then a quarter of the oldest of Block 0 is reached
    assert opened(tmp_path / "plain", protected=False, share=0.3, per="community") == ["C2"]
    with pytest.raises(InfeasibleError, match=r"siting\.floors\.0\.share"):
        opened(tmp_path / "kept", protected=True, share=0.3, per="community")


@pytest.mark.deep
def test_where_it_cannot_be_kept_the_floor_and_the_group_are_named(tmp_path, capsys):
    path = town(tmp_path, protected=True, share=0.75)
    assert _run(["plan", str(path), "--out", str(tmp_path / "out"), "--quiet"]) == 5
    said = capsys.readouterr().err
    assert "siting.floors.0.share" in said


@pytest.mark.deep
def test_explain_prices_the_protected_groups_floor_by_its_name(tmp_path):
    _, found, _ = explain(town(tmp_path, protected=True, share=0.35), out=tmp_path / "out", time_limit_s=5)
    rules = found.prices[found.prices["kind"] == "floor"]
    assert rules["key"].tolist() == ["siting.floors.0.share"] * 2
    assert any("the group “oldest”" in rule for rule in rules["rule_en"])


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("protected", [True, False])
def test_the_meeting_page_holds_the_room_to_the_same_floors(tmp_path, protected):
    run, _ = plan(town(tmp_path, protected=protected, share=0.35), out=tmp_path / "out")
    assert [floor["group"] for floor in problem_data(run)["rules"]["floors"]] == [None, "oldest"][: 1 + protected]
