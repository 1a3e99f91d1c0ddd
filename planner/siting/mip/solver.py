"""Solve a `LinearModel`: bound tightening, decomposition into independent blocks, and a checked answer.

Districts that share no budget and people who share no site form separate blocks of the constraint matrix: a search that does not
know it tries every plan of one beside every plan of the other. No row links the blocks, so the best of each is the best of all.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from typing import TYPE_CHECKING

import numpy as np
import pulp
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from planner.errors import StudyError
from planner.siting.arrays import sums_by
from planner.siting.mip.checks import (
    add_row,
    contradictions,
    cover_inequality,
    feasible_incumbent,
    is_feasible,
    objective_at,
    rounded_within_bounds,
    violated_exact_rows,
    without_proof,
)
from planner.siting.mip.highs import ArrayProblem, Solution, feasible_point, run_highs, solve_with_pulp
from planner.siting.mip.linear import Block
from planner.siting.model.plan import Outcome, Progress, Status, relative_gap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.mip.linear import LinearModel
    from planner.siting.model.data import SolverSettings
    from planner.siting.model.plan import Stopped


logger = logging.getLogger(__name__)

PRESOLVE_FROM = 5_000
"""Number of coefficients from which presolve is used; smaller models are solved without it and with it, in less than a second."""

SAME = 1e-9
"""Relative difference up to which two objectives are equal."""

MAX_COVER_CUTS = 200
"""Rounds of cover inequalities for plans that violate an exact row."""

SECOND_SOLVE_S = 1.0
"""Least time for a second solve where the first answer is in doubt."""

INTERRUPTED_S = 1.0
"""Time limit of a block after an interrupt, to complete its warm start."""

ROUNDING = 1e-12
"""Relative difference of two sums of the same numbers in another order."""

MIN_INTEGERS = 2
"""Blocks with fewer free integer columns are solved with the largest one."""


def solve_model(
    model: LinearModel, settings: SolverSettings, *, start: FloatArray | None = None, progress: Progress | None = None
) -> Solution:
    """Solve ``model`` through PuLP with the solver of ``settings``.

    Parameters
    ----------
    model
        The model; columns keep their order in the result.
    settings
        Time limit, gap, threads, seed, solver.
    start : float64[n], optional
        A warm start; HiGHS completes and checks it, so it may be partial (NaN where unknown).
    progress
        Called with ``(incumbent, bound, seconds)``; None stands for not yet known.

    Raises
    ------
    planner.errors.StudyError
        When the named solver is not installed.
    """
    tightened = with_tightened_bounds(model) if model.integer.any() else model
    found = independent_blocks(tightened) if model.integer.any() else []
    if len(found) > 1:
        return _solve_blocks(tightened, found, settings, start, progress)
    if settings.solver != "HiGHS":
        available = pulp.listSolvers(onlyAvailable=True)
        if settings.solver not in available:
            raise StudyError(f"solver {settings.solver!r} is not installed; PuLP finds: {', '.join(sorted(available))}")
    return _solve_exactly(model, settings, start, progress)


def _solve_exactly(
    model: LinearModel, settings: SolverSettings, start: FloatArray | None, progress: Progress | None
) -> Solution:
    """Solve until the plan satisfies every exact row to the last unit; violations are cut off by cover inequalities."""
    deadline = time.perf_counter() + settings.time_limit_s
    started = time.perf_counter()
    for _ in range(MAX_COVER_CUTS):
        left_s = max(deadline - time.perf_counter(), 0.0)
        solution = _checked(model, settings.within(left_s), start, progress)
        broken = [] if solution.values is None else violated_exact_rows(model, solution.values)
        if solution.values is None or not broken:
            seconds = time.perf_counter() - started
            return Solution(solution.values, dataclasses.replace(solution.outcome, seconds=seconds))
        covers = [cover_inequality(model, row, solution.values, upper=upper) for row, upper in broken]
        if None in covers or solution.outcome.stopped_by != "proof" or time.perf_counter() >= deadline:
            break
        for cover in covers:
            assert cover is not None  # noqa: S101  # looked at above
            model = add_row(model, *cover)
        start = None
    return Solution(None, without_proof(model, solution.outcome, None))


def _checked(
    model: LinearModel, settings: SolverSettings, start: FloatArray | None, progress: Progress | None
) -> Solution:
    """Return an answer without contradictions; what is in doubt after a second solve is left out."""
    deadline = time.perf_counter() + settings.time_limit_s
    incumbent = feasible_incumbent(model, start)
    incumbent_objective = None if incumbent is None else objective_at(model, incumbent)
    presolve = model.nonzeros >= PRESOLVE_FROM
    solution = _run_solver(model, settings, start, progress, presolve=presolve)
    found = contradictions(model, solution.outcome, solution.values, incumbent_objective)
    infeasible_by_presolve = presolve and solution.outcome.status == "infeasible"
    if (found or infeasible_by_presolve) and settings.solver == "HiGHS" and not solution.outcome.interrupted:
        # Without presolve or, where there was none, with another seed.
        left_s = max(deadline - time.perf_counter(), min(SECOND_SOLVE_S, settings.time_limit_s))
        again = dataclasses.replace(
            settings, time_limit_s=left_s, seed=settings.seed if presolve else settings.seed + 1
        )
        block_start = start if incumbent is None else incumbent
        second = _run_solver(model, again, block_start, progress, presolve=False)
        solution = _with_better_plan(model, second, solution)
        found = contradictions(model, solution.outcome, solution.values, incumbent_objective)
    if not presolve and not found and settings.solver == "HiGHS" and not solution.outcome.interrupted:
        solution = _confirmed_with_presolve(
            model, settings.within(deadline - time.perf_counter()), solution, incumbent_objective
        )
    if solution.outcome.status == "infeasible" and incumbent is None and start is not None:
        incumbent = _completed(model, start)
        found = found if incumbent is None else ["infeasible beside a plan in hand"]
    if found:
        logger.info("the answer of %s is taken without its proof: %s", solution.outcome.solver, "; ".join(found))
        values = solution.values if solution.values is not None and is_feasible(model, solution.values) else None
        values = _better_of(model, values, incumbent)
        bound = None if "bound is worse than the plan" in found else solution.outcome.bound
        outcome = dataclasses.replace(solution.outcome, bound=bound)
        return _rounded_solution(model, Solution(values, without_proof(model, outcome, values)))
    return _rounded_solution(model, solution)


def _confirmed_with_presolve(
    model: LinearModel, settings: SolverSettings, first: Solution, incumbent_objective: float | None
) -> Solution:
    """Return ``first``, or the answer with presolve where that has a better feasible plan, or one at all.

    HiGHS proves worse plans optimal now with presolve, now without it (seed 41128 of `tests.oracle.drawn`), seldom with both. A
    model small enough to go without presolve takes milliseconds, and is solved both ways.
    """
    if not model.integer.any() or settings.time_limit_s <= 0 or first.outcome.status not in {"optimal", "infeasible"}:
        return first
    second = _run_solver(model, settings, None, None, presolve=True)
    if second.values is None or not is_feasible(model, second.values):
        return first
    if second.outcome.interrupted or contradictions(model, second.outcome, second.values, incumbent_objective):
        return first
    if first.values is not None:
        gain = objective_at(model, second.values) - objective_at(model, first.values)
        if (gain if model.maximise else -gain) <= SAME * abs(objective_at(model, first.values)):
            return first
    logger.info("a plan that was proven optimal or impossible without presolve is beaten with it")
    return second


def _rounded_solution(model: LinearModel, solution: Solution) -> Solution:
    """Return the solution with integer columns rounded and the objective recomputed."""
    if solution.values is None:
        return solution
    values = rounded_within_bounds(model, solution.values)
    objective = objective_at(model, values)
    gap = relative_gap(objective, solution.outcome.bound)
    return Solution(values, dataclasses.replace(solution.outcome, objective=objective, gap=gap))


def _run_solver(
    model: LinearModel, settings: SolverSettings, start: FloatArray | None, progress: Progress | None, *, presolve: bool
) -> Solution:
    if settings.solver == "HiGHS":
        return run_highs(model, settings, start, progress, presolve=presolve)
    return solve_with_pulp(ArrayProblem(model), settings)


def _completed(model: LinearModel, start: FloatArray) -> FloatArray | None:
    """Return a feasible completion of the integer columns of ``start``, found without presolve; None where there is none."""
    given = model.integer & ~np.isnan(start)
    at = np.clip(np.round(np.where(given, start, 0.0)), model.lower, model.upper)
    lower, upper = np.where(given, at, model.lower), np.where(given, at, model.upper)
    fixed = dataclasses.replace(model, lower=lower, upper=upper, cost=np.zeros(model.n_columns))
    values = feasible_point(fixed, SECOND_SOLVE_S)
    return None if values is None else feasible_incumbent(model, values)


def _better_of(model: LinearModel, one: FloatArray | None, other: FloatArray | None) -> FloatArray | None:
    """Return the values with the better objective."""
    if one is None or other is None:
        return other if one is None else one
    better = objective_at(model, other) - objective_at(model, one)
    return other if (better if model.maximise else -better) > 0 else one


def _with_better_plan(model: LinearModel, second: Solution, first: Solution) -> Solution:
    """Return the second answer, with the plan of the first where that is feasible and better."""
    values = first.values if first.values is not None and is_feasible(model, first.values) else None
    best = _better_of(model, second.values, values)
    if best is second.values or second.outcome.status in {"optimal", "infeasible"}:
        return second
    assert best is not None  # noqa: S101  # else it would be that of the second
    return Solution(best, without_proof(model, second.outcome, best))


def _solve_blocks(
    model: LinearModel,
    found: list[IntArray],
    settings: SolverSettings,
    start: FloatArray | None,
    progress: Progress | None,
) -> Solution:
    """Solve block after block; progress is reported from the last, the largest, with the totals of the others added."""
    deadline = time.perf_counter() + settings.time_limit_s
    values, outcomes, interrupted = np.full(model.n_columns, np.nan), list[Outcome](), False
    for position, columns in enumerate(found):
        seconds = INTERRUPTED_S if interrupted else time_share(found, position, deadline)
        block_start = None if start is None else start[columns]
        report = _with_other_blocks(progress, outcomes, model.offset) if position == len(found) - 1 else None
        block_settings = settings.within(seconds)
        solution = solve_model(submodel(model, columns), block_settings, start=block_start, progress=report)
        outcomes.append(solution.outcome)
        if solution.values is not None:
            values[columns] = solution.values
        interrupted |= solution.outcome.interrupted
        if solution.outcome.status in {"infeasible", "unbounded"}:
            break
    outcome = combined_outcome(outcomes, model.offset, settings)
    return Solution(None if outcome.objective is None else values, outcome)


def _with_other_blocks(progress: Progress | None, outcomes: list[Outcome], offset: float) -> Progress | None:
    """Return a progress callback that adds the results of the other blocks."""
    if progress is None:
        return None

    def added(number: float | None, others: list[float | None]) -> float | None:
        given = [one for one in others if one is not None]
        return None if number is None or len(given) < len(others) else offset + number + sum(given)

    def report(incumbent: float | None, bound: float | None, seconds: float) -> None:
        objectives, bounds = [one.objective for one in outcomes], [one.bound for one in outcomes]
        progress(added(incumbent, objectives), added(bound, bounds), seconds)

    return report


def with_tightened_bounds(model: LinearModel) -> LinearModel:
    """Return ``model`` with columns fixed that a row leaves no choice (activity-based bound tightening)."""
    row, least, most = _activity(model)
    slack = _rounding(model, model.row_lower)
    tight = np.isfinite(model.row_lower) & np.isfinite(most) & (np.abs(most - model.row_lower) <= slack)
    at_most = tight[row]
    slack = _rounding(model, model.row_upper)
    tight = np.isfinite(model.row_upper) & np.isfinite(least) & (np.abs(least - model.row_upper) <= slack)
    at_least = tight[row]
    up = (at_most & (model.value > 0)) | (at_least & (model.value < 0))
    down = (at_most & (model.value < 0)) | (at_least & (model.value > 0))
    lower, upper = model.lower.copy(), model.upper.copy()
    lower[model.column[up]] = model.upper[model.column[up]]
    upper[model.column[down]] = model.lower[model.column[down]]
    if (lower > upper).any():
        return model
    return dataclasses.replace(model, lower=lower, upper=upper)


def _rounding(model: LinearModel, limit: FloatArray) -> FloatArray:
    """Return the rounding of each row's sum in another order; 0 for exact rows, whose terms are integers."""
    return np.where(model.exact, 0.0, ROUNDING * np.maximum(np.abs(limit), 1.0))


