"""Doing and remembering: the main job, its tables, its folder."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.runs.assessing import assess
    from planner.runs.batch import Executor, Report, executor_for, run_batch
    from planner.runs.cache import Cache, default_folder
    from planner.runs.cluster import Cluster
    from planner.runs.doctor import Checked, check
    from planner.runs.executors import Processes, Serial
    from planner.runs.explaining import TIME_LIMIT_S, Explanation, explain
    from planner.runs.follow_up import Review, review
    from planner.runs.manifest import Manifest, Result
    from planner.runs.places import STORE
    from planner.runs.run import carry_out, plan
    from planner.runs.store import Run
    from planner.runs.tables import Tables
    from planner.runs.today import Assessment
    from planner.runs.totals import CityTotals, city_totals
    from planner.runs.tracing import Trace, trace
    from planner.runs.work import Done, Work

__all__ = [
    "STORE",
    "TIME_LIMIT_S",
    "Assessment",
    "Cache",
    "Checked",
    "CityTotals",
    "Cluster",
    "Done",
    "Executor",
    "Explanation",
    "Manifest",
    "Processes",
    "Report",
    "Result",
    "Review",
    "Run",
    "Serial",
    "Tables",
    "Trace",
    "Work",
    "assess",
    "carry_out",
    "check",
    "city_totals",
    "default_folder",
    "executor_for",
    "explain",
    "plan",
    "review",
    "run_batch",
    "trace",
]

_HOME = {
    "STORE": "places",
    "TIME_LIMIT_S": "explaining",
    "Assessment": "today",
    "Cache": "cache",
    "Checked": "doctor",
    "CityTotals": "totals",
    "Cluster": "cluster",
    "Done": "work",
    "Executor": "batch",
    "Explanation": "explaining",
    "Manifest": "manifest",
    "Processes": "executors",
    "Report": "batch",
    "Result": "manifest",
    "Review": "follow_up",
    "Run": "store",
    "Serial": "executors",
    "Tables": "tables",
    "Trace": "tracing",
    "Work": "work",
    "assess": "assessing",
    "carry_out": "run",
    "check": "doctor",
    "city_totals": "totals",
    "default_folder": "cache",
    "executor_for": "batch",
    "explain": "explaining",
    "plan": "run",
    "review": "follow_up",
    "run_batch": "batch",
    "trace": "tracing",
}


def __getattr__(name: str) -> Any:
    """Load a part when it is first asked for: a batch with nothing left to do must not wait for maps and solvers."""
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
