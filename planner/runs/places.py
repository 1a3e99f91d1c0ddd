"""Where runs lie: ``<store>/<study>/<scenario>``, below the folder the planner was called in."""

from __future__ import annotations

from pathlib import Path

#: holds every run unless told otherwise
STORE = Path("outputs")


def name_of(study_file: Path) -> str:
    """Return what a study is called among others: its file's name, or its folder's if every file is called study.yaml."""
    return study_file.resolve().parent.name if study_file.stem == "study" else study_file.stem