def _activity(model: LinearModel) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return the row of each coefficient, and the least and the greatest activity of each row."""
    row = np.repeat(np.arange(model.n_rows), np.diff(model.indptr))
    low = np.where(model.value > 0, model.lower[model.column], model.upper[model.column])
    high = np.where(model.value > 0, model.upper[model.column], model.lower[model.column])
    return row, sums_by(row, model.value * low, model.n_rows), sums_by(row, model.value * high, model.n_rows)


def independent_blocks(model: LinearModel) -> list[IntArray]:
    """Return the columns of each block, ascending, the smallest block first; one block where all are linked.

    Redundant rows link nothing, nor do fixed columns.
    """
    n, m = model.n_columns, model.n_rows
    row, least, most = _activity(model)
    free = (least >= model.row_lower) & (most <= model.row_upper)
    if (~free & (np.diff(model.indptr) == 0)).any():
        # A violated row without coefficients: the model is infeasible as a whole.
        return [np.arange(n)]
    links = ~free[row] & (model.lower < model.upper)[model.column]
    shape = (n + m, n + m)
    graph = csr_matrix((np.ones(int(links.sum())), (model.column[links], n + row[links])), shape)
    _, label = connected_components(graph, directed=False)
    whole = np.bincount(label[:n], model.integer & (model.lower < model.upper), n + m)
    # An equation leaves one column less to decide: an open slot is implied by its bundles.
    whole -= np.bincount(label[n:], ~free & (model.row_lower == model.row_upper), n + m)
    size = np.bincount(label[:n], minlength=n + m)
    largest = int(np.lexsort((-size, -whole))[0])
    label = np.where(whole[label[:n]] >= MIN_INTEGERS, label[:n], largest)
    order = np.argsort(label, kind="stable")
    found = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return sorted(found, key=len)


def submodel(model: LinearModel, columns: IntArray) -> LinearModel:
    """Return the rows of ``model`` with ``columns``, over these alone.

    Every other column in them is fixed, and moved to the other side. The offset of the objective is left out.
    """
    position = np.full(model.n_columns, -1, dtype=np.int64)
    position[columns] = np.arange(len(columns))
    row = np.repeat(np.arange(model.n_rows), np.diff(model.indptr))
    inside = position[model.column] >= 0
    used = np.unique(row[inside])
    place = np.full(model.n_rows, -1, dtype=np.int64)
    place[used] = np.arange(len(used))
    outside = ~inside & (place[row] >= 0)
    sure = np.bincount(row[outside], model.value[outside] * model.lower[model.column[outside]], model.n_rows)[used]
    # A row that fixed columns alone do not complete is redundant in this block.
    alone = np.bincount(row[outside], (model.lower < model.upper)[model.column[outside]], model.n_rows)[used] == 0
    size = np.bincount(place[row[inside]], minlength=len(used))
    return dataclasses.replace(
        model,
        offset=0.0,
        cost=model.cost[columns],
        lower=model.lower[columns],
        upper=model.upper[columns],
        integer=model.integer[columns],
        unit=model.unit[columns],
        indptr=np.concatenate([[0], np.cumsum(size)]),
        column=position[model.column[inside]].astype(np.int32),
        value=model.value[inside],
        row_lower=np.where(alone, model.row_lower[used] - sure, -np.inf),
        row_upper=np.where(alone, model.row_upper[used] - sure, np.inf),
        exact=model.exact[used],
        columns=(Block("piece", 0, len(columns)),),
        rows=(Block("piece", 0, len(used)),),
    )


def time_share(found: Sequence[IntArray], position: int, deadline: float) -> float:
    """Return the time limit of a block: its share of the time left for it and those after it, by number of columns."""
    left = sum(len(columns) for columns in found[position:])
    return max(deadline - time.perf_counter(), 0.0) * len(found[position]) / max(left, 1)


def combined_outcome(outcomes: Sequence[Outcome], offset: float, settings: SolverSettings) -> Outcome:
    """Return the outcome of all blocks together: the worst status, and proven only where the sum is within the gap."""

    def total(read: Callable[[Outcome], float | None]) -> float | None:
        numbers = [read(outcome) for outcome in outcomes]
        return None if None in numbers else offset + sum(number for number in numbers if number is not None)

    last = outcomes[-1]
    objective, bound = total(lambda one: one.objective), total(lambda one: one.bound)
    gap = relative_gap(objective, bound)
    worst: tuple[Status, ...] = ("infeasible", "unbounded", "unknown")
    for status in worst:
        if any(one.status == status for one in outcomes):
            return dataclasses.replace(last, status=status, objective=None, bound=None, gap=None)
    within = gap is not None and gap <= max(settings.gap, *(one.gap or 0.0 for one in outcomes))
    proven = all(one.status == "optimal" for one in outcomes) and within
    early = [one.stopped_by for one in outcomes if one.stopped_by != "proof"]
    otherwise: Stopped = "proof" if proven else "limit"
    return dataclasses.replace(
        last,
        status="optimal" if proven else "feasible",
        objective=objective,
        bound=bound,
        gap=gap,
        seconds=sum(one.seconds for one in outcomes),
        nodes=sum(one.nodes for one in outcomes),
        stopped_by=early[0] if early else otherwise,
    )
