"""What is written about the study file is what its models say: schema, reference and starter never drift from them."""

import difflib
import json

import pytest

from planner.study import Study
from planner.study.load import load_study
from planner.study.reference import reference_text, schema_text
from planner.study.standards import every_standard
from planner.study.starter import _COMMENTS, starter_text
from tests.conftest import REPOSITORY

WRITTEN = {"study.schema.json": schema_text, "study-reference.md": reference_text, "study.starter.yaml": starter_text}


@pytest.mark.parametrize("name", WRITTEN)
def test_docs_do_not_drift_from_the_models(name):
    path, text = REPOSITORY / "docs" / name, WRITTEN[name]()
    committed = path.read_text(encoding="utf-8")
    drift = "\n".join(
        difflib.unified_diff(committed.splitlines(), text.splitlines(), name, "the models", lineterm="", n=1)
    )
    assert committed == text, f"run `python docs/rewrite.py`\n{drift}"


def test_the_starter_is_a_whole_study(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(starter_text(), encoding="utf-8")
    study = load_study(path)
    assert study.walking.compare == ["adult", "aged_80"]
    assert load_study(path, scenario="frail").walking.profiles["aged_80"].speed_m_s == pytest.approx(0.64)


def test_every_comment_of_the_starter_is_in_both_languages():
    lines = starter_text().splitlines()
    for name, (zh, _) in _COMMENTS.items():
        key = name.rsplit(".", 1)[-1]
        at = next(i for i, line in enumerate(lines) if line.strip().startswith(f"{key}:") and zh in lines[i - 2])
        assert lines[at - 1].strip().startswith("# ")
        assert len(lines[at - 1].strip()) > 5


def test_every_key_of_the_first_level_is_described():
    described = reference_text()
    for name in Study.model_fields:
        assert f"| `{name}` |" in described
    assert json.loads(schema_text())["title"] == "Study"


def test_standards_name_their_source_and_the_ages_they_speak_of():
    for one in every_standard():
        assert one.document
        assert one.name.zh != one.name.en
        assert one.low is None or one.high is None or one.low < one.high
        assert (one.ages is not None) == (one.measure in ("places", "circle_people"))
    # elder_beds, canteen_meals, community_m2 and the targets of Shanghai: nobody knows their clause
    verified = {one.id for one in every_standard() if one.verified}
    assert verified.isdisjoint({"elder_beds", "canteen_meals", "community_m2", "shanghai_2025", "households_per_hub"})
    assert verified >= {"circle_15_people", "hubs_per_km2", "hub_rule", "elder_m2"}
