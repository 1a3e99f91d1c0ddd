"""Estates, gates and barriers of a study decide who walks where, through the whole thread."""

import re

import geopandas as gpd
import numpy as np
import pytest
import shapely

from planner.cli import _run
from planner.errors import LayerError, StudyError
from planner.store.run import Run

# A street of 400 m along y = 0, an estate above it with one gate in the west and one in the east, homes by the east gate,
# the candidate room on the street in the east:
#
#        ┌──────────────── estate ────────────────┐ y = 100
#        │                                  home   │
#        └─ west ──────────────────────── east ───┘ y = 20
#   ─────┴─────────────── street ──────────┴───── room ── y = 0
#        x = 50                            x = 350  x = 400
STUDY = """
version: 1
name: Gates
language: en
crs: EPSG:32633
layers:
  communities: {path: communities.gpkg}
  people:
    - {path: communities.gpkg, groups: {elder: elder}, basis: resident, year: 2020, source: made by hand}
  buildings: {path: homes.gpkg}
  candidates: [{path: rooms.gpkg, kind: room}]
  streets: {path: streets.gpkg}
  estates: {path: estates.gpkg}
  gates: {path: gates.gpkg}
groups: {elder: {name: Elders}}
walking: {profiles: {elder: {speed_m_s: 1.0}}}
services:
  - id: canteen
    name: Canteen
    demand: {elder: 1}
    walker: elder
    circles: [{minutes: 12, weight: 1}]
    area_m2: 100
    fit_out_cost: 100000
site_kinds: {room: {name: Room}}
scenarios:
  - {name: east-closed, set: {walking.closed_gates: [east]}}
  - {name: east-opened-again, extends: east-closed, set: {walking.open_gates: [east]}}
"""


@pytest.fixture
def study(tmp_path):
    def write(file, **columns):
        shapes = [
            shapely.transform(shape, lambda xy: xy + np.array([400_000, 5_900_000]))
            for shape in columns.pop("geometry")
        ]
        gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:32633").to_file(tmp_path / f"{file}.gpkg")

    write("communities", id=["q"], name=["Q"], elder=[10], geometry=[shapely.box(0, -50, 450, 150)])
    write("homes", id=["home"], geometry=[shapely.box(335, 45, 345, 55)])
    write("rooms", id=["room"], name=["Room"], area_m2=[200.0], geometry=[shapely.Point(400, 0)])
    write("streets", highway=["residential"], geometry=[shapely.LineString([(0, 0), (420, 0)])])
    write("estates", id=["e"], name=["Estate"], geometry=[shapely.box(20, 20, 380, 100)])
    write("gates", id=["west", "east"], geometry=[shapely.Point(50, 20), shapely.Point(350, 20)])
    path = tmp_path / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def _seconds(study, scenario, tmp_path):
    out = tmp_path / "out"
    words = ["plan", str(study), "--out", str(out), "--quiet", *(["--scenario", scenario] if scenario else [])]
    assert _run(words) == 0
    nearest = Run.read(out).tables.nearest
    return float(nearest["after_s"].iloc[0])


@pytest.mark.deep
def test_people_leave_an_estate_through_its_gates(study, tmp_path):
    # home (340, 50) → east gate (350, 20) is 31.6 m, → street 20 m, → room 50 m
    through_east = np.hypot(10, 30) + 20 + 50
    # home → west gate (50, 20) is 291.5 m, → street 20 m, → room 350 m
    through_west = np.hypot(290, 30) + 20 + 350
    assert _seconds(study, None, tmp_path) == pytest.approx(through_east, abs=0.5)
    assert _seconds(study, "east-closed", tmp_path) == pytest.approx(through_west, abs=0.5)
    assert _seconds(study, "east-opened-again", tmp_path) == pytest.approx(through_east, abs=0.5)


@pytest.mark.deep
def test_a_place_is_reached_by_its_nearest_entrance(study, tmp_path):
    shapes = [shapely.Point(400_390, 5_900_000), shapely.Point(400_360, 5_900_000)]
    entrances = gpd.GeoDataFrame({"id": ["a", "b"], "place": ["room", "room"]}, geometry=shapes, crs="EPSG:32633")
    entrances.to_file(tmp_path / "entrances.gpkg")
    text = study.read_text(encoding="utf-8")
    study.write_text(
        text.replace("groups: {elder: {", "  entrances: {path: entrances.gpkg}\ngroups: {elder: {"), encoding="utf-8"
    )
    assert _seconds(study, None, tmp_path) == pytest.approx(np.hypot(10, 30) + 20 + 10, abs=0.5)


