"""A run on disk: written aside, renamed when whole, read back by reports.

Layout of a run folder::

    manifest.json        what went in (sha256), versions, seed, timings, status, objective, bound, gap
    study.json           the study as it was asked, overlays applied
    tables/*.parquet     every number (see planner.store.tables)
    map.html plan.xlsx plan.gpkg   made from the tables, never from memory
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from planner.store.folders import read_as, read_study, write_study
from planner.store.manifest import Manifest
from planner.store.tables import Tables, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from planner.study import Study


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
        write_study(folder, self.study)
        (folder / "manifest.json").write_text(self.manifest.as_json(), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Run:
        """Read a run back.

        Raises
        ------
        OutputError
            if ``folder`` holds no finished run.
        """
        with read_as(folder, "run"):
            head = StoredRun.open(folder)
            return cls(
                study=head.study, manifest=head.manifest, tables=Tables.read(folder / "tables", head.study.language)
            )


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A finished run whose tables are read one by one, when they are asked for: to look at hundreds."""

    study: Study
    manifest: Manifest
    folder: Path
    _read: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, folder: Path) -> StoredRun:
        """Read study and manifest; raises as `Run.read`."""
        with read_as(folder, "run"):
            manifest = Manifest.from_json((folder / "manifest.json").read_text(encoding="utf-8"))
            study = read_study(folder)
        return cls(study, manifest, folder)

    def table(self, name: str) -> pd.DataFrame:
        """Read the table ``name`` of `planner.store.tables.Tables`; raises as `Run.read`."""
        if name not in self._read:
            with read_as(self.folder, "run"):
                self._read[name] = read_table(self.folder / "tables", "run", name, self.study.language)
        return self._read[name]
