"""Goals, one after the other: each is solved with what the earlier ones reached kept as rows."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.programme.linear import Expression
from planner.siting.programme.solver import solve_model
from planner.siting.search.furthest import keep_radius, padded, shortest_radius

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation
    from planner.siting.programme.solver import Progress
    from planner.siting.question.outcome import Outcome, SolverSettings
    from planner.siting.question.problem import Goal

__all__ = ["Reached", "accept", "pursue"]

KEPT = 1e-7
"""Relative slack of the row that keeps an earlier goal: the solver's own tolerance, not a concession."""


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """What one solve reached for a goal.

    ``rank`` counts the worst-off shares of a ``fair`` goal from 0; ``measure`` gives the goal's number at any values,
    None where it is no linear expression.
    """

    goal: Goal
    rank: int
    measure: Expression | None
    values: NDArray[np.float64] | None
    outcome: Outcome


def pursue(
    form: Formulation,
    goal: Goal,
    settings: SolverSettings,
    start: NDArray[np.float64] | None,
    progress: Progress | None,
) -> list[Reached]:
    """Solve ``form`` for ``goal`` and add the rows that keep what was reached."""
    start = padded(start, form.builder.n_columns)
    if goal.kind == "furthest":
        return [Reached(goal, 0, None, *shortest_radius(form, settings, start, progress))]
    if goal.kind == "fair":
        return _fair(form, goal, settings, start, progress)
    measure = _measure(form, goal)
    maximise = goal.kind == "coverage"
    solution = solve_model(form.builder.build(measure, maximise=maximise), settings, start=start, progress=progress)
    if solution.outcome.objective is not None:
        _keep(form, measure, solution.outcome.objective, goal.tolerance, maximise=maximise)
    return [Reached(goal, 0, measure, solution.values, solution.outcome)]


def accept(form: Formulation, goal: Goal, values: NDArray[np.float64], outcome: Outcome) -> Reached:
    """Take over what other methods reached for ``goal``: add the rows that keep it."""
    if goal.kind == "furthest":
        if outcome.objective is not None:
            keep_radius(form, outcome.objective)
        return Reached(goal, 0, None, values, outcome)
    measure = _measure(form, goal)
    if outcome.objective is not None:
        _keep(form, measure, outcome.objective, goal.tolerance, maximise=goal.kind == "coverage")
    return Reached(goal, 0, measure, values, outcome)


def _measure(form: Formulation, goal: Goal) -> Expression:
    if goal.kind == "coverage":
        return form.coverage()
    if goal.kind == "walk":
        return form.walk()
    if goal.kind == "cost":
        walked = [form.walk().scaled(goal.yuan_per_walked_s)] if goal.walks else []
        return Expression.total([form.cost(goal.years), *walked])
    return form.opened_sites()


def _keep(form: Formulation, measure: Expression, reached: float, tolerance: float, *, maximise: bool) -> None:
    """Keep what was reached for a goal, within its tolerance, in every later solve."""
    scale = max(float(np.abs(measure.value).max(initial=0.0)), 1.0)
    give = tolerance * abs(reached) + KEPT * max(abs(reached), scale)
    limit = (reached - give) / scale if maximise else (reached + give) / scale
    row = measure.scaled(1 / scale)
    if maximise:
        form.builder.add_expression_row("kept", row, lower=limit)
    else:
        form.builder.add_expression_row("kept", row, upper=limit)


def _fair(
    form: Formulation,
    goal: Goal,
    settings: SolverSettings,
    start: NDArray[np.float64] | None,
    progress: Progress | None,
) -> list[Reached]:
    """Maximise the worst share, then the sum of the two worst, …: the lexicographic order of sorted shares.

    The sum of the r smallest shares is ``max r τ − Σ_q d_q`` with ``d_q ≥ τ − share_q``, ``d_q ≥ 0`` (Ogryczak and
    Śliwiński 2003): linear, so each step is one more solve of the same model.
    """
    shares = []
    for demand in range(len(form.problem.demands)):
        for region in range(form.problem.n_communities) or [None]:
            people, everybody = form.people_within(demand, goal.circle, region)
            if everybody > 0:
                shares.append(people.scaled(1 / everybody))
    if not shares:
        nothing = Expression.total([])
        solution = solve_model(form.builder.build(nothing), settings, start=start, progress=progress)
        return [Reached(goal, 0, nothing, solution.values, solution.outcome)]
    reached: list[Reached] = []
    for rank in range(min(goal.depth, len(shares))):
        level = form.builder.add_columns("level", 1, upper=1.0)
        below = form.builder.add_columns("below", len(shares), upper=1.0)
        for position, share in enumerate(shares):
            short = Expression(np.array([below.start + position, level.start]), np.array([1.0, -1.0]), 0.0)
            form.builder.add_expression_row("short_of_level", Expression.total([share, short]), lower=0.0)
        columns = np.concatenate([level.positions, below.positions])
        measure = Expression(columns, np.concatenate([[rank + 1.0], np.full(below.count, -1.0)]), 0.0)
        part = dataclasses.replace(settings, time_limit_s=settings.time_limit_s / goal.depth)
        solution = solve_model(
            form.builder.build(measure), part, start=padded(start, form.builder.n_columns), progress=progress
        )
        reached.append(Reached(goal, rank, None, solution.values, solution.outcome))
        if solution.values is None or solution.outcome.objective is None:
            break
        start = solution.values
        _keep(form, measure, solution.outcome.objective, goal.tolerance, maximise=True)
    return reached
