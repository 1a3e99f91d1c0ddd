"""From a siting problem to a plan: reduce, build, solve, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.siting.formulation import build
from planner.siting.outcome import SolverSettings
from planner.siting.plan import Plan
from planner.siting.solver import solve_model

if TYPE_CHECKING:
    from planner.siting.problem import SitingProblem
    from planner.siting.solver import Progress

__all__ = ["solve"]


def solve(problem: SitingProblem, settings: SolverSettings | None = None, progress: Progress | None = None) -> Plan:
    """Return the plan that covers most people by circle weight, with the solver's own bound.

    Parameters
    ----------
    problem
        The question.
    settings
        Of the solver; ``problem.settings`` where not given.
    progress
        Told ``(incumbent, bound, seconds)`` while the solver runs.
    """
    form = build(problem)
    solution = solve_model(form.model, settings or problem.settings or SolverSettings(), progress=progress)
    offers = None if solution.values is None else form.chosen_offers(solution.values)
    return Plan(offers, solution.outcome)
