"""A programme of works on disk: the run and month it stands on, the study as asked, its tables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from planner.errors import OutputError
from planner.store.manifest import labelled, plain_json
from planner.store.tables import Frames
from planner.study import Study

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

#: file at the head of the folder of a programme
HEAD = "programme.json"


@dataclass(frozen=True)
class ProgrammeOrigin:
    """Where a programme comes from: the page at the head of its folder."""

    run_id: str
    scenario: str
    digest: str
    """Of the run."""
    as_of: str
    """Day from which its dates are reckoned, ``2026-07-01``."""
    explained: bool
    """Whether the run was explained, so that openings without money are known."""
    scenario_label: dict[str, str] = field(default_factory=dict)
    """Language → what outputs call the scenario; empty: the study has no label for it."""


@dataclass(frozen=True, eq=False)
class ProgrammeTables(Frames):
    """Everything a programme says, as frames; ids are text, months are texts such as ``2029-07``."""

    folder_type = "programme"

    projects: pd.DataFrame
    steps: pd.DataFrame
    money: pd.DataFrame
    funding: pd.DataFrame
    lots: pd.DataFrame
    tasks: pd.DataFrame
    unfunded: pd.DataFrame
    unserved: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Programme:
    """Who does what by when, as reports read it."""

    study: Study
    origin: ProgrammeOrigin
    tables: ProgrammeTables

    def write(self, folder: Path) -> None:
        """Write head, study and tables into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        self.tables.write(folder / "tables")
        (folder / "study.json").write_text(
            self.study.model_dump_json(indent=2, exclude_defaults=True, exclude={"scenarios"}) + "\n", encoding="utf-8"
        )
        head = plain_json(labelled(asdict(self.origin)), sort_keys=True) + "\n"
        (folder / HEAD).write_text(head, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Programme:
        """Read a programme back.

        Raises
        ------
        OutputError
            if ``folder`` holds no finished programme.
        """
        try:
            origin = ProgrammeOrigin(**json.loads((folder / HEAD).read_text(encoding="utf-8")))
            study = Study.model_validate_json((folder / "study.json").read_text(encoding="utf-8"))
            return cls(study, origin, ProgrammeTables.read(folder / "tables", study.language))
        except OutputError:
            raise
        except (OSError, KeyError, TypeError, ValueError) as fault:
            msg = f"{folder} holds no finished programme ({fault}); give the folder that `planner programme` printed"
            raise OutputError(msg) from fault
