"""Doing and remembering: the main job, its tables, its folder."""

from planner.runs.run import carry_out, plan
from planner.runs.store import Manifest, Result, Run
from planner.runs.tables import Tables

__all__ = ["Manifest", "Result", "Run", "Tables", "carry_out", "plan"]
