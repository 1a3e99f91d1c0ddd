"""Every scenario runs once, one that fails stops none, and the same call is a resumption or a no-op."""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from planner.errors import BatchError, StudyError
from planner.store.cluster import Cluster
from planner.store.executors import MOST_WORKER_DEATHS, Processes, Serial
from planner.store.manifest import Manifest
from planner.workflow.batch import ScenarioRunner, executor_for, expand, run_batch
from tests.stores import contents, differences
from tests.tiny_town import write_town


def _quiet(*_):
    pass


def _batch(studies, store, executor=None, **asked):
    work = asked.pop("work", None) or ScenarioRunner(store / ".cache")
    return run_batch(
        studies, executor=executor or Serial(), work=work, store=store, on_event=asked.pop("on_event", _quiet), **asked
    )


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return write_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def whole(town, tmp_path_factory):
    """A store that was filled without any trouble."""
    store = tmp_path_factory.mktemp("whole")
    report = _batch([town], store)
    report.raise_failures()
    return store


def test_every_scenario_has_its_run(whole):
    runs = sorted(path.parent.name for path in whole.glob("town/*/manifest.json"))
    grid = [f"grid+capital_cost-{money}00000+speed_m_s-{speed}" for money in (12, 16, 8) for speed in (0.7, 0.9)]
    assert runs == ["base", "frail", *grid, "rich"]
    for path in whole.glob("town/*/manifest.json"):
        manifest = Manifest.from_json(path.read_text())
        assert manifest.scenario == path.parent.name
        assert manifest.result.status == "optimal"


def test_a_second_call_does_nothing(town, whole):
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*") if ".cache" not in path.parts}
    report = _batch([town], whole, executor=None)
    assert report.counts == {"reused": 9}
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*") if ".cache" not in path.parts} == before


@pytest.mark.deep
def test_streets_are_searched_once_for_each_walker(town, tmp_path):
    report = _batch([town], tmp_path)
    made = [recall.stage for recall in report.cache_events if recall.how == "made"]
    assert made.count("layers") == made.count("streets") == made.count("walks of quick") == 1
    assert made.count("walks of slow") == 4  # four speeds
    assert made.count("plan") == 9


@pytest.mark.deep
def test_a_run_without_cache_is_the_same_to_the_byte(town, whole, tmp_path):
    _batch([town], tmp_path, work=ScenarioRunner(None)).raise_failures()
    assert differences(whole, tmp_path) == []


def test_a_deleted_run_and_a_deleted_cache_are_made_again(town, whole, tmp_path):
    store = tmp_path / "store"
    shutil.copytree(whole, store)
    shutil.rmtree(store / "town" / "rich")
    shutil.rmtree(store / ".cache")
    report = _batch([town], store)
    assert report.counts == {"reused": 8, "ran": 1}
    assert differences(whole, store) == []


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (["rich"], ["town/rich"]),
        (["grid*0.7"], [f"town/grid+capital_cost-{m}+speed_m_s-0.7" for m in (800000, 1200000, 1600000)]),
        (["town/b*", "frail"], ["town/base", "town/frail"]),
    ],
)
def test_only_what_is_asked_for(town, tmp_path, only, names):
    assert [line.name for line in expand([town], only=only, store=tmp_path)] == names


def test_a_pattern_that_fits_nothing_is_a_fault(town, tmp_path):
    with pytest.raises(StudyError, match="no scenario fits --only x"):
        _batch([town], tmp_path, only=["x*"])


FAILING = """\
  - {name: fine, set: {budgets.capital_cost: 2400000}}
  - {name: impossible, set: {siting.must: [{site: r0}], budgets.capital_cost: 1}}
  - {name: nowhere, set: {layers.streets.path: nowhere.osm}}
  - {name: misspelt, set: {budgets.captal_cost: 1}}
"""


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("executor", [Serial(), Processes(2)], ids=["serial", "processes"])
def test_a_scenario_that_fails_stops_none_and_is_listed(tmp_path, executor):
    study = write_town(tmp_path / "town", scenarios=FAILING)
    report = _batch([study], tmp_path / "store", executor)
    assert report.counts == {"ran": 2, "failed": 3}
    assert [(one.name, one.exit_code) for one in report.failed] == [
        ("town/impossible", 5),
        ("town/nowhere", 4),
        ("town/misspelt", 3),
    ]
    with pytest.raises(BatchError, match=r"3 of 5 scenarios failed") as caught:
        report.raise_failures()
    assert caught.value.exit_code == 7
    for said in ("no plan keeps every rule", "nowhere.osm", "did you mean `capital_cost`"):
        assert said in str(caught.value)
    assert sorted(path.name for path in (tmp_path / "store" / "town").iterdir()) == ["base", "fine"]
    assert json.loads(json.dumps(report.as_dict()))["failed"] == 3


