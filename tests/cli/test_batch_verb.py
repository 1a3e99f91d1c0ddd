"""planner batch as it is typed: exit codes, listings, JSON, a disk that is full, and a second call that does nothing."""

import contextlib
import io
import json
import os
import subprocess
import sys

import openpyxl
import pandas as pd
import pytest

from planner.cli import _run
from tests.conftest import REPOSITORY
from tests.tiny_town import write_town
from tests.workbooks import rows_of

TWO = """\
  - {name: rich, set: {budgets.capital_cost: 2400000}}
  - {name: impossible, set: {siting.must: [{site: r0}], budgets.capital_cost: 1}}
"""


@pytest.fixture
def town(tmp_path):
    return write_town(tmp_path / "town", scenarios=TWO)


@pytest.mark.deep
def test_what_failed_is_listed_and_the_rest_is_finished(town, tmp_path, capsys):
    out = tmp_path / "store"
    assert _run(["batch", str(town), "--out", str(out), "--jobs", "1"]) == 7
    said = capsys.readouterr()
    assert "3 scenarios: 2 done, 0 reused, 1 failed" in said.out
    assert "1 of 3 scenarios failed" in said.err
    assert "town/impossible: no plan keeps every rule" in said.err
    assert sorted(path.name for path in (out / "town").iterdir()) == ["base", "rich"]
    assert _run(["batch", str(town), "--out", str(out), "--jobs", "1", "--only", "rich", "--only", "base"]) == 0
    assert "2 scenarios: 0 done, 2 reused, 0 failed" in capsys.readouterr().out


@pytest.mark.deep
def test_json_and_the_cache_explained(town, tmp_path, capsys):
    words = ["batch", str(town), "--out", str(tmp_path / "store"), "--jobs", "1", "--only", "rich", "--only", "base"]
    assert _run([*words, "--json", "--quiet", "--explain-cache"]) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["ran"], told["failed"], len(told["runs"])) == (2, 0, 2)
    assert all(run["result"]["gap"] == 0 for run in told["runs"])
    assert "walks of slow: made 1 ×, read from the cache 0 ×, at hand 1 ×" in said.err
    assert "differs from the nearest one kept in budgets" in said.err


@pytest.mark.deep
def test_reports_on_demand(town, tmp_path):
    out = tmp_path / "store"
    assert _run(["batch", str(town), "--out", str(out), "--jobs", "1", "--only", "base", "--quiet"]) == 0
    assert not (out / "town/base/map.html").exists()
    assert _run(["batch", str(town), "--out", str(out), "--jobs", "1", "--only", "base", "--quiet", "--reports"]) == 0
    assert (out / "town/base/map.html").exists()


@pytest.mark.parametrize(
    "case",
    [
        (["--only", "nobody"], 3, "no scenario fits --only nobody"),
        (["--cluster", "tcp://127.0.0.1:9"], 2, "no cluster with a worker at tcp://127.0.0.1:9"),
    ],
    ids=["no scenario", "no cluster"],
)
def test_refusals(town, tmp_path, capsys, monkeypatch, case):
    from planner.store import cluster

    words, code, said = case
    monkeypatch.setattr(cluster.Cluster.__init__, "__kwdefaults__", {"wait_s": 1})
    assert _run(["batch", str(town), "--out", str(tmp_path / "store"), "--quiet", *words]) == code
    assert said in capsys.readouterr().err


FULL = """
import resource, signal, sys
from planner.cli import _run
import planner.workflow.plan  # what is compiled and read is not to be limited, only what is written
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
sys.exit(_run(sys.argv[1:]))
"""


