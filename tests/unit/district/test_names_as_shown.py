"""Names that outputs would show raw: `planner check` warns, and says which."""

import json

import pytest

from planner.cli import _run
from planner.district.checks.names import looks_raw
from tests.street_town import STUDY, study_of, write_street


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("HKB :)", True),
        ("commercial, Juri-Gagarin-Ring", True),
        ("13121705207", True),
        ("town_hall", True),
        ("Vacant premises n492889123", True),
        ("Berufliche Schule, Handwerk und Industrie -", True),
        ("Rés da Rua", False),
        ("Kita Sonnenschein", False),
        ("Sporthalle, near Geschwister-Scholl-Straße", False),
        ("Room C1", False),
        ("幸福社区", False),
        ("第3居民委员会", False),
        ("", False),
    ],
)
def test_what_looks_raw(name, raw):
    assert looks_raw(name) is raw


def found(tmp_path, capsys, **changes):
    path = write_street(tmp_path, study_of(**changes), rooms={"C1": {"name": "HKB :)"}})
    capsys.readouterr()
    assert _run(["check", str(path), "--json", "--quiet"]) == 0
    rows = json.loads(capsys.readouterr().out)
    return {(row["code"], row["layer"]): row for row in rows if row["code"] in {"raw-name", "no-label"}}


def test_check_names_them(tmp_path, capsys):
    rows = found(tmp_path, capsys, scenarios=[{"name": "more-money", "set": {"siting.max_sites": 2}}])
    raw = rows["raw-name", "layers.candidates"]
    assert (raw["severity"], raw["rows"], raw["count"]) == ("warning", ["C1"], 1)
    assert "HKB :)" in raw["what"]["zh"]
    assert "HKB :)" in raw["what"]["en"]
    assert {layer for code, layer in rows if code == "no-label"} == {
        "layers.communities.roll_up_names",
        "walking.profiles.*.name",
        "scenarios.*.label",
    }
    assert "more-money" in rows["no-label", "scenarios.*.label"]["what"]["en"]


def test_labels_end_the_warning(tmp_path, capsys):
    layers = json.loads(json.dumps(STUDY["layers"]))
    layers["communities"]["roll_up_names"] = {"side": {"zh": "片区", "en": "Side"}}
    rows = found(
        tmp_path,
        capsys,
        layers=layers,
        walking={"profiles": {"elder": {"name": {"zh": "老人", "en": "Elder"}, "speed_m_s": 1.0}}},
        scenarios=[{"name": "more", "label": {"zh": "更多", "en": "More"}, "set": {"siting.max_sites": 2}}],
    )
    assert set(rows) == {("raw-name", "layers.candidates")}
