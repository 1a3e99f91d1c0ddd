"""PuLP and HiGHS: a `LinearModel` becomes a PuLP problem, a PuLP solver solves it, the solver says how it ended.

PuLP's own bridge hands a model to HiGHS term by term and reports "Optimal" at a time limit. `ArrayHiGHS` is that
bridge with both mended: one pass of arrays in, and status, objective, bound and gap read from HiGHS itself. Any other
solver PuLP knows is driven through the ordinary PuLP model. The few places where PuLP 3 and 4 differ are in
`planner.siting.programme._pulp`.
"""

from __future__ import annotations

import dataclasses
import logging
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import highspy
import numpy as np
import pulp

from planner.errors import StudyError
from planner.siting.programme import _pulp
from planner.siting.programme.highs_model import as_highs, objective_factor, scaled
from planner.siting.programme.pieces import added_up, forced, pieces, restricted, time_for
from planner.siting.programme.verified import (
    broken_rows,
    cover_inequality,
    doubts,
    in_hand,
    keeps_rows,
    objective_at,
    rounded,
    with_row,
    without_proof,
)
from planner.siting.question.outcome import Outcome, SolverSettings, Status, relative_gap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from planner.siting.programme.linear import LinearModel

    class Stoppable(Protocol):
        """Something that looks at ``stop`` now and then."""

        stop: bool

    Progress = Callable[[float | None, float | None, float], None]

logger = logging.getLogger(__name__)

__all__ = ["ArrayHiGHS", "Programme", "Solution", "ask_highs", "ctrl_c", "solve_model"]

EXPAND_NONZEROS = 50_000
"""Up to this many coefficients the PuLP problem holds every term; beyond, HiGHS has only the arrays: terms cost 200 bytes and
about 2 µs each."""

PRESOLVE_FROM = 5_000
"""From this many coefficients on presolve is used; smaller models are asked without it and with it, in less than a second."""

SAME = 1e-9
"""Relative difference up to which two objectives are the same."""

COVERS = 200
"""How often a plan that breaks an exact row is cut off before the search is given up."""

AGAIN_S = 1.0
"""The least time for a second answer where the first is in doubt."""

PROGRESS_EVERY_S = 0.2

INTERRUPTED_S = 1.0
"""What a piece may take to complete the plan it begins with, once somebody has asked to stop."""