@pytest.mark.deep
def test_need_weighs_people_everywhere_and_says_so(study, tmp_path):
    need = gpd.GeoDataFrame(
        {"id": ["n"], "weight": [1.5]}, geometry=[shapely.box(400_300, 5_900_000, 400_400, 5_900_100)], crs="EPSG:32633"
    )
    need.to_file(tmp_path / "need.gpkg")
    text = study.read_text(encoding="utf-8")
    study.write_text(
        text.replace("groups: {elder: {", "  need: {path: need.gpkg}\ngroups: {elder: {"), encoding="utf-8"
    )
    assert _run(["plan", str(study), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    tables = Run.read(tmp_path / "out").tables
    assert tables.coverage["people"].tolist() == [15.0]
    assert "weighed-by-need" in set(tables.findings["code"])


def test_slopes_without_heights_are_refused(study, capsys):
    words = ["plan", str(study), "--set", "walking.profiles.elder.slope=tobler", "--quiet"]
    assert _run(words) == StudyError.exit_code
    assert "walking.profiles.elder.slope: tobler: needs heights" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["plan", "check", "assess"])
def test_slopes_without_heights_are_refused_in_chinese_too(study, verb, capsys):
    words = [verb, str(study), "--set", "walking.profiles.elder.slope=tobler", "--set", "language=zh"]
    assert _run(words) == StudyError.exit_code
    said = capsys.readouterr().err
    assert "walking.profiles.elder.slope: tobler: 需要高程，而路网没有高程 → 补上 layers.elevation" in said
    assert "needs heights" not in said


@pytest.mark.deep
def test_a_gate_that_is_not_there_is_a_study_fault(study, capsys):
    assert _run(["plan", str(study), "--set", "walking.open_gates=[easst]", "--quiet"]) == StudyError.exit_code
    assert "did you mean east?" in capsys.readouterr().err


@pytest.mark.deep
def test_a_gate_that_is_not_there_is_told_in_chinese_too(study, capsys):
    words = ["plan", str(study), "--set", "walking.open_gates=[easst]", "--set", "language=zh", "--quiet"]
    assert _run(words) == StudyError.exit_code
    said = capsys.readouterr().err
    assert "没有这个编号的出入口 → 是否指 east？" in said
    assert "gate has" not in said


ENGLISH = re.compile(r"[a-z]+ [a-z]+ [a-z]+")


@pytest.mark.deep
@pytest.mark.parametrize(("language", "foreign"), [("zh", ENGLISH), ("en", re.compile(r"[\u4e00-\u9fff]"))])
def test_what_was_done_to_the_streets_is_told_in_the_language_of_the_study(study, language, foreign, capsys):
    words = ["check", str(study), "--set", f"language={language}", "--set", "layers.streets.join_gaps_m=5"]
    assert _run(words) == 0
    said = capsys.readouterr()
    told = said.out + said.err
    for code in ("lines-joined", "no-gaps-closed", "estates-closed"):
        line = next(line for line in told.splitlines() if code in line)
        assert "streets.gpkg" in line
        assert not foreign.search(line), line
    closed = {
        "zh": "条道路止于封闭小区边界；2 个出入口开放",
        "en": "streets end at the edges of gated estates; 2 gates are open",
    }
    assert closed[language] in told


@pytest.mark.deep
@pytest.mark.parametrize("verb", ["check", "plan", "assess"])
@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("zh", "其中没有线要素（读到：Point × 1） → 路网图层必须由线组成"),
        ("en", "it holds no lines (read: Point × 1) → streets must be lines"),
    ],
)
def test_streets_that_cannot_be_used_are_told_in_the_language_of_the_study(study, verb, language, told, capsys):
    words = [
        verb,
        str(study),
        "--set",
        f"language={language}",
        "--set",
        "layers.streets.path=rooms.gpkg",
        "--quiet",
    ]
    assert _run(words) == LayerError.exit_code
    said = capsys.readouterr()
    lines = [line for line in (said.out + said.err).splitlines() if told in line]
    assert lines, said
    assert "layers.streets (rooms.gpkg)" in lines[0]
    assert "Traceback" not in said.err
