"""A programme of works on disk: the run and month it stands on, the study as asked, its tables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.store.folders import read_as, read_study, write_study
from planner.store.manifest import labelled, plain_json
from planner.store.schema import schema
from planner.store.tables import Frames

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from planner.study import Study

#: file at the head of the folder of a programme
HEAD = "programme.json"
#: measures that open a service
OPENING = ("new", "extension", "move")


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
        write_study(folder, self.study)
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
        with read_as(folder, "programme"):
            origin = ProgrammeOrigin(**json.loads((folder / HEAD).read_text(encoding="utf-8")))
            study = read_study(folder)
            return cls(study, origin, ProgrammeTables.read(folder / "tables", study.language))


def project_columns(study: Study) -> list[str]:
    """Return the columns of the table ``projects`` of a programme of ``study``, in their order."""
    return schema()["programme"]["projects"].names(study.layers.communities.roll_up)


def programme_frame(study: Study, table: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a table of a programme from its rows, with the columns and types of the schema where it has none."""
    declared = schema()["programme"][table]
    columns = declared.names(study.layers.communities.roll_up)
    return pd.DataFrame(list(rows), columns=columns).astype(declared.types(columns))
