"""Goals, one after the other: each is solved with what the earlier ones reached kept as rows."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner._version import __version__
from planner.siting.programme.linear import Expression
from planner.siting.programme.solver import Solution, solve_model
from planner.siting.question.outcome import Outcome
from planner.siting.search.furthest import keep_radius, longest_walk, padded, shortest_radius
from planner.siting.search.hold import held
from planner.siting.search.seated import begun_with
from planner.siting.search.settled import settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation
    from planner.siting.programme.solver import Progress
    from planner.siting.question.outcome import SolverSettings
    from planner.siting.question.problem import Goal

__all__ = ["Reached", "accept", "pursue"]

ANYWAY = 5_000
"""Below so many coefficients the solver is asked even without any time left: it may see at once that there is no plan."""

KEPT = 1e-7
"""Relative slack of the row that keeps an earlier goal: no concession, but room for sums in another order."""

KEPT_SIZE = 1024.0
"""The largest coefficient of such a row: `KEPT` of it is a hundred times the solver's tolerance of a row, 1e-6, not a tenth."""


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """What one solve reached for a goal.

    ``rank`` counts the worst-off shares of a ``fair`` goal from 0; ``number`` gives the goal's number at any values, so that
    what is reported is that of the final plan.
    """

    goal: Goal
    rank: int
    number: Callable[[NDArray[np.float64]], float]
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
        values, outcome = shortest_radius(form, goal.tolerance, settings, start, progress)
        return [Reached(goal, 0, longest_walk(form), values, outcome)]
    if goal.kind == "fair":
        return _fair(form, goal, settings, start, progress)
    measure = _measure(form, goal)
    maximise = goal.kind == "coverage"
    solution = _solved(form, measure, settings, start, progress, maximise=maximise)
    if solution.values is not None:
        _keep(form, measure, measure.at(settled(form, solution.values)), goal.tolerance, maximise=maximise)
    return [Reached(goal, 0, measure.at, solution.values, solution.outcome)]


def _solved(
    form: Formulation,
    measure: Expression,
    settings: SolverSettings,
    start: NDArray[np.float64] | None,
    progress: Progress | None,
    *,
    maximise: bool = True,
) -> Solution:
    """Solve for ``measure``; the time is for building the model too, and the plan ``start`` is held whatever ends the solver."""
    began = time.perf_counter()
    model = form.builder.build(measure, maximise=maximise)
    left_s = settings.time_limit_s - (time.perf_counter() - began)
    if left_s > 0 or model.nonzeros < ANYWAY:
        part = dataclasses.replace(settings, time_limit_s=max(left_s, 0.0))
        solution = solve_model(model, part, start=begun_with(form, model, start), progress=progress)
    else:
        solution = Solution(None, Outcome("unknown", None, None, None, 0.0, "planner", __version__, "time"))
    return held(model, solution, start, settings.gap)


def accept(form: Formulation, goal: Goal, values: NDArray[np.float64], outcome: Outcome) -> Reached:
    """Take over what other methods reached for ``goal``: add the rows that keep it."""
    if goal.kind == "furthest":
        number = longest_walk(form)
        keep_radius(form, number(values) * (1.0 + goal.tolerance))
        return Reached(goal, 0, number, values, outcome)
    measure = _measure(form, goal)
    if outcome.objective is not None:
        _keep(form, measure, outcome.objective, goal.tolerance, maximise=goal.kind == "coverage")
    return Reached(goal, 0, measure.at, values, outcome)


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
    largest = float(np.abs(measure.value).max(initial=0.0))
    if largest == 0.0:
        return
    give = tolerance * abs(reached) + KEPT * max(abs(reached), largest)
    factor = KEPT_SIZE / largest
    row = measure.scaled(factor)
    if maximise:
        form.builder.add_expression_row("kept", row, lower=(reached - give) * factor)
    else:
        form.builder.add_expression_row("kept", row, upper=(reached + give) * factor)


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
        solution = _solved(form, nothing, settings, start, progress)
        return [Reached(goal, 0, nothing.at, solution.values, solution.outcome)]
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
        start = padded(start, form.builder.n_columns)
        if start is not None:
            start[columns] = _levels(shares, rank, start)
        solution = _solved(form, measure, part, start, progress)
        number = _smallest(shares, rank)
        reached.append(Reached(goal, rank, number, solution.values, solution.outcome))
        if solution.values is None:
            break
        start = settled(form, solution.values)
        start[columns] = _levels(shares, rank, start)
        _keep(form, measure, number(start), goal.tolerance, maximise=True)
    return reached


def _smallest(shares: list[Expression], rank: int) -> Callable[[NDArray[np.float64]], float]:
    """Return what gives the sum of the ``rank + 1`` smallest shares at any values."""
    return lambda values: float(np.sort([share.at(values) for share in shares])[: rank + 1].sum())


def _levels(shares: list[Expression], rank: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the level, the share of that rank, and how far each share is below it; unknown where a share is."""
    reached = np.clip([share.at(values) for share in shares], 0.0, 1.0)
    level = np.sort(reached)[rank] if not np.isnan(reached).any() else np.nan
    return np.concatenate([[level], np.maximum(level - reached, 0.0)])
