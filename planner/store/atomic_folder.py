"""Folders written aside and renamed, so that a folder is whole or absent, whoever dies and whoever else is writing."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import shutil
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from planner.errors import OutputError
from planner.store.folders import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from planner.store.folders import Kind

_PART, _OLD = ".part", ".old"
_ATTEMPTS = 50
_FLUSHED_AT_ONCE = 8
_LEFT_BEHIND_S = 24 * 3600.0


@contextlib.contextmanager
def atomic_folder(folder: Path, *, kind: Kind | None = "run") -> Iterator[Path]:
    """Give a folder beside ``folder`` to write into; on success it takes the place of ``folder``, on failure it is removed.

    What stood at ``folder`` before stays untouched until the new one is whole and on the disk. Of two that write the same
    folder at once, both succeed and the later one stays.

    Parameters
    ----------
    folder
        Absent, empty, or one of the same kind; a file, link or device there is never replaced.
    kind
        What is written; a folder that holds anything else, or somebody's own files, is never replaced. None: only an empty one.

    Raises
    ------
    OutputError
        if ``folder`` holds anything else, or anything cannot be written.
    """
    reason = refusal(folder, kind)
    if reason is not None:
        raise OutputError(reason)
    aside = _beside(folder, _PART)
    new_parents = [parent for parent in folder.parents if not parent.exists()]
    try:
        aside.mkdir(parents=True)
        _put_right(path for path in folder.parent.iterdir() if path.name.startswith(f".{folder.name}."))
    except OSError as fault:
        msg = f"cannot write to {folder.parent}: {fault.strerror}; give another place with --out"
        raise OutputError(msg) from fault
    try:
        yield aside
        _flush(aside)
        reason = refusal(folder, kind)  # minutes may have passed
        if reason is not None:
            raise OutputError(reason)
        _take_place(aside, folder)
    except OSError as fault:
        if isinstance(fault, OutputError):
            raise
        msg = f"cannot write {folder}: {fault}; nothing there was changed"
        raise OutputError(msg) from fault
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        with contextlib.suppress(OSError):  # not empty: the folder is there, or somebody else's
            for parent in new_parents:
                parent.rmdir()


def recover_folders(store: Path) -> None:
    """Put right what processes left below ``store`` when they were killed.

    A folder that was moved away and not replaced is put back; what is half-written is removed, unless the process that
    writes it may still be alive.
    """
    _put_right([*store.glob(".*.*.*"), *store.glob("*/.*.*.*")])


def _put_right(beside: Iterable[Path]) -> None:
    abandoned = sorted(left for left in beside if _abandoned(left))
    for left in abandoned:
        if left.suffix == _OLD and not left.with_name(_name(left)).exists():
            with contextlib.suppress(OSError):
                left.rename(left.with_name(_name(left)))
        shutil.rmtree(left, ignore_errors=True)


def _take_place(aside: Path, folder: Path) -> None:
    for attempt in range(_ATTEMPTS):
        old = _beside(folder, _OLD)
        with contextlib.suppress(FileNotFoundError):
            folder.rename(old)
        try:
            aside.rename(folder)
        except OSError as fault:
            # Somebody else took the place in between, and may have left it to a third by now.
            taken = fault.errno in {errno.ENOTEMPTY, errno.EEXIST} or folder.exists()
            if taken and attempt + 1 < _ATTEMPTS:
                shutil.rmtree(old, ignore_errors=True)
                continue
            with contextlib.suppress(OSError):
                old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)
        return


def _flush(folder: Path) -> None:
    """Have the files on the disk before they get their name: else a power cut could leave a whole folder of empty files."""

    def flush(path: Path) -> None:
        with path.open("rb+") as stream:
            os.fsync(stream.fileno())

    with ThreadPoolExecutor(_FLUSHED_AT_ONCE) as pool:  # a disk takes many at once as quickly as one
        for done in [pool.submit(flush, path) for path in folder.rglob("*") if path.is_file()]:
            done.result()


def _beside(folder: Path, ending: str) -> Path:
    """Return a name that says for which folder, by which process of which machine."""
    return folder.with_name(f".{folder.name}.{_machine()}.{os.getpid()}.{uuid.uuid4().hex[:8]}{ending}")


@cache
def _machine() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _name(left: Path) -> str:
    return left.name[1:].rsplit(".", 4)[0]


def _abandoned(left: Path) -> bool:
    """Say whether the process that wrote ``left`` is gone for sure: dead on this machine, or silent for a day."""
    parts = left.name.rsplit(".", 4)
    if len(parts) != 5 or left.suffix not in (_PART, _OLD):
        return False
    _, machine, process, _, _ = parts
    if machine == _machine() and process.isdigit() and sys.platform != "win32":
        return not _alive(int(process))
    with contextlib.suppress(OSError):
        return time.time() - left.stat().st_mtime > _LEFT_BEHIND_S
    return False


def _alive(process: int) -> bool:
    if process == os.getpid():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
