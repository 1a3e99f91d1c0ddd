"""planner batch as it is typed: exit codes, listings, JSON, a disk that is full, and a second call that does nothing."""

import json
import os
import subprocess
import sys

import pytest

from planner.cli import _run
from tests.conftest import REPOSITORY
from tests.tiny_town import write_town

TWO = """\
  - {name: rich, set: {budgets.capital_yuan: 2400000}}
  - {name: impossible, set: {siting.must: [{site: r0}], budgets.capital_yuan: 1}}
"""


@pytest.fixture
def town(tmp_path):
    return write_town(tmp_path / "town", scenarios=TWO)


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


def test_json_and_the_cache_explained(town, tmp_path, capsys):
    words = ["batch", str(town), "--out", str(tmp_path / "store"), "--jobs", "1", "--only", "rich", "--only", "base"]
    assert _run([*words, "--json", "--quiet", "--explain-cache"]) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["ran"], told["failed"], len(told["runs"])) == (2, 0, 2)
    assert all(run["result"]["gap"] == 0 for run in told["runs"])
    assert "walks of slow: made 1 ×, read from the cache 0 ×, at hand 1 ×" in said.err
    assert "differs from the nearest one kept in budgets" in said.err


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
    from planner.runs import cluster

    words, code, said = case
    monkeypatch.setattr(cluster.Cluster.__init__, "__kwdefaults__", {"wait_s": 1})
    assert _run(["batch", str(town), "--out", str(tmp_path / "store"), "--quiet", *words]) == code
    assert said in capsys.readouterr().err


FULL = """
import resource, signal, sys
from planner.cli import _run
import planner.runs.run  # what is compiled and read is not to be limited, only what is written
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
sys.exit(_run(sys.argv[1:]))
"""


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
    assert list((out / "town").iterdir()) == []
    assert _run(words) == 0
    assert [path.name for path in (out / "town").iterdir()] == ["base"]
