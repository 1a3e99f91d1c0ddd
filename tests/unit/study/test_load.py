"""A broken study file names every fault, with its line and a way to mend it."""

import unicodedata
from pathlib import Path

import pytest

from planner.errors import StudyError
from planner.study.load import load_study

GOOD = """\
version: 1
name: {zh: 示例, en: Sample}
layers:
  communities: {path: a.shp}
  people:
    - {path: a.shp, groups: {elder: p65}, basis: resident, year: 2015, source: census}
  streets: {path: s.osm.pbf}
  candidates: [{path: c.shp}]
groups: {elder: {name: Elders}}
walking: {profiles: {elder: {speed_m_s: 0.8}}}
services:
  - id: canteen
    name: {zh: 食堂, en: Canteen}
    demand: {elder: 1}
    walker: elder
    circles: [{minutes: 5, weight: 1}, {minutes: 10, weight: 0.5}]
    area_m2: 100
    fit_out_cost: 300000
scenarios:
  - {name: poor, set: {budgets.capital_cost: 1000000}}
  - {name: poorer, extends: poor, set: {services.canteen.fit_out_cost: 200000}}
  - {name: loop, extends: loop}
"""

LAUGHS = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcde", "bcdef", strict=True)
)

BROKEN = [
    (
        "misspelt key",
        ("version: 1\n", "version: 1\nnmae: x\n"),
        "study.yaml:2: nmae: is not a key of a study → did you mean `name`?",
    ),
    (
        "nested misspelt key",
        ("    area_m2: 100", "    aera_m2: 100"),
        "study.yaml:17: services.0.aera_m2: is not a key of a study → did you mean `area_m2`?",
    ),
    ("missing key", ("    area_m2: 100\n", ""), "services.0.area_m2: is missing → add `area_m2: …`"),
    ("negative money", ("300000", "-5"), "study.yaml:18: services.0.fit_out_cost: must be ≥ 0 (got -5)"),
    ("number for text", ("id: canteen", "id: 310"), "must be text (got the number 310) → quote it"),
    ("unknown walker", ("walker: elder", "walker: eldre"), "service canteen: walker eldre is not in walking.profiles"),
    ("unknown group", ("demand: {elder: 1}", "demand: {child: 1}"), "demand group child is not in groups"),
    ("circles inwards", ("minutes: 10", "minutes: 3"), "circles must go outwards"),
    ("unknown basis", ("basis: resident", "basis: hukou"), "must be one of 'registered' or 'resident'"),
    ("not YAML", ("version: 1", "version: [1"), "not readable as YAML"),
    ("twice the same key", ("version: 1", "version: 1\nversion: 1"), "not readable as YAML"),
    ("aliases that explode", ("version: 1\n", "version: 1\n" + LAUGHS), "too many values"),
    ("not a study", (GOOD, "- 1\n- 2\n"), "a study is a list of `key: value` lines"),
    ("infinite budget", ("300000", ".inf"), "must be a finite number"),
]


def _write(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_study_is_read(tmp_path):
    study = load_study(_write(tmp_path, GOOD))
    assert study.cutoffs_min == (5, 10)
    assert study.name.text("zh") == "示例"
    assert study.services[0].name.text("en") == "Canteen"


@pytest.mark.parametrize(
    ("change", "said"), [(change, said) for _, change, said in BROKEN], ids=[name for name, *_ in BROKEN]
)
def test_a_fault_is_named_with_its_line(tmp_path, change, said):
    broken = GOOD.replace(*change, 1)
    assert broken != GOOD
    with pytest.raises(StudyError) as caught:
        load_study(_write(tmp_path, broken))
    assert said in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[0310111]", ["0310111"]),
        ("[0310111, 310111]", ["0310111", 310111]),
        ("[007, 0, 12]", ["007", 0, 12]),
        ("['0310', 0.5]", ["0310", 0.5]),
    ],
)
def test_a_code_keeps_its_zeros_without_quotes(tmp_path, text, values):
    broken = GOOD.replace("communities: {", f"communities: {{drop: {{code: {text}}}, ", 1)
    study = load_study(_write(tmp_path, broken))
    assert study.layers.communities.drop == {"code": values}


