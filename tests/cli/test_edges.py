"""Terminals, sizes, texts and interrupts at the edge: an exit code of the list, a clear text, never a traceback."""

import json
import os
import signal
import subprocess
import sys

import pytest

from planner import cli
from planner.cli import _run
from planner.errors import LACKS_MEMORY
from planner.io import read
from planner.io.read import read_file
from planner.io.table import UnreadableError
from tests.cli.test_folders import decisions
from tests.conftest import REPOSITORY
from tests.tiny_town import write_town


@pytest.fixture
def town(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_town(tmp_path / "town", scenarios="  - {name: rich, set: {budgets.capital_cost: 2400000}}\n")


def planner(town, *words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "planner", *words],
        cwd=town.parent,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PLANNER_CACHE": "off", **environment},
        capture_output=True,
        check=False,
    )


@pytest.mark.deep
@pytest.mark.parametrize(
    "encoding", ["latin-1", *(pytest.param(name, marks=pytest.mark.scale) for name in ("ascii", "gbk", "cp437"))]
)
def test_a_terminal_of_another_encoding_gets_what_it_can_show(town, encoding):
    ended = planner(town, "plan", town.name, "--set", "language=zh", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert ended.returncode == 0, ended.stderr.decode(encoding)
    said = ended.stdout.decode(encoding)
    assert "→" in said or "\\u2192" in said
    assert (town.parent / "outputs/town/base/map.html").is_file()
    told = planner(town, "plan", town.name, "--json", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert json.loads(told.stdout.decode(encoding))["scenario"] == "base"


def test_a_reader_that_goes_away_is_no_fault():
    with subprocess.Popen(
        [sys.executable, "-m", "planner", "schema"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 0


@pytest.mark.deep
def test_a_path_of_five_thousand_characters_is_a_missing_file(town, capsys):
    long = "x" * 5000
    for path in (f"{long}.geojson", f"{long}.gpkg", f"{long}.csv"):
        assert _run(["check", str(town), "--set", f"layers.facilities.0.path={path}"]) == 4
        assert "missing-file" in capsys.readouterr().out
    assert _run(["plan", str(town), "--set", f"layers.streets.path={long}.osm", "--quiet"]) == 4
    assert _run(["plan", long]) == 3
    assert _run(["compare", long]) in (2, 4)
    assert _run(["report", long]) in (2, 4)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("where", ["name", "services.canteen.name", "notes"])
def test_a_half_character_in_a_text_is_refused_by_place(town, capsys, where):
    text = town.read_text(encoding="utf-8")
    half = '"a\\uD800b"'
    town.write_text(
        {
            "name": text.replace("{zh: 小镇, en: Tiny town}", half),
            "services.canteen.name": text.replace("{zh: 食堂, en: Canteen}", half),
            "notes": text + f"notes: [{half}]\n",
        }[where],
        encoding="utf-8",
    )
    assert _run(["plan", str(town), "--quiet"]) == 3
    said = capsys.readouterr().err
    assert "town.yaml:" in said
    said.encode()


@pytest.mark.deep
def test_half_characters_in_a_layer_are_read_or_refused(town, capsys):
    path = town.parent / "candidates.geojson"
    path.write_text(path.read_text(encoding="utf-8").replace("Room 3", "Room \\ud8003"), encoding="utf-8")
    assert _run(["plan", str(town), "--quiet", "--out", "run"]) in (0, 4)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.deep
def test_decisions_about_an_unknown_service_are_refused_by_name(town, capsys):
    assert _run(["plan", "town/town.yaml", "--quiet", "--set", "scenarios=[]"]) == 0
    path = decisions(town.parent.parent)
    told = json.loads(path.read_text(encoding="utf-8"))
    for change in (
        {"decisions": [{"place_id": "r0", "service": "opera", "state": "open"}]},
        {"open": [{"place_id": "r0", "service": "opera"}]},
    ):
        path.write_text(json.dumps({**told, **change}), encoding="utf-8")
        assert _run(["review", "town/town.yaml", str(path), "--quiet", "--set", "scenarios=[]"]) == 3
        assert "opera: is no service of the study" in capsys.readouterr().err
    path.write_text(
        json.dumps({**told, "decisions": [{"place_id": "nowhere", "service": "canteen", "state": "open"}]}),
        encoding="utf-8",
    )
    assert _run(["review", "town/town.yaml", str(path), "--quiet", "--set", "scenarios=[]"]) in (3, 5)
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(("area_m2", "ended"), [(100_000, 0), (1, 3)], ids=["few fit", "all fit"])
def test_thirty_three_services_are_planned_or_refused_by_name(town, capsys, area_m2, ended):
    text = town.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("  - {id: childcare"))
    other = line.replace("area_m2: 120", f"area_m2: {area_m2}")
    lines = "\n".join(other.replace("childcare", f"s{i}").replace("Childcare", f"S{i}") for i in range(33))
    town.write_text(text.replace(line, f"{line}\n{lines}"), encoding="utf-8")
    words = ["--set", "solver.time_limit_s=5", "--set", "siting.max_sites=1", "--quiet", "--out"]
    assert _run(["plan", str(town), *words, "run"]) == ended
    assert ("combinations of services" in capsys.readouterr().err) == (ended == 3)


def test_three_hundred_circles_are_planned_or_refused_by_name(town, capsys):
    circles = ", ".join(f"{{minutes: {1 + i / 100}, weight: 1}}" for i in range(300))
    assert (
        _run(
            [
                "plan",
                str(town),
                "--quiet",
                "--out",
                "run",
                "--set",
                "solver.time_limit_s=5",
                "--set",
                f"services.canteen.circles=[{circles}]",
            ]
        )
        == 3
    )
    assert "300 different circles" in capsys.readouterr().err


def test_lack_of_memory_is_not_blamed_on_the_layer(town, capsys, monkeypatch):
    def none_left(*_, **__):
        raise MemoryError

    monkeypatch.setattr(read, "read_vector", none_left)
    with pytest.raises(UnreadableError) as fault:
        read_file(town.parent / "communities.geojson")
    assert fault.value.code == "not-enough-memory"

    monkeypatch.setattr("planner.workflow.plan.plan", none_left)
    assert _run(["plan", str(town)]) == LACKS_MEMORY
    assert "not enough memory" in capsys.readouterr().err


@pytest.mark.parametrize("wrapped", [ImportError, SystemError, RuntimeError])
def test_an_interrupt_while_a_library_loads_is_an_interrupt(town, capsys, monkeypatch, wrapped):
    def loading(*_, **__):
        raise wrapped("numpy could not be loaded") from KeyboardInterrupt()

    monkeypatch.setattr("planner.workflow.plan.plan", loading)
    assert _run(["plan", str(town)]) == cli.INTERRUPTED
    assert "Traceback" not in capsys.readouterr().err


def test_an_interrupt_before_the_command_line_is_loaded_is_an_interrupt():
    code = (
        "import sys, runpy\n"
        "class Pressed:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "sys.argv = ['planner', '--version']\n"
        "runpy.run_module('planner', run_name='__main__')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        check=False,
    )
    assert (ended.returncode, b"Traceback" in ended.stderr) == (128 + signal.SIGINT, False)
