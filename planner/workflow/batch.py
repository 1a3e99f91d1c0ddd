"""Many scenarios of many studies, each run once, none lost: what is finished stays, the rest resumes with the same call."""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import os
import platform
import time
import traceback
from dataclasses import dataclass, field, replace
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from planner.errors import LACKS_MEMORY, OutputError, PlannerError, StudyError
from planner.store.atomic_folder import atomic_folder, recover_folders
from planner.store.cache import LIMIT_BYTES, Cache
from planner.store.executors import BatchReport, ScenarioJob, ScenarioResult
from planner.store.folders import STORE, name_of
from planner.store.locks import locked
from planner.store.manifest import Manifest
from planner.store.provenance import digest_of, hashes_of
from planner.study.load import load_variants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from planner.store.executors import Executor, OnEvent
    from planner.store.run import Run
    from planner.study import Study


#: every executor solves with one thread, so that all of them find the same plan; scenarios run side by side instead
SOLVER_THREADS = 1


def run_batch(
    studies: Sequence[Path],
    *,
    executor: Executor,
    work: ScenarioRunner,
    only: Sequence[str] = (),
    sets: Sequence[str] = (),
    store: Path | None = None,
    on_event: OnEvent,
) -> BatchReport:
    """Run every scenario of every study that is not finished yet.

    Parameters
    ----------
    studies
        Study files.
    executor
        Where the work is done.
    work
        How one scenario is run.
    only
        Patterns (``budget*``, ``porto/*``); a scenario is run if one of them fits its name or ``study/scenario``.
    sets
        ``key=value`` overrides of every study, after the scenario's own.
    store
        Where runs lie; default ``outputs``.
    on_event
        Called with the name of a scenario and what became of it.

    Returns
    -------
    Report
        One line per scenario, finished before or now, or failed.

    Raises
    ------
    StudyError
        if a study file cannot be used at all, or no scenario fits ``only``.
    """
    began = time.perf_counter()
    target = store or STORE
    recover_folders(target)
    lines = expand(studies, only=only, sets=sets, store=target)
    on_event("", "expected", str(len(lines)))
    ended = {line.name: line for line in lines if isinstance(line, ScenarioResult)}
    left: list[ScenarioJob] = []
    for job in lines:
        if isinstance(job, ScenarioJob):
            manifest = finished_run(job.target, job.digest, reports=work.publish is not None)
            if manifest is None:
                left.append(job)
            else:
                ended[job.name] = ScenarioResult(
                    job.name, "reused", job.target, manifest.result, "finished before, same digest"
                )
    for one in ended.values():
        on_event(one.name, "ended", one)
    if left:
        for one in _all(executor, work, left, on_event):
            ended[one.name] = one
            on_event(one.name, "ended", one)
    return BatchReport(tuple(ended[line.name] for line in lines), round(time.perf_counter() - began, 3))


def executor_for(jobs: int | None, cluster: str | None) -> Executor:
    """Return the executor that was asked for: a cluster, one process, or as many as there are processors."""
    from planner.store.cluster import Cluster  # noqa: PLC0415 - a batch with nothing to do needs neither
    from planner.store.executors import Processes, Serial  # noqa: PLC0415

    workers = jobs or _processors()
    if cluster is not None:
        return Cluster(cluster, workers)
    return Serial() if workers == 1 else Processes(workers)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows and macOS
        return os.cpu_count() or 1


def expand(
    studies: Sequence[Path], *, only: Sequence[str] = (), sets: Sequence[str] = (), store: Path = STORE
) -> list[ScenarioJob | ScenarioResult]:
    """Return a job for every scenario that is asked for, or its failure where the scenario does not hold together."""
    lines: list[ScenarioJob | ScenarioResult] = []
    named: dict[str, Path] = {}
    for path in studies:
        name = name_of(path)
        if named.setdefault(name, path) != path:
            msg = f"{named[name]} and {path} would both be called {name}; rename one, so that each has a folder of its own"
            raise StudyError(msg)
        for scenario, study in load_variants(path, sets=sets).items():
            if only and not _fits(name, scenario, only):
                continue
            if isinstance(study, StudyError):
                lines.append(ScenarioResult(f"{name}/{scenario}", "failed", None, None, str(study), study.exit_code))
            else:
                lines.append(_job(name, scenario, study, path.parent, store))
    if not lines:
        msg = f"no scenario fits --only {' --only '.join(only)}; names are as in `study/scenario`"
        raise StudyError(msg)
    return lines


def _fits(study: str, scenario: str, only: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, glob) for name in (scenario, f"{study}/{scenario}") for glob in only)


def _job(name: str, scenario: str, study: Study, folder: Path, store: Path) -> ScenarioJob:
    own = [one for one in study.scenarios if one.name in {scenario, scenario.partition("+")[0]}]  # for its label
    pinned = study.model_copy(
        update={"solver": study.solver.model_copy(update={"threads": SOLVER_THREADS}), "scenarios": own}
    )
    return ScenarioJob(
        name=f"{name}/{scenario}",
        scenario=scenario,
        study_json=pinned.model_dump_json(),
        folder=folder.resolve(),
        target=(store / name / scenario).resolve(),
        digest=digest_of(pinned, hashes_of(pinned, folder)),
    )


