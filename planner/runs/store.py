"""A run on disk: written aside, renamed when whole, read back by reports.

Layout of a run folder::

    manifest.json        what went in (sha256), versions, seed, timings, status, objective, bound, gap
    study.json           the study as it was asked, overlays applied
    tables/*.parquet     every number (see planner.runs.tables)
    map.html plan.xlsx plan.gpkg   made from the tables, never from memory
"""

from __future__ import annotations

import contextlib
import json
import shutil
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from planner.errors import OutputError
from planner.runs.tables import Tables
from planner.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Result:
    """What the solver said of the plan, and the recount that agreed with it."""

    status: str
    """``optimal``, ``feasible`` (stopped early: bound not reached), ``nothing_to_do`` …"""
    objective: float
    bound: float | None
    """The best any plan could reach; None where the solver gave none."""
    gap: float | None
    """|bound − objective| / |objective|."""
    seconds: float
    solver: str
    capital_yuan: float
    yearly_yuan: float
    sites_opened: int
    services_opened: int
    co_located: int
    """Buildings opened with two services or more."""


@dataclass(frozen=True)
class Manifest:
    """How a run came to be."""

    run_id: str
    scenario: str
    digest: str
    """sha256 over the study as asked, its input files and the planner's version."""
    inputs: dict[str, str]
    """Input file (relative to the study) → sha256."""
    versions: dict[str, str]
    seed: int
    crs: str
    result: Result
    timings_s: dict[str, float]

    def as_json(self) -> str:
        """Return the manifest as indented JSON with sorted keys."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read back what ``as_json`` wrote."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**{**fields, "result": Result(**fields["result"])})


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run, as reports read it."""

    study: Study
    manifest: Manifest
    tables: Tables

    def write(self, folder: Path) -> None:
        """Write manifest, study and tables into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        self.tables.write(folder / "tables")
        (folder / "study.json").write_text(
            self.study.model_dump_json(indent=2, exclude_defaults=True) + "\n", encoding="utf-8"
        )
        (folder / "manifest.json").write_text(self.manifest.as_json(), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Run:
        """Read a run back.

        Raises
        ------
        OutputError
            if ``folder`` holds no finished run.
        """
        try:
            manifest = Manifest.from_json((folder / "manifest.json").read_text(encoding="utf-8"))
            study = Study.model_validate_json((folder / "study.json").read_text(encoding="utf-8"))
            return cls(study=study, manifest=manifest, tables=Tables.read(folder / "tables"))
        except (OSError, KeyError, TypeError, ValueError) as fault:
            msg = f"{folder} holds no finished run ({fault}); give the folder that `planner plan` printed"
            raise OutputError(msg) from fault


@contextlib.contextmanager
def written_aside(folder: Path) -> Iterator[Path]:
    """Give a folder beside ``folder`` to write into; on success it takes the place of ``folder``, on failure it is removed.

    What stood at ``folder`` before stays untouched until the new one is whole.
    """
    aside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        aside.mkdir(parents=True)
    except OSError as fault:
        msg = f"cannot write to {folder.parent}: {fault.strerror}; give another place with --out"
        raise OutputError(msg) from fault
    old = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.old")
    try:
        yield aside
        if folder.exists():
            folder.replace(old)
        aside.replace(folder)
    except OSError as fault:
        if old.exists() and not folder.exists():
            old.replace(folder)
        msg = f"cannot write {folder}: {fault}; nothing there was changed"
        raise OutputError(msg) from fault
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