_ENDED: dict[Any, tuple[Status, Literal["proof", "time", "interrupt", "limit"]]] = {
    highspy.HighsModelStatus.kOptimal: ("optimal", "proof"),
    highspy.HighsModelStatus.kInfeasible: ("infeasible", "proof"),
    highspy.HighsModelStatus.kUnboundedOrInfeasible: ("infeasible", "proof"),
    highspy.HighsModelStatus.kUnbounded: ("unbounded", "proof"),
    highspy.HighsModelStatus.kTimeLimit: ("feasible", "time"),
    highspy.HighsModelStatus.kInterrupt: ("feasible", "interrupt"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The values of the columns, float64[n], or None when no plan was found; and how the solve ended."""

    values: NDArray[np.float64] | None
    outcome: Outcome


def solve_model(
    model: LinearModel,
    settings: SolverSettings,
    *,
    start: NDArray[np.float64] | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Solve ``model`` through PuLP with the solver that ``settings`` names.

    Parameters
    ----------
    model
        What to solve; columns keep their order in the result.
    settings
        Time, gap, threads, seed, solver.
    start : float64[n], optional
        A warm start; HiGHS completes and checks it, so it may be partial (NaN where unknown).
    progress
        Told ``(incumbent, bound, seconds)`` as they move; None stands for not yet known.

    Raises
    ------
    planner.errors.StudyError
        When the named solver is not installed.
    """
    settled = forced(model) if model.integer.any() else model
    found = pieces(settled) if model.integer.any() else []
    if len(found) > 1:
        return _solve_pieces(settled, found, settings, start, progress)
    if settings.solver != "HiGHS":
        available = pulp.listSolvers(onlyAvailable=True)
        if settings.solver not in available:
            raise StudyError(f"solver {settings.solver!r} is not installed; PuLP finds: {', '.join(sorted(available))}")
    return _solve_exactly(model, settings, start, progress)


def _solve_exactly(
    model: LinearModel, settings: SolverSettings, start: NDArray[np.float64] | None, progress: Progress | None
) -> Solution:
    """Solve until the plan keeps every exact row to the last unit: one that does not is cut off, and all that use as much."""
    ends = time.perf_counter() + settings.time_limit_s
    began = time.perf_counter()
    for _ in range(COVERS):
        left_s = max(ends - time.perf_counter(), 0.0)
        solution = _checked(model, dataclasses.replace(settings, time_limit_s=left_s), start, progress)
        broken = [] if solution.values is None else broken_rows(model, solution.values)
        if solution.values is None or not broken:
            seconds = time.perf_counter() - began
            return Solution(solution.values, dataclasses.replace(solution.outcome, seconds=seconds))
        covers = [cover_inequality(model, row, solution.values, upper=upper) for row, upper in broken]
        if None in covers or solution.outcome.stopped_by != "proof" or time.perf_counter() >= ends:
            break
        for cover in covers:
            assert cover is not None  # noqa: S101  # looked at above
            model = with_row(model, *cover)
        start = None
    return Solution(None, without_proof(model, solution.outcome, None))


def _checked(
    model: LinearModel, settings: SolverSettings, start: NDArray[np.float64] | None, progress: Progress | None
) -> Solution:
    """Return an answer that nothing known contradicts; what of it is in doubt after a second answer is left out."""
    ends = time.perf_counter() + settings.time_limit_s
    held = in_hand(model, start)
    worth = None if held is None else objective_at(model, held)
    presolve = model.nonzeros >= PRESOLVE_FROM
    solution = _answer(model, settings, start, progress, presolve=presolve)
    found = doubts(model, solution.outcome, solution.values, worth)
    unsure = presolve and solution.outcome.status == "infeasible"
    if (found or unsure) and settings.solver == "HiGHS" and not solution.outcome.interrupted:
        # Presolve or, where there was none, another order of the search.
        left_s = max(ends - time.perf_counter(), min(AGAIN_S, settings.time_limit_s))
        again = dataclasses.replace(
            settings, time_limit_s=left_s, seed=settings.seed if presolve else settings.seed + 1
        )
        begin = start if held is None else held
        second = _answer(model, again, begin, progress, presolve=False)
        solution = _better_kept(model, second, solution)
        found = doubts(model, solution.outcome, solution.values, worth)
    if not presolve and not found and settings.solver == "HiGHS" and not solution.outcome.interrupted:
        solution = _confirmed(
            model, dataclasses.replace(settings, time_limit_s=ends - time.perf_counter()), solution, worth
        )
    if solution.outcome.status == "infeasible" and held is None and start is not None:
        held = _completed(model, start)
        found = found if held is None else ["infeasible beside a plan in hand"]
    if found:
        logger.info("the answer of %s is taken without its proof: %s", solution.outcome.solver, "; ".join(found))
        values = solution.values if solution.values is not None and keeps_rows(model, solution.values) else None
        values = _better_of(model, values, held)
        bound = None if "bound is worse than the plan" in found else solution.outcome.bound
        outcome = dataclasses.replace(solution.outcome, bound=bound)
        return _read(model, Solution(values, without_proof(model, outcome, values)))
    return _read(model, solution)


def _confirmed(model: LinearModel, settings: SolverSettings, first: Solution, worth: float | None) -> Solution:
    """Return ``first``, or where it is wrong the answer with presolve: a better plan that keeps every row, or one at all.

    HiGHS proves worse plans optimal now with presolve, now without it (seed 41128 of `tests.oracle.drawn`), seldom with both. A
    model small enough to go without presolve takes milliseconds, and is asked both ways.
    """
    if not model.integer.any() or settings.time_limit_s <= 0 or first.outcome.status not in {"optimal", "infeasible"}:
        return first
    second = _answer(model, settings, None, None, presolve=True)
    if second.values is None or not keeps_rows(model, second.values):
        return first
    if second.outcome.interrupted or doubts(model, second.outcome, second.values, worth):
        return first
    if first.values is not None:
        gain = objective_at(model, second.values) - objective_at(model, first.values)
        if (gain if model.maximise else -gain) <= SAME * abs(objective_at(model, first.values)):
            return first
    logger.info("a plan that was proven optimal or impossible without presolve is beaten with it")
    return second


def _read(model: LinearModel, solution: Solution) -> Solution:
    """Return the answer with whole columns rounded and the objective added up anew."""
    if solution.values is None:
        return solution
    values = rounded(model, solution.values)
    objective = objective_at(model, values)
    gap = relative_gap(objective, solution.outcome.bound)
    return Solution(values, dataclasses.replace(solution.outcome, objective=objective, gap=gap))


def _answer(
    model: LinearModel,
    settings: SolverSettings,
    start: NDArray[np.float64] | None,
    progress: Progress | None,
    *,
    presolve: bool,
) -> Solution:
    if settings.solver == "HiGHS":
        return ask_highs(model, settings, start, progress, presolve=presolve)
    return _solve_with_other(Programme(model), settings)


def ask_highs(
    model: LinearModel,
    settings: SolverSettings,
    start: NDArray[np.float64] | None,
    progress: Progress | None,
    *,
    presolve: bool,
) -> Solution:
    """Return what HiGHS says, unchecked."""
    programme = Programme(model)
    bridge = ArrayHiGHS(settings, start=start, progress=progress, presolve=presolve)
    programme.solve(bridge)
    return bridge.solution(programme)


def _completed(model: LinearModel, start: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return a plan with the whole columns of ``start``, found without presolve; None where there is none."""
    known = model.integer & ~np.isnan(start)
    at = np.clip(np.round(np.where(known, start, 0.0)), model.lower, model.upper)
    lower, upper = np.where(known, at, model.lower), np.where(known, at, model.upper)
    fixed = dataclasses.replace(model, lower=lower, upper=upper, cost=np.zeros(model.n_columns))
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("presolve", "off"), ("threads", 0), ("time_limit", AGAIN_S)):
        highs.setOptionValue(option, value)
    highs.passModel(as_highs(fixed))
    highs.run()
    if highs.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    return in_hand(model, np.array(highs.getSolution().col_value) / model.unit)


def _better_of(
    model: LinearModel, one: NDArray[np.float64] | None, other: NDArray[np.float64] | None
) -> NDArray[np.float64] | None:
    """Return the values with the better objective."""
    if one is None or other is None:
        return other if one is None else one
    better = objective_at(model, other) - objective_at(model, one)
    return other if (better if model.maximise else -better) > 0 else one


def _better_kept(model: LinearModel, second: Solution, first: Solution) -> Solution:
    """Return the second answer, with the plan of the first where that keeps every row and the second found a worse one or none."""
    values = first.values if first.values is not None and keeps_rows(model, first.values) else None
    best = _better_of(model, second.values, values)
    if best is second.values or second.outcome.status in {"optimal", "infeasible"}:
        return second
    assert best is not None  # noqa: S101  # else it would be that of the second
    return Solution(best, without_proof(model, second.outcome, best))


def _solve_pieces(
    model: LinearModel,
    found: list[NDArray[np.int64]],
    settings: SolverSettings,
    start: NDArray[np.float64] | None,
    progress: Progress | None,
) -> Solution:
    """Solve piece after piece; of the last, the largest, it is told how all stand together."""
    ends = time.perf_counter() + settings.time_limit_s
    values, outcomes, interrupted = np.full(model.n_columns, np.nan), list[Outcome](), False
    for position, columns in enumerate(found):
        seconds = INTERRUPTED_S if interrupted else time_for(found, position, ends)
        begin = None if start is None else start[columns]
        tell = _on_top(progress, outcomes, model.offset) if position == len(found) - 1 else None
        part = dataclasses.replace(settings, time_limit_s=seconds)
        solution = solve_model(restricted(model, columns), part, start=begin, progress=tell)
        outcomes.append(solution.outcome)
        if solution.values is not None:
            values[columns] = solution.values
        interrupted |= solution.outcome.interrupted
        if solution.outcome.status in {"infeasible", "unbounded"}:
            break
    outcome = added_up(outcomes, model.offset, settings)
    return Solution(None if outcome.objective is None else values, outcome)


def _on_top(progress: Progress | None, outcomes: list[Outcome], offset: float) -> Progress | None:
    """Return a progress that adds what the pieces before have reached."""
    if progress is None:
        return None

    def added(number: float | None, others: list[float | None]) -> float | None:
        known = [one for one in others if one is not None]
        return None if number is None or len(known) < len(others) else offset + number + sum(known)

    def tell(incumbent: float | None, bound: float | None, seconds: float) -> None:
        objectives, bounds = [one.objective for one in outcomes], [one.bound for one in outcomes]
        progress(added(incumbent, objectives), added(bound, bounds), seconds)

    return tell


class Programme(pulp.LpProblem):  # type: ignore[misc]
    """A PuLP problem over the arrays of a `LinearModel`; its terms are written out when they are wanted."""

    def __init__(self, model: LinearModel) -> None:
        super().__init__("siting", pulp.LpMaximize if model.maximise else pulp.LpMinimize)
        self.arrays = model
        self.written_out: list[Any] = []

    def solve(self, solver: Any = None, **kwargs: Any) -> Any:
        """Solve with any PuLP solver; only a very large model for HiGHS goes without its terms."""
        if self.arrays.nonzeros <= EXPAND_NONZEROS or not isinstance(solver, ArrayHiGHS):
            self.write_out()
        return super().solve(solver, **kwargs)

    def write_out(self) -> list[Any]:
        """Give the problem its variables, objective and constraints; return the variables in column order."""
        if not self.written_out:
            self.written_out = _pulp.write_out(self, self.arrays)
        return self.written_out


class ArrayHiGHS(pulp.HiGHS):  # type: ignore[misc]
    """PuLP's HiGHS solver, given the arrays in one pass, watched and interruptible while it runs."""

    def __init__(
        self,
        settings: SolverSettings,
        *,
        start: NDArray[np.float64] | None = None,
        progress: Progress | None = None,
        presolve: bool = True,
    ) -> None:
        super().__init__(msg=False, gapRel=settings.gap, threads=settings.threads, timeLimit=settings.time_limit_s)
        self._seed = settings.seed
        self._start = start
        self._presolve = presolve
        self._watch = _Watch(progress)
        self._limit_s = settings.time_limit_s
        self._began = time.perf_counter()

    def buildSolverModel(self, lp: Programme) -> None:  # noqa: N802  # PuLP's name
        """Hand the whole model to HiGHS in one call, objective and rows scaled to their own size."""
        highs = lp.solverModel
        self._watch.factor = objective_factor(lp.arrays)
        highs.setOptionValue("random_seed", self._seed)
        highs.setOptionValue("mip_abs_gap", 1e-6)
        if not self._presolve:
            highs.setOptionValue("presolve", "off")
        highs.passModel(as_highs(scaled(lp.arrays)))
        if self._start is not None:
            known = np.flatnonzero(~np.isnan(self._start))
            highs.setSolution(len(known), known.astype(np.int32), (self._start * lp.arrays.unit)[known])

    def callSolver(self, lp: Programme) -> None:  # noqa: N802  # PuLP's name
        """Run HiGHS; Ctrl-C ends the search and keeps the incumbent."""
        highs = lp.solverModel
        highspy.Highs.resetGlobalScheduler(True)  # else a change of threads is ignored
        # Building the problem has taken part of the time.
        highs.setOptionValue("time_limit", max(self._limit_s - (time.perf_counter() - self._began), 0.0))
        highs.setCallback(self._watch, None)
        kinds = highspy.cb.HighsCallbackType
        for kind in (kinds.kCallbackMipInterrupt, kinds.kCallbackMipImprovingSolution, kinds.kCallbackSimplexInterrupt):
            highs.startCallback(kind)
        with ctrl_c(self._watch):
            highs.run()

    def findSolutionValues(self, lp: Programme) -> tuple[Any, Any]:  # noqa: N802  # PuLP's name
        """Tell PuLP how it ended and give its variables their values."""
        solution = self.solution(lp)
        if solution.values is not None:
            for variable, value in zip(lp.written_out, solution.values.tolist(), strict=False):
                variable.varValue = value
        return _pulp.verdict(solution.outcome)

    def solution(self, lp: Programme) -> Solution:
        """Read status, values, objective and bound from HiGHS itself."""
        highs = lp.solverModel
        info = highs.getInfo()
        status, stopped_by = _ENDED.get(highs.getModelStatus(), ("feasible", "limit"))
        feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        has_plan = status in {"optimal", "feasible"} and feasible
        if status == "feasible" and not has_plan:
            status = "unknown"
        is_mip = bool(lp.arrays.integer.any())
        factor = objective_factor(lp.arrays)
        objective = info.objective_function_value / factor if has_plan else None
        dual_bound = _finite(info.mip_dual_bound)
        if is_mip:
            bound = None if dual_bound is None else dual_bound / factor
        else:
            bound = objective if status == "optimal" else None
        if status in {"infeasible", "unbounded"}:
            bound = None
        outcome = Outcome(
            status=status,
            objective=objective,
            bound=bound,
            gap=relative_gap(objective, bound),
            seconds=time.perf_counter() - self._began,
            solver="HiGHS",
            version=highs.version(),
            stopped_by=stopped_by,
            nodes=max(int(info.mip_node_count), 0) if is_mip else 0,
        )
        values = np.array(highs.getSolution().col_value) / lp.arrays.unit if has_plan else None
        return Solution(values, outcome)


class _Watch:
    """The callback: passes numbers on, not more often than somebody can read, and asks HiGHS to stop when told to."""

    def __init__(self, progress: Progress | None) -> None:
        self.stop = False
        self.factor = 1.0
        self._progress = progress
        self._told_s = -PROGRESS_EVERY_S
        self._incumbent: float | None = None

    def __call__(self, kind: Any, _message: str, out: Any, back: Any, _user: Any) -> None:
        if kind == highspy.cb.HighsCallbackType.kCallbackMipImprovingSolution:
            self._tell(out)
            return
        if back is not None and self.stop:
            back.user_interrupt = True
        if (
            kind == highspy.cb.HighsCallbackType.kCallbackMipInterrupt
            and out.running_time - self._told_s >= PROGRESS_EVERY_S
        ):
            self._tell(out)

    def _tell(self, out: Any) -> None:
        self._told_s = out.running_time
        if self._progress is not None:
            numbers = [_finite(out.mip_primal_bound), _finite(out.mip_dual_bound)]
            incumbent, bound = (None if number is None else number / self.factor for number in numbers)
            self._progress(incumbent, bound, out.running_time)


@contextmanager
def ctrl_c(watch: Stoppable) -> Iterator[None]:
    """While a solver runs, the first Ctrl-C asks it to stop; a second one is the usual KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask_to_stop(_signal: int, _frame: Any) -> None:
        watch.stop = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) and abs(value) < highspy.kHighsInf else None


def _solve_with_other(programme: Programme, settings: SolverSettings) -> Solution:
    """Drive any other PuLP solver: what it does not tell (the bound at a time limit) stays unknown."""
    model = programme.arrays
    began = time.perf_counter()
    solver = pulp.getSolver(settings.solver, msg=False, timeLimit=settings.time_limit_s, gapRel=settings.gap)
    status, stopped_by = _pulp.ended(programme, programme.solve(solver))
    values = objective = bound = None
    if status in {"optimal", "feasible"}:
        values = np.array([variable.varValue or 0.0 for variable in programme.written_out])
        objective = float(model.cost @ values + model.offset)
    if status == "optimal" and objective is not None:
        slack = settings.gap * abs(objective) if model.integer.any() else 0.0
        bound = objective + slack if model.maximise else objective - slack
    outcome = Outcome(
        status=status,
        objective=objective,
        bound=bound,
        gap=relative_gap(objective, bound),
        seconds=time.perf_counter() - began,
        solver=settings.solver,
        version=f"through PuLP {pulp.__version__}",
        stopped_by=stopped_by,
    )
    return Solution(values, outcome)