@pytest.mark.deep
@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are not of Windows")
def test_a_full_disk_is_said_and_leaves_nothing_half(town, tmp_path):
    out = tmp_path / "store"
    words = ["batch", str(town), "--out", str(out), "--jobs", "1", "--only", "base", "--quiet"]
    ended = subprocess.run(
        [sys.executable, "-c", FULL, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 7, ended.stderr
    assert "cannot write" in ended.stderr
    assert "nothing there was changed" in ended.stderr
    assert list(out.glob("town/*")) == []
    assert _run(words) == 0
    assert [path.name for path in (out / "town").iterdir()] == ["base"]


CITY = """\
  - {name: rich, set: {budgets.capital_cost: 2400000}}
  - {name: split, set: {budgets.capital_cost: 900000}}
"""
NORTH = CITY.replace("900000", "1, siting.must: [{site: r0}]") + "  - {name: alone, set: {siting.max_sites: 1}}\n"


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Three districts: of one, the scenario `split` fails and another is its own; one has no childcare."""
    folder = tmp_path_factory.mktemp("city")
    towns = [
        write_town(folder / name, name=name, seed=seed, scenarios=scenarios, east_m=2000.0 * seed)
        for seed, (name, scenarios) in enumerate({"north": NORTH, "south": CITY, "west": CITY}.items())
    ]
    text = towns[2].read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("  - {id: childcare")]
    towns[2].write_text("\n".join(lines).replace("minutes: 6", "minutes: 5"), encoding="utf-8")
    return folder, ["batch", *map(str, towns), "--out", str(folder / "store"), "--jobs", "1"]


@pytest.fixture(scope="module")
def told(city):
    folder, words = city
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert _run([*words, "--json", "--quiet"]) == 7
    return folder / "store", {one["scenario"]: one for one in json.loads(printed.getvalue())["totals"]}


def _summed(store, scenario, towns):
    tables = [pd.read_parquet(store / town / scenario / "tables" / "coverage.parquet") for town in towns]
    sums, counted = {}, {}
    for table in tables:
        for row in table.to_dict("records"):
            key = (row["service"], row["minutes"])
            figures = [row[name] for name in ("people", "covered_before", "covered_after")]
            sums[key] = [one + other for one, other in zip(sums.get(key, [0, 0, 0]), figures, strict=True)]
            counted[key] = counted.get(key, 0) + 1
    return sums, counted


@pytest.mark.parametrize(
    ("scenario", "towns", "missing"),
    [
        ("base", ["north", "south", "west"], []),
        ("rich", ["north", "south", "west"], []),
        ("split", ["south", "west"], [{"study": "north", "why": "failed"}]),
        ("alone", ["north"], [{"study": "south", "why": "none"}, {"study": "west", "why": "none"}]),
    ],
)
def test_totals_are_the_districts_added_up(told, scenario, towns, missing):
    store, totals = told
    total = totals[scenario]
    sums, counted = _summed(store, scenario, towns)
    assert total["studies"] == len(towns)
    assert total["missing"] == missing
    assert {(row["service"], row["minutes"]) for row in total["coverage"]} == set(sums)
    for row in total["coverage"]:
        people, before, after = sums[row["service"], row["minutes"]]
        assert row["counted_in"] == counted[row["service"], row["minutes"]]
        assert [row["people"], row["covered_before"], row["covered_after"]] == pytest.approx([people, before, after])
        assert row["share_after"] == pytest.approx(after / people)
    bought = [pd.read_parquet(store / town / scenario / "tables" / "opened_sites.parquet") for town in towns]
    assert total["sites"] == sum(len(table) for table in bought)
    assert total["services"] == sum(int(table["n_services"].sum()) for table in bought)
    assert total["capital_cost"] == pytest.approx(sum(table["capital_cost"].sum() for table in bought))
    assert total["yearly_cost"] == pytest.approx(sum(table["yearly_cost"].sum() for table in bought))


@pytest.mark.deep
@pytest.mark.usefixtures("told")
def test_totals_are_printed_with_what_they_lack(city, capsys):
    folder, words = city
    assert _run(words) == 7
    said = capsys.readouterr().out
    blocks = {block.split(" · ")[1].split(" (")[0]: block for block in said.split("city totals")[1:]}
    assert list(blocks) == ["base", "rich", "split"], "one district alone is no city"
    assert "not counted: north (failed)" in blocks["split"]
    assert "not counted" not in blocks["base"]
    people, before, after = (
        round(one) for one in _summed(folder / "store", "base", ["north", "south"])[0]["canteen", 6]
    )
    line = next(line for line in blocks["base"].splitlines() if line.startswith("Canteen · 6 min"))
    assert f"{before:,} → {after:,} of {people:,} people" in line
    assert line.endswith("in 2 of 3 districts")
    assert next(line for line in blocks["base"].splitlines() if line.startswith("Canteen · 3 min")).endswith("%)")


@pytest.mark.deep
@pytest.mark.usefixtures("told")
def test_totals_speak_the_language_of_the_first_district(city, capsys):
    _, words = city
    assert _run([*words, "--only", "base", "--set", "language=zh"]) == 0
    said = capsys.readouterr().out
    assert "全市合计 · base（3 个片区）" in said
    assert "食堂 · 3 分钟" in said


@pytest.mark.deep
def test_one_district_has_no_totals(town, tmp_path, capsys):
    words = ["batch", str(town), "--out", str(tmp_path / "s"), "--jobs", "1", "--only", "base"]
    assert _run([*words, "--json", "--quiet"]) == 0
    assert "totals" not in json.loads(capsys.readouterr().out)
    assert _run(words) == 0
    assert "city totals" not in capsys.readouterr().out


@pytest.mark.deep
@pytest.mark.usefixtures("told")
def test_a_comparison_of_the_districts_says_the_same(city, tmp_path, capsys):
    folder, words = city
    assert _run([*words, "--only", "base", "--only", "rich"]) == 0
    of_batch = capsys.readouterr().out.split("city totals")[1:]
    of_batch[-1] = of_batch[-1].split("\n\n")[0]
    assert _run(["compare", str(folder / "store"), "--out", str(tmp_path / "c")]) == 0
    said = capsys.readouterr().out
    for block in of_batch:
        assert block.strip() in said
    assert said.count("city totals") == 3
    assert "not counted: north (no run of this scenario)" in said
    page = (tmp_path / "c" / "comparison.html").read_text(encoding="utf-8")
    book = openpyxl.load_workbook(tmp_path / "c" / "comparison.xlsx")
    told = rows_of(book["City totals"])
    named = ("the study as it stands", "Canteen", 3)
    base = next(row for row in told if (row["scenario"], row["service"], row["circle (min)"]) == named)
    assert base["districts"] == 3
    assert f"{base['capital (yuan)']:,.0f} yuan" in of_batch[0]
    assert f"<td>{base['capital (yuan)']:,.0f}</td>" in page
    assert {row["districts not counted"] for row in told if row["scenario"] == "split"} == {"Tiny town (north)"}
