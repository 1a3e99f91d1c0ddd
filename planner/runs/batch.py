"""Many scenarios of many studies, each run once, none lost: what is finished stays, the rest resumes with the same call."""

from __future__ import annotations

import fnmatch
import os
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from planner.errors import BatchError, Fault, StudyError, raise_all
from planner.runs.aside import sweep
from planner.runs.places import STORE, name_of
from planner.runs.provenance import digest_of, hashes_of
from planner.runs.work import Done, Job, Work, finished
from planner.study.load import load_variants

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from planner.runs.cache import Recall
    from planner.runs.work import Tell
    from planner.study import Study

#: every executor solves with one thread, so that all of them find the same plan; scenarios run side by side instead
SOLVER_THREADS = 1


class Executor(Protocol):
    """Where jobs are done: here, in processes beside this one, or on a cluster."""

    def run(self, work: Work, jobs: Sequence[Job], tell: Tell) -> Iterator[Done]:
        """Do every job and give what came of it, in the order they end; a job whose worker dies is done again."""


@dataclass(frozen=True)
class Report:
    """What came of a batch, in the order of the studies and their scenarios."""

    done: tuple[Done, ...]
    seconds: float

    @property
    def counts(self) -> Counter[str]:
        """How many ran, were reused, and failed."""
        return Counter(one.how for one in self.done)

    @property
    def failed(self) -> tuple[Done, ...]:
        """Those that failed, each with its reason."""
        return tuple(one for one in self.done if one.how == "failed")

    @property
    def recalls(self) -> tuple[Recall, ...]:
        """How every stage of every scenario that ran came by its result."""
        return tuple(recall for one in self.done for recall in one.told)

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


def run_batch(
    studies: Sequence[Path],
    *,
    executor: Executor,
    work: Work,
    only: Sequence[str] = (),
    sets: Sequence[str] = (),
    store: Path | None = None,
    tell: Tell,
) -> Report:
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
    tell
        Told what each scenario is at.

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
    sweep(target)
    lines = expand(studies, only=only, sets=sets, store=target)
    tell("", "expected", str(len(lines)))
    ended = {line.name: line for line in lines if isinstance(line, Done)}
    left: list[Job] = []
    for job in lines:
        if isinstance(job, Job):
            manifest = finished(job.target, job.digest, reports=work.publish is not None)
            if manifest is None:
                left.append(job)
            else:
                ended[job.name] = Done(job.name, "reused", job.target, manifest.result, "finished before, same digest")
    for one in ended.values():
        tell(one.name, "ended", one)
    if left:
        for one in _all(executor, work, left, tell):
            ended[one.name] = one
            tell(one.name, "ended", one)
    return Report(tuple(ended[line.name] for line in lines), round(time.perf_counter() - began, 3))


def executor_for(jobs: int | None, cluster: str | None) -> Executor:
    """Return the executor that was asked for: a cluster, one process, or as many as there are processors."""
    from planner.runs.cluster import Cluster  # noqa: PLC0415 - a batch with nothing to do needs neither
    from planner.runs.executors import Processes, Serial  # noqa: PLC0415

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
) -> list[Job | Done]:
    """Return a job for every scenario that is asked for, or its failure where the scenario does not hold together."""
    lines: list[Job | Done] = []
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
                lines.append(Done(f"{name}/{scenario}", "failed", None, None, str(study), study.exit_code))
            else:
                lines.append(_job(name, scenario, study, path.parent, store))
    if not lines:
        msg = f"no scenario fits --only {' --only '.join(only)}; names are as in `study/scenario`"
        raise StudyError(msg)
    return lines


def _fits(study: str, scenario: str, only: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, glob) for name in (scenario, f"{study}/{scenario}") for glob in only)


def _job(name: str, scenario: str, study: Study, folder: Path, store: Path) -> Job:
    pinned = study.model_copy(
        update={"solver": study.solver.model_copy(update={"threads": SOLVER_THREADS}), "scenarios": []}
    )
    return Job(
        name=f"{name}/{scenario}",
        scenario=scenario,
        asked=pinned.model_dump_json(),
        folder=folder.resolve(),
        target=(store / name / scenario).resolve(),
        digest=digest_of(pinned, hashes_of(pinned, folder)),
    )


def _all(executor: Executor, work: Work, jobs: Sequence[Job], tell: Tell) -> Iterator[Done]:
    """Do all jobs; those another batch was at are waited for at the end, when there is nothing else left to do."""
    elsewhere: list[Job] = []
    by_name = {job.name: job for job in jobs}
    for one in executor.run(work, jobs, tell):
        if one.how == "elsewhere":
            elsewhere.append(replace(by_name[one.name], wait=True))
        else:
            yield one
    if elsewhere:
        yield from executor.run(work, elsewhere, tell)
