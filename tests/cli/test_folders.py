"""Every verb has a place of its own, takes nobody else's, and `planner report` knows what a folder holds."""

import contextlib
import json
import shutil

import pandas as pd
import pytest

from planner.cli import _run
from tests.tiny_town import write_town

pytestmark = pytest.mark.deep

NAMES = """\
  - {name: assess, set: {budgets.capital_cost: 2400000}}
  - {name: base-review, set: {budgets.capital_cost: 900000}}
  - {name: base-frontier, set: {budgets.capital_cost: 800000}}
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """The folder in which every verb was called once, on a study whose scenarios are called like verbs."""
    folder = tmp_path_factory.mktemp("verbs")
    write_town(folder, scenarios=NAMES)
    with contextlib.chdir(folder):
        for words in (
            ["assess", "town.yaml"],
            ["assess", "town.yaml", "--scenario", "assess"],
            ["batch", "town.yaml", "--jobs", "1"],
            ["explain", "town.yaml"],
            ["frontier", "town.yaml", "--steps", "3"],
        ):
            assert _run([*words, "--quiet"]) == 0, words
        assert _run(["review", "town.yaml", str(decisions(folder)), "--quiet"]) == 0
        assert _run(["compare", "outputs", "--quiet"]) == 0
    return folder


def decisions(folder):
    told = json.loads((folder / "outputs/town/base/manifest.json").read_text(encoding="utf-8"))
    run = {"id": told["run_id"], "digest": told["digest"], "scenario": "base"}
    offers = pd.read_parquet(folder / "outputs/town/base/tables/offers.parquet")
    opened = [
        {"place_id": row["place_id"], "service": row["service"], "size": row["size"], "stands": bool(row["stands"])}
        for row in offers[offers["planned"]].to_dict("records")
    ]
    path = folder / "decisions.json"
    path.write_text(json.dumps({"version": 1, "run": run, "decisions": [], "open": opened}), encoding="utf-8")
    return path


@pytest.fixture
def outputs(town, tmp_path, monkeypatch):
    """A copy of all of it, in the current folder."""
    shutil.copytree(town, tmp_path / "town")
    monkeypatch.chdir(tmp_path / "town")
    return tmp_path / "town" / "outputs"


def test_no_verb_takes_the_place_of_a_scenario(town):
    store = town / "outputs"
    there = sorted(path.relative_to(store).as_posix() for path in store.glob("*/*") if path.is_dir())
    assert [name for name in there if not name.startswith(".")] == [
        *(f"town/{name}" for name in ("assess", "base", "base-frontier", "base-review")),
        "town@assess/assess",
        "town@assess/base",
        "town@frontier/base",
        "town@review/base",
    ]


def test_a_comparison_holds_every_run_once_and_nothing_else(town, tmp_path, capsys):
    words = ["compare", str(town / "outputs"), "--out", str(tmp_path / "all"), "--json"]
    assert _run(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["run"] for row in told["runs"]] == [
        f"town/{name}" for name in ("assess", "base", "base-frontier", "base-review")
    ]
    both = [str(town / "outputs" / name) for name in ("town/base", "town@review/base")]
    assert _run(["compare", *both, "--out", str(tmp_path / "two"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(row["run"], row["study"]) for row in told["runs"]] == [("town/base", "town"), ("town/base@review", "town")]
    assert not told["changes"], "no decision, nothing moves"


@pytest.mark.parametrize("folder", ["town@assess/base", "town@frontier/base", "comparison"])
def test_what_is_no_run_is_not_compared(town, tmp_path, capsys, folder):
    assert _run(["compare", str(town / "outputs" / folder), "--out", str(tmp_path / "x")]) == 4
    assert "not a run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("folder", "pages"),
    [
        ("town/base", {"map.html", "meeting.html", "plan.xlsx", "plan.gpkg", "explanation.md", "explanation.xlsx"}),
        ("town/assess", {"map.html", "meeting.html", "plan.xlsx", "plan.gpkg"}),
        ("town@assess/base", {"assess.html", "assess.xlsx"}),
    ],
)
def test_report_writes_again_what_the_folder_holds(outputs, capsys, folder, pages):
    home = outputs / folder
    before = {name: (home / name).read_bytes() for name in pages if (home / name).exists()}
    assert before or folder == "town/assess", "a batch makes no reports"
    for name in before:
        (home / name).write_text("spoiled")
    assert _run(["report", str(home)]) == 0
    assert {line.rsplit("/", 1)[-1] for line in capsys.readouterr().out.split()} == pages
    for name in pages:
        assert (home / name).read_bytes() == before.get(name, (home / name).read_bytes()) != b"spoiled"


@pytest.mark.parametrize(
    ("folder", "words", "said"),
    [
        ("town@review/base", [], "holds a review, whose pages cannot be made from its tables alone: `planner review"),
        ("town@review/base", ["--sheets"], "`planner review STUDY DECISIONS.json` makes them again"),
        ("town@frontier/base", [], "`planner frontier STUDY` makes them again"),
        ("comparison", [], "`planner compare RUN…` makes them again"),
        ("town@assess/base", ["--public"], "neither sheets nor a page for the public"),
        ("town@assess/base", ["--sheets"], "neither sheets nor a page for the public"),
        ("town", [], "holds no finished run"),
    ],
)
def test_report_says_what_makes_a_folder_it_cannot(town, capsys, folder, words, said):
    home = town / "outputs" / folder
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    assert _run(["report", str(home), *words]) == 4
    assert said in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


def test_a_review_has_a_page_for_the_public(outputs, capsys):
    assert _run(["report", str(outputs / "town@review/base"), "--public"]) == 0
    assert capsys.readouterr().out.strip().endswith("public.html")


@pytest.mark.parametrize(
    ("words", "held"),
    [
        (["plan", "town.yaml", "--out", "outputs/town@assess/base"], "an assessment"),
        (["plan", "town.yaml", "--out", "outputs/town@review/base"], "a review"),
        (["assess", "town.yaml", "--out", "outputs/town/base"], "a run"),
        (["explain", "town.yaml", "--out", "outputs/town@frontier/base"], "a frontier"),
        (["frontier", "town.yaml", "--out", "outputs/town/base"], "a run"),
        (["review", "town.yaml", "decisions.json", "--out", "outputs/town/base"], "a run"),
        (["compare", "outputs/town", "--out", "outputs/town/base"], "a run"),
    ],
)
def test_no_folder_of_another_kind_is_replaced(outputs, capsys, words, held):
    assert _run([*words, "--quiet"]) == 4
    said = capsys.readouterr().err
    assert f"holds {held} " in said
    assert "give another place with --out" in said
    assert (outputs / "town/base/tables/reach.parquet").is_file()


@pytest.mark.parametrize("name", ["town@assess", ".town"])
def test_a_study_cannot_be_called_like_a_place_of_ours(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    write_town(tmp_path, name=name)
    for words in (["plan"], ["batch", "--jobs", "1"], ["assess"]):
        assert _run([words[0], f"{name}.yaml", *words[1:], "--quiet"]) == 3
        assert "rename it" in capsys.readouterr().err
    assert not (tmp_path / "outputs").exists()


def test_a_study_called_comparison_loses_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_town(tmp_path, name="comparison")
    assert _run(["plan", "comparison.yaml", "--out", "elsewhere", "--quiet"]) == 0
    assert _run(["compare", "elsewhere", "--quiet"]) == 0
    assert _run(["plan", "comparison.yaml", "--quiet"]) == 0
    assert _run(["compare", "elsewhere", "--quiet"]) == 4
    assert "other folders (base)" in capsys.readouterr().err
    assert (tmp_path / "outputs/comparison/base/map.html").is_file()
