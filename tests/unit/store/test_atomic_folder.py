"""A folder of a run is whole or absent: when writers die, when they meet, when the disk is full."""

import errno
import os
import platform
import subprocess
import sys
import threading
import time

import pytest

from planner.errors import OutputError
from planner.store import atomic_folder as aside
from planner.store.atomic_folder import atomic_folder, recover_folders
from tests.conftest import REPOSITORY


def _left(folder):
    return sorted(path.name for path in folder.iterdir())


def _killed(tmp_path, code):
    """Run ``code`` in a process that kills itself at its end, as kill -9 would."""
    text = f"import os, signal, sys\nfrom pathlib import Path\ntarget = Path(sys.argv[1])\n{code}\nos.kill(os.getpid(), signal.SIGKILL)"
    ended = subprocess.run([sys.executable, "-c", text, str(tmp_path / "s" / "base")], cwd=REPOSITORY, check=False)
    assert ended.returncode == -9


HALF = """
from planner.store.atomic_folder import atomic_folder
with atomic_folder(target, kind="frontier") as half:
    (half / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""

BETWEEN = """
import pathlib
from planner.store.atomic_folder import atomic_folder
move = pathlib.Path.rename
def die_at_the_second(path, to):
    if path.name.endswith(".part"):
        os.kill(os.getpid(), signal.SIGKILL)
    return move(path, to)
pathlib.Path.rename = die_at_the_second
with atomic_folder(target, kind="frontier") as half:
    (half / "new").write_text("new")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not of Windows")
@pytest.mark.parametrize("by", ["sweep", "writing"])
def test_what_a_killed_writer_left_is_swept(tmp_path, by):
    _killed(tmp_path, HALF)
    store = tmp_path / "s"
    assert [name.endswith(".part") for name in _left(store)] == [True]
    if by == "sweep":
        recover_folders(tmp_path)
        assert _left(store) == []
    else:
        with atomic_folder(store / "base", kind="frontier") as half:
            (half / "new").write_text("new")
        assert _left(store) == ["base"]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not of Windows")
def test_a_writer_killed_between_both_renames_loses_nothing(tmp_path):
    base = tmp_path / "s" / "base"
    base.mkdir(parents=True)
    (base / "frontier.parquet").write_text("frontier.parquet")
    _killed(tmp_path, BETWEEN)
    assert not base.exists()
    recover_folders(tmp_path)
    assert _left(tmp_path / "s") == ["base"]
    assert _left(base) == ["frontier.parquet"]


def test_what_others_may_be_writing_stays(tmp_path, monkeypatch):
    alive = aside._beside(tmp_path / "base", ".part")
    monkeypatch.setattr(platform, "node", lambda: "another machine")
    aside._machine.cache_clear()
    elsewhere = aside._beside(tmp_path / "base", ".part")
    monkeypatch.undo()
    aside._machine.cache_clear()
    mine = tmp_path / ".hidden.by.somebody.else.part"
    for path in (alive, elsewhere, mine):
        path.mkdir()
    recover_folders(tmp_path)
    assert _left(tmp_path) == sorted(path.name for path in (alive, elsewhere, mine))
    then = time.time() - 2 * 24 * 3600
    os.utime(elsewhere, (then, then))
    recover_folders(tmp_path)
    assert _left(tmp_path) == sorted(path.name for path in (alive, mine))


def test_writers_that_meet_all_succeed(tmp_path):
    faults = []

    def write(name):
        try:
            for _ in range(30):
                with atomic_folder(tmp_path / "base", kind="frontier") as half:
                    (half / "frontier.parquet").write_text(name)
        except OutputError as fault:
            faults.append(fault)

    writing = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in writing:
        thread.start()
    for thread in writing:
        thread.join()
    assert faults == []
    assert _left(tmp_path) == ["base"]
    assert (tmp_path / "base" / "frontier.parquet").read_text() in "abc"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_disk_leaves_what_was_there(tmp_path, code):
    target = tmp_path / "base"
    target.mkdir()
    (target / "frontier.parquet").write_text("frontier.parquet")

    def write_half():
        with atomic_folder(target, kind="frontier") as half:
            (half / "new").write_text("new")
            raise OSError(code, os.strerror(code))

    with pytest.raises(OutputError, match="nothing there was changed"):
        write_half()
    assert _left(tmp_path) == ["base"]
    assert _left(target) == ["frontier.parquet"]


def test_a_folder_that_could_not_be_written_leaves_no_empty_parents(tmp_path):
    (tmp_path / "store").mkdir()
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "store" / "town" / "base"):
        raise RuntimeError
    assert _left(tmp_path / "store") == []
    with atomic_folder(tmp_path / "store" / "town" / "base") as aside:
        (aside / "manifest.json").write_text("{}")
    assert _left(tmp_path / "store") == ["town"]
