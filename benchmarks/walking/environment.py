"""The peers' own environment, pinned, in the user's cache: their licences and their needs stay out of ours."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

PEERS = ("pandana==0.8", "access==1.1.10", "pyrosm==0.25.0", "networkx==3.6.1", "scipy==1.17.1")


def peers_python() -> Path | None:
    """Return the interpreter of the peers' environment, made at the first call; None if it cannot be made."""
    said = os.environ.get("PLANNER_PEERS_PYTHON")
    if said:
        return Path(said) if Path(said).is_file() else None
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "community-facility-planner" / f"peers-{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    whole = folder / ".installed"
    if whole.is_file() and whole.read_text() == "\n".join(PEERS):
        return python
    try:
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS], check=True)
    except (OSError, subprocess.CalledProcessError) as fault:
        print(f"peers skipped: their environment could not be made ({fault})", file=sys.stderr)
        return None
    whole.write_text("\n".join(PEERS))
    return python
