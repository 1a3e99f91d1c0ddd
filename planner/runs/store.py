"""A run on disk: written aside, renamed when whole, read back by reports.

Layout of a run folder::

    manifest.json        what went in (sha256), versions, seed, timings, status, objective, bound, gap
    study.json           the study as it was asked, overlays applied
    tables/*.parquet     every number (see planner.runs.tables)
    map.html plan.xlsx plan.gpkg   made from the tables, never from memory
"""

from __future__ import annotations

import contextlib
import shutil
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from planner.errors import OutputError
from planner.runs.manifest import Manifest, Result
from planner.runs.tables import Tables
from planner.study import Study

__all__ = ["Manifest", "Result", "Run", "written_aside"]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run, as reports read it."""

    study: Study
    manifest: Manifest
    tables: Tables
    ready: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Tables that are parquet already, because other runs hold them too."""

    def write(self, folder: Path) -> None:
        """Write manifest, study and tables into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        self.tables.write(folder / "tables", self.ready)
        (folder / "study.json").write_text(
            self.study.model_dump_json(indent=2, exclude_defaults=True, exclude={"scenarios"}) + "\n", encoding="utf-8"
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
