"""``planner new``: a study to start from, or the bundled town ready to run."""

from __future__ import annotations

import shutil
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import OutputError
from planner.store.atomic_folder import atomic_folder
from planner.store.folders import refuse_occupied
from planner.store.provenance import hashes_of
from planner.study.load import load_study
from planner.study.reference import reference_text, schema_text
from planner.study.starter import starter_text

if TYPE_CHECKING:
    from collections.abc import Sequence

STUDY, SCHEMA, REFERENCE, LAYERS = "study.yaml", "study.schema.json", "study-reference.md", "layers"

_TOWN = "neubrandenburg"
_DISTRIBUTION = "community-facility-planner"
_PAPERS = ("README.md", "LICENSE-ODbL.txt")


def new_study(folder: Path, *, example: bool = False) -> Sequence[Path]:
    """Write a study to start from into ``folder`` and return what was written.

    Parameters
    ----------
    folder
        Where; must be empty or not exist.
    example
        Copy the bundled town and its layers, a study that runs as it is.

    Raises
    ------
    OccupiedFolderError
        ``folder`` holds something already, or is no folder.
    OutputError
        ``folder`` cannot be written, or the bundled town is not there to be copied.
    """
    refuse_occupied(folder)
    with atomic_folder(folder, kind=None) as aside:
        if example:
            _copy_town(aside)
        else:
            (aside / STUDY).write_text(starter_text(SCHEMA), encoding="utf-8", newline="\n")
            (aside / LAYERS).mkdir()
        (aside / SCHEMA).write_text(schema_text(), encoding="utf-8", newline="\n")
        (aside / REFERENCE).write_text(reference_text(), encoding="utf-8", newline="\n")
    return tuple(folder / name for name in (STUDY, SCHEMA, REFERENCE, LAYERS))


def _copy_town(folder: Path) -> None:
    """Copy the study of the bundled town and every file its layers need."""
    study_file = _study_of_town()
    data = study_file.parents[1] / "data" / _TOWN
    (folder / LAYERS).mkdir()
    named = hashes_of(load_study(study_file), study_file.parent)
    for source in [*(study_file.parent / name for name in named), *(data / paper for paper in _PAPERS)]:
        shutil.copyfile(source, folder / LAYERS / source.name)
    text = study_file.read_text(encoding="utf-8").replace(f"../data/{_TOWN}", LAYERS).replace(f"data/{_TOWN}", LAYERS)
    head = f"# yaml-language-server: $schema={SCHEMA}\n"
    (folder / STUDY).write_text(head + text, encoding="utf-8", newline="\n")


def _study_of_town() -> Path:
    """Return the study file of the bundled town: of the checkout, or of the shared data that the wheel installed."""
    parts = ("configs", f"{_TOWN}.yaml")
    checkout = Path(__file__).resolve().parents[2].joinpath(*parts)
    if checkout.is_file():
        return checkout
    with suppress(PackageNotFoundError):
        for path in distribution(_DISTRIBUTION).files or ():
            if path.parts[-2:] == parts and (installed := Path(str(path.locate())).resolve()).is_file():
                return installed
    msg = "the bundled town is not part of this installation; get it with the source, or start without --example"
    raise OutputError(msg)
