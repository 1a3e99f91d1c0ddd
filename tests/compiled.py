"""Compile the numeric loops once before the tests, on two processors: ``python -m tests.compiled``.

Otherwise each worker, and each process that a test starts, compiles the same loops on a new machine.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from planner.cli import _run
from planner.siting.heuristics.ruin_recreate import compile_loops
from tests.tiny_town import write_town


def main(part: str | None = None) -> int:
    """Compile the loops of the siting heuristics and those of walking side by side; return an exit code."""
    if part == "siting":
        compile_loops()
        return 0
    if part == "access":
        with tempfile.TemporaryDirectory() as folder:
            study = write_town(Path(folder) / "town")
            return _run(["assess", str(study), "--quiet", "--out", str(Path(folder) / "out")])
    parts = [subprocess.Popen([sys.executable, "-m", "tests.compiled", part]) for part in ("siting", "access")]
    return max(process.wait() for process in parts)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
