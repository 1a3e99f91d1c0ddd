"""Where results lie below the folder the planner was called in: runs in ``<store>/<study>/<scenario>``, all else beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from planner.errors import OccupiedFolderError, StudyError
from planner.runs.kinds import refusal
from planner.study.parts import sort_of
from planner.study.scenarios import BASE

#: holds every result unless told otherwise
STORE = Path("outputs")

#: between a study's name and what else than runs lies in a folder; no study and no scenario can collide with that
APART = "@"

Verb = Literal["assess", "review", "frontier"]


def name_of(study_file: Path) -> str:
    """Return what a study is called among others: its file's name, or its folder's if every file is called study.yaml.

    Raises
    ------
    StudyError
        if it is a name that the planner keeps for folders of its own.
    """
    name = study_file.resolve().parent.name if study_file.stem == "study" else study_file.stem
    if APART in name or name.startswith("."):
        msg = f"{study_file}: a study called {name} could not have a folder of that name; rename it without {APART} and leading dot"
        raise StudyError(msg)
    return name


def place_of(study_file: Path, scenario: str | None, verb: Verb | None = None) -> Path:
    """Return where a result lies unless told otherwise.

    A run in ``outputs/<study>/<scenario>``; an assessment, a review, a frontier in ``outputs/<study>@<verb>/<scenario>``.
    """
    name = name_of(study_file)
    return STORE / (name if verb is None else f"{name}{APART}{verb}") / (scenario or BASE)


def refuse_occupied(folder: Path) -> None:
    """Refuse a folder that must be empty or absent, and is not.

    Raises
    ------
    OccupiedFolderError
        it holds something, or is a file, link or device.
    """
    reason = refusal(folder, None)
    if reason is not None:
        if sort_of(folder) == "folder" and not folder.is_symlink():
            reason = f"{folder} holds something already; give a folder that is empty or does not exist"
        raise OccupiedFolderError(reason)