@pytest.mark.deep
def test_a_bug_in_one_scenario_stops_none(town, tmp_path, monkeypatch):
    from planner.workflow import plan as run

    evaluate = run.evaluate
    seen = []

    def broken(problem, plan):
        seen.append(plan)
        if len(seen) == 2:
            raise ZeroDivisionError
        return evaluate(problem, plan)

    monkeypatch.setattr(run, "evaluate", broken)
    report = _batch([town], tmp_path)
    assert report.counts == {"ran": 8, "failed": 1}
    assert "ZeroDivisionError" in report.failed[0].reason


@pytest.mark.deep
def test_processes_find_what_one_process_finds(town, whole, tmp_path):
    told = []
    report = _batch([town], tmp_path, Processes(2), on_event=lambda *what: told.append(what[:2]))
    report.raise_failures()
    assert differences(whole, tmp_path) == []
    names = [one.name for one in report.done]
    assert {name for name, event in told if event == "began"} == set(names)
    assert sorted(name for name, event in told if event == "ended") == sorted(names)
    assert not list((tmp_path / ".cache" / "locks").iterdir())


class _Deadly(ScenarioRunner):
    """Kills its process at one scenario, as often as the file has letters left."""

    def do(self, job, on_event):
        fuse = Path(self.cache) / "fuse"
        if job.scenario == "rich" and (left := fuse.read_text()):
            fuse.write_text(left[1:])
            os.kill(os.getpid(), signal.SIGKILL)
        return super().do(job, on_event)


@pytest.mark.deep
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not of Windows")
@pytest.mark.parametrize(
    "deaths", [1, pytest.param(MOST_WORKER_DEATHS - 1, marks=pytest.mark.scale), MOST_WORKER_DEATHS]
)
def test_a_worker_that_dies_takes_nothing_with_it(town, whole, tmp_path, deaths):
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "fuse").write_text("x" * deaths)
    report = _batch([town], tmp_path, Processes(2), work=_Deadly(tmp_path / ".cache"), only=["base", "rich", "frail"])
    ended = ("base", "rich", "frail") if deaths < MOST_WORKER_DEATHS else ("base", "frail")
    assert sorted(one.name for one in report.failed) == [f"town/{name}" for name in ("rich",) if name not in ended]
    assert all("killed 3 times" in one.reason for one in report.failed)
    expected = {path: held for path, held in contents(whole).items() if path.split("/")[1] in ended}
    assert expected == contents(tmp_path)


def test_an_interrupted_search_is_no_result(town, tmp_path, monkeypatch):
    from dataclasses import replace

    from planner.workflow import pipeline as run

    solve = run.solve

    def interrupted(problem, **asked):
        plan = solve(problem, **asked)
        return replace(plan, outcome=replace(plan.outcome, status="feasible", stopped_by="interrupt"))

    monkeypatch.setattr(run, "solve", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _batch([town], tmp_path)
    assert contents(tmp_path) == {}


@pytest.mark.deep
def test_inputs_that_change_under_way_are_noticed(tmp_path):
    study = write_town(tmp_path / "town", scenarios="  - {name: rich, set: {budgets.capital_cost: 2400000}}\n")

    def meddle(name, event, *_):
        if name == "town/base" and event == "ended":
            path = study.parent / "facilities.geojson"
            path.write_bytes(path.read_bytes() + b"\n")

    report = _batch([study], tmp_path / "store", on_event=meddle)
    assert [one.name for one in report.failed] == ["town/rich"]
    assert "changed meanwhile" in report.failed[0].reason
    assert _batch([study], tmp_path / "store").counts == {"ran": 2}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="who may write everywhere cannot be refused")
def test_a_store_that_may_not_be_written_is_named(town, tmp_path):
    tmp_path.chmod(0o555)
    try:
        report = _batch([town], tmp_path)
    finally:
        tmp_path.chmod(0o755)
    assert {one.exit_code for one in report.failed} == {4}
    assert "cannot write to" in report.failed[0].reason


def test_a_store_that_cannot_be_a_folder_is_named(town, tmp_path):
    (tmp_path / "file").write_text("")
    report = _batch([town], tmp_path / "file", only=["base"])
    assert report.counts == {"failed": 1}
    assert "give another place with --out" in report.failed[0].reason


def test_studies_are_told_apart(tmp_path):
    one, other = (write_town(tmp_path / name, name="study", seed=seed) for seed, name in enumerate(("north", "south")))
    lines = expand([one, other], only=["base"], store=tmp_path)
    assert [line.name for line in lines] == ["north/base", "south/base"]
    third = write_town(tmp_path / "other" / "north", name="study")
    with pytest.raises(StudyError, match="would both be called north"):
        expand([one, third], store=tmp_path)


def test_the_executor_asked_for():
    assert isinstance(executor_for(1, None), Serial)
    assert isinstance(executor_for(3, None), Processes)
    assert isinstance(executor_for(None, "tcp://nowhere:1"), Cluster)
