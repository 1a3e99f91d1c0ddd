"""One scenario of a batch: what it takes to run it anywhere, and what comes back."""

from __future__ import annotations

import contextlib
import hashlib
import platform
import time
import traceback
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Literal, Protocol

from planner.errors import LACKS_MEMORY, OutputError, PlannerError, StudyError
from planner.runs.aside import written_aside
from planner.runs.cache import LIMIT_BYTES, Cache, Recall
from planner.runs.lock import locked
from planner.runs.manifest import Manifest, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from planner.runs.store import Run

Event = Literal["expected", "began", "stage", "ended"]


@dataclass(frozen=True)
class Job:
    """A scenario to be run; everything in it can travel to another machine that sees the same folders."""

    name: str
    """``study/scenario``."""
    scenario: str
    asked: str
    """The study with the scenario laid over it, as JSON."""
    folder: Path
    """Where the study file lies; its layers are relative to it."""
    target: Path
    """The folder of the run."""
    digest: str
    wait: bool = False
    """Wait for another batch that is at it, instead of passing on."""


@dataclass(frozen=True)
class Done:
    """What came of a scenario."""

    name: str
    how: Literal["ran", "reused", "failed", "elsewhere"]
    """``elsewhere``: another batch is at it just now."""
    folder: Path | None
    result: Result | None
    reason: str = ""
    exit_code: int = 0
    seconds: float = 0.0
    told: tuple[Recall, ...] = ()
    """What was reused of the work before, stage by stage."""


class Tell(Protocol):
    """Told what a scenario is at; must be cheap and must not fail."""

    def __call__(self, name: str, event: Event, what: Done | str = "") -> None:
        """Hear ``expected`` with how many there are, of no name; ``began``; ``stage`` with its name and note; ``ended`` with what came of it."""


@dataclass(frozen=True)
class Work:
    """How scenarios are run: the same in this process, in another, and on another machine."""

    cache: Path | None
    """Where results of stages are kept, for all workers together."""
    cache_bytes: int = LIMIT_BYTES
    publish: Callable[[Run, Path], object] | None = field(default=None)
    """Writes map and workbook into the folder of a run."""

    def do(self, job: Job, tell: Tell) -> Done:
        """Run one scenario and store it; a failure comes back as such, an interruption is raised."""
        with _ONE_AT_A_TIME:
            began = time.perf_counter()
            tell(job.name, "began")
            try:
                return self._locked(job, tell, began)
            except PlannerError as fault:
                return _failed(job, str(fault), fault.exit_code, began)
            except MemoryError:
                return _failed(
                    job, "there is not enough memory; ask fewer scenarios side by side (--jobs 1)", LACKS_MEMORY, began
                )
            except Exception as fault:  # noqa: BLE001 - a bug in one scenario must not stop the others
                return _failed(job, "".join(traceback.format_exception(fault)).rstrip(), 1, began)

    def _locked(self, job: Job, tell: Tell, began: float) -> Done:
        with contextlib.ExitStack() as held:
            if self.cache is not None:
                name = hashlib.sha256(str(job.target).encode()).hexdigest()[:32]
                path = self.cache / "locks" / f"run-{name}.lock"
                if not held.enter_context(locked(path, wait=job.wait)):
                    return Done(job.name, "elsewhere", job.target, None)
            manifest = finished(job.target, job.digest, reports=self.publish is not None)
            if manifest is not None:
                return Done(job.name, "reused", job.target, manifest.result, "finished by another batch meanwhile")
            return self._run(job, tell, began)

    def _run(self, job: Job, tell: Tell, began: float) -> Done:
        from planner.runs.run import carry_out  # noqa: PLC0415 - a batch with nothing to do never loads the solver
        from planner.study import Study  # noqa: PLC0415

        known = _cache(self.cache, self.cache_bytes)
        known.told.clear()
        study = Study.model_validate_json(job.asked)

        def progress(stage: str, done: float, note: str = "") -> None:  # noqa: ARG001 - stages are told by name
            tell(job.name, "stage", f"{stage} {note}".rstrip())

        with written_aside(job.target) as aside:
            run = carry_out(
                study, job.folder, scenario=job.scenario, progress=progress, cache=known, keep_interrupted=False
            )
            if run.manifest.digest != job.digest:
                raise StudyError(_otherwise(job))
            run.write(aside)
            if self.publish is not None:
                progress("reports", 0.0)
                self.publish(run, aside)
        seconds = round(time.perf_counter() - began, 3)
        return Done(job.name, "ran", job.target, run.manifest.result, seconds=seconds, told=tuple(known.told))


def finished(folder: Path, digest: str, *, reports: bool = False) -> Manifest | None:
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


def _failed(job: Job, reason: str, exit_code: int, began: float) -> Done:
    return Done(
        job.name,
        "failed",
        None,
        None,
        reason,
        exit_code or OutputError.exit_code,
        round(time.perf_counter() - began, 3),
    )


def _otherwise(job: Job) -> str:
    return (
        f"{platform.node()} does not see what this batch was asked of: the layers below {job.folder} or the planner's own code are"
        " others there, or changed meanwhile; share the folder and install the same version, then call again"
    )
