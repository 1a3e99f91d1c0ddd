"""Lexicographic goals: each is solved with constraints that keep what the earlier ones reached.

The goal ``furthest`` bisects the list of possible radii and solves, at each, for a plan that keeps it.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner._version import __version__
from planner.siting.arrays import ranges, set_sums
from planner.siting.mip.checks import feasible_incumbent, keep_incumbent
from planner.siting.mip.constraints import cover_within_radius
from planner.siting.mip.highs import Solution
from planner.siting.mip.linear import Expression
from planner.siting.mip.presolve import Pairs, pairs_within
from planner.siting.mip.repair import repaired, warm_start
from planner.siting.mip.solver import solve_model
from planner.siting.model.plan import Outcome, relative_gap

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.mip.variables import Formulation
    from planner.siting.model.data import Goal, SolverSettings
    from planner.siting.model.plan import Progress


SOLVE_ANYWAY_NONZEROS = 5_000
"""Models with fewer coefficients are solved even without any time left: infeasibility may be seen at once."""

GOAL_SLACK = 1e-7
"""Relative slack of the row that keeps an earlier goal: room for rounding of sums only."""

GOAL_ROW_SIZE = 1024.0
"""The largest coefficient of such a row: `GOAL_SLACK` of it is a hundred times the solver's row tolerance, 1e-6."""

LEAST_SHARE = 0.004
"""Least share of the time limit for the first radius."""


@dataclass(frozen=True, slots=True, eq=False)
class GoalResult:
    """Result of one solve for a goal.

    ``rank`` counts the worst-off shares of a ``fair`` goal from 0; ``number`` gives the goal's value at any point, so that
    what is reported is that of the final plan.
    """

    goal: Goal
    rank: int
    number: Callable[[FloatArray], float]
    values: FloatArray | None
    outcome: Outcome


def optimise_goal(
    form: Formulation, goal: Goal, settings: SolverSettings, start: FloatArray | None, progress: Progress | None
) -> list[GoalResult]:
    """Solve ``form`` for ``goal`` and add the constraint that keeps its value."""
    start = padded(start, form.builder.n_columns)
    if goal.kind == "furthest":
        values, outcome = minimise_radius(form, goal.tolerance, settings, start, progress)
        return [GoalResult(goal, 0, longest_walk(form), values, outcome)]
    if goal.kind == "fair":
        return _maximin(form, goal, settings, start, progress)
    expression = _objective(form, goal)
    solution = _solve_goal(form, expression, settings, start, progress, maximise=goal.maximise)
    if solution.values is not None:
        _add_goal_constraint(
            form, expression, expression.at(repaired(form, solution.values)), goal.tolerance, maximise=goal.maximise
        )
    return [GoalResult(goal, 0, expression.at, solution.values, solution.outcome)]


def _solve_goal(
    form: Formulation,
    expression: Expression,
    settings: SolverSettings,
    start: FloatArray | None,
    progress: Progress | None,
    *,
    maximise: bool = True,
) -> Solution:
    """Solve for ``expression``; the time limit includes building the model, and the plan ``start`` is kept as incumbent."""
    started = time.perf_counter()
    model = form.builder.build(expression, maximise=maximise)
    left_s = settings.time_limit_s - (time.perf_counter() - started)
    if left_s > 0 or model.nonzeros < SOLVE_ANYWAY_NONZEROS:
        goal_settings = settings.within(max(left_s, 0.0))
        solution = solve_model(model, goal_settings, start=warm_start(form, model, start), progress=progress)
    else:
        solution = Solution(None, Outcome("unknown", None, None, None, 0.0, "planner", __version__, "time"))
    return keep_incumbent(model, solution, start, settings.gap)


def accept_goal(form: Formulation, goal: Goal, values: FloatArray, outcome: Outcome) -> GoalResult:
    """Accept a value found by other methods for ``goal``: add the constraint that keeps it."""
    if goal.kind == "furthest":
        number = longest_walk(form)
        keep_radius(form, number(values) * (1.0 + goal.tolerance))
        return GoalResult(goal, 0, number, values, outcome)
    expression = _objective(form, goal)
    if outcome.objective is not None:
        _add_goal_constraint(form, expression, outcome.objective, goal.tolerance, maximise=goal.maximise)
    return GoalResult(goal, 0, expression.at, values, outcome)


def _objective(form: Formulation, goal: Goal) -> Expression:
    if goal.kind == "coverage":
        return form.coverage()
    if goal.kind == "walk":
        return form.walk()
    if goal.kind == "cost":
        walked = [form.walk().scaled(goal.cost_per_walked_s)] if goal.walks else []
        return Expression.total([form.cost(goal.years), *walked])
    return form.opened_sites()