def _all(
    executor: Executor, work: ScenarioRunner, jobs: Sequence[ScenarioJob], on_event: OnEvent
) -> Iterator[ScenarioResult]:
    """Do all jobs; those another batch was at are waited for at the end, when there is nothing else left to do."""
    elsewhere: list[ScenarioJob] = []
    by_name = {job.name: job for job in jobs}
    for one in executor.run(work, jobs, on_event):
        if one.how == "elsewhere":
            elsewhere.append(replace(by_name[one.name], wait=True))
        else:
            yield one
    if elsewhere:
        yield from executor.run(work, elsewhere, on_event)


@dataclass(frozen=True)
class ScenarioRunner:
    """How scenarios are run: the same in this process, in another, and on another machine."""

    cache: Path | None
    """Where results of stages are kept, for all workers together."""
    cache_bytes: int = LIMIT_BYTES
    publish: Callable[[Run, Path], object] | None = field(default=None)
    """Writes map and workbook into the folder of a run."""

    def do(self, job: ScenarioJob, on_event: OnEvent) -> ScenarioResult:
        """Run one scenario and store it; a failure comes back as such, an interruption is raised."""
        with _ONE_AT_A_TIME:
            began = time.perf_counter()
            on_event(job.name, "began")
            try:
                return self._locked(job, on_event, began)
            except PlannerError as fault:
                return _failed(job, str(fault), fault.exit_code, began)
            except MemoryError:
                return _failed(
                    job, "there is not enough memory; ask fewer scenarios side by side (--jobs 1)", LACKS_MEMORY, began
                )
            except Exception as fault:  # noqa: BLE001 - a bug in one scenario must not stop the others
                return _failed(job, "".join(traceback.format_exception(fault)).rstrip(), 1, began)

    def _locked(self, job: ScenarioJob, on_event: OnEvent, began: float) -> ScenarioResult:
        with contextlib.ExitStack() as held:
            if self.cache is not None:
                name = hashlib.sha256(str(job.target).encode()).hexdigest()[:32]
                path = self.cache / "locks" / f"run-{name}.lock"
                if not held.enter_context(locked(path, wait=job.wait)):
                    return ScenarioResult(job.name, "elsewhere", job.target, None)
            manifest = finished_run(job.target, job.digest, reports=self.publish is not None)
            if manifest is not None:
                return ScenarioResult(
                    job.name, "reused", job.target, manifest.result, "finished by another batch meanwhile"
                )
            return self._run(job, on_event, began)

    def _run(self, job: ScenarioJob, on_event: OnEvent, began: float) -> ScenarioResult:
        from planner.study import Study  # noqa: PLC0415
        from planner.workflow.pipeline import Pipeline  # noqa: PLC0415 - a batch with nothing to do never loads the solver
        from planner.workflow.plan import interrupted, plan  # noqa: PLC0415

        stages = _cache(self.cache, self.cache_bytes)
        stages.events.clear()
        study = Study.model_validate_json(job.study_json)

        def progress(stage: str, done: float, note: str = "") -> None:  # noqa: ARG001 - the stage is its name
            on_event(job.name, "stage", f"{stage} {note}".rstrip())

        with atomic_folder(job.target) as folder:
            pipeline = Pipeline(study, job.folder, job.scenario, progress, stages)
            if interrupted(pipeline.plan):  # stopped early: the next call begins it anew
                raise KeyboardInterrupt
            run = plan(pipeline)
            if run.manifest.digest != job.digest:
                raise StudyError(_otherwise(job))
            run.write(folder)
            if self.publish is not None:
                with pipeline.stage("reports"):
                    self.publish(run, folder)
        seconds = round(time.perf_counter() - began, 3)
        return ScenarioResult(
            job.name, "ran", job.target, run.manifest.result, seconds=seconds, events=tuple(stages.events)
        )


def finished_run(folder: Path, digest: str, *, reports: bool = False) -> Manifest | None:
    """Return the manifest of the run in ``folder`` if it is the one with this digest, whole, and ended by itself."""
    try:
        manifest = Manifest.from_json((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    whole = manifest.digest == digest and manifest.result.stopped_by != "interrupt" and not manifest.without_checksum
    return manifest if whole and (not reports or (folder / "map.html").is_file()) else None


#: HiGHS has one pool of threads per process, and a result at hand is nobody's but its process's
_ONE_AT_A_TIME = Lock()


@cache
def _cache(folder: Path | None, limit_bytes: int) -> Cache:
    """Return this process's cache: what one scenario has read, the next has at hand."""
    return Cache(folder, limit_bytes)


def _failed(job: ScenarioJob, reason: str, exit_code: int, began: float) -> ScenarioResult:
    return ScenarioResult(
        job.name,
        "failed",
        None,
        None,
        reason,
        exit_code or OutputError.exit_code,
        round(time.perf_counter() - began, 3),
    )


def _otherwise(job: ScenarioJob) -> str:
    return (
        f"{platform.node()} does not see what this batch was given: the layers below {job.folder} or the planner's own code are"
        " others there, or changed meanwhile; share the folder and install the same version, then call again"
    )
