"""What a folder of the planner holds, told from its files: nothing takes the place of another kind."""

from __future__ import annotations

import contextlib
import json
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from planner.errors import OccupiedFolderError, OutputError, StudyError
from planner.study import Study
from planner.study.layer_files import path_kind
from planner.study.scenarios import BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["run", "review", "assessment", "frontier", "comparison", "programme"]

#: file → the kind that alone has it; a run and an assessment are told apart by their manifest
_MARKS: dict[str, Kind] = {
    "review.json": "review",
    "frontier.parquet": "frontier",
    "comparison.html": "comparison",
    "programme.json": "programme",
}

_LONGEST_SHOWN = 200

#: folders that are a part of one; any other below it is somebody's own, or another run
PARTS = frozenset({"tables", "explanation"})

#: files of every kind, without their endings: what the planner writes into a folder of its own
_FILES = frozenset(
    {
        "assess", "comparison", "explanation", "frontier", "manifest", "map", "meeting", "plan", "programme",
        "public", "review", "study",
    }
)  # fmt: skip
#: what file managers, spreadsheets and GIS leave in any folder they look at
_LEFT_BEHIND = re.compile(
    r"^(?:\.DS_Store|Thumbs\.db|desktop\.ini|\.~lock\..*#|~\$.*|.*-(?:wal|shm|journal)|.*\.aux\.xml)$"
)

#: kind → what it is, and which verb makes it (again)
MADE_BY: dict[Kind, tuple[str, str]] = {
    "run": ("a run", "planner plan STUDY"),
    "review": ("a review", "planner review STUDY DECISIONS.json"),
    "assessment": ("an assessment", "planner assess STUDY"),
    "frontier": ("a frontier", "planner frontier STUDY"),
    "comparison": ("a comparison", "planner compare RUN…"),
    "programme": ("a programme", "planner programme RUN"),
}


def write_study(folder: Path, study: Study) -> None:
    """Write the study as it was asked, without its scenarios, into ``folder``."""
    text = study.model_dump_json(indent=2, exclude_defaults=True, exclude={"scenarios"})
    (folder / "study.json").write_text(text + "\n", encoding="utf-8")


def read_study(folder: Path) -> Study:
    """Return the study that `write_study` wrote."""
    return Study.model_validate_json((folder / "study.json").read_text(encoding="utf-8"))


@contextlib.contextmanager
def read_as(folder: Path, kind: Kind) -> Iterator[None]:
    """Refuse ``folder`` as no finished ``kind`` where a file of it is absent or damaged; raises OutputError."""
    try:
        yield
    except OutputError:
        raise
    except (OSError, KeyError, TypeError, ValueError) as fault:
        verb = " ".join(MADE_BY[kind][1].split()[:2])
        msg = f"{folder} holds no finished {kind} ({fault}); give the folder that `{verb}` printed"
        raise OutputError(msg) from fault


def kind_of(folder: Path) -> Kind | None:
    """Return what ``folder`` holds; None where it is nothing of the planner's.

    A run whose manifest cannot be read is still a run, to be made again.
    """
    for mark, kind in _MARKS.items():
        if path_kind(folder / mark) == "file":
            return kind
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except ValueError:
        return "run"
    except OSError:
        return None
    return "assessment" if isinstance(manifest, dict) and manifest.get("kind") == "assessment" else "run"


def refusal(folder: Path, kind: Kind | None) -> str | None:
    """Return why what is made as ``kind`` (None: of no kind) must not take the place of ``folder``; None where it may.

    Another writer may put its own folder there at any moment: what was looked at has to stand there still when it is judged.
    """
    if folder.name in ("", ".."):
        return f"--out needs the name of a folder of its own, not {str(folder)!r}; for instance --out outputs/mine"
    try:
        while folder.is_symlink() or folder.exists():
            with contextlib.suppress(FileNotFoundError):
                looked_at = folder.lstat()
                reason = _refusal(folder, kind, looked_at.st_mode)
                if reason is None or folder.lstat().st_ino == looked_at.st_ino:
                    return reason
    except (OSError, ValueError) as fault:
        return (
            f"cannot write {_short(folder)}: {getattr(fault, 'strerror', None) or fault}; give another place with --out"
        )
    return None


def refuse_links(folder: Path) -> None:
    """Refuse to write into a folder whose files are links: the writing would go where they lead.

    Raises
    ------
    OutputError
        naming the links.
    """
    if path_kind(folder) != "folder":
        return
    links = sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_symlink())
    if links:
        msg = (
            f"{folder} holds links to other places ({', '.join(links[:3])}), which would be written over; take them out"
        )
        raise OutputError(msg)


def _refusal(folder: Path, kind: Kind | None, mode: int) -> str | None:
    if stat.S_ISLNK(mode):
        return f"{folder} is a link; give the folder itself"
    if not stat.S_ISDIR(mode):
        what = "a file" if stat.S_ISREG(mode) else "a device, pipe or socket"
        return f"{folder} is {what}, which would be lost; give a folder that is empty or does not exist"
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
    own = sorted(one.name for one in inside if not one.is_dir() and not _ours(one.name))
    if own:
        return f"{folder} holds files of your own ({', '.join(own[:3])}), which would be lost; move them, or give another --out"
    return None


def _ours(name: str) -> bool:
    return name.split(".", 1)[0] in _FILES or _LEFT_BEHIND.match(name) is not None


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


#: holds every result by default
STORE = Path("outputs")

#: between a study's name and what else than runs lies in a folder; no study and no scenario can collide with that
APART = "@"

#: kinds that lie apart from the runs of a study → what their folder adds to the study's name
_APART: dict[Kind, str] = {
    "assessment": "assess",
    "review": "review",
    "frontier": "frontier",
    "programme": "programme",
}


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


def place_of(study_file: Path, scenario: str | None, kind: Kind = "run") -> Path:
    """Return where a result lies by default.

    A run in ``outputs/<study>/<scenario>``; an assessment, a review, a frontier in ``outputs/<study>@<verb>/<scenario>``.
    """
    name = name_of(study_file)
    return STORE / (f"{name}{APART}{_APART[kind]}" if kind in _APART else name) / (scenario or BASE)


def place_beside(run: Path, kind: Kind) -> Path:
    """Return where what is made of a run lies by default: ``outputs/<study>@<verb>/<scenario>``, as the run's own folders are called."""
    at = run.resolve()
    return STORE / f"{at.parent.name or 'runs'}{APART}{_APART[kind]}" / at.name


def refuse_occupied(folder: Path) -> None:
    """Refuse a folder that must be empty or absent, and is not.

    Raises
    ------
    OccupiedFolderError
        it holds something, or is a file, link or device.
    """
    reason = refusal(folder, None)
    if reason is not None:
        if path_kind(folder) == "folder" and not folder.is_symlink():
            reason = f"{folder} holds something already; give a folder that is empty or does not exist"
        raise OccupiedFolderError(reason)