def _add_goal_constraint(
    form: Formulation, expression: Expression, reached: float, tolerance: float, *, maximise: bool
) -> None:
    """Keep the value of a goal, within its tolerance, in every later solve."""
    largest = float(np.abs(expression.value).max(initial=0.0))
    if largest == 0.0:
        return
    slack = tolerance * abs(reached) + GOAL_SLACK * max(abs(reached), largest)
    factor = GOAL_ROW_SIZE / largest
    row = expression.scaled(factor)
    if maximise:
        form.builder.add_expression_row("kept", row, lower=(reached - slack) * factor)
    else:
        form.builder.add_expression_row("kept", row, upper=(reached + slack) * factor)


def _maximin(
    form: Formulation, goal: Goal, settings: SolverSettings, start: FloatArray | None, progress: Progress | None
) -> list[GoalResult]:
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
        solution = _solve_goal(form, nothing, settings, start, progress)
        return [GoalResult(goal, 0, nothing.at, solution.values, solution.outcome)]
    reached: list[GoalResult] = []
    for rank in range(min(goal.depth, len(shares))):
        level = form.builder.add_columns("level", 1, upper=1.0)
        below = form.builder.add_columns("below", len(shares), upper=1.0)
        for position, share in enumerate(shares):
            shortfall = Expression(np.array([below.start + position, level.start]), np.array([1.0, -1.0]), 0.0)
            form.builder.add_expression_row("short_of_level", Expression.total([share, shortfall]), lower=0.0)
        columns = np.concatenate([level.positions, below.positions])
        expression = Expression(columns, np.concatenate([[rank + 1.0], np.full(below.count, -1.0)]), 0.0)
        goal_settings = settings.within(settings.time_limit_s / goal.depth)
        start = padded(start, form.builder.n_columns)
        if start is not None:
            start[columns] = _level_columns(shares, rank, start)
        solution = _solve_goal(form, expression, goal_settings, start, progress)
        number = _sum_of_smallest(shares, rank)
        reached.append(GoalResult(goal, rank, number, solution.values, solution.outcome))
        if solution.values is None:
            break
        start = repaired(form, solution.values)
        start[columns] = _level_columns(shares, rank, start)
        _add_goal_constraint(form, expression, number(start), goal.tolerance, maximise=True)
    return reached


def _sum_of_smallest(shares: list[Expression], rank: int) -> Callable[[FloatArray], float]:
    """Return a function of a point: the sum of the ``rank + 1`` smallest shares."""
    return lambda values: float(np.sort([share.at(values) for share in shares])[: rank + 1].sum())


def _level_columns(shares: list[Expression], rank: int, values: FloatArray) -> FloatArray:
    """Return the level (the share of that rank) and each share's shortfall below it; NaN where a share is unknown."""
    reached = np.clip([share.at(values) for share in shares], 0.0, 1.0)
    level = np.sort(reached)[rank] if not np.isnan(reached).any() else np.nan
    return np.concatenate([[level], np.maximum(level - reached, 0.0)])


@dataclass(frozen=True, slots=True, eq=False)
class _Reachable:
    """People whom some slot can serve, demand by demand: one row per (demand, point), its pairs nearest first."""

    first: IntArray
    pairs: Pairs


def minimise_radius(
    form: Formulation, tolerance: float, settings: SolverSettings, start: FloatArray | None, progress: Progress | None
) -> tuple[FloatArray | None, Outcome]:
    """Return a point with the shortest longest walk in seconds, and the outcome; keep the radius in the model.

    Later goals may give up ``tolerance`` of it, relative to its value. A complete feasible ``start`` is the first incumbent, and no longer
    radius is tried than its own. People whom no site can serve at all are not counted: `evaluate` reports them. The walk is infinite when
    money or rules leave somebody unserved who could be served.
    """
    started = time.perf_counter()
    reachable = _reachable(form)
    radii = _radii(reachable)
    low, high = 0, len(radii)
    outcome = Outcome("unknown", None, None, None, 0.0, "planner", __version__)
    best = feasible_incumbent(form.builder.build(), start)
    longest = longest_walk(form)
    if best is not None:
        high = int(np.searchsorted(radii, longest(best)))
    solved_once = False
    while low < high:
        # Any plan first: there may be none, and its own longest walk bounds the radii.
        middle = high - 1 if best is None and not solved_once else (low + high) // 2
        left_s = settings.time_limit_s - (time.perf_counter() - started)
        if solved_once and left_s <= 0:
            outcome = dataclasses.replace(outcome, stopped_by="time")
            break
        checkpoint = form.builder.checkpoint()
        _keep_within(form, reachable, float(radii[middle]))
        goal_settings = settings.within(max(left_s, LEAST_SHARE * settings.time_limit_s))
        solution = solve_model(form.builder.build(), goal_settings, start=start)
        form.builder.rollback(checkpoint)
        outcome, solved_once = solution.outcome, True
        if solution.values is not None:
            best = start = solution.values
            high = min(middle, int(np.searchsorted(radii, longest(best))))
        elif outcome.status == "infeasible":
            low = middle + 1
        else:
            break
        if progress is not None:
            progress(_finite_at(radii, high), _finite_at(radii, low), time.perf_counter() - started)
    objective, bound = (None if best is None else float(radii[high])), _radius_at(radii, low)
    if best is not None:
        _keep_within(form, reachable, float(radii[high]) * (1.0 + tolerance))
    return best, dataclasses.replace(
        outcome,
        status="infeasible"
        if bound is None
        else ("optimal" if low == high else ("unknown" if best is None else "feasible")),
        objective=objective,
        bound=bound,
        gap=relative_gap(objective, bound),
        seconds=time.perf_counter() - started,
        stopped_by="proof" if low == high else outcome.stopped_by,
    )


