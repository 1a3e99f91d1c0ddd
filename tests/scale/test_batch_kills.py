"""kill -9 at twenty random moments, in each executor; a worker of a cluster killed in the middle; two batches on one store."""

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from planner.store.cluster import Cluster
from planner.store.executors import Serial
from planner.workflow.batch import ScenarioRunner, run_batch
from tests.kills import call, lost_to_kills
from tests.stores import differences
from tests.tiny_town import write_town

pytestmark = [
    pytest.mark.scale,
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not of Windows"),
]

MANY = """\
  - name: grid
    matrix:
      budgets.capital_cost: [600000, 800000, 1000000, 1200000, 1400000, 1600000]
      walking.profiles.slow.speed_m_s: [0.64, 0.7, 0.8, 0.9]
"""


@pytest.mark.parametrize(("words", "kills"), [(("--jobs", "2"), 14), (("--jobs", "1"), 6)])
def test_kill_9_at_random_moments_loses_nothing(tmp_path, words, kills):
    study = write_town(tmp_path / "town", scenarios=MANY)
    assert lost_to_kills(study, tmp_path, kills=kills, seed=20, words=words) == [[]] * kills


def test_no_worker_outlives_a_killed_batch(tmp_path):
    study = write_town(tmp_path / "town", scenarios=MANY)
    batch = call(study, tmp_path / "store", "--jobs", "2")
    time.sleep(4)
    assert len(_session(batch.pid)) >= 2
    batch.kill()
    batch.wait()
    for _ in range(100):
        if not _session(batch.pid):
            break
        time.sleep(0.1)
    assert _session(batch.pid) == []


def _session(leader):
    """Processes of the session that ``leader`` opened, itself and dead ones left out."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _parent, _group, session, *_ = path.read_text().rsplit(")", 1)[1].split()
            if int(session) == leader and state != "Z" and path.parent.name != str(leader):
                found.append(int(path.parent.name))
    return found


def _whole(tmp_path, study):
    run_batch(
        [study], executor=Serial(), work=ScenarioRunner(tmp_path / ".cache"), store=tmp_path / "whole", on_event=_quiet
    )
    return tmp_path / "whole"


def _quiet(*_):
    pass


@pytest.mark.filterwarnings("ignore")  # Dask speaks of workers that are killed
def test_a_cluster_whose_worker_is_killed_finds_the_same(tmp_path):
    from distributed import LocalCluster

    study = write_town(tmp_path / "town", scenarios=MANY)
    killed = []
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:

        def kill(_name, event, *_):
            if event == "ended" and not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        report = run_batch(
            [study],
            executor=Cluster(cluster.scheduler_address, 2),
            work=ScenarioRunner(tmp_path / "store" / ".cache"),
            store=tmp_path / "store",
            on_event=kill,
        )
    report.raise_failures()
    assert killed
    assert report.counts["ran"] + report.counts["reused"] == 25
    assert differences(_whole(tmp_path, study), tmp_path / "store") == []


def test_two_batches_on_one_store_share_the_work(tmp_path):
    study = write_town(tmp_path / "town", scenarios=MANY)
    reports = []

    def batch():
        work = ScenarioRunner(tmp_path / "store" / ".cache")
        reports.append(run_batch([study], executor=Serial(), work=work, store=tmp_path / "store", on_event=_quiet))

    beside = [call(study, tmp_path / "store", "--jobs", "1") for _ in range(2)]
    here = threading.Thread(target=batch)
    here.start()
    here.join()
    assert [one.wait() for one in beside] == [0, 0]
    reports[0].raise_failures()
    assert differences(_whole(tmp_path, study), tmp_path / "store") == []
    assert len(reports[0].done) == 25
