"""A batch is killed at random moments, as by kill -9, and called again: what the stores say afterwards."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.stores import differences


def call(study: Path, store: Path, *words: str, heard: bool = True) -> subprocess.Popen:
    """Start ``planner batch`` in a session of its own; unheard, what the system says over a killed process is dropped."""
    said = [sys.executable, "-m", "planner", "batch", str(study), "--out", str(store), "--quiet", *words]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    stderr = None if heard else subprocess.DEVNULL
    return subprocess.Popen(said, cwd=store.parent, env=environment, start_new_session=True, stderr=stderr)


def lost_to_kills(study: Path, folder: Path, *, kills: int, seed: int, words: tuple[str, ...] = ()) -> list[list[str]]:
    """Kill a batch ``kills`` times, each on a store of its own, resume it, and compare with one left in peace.

    Returns
    -------
    list of list of str
        Per kill, the files that differ from the store left in peace, besides the clock; all empty if nothing was lost.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / "whole"
    began = time.monotonic()
    if call(study, whole, *words).wait() != 0:
        raise AssertionError("the batch left in peace failed")
    usual_s = time.monotonic() - began
    draw = random.Random(seed)  # noqa: S311
    found = []
    for trial in range(kills):
        store = folder / f"killed{trial}"
        batch = call(study, store, *words, heard=False)
        time.sleep(draw.uniform(0.1, 0.95) * usual_s)
        batch.send_signal(signal.SIGKILL)
        batch.wait()
        if call(study, store, *words).wait() != 0:
            raise AssertionError(f"the batch killed in trial {trial} did not resume")
        found.append(differences(whole, store))
    return found
