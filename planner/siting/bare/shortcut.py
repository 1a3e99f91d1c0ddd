"""Which problems go to methods of their own: those that only ask how many, for coverage, walks or the longest walk."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from planner.siting.bare.centre import best_radius
from planner.siting.bare.median import best_units
from planner.siting.bare.units import find_units
from planner.siting.question.plan import Plan, Step

if TYPE_CHECKING:
    from planner.siting.programme.solver import Progress
    from planner.siting.question.outcome import SolverSettings
    from planner.siting.question.problem import SitingProblem

__all__ = ["shortcut"]


def shortcut(
    problem: SitingProblem, settings: SolverSettings, progress: Progress | None, share_of_time: float
) -> Plan | None:
    """Return a plan for the first goal of ``problem`` alone, or None where the general model is needed."""
    goal = problem.goals[0]
    if not settings.shortcuts or settings.solver != "HiGHS" or goal.kind not in {"coverage", "walk", "furthest"}:
        return None
    began = time.perf_counter()
    units = find_units(problem)
    if units is None:
        return None
    left_s = share_of_time * settings.time_limit_s - (time.perf_counter() - began)
    settings = dataclasses.replace(settings, time_limit_s=max(left_s, 0.0))
    if goal.kind == "furthest":
        chosen, outcome = best_radius(problem, units, settings, progress)
    else:
        chosen, outcome = best_units(problem, units, goal.kind, settings, progress)
    outcome = dataclasses.replace(outcome, seconds=time.perf_counter() - began)
    return Plan((units.offers(chosen),), None, (Step(goal, 0, outcome),), outcome)
