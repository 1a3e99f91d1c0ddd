"""What a folder of the planner holds, told from its files: nothing takes the place of another kind."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["run", "review", "assessment", "frontier", "comparison"]

#: file → the kind that alone has it; a run and an assessment are told apart by their manifest
_MARKS: dict[str, Kind] = {
    "review.json": "review",
    "frontier.parquet": "frontier",
    "comparison.html": "comparison",
}

#: folders that are a part of one; any other below it is somebody's own, or another run
PARTS = frozenset({"tables", "explanation"})

#: kind → what it is, and which verb makes it (again)
MADE_BY: dict[Kind, tuple[str, str]] = {
    "run": ("a run", "planner plan STUDY"),
    "review": ("a review", "planner review STUDY DECISIONS.json"),
    "assessment": ("an assessment", "planner assess STUDY"),
    "frontier": ("a frontier", "planner frontier STUDY"),
    "comparison": ("a comparison", "planner compare RUN…"),
}


def kind_of(folder: Path) -> Kind | None:
    """Return what ``folder`` holds; None where it is nothing of the planner's.

    A run whose manifest cannot be read is still a run, to be made again.
    """
    for mark, kind in _MARKS.items():
        if (folder / mark).is_file():
            return kind
    try:
        told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except ValueError:
        return "run"
    except OSError:
        return None
    return "assessment" if isinstance(told, dict) and told.get("kind") == "assessment" else "run"


def refusal(folder: Path, kind: Kind | None) -> str | None:
    """Return why what is made as ``kind`` (None: of no kind) must not take the place of ``folder``; None where it may.

    Another writer may put its own folder there at any moment: what was looked at has to stand there still when it is judged.
    """
    while folder.is_dir():
        with contextlib.suppress(FileNotFoundError):
            looked_at = folder.stat().st_ino
            reason = _refusal(folder, kind)
            if reason is None or folder.stat().st_ino == looked_at:
                return reason
    return None


def _refusal(folder: Path, kind: Kind | None) -> str | None:
    inside = list(folder.iterdir())
    if not inside:
        return None
    held = kind_of(folder)
    if held is not None and held != kind:
        what, verb = MADE_BY[held]
        return f"{folder} holds {what} (`{verb}`), which would be lost; give another place with --out"
    strange = sorted(one.name for one in inside if one.is_dir() and one.name not in PARTS)
    if held is None or strange:
        what = f"other folders ({', '.join(strange[:3])})" if held is not None else "other files"
        return f"{folder} holds {what}, which would be lost; give a folder that is empty or does not exist"
    return None
