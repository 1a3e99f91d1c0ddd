"""A lock between processes that a dying process cannot leave behind: the operating system holds it, not a file's existence.

Locks save work, never correctness: where a file system knows no locks, everything is computed, only perhaps twice.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_log = logging.getLogger(__name__)

if sys.platform == "win32":
    import msvcrt
    import time

    def _take(handle: int, *, wait: bool) -> bool:
        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            except OSError:
                if not wait:
                    return False
                time.sleep(0.05)
            else:
                return True

else:
    import fcntl

    def _take(handle: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock called ``path`` (its folder is made if absent); give True, or False if another process holds it.

    Parameters
    ----------
    path
        A file of its own; it is removed when the lock is given back.
    wait
        Wait for the other process. Its death ends the wait as well.
    """
    handle: int | None = None
    try:
        handle = _acquire(path, wait=wait)
        held = handle is not None
    except OSError as fault:
        _log.debug("no lock at %s (%s); going on without", path, fault)
        held = True
    try:
        yield held
    finally:
        if handle is not None:
            with contextlib.suppress(OSError):
                path.unlink()
            with contextlib.suppress(OSError):
                os.close(handle)


def _acquire(path: Path, *, wait: bool) -> int | None:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if not _take(handle, wait=wait):
            os.close(handle)
            return None
        if _same(handle, path):
            return handle
        os.close(handle)  # the holder before us removed the file we waited on


def _same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
