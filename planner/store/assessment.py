"""An assessment on disk: how it came to be, the study as asked, its tables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from planner.store.folders import read_as, read_study, write_study
from planner.store.manifest import labelled, plain_json
from planner.store.tables import AssessmentTables

if TYPE_CHECKING:
    from pathlib import Path

    from planner.study import Study


#: what ``manifest.json`` calls the folder of an assessment
KIND = "assessment"


@dataclass(frozen=True)
class Origin:
    """How an assessment came to be: the page at the head of its folder."""

    run_id: str
    scenario: str
    digest: str
    """sha256 over the study as asked, its input files and the planner itself."""
    inputs: dict[str, str]
    """Input file (relative to the study) → sha256."""
    versions: dict[str, str]
    crs: str
    limit_s: float
    """Walks to the nearest facility are timed up to here, in seconds."""
    timings_s: dict[str, float]
    without_checksum: tuple[str, ...] = ()
    """Connections to databases that layers were read from: nothing proves what those held."""
    scenario_label: dict[str, str] = field(default_factory=dict)
    """Language → what outputs call the scenario; empty: the study has no label for it."""

    def as_json(self) -> str:
        """Return it as indented JSON with sorted keys."""
        return plain_json({"kind": KIND, **labelled(asdict(self))}, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Origin:
        """Read back what ``as_json`` wrote; ValueError where it is of another kind."""
        manifest = json.loads(text)
        if manifest.pop("kind", None) != KIND:
            msg = "its manifest is not that of an assessment"
            raise ValueError(msg)
        return cls(**{**manifest, "without_checksum": tuple(manifest.get("without_checksum", ()))})


@dataclass(frozen=True, eq=False)
class Assessment:
    """A finished assessment, as reports read it."""

    study: Study
    origin: Origin
    tables: AssessmentTables

    def write(self, folder: Path) -> None:
        """Write manifest, study and tables into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        self.tables.write(folder / "tables")
        write_study(folder, self.study)
        (folder / "manifest.json").write_text(self.origin.as_json(), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Assessment:
        """Read an assessment back.

        Raises
        ------
        OutputError
            if ``folder`` holds no finished assessment.
        """
        with read_as(folder, "assessment"):
            origin = Origin.from_json((folder / "manifest.json").read_text(encoding="utf-8"))
            study = read_study(folder)
            return cls(study, origin, AssessmentTables.read(folder / "tables", study.language))
