"""Studies and runs: the verb ``plan`` as a function, and the tables of a run by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from planner import report
from planner.store.atomic_folder import atomic_folder
from planner.store.run import StoredRun
from planner.store.schema import schema
from planner.study.load import load_study as read_study
from planner.study.scenarios import BASE
from planner.workflow.pipeline import Pipeline, silent
from planner.workflow.plan import plan as plan_verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from planner.store.manifest import Manifest, Result
    from planner.study import Study
    from planner.workflow.pipeline import Progress


@dataclass(frozen=True)
class LoadedStudy:
    """A study file with a scenario and overrides laid over it.

    Attributes
    ----------
    study : Study
        The validated study.
    path : Path
        Its file; layers lie relative to it.
    scenario : str, optional
        Name of the scenario.
    sets : tuple of str
        Overrides as ``key=value``.

    Examples
    --------
    >>> import planner
    >>> list(planner.LoadedStudy.__dataclass_fields__)
    ['study', 'path', 'scenario', 'sets']
    """

    study: Study
    path: Path
    scenario: str | None = None
    sets: tuple[str, ...] = ()


def load_study(path: Path | str, *, scenario: str | None = None, sets: Sequence[str] = ()) -> LoadedStudy:
    """Return the study in a file, validated.

    Parameters
    ----------
    path : path
        A study file (YAML).
    scenario : str, optional
        One of the study's scenarios.
    sets : sequence of str
        ``key=value`` overrides, as ``planner plan --set``.

    Raises
    ------
    StudyError
        Naming every fault with its line.

    Examples
    --------
    >>> import pathlib, tempfile, planner
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "study.yaml"
    >>> _ = path.write_text("version: 1")
    >>> try:
    ...     planner.load_study(path)
    ... except ValueError as fault:
    ...     print(str(fault).splitlines()[0] != "")
    True
    """
    path = Path(path)
    texts = tuple(sets)
    return LoadedStudy(read_study(path, scenario=scenario, sets=texts), path, scenario, texts)


def plan(
    study: LoadedStudy | Path | str,
    *,
    out: Path | str | None = None,
    require_optimal: bool = False,
    progress: Progress = silent,
) -> Run:
    """Return the run of a study: ``planner plan`` as a function.

    Parameters
    ----------
    study : LoadedStudy or path
        Of `planner.load_study`, or the study file.
    out : path, optional
        Folder to write tables, map, meeting page and workbook into, as the command does; nothing is written without it.
    require_optimal : bool
        Raise where the plan is not proven.
    progress : callable
        Called with the stage, how much of it is done (0 … 1), and a note.

    Raises
    ------
    StudyError, LayerError, OutputError, InfeasibleError, UnprovenError
        As the command; nothing is written then.

    Examples
    --------
    >>> import planner
    >>> planner.plan("no such study.yaml")
    Traceback (most recent call last):
        ...
    planner.errors.StudyError: ...
    """
    loaded = study if isinstance(study, LoadedStudy) else load_study(study)
    pipeline = Pipeline(loaded.study, loaded.path.parent, loaded.scenario or BASE, progress)
    if out is None:
        run = plan_verb(pipeline, require_optimal=require_optimal)
        tables = {name: getattr(run.tables, name) for name in schema()["run"]}
        return Run(run.study, run.manifest, None, tables)
    with atomic_folder(Path(out)) as folder:
        run = plan_verb(pipeline, require_optimal=require_optimal)
        run.write(folder)
        with pipeline.stage("reports"):
            report.publish(run, folder)
    return Run.open(out)


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run: its study, manifest and tables; every table is an attribute.

    Attributes
    ----------
    study : Study
        As it was planned.
    manifest : Manifest
        Inputs, versions, seed, timings and result.
    folder : Path or None
        Where it is stored.

    Examples
    --------
    >>> import planner
    >>> planner.Run.open("no such folder")
    Traceback (most recent call last):
        ...
    planner.errors.OutputError: ...
    """

    study: Study
    manifest: Manifest
    folder: Path | None
    _tables: dict[str, pd.DataFrame] = field(repr=False)

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        """Return the run that a folder holds; tables are read when they are asked for.

        Raises
        ------
        OutputError
            If the folder holds no finished run.
        """
        stored = StoredRun.open(Path(folder))
        return cls(stored.study, stored.manifest, stored.folder, {})

    @property
    def result(self) -> Result:
        """Status, objective, bound, gap, cost and counts."""
        return self.manifest.result

    def table(self, name: str) -> pd.DataFrame:
        """Return a table by name; frames with geometry are GeoDataFrames in the run's projected system.

        Raises
        ------
        KeyError
            If no table has this name.
        OutputError
            If the folder was written by an older version and lacks it.
        """
        if name not in schema()["run"]:
            msg = f"{name!r} is not among the tables: {', '.join(schema()['run'])}"
            raise KeyError(msg)
        if name not in self._tables:
            assert self.folder is not None  # noqa: S101  # a run in memory holds every table
            self._tables[name] = StoredRun(self.study, self.manifest, self.folder).table(name)
        return self._tables[name]

    def __getattr__(self, name: str) -> pd.DataFrame:
        """Return the table of that name."""
        if name.startswith("_") or name not in schema()["run"]:
            msg = f"a run has no {name!r}; its tables are {', '.join(schema()['run'])}"
            raise AttributeError(msg)
        return self.table(name)

    def __dir__(self) -> list[str]:
        """Names of attributes and tables, for completion."""
        return [*super().__dir__(), *schema()["run"]]