def test_a_code_of_the_command_line_keeps_its_zeros(tmp_path):
    study = load_study(_write(tmp_path, GOOD), sets=["layers.communities.keep={code: [0310111]}"])
    assert study.layers.communities.keep == {"code": ["0310111"]}


def test_codes_as_keys_keep_their_zeros(tmp_path):
    broken = GOOD.replace("communities: {", "communities: {renamed: {0310: 0311}, ", 1)
    assert load_study(_write(tmp_path, broken)).layers.communities.renamed == {"0310": "0311"}


def test_paths_are_found_whatever_wrote_them(tmp_path):
    (tmp_path / "daten").mkdir()
    name = unicodedata.normalize("NFD", "Gebäude.shp")
    (tmp_path / "daten" / name).write_bytes(b"")
    path = _written_path("daten\\Geba\u0308ude.shp", tmp_path)
    assert path == f"daten/{name}"
    assert _written_path("daten/\u200bGeb\u00e4ude.shp", tmp_path) == f"daten/{name}"
    assert _written_path("daten/nothing.shp", tmp_path) == "daten/nothing.shp"


def _written_path(path, folder):
    text = GOOD.replace("{path: a.shp}", f"{{path: '{path}'}}", 1)
    return load_study(_write(folder, text)).layers.communities.path.as_posix()


def test_all_faults_come_at_once(tmp_path):
    broken = GOOD.replace("300000", "-5", 1).replace("resident", "x", 1).replace("version: 1", "version: 1\nfoo: 1", 1)
    with pytest.raises(StudyError) as caught:
        load_study(_write(tmp_path, broken))
    assert str(caught.value).count("study.yaml:") == 4  # the heading and three faults


def test_overrides_win_over_the_scenario_and_both_over_the_study(tmp_path):
    path = _write(tmp_path, GOOD)
    assert load_study(path, scenario="poor").budgets.capital_cost == 1_000_000
    poorer = load_study(path, scenario="poorer")
    assert (poorer.budgets.capital_cost, poorer.services[0].fit_out_cost) == (1_000_000, 200_000)
    assert load_study(path, scenario="poor", sets=["budgets.capital_cost=7"]).budgets.capital_cost == 7


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (
            ["budgets.capitl_cost=1"],
            "--set budgets.capitl_cost: is not a key of a study → did you mean `capital_cost`?",
        ),
        (["services.foo.area_m2=1"], "services has no foo; it has canteen"),
        (["solver.gap=7"], "--set solver.gap: must be ≤ 1 (got 7)"),
        (["solver.gap"], "write it as key=value"),
        (["version.x=1"], "version is a single value"),
    ],
)
def test_a_wrong_override_names_itself(tmp_path, sets, said):
    with pytest.raises(StudyError) as caught:
        load_study(_write(tmp_path, GOOD), sets=sets)
    assert said in str(caught.value)


def test_scenarios_that_do_not_exist_or_loop_are_refused(tmp_path):
    path = _write(tmp_path, GOOD)
    with pytest.raises(StudyError, match="there is no scenario rich; the study has: base, poor, poorer, loop"):
        load_study(path, scenario="rich")
    with pytest.raises(StudyError, match="extends itself"):
        load_study(path, scenario="loop")


def test_files_that_are_no_studies_are_refused(tmp_path):
    (tmp_path / "study.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(StudyError, match="did you mean"):
        load_study(tmp_path / "studdy.yaml")
    with pytest.raises(StudyError, match="is a folder"):
        load_study(tmp_path)
    (tmp_path / "gbk.yaml").write_bytes("name: 中文".encode("gbk"))
    with pytest.raises(StudyError, match="not UTF-8"):
        load_study(tmp_path / "gbk.yaml")
