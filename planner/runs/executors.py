"""Where the scenarios of a batch are run: in this process, or in processes beside it. The cluster is in `planner.runs.cluster`."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from planner.runs.work import Done, Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

    from planner.runs.work import Event, Tell, Work

_log = logging.getLogger(__name__)

#: a scenario that costs this many workers their life is given up
DEATHS = 3

#: a message longer than this could be torn apart by another worker's
_ATOMIC_BYTES = 4000

_ONE_THREAD_EACH = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class Serial:
    """One scenario after another, in this process."""

    def run(self, work: Work, jobs: Sequence[Job], tell: Tell) -> Iterator[Done]:
        """Do every job in order."""
        for job in jobs:
            yield work.do(job, tell)


class Processes:
    """Several scenarios at once, each in a process of its own.

    A process that is killed takes nothing with it: what it and its fellows were at is done again, one at a time, so that
    a scenario that kills its worker (for want of memory, say) is found out and given up after `DEATHS` times.

    Parameters
    ----------
    workers
        How many processes.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._running: dict[Future[Done], Job] = {}

    def run(self, work: Work, jobs: Sequence[Job], tell: Tell) -> Iterator[Done]:
        """Do every job, as many at once as there are workers."""
        left, suspects = deque(jobs), deque[Job]()
        deaths: Counter[str] = Counter()
        while left or suspects:
            queue, workers = (deque([suspects.popleft()]), 1) if suspects else (left, self._workers)
            try:
                yield from self._pool(work, queue, workers, tell)
            except BrokenProcessPool:
                for job in self._running.values():
                    deaths[job.name] += 1
                    if deaths[job.name] < DEATHS:
                        _log.warning("the worker of %s died; it is run again", job.name)
                        suspects.append(job)
                    else:
                        yield given_up(job)

    def _pool(self, work: Work, queue: deque[Job], workers: int, tell: Tell) -> Iterator[Done]:
        running: dict[Future[Done], Job] = {}
        self._running = running
        spawn = multiprocessing.get_context("spawn")
        life, lifeline = spawn.Pipe(duplex=False)
        hear, say = spawn.Pipe(duplex=False)
        listener = threading.Thread(target=_listen, args=(hear, tell), daemon=True)
        listener.start()
        pool = ProcessPoolExecutor(min(workers, len(queue)), mp_context=spawn, initializer=_begin, initargs=(life, say))
        try:
            while queue or running:
                while queue and len(running) < workers:
                    job = queue.popleft()
                    try:
                        running[pool.submit(_do, work, job)] = job
                    except BrokenProcessPool:
                        queue.appendleft(job)
                        raise
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    done = future.result()
                    del running[future]
                    yield done
            pool.shutdown(wait=True)
        finally:
            lifeline.close()  # ends every worker that is left at once, whatever it is at
            pool.shutdown(wait=True, cancel_futures=True)
            life.close()
            say.close()
            listener.join()
            hear.close()


def given_up(job: Job) -> Done:
    """Return the failure of a scenario that has cost too many workers their life."""
    reason = (
        f"its worker was killed {DEATHS} times, most likely for want of memory; run fewer side by side (--jobs 1), or on a"
        " machine with more memory"
    )
    return Done(job.name, "failed", None, None, reason, exit_code=1)


_say: Connection | None = None


def _begin(life: Connection, say: Connection) -> None:
    """Prepare a worker: it ends with the batch, leaves Ctrl-C to it, and computes with one thread."""
    global _say  # noqa: PLW0603 - the one thing a worker process knows of its parent
    _say = say
    os.environ.update(dict.fromkeys(_ONE_THREAD_EACH, "1"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()


def _end_with(life: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        life.recv()
    os._exit(1)


def _do(work: Work, job: Job) -> Done:
    return work.do(job, _tell)


def _tell(name: str, event: Event, what: Done | str = "") -> None:
    """Send word to the batch: short, in one piece, and without any lock a dying worker could take with it."""
    if _say is None:
        return
    text = str(what)[:200]
    message = f"{name}\0{event}\0{text}".encode()
    if len(message) < _ATOMIC_BYTES:
        with contextlib.suppress(OSError):
            _say.send_bytes(message)


def _listen(hear: Connection, tell: Tell) -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            name, event, what = hear.recv_bytes().decode().split("\0", 2)
            if event in ("began", "stage"):
                tell(name, "began" if event == "began" else "stage", what)
