"""Doing and remembering: the main job, its tables, its folder."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.runs.cache import Cache, default_folder
    from planner.runs.doctor import Checked, check
    from planner.runs.manifest import Manifest, Result
    from planner.runs.places import STORE
    from planner.runs.run import carry_out, plan
    from planner.runs.store import Run
    from planner.runs.tables import Tables

__all__ = [
    "STORE",
    "Cache",
    "Checked",
    "Manifest",
    "Result",
    "Run",
    "Tables",
    "carry_out",
    "check",
    "default_folder",
    "plan",
]

_HOME = {
    "STORE": "places",
    "Cache": "cache",
    "Checked": "doctor",
    "Manifest": "manifest",
    "Result": "manifest",
    "Run": "store",
    "Tables": "tables",
    "carry_out": "run",
    "check": "doctor",
    "default_folder": "cache",
    "plan": "run",
}


def __getattr__(name: str) -> Any:
    """Load a part when it is first asked for: a batch with nothing left to do must not wait for maps and solvers."""
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
