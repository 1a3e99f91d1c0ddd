"""Scenarios on a Dask cluster: an existing one by its address, or one made on this machine. The only module that knows Dask.

Scenarios travel as a few kilobytes of text. Layers, streets and reach do not travel at all: workers see the folder of the
study and the store, read what they need from there, and leave results there. What comes back through Dask is one line.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
from typing import TYPE_CHECKING, Any

from planner.errors import ClusterError
from planner.store.executors import abandoned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.store.executors import Event, OnEvent, Runner, ScenarioJob, ScenarioResult

_log = logging.getLogger(__name__)

LOCAL = "local"
"""What is said instead of an address to have a cluster made on this machine."""

_TOPIC = "planner"
_WAIT_S = 60
_AHEAD = 4
"""Scenarios handed over in advance for each worker; the rest stay here."""


class Cluster:
    """A Dask cluster; a worker that is lost takes nothing with it, its scenarios are run by others.

    Parameters
    ----------
    address
        Of the scheduler (``tcp://host:8786``), or ``local``.
    workers
        Of a local cluster: how many, with one thread each.
    wait_s
        How long to wait for the first worker.

    Raises
    ------
    ClusterError
        if Dask is not installed.
    """

    def __init__(self, address: str, workers: int, *, wait_s: float = _WAIT_S) -> None:
        if importlib.util.find_spec("distributed") is None:
            msg = "Dask is not installed here; install the extra: pip install 'community-facility-planner[cluster]'"
            raise ClusterError(msg)
        self._address, self._workers, self._wait_s = address, workers, wait_s

    def run(self, work: Runner, jobs: Sequence[ScenarioJob], on_event: OnEvent) -> Iterator[ScenarioResult]:
        """Do every job.

        Raises
        ------
        ClusterError
            if the cluster cannot be reached, has no worker, or is lost.
        """
        with self._client() as client:
            client.subscribe_topic(_TOPIC, lambda event: _hear(event, on_event))
            yield from self._gathered(client, work, iter(jobs))

    @contextlib.contextmanager
    def _client(self) -> Iterator[Any]:
        from distributed import Client, LocalCluster  # noqa: PLC0415 - only who asks for a cluster waits for Dask

        with contextlib.ExitStack() as open_:
            try:
                where: Any = self._address
                if self._address == LOCAL:
                    where = open_.enter_context(
                        LocalCluster(n_workers=self._workers, threads_per_worker=1, dashboard_address=None)
                    )
                client = open_.enter_context(Client(where, timeout=self._wait_s, set_as_default=False))
                client.wait_for_workers(1, timeout=self._wait_s)
            except (OSError, TimeoutError, ValueError) as fault:
                msg = f"no cluster with a worker at {self._address} ({fault}); start one: dask scheduler, then dask worker"
                raise ClusterError(msg) from fault
            yield client

    def _gathered(self, client: Any, work: Runner, waiting: Iterator[ScenarioJob]) -> Iterator[ScenarioResult]:
        from distributed import CancelledError, KilledWorker, as_completed  # noqa: PLC0415

        jobs: dict[str, ScenarioJob] = {}
        futures = as_completed(loop=client.loop)

        def hand_over() -> None:
            room = _AHEAD * max(1, len(client.nthreads())) - futures.count()
            for _, job in zip(range(room), waiting, strict=False):
                future = client.submit(_do, work, job, key=f"{job.name} {job.digest[:12]} {int(job.wait)}", pure=False)
                jobs[future.key] = job
                futures.add(future)

        hand_over()
        for future in futures:
            job = jobs[future.key]
            try:
                done: ScenarioResult = future.result()
            except KilledWorker:
                done = abandoned(job)
            except (CancelledError, OSError) as fault:
                msg = (
                    f"the cluster at {self._address} was lost ({fault}); what is finished stays, the same call resumes"
                )
                raise ClusterError(msg) from fault
            yield done
            hand_over()


def _do(work: Runner, job: ScenarioJob) -> ScenarioResult:
    return work.do(job, _send)


def _send(name: str, event: Event, what: ScenarioResult | str = "") -> None:
    from distributed import get_worker  # noqa: PLC0415

    get_worker().log_event(_TOPIC, (name, event, str(what)[:200]))


def _hear(event: tuple[float, Any], on_event: OnEvent) -> None:
    _, logged = event
    if isinstance(logged, tuple | list) and len(logged) == 3:
        name, what, note = logged
        if what in ("began", "stage"):
            on_event(str(name), what, str(note))
