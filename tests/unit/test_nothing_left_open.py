"""What is opened is closed, whenever garbage is collected: files, sockets, threads and worker processes."""

import multiprocessing
import os
import signal
import socket
import threading
from pathlib import Path

import pytest

from planner.store.executors import MOST_WORKER_DEATHS, Processes, ScenarioJob, ScenarioResult
from tests.conftest import _open_files


def descriptors():
    """Kinds of what this process holds open: files, pipes, sockets."""
    kinds = []
    for entry in Path("/proc/self/fd").glob("*"):
        try:
            kinds.append(str(entry.readlink()).split(":", 1)[0])
        except OSError:  # the folder that is read
            continue
    return sorted(kinds)


def test_a_file_that_is_left_open_is_seen(tmp_path):
    (tmp_path / "x").write_text("x", encoding="utf-8")
    before = _open_files()
    with (tmp_path / "x").open(encoding="utf-8"):
        assert _open_files() - before == {str(tmp_path / "x")}
    assert _open_files() == before


def test_a_socket_that_is_left_open_is_seen():
    before = descriptors()
    with socket.socket():
        assert len(descriptors()) == len(before) + 1
    assert descriptors() == before


class Working:
    """Ends each job at once, or its worker with it."""

    def do(self, job, on_event):
        on_event(job.name, "began")
        if job.scenario == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        return ScenarioResult(job.name, "ran", None, None)


def ended(scenarios, first_only=False):
    jobs = [ScenarioJob(f"x/{n}", name, "{}", Path(), Path(), "") for n, name in enumerate(scenarios)]
    running = Processes(2).run(Working(), jobs, lambda *_: None)
    found = [next(running).how] if first_only else [one.how for one in running]
    running.close()
    return sorted(found)


@pytest.mark.deep
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only here the system tells what a process holds open")
@pytest.mark.parametrize(
    ("scenarios", "first_only", "found"),
    [
        (["plain"] * 3, False, ["ran"] * 3),
        (["plain"] * 3, True, ["ran"]),
        (["deadly"], False, ["failed"]),
    ],
    ids=["to the end", "left after the first", f"a worker killed {MOST_WORKER_DEATHS} times"],
)
def test_no_worker_pipe_or_thread_outlives_a_batch(scenarios, first_only, found):
    ended(["plain"])  # Python's own tracker of shared memory starts with the first worker, and stays
    before, threads = descriptors(), set(threading.enumerate())
    assert ended(scenarios, first_only) == found
    assert multiprocessing.active_children() == []
    assert set(threading.enumerate()) <= threads
    assert descriptors() == before