def keep_radius(form: Formulation, radius_s: float) -> None:
    """Constrain the model so that nobody who can be served walks longer than ``radius_s``."""
    _keep_within(form, _reachable(form), radius_s)


def longest_walk(form: Formulation) -> Callable[[FloatArray], float]:
    """Return a function of a point: the longest walk in seconds, infinite where somebody is unserved who could be served."""
    reachable = _reachable(form)
    pairs, first = reachable.pairs, reachable.first

    def longest(values: FloatArray) -> float:
        if not len(first):
            return 0.0
        is_open = (values[form.x[form.last].slice] > 0.5) | form.slots.always_open
        seconds = np.where(is_open[pairs.slot], pairs.seconds, np.inf)
        return float(np.minimum.reduceat(seconds, first).max())

    return longest


def _finite_at(radii: FloatArray, position: int) -> float | None:
    found = _radius_at(radii, position)
    return None if found is None or np.isinf(found) else found


def _radius_at(radii: FloatArray, position: int) -> float | None:
    return float(radii[position]) if position < len(radii) else None


def _reachable(form: Formulation) -> _Reachable:
    first_pairs, per_demand, shift = [], [], 0
    for demand in form.problem.demands:
        pairs = pairs_within(form.problem, demand, form.slots)
        pairs = pairs[demand.people[pairs.point] > 0]
        first_pairs.append(np.flatnonzero(np.diff(pairs.point, prepend=-1)) + shift)
        per_demand.append(pairs)
        shift += len(pairs.point)
    joined = [
        np.concatenate([getattr(goal_settings, name) for goal_settings in per_demand])
        for name in ("point", "slot", "circle", "seconds")
    ]
    return _Reachable(np.concatenate(first_pairs), Pairs(*joined))


def _radii(reachable: _Reachable) -> FloatArray:
    """Return every candidate radius, ascending; infinite at the end, for leaving somebody unserved."""
    seconds, first = reachable.pairs.seconds, reachable.first
    if not len(first):
        return np.array([0.0, np.inf])
    least = float(seconds[first].max())
    return np.append(np.unique(seconds[seconds >= least]), np.inf)


def _keep_within(form: Formulation, reachable: _Reachable, radius_s: float) -> None:
    """Require an open slot within the radius of every row, equal sets once."""
    pairs, first = reachable.pairs, reachable.first
    if np.isinf(radius_s) or not len(first):
        return
    row = np.repeat(np.arange(len(first)), np.diff(first, append=len(pairs.point)))
    inside = pairs.seconds <= radius_s
    repaired = np.zeros(len(first), dtype=bool)
    repaired[row[inside & form.slots.always_open[pairs.slot]]] = True
    inside &= ~repaired[row]
    row, slot = row[inside], pairs.slot[inside]
    if not len(row):
        return
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    size = np.diff(starts, append=len(row))
    sums = set_sums(slot, starts, form.slots.count)
    _, leader = np.unique(sums, axis=0, return_index=True)
    owner = np.repeat(np.arange(len(leader)), size[leader])
    cover_within_radius(form, owner, slot[ranges(starts[leader], size[leader])], len(leader))


def padded(values: FloatArray | None, n_columns: int) -> FloatArray | None:
    """Return ``values`` with NaN for columns that were added since."""
    if values is None or len(values) == n_columns:
        return values
    return np.concatenate([values, np.full(n_columns - len(values), np.nan)])
