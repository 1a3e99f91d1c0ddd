"""Where the scenarios of a batch are run: in this process, or in processes beside it. The cluster is in `planner.store.cluster`."""

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
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from planner.errors import BatchError, Fault, raise_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

    from planner.store.cache import CacheEvent
    from planner.store.manifest import Result

_log = logging.getLogger(__name__)

#: a scenario that costs this many workers their life is given up
MOST_WORKER_DEATHS = 3

#: a message longer than this could be torn apart by another worker's
_ATOMIC_BYTES = 4000

_ONE_THREAD_EACH = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


Event = Literal["expected", "began", "stage", "ended"]


@dataclass(frozen=True)
class ScenarioJob:
    """A scenario to be run; everything in it can travel to another machine that sees the same folders."""

    name: str
    """``study/scenario``."""
    scenario: str
    study_json: str
    """The study with the scenario laid over it, as JSON."""
    folder: Path
    """Where the study file lies; its layers are relative to it."""
    target: Path
    """The folder of the run."""
    digest: str
    wait: bool = False
    """Wait for another batch that is at it, instead of passing on."""


@dataclass(frozen=True)
class ScenarioResult:
    """What came of a scenario."""

    name: str
    how: Literal["ran", "reused", "failed", "elsewhere"]
    """``elsewhere``: another batch is at it just now."""
    folder: Path | None
    result: Result | None
    reason: str = ""
    exit_code: int = 0
    seconds: float = 0.0
    events: tuple[CacheEvent, ...] = ()
    """What was reused of the work before, stage by stage."""


class OnEvent(Protocol):
    """Told what a scenario is at; must be cheap and must not fail."""

    def __call__(self, name: str, event: Event, what: ScenarioResult | str = "") -> None:
        """Hear ``expected`` with how many there are, of no name; ``began``; ``stage`` with its name and note; ``ended`` with what came of it."""


@dataclass(frozen=True)
class BatchReport:
    """What came of a batch, in the order of the studies and their scenarios."""

    done: tuple[ScenarioResult, ...]
    seconds: float

    @property
    def counts(self) -> Counter[str]:
        """How many ran, were reused, and failed."""
        return Counter(one.how for one in self.done)

    @property
    def failed(self) -> tuple[ScenarioResult, ...]:
        """Those that failed, each with its reason."""
        return tuple(one for one in self.done if one.how == "failed")

    @property
    def cache_events(self) -> tuple[CacheEvent, ...]:
        """How every stage of every scenario that ran came by its result."""
        return tuple(event for one in self.done for event in one.events)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values, one block per scenario."""
        return {
            "scenarios": len(self.done),
            "ran": self.counts["ran"],
            "reused": self.counts["reused"],
            "failed": self.counts["failed"],
            "seconds": self.seconds,
            "runs": [
                {
                    "name": one.name,
                    "how": one.how,
                    "folder": None if one.folder is None else str(one.folder),
                    "reason": one.reason,
                    "exit_code": one.exit_code,
                    "seconds": one.seconds,
                    "result": None if one.result is None else asdict(one.result),
                }
                for one in self.done
            ],
        }

    def raise_failures(self) -> None:
        """Raise `BatchError` naming every scenario that failed and why; do nothing when there is none."""
        faults = [Fault(one.name, one.reason) for one in self.failed]
        raise_all(faults, BatchError, f"{len(faults)} of {len(self.done)} scenarios failed; the others are finished:")


class Runner(Protocol):
    """How one scenario is run; it travels to other processes and machines."""

    def do(self, job: ScenarioJob, on_event: OnEvent) -> ScenarioResult:
        """Run a scenario and store it; a failure comes back as such, an interruption is raised."""


class Executor(Protocol):
    """Where jobs are done: in this process, in processes beside it, or on a cluster."""

    def run(self, work: Runner, jobs: Sequence[ScenarioJob], on_event: OnEvent) -> Iterator[ScenarioResult]:
        """Do every job and give what came of it, in the order they end; a job whose worker dies is done again."""


class Serial:
    """One scenario after another, in this process."""

    def run(self, work: Runner, jobs: Sequence[ScenarioJob], on_event: OnEvent) -> Iterator[ScenarioResult]:
        """Do every job in order."""
        for job in jobs:
            yield work.do(job, on_event)


class Processes:
    """Several scenarios at once, each in a process of its own.

    A process that is killed takes nothing with it: what it and its fellows were at is done again, one at a time, so that
    a scenario that kills its worker (for want of memory, say) is found out and given up after `MOST_WORKER_DEATHS` times.

    Parameters
    ----------
    workers
        How many processes.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._running: dict[Future[ScenarioResult], ScenarioJob] = {}

    def run(self, work: Runner, jobs: Sequence[ScenarioJob], on_event: OnEvent) -> Iterator[ScenarioResult]:
        """Do every job, as many at once as there are workers."""
        left, suspects = deque(jobs), deque[ScenarioJob]()
        deaths: Counter[str] = Counter()
        while left or suspects:
            queue, workers = (deque([suspects.popleft()]), 1) if suspects else (left, self._workers)
            try:
                yield from self._pool(work, queue, workers, on_event)
            except BrokenProcessPool:
                for job in self._running.values():
                    deaths[job.name] += 1
                    if deaths[job.name] < MOST_WORKER_DEATHS:
                        _log.warning("the worker of %s died; it is run again", job.name)
                        suspects.append(job)
                    else:
                        yield abandoned(job)

    def _pool(
        self, work: Runner, queue: deque[ScenarioJob], workers: int, on_event: OnEvent
    ) -> Iterator[ScenarioResult]:
        running: dict[Future[ScenarioResult], ScenarioJob] = {}
        self._running = running
        spawn = multiprocessing.get_context("spawn")
        life, lifeline = spawn.Pipe(duplex=False)
        hear, say = spawn.Pipe(duplex=False)
        listener = threading.Thread(target=_listen, args=(hear, on_event), daemon=True)
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


def abandoned(job: ScenarioJob) -> ScenarioResult:
    """Return the failure of a scenario that has cost too many workers their life."""
    reason = (
        f"its worker was killed {MOST_WORKER_DEATHS} times, most likely for want of memory; run fewer side by side (--jobs 1), or on a"
        " machine with more memory"
    )
    return ScenarioResult(job.name, "failed", None, None, reason, exit_code=1)


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


def _do(work: Runner, job: ScenarioJob) -> ScenarioResult:
    return work.do(job, _send)


def _send(name: str, event: Event, what: ScenarioResult | str = "") -> None:
    """Send word to the batch: short, in one piece, and without any lock a dying worker could take with it."""
    if _say is None:
        return
    text = str(what)[:200]
    message = f"{name}\0{event}\0{text}".encode()
    if len(message) < _ATOMIC_BYTES:
        with contextlib.suppress(OSError):
            _say.send_bytes(message)


def _listen(hear: Connection, on_event: OnEvent) -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            name, event, what = hear.recv_bytes().decode().split("\0", 2)
            if event in ("began", "stage"):
                on_event(name, "began" if event == "began" else "stage", what)
